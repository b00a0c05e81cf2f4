//! Published flow versions, kept until their last conversation ends.

use crate::domain::ids::FlowHash;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use async_trait::async_trait;
use std::collections::BTreeMap;

/// The files of one published flow folder: relative path → text.
pub type FlowFiles = BTreeMap<String, String>;

#[async_trait]
pub trait FlowVersionStore: Send + Sync {
    /// Keeps the files of a version; a known hash changes nothing.
    async fn save_flow_version(
        &self,
        hash: &FlowHash,
        files: &FlowFiles,
        now: Timestamp,
    ) -> Result<(), StoreError>;

    async fn flow_version(&self, hash: &FlowHash) -> Result<Option<FlowFiles>, StoreError>;

    /// Hashes that some conversation is pinned to.
    async fn pinned_hashes(&self) -> Result<Vec<FlowHash>, StoreError>;
}
