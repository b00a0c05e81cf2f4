//! The warning of whoever typed a secret.

use crate::flow::engine::run::{Run, Stop};

impl Run<'_> {
    /// Says that the secret in this message was not kept, also beside a person who has the chat: it may be the answer to
    /// somebody who asked for it.
    pub(super) fn warn_of_secret(&mut self) -> Result<(), Stop> {
        let flows = self.flows;
        match &flows.bot.texts.secret {
            Some(words) if self.held_secret => {
                self.visit("secret");
                self.say_text(words)
            }
            Some(_) | None => Ok(()),
        }
    }
}
