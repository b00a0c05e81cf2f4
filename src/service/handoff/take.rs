//! Taking tickets: through the live queue, or from the database alone while it is down.

use super::{HandoffError, HandoffService, Taken};
use crate::domain::ids::{AgentId, TicketId};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::agents::Agent;
use crate::ports::handoff_queue::QueueError;
use crate::ports::tickets::{TicketRefused, TicketStatus};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Tickets of the live queue that turn out to be somebody else's or closed before a take gives up.
const TAKE_TRIES_MAX: u32 = 20;
/// Open tickets of a lender that are looked through without the live queue.
pub(super) const SCAN_MAX: u32 = 1_000;

/// So long an agent is given others before a ticket that it gave up.
const OTHERS_FIRST: Millis = Millis::minutes(10);
/// Tickets that are remembered for one agent.
const GIVEN_UP_MAX: usize = 50;

/// Who gave up what of late: or the next ticket would be the same one again. Each process knows of what was given up
/// through it.
pub(super) struct GivenUp(Mutex<BTreeMap<AgentId, Vec<(TicketId, Timestamp)>>>);

impl GivenUp {
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    pub fn note(&self, agent: AgentId, ticket: TicketId, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_agent = all.entry(agent).or_default();
        of_agent.retain(|(id, _)| *id != ticket);
        if of_agent.len() >= GIVEN_UP_MAX {
            of_agent.remove(0);
        }
        of_agent.push((ticket, now.plus(OTHERS_FIRST)));
    }

    pub fn of(&self, agent: AgentId, now: Timestamp) -> Vec<TicketId> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(of_agent) = all.get_mut(&agent) else { return Vec::new() };
        of_agent.retain(|(_, until)| now < *until);
        let ids = of_agent.iter().map(|(id, _)| *id).collect();
        if of_agent.is_empty() {
            all.remove(&agent);
        }
        ids
    }
}

impl HandoffService {
    /// Gives the agent the next ticket of the queues it serves, or of those of them in `wanted`; one that it gave up a
    /// moment ago only when nobody else waits.
    pub async fn take_next(&self, agent: &Agent, wanted: &[String]) -> Result<Option<Taken>, HandoffError> {
        let queues = served(agent, wanted)?;
        let given_up = self.given_up.of(agent.id, self.now());
        if !given_up.is_empty()
            && let Some(taken) = self.take_stored(agent, &queues, &given_up).await?
        {
            self.follow(&taken.ticket).await;
            return Ok(Some(taken));
        }
        match self.take_live(agent, &queues).await {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(error = %error, "tickets are taken from the database alone");
                metrics::counter!("acuerdo_handoff_degraded_takes_total").increment(1);
                self.take_stored(agent, &queues, &[]).await
            }
        }
    }

    /// Through the live queue; the outer error means that it is down.
    async fn take_live(
        &self,
        agent: &Agent,
        queues: &[String],
    ) -> Result<Result<Option<Taken>, HandoffError>, QueueError> {
        let mut may_rebuild = true;
        for _ in 0..TAKE_TRIES_MAX {
            let now = self.now();
            let offer =
                self.ports.queue.take(&agent.lender, queues, agent.id, now, self.settings.lease).await?;
            let Some(offer) = offer else {
                // An empty queue may be one that lost its memory a moment ago.
                let asked = if may_rebuild { self.ports.queue.needs_rebuild().await? } else { None };
                let Some(rebuild) = asked else { return Ok(Ok(None)) };
                may_rebuild = false;
                if let Err(error) = self.refill(Some(rebuild)).await {
                    return error.queue_or();
                }
                continue;
            };
            match self.assign(agent, offer.ticket, now).await {
                Ok(taken) => return Ok(Ok(Some(taken))),
                Err(HandoffError::Refused(_)) => {
                    metrics::counter!("acuerdo_handoff_stale_offers_total").increment(1);
                    self.correct(agent, offer.ticket, offer.version).await?;
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok(None))
    }

    /// The second wall: the store gives the ticket to one agent only.
    async fn assign(&self, agent: &Agent, id: TicketId, now: Timestamp) -> Result<Taken, HandoffError> {
        let until = now.plus(self.settings.lease);
        let ticket = self.ports.tickets.assign(&agent.lender, id, agent.id, until, now).await??;
        match ticket.status {
            TicketStatus::Assigned { token, until, .. } => Ok(Taken { ticket, token, until }),
            TicketStatus::Queued => Err(TicketRefused::LeaseLost.into()),
            TicketStatus::Closed => Err(TicketRefused::Closed.into()),
        }
    }

    /// Tells the live queue what the store knows of a ticket that it offered wrongly.
    async fn correct(&self, agent: &Agent, id: TicketId, version: i64) -> Result<(), QueueError> {
        match self.ports.tickets.ticket(&agent.lender, id).await {
            Ok(Some(ticket)) => self.reflect(&ticket).await,
            Ok(None) => self.ports.queue.remove(&agent.lender, id, version).await,
            // The hold of this take runs out and the ticket is offered again.
            Err(_) => Ok(()),
        }
    }

    /// Without the live queue: first by priority, then by the longest wait, as the queue would; none of `but`.
    async fn take_stored(
        &self,
        agent: &Agent,
        queues: &[String],
        but: &[TicketId],
    ) -> Result<Option<Taken>, HandoffError> {
        let now = self.now();
        let store = &self.ports.tickets;
        let mut open = store.tickets(&agent.lender, None, true, SCAN_MAX).await?;
        if u32::try_from(open.len()).is_ok_and(|n_open| n_open >= SCAN_MAX) {
            // Those are the newest: whoever waits longest must not be left behind them.
            let oldest = store.open_tickets(SCAN_MAX).await?;
            open.extend(oldest.into_iter().filter(|ticket| ticket.lender == agent.lender));
        }
        open.retain(|ticket| {
            (queues.is_empty() || queues.contains(&ticket.queue))
                && is_free(&ticket.status, now)
                && !but.contains(&ticket.id)
        });
        open.sort_by_key(|ticket| (ticket.priority, ticket.waiting_since, ticket.id));
        open.dedup_by_key(|ticket| ticket.id);
        for ticket in open {
            match self.assign(agent, ticket.id, now).await {
                Ok(taken) => return Ok(Some(taken)),
                Err(HandoffError::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Gives the agent this very ticket, unless another agent works on it.
    pub async fn take(&self, agent: &Agent, id: TicketId) -> Result<Taken, HandoffError> {
        let ticket = self.known(agent, id).await?;
        served(agent, std::slice::from_ref(&ticket.queue))?;
        let taken = match self.assign(agent, id, self.now()).await {
            Err(HandoffError::Refused(TicketRefused::Closed)) => {
                // With the ticket that the chat has now, if it has one.
                return Err(self.over(&self.known(agent, id).await?).await);
            }
            taken => taken?,
        };
        self.follow(&taken.ticket).await;
        Ok(taken)
    }
}

pub(super) fn is_free(status: &TicketStatus, now: Timestamp) -> bool {
    match status {
        TicketStatus::Queued => true,
        TicketStatus::Assigned { until, .. } => *until <= now,
        TicketStatus::Closed => false,
    }
}

/// The queues to serve: those wanted, or all that the agent serves (empty = every queue of the lender).
pub(super) fn served(agent: &Agent, wanted: &[String]) -> Result<Vec<String>, HandoffError> {
    if wanted.is_empty() {
        return Ok(agent.queues.clone());
    }
    let foreign = wanted.iter().find(|queue| !agent.queues.is_empty() && !agent.queues.contains(queue));
    match foreign {
        Some(queue) => Err(HandoffError::QueueNotServed { queue: queue.clone() }),
        None => Ok(wanted.to_vec()),
    }
}
