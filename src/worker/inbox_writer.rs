//! Group commit: deliveries that arrive together are stored in one transaction, then all are acknowledged.

use crate::domain::inbound::WebhookItem;
use crate::ports::StoreError;
use crate::ports::inbox::{Accepted, Delivery, InboxStore};
use crate::service::receive::{InboxWriter, ReceiveError};
use crate::worker::wake::Wake;
use async_trait::async_trait;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

type Waiting = (Delivery, oneshot::Sender<Result<Accepted, ReceiveError>>);

/// The handle that the webhook writes through. A full queue is an answer (503), never a wait without end.
#[derive(Clone)]
pub struct GroupWriter {
    queue: mpsc::Sender<Waiting>,
}

#[async_trait]
impl InboxWriter for GroupWriter {
    async fn write(&self, delivery: Delivery) -> Result<Accepted, ReceiveError> {
        let (done, waiting) = oneshot::channel();
        self.queue.try_send((delivery, done)).map_err(|error| {
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
}

/// A writer with room for `queue` waiting deliveries and the loop that empties it.
pub fn inbox_writer(
    store: Arc<dyn InboxStore>,
    queue: usize,
    batch: usize,
    wake: Wake,
) -> (GroupWriter, InboxLoop) {
    let (sender, receiver) = mpsc::channel(queue);
    (GroupWriter { queue: sender }, InboxLoop { store, queue: receiver, batch, wake })
}

impl InboxLoop {
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
        let (deliveries, waiting): (Vec<Delivery>, Vec<_>) = batch.into_iter().unzip();
        metrics::histogram!("acuerdo_inbox_batch")
            .record(u32::try_from(deliveries.len()).unwrap_or(u32::MAX));
        match self.store.accept(&deliveries).await {
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
