//! Personal data never reaches a log or a metric label.

use super::{none, program};

const TOLD: &[&str] = &["tracing::", "counter!", "gauge!", "histogram!", "println!", "eprintln!"];

#[test]
fn nothing_personal_is_logged() {
    let mut findings = Vec::new();
    for source in program() {
        let shipped: Vec<(usize, &str)> = source.shipped_lines();
        for (at, (line, text)) in shipped.iter().enumerate() {
            if TOLD.iter().any(|word| text.contains(word)) {
                let statement: String = shipped[at..]
                    .iter()
                    .map(|(_, text)| *text)
                    .take_while(|text| !text.trim().is_empty())
                    .take(12)
                    .collect();
                let end = statement.find(");").unwrap_or(statement.len());
                if statement[..end].contains(".expose()") || statement[..end].contains("expose_secret()") {
                    findings.push(format!(
                        "{}:{line}: a log or metric shows personal data or a secret",
                        source.path
                    ));
                }
            }
        }
    }
    none(&findings, "personal data never reaches a log, metric label, error text or URL");
}

#[test]
fn metric_names_and_labels_are_bounded() {
    // Labels that take a value per person, message or conversation make a metrics store fall over.
    let unbounded = ["conversation", "person", "wamid", "phone", "wa_id", "ticket", "outbox", "text"];
    let mut findings = Vec::new();
    for source in program() {
        for (line, text) in source.shipped_lines() {
            for macro_name in ["counter!(\"", "gauge!(\"", "histogram!(\""] {
                let Some((_, rest)) = text.split_once(macro_name) else { continue };
                let name = rest.split('"').next().unwrap_or("");
                if !name.starts_with("acuerdo_") {
                    findings
                        .push(format!("{}:{line}: metric `{name}` must begin with `acuerdo_`", source.path));
                }
                if macro_name.starts_with("counter") && !name.ends_with("_total") {
                    findings.push(format!("{}:{line}: counter `{name}` must end with `_total`", source.path));
                }
                for label in unbounded.iter().filter(|label| rest.contains(&format!("\"{label}\" =>"))) {
                    findings.push(format!("{}:{line}: label `{label}` has no bound", source.path));
                }
            }
        }
    }
    none(&findings, "metrics have our prefix, and labels with few values");
}
