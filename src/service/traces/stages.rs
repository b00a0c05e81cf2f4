//! What is told of a stage: ids, counts, times and words of ours.

use crate::domain::ids::{ConversationId, InboxId, LenderId, OutboxId};
use crate::domain::trace::TraceId;
use crate::ports::traces::Moment;
use crate::service::traces::Lap;
use uuid::Uuid;

/// One stage of a message's life.
#[derive(Debug, Clone)]
pub enum Stage {
    Received(Received),
    Turned(Box<Turned>),
    SendTried(SendTried),
    StatusTold(StatusTold),
}

impl Stage {
    /// The message of ours that the stage is about: the store knows its trace.
    pub const fn outbox(&self) -> Option<OutboxId> {
        match self {
            Self::SendTried(tried) => Some(tried.outbox),
            Self::StatusTold(told) => Some(told.outbox),
            Self::Received(_) | Self::Turned(_) => None,
        }
    }
}

/// An update was stored, or could not be.
#[derive(Debug, Clone)]
pub struct Received {
    pub input: InboxId,
    pub delivery: Uuid,
    pub kind: &'static str,
    pub lender: LenderId,
    pub begin: Moment,
    pub end: Moment,
    pub error: Option<&'static str>,
}

/// A turn was committed, or failed.
#[derive(Debug, Clone)]
pub struct Turned {
    pub trace: TraceId,
    /// Of the turn; of one that failed, derived from the first input and the try.
    pub turn: Uuid,
    pub conversation: ConversationId,
    pub lender: LenderId,
    /// Each with whether a webhook brought it, in order.
    pub inputs: Vec<(InboxId, bool)>,
    pub messages: usize,
    /// Conversations that were worked off together.
    pub batch: usize,
    /// Since the first input came, milliseconds.
    pub waited_ms: i64,
    pub begin: Moment,
    pub end: Moment,
    pub laps: Vec<Lap>,
    pub error: Option<&'static str>,
}

/// A message was handed to the Graph API.
#[derive(Debug, Clone)]
pub struct SendTried {
    pub outbox: OutboxId,
    pub lender: LenderId,
    pub kind: &'static str,
    pub attempts: u32,
    pub outcome: &'static str,
    /// A word of ours for what went wrong.
    pub why: Option<String>,
    pub code: Option<i64>,
    pub begin: Moment,
    pub end: Moment,
}

/// WhatsApp said what became of a message.
#[derive(Debug, Clone)]
pub struct StatusTold {
    pub outbox: OutboxId,
    pub delivery: Uuid,
    pub status: &'static str,
    pub begin: Moment,
    pub end: Moment,
}
