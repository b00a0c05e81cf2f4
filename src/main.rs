//! The `acuerdo` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    acuerdo::cli::run()
}
