//! The live queue as one process reaches it: shared, forgetful, at times down.

use crate::mutants::Mutant;
use crate::sim::Sim;
use acuerdo::domain::ids::{AgentId, LenderId, TicketId};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::handoff_queue::{HandoffQueue, Offer, QueueDepth, QueueError, QueuedTicket, Rebuild};
use acuerdo::queue::memory::MemoryQueue;
use async_trait::async_trait;
use std::sync::{Arc, Mutex};

/// The server: what Redis holds, with its marks of rebuilds under way.
#[derive(Default)]
pub struct QueueServer(Mutex<Arc<MemoryQueue>>);

impl QueueServer {
    pub fn live(&self) -> Arc<MemoryQueue> {
        Arc::clone(&self.0.lock().unwrap())
    }

    /// `FLUSHALL`: tickets and markers are gone.
    fn flush(&self) {
        *self.0.lock().unwrap() = Default::default();
    }
}

pub struct ProcessQueue {
    pub sim: Arc<Sim>,
    pub server: Arc<QueueServer>,
    pub process: usize,
    pub mutant: Option<Mutant>,
}

impl ProcessQueue {
    async fn enter(&self, verb: &'static str) -> Result<Arc<MemoryQueue>, QueueError> {
        self.sim.pass(self.process, verb).await;
        let mut core = self.sim.core();
        if std::mem::take(&mut core.watch.flush_queue) {
            self.server.flush();
        }
        if core.now < core.armed.queue_down_until {
            return Err(QueueError::Unavailable { why: "the simulated queue is down".to_owned() });
        }
        drop(core);
        Ok(self.server.live())
    }

    async fn leave(&self, verb: &'static str) {
        self.sim.pass(self.process, verb).await;
    }
}

#[async_trait]
impl HandoffQueue for ProcessQueue {
    async fn enqueue(&self, ticket: &QueuedTicket) -> Result<(), QueueError> {
        let live = self.enter("enqueue").await?;
        if self.mutant != Some(Mutant::QueueLosesTickets) {
            live.enqueue(ticket).await?;
        }
        self.leave("enqueue").await;
        Ok(())
    }

    async fn hold(&self, ticket: &QueuedTicket, agent: AgentId, until: Timestamp) -> Result<(), QueueError> {
        self.enter("hold").await?.hold(ticket, agent, until).await?;
        self.leave("hold").await;
        Ok(())
    }

    async fn take(
        &self,
        lender: &LenderId,
        queues: &[String],
        agent: AgentId,
        now: Timestamp,
        lease: Millis,
    ) -> Result<Option<Offer>, QueueError> {
        let offer = self.enter("take").await?.take(lender, queues, agent, now, lease).await?;
        self.leave("take").await;
        Ok(offer)
    }

    async fn renew(
        &self,
        lender: &LenderId,
        ticket: TicketId,
        agent: AgentId,
        until: Timestamp,
    ) -> Result<bool, QueueError> {
        let held = self.enter("renew_hold").await?.renew(lender, ticket, agent, until).await?;
        self.leave("renew_hold").await;
        Ok(held)
    }

    async fn remove(&self, lender: &LenderId, ticket: TicketId, version: i64) -> Result<(), QueueError> {
        self.enter("remove").await?.remove(lender, ticket, version).await?;
        self.leave("remove").await;
        Ok(())
    }

    async fn depths(&self, lender: &LenderId, now: Timestamp) -> Result<Vec<QueueDepth>, QueueError> {
        self.enter("depths").await?.depths(lender, now).await
    }

    async fn position(&self, lender: &LenderId, ticket: TicketId) -> Result<Option<u64>, QueueError> {
        self.enter("position").await?.position(lender, ticket).await
    }

    async fn needs_rebuild(&self) -> Result<Option<Rebuild>, QueueError> {
        let needed = self.enter("needs_rebuild").await?.needs_rebuild().await?;
        self.leave("needs_rebuild").await;
        Ok(needed)
    }

    async fn mark_rebuilt(&self, rebuild: &Rebuild) -> Result<(), QueueError> {
        self.enter("mark_rebuilt").await?.mark_rebuilt(rebuild).await?;
        self.leave("mark_rebuilt").await;
        Ok(())
    }

    async fn ping(&self) -> Result<(), QueueError> {
        self.enter("ping").await.map(drop)
    }
}
