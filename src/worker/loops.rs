//! The loops: converse, dispatch, statuses, timers, tickets, media, retention.

use crate::ports::StoreError;
use crate::ports::clock::Clock;
use crate::ports::{Store, conversations::ConversationStore};
use crate::service::converse::Converse;
use crate::service::dispatch::Dispatch;
use crate::service::doubts::Doubts;
use crate::service::handoff::HandoffService;
use crate::service::media::{AT_ONCE, MediaFetch};
use crate::service::notices::Notices;
use crate::service::retention::{Retention, Round};
use crate::service::sending::Sending;
use crate::telemetry::pulse::beat;
use crate::worker::Periods;
use crate::worker::wake::Wake;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Timers fired, statuses applied, notices read in one transaction.
const BATCH: u32 = 500;
/// A round that takes longer hangs: each statement ends within 15 s, a send and a fetch of a file within less than two
/// minutes.
const ROUND_MAX: Duration = Duration::from_secs(300);
/// After a failure of the store: long enough not to hammer it, short enough not to be noticed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);
/// A batch of sends that takes longer than this is left to go on aside, so that nobody else's message waits for it.
const PATIENCE: Duration = Duration::from_millis(200);
/// How often what is in doubt is judged: a status takes seconds, and so may we.
const DOUBT_LOOKS: Duration = Duration::from_secs(2);
/// How often a loop that waits for room looks at most: it claims what has come together since.
const ROOM_LOOKS: Duration = Duration::from_millis(20);
/// People waited when retention looked: it looks again after this.
const PAUSE_AFTER_YIELD: Duration = Duration::from_secs(15);
/// A wanted file wakes the loop of its process, and a failed one waits this long anyway.
const MEDIA_POLL: Duration = Duration::from_secs(2);
/// Retention has swept everything; its limits are counted in days.
const PAUSE_BETWEEN_SWEEPS: Duration = Duration::from_secs(3_600);

/// Calls `round` while it finds work; then waits for `wake` or `poll`. Ends after the round in which it was cancelled.
pub async fn repeat<F, R>(
    name: &'static str,
    wake: Arc<Notify>,
    poll: Duration,
    cancel: CancellationToken,
    round: F,
) where
    F: Fn() -> R,
    R: Future<Output = Result<bool, StoreError>>,
{
    while !cancel.is_cancelled() {
        beat(poll + ROUND_MAX);
        let pause = match round().await {
            Ok(true) => continue,
            Ok(false) => poll,
            Err(error) => {
                failed(name, &error);
                PAUSE_AFTER_FAILURE
            }
        };
        tokio::select! {
            () = wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
            () = cancel.cancelled() => {}
        }
    }
}

fn failed(name: &'static str, error: &StoreError) {
    metrics::counter!("acuerdo_loop_failures_total", "loop" => name).increment(1);
    tracing::error!(task = name, error = %error, "a round failed and will be repeated");
}

pub async fn converse(service: Arc<Converse>, wake: Wake, periods: Periods, cancel: CancellationToken) {
    let Periods { poll, batch } = periods;
    let (inbox, outbox) = (wake.on_inputs(), wake.clone());
    repeat("converse", inbox, poll, cancel, || async {
        let round = service.round(batch).await?;
        if round.conversations >= batch {
            // There may be more than one loop can hold: the next one need not wait for this one's turn.
            outbox.inputs();
        }
        if round.messages > 0 {
            outbox.outbox();
        }
        if round.tickets > 0 {
            outbox.tickets();
        }
        if round.files > 0 {
            outbox.media();
        }
        Ok(round.conversations > 0)
    })
    .await;
}

pub async fn dispatch(service: Arc<Dispatch>, wake: Wake, periods: Periods, cancel: CancellationToken) {
    let Periods { poll, batch } = periods;
    let woken = wake.on_outbox();
    let mut sending = Sending::of(&service);
    tokio::select! {
        () = service.warm() => {}
        () = cancel.cancelled() => {}
    }
    while !cancel.is_cancelled() {
        beat(poll + ROUND_MAX);
        let pause = match sending.round(batch, || tokio::time::sleep(PATIENCE)).await {
            Ok(0) => until_room(&service, poll),
            Ok(claimed) => {
                if claimed >= batch {
                    wake.outbox();
                }
                continue;
            }
            Err(error) => {
                failed("dispatch", &error);
                PAUSE_AFTER_FAILURE
            }
        };
        sending
            .wait(async {
                tokio::select! {
                    () = woken.notified() => {}
                    () = tokio::time::sleep(pause) => {}
                    () = cancel.cancelled() => {}
                }
            })
            .await;
    }
    if let Err(error) = sending.finish().await {
        failed("dispatch", &error);
    }
}

/// What waits for the rate of its number, or for a place, is looked for again as soon as there is one.
fn until_room(service: &Dispatch, poll: Duration) -> Duration {
    let room_in = service.room_in().map(|wait| Duration::from_millis(wait.0.unsigned_abs()));
    room_in.map_or(poll, |wait| wait.max(ROOM_LOOKS).min(poll))
}

pub async fn notices(service: Arc<Notices>, wake: Wake, poll: Duration, cancel: CancellationToken) {
    let outbox = wake.clone();
    repeat("notices", wake.on_statuses(), poll, cancel, || async {
        let statuses = service.statuses(BATCH).await?;
        let others = service.others(BATCH).await?;
        if statuses > 0 {
            // A status may have ended a doubt: the next message of that chat may go.
            outbox.outbox();
        }
        Ok(others >= BATCH || statuses >= BATCH)
    })
    .await;
}

/// Due timers become inputs.
pub async fn timers(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    wake: Wake,
    poll: Duration,
    cancel: CancellationToken,
) {
    repeat("timers", Arc::new(Notify::new()), poll, cancel, || async {
        let fired = ConversationStore::fire_timers(store.as_ref(), clock.now(), BATCH).await?;
        if fired > 0 {
            wake.inputs();
        }
        Ok(fired >= BATCH)
    })
    .await;
}

/// Doubts without a status end.
pub async fn doubts(service: Arc<Doubts>, wake: Wake, cancel: CancellationToken) {
    repeat("doubts", Arc::new(Notify::new()), DOUBT_LOOKS, cancel, || async {
        if service.round().await? > 0 {
            wake.inputs();
            wake.outbox();
        }
        Ok(false)
    })
    .await;
}

/// Keeps the live queue in step with the tickets of the database: new ones, lost leases, a flushed Redis.
pub async fn tickets(service: Arc<HandoffService>, wake: Wake, poll: Duration, cancel: CancellationToken) {
    repeat("tickets", wake.on_tickets(), poll, cancel, || async {
        if let Err(error) = service.upkeep().await {
            metrics::counter!("acuerdo_loop_failures_total", "loop" => "tickets").increment(1);
            tracing::warn!(error = %error, "the live queue could not be kept in step, the database is the truth");
        }
        Ok(false)
    })
    .await;
}

/// Fetches the files that people send, a few at a time.
pub async fn media(service: Arc<MediaFetch>, wake: Wake, poll: Duration, cancel: CancellationToken) {
    let ends = cancel.clone();
    repeat("media", wake.on_media(), poll.max(MEDIA_POLL), cancel, || async {
        let round = service.round(&ends).await?;
        Ok(round.claimed >= AT_ONCE)
    })
    .await;
}

/// Removes what has served, a round at a time with a pause after each, so that it never competes with the people's work.
pub async fn retention(service: Arc<Retention>, pause: Duration, cancel: CancellationToken) {
    while !cancel.is_cancelled() {
        let pause = match service.round().await {
            Ok(Round::More) => pause,
            Ok(Round::Yielded) => PAUSE_AFTER_YIELD,
            Ok(Round::Done) => PAUSE_BETWEEN_SWEEPS,
            Err(error) => {
                failed("retention", &error);
                PAUSE_AFTER_YIELD
            }
        };
        beat(pause + ROUND_MAX);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = cancel.cancelled() => {}
        }
    }
}
