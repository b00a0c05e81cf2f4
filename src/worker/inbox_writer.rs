//! Group commit: deliveries that arrive together are stored in one transaction, then all are acknowledged.

use crate::domain::inbound::WebhookItem;
use crate::ports::StoreError;
use crate::ports::inbox::{Accepted, Delivery, InboxStore};
use crate::service::receive::{InboxWriter, ReceiveError};
use crate::worker::wake::Wake;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// From a delivery's arrival, waiting for its batch included. A database that does not answer at all, on a frozen host or
/// behind a dead link: Meta is told to come again, before it gives up by itself. Longer than the limit of a statement,
/// which ends whatever is only slow.
const STORED_WITHIN: Duration = Duration::from_secs(20);

struct Waiting {
    delivery: Delivery,
    since: Instant,
    answer: oneshot::Sender<Result<Accepted, ReceiveError>>,
}

/// The handle that the webhook writes through. A full queue is an answer (503), never a wait without end.
#[derive(Clone)]
pub struct GroupWriter {
    queue: mpsc::Sender<Waiting>,
}

#[async_trait]
impl InboxWriter for GroupWriter {
    async fn write(&self, delivery: Delivery) -> Result<Accepted, ReceiveError> {
        let (done, waiting) = oneshot::channel();
        self.queue.try_send(Waiting { delivery, since: Instant::now(), answer: done }).map_err(|error| {
            ReceiveError::Unavailable(match error {
                mpsc::error::TrySendError::Full(_) => "the inbox queue is full".to_owned(),
                mpsc::error::TrySendError::Closed(_) => "shutting down".to_owned(),
            })
        })?;
        waiting.await.unwrap_or_else(|_| Err(ReceiveError::Unavailable("the writer stopped".to_owned())))
    }
}

pub struct InboxLoop {
    store: Arc<dyn InboxStore>,
    queue: mpsc::Receiver<Waiting>,
    batch: usize,
    wake: Wake,
    /// `None`: as long as it takes.
    stored_within: Option<Duration>,
}

/// A writer with room for `queue` waiting deliveries and the loop that empties it.
pub fn inbox_writer(
    store: Arc<dyn InboxStore>,
    queue: usize,
    batch: usize,
    wake: Wake,
) -> (GroupWriter, InboxLoop) {
    let (sender, receiver) = mpsc::channel(queue);
    (
        GroupWriter { queue: sender },
        InboxLoop { store, queue: receiver, batch, wake, stored_within: Some(STORED_WITHIN) },
    )
}

impl InboxLoop {
    /// For a runtime whose time is not tokio's.
    #[must_use]
    pub fn without_limit(mut self) -> Self {
        self.stored_within = None;
        self
    }

    /// Until cancelled, and then until the queue is empty: what was let in is stored or refused, never dropped.
    ///
    /// No timer gathers a batch: while one commit is under way the next batch collects itself.
    pub async fn run(mut self, cancel: CancellationToken) {
        loop {
            let first = tokio::select! {
                biased;
                first = self.queue.recv() => first,
                () = cancel.cancelled() => {
                    self.queue.close();
                    self.queue.recv().await
                }
            };
            let Some(first) = first else { return };
            let mut batch = vec![first];
            while batch.len() < self.batch
                && let Ok(next) = self.queue.try_recv()
            {
                batch.push(next);
            }
            self.commit(batch).await;
        }
    }

    async fn commit(&self, batch: Vec<Waiting>) {
        let oldest = batch.iter().map(|one| one.since).min().unwrap_or_else(Instant::now);
        let (deliveries, waiting): (Vec<Delivery>, Vec<_>) =
            batch.into_iter().map(|one| (one.delivery, one.answer)).unzip();
        metrics::histogram!("acuerdo_inbox_batch")
            .record(u32::try_from(deliveries.len()).unwrap_or(u32::MAX));
        // What was stored all the same when nobody waited any more is recognised when it comes again.
        let storing = self.store.accept(&deliveries);
        let stored = match self.stored_within {
            Some(limit) => tokio::time::timeout_at(oldest + limit, storing)
                .await
                .unwrap_or_else(|_| Err(no_answer(limit))),
            None => storing.await,
        };
        match stored {
            Ok(accepted) => {
                self.wake(&deliveries);
                for (answer, accepted) in waiting.into_iter().zip(accepted) {
                    // The caller may have gone (connection closed); the delivery is stored all the same.
                    drop(answer.send(Ok(accepted)));
                }
            }
            Err(error) => refuse(waiting, &error),
        }
    }
}

fn no_answer(limit: Duration) -> StoreError {
    StoreError::Unavailable { why: format!("the database did not answer within {} s", limit.as_secs()) }
}

impl InboxLoop {
    fn wake(&self, deliveries: &[Delivery]) {
        let (mut inputs, mut others) = (false, false);
        for item in deliveries.iter().flat_map(|delivery| &delivery.items) {
            match item.item {
                WebhookItem::Message(_) | WebhookItem::System(_) | WebhookItem::Echo(_) => inputs = true,
                WebhookItem::Status(_)
                | WebhookItem::Preference(_)
                | WebhookItem::Account(_)
                | WebhookItem::Standby { .. }
                | WebhookItem::Error { .. }
                | WebhookItem::Unknown { .. } => others = true,
            }
        }
        if inputs {
            self.wake.inputs();
        }
        if others {
            self.wake.statuses();
        }
    }
}

fn refuse(waiting: Vec<oneshot::Sender<Result<Accepted, ReceiveError>>>, error: &StoreError) {
    tracing::error!(error = %error, deliveries = waiting.len(), "deliveries could not be stored");
    for answer in waiting {
        drop(answer.send(Err(ReceiveError::Unavailable("the store is unavailable".to_owned()))));
    }
}

#[cfg(test)]
mod tests {
    use super::inbox_writer;
    use crate::domain::time::Timestamp;
    use crate::ports::StoreError;
    use crate::ports::inbox::{Accepted, AppliedStatuses, Delivery, InboxStore, PendingNotice};
    use crate::service::receive::{InboxWriter, ReceiveError};
    use crate::worker::wake::Wake;
    use async_trait::async_trait;
    use std::sync::Arc;
    use std::time::{Duration, Instant};
    use tokio_util::sync::CancellationToken;
    use uuid::Uuid;

    /// A database on a host that froze.
    struct Frozen;

    #[async_trait]
    impl InboxStore for Frozen {
        async fn accept(&self, _: &[Delivery]) -> Result<Vec<Accepted>, StoreError> {
            std::future::pending().await
        }
        async fn pending_notices(&self, _: u32) -> Result<Vec<PendingNotice>, StoreError> {
            std::future::pending().await
        }
        async fn finish_notices(&self, _: &[Uuid], _: Timestamp) -> Result<(), StoreError> {
            std::future::pending().await
        }
        async fn apply_statuses(&self, _: Timestamp, _: i64, _: u32) -> Result<AppliedStatuses, StoreError> {
            std::future::pending().await
        }
        async fn unreadable_count(&self) -> Result<u64, StoreError> {
            std::future::pending().await
        }
    }

    /// One that comes while another one waits for the database does not wait for both.
    #[tokio::test]
    async fn nobody_waits_longer_than_the_limit_for_a_database_that_froze() {
        const LIMIT: Duration = Duration::from_millis(400);
        let (writer, mut inbox) = inbox_writer(Arc::new(Frozen), 8, 8, Wake::default());
        inbox.stored_within = Some(LIMIT);
        let inbox = tokio::spawn(inbox.run(CancellationToken::new()));
        let comes_after = |wait_ms: u64| {
            let writer = writer.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                let begun = Instant::now();
                let delivery = Delivery {
                    id: Uuid::nil(),
                    received_at: Timestamp(0),
                    body: Vec::new(),
                    unreadable: None,
                    items: Vec::new(),
                };
                (writer.write(delivery).await, begun.elapsed())
            }
        };
        let came = tokio::join!(comes_after(0), comes_after(100), comes_after(300), comes_after(500));
        for (answer, waited) in <[_; 4]>::from(came) {
            assert!(matches!(answer, Err(ReceiveError::Unavailable(_))));
            assert!(waited < LIMIT * 3 / 2, "{waited:?}");
        }
        inbox.abort();
    }
}
