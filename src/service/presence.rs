//! Read marks and "typing…": a courtesy that is tried once and never waited for.

use crate::domain::ids::{LenderId, PhoneNumberId, Wamid};
use crate::ports::clock::Clock;
use crate::ports::message_sender::{MessageSender, ReadReceipt, SendAccount};
use crate::service::lenders::Lenders;
use crate::service::pacing::Pacing;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Marks that may wait; beyond it they are dropped, which nobody notices.
const QUEUE_MAX: usize = 1_000;
/// Marks under way at once.
const CONCURRENT_MAX: usize = 16;

/// A message of a person that is being answered.
#[derive(Debug, Clone)]
pub struct Seen {
    pub lender: LenderId,
    pub phone_number_id: PhoneNumberId,
    pub wamid: Wamid,
}

/// Where turns say what they have seen.
#[derive(Clone)]
pub struct Presence {
    queue: mpsc::Sender<Seen>,
}

pub struct PresenceLoop {
    queue: mpsc::Receiver<Seen>,
    sender: Arc<dyn MessageSender>,
    lenders: Arc<Lenders>,
    pacing: Arc<Pacing>,
    clock: Arc<dyn Clock>,
}

/// Marks give way to messages: none is made of a number that WhatsApp slows down.
pub fn presence(
    sender: Arc<dyn MessageSender>,
    lenders: Arc<Lenders>,
    pacing: Arc<Pacing>,
    clock: Arc<dyn Clock>,
) -> (Presence, PresenceLoop) {
    let (tell, queue) = mpsc::channel(QUEUE_MAX);
    (Presence { queue: tell }, PresenceLoop { queue, sender, lenders, pacing, clock })
}

impl Presence {
    /// Never blocks: when the queue is full the mark is dropped and counted.
    pub fn seen(&self, seen: Seen) {
        if self.queue.try_send(seen).is_err() {
            metrics::counter!("acuerdo_read_marks_dropped_total").increment(1);
        }
    }
}

impl PresenceLoop {
    pub async fn run(mut self, cancel: CancellationToken) {
        let mut under_way = FuturesUnordered::new();
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                seen = self.queue.recv(), if under_way.len() < CONCURRENT_MAX => match seen {
                    Some(seen) if !self.pacing.is_unhindered(&seen.phone_number_id, self.clock.now()) => {
                        metrics::counter!("acuerdo_read_marks_dropped_total").increment(1);
                    }
                    Some(seen) => under_way.push(mark(self.sender.clone(), self.lenders.clone(), seen)),
                    None => return,
                },
                Some(()) = under_way.next() => {}
            }
        }
    }
}

async fn mark(sender: Arc<dyn MessageSender>, lenders: Arc<Lenders>, seen: Seen) {
    let Some(lender) = lenders.get(&seen.lender) else { return };
    let account = SendAccount {
        phone_number_id: seen.phone_number_id,
        waba_id: lender.waba_id.clone(),
        token: lender.access_token.clone(),
    };
    if sender.mark_read(&account, &seen.wamid, ReadReceipt::ReadAndTyping).await.is_err() {
        metrics::counter!("acuerdo_read_marks_failed_total").increment(1);
    }
}
