//! Time and randomness.

use crate::domain::time::Timestamp;
use uuid::Uuid;

/// The current time. Tests move it by hand.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// Ids and secrets.
pub trait Random: Send + Sync {
    /// A UUIDv7 of `now`.
    fn uuid(&self, now: Timestamp) -> Uuid;
    /// 32 bytes fit for a secret.
    fn secret(&self) -> [u8; 32];
    /// A number in `0..bound`, for jitter.
    fn below(&self, bound: u64) -> u64;
}
