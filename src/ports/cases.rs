//! Cases that wait for a decision, and agreements that somebody ends.

use crate::domain::debt::{Agreement, AgreementStatus};
use crate::domain::ids::{CaseId, ConversationId, LenderId};
use crate::domain::pii::Pii;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::records::Case;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Which open cases are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CasesOf {
    /// `None`: of every lender.
    pub lender: Option<LenderId>,
    /// `None`: of every chat.
    pub conversation: Option<ConversationId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCase {
    pub case: Case,
    /// The lender's own reference of the person, when it is known who it is.
    pub reference: Option<String>,
}

/// A case that was decided. What it was about is not in it: who looks for that makes a copy of the person's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedCase {
    pub id: CaseId,
    pub lender: LenderId,
    pub kind: String,
    /// When it was opened.
    pub at: Timestamp,
    /// The lender's own reference of the person, when it is known who it is.
    pub reference: Option<String>,
    /// Absent where programs before this one closed it with an erasure.
    pub closing: Option<Closing>,
}

/// How a case was decided or an agreement ended; kept beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// A code such as `resuelto` or `negado`; of an agreement its status.
    pub outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Pii<String>>,
    /// An operator, or `agent` with its id.
    pub by: String,
    pub at: Timestamp,
    /// What this one puts right: how it had been closed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrects: Option<Box<Closing>>,
}

/// Which agreements are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgreementsOf {
    /// `None`: of every lender.
    pub lender: Option<LenderId>,
    /// `None`: of every reference.
    pub reference: Option<String>,
    /// Only proposed, accepted and active ones.
    pub running: bool,
}

/// An agreement with the lender's own names of whom and what it is of; those are absent of who was erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiledAgreement {
    pub agreement: Agreement,
    pub closing: Option<Closing>,
    pub person: Option<String>,
    pub debt: Option<String>,
}

#[async_trait]
pub trait CaseStore: Send + Sync {
    /// Open cases, the oldest first, at most `limit`.
    async fn open_cases(&self, of: &CasesOf, limit: u32) -> Result<Vec<OpenCase>, StoreError>;

    /// Closed cases, the newest opened first, at most `limit`.
    async fn closed_cases(
        &self,
        lender: Option<&LenderId>,
        limit: u32,
    ) -> Result<Vec<ClosedCase>, StoreError>;

    /// Closes a case: it holds nothing any more. False when the lender has no such open case.
    async fn close_case(&self, lender: &LenderId, id: CaseId, closing: &Closing) -> Result<bool, StoreError>;

    /// Ends a running agreement (proposed, accepted, active) by its reference. False when the lender has no such one.
    async fn end_agreement(
        &self,
        lender: &LenderId,
        reference: &str,
        status: AgreementStatus,
        closing: &Closing,
    ) -> Result<bool, StoreError>;

    /// Gives an agreement that was kept, broken or cancelled another status. False when the lender has no such one.
    async fn correct_agreement(
        &self,
        lender: &LenderId,
        reference: &str,
        status: AgreementStatus,
        closing: &Closing,
    ) -> Result<bool, StoreError>;

    /// Agreements, the newest first, at most `limit`.
    async fn agreements(&self, of: &AgreementsOf, limit: u32) -> Result<Vec<FiledAgreement>, StoreError>;
}
