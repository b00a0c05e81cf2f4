//! A close look at a PostgreSQL database.

use super::MIGRATIONS;
use super::switches::TIME;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::store::inspect::{Forgetful, Inspection, indexes_of, look};
use sqlx::{Connection, PgConnection, Postgres};
use std::time::Instant;

pub async fn inspect(url: &str, now: Timestamp) -> Result<Inspection, StoreError> {
    let asked = Instant::now();
    let mut database = PgConnection::connect(url).await?;
    let theirs: i64 = sqlx::query_scalar(TIME).fetch_one(&mut database).await?;
    let waited = i64::try_from(asked.elapsed().as_millis()).unwrap_or(i64::MAX);
    let mut found = look::<Postgres>(&mut database, now, BROKEN_SCHEDULES).await?;
    found.clock_ahead_ms = Some(theirs - now.0 - waited);
    found.forgetful = forgetful(&mut database).await?;
    let indexes: Vec<(String, bool)> = sqlx::query_as(INDEXES).fetch_all(&mut database).await?;
    found.damaged = indexes.iter().filter(|(_, valid)| !valid).map(|(name, _)| name.clone()).collect();
    found.indexes_missing = indexes_of(&MIGRATIONS)
        .into_iter()
        .filter(|wanted| !indexes.iter().any(|(name, _)| name == wanted))
        .collect();
    database.close().await?;
    Ok(found)
}

async fn forgetful(database: &mut PgConnection) -> Result<Vec<Forgetful>, StoreError> {
    let off: Vec<String> = sqlx::query_scalar(OFF).fetch_all(database).await?;
    let known = [
        ("fsync", Forgetful::Fsync),
        ("full_page_writes", Forgetful::FullPageWrites),
        ("synchronous_commit", Forgetful::SynchronousCommit),
    ];
    Ok(known.into_iter().filter(|(name, _)| off.iter().any(|o| o == name)).map(|(_, what)| what).collect())
}

/// As they are for a connection like those of a serving process: a role, a database or the URL may set them too.
const OFF: &str = "
    SELECT name FROM pg_settings
    WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'";

const INDEXES: &str = "
    SELECT c.relname::text, i.indisvalid AND i.indisready
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    WHERE pg_table_is_visible(i.indrelid)
      AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)";

const BROKEN_SCHEDULES: &str = "
    SELECT COUNT(*) FROM agreements a
    WHERE a.total_minor IS DISTINCT FROM (
      SELECT SUM((payment -> 'amount' ->> 'minor')::bigint)::bigint
      FROM json_array_elements(a.offer -> 'payments') payment)";
