//! Whether an agent's words are still an answer: whoever asked not to be written to is only answered, never reminded or
//! asked to pay, and nobody is written to on and on who does not answer.

use super::story::{EVENT_PAGES_MAX, EVENTS_PAGE, Speaker, event_line};
use super::{HandoffError, HandoffService};
use crate::domain::time::Timestamp;
use crate::ports::conversations::{Conversation, Event};
use crate::rules::contact::{Reason, silent_until};

/// The action by which a chat opts out, and its kind of event.
const OPTING_OUT: &str = "contacto.excluir";
const ACTION: &str = "action";

impl HandoffService {
    /// Refuses what is no answer. `words` are when agents wrote here; `collects` is whether this text asks for a payment.
    ///
    /// # Errors
    /// [`HandoffError::Contact`], with the time after which it may be tried again, if there is one.
    pub(super) async fn is_answer(
        &self,
        conversation: &Conversation,
        words: &[Timestamp],
        collects: bool,
    ) -> Result<(), HandoffError> {
        let refused = |reason, until| {
            metrics::counter!("acuerdo_handoff_contact_blocks_total").increment(1);
            Err(HandoffError::Contact { reason, until })
        };
        if conversation.opted_out && (collects || self.silent_since_opt_out(conversation).await?) {
            return refused(Reason::OptedOut, None);
        }
        match silent_until(conversation.last_inbound_at, words, self.now()) {
            Some(until) => refused(Reason::Unanswered, Some(until)),
            None => Ok(()),
        }
    }

    /// Whether the person wrote nothing after they opted out in this chat. One that opted out elsewhere is not known to
    /// have been silent.
    async fn silent_since_opt_out(&self, conversation: &Conversation) -> Result<bool, HandoffError> {
        let (mut opted_out, mut spoke) = (false, false);
        let mut from = 0;
        for _ in 0..EVENT_PAGES_MAX {
            let page = self.ports.conversations.events(conversation.id, from, EVENTS_PAGE).await?;
            for (seq, event) in &page {
                from = *seq;
                if opts_out(event) {
                    (opted_out, spoke) = (true, false);
                } else if event_line(*seq, event).is_some_and(|line| line.from == Speaker::Person) {
                    spoke = true;
                }
            }
            if page.len() < EVENTS_PAGE as usize {
                break;
            }
        }
        Ok(opted_out && !spoke)
    }
}

fn opts_out(event: &Event) -> bool {
    event.kind == ACTION
        && event.body.tree().get("action").and_then(serde_json::Value::as_str) == Some(OPTING_OUT)
}
