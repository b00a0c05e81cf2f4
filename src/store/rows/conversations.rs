//! Conversations, their inputs, events and timers as rows.

use crate::domain::assurance::Assurance;
use crate::domain::ids::{ConversationId, InboxId, LenderId, PersonId, PhoneNumberId, TicketId, derive};
use crate::domain::json_text::JsonText;
use crate::domain::pii::Pii;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::conversations::{
    Backlog, Claim, Conversation, Event, InputKind, NewTimer, SHUTS_SOON, StoredInput,
};
use crate::rules::service_window::SERVICE_WINDOW;
use crate::store::plan::accept::InputRow;
use crate::store::rows::{Place, json, readable};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use std::borrow::Cow;
use std::collections::HashMap;
use uuid::Uuid;

/// The columns of [`ConversationRow`] but `session`, whose cast differs.
macro_rules! conversation_columns {
    () => {
        "id, lender, phone_number_id, wa_id, bsuid, profile_name, person_id, identity_conflict, \
         number_changed_hands, assurance, version, last_inbound_at, ticket_id, opted_out, created_at, lease_token, \
         leased_until"
    };
}
pub(in crate::store) use conversation_columns;

/// The columns of `plan::accept::ConversationState`.
macro_rules! receiving_columns {
    () => {
        "id, lender, phone_number_id, wa_id, bsuid, profile_name, identity_conflict, \
         number_changed_hands, leased_until, next_claim_at, last_inbound_at, last_inbound_wamid, created_at"
    };
}
pub(in crate::store) use receiving_columns;

#[derive(Debug, FromRow)]
pub(in crate::store) struct ConversationRow {
    pub id: Uuid,
    pub lender: String,
    pub phone_number_id: String,
    pub wa_id: Option<String>,
    pub bsuid: Option<String>,
    pub profile_name: Option<String>,
    pub person_id: Option<Uuid>,
    pub identity_conflict: bool,
    pub number_changed_hands: bool,
    pub session: Option<String>,
    pub assurance: String,
    pub version: i64,
    pub last_inbound_at: Option<i64>,
    pub ticket_id: Option<Uuid>,
    pub opted_out: bool,
    pub created_at: i64,
    pub lease_token: i64,
    pub leased_until: i64,
}

impl ConversationRow {
    pub fn read(self) -> Result<Conversation, StoreError> {
        let place = Place { table: "conversations", id: &self.id };
        let identity = place.identity(self.wa_id.as_deref(), self.bsuid.as_deref())?;
        Ok(Conversation {
            id: ConversationId(self.id),
            lender: LenderId(self.lender),
            phone_number_id: PhoneNumberId(self.phone_number_id),
            identity,
            profile_name: self.profile_name.map(Pii::new),
            person: self.person_id.map(PersonId),
            identity_conflict: self.identity_conflict,
            number_changed_hands: self.number_changed_hands,
            session: self.session.map(JsonText::stored),
            assurance: place.name("assurance", Assurance::parse(&self.assurance))?,
            version: self.version,
            last_inbound_at: self.last_inbound_at.map(Timestamp),
            ticket: self.ticket_id.map(TicketId),
            opted_out: self.opted_out,
            created_at: Timestamp(self.created_at),
        })
    }
}

#[derive(Debug, FromRow)]
pub(in crate::store) struct PendingInputRow {
    pub id: Uuid,
    pub conversation_id: Uuid,
    pub body: String,
    pub received_at: i64,
    pub failures: i64,
}

impl PendingInputRow {
    fn read(self) -> Result<StoredInput, StoreError> {
        let place = Place { table: "inputs", id: &self.id };
        Ok(StoredInput {
            id: InboxId(self.id),
            kind: place.json("body", &self.body).unwrap_or_else(|error| {
                // Told to the turn, which fails and is set aside: left out, it would hold up its chat for ever.
                InputKind::Broken { why: error.to_string() }
            }),
            received_at: Timestamp(self.received_at),
            failures: place.count("failures", self.failures)?,
        })
    }
}

/// Puts each conversation together with its inputs, which come in order.
///
/// A conversation that is unreadable itself is left out; an input that is, comes as [`InputKind::Broken`].
pub(in crate::store) fn claims(
    conversations: Vec<ConversationRow>,
    inputs: Vec<PendingInputRow>,
) -> Vec<Claim> {
    let mut by_conversation: HashMap<Uuid, Vec<PendingInputRow>> = HashMap::new();
    for input in inputs {
        by_conversation.entry(input.conversation_id).or_default().push(input);
    }
    let mut claims = readable(conversations.into_iter().map(|row| {
        let inputs = by_conversation.remove(&row.id).unwrap_or_default();
        let inputs = inputs.into_iter().map(PendingInputRow::read).collect::<Result<_, _>>()?;
        let (token, leased_until) = (row.lease_token, Timestamp(row.leased_until));
        Ok(Claim { conversation: row.read()?, token, leased_until, inputs })
    }));
    claims.sort_by_key(|claim| claim.inputs.first().map(|input| (input.received_at, input.id)));
    claims
}

#[derive(Debug, FromRow)]
pub(in crate::store) struct StoredEventRow {
    pub conversation_id: Uuid,
    pub seq: i64,
    pub turn: i64,
    pub kind: String,
    pub body: String,
    pub at: i64,
}

impl StoredEventRow {
    /// The entries of this row, oldest first, with their numbers.
    fn read(self) -> Result<Vec<(i64, Event)>, StoreError> {
        let id = format!("{}/{}", self.conversation_id, self.seq);
        let place = Place { table: "events", id: &id };
        if self.kind == LOG {
            let entries: Vec<LogEntry<'_>> = place.json("body", &self.body)?;
            return Ok(entries.into_iter().map(LogEntry::event).collect());
        }
        let turn = u64::try_from(self.turn).map_err(|_| place.corrupt("turn", "a number out of range"))?;
        let body = JsonText::stored(self.body);
        Ok(vec![(self.seq, Event { turn, kind: self.kind, body, at: Timestamp(self.at) })])
    }
}

/// The entries behind `after`, at most `limit`; `rows` are those that end behind it, in order.
pub(in crate::store) fn events(
    rows: impl IntoIterator<Item = StoredEventRow>,
    after: i64,
    limit: u32,
) -> Result<Vec<(i64, Event)>, StoreError> {
    let mut events = Vec::new();
    for row in rows {
        events.extend(row.read()?.into_iter().filter(|(seq, _)| *seq > after));
    }
    events.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(events)
}

/// The kind of a row that holds all entries of one commit: its body is a list of them, its number the last one's.
/// What an agent does is a row of its own, and so were all entries in the first version of the program.
pub(in crate::store) const LOG: &str = "log";

/// One entry within a row of kind [`LOG`].
#[derive(Serialize, Deserialize)]
pub(in crate::store) struct LogEntry<'a> {
    pub seq: i64,
    pub turn: u64,
    pub kind: Cow<'a, str>,
    pub at: i64,
    pub body: Cow<'a, JsonText>,
}

impl LogEntry<'_> {
    fn event(self) -> (i64, Event) {
        let (kind, body) = (self.kind.into_owned(), self.body.into_owned());
        (self.seq, Event { turn: self.turn, kind, body, at: Timestamp(self.at) })
    }
}

#[derive(Debug, FromRow)]
pub(in crate::store) struct BacklogRow {
    pub pending_inputs: i64,
    pub oldest_input: Option<i64>,
    pub queued_outbox: i64,
    pub in_doubt: i64,
    pub pending_statuses: i64,
    pub dead_turns: i64,
    pub dead_deliveries: i64,
    pub oldest_answer: Option<i64>,
    pub windows_shutting: i64,
    pub windows_shut: i64,
}

impl BacklogRow {
    /// Whose last message is as old as the first, their window is shut; as the second, it shuts soon.
    pub fn windows(now: Timestamp) -> (i64, i64) {
        (now.minus(SERVICE_WINDOW).0, now.minus(SERVICE_WINDOW).plus(SHUTS_SOON).0)
    }

    pub fn read(&self, now: Timestamp) -> Backlog {
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Backlog {
            pending_inputs: count(self.pending_inputs),
            queued_outbox: count(self.queued_outbox),
            in_doubt: count(self.in_doubt),
            pending_statuses: count(self.pending_statuses),
            dead_letters: count(self.dead_turns) + count(self.dead_deliveries),
            oldest_input_ms: self.oldest_input.map_or(0, |oldest| (now.0 - oldest).max(0)),
            oldest_answer_ms: self.oldest_answer.map_or(0, |oldest| (now.0 - oldest).max(0)),
            windows_shutting: count(self.windows_shutting),
            windows_shut: count(self.windows_shut),
        }
    }
}

/// The timers of a conversation as its columns hold them.
#[derive(Debug, Clone)]
pub(in crate::store) struct Timers {
    /// A JSON list of [`NewTimer`].
    pub timers: String,
    pub next_timer_at: Option<i64>,
}

impl Timers {
    pub fn write(timers: &[NewTimer]) -> Result<Self, StoreError> {
        let next_timer_at = timers.iter().map(|timer| timer.due.0).min();
        Ok(Self { timers: json(&timers)?, next_timer_at })
    }
}

/// A conversation with timers, one of which at least is due.
#[derive(Debug, FromRow)]
pub(in crate::store) struct TimedRow {
    pub id: Uuid,
    pub lender: String,
    pub timers: String,
}

impl TimedRow {
    fn read(self) -> Result<(Self, Vec<NewTimer>), StoreError> {
        let place = Place { table: "conversations", id: &self.id };
        let timers = place.json("timers", &self.timers)?;
        Ok((self, timers))
    }
}

/// What due timers come to.
#[derive(Debug, Default)]
pub(in crate::store) struct Fired {
    /// Earliest due first.
    pub inputs: Vec<InputRow>,
    /// What each conversation keeps.
    pub left: Vec<(Uuid, Timers)>,
}

impl Fired {
    /// The ids of inputs follow from the timer and its time: a timer that is set again for another time fires again.
    pub fn at(now: Timestamp, timed: Vec<TimedRow>) -> Result<Self, StoreError> {
        let mut fired = Self::default();
        let mut due = Vec::new();
        for (row, timers) in readable(timed.into_iter().map(TimedRow::read)) {
            let (over, left): (Vec<_>, Vec<_>) = timers.into_iter().partition(|timer| timer.due <= now);
            fired.left.push((row.id, Timers::write(&left)?));
            due.extend(over.into_iter().map(|timer| (timer.due, row.id, row.lender.clone(), timer)));
        }
        due.sort_by(|a, b| (a.0, a.1, &a.3.name).cmp(&(b.0, b.1, &b.3.name)));
        for (at, conversation, lender, timer) in due {
            let NewTimer { name, turn, .. } = timer;
            fired.inputs.push(InputRow {
                id: derive(&conversation, &format!("timer/{turn}/{name}/{}", at.0)),
                lender,
                conversation,
                dedupe_key: None,
                body: json(&InputKind::Timer { name, turn })?,
                received_at: now.0,
            });
        }
        Ok(fired)
    }
}
