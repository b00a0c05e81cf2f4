//! The command line, one file per command.

pub mod agent;
pub mod understand;
