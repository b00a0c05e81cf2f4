//! What a turn causes. The shell carries effects out, all of one turn in one commit.

use crate::domain::assurance::{Assurance, Label};
use crate::domain::debt::Acceptance;
use crate::domain::ids::{FlowId, StepId, Wamid};
use crate::domain::outbound::Outbound;
use crate::domain::pii::Pii;
use crate::domain::time::Timestamp;
use crate::flow::input::TimerName;
use crate::flow::value::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Rendered, merged with its neighbours, within WhatsApp's limits. `label` is the highest of its data.
    Send {
        index: u32,
        content: Outbound,
        label: Label,
        proactive: bool,
    },
    /// The turn is not over: run the action, then call `step` with `Input::ActionOutcome` of this `call`.
    RunAction(ActionCall),
    /// Those of a turn are all that are open from now on: together they replace every timer of the conversation.
    SetTimer {
        name: TimerName,
        turn: u64,
        due: Timestamp,
    },
    OpenTicket {
        queue: String,
        priority: String,
        reason: String,
        note: Pii<String>,
    },
    /// The person wrote while an agent has the chat.
    ForwardToAgent,
    /// People are to ask about this meaning of the person's words, the name of an intent; `proof_dropped`: whoever writes
    /// counts as proved no more.
    Suspected {
        what: String,
        proof_dropped: bool,
    },
    /// The person went back to the bot.
    CloseTicket {
        outcome: String,
    },
    /// The level changed (granted by an action, or dropped).
    Assurance {
        level: Assurance,
    },
    Ended {
        outcome: String,
    },
    /// The chat is reserved until a person decides, or free again. What still waits to be sent has lost its sense.
    Reservation {
        reserved: Option<String>,
    },
    /// The flow was wrong or a limit was reached; the same turn also opens a ticket.
    Fault {
        flow: FlowId,
        step: StepId,
        what: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionCall {
    pub call: u32,
    /// Name in the catalogue, e.g. `acuerdo.crear`.
    pub action: String,
    pub with: BTreeMap<String, Value>,
    /// Rendered idempotency key; always there for `money` actions.
    pub once: Option<String>,
    pub evidence: Option<Shown>,
    pub flow: FlowId,
    pub step: StepId,
}

/// Terms that were shown to the person, and the answer to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub rendered: Pii<String>,
    /// Hexadecimal SHA-256 of `rendered`.
    pub sha256: String,
    /// Turn and index of the message that showed them (they derive its outbox id).
    pub turn: u64,
    pub index: u32,
    /// The message of the person that answered.
    pub answered_by: Option<Wamid>,
    /// What it said.
    #[serde(default)]
    pub answer: Option<Acceptance>,
}

/// One step that a turn went through, for the log, the inspector and coverage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    pub flow: FlowId,
    pub step: StepId,
    /// `enter`, `answer:<option>`, `outcome:<name>`, `no_match:<n>`, `interrupt:<id>`, `stale`, `nudge`, `expire` …
    pub what: String,
}
