//! What the hot path costs on any machine: instructions of its functions and of a turn, syncs of a turn, compared with
//! a committed budget. `scripts/cost` starts what it needs.
//!
//! The program runs itself twice, below valgrind and below strace, and plays to be counted there.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a count that cannot go on says where it stopped"
)]
#![expect(clippy::print_stdout, reason = "its table is its result")]

mod budget;
mod counted;
#[path = "../it/harness/mod.rs"]
#[expect(dead_code, reason = "the tests ask more of it")]
mod harness;
mod postgres;
mod turns;
#[path = "../support/workloads.rs"]
mod workloads;

use budget::Counts;
use std::process::ExitCode;

/// As in the product.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        // What test runners ask of a test binary: there is no test in it.
        Some("--list") => ExitCode::SUCCESS,
        Some(counted::PLAY_ALL) => {
            counted::play_functions();
            counted::play_turns();
            ExitCode::SUCCESS
        }
        Some(counted::PLAY_TURNS) => {
            counted::play_turns();
            ExitCode::SUCCESS
        }
        _ => {
            let server = std::env::var("ACUERDO_TEST_POSTGRES").expect("run it with scripts/cost");
            let syncs = [
                ("postgres".to_owned(), postgres::syncs(&server)),
                ("sqlite".to_owned(), counted::sqlite_syncs()),
            ];
            let counts = Counts { instructions: counted::instructions(), syncs: syncs.into() };
            if budget::judge(&counts) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}
