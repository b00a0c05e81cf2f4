//! The `acuerdo` command.
fn main() {}
