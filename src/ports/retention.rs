//! Removing what has served: raw deliveries, worked-off inputs and notices, the log of chats that ended long ago.
//!
//! Agreements, payment claims, cases, tickets, the opt-out ledger, tries of identity, dead letters, people and chats
//! themselves are never touched: they are evidence, or a promise to the person.

use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use async_trait::async_trait;
use uuid::Uuid;

/// What ages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aged {
    /// Raw bodies as Meta signed them. One that could not be read stays until an operator settled it.
    Deliveries,
    /// Inputs that were worked off; their texts live on in the log of the chat. One of a dead letter that may be
    /// retried stays.
    Inputs,
    /// Statuses and other notices that were worked off.
    Notices,
    /// All log entries, all our messages and all files of a chat in which nothing happened since. The log goes as a whole, so that
    /// the story of a chat is never half. A chat stays whole while it has an open ticket, a timer, an input or message
    /// under way, or while its person has an agreement of any state or an open case: its log is their evidence.
    Chats,
}

impl Aged {
    pub const ALL: [Self; 4] = [Self::Deliveries, Self::Inputs, Self::Notices, Self::Chats];

    /// Its name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deliveries => "deliveries",
            Self::Inputs => "inputs",
            Self::Notices => "notices",
            Self::Chats => "chats",
        }
    }
}

/// How far a sweep has come; the default is the beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// Of rows that are numbered in the order of their arrival.
    pub seq: i64,
    /// Of the others.
    pub id: Uuid,
}

/// Whether a sweep only tells what it would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Look,
    Remove,
}

/// What a step of a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Deliveries, inputs, notices or chats that were looked at.
    pub looked_at: u64,
    /// Those that were removed, or would be; another replica may have been faster.
    pub removed: u64,
    /// Where the next step begins; `None` when nothing older is left.
    pub next: Option<Place>,
}

#[async_trait]
pub trait RetentionStore: Send + Sync {
    /// Looks at the next `limit` rows of a kind behind `after`, and removes those from before `before` that nobody needs.
    ///
    /// Deliveries, inputs and notices come oldest first and the sweep ends with the first young one, so that its cost
    /// is that of what it removes; chats come in the order of their ids, all of them. Any number of replicas may sweep
    /// at once: what another one holds is skipped.
    async fn sweep(
        &self,
        kind: Aged,
        before: Timestamp,
        after: Place,
        limit: u32,
        act: Act,
    ) -> Result<Swept, StoreError>;
}
