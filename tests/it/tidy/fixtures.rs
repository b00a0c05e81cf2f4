//! Each kind of thing has its example: message types, step kinds, actions, diagnostics.

use super::{none, root, sources};

#[test]
fn every_inbound_type_has_a_webhook() {
    let fixtures: String =
        sources("fixtures/webhooks", ".parsed.json").into_iter().map(|source| source.text).collect();
    let mut missing = Vec::new();
    for (declaration, tag) in [
        ("pub enum WebhookItem {", "item"),
        ("pub enum InboundContent {", "type"),
        ("pub enum MediaKind {", "kind"),
        ("pub enum OptionSource {", "source"),
        ("pub enum SystemKind {", "kind"),
        ("pub enum AccountEffect {", "effect"),
    ] {
        for variant in variants("src/domain/inbound.rs", declaration) {
            if !fixtures.contains(&format!("\"{tag}\": \"{variant}\"")) {
                missing.push(format!("fixtures/webhooks: no update has {tag} `{variant}` ({declaration})"));
            }
        }
    }
    none(&missing, "each kind of update has a webhook as Meta posts it");
}

#[test]
fn every_outbound_type_has_a_request() {
    let fixtures: String =
        sources("fixtures/graph/requests", ".json").into_iter().map(|source| source.text).collect();
    let missing: Vec<String> = variants("src/domain/outbound.rs", "pub enum Outbound {")
        .iter()
        .filter(|variant| !fixtures.contains(&format!("\"type\": \"{variant}\"")))
        .map(|variant| format!("fixtures/graph/requests: no message of type `{variant}`"))
        .collect();
    none(&missing, "each kind of message has the reviewed body that we post");
}

#[test]
fn every_step_kind_is_exercised() {
    let flows: String = sources("flows", ".yaml")
        .into_iter()
        .chain(sources("fixtures", ".yaml"))
        .chain(sources("src/flow/engine/tests", ".rs"))
        .map(|source| source.text)
        .collect();
    let missing: Vec<String> = sources("src/flow/steps", ".rs")
        .iter()
        .map(|source| source.path.replace("src/flow/steps/", "").replace(".rs", ""))
        .filter(|name| name != "mod" && name != "tests" && !name.contains('/'))
        .map(|name| name.trim_end_matches('_').to_owned())
        .filter(|kind| ![" ", "{", "\n"].iter().any(|before| flows.contains(&format!("{before}{kind}:"))))
        .map(|kind| format!("flows: no step is a `{kind}`"))
        .collect();
    none(&missing, "each step kind is exercised by a flow");
}

#[test]
fn every_action_has_an_executor_and_a_flow() {
    let flows: String = sources("flows", ".yaml").into_iter().map(|source| source.text).collect();
    let executors: String =
        sources("src/service/actions", ".rs").into_iter().map(|source| source.text).collect();
    let mut missing = Vec::new();
    for action in acuerdo::flow::catalogue::actions() {
        if !executors.contains(&format!("\"{}\"", action.name)) {
            missing.push(format!("src/service/actions: nothing runs `{}`", action.name));
        }
        if !flows.contains(&format!("do: {}", action.name)) {
            missing.push(format!("flows: no step does `{}`", action.name));
        }
    }
    none(&missing, "each action of the catalogue runs and is used");
}

#[test]
fn every_diagnostic_has_a_broken_flow() {
    let declared: String =
        sources("src/flow/diagnostic", ".rs").into_iter().map(|source| source.text).collect();
    let examples: Vec<String> =
        super::sources("fixtures/broken_flows", "").into_iter().map(|source| source.path).collect();
    let codes: Vec<&str> = declared
        .split('"')
        .filter(|word| {
            word.len() == 4 && word.starts_with('F') && word[1..].chars().all(|c| c.is_ascii_digit())
        })
        .collect();
    assert!(codes.len() > 20, "the codes have another form or another place");
    let missing: Vec<String> = codes
        .iter()
        .filter(|code| !examples.iter().any(|path| path.to_uppercase().contains(**code)))
        .map(|code| format!("fixtures/broken_flows: nothing shows {code}"))
        .collect();
    none(&missing, "each diagnostic has an example with its reviewed text");
}

/// The names of an enum's variants as they are serialised (`snake_case`), read from its source.
fn variants(path: &str, declaration: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(path)).unwrap();
    let (_, rest) = text.split_once(declaration).unwrap_or_else(|| panic!("{path} has no `{declaration}`"));
    let body = rest.split("\n}").next().unwrap();
    let found: Vec<String> = body
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| line.chars().take_while(|c| c.is_alphanumeric()).collect::<String>())
        .map(|name| snake_case(&name))
        .collect();
    assert!(!found.is_empty(), "{path}: `{declaration}` has no variants");
    found
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for (at, c) in name.chars().enumerate() {
        if c.is_uppercase() && at > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}
