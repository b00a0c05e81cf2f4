//! Debtors, what they owe and what they agreed, in SQLite.

use super::import::{Importing, import_batch};
use super::{Script, SqliteStore, begin, bulk};
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
use crate::store::rows::{clean, hex_list, json, limit};
use async_trait::async_trait;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

macro_rules! person_columns {
    () => {
        "p.id, p.lender, p.external_ref, p.full_name, p.first_name, p.document_type, p.document, p.birth_date, \
         p.language, p.phones, p.as_of, p.reserved"
    };
}
pub(super) use person_columns;

macro_rules! obligation_columns {
    () => {
        "o.id, o.lender, o.person_id, o.external_ref, o.product, o.product_name, o.status, o.currency, \
         o.principal_minor, o.interest_minor, o.late_interest_minor, o.fees_minor, \
         o.principal_outstanding_minor, o.as_of, o.oldest_unpaid_due, o.next_due, o.instalments, o.rate_ea_bps"
    };
}
pub(super) use obligation_columns;

macro_rules! agreement_columns {
    () => {
        "a.id, a.lender, a.person_id, a.once_key, a.status, a.offer, a.evidence, a.reference, a.accepted_at, \
         a.closing"
    };
}
pub(super) use agreement_columns;

#[async_trait]
impl PeopleStore for SqliteStore {
    async fn persons_by_phones(
        &self,
        lender: &LenderId,
        phone_sets: &[Vec<String>],
        limit_rows: u32,
    ) -> Result<Vec<Vec<Person>>, StoreError> {
        let rows: Vec<PlacedPersonRow> = sqlx::query_as(PERSONS_BY_PHONES)
            .bind(lender.as_str())
            .bind(json(&phone_places(phone_sets))?)
            .fetch_all(&mut *self.reader().await?)
            .await?;
        placed(rows, phone_sets.len(), limit_rows)
    }

    async fn is_wrong_number(&self, lender: &LenderId, phones: &[String]) -> Result<bool, StoreError> {
        let wrong = sqlx::query_scalar(IS_WRONG_NUMBER)
            .bind(lender.as_str())
            .bind(json(&phones)?)
            .fetch_one(&mut *self.reader().await?)
            .await?;
        Ok(wrong)
    }

    async fn person_files(
        &self,
        lender: &LenderId,
        persons: &[PersonId],
    ) -> Result<Vec<Option<PersonFile>>, StoreError> {
        let ids = hex_list(persons.iter().map(|person| person.0));
        // A read transaction sees one moment of the database.
        let mut reader = self.reader().await?;
        let mut moment = reader.begin().await?;
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
        files(persons, FileRows { persons: found, obligations, agreements, cases, claims })
    }

    async fn identity_histories(
        &self,
        asked: &[TriesOf],
        now: Timestamp,
    ) -> Result<Vec<IdentityHistory>, StoreError> {
        let questions = json(&asked.iter().map(question).collect::<Vec<_>>())?;
        let mut reader = self.reader().await?;
        let rows = stored_tries(&mut reader, asked, now).await?;
        if rows.is_empty() {
            return Ok(tries::histories(asked.len(), rows, &[], now));
        }
        // A try that was stored in between counts here and not above: that only makes the caps stricter.
        let persons: Vec<tries::PlacedPerson> = sqlx::query_as(TRIED_PERSONS)
            .bind(&questions)
            .bind(now.minus(Millis::days(1)).0)
            .fetch_all(&mut *reader)
            .await?;
        Ok(tries::histories(asked.len(), rows, &persons, now))
    }

    async fn import_from(
        &self,
        lender: &LenderId,
        source: &dyn ImportSource,
        now: Timestamp,
    ) -> Result<ImportCounts, StoreError> {
        let mut writer = self.writer().await?;
        let (mut transaction, mut so_far) = (begin(&mut writer).await?, Importing::default());
        for batch in source.batches() {
            import_batch(&mut transaction, lender, &batch, now, &mut so_far).await?;
        }
        transaction.commit().await?;
        Ok(so_far.counts)
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
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        row.map(AgreementRow::read).transpose()
    }

    async fn add_agreement(&self, agreement: &Agreement) -> Result<bool, StoreError> {
        let row = AgreementRow::write(agreement, None)?;
        let mut writer = self.writer().await?;
        let mut transaction = begin(&mut writer).await?;
        let written = insert_agreements(&mut transaction, &[row]).await?;
        transaction.commit().await?;
        Ok(written == 1)
    }

    async fn persons(&self, lender: &LenderId, limit_rows: u32) -> Result<Vec<Person>, StoreError> {
        let rows: Vec<PersonRow> = sqlx::query_as(PERSONS)
            .bind(lender.as_str())
            .bind(limit(limit_rows))
            .fetch_all(&mut *self.reader().await?)
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
        let mut writer = self.writer().await?;
        let mut transaction = begin(&mut writer).await?;
        let affected = sqlx::query(SET_OPT_OUT)
            .bind(&row.lender)
            .bind(&row.wa_id)
            .bind(&row.bsuid)
            .bind(row.scope)
            .bind(stop)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        let mut script = Script::new();
        insert_opt_outs(&mut script, &[row]);
        script.run(&mut transaction).await?;
        transaction.commit().await?;
        Ok(u32::try_from(affected).unwrap_or(u32::MAX))
    }
}

/// `CROSS JOIN` keeps the order of the look-ups: phone, then person.
/// What counts for each question, at most [`tries::TRIES_MAX`] of each.
pub(super) async fn stored_tries(
    connection: &mut SqliteConnection,
    asked: &[TriesOf],
    now: Timestamp,
) -> Result<Vec<tries::PlacedTryRow>, StoreError> {
    let rows = sqlx::query_as(TRIES)
        .bind(json(&asked.iter().map(question).collect::<Vec<_>>())?)
        .bind(now.minus(tries::WINDOW).0)
        .bind(now.0)
        .bind(tries::TRIES_MAX)
        .fetch_all(connection)
        .await?;
    Ok(rows)
}

const PERSONS_BY_PHONES: &str = concat!(
    "SELECT k.value ->> 0 AS place, ",
    person_columns!(),
    " FROM json_each($2) k CROSS JOIN person_phones f CROSS JOIN persons p
      WHERE f.lender = $1 AND f.phone = k.value ->> 1 AND f.wrong_at IS NULL
        AND p.id = f.person_id AND p.lender = $1"
);

const IS_WRONG_NUMBER: &str = "
    SELECT COUNT(f.wrong_at) > 0 AND COUNT(f.wrong_at) = COUNT(*)
    FROM json_each($2) k CROSS JOIN person_phones f
    WHERE f.lender = $1 AND f.phone = k.value";

/// `+lender`, here and below: without a hint SQLite prefers the index that begins with the lender, and would read all
/// of the lender's rows.
const PERSONS_BY_ID: &str = concat!(
    "SELECT ",
    person_columns!(),
    " FROM persons p WHERE +p.lender = $1 AND p.id IN (SELECT unhex(value) FROM json_each($2))"
);

const OBLIGATIONS: &str = concat!(
    "SELECT ",
    obligation_columns!(),
    " FROM obligations o WHERE +o.lender = $1 AND o.person_id IN (SELECT unhex(value) FROM json_each($2)) ORDER BY o.external_ref"
);

const AGREEMENTS: &str = concat!(
    "SELECT ",
    agreement_columns!(),
    " FROM agreements a
      WHERE +a.lender = $1 AND a.person_id IN (SELECT unhex(value) FROM json_each($2)) AND a.status NOT IN ('superseded', 'cancelled')
      ORDER BY a.accepted_at DESC, a.id DESC"
);

const OPEN_CASES: &str = "
    SELECT person_id, id, body FROM cases
    WHERE +lender = $1 AND person_id IN (SELECT unhex(value) FROM json_each($2)) AND status = 'open'
    ORDER BY at DESC, id DESC";

const CLAIMS: &str = "
    SELECT person_id, id, body FROM payment_claims
    WHERE +lender = $1 AND person_id IN (SELECT unhex(value) FROM json_each($2))
    ORDER BY at DESC, id DESC";

/// A conversation and the candidates, as [`TRIES`] reads them.
fn question(asked: &TriesOf) -> (String, Vec<String>) {
    let hex = |id: Uuid| id.simple().to_string();
    (hex(asked.conversation.0), asked.candidates.iter().map(|person| hex(person.0)).collect())
}

/// The questions, and the conversations that each one's lender has with its address.
macro_rules! address {
    () => {
        "asked AS MATERIALIZED (
           SELECT k.key AS place, unhex(k.value ->> 0) AS conversation, k.value -> 1 AS candidates
           FROM json_each($1) k),
         address AS MATERIALIZED (
           SELECT asked.place, asked.conversation, o.id
           FROM asked CROSS JOIN conversations c CROSS JOIN conversations o
           WHERE c.id = asked.conversation AND o.wa_id = c.wa_id AND o.lender = c.lender
           UNION
           SELECT asked.place, asked.conversation, o.id
           FROM asked CROSS JOIN conversations c CROSS JOIN conversations o
           WHERE c.id = asked.conversation AND o.bsuid = c.bsuid AND o.lender = c.lender)"
    };
}

/// Of each question's address, or about one of its candidates; newest first. `CROSS JOIN` keeps the order of the
/// look-ups.
const TRIES: &str = concat!(
    "WITH ",
    address!(),
    ", tries AS (
       SELECT address.place, address.conversation, NULL AS person, t.*
       FROM address CROSS JOIN identity_tries t
       WHERE t.conversation_id = address.id AND (t.at > $2 OR t.locked_until > $3)
       UNION
       SELECT asked.place, asked.conversation, p.person_id AS person, t.*
       FROM asked CROSS JOIN conversations c CROSS JOIN json_each(asked.candidates) k
         CROSS JOIN identity_try_persons p CROSS JOIN identity_tries t
       WHERE c.id = asked.conversation AND p.person_id = unhex(k.value) AND p.lender = c.lender
         AND t.id = p.try_id AND (t.at > $2 OR t.locked_until > $3))
     SELECT place, seq, person, own_conversation, passed, starts_challenge, locked_until, at
     FROM (
       SELECT place, seq, person, conversation_id = conversation AS own_conversation, passed_person IS NOT NULL AS passed,
         starts_challenge, locked_until, at,
         ROW_NUMBER() OVER (PARTITION BY place ORDER BY seq DESC) AS nth
       FROM tries)
     WHERE nth <= $4
     ORDER BY place, nth"
);

const TRIED_PERSONS: &str = concat!(
    "WITH ",
    address!(),
    " SELECT DISTINCT address.place, p.person_id AS person
      FROM address CROSS JOIN identity_tries t CROSS JOIN identity_try_persons p
      WHERE t.conversation_id = address.id AND t.at > $2 AND p.try_id = t.id"
);

/// Agreements of earlier versions have the key as the flow gave it.
const AGREEMENT_BY_ONCE: &str = concat!(
    "SELECT ",
    agreement_columns!(),
    " FROM agreements a
      WHERE a.lender = $1 AND a.once_key IN ($2, $3) AND a.person_id = $4 AND a.obligation_id = $5"
);

const INSERT_AGREEMENTS: [&str; 2] = [
    "INSERT INTO agreements
       (id, lender, conversation_id, person_id, obligation_id, once_key, status, kind, currency, total_minor,
        discount_minor, offer, evidence, reference, accepted_at) ",
    " ON CONFLICT (lender, once_key) DO NOTHING",
];

/// Returns how many were new.
pub(super) async fn insert_agreements(
    connection: &mut SqliteConnection,
    rows: &[AgreementRow],
) -> Result<u64, StoreError> {
    let [head, tail] = INSERT_AGREEMENTS;
    bulk(connection, head, rows, tail, |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.conversation_id)
            .push_bind(row.person_id)
            .push_bind(row.terms.obligation_id)
            .push_bind(row.once_key.clone())
            .push_bind(row.status.clone())
            .push_bind(row.terms.kind)
            .push_bind(row.terms.currency)
            .push_bind(row.terms.total_minor)
            .push_bind(row.terms.discount_minor)
            .push_bind(row.offer.clone())
            .push_bind(row.evidence.clone())
            .push_bind(row.reference.clone())
            .push_bind(row.accepted_at);
    })
    .await
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

const INSERT_OPT_OUTS: &str =
    "INSERT INTO opt_outs (lender, conversation_id, wa_id, bsuid, scope, stop, source, at) ";

pub(super) fn insert_opt_outs(script: &mut Script, rows: &[OptOutRow]) {
    script.bulk(INSERT_OPT_OUTS, rows, "", |values, row| {
        values
            .push_bind(row.lender.clone())
            .push_bind(row.conversation)
            .push_bind(row.wa_id.clone())
            .push_bind(row.bsuid.clone())
            .push_bind(row.scope)
            .push_bind(row.stop)
            .push_bind(row.source.clone())
            .push_bind(row.at);
    });
}
