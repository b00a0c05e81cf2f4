//! Outgoing messages between the turn's commit and WhatsApp's acceptance.

use crate::domain::assurance::{Assurance, Label};
use crate::domain::identity::WaIdentity;
use crate::domain::ids::{
    AgentId, ConversationId, LenderId, OutboxId, PersonId, PhoneNumberId, TicketId, Wamid,
};
use crate::domain::outbound::Outbound;
use crate::domain::time::{Millis, Timestamp};
use crate::domain::trace::TraceId;
use crate::ports::StoreError;
use crate::ports::conversations::Origin;
use async_trait::async_trait;

/// The head of one conversation's outbox, leased, with what the gate must know at the moment of sending.
#[derive(Debug, Clone)]
pub struct OutboxClaim {
    pub id: OutboxId,
    pub token: i64,
    pub conversation: ConversationId,
    pub lender: LenderId,
    pub phone_number_id: PhoneNumberId,
    pub to: WaIdentity,
    pub content: Outbound,
    pub label: Label,
    pub origin: Origin,
    /// Tries of sending it, this one included; a claim that ended in [`SendResult::Wait`] was none.
    pub attempts: u32,
    pub created_at: Timestamp,
    pub assurance: Assurance,
    pub identity_conflict: bool,
    pub last_inbound_at: Option<Timestamp>,
    pub opted_out: bool,
    /// The newest message of the person, for the read mark.
    pub last_inbound_wamid: Option<Wamid>,
    /// A message of an agent carries its ticket and lease token; it is void once another agent has the ticket.
    pub agent_lease: Option<(TicketId, i64)>,
    /// Of whom the message tells something; `None` when anybody may read it.
    pub subject: Option<PersonId>,
    /// The person that the chat is linked to now, who must be the subject.
    pub person: Option<PersonId>,
    /// People decide first about that person: see [`crate::domain::debt::Person::reserved`].
    pub reserved: bool,
}

/// What became of one claimed message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendResult {
    /// The Graph API accepted it.
    Accepted { wamid: Wamid },
    /// The request may have reached Meta: wait for a status until then, never send again.
    InDoubt { until: Timestamp, why: String },
    /// It was not tried, since the gate or pacing holds it until then, or it failed for what is not its own: the service
    /// is down. The attempt that its claim counted is given back.
    Wait { until: Timestamp, why: String },
    /// It was tried in vain; try again at that time. The conversation's order is kept.
    Retry { at: Timestamp, why: String, code: Option<i64> },
    /// It will never be sent.
    Refused { why: String, code: Option<i64> },
}

/// What the gate keeps for operators: one row per outgoing message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxStatus {
    Queued,
    Sending,
    Accepted,
    InDoubt,
    /// In doubt, and no status ever came: not sent again.
    Unconfirmed,
    Refused,
}

impl OutboxStatus {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Accepted => "accepted",
            Self::InDoubt => "in_doubt",
            Self::Unconfirmed => "unconfirmed",
            Self::Refused => "refused",
        }
    }
}

/// Whether the person can know what a message of ours says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It waits, or nobody knows yet whether WhatsApp has it.
    Pending,
    /// WhatsApp took it then.
    Taken(Timestamp),
    /// It was refused, could not be delivered, was never confirmed, or does not exist.
    Missed,
}

impl Fate {
    /// `deliverable` until WhatsApp tells that it could not deliver it; `taken_at` counts when it took it.
    pub const fn of(status: &OutboxStatus, deliverable: bool, taken_at: Timestamp) -> Self {
        match status {
            OutboxStatus::Queued | OutboxStatus::Sending | OutboxStatus::InDoubt => Self::Pending,
            OutboxStatus::Accepted if deliverable => Self::Taken(taken_at),
            OutboxStatus::Accepted | OutboxStatus::Unconfirmed | OutboxStatus::Refused => Self::Missed,
        }
    }
}

/// A message of ours as the transcript and the desk show it.
#[derive(Debug, Clone)]
pub struct SentMessage {
    pub id: OutboxId,
    pub content: Outbound,
    pub origin: Origin,
    pub status: OutboxStatus,
    /// sent 1 … played 4, 0 before any status, -1 failed.
    pub delivery_rank: i16,
    pub wamid: Option<Wamid>,
    /// Why it was refused or waits, for operators.
    pub why: Option<String>,
    pub created_at: Timestamp,
    /// Who wrote it, where that was an agent.
    pub agent: Option<AgentId>,
}

/// A message whose trace is kept, with what its spans are named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowedMessage {
    pub id: OutboxId,
    pub trace: TraceId,
    pub conversation: ConversationId,
    /// When its turn was committed.
    pub created_at: Timestamp,
    /// Tries of sending it so far.
    pub attempts: u32,
}

#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Leases the oldest unsent message of each conversation that may send now.
    ///
    /// A conversation with a message that is sending or in doubt gives none. An agent's message waits until what the
    /// person wrote meanwhile is read, which may take back the proof that it was written on. A lease that ran out while
    /// `sending` does **not** make the message claimable: it becomes in doubt (the process may have died after
    /// the request), with `doubt` as its waiting time.
    async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: Millis,
        doubt: Millis,
        limit: u32,
    ) -> Result<Vec<OutboxClaim>, StoreError>;

    /// Records results; one with an old token changes nothing.
    async fn finish_outbox(
        &self,
        now: Timestamp,
        results: &[(OutboxId, i64, SendResult)],
    ) -> Result<(), StoreError>;

    /// Ends the doubt of messages for which no status came in time: they become `unconfirmed` and the next may go.
    async fn settle_doubts(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError>;

    /// Our messages to one conversation, oldest first, newest `limit`.
    async fn sent_messages(
        &self,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<SentMessage>, StoreError>;

    /// What became of this message so far.
    async fn fate(&self, id: OutboxId) -> Result<Fate, StoreError>;

    /// Those of these messages whose trace is kept, in any order.
    async fn followed_messages(&self, ids: &[OutboxId]) -> Result<Vec<FollowedMessage>, StoreError>;
}
