//! What a turn may write besides its messages; each is applied inside the turn's transaction.

use crate::domain::debt::Agreement;
use crate::domain::ids::{CaseId, ClaimId, LenderId, ObligationId, PersonId, TicketId};
use crate::domain::money::Money;
use crate::domain::pii::Pii;
use crate::domain::time::{Day, Timestamp};
use crate::ports::conversations::Origin;
use crate::ports::dead_letters::NewDeadTurn;
use crate::ports::media::NewMedia;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a turn has a handful of records, moved once")]
pub enum Record {
    /// Unique by (lender, `once_key`); a second one refuses the commit with `CommitRefused::Once`.
    Agreement(Agreement),
    Claim(PaymentClaim),
    Case(Case),
    /// Of scope `All` it withdraws what waits from earlier turns, so that only the confirmation goes out.
    OptOut {
        scope: OptOutScope,
        source: String,
    },
    OptIn {
        source: String,
    },
    /// One try of the identity challenge; the conversation's address and every candidate person are counted.
    IdentityTry(IdentityTry),
    /// The number does not belong to this person: the link is cut and the contact point marked.
    WrongNumber {
        person: Option<PersonId>,
    },
    /// Until people decide, the bot says nothing about debts to this person in any chat, nor writes by itself; `None`
    /// when they have decided.
    Reserve {
        person: PersonId,
        reserved: Option<String>,
    },
    OpenTicket(NewTicket),
    /// The person wrote while a human has the chat: the ticket's wait starts or goes on.
    CustomerSpoke {
        ticket: TicketId,
    },
    /// The person went back to the bot: the ticket closes with this outcome.
    CloseTicket {
        ticket: TicketId,
        outcome: String,
    },
    /// Messages of earlier turns that still wait have lost their sense: they are refused with this reason. What the
    /// turn itself says stays, and so does a message that is being sent.
    Withdraw {
        origin: Origin,
        why: String,
    },
    /// The turn over these inputs failed for good: they are kept for an operator.
    SetAside(NewDeadTurn),
    /// A file came: it is to be fetched and kept.
    Media(NewMedia),
    /// From here on what is said belongs to this person, who is proved now, or to nobody.
    Proved(Proved),
}

/// A change of whose words a chat holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    pub person: Option<PersonId>,
    /// When the input came with which it began.
    pub since: Timestamp,
    /// How many events of the commit came before.
    pub events_before: usize,
}

impl Record {
    /// Whether the desk's queue changes with it.
    pub const fn touches_ticket(&self) -> bool {
        match self {
            Self::OpenTicket(_) | Self::CustomerSpoke { .. } | Self::CloseTicket { .. } => true,
            Self::Agreement(_)
            | Self::Claim(_)
            | Self::Case(_)
            | Self::OptOut { .. }
            | Self::OptIn { .. }
            | Self::IdentityTry(_)
            | Self::WrongNumber { .. }
            | Self::Reserve { .. }
            | Self::Withdraw { .. }
            | Self::SetAside(_)
            | Self::Media(_)
            | Self::Proved(_) => false,
        }
    }
}

/// "I have already paid": pauses reminders, never touches a balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentClaim {
    pub id: ClaimId,
    pub lender: LenderId,
    pub person: Option<PersonId>,
    pub obligation: Option<ObligationId>,
    pub amount: Option<Money>,
    pub paid_on: Option<Day>,
    pub means: Option<String>,
    /// Media id of a receipt, when one was sent.
    pub receipt: Option<String>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    pub id: CaseId,
    pub lender: LenderId,
    pub person: Option<PersonId>,
    pub obligation: Option<ObligationId>,
    /// `dispute`, `not_mine`, `third_party`, `fraud`, `deceased`, `distress`, `abuse`, `clearance`, `complaint`; `datos_…` of [`crate::rules::data_rights::DataRight`].
    pub kind: String,
    pub note: Option<Pii<String>>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptOutScope {
    /// Nothing but answers to what the person writes.
    All,
    /// Set in WhatsApp itself (`user_preferences`).
    Marketing,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdentityTry {
    /// The person the answer was right for; else the candidates are only counted.
    pub passed: Option<PersonId>,
    pub candidates: Vec<PersonId>,
    pub at: Timestamp,
    /// This try used up the challenge: nobody of it may try until then.
    pub locked_until: Option<Timestamp>,
    /// First try of a new challenge.
    pub starts_challenge: bool,
    /// The newest stored try ([`IdentityHistory::newest`]) that was known when this one was judged. A commit that finds
    /// a newer one is refused with `CommitRefused::Tried`: what the try comes to depends on all that went before.
    ///
    /// [`IdentityHistory::newest`]: crate::ports::people::IdentityHistory::newest
    pub judged_after: i64,
}

#[derive(Debug, Clone)]
pub struct NewTicket {
    /// Derived from (conversation, turn).
    pub id: TicketId,
    pub queue: String,
    pub priority: Priority,
    pub reason: String,
    /// What the agent sees first: facts, offers, what was tried. JSON object.
    pub summary: serde_json::Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Urgent,
    High,
    Normal,
    Low,
}

impl Priority {
    pub const ALL: [Self; 4] = [Self::Urgent, Self::High, Self::Normal, Self::Low];

    /// 0 is served first.
    pub const fn rank(self) -> i16 {
        match self {
            Self::Urgent => 0,
            Self::High => 1,
            Self::Normal => 2,
            Self::Low => 3,
        }
    }

    pub fn from_rank(rank: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.rank() == rank)
    }
}
