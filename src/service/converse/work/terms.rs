//! What became of the terms that a message may accept, and of the question that it may answer.

use super::Work;
use crate::domain::ids::OutboxId;
use crate::domain::inbound::InboundContent;
use crate::domain::time::{Millis, Timestamp};
use crate::flow::engine::{open_check, open_terms};
use crate::ports::conversations::InputKind;
use crate::ports::outbox::{Fate, SentMessage};
use crate::service::converse::TurnError;

/// Messages of ours among which the one with the tapped button is sought, newest first.
const BUTTONS_SOUGHT: u32 = 50;
/// Messages of a turn among which the one with the question is sought: texts before it are few.
const PARTS_SOUGHT: u32 = 2;

impl Work<'_> {
    /// Whether a message was written before the open question had been sent, where that is about something grave.
    /// WhatsApp tells whole seconds.
    pub(super) async fn is_unasked(&self, kind: &InputKind) -> Result<bool, TurnError> {
        let asked = open_check(&self.flows, &self.session);
        let (InputKind::Message { message }, Some(turn)) = (kind, asked) else { return Ok(false) };
        if turn > self.began_at {
            // Made over a message of the same claim: nothing of it has left.
            return Ok(true);
        }
        let before = |at: Timestamp| !message.untimely && message.sent_at.since(at) < Millis::seconds(-1);
        for index in 0..PARTS_SOUGHT {
            let question = OutboxId::derive(self.claim.conversation.id, turn, index);
            match self.service.store.fate(question).await? {
                Fate::Taken(at) => return Ok(before(at)),
                // Nobody knows yet whether it came; it was made when the one before was heard.
                Fate::Pending => return Ok(before(self.session.active_at)),
                Fate::Missed => {}
            }
        }
        Ok(false)
    }

    /// What became of the terms that a message could accept. A tap must also be made on a message with that very button:
    /// the terms, or the question asked again below other words.
    pub(super) async fn terms(&self, kind: &InputKind) -> Result<Option<Fate>, TurnError> {
        let shown = open_terms(&self.flows, &self.session);
        let (InputKind::Message { message }, Some((turn, index))) = (kind, shown) else { return Ok(None) };
        let (store, conversation) = (&self.service.store, self.claim.conversation.id);
        let terms = store.fate(OutboxId::derive(conversation, turn, index)).await?;
        let (InboundContent::Option { id, .. }, Some(context), Fate::Taken(terms_at)) =
            (&message.content, &message.context, terms)
        else {
            return Ok(Some(terms));
        };
        let sent = store.sent_messages(conversation, BUTTONS_SOUGHT).await?;
        let on = sent.iter().rev().find(|sent| sent.wamid.as_ref() == Some(context));
        let has_it = |sent: &&SentMessage| sent.content.options().iter().any(|(shown, _)| shown == id);
        Ok(Some(match on.filter(has_it) {
            Some(sent) => match store.fate(sent.id).await? {
                Fate::Taken(at) => Fate::Taken(at.max(terms_at)),
                other @ (Fate::Pending | Fate::Missed) => other,
            },
            None => Fate::Pending,
        }))
    }
}
