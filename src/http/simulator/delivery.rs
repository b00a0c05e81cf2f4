//! The post between the phone and the application: signed webhooks, in order, with retries, from one bounded queue.

use crate::domain::time::Timestamp;
use crate::http::simulator::Simulator;
use crate::http::simulator::chats::{Direction, Exchange};
use crate::http::simulator::content::Ticks;
use crate::http::simulator::page::PageEvent;
use crate::http::simulator::webhook::{self, StatusNews};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Deliveries that may wait to be taken; beyond it the page and the Graph endpoint answer 503.
pub(super) const QUEUE_MAX: usize = 256;
/// Deliveries that may wait for their time; beyond it nothing is taken from the queue.
const WAITING_MAX: usize = 1_024;
/// Meta puts at most this many updates into one delivery.
const STATUSES_MAX: usize = 1_000;
/// Meta asks for an answer within seconds.
const POST_TIMEOUT: Duration = Duration::from_secs(10);
/// Meta retries with decreasing frequency for days; a demo stops after these.
const RETRY_AFTER: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(10), Duration::from_secs(30)];

/// One webhook, or a part of one, that must reach the application.
pub(super) struct Delivery {
    pub due: Instant,
    pub chat: String,
    pub parcel: Parcel,
}

pub(super) enum Parcel {
    /// A message of the person; `wamid` gets its ticks from the answer.
    Message { wamid: String, title: String, body: Value },
    /// Statuses that are due together travel together.
    Status(StatusNews),
}

struct Waiting {
    delivery: Delivery,
    attempts: usize,
}

struct Outcome {
    status: u16,
    response: Option<Value>,
}

impl Simulator {
    /// Delivers webhooks until `cancel`. Runs once; a second call returns at once.
    pub async fn run(&self, cancel: CancellationToken) {
        let taken = self.incoming.lock().ok().and_then(|mut incoming| incoming.take());
        let Some(mut incoming) = taken else { return };
        let mut waiting: Vec<Waiting> = Vec::new();
        loop {
            let due = waiting.iter().map(|waiting| waiting.delivery.due).min();
            tokio::select! {
                () = cancel.cancelled() => break,
                delivery = incoming.recv(), if waiting.len() < WAITING_MAX => match delivery {
                    Some(delivery) => waiting.push(Waiting { delivery, attempts: 0 }),
                    None => break,
                },
                () = sleep_until(due) => {
                    let batch = take_due(&mut waiting, Instant::now());
                    let failed = tokio::select! {
                        () = cancel.cancelled() => break,
                        failed = self.deliver(batch) => failed,
                    };
                    waiting.extend(failed);
                }
            }
        }
        self.closed.cancel();
    }

    /// Room for `n` deliveries, taken before anything changes on the phone. `Err` means that the queue is full or
    /// the post has closed.
    pub(super) fn room(&self, n: usize) -> Result<mpsc::PermitIterator<'_, Delivery>, QueueFull> {
        self.outgoing.try_reserve_many(n).map_err(|error| match error {
            mpsc::error::TrySendError::Full(()) | mpsc::error::TrySendError::Closed(()) => QueueFull,
        })
    }

    /// Posts one batch; what must be tried again comes back.
    async fn deliver(&self, batch: Vec<Waiting>) -> Vec<Waiting> {
        let Some(first) = batch.first() else { return batch };
        let (title, body) = match &first.delivery.parcel {
            Parcel::Message { title, body, .. } => (title.clone(), body.clone()),
            Parcel::Status(_) => {
                let news: Vec<StatusNews> = batch.iter().filter_map(status_of).collect();
                (statuses_title(&news), webhook::with_statuses(&self.business(), &news))
            }
        };
        let at = self.now();
        let outcome = self.post(&body).await;
        let delivered = outcome.status == 200;
        let exchange = Exchange {
            at,
            direction: Direction::Webhook,
            status: outcome.status,
            title,
            request: body,
            response: outcome.response,
        };
        self.record_webhook(&batch, &exchange);
        let mut again = Vec::new();
        for mut waiting in batch {
            match (delivered, RETRY_AFTER.get(waiting.attempts)) {
                (true, _) => self.settle(&waiting.delivery, Settled::Delivered),
                (false, Some(after)) => {
                    waiting.delivery.due = Instant::now() + *after;
                    waiting.attempts = waiting.attempts.saturating_add(1);
                    again.push(waiting);
                }
                (false, None) => self.settle(&waiting.delivery, Settled::GivenUp),
            }
        }
        again
    }

    async fn post(&self, body: &Value) -> Outcome {
        let bytes = webhook::wire(body);
        let Some(signature) = webhook::signature(self.config.app_secret.expose_secret(), &bytes) else {
            return Outcome { status: 0, response: None };
        };
        let sent = self
            .http
            .post(&self.config.webhook_url)
            .header("content-type", "application/json")
            .header("user-agent", "facebookexternalua")
            .header("x-hub-signature-256", signature)
            .timeout(POST_TIMEOUT)
            .body(bytes)
            .send()
            .await;
        match sent {
            Ok(answer) => Outcome { status: answer.status().as_u16(), response: None },
            Err(error) => {
                let reason = if error.is_timeout() { "sin respuesta a tiempo" } else { "sin conexión" };
                Outcome { status: 0, response: Some(Value::from(reason)) }
            }
        }
    }

    fn record_webhook(&self, batch: &[Waiting], exchange: &Exchange) {
        let mut seen: Vec<&str> = Vec::new();
        for waiting in batch {
            let chat = waiting.delivery.chat.as_str();
            if seen.contains(&chat) {
                continue;
            }
            seen.push(chat);
            self.with_chat(chat, |chat| chat.record(exchange.clone()));
            self.tell(PageEvent::Turn { chat: chat.to_owned() });
        }
    }

    fn settle(&self, delivery: &Delivery, settled: Settled) {
        let (wamid, ticks) = match &delivery.parcel {
            Parcel::Message { wamid, .. } => (wamid, Ticks::Delivered),
            Parcel::Status(news) => (&news.wamid, news.ticks()),
        };
        let is_message = matches!(delivery.parcel, Parcel::Message { .. });
        self.update_bubble(&delivery.chat, wamid, |bubble| match settled {
            Settled::Delivered if bubble.state < ticks => bubble.state = ticks,
            Settled::GivenUp if is_message => {
                bubble.state = Ticks::Failed;
                bubble.failure =
                    Some("El sistema no respondió 200 al webhook; no se intentará más.".to_owned());
            }
            Settled::Delivered | Settled::GivenUp => {}
        });
    }
}

/// The post takes no more; the caller answers 503.
pub(super) struct QueueFull;

#[derive(Clone, Copy)]
enum Settled {
    Delivered,
    GivenUp,
}

impl StatusNews {
    fn ticks(&self) -> Ticks {
        match self.status {
            "read" => Ticks::Read,
            "delivered" => Ticks::Delivered,
            "failed" => Ticks::Failed,
            _ => Ticks::Sent,
        }
    }
}

/// Takes the oldest due delivery; when it is a status, every other due status comes with it.
fn take_due(waiting: &mut Vec<Waiting>, now: Instant) -> Vec<Waiting> {
    let first = waiting
        .iter()
        .enumerate()
        .filter(|(_, waiting)| waiting.delivery.due <= now)
        .min_by_key(|(index, waiting)| (waiting.delivery.due, *index))
        .map(|(index, _)| index);
    let Some(first) = first else { return Vec::new() };
    let first = waiting.remove(first);
    let mut batch = vec![first];
    if matches!(batch.first().map(|first| &first.delivery.parcel), Some(Parcel::Status(_))) {
        let mut index = 0;
        while let Some(candidate) = waiting.get(index) {
            let joins =
                candidate.delivery.due <= now && matches!(candidate.delivery.parcel, Parcel::Status(_));
            if joins && batch.len() < STATUSES_MAX {
                batch.push(waiting.remove(index));
            } else {
                index += 1;
            }
        }
    }
    batch
}

fn status_of(waiting: &Waiting) -> Option<StatusNews> {
    match &waiting.delivery.parcel {
        Parcel::Status(news) => Some(news.clone()),
        Parcel::Message { .. } => None,
    }
}

fn statuses_title(news: &[StatusNews]) -> String {
    let names: Vec<&str> = news.iter().map(|news| news.status).collect();
    format!("statuses · {}", names.join(", "))
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// When the statuses of a message follow its acceptance, and how late "late" is.
pub(super) mod pace {
    use std::time::Duration;

    pub(in crate::http::simulator) const SENT: Duration = Duration::from_millis(120);
    pub(in crate::http::simulator) const DELIVERED: Duration = Duration::from_millis(350);
    pub(in crate::http::simulator) const READ: Duration = Duration::from_millis(500);
    /// Long enough to write something else in between.
    pub(in crate::http::simulator) const LATE: Duration = Duration::from_secs(8);
}

/// How long WhatsApp shows the typing indicator at most.
pub(super) const TYPING_MAX_MS: i64 = 25_000;

/// True while free-form messages may be sent. A chat without any message of the person is let through: after a
/// restart this process has forgotten what the application still knows.
pub(super) fn window_open(last_inbound: Option<Timestamp>, now: Timestamp) -> bool {
    const WINDOW_MS: i64 = 24 * 60 * 60 * 1_000;
    last_inbound.is_none_or(|last| now.since(last).0 <= WINDOW_MS)
}
