//! What the scenarios share: fakes of the world outside.

pub mod graph_api;
