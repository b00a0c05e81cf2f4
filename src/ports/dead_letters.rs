//! What could not be worked off and waits for an operator: turns that failed for good, deliveries nobody could read.

use crate::domain::ids::{ConversationId, FlowHash, InboxId, LenderId, TicketId};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use async_trait::async_trait;
use uuid::Uuid;

/// A turn that was set aside; written with the commit that hands the chat to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeadTurn {
    /// Derived from (conversation, turn).
    pub id: Uuid,
    /// What the turn was about, in order; they count as worked off.
    pub inputs: Vec<InboxId>,
    /// A word of ours: `session_unreadable`, `panic` …
    pub cause: String,
    /// The error's text, which never holds personal data.
    pub detail: String,
    /// The version that the chat was on.
    pub flow_hash: Option<FlowHash>,
    /// `flow.step` that the chat was at.
    pub step: Option<String>,
    /// Tries in vain.
    pub failures: u32,
    /// The ticket of the person who goes on.
    pub ticket: Option<TicketId>,
}

/// A turn that waits for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadTurn {
    pub lender: LenderId,
    pub conversation: ConversationId,
    pub at: Timestamp,
    pub turn: NewDeadTurn,
}

/// A signed body that was no delivery when it came; kept raw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadDelivery {
    pub id: Uuid,
    pub received_at: Timestamp,
    /// Length of the body in bytes.
    pub bytes: u64,
    pub why: String,
}

#[async_trait]
pub trait DeadLetterStore: Send + Sync {
    /// Turns that were set aside and not retried, oldest first.
    async fn dead_turns(&self, limit: u32) -> Result<Vec<DeadTurn>, StoreError>;

    /// Puts the inputs of a turn back in their old order, as if they had never failed; false when there is no such
    /// turn or it was retried already.
    async fn retry_dead_turn(&self, id: Uuid, now: Timestamp) -> Result<bool, StoreError>;

    /// Bodies that could not be read, oldest first.
    async fn dead_deliveries(&self, limit: u32) -> Result<Vec<DeadDelivery>, StoreError>;

    /// The raw bytes of a delivery.
    async fn delivery_body(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError>;

    /// Marks a delivery as readable after all, once its items are stored.
    async fn settle_delivery(&self, id: Uuid) -> Result<(), StoreError>;
}
