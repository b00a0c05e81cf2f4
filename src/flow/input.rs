//! What can happen to a conversation, as the engine sees it. Recorded as it is, so that replay is exact.

use crate::domain::ids::{PersonId, Wamid};
use crate::domain::inbound::MediaKind;
use crate::domain::pii::Pii;
use crate::flow::value::Value;
use crate::understand::Understanding;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    Message {
        wamid: Wamid,
        said: Said,
        /// A secret was blotted out of it: the person is warned.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        held_secret: bool,
    },
    /// A message that came so late that no answer to it may be sent any more: it is no answer to what is open now.
    Late { wamid: Wamid, said: Said },
    /// A timer of this conversation; one whose `turn` is not the open wait's does nothing.
    Timer { name: TimerName, turn: u64 },
    /// The outcome of the action that the session awaits.
    ActionOutcome {
        call: u32,
        outcome: String,
        values: BTreeMap<String, Value>,
        /// Whom the action proved, if that is what it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        proved: Option<PersonId>,
    },
    /// An agent gave the chat back: at `step` (`flow.step` or a step of the flow that handed off), else at `returned`.
    AgentReturned {
        step: Option<String>,
        /// How the matter ended, where that had to be said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<String>,
    },
    /// An agent closed the matter, with this outcome.
    TicketClosed {
        #[serde(default)]
        outcome: Option<String>,
    },
    /// The agent who has the chat confirmed on another way that this person writes: the level becomes `verificada`.
    PersonConfirmed { person: PersonId },
    /// Number, user id or device changed: the level falls to `ninguna` and the open matter ends.
    IdentityChanged,
    /// A person answered from the business phone: the bot is silent until the session ends or is idle.
    HumanEcho,
    /// A message of ours will never be delivered, or may not have come; `question`: the one that is open, so that nobody
    /// was asked.
    DeliveryFailed {
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        question: bool,
        /// Nobody knows whether it came, and it is not sent again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unconfirmed: Option<Unconfirmed>,
    },
}

/// What may not have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unconfirmed {
    /// An answer of the bot that told of a debt.
    Answer,
    AgentsWord,
}

/// What the person said, with its meaning where it was text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub enum Said {
    Text {
        body: Pii<String>,
        understanding: Box<Understanding>,
    },
    /// A tap: the id as we made it, see [`crate::flow::state::OptionRef`], or a template's payload.
    Option {
        id: String,
        title: Pii<String>,
        understanding: Box<Understanding>,
    },
    /// `understanding` is of the caption, when there is one.
    Media {
        kind: MediaKind,
        media_id: String,
        voice: bool,
        caption: Option<Pii<String>>,
        #[serde(default)]
        understanding: Option<Box<Understanding>>,
    },
    Location,
    Contacts,
    Form {
        response: serde_json::Value,
    },
    /// Polls, orders, what WhatsApp could not deliver: ask to say it in other words.
    Unreadable,
    /// Reactions, edits, revocations, welcome: recorded, never an answer.
    Ignored {
        why: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerName {
    Nudge,
    Expire,
    /// The end of a `pause`.
    Resume,
}

impl TimerName {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nudge => "nudge",
            Self::Expire => "expire",
            Self::Resume => "resume",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::Nudge, Self::Expire, Self::Resume].into_iter().find(|timer| timer.name() == name)
    }
}
