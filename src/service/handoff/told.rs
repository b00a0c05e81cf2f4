//! What the person told people in this chat, as far as it changes what an agent may write.

use super::story::Speaker;
use super::{HandoffError, HandoffService};
use crate::ports::tickets::Ticket;
use crate::service::lenders::Lender;
use crate::understand::intent::Intent;
use crate::understand::{CERTAIN_BPS, Context, Expectation, IntentSource};

impl HandoffService {
    /// Whether the person said, since this ticket was opened, that a debt is not theirs or not so: whoever disputes one is
    /// not pressed to pay, whether a case was opened or not.
    pub(super) async fn is_disputed_here(
        &self,
        ticket: &Ticket,
        lender: &Lender,
    ) -> Result<bool, HandoffError> {
        let (told, _) = self.told_after(ticket.conversation, 0, usize::MAX).await?;
        let context = Context {
            today: lender.today(self.now()),
            currency: lender.policy.currency,
            expects: Expectation::Nothing,
            typed: Expectation::Nothing,
            options: &[],
        };
        let since =
            told.iter().filter(|(_, line)| line.from == Speaker::Person && line.at >= ticket.opened_at);
        let mut words = since.filter_map(|(_, line)| line.text.as_ref());
        Ok(words.any(|text| {
            let meaning = self.understander.understand(text.expose(), &context);
            meaning.intent.is_some_and(|guess| {
                let sure = guess.how == IntentSource::Phrase || guess.confidence_bps >= CERTAIN_BPS;
                guess.intent == Intent::Dispute && sure
            })
        }))
    }
}
