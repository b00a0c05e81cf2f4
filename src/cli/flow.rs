//! `acuerdo flow check` and `graph`: the text that each prints.

use crate::cli::policies::Beside;
use crate::domain::ids::FlowId;
use crate::flow::diagnostic::{Colour, Diagnostic, counted, render, suggestion};
use crate::flow::graph::{Drawing, draw};
use crate::flow::{Loaded, hash, load, read_folder};
use std::collections::BTreeMap;
use std::path::Path;

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// As rustc prints its own.
    Text(Colour),
    /// One JSON document for editors and CI.
    Json,
}

/// What a command prints, and whether it went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Printed {
    pub text: String,
    pub ok: bool,
}

/// Proves a folder: every finding with its place and remedy, and what was checked. What was found beside the flows
/// counts as they do.
pub fn check(dir: &Path, beside: &Beside, output: Output) -> Printed {
    let files = match read_folder(dir) {
        Ok(files) => files,
        Err(error) => return unreadable(&with_cause(&error), output),
    };
    let (loaded, findings) = match load(&files) {
        Ok(Loaded { set, warnings }) => (Some(set), warnings),
        Err(findings) => (None, findings),
    };
    let ok = loaded.is_some() && beside.is_ok();
    let text = match output {
        Output::Text(colour) => {
            let mut text = render(&findings, &files, colour);
            if !text.is_empty() {
                text.push('\n');
            }
            if let Some(set) = &loaded {
                let steps: usize = set.flows.values().map(|flow| flow.steps.len()).sum();
                let (flows, languages) = (set.flows.len(), set.bot.languages.join(", "));
                let version = set.hash.as_str().get(..8).unwrap_or_default();
                text.push_str(&format!("{flows} flows, {steps} steps, in {languages}; version {version}\n"));
            }
            let all =
                findings.iter().map(|one| one.severity).chain(beside.findings.iter().map(|one| one.severity));
            text + &told(beside) + &counted(all) + "\n"
        }
        Output::Json => json(&findings, beside, &files, ok),
    };
    Printed { text, ok }
}

fn unreadable(why: &str, output: Output) -> Printed {
    let text = match output {
        Output::Text(_) => format!("error: {why}\n"),
        Output::Json => {
            format!("{:#}\n", serde_json::json!({"ok": false, "summary": why, "diagnostics": []}))
        }
    };
    Printed { text, ok: false }
}

/// What was found beside the flows, in lines.
fn told(beside: &Beside) -> String {
    let lines = beside.findings.iter().map(|one| format!("{one}\n")).collect::<String>();
    if beside.lenders.is_empty() {
        return lines;
    }
    lines + &format!("policies of {} and understanding\n", beside.lenders.join(", "))
}

fn json(findings: &[Diagnostic], beside: &Beside, files: &BTreeMap<String, String>, ok: bool) -> String {
    let flows = findings.iter().map(|one| serde_json::json!(one));
    let diagnostics: Vec<serde_json::Value> =
        flows.chain(beside.findings.iter().map(|one| serde_json::json!(one))).collect();
    let severities = findings.iter().map(|one| one.severity);
    let document = serde_json::json!({
        "ok": ok,
        "hash": hash(files).as_str(),
        "summary": counted(severities.chain(beside.findings.iter().map(|one| one.severity))),
        "lenders": beside.lenders,
        "diagnostics": diagnostics,
    });
    format!("{document:#}\n")
}

/// Draws one flow, or how flows run each other when none is named.
pub fn graph(dir: &Path, flow: Option<&str>, drawing: Drawing) -> Printed {
    let files = match read_folder(dir) {
        Ok(files) => files,
        Err(error) => return Printed { text: format!("error: {}\n", with_cause(&error)), ok: false },
    };
    let set = match load(&files) {
        Ok(loaded) => loaded.set,
        Err(findings) => return Printed { text: render(&findings, &files, Colour::Off), ok: false },
    };
    match draw(&set, flow.map(FlowId::from).as_ref(), drawing) {
        Some(text) => Printed { text, ok: true },
        None => {
            let wanted = flow.unwrap_or_default();
            let help = suggestion(wanted, set.flows.keys().map(FlowId::as_str)).unwrap_or_default();
            Printed { text: format!("error: there is no flow `{wanted}`; {help}\n"), ok: false }
        }
    }
}

fn with_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::{Output, check, graph};
    use crate::cli::policies::{AsOf, Beside, check_beside};
    use crate::domain::time::Day;
    use crate::flow::diagnostic::Colour;
    use crate::flow::graph::Drawing;
    use crate::flow::read_folder;
    use std::path::Path;

    const MINI: &str = "fixtures/flows/mini";

    #[test]
    fn a_proved_folder_says_what_was_checked() {
        let printed = check(Path::new(MINI), &Beside::default(), Output::Text(Colour::Off));
        assert!(printed.ok, "{}", printed.text);
        assert!(printed.text.ends_with("no errors\n"), "{}", printed.text);
        assert!(printed.text.starts_with("6 flows, "), "{}", printed.text);
    }

    #[test]
    fn the_json_form_names_place_code_and_remedy() {
        let dir = tempfile::tempdir().unwrap();
        for from in ["_base", "F011_unknown_step"] {
            for (path, text) in read_folder(&Path::new("fixtures/broken_flows").join(from)).unwrap() {
                if !path.contains('/') {
                    std::fs::write(dir.path().join(path), text).unwrap();
                }
            }
        }
        let printed = check(dir.path(), &Beside::default(), Output::Json);
        assert!(!printed.ok);
        let document: serde_json::Value = serde_json::from_str(&printed.text).unwrap();
        let first = &document["diagnostics"][0];
        assert_eq!(first["code"], "F011");
        assert_eq!(first["file"], "menu.yaml");
        assert_eq!(first["severity"], "error");
        assert!(first["line"].as_u64().unwrap() > 1);
        assert!(first["help"].as_str().unwrap().contains("did you mean"));
    }

    #[test]
    fn the_json_form_has_the_same_verdict_on_policies_as_the_text() {
        let flows = Path::new("flows");
        for (day, ok) in [("2026-08-01", true), ("2026-10-01", false)] {
            let beside = check_beside(flows, AsOf::Day(Day::parse(day).unwrap()));
            let text = check(flows, &beside, Output::Text(Colour::Off));
            let json = check(flows, &beside, Output::Json);
            let document: serde_json::Value = serde_json::from_str(&json.text).unwrap();
            assert_eq!(
                (text.ok, json.ok, &document["ok"]),
                (ok, ok, &serde_json::json!(ok)),
                "{}",
                text.text
            );
            let named = document["diagnostics"].as_array().unwrap().iter().any(|one| one["code"] == "policy");
            assert_eq!(named, !ok, "{}", json.text);
        }
    }

    #[test]
    fn graphs_name_every_step_and_every_way_out() {
        let mermaid = graph(Path::new(MINI), Some("acuerdo_pago"), Drawing::Mermaid);
        assert!(mermaid.ok);
        assert!(mermaid.text.contains("n_confirmar -->|\"si\"| n_firmar"), "{}", mermaid.text);
        let dot = graph(Path::new(MINI), None, Drawing::Dot);
        assert!(dot.text.contains("\"menu\" -> \"acuerdo_pago\" [label=\"pago\"];"), "{}", dot.text);
        let none = graph(Path::new(MINI), Some("acuerdo_pgo"), Drawing::Dot);
        assert!(!none.ok && none.text.contains("did you mean `acuerdo_pago`?"), "{}", none.text);
    }
}
