//! Removing what has served, in PostgreSQL.

use super::PostgresStore;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::retention::{Act, Aged, Place, RetentionStore, Swept};
use crate::store::rows::limit;
use crate::store::rows::retention::{AgedRow, CHATS, DELIVERIES, INPUTS, NOTICES, ended, removable, swept};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

#[async_trait]
impl RetentionStore for PostgresStore {
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
        .fetch_all(&self.pool)
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

impl PostgresStore {
    async fn remove(&self, kind: Aged, before: Timestamp, old: &[Uuid]) -> Result<u64, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let removed = match kind {
            Aged::Deliveries => delete(&mut transaction, DELETE_DELIVERIES, old).await?,
            Aged::Inputs => delete(&mut transaction, DELETE_INPUTS, old).await?,
            Aged::Notices => delete(&mut transaction, DELETE_NOTICES, old).await?,
            Aged::Chats => {
                // A message may have come since they were looked at.
                let ended: Vec<Uuid> =
                    sqlx::query_scalar(ENDED).bind(before.0).bind(old).fetch_all(&mut *transaction).await?;
                delete(&mut transaction, DELETE_MEDIA, &ended).await?;
                // Another process may have emptied some of them just before: only what goes here is counted here.
                let emptied: i64 =
                    sqlx::query_scalar(DELETE_SAID).bind(ended).fetch_one(&mut *transaction).await?;
                u64::try_from(emptied).unwrap_or(0)
            }
        };
        transaction.commit().await?;
        Ok(removed)
    }
}

async fn delete(
    connection: &mut PgConnection,
    statement: &'static str,
    old: &[Uuid],
) -> Result<u64, StoreError> {
    Ok(sqlx::query(statement).bind(old).execute(connection).await?.rows_affected())
}

/// Locked as a turn would lock them; one that is being written is not old.
const ENDED: &str = concat!(
    "SELECT c.id FROM conversations c WHERE c.id = ANY($2) AND ",
    ended!(),
    " FOR NO KEY UPDATE SKIP LOCKED"
);

const DELETE_DELIVERIES: &str = "
    DELETE FROM deliveries
    WHERE id = ANY(ARRAY(SELECT d.id FROM deliveries d WHERE d.id = ANY($1) FOR UPDATE SKIP LOCKED))";

const DELETE_INPUTS: &str = "
    DELETE FROM inputs
    WHERE id = ANY(ARRAY(
      SELECT i.id FROM inputs i WHERE i.id = ANY($1) AND i.done_at IS NOT NULL FOR UPDATE SKIP LOCKED))";

const DELETE_NOTICES: &str = "
    DELETE FROM notices
    WHERE id = ANY(ARRAY(
      SELECT n.id FROM notices n WHERE n.id = ANY($1) AND n.done_at IS NOT NULL FOR UPDATE SKIP LOCKED))";

/// Empties chats and tells how many of them had anything.
const DELETE_SAID: &str = "
    WITH log AS (DELETE FROM events WHERE conversation_id = ANY($1) RETURNING conversation_id),
      sent AS (DELETE FROM outbox WHERE conversation_id = ANY($1) RETURNING conversation_id)
    SELECT COUNT(*) FROM (SELECT conversation_id FROM log UNION SELECT conversation_id FROM sent) AS emptied";

const DELETE_MEDIA: &str = "DELETE FROM media_files WHERE conversation_id = ANY($1)";
