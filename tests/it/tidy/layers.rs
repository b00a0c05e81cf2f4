//! Who may import whom, and which module alone knows which library.

use super::{none, program};

/// Each module with those that it may import. Pure ones first; imports point upwards only.
const LAYERS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("rules", &["domain"]),
    ("understand", &["domain", "rules"]),
    ("flow", &["domain", "rules", "understand"]),
    ("ports", &["domain", "rules", "understand", "flow"]),
    ("service", &["domain", "rules", "understand", "flow", "ports"]),
    // Adapters implement ports and know nothing of each other.
    ("crypto", &["domain", "ports"]),
    ("debts", &["domain", "rules", "ports"]),
    ("otlp", &["domain", "ports"]),
    ("payments", &["domain", "ports"]),
    ("queue", &["domain", "ports"]),
    ("store", &["domain", "rules", "flow", "ports"]),
    ("whatsapp", &["domain", "rules", "ports"]),
    // Delivery.
    ("worker", &["domain", "ports", "service", "telemetry"]),
    ("http", &["domain", "rules", "flow", "ports", "service", "telemetry"]),
    ("config", &["domain"]),
    ("telemetry", &["config"]),
    ("system", &["domain", "ports"]),
];

/// The composition root and what starts it name every part.
const ANYTHING: &[&str] = &["app", "cli", "lib", "main"];

/// One place, one more import, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("src/http/webhook.rs", "whatsapp", "verifies and parses Meta's deliveries"),
    ("src/http/api/auth.rs", "crypto", "compares token hashes"),
];

/// A library, the only places that may name it, and why it is kept there.
const HOMES: &[(&str, &[&str], &str)] = &[
    ("sqlx", &["src/store/"], "no SQL type crosses the store's traits"),
    ("redis", &["src/queue/"], "the live queue is an adapter"),
    ("actix_web", &["src/http/", "src/app.rs", "src/cli/serve.rs", "src/cli/demo"], "services know no HTTP"),
    (
        "reqwest",
        &["src/whatsapp/", "src/payments/", "src/http/simulator/", "src/cli/demo", "src/otlp.rs"],
        "one client, with limits and without redirects",
    ),
    ("opentelemetry", &["src/otlp.rs"], "services tell stages, not spans of a library"),
    ("opentelemetry_otlp", &["src/otlp.rs"], "the protocol is an adapter"),
    ("opentelemetry_sdk", &["src/otlp.rs"], "no runtime of theirs"),
    ("jiff", &["src/domain/time.rs"], "one meaning of day and time zone"),
    (
        "serde_saphyr",
        &["src/flow/source.rs", "src/rules/policy/", "src/rules/lint.rs"],
        "YAML has one reader per language",
    ),
    ("annotate_snippets", &["src/flow/diagnostic/"], "diagnostics are drawn in one place"),
    (
        "figment",
        &["src/config.rs", "src/config/environment.rs", "src/config/mistake.rs"],
        "settings are read in one place",
    ),
    ("clap", &["src/cli/"], "the command line is a delivery"),
    ("anyhow", &["src/cli/", "src/app.rs", "src/app/"], "libraries have typed errors"),
    ("csv", &["src/debts/", "src/rules/calendar.rs"], "debt files are an adapter"),
];

/// Modules that decide: same arguments, same answer.
const PURE: &[&str] = &["domain", "rules", "understand", "flow"];

/// What a pure module has no business with.
const IMPURE: &[&str] = &[
    "async fn",
    ".await",
    "tokio::",
    "std::thread",
    "std::net",
    "std::env",
    "Instant::now",
    "SystemTime",
    "rand::",
    "tracing::",
    "metrics::",
];

/// The port that reaches people; see [`only_the_dispatcher_sends`].
const SENDERS: &[&str] = &[
    "src/ports/",
    "src/whatsapp/",
    "src/service/dispatch.rs",
    "src/app.rs",
    "src/app/graph.rs",
    "src/cli/doctor.rs",
    "src/cli/talk.rs",
];

/// These hold the port for what is no message: read marks, and the meaning of a failed status.
const NO_MESSAGES: &[&str] = &["src/service/presence.rs", "src/service/notices.rs"];

#[test]
fn imports_point_inward_only() {
    let mut findings = Vec::new();
    for source in program() {
        let module = source.module();
        if ANYTHING.contains(&module) {
            continue;
        }
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
            findings.push(format!("{}: `{module}` has no row in LAYERS", source.path));
            continue;
        };
        for (line, text) in source.shipped_lines() {
            for target in imports(text) {
                let excepted = EXCEPTIONS
                    .iter()
                    .any(|(place, extra, _)| source.path.starts_with(place) && *extra == target);
                if target != module && !allowed.contains(&target) && !excepted {
                    findings.push(format!("{}:{line}: `{module}` may not import `{target}`", source.path));
                }
            }
        }
    }
    none(&findings, "imports point inward only (docs/ARCHITECTURE.md)");
}

#[test]
fn libraries_stay_at_home() {
    let mut findings = Vec::new();
    for source in program() {
        for (line, text) in source.shipped_lines() {
            for (library, homes, why) in HOMES {
                if names(text, library) && !homes.iter().any(|home| source.path.starts_with(home)) {
                    findings.push(format!(
                        "{}:{line}: `{library}` belongs to {}: {why}",
                        source.path,
                        homes.join(", ")
                    ));
                }
            }
        }
    }
    none(&findings, "each library has its home");
}

#[test]
fn what_decides_is_pure() {
    let mut findings = Vec::new();
    for source in program().iter().filter(|source| PURE.contains(&source.module())) {
        for (line, text) in source.shipped_lines() {
            for word in IMPURE.iter().filter(|word| text.contains(**word)) {
                findings.push(format!("{}:{line}: `{word}` in a module that decides", source.path));
            }
        }
    }
    none(&findings, "domain, rules, understand and flow have no clock, random, log, thread or await");
}

#[test]
fn only_the_dispatcher_sends() {
    let mut findings = Vec::new();
    for source in program() {
        if SENDERS.iter().any(|place| source.path.starts_with(place)) {
            continue;
        }
        let forbidden =
            if NO_MESSAGES.contains(&source.path.as_str()) { "sender.send(" } else { "MessageSender" };
        for (line, text) in source.shipped_lines() {
            if text.contains(forbidden) {
                findings
                    .push(format!("{}:{line}: only src/service/dispatch.rs may talk to people", source.path));
            }
        }
    }
    none(&findings, "nothing is sent to a person except through the outbox and its gate");
}

#[test]
fn every_exception_is_still_needed() {
    let mut findings = Vec::new();
    for (place, target, why) in EXCEPTIONS {
        let used = program().iter().any(|source| {
            source.path.starts_with(place)
                && source.shipped_lines().iter().any(|(_, text)| imports(text).contains(target))
        });
        if !used {
            findings.push(format!("{place} no longer imports `{target}` ({why}): delete the row"));
        }
    }
    none(&findings, "an exception that nobody needs is a hole in the wall");
}

/// `use crate::domain::ids` names `domain`; `use crate::{queue, store::Options}` names `queue` and `store`.
fn imports(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for rest in line.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => found.push(identifier(rest)),
            Some(group) => {
                let mut depth = 0_u32;
                let parts = group.split(|c| {
                    match c {
                        '{' => depth += 1,
                        '}' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    c == ',' && depth == 0
                });
                found.extend(parts.map(|part| identifier(part.trim_start())));
            }
        }
    }
    // A path may name a macro or a type of the crate's root; modules are lower case and not empty.
    found.retain(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
    found
}

fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// Whether a line names the library in a path (`sqlx::query`) or imports it (`use sqlx;`), as a word of its own.
fn names(line: &str, library: &str) -> bool {
    line.match_indices(library).any(|(at, _)| {
        let own = !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '"'));
        own && line[at + library.len()..].starts_with("::")
    })
}

#[test]
fn the_scan_sees_what_it_must() {
    assert_eq!(imports("use crate::domain::ids::LenderId;"), ["domain"]);
    assert_eq!(imports("use crate::{queue, store::{a, b}, http};"), ["queue", "store", "http"]);
    assert_eq!(imports("    let x = crate::service::gate::judge(crate::ports::X);"), ["service", "ports"]);
    assert!(names("use sqlx::PgPool;", "sqlx"));
    assert!(!names("use crate::queue::redis::connect;", "redis"));
    assert!(!names("let my_redis = 1;", "redis"));
}
