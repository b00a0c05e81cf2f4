//! `acuerdo flow check` and `graph`: the text that each prints.

use crate::domain::ids::FlowId;
use crate::flow::diagnostic::{Colour, Diagnostic, render, suggestion, summary};
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

/// Proves a folder: every finding with its place and remedy, and what was checked.
pub fn check(dir: &Path, output: Output) -> Printed {
    let files = match read_folder(dir) {
        Ok(files) => files,
        Err(error) => return Printed { text: format!("error: {}\n", with_cause(&error)), ok: false },
    };
    let (loaded, findings) = match load(&files) {
        Ok(Loaded { set, warnings }) => (Some(set), warnings),
        Err(findings) => (None, findings),
    };
    let ok = loaded.is_some();
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
            text + &summary(&findings) + "\n"
        }
        Output::Json => json(&findings, &files, ok),
    };
    Printed { text, ok }
}

fn json(findings: &[Diagnostic], files: &BTreeMap<String, String>, ok: bool) -> String {
    let document = serde_json::json!({
        "ok": ok,
        "hash": hash(files).as_str(),
        "summary": summary(findings),
        "diagnostics": findings,
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
    use crate::flow::diagnostic::Colour;
    use crate::flow::graph::Drawing;
    use crate::flow::read_folder;
    use std::path::Path;

    const MINI: &str = "fixtures/flows/mini";

    #[test]
    fn a_proved_folder_says_what_was_checked() {
        let printed = check(Path::new(MINI), Output::Text(Colour::Off));
        assert!(printed.ok, "{}", printed.text);
        assert!(printed.text.ends_with("no errors\n"), "{}", printed.text);
        assert!(printed.text.starts_with("5 flows, "), "{}", printed.text);
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
        let printed = check(dir.path(), Output::Json);
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
