//! Stops that survive a restart, and the store's health, in SQLite.

use super::outbox::{DOUBT_EXPIRED, END_CLAIMS};
use super::{MIGRATIONS, SqliteStore, begin};
use crate::domain::ids::LenderId;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::switches::{Stop, SwitchStore, TakenOver};
use crate::store::rows::clean;
use crate::store::rows::tickets::StopRow;
use crate::store::{check_schema, newest_known};
use async_trait::async_trait;

#[async_trait]
impl SwitchStore for SqliteStore {
    async fn stop(&self, stop: &Stop) -> Result<(), StoreError> {
        sqlx::query(STOP)
            .bind(stop.lender.as_str())
            .bind(clean(&stop.scope))
            .bind(clean(&stop.reason))
            .bind(stop.since.0)
            .execute(&mut *self.writer().await?)
            .await?;
        Ok(())
    }

    async fn lift(&self, lender: &LenderId, scope: &str) -> Result<bool, StoreError> {
        let lifted = sqlx::query(LIFT)
            .bind(lender.as_str())
            .bind(clean(scope))
            .execute(&mut *self.writer().await?)
            .await?;
        Ok(lifted.rows_affected() == 1)
    }

    async fn stops(&self) -> Result<Vec<Stop>, StoreError> {
        let rows: Vec<StopRow> = sqlx::query_as(STOPS).fetch_all(&mut *self.reader().await?).await?;
        Ok(rows.into_iter().map(StopRow::read).collect())
    }

    async fn ping(&self, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(PING).bind(now.0).execute(&mut *self.writer().await?).await?;
        Ok(())
    }

    async fn schema_version(&self) -> Result<(i64, i64), StoreError> {
        Ok((self.found_schema().await?, newest_known(&MIGRATIONS)))
    }

    async fn take_over(&self, now: Timestamp, doubt: Millis) -> Result<TakenOver, StoreError> {
        if !self.is_owner() {
            return Ok(TakenOver::default());
        }
        let mut writer = self.writer().await?;
        let mut transaction = begin(&mut writer).await?;
        let turns = sqlx::query(END_LEASES).execute(&mut *transaction).await?.rows_affected();
        // Every lease of a send has ended with its process.
        let sends = sqlx::query(DOUBT_EXPIRED)
            .bind(i64::MAX)
            .bind(now.plus(doubt).0)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        let claims = sqlx::query(END_CLAIMS).execute(&mut *transaction).await?.rows_affected();
        transaction.commit().await?;
        Ok(TakenOver { turns, sends, claims })
    }

    async fn close(&self) {
        self.readers.close().await;
        if let Some(claimer) = &self.claimer {
            claimer.close().await;
        }
        // The last connection writes the log back into the file.
        self.writers.close().await;
        self.give_up_ownership();
    }
}

impl SqliteStore {
    /// The newest migration of the database; 0 for one without our tables.
    pub(super) async fn found_schema(&self) -> Result<i64, StoreError> {
        let has_table: bool =
            sqlx::query_scalar(HAS_MIGRATIONS).fetch_one(&mut *self.writer().await?).await?;
        if !has_table {
            return Ok(0);
        }
        Ok(sqlx::query_scalar(NEWEST_MIGRATION).fetch_one(&mut *self.writer().await?).await?)
    }

    /// Migrates if that is wanted, and refuses a schema that this program cannot use.
    pub(super) async fn adopt_schema(&self, migrate: bool) -> Result<(), StoreError> {
        let known = newest_known(&MIGRATIONS);
        if migrate && self.found_schema().await? <= known {
            MIGRATIONS.run(&mut *self.writer().await?).await?;
        }
        let found = self.found_schema().await?;
        let oldest = match found > known {
            true => sqlx::query_scalar(OLDEST_SUPPORTED).fetch_optional(&mut *self.writer().await?).await?,
            false => None,
        };
        check_schema(found, known, oldest)
    }
}

/// A leased conversation keeps its pending inputs and its place in the index of claims.
const END_LEASES: &str = "
    UPDATE conversations SET
      leased_until = 0,
      next_claim_at = (
        SELECT MIN(i.received_at) FROM inputs i
        WHERE i.conversation_id = conversations.id AND i.done_at IS NULL)
    WHERE next_claim_at IS NOT NULL AND leased_until > 0";

const STOP: &str = "
    INSERT INTO stops (lender, scope, reason, since) VALUES ($1, $2, $3, $4)
    ON CONFLICT (lender, scope) DO UPDATE SET reason = excluded.reason";

const LIFT: &str = "DELETE FROM stops WHERE lender = $1 AND scope = $2";

const STOPS: &str = "SELECT lender, scope, reason, since FROM stops ORDER BY lender, scope";

const PING: &str = "
    INSERT INTO heartbeats (id, at) VALUES (1, $1)
    ON CONFLICT (id) DO UPDATE SET at = excluded.at";

const HAS_MIGRATIONS: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations')";

const OLDEST_SUPPORTED: &str = "SELECT oldest FROM schema_support";

const NEWEST_MIGRATION: &str = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success";
