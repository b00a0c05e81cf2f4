//! SQLite: the embedded store. One writer, several readers, every write durable before it is acknowledged.

mod agents;
mod cases;
mod connections;
mod conversations;
mod dead_letters;
mod flows;
mod import;
mod inbox;
mod inspect;
mod media;
mod outbox;
mod owner;
mod people;
mod retention;
mod rights;
mod script;
mod switches;
mod tickets;
mod turns;

pub(super) use inspect::inspect;
pub(super) use owner::Owner;

use crate::ports::StoreError;
use crate::store::StoreOptions;
use crate::store::error::failed;
use connections::{Connection, Connections};
use script::{Script, bulk};
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, Sqlite, Transaction};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Bytes of the database file that are mapped into memory.
const MAPPED: &str = "1073741824";
/// Pages that the writer changes stay in its cache until the commit: KiB, as SQLite counts them, negative.
const WRITER_CACHE: &str = "-16384";

/// More readers than this only spread what each has in its cache.
const READERS_MAX: u32 = 4;
/// Rows that wait between a connection's thread and us, so that it need not wait for us in the middle of a batch.
const ROWS_WAITING: usize = 1_024;

pub(super) struct SqliteStore {
    /// One connection, so that `BEGIN IMMEDIATE` waits in the pool's fair queue and not in SQLite's busy loop.
    writers: Connections,
    readers: Connections,
    /// Writes without waiting for the disk; absent for a database in memory. See [`SqliteStore::claimer`].
    claimer: Option<Connections>,
    /// Held by the process that serves, until it closes the store.
    owner: Mutex<Option<Owner>>,
}

impl SqliteStore {
    pub async fn connect(url: &str, options: &StoreOptions) -> Result<Self, StoreError> {
        let in_memory = url.contains(":memory:");
        let settings = SqliteConnectOptions::from_str(url)?
            // The file is made below, with its mode.
            .create_if_missing(in_memory)
            .journal_mode(SqliteJournalMode::Wal)
            // A 200 to Meta promises durability; group commit pays for the sync.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // Pages that the system has in memory are read there, not copied into each connection's own cache.
            .pragma("mmap_size", MAPPED)
            .busy_timeout(options.statement_timeout)
            .row_buffer_size(ROWS_WAITING);
        let file = settings.get_filename().to_path_buf();
        if !in_memory && !file.exists() {
            private_file(&file, options.create)?;
        }
        let writer = settings.clone().pragma("cache_size", WRITER_CACHE);
        let writers = Connections::open(&writer, 1, options.acquire_timeout).await?;
        let writers = if in_memory { writers.in_memory() } else { writers };
        let claimer = if in_memory {
            None
        } else {
            let unsynced = settings.clone().synchronous(SqliteSynchronous::Normal);
            Some(Connections::open(&unsynced, 1, options.acquire_timeout).await?)
        };
        let owner = if options.owner && !in_memory { Some(Owner::take(&file)?) } else { None };
        if owner.as_ref().is_some_and(Owner::after_a_crash) {
            prove_whole(&writers, &file).await?;
        }
        let readers = if in_memory {
            // A database in memory lives in its only connection.
            writers.clone()
        } else {
            let count = options.connections_max.clamp(1, READERS_MAX);
            Connections::open(&settings.read_only(true), count, options.acquire_timeout).await?
        };
        let store = Self { writers, readers, claimer, owner: Mutex::new(owner) };
        store.adopt_schema(options.migrate || in_memory).await?;
        Ok(store)
    }

    async fn writer(&self) -> Result<Connection, StoreError> {
        self.writers.take().await
    }

    async fn reader(&self) -> Result<Connection, StoreError> {
        self.readers.take().await
    }

    /// For claims of messages alone: one that a power cut takes back leaves its message as it was, queued, and nobody
    /// holds it. Only for who holds the writer: then neither ever waits in SQLite's busy loop for the other.
    async fn claimer(&self) -> Result<Option<Connection>, StoreError> {
        match &self.claimer {
            Some(claimer) => Ok(Some(claimer.take().await?)),
            None => Ok(None),
        }
    }

    /// Whether nobody else may hold a lease on what is in this database.
    fn is_owner(&self) -> bool {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn give_up_ownership(&self) {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Makes a database file that only its owner reads; SQLite gives `-wal` and `-shm` the same mode.
fn private_file(file: &Path, create: bool) -> Result<(), StoreError> {
    if !create {
        return Err(StoreError::Missing { file: file.display().to_string() });
    }
    // Without its directory SQLite says why it cannot open it.
    let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(file);
    drop(made);
    Ok(())
}

/// After an unclean end: a file that a failing disk or another program has damaged is not served, for what is written to
/// it might be gone tomorrow. It reads every page once.
async fn prove_whole(writers: &Connections, file: &Path) -> Result<(), StoreError> {
    let begun = std::time::Instant::now();
    let found: String =
        sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut *writers.take().await?).await?;
    if found == "ok" {
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(took_ms, "the last process ended without closing the database; its file is whole");
        return Ok(());
    }
    Err(failed(format!(
        "the last process ended without closing {}, and the file is damaged ({found}): keep a copy of it with its -wal, \
         and restore the newest backup (docs/OPERATIONS.md)",
        file.display()
    )))
}

/// A transaction that has the write lock from its first statement on: a deferred one fails with `SQLITE_BUSY` when it
/// reads first and another one wrote in between. A single statement that writes needs none.
async fn begin(writer: &mut SqliteConnection) -> Result<Transaction<'_, Sqlite>, StoreError> {
    Ok(writer.begin_with("BEGIN IMMEDIATE").await?)
}
