//! Loops and their supervisor: they call a use case again and again, and decide nothing.

pub mod inbox_writer;
pub mod loops;
pub mod supervisor;
pub mod wake;

use std::time::Duration;

/// How a loop paces itself.
#[derive(Debug, Clone, Copy)]
pub struct Periods {
    /// How often an idle loop looks for the work of other replicas.
    pub poll: Duration,
    pub batch: u32,
}
