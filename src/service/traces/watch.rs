//! When stages began and ended: the clock's time, and from then on a stopwatch finer than milliseconds.

use crate::domain::time::Timestamp;
use crate::ports::traces::Moment;
use std::time::Instant;

const NANOS_PER_MS: u64 = 1_000_000;

/// Runs since a time of the clock.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    at: Moment,
    since: Instant,
}

impl Watch {
    pub fn begin(now: Timestamp) -> Self {
        Self { at: moment(now), since: Instant::now() }
    }

    pub const fn began(&self) -> Moment {
        self.at
    }

    pub fn now(&self) -> Moment {
        let passed = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        Moment(self.at.0.saturating_add(passed))
    }
}

pub fn moment(at: Timestamp) -> Moment {
    Moment(u64::try_from(at.0).unwrap_or(0).saturating_mul(NANOS_PER_MS))
}

/// A part of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Read who the people are.
    Load,
    /// Found what the text means.
    Understand,
    /// The engine's step.
    Step,
    /// Ran an action of the catalogue.
    Action { name: String, outcome: &'static str },
    /// Wrote the turn, together with others.
    Commit,
}

/// A phase with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lap {
    pub phase: Phase,
    pub begin: Moment,
    pub end: Moment,
}

/// The phases of one turn, in order; keeps nothing without a watch.
#[derive(Debug, Clone, Default)]
pub struct Laps {
    watch: Option<Watch>,
    done: Vec<Lap>,
}

impl Laps {
    pub const fn of(watch: Option<Watch>) -> Self {
        Self { watch, done: Vec::new() }
    }

    /// When a phase begins, to be given to [`Laps::end`].
    pub fn begin(&self) -> Option<Moment> {
        self.watch.map(|watch| watch.now())
    }

    pub fn end(&mut self, begin: Option<Moment>, phase: impl FnOnce() -> Phase) {
        if let (Some(watch), Some(begin)) = (self.watch, begin) {
            self.done.push(Lap { phase: phase(), begin, end: watch.now() });
        }
    }

    /// These and those of the whole batch, in order of time.
    pub fn merged(self, batch: &Self) -> Vec<Lap> {
        let mut all = self.done;
        all.extend(batch.done.iter().cloned());
        all.sort_by_key(|lap| lap.begin);
        all
    }
}
