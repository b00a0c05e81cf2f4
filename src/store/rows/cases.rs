//! Cases that wait for a decision, as rows; the two dialects differ only in types that must be named.

use crate::domain::ids::{CaseId, LenderId};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::cases::{ClosedCase, FiledAgreement, OpenCase};
use crate::store::rows::Place;
use crate::store::rows::people::AgreementRow;
use sqlx::FromRow;
use uuid::Uuid;

pub(in crate::store) const CLOSE: &str = "
    UPDATE cases SET status = 'closed', closing = {closing}
    WHERE lender = $1 AND id = $2 AND status = 'open'";

pub(in crate::store) const END: &str = "
    UPDATE agreements SET status = $4, closing = {closing}
    WHERE lender = $1 AND reference = $2 AND status IN ('proposed', 'accepted', 'active')";

pub(in crate::store) const CORRECT: &str = "
    UPDATE agreements SET status = $4, closing = {closing}
    WHERE lender = $1 AND reference = $2 AND status IN ('kept', 'broken', 'cancelled')";

/// What follows the columns of an agreement in a list of them; `{text}` names the type of a parameter.
pub(in crate::store) const FILED: &str = ", p.external_ref AS person, o.external_ref AS debt
    FROM agreements a LEFT JOIN persons p ON p.id = a.person_id LEFT JOIN obligations o ON o.id = a.obligation_id
    WHERE ($1{text} IS NULL OR a.lender = $1) AND ($2{text} IS NULL OR a.reference = $2)
      AND (NOT $3 OR a.status IN ('proposed', 'accepted', 'active'))
    ORDER BY a.accepted_at DESC, a.id DESC
    LIMIT $4";

#[derive(Debug, FromRow)]
pub(in crate::store) struct FiledAgreementRow {
    #[sqlx(flatten)]
    pub agreement: AgreementRow,
    pub person: Option<String>,
    pub debt: Option<String>,
}

impl FiledAgreementRow {
    pub fn read(self) -> Result<FiledAgreement, StoreError> {
        let Self { agreement, person, debt } = self;
        let closing = agreement.ended()?;
        Ok(FiledAgreement { agreement: agreement.read()?, closing, person, debt })
    }
}

/// `$1` lender, whose type `{text}` names, `$2` how many.
pub(in crate::store) const CLOSED: &str = "
    SELECT k.id, k.lender, k.kind, k.at, {closing} AS closing, p.external_ref
    FROM cases k LEFT JOIN persons p ON p.id = k.person_id
    WHERE k.status = 'closed' AND ($1{text} IS NULL OR k.lender = $1)
    ORDER BY k.at DESC, k.id DESC
    LIMIT $2";

#[derive(Debug, FromRow)]
pub(in crate::store) struct ClosedCaseRow {
    pub id: Uuid,
    pub lender: String,
    pub kind: String,
    pub at: i64,
    pub closing: Option<String>,
    pub external_ref: Option<String>,
}

impl ClosedCaseRow {
    pub fn read(self) -> Result<ClosedCase, StoreError> {
        let place = Place { table: "cases", id: &self.id };
        let closing = self.closing.as_deref().map(|text| place.json("closing", text)).transpose()?;
        Ok(ClosedCase {
            id: CaseId(self.id),
            lender: LenderId(self.lender),
            kind: self.kind,
            at: Timestamp(self.at),
            reference: self.external_ref,
            closing,
        })
    }
}

#[derive(Debug, FromRow)]
pub(in crate::store) struct OpenCaseRow {
    pub id: Uuid,
    pub body: String,
    pub external_ref: Option<String>,
}

impl OpenCaseRow {
    pub fn read(self) -> Result<OpenCase, StoreError> {
        let case = Place { table: "cases", id: &self.id }.json("body", &self.body)?;
        Ok(OpenCase { case, reference: self.external_ref })
    }
}
