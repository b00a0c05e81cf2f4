//! What is played below valgrind and strace, and what these have counted.

use crate::turns::{Street, per_100_turns, runtime};
use crate::workloads;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

pub const PLAY_ALL: &str = "--play-all";
pub const PLAY_TURNS: &str = "--play-turns";

/// Calls of each function.
const CALLS: u64 = 10;
/// Chats that are counted; one before them fills caches and prepares statements.
const CHATS: usize = 15;
/// Files that nobody has: strace sees that somebody wanted to remove them.
const BEGINS: &str = "counting-begins";
const ENDS: &str = "counting-ends";
/// Callgrind knows these functions by their names, and writes a profile of what came before a call of one of them.
const DUMP_BEFORE: &str = "--dump-before=*::counting_*";
const COUNTED: &str = "counting_ends";

#[inline(never)]
fn counting_begins() {
    let _ = std::fs::remove_file(BEGINS);
}

#[inline(never)]
fn counting_ends() {
    let _ = std::fs::remove_file(ENDS);
}

pub fn play_functions() {
    for workload in workloads::workloads() {
        // Caches that live as long as the thread are filled.
        workload.run();
        counting_begins();
        (0..CALLS).for_each(|_| workload.run());
        counting_ends();
    }
}

/// On SQLite, which works in this process.
pub fn play_turns() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("cost.sqlite").display());
    let runtime = runtime();
    let street = runtime.block_on(async {
        let street = Street::on(&url, CHATS + 1).await;
        street.chats(0..1).await;
        street
    });
    counting_begins();
    runtime.block_on(street.chats(1..CHATS + 1));
    counting_ends();
    runtime.block_on(street.close(CHATS + 1));
}

/// Of one call of each function, and of one turn.
pub fn instructions() -> BTreeMap<String, u64> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--quiet", DUMP_BEFORE]);
    command.arg(format!("--callgrind-out-file={}", folder.path().join("profile").display()));
    run(command.arg(std::env::current_exe().unwrap()).arg(PLAY_ALL));
    let counted = totals(folder.path());
    let names: Vec<&str> = workloads::workloads().iter().map(|workload| workload.name).collect();
    assert_eq!(counted.len(), names.len() + 1, "callgrind counted each function and the turns");
    let (turns, functions) = counted.split_last().unwrap();
    let functions = names.iter().zip(functions).map(|(name, n)| ((*name).to_owned(), n / CALLS));
    functions.chain([("a turn on SQLite".to_owned(), per_100_turns(*turns, CHATS) / 100)]).collect()
}

/// Of the profiles that were written when a count ended, in their order.
fn totals(folder: &Path) -> Vec<u64> {
    let mut counted = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let profile = std::fs::read_to_string(&path).unwrap();
        let said = |key: &str| profile.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
        if said("desc: Trigger:").unwrap().ends_with(COUNTED) {
            let part: u32 = said("part:").unwrap().parse().unwrap();
            counted.insert(part, said("totals:").unwrap().parse().unwrap());
        }
    }
    counted.into_values().collect()
}

/// Of 100 turns on SQLite.
pub fn sqlite_syncs() -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let mut command = Command::new("strace");
    command.args(["--follow-forks", "-e", "trace=/.*sync.*|unlink.*"]).arg("--output").arg(&seen);
    run(command.arg(std::env::current_exe().unwrap()).arg(PLAY_TURNS));
    let seen = std::fs::read_to_string(seen).unwrap();
    let (_, after) = seen.split_once(BEGINS).expect("strace saw the beginning");
    let (counted, _) = after.split_once(ENDS).expect("strace saw the end");
    let syncs = counted.lines().filter(|line| line.contains("sync(")).count();
    per_100_turns(u64::try_from(syncs).unwrap(), CHATS)
}

fn run(command: &mut Command) {
    let output =
        command.output().unwrap_or_else(|why| panic!("{command:?}: {why}; run it with scripts/cost"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
