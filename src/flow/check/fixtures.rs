//! Every diagnostic has a broken example, and every broken example its exact text.
//!
//! `fixtures/broken_flows/<code>_<name>/` holds what differs from `_base` and `expected.txt`. After a change that is
//! meant, run the test with `ACUERDO_BLESS=1` and read the difference before committing it.

use crate::flow::diagnostic::{Code, Colour, render};
use crate::flow::load::load;
use crate::flow::source::read_folder;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const ROOT: &str = "fixtures/broken_flows";

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = std::fs::read_dir(ROOT)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && path.file_name().unwrap() != "_base")
        .collect();
    cases.sort();
    cases
}

fn files(case: &Path) -> BTreeMap<String, String> {
    let mut files = read_folder(&Path::new(ROOT).join("_base")).unwrap();
    files.extend(read_folder(case).unwrap());
    let without = std::fs::read_to_string(case.join("without.txt")).unwrap_or_default();
    files.retain(|path, _| !without.lines().any(|line| line == path));
    files
}

#[test]
fn the_base_is_correct() {
    let files = read_folder(&Path::new(ROOT).join("_base")).unwrap();
    match load(&files) {
        Ok(loaded) => assert_eq!(render(&loaded.warnings, &files, Colour::Off), ""),
        Err(errors) => panic!("{}", render(&errors, &files, Colour::Off)),
    }
}

#[test]
fn every_broken_folder_says_what_its_file_expects() {
    let bless = std::env::var_os("ACUERDO_BLESS").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let files = files(&case);
        let findings = match load(&files) {
            Ok(loaded) => loaded.warnings,
            Err(errors) => errors,
        };
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let code = name.split('_').next().unwrap();
        if !findings.iter().any(|one| one.code == code) {
            wrong.push(format!("{name} does not show {code}:\n{}", render(&findings, &files, Colour::Off)));
        }
        let found = render(&findings, &files, Colour::Off);
        let path = case.join("expected.txt");
        if bless {
            std::fs::write(&path, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{name}: expected\n{expected}\nfound\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn every_code_has_a_broken_folder_and_its_own_number() {
    let shown: BTreeSet<String> = cases()
        .iter()
        .map(|case| case.file_name().unwrap().to_string_lossy().split('_').next().unwrap().to_owned())
        .collect();
    let all: BTreeSet<String> = Code::ALL.iter().map(|code| code.id().to_owned()).collect();
    assert_eq!(all.len(), Code::ALL.len(), "two codes share a number");
    let without: Vec<&String> = all.difference(&shown).collect();
    assert!(without.is_empty(), "codes without a broken folder: {without:?}");
    let unknown: Vec<&String> = shown.difference(&all).collect();
    assert!(unknown.is_empty(), "folders of no code: {unknown:?}");
}
