//! Traces: what happened to one message, from the webhook to what WhatsApp says of the answer, as spans.
//!
//! Whoever does a stage tells it in passing ([`Traces::tell`]): a comparison while traces are off, and a place in a
//! bounded queue while they are on. One loop ([`TraceLoop`]) makes spans of it and hands them to the exporter. Nothing
//! of this can fail a turn: what does not fit or is not taken is dropped and counted.
//!
//! No process gives a context to another. The trace is the id of the input that a turn began with, and it is stored
//! with the turn's messages; spans are named after stored ids as well. So the trace is one, whoever does which stage.

mod spans;
mod stages;
mod told;
mod watch;

pub use stages::{Received, SendTried, Stage, StatusTold, Turned};
pub use told::Arrivals;
pub use watch::{Lap, Laps, Phase, Watch};

use crate::domain::ids::{InboxId, OutboxId};
use crate::domain::time::Timestamp;
use crate::domain::trace::TraceId;
use crate::ports::conversations::Claim;
use crate::ports::outbox::{FollowedMessage, OutboxStore};
use crate::ports::traces::{ExportFailed, Span, SpanExporter};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

/// Stages that may wait for the loop: at most some megabytes.
const QUEUE: usize = 8_192;
/// Stages in one export.
const BATCH: usize = 512;
/// How long a batch gathers: traces may be late.
const GATHER: Duration = Duration::from_secs(1);
/// Tries of one batch, with growing pauses; then it is dropped.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);
/// What a shutdown waits for the collector.
const FLUSH_MAX: Duration = Duration::from_secs(3);

/// The handle that stages are told through; off unless it was made by [`traces`].
#[derive(Clone, Default)]
pub struct Traces(Option<On>);

#[derive(Clone)]
struct On {
    queue: mpsc::Sender<Stage>,
    one_in: u32,
}

/// A handle that follows one message in `one_in`, and the loop that exports what it is told.
pub fn traces(
    one_in: u32,
    store: Arc<dyn OutboxStore>,
    exporter: Arc<dyn SpanExporter>,
) -> (Traces, TraceLoop) {
    let (sender, queue) = mpsc::channel(QUEUE);
    (Traces(Some(On { queue: sender, one_in })), TraceLoop { queue, store, exporter })
}

impl Traces {
    /// A watch that begins now; `None` while traces are off.
    pub fn watch(&self, now: impl FnOnce() -> Timestamp) -> Option<Watch> {
        self.0.as_ref().map(|_| Watch::begin(now()))
    }

    /// Whether the trace that this input begins is followed.
    pub fn follows(&self, input: InboxId) -> bool {
        self.0.as_ref().is_some_and(|on| TraceId::of(input).is_followed(on.one_in))
    }

    /// The trace of a turn over these inputs, if it is followed: that of the first.
    pub fn of_turn(&self, claim: &Claim) -> Option<TraceId> {
        let first = claim.inputs.first()?.id;
        self.follows(first).then(|| TraceId::of(first))
    }

    /// Never waits: what finds no room is dropped and counted.
    pub fn tell(&self, stage: Stage) {
        if let Some(on) = &self.0
            && on.queue.try_send(stage).is_err()
        {
            dropped("queue", 1);
        }
    }
}

fn dropped(why: &'static str, n: usize) {
    let n = u64::try_from(n).unwrap_or(u64::MAX);
    metrics::counter!("acuerdo_trace_stages_dropped_total", "why" => why).increment(n);
}

/// Makes spans of stages and exports them.
pub struct TraceLoop {
    queue: mpsc::Receiver<Stage>,
    store: Arc<dyn OutboxStore>,
    exporter: Arc<dyn SpanExporter>,
}

impl TraceLoop {
    /// Until cancelled; then what is queued has three seconds to be taken.
    pub async fn run(mut self, cancel: CancellationToken) {
        loop {
            let first = tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                first = self.queue.recv() => first,
            };
            let Some(first) = first else { return };
            let batch = self.gather(first, &cancel).await;
            tokio::select! {
                () = self.export(&batch, TRIES) => {}
                () = cancel.cancelled() => {
                    // A collector that does not answer must not hold up the shutdown; this batch goes first.
                    self.flush(batch).await;
                    return;
                }
            }
        }
        self.flush(Vec::new()).await;
    }

    async fn gather(&mut self, first: Stage, cancel: &CancellationToken) -> Vec<Stage> {
        let (mut batch, until) = (vec![first], Instant::now() + GATHER);
        while batch.len() < BATCH {
            tokio::select! {
                next = timeout_at(until, self.queue.recv()) => match next {
                    Ok(Some(stage)) => batch.push(stage),
                    Ok(None) | Err(_) => break,
                },
                () = cancel.cancelled() => break,
            }
        }
        batch
    }

    /// The last batches, once each.
    async fn flush(&mut self, mut batch: Vec<Stage>) {
        self.queue.close();
        let until = Instant::now() + FLUSH_MAX;
        loop {
            while batch.len() < BATCH
                && let Ok(stage) = self.queue.try_recv()
            {
                batch.push(stage);
            }
            if batch.is_empty() {
                return;
            }
            if timeout_at(until, self.export(&batch, 1)).await.is_err() {
                dropped("shutdown", batch.len() + self.queue.len());
                return;
            }
            batch.clear();
        }
    }

    async fn export(&self, batch: &[Stage], tries: u32) {
        let Some(followed) = self.followed(batch).await else {
            return dropped("store", batch.len());
        };
        let spans: Vec<Span> = batch.iter().flat_map(|stage| spans::of(stage, &followed)).collect();
        if spans.is_empty() {
            return;
        }
        let mut failed = None;
        for tried in 0..tries {
            if tried > 0 {
                tokio::time::sleep(PAUSE * tried).await;
            }
            match self.exporter.export(spans.clone()).await {
                Ok(()) => {
                    let n = u64::try_from(spans.len()).unwrap_or(u64::MAX);
                    metrics::counter!("acuerdo_trace_spans_exported_total").increment(n);
                    return;
                }
                Err(ExportFailed::Refused(why)) => failed = Some(why),
            }
        }
        dropped("collector", batch.len());
        tracing::warn!(why = failed.unwrap_or_default(), stages = batch.len(), "traces were dropped");
    }

    /// To which turns the messages of a batch belong; `None` when the store cannot say.
    async fn followed(&self, batch: &[Stage]) -> Option<HashMap<OutboxId, FollowedMessage>> {
        let ids: Vec<OutboxId> = batch.iter().filter_map(Stage::outbox).collect();
        if ids.is_empty() {
            return Some(HashMap::new());
        }
        let asked = timeout(FLUSH_MAX, self.store.followed_messages(&ids)).await;
        let found = asked.ok()?.ok()?;
        Some(found.into_iter().map(|message| (message.id, message)).collect())
    }
}
