//! What the scenarios share: the whole application, driven by hand, and fakes of the world outside.

/// How long a test waits for what must come: it ends a hang, and never a test on a busy machine. It is less than what
/// `.config/nextest.toml` gives a test.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_mins(10);

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
