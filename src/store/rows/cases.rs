//! Cases that wait for a decision, as rows; the two dialects differ only in types that must be named.

use crate::ports::StoreError;
use crate::ports::cases::OpenCase;
use crate::store::rows::Place;
use sqlx::FromRow;
use uuid::Uuid;

pub(in crate::store) const CLOSE: &str = "
    UPDATE cases SET status = 'closed', closing = {closing}
    WHERE lender = $1 AND id = $2 AND status = 'open'";

pub(in crate::store) const END: &str = "
    UPDATE agreements SET status = $4, closing = {closing}
    WHERE lender = $1 AND reference = $2 AND status IN ('proposed', 'accepted', 'active')";

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
