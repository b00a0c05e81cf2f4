//! What turns write, a row each.

use crate::store::rows::conversations::Timers;
use uuid::Uuid;

#[derive(Debug)]
pub(in crate::store) struct ConversationChange {
    pub id: Uuid,
    pub session: String,
    pub flow_hash: Option<String>,
    pub assurance: &'static str,
    pub person: Option<Uuid>,
    pub last_event_seq: i64,
    pub ticket: Option<Uuid>,
    pub opted_out: bool,
    /// In place of those that are kept now, when there are any.
    pub timers: Option<Timers>,
    pub release: bool,
}

#[derive(Debug)]
pub(in crate::store) struct ConsumedRow {
    pub conversation: Uuid,
    pub input: Uuid,
    pub done_at: i64,
}

/// An input that is kept in another form than it came in.
#[derive(Debug)]
pub(in crate::store) struct WithheldRow {
    pub conversation: Uuid,
    pub input: Uuid,
    pub body: String,
}

#[derive(Debug)]
pub(in crate::store) struct EventRow {
    pub conversation: Uuid,
    pub seq: i64,
    pub lender: String,
    pub turn: i64,
    pub kind: String,
    pub body: String,
    pub at: i64,
}

#[derive(Debug)]
pub(in crate::store) struct OptOutRow {
    pub lender: String,
    pub conversation: Option<Uuid>,
    pub wa_id: Option<String>,
    pub bsuid: Option<String>,
    pub scope: &'static str,
    pub stop: bool,
    pub source: String,
    pub at: i64,
}

#[derive(Debug)]
pub(in crate::store) struct TryRow {
    pub id: Uuid,
    pub lender: String,
    pub conversation: Uuid,
    pub passed: Option<Uuid>,
    pub starts_challenge: bool,
    pub locked_until: Option<i64>,
    pub at: i64,
}

#[derive(Debug)]
pub(in crate::store) struct TryPersonRow {
    pub try_id: Uuid,
    pub person: Uuid,
    pub lender: String,
    pub at: i64,
}

#[derive(Debug)]
pub(in crate::store) struct WrongNumberRow {
    pub lender: String,
    pub phone: String,
    pub person: Option<Uuid>,
    pub at: i64,
}

#[derive(Debug)]
pub(in crate::store) struct OpenedRow {
    pub id: Uuid,
    pub lender: String,
    pub conversation: Uuid,
    pub queue: String,
    pub priority: i64,
    pub reason: String,
    pub summary: String,
    pub at: i64,
    /// Set when the person left it again in the same commit: it is stored closed.
    pub outcome: Option<String>,
}

impl OpenedRow {
    pub const fn status(&self) -> &'static str {
        if self.outcome.is_some() { "closed" } else { "queued" }
    }

    pub fn closed_at(&self) -> Option<i64> {
        self.outcome.as_ref().map(|_| self.at)
    }
}

/// A ticket that was open when another reason for one came: the more urgent priority and the newest reason count.
#[derive(Debug)]
pub(in crate::store) struct RaisedRow {
    pub id: Uuid,
    pub lender: String,
    pub conversation: Uuid,
    pub priority: i64,
    pub reason: String,
    pub summary: String,
    pub at: i64,
}

/// Messages of earlier turns that go out no more.
#[derive(Debug)]
pub(in crate::store) struct WithdrawnRow {
    pub conversation: Uuid,
    pub origin: String,
    pub why: String,
    pub at: i64,
}

/// A ticket that the person wrote to (`outcome` is none) or left.
#[derive(Debug)]
pub(in crate::store) struct TicketTouchRow {
    pub id: Uuid,
    pub lender: String,
    pub conversation: Uuid,
    pub outcome: Option<String>,
    pub at: i64,
}

/// Whose words a chat holds from an event on.
#[derive(Debug, Clone)]
pub(in crate::store) struct ProofRow {
    pub conversation: Uuid,
    pub from_seq: i64,
    pub lender: String,
    pub since: i64,
    pub person: Option<Uuid>,
}

/// What people decide first about a person; none when they have.
#[derive(Debug)]
pub(in crate::store) struct ReservedRow {
    pub lender: String,
    pub person: Uuid,
    pub reserved: Option<String>,
}
