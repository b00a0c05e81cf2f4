//! The live queue of tickets: Redis in production, memory in one process. The database stays the truth.

use crate::domain::ids::{AgentId, LenderId, TicketId};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::records::Priority;
use async_trait::async_trait;
use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedTicket {
    pub ticket: TicketId,
    pub lender: LenderId,
    pub queue: String,
    pub priority: Priority,
    pub waiting_since: Timestamp,
    /// The ticket's version in the database; an older one never overwrites a newer one.
    pub version: i64,
}

/// An agent's right to one ticket in the live queue until `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    pub ticket: TicketId,
    pub version: i64,
    pub until: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueDepth {
    pub queue: String,
    pub waiting: u64,
    pub held: u64,
    pub oldest_waiting_since: Option<Timestamp>,
}

#[derive(Debug, Error)]
pub enum QueueError {
    #[error("the live queue is unavailable: {why}")]
    Unavailable { why: String },
}

/// Every verb is atomic: no two agents ever get the same ticket, whoever calls at once.
/// One asker's rebuild of the live queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuild(pub String);

#[async_trait]
pub trait HandoffQueue: Send + Sync {
    /// Adds or updates a waiting ticket. Repeats and older versions change nothing. A held ticket is not put back
    /// unless the version is newer.
    async fn enqueue(&self, ticket: &QueuedTicket) -> Result<(), QueueError>;

    /// Records that an agent has this ticket until then: it was assigned by name, or the queue is being rebuilt.
    ///
    /// An older version changes nothing, nor does the same version when it is closed or another agent's.
    async fn hold(&self, ticket: &QueuedTicket, agent: AgentId, until: Timestamp) -> Result<(), QueueError>;

    /// Takes the first ticket of these queues, of all queues when none is named: by priority, then by the longest
    /// wait; `None` when there is none.
    ///
    /// An expired hold (`until` ≤ `now`) is back in the queue, at its old place, before the choice.
    async fn take(
        &self,
        lender: &LenderId,
        queues: &[String],
        agent: AgentId,
        now: Timestamp,
        lease: Millis,
    ) -> Result<Option<Offer>, QueueError>;

    /// Prolongs a hold; false when this agent does not hold it (any more). Never shortens it.
    async fn renew(
        &self,
        lender: &LenderId,
        ticket: TicketId,
        agent: AgentId,
        until: Timestamp,
    ) -> Result<bool, QueueError>;

    /// Takes a ticket out (closed), whoever holds it; an older version does nothing. Only a newer version comes back.
    async fn remove(&self, lender: &LenderId, ticket: TicketId, version: i64) -> Result<(), QueueError>;

    /// The queues that have any ticket, by name.
    async fn depths(&self, lender: &LenderId, now: Timestamp) -> Result<Vec<QueueDepth>, QueueError>;

    /// The position of a waiting ticket in its queue, 1 = next; `None` when it does not wait.
    async fn position(&self, lender: &LenderId, ticket: TicketId) -> Result<Option<u64>, QueueError>;

    /// Something when the queue lost its memory (flushed, restarted, new): it must be rebuilt from open tickets.
    ///
    /// Asking begins a rebuild of the asker's own; several may run at once.
    async fn needs_rebuild(&self) -> Result<Option<Rebuild>, QueueError>;

    /// Says that this rebuild is complete. It counts only when no memory was lost since it was asked for, whatever
    /// others have begun meanwhile.
    async fn mark_rebuilt(&self, rebuild: &Rebuild) -> Result<(), QueueError>;

    async fn ping(&self) -> Result<(), QueueError>;
}
