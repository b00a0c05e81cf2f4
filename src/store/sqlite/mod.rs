//! SQLite: the embedded store. One writer, several readers, every write durable before it is acknowledged.

mod agents;
mod conversations;
mod dead_letters;
mod flows;
mod import;
mod inbox;
mod inspect;
mod outbox;
mod owner;
mod people;
mod retention;
mod switches;
mod tickets;
mod turns;

pub(super) use inspect::inspect;
pub(super) use owner::Owner;

use crate::ports::StoreError;
use crate::store::StoreOptions;
use sqlx::migrate::Migrator;
use sqlx::query_builder::Separated;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{QueryBuilder, Sqlite, Transaction};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Bytes of the database file that are mapped into memory.
const MAPPED: &str = "1073741824";
/// Pages that the writer changes stay in its cache until the commit: KiB, as SQLite counts them, negative.
const WRITER_CACHE: &str = "-16384";

/// Rows of one statement: 25 columns of them stay far below SQLite's 32 766 parameters.
const BULK_ROWS: usize = 500;

pub(super) struct SqliteStore {
    /// One connection, so that `BEGIN IMMEDIATE` waits in the pool's fair queue and not in SQLite's busy loop.
    writer: SqlitePool,
    readers: SqlitePool,
    /// Held by the process that serves, until it closes the store.
    owner: Mutex<Option<Owner>>,
}

impl SqliteStore {
    pub async fn connect(url: &str, options: &StoreOptions) -> Result<Self, StoreError> {
        let in_memory = url.contains(":memory:");
        let settings = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A 200 to Meta promises durability; group commit pays for the sync.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // Pages that the system has in memory are read there, not copied into each connection's own cache.
            .pragma("mmap_size", MAPPED)
            .busy_timeout(options.statement_timeout);
        let file = settings.get_filename().to_path_buf();
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(options.acquire_timeout)
                // A database in memory lives as long as its only connection.
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let writer = pool(1).connect_with(settings.clone().pragma("cache_size", WRITER_CACHE)).await?;
        let owner = if options.owner && !in_memory { Some(Owner::take(&file)?) } else { None };
        let readers = if in_memory {
            writer.clone()
        } else {
            pool(options.connections_max).connect_lazy_with(settings.read_only(true))
        };
        let store = Self { writer, readers, owner: Mutex::new(owner) };
        store.adopt_schema(options.migrate || in_memory).await?;
        Ok(store)
    }

    /// Whether nobody else may hold a lease on what is in this database.
    fn is_owner(&self) -> bool {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn give_up_ownership(&self) {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// A transaction that has the write lock from its first statement on: a deferred one fails with
    /// `SQLITE_BUSY` when it reads first and another one wrote in between.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// Runs `head VALUES (…), (…) tail` over all rows, in as few statements as SQLite's limits allow.
async fn bulk<R>(
    connection: &mut SqliteConnection,
    head: &'static str,
    rows: &[R],
    tail: &'static str,
    bind: impl Fn(&mut Separated<'_, Sqlite, &'static str>, &R),
) -> Result<u64, StoreError> {
    let mut affected = 0;
    for chunk in rows.chunks(BULK_ROWS) {
        let mut query = QueryBuilder::<Sqlite>::new(head);
        query.push_values(chunk, |mut values, row| bind(&mut values, row)).push(tail);
        // Not kept prepared: each number of rows is another statement and would push out the constant ones.
        affected += query.build().persistent(false).execute(&mut *connection).await?.rows_affected();
    }
    Ok(affected)
}
