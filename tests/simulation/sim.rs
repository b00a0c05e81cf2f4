//! The simulated machine: virtual time, the order of what happens, and the points at which things may go wrong.

use crate::faults::Armed;
use crate::graph::GraphSide;
use crate::meta::MetaSide;
use crate::oracle::Watch;
use crate::people::Screens;
use crate::rng::Rng;
use crate::store::memory::MemoryStore;
use crate::store::view::Loop;
use acuerdo::domain::time::Timestamp;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What may happen at a moment, besides a task going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A task passes its await.
    Open(u64),
    /// Meta posts a delivery.
    Post(usize),
    /// Meta has waited long enough for an acknowledgement of that try.
    PostOverdue(usize, u32),
    /// A send request reaches the Graph API.
    GraphArrival(usize),
    Step(usize),
    /// A process begins (again).
    Start(usize),
    /// An operator lifts what was stopped.
    LiftStops,
    DrainBegins,
    /// Timers rest, so that everything can come to an end.
    TimersRest,
    End,
}

pub struct Core {
    pub now: i64,
    pub events: BTreeMap<(i64, u64), Event>,
    drawn: Rng,
    counter: u64,
    gates: BTreeMap<u64, GateState>,
    next_gate: u64,
    pub armed: Armed,
    /// Clock of each process minus true time.
    pub offsets: Vec<i64>,
    /// A process that dies as soon as its task returns.
    pub dying: Option<(usize, i64)>,
    pub graph: GraphSide,
    pub meta: MetaSide,
    pub screens: Screens,
    pub watch: Watch,
    pub draining: bool,
    pub timers_rest: bool,
    pub trace: Option<Vec<String>>,
    sleepers: Vec<(Loop, usize, u64)>,
    /// Changes with everything that happens: equal runs have equal fingerprints.
    pub fingerprint: u64,
}

struct GateState {
    key: (i64, u64),
    open: bool,
    waker: Waker,
}

pub struct Sim {
    core: Mutex<Core>,
    pub store: Arc<MemoryStore>,
}

impl Sim {
    pub fn new(seed: u64, now: i64, armed: Armed, tracing: bool) -> Self {
        Self {
            core: Mutex::new(Core {
                now,
                events: BTreeMap::new(),
                drawn: Rng::new(seed, 2),
                counter: 0,
                gates: BTreeMap::new(),
                next_gate: 0,
                armed,
                offsets: vec![0; 2],
                dying: None,
                graph: GraphSide::default(),
                meta: MetaSide::default(),
                screens: Screens::default(),
                watch: Watch::default(),
                draining: false,
                timers_rest: false,
                trace: tracing.then(Vec::new),
                sleepers: Vec::new(),
                fingerprint: seed,
            }),
            store: Arc::new(MemoryStore::default()),
        }
    }

    pub fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time that a process reads.
    pub fn clock_of(&self, process: usize) -> Timestamp {
        let core = self.core();
        Timestamp(core.now + core.offsets[process])
    }

    /// An await of a process: others may go on, time may pass, the process may die here.
    pub fn pass(self: &Arc<Self>, process: usize, place: &'static str) -> Gate {
        Gate { sim: Arc::clone(self), process, place, id: None, delay_ms: None }
    }

    pub fn sleep(self: &Arc<Self>, process: usize, length_ms: i64) -> Gate {
        Gate { sim: Arc::clone(self), process, place: "sleep", id: None, delay_ms: Some(length_ms) }
    }

    /// After a change of the store: loops that would now find work earlier than they planned look earlier.
    pub fn store_changed(&self) {
        let due = self.store.due();
        self.core().rouse(|kind, offset| due.of(kind).map(|at| at - offset));
    }

    /// How long an idle loop sleeps: until it would find something, and now and then without.
    pub fn idle_ms(&self, kind: Loop, process: usize, n_empty: u32) -> i64 {
        let due = self.store.due().of(kind);
        let mut core = self.core();
        let least = 50 << n_empty.min(14);
        // Whatever changes the store, and a flushed queue, wakes the loops that it concerns.
        let most = 6 * 60 * 60_000;
        let until = due.map_or(most, |at| at - core.offsets[process] - core.now);
        until.clamp(least.min(most), most) + core.drawn.between(0, 100)
    }
}

impl Core {
    /// Plans an event; equal times are ordered by lot.
    pub fn schedule(&mut self, at: i64, event: Event) -> (i64, u64) {
        self.counter += 1;
        let lot = (self.drawn.next() >> 24) << 24;
        let key = (at.max(self.now), lot | (self.counter & 0xFF_FFFF));
        self.events.insert(key, event);
        key
    }

    pub fn after(&mut self, delay_ms: i64, event: Event) {
        let at = self.now + delay_ms;
        self.schedule(at, event);
    }

    pub const fn drawn(&mut self) -> &mut Rng {
        &mut self.drawn
    }

    pub fn say(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>12} {}", clock_text(self.now), line()));
        }
    }

    pub fn mix(&mut self, what: u64) {
        self.fingerprint = (self.fingerprint ^ what).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(5);
    }

    /// Takes the next event and moves the time to it.
    pub fn next_event(&mut self) -> Option<Event> {
        let ((at, _), event) = self.events.pop_first()?;
        self.now = self.now.max(at);
        let now = self.now.unsigned_abs();
        self.mix(now);
        Some(event)
    }

    /// Ends the sleep of idle loops that have something to do earlier than they planned to look.
    pub fn rouse(&mut self, due: impl Fn(Loop, i64) -> Option<i64>) {
        let Self { sleepers, gates, events, drawn, now, offsets, counter, .. } = self;
        for (kind, process, gate) in sleepers {
            let Some(at) = due(*kind, offsets[*process]) else { continue };
            let at = at.max(*now) + drawn.between(1, 120);
            let state = gates.get_mut(gate).unwrap();
            if at < state.key.0 && !state.open {
                events.remove(&state.key);
                *counter += 1;
                state.key = (at, *counter);
                events.insert(state.key, Event::Open(*gate));
            }
        }
    }

    pub fn open(&mut self, gate: u64) {
        if let Some(state) = self.gates.get_mut(&gate) {
            state.open = true;
            state.waker.wake_by_ref();
        }
    }
}

fn clock_text(now: i64) -> String {
    let text = Timestamp(now).rfc3339();
    text.get(5..23).map_or_else(|| text.clone(), str::to_owned)
}

/// An await that the scheduler opens. Dropped before that, it was never passed.
pub struct Gate {
    sim: Arc<Sim>,
    process: usize,
    place: &'static str,
    id: Option<u64>,
    delay_ms: Option<i64>,
}

impl Future for Gate {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let sim = Arc::clone(&self.sim);
        let mut core = sim.core();
        if let Some(id) = self.id {
            let state = core.gates.get_mut(&id).unwrap();
            if state.open {
                core.gates.remove(&id);
                self.id = None;
                return Poll::Ready(());
            }
            state.waker.clone_from(context.waker());
            return Poll::Pending;
        }
        if core.dying.is_some() {
            return Poll::Pending;
        }
        let stall = match self.delay_ms {
            Some(_) => 0,
            None => match core.at_await(self.process, self.place) {
                Passing::On { stall_ms } => stall_ms,
                Passing::Dies => return Poll::Pending,
            },
        };
        let lag = core.drawn.next() % 4;
        let delay = self.delay_ms.unwrap_or_else(|| i64::try_from(lag).unwrap()) + stall;
        let id = core.next_gate;
        core.next_gate += 1;
        let at = core.now + delay;
        let key = core.schedule(at, Event::Open(id));
        core.gates.insert(id, GateState { key, open: false, waker: context.waker().clone() });
        self.id = Some(id);
        Poll::Pending
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        let mut core = self.sim.core();
        if let Some(state) = core.gates.remove(&id) {
            core.events.remove(&state.key);
        }
        core.sleepers.retain(|(_, _, gate)| *gate != id);
    }
}

/// What an await finds.
pub enum Passing {
    On { stall_ms: i64 },
    Dies,
}

/// The sleep of an idle loop, which new work ends.
pub struct Idle {
    gate: Gate,
    kind: Loop,
    listed: bool,
}

impl Idle {
    pub const fn new(gate: Gate, kind: Loop) -> Self {
        Self { gate, kind, listed: false }
    }
}

impl Future for Idle {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let outcome = Pin::new(&mut self.gate).poll(context);
        let sim = Arc::clone(&self.gate.sim);
        match (&outcome, self.gate.id) {
            (Poll::Pending, Some(id)) if !self.listed => {
                sim.core().sleepers.push((self.kind, self.gate.process, id));
                self.listed = true;
            }
            (Poll::Ready(()), _) => {
                let mut core = sim.core();
                let Core { sleepers, gates, .. } = &mut *core;
                sleepers.retain(|(_, _, gate)| gates.contains_key(gate));
            }
            (Poll::Pending, _) => {}
        }
        outcome
    }
}

impl Sim {
    /// A UUIDv7 that follows from the seed.
    pub fn uuid(&self, now: Timestamp) -> uuid::Uuid {
        let mut core = self.core();
        let bytes: [u8; 16] = std::array::from_fn(|_| core.drawn.next().to_be_bytes()[0]);
        let [random @ .., _, _, _, _, _, _] = bytes;
        uuid::Builder::from_unix_timestamp_millis(now.0.max(0).unsigned_abs(), &random).into_uuid()
    }
}
