//! What the scenarios share: the whole application, driven by hand, and fakes of the world outside.

pub mod app;
pub mod clock;
pub mod collector;
#[path = "../../support/graph_api.rs"]
pub mod graph_api;
pub mod load;
#[path = "../../support/meta.rs"]
pub mod meta;
#[path = "../../support/people.rs"]
#[expect(dead_code, reason = "shared with programs whose people walk the whole journey")]
pub mod people;
#[path = "../../support/process.rs"]
#[expect(dead_code, reason = "shared with programs that wait for what they start")]
pub mod process;
#[path = "../../support/webhook.rs"]
pub mod webhook;
