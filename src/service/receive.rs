//! A signed delivery becomes rows, and only then an acknowledgement.

use crate::domain::ids::LenderId;
use crate::domain::inbound::WebhookItem;
use crate::domain::time::Timestamp;
use crate::ports::clock::{Clock, Random};
use crate::ports::inbox::{Accepted, Delivery, DeliveryItem};
use crate::service::journey;
use crate::service::lenders::Lenders;
use crate::service::traces::Traces;
use async_trait::async_trait;
use std::sync::Arc;
use thiserror::Error;

/// Group commit: many deliveries, one transaction.
#[async_trait]
pub trait InboxWriter: Send + Sync {
    /// Returns after the commit.
    async fn write(&self, delivery: Delivery) -> Result<Accepted, ReceiveError>;
}

/// What the edge could read of a signed body.
#[derive(Debug)]
pub enum Parsed {
    Items(Vec<WebhookItem>),
    NotJson(String),
}

#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum ReceiveError {
    /// Kept for inspection, all the same.
    #[error("the body is not JSON")]
    NotJson,
    #[error("the delivery could not be stored: {0}")]
    Unavailable(String),
}

/// Of whom a delivery may speak: who can sign for one lender must not be able to write to the debtors of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signer {
    /// Signed by the deployment's own key.
    Deployment,
    /// Signed by the key of an app that belongs to these lenders.
    Of(Vec<LenderId>),
}

impl Signer {
    fn may_speak_of(&self, lender: &LenderId) -> bool {
        match self {
            Self::Deployment => true,
            Self::Of(lenders) => lenders.contains(lender),
        }
    }
}

pub struct Receive {
    lenders: Arc<Lenders>,
    writer: Arc<dyn InboxWriter>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    traces: Traces,
}

impl Receive {
    pub fn new(
        lenders: Arc<Lenders>,
        writer: Arc<dyn InboxWriter>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self { lenders, writer, clock, random, traces: Traces::default() }
    }

    /// Tells what comes to these traces.
    #[must_use]
    pub fn traced(self, traces: Traces) -> Self {
        Self { traces, ..self }
    }

    /// Stores a body whose signature was right and whose secrets were blotted out, with what was read in it. Whatever
    /// its shape, it is kept; after `Ok` it is durable. What speaks of another lender than its signer's is kept as
    /// foreign, and nothing is done about it.
    pub async fn receive(
        &self,
        body: Vec<u8>,
        parsed: Parsed,
        signer: &Signer,
    ) -> Result<Accepted, ReceiveError> {
        let now = self.clock.now();
        let (items, unreadable) = match parsed {
            Parsed::Items(items) => (items, None),
            Parsed::NotJson(why) => (Vec::new(), Some(why)),
        };
        let not_json = unreadable.is_some();
        let items = items.into_iter().map(|item| self.row(item, signer, now)).collect();
        let delivery = Delivery { id: self.random.uuid(now), received_at: now, body, unreadable, items };
        let arrivals = journey::arrivals(&delivery);
        let followed = self.traces.arrivals(&delivery);
        let stored = self.writer.write(delivery).await;
        if let Some(followed) = followed {
            followed.finish(&stored);
        }
        let accepted = stored?;
        arrivals.iter().flatten().for_each(|arrival| arrival.tell(accepted.duplicate));
        if not_json { Err(ReceiveError::NotJson) } else { Ok(accepted) }
    }

    fn row(&self, item: WebhookItem, signer: &Signer, now: Timestamp) -> DeliveryItem {
        let id = self.random.uuid(now);
        let lender = self.lenders.of_item(&item).map(|lender| lender.id.clone());
        let lender = lender.filter(|lender| signer.may_speak_of(lender));
        let dedupe_key = item.dedupe_key().unwrap_or_else(|| id.to_string());
        // The key is of what Meta told, so that it is the same when the delivery comes again.
        DeliveryItem { id, lender, dedupe_key, item: item.received(now) }
    }
}
