//! The session: all that a conversation remembers between turns. A versioned JSON value.

use crate::domain::assurance::Assurance;
use crate::domain::ids::{FlowHash, FlowId, PersonId, StepId};
use crate::domain::money::Money;
use crate::domain::time::Timestamp;
use crate::flow::effect::{Effect, Shown, Visit};
use crate::flow::input::TimerName;
use crate::flow::value::Value;
use crate::understand::identity::Fragment;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Written into every session; readers accept this and the one before.
pub const SESSION_VERSION: u16 = 2;

/// What a chat may be reserved for that is about the person, and so holds in each of their chats.
pub const OF_THE_PERSON: [&str; 2] = ["duelo", "insolvencia"];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub v: u16,
    /// The flow version that this conversation finishes on.
    pub flow_hash: FlowHash,
    /// Rises by one with each call of `step`.
    pub turn: u64,
    pub status: Status,
    /// Innermost last. Empty when nothing is open: new, ended, silenced, or with an agent after a fault.
    pub frames: Vec<Frame>,
    pub assurance: Assurance,
    /// Last sign of life of the person; the level falls when it is too long ago.
    pub active_at: Timestamp,
    pub language: String,
    /// The lender has it on record, or the person asked for it: the words of a message do not change it.
    #[serde(default)]
    pub language_set: bool,
    /// The intent of the message that opened the chat, until a step uses it.
    pub pending_intent: Option<String>,
    /// What runs now was begun by a timer, not by the person: what it says is proactive.
    #[serde(default)]
    pub proactive: bool,
    /// Whose matters the session may hold: the person who was proved last. When another one is proved on the same phone,
    /// nothing of it is kept.
    #[serde(default)]
    pub subject: Option<PersonId>,
    /// The hand-off whose ticket is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<Desk>,
    /// Until a person decides, nothing about the debt is said here and nobody is asked for proof: one of
    /// [`crate::flow::catalogue::RESERVATIONS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<String>,
    /// It holds for the person, in each of their chats, and ends in all of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reserved_for_person: bool,
    /// Why people have a ticket although the bot has the chat: `ticket.dejar`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aside: Option<String>,
    /// What an amount may mean that was said before any question asked for it: the next `ask` of an amount has the
    /// person choose.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<Money>,
    /// The person wrote, and nothing has been said since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unanswered: bool,
    /// While people have a ticket: what the person's words only may mean, and that somebody else may write. Names of
    /// intents, for the agent to ask about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspected: Vec<String>,
    /// When the person accepted terms last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_at: Option<Timestamp>,
    /// The remark that was answered last, as long as nothing else was heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarked: Option<Remarked>,
}

/// "Espere", "es que": what is said beside a question, and answered there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarked {
    /// Name of an intent.
    pub intent: String,
    /// The newest turn that heard it.
    pub turn: u64,
    /// When it was answered.
    pub at: Timestamp,
}

/// A ticket that is open, as far as the bot must know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desk {
    pub since: Timestamp,
    pub reason: String,
    pub priority: String,
    /// No word of the person closes it.
    pub protected: bool,
    /// An agent speaks of no debt and of no payment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quiet: bool,
    /// It was there before, for another reason: who goes back to the bot leaves it with people.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
    /// When whoever waits was last told that they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
    /// Messages since then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unheard: u32,
    /// Interrupts that were told to people instead, for which the flow `grave` has run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Status {
    New,
    /// At an `ask` or `choose` of the innermost frame. `asked_turn` names the wait: option ids and timers carry it.
    Waiting {
        asked_turn: u64,
        misses: u32,
        nudged: bool,
        /// Voice notes, pictures … in a row; the third counts as a miss.
        #[serde(default)]
        not_texts: u32,
    },
    /// In a `pause` of the innermost frame.
    Paused {
        asked_turn: u64,
    },
    AwaitingAction {
        call: u32,
    },
    /// At a `handoff`: a person has the chat.
    WithAgent {
        since: Timestamp,
    },
    /// A human answered from the business phone: silent until the session is idle.
    Silenced {
        since: Timestamp,
    },
    Ended {
        outcome: String,
    },
}

/// One running flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    pub flow: FlowId,
    pub step: StepId,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, Value>,
    pub entered_by: EnteredBy,
    /// Terms shown by steps with `evidence`, by evidence name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shown: BTreeMap<String, Shown>,
    /// Retries of `do` outcomes by step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub retries: BTreeMap<String, u32>,
    /// The turn in which the step first waited since it was entered, 0 before. Taps of any asking since then count.
    #[serde(default)]
    pub since_turn: u64,
    /// What came so far of an answer in several messages, and in how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<(Fragment, u32)>,
    /// The amounts among which the open `ask` has the person choose, as the words that named them may mean each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readings: Vec<Money>,
    /// A proof that does not count until this flow knows that the holder writes. While it is there, hardly anything
    /// leaves the flow's questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<HeldProof>,
    /// Timers of its wait; a stacked interrupt does not stop those of a `pause`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timers: Vec<OpenTimer>,
}

/// The level that held before it came into doubt who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldProof {
    pub level: Assurance,
    /// When the doubt came.
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTimer {
    pub name: TimerName,
    /// The asking that it belongs to.
    pub turn: u64,
    pub due: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnteredBy {
    Start,
    /// A `call` step of the frame below waits for this one's outcome.
    Call,
    /// A stacked interrupt: when it ends, the open step of the frame below is asked again.
    Interrupt,
    /// Identity must be proved again before the frame below may go on.
    Reverify,
}

/// One turn: pure result of `step`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub session: Session,
    pub effects: Vec<Effect>,
    pub trail: Vec<Visit>,
}

/// The id of a reply button or list row: `<hash8>:<flow>.<step>:<turn>:<option>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionRef {
    /// First 8 characters of the flow hash.
    pub hash: String,
    pub flow: FlowId,
    pub step: StepId,
    pub turn: u64,
    pub option: String,
}

impl Session {
    pub fn new(flow_hash: FlowHash, language: &str, now: Timestamp) -> Self {
        Self {
            v: SESSION_VERSION,
            flow_hash,
            turn: 0,
            status: Status::New,
            frames: Vec::new(),
            assurance: Assurance::Ninguna,
            active_at: now,
            language: language.to_owned(),
            language_set: false,
            pending_intent: None,
            proactive: false,
            subject: None,
            desk: None,
            reserved: None,
            reserved_for_person: false,
            aside: None,
            readings: Vec::new(),
            unanswered: false,
            suspected: Vec::new(),
            accepted_at: None,
            remarked: None,
        }
    }
}

impl std::fmt::Display for OptionRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}.{}:{}:{}", self.hash, self.flow, self.step, self.turn, self.option)
    }
}

impl OptionRef {
    /// `None` for ids that are not ours (template payloads).
    pub fn parse(id: &str) -> Option<Self> {
        let mut parts = id.splitn(4, ':');
        let hash = parts.next()?.to_owned();
        let (flow, step) = parts.next()?.split_once('.')?;
        let turn = parts.next()?.parse().ok()?;
        let option = parts.next()?.to_owned();
        Some(Self { hash, flow: flow.into(), step: step.into(), turn, option })
    }
}
