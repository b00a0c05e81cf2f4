//! Keeping the live queue in step with the tickets in the database.

use super::{HandoffError, HandoffService, Taken};
use crate::ports::StoreError;
use crate::ports::handoff_queue::{QueueError, QueuedTicket, Rebuild};
use crate::ports::tickets::{Ticket, TicketStatus};
use futures_util::{StreamExt, TryStreamExt, stream};
use thiserror::Error;

const BATCH_MAX: u32 = 500;
const BATCHES_MAX: u32 = 20;
/// Above it the rest follows when these are closed and [`HandoffService::rebuild`] runs again.
const REBUILD_MAX: u32 = 100_000;
const REBUILD_AT_ONCE: usize = 32;

#[derive(Debug, Error)]
pub enum PublishError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl PublishError {
    /// Splits the two for a take: a queue that is down has a way around it, a store has none.
    pub(super) fn queue_or(self) -> Result<Result<Option<Taken>, HandoffError>, QueueError> {
        match self {
            Self::Queue(error) => Err(error),
            Self::Store(error) => Ok(Err(error.into())),
        }
    }
}

/// What one round of upkeep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upkeep {
    pub requeued: u64,
    pub published: u64,
    /// Tickets of a rebuild, when one was needed.
    pub rebuilt: Option<u64>,
}

impl HandoffService {
    /// One round of the desk's worker: leases that ran out, news for the live queue, a rebuild when it lost its
    /// memory. Call it each second; expired leases are requeued even while the live queue is down.
    pub async fn upkeep(&self) -> Result<Upkeep, PublishError> {
        let requeued = self.sweep().await?;
        let rebuilt = match self.ports.queue.needs_rebuild().await? {
            Some(rebuild) => Some(self.refill(Some(rebuild)).await?),
            None => None,
        };
        let published = self.publish().await?;
        Ok(Upkeep { requeued, published, rebuilt })
    }

    /// Tells the live queue of tickets that were opened, requeued or closed; returns how many.
    pub async fn publish(&self) -> Result<u64, PublishError> {
        let mut n_published = 0;
        for _ in 0..BATCHES_MAX {
            let tickets = self.ports.tickets.unpublished_tickets(BATCH_MAX).await?;
            for ticket in &tickets {
                self.reflect(ticket).await?;
            }
            let known: Vec<_> = tickets.iter().map(|ticket| (ticket.id, ticket.version)).collect();
            if !known.is_empty() {
                self.ports.tickets.mark_published(&known).await?;
            }
            n_published += count(&tickets);
            if tickets.len() < BATCH_MAX as usize {
                break;
            }
        }
        Ok(n_published)
    }

    /// Fills the live queue from the open tickets; returns how many there are. Harmless when it is full already.
    ///
    /// Run it at start, when the queue asks for it, and now and then: it also mends what an operator broke.
    pub async fn rebuild(&self) -> Result<u64, PublishError> {
        let asked = self.ports.queue.needs_rebuild().await?;
        self.refill(asked).await
    }

    /// After the queue was asked: a flush from then on makes the rebuild void.
    pub(super) async fn refill(&self, asked: Option<Rebuild>) -> Result<u64, PublishError> {
        let open = self.ports.tickets.open_tickets(REBUILD_MAX).await?;
        stream::iter(&open)
            .map(Ok::<_, QueueError>)
            .try_for_each_concurrent(REBUILD_AT_ONCE, |ticket| self.reflect(ticket))
            .await?;
        if let Some(rebuild) = asked {
            self.ports.queue.mark_rebuilt(&rebuild).await?;
        }
        let n_open = count(&open);
        if n_open >= u64::from(REBUILD_MAX) {
            tracing::warn!(rebuild.limit = REBUILD_MAX, "more open tickets than one rebuild takes");
        }
        tracing::info!(tickets.open = n_open, "the live queue was rebuilt from the database");
        Ok(n_open)
    }

    /// Requeues tickets of agents whose lease ran out; returns how many.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        let mut n_requeued = 0;
        for _ in 0..BATCHES_MAX {
            let tickets = self.ports.tickets.requeue_expired(self.now(), BATCH_MAX).await?;
            for ticket in &tickets {
                self.follow(ticket).await;
            }
            n_requeued += count(&tickets);
            if tickets.len() < BATCH_MAX as usize {
                break;
            }
        }
        metrics::counter!("acuerdo_handoff_leases_lost_total").increment(n_requeued);
        Ok(n_requeued)
    }

    /// Puts the store's word on a ticket into the live queue. Older versions have no effect there.
    pub(super) async fn reflect(&self, ticket: &Ticket) -> Result<(), QueueError> {
        let queue = &self.ports.queue;
        match ticket.status {
            TicketStatus::Queued => queue.enqueue(&queued(ticket)).await,
            TicketStatus::Assigned { agent, until, .. } => queue.hold(&queued(ticket), agent, until).await,
            TicketStatus::Closed => queue.remove(&ticket.lender, ticket.id, ticket.version).await,
        }
    }

    /// [`Self::reflect`] where the store has decided already and the queue may follow later by `publish`.
    pub(super) async fn follow(&self, ticket: &Ticket) {
        if let Err(error) = self.reflect(ticket).await {
            tracing::warn!(error = %error, ticket.id = %ticket.id, "the live queue follows later");
        }
    }
}

fn queued(ticket: &Ticket) -> QueuedTicket {
    QueuedTicket {
        ticket: ticket.id,
        lender: ticket.lender.clone(),
        queue: ticket.queue.clone(),
        priority: ticket.priority,
        waiting_since: ticket.waiting_since,
        version: ticket.version,
    }
}

fn count(tickets: &[Ticket]) -> u64 {
    tickets.len().try_into().unwrap_or(u64::MAX)
}
