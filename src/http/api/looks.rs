//! Who looked at whom: the log is told of each agent that reads a chat, once in a while for each.
//!
//! A console asks every few seconds, and a line for each would hide what they tell.

use crate::domain::ids::{AgentId, TicketId};
use crate::domain::time::{Millis, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// One agent at one ticket is told again after so long.
const AGAIN: Millis = Millis::hours(1);
/// Pairs that are kept at most; beyond it all are forgotten, and told once more.
const KEPT_MAX: usize = 10_000;

/// What this process has told.
#[derive(Default)]
pub struct Looks {
    told: Mutex<BTreeMap<(AgentId, TicketId), Timestamp>>,
}

impl Looks {
    /// Counts and tells that this agent was shown what stands in the chat of this ticket.
    pub fn look(&self, agent: AgentId, ticket: TicketId, now: Timestamp) {
        if self.is_new(agent, ticket, now) {
            metrics::counter!("acuerdo_desk_looks_total").increment(1);
            tracing::info!(agent.id = %agent, ticket.id = %ticket, "an agent reads a chat");
        }
    }

    fn is_new(&self, agent: AgentId, ticket: TicketId, now: Timestamp) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.get(&(agent, ticket)).is_some_and(|at| now.since(*at) < AGAIN) {
            return false;
        }
        if told.len() >= KEPT_MAX {
            told.retain(|_, at| now.since(*at) < AGAIN);
        }
        if told.len() >= KEPT_MAX {
            told.clear();
        }
        told.insert((agent, ticket), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{AGAIN, KEPT_MAX, Looks};
    use crate::domain::ids::{AgentId, TicketId};
    use crate::domain::time::{Millis, Timestamp};
    use uuid::Uuid;

    #[test]
    fn each_pair_is_told_once_in_an_hour() {
        let (looks, now) = (Looks::default(), Timestamp(1_800_000_000_000));
        let (ana, luis) = (AgentId(Uuid::from_u128(1)), AgentId(Uuid::from_u128(2)));
        let ticket = |n| TicketId(Uuid::from_u128(n));
        assert!(looks.is_new(ana, ticket(1), now));
        assert!(!looks.is_new(ana, ticket(1), now.plus(Millis(AGAIN.0 - 1))));
        assert!(looks.is_new(luis, ticket(1), now) && looks.is_new(ana, ticket(2), now));
        assert!(looks.is_new(ana, ticket(1), now.plus(AGAIN)));
        // However many there are, memory has its bound, and none goes untold.
        (0..=KEPT_MAX as u128).for_each(|n| assert!(looks.is_new(ana, ticket(100 + n), now.plus(AGAIN))));
    }
}
