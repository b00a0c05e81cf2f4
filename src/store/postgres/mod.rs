//! PostgreSQL: the store for production. Batches travel as arrays (`UNNEST`), so that each verb is a constant
//! number of prepared statements, whatever the size of the batch.
//!
//! Locks are taken in one order everywhere: conversations by id, then what belongs to them. Claims skip what
//! another worker has locked and leave a lease with a fencing token; nothing stays locked while we talk to Meta.
//! sqlx sets no `TCP_NODELAY`; a verb's statements are few and each waits for its answer, so that Nagle's
//! algorithm does not bite, but on one machine a Unix socket (`?host=/run/postgresql`) is still the faster way.

mod agents;
mod cases;
mod conversations;
mod dead_letters;
mod flows;
mod import;
mod inbox;
mod inspect;
mod media;
mod outbox;
mod people;
mod retention;
mod rights;
mod switches;
mod tickets;
mod turns;

pub(super) use inspect::inspect;

use crate::ports::StoreError;
use crate::store::StoreOptions;
use crate::store::error::lost_a_race;
use sqlx::Connection as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use std::str::FromStr;
use std::time::Duration;
use uuid::Uuid;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How often a transaction that collided with another one is run; each time it sees what the other left.
const RACES_MAX: u32 = 5;

/// A connection that was idle for this long is asked whether it still lives before it is used.
const ASKED_AFTER: Duration = Duration::from_secs(1);

pub(super) struct PostgresStore {
    pool: PgPool,
}

impl PostgresStore {
    pub async fn connect(url: &str, options: &StoreOptions) -> Result<Self, StoreError> {
        let limit_ms = options.statement_timeout.as_millis().to_string();
        let settings = PgConnectOptions::from_str(url)?
            .application_name("acuerdo")
            .options([("statement_timeout", limit_ms.as_str()), ("lock_timeout", limit_ms.as_str())]);
        let pool = PgPoolOptions::new()
            .max_connections(options.connections_max)
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, seen| Box::pin(still_lives(connection, seen.idle_for)))
            .connect_with(settings)
            .await?;
        let store = Self { pool };
        store.adopt_schema(options.migrate).await?;
        Ok(store)
    }
}

/// A connection that was used just now is not asked whether it still lives: that would cost as much as a small
/// statement, each time.
async fn still_lives(connection: &mut PgConnection, idle: Duration) -> Result<bool, sqlx::Error> {
    if idle >= ASKED_AFTER {
        connection.ping().await?;
    }
    Ok(true)
}

/// Runs a transaction again when another one created the same row or locked in another order meanwhile.
async fn retrying<T, F>(work: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for _ in 1..RACES_MAX {
        match work().await {
            Err(error) if lost_a_race(&error) => {}
            result => return result,
        }
    }
    work().await
}

/// Ids as an array parameter.
fn ids(ids: impl IntoIterator<Item = Uuid>) -> Vec<Uuid> {
    ids.into_iter().collect()
}
