//! Stops that survive a restart, and the store's health, in PostgreSQL.

use super::{MIGRATIONS, PostgresStore};
use crate::domain::ids::LenderId;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::switches::{Connections, Stop, SwitchStore, TakenOver};
use crate::store::rows::clean;
use crate::store::rows::tickets::StopRow;
use crate::store::{check_schema, newest_known};
use async_trait::async_trait;

#[async_trait]
impl SwitchStore for PostgresStore {
    async fn stop(&self, stop: &Stop) -> Result<(), StoreError> {
        sqlx::query(STOP)
            .bind(stop.lender.as_str())
            .bind(clean(&stop.scope))
            .bind(clean(&stop.reason))
            .bind(stop.since.0)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    async fn lift(&self, lender: &LenderId, scope: &str) -> Result<bool, StoreError> {
        let lifted = sqlx::query(LIFT).bind(lender.as_str()).bind(clean(scope)).execute(&self.pool).await?;
        Ok(lifted.rows_affected() == 1)
    }

    async fn stops(&self) -> Result<Vec<Stop>, StoreError> {
        let rows: Vec<StopRow> = sqlx::query_as(STOPS).fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(StopRow::read).collect())
    }

    fn connections(&self) -> Option<Connections> {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        let most = self.pool.options().get_max_connections();
        Some(Connections { busy: self.pool.size().saturating_sub(idle), idle, most })
    }

    async fn ping(&self, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(PING).bind(now.0).execute(&self.pool).await?;
        Ok(())
    }

    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(Some(Timestamp(sqlx::query_scalar(TIME).fetch_one(&self.pool).await?)))
    }

    async fn schema_version(&self) -> Result<(i64, i64), StoreError> {
        Ok((self.found_schema().await?, newest_known(&MIGRATIONS)))
    }

    async fn take_over(&self, _now: Timestamp, _doubt: Millis) -> Result<TakenOver, StoreError> {
        // Other processes may be at work on the same database.
        Ok(TakenOver::default())
    }

    async fn close(&self) {
        self.pool.close().await;
    }
}

impl PostgresStore {
    /// The newest migration of the database; 0 for one without our tables.
    pub(super) async fn found_schema(&self) -> Result<i64, StoreError> {
        let has_table: bool = sqlx::query_scalar(HAS_MIGRATIONS).fetch_one(&self.pool).await?;
        if !has_table {
            return Ok(0);
        }
        Ok(sqlx::query_scalar(NEWEST_MIGRATION).fetch_one(&self.pool).await?)
    }

    /// Migrates if that is wanted, and refuses a schema that this program cannot use.
    pub(super) async fn adopt_schema(&self, migrate: bool) -> Result<(), StoreError> {
        let known = newest_known(&MIGRATIONS);
        if migrate && self.found_schema().await? <= known {
            MIGRATIONS.run(&self.pool).await?;
        }
        let found = self.found_schema().await?;
        let oldest = match found > known {
            true => sqlx::query_scalar(OLDEST_SUPPORTED).fetch_optional(&self.pool).await?,
            false => None,
        };
        check_schema(found, known, oldest)
    }
}

const STOP: &str = "
    INSERT INTO stops (lender, scope, reason, since) VALUES ($1, $2, $3, $4)
    ON CONFLICT (lender, scope) DO UPDATE SET reason = excluded.reason";

const LIFT: &str = "DELETE FROM stops WHERE lender = $1 AND scope = $2";

const STOPS: &str = "SELECT lender, scope, reason, since FROM stops ORDER BY lender, scope";

const PING: &str = "
    INSERT INTO heartbeats (id, at) VALUES (1, $1)
    ON CONFLICT (id) DO UPDATE SET at = excluded.at";

pub(super) const TIME: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";

const HAS_MIGRATIONS: &str = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";

const OLDEST_SUPPORTED: &str = "SELECT oldest FROM schema_support";

const NEWEST_MIGRATION: &str = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success";
