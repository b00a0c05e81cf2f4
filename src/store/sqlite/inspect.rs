//! A close look at an SQLite file.

use super::MIGRATIONS;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::store::inspect::{Inspection, PROMISES, SCHEDULES, indexes_of};
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};
use std::str::FromStr;
use std::time::{Duration, Instant};

pub async fn inspect(url: &str, now: Timestamp) -> Result<Inspection, StoreError> {
    let settings = SqliteConnectOptions::from_str(url)?
        .create_if_missing(false)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(15));
    let mut database = settings.connect().await?;
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

    let indexes: Vec<String> = sqlx::query_scalar(INDEXES).fetch_all(&mut database).await?;
    found.indexes_missing =
        indexes_of(&MIGRATIONS).into_iter().filter(|wanted| !indexes.contains(wanted)).collect();
    let told: Vec<String> = sqlx::query_scalar(CHECK).fetch_all(&mut database).await?;
    found.damaged = told.into_iter().filter(|line| line != "ok").collect();

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

const INDEXES: &str = "SELECT name FROM sqlite_master WHERE type = 'index'";

/// The file's own structure; at most ten lines, and none holds a value of a row.
const CHECK: &str = "PRAGMA quick_check(10)";

const BROKEN_SCHEDULES: &str = "
    SELECT COUNT(*) FROM agreements a
    WHERE a.total_minor IS NOT (
      SELECT SUM(json_extract(payment.value, '$.amount.minor'))
      FROM json_each(a.offer, '$.payments') payment)";

const TICKETS_OPEN: &str = "
    SELECT lender, COUNT(*) FROM tickets WHERE status <> 'closed' GROUP BY lender ORDER BY lender";

const FLOWS_PINNED: &str =
    "SELECT COUNT(DISTINCT flow_hash) FROM conversations WHERE flow_hash IS NOT NULL AND flow_hash <> ''";
