//! Wakes the loops of this process at once; what other replicas write is found by polling.

use std::sync::Arc;
use tokio::sync::Notify;

#[derive(Clone, Default)]
pub struct Wake {
    inputs: Arc<Notify>,
    outbox: Arc<Notify>,
    statuses: Arc<Notify>,
    tickets: Arc<Notify>,
    media: Arc<Notify>,
}

impl Wake {
    pub fn inputs(&self) {
        self.inputs.notify_one();
    }

    /// Statuses and all other news of a webhook that are no inputs.
    pub fn statuses(&self) {
        self.statuses.notify_one();
    }

    pub fn outbox(&self) {
        self.outbox.notify_one();
    }

    pub fn tickets(&self) {
        self.tickets.notify_one();
    }

    /// Files that people sent are wanted.
    pub fn media(&self) {
        self.media.notify_one();
    }

    pub fn on_inputs(&self) -> Arc<Notify> {
        Arc::clone(&self.inputs)
    }

    pub fn on_outbox(&self) -> Arc<Notify> {
        Arc::clone(&self.outbox)
    }

    pub fn on_statuses(&self) -> Arc<Notify> {
        Arc::clone(&self.statuses)
    }

    pub fn on_tickets(&self) -> Arc<Notify> {
        Arc::clone(&self.tickets)
    }

    pub fn on_media(&self) -> Arc<Notify> {
        Arc::clone(&self.media)
    }
}
