//! What to do after WhatsApp refused a message, decided once from its error code.
//!
//! The table itself is `whatsapp::errors`; this is the vocabulary on which dispatching decides.

use crate::domain::time::Millis;
use serde::{Deserialize, Serialize};

/// The one thing to do about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "reaction", rename_all = "snake_case")]
pub enum Reaction {
    /// Token, permission, account or payment trouble: stop every send of this account and call an operator.
    /// The message itself is fine and may go out afterwards.
    StopAll,
    /// The number or account is throttled, or the service is down: nothing of it goes out for at least `wait`, which is
    /// nothing where only the number's rate is too high; then the message is tried again.
    BackOffGlobal { wait: Millis },
    /// Too many messages to this one person (131056): try again after 1, 4, 16, 64 … s; others go on.
    BackOffPair,
    /// Try this message again, at most `max` times more; then give up.
    Retry { max: u8 },
    /// The message or our configuration is wrong: repeating cannot help.
    NeverRetry,
    /// More than 24 h since the person's last message: only an approved template may go.
    UseTemplate,
    /// The person stopped marketing messages of this business: record it, never send such again.
    OptedOut,
    /// Meta holds messages to this person back; not before 24 h, never in a loop.
    WaitLong,
    /// Not reachable on WhatsApp with this message: use another channel; a message from the person revives it.
    DeadRecipient,
    /// The template is paused, disabled, missing or refused: do not use it until an operator or Meta says so.
    HoldTemplate,
    /// Spam or classification limit of the number: open no new conversations and call an operator.
    HoldNumber,
    /// Another person may hold this number now (137000): disclose nothing, check identity anew.
    ReverifyIdentity,
    /// What the person sent did not reach us: ask to send it again.
    AskAgain,
}

impl Reaction {
    /// For metric labels and rows.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StopAll => "stop_all",
            Self::BackOffGlobal { .. } => "back_off_global",
            Self::BackOffPair => "back_off_pair",
            Self::Retry { .. } => "retry",
            Self::NeverRetry => "never_retry",
            Self::UseTemplate => "use_template",
            Self::OptedOut => "opted_out",
            Self::WaitLong => "wait_long",
            Self::DeadRecipient => "dead_recipient",
            Self::HoldTemplate => "hold_template",
            Self::HoldNumber => "hold_number",
            Self::ReverifyIdentity => "reverify_identity",
            Self::AskAgain => "ask_again",
        }
    }

    /// The same message may be sent again later without anybody's decision.
    pub const fn may_repeat(self) -> bool {
        match self {
            Self::BackOffGlobal { .. } | Self::BackOffPair | Self::Retry { .. } => true,
            Self::StopAll
            | Self::NeverRetry
            | Self::UseTemplate
            | Self::OptedOut
            | Self::WaitLong
            | Self::DeadRecipient
            | Self::HoldTemplate
            | Self::HoldNumber
            | Self::ReverifyIdentity
            | Self::AskAgain => false,
        }
    }
}
