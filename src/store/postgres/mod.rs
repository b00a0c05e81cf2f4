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
use crate::store::error::{TRANSACTION_POOLER, failed, lost_a_race};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
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
        let settings = PgConnectOptions::from_str(url)?.application_name("acuerdo");
        let limit = options.statement_timeout;
        if options.owner {
            refuse_transaction_pooler(&settings, limit).await?;
        }
        let pool = PgPoolOptions::new()
            .max_connections(options.connections_max)
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .after_connect(move |connection, _| Box::pin(set_limits(connection, limit)))
            .before_acquire(|connection, seen| Box::pin(still_lives(connection, seen.idle_for)))
            .connect_with(settings.clone())
            .await;
        let pool = match pool {
            Ok(pool) => pool,
            Err(error) => return Err(why_unreachable(&settings, error, options.acquire_timeout).await),
        };
        let store = Self { pool };
        store.adopt_schema(options.migrate).await?;
        Ok(store)
    }
}

/// No statement runs longer than this, nor waits longer for a lock. Not as options of the connection's start, which
/// poolers refuse or drop.
async fn set_limits(connection: &mut PgConnection, limit: Duration) -> Result<(), sqlx::Error> {
    let limit_ms = limit.as_millis();
    let limits = format!("SET statement_timeout = {limit_ms}; SET lock_timeout = {limit_ms}");
    // By the simple protocol, which prepares nothing that a pooler could lose.
    sqlx::raw_sql(AssertSqlSafe(limits)).execute(connection).await.map(drop)
}

/// A pool tries until its time is over and then tells only that; one try more tells the cause.
async fn why_unreachable(settings: &PgConnectOptions, error: sqlx::Error, limit: Duration) -> StoreError {
    let (host, port) = (settings.get_host(), settings.get_port());
    let at = |why: &str| StoreError::Unavailable { why: format!("PostgreSQL at {host}:{port}: {why}") };
    let error = if matches!(error, sqlx::Error::PoolTimedOut) {
        let once = async {
            let mut connection = PgConnection::connect_with(settings).await?;
            set_limits(&mut connection, limit).await
        };
        match tokio::time::timeout(limit, once).await {
            Ok(Err(cause)) => cause,
            Ok(Ok(())) => return at("it accepts connections only slowly"),
            Err(_) => return at("no answer; is it there, and does no firewall swallow the connection?"),
        }
    } else {
        error
    };
    if let sqlx::Error::Io(io) = &error { at(&io.to_string()) } else { error.into() }
}

/// Asks one session for its process again and again, at last while another session holds whichever was free: a pooler
/// that hands sessions out by turns gives it another one at once, any other pooler when it has to.
///
/// What passes all the same names itself with its first mixed-up statement
/// ([`super::error::TRANSACTION_POOLER`]).
async fn refuse_transaction_pooler(settings: &PgConnectOptions, limit: Duration) -> Result<(), StoreError> {
    let looked = async {
        let mut first = PgConnection::connect_with(settings).await?;
        let mut second = PgConnection::connect_with(settings).await?;
        let own = process(&mut first).await?;
        let mut is_own = process(&mut first).await? == own && process(&mut first).await? == own;
        sqlx::raw_sql("BEGIN").execute(&mut second).await?;
        process(&mut second).await?;
        is_own &= process(&mut first).await? == own;
        sqlx::raw_sql("ROLLBACK").execute(&mut second).await?;
        first.close().await?;
        second.close().await?;
        Ok::<_, sqlx::Error>(is_own)
    };
    // What else is wrong with the connection is told by who uses it.
    match tokio::time::timeout(limit, looked).await {
        Ok(Ok(false)) => Err(failed(TRANSACTION_POOLER.to_owned())),
        Ok(Ok(true) | Err(_)) | Err(_) => Ok(()),
    }
}

/// By the simple protocol, which prepares nothing.
async fn process(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(connection).await?.try_get(0)
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
