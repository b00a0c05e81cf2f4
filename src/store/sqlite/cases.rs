//! Cases that wait for a decision, in SQLite.

use super::SqliteStore;
use super::people::agreement_columns;
use crate::domain::debt::AgreementStatus;
use crate::domain::ids::{CaseId, LenderId};
use crate::ports::StoreError;
use crate::ports::cases::{AgreementsOf, CaseStore, CasesOf, ClosedCase, Closing, FiledAgreement, OpenCase};
use crate::store::rows::cases::{
    CLOSE, CLOSED, CORRECT, ClosedCaseRow, END, FILED, FiledAgreementRow, OpenCaseRow,
};
use crate::store::rows::{clean, json, limit, name_of, readable};
use async_trait::async_trait;
use sqlx::AssertSqlSafe;

#[async_trait]
impl CaseStore for SqliteStore {
    async fn open_cases(&self, of: &CasesOf, limit_rows: u32) -> Result<Vec<OpenCase>, StoreError> {
        let rows: Vec<OpenCaseRow> = sqlx::query_as(OPEN)
            .bind(of.lender.as_ref().map(LenderId::as_str))
            .bind(of.conversation.map(|id| id.0))
            .bind(limit(limit_rows))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        Ok(readable(rows.into_iter().map(OpenCaseRow::read)))
    }

    async fn closed_cases(
        &self,
        lender: Option<&LenderId>,
        limit_rows: u32,
    ) -> Result<Vec<ClosedCase>, StoreError> {
        let sql = CLOSED.replace("{text}", "").replace("{closing}", "k.closing");
        let rows: Vec<ClosedCaseRow> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(lender.map(LenderId::as_str))
            .bind(limit(limit_rows))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        Ok(readable(rows.into_iter().map(ClosedCaseRow::read)))
    }

    async fn close_case(&self, lender: &LenderId, id: CaseId, closing: &Closing) -> Result<bool, StoreError> {
        let done = sqlx::query(dialect(CLOSE))
            .bind(lender.as_str())
            .bind(id.0)
            .bind(json(closing)?)
            .execute(&mut *self.writer().await?)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn end_agreement(
        &self,
        lender: &LenderId,
        reference: &str,
        status: AgreementStatus,
        closing: &Closing,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(dialect(END))
            .bind(lender.as_str())
            .bind(clean(reference))
            .bind(json(closing)?)
            .bind(name_of(&status)?)
            .execute(&mut *self.writer().await?)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn correct_agreement(
        &self,
        lender: &LenderId,
        reference: &str,
        status: AgreementStatus,
        closing: &Closing,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(dialect(CORRECT))
            .bind(lender.as_str())
            .bind(clean(reference))
            .bind(json(closing)?)
            .bind(name_of(&status)?)
            .execute(&mut *self.writer().await?)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn agreements(
        &self,
        of: &AgreementsOf,
        limit_rows: u32,
    ) -> Result<Vec<FiledAgreement>, StoreError> {
        let sql = format!("SELECT {}{FILED}", agreement_columns!()).replace("{text}", "");
        let rows: Vec<FiledAgreementRow> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(of.lender.as_ref().map(LenderId::as_str))
            .bind(of.reference.as_deref().map(clean))
            .bind(of.running)
            .bind(limit(limit_rows))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        Ok(readable(rows.into_iter().map(FiledAgreementRow::read)))
    }
}

fn dialect(sql: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(sql.replace("{closing}", "$3"))
}

const OPEN: &str = "
    SELECT k.id, k.body, p.external_ref
    FROM cases k LEFT JOIN persons p ON p.id = k.person_id
    WHERE k.status = 'open' AND ($1 IS NULL OR k.lender = $1) AND ($2 IS NULL OR k.conversation_id = $2)
    ORDER BY k.at, k.id
    LIMIT $3";
