//! Stops that survive a restart: the kill switch and held templates; and the store's own health.

use crate::domain::ids::LenderId;
use crate::domain::time::{Millis, Timestamp};
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

/// What a dead process held, given free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakenOver {
    /// Conversations that can be claimed again at once.
    pub turns: u64,
    /// Messages that may or may not have left: in doubt from now on.
    pub sends: u64,
    /// Messages that were claimed and surely never left: they can be claimed again at once.
    pub claims: u64,
}

/// Connections to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    pub busy: u32,
    pub idle: u32,
    /// How many there may be.
    pub most: u32,
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

    /// How its connections are used now; `None` when it has none.
    fn connections(&self) -> Option<Connections> {
        None
    }

    /// The time of the clock that all processes on this store share; `None` when it has no clock of its own, so that
    /// the host's counts.
    async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }

    /// The newest migration that the database has, and the newest that this program knows.
    async fn schema_version(&self) -> Result<(i64, i64), StoreError>;

    /// Ends the leases of a process that died, when this one is known to be alone with the database.
    ///
    /// A message that was being sent becomes in doubt with `doubt` as its waiting time; one that was only claimed goes
    /// back to the queue.
    /// A store that others may share, or that was not opened to serve, changes nothing: there leases run out.
    async fn take_over(&self, now: Timestamp, doubt: Millis) -> Result<TakenOver, StoreError>;

    /// Ends running calls and closes the database, so that a file is left without its log; later calls are
    /// `Unavailable`. Fakes have nothing to close.
    async fn close(&self) {}
}
