//! Whether the loops of this process still come round. A process whose loops are dead takes in messages that nobody
//! answers, and looks well from outside.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// One task that the supervisor runs.
#[derive(Debug)]
struct Pulse {
    name: &'static str,
    /// Until then it may be silent, milliseconds of [`now_ms`]; 0 for a task that only must not end.
    silent_until_ms: AtomicU64,
    /// It ended although nobody had told it to.
    is_dead: AtomicBool,
}

static PULSES: Mutex<Vec<Arc<Pulse>>> = Mutex::new(Vec::new());

tokio::task_local! {
    static OWN: Arc<Pulse>;
}

/// Milliseconds of a clock that nobody sets.
fn now_ms() -> u64 {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    u64::try_from(BEGUN.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn pulses() -> std::sync::MutexGuard<'static, Vec<Arc<Pulse>>> {
    PULSES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A task as the supervisor holds it.
#[derive(Debug, Clone)]
pub struct Watched(Arc<Pulse>);

impl Watched {
    pub fn new(name: &'static str) -> Self {
        let pulse =
            Arc::new(Pulse { name, silent_until_ms: AtomicU64::new(0), is_dead: AtomicBool::new(false) });
        pulses().push(pulse.clone());
        Self(pulse)
    }

    /// Runs the task, whose [`beat`]s count as this one's.
    pub async fn run<T>(&self, task: impl Future<Output = T>) -> T {
        OWN.scope(self.0.clone(), task).await
    }

    /// It ended as it was told to: nobody misses it.
    pub fn dismiss(self) {
        pulses().retain(|pulse| !Arc::ptr_eq(pulse, &self.0));
    }

    /// It ended by itself, which nothing mends but a new process.
    pub fn died(self) {
        self.0.is_dead.store(true, Ordering::Relaxed);
    }
}

/// The loop that calls this has come round, and does so again within `silence`. Outside a supervised task nothing happens.
pub fn beat(silence: Duration) {
    let until = now_ms().saturating_add(u64::try_from(silence.as_millis()).unwrap_or(u64::MAX));
    // Not in a task of the supervisor: a test that drives a loop by hand.
    let _ = OWN.try_with(|pulse| pulse.silent_until_ms.store(until.max(1), Ordering::Relaxed));
}

/// Every loop by name, with whether one of that name is silent for too long or dead.
pub fn loops() -> Vec<(&'static str, bool)> {
    let now = now_ms();
    let mut found: Vec<(&'static str, bool)> = Vec::new();
    for pulse in pulses().iter() {
        let until = pulse.silent_until_ms.load(Ordering::Relaxed);
        let is_silent = pulse.is_dead.load(Ordering::Relaxed) || (until > 0 && now > until);
        match found.iter_mut().find(|(name, _)| *name == pulse.name) {
            Some((_, silent)) => *silent |= is_silent,
            None => found.push((pulse.name, is_silent)),
        }
    }
    found
}

/// The names of those that are.
pub fn silent_loops() -> Vec<&'static str> {
    loops().into_iter().filter(|(_, silent)| *silent).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::{Watched, beat, loops, silent_loops};
    use std::time::Duration;

    #[tokio::test]
    async fn a_loop_that_comes_round_no_more_is_named_until_it_does_or_ends() {
        let watched = Watched::new("of this test");
        assert!(loops().contains(&("of this test", false)), "before its first round");
        watched.run(async { beat(Duration::ZERO) }).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(silent_loops().contains(&"of this test"));
        watched.run(async { beat(Duration::from_secs(60)) }).await;
        assert!(!silent_loops().contains(&"of this test"));
        watched.dismiss();
        assert!(!loops().iter().any(|(name, _)| *name == "of this test"));
        beat(Duration::ZERO);
    }

    #[test]
    fn one_of_several_that_died_is_missed() {
        let (one, other) = (Watched::new("of two"), Watched::new("of two"));
        one.died();
        assert!(silent_loops().contains(&"of two"));
        other.dismiss();
        assert!(silent_loops().contains(&"of two"));
    }
}
