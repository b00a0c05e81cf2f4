//! Removing what has served, in SQLite.

use super::{SqliteStore, begin};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::retention::{Act, Aged, Place, RetentionStore, Swept};
use crate::store::rows::retention::{AgedRow, CHATS, DELIVERIES, INPUTS, NOTICES, ended, removable, swept};
use crate::store::rows::{hex_list, limit};
use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

#[async_trait]
impl RetentionStore for SqliteStore {
    async fn sweep(
        &self,
        kind: Aged,
        before: Timestamp,
        after: Place,
        limit_rows: u32,
        act: Act,
    ) -> Result<Swept, StoreError> {
        let seen: Vec<AgedRow> = match kind {
            Aged::Deliveries => sqlx::query_as(DELIVERIES).bind(before.0).bind(after.id),
            Aged::Inputs => sqlx::query_as(INPUTS).bind(before.0).bind(after.seq),
            Aged::Notices => sqlx::query_as(NOTICES).bind(before.0).bind(after.seq),
            Aged::Chats => sqlx::query_as(CHATS).bind(before.0).bind(after.id),
        }
        .bind(limit(limit_rows))
        .fetch_all(&mut *self.reader().await?)
        .await?;
        let old = removable(&seen);
        let removed = match act {
            Act::Look => u64::try_from(old.len()).unwrap_or(u64::MAX),
            Act::Remove if old.is_empty() => 0,
            Act::Remove => self.remove(kind, before, &old).await?,
        };
        Ok(swept(kind, &seen, before, limit_rows, removed))
    }
}

impl SqliteStore {
    async fn remove(&self, kind: Aged, before: Timestamp, old: &[Uuid]) -> Result<u64, StoreError> {
        let mut writer = self.writer().await?;
        let mut transaction = begin(&mut writer).await?;
        let removed = match kind {
            Aged::Deliveries => delete(&mut transaction, DELETE_DELIVERIES, old).await?,
            Aged::Inputs => delete(&mut transaction, DELETE_INPUTS, old).await?,
            Aged::Notices => delete(&mut transaction, DELETE_NOTICES, old).await?,
            Aged::Chats => {
                // A message may have come since they were looked at.
                let ended: Vec<Uuid> = sqlx::query_scalar(ENDED)
                    .bind(before.0)
                    .bind(hex_list(old.iter().copied()))
                    .fetch_all(&mut *transaction)
                    .await?;
                delete(&mut transaction, DELETE_EVENTS, &ended).await?;
                delete(&mut transaction, DELETE_OUTBOX, &ended).await?;
                delete(&mut transaction, DELETE_MEDIA, &ended).await?;
                u64::try_from(ended.len()).unwrap_or(u64::MAX)
            }
        };
        transaction.commit().await?;
        Ok(removed)
    }
}

async fn delete(
    connection: &mut SqliteConnection,
    statement: &'static str,
    old: &[Uuid],
) -> Result<u64, StoreError> {
    Ok(sqlx::query(statement).bind(hex_list(old.iter().copied())).execute(connection).await?.rows_affected())
}

const ENDED: &str = concat!(
    "SELECT c.id FROM conversations c WHERE c.id IN (SELECT unhex(value) FROM json_each($2)) AND ",
    ended!()
);

const DELETE_DELIVERIES: &str = "DELETE FROM deliveries WHERE id IN (SELECT unhex(value) FROM json_each($1))";

const DELETE_INPUTS: &str = "
    DELETE FROM inputs WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND done_at IS NOT NULL";

const DELETE_NOTICES: &str = "
    DELETE FROM notices WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND done_at IS NOT NULL";

const DELETE_EVENTS: &str =
    "DELETE FROM events WHERE conversation_id IN (SELECT unhex(value) FROM json_each($1))";

const DELETE_OUTBOX: &str =
    "DELETE FROM outbox WHERE conversation_id IN (SELECT unhex(value) FROM json_each($1))";

const DELETE_MEDIA: &str =
    "DELETE FROM media_files WHERE conversation_id IN (SELECT unhex(value) FROM json_each($1))";
