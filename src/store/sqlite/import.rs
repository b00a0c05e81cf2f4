//! Imports of debtors and balances, in SQLite.

use super::bulk;
use super::people::{obligation_columns, person_columns};
use crate::domain::debt::{Obligation, Person};
use crate::domain::ids::LenderId;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::people::{ImportBatch, ImportCounts};
use crate::store::plan::import::{self, StoredIds};
use crate::store::rows::people::{ObligationRow, PersonRow};
use crate::store::rows::{hex_list, json};
use sqlx::sqlite::SqliteConnection;

const STORED_PERSONS: &str = concat!(
    "SELECT ",
    person_columns!(),
    " FROM persons p WHERE p.lender = $1 AND p.external_ref IN (SELECT value FROM json_each($2))"
);

const UPSERT_PERSONS: [&str; 2] = [
    "INSERT INTO persons
       (id, lender, external_ref, full_name, first_name, document_type, document, birth_date, language, phones,
        as_of, updated_at) ",
    " ON CONFLICT (lender, external_ref) DO UPDATE SET
        full_name = excluded.full_name,
        first_name = excluded.first_name,
        document_type = excluded.document_type,
        document = excluded.document,
        birth_date = excluded.birth_date,
        language = excluded.language,
        phones = excluded.phones,
        as_of = excluded.as_of,
        updated_at = excluded.updated_at",
];

/// A wrong number keeps its mark, so that the next file does not bring it back.
const DELETE_PHONES: &str = "
    DELETE FROM person_phones
    WHERE person_id IN (SELECT unhex(value) FROM json_each($1)) AND wrong_at IS NULL";

const INSERT_PHONES: &str = "INSERT INTO person_phones (lender, phone, person_id) ";

/// Where an import stands: whom of its persons it found under another id, and what it did so far.
#[derive(Default)]
pub(super) struct Importing {
    ids: StoredIds,
    pub counts: ImportCounts,
}

pub(super) async fn import_batch(
    connection: &mut SqliteConnection,
    lender: &LenderId,
    batch: &ImportBatch,
    now: Timestamp,
    so_far: &mut Importing,
) -> Result<(), StoreError> {
    import::check(lender, batch)?;
    import_persons(connection, lender, &batch.persons, now, so_far).await?;
    import_obligations(connection, lender, &batch.obligations, now, so_far).await
}

async fn import_persons(
    connection: &mut SqliteConnection,
    lender: &LenderId,
    persons: &[(Person, Option<Timestamp>)],
    now: Timestamp,
    so_far: &mut Importing,
) -> Result<(), StoreError> {
    let (rows, twins) = import::person_rows(persons)?;
    for chunk in rows.chunks(import::CHUNK) {
        let refs: Vec<&String> = chunk.iter().map(|row| &row.external_ref).collect();
        let stored: Vec<PersonRow> = sqlx::query_as(STORED_PERSONS)
            .bind(lender.as_str())
            .bind(json(&refs)?)
            .fetch_all(&mut *connection)
            .await?;
        let changed = import::persons(chunk.to_vec(), stored, &mut so_far.ids, &mut so_far.counts);
        write_persons(connection, &changed, now).await?;
    }
    so_far.ids.join(twins);
    Ok(())
}

async fn write_persons(
    connection: &mut SqliteConnection,
    rows: &[PersonRow],
    now: Timestamp,
) -> Result<(), StoreError> {
    let [head, tail] = UPSERT_PERSONS;
    bulk(connection, head, rows, tail, |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.external_ref.clone())
            .push_bind(row.full_name.clone())
            .push_bind(row.first_name.clone())
            .push_bind(row.document_type.clone())
            .push_bind(row.document.clone())
            .push_bind(row.birth_date.clone())
            .push_bind(row.language.clone())
            .push_bind(row.phones.clone())
            .push_bind(row.as_of)
            .push_bind(now.0);
    })
    .await?;
    sqlx::query(DELETE_PHONES)
        .bind(hex_list(rows.iter().map(|row| row.id)))
        .execute(&mut *connection)
        .await?;
    let phones = import::phones(rows)?;
    bulk(connection, INSERT_PHONES, &phones, " ON CONFLICT DO NOTHING", |values, row| {
        values.push_bind(row.lender.clone()).push_bind(row.phone.clone()).push_bind(row.person);
    })
    .await
    .map(drop)
}

const STORED_OBLIGATIONS: &str = concat!(
    "SELECT ",
    obligation_columns!(),
    " FROM obligations o WHERE o.lender = $1 AND o.external_ref IN (SELECT value FROM json_each($2))"
);

const UPSERT_OBLIGATIONS: [&str; 2] = [
    "INSERT INTO obligations
       (id, lender, person_id, external_ref, product, product_name, status, currency, principal_minor,
        interest_minor, late_interest_minor, fees_minor, principal_outstanding_minor, as_of, oldest_unpaid_due,
        next_due, instalments, rate_ea_bps, updated_at) ",
    " ON CONFLICT (lender, external_ref) DO UPDATE SET
        person_id = excluded.person_id,
        product = excluded.product,
        product_name = excluded.product_name,
        status = excluded.status,
        currency = excluded.currency,
        principal_minor = excluded.principal_minor,
        interest_minor = excluded.interest_minor,
        late_interest_minor = excluded.late_interest_minor,
        fees_minor = excluded.fees_minor,
        principal_outstanding_minor = excluded.principal_outstanding_minor,
        as_of = excluded.as_of,
        oldest_unpaid_due = excluded.oldest_unpaid_due,
        next_due = excluded.next_due,
        instalments = excluded.instalments,
        rate_ea_bps = excluded.rate_ea_bps,
        updated_at = excluded.updated_at
      WHERE obligations.as_of <= excluded.as_of",
];

async fn import_obligations(
    connection: &mut SqliteConnection,
    lender: &LenderId,
    obligations: &[Obligation],
    now: Timestamp,
    so_far: &mut Importing,
) -> Result<(), StoreError> {
    let rows = obligations.iter().map(ObligationRow::write).collect::<Result<_, _>>()?;
    for chunk in import::unique_obligations(rows).chunks(import::CHUNK) {
        let refs: Vec<&String> = chunk.iter().map(|row| &row.external_ref).collect();
        let stored: Vec<ObligationRow> = sqlx::query_as(STORED_OBLIGATIONS)
            .bind(lender.as_str())
            .bind(json(&refs)?)
            .fetch_all(&mut *connection)
            .await?;
        let changed = import::obligations(chunk.to_vec(), stored, &so_far.ids, &mut so_far.counts);
        write_obligations(connection, &changed, now).await?;
    }
    Ok(())
}

async fn write_obligations(
    connection: &mut SqliteConnection,
    rows: &[ObligationRow],
    now: Timestamp,
) -> Result<(), StoreError> {
    let [head, tail] = UPSERT_OBLIGATIONS;
    bulk(connection, head, rows, tail, |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.person_id)
            .push_bind(row.external_ref.clone())
            .push_bind(row.product.clone())
            .push_bind(row.product_name.clone())
            .push_bind(row.status.clone())
            .push_bind(row.currency.clone())
            .push_bind(row.principal_minor)
            .push_bind(row.interest_minor)
            .push_bind(row.late_interest_minor)
            .push_bind(row.fees_minor)
            .push_bind(row.principal_outstanding_minor)
            .push_bind(row.as_of)
            .push_bind(row.oldest_unpaid_due.clone())
            .push_bind(row.next_due.clone())
            .push_bind(row.instalments.clone())
            .push_bind(row.rate_ea_bps)
            .push_bind(now.0);
    })
    .await
    .map(drop)
}
