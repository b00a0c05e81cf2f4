//! One clock for all replicas: the database's, carried on by this machine's monotonic clock between two looks at it.
//!
//! Leases, due times and doubts are written by one replica and judged by another. Were they written by each
//! machine's own clock, one that runs five minutes ahead would hold its chats for five minutes after its death.

use crate::domain::time::{Millis, Timestamp};
use crate::ports::clock::Clock;
use crate::ports::switches::SwitchStore;
use crate::ports::{Store, StoreError};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Between two looks at the database's clock; a good quartz drifts by less than a millisecond meanwhile.
const PERIOD: Duration = Duration::from_secs(5);

/// A difference beyond this is no inaccuracy of the measurement: somebody set a clock.
const APART: Millis = Millis::seconds(2);

/// The database's milliseconds are rounded, and so are ours.
const ROUNDING: Millis = Millis(1);

/// The database's time if the database has a clock of its own, else the host's.
pub struct SharedClock {
    host: Arc<dyn Clock>,
    known: RwLock<Option<Known>>,
    /// The operator knows that the host's clock is wrong.
    warned: AtomicBool,
}

impl SharedClock {
    pub fn new(host: Arc<dyn Clock>) -> Self {
        Self { host, known: RwLock::default(), warned: AtomicBool::new(false) }
    }

    /// Looks at the database's clock once; false when it has none of its own, and the host's goes on to count.
    ///
    /// # Errors
    ///
    /// Those of the store; then what was known before goes on to count.
    pub async fn look(&self, store: &dyn SwitchStore) -> Result<bool, StoreError> {
        let asked = Instant::now();
        let Some(time) = store.time().await? else { return Ok(false) };
        let look = Look { asked, answered: Instant::now(), time };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some(known.map_or_else(|| look.first(), |known| look.correct(known)));
        drop(known);
        self.tell(self.host.now().since(self.now()));
        Ok(true)
    }

    /// Looks again and again until it is cancelled.
    pub async fn follow(self: Arc<Self>, store: Arc<dyn Store>, cancel: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                () = cancel.cancelled() => return,
            }
            match self.look(store.as_ref()).await {
                Ok(true) => {}
                Ok(false) => return,
                // The other loops say loudly that the database is away; the monotonic clock bridges that.
                Err(error) => tracing::debug!(error = %error, "the database's clock could not be read"),
            }
        }
    }

    fn tell(&self, ahead: Millis) {
        let length = Duration::from_millis(ahead.0.unsigned_abs()).as_secs_f64();
        let seconds = if ahead.0 < 0 { length.copysign(-1.0) } else { length };
        metrics::gauge!("acuerdo_clock_offset_seconds").set(seconds);
        let apart = ahead.0.saturating_abs() > APART.0;
        if apart && !self.warned.swap(apart, Ordering::Relaxed) {
            tracing::warn!(
                ahead_ms = ahead.0,
                "this machine's clock and the database's differ; the database's counts: synchronise both (NTP)"
            );
        } else if !apart && self.warned.swap(apart, Ordering::Relaxed) {
            tracing::info!(ahead_ms = ahead.0, "this machine's clock and the database's agree again");
        }
    }
}

impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        // The instant is taken under the lock: a correction never comes between it and what it is added to.
        known.map_or_else(|| self.host.now(), |known| known.now(Instant::now()))
    }
}

/// It was `time` at `at`, and nobody is told less than `floor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    at: Instant,
    time: Timestamp,
    floor: Timestamp,
}

impl Known {
    fn now(self, at: Instant) -> Timestamp {
        self.counted(at).max(self.floor)
    }

    fn counted(self, at: Instant) -> Timestamp {
        self.time.plus(millis(at.saturating_duration_since(self.at)))
    }
}

/// The database said `time` at some instant between `asked` and `answered`.
#[derive(Debug, Clone, Copy)]
struct Look {
    asked: Instant,
    answered: Instant,
    time: Timestamp,
}

impl Look {
    /// The middle of the round trip is off by half of it at most.
    fn first(self) -> Known {
        let round_trip = self.answered.saturating_duration_since(self.asked);
        Known { at: self.asked + round_trip / 2, time: self.time, floor: self.time }
    }

    /// What is known stays as long as this look does not contradict it, so that slow answers move nothing. A small
    /// step back is waited out, so that time stands still instead of running backwards; a large one is a clock that
    /// was set, as after a failover of the database, and all replicas follow it.
    fn correct(self, known: Known) -> Known {
        let round_trip = millis(self.answered.saturating_duration_since(self.asked));
        let earliest = self.time.minus(ROUNDING);
        let latest = self.time.plus(round_trip).plus(ROUNDING);
        if (earliest..=latest).contains(&known.counted(self.answered)) {
            return known;
        }
        let first = self.first();
        let told = known.now(self.answered);
        let back = told.since(first.now(self.answered));
        Known { floor: if back <= APART { told } else { first.floor }, ..first }
    }
}

fn millis(length: Duration) -> Millis {
    Millis(i64::try_from(length.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Known, Look};
    use crate::domain::time::Timestamp;
    use std::time::{Duration, Instant};

    const NOON: i64 = 1_767_268_800_000;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    /// Instants and looks, both counted in ms from one beginning.
    struct Bench(Instant);

    impl Bench {
        fn look(&self, asked: u64, answered: u64, time: i64) -> Look {
            Look { asked: self.0 + ms(asked), answered: self.0 + ms(answered), time: Timestamp(NOON + time) }
        }

        fn now(&self, known: Known, at: u64) -> i64 {
            known.now(self.0 + ms(at)).0 - NOON
        }
    }

    #[test]
    fn the_time_is_what_the_database_said_in_the_middle_of_the_round_trip_and_runs_on() {
        let bench = Bench(Instant::now());
        let known = bench.look(100, 120, 50).first();
        assert_eq!(bench.now(known, 110), 50);
        assert_eq!(bench.now(known, 120), 60);
        assert_eq!(bench.now(known, 3_600_110), 3_600_050);
    }

    #[test]
    fn an_answer_that_agrees_moves_nothing_however_long_it_took() {
        let bench = Bench(Instant::now());
        let known = bench.look(0, 2, 1).first();
        for (asked, answered, time) in [(5_000, 5_002, 5_001), (5_000, 6_000, 5_010), (5_000, 6_000, 5_990)] {
            assert_eq!(bench.look(asked, answered, time).correct(known), known, "{asked} {answered} {time}");
        }
    }

    #[test]
    fn a_better_look_mends_what_a_slow_answer_told() {
        let bench = Bench(Instant::now());
        // It was read at the very end: the middle is 500 ms too far.
        let slow = bench.look(0, 1_000, 1_000).first();
        assert_eq!(bench.now(slow, 5_000), 5_500);
        let quick = bench.look(5_000, 5_002, 5_001).correct(slow);
        assert_eq!(bench.now(quick, 6_000), 6_000);
    }

    #[test]
    fn a_small_correction_lets_time_stand_still_and_never_run_back() {
        let bench = Bench(Instant::now());
        let known = bench.look(0, 2, 501).first();
        assert_eq!(bench.now(known, 5_002), 5_502);
        let corrected = bench.look(5_000, 5_002, 5_001).correct(known);
        let told = [5_002, 5_003, 5_400, 5_502, 5_503, 6_000].map(|at| bench.now(corrected, at));
        assert_eq!(told, [5_502, 5_502, 5_502, 5_502, 5_503, 6_000]);
    }

    #[test]
    fn two_small_corrections_one_after_the_other_never_run_back() {
        let bench = Bench(Instant::now());
        let mut known = bench.look(0, 2, 1_001).first();
        let mut told = bench.now(known, 4_999);
        for (at, time) in [(5_000, 4_601), (5_100, 4_001), (5_200, 5_201)] {
            known = bench.look(at, at + 2, time).correct(known);
            for later in [at + 2, at + 50, at + 99] {
                let now = bench.now(known, later);
                assert!(now >= told, "{told} and then {now}");
                told = now;
            }
        }
    }

    #[test]
    fn a_clock_that_was_set_is_followed_at_once_in_both_directions() {
        let bench = Bench(Instant::now());
        let known = bench.look(0, 2, 1).first();
        let ahead = bench.look(5_000, 5_002, 305_001).correct(known);
        assert_eq!(bench.now(ahead, 5_002), 305_002);
        let back = bench.look(10_000, 10_002, 10_001).correct(ahead);
        assert_eq!(bench.now(back, 10_002), 10_002);
        assert_eq!(bench.now(back, 11_002), 11_002);
    }
}
