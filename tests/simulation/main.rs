//! Deterministic simulation: the real services and flows over a simulated world, thousands of times, each from a seed.
//!
//! `docs/testing.md` says what goes wrong in it and what must hold all the same.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a simulation that cannot go on says where it stopped"
)]
#![expect(clippy::print_stdout, reason = "its output is its report")]

mod base;
mod commands;
mod desk;
mod faults;
mod graph;
mod meta;
mod mutants;
mod oracle;
mod people;
mod plan;
// The ports of the product, under the name that its own files use.
use acuerdo::{domain, ports, rules};
mod process;
mod process_ports;
mod queue;
mod rng;
mod runner;
mod shrink;
mod sim;
mod store;

fn main() -> std::process::ExitCode {
    commands::main()
}
