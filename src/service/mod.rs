//! The use cases, one per file, over the ports.

pub mod handoff;
