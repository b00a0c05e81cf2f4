//! Cases that wait for a decision, in memory.

use super::MemoryStore;
use crate::domain::debt::AgreementStatus;
use crate::domain::ids::{CaseId, LenderId};
use crate::ports::StoreError;
use crate::ports::cases::{AgreementsOf, CaseStore, CasesOf, ClosedCase, Closing, FiledAgreement, OpenCase};
use crate::store::rows::cases::{ClosedCaseRow, FiledAgreementRow, OpenCaseRow};
use crate::store::rows::people::AgreementRow;
use crate::store::rows::{json, name_of, readable};
use async_trait::async_trait;
use std::cmp::Reverse;

#[async_trait]
impl CaseStore for MemoryStore {
    async fn open_cases(&self, of: &CasesOf, limit: u32) -> Result<Vec<OpenCase>, StoreError> {
        let tables = self.tables()?;
        let asked = |row: &&crate::store::rows::people::DocumentRow| {
            !tables.closed_cases.contains_key(&row.id)
                && of.lender.as_ref().is_none_or(|lender| lender.as_str() == row.lender)
                && of.conversation.is_none_or(|id| id.0 == row.conversation)
        };
        let mut rows: Vec<_> = tables.cases.iter().filter(asked).collect();
        rows.sort_by_key(|row| (row.at, row.id));
        let rows =
            rows.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)).map(|row| OpenCaseRow {
                id: row.id,
                body: row.body.clone(),
                external_ref: row
                    .person
                    .and_then(|id| tables.persons.get(&id))
                    .map(|person| person.external_ref.clone()),
            });
        Ok(readable(rows.map(OpenCaseRow::read)))
    }

    async fn closed_cases(
        &self,
        lender: Option<&LenderId>,
        limit: u32,
    ) -> Result<Vec<ClosedCase>, StoreError> {
        let tables = self.tables()?;
        let closed = tables.cases.iter().filter_map(|row| Some((row, tables.closed_cases.get(&row.id)?)));
        let mut rows: Vec<ClosedCaseRow> = closed
            .filter(|(row, _)| lender.is_none_or(|lender| lender.as_str() == row.lender))
            .map(|(row, closing)| ClosedCaseRow {
                id: row.id,
                lender: row.lender.clone(),
                kind: row.kind.clone(),
                at: row.at,
                closing: Some(closing.clone()),
                external_ref: row
                    .person
                    .and_then(|id| tables.persons.get(&id))
                    .map(|person| person.external_ref.clone()),
            })
            .collect();
        rows.sort_by_key(|row| Reverse((row.at, row.id)));
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(readable(rows.into_iter().map(ClosedCaseRow::read)))
    }

    async fn close_case(&self, lender: &LenderId, id: CaseId, closing: &Closing) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let known = tables.cases.iter().any(|row| row.id == id.0 && row.lender == lender.as_str());
        if !known || tables.closed_cases.contains_key(&id.0) {
            return Ok(false);
        }
        tables.closed_cases.insert(id.0, json(closing)?);
        Ok(true)
    }

    async fn end_agreement(
        &self,
        lender: &LenderId,
        reference: &str,
        status: AgreementStatus,
        closing: &Closing,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let running = tables.agreements.iter_mut().find(|row| {
            row.lender == lender.as_str()
                && row.reference == reference
                && matches!(row.status.as_str(), "proposed" | "accepted" | "active")
        });
        let Some(row) = running else { return Ok(false) };
        row.status = name_of(&status)?;
        row.closing = Some(json(closing)?);
        Ok(true)
    }

    async fn correct_agreement(
        &self,
        lender: &LenderId,
        reference: &str,
        status: AgreementStatus,
        closing: &Closing,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let ended = tables.agreements.iter_mut().find(|row| {
            row.lender == lender.as_str()
                && row.reference == reference
                && matches!(row.status.as_str(), "kept" | "broken" | "cancelled")
        });
        let Some(row) = ended else { return Ok(false) };
        row.status = name_of(&status)?;
        row.closing = Some(json(closing)?);
        Ok(true)
    }

    async fn agreements(&self, of: &AgreementsOf, limit: u32) -> Result<Vec<FiledAgreement>, StoreError> {
        let tables = self.tables()?;
        let asked = |row: &&AgreementRow| {
            of.lender.as_ref().is_none_or(|lender| lender.as_str() == row.lender)
                && of.reference.as_ref().is_none_or(|reference| *reference == row.reference)
                && (!of.running || matches!(row.status.as_str(), "proposed" | "accepted" | "active"))
        };
        let mut rows: Vec<AgreementRow> = tables.agreements.iter().filter(asked).cloned().collect();
        rows.sort_by_key(|row| Reverse((row.accepted_at, row.id)));
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let filed = rows.into_iter().map(|row| {
            let debt = tables.obligations.values().find(|debt| debt.id == row.terms.obligation_id);
            FiledAgreementRow {
                person: tables.persons.get(&row.person_id).map(|person| person.external_ref.clone()),
                debt: debt.map(|debt| debt.external_ref.clone()),
                agreement: row,
            }
        });
        Ok(readable(filed.map(FiledAgreementRow::read)))
    }
}
