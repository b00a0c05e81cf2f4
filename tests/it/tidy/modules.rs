//! The form of files: what each is for, how long it may be, what it must not contain.

use super::{none, program, sources};

/// A file has one subject; beyond this it has two.
const LINES_MAX: usize = 500;

/// Files that may be longer, and why.
const LONG_FILES: &[(&str, &str)] = &[];

#[test]
fn every_module_says_what_it_is_for() {
    let mut findings = Vec::new();
    for source in program().iter().chain(&sources("tests", ".rs")) {
        let first = source.text.lines().next().unwrap_or("");
        if first.strip_prefix("//! ").is_none_or(|sentence| sentence.len() <= 10) {
            findings.push(format!("{}:1: open with `//!` and a sentence", source.path));
        }
    }
    none(&findings, "every module opens with what it is for");
}

#[test]
fn files_fit_a_reader() {
    let mut findings = Vec::new();
    for source in program().iter().chain(&sources("tests", ".rs")) {
        let n_lines = source.text.lines().count();
        if n_lines > LINES_MAX && !LONG_FILES.iter().any(|(path, _)| *path == source.path) {
            findings
                .push(format!("{}: {n_lines} lines, at most {LINES_MAX}: it has two subjects", source.path));
        }
    }
    none(&findings, "a file has one subject");
}

#[test]
fn nothing_is_left_for_later() {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X "), concat!("HA", "CK")];
    let mut findings = Vec::new();
    for source in everything() {
        for (at, line) in source.text.lines().enumerate() {
            for word in words.iter().filter(|word| line.contains(**word)) {
                findings.push(format!("{}:{}: `{}`", source.path, at + 1, word.trim()));
            }
        }
    }
    none(&findings, "what is not done is not there");
}

#[test]
fn nothing_points_into_a_workplace() {
    // Written in two halves, so that this file does not find itself.
    let places =
        [concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("shared/", "design")];
    let mut findings = Vec::new();
    for source in everything() {
        for (at, line) in source.text.lines().enumerate() {
            for place in places.iter().filter(|place| line.contains(**place)) {
                findings.push(format!("{}:{}: `{place}`", source.path, at + 1));
            }
        }
    }
    none(&findings, "files stand on any machine");
}

#[test]
fn both_stores_have_the_same_migrations() {
    let names = |folder: &str| -> Vec<String> {
        let prefix = format!("{folder}/");
        sources(folder, ".sql").iter().map(|source| source.path.replacen(&prefix, "", 1)).collect()
    };
    let (postgres, sqlite) = (names("migrations/postgres"), names("migrations/sqlite"));

    assert_eq!(postgres, sqlite, "a migration has the same number and name in both folders");
    for (at, name) in sqlite.iter().enumerate() {
        assert!(
            name.starts_with(&format!("{:04}_", at + 1)),
            "{name}: numbers have four digits and no gaps; this one is number {}",
            at + 1
        );
    }
}

/// Every text of ours: code, flows, scripts, documents.
fn everything() -> Vec<super::Source> {
    let mut all = Vec::new();
    for (folder, ending) in [
        ("src", ".rs"),
        ("src", ".js"),
        ("src", ".css"),
        ("src", ".html"),
        ("tests", ".rs"),
        ("flows", ".yaml"),
        ("migrations", ".sql"),
        ("scripts", ""),
        (".ci", ""),
        ("docs", ".md"),
    ] {
        all.extend(sources(folder, ending));
    }
    all
}
