//! What waits for an operator, in PostgreSQL.

use super::PostgresStore;
use super::conversations::wake;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::dead_letters::{DeadDelivery, DeadLetterStore, DeadTurn};
use crate::store::rows::dead_letters::{DeadDeliveryRow, DeadTurnRow, RetriedRow};
use crate::store::rows::{column, limit, readable};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

#[async_trait]
impl DeadLetterStore for PostgresStore {
    async fn dead_turns(&self, limit_rows: u32) -> Result<Vec<DeadTurn>, StoreError> {
        let rows: Vec<DeadTurnRow> =
            sqlx::query_as(DEAD_TURNS).bind(limit(limit_rows)).fetch_all(&self.pool).await?;
        Ok(readable(rows.into_iter().map(DeadTurnRow::read)))
    }

    async fn retry_dead_turn(&self, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let retried: Option<RetriedRow> =
            sqlx::query_as(RETRY).bind(id).bind(now.0).fetch_optional(&mut *transaction).await?;
        let Some(retried) = retried else { return Ok(false) };
        let pending = sqlx::query(PENDING_AGAIN)
            .bind(retried.inputs()?)
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
        let rows: Vec<DeadDeliveryRow> =
            sqlx::query_as(DEAD_DELIVERIES).bind(limit(limit_rows)).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(DeadDeliveryRow::read).collect())
    }

    async fn delivery_body(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(sqlx::query_scalar(DELIVERY_BODY).bind(id).fetch_optional(&self.pool).await?)
    }

    async fn settle_delivery(&self, id: Uuid) -> Result<(), StoreError> {
        sqlx::query(SETTLE_DELIVERY).bind(id).execute(&self.pool).await?;
        Ok(())
    }
}

const INSERT_DEAD: &str = "
    INSERT INTO dead_letters
      (id, lender, conversation_id, inputs, cause, detail, flow_hash, step, failures, ticket_id, at)
    SELECT * FROM UNNEST(
        $1::uuid[], $2::text[], $3::uuid[], $4::json[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::bigint[], $10::uuid[], $11::bigint[])
    ON CONFLICT (id) DO NOTHING";

/// Keeps turns that were set aside.
pub(super) async fn insert_dead(
    connection: &mut PgConnection,
    rows: &[DeadTurnRow],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(INSERT_DEAD)
        .bind(column(rows, |row| row.id))
        .bind(column(rows, |row| row.lender.clone()))
        .bind(column(rows, |row| row.conversation_id))
        .bind(column(rows, |row| row.inputs.clone()))
        .bind(column(rows, |row| row.cause.clone()))
        .bind(column(rows, |row| row.detail.clone()))
        .bind(column(rows, |row| row.flow_hash.clone()))
        .bind(column(rows, |row| row.step.clone()))
        .bind(column(rows, |row| row.failures))
        .bind(column(rows, |row| row.ticket_id))
        .bind(column(rows, |row| row.at))
        .execute(connection)
        .await?;
    Ok(())
}

const DEAD_TURNS: &str = "
    SELECT id, lender, conversation_id, inputs::text AS inputs, cause, detail, flow_hash, step, failures, ticket_id, at
    FROM dead_letters
    WHERE retried_at IS NULL
    ORDER BY at, id
    LIMIT $1";

const RETRY: &str = "
    UPDATE dead_letters SET retried_at = $2
    WHERE id = $1 AND retried_at IS NULL
    RETURNING id, conversation_id, inputs::text AS inputs";

const PENDING_AGAIN: &str = "
    UPDATE inputs SET done_at = NULL, failures = 0
    WHERE id = ANY($1) AND conversation_id = $2";

const DEAD_DELIVERIES: &str = "
    SELECT id, received_at, octet_length(body)::bigint AS bytes, unreadable FROM deliveries
    WHERE unreadable IS NOT NULL
    ORDER BY received_at, id
    LIMIT $1";

const DELIVERY_BODY: &str = "SELECT body FROM deliveries WHERE id = $1";

const SETTLE_DELIVERY: &str = "UPDATE deliveries SET unreadable = NULL WHERE id = $1";
