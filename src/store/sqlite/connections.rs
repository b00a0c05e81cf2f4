//! Connections that stay open, each with a thread of its own behind a channel.
//!
//! sqlx's own pool asks a connection whether it still lives before and after each use, which is a message to its
//! thread and back, as dear as a small statement. There is no network here that could have gone.

use crate::ports::StoreError;
use deadpool::Runtime;
use deadpool::unmanaged::{Object, Pool, PoolConfig};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection as _};
use std::time::Duration;

/// A connection in use; it goes back when this is dropped.
pub(super) type Connection = Object<SqliteConnection>;

/// Handed out in the order of asking, the one used last first: its cache is the warmest.
#[derive(Clone)]
pub(super) struct Connections {
    pool: Pool<SqliteConnection>,
    /// To open another in the place of one that is spoilt; not of a database in memory, which lives in its connection.
    settings: Option<SqliteConnectOptions>,
}

impl Connections {
    pub async fn open(
        settings: &SqliteConnectOptions,
        count: u32,
        acquire_timeout: Duration,
    ) -> Result<Self, StoreError> {
        let max_size = usize::try_from(count).unwrap_or(1);
        let pool = Pool::from_config(&PoolConfig {
            max_size,
            timeout: Some(acquire_timeout),
            runtime: Some(Runtime::Tokio1),
        });
        for _ in 0..max_size {
            pool.try_add(settings.connect().await?).map_err(|(_, error)| error)?;
        }
        Ok(Self { pool, settings: Some(settings.clone()) })
    }

    /// Of a database in memory: no connection is ever replaced.
    pub fn in_memory(self) -> Self {
        Self { settings: None, ..self }
    }

    /// A connection that is in no transaction.
    ///
    /// When the disk is full SQLite ends the transaction by itself, the `ROLLBACK` that follows fails, and sqlx counts
    /// the transaction as open for ever: every later `BEGIN IMMEDIATE` would be refused. Such a connection is replaced.
    pub async fn take(&self) -> Result<Connection, StoreError> {
        let mut connection = self.pool.get().await?;
        if !connection.is_in_transaction() {
            return Ok(connection);
        }
        // One that was dropped before its end is still being rolled back.
        let answered = connection.ping().await.is_ok();
        match &self.settings {
            Some(settings) if !answered || connection.is_in_transaction() => {
                let fresh = settings.connect().await?;
                let spoilt = std::mem::replace(&mut *connection, fresh);
                tracing::warn!("a connection that was left in a transaction was replaced");
                let _ = spoilt.close().await;
                Ok(connection)
            }
            Some(_) | None => Ok(connection),
        }
    }

    /// Waits for those in use and closes them all.
    pub async fn close(&self) {
        for _ in 0..self.pool.status().size {
            let Ok(connection) = self.pool.get().await else { break };
            // What a connection says of its end changes nothing: everything acknowledged is on disk.
            let _ = Object::take(connection).close().await;
        }
        self.pool.close();
    }
}

#[cfg(test)]
mod tests {
    use super::Connections;
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{Connection as _, SqliteConnection};
    use std::time::Duration;

    async fn writes(connection: &mut SqliteConnection, kib: i64) -> Result<(), sqlx::Error> {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("INSERT INTO t VALUES (zeroblob(1024 * ?))").bind(kib).execute(&mut *transaction).await?;
        transaction.commit().await
    }

    #[tokio::test]
    async fn after_a_full_disk_the_next_transaction_begins() {
        let folder = tempfile::tempdir().unwrap();
        let settings =
            SqliteConnectOptions::new().filename(folder.path().join("db.sqlite")).create_if_missing(true);
        let connections = Connections::open(&settings, 1, Duration::from_secs(5)).await.unwrap();
        let mut connection = connections.take().await.unwrap();
        sqlx::query("CREATE TABLE t (b BLOB)").execute(&mut *connection).await.unwrap();
        sqlx::query("PRAGMA max_page_count = 20").execute(&mut *connection).await.unwrap();
        let refused = writes(&mut connection, 1_000).await.unwrap_err();
        assert!(refused.to_string().contains("full"), "{refused}");
        drop(connection);

        // There is room again.
        let mut connection = connections.take().await.unwrap();
        sqlx::query("PRAGMA max_page_count = 100000").execute(&mut *connection).await.unwrap();
        writes(&mut connection, 1_000).await.unwrap();
        let rows: i64 =
            sqlx::query_scalar("SELECT count(*) FROM t").fetch_one(&mut *connection).await.unwrap();
        assert_eq!(rows, 1);
    }
}
