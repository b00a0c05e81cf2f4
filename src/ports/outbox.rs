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
use crate::rules::doubt::Neighbours;
use async_trait::async_trait;

/// Which messages a claim takes.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub of: Numbers<'a>,
    /// Messages at most.
    pub most: u32,
}

impl Wanted<'_> {
    /// `most` messages, whichever number of ours they go out from.
    pub const fn any(most: u32) -> Self {
        Self { of: Numbers::Any, most }
    }
}

/// Numbers of ours.
#[derive(Debug, Clone, Copy)]
pub enum Numbers<'a> {
    Any,
    One(&'a PhoneNumberId),
    NoneOf(&'a [PhoneNumberId]),
}

/// The head of one conversation's outbox, claimed, with what the gate must know at the moment of sending.
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
    /// Tries of sending it, this one included; a claim that never began to send was none.
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
    /// is down. An attempt that was counted is given back.
    Wait { until: Timestamp, why: String },
    /// It surely did not leave, for a reason that is not its own: it keeps its place, and an attempt that was counted is
    /// given back.
    Back { why: String },
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

/// A message of which nobody knows whether WhatsApp has it, with what its silence is judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDoubt {
    pub id: OutboxId,
    pub token: i64,
    pub conversation: ConversationId,
    pub origin: Origin,
    pub label: Label,
    /// The reference of an agreement of its chat stands in it.
    pub names_agreement: bool,
    /// When it was marked as `sending`; absent where a program before that mark sent it.
    pub sent_at: Option<Timestamp>,
    /// When the last word is due.
    pub until: Timestamp,
    /// A report of it has arrived and is not applied yet.
    pub is_reported: bool,
    /// Of the same number, accepted in the [`NEIGHBOURHOOD`](crate::rules::doubt::NEIGHBOURHOOD) before it was sent.
    pub neighbours: Neighbours,
}

/// How a doubt ends without a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoubtEnd {
    /// It goes back to the queue, in its place.
    Again,
    /// It becomes `unconfirmed`, and the next message of its chat may go.
    Unconfirmed,
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
    /// Claims the oldest unsent message of each conversation that may send now, for `lease`; what we begin ourselves
    /// only where nothing else is left to claim.
    ///
    /// A claimed message stays `queued` and counts no attempt: nothing of it has left. A claim that was not begun until
    /// its lease ended, or whose process died, or whose answer was lost, is claimable again as if it had never been.
    /// A conversation with a message that is claimed, sending or in doubt gives none. An agent's message waits
    /// until what the person wrote meanwhile is read, which may take back the proof that it was written on.
    ///
    /// A lease that ran out while `sending` does **not** make the message claimable: it becomes in doubt (the process may
    /// have died after the request), with `doubt` as its waiting time.
    async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: Millis,
        doubt: Millis,
        wanted: Wanted<'_>,
    ) -> Result<Vec<OutboxClaim>, StoreError>;

    /// Marks claimed messages as `sending` for `lease`, in one durable write, and counts an attempt of each. Returns
    /// those that may be sent now; only they.
    ///
    /// The others are not this claim's any more: its lease has ended, another process has claimed it since, it was
    /// withdrawn, refused or erased, or a status has proved meanwhile that it had been taken.
    ///
    /// When this fails nobody knows which are marked, but the caller knows that none was sent: [`SendResult::Back`].
    async fn begin_sends(
        &self,
        now: Timestamp,
        lease: Millis,
        claims: &[(OutboxId, i64)],
    ) -> Result<Vec<OutboxId>, StoreError>;

    /// Records results; one with an old token changes nothing, but for the news that the message was taken.
    async fn finish_outbox(
        &self,
        now: Timestamp,
        results: &[(OutboxId, i64, SendResult)],
    ) -> Result<(), StoreError>;

    /// Messages in doubt that were sent [`SILENCE`](crate::rules::doubt::SILENCE) ago or longer, or whose last word is
    /// due; that first whose last word is due first.
    async fn open_doubts(&self, now: Timestamp, limit: u32) -> Result<Vec<OpenDoubt>, StoreError>;

    /// Ends doubts, each under the token that it was read with; returns how many. One that a status or a late answer has
    /// ended meanwhile stays as that left it.
    async fn end_doubts(&self, now: Timestamp, ends: &[(OutboxId, i64, DoubtEnd)])
    -> Result<u32, StoreError>;

    /// Refuses those of these messages that wait and that nobody has claimed; returns how many.
    async fn withdraw_sends(&self, now: Timestamp, ids: &[OutboxId], why: &str) -> Result<u32, StoreError>;

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
