//! Keeps the database from growing without end: removes what has served, a little at a time, after the people's work.

use crate::domain::time::{Millis, Timestamp};
use crate::ports::clock::Clock;
use crate::ports::retention::{Act, Aged, Place};
use crate::ports::{Store, StoreError};
use std::sync::{Arc, Mutex, PoisonError};

/// People wait for an answer: retention lets them go first.
const OLDEST_INPUT_MAX_MS: i64 = 2_000;
/// The same, when many came at once.
const PENDING_MAX: u64 = 1_000;

/// Rows that a chat's log and messages come to, of the rows of a round: 500 chats at once held SQLite's writer for 0.9 s.
const ROWS_PER_CHAT: u32 = 10;

/// How long each kind is kept; `None` keeps it for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    pub deliveries: Option<Millis>,
    /// Inputs and notices: longer than Meta's repeats, which their keys recognise.
    pub updates: Option<Millis>,
    pub chats: Option<Millis>,
}

impl Keep {
    /// Before which time a kind has served.
    pub fn before(&self, kind: Aged, now: Timestamp) -> Option<Timestamp> {
        let kept = match kind {
            Aged::Deliveries => self.deliveries,
            Aged::Inputs | Aged::Notices => self.updates,
            Aged::Chats => self.chats,
        };
        kept.map(|length| now.minus(length))
    }
}

/// What a round found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// There may be more: come back after the pause between rounds.
    More,
    /// People wait: nothing was done.
    Yielded,
    /// All kinds were swept.
    Done,
}

/// All that one kind came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    pub kind: Aged,
    /// `None` when the kind is kept for ever.
    pub before: Option<Timestamp>,
    pub looked_at: u64,
    pub removed: u64,
}

pub struct Retention {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    keep: Keep,
    /// Rows of one round: what is locked and written at once.
    rows: u32,
    /// The kind that is being swept and how far; of this process alone, a restart begins anew.
    progress: Mutex<(usize, Place)>,
}

impl Retention {
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, keep: Keep, rows: u32) -> Self {
        Self { store, clock, keep, rows: rows.max(1), progress: Mutex::default() }
    }

    /// Sweeps the next rows, unless people wait.
    pub async fn round(&self) -> Result<Round, StoreError> {
        let now = self.clock.now();
        let backlog = self.store.backlog(now).await?;
        if backlog.oldest_input_ms > OLDEST_INPUT_MAX_MS || backlog.pending_inputs > PENDING_MAX {
            metrics::counter!("acuerdo_retention_yields_total").increment(1);
            return Ok(Round::Yielded);
        }
        let (at, after) = self.progress();
        let Some(kind) = Aged::ALL.get(at).copied() else {
            self.go_on(0, Place::default());
            return Ok(Round::Done);
        };
        let next = match self.keep.before(kind, now) {
            Some(before) => {
                let step = self.store.sweep(kind, before, after, self.limit(kind), Act::Remove).await?;
                count(kind, step.removed);
                step.next
            }
            None => None,
        };
        match next {
            Some(next) => self.go_on(at, next),
            None => self.go_on(at + 1, Place::default()),
        }
        Ok(Round::More)
    }

    /// Sweeps one kind to its end, at once; for the command line.
    pub async fn whole(&self, kind: Aged, act: Act) -> Result<Total, StoreError> {
        let before = self.keep.before(kind, self.clock.now());
        let mut total = Total { kind, before, looked_at: 0, removed: 0 };
        let Some(before) = before else { return Ok(total) };
        let mut next = Some(Place::default());
        while let Some(after) = next {
            let step = self.store.sweep(kind, before, after, self.limit(kind), act).await?;
            total.looked_at += step.looked_at;
            total.removed += step.removed;
            next = step.next;
        }
        Ok(total)
    }

    /// What one round looks at.
    fn limit(&self, kind: Aged) -> u32 {
        match kind {
            Aged::Deliveries | Aged::Inputs | Aged::Notices => self.rows,
            Aged::Chats => (self.rows / ROWS_PER_CHAT).max(1),
        }
    }

    fn progress(&self) -> (usize, Place) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go_on(&self, kind: usize, place: Place) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = (kind, place);
    }
}

fn count(kind: Aged, removed: u64) {
    if removed > 0 {
        metrics::counter!("acuerdo_retention_removed_total", "kind" => kind.name()).increment(removed);
    }
}
