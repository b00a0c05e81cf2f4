//! A close look at the Redis of the live queue, for `acuerdo doctor --deep`.

use super::redis::ConnectError;
use crate::domain::time::Timestamp;
use redis::{Client, RedisError};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use thiserror::Error;

/// All of it together; a Redis that takes longer is of no use to the desk.
const LIMIT: Duration = Duration::from_secs(5);

#[derive(Debug, Error)]
pub enum InspectError {
    #[error(transparent)]
    Url(#[from] ConnectError),
    /// Only the kind: an answer may quote what was sent.
    #[error("Redis did not answer a question ({0})")]
    Redis(String),
    #[error("Redis did not answer within {} s", LIMIT.as_secs())]
    Slow,
}

impl From<RedisError> for InspectError {
    fn from(error: RedisError) -> Self {
        Self::Redis(error.category().to_owned())
    }
}

/// What was found.
#[derive(Debug, Clone)]
pub struct RedisInspection {
    pub round_trip: Duration,
    /// What its clock is ahead of ours, milliseconds.
    pub clock_ahead_ms: i64,
    pub version: String,
    /// `noeviction` keeps what the queue wrote; any other may drop tickets from it.
    pub maxmemory_policy: String,
    /// A file keeps the queue over a restart; without one it is rebuilt from the database.
    pub keeps_file: bool,
}

/// Asks the Redis that the URL names.
///
/// # Errors
///
/// When it cannot be reached or does not answer; the text never holds the URL.
pub async fn inspect(url: &str, now: Timestamp) -> Result<RedisInspection, InspectError> {
    tokio::time::timeout(LIMIT, ask(url, now)).await.unwrap_or(Err(InspectError::Slow))
}

async fn ask(url: &str, now: Timestamp) -> Result<RedisInspection, InspectError> {
    let client = Client::open(url).map_err(|error| ConnectError::Url { why: error.category().to_owned() })?;
    let begun = Instant::now();
    let mut connection = client.get_multiplexed_async_connection().await?;
    let started = Instant::now();
    redis::cmd("PING").query_async::<()>(&mut connection).await?;
    let round_trip = started.elapsed();
    let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(&mut connection).await?;
    let waited = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let told: String = redis::cmd("INFO").query_async(&mut connection).await?;
    let info: BTreeMap<&str, &str> =
        told.lines().filter_map(|line| line.trim_end().split_once(':')).collect();
    let field = |name: &str| info.get(name).copied().unwrap_or("unknown").to_owned();
    Ok(RedisInspection {
        round_trip,
        clock_ahead_ms: seconds * 1_000 + micros / 1_000 - now.0 - waited,
        version: field("redis_version"),
        maxmemory_policy: field("maxmemory_policy"),
        keeps_file: field("aof_enabled") == "1",
    })
}
