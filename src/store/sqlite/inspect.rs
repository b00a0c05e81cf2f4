//! A close look at an SQLite file.

use super::MIGRATIONS;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::store::inspect::{Inspection, indexes_of, look};
use sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, Sqlite};
use std::str::FromStr;
use std::time::Duration;

pub async fn inspect(url: &str, now: Timestamp) -> Result<Inspection, StoreError> {
    let settings = SqliteConnectOptions::from_str(url)?
        .create_if_missing(false)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(15));
    let mut database = settings.connect().await?;
    let mut found = look::<Sqlite>(&mut database, now, BROKEN_SCHEDULES).await?;
    let indexes: Vec<String> = sqlx::query_scalar(INDEXES).fetch_all(&mut database).await?;
    found.indexes_missing =
        indexes_of(&MIGRATIONS).into_iter().filter(|wanted| !indexes.contains(wanted)).collect();
    let told: Vec<String> = sqlx::query_scalar(CHECK).fetch_all(&mut database).await?;
    found.damaged = told.into_iter().filter(|line| line != "ok").collect();
    database.close().await?;
    Ok(found)
}

const INDEXES: &str = "SELECT name FROM sqlite_master WHERE type = 'index'";

/// The file's own structure; at most ten lines, and none holds a value of a row.
const CHECK: &str = "PRAGMA quick_check(10)";

const BROKEN_SCHEDULES: &str = "
    SELECT COUNT(*) FROM agreements a
    WHERE a.total_minor IS NOT (
      SELECT SUM(json_extract(payment.value, '$.amount.minor'))
      FROM json_each(a.offer, '$.payments') payment)";
