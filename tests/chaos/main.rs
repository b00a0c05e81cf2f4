//! Faults on real processes under traffic: two replicas on a PostgreSQL and a Redis that are killed, filled and starved,
//! with a Graph API that fails. `scripts/chaos` starts what it needs; docs/faults.md says what each fault is.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a drill that cannot go on says where it stopped"
)]
#![expect(clippy::print_stdout, reason = "its table is its result")]

mod desk;
mod faults;
#[path = "../support/graph_api.rs"]
#[expect(dead_code, reason = "the tests of the client ask more of it")]
mod graph_api;
mod judge;
#[path = "../support/meta.rs"]
#[expect(dead_code, reason = "people here have phones")]
mod meta;
mod pair;
#[path = "../support/people.rs"]
#[expect(dead_code, reason = "the load of the bench asks more of it")]
mod people;
mod planted;
#[path = "../support/process.rs"]
#[expect(dead_code, reason = "the bench asks more of it")]
mod process;
mod scenarios;
mod servers;
mod street;
mod table;
mod verdict;
#[path = "../support/webhook.rs"]
#[expect(dead_code, reason = "here Meta has two addresses to try")]
mod webhook;

use clap::Parser;
use scenarios::Scenario;
use servers::Servers;
use std::process::ExitCode;
use std::time::Duration;

/// Breaks what the product stands on, under traffic, and counts what became of every message.
#[derive(Parser)]
pub struct Arguments {
    /// Only the scenario of this name, or else those whose names contain this.
    #[arg(long)]
    only: Option<String>,
    /// Times that one of two replicas is killed.
    #[arg(long, default_value_t = 100)]
    kills: usize,
    /// Fewer scenarios and kills, for CI; what is still in doubt after half a minute is counted as such.
    #[arg(long)]
    short: bool,
    /// Chats that begin each second.
    #[arg(long, default_value_t = 5)]
    chats: usize,
    /// The program that is tried.
    #[arg(long, default_value = process::PROGRAM)]
    program: String,
    /// A program of a previous version, to upgrade from, and its flows.
    #[arg(long)]
    old: Option<String>,
    #[arg(long, default_value = "flows")]
    old_flows: String,
}

fn main() -> ExitCode {
    let has = |flag: &str| std::env::args().any(|argument| argument == flag);
    // What test runners ask of a test binary: here is one test that breaks nothing.
    if has("--list") {
        if !has("--ignored") {
            println!("{}: test", planted::NAME);
        }
        return ExitCode::SUCCESS;
    }
    planted::is_found();
    if has(planted::NAME) {
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(drill(&arguments))
}

async fn drill(arguments: &Arguments) -> ExitCode {
    let servers = Servers::prepare(&arguments.program, if arguments.short { 2_000 } else { 6_000 }).await;
    let mut running = Vec::new();
    let mut verdicts = Vec::new();
    for scenario in Scenario::all(arguments) {
        progress(&format!("{}: {}", scenario.name, scenario.about));
        let mut played = faults::play(&servers, scenario, arguments).await;
        // A message in doubt holds its chat for two minutes; meanwhile the next scenario begins.
        if played.settles(Duration::from_secs(5)).await {
            verdicts.push((scenario.name, played.judge().await));
            progress(&format!("{}: judged", scenario.name));
        } else {
            running.push((scenario.name, played));
        }
    }
    let limit = Duration::from_secs(if arguments.short { 35 } else { 200 });
    let end = tokio::time::Instant::now() + limit;
    for (name, mut played) in running {
        played.settles(end.saturating_duration_since(tokio::time::Instant::now())).await;
        verdicts.push((name, played.judge().await));
    }
    let order = |name| Scenario::all(arguments).iter().position(|scenario| scenario.name == name);
    verdicts.sort_by_key(|(name, _)| order(*name));
    let well = table::print(&verdicts);
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Progress goes to standard error, the table to standard output.
pub fn progress(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{line}");
}
