//! A person who writes faster than anybody reads: what was to be said several times is said once.

use super::Dispatch;
use crate::domain::ids::OutboxId;
use crate::ports::StoreError;
use crate::ports::conversations::Origin;
use crate::ports::outbox::{OutboxStatus, SentMessage};
use std::collections::HashSet;
use std::sync::PoisonError;

/// Messages of one chat that are looked at; of a longer row the rest is thinned out when these are said.
const WAITING_MAX: u32 = 1_000;
/// Why the earlier of two alike answers is not sent.
const SAID_LATER: &str = "said_later";

impl Dispatch {
    /// Of the answers that wait in chats where more was to be said than may be, only the last of each text is kept. The
    /// question that is open is among them: it was asked last.
    pub(super) async fn thin_out(&self) -> Result<(), StoreError> {
        let crowded = std::mem::take(&mut *self.crowded.lock().unwrap_or_else(PoisonError::into_inner));
        for chat in crowded {
            let repeated = repeated(&self.store.sent_messages(chat, WAITING_MAX).await?);
            if repeated.is_empty() {
                continue;
            }
            let n = self.store.withdraw_sends(self.clock.now(), &repeated, SAID_LATER).await?;
            metrics::counter!("acuerdo_replies_said_later_total").increment(u64::from(n));
            tracing::info!(conversation.id = %chat, n, "answers that were to be said again are said once");
        }
        Ok(())
    }
}

/// Answers that wait, and are said again by a later one that waits.
fn repeated(sent: &[SentMessage]) -> Vec<OutboxId> {
    let mut said = HashSet::new();
    let waits =
        |message: &&SentMessage| message.origin == Origin::Reply && message.status == OutboxStatus::Queued;
    let mut earlier: Vec<OutboxId> = sent
        .iter()
        .rev()
        .filter(waits)
        .filter(|message| !said.insert(message.content.readable()))
        .map(|message| message.id)
        .collect();
    earlier.reverse();
    earlier
}
