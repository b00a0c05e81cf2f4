//! No test depends on the moment in which it runs: `scripts/test --on` must reach whatever a test starts.

use super::{none, sources};

/// Where programs are started with an empty environment, which keeps the moment.
const ALONE: &str = "tests/support/process.rs";

#[test]
fn programs_that_tests_start_live_in_the_moment_of_the_test() {
    // In two parts, or this file would be found.
    let empties = concat!("env_", "clear(");
    let findings: Vec<String> = sources("tests", ".rs")
        .iter()
        .filter(|source| source.path != ALONE && source.text.contains(empties))
        .map(|source| format!("{}: start the program with `harness::process::alone`", source.path))
        .collect();
    none(
        &findings,
        "a program with an empty environment would have the machine's time beside a test that has not",
    );
}
