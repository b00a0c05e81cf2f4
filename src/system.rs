//! The real clock, the operating system's randomness, and what it must not keep of us.

pub mod shared_clock;

use crate::domain::time::Timestamp;
use crate::ports::clock::{Clock, Random};
use rand::{Rng, RngCore};
use uuid::Uuid;

#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp(since_epoch.map_or(0, |length| i64::try_from(length.as_millis()).unwrap_or(i64::MAX)))
    }
}

#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn uuid(&self, now: Timestamp) -> Uuid {
        let mut bytes = [0_u8; 10];
        rand::rng().fill_bytes(&mut bytes);
        uuid::Builder::from_unix_timestamp_millis(now.0.max(0).unsigned_abs(), &bytes).into_uuid()
    }

    fn secret(&self) -> [u8; 32] {
        let mut bytes = [0_u8; 32];
        rand::rng().fill_bytes(&mut bytes);
        bytes
    }

    fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { rand::rng().random_range(0..bound) }
    }
}

/// Memory of this process never becomes a file, and no other program of the same user may read it or its environment:
/// it holds secrets and what people wrote. Where the system refuses, the process goes on as it is.
pub fn keep_memory_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // A core dump that goes to a program (systemd) is not bound by the limit.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}
