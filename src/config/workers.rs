//! Sizes and periods of the loops, and which of them would leave a process that never answers anybody.

use super::ConfigError;
use serde::{Deserialize, Serialize};

/// Sizes and periods of the loops. The defaults suit one process on two cores.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkerSettings {
    /// Whether this process works at all: turns, sends, timers, tickets, files, retention. Without, it takes in webhooks and
    /// serves the desk, and other processes do the rest.
    pub loops: bool,
    /// Deliveries written in one commit at most.
    pub inbox_batch: usize,
    /// Deliveries that may wait for the writer; beyond it the webhook answers 503.
    pub inbox_queue: usize,
    /// Conversations claimed at once.
    pub turn_batch: u32,
    /// Messages sent at once.
    pub send_batch: u32,
    /// How often an idle loop looks for work of other replicas, milliseconds.
    pub poll_ms: u64,
    /// Time that a shutdown may take, seconds.
    pub shutdown_s: u64,
    /// The most that this process sends for one phone number in a second (Meta: 80); what Meta refuses slows it down.
    pub sends_per_second: u32,
    /// Connections to the database.
    pub connections: u32,
    /// A turn that was committed longer after its message came is told in the log, milliseconds.
    pub slow_turn_ms: u32,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            loops: true,
            inbox_batch: 200,
            inbox_queue: 4_096,
            turn_batch: 64,
            send_batch: 64,
            poll_ms: 500,
            shutdown_s: 25,
            sends_per_second: 80,
            connections: 10,
            slow_turn_ms: 5_000,
        }
    }
}

/// Whoever waits for an answer, a reminder or an agent waits for this as well.
const POLL_MS_MAX: u64 = 60_000;

impl WorkerSettings {
    /// Says which setting would do harm: a process without room for any work is ready and answers nobody.
    ///
    /// # Errors
    /// The first such setting.
    pub fn check(&self) -> Result<(), ConfigError> {
        let counts = [
            ("inbox_batch", self.inbox_batch as u64),
            ("inbox_queue", self.inbox_queue as u64),
            ("turn_batch", self.turn_batch.into()),
            ("send_batch", self.send_batch.into()),
            ("sends_per_second", self.sends_per_second.into()),
            ("connections", self.connections.into()),
            ("poll_ms", self.poll_ms),
        ];
        if let Some((name, _)) = counts.iter().find(|(_, n)| *n == 0) {
            return Err(ConfigError::Invalid(format!(
                "workers.{name} is 0, with which nobody would ever be answered: set it to 1 or more, or leave it out"
            )));
        }
        if self.poll_ms > POLL_MS_MAX {
            return Err(ConfigError::Invalid(format!(
                "workers.poll_ms is {}: people would wait that long for what another process left; set it to \
                 {POLL_MS_MAX} or less",
                self.poll_ms
            )));
        }
        Ok(())
    }
}
