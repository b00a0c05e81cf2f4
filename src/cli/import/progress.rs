//! How far an import is, told on standard error, and what becomes of one that is stopped.

use crate::cli::serve::stopped;
use std::future::Future;
use std::io::{IsTerminal, Write, stderr};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A terminal's line is written anew each second; into a file goes a line now and then.
const AT_A_TERMINAL: Duration = Duration::from_secs(1);
const INTO_A_FILE: Duration = Duration::from_secs(5);

/// Rows that are written, of how many, since when.
pub struct Progress {
    total: u64,
    done: AtomicU64,
    begun: Instant,
    /// When it was told last, milliseconds since `begun`.
    told_ms: AtomicU64,
    /// All rows are with the database, which only has to confirm them.
    is_over: AtomicBool,
    is_terminal: bool,
}

impl Progress {
    pub fn of(total: u64) -> Self {
        Self {
            total,
            done: AtomicU64::new(0),
            begun: Instant::now(),
            told_ms: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
            is_terminal: stderr().is_terminal(),
        }
    }

    /// The first row is to come, perhaps again.
    pub fn begin(&self) {
        self.done.store(0, Ordering::Relaxed);
        self.is_over.store(false, Ordering::Relaxed);
    }

    pub fn written(&self, n_rows: u64) {
        let done = self.done.fetch_add(n_rows, Ordering::Relaxed) + n_rows;
        let elapsed = self.begun.elapsed();
        let every = if self.is_terminal { AT_A_TERMINAL } else { INTO_A_FILE };
        let now_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let due_ms =
            self.told_ms.load(Ordering::Relaxed) + u64::try_from(every.as_millis()).unwrap_or(u64::MAX);
        if now_ms >= due_ms && done < self.total {
            self.told_ms.store(now_ms, Ordering::Relaxed);
            self.tell(&line(done, self.total, now_ms));
        }
    }

    /// All rows were given to the database.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        if self.is_terminal && self.told_ms.load(Ordering::Relaxed) > 0 {
            self.tell("");
        }
    }

    fn tell(&self, line: &str) {
        let (before, after) = if self.is_terminal { ("\r\x1b[K", "") } else { ("", "\n") };
        let mut stderr = stderr().lock();
        // Nobody reads it any more: no reason to stop.
        let _told = write!(stderr, "{before}{line}{after}").and_then(|()| stderr.flush());
    }

    /// The outcome of `work`, or nothing when SIGINT or SIGTERM came first. Once all rows are with the database a signal
    /// changes nothing any more: whether they count is for it to say.
    pub async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> anyhow::Result<Option<T>> {
        let (mut work, mut stop) = (pin!(work), pin!(stopped()));
        let mut is_stopped = false;
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(Some(done)),
                signal = &mut stop, if !is_stopped => {
                    signal?;
                    is_stopped = true;
                    if self.is_terminal {
                        self.tell("");
                    }
                    if !self.is_over.load(Ordering::Relaxed) {
                        return Ok(None);
                    }
                    self.tell("all rows are written: the database confirms them now, which cannot be stopped");
                }
            }
        }
    }
}

/// `43000 of 200000 rows (21 %), 9772 a second, 16 s to go`.
fn line(done: u64, total: u64, elapsed_ms: u64) -> String {
    let percent = done.saturating_mul(100) / total.max(1);
    let a_second = done.saturating_mul(1_000) / elapsed_ms.max(1);
    let left_s = total.saturating_sub(done).div_ceil(a_second.max(1));
    format!("{done} of {total} rows ({percent} %), {a_second} a second, {left_s} s to go")
}

#[cfg(test)]
mod tests {
    use super::{Progress, line};
    use std::sync::atomic::Ordering;

    #[test]
    fn a_line_says_rows_rate_and_what_is_left() {
        assert_eq!(line(43_000, 200_000, 4_400), "43000 of 200000 rows (21 %), 9772 a second, 17 s to go");
        assert_eq!(line(0, 0, 0), "0 of 0 rows (0 %), 0 a second, 0 s to go");
    }

    #[test]
    fn an_import_that_begins_again_counts_again() {
        let progress = Progress::of(10);
        progress.written(4);
        progress.end();
        progress.begin();
        progress.written(3);
        assert_eq!(progress.done.load(Ordering::Relaxed), 3);
        assert!(!progress.is_over.load(Ordering::Relaxed));
    }
}
