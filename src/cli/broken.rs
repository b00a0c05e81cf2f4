//! One broken folder of policies for each way to harm somebody with them, and the exact text that it gives.
//!
//! `fixtures/broken_policies/<name>/` holds `edits.yaml`, what differs from the shipped folder, and `expected.txt`. After a
//! change that is meant, run the test with `ACUERDO_BLESS=1` and read the difference before committing it.

use crate::cli::policies::{AsOf, check_beside};
use crate::domain::time::Day;
use serde::Deserialize;
use std::path::{Path, PathBuf};

const ROOT: &str = "fixtures/broken_policies";
const SHIPPED: &str = "flows";
/// On this day the shipped folder has no finding.
const TODAY: &str = "2026-08-01";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// In the folder of the flows.
    file: String,
    from: String,
    to: String,
    /// Everywhere, and not only the first time.
    #[serde(default)]
    all: bool,
}

impl Edit {
    fn apply(&self, text: &str) -> String {
        assert!(text.contains(&self.from), "{} has no {}", self.file, self.from);
        if self.all { text.replace(&self.from, &self.to) } else { text.replacen(&self.from, &self.to, 1) }
    }
}

fn cases() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(ROOT).unwrap();
    let mut cases: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

/// A copy of what stands beside the shipped flows.
fn beside() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for part in ["policies", "understanding"] {
        std::fs::create_dir(dir.path().join(part)).unwrap();
        for entry in std::fs::read_dir(Path::new(SHIPPED).join(part)).unwrap() {
            let from = entry.unwrap().path();
            std::fs::copy(&from, dir.path().join(part).join(from.file_name().unwrap())).unwrap();
        }
    }
    dir
}

/// What is told of the shipped folder after the edits of a case, without the place where it stands here.
fn told(case: &Path) -> String {
    let dir = beside();
    let edits = std::fs::read_to_string(case.join("edits.yaml")).unwrap();
    let edits: Vec<Edit> = serde_saphyr::from_str(&edits).unwrap();
    for edit in edits {
        let path = dir.path().join(&edit.file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, edit.apply(&text)).unwrap();
    }
    let found = check_beside(dir.path(), AsOf::Day(Day::parse(TODAY).unwrap())).findings;
    let here = format!("{}/", dir.path().display());
    found.iter().map(|one| format!("{one}\n").replace(&here, "")).collect()
}

#[test]
fn every_broken_folder_of_policies_says_what_its_file_expects() {
    let bless = std::env::var_os("ACUERDO_BLESS").is_some();
    let mut wrong = Vec::new();
    for case in cases() {
        let said = told(&case);
        let path = case.join("expected.txt");
        if bless {
            std::fs::write(&path, &said).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if said != expected || !said.contains("error: ") {
            wrong.push(format!("{}\n{said}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
