//! The live queue inside one process: the same contract as Redis, without a server.

use crate::domain::ids::{AgentId, LenderId, TicketId};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::handoff_queue::{HandoffQueue, Offer, QueueDepth, QueueError, QueuedTicket, Rebuild};
use async_trait::async_trait;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Closed tickets that are remembered per lender, so that a late message about an older version stays without
/// effect. The database is the second wall behind it.
const GONE_MAX: usize = 10_000;

/// Rebuilds under way that are remembered; more means that they fail one after the other.
const REBUILDS_MAX: usize = 100;

/// Names of rebuilds: of one queue none is like one of another.
static REBUILDS: AtomicU64 = AtomicU64::new(0);

/// The place in a queue: priority, then first wait, then id.
type Place = (i16, Timestamp, TicketId);

#[derive(Debug, Default)]
pub struct MemoryQueue {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    lenders: HashMap<LenderId, Desk>,
    rebuilt: bool,
    rebuilds: VecDeque<Rebuild>,
}

/// One lender's tickets.
#[derive(Debug, Default)]
struct Desk {
    tickets: HashMap<TicketId, Entry>,
    waiting: BTreeMap<String, BTreeSet<Place>>,
    /// By end of the hold.
    held: BTreeSet<(Timestamp, TicketId)>,
    /// Closed tickets, oldest first.
    gone: VecDeque<TicketId>,
}

#[derive(Debug)]
struct Entry {
    version: i64,
    state: EntryState,
}

#[derive(Debug)]
enum EntryState {
    Waiting(Line),
    Held { line: Line, agent: AgentId, until: Timestamp },
    Gone,
}

/// Where a ticket stands, or stood before it was taken.
#[derive(Debug, Clone)]
struct Line {
    queue: String,
    place: Place,
}

impl Line {
    fn of(ticket: &QueuedTicket) -> Self {
        Self {
            queue: ticket.queue.clone(),
            place: (ticket.priority.rank(), ticket.waiting_since, ticket.ticket),
        }
    }
}

impl Desk {
    /// Takes a ticket out of the index that it is in and forgets it.
    fn leave(&mut self, ticket: TicketId) {
        let Some(entry) = self.tickets.remove(&ticket) else { return };
        match entry.state {
            EntryState::Waiting(line) => self.unwait(&line),
            EntryState::Held { until, .. } => {
                self.held.remove(&(until, ticket));
            }
            EntryState::Gone => self.gone.retain(|gone| *gone != ticket),
        }
    }

    fn unwait(&mut self, line: &Line) {
        if let Some(places) = self.waiting.get_mut(&line.queue) {
            places.remove(&line.place);
            if places.is_empty() {
                self.waiting.remove(&line.queue);
            }
        }
    }

    fn wait(&mut self, ticket: TicketId, version: i64, line: Line) {
        self.waiting.entry(line.queue.clone()).or_default().insert(line.place);
        self.tickets.insert(ticket, Entry { version, state: EntryState::Waiting(line) });
    }

    fn hold(&mut self, ticket: TicketId, version: i64, line: Line, agent: AgentId, until: Timestamp) {
        self.leave(ticket);
        self.held.insert((until, ticket));
        self.tickets.insert(ticket, Entry { version, state: EntryState::Held { line, agent, until } });
    }

    /// Puts tickets back whose hold is over, at the place that their first wait gives them.
    fn reclaim(&mut self, now: Timestamp) {
        while let Some((until, ticket)) = self.held.first().copied()
            && until <= now
        {
            self.held.remove(&(until, ticket));
            if let Some(Entry { version, state: EntryState::Held { line, .. } }) =
                self.tickets.remove(&ticket)
            {
                self.wait(ticket, version, line);
            }
        }
    }

    /// The first waiting ticket of these queues; of all when none is named.
    fn first(&self, queues: &[String]) -> Option<Line> {
        let head = |(queue, places): (&String, &BTreeSet<Place>)| {
            places.first().map(|place| Line { queue: queue.clone(), place: *place })
        };
        self.waiting
            .iter()
            .filter(|(queue, _)| queues.is_empty() || queues.contains(queue))
            .filter_map(head)
            .min_by_key(|line| line.place)
    }

    fn bury(&mut self, ticket: TicketId, version: i64) {
        self.tickets.insert(ticket, Entry { version, state: EntryState::Gone });
        self.gone.push_back(ticket);
        if self.gone.len() > GONE_MAX
            && let Some(oldest) = self.gone.pop_front()
        {
            self.tickets.remove(&oldest);
        }
    }

    fn depths(&self) -> Vec<QueueDepth> {
        let mut rows: BTreeMap<&str, QueueDepth> = BTreeMap::new();
        let empty = |queue: &str| QueueDepth {
            queue: queue.to_owned(),
            waiting: 0,
            held: 0,
            oldest_waiting_since: None,
        };
        for (queue, places) in &self.waiting {
            let row = rows.entry(queue).or_insert_with(|| empty(queue));
            row.waiting = places.len().try_into().unwrap_or(u64::MAX);
            row.oldest_waiting_since = places.iter().map(|(_, since, _)| *since).min();
        }
        for (_, ticket) in &self.held {
            if let Some(Entry { state: EntryState::Held { line, .. }, .. }) = self.tickets.get(ticket) {
                rows.entry(&line.queue).or_insert_with(|| empty(&line.queue)).held += 1;
            }
        }
        rows.into_values().collect()
    }
}

impl MemoryQueue {
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic elsewhere leaves the state whole: each verb changes it only through total functions.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl HandoffQueue for MemoryQueue {
    async fn enqueue(&self, ticket: &QueuedTicket) -> Result<(), QueueError> {
        let mut state = self.lock();
        let desk = state.lenders.entry(ticket.lender.clone()).or_default();
        if desk.tickets.get(&ticket.ticket).is_none_or(|known| known.version < ticket.version) {
            desk.leave(ticket.ticket);
            desk.wait(ticket.ticket, ticket.version, Line::of(ticket));
        }
        Ok(())
    }

    async fn hold(&self, ticket: &QueuedTicket, agent: AgentId, until: Timestamp) -> Result<(), QueueError> {
        let mut state = self.lock();
        let desk = state.lenders.entry(ticket.lender.clone()).or_default();
        let may = desk.tickets.get(&ticket.ticket).is_none_or(|known| {
            known.version < ticket.version
                || known.version == ticket.version
                    && match &known.state {
                        EntryState::Waiting(_) => true,
                        EntryState::Held { agent: holder, .. } => *holder == agent,
                        EntryState::Gone => false,
                    }
        });
        if may {
            desk.hold(ticket.ticket, ticket.version, Line::of(ticket), agent, until);
        }
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
        let mut state = self.lock();
        let Some(desk) = state.lenders.get_mut(lender) else { return Ok(None) };
        desk.reclaim(now);
        let Some(line) = desk.first(queues) else { return Ok(None) };
        let (_, _, ticket) = line.place;
        let Some(version) = desk.tickets.get(&ticket).map(|entry| entry.version) else { return Ok(None) };
        let until = now.plus(lease);
        desk.hold(ticket, version, line, agent, until);
        Ok(Some(Offer { ticket, version, until }))
    }

    async fn renew(
        &self,
        lender: &LenderId,
        ticket: TicketId,
        agent: AgentId,
        until: Timestamp,
    ) -> Result<bool, QueueError> {
        let mut state = self.lock();
        let Some(desk) = state.lenders.get_mut(lender) else { return Ok(false) };
        let Some(Entry { state: EntryState::Held { agent: holder, until: end, .. }, .. }) =
            desk.tickets.get_mut(&ticket)
        else {
            return Ok(false);
        };
        if *holder != agent {
            return Ok(false);
        }
        if until > *end {
            desk.held.remove(&(*end, ticket));
            desk.held.insert((until, ticket));
            *end = until;
        }
        Ok(true)
    }

    async fn remove(&self, lender: &LenderId, ticket: TicketId, version: i64) -> Result<(), QueueError> {
        let mut state = self.lock();
        let desk = state.lenders.entry(lender.clone()).or_default();
        if desk.tickets.get(&ticket).is_none_or(|known| known.version <= version) {
            desk.leave(ticket);
            desk.bury(ticket, version);
        }
        Ok(())
    }

    async fn depths(&self, lender: &LenderId, now: Timestamp) -> Result<Vec<QueueDepth>, QueueError> {
        let mut state = self.lock();
        let Some(desk) = state.lenders.get_mut(lender) else { return Ok(Vec::new()) };
        desk.reclaim(now);
        Ok(desk.depths())
    }

    async fn position(&self, lender: &LenderId, ticket: TicketId) -> Result<Option<u64>, QueueError> {
        let state = self.lock();
        let Some(desk) = state.lenders.get(lender) else { return Ok(None) };
        let Some(Entry { state: EntryState::Waiting(line), .. }) = desk.tickets.get(&ticket) else {
            return Ok(None);
        };
        let before = desk.waiting.get(&line.queue).map_or(0, |places| places.range(..line.place).count());
        Ok(u64::try_from(before).ok().map(|before| before + 1))
    }

    async fn needs_rebuild(&self) -> Result<Option<Rebuild>, QueueError> {
        let mut state = self.lock();
        if state.rebuilt {
            return Ok(None);
        }
        let rebuild = Rebuild(REBUILDS.fetch_add(1, Ordering::Relaxed).to_string());
        state.rebuilds.truncate(REBUILDS_MAX - 1);
        state.rebuilds.push_front(rebuild.clone());
        Ok(Some(rebuild))
    }

    async fn mark_rebuilt(&self, rebuild: &Rebuild) -> Result<(), QueueError> {
        let mut state = self.lock();
        if state.rebuilds.contains(rebuild) {
            state.rebuilt = true;
            state.rebuilds.clear();
        }
        Ok(())
    }

    async fn ping(&self) -> Result<(), QueueError> {
        Ok(())
    }
}
