//! The rights of a person over what is held on them: a copy of it, and its erasure.

use crate::domain::ids::LenderId;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::retention::Act;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What was done about a person on request; never removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonAct {
    pub id: Uuid,
    pub lender: LenderId,
    /// Names the person without telling who it is: HMAC-SHA256 of lender and reference under [`RightsStore::person_key`].
    pub ref_key: Vec<u8>,
    pub kind: PersonActKind,
    /// Who asked the program for it.
    pub by: String,
    /// Why an operator went past a hold; absent otherwise.
    pub reason: Option<String>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonActKind {
    /// A copy was made.
    Export,
    Erase,
    /// Erased once, and let in again by an import that said so.
    Readmit,
}

impl PersonActKind {
    pub const ALL: [Self; 3] = [Self::Export, Self::Erase, Self::Readmit];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Erase => "erase",
            Self::Readmit => "readmit",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What keeps a person from being erased: somebody is owed an end of it first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub kind: HoldKind,
    /// Kind of the agreement or case.
    pub what: String,
    /// Reference of the agreement, or id of the case or ticket.
    pub reference: String,
    pub since: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldKind {
    /// Proposed, accepted or active.
    RunningAgreement,
    /// Of any kind but the wish to be erased, which the erasure answers.
    OpenCase,
    /// A protected ticket that nobody has closed, but of such a request: somebody may be in danger. No reason passes
    /// it over.
    ProtectedTicket,
    /// An open ticket of a chat that others share, while the person was proved in it or is the one it is linked to: to
    /// end it would end what another person waits for. No reason passes it over.
    SharedTicket,
}

impl HoldKind {
    /// Whether it holds whatever an operator says.
    pub const fn is_firm(self) -> bool {
        match self {
            Self::ProtectedTicket | Self::SharedTicket => true,
            Self::RunningAgreement | Self::OpenCase => false,
        }
    }
}

/// Rows of one kind that an erasure met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met {
    pub what: &'static str,
    pub fate: Fate,
    pub n: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Removed,
    /// The row stays, without anything that tells who it was.
    Emptied,
    Kept,
}

/// What came of an erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Erasure {
    /// The lender has nobody with this reference.
    Unknown,
    /// Nothing was changed.
    Held(Vec<Hold>),
    /// In the order in which it was done.
    Done(Vec<Met>),
}

/// Reasons of tickets about the person's own data begin with this: their case says what is owed.
pub const OWN_DATA_TICKETS: &str = "datos";
/// The kind of case that an erasure answers.
pub const ERASURE_CASE: &str = "datos_supresion";

#[async_trait]
pub trait RightsStore: Send + Sync {
    /// The key of [`PersonAct::ref_key`]: the first one that was ever proposed to this database.
    async fn person_key(&self, proposed: [u8; 32]) -> Result<[u8; 32], StoreError>;

    /// What was done about these persons, oldest first.
    async fn person_acts(
        &self,
        lender: &LenderId,
        ref_keys: &[Vec<u8>],
    ) -> Result<Vec<PersonAct>, StoreError>;

    async fn add_person_act(&self, act: &PersonAct) -> Result<(), StoreError>;

    /// Everything that is held on a person of the lender, as one JSON object of lists in a fixed order; read at one
    /// moment. Chats that the person is linked to or was proved in, and those without a person from a phone (`wa_ids` of
    /// it, as WhatsApp writes them) that nobody else of the lender has on file. Of a chat that others share only what was
    /// said while this person was proved. docs/personal-data.md describes the format.
    async fn export_person(
        &self,
        lender: &LenderId,
        reference: &str,
    ) -> Result<Option<serde_json::Value>, StoreError>;

    /// What is kept of a person who was erased, as a part of [`RightsStore::export_person`]: the agreements, with their
    /// evidence. `ref_key` is that of [`PersonAct`].
    async fn export_kept(&self, lender: &LenderId, ref_key: &[u8]) -> Result<serde_json::Value, StoreError>;

    /// Erases a person in one transaction, or tells what that would do: whom nobody may know any more, with every text
    /// of the chats of [`RightsStore::export_person`]; of a chat that others share only their own. Agreements stay with their evidence, under
    /// ids that derive from `record.ref_key`, and opt-outs with their address; chats, tickets and cases stay as rows without content. A turn or send that is under way comes to
    /// nothing. With `over` the holds do not count, but for those that are [`HoldKind::is_firm`]. `act` is recorded with it, unless it only looks.
    async fn erase_person(
        &self,
        reference: &str,
        record: &PersonAct,
        over: bool,
        act: Act,
    ) -> Result<Erasure, StoreError>;
}
