//! A close look at a PostgreSQL database.

use super::MIGRATIONS;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::store::inspect::{Inspection, PROMISES, SCHEDULES, indexes_of};
use sqlx::{Connection, PgConnection};
use std::time::Instant;

pub async fn inspect(url: &str, now: Timestamp) -> Result<Inspection, StoreError> {
    let mut database = PgConnection::connect(url).await?;
    let mut found = Inspection::default();

    let started = Instant::now();
    let mut transaction = database.begin().await?;
    sqlx::query(PING).bind(now.0).execute(&mut *transaction).await?;
    sqlx::query_scalar::<_, i64>(READ).fetch_one(&mut *transaction).await?;
    transaction.rollback().await?;
    found.round_trip = started.elapsed();
    let started = Instant::now();
    sqlx::query(PING).bind(now.0).execute(&mut database).await?;
    found.commit = started.elapsed();

    let theirs: i64 = sqlx::query_scalar(CLOCK).fetch_one(&mut database).await?;
    let waited = i64::try_from(found.round_trip.as_millis() + found.commit.as_millis()).unwrap_or(i64::MAX);
    found.clock_ahead_ms = Some(theirs - now.0 - waited);

    let indexes: Vec<(String, bool)> = sqlx::query_as(INDEXES).fetch_all(&mut database).await?;
    found.damaged = indexes.iter().filter(|(_, valid)| !valid).map(|(name, _)| name.clone()).collect();
    found.indexes_missing = indexes_of(&MIGRATIONS)
        .into_iter()
        .filter(|wanted| !indexes.iter().any(|(name, _)| name == wanted))
        .collect();

    for (promise, query) in PROMISES {
        let n: i64 = sqlx::query_scalar(query).bind(now.0).fetch_one(&mut database).await?;
        found.broken.extend((n > 0).then_some((promise, n)));
    }
    let n: i64 = sqlx::query_scalar(BROKEN_SCHEDULES).fetch_one(&mut database).await?;
    found.broken.extend((n > 0).then_some((SCHEDULES, n)));
    found.tickets_open = sqlx::query_as(TICKETS_OPEN).fetch_all(&mut database).await?;
    found.flows_pinned = sqlx::query_scalar(FLOWS_PINNED).fetch_one(&mut database).await?;
    database.close().await?;
    Ok(found)
}

const PING: &str = "
    INSERT INTO heartbeats (id, at) VALUES (1, $1)
    ON CONFLICT (id) DO UPDATE SET at = excluded.at";

const READ: &str = "SELECT at FROM heartbeats WHERE id = 1";

const CLOCK: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

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

const TICKETS_OPEN: &str = "
    SELECT lender, COUNT(*) FROM tickets WHERE status <> 'closed' GROUP BY lender ORDER BY lender";

const FLOWS_PINNED: &str =
    "SELECT COUNT(DISTINCT flow_hash) FROM conversations WHERE flow_hash IS NOT NULL AND flow_hash <> ''";
