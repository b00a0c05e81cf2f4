//! A copy of what is held on a person, and its erasure, in PostgreSQL.

use super::PostgresStore;
use crate::domain::ids::LenderId;
use crate::ports::StoreError;
use crate::ports::retention::Act;
use crate::ports::rights::{Erasure, Met, PersonAct, RightsStore};
use crate::store::rows::clean;
use crate::store::rows::erasure::{Doing, HOLDS, HoldRow, KEPT, OPEN_WHILE_PROVED, STEPS};
use crate::store::rows::pseudonym::{AGREEMENTS, KeptAgreement, RENAME, erased_person};
use crate::store::rows::rights::{
    ACTS, ALIASES, ActRow, By, INSERT_ACT, INSERT_KEY, KEPT_SECTION, KEY, Kind, PERSON_ID, PHONES, SECTIONS,
    Section, key, quoted, written,
};
use crate::store::rows::whose::{
    CHATS, Gone, OTHERS, RENAME_PROOFS, Reached, Subject, on_file, share, told, wa_ids,
};
use async_trait::async_trait;
use serde_json::Value;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _, Postgres, Row};
use std::collections::BTreeSet;
use uuid::Uuid;

#[async_trait]
impl RightsStore for PostgresStore {
    async fn person_key(&self, proposed: [u8; 32]) -> Result<[u8; 32], StoreError> {
        sqlx::query(INSERT_KEY).bind(proposed.to_vec()).execute(&self.pool).await?;
        key(sqlx::query_scalar(KEY).fetch_one(&self.pool).await?)
    }

    async fn person_acts(
        &self,
        lender: &LenderId,
        ref_keys: &[Vec<u8>],
    ) -> Result<Vec<PersonAct>, StoreError> {
        let rows: Vec<ActRow> = sqlx::query_as(dialect(ACTS))
            .bind(lender.as_str())
            .bind(ref_keys.to_vec())
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(ActRow::read).collect()
    }

    async fn add_person_act(&self, act: &PersonAct) -> Result<(), StoreError> {
        insert_act(&mut *self.pool.acquire().await?, act).await
    }

    async fn export_person(&self, lender: &LenderId, reference: &str) -> Result<Option<Value>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let mut snapshot = connection.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?;
        let Some(subject) = subject(&mut snapshot, lender, reference, Gone::Counts).await? else {
            return Ok(None);
        };
        let mut all = serde_json::Map::new();
        for section in SECTIONS {
            all.insert(section.name.to_owned(), Value::Array(list(&mut snapshot, &subject, section).await?));
        }
        Ok(Some(Value::Object(all)))
    }

    async fn export_kept(&self, lender: &LenderId, ref_key: &[u8]) -> Result<Value, StoreError> {
        let mut reader = self.pool.acquire().await?;
        let (subject, mut kept) = (Subject::erased(lender, ref_key), serde_json::Map::new());
        for section in SECTIONS.iter().filter(|section| section.name == KEPT_SECTION) {
            let rows = list(&mut reader, &subject, section).await?;
            kept.insert(section.name.to_owned(), Value::Array(rows));
        }
        Ok(Value::Object(kept))
    }

    async fn erase_person(
        &self,
        reference: &str,
        record: &PersonAct,
        over: bool,
        act: Act,
    ) -> Result<Erasure, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let Some(subject) = subject(&mut transaction, &record.lender, reference, Gone::IsNobody).await?
        else {
            return Ok(Erasure::Unknown);
        };
        // As a turn, an acceptance and a sweep lock them: what is under way ends first, and then finds an empty chat.
        sqlx::query(LOCK_CHATS).bind(subject.all_chats()).execute(&mut *transaction).await?;
        let holds: Vec<HoldRow> = sqlx::query_as(dialect(HOLDS))
            .bind(subject.chats.clone())
            .bind(subject.person)
            .bind(subject.shared.clone())
            .fetch_all(&mut *transaction)
            .await?;
        if holds.iter().any(|hold| !over || hold.is_firm()) {
            return Ok(Erasure::Held(holds.into_iter().map(HoldRow::read).collect()));
        }
        let met = erase(&mut transaction, &subject, &Doing::of(record)?).await?;
        rename_kept(&mut transaction, &subject, &record.ref_key).await?;
        match act {
            Act::Look => transaction.rollback().await?,
            Act::Remove => {
                insert_act(&mut transaction, record).await?;
                transaction.commit().await?;
            }
        }
        Ok(Erasure::Done(met))
    }
}

/// What stays of a person gets a name that leads to nobody without the key of this database.
async fn rename_kept(
    connection: &mut PgConnection,
    subject: &Subject,
    ref_key: &[u8],
) -> Result<(), StoreError> {
    let kept: Vec<KeptAgreement> =
        sqlx::query_as(dialect(AGREEMENTS)).bind(subject.person).fetch_all(&mut *connection).await?;
    sqlx::query(RENAME_PROOFS)
        .bind(subject.person)
        .bind(erased_person(ref_key))
        .execute(&mut *connection)
        .await?;
    for agreement in kept {
        let agreement = agreement.renamed(ref_key)?;
        sqlx::query(dialect(RENAME))
            .bind(agreement.id)
            .bind(erased_person(ref_key))
            .bind(agreement.obligation_id)
            .bind(agreement.once_key)
            .bind(agreement.offer)
            .bind(agreement.evidence)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

async fn insert_act(connection: &mut PgConnection, act: &PersonAct) -> Result<(), StoreError> {
    sqlx::query(INSERT_ACT)
        .bind(act.id)
        .bind(act.lender.as_str())
        .bind(act.ref_key.clone())
        .bind(act.kind.name())
        .bind(clean(&act.by))
        .bind(act.reason.as_deref().map(clean))
        .bind(act.at.0)
        .execute(connection)
        .await?;
    Ok(())
}

const LOCK_CHATS: &str = "SELECT id FROM conversations WHERE id = ANY($1) ORDER BY id FOR UPDATE";

/// A statement of both dialects as PostgreSQL takes it.
fn dialect(sql: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(
        told(&sql.replace("{open_while_proved}", OPEN_WHILE_PROVED))
            .replace("{in}", "= ANY($1)")
            .replace("{in_shared}", "= ANY($3)")
            .replace("{in_keys}", "= ANY($2)")
            .replace("{wa_ids}", "= ANY($3)")
            .replace("{offer}", "offer::text")
            .replace("{evidence}", "evidence::text")
            .replace("{json}", "")
            .replace("{/json}", "::json")
            .replace("{bare_closing}", "(closing::jsonb - 'note')::json")
            .replace("{protected}", "summary ->> 'protected' = 'true'")
            .replace("{hex_id}", "replace(id::text, '-', '')")
            .replace("{notice_holds}", "position($1 IN t.body::text) > 0 AND position($2 IN t.body::text) > 0")
            .replace(
                "{delivery_holds}",
                "position(convert_to($1, 'UTF8') IN t.body) > 0 AND position(convert_to($2, 'UTF8') IN t.body) > 0",
            ),
    )
}

async fn subject(
    connection: &mut PgConnection,
    lender: &LenderId,
    reference: &str,
    gone: Gone,
) -> Result<Option<Subject>, StoreError> {
    let person: Option<Uuid> = sqlx::query_scalar(PERSON_ID)
        .bind(lender.as_str())
        .bind(clean(reference))
        .fetch_optional(&mut *connection)
        .await?;
    let Some(person) = person else { return Ok(None) };
    let phones: Vec<String> = sqlx::query_scalar(PHONES).bind(person).fetch_all(&mut *connection).await?;
    let mut chats: Vec<Reached> = sqlx::query_as(dialect(CHATS))
        .bind(lender.as_str())
        .bind(person)
        .bind(wa_ids(&phones))
        .bind(gone == Gone::Counts)
        .fetch_all(&mut *connection)
        .await?;
    let others: Vec<String> = sqlx::query_scalar(dialect(OTHERS))
        .bind(lender.as_str())
        .bind(person)
        .bind(on_file(&chats))
        .fetch_all(&mut *connection)
        .await?;
    share(&mut chats, &others);
    let aliases: Vec<Reached> = sqlx::query_as(dialect(ALIASES))
        .bind(chats.iter().map(|chat| chat.id).collect::<Vec<Uuid>>())
        .fetch_all(&mut *connection)
        .await?;
    Ok(Some(Subject::new(lender, person, &chats, &aliases)))
}

/// The parameters of each run of a statement.
fn runs(by: By, subject: &Subject, doing: &Doing) -> Result<Vec<PgArguments>, StoreError> {
    use sqlx::Arguments as _;
    let (chats, shared) = (subject.chats.clone(), subject.shared.clone());
    let mut runs = Vec::new();
    let mut run = |add: &dyn Fn(&mut PgArguments) -> Result<(), sqlx::error::BoxDynError>| {
        let mut arguments = PgArguments::default();
        add(&mut arguments).map_err(sqlx::Error::Encode)?;
        runs.push(arguments);
        Ok::<(), StoreError>(())
    };
    match by {
        By::Person => run(&|a| a.add(subject.person))?,
        By::Chats => run(&|a| a.add(chats.clone()))?,
        By::ChatsOrPerson => run(&|a| a.add(chats.clone()).and_then(|()| a.add(subject.person)))?,
        By::ChatsOrPersonClosing => run(&|a| {
            a.add(chats.clone())
                .and_then(|()| a.add(subject.person))
                .and_then(|()| a.add(doing.closing.clone()))
        })?,
        By::Said => run(&|a| {
            a.add(chats.clone()).and_then(|()| a.add(subject.person)).and_then(|()| a.add(shared.clone()))
        })?,
        By::SaidAt => run(&|a| {
            a.add(chats.clone())
                .and_then(|()| a.add(subject.person))
                .and_then(|()| a.add(shared.clone()))
                .and_then(|()| a.add(doing.now.0))
        })?,
        By::SharedAndPerson => run(&|a| a.add(shared.clone()).and_then(|()| a.add(subject.person)))?,
        By::ChatsAt => run(&|a| a.add(chats.clone()).and_then(|()| a.add(doing.now.0)))?,
        By::Address => {
            for (address, number) in &subject.addresses {
                run(&|a| a.add(quoted(address)).and_then(|()| a.add(number.clone())))?;
            }
        }
        By::LenderAddress => {
            for address in subject.values() {
                run(&|a| a.add(subject.lender.clone()).and_then(|()| a.add(address.to_owned())))?;
            }
        }
    }
    Ok(runs)
}

async fn list(
    connection: &mut PgConnection,
    subject: &Subject,
    section: &Section,
) -> Result<Vec<Value>, StoreError> {
    let column = |(name, kind): &(&str, Kind)| match kind {
        Kind::Document => format!("t.{name}::text AS {name}"),
        Kind::Id | Kind::Text | Kind::Number | Kind::Time | Kind::Flag | Kind::Bytes => format!("t.{name}"),
    };
    let columns: Vec<String> = section.columns.iter().map(column).collect();
    let sql = format!("SELECT {} FROM {}", columns.join(", "), section.from);
    let (mut seen, mut rows) = (BTreeSet::new(), Vec::new());
    for arguments in runs(section.by, subject, &Doing::default())? {
        for row in
            sqlx::query_with::<Postgres, _>(dialect(&sql), arguments).fetch_all(&mut *connection).await?
        {
            let row = written!(row, section.columns);
            // A delivery may name two addresses of one person.
            if seen.insert(row.to_string()) {
                rows.push(row);
            }
        }
    }
    Ok(rows)
}

async fn erase(
    connection: &mut PgConnection,
    subject: &Subject,
    doing: &Doing,
) -> Result<Vec<Met>, StoreError> {
    let mut met = Vec::new();
    for step in STEPS {
        let mut n = 0;
        for arguments in runs(step.by, subject, doing)? {
            let done = sqlx::query_with::<Postgres, _>(dialect(step.sql), arguments)
                .execute(&mut *connection)
                .await?;
            n += done.rows_affected();
        }
        met.push(Met { what: step.what, fate: step.fate, n });
    }
    for step in KEPT {
        let mut n = 0;
        for arguments in runs(step.by, subject, doing)? {
            let rows = sqlx::query_with::<Postgres, _>(dialect(step.sql), arguments)
                .fetch_one(&mut *connection)
                .await?;
            n += u64::try_from(rows.try_get::<i64, _>(0)?).unwrap_or(0);
        }
        met.push(Met { what: step.what, fate: step.fate, n });
    }
    Ok(met)
}
