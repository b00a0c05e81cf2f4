//! Published flow versions, in SQLite.

use super::SqliteStore;
use crate::domain::ids::FlowHash;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::flows::{FlowFiles, FlowVersionStore};
use crate::store::rows::{Place, json};
use async_trait::async_trait;

#[async_trait]
impl FlowVersionStore for SqliteStore {
    async fn save_flow_version(
        &self,
        hash: &FlowHash,
        files: &FlowFiles,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        sqlx::query(SAVE)
            .bind(hash.as_str())
            .bind(json(files)?)
            .bind(now.0)
            .execute(&mut *self.writer().await?)
            .await?;
        Ok(())
    }

    async fn flow_version(&self, hash: &FlowHash) -> Result<Option<FlowFiles>, StoreError> {
        let files: Option<String> =
            sqlx::query_scalar(FILES).bind(hash.as_str()).fetch_optional(&mut *self.reader().await?).await?;
        let place = Place { table: "flow_versions", id: hash };
        files.map(|text| place.json("files", &text)).transpose()
    }

    async fn pinned_hashes(&self) -> Result<Vec<FlowHash>, StoreError> {
        let hashes: Vec<String> = sqlx::query_scalar(PINNED).fetch_all(&mut *self.reader().await?).await?;
        Ok(hashes.into_iter().map(FlowHash).collect())
    }
}

const SAVE: &str = "
    INSERT INTO flow_versions (hash, files, created_at) VALUES ($1, $2, $3)
    ON CONFLICT (hash) DO NOTHING";

const FILES: &str = "SELECT files FROM flow_versions WHERE hash = $1";

const PINNED: &str =
    "SELECT DISTINCT flow_hash FROM conversations WHERE flow_hash IS NOT NULL ORDER BY flow_hash";
