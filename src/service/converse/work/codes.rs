//! A code or password that an agent asked for and that the person reads back: nobody here needs it, so it is kept
//! nowhere.

use super::Work;
use crate::domain::inbound::InboundMessage;
use crate::domain::outbound::Outbound;
use crate::domain::pii::Pii;
use crate::domain::time::Millis;
use crate::ports::conversations::{InputKind, Origin, StoredInput};
use crate::rules::guard::Act;
use crate::rules::reading::words;
use crate::rules::secrets;
use crate::service::converse::TurnError;
use std::borrow::Cow;

/// Our messages among which agents' words are sought, newest first.
const SENT_SOUGHT: u32 = 12;
/// Messages of agents that may have asked.
const WORDS_MAX: usize = 4;
const ASKED_WITHIN: Millis = Millis::minutes(60);
/// Agents' words ask for a secret when that is at least so likely, in 1/10 000: a mask that is not needed does no harm.
const ASKS_BPS: u16 = 2_500;
/// Words that a code or password is asked for with.
const OF_A_CODE: &[&str] = &[
    "codig", "code", "letras", "numerit", "token", "otp", "pin", "clave", "contras", "passw", "senha", "sms",
];

impl Work<'_> {
    /// The input without a code that an agent asked for; it is also kept so.
    pub(super) async fn without_given_code<'i>(
        &mut self,
        stored: &'i StoredInput,
    ) -> Result<Cow<'i, StoredInput>, TurnError> {
        let InputKind::Message { message } = &stored.kind else { return Ok(Cow::Borrowed(stored)) };
        let masked = message.content.words().and_then(|words| secrets::mask_lone_code(words.expose()));
        let Some(masked) = masked.filter(|_| self.ticket.is_some()) else { return Ok(Cow::Borrowed(stored)) };
        if !self.agent_asked_for_a_secret().await? {
            return Ok(Cow::Borrowed(stored));
        }
        metrics::counter!("acuerdo_secrets_masked_total", "where" => "answer").increment(1);
        let content = message.content.clone().worded(Pii::new(masked));
        let message = InboundMessage { content, held_secret: true, ..message.clone() };
        let kind = InputKind::Message { message };
        self.commit.withheld.push((stored.id, kind.clone()));
        Ok(Cow::Owned(StoredInput { kind, ..stored.clone() }))
    }

    async fn agent_asked_for_a_secret(&self) -> Result<bool, TurnError> {
        let sent = self.service.store.sent_messages(self.claim.conversation.id, SENT_SOUGHT).await?;
        let late = |at| self.now.since(at) > ASKED_WITHIN;
        let said =
            sent.iter().rev().filter(|message| message.origin == Origin::Agent && !late(message.created_at));
        let mut said: Vec<&str> = said
            .take(WORDS_MAX)
            .filter_map(|message| {
                let Outbound::Text { body } = &message.content else { return None };
                Some(body.expose().as_str())
            })
            .collect();
        said.reverse();
        let together = said.join(" ");
        let acts = self.service.understander.acts();
        let secret = Act::ALL.iter().position(|act| *act == Act::AskSecret).unwrap_or_default();
        let likely = |text: &str| {
            acts.heard(text).iter().any(|part| part.likely.get(secret).is_some_and(|bps| *bps >= ASKS_BPS))
        };
        let named =
            words(&together).iter().any(|word| OF_A_CODE.iter().any(|stem| word.text.starts_with(stem)));
        Ok(named || likely(&together) || said.iter().any(|text| likely(text)))
    }
}
