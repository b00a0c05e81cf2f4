//! Imports of debtors and balances, in PostgreSQL.

use super::ids;
use super::people::{obligation_columns, person_columns};
use crate::domain::debt::{Obligation, Person};
use crate::domain::ids::LenderId;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::people::{ImportBatch, ImportCounts};
use crate::store::plan::import::{self, StoredIds};
use crate::store::rows::column;
use crate::store::rows::people::{ObligationRow, PersonRow};
use sqlx::postgres::PgConnection;

/// A look-up for each reference: of a table that it has not analysed, PostgreSQL would read all rows of the lender, for
/// every batch of a first import all that came before it.
const STORED_PERSONS: &str = concat!(
    "SELECT ",
    person_columns!(),
    " FROM UNNEST($2::text[]) AS k (reference)
      CROSS JOIN LATERAL (
        SELECT * FROM persons WHERE lender = $1 AND external_ref = k.reference OFFSET 0) p"
);

const UPSERT_PERSONS: &str = "
    INSERT INTO persons
       (id, lender, external_ref, full_name, first_name, document_type, document, birth_date, language, phones,
        as_of, updated_at)
    SELECT * FROM UNNEST(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::text[], $9::text[], $10::json[], $11::bigint[], $12::bigint[])
    ON CONFLICT (lender, external_ref) DO UPDATE SET
        full_name = excluded.full_name,
        first_name = excluded.first_name,
        document_type = excluded.document_type,
        document = excluded.document,
        birth_date = excluded.birth_date,
        language = excluded.language,
        phones = excluded.phones,
        as_of = excluded.as_of,
        updated_at = excluded.updated_at";

/// A wrong number keeps its mark, so that the next file does not bring it back.
const DELETE_PHONES: &str = "
    DELETE FROM person_phones
    WHERE ctid = ANY (ARRAY(
      SELECT f.place FROM UNNEST($1::uuid[]) AS k (id)
      CROSS JOIN LATERAL (
        SELECT ctid AS place FROM person_phones WHERE person_id = k.id AND wrong_at IS NULL OFFSET 0) f))";

const INSERT_PHONES: &str = "
    INSERT INTO person_phones (lender, phone, person_id)
    SELECT * FROM UNNEST($1::text[], $2::text[], $3::uuid[])
    ON CONFLICT DO NOTHING";

/// Where an import stands: whom of its persons it found under another id, and what it did so far.
#[derive(Default)]
pub(super) struct Importing {
    ids: StoredIds,
    pub counts: ImportCounts,
}

pub(super) async fn import_batch(
    connection: &mut PgConnection,
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
    connection: &mut PgConnection,
    lender: &LenderId,
    persons: &[(Person, Option<Timestamp>)],
    now: Timestamp,
    so_far: &mut Importing,
) -> Result<(), StoreError> {
    let (rows, twins) = import::person_rows(persons)?;
    for chunk in rows.chunks(import::CHUNK) {
        let refs = column(chunk, |row| row.external_ref.clone());
        let stored: Vec<PersonRow> = sqlx::query_as(STORED_PERSONS)
            .bind(lender.as_str())
            .bind(refs)
            .fetch_all(&mut *connection)
            .await?;
        let changed = import::persons(chunk.to_vec(), stored, &mut so_far.ids, &mut so_far.counts);
        write_persons(connection, &changed, now).await?;
    }
    so_far.ids.join(twins);
    Ok(())
}

async fn write_persons(
    connection: &mut PgConnection,
    rows: &[PersonRow],
    now: Timestamp,
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(UPSERT_PERSONS)
        .bind(column(rows, |row| row.id))
        .bind(column(rows, |row| row.lender.clone()))
        .bind(column(rows, |row| row.external_ref.clone()))
        .bind(column(rows, |row| row.full_name.clone()))
        .bind(column(rows, |row| row.first_name.clone()))
        .bind(column(rows, |row| row.document_type.clone()))
        .bind(column(rows, |row| row.document.clone()))
        .bind(column(rows, |row| row.birth_date.clone()))
        .bind(column(rows, |row| row.language.clone()))
        .bind(column(rows, |row| row.phones.clone()))
        .bind(column(rows, |row| row.as_of))
        .bind(vec![now.0; rows.len()])
        .execute(&mut *connection)
        .await?;
    sqlx::query(DELETE_PHONES).bind(ids(rows.iter().map(|row| row.id))).execute(&mut *connection).await?;
    let phones = import::phones(rows)?;
    if !phones.is_empty() {
        sqlx::query(INSERT_PHONES)
            .bind(column(&phones, |row| row.lender.clone()))
            .bind(column(&phones, |row| row.phone.clone()))
            .bind(column(&phones, |row| row.person))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

const STORED_OBLIGATIONS: &str = concat!(
    "SELECT ",
    obligation_columns!(),
    " FROM UNNEST($2::text[]) AS k (reference)
      CROSS JOIN LATERAL (
        SELECT * FROM obligations WHERE lender = $1 AND external_ref = k.reference OFFSET 0) o"
);

const UPSERT_OBLIGATIONS: &str = "
    INSERT INTO obligations
       (id, lender, person_id, external_ref, product, product_name, status, currency, principal_minor,
        interest_minor, late_interest_minor, fees_minor, principal_outstanding_minor, as_of, oldest_unpaid_due,
        next_due, instalments, rate_ea_bps, updated_at)
    SELECT * FROM UNNEST(
        $1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[],
        $12::bigint[], $13::bigint[], $14::bigint[], $15::text[], $16::json[],
        $17::json[], $18::bigint[], $19::bigint[])
    ON CONFLICT (lender, external_ref) DO UPDATE SET
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
      WHERE obligations.as_of <= excluded.as_of";

async fn import_obligations(
    connection: &mut PgConnection,
    lender: &LenderId,
    obligations: &[Obligation],
    now: Timestamp,
    so_far: &mut Importing,
) -> Result<(), StoreError> {
    let rows = obligations.iter().map(ObligationRow::write).collect::<Result<_, _>>()?;
    for chunk in import::unique_obligations(rows).chunks(import::CHUNK) {
        let refs = column(chunk, |row| row.external_ref.clone());
        let stored: Vec<ObligationRow> = sqlx::query_as(STORED_OBLIGATIONS)
            .bind(lender.as_str())
            .bind(refs)
            .fetch_all(&mut *connection)
            .await?;
        let changed = import::obligations(chunk.to_vec(), stored, &so_far.ids, &mut so_far.counts);
        write_obligations(connection, &changed, now).await?;
    }
    Ok(())
}

async fn write_obligations(
    connection: &mut PgConnection,
    rows: &[ObligationRow],
    now: Timestamp,
) -> Result<(), StoreError> {
    if !rows.is_empty() {
        sqlx::query(UPSERT_OBLIGATIONS)
            .bind(column(rows, |row| row.id))
            .bind(column(rows, |row| row.lender.clone()))
            .bind(column(rows, |row| row.person_id))
            .bind(column(rows, |row| row.external_ref.clone()))
            .bind(column(rows, |row| row.product.clone()))
            .bind(column(rows, |row| row.product_name.clone()))
            .bind(column(rows, |row| row.status.clone()))
            .bind(column(rows, |row| row.currency.clone()))
            .bind(column(rows, |row| row.principal_minor))
            .bind(column(rows, |row| row.interest_minor))
            .bind(column(rows, |row| row.late_interest_minor))
            .bind(column(rows, |row| row.fees_minor))
            .bind(column(rows, |row| row.principal_outstanding_minor))
            .bind(column(rows, |row| row.as_of))
            .bind(column(rows, |row| row.oldest_unpaid_due.clone()))
            .bind(column(rows, |row| row.next_due.clone()))
            .bind(column(rows, |row| row.instalments.clone()))
            .bind(column(rows, |row| row.rate_ea_bps))
            .bind(vec![now.0; rows.len()])
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
