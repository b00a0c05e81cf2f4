//! What waits for an operator, in SQLite.

use super::conversations::wake;
use super::{Script, SqliteStore, begin};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::dead_letters::{DeadDelivery, DeadLetterStore, DeadTurn};
use crate::store::rows::dead_letters::{DeadDeliveryRow, DeadTurnRow, RetriedRow};
use crate::store::rows::{hex_list, limit, readable};
use async_trait::async_trait;
use uuid::Uuid;

#[async_trait]
impl DeadLetterStore for SqliteStore {
    async fn dead_turns(&self, limit_rows: u32) -> Result<Vec<DeadTurn>, StoreError> {
        let rows: Vec<DeadTurnRow> =
            sqlx::query_as(DEAD_TURNS).bind(limit(limit_rows)).fetch_all(&mut *self.reader().await?).await?;
        Ok(readable(rows.into_iter().map(DeadTurnRow::read)))
    }

    async fn retry_dead_turn(&self, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let mut writer = self.writer().await?;
        let mut transaction = begin(&mut writer).await?;
        let retried: Option<RetriedRow> =
            sqlx::query_as(RETRY).bind(id).bind(now.0).fetch_optional(&mut *transaction).await?;
        let Some(retried) = retried else { return Ok(false) };
        let pending = sqlx::query(PENDING_AGAIN)
            .bind(hex_list(retried.inputs()?))
            .bind(retried.conversation_id)
            .execute(&mut *transaction)
            .await?;
        if pending.rows_affected() > 0 {
            wake(&mut transaction, [retried.conversation_id], now).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn dead_deliveries(&self, limit_rows: u32) -> Result<Vec<DeadDelivery>, StoreError> {
        let rows: Vec<DeadDeliveryRow> = sqlx::query_as(DEAD_DELIVERIES)
            .bind(limit(limit_rows))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        Ok(rows.into_iter().map(DeadDeliveryRow::read).collect())
    }

    async fn delivery_body(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(sqlx::query_scalar(DELIVERY_BODY).bind(id).fetch_optional(&mut *self.reader().await?).await?)
    }

    async fn settle_delivery(&self, id: Uuid) -> Result<(), StoreError> {
        sqlx::query(SETTLE_DELIVERY).bind(id).execute(&mut *self.writer().await?).await?;
        Ok(())
    }
}

const INSERT_DEAD: &str = "
    INSERT INTO dead_letters
      (id, lender, conversation_id, inputs, cause, detail, flow_hash, step, failures, ticket_id, at) ";

/// Keeps turns that were set aside.
pub(super) fn insert_dead(script: &mut Script, rows: &[DeadTurnRow]) {
    script.bulk(INSERT_DEAD, rows, " ON CONFLICT (id) DO NOTHING", |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.conversation_id)
            .push_bind(row.inputs.clone())
            .push_bind(row.cause.clone())
            .push_bind(row.detail.clone())
            .push_bind(row.flow_hash.clone())
            .push_bind(row.step.clone())
            .push_bind(row.failures)
            .push_bind(row.ticket_id)
            .push_bind(row.at);
    });
}

const DEAD_TURNS: &str = "
    SELECT id, lender, conversation_id, inputs, cause, detail, flow_hash, step, failures, ticket_id, at
    FROM dead_letters
    WHERE retried_at IS NULL
    ORDER BY at, id
    LIMIT $1";

const RETRY: &str = "
    UPDATE dead_letters SET retried_at = $2
    WHERE id = $1 AND retried_at IS NULL
    RETURNING id, conversation_id, inputs";

const PENDING_AGAIN: &str = "
    UPDATE inputs SET done_at = NULL, failures = 0
    WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND conversation_id = $2";

const DEAD_DELIVERIES: &str = "
    SELECT id, received_at, length(body) AS bytes, unreadable FROM deliveries
    WHERE unreadable IS NOT NULL
    ORDER BY received_at, id
    LIMIT $1";

const DELIVERY_BODY: &str = "SELECT body FROM deliveries WHERE id = $1";

const SETTLE_DELIVERY: &str = "UPDATE deliveries SET unreadable = NULL WHERE id = $1";
