//! What the scenarios share: the whole application, driven by hand, and fakes of the world outside.

pub mod app;
pub mod clock;
pub mod graph_api;
pub mod load;
pub mod meta;
