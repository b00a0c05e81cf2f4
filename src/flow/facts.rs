//! What a turn may know besides its session: loaded by the shell before the turn.

use crate::domain::assurance::Assurance;
use crate::domain::money::Currency;
use crate::domain::time::{Day, Timestamp};
use crate::flow::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    pub now: Timestamp,
    /// The person's civil date.
    pub today: Day,
    pub currency: Currency,
    /// The level that counts now: the session's, lowered when it idled too long or the identity changed.
    pub assurance: Assurance,
    /// Until when free-form messages may be sent (24 h window with margin); `None` = closed.
    pub window_until: Option<Timestamp>,
    /// An agent holds the chat's ticket now: nobody talks over them.
    #[serde(default)]
    pub attended: bool,
    /// The person asked not to be written to: whatever is said answers a message of theirs.
    #[serde(default)]
    pub opted_out: bool,
    /// What people decide first about the person of this chat, in whichever chat it was reported: one of
    /// [`crate::flow::catalogue::RESERVATIONS`].
    #[serde(default)]
    pub reserved: Option<String>,
    /// Public and contact facts by root name (`prestamista`, `agentes`, `persona`), typed by
    /// [`crate::flow::catalogue::facts`].
    pub roots: BTreeMap<String, Value>,
}

/// Limits of one turn; reaching one is a counted fault that ends in a person, never a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Steps visited in one call of `step`.
    pub steps_max: u32,
    /// Depth of calls and interrupts.
    pub frames_max: usize,
    /// Messages of one turn after merging.
    pub messages_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { steps_max: 100, frames_max: 8, messages_max: 5 }
    }
}
