//! Documents: links lead somewhere, and what they name exists.

use super::{Source, none, root, sources};
use std::collections::BTreeSet;

fn documents() -> Vec<Source> {
    sources("", ".md")
}

#[test]
fn links_lead_somewhere() {
    let mut findings = Vec::new();
    for document in documents() {
        for (line, target) in links(&document.text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let folder = root().join(&document.path);
            let path = if file.is_empty() { folder } else { folder.parent().unwrap().join(file) };
            if !path.exists() {
                findings.push(format!("{}:{line}: {file} does not exist", document.path));
            } else if !heading.is_empty()
                && !headings(&std::fs::read_to_string(&path).unwrap()).contains(heading)
            {
                findings.push(format!("{}:{line}: {target}: there is no such heading", document.path));
            }
        }
    }
    none(&findings, "every link of a document leads somewhere");
}

#[test]
fn invariants_name_tests_that_exist() {
    let architecture = std::fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let tests: Vec<Source> = sources("tests", ".rs").into_iter().chain(sources("src", ".rs")).collect();
    let named: Vec<&str> =
        architecture.split('`').skip(1).step_by(2).filter_map(|word| word.strip_prefix("test:")).collect();

    assert!(named.len() >= 11, "each of the eleven invariants names its test; found {}", named.len());
    let missing: Vec<String> = named
        .iter()
        .filter(|name| {
            !tests
                .iter()
                .any(|source| source.text.contains(&format!("fn {name}(")) || in_contract(source, name))
        })
        .map(|name| format!("docs/ARCHITECTURE.md: no test is called `{name}`"))
        .collect();
    none(&missing, "an invariant without its test is a wish");
}

/// What any other document proves by a test.
#[test]
fn documents_name_tests_that_exist() {
    let tests: Vec<Source> = sources("tests", ".rs").into_iter().chain(sources("src", ".rs")).collect();
    let mut missing = Vec::new();
    for document in sources("docs", ".md") {
        let named = document.text.split('`').skip(1).step_by(2).filter_map(|word| word.strip_prefix("test:"));
        for name in named.filter(|name| !name.contains(char::is_whitespace)) {
            let is_one =
                |source: &Source| source.text.contains(&format!("fn {name}(")) || in_contract(source, name);
            if !tests.iter().any(is_one) {
                missing.push(format!("{}: no test is called `{name}`", document.path));
            }
        }
    }
    none(&missing, "what a document says a test proves");
}

/// Cases of a contract suite are listed in its macro as `module::case` or `case`.
fn in_contract(source: &Source, name: &str) -> bool {
    source.text.contains(&format!("::{name},\n")) || source.text.contains(&format!("    {name},\n"))
}

#[test]
fn metrics_of_the_runbook_exist() {
    let program = counting() + "\"acuerdo_build_info\"";
    let runbook = std::fs::read_to_string(root().join("docs/OPERATIONS.md")).unwrap();
    let missing: BTreeSet<String> = runbook
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.starts_with("acuerdo_"))
        .map(|word| word.split(['{', ' ']).next().unwrap_or(word))
        .filter(|metric| !program.contains(&format!("\"{metric}\"")))
        .map(|metric| format!("docs/OPERATIONS.md: nothing counts `{metric}`"))
        .collect();
    none(&missing.into_iter().collect::<Vec<_>>(), "an alarm on a metric that does not exist never rings");
}

/// What the program counts, without what only the catalogue has.
fn counting() -> String {
    super::program().into_iter().filter(|source| source.path != CATALOGUE).map(|source| source.text).collect()
}

const CATALOGUE: &str = "src/telemetry/catalogue.rs";

/// Metrics that only the catalogue sets.
const OF_CATALOGUE: [&str; 1] = ["acuerdo_build_info"];

#[test]
fn the_catalogue_has_every_metric_and_no_other() {
    let counting = counting();
    let catalogue = std::fs::read_to_string(root().join(CATALOGUE)).unwrap();
    let quoted = |text: &str| -> BTreeSet<String> {
        let words = text.split('"').skip(1).step_by(2).filter(|word| word.starts_with("acuerdo_"));
        words.map(str::to_owned).collect()
    };
    let listed = quoted(&catalogue);
    let set = ["counter!(", "gauge!(", "histogram!(", "gauge(", "seconds("];
    let is_set = |name: &str| {
        set.iter().any(|by| counting.contains(&format!("{by}\"{name}\""))) || OF_CATALOGUE.contains(&name)
    };
    let unlisted = set.iter().flat_map(|by| counting.split(by).skip(1)).filter_map(|rest| {
        let name = rest.strip_prefix('"')?.split('"').next()?;
        (name.starts_with("acuerdo_") && !listed.contains(name)).then(|| format!("`{name}` has no line"))
    });
    let idle = listed.iter().filter(|name| !is_set(name)).map(|name| format!("nothing counts `{name}`"));
    let findings: BTreeSet<String> = unlisted.chain(idle).collect();
    assert!(listed.len() > 50, "the scan of the catalogue found only {} metrics", listed.len());
    none(
        &findings.into_iter().collect::<Vec<_>>(),
        "each metric is described, and born if its first event counts",
    );
}

#[test]
fn alerts_and_dashboard_show_what_exists() {
    let program = counting() + "\"acuerdo_build_info\"";
    let runbook = headings(&std::fs::read_to_string(root().join("docs/OPERATIONS.md")).unwrap());
    let mut findings = BTreeSet::new();
    let mut n_metrics = 0;
    for file in sources("ops", "") {
        for word in file.text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let metric = word.strip_suffix("_bucket").unwrap_or(word);
            if metric.starts_with("acuerdo_") {
                n_metrics += 1;
                if !program.contains(&format!("\"{metric}\"")) {
                    findings.insert(format!("{}: nothing counts `{metric}`", file.path));
                }
            }
        }
        for (_, anchor) in file.text.match_indices("docs/OPERATIONS.md#").map(|(at, name)| {
            (at, file.text[at + name.len()..].split(['\n', '"']).next().unwrap_or("").trim())
        }) {
            if !runbook.contains(anchor) {
                findings.insert(format!("{}: docs/OPERATIONS.md has no heading `{anchor}`", file.path));
            }
        }
    }
    assert!(n_metrics > 20, "the scan of ops/ found only {n_metrics} metrics");
    none(&findings.into_iter().collect::<Vec<_>>(), "an alarm on a metric that does not exist never rings");
}

#[test]
fn every_metric_is_in_the_runbook() {
    let runbook = std::fs::read_to_string(root().join("docs/OPERATIONS.md")).unwrap();
    let mut missing = BTreeSet::new();
    for source in super::program() {
        for (line, text) in source.shipped_lines() {
            for name in text.split('"').skip(1).step_by(2).filter(|name| name.starts_with("acuerdo_")) {
                let counted = ["_total", "_seconds", "_batch"].iter().any(|ending| name.ends_with(ending))
                    || text.contains("gauge");
                if counted && !runbook.contains(&format!("`{name}")) {
                    missing.insert(format!("{}:{line}: `{name}` is not in docs/OPERATIONS.md", source.path));
                }
            }
        }
    }
    none(&missing.into_iter().collect::<Vec<_>>(), "operators know every metric");
}

#[test]
fn decisions_are_numbered_without_gaps() {
    let decisions = sources("docs/adr", ".md");
    assert!(!decisions.is_empty());
    for (at, decision) in decisions.iter().enumerate() {
        let name = decision.path.trim_start_matches("docs/adr/");
        assert!(name.starts_with(&format!("{:04}-", at + 1)), "{name} should be number {:04}", at + 1);
        for part in ["## Context", "## Decision", "## Consequences"] {
            assert!(decision.text.contains(part), "{name} has no `{part}`");
        }
    }
}

/// Targets of `[text](target)` with their lines, outside code.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for (start, _) in line.match_indices("](") {
            let rest = &line[start + 2..];
            if let Some(end) = rest.find(')') {
                found.push((at + 1, rest[..end].split(' ').next().unwrap_or("")));
            }
        }
    }
    found
}

/// Anchors of a document's headings: lower case, spaces as hyphens, other signs left out.
fn headings(text: &str) -> BTreeSet<String> {
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            line.trim_start_matches('#')
                .trim()
                .to_lowercase()
                .chars()
                .filter_map(|c| match c {
                    ' ' => Some('-'),
                    c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
                    _ => None,
                })
                .collect()
        })
        .collect()
}
