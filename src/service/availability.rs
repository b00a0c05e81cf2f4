//! How many people wait for an agent, cheap enough to ask in every turn.

use crate::domain::ids::LenderId;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::clock::Clock;
use crate::ports::handoff_queue::HandoffQueue;
use crate::service::converse::AgentAvailability;
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A figure that tells somebody "about ten minutes" may be this old.
const FRESH: Millis = Millis::seconds(5);

pub struct CachedAvailability {
    queue: Arc<dyn HandoffQueue>,
    clock: Arc<dyn Clock>,
    known: Mutex<HashMap<LenderId, (Timestamp, u64)>>,
}

impl CachedAvailability {
    pub fn new(queue: Arc<dyn HandoffQueue>, clock: Arc<dyn Clock>) -> Self {
        Self { queue, clock, known: Mutex::default() }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<LenderId, (Timestamp, u64)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AgentAvailability for CachedAvailability {
    /// The last known figure while the live queue is down: a wait is told, not computed to the second.
    async fn waiting(&self, lender: &LenderId) -> u64 {
        let now = self.clock.now();
        let last = self.known().get(lender).copied();
        if let Some((at, waiting)) = last
            && now.since(at) < FRESH
        {
            return waiting;
        }
        let waiting = match self.queue.depths(lender, now).await {
            Ok(depths) => depths.iter().map(|depth| depth.waiting).sum(),
            Err(error) => {
                tracing::warn!(lender.id = %lender, error = %error, "the live queue's length is not known");
                last.map_or(0, |(_, waiting)| waiting)
            }
        };
        self.known().insert(lender.clone(), (now, waiting));
        waiting
    }
}
