//! Faults that wait for their occasion, and what they do there.

use crate::plan::{Fault, FaultKind, GraphFault, Place, WebhookFault};
use crate::sim::{Core, Passing};
use crate::store::view::Loop;

/// What is still to go wrong, and what is going wrong now.
#[derive(Debug, Default)]
pub struct Armed {
    waiting: Vec<Fault>,
    pub store_down_until: i64,
    pub queue_down_until: i64,
    /// Faults that found their occasion.
    pub n_struck: u32,
}

impl Armed {
    /// `faults` with true times.
    pub const fn new(faults: Vec<Fault>) -> Self {
        Self { waiting: faults, store_down_until: 0, queue_down_until: 0, n_struck: 0 }
    }

    pub fn disarm(&mut self) {
        self.waiting.clear();
        self.store_down_until = 0;
        self.queue_down_until = 0;
    }

    /// The first fault whose time has come and that fits here.
    fn strike<T>(&mut self, now: i64, fits: impl Fn(FaultKind) -> Option<T>) -> Option<T> {
        let due = self.waiting.iter().take_while(|fault| fault.at <= now);
        let (place, found) = due.enumerate().find_map(|(place, fault)| Some((place, fits(fault.kind)?)))?;
        self.waiting.remove(place);
        self.n_struck += 1;
        Some(found)
    }
}

fn here(place: Place, name: &str) -> bool {
    match place {
        Place::Any => true,
        Place::At(wanted) => wanted == name,
    }
}

/// How a call of the store goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFault {
    Fails,
    OutcomeUnknown,
}

impl Core {
    /// Looks whether a process that passes an await dies or stalls there.
    pub fn at_await(&mut self, process: usize, name: &'static str) -> Passing {
        self.at_any_moment();
        let now = self.now;
        let struck = self.armed.strike(now, |kind| match kind {
            FaultKind::Crash { place, down_ms } if here(place, name) => Some((true, down_ms)),
            FaultKind::Stall { place, length_ms } if here(place, name) => Some((false, length_ms)),
            FaultKind::Crash { .. }
            | FaultKind::Stall { .. }
            | FaultKind::StoreFails { .. }
            | FaultKind::OutcomeUnknown { .. }
            | FaultKind::StoreDown { .. }
            | FaultKind::QueueDown { .. }
            | FaultKind::QueueFlushed
            | FaultKind::ClockJumps { .. }
            | FaultKind::Webhook(_)
            | FaultKind::Graph(_) => None,
        });
        match struck {
            Some((true, down_ms)) => {
                self.say(|| format!("p{process} !! dies at {name}, back in {down_ms} ms"));
                self.dying = Some((process, down_ms));
                Passing::Dies
            }
            Some((false, stall_ms)) => {
                self.say(|| format!("p{process} !! stalls at {name} for {stall_ms} ms"));
                Passing::On { stall_ms }
            }
            None => Passing::On { stall_ms: 0 },
        }
    }

    /// Faults that need no occasion.
    fn at_any_moment(&mut self) {
        let now = self.now;
        let struck = self.armed.strike(now, |kind| match kind {
            FaultKind::StoreDown { .. }
            | FaultKind::QueueDown { .. }
            | FaultKind::QueueFlushed
            | FaultKind::ClockJumps { .. } => Some(kind),
            FaultKind::Crash { .. }
            | FaultKind::Stall { .. }
            | FaultKind::StoreFails { .. }
            | FaultKind::OutcomeUnknown { .. }
            | FaultKind::Webhook(_)
            | FaultKind::Graph(_) => None,
        });
        let Some(kind) = struck else { return };
        self.say(|| format!("   !! {kind:?}"));
        match kind {
            FaultKind::StoreDown { length_ms } => self.armed.store_down_until = now + length_ms,
            FaultKind::QueueDown { length_ms } => self.armed.queue_down_until = now + length_ms,
            FaultKind::QueueFlushed => {
                self.watch.flush_queue = true;
                // The product looks every second.
                self.rouse(|kind, _| (kind == Loop::Tickets).then_some(now + 500));
            }
            FaultKind::ClockJumps { process: Some(process), by_ms } => self.offsets[process] += by_ms,
            FaultKind::ClockJumps { process: None, by_ms } => {
                self.offsets.iter_mut().for_each(|offset| *offset += by_ms);
            }
            FaultKind::Crash { .. }
            | FaultKind::Stall { .. }
            | FaultKind::StoreFails { .. }
            | FaultKind::OutcomeUnknown { .. }
            | FaultKind::Webhook(_)
            | FaultKind::Graph(_) => {}
        }
    }

    /// Whether this call of the store goes wrong.
    pub fn at_store(&mut self, process: usize, name: &'static str) -> Option<StoreFault> {
        let now = self.now;
        if now < self.armed.store_down_until {
            return Some(StoreFault::Fails);
        }
        let struck = self.armed.strike(now, |kind| match kind {
            FaultKind::StoreFails { place } if here(place, name) => Some(StoreFault::Fails),
            FaultKind::OutcomeUnknown { place } if here(place, name) => Some(StoreFault::OutcomeUnknown),
            FaultKind::Crash { .. }
            | FaultKind::Stall { .. }
            | FaultKind::StoreFails { .. }
            | FaultKind::OutcomeUnknown { .. }
            | FaultKind::StoreDown { .. }
            | FaultKind::QueueDown { .. }
            | FaultKind::QueueFlushed
            | FaultKind::ClockJumps { .. }
            | FaultKind::Webhook(_)
            | FaultKind::Graph(_) => None,
        });
        if let Some(fault) = struck {
            self.say(|| format!("p{process} !! {name}: {fault:?}"));
        }
        struck
    }

    pub fn at_graph(&mut self) -> Option<GraphFault> {
        let now = self.now;
        self.armed.strike(now, |kind| if let FaultKind::Graph(fault) = kind { Some(fault) } else { None })
    }

    pub fn at_webhook(&mut self) -> Option<WebhookFault> {
        let now = self.now;
        self.armed.strike(now, |kind| if let FaultKind::Webhook(fault) = kind { Some(fault) } else { None })
    }
}
