//! Stops that survive a restart: the kill switch and held templates; and the store's own health.

use crate::domain::ids::LenderId;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use async_trait::async_trait;

/// What is stopped, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    pub lender: LenderId,
    /// `outbound` (everything) or `template:<name>`.
    pub scope: String,
    pub reason: String,
    pub since: Timestamp,
}

#[async_trait]
pub trait SwitchStore: Send + Sync {
    /// Sets a stop; a second one of the same scope keeps the first's time.
    async fn stop(&self, stop: &Stop) -> Result<(), StoreError>;

    /// Lifts a stop; returns false when there was none.
    async fn lift(&self, lender: &LenderId, scope: &str) -> Result<bool, StoreError>;

    async fn stops(&self) -> Result<Vec<Stop>, StoreError>;

    /// A cheap round trip that proves that the store can write.
    async fn ping(&self, now: Timestamp) -> Result<(), StoreError>;

    /// The newest migration that the database has, and the newest that this program knows.
    async fn schema_version(&self) -> Result<(i64, i64), StoreError>;

    /// Ends running calls and closes the database, so that a file is left without its log; later calls are
    /// `Unavailable`. Fakes have nothing to close.
    async fn close(&self) {}
}
