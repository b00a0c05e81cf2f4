//! Outgoing messages as rows.

use crate::domain::assurance::{Assurance, Label};
use crate::domain::ids::{
    AgentId, ConversationId, LenderId, OutboxId, PersonId, PhoneNumberId, TicketId, Wamid,
};
use crate::domain::time::{Millis, Timestamp};
use crate::domain::trace::TraceId;
use crate::ports::StoreError;
use crate::ports::outbox::{
    DoubtEnd, Fate, FollowedMessage, OpenDoubt, OutboxClaim, OutboxStatus, SendResult, SentMessage,
};
use crate::rules::doubt::Neighbours;
use crate::store::rows::{Place, clean, named};
use sqlx::FromRow;
use uuid::Uuid;

/// Whether there is anything for a claim to do.
#[derive(Debug, Clone, Copy, FromRow)]
pub(in crate::store) struct Waiting {
    /// Queued, claimed by nobody, and its time has come.
    pub due: bool,
    /// The same, of those that we begin ourselves.
    pub proactive: bool,
    /// Sending, by somebody whose lease has ended.
    pub expired: bool,
    /// Queued by an agent, who may have lost the ticket since.
    pub of_agents: bool,
}

impl Waiting {
    pub const fn any(self) -> bool {
        self.due || self.proactive || self.expired || self.of_agents
    }

    /// What there is to claim, in the order of claiming: whether it is proactive.
    pub fn kinds(self) -> impl Iterator<Item = bool> {
        [(self.due, false), (self.proactive, true)].into_iter().filter_map(|(any, kind)| any.then_some(kind))
    }
}

/// A message to insert.
#[derive(Debug)]
pub(in crate::store) struct NewOutboxRow {
    pub id: Uuid,
    pub lender: String,
    pub conversation: Uuid,
    pub content: String,
    pub label: &'static str,
    pub origin: String,
    pub agent: Option<AgentMark>,
    pub now: i64,
    pub trace: Option<Uuid>,
    pub subject: Option<Uuid>,
}

#[derive(Debug, FromRow)]
pub(in crate::store) struct FollowedRow {
    pub id: Uuid,
    pub trace_id: Uuid,
    pub conversation_id: Uuid,
    pub created_at: i64,
    pub attempts: i64,
}

impl FollowedRow {
    pub fn read(self) -> Result<FollowedMessage, StoreError> {
        Ok(FollowedMessage {
            id: OutboxId(self.id),
            trace: TraceId(self.trace_id),
            conversation: ConversationId(self.conversation_id),
            created_at: Timestamp(self.created_at),
            attempts: Place { table: "outbox", id: &self.id }.count("attempts", self.attempts)?,
        })
    }
}

/// Under which right an agent wrote.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct AgentMark {
    pub ticket: Uuid,
    pub token: i64,
    pub agent: Uuid,
}

#[derive(Debug, FromRow)]
pub(in crate::store) struct ClaimedRow {
    pub id: Uuid,
    pub lease_token: i64,
    pub conversation_id: Uuid,
    pub lender: String,
    pub phone_number_id: String,
    pub wa_id: Option<String>,
    pub bsuid: Option<String>,
    pub content: String,
    pub label: String,
    pub origin: String,
    pub attempts: i64,
    pub created_at: i64,
    pub assurance: String,
    pub identity_conflict: bool,
    pub last_inbound_at: Option<i64>,
    pub opted_out: bool,
    pub last_inbound_wamid: Option<String>,
    pub ticket_id: Option<Uuid>,
    pub ticket_token: Option<i64>,
    pub subject: Option<Uuid>,
    pub person_id: Option<Uuid>,
    pub reserved: bool,
}

impl ClaimedRow {
    pub fn read(self) -> Result<OutboxClaim, StoreError> {
        let place = Place { table: "outbox", id: &self.id };
        let chat = Place { table: "conversations", id: &self.conversation_id };
        Ok(OutboxClaim {
            id: OutboxId(self.id),
            token: self.lease_token,
            conversation: ConversationId(self.conversation_id),
            lender: LenderId(self.lender),
            phone_number_id: PhoneNumberId(self.phone_number_id),
            to: chat.identity(self.wa_id.as_deref(), self.bsuid.as_deref())?,
            content: place.json("content", &self.content)?,
            label: place.name("label", Label::parse(&self.label))?,
            origin: place.name("origin", named(&self.origin))?,
            attempts: place.count("attempts", self.attempts)?,
            created_at: Timestamp(self.created_at),
            assurance: chat.name("assurance", Assurance::parse(&self.assurance))?,
            identity_conflict: self.identity_conflict,
            last_inbound_at: self.last_inbound_at.map(Timestamp),
            opted_out: self.opted_out,
            last_inbound_wamid: self.last_inbound_wamid.map(Wamid),
            agent_lease: self.ticket_id.map(TicketId).zip(self.ticket_token),
            subject: self.subject.map(PersonId),
            person: self.person_id.map(PersonId),
            reserved: self.reserved,
        })
    }
}

/// One result of sending, as the columns it sets.
#[derive(Debug)]
pub(in crate::store) struct ResultRow {
    pub id: Uuid,
    pub token: i64,
    pub status: &'static str,
    /// Attempts to give back of one that was being sent.
    pub untried: i64,
    pub wamid: Option<String>,
    pub due_at: Option<i64>,
    pub doubt_until: Option<i64>,
    pub why: Option<String>,
    pub code: Option<i64>,
}

impl ResultRow {
    pub fn write((id, token, result): &(OutboxId, i64, SendResult)) -> Self {
        let row = |status| Self {
            id: id.0,
            token: *token,
            status,
            untried: 0,
            wamid: None,
            due_at: None,
            doubt_until: None,
            why: None,
            code: None,
        };
        match result {
            SendResult::Accepted { wamid } => Self { wamid: Some(clean(wamid.as_str())), ..row("accepted") },
            SendResult::InDoubt { until, why } => {
                Self { doubt_until: Some(until.0), why: Some(clean(why)), ..row("in_doubt") }
            }
            SendResult::Wait { until, why } => {
                Self { untried: 1, due_at: Some(until.0), why: Some(clean(why)), ..row("queued") }
            }
            SendResult::Back { why } => Self { untried: 1, why: Some(clean(why)), ..row("queued") },
            SendResult::Retry { at, why, code } => {
                Self { due_at: Some(at.0), why: Some(clean(why)), code: *code, ..row("queued") }
            }
            SendResult::Refused { why, code } => {
                Self { why: Some(clean(why)), code: *code, ..row("refused") }
            }
        }
    }
}

#[derive(Debug, FromRow)]
pub(in crate::store) struct DoubtRow {
    pub id: Uuid,
    pub lease_token: i64,
    pub conversation_id: Uuid,
    pub origin: String,
    pub label: String,
    pub names_agreement: bool,
    pub sent_at: Option<i64>,
    pub doubt_until: i64,
    pub is_reported: bool,
    pub n: i64,
    pub n_told: i64,
    pub slowest: i64,
}

impl DoubtRow {
    pub fn read(self) -> Result<OpenDoubt, StoreError> {
        let place = Place { table: "outbox", id: &self.id };
        let neighbours = Neighbours {
            n: place.count("seq", self.n)?,
            n_told: place.count("told_at", self.n_told)?,
            slowest: Millis(self.slowest.max(0)),
        };
        Ok(OpenDoubt {
            id: OutboxId(self.id),
            token: self.lease_token,
            conversation: ConversationId(self.conversation_id),
            origin: place.name("origin", named(&self.origin))?,
            label: place.name("label", Label::parse(&self.label))?,
            names_agreement: self.names_agreement,
            sent_at: self.sent_at.map(Timestamp),
            until: Timestamp(self.doubt_until),
            is_reported: self.is_reported,
            neighbours,
        })
    }
}

/// The state that ends a doubt.
pub(in crate::store) const fn ended(end: DoubtEnd) -> &'static str {
    match end {
        DoubtEnd::Again => "queued",
        DoubtEnd::Unconfirmed => "unconfirmed",
    }
}

#[derive(Debug, FromRow)]
pub(in crate::store) struct SentRow {
    pub id: Uuid,
    pub content: String,
    pub origin: String,
    pub status: String,
    pub delivery_rank: i64,
    pub wamid: Option<String>,
    pub why: Option<String>,
    pub created_at: i64,
    pub agent_id: Option<Uuid>,
}

impl SentRow {
    pub fn read(self) -> Result<SentMessage, StoreError> {
        let place = Place { table: "outbox", id: &self.id };
        let rank = i16::try_from(self.delivery_rank);
        Ok(SentMessage {
            id: OutboxId(self.id),
            content: place.json("content", &self.content)?,
            origin: place.name("origin", named(&self.origin))?,
            status: place.name("status", status(&self.status))?,
            delivery_rank: rank.map_err(|_| place.corrupt("delivery_rank", "a number out of range"))?,
            wamid: self.wamid.map(Wamid),
            why: self.why,
            created_at: Timestamp(self.created_at),
            agent: self.agent_id.map(AgentId),
        })
    }
}

#[derive(Debug, sqlx::FromRow)]
pub(in crate::store) struct FateRow {
    pub status: String,
    pub delivery_rank: i64,
    /// For one that was accepted.
    pub taken_at: i64,
}

impl FateRow {
    pub fn read(self, id: OutboxId) -> Result<Fate, StoreError> {
        let place = Place { table: "outbox", id: &id.0 };
        let status = place.name("status", status(&self.status))?;
        Ok(Fate::of(&status, self.delivery_rank >= 0, Timestamp(self.taken_at)))
    }
}

fn status(name: &str) -> Option<OutboxStatus> {
    [
        OutboxStatus::Queued,
        OutboxStatus::Sending,
        OutboxStatus::Accepted,
        OutboxStatus::InDoubt,
        OutboxStatus::Unconfirmed,
        OutboxStatus::Refused,
    ]
    .into_iter()
    .find(|status| status.name() == name)
}
