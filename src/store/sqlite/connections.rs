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
pub(super) struct Connections(Pool<SqliteConnection>);

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
        Ok(Self(pool))
    }

    pub async fn take(&self) -> Result<Connection, StoreError> {
        Ok(self.0.get().await?)
    }

    /// Waits for those in use and closes them all.
    pub async fn close(&self) {
        for _ in 0..self.0.status().size {
            let Ok(connection) = self.0.get().await else { break };
            // What a connection says of its end changes nothing: everything acknowledged is on disk.
            let _ = Object::take(connection).close().await;
        }
        self.0.close();
    }
}
