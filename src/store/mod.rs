//! Durable storage: SQLite and PostgreSQL behind the same verbs.
//!
//! `sqlite` and `postgres` have the same files with the same methods in the same order, so that a difference is
//! one of dialect only. What needs no SQL is here once: `plan` decides (who is meant, what is refused, what a
//! status changes), `rows` reads and writes rows, `error` judges.

mod error;
pub mod inspect;
mod plan;
mod postgres;
mod rows;
mod sqlite;

use crate::ports::{Store, StoreError};
use sqlx::migrate::Migrator;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How a store connects. The defaults fit one machine with two cores.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// PostgreSQL connections, or SQLite readers (SQLite has one writer besides them).
    pub connections_max: u32,
    /// How long a call waits for a free connection.
    pub acquire_timeout: Duration,
    /// A statement that takes longer is cancelled (PostgreSQL) or gives up waiting for the lock (SQLite).
    pub statement_timeout: Duration,
    /// Apply missing migrations while connecting; else a database that is behind is an error.
    pub migrate: bool,
    /// This process serves. An SQLite file has one such process at a time and a second one is refused; tools may
    /// open it beside that. PostgreSQL serves any number.
    pub owner: bool,
    /// Make the file of SQLite when it is not there; else that is an error.
    pub create: bool,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            connections_max: 8,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(15),
            migrate: false,
            owner: false,
            create: true,
        }
    }
}

/// Opens the store that the URL names: `sqlite:FILE`, `sqlite::memory:` or `postgres://…`.
///
/// A database in memory is always migrated. The file of SQLite is created for its owner alone (mode 0600, which its
/// `-wal` and `-shm` take over), its directory is not.
///
/// # Errors
///
/// `Unavailable` when the database may answer later; `Failed` when only a change of settings, a migration or
/// another program version helps. The text never holds the URL, which may carry a password.
pub async fn connect(url: &str, options: &StoreOptions) -> Result<Arc<dyn Store>, StoreError> {
    match Backend::of(url)? {
        Backend::Sqlite => Ok(Arc::new(sqlite::SqliteStore::connect(url, options).await?)),
        Backend::Postgres => Ok(Arc::new(postgres::PostgresStore::connect(url, options).await?)),
    }
}

/// Says whether an SQLite file may be removed: no process serves it.
///
/// # Errors
///
/// `Failed` when one does.
pub fn require_unserved(file: &Path) -> Result<(), StoreError> {
    if file.exists() { sqlite::Owner::take(file).map(drop) } else { Ok(()) }
}

/// Brings the database to this program's schema, waiting for another process that does the same. One that is newer
/// and supports this program is left as it is.
///
/// # Errors
///
/// Like [`connect`].
pub async fn migrate(url: &str) -> Result<(), StoreError> {
    let options = StoreOptions { migrate: true, connections_max: 1, ..StoreOptions::default() };
    connect(url, &options).await.map(drop)
}

enum Backend {
    Sqlite,
    Postgres,
}

impl Backend {
    fn of(url: &str) -> Result<Self, StoreError> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Ok(Self::Sqlite),
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            _ => Err(error::failed(
                "DATABASE_URL must start with `sqlite:` or `postgres:`, for instance sqlite:acuerdo.db or \
                 postgres://acuerdo@localhost/acuerdo"
                    .to_owned(),
            )),
        }
    }
}

/// The newest migration that the program knows.
fn newest_known(migrator: &Migrator) -> i64 {
    migrator.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Refuses a database that is behind the program, or so far ahead that it no longer supports the program's schema:
/// `oldest` is what the database says of that.
fn check_schema(found: i64, known: i64, oldest: Option<i64>) -> Result<(), StoreError> {
    if found > known {
        return match oldest {
            Some(oldest) if oldest <= known => {
                tracing::warn!(
                    found,
                    known,
                    "the database is newer than this program: an upgrade is under way"
                );
                Ok(())
            }
            Some(oldest) => Err(error::failed(format!(
                "the database has schema {found}, which supports programs from schema {oldest} on, and this program \
                 knows only {known}: run a newer acuerdo"
            ))),
            None => Err(error::failed(format!(
                "the database has schema {found} but this program knows only {known}: run a newer acuerdo"
            ))),
        };
    }
    if found < known {
        return Err(error::failed(format!(
            "the database has schema {found} but this program needs {known}: run `acuerdo migrate`"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{StoreOptions, check_schema, connect};

    #[tokio::test]
    async fn an_unknown_scheme_is_explained_without_the_url() {
        let error =
            connect("mysql://u:secret@h/d", &StoreOptions::default()).await.err().unwrap().to_string();
        assert!(error.contains("sqlite:") && error.contains("postgres:"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }

    #[tokio::test]
    async fn a_missing_directory_is_named_as_the_cause() {
        let error =
            connect("sqlite:/nowhere/at/all.db", &StoreOptions::default()).await.err().unwrap().to_string();
        assert!(error.contains("directory"), "{error}");
    }

    /// Bytes in the last page of a table: SQLite's own header of a page is at its beginning.
    fn damage(file: &std::path::Path) {
        let mut bytes = std::fs::read(file).unwrap();
        let page = bytes.len() - 4_096;
        bytes[page..page + 64].fill(0xA5);
        std::fs::write(file, bytes).unwrap();
    }

    #[tokio::test]
    async fn after_a_crash_a_damaged_file_is_not_served_and_a_whole_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let (file, lock) = (folder.path().join("a.sqlite"), folder.path().join("a.sqlite.lock"));
        let url = format!("sqlite:{}", file.display());
        let options = StoreOptions { owner: true, migrate: true, ..StoreOptions::default() };
        let store = connect(&url, &options).await.unwrap();
        assert!(std::fs::read(&lock).unwrap().starts_with(std::process::id().to_string().as_bytes()));
        store.close().await;
        assert!(std::fs::read(&lock).unwrap().is_empty(), "closed as it should be");

        // As a killed process leaves it.
        std::fs::write(&lock, "4711").unwrap();
        connect(&url, &options).await.unwrap().close().await;
        damage(&file);
        connect(&url, &options).await.unwrap().close().await;
        std::fs::write(&lock, "4711").unwrap();
        let refused = connect(&url, &options).await.err().unwrap().to_string();
        assert!(refused.contains("damaged") && refused.contains("backup"), "{refused}");
    }

    #[test]
    fn a_newer_database_is_used_while_it_supports_us_and_an_older_one_names_the_remedy() {
        let why = |found, known, oldest| check_schema(found, known, oldest).unwrap_err().to_string();
        assert!(why(2, 1, None).contains("newer acuerdo"));
        assert!(why(5, 3, Some(4)).contains("from schema 4 on"));
        assert!(check_schema(5, 3, Some(3)).is_ok());
        assert!(why(0, 1, None).contains("acuerdo migrate"));
        assert!(check_schema(1, 1, None).is_ok());
    }
}
