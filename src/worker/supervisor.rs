//! Keeps the loops alive, and stops them in order.

use crate::telemetry::pulse::Watched;
use std::future::Future;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A loop that panicked is started again after this.
const RESTART_AFTER: Duration = Duration::from_secs(1);

/// Owns every background task of the process.
#[derive(Default)]
pub struct Supervisor {
    tasks: JoinSet<&'static str>,
    cancel: CancellationToken,
}

impl Supervisor {
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process shuts down.
    pub fn cancel(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// Runs a loop until it returns; one that panics is logged, counted and started anew by `make`.
    pub fn keep<F, R>(&mut self, name: &'static str, make: F)
    where
        F: Fn(CancellationToken) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let cancel = self.cancel.clone();
        let watched = Watched::new(name);
        self.tasks.spawn(async move {
            loop {
                let mut one = JoinSet::new();
                let (seen, task) = (watched.clone(), make(cancel.clone()));
                one.spawn(async move { seen.run(task).await });
                match one.join_next().await {
                    Some(Err(error)) if error.is_panic() && !cancel.is_cancelled() => {
                        metrics::counter!("acuerdo_loop_panics_total", "loop" => name).increment(1);
                        tracing::error!(task = name, "a loop panicked and is started again");
                        tokio::time::sleep(RESTART_AFTER).await;
                    }
                    Some(Ok(()) | Err(_)) | None => {
                        if cancel.is_cancelled() {
                            watched.dismiss()
                        } else {
                            watched.died()
                        }
                        return name;
                    }
                }
            }
        });
    }

    /// Runs a task that cannot be started twice.
    pub fn once<R>(&mut self, name: &'static str, task: R)
    where
        R: Future<Output = ()> + Send + 'static,
    {
        let (watched, cancel) = (Watched::new(name), self.cancel.clone());
        self.tasks.spawn(async move {
            let mut one = JoinSet::new();
            let seen = watched.clone();
            one.spawn(async move { seen.run(task).await });
            let ended = one.join_next().await;
            if let Some(Err(error)) = &ended
                && error.is_panic()
            {
                metrics::counter!("acuerdo_loop_panics_total", "loop" => name).increment(1);
                tracing::error!(task = name, "a task panicked, and only a new process has it again");
            }
            if cancel.is_cancelled() || matches!(ended, Some(Ok(()))) {
                watched.dismiss()
            } else {
                watched.died()
            }
            name
        });
    }

    /// Cancels every loop and waits until they have finished what they hold; false when `limit` ran out first.
    pub async fn shut_down(mut self, limit: Duration) -> bool {
        self.cancel.cancel();
        let finished = tokio::time::timeout(limit, async {
            while let Some(ended) = self.tasks.join_next().await {
                if let Ok(name) = ended {
                    tracing::debug!(task = name, "loop ended");
                }
            }
        })
        .await;
        finished.is_ok()
    }
}
