//! Debtors, what they owe and what they agreed, in PostgreSQL.

use super::import::{Importing, import_batch};
use super::{PostgresStore, ids, retrying};
use crate::domain::debt::{Agreement, Person};
use crate::domain::identity::WaIdentity;
use crate::domain::ids::{LenderId, ObligationId, PersonId};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::people::{IdentityHistory, ImportCounts, ImportSource, PeopleStore, PersonFile, TriesOf};
use crate::ports::records::OptOutScope;
use crate::store::plan::tries;
use crate::store::plan::turns::{OptOutRow, scope_name};
use crate::store::rows::files::{FileRows, PersonDocument, PlacedPersonRow, files, phone_places, placed};
use crate::store::rows::people::{AgreementRow, ObligationRow, PersonRow, scoped_key};
use crate::store::rows::{clean, column, limit};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

macro_rules! person_columns {
    () => {
        "p.id, p.lender, p.external_ref, p.full_name, p.first_name, p.document_type, p.document, p.birth_date, \
         p.language, p.phones::text AS phones, p.as_of, p.reserved"
    };
}
pub(super) use person_columns;

macro_rules! obligation_columns {
    () => {
        "o.id, o.lender, o.person_id, o.external_ref, o.product, o.product_name, o.status, o.currency, \
         o.principal_minor, o.interest_minor, o.late_interest_minor, o.fees_minor, \
         o.principal_outstanding_minor, o.as_of, o.oldest_unpaid_due, o.next_due::text AS next_due, o.instalments::text AS instalments, o.rate_ea_bps"
    };
}
pub(super) use obligation_columns;

macro_rules! agreement_columns {
    () => {
        "a.id, a.lender, a.person_id, a.once_key, a.status, a.offer::text AS offer, a.evidence::text AS evidence, a.reference, a.accepted_at, a.closing::text AS closing"
    };
}
pub(super) use agreement_columns;

#[async_trait]
impl PeopleStore for PostgresStore {
    async fn persons_by_phones(
        &self,
        lender: &LenderId,
        phone_sets: &[Vec<String>],
        limit_rows: u32,
    ) -> Result<Vec<Vec<Person>>, StoreError> {
        let places = phone_places(phone_sets);
        let rows: Vec<PlacedPersonRow> = sqlx::query_as(PERSONS_BY_PHONES)
            .bind(lender.as_str())
            .bind(column(&places, |(place, _)| *place))
            .bind(column(&places, |(_, phone)| (*phone).clone()))
            .bind(limit(limit_rows))
            .fetch_all(&self.pool)
            .await?;
        placed(rows, phone_sets.len(), limit_rows)
    }

    async fn is_wrong_number(&self, lender: &LenderId, phones: &[String]) -> Result<bool, StoreError> {
        let wrong = sqlx::query_scalar(IS_WRONG_NUMBER)
            .bind(lender.as_str())
            .bind(phones)
            .fetch_one(&self.pool)
            .await?;
        Ok(wrong)
    }

    async fn person_files(
        &self,
        lender: &LenderId,
        persons: &[PersonId],
    ) -> Result<Vec<Option<PersonFile>>, StoreError> {
        let ids = ids(persons.iter().map(|person| person.0));
        let mut moment = self.pool.begin_with(ONE_MOMENT).await?;
        let found: Vec<PersonRow> =
            sqlx::query_as(PERSONS_BY_ID).bind(lender.as_str()).bind(&ids).fetch_all(&mut *moment).await?;
        let obligations: Vec<ObligationRow> =
            sqlx::query_as(OBLIGATIONS).bind(lender.as_str()).bind(&ids).fetch_all(&mut *moment).await?;
        let agreements: Vec<AgreementRow> =
            sqlx::query_as(AGREEMENTS).bind(lender.as_str()).bind(&ids).fetch_all(&mut *moment).await?;
        let cases: Vec<PersonDocument> =
            sqlx::query_as(OPEN_CASES).bind(lender.as_str()).bind(&ids).fetch_all(&mut *moment).await?;
        let claims: Vec<PersonDocument> =
            sqlx::query_as(CLAIMS).bind(lender.as_str()).bind(&ids).fetch_all(&mut *moment).await?;
        moment.rollback().await?;
        files(persons, FileRows { persons: found, obligations, agreements, cases, claims })
    }

    async fn identity_histories(
        &self,
        asked: &[TriesOf],
        now: Timestamp,
    ) -> Result<Vec<IdentityHistory>, StoreError> {
        let conversations = ids(asked.iter().map(|asked| asked.conversation.0));
        let mut connection = self.pool.acquire().await?;
        let rows = stored_tries(&mut connection, asked, now).await?;
        if rows.is_empty() {
            return Ok(tries::histories(asked.len(), rows, &[], now));
        }
        // A try that was stored in between counts here and not above: that only makes the caps stricter.
        let persons: Vec<tries::PlacedPerson> = sqlx::query_as(TRIED_PERSONS)
            .bind(&conversations)
            .bind(now.minus(Millis::days(1)).0)
            .fetch_all(&mut *connection)
            .await?;
        Ok(tries::histories(asked.len(), rows, &persons, now))
    }

    async fn import_from(
        &self,
        lender: &LenderId,
        source: &dyn ImportSource,
        now: Timestamp,
    ) -> Result<ImportCounts, StoreError> {
        retrying(|| import_all(self, lender, source, now)).await
    }

    async fn agreement_by_once(
        &self,
        lender: &LenderId,
        person: PersonId,
        obligation: ObligationId,
        once_key: &str,
    ) -> Result<Option<Agreement>, StoreError> {
        let row: Option<AgreementRow> = sqlx::query_as(AGREEMENT_BY_ONCE)
            .bind(lender.as_str())
            .bind(scoped_key(person.0, obligation.0, once_key))
            .bind(clean(once_key))
            .bind(person.0)
            .bind(obligation.0)
            .fetch_optional(&self.pool)
            .await?;
        row.map(AgreementRow::read).transpose()
    }

    async fn add_agreement(&self, agreement: &Agreement) -> Result<bool, StoreError> {
        let row = AgreementRow::write(agreement, None)?;
        let mut transaction = self.pool.begin().await?;
        let written = insert_agreements(&mut transaction, &[row]).await?;
        transaction.commit().await?;
        Ok(written == 1)
    }

    async fn persons(&self, lender: &LenderId, limit_rows: u32) -> Result<Vec<Person>, StoreError> {
        let rows: Vec<PersonRow> = sqlx::query_as(PERSONS)
            .bind(lender.as_str())
            .bind(limit(limit_rows))
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(PersonRow::read).collect()
    }

    async fn set_opt_out(
        &self,
        lender: &LenderId,
        identity: &WaIdentity,
        scope: OptOutScope,
        stop: bool,
        source: &str,
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let row = OptOutRow {
            lender: lender.as_str().to_owned(),
            conversation: None,
            wa_id: identity.wa_id.as_ref().map(|wa_id| wa_id.expose().to_owned()),
            bsuid: identity.bsuid.as_ref().map(|bsuid| bsuid.expose().to_owned()),
            scope: scope_name(scope),
            stop,
            source: clean(source),
            at: now.0,
        };
        let mut transaction = self.pool.begin().await?;
        let affected = sqlx::query(SET_OPT_OUT)
            .bind(&row.lender)
            .bind(&row.wa_id)
            .bind(&row.bsuid)
            .bind(row.scope)
            .bind(stop)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        insert_opt_outs(&mut transaction, &[row]).await?;
        transaction.commit().await?;
        Ok(u32::try_from(affected).unwrap_or(u32::MAX))
    }
}

/// What counts for each question, at most [`tries::TRIES_MAX`] of each.
pub(super) async fn stored_tries(
    connection: &mut PgConnection,
    asked: &[TriesOf],
    now: Timestamp,
) -> Result<Vec<tries::PlacedTryRow>, StoreError> {
    let (places, candidates): (Vec<i64>, Vec<Uuid>) = (0..)
        .zip(asked)
        .flat_map(|(place, asked)| asked.candidates.iter().map(move |person| (place, person.0)))
        .unzip();
    let rows = sqlx::query_as(TRIES)
        .bind(ids(asked.iter().map(|asked| asked.conversation.0)))
        .bind(places)
        .bind(candidates)
        .bind(now.minus(tries::WINDOW).0)
        .bind(now.0)
        .bind(tries::TRIES_MAX)
        .fetch_all(connection)
        .await?;
    Ok(rows)
}

async fn import_all(
    store: &PostgresStore,
    lender: &LenderId,
    source: &dyn ImportSource,
    now: Timestamp,
) -> Result<ImportCounts, StoreError> {
    let (mut transaction, mut so_far) = (store.pool.begin().await?, Importing::default());
    for batch in source.batches() {
        import_batch(&mut transaction, lender, &batch, now, &mut so_far).await?;
    }
    transaction.commit().await?;
    Ok(so_far.counts)
}

/// All statements of the transaction see the same state of the database.
const ONE_MOMENT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// A look-up for each phone, whatever the planner believes of tables that it has not analysed.
const PERSONS_BY_PHONES: &str = concat!(
    "SELECT k.place, ",
    person_columns!(),
    " FROM UNNEST($2::bigint[], $3::text[]) AS k (place, phone)
      CROSS JOIN LATERAL (
        SELECT q.* FROM person_phones f JOIN persons q ON q.id = f.person_id AND q.lender = $1
        WHERE f.lender = $1 AND f.phone = k.phone AND f.wrong_at IS NULL
        ORDER BY q.full_name, q.id
        LIMIT $4) p"
);

const IS_WRONG_NUMBER: &str = "
    SELECT COUNT(f.wrong_at) > 0 AND COUNT(f.wrong_at) = COUNT(*)
    FROM UNNEST($2::text[]) AS k (phone)
      CROSS JOIN LATERAL (SELECT wrong_at FROM person_phones WHERE lender = $1 AND phone = k.phone OFFSET 0) f";

/// What belongs to these people ($2), then what of it is the lender's ($1). `OFFSET 0` keeps that order: before
/// PostgreSQL knows how many rows a lender has, it would read all of them from the index that begins with the lender.
macro_rules! of_people {
    ($table:literal, $person:literal) => {
        concat!(" FROM (SELECT * FROM ", $table, " WHERE ", $person, " = ANY($2) OFFSET 0) ")
    };
}

const PERSONS_BY_ID: &str =
    concat!("SELECT ", person_columns!(), of_people!("persons", "id"), "p WHERE p.lender = $1");

const OBLIGATIONS: &str = concat!(
    "SELECT ",
    obligation_columns!(),
    of_people!("obligations", "person_id"),
    "o WHERE o.lender = $1 ORDER BY o.external_ref"
);

const AGREEMENTS: &str = concat!(
    "SELECT ",
    agreement_columns!(),
    of_people!("agreements", "person_id"),
    "a WHERE a.lender = $1 AND a.status NOT IN ('superseded', 'cancelled')
     ORDER BY a.accepted_at DESC, a.id DESC"
);

const OPEN_CASES: &str = concat!(
    "SELECT person_id, id, body::text AS body",
    of_people!("cases", "person_id"),
    "c WHERE lender = $1 AND status = 'open' ORDER BY at DESC, id DESC"
);

const CLAIMS: &str = concat!(
    "SELECT person_id, id, body::text AS body",
    of_people!("payment_claims", "person_id"),
    "c WHERE lender = $1 ORDER BY at DESC, id DESC"
);

/// The questions (conversations, $1), and the conversations that each one's lender has with its address.
macro_rules! address {
    () => {
        "asked AS MATERIALIZED (
           SELECT a.place - 1 AS place, c.id AS conversation, c.lender, c.wa_id, c.bsuid
           FROM UNNEST($1::uuid[]) WITH ORDINALITY AS a (conversation, place)
           CROSS JOIN LATERAL (SELECT * FROM conversations WHERE id = a.conversation) c),
         address AS MATERIALIZED (
           SELECT a.place, a.conversation, o.id FROM asked a
           CROSS JOIN LATERAL (
             SELECT w.id FROM conversations w WHERE w.wa_id = a.wa_id AND w.lender = a.lender
             UNION
             SELECT u.id FROM conversations u WHERE u.bsuid = a.bsuid AND u.lender = a.lender) o)"
    };
}

/// Of each question's address, or about one of its candidates ($2, $3); newest first. A look-up for each of them,
/// whatever the planner believes of tables that it has not analysed.
const TRIES: &str = concat!(
    "WITH ",
    address!(),
    ", tries AS (
       SELECT d.place, d.conversation, NULL::uuid AS person, t.* FROM address d CROSS JOIN LATERAL (
         SELECT * FROM identity_tries t
         WHERE t.conversation_id = d.id AND (t.at > $4 OR t.locked_until > $5)
         ORDER BY t.at DESC
         LIMIT $6) t
       UNION
       SELECT a.place, a.conversation, k.person, t.* FROM UNNEST($2::bigint[], $3::uuid[]) AS k (place, person)
       JOIN asked a ON a.place = k.place
       CROSS JOIN LATERAL (
         SELECT t.* FROM identity_try_persons p JOIN identity_tries t ON t.id = p.try_id
         WHERE p.person_id = k.person AND p.lender = a.lender AND (t.at > $4 OR t.locked_until > $5)
         ORDER BY p.at DESC
         LIMIT $6) t)
     SELECT place, seq, person, own_conversation, passed, starts_challenge, locked_until, at
     FROM (
       SELECT place, seq, person, conversation_id = conversation AS own_conversation, passed_person IS NOT NULL AS passed,
         starts_challenge, locked_until, at,
         ROW_NUMBER() OVER (PARTITION BY place ORDER BY seq DESC) AS nth
       FROM tries) t
     WHERE nth <= $6
     ORDER BY place, nth"
);

const TRIED_PERSONS: &str = concat!(
    "WITH ",
    address!(),
    " SELECT DISTINCT d.place, p.person_id AS person FROM address d
      JOIN identity_tries t ON t.conversation_id = d.id AND t.at > $2
      JOIN identity_try_persons p ON p.try_id = t.id"
);

/// Agreements of earlier versions have the key as the flow gave it.
const AGREEMENT_BY_ONCE: &str = concat!(
    "SELECT ",
    agreement_columns!(),
    " FROM agreements a
      WHERE a.lender = $1 AND a.once_key IN ($2, $3) AND a.person_id = $4 AND a.obligation_id = $5"
);

const INSERT_AGREEMENTS: &str = "
    INSERT INTO agreements
       (id, lender, conversation_id, person_id, obligation_id, once_key, status, kind, currency, total_minor,
        discount_minor, offer, evidence, reference, accepted_at)
    SELECT * FROM UNNEST(
        $1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[],
        $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::json[],
        $13::json[], $14::text[], $15::bigint[])
    ON CONFLICT (lender, once_key) DO NOTHING";

/// Returns how many were new.
pub(super) async fn insert_agreements(
    connection: &mut PgConnection,
    rows: &[AgreementRow],
) -> Result<u64, StoreError> {
    if rows.is_empty() {
        return Ok(0);
    }
    Ok(sqlx::query(INSERT_AGREEMENTS)
        .bind(column(rows, |row| row.id))
        .bind(column(rows, |row| row.lender.clone()))
        .bind(column(rows, |row| row.conversation_id))
        .bind(column(rows, |row| row.person_id))
        .bind(column(rows, |row| row.terms.obligation_id))
        .bind(column(rows, |row| row.once_key.clone()))
        .bind(column(rows, |row| row.status.clone()))
        .bind(column(rows, |row| row.terms.kind))
        .bind(column(rows, |row| row.terms.currency))
        .bind(column(rows, |row| row.terms.total_minor))
        .bind(column(rows, |row| row.terms.discount_minor))
        .bind(column(rows, |row| row.offer.clone()))
        .bind(column(rows, |row| row.evidence.clone()))
        .bind(column(rows, |row| row.reference.clone()))
        .bind(column(rows, |row| row.accepted_at))
        .execute(&mut *connection)
        .await?
        .rows_affected())
}

const PERSONS: &str = concat!(
    "SELECT ",
    person_columns!(),
    " FROM persons p WHERE p.lender = $1 ORDER BY p.full_name, p.id LIMIT $2"
);

/// An opt-out of marketing leaves the conversation open: Meta itself holds back marketing templates.
const SET_OPT_OUT: &str = "
    UPDATE conversations SET opted_out = CASE WHEN $4 = 'all' THEN $5 ELSE opted_out END
    WHERE lender = $1 AND (wa_id = $2 OR bsuid = $3)";

const INSERT_OPT_OUTS: &str = "
    INSERT INTO opt_outs (lender, conversation_id, wa_id, bsuid, scope, stop, source, at)
    SELECT * FROM UNNEST(
        $1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::boolean[],
        $7::text[], $8::bigint[])";

pub(super) async fn insert_opt_outs(
    connection: &mut PgConnection,
    rows: &[OptOutRow],
) -> Result<(), StoreError> {
    if !rows.is_empty() {
        sqlx::query(INSERT_OPT_OUTS)
            .bind(column(rows, |row| row.lender.clone()))
            .bind(column(rows, |row| row.conversation))
            .bind(column(rows, |row| row.wa_id.clone()))
            .bind(column(rows, |row| row.bsuid.clone()))
            .bind(column(rows, |row| row.scope))
            .bind(column(rows, |row| row.stop))
            .bind(column(rows, |row| row.source.clone()))
            .bind(column(rows, |row| row.at))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
