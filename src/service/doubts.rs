//! Ends the doubt about messages that may have left: by WhatsApp's silence where that says something, else by what costs
//! less.

use crate::domain::assurance::Label;
use crate::domain::ids::{InboxId, derive};
use crate::domain::time::{Millis, Timestamp};
use crate::flow::input::Unconfirmed;
use crate::ports::clock::Clock;
use crate::ports::conversations::{InputKind, Origin};
use crate::ports::outbox::{DoubtEnd, OpenDoubt};
use crate::ports::{Store, StoreError};
use crate::rules::doubt::{Class, Doubt, Verdict, verdict};
use std::sync::{Arc, Mutex, PoisonError};

/// Doubts judged in one round; in a long incident the others wait for the next.
const MOST: u32 = 50;
/// Rounds come at least this often while the process runs: after a longer gap its door was shut.
const GAP: Millis = Millis::seconds(10);

pub struct Doubts {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    /// Since when there was no gap, and the last round.
    open: Mutex<(Timestamp, Timestamp)>,
}

impl Doubts {
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let now = clock.now();
        Self { store, clock, open: Mutex::new((now, now)) }
    }

    /// Judges what is in doubt; returns how many messages are in doubt no more.
    ///
    /// # Errors
    ///
    /// The store's. What it ended before stays ended, and a chat that was told twice has heard of it once.
    pub async fn round(&self) -> Result<u32, StoreError> {
        let now = self.clock.now();
        let open_since = self.open_since(now);
        let mut ends = Vec::new();
        for doubt in self.store.open_doubts(now, MOST).await? {
            let verdict = if doubt.is_reported { Verdict::Wait } else { judged(&doubt, open_since, now) };
            let end = match verdict {
                Verdict::Wait => continue,
                Verdict::Again => DoubtEnd::Again,
                Verdict::TellPerson => {
                    self.tell(&doubt, Unconfirmed::Answer, now).await?;
                    DoubtEnd::Unconfirmed
                }
                Verdict::TellAgent => {
                    self.tell(&doubt, Unconfirmed::AgentsWord, now).await?;
                    DoubtEnd::Unconfirmed
                }
                Verdict::Drop => DoubtEnd::Unconfirmed,
            };
            count(&doubt, end);
            ends.push((doubt.id, doubt.token, end));
        }
        if ends.is_empty() { Ok(0) } else { self.store.end_doubts(now, &ends).await }
    }

    /// Before the doubt is ended, so that a crash in between tells it again: the input's id is that of the message.
    async fn tell(&self, doubt: &OpenDoubt, what: Unconfirmed, now: Timestamp) -> Result<(), StoreError> {
        let id = InboxId(derive(&doubt.id.0, "unconfirmed"));
        let kind = InputKind::DeliveryFailed { outbox: doubt.id, codes: Vec::new(), unconfirmed: Some(what) };
        self.store.add_input(doubt.conversation, id, kind, now).await
    }

    /// Since when this process has looked without a gap: who was stopped, asleep or starting heard no reports.
    fn open_since(&self, now: Timestamp) -> Timestamp {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, last) = *open;
        let gap = now.since(last);
        let since = if gap > GAP || gap < Millis(-GAP.0) { now } else { since };
        *open = (since, now);
        since
    }
}

fn judged(doubt: &OpenDoubt, open_since: Timestamp, now: Timestamp) -> Verdict {
    let class = class(doubt.origin, doubt.label, doubt.names_agreement);
    let OpenDoubt { sent_at, until, neighbours, .. } = *doubt;
    verdict(&Doubt { class, sent_at, until, neighbours }, open_since, now)
}

const fn class(origin: Origin, label: Label, names_agreement: bool) -> Class {
    match (origin, label) {
        (Origin::Proactive, _) => Class::Proactive,
        (Origin::Agent, _) => Class::Agent,
        (Origin::Reply, _) if names_agreement => Class::Receipt,
        (Origin::Reply, Label::Publico | Label::Contacto) => Class::Public,
        (Origin::Reply, Label::Deuda | Label::Pago) => Class::Debt,
    }
}

fn count(doubt: &OpenDoubt, end: DoubtEnd) {
    let end = match end {
        DoubtEnd::Again => "again",
        DoubtEnd::Unconfirmed => "unconfirmed",
    };
    metrics::counter!("acuerdo_doubts_ended_total", "end" => end).increment(1);
    tracing::warn!(outbox.id = %doubt.id, conversation.id = %doubt.conversation, end, "no status ended a doubt");
}

#[cfg(test)]
mod tests {
    use super::class;
    use crate::domain::assurance::Label;
    use crate::ports::conversations::Origin;
    use crate::rules::doubt::Class;

    #[test]
    fn who_wrote_it_and_what_it_tells_make_its_class() {
        assert_eq!(class(Origin::Reply, Label::Publico, false), Class::Public);
        assert_eq!(class(Origin::Reply, Label::Deuda, false), Class::Debt);
        assert_eq!(class(Origin::Reply, Label::Pago, true), Class::Receipt);
        assert_eq!(class(Origin::Proactive, Label::Publico, true), Class::Proactive);
        assert_eq!(class(Origin::Agent, Label::Publico, false), Class::Agent);
    }
}
