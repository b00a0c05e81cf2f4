//! Hand-offs to human agents: the durable truth behind the live queue.

use crate::domain::ids::{AgentId, ConversationId, LenderId, PersonId, TicketId};
use crate::domain::outbound::Outbound;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::records::Priority;
use async_trait::async_trait;

/// The member of a ticket's summary that says so.
pub const PROTECTED: &str = "protected";

#[derive(Debug, Clone)]
pub struct Ticket {
    pub id: TicketId,
    pub lender: LenderId,
    pub conversation: ConversationId,
    pub queue: String,
    pub priority: Priority,
    pub reason: String,
    pub summary: serde_json::Value,
    pub status: TicketStatus,
    /// Rises with each change; every verb names the version or the lease that it saw.
    pub version: i64,
    pub opened_at: Timestamp,
    /// Kept over leases that run out and transfers.
    pub waiting_since: Timestamp,
    pub first_response_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub outcome: Option<String>,
}

impl Ticket {
    /// No word of the person closes it, and an agent only with a note and an outcome that the flows name.
    pub fn is_protected(&self) -> bool {
        self.summary.get(PROTECTED).and_then(serde_json::Value::as_bool).unwrap_or(false)
    }

    /// Whether an agent's lease on it is live.
    pub fn is_held(&self, now: Timestamp) -> bool {
        match self.status {
            TicketStatus::Assigned { until, .. } => now < until,
            TicketStatus::Queued | TicketStatus::Closed => false,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketStatus {
    Queued,
    /// `token` is the fencing token: each assignment has a higher one.
    Assigned {
        agent: AgentId,
        token: i64,
        until: Timestamp,
    },
    Closed,
}

/// Why a verb of the desk was refused; nothing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TicketRefused {
    #[error("no such ticket")]
    Unknown,
    #[error("another agent has this ticket")]
    NotYours,
    #[error("the lease ran out")]
    LeaseLost,
    #[error("the ticket is closed")]
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    pub ticket: TicketId,
    pub agent: AgentId,
    pub token: i64,
}

/// What an agent does with a ticket that it holds.
#[derive(Debug, Clone)]
pub enum AgentAct {
    /// Goes through the outbox and the gate like every message. `id` makes a repeat harmless; `label` is what the words
    /// tell, so that the gate can look again whether the person is still proved when they leave.
    Send {
        id: crate::domain::ids::OutboxId,
        content: Outbound,
        label: crate::domain::assurance::Label,
    },
    Note {
        text: crate::domain::pii::Pii<String>,
    },
    /// Closes the ticket; the conversation gets `TicketClosed`.
    Resolve {
        outcome: String,
        note: Option<crate::domain::pii::Pii<String>>,
    },
    /// Closes the ticket; the conversation gets `AgentReturned` and the bot speaks first.
    ReturnToBot {
        step: Option<String>,
        outcome: Option<String>,
        note: Option<crate::domain::pii::Pii<String>>,
    },
    Transfer {
        queue: String,
        reason: String,
    },
    /// The agent confirmed who writes, by a call to a number on file; the conversation gets `PersonConfirmed`.
    Confirm {
        person: PersonId,
        /// The lender's key of the person.
        reference: String,
        /// The number that was called, masked.
        called: String,
        reason: crate::domain::pii::Pii<String>,
    },
}

/// Which tickets a page has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Waiting or with an agent, in the order in which they are served: by priority, then by the longest wait.
    Open,
    Queued,
    Assigned,
    /// Those that the asking agent was given last.
    Mine,
    /// Newest first.
    Closed,
}

/// The place of a ticket in its list: what it is ordered by, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketPlace {
    /// The priority of open ones, 0 of closed ones.
    pub rank: i64,
    /// Since when an open one waits; when a closed one was opened.
    pub at: Timestamp,
    pub id: TicketId,
}

impl TicketPlace {
    pub fn of(ticket: &Ticket) -> Self {
        match ticket.status {
            TicketStatus::Closed => Self { rank: 0, at: ticket.opened_at, id: ticket.id },
            TicketStatus::Queued | TicketStatus::Assigned { .. } => {
                Self { rank: i64::from(ticket.priority.rank()), at: ticket.waiting_since, id: ticket.id }
            }
        }
    }
}

/// What an agent asks for.
#[derive(Debug, Clone)]
pub struct TicketPage {
    pub agent: AgentId,
    /// Of these queues, of all where none is named; those that the agent was given come whatever their queue.
    pub served: Vec<String>,
    /// Of this queue alone.
    pub queue: Option<String>,
    pub shown: Shown,
    /// What comes behind this place.
    pub after: Option<TicketPlace>,
    pub limit: u32,
}

#[async_trait]
pub trait TicketStore: Send + Sync {
    async fn ticket(&self, lender: &LenderId, id: TicketId) -> Result<Option<Ticket>, StoreError>;

    /// Open tickets of all lenders, oldest wait first: what the live queue is rebuilt from.
    async fn open_tickets(&self, limit: u32) -> Result<Vec<Ticket>, StoreError>;

    /// Tickets of one lender, filtered by queue and by open or closed, newest first.
    async fn tickets(
        &self,
        lender: &LenderId,
        queue: Option<&str>,
        open: bool,
        limit: u32,
    ) -> Result<Vec<Ticket>, StoreError>;

    /// A page of one lender's tickets as an agent sees them.
    async fn ticket_page(&self, lender: &LenderId, page: &TicketPage) -> Result<Vec<Ticket>, StoreError>;

    /// Tickets opened, requeued or closed since the last call with `mark_published`: the live queue follows them.
    async fn unpublished_tickets(&self, limit: u32) -> Result<Vec<Ticket>, StoreError>;

    /// The live queue knows these tickets at these versions.
    async fn mark_published(&self, tickets: &[(TicketId, i64)]) -> Result<(), StoreError>;

    /// Gives a queued ticket (or one whose lease ran out) to an agent with a new, higher token.
    ///
    /// `Err(NotYours)` while another agent's lease is live: the second wall behind the live queue.
    async fn assign(
        &self,
        lender: &LenderId,
        id: TicketId,
        agent: AgentId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Result<Ticket, TicketRefused>, StoreError>;

    /// Prolongs a live lease.
    async fn renew(
        &self,
        lender: &LenderId,
        lease: Lease,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Result<(), TicketRefused>, StoreError>;

    /// Puts an assigned ticket back (agent gives it up).
    async fn give_up(
        &self,
        lender: &LenderId,
        lease: Lease,
        now: Timestamp,
    ) -> Result<Result<(), TicketRefused>, StoreError>;

    /// Requeues tickets whose lease ran out, with their first `waiting_since`; returns them.
    async fn requeue_expired(&self, now: Timestamp, limit: u32) -> Result<Vec<Ticket>, StoreError>;

    /// Does what an agent asks if its lease is live, in one transaction with its outbox row, log event and input.
    async fn act(
        &self,
        lender: &LenderId,
        lease: Lease,
        act: &AgentAct,
        now: Timestamp,
    ) -> Result<Result<Ticket, TicketRefused>, StoreError>;
}
