//! Conversations: claiming them, committing their turns, timers, the event log.

use crate::domain::assurance::{Assurance, Label};
use crate::domain::identity::WaIdentity;
use crate::domain::ids::{ConversationId, InboxId, LenderId, OutboxId, PersonId, PhoneNumberId, TicketId};
use crate::domain::json_text::JsonText;
use crate::domain::outbound::Outbound;
use crate::domain::time::{Millis, Timestamp};
use crate::domain::trace::TraceId;
use crate::flow::input::Unconfirmed;
use crate::ports::StoreError;
use crate::ports::records::Record;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// A conversation as stored.
#[derive(Debug, Clone)]
pub struct Conversation {
    pub id: ConversationId,
    pub lender: LenderId,
    pub phone_number_id: PhoneNumberId,
    pub identity: WaIdentity,
    pub profile_name: Option<crate::domain::pii::Pii<String>>,
    /// The person that this chat was linked to, by phone on file or by proof.
    pub person: Option<PersonId>,
    /// Phone and BSUID point to two chats: nobody is trusted until a human decides.
    pub identity_conflict: bool,
    /// The phone was another account's before: nobody is called by name until they prove who they are.
    pub number_changed_hands: bool,
    /// The engine's session, a versioned document; `None` before the first turn.
    pub session: Option<JsonText>,
    /// Copy of the session's level, for the gate.
    pub assurance: Assurance,
    /// Rises by one with each commit.
    pub version: i64,
    /// `sent_at` of the newest message from the person: the 24 h window counts from it.
    pub last_inbound_at: Option<Timestamp>,
    /// The open ticket, when a human has the chat.
    pub ticket: Option<TicketId>,
    /// Opted out of everything but answers.
    pub opted_out: bool,
    pub created_at: Timestamp,
}

/// An exclusive, fenced right to work on one conversation, with all its pending inputs in order.
#[derive(Debug, Clone)]
pub struct Claim {
    pub conversation: Conversation,
    /// Rises with each claim; a commit with an older token is refused.
    pub token: i64,
    pub leased_until: Timestamp,
    pub inputs: Vec<StoredInput>,
}

/// Something that happened to a conversation, in arrival order.
#[derive(Debug, Clone)]
pub struct StoredInput {
    pub id: InboxId,
    pub kind: InputKind,
    pub received_at: Timestamp,
    /// How many times a turn over it has failed.
    pub failures: u32,
}

/// What is stored of an input before the engine sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum InputKind {
    Message {
        message: crate::domain::inbound::InboundMessage,
    },
    System {
        event: crate::domain::inbound::SystemEvent,
    },
    Echo {
        echo: crate::domain::inbound::EchoMessage,
    },
    /// `name` and `turn` as the engine set them; one of an older turn does nothing.
    Timer {
        name: String,
        turn: u64,
    },
    /// An agent gave the chat back, at a step or at the hand-off's own `returned` outcome.
    AgentReturned {
        ticket: TicketId,
        step: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<String>,
    },
    TicketClosed {
        ticket: TicketId,
        /// As the agent named it; none in inputs of older versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<String>,
    },
    /// An agent who has the chat confirmed on another way that this person writes.
    PersonConfirmed {
        ticket: TicketId,
        person: PersonId,
    },
    /// WhatsApp refused a message of ours for good, or nobody knows whether it came.
    DeliveryFailed {
        outbox: OutboxId,
        codes: Vec<i64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unconfirmed: Option<Unconfirmed>,
    },
    /// A stored input that this program cannot read back: no turn can be run over it. Never written.
    #[serde(skip)]
    Broken {
        why: String,
    },
}

/// Everything that one claim causes, applied in ONE transaction.
#[derive(Debug, Clone)]
pub struct TurnCommit {
    pub conversation: ConversationId,
    pub token: i64,
    pub expected_version: i64,
    pub now: Timestamp,
    /// Inputs that were worked off.
    pub consumed: Vec<InboxId>,
    /// Of those, the ones that are kept in another form than they came in: without what proves who somebody is.
    pub withheld: Vec<(InboxId, InputKind)>,
    /// Appended to the event log, in order.
    pub events: Vec<Event>,
    pub session: JsonText,
    pub flow_hash: String,
    pub assurance: Assurance,
    pub person: Option<PersonId>,
    pub outbox: Vec<NewOutbox>,
    /// `Some` replaces all timers of the conversation; `None` keeps them (the open wait goes on).
    pub timers: Option<Vec<NewTimer>>,
    pub records: Vec<Record>,
    /// Give the claim back now (true), or keep it for more turns.
    pub release: bool,
    /// The trace that the turn and its messages belong to, if it is followed.
    pub trace: Option<TraceId>,
}

/// One entry of the append-only log: what came in, or what it caused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The engine's turn number.
    pub turn: u64,
    /// `input`, `visit`, `action`, `send`, `ticket`, `fault`, `agent`, `note` …
    pub kind: String,
    /// A versioned document; may hold personal data.
    pub body: JsonText,
    pub at: Timestamp,
}

#[derive(Debug, Clone)]
pub struct NewOutbox {
    /// Derived from (conversation, turn, index): inserting it twice changes nothing.
    pub id: OutboxId,
    pub content: Outbound,
    pub label: Label,
    pub origin: Origin,
    /// Of whom it tells something; `None` when anybody may read it.
    pub subject: Option<PersonId>,
}

/// Who speaks, which the gate needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The answer to a message of the person.
    Reply,
    /// Started by us: nudge, reminder.
    Proactive,
    Agent,
}

/// A timer of an open wait; a conversation has no two of one name, turn and time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTimer {
    pub name: String,
    pub turn: u64,
    pub due: Timestamp,
}

/// Why a commit was refused; nothing of it was applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitRefused {
    /// Another worker has the conversation, or its version moved on.
    #[error("stale claim")]
    Stale,
    /// A `once` key exists: run the turn again, the action will find the first.
    #[error("once key {0} exists already")]
    Once(String),
    /// Somebody tried who they are from the same address, or about the same person, after the turn had read the tries:
    /// run it again, so that no try is judged without the others.
    #[error("another try of identity came in between")]
    Tried,
}

#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// Claims conversations that have pending inputs and no live lease, oldest pending input first.
    ///
    /// Each comes with its pending inputs in order, at most `inputs_max`. Two callers never hold the same one.
    async fn claim_conversations(
        &self,
        now: Timestamp,
        lease: Millis,
        limit: u32,
        inputs_max: u32,
    ) -> Result<Vec<Claim>, StoreError>;

    /// Applies each commit in its own all-or-nothing way, all of them in as few transactions as the backend can.
    async fn commit_turns(
        &self,
        commits: &[TurnCommit],
    ) -> Result<Vec<Result<(), CommitRefused>>, StoreError>;

    /// Gives a claim back unfinished and counts a failure of its first input; it can be claimed again from `retry_at`.
    async fn release(
        &self,
        conversation: ConversationId,
        token: i64,
        retry_at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Gives claims (conversation, token, when it can be claimed again) back as they were. Nothing was wrong with them,
    /// so no failure is counted. A claim that was committed, or that somebody else has since, changes nothing.
    async fn give_back(&self, claims: &[(ConversationId, i64, Timestamp)]) -> Result<(), StoreError>;

    /// Turns the due timers of up to `limit` conversations into inputs, oldest first; returns how many.
    async fn fire_timers(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError>;

    /// Adds an input that did not come from WhatsApp. The same id twice adds one.
    async fn add_input(
        &self,
        conversation: ConversationId,
        id: InboxId,
        kind: InputKind,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError>;

    /// The conversation of an address on one of our numbers.
    async fn conversation_of(
        &self,
        phone_number_id: &PhoneNumberId,
        identity: &WaIdentity,
    ) -> Result<Option<Conversation>, StoreError>;

    /// The event log after `after_seq` (0 = from the start), oldest first, with each event's sequence number.
    async fn events(
        &self,
        conversation: ConversationId,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<(i64, Event)>, StoreError>;

    /// Conversations of a lender whose identity is in conflict, oldest first.
    async fn identity_conflicts(
        &self,
        lender: &LenderId,
        limit: u32,
    ) -> Result<Vec<Conversation>, StoreError>;

    /// Ends the conflict of a conversation and takes back whatever was proved in it: the log gets `body` as an event
    /// `identity`, the conversation a system event. `false`, and nothing is written, where there is no conflict.
    async fn settle_identity(
        &self,
        lender: &LenderId,
        conversation: ConversationId,
        body: &JsonText,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Conversations that wait to be claimed, for health and metrics.
    async fn backlog(&self, now: Timestamp) -> Result<Backlog, StoreError>;
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    pub pending_inputs: u64,
    pub queued_outbox: u64,
    pub in_doubt: u64,
    pub pending_statuses: u64,
    /// Turns set aside and deliveries nobody could read, for an operator.
    pub dead_letters: u64,
    /// Age of the oldest pending input, milliseconds.
    pub oldest_input_ms: i64,
    /// Age of the oldest answer, of the bot or of an agent, that has not left yet, milliseconds; reminders, which may be
    /// held for the morning, do not count.
    pub oldest_answer_ms: i64,
    /// People who wait for an agent's word and whose service window shuts within [`SHUTS_SOON`], or has shut.
    pub windows_shutting: u64,
    pub windows_shut: u64,
}

/// So long before its end a service window counts as shutting.
pub const SHUTS_SOON: Millis = Millis::hours(2);
