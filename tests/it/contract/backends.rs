//! A fresh store of each backend for every case.

use crate::store::memory::MemoryStore;
use acuerdo::ports::Store;
use acuerdo::store::{StoreOptions, connect};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::sync::Arc;
use tempfile::TempDir;

pub struct Bench {
    pub store: Arc<dyn Store>,
    pub url: String,
    _dir: Option<TempDir>,
    schema: Option<String>,
}

fn options() -> StoreOptions {
    StoreOptions { migrate: true, ..StoreOptions::default() }
}

pub async fn sqlite() -> Bench {
    let (dir, url) = sqlite_file();
    let store = connect(&url, &options()).await.unwrap();
    Bench { store, url, _dir: Some(dir), schema: None }
}

/// Where an SQLite file may be, with nothing there yet.
pub fn sqlite_file() -> (TempDir, String) {
    let dir = TempDir::new().unwrap();
    let url = format!("sqlite:{}", dir.path().join("acuerdo.db").display());
    (dir, url)
}

/// What the simulation stands on.
pub fn memory() -> MemoryStore {
    MemoryStore::default()
}

/// A schema of its own in the database of `ACUERDO_TEST_POSTGRES`.
pub async fn postgres() -> Bench {
    let (schema, url) = postgres_schema().await;
    let store = connect(&url, &options()).await.unwrap();
    Bench { store, url, _dir: None, schema: Some(schema) }
}

/// An empty schema and the URL that leads into it.
pub async fn postgres_schema() -> (String, String) {
    let server = server();
    let schema = format!("contract_{}_{}", std::process::id(), next());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&mut connection).await.unwrap();
    let join = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{join}options=-csearch_path%3D{schema}");
    (schema, url)
}

fn server() -> String {
    std::env::var("ACUERDO_TEST_POSTGRES").expect(
        "ACUERDO_TEST_POSTGRES is not set: run the tests with scripts/test, which starts a PostgreSQL for them",
    )
}

fn next() -> u32 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Bench {
    /// Leaves nothing behind on a server that lives longer than the tests.
    pub async fn drop_schema(self) {
        self.store.close().await;
        if let Some(schema) = self.schema {
            let mut connection = PgConnection::connect(&server()).await.unwrap();
            let drop = AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"));
            sqlx::query(drop).execute(&mut connection).await.unwrap();
        }
    }
}
