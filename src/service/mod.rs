//! The use cases, one per file, over the ports.
//!
//! Functions here act and are short; what they decide they ask of `rules` and `flow`. Only `dispatch` sends.

pub mod actions;
pub mod availability;
pub mod breaker;
pub mod cases;
pub mod conflicts;
pub mod contacts;
pub mod converse;
pub mod dispatch;
pub mod doubts;
pub mod flow_library;
pub mod gate;
pub mod handoff;
pub mod journey;
pub mod lenders;
pub mod media;
pub mod notices;
pub mod pacing;
pub mod presence;
pub mod rate;
pub mod receive;
pub mod retention;
pub mod rights;
pub mod sending;
pub mod traces;
pub mod wording;
