//! What became of the terms that a message may accept.

use super::Work;
use crate::domain::ids::OutboxId;
use crate::domain::inbound::InboundContent;
use crate::flow::engine::open_terms;
use crate::ports::conversations::InputKind;
use crate::ports::outbox::{Fate, SentMessage};
use crate::service::converse::TurnError;

/// Messages of ours among which the one with the tapped button is sought, newest first.
const BUTTONS_SOUGHT: u32 = 50;

impl Work<'_> {
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
