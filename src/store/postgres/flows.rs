//! Published flow versions, in PostgreSQL.

use super::PostgresStore;
use crate::domain::ids::FlowHash;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::flows::{FlowFiles, FlowVersionStore};
use crate::store::rows::{Place, json};
use async_trait::async_trait;

#[async_trait]
impl FlowVersionStore for PostgresStore {
    async fn save_flow_version(
        &self,
        hash: &FlowHash,
        files: &FlowFiles,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(SAVE).bind(hash.as_str()).bind(json(files)?).bind(now.0).execute(&self.pool).await?;
        Ok(())
    }

    async fn flow_version(&self, hash: &FlowHash) -> Result<Option<FlowFiles>, StoreError> {
        let files: Option<String> =
            sqlx::query_scalar(FILES).bind(hash.as_str()).fetch_optional(&self.pool).await?;
        let place = Place { table: "flow_versions", id: hash };
        files.map(|text| place.json("files", &text)).transpose()
    }

    async fn pinned_hashes(&self) -> Result<Vec<FlowHash>, StoreError> {
        let hashes: Vec<String> = sqlx::query_scalar(PINNED).fetch_all(&self.pool).await?;
        Ok(hashes.into_iter().map(FlowHash).collect())
    }
}

const SAVE: &str = "
    INSERT INTO flow_versions (hash, files, created_at) VALUES ($1, $2::json, $3)
    ON CONFLICT (hash) DO NOTHING";

const FILES: &str = "SELECT files::text FROM flow_versions WHERE hash = $1";

const PINNED: &str =
    "SELECT DISTINCT flow_hash FROM conversations WHERE flow_hash IS NOT NULL ORDER BY flow_hash";
