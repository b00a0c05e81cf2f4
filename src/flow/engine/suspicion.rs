//! What a message beside people only may mean, or mean of whoever writes: nothing is decided, and the agent is told.
//!
//! Words of another person take the proof back: from then on whoever writes has proved nothing, until an agent confirms
//! them or they prove themselves to the bot.

use crate::domain::assurance::Assurance;
use crate::flow::effect::Effect;
use crate::flow::engine::heard::{Heard, lists};
use crate::flow::engine::run::Run;
use crate::flow::state::Session;
use crate::understand::intent::Intent;

/// Meanings that say that somebody else than the holder writes.
const OF_ANOTHER: [Intent; 3] = [Intent::ThirdParty, Intent::WrongNumber, Intent::Minor];

/// Whether words in the chat since people have it say that somebody else than the holder writes, and nobody was confirmed
/// since.
pub fn another_may_write(session: &Session) -> bool {
    OF_ANOTHER.iter().any(|intent| session.suspected.iter().any(|known| known == intent.name()))
}

impl Run<'_> {
    /// Writes down what people are to ask about, and takes the proof back where somebody else may write.
    pub(super) fn suspect(&mut self, heard: &Heard<'_>) {
        let another = self.of_another(heard);
        let proved = self.level >= Assurance::Verificada;
        if let Some(another) = another.filter(|_| proved) {
            self.visit("proof_dropped");
            self.set_level(Assurance::Canal);
            self.suspected(another, true);
        }
        if let Some(peril) = heard.doubted_intent().filter(|intent| intent.is_peril()) {
            self.suspected(peril, false);
        }
    }

    fn of_another(&self, heard: &Heard<'_>) -> Option<Intent> {
        let mut either = [heard.certain_intent(), heard.doubted_intent()].into_iter().flatten();
        let meant = either.find(|intent| OF_ANOTHER.contains(intent));
        let phrased = || {
            let mut named = self.flows.bot.interrupts.iter().filter(|it| heard.phrases(it));
            named.find_map(|it| OF_ANOTHER.into_iter().find(|intent| lists(&it.intents, *intent)))
        };
        let says = || heard.meaning.is_some_and(|meaning| meaning.other_writes).then_some(Intent::ThirdParty);
        meant.or_else(phrased).or_else(says)
    }

    fn suspected(&mut self, intent: Intent, proof_dropped: bool) {
        let name = intent.name();
        if self.session.suspected.iter().any(|known| known == name) && !proof_dropped {
            return;
        }
        self.visit(format!("suspected:{name}"));
        self.session.suspected.retain(|known| known != name);
        self.session.suspected.push(name.to_owned());
        self.effects.push(Effect::Suspected { what: name.to_owned(), proof_dropped });
        self.refresh_session_fact();
    }

    /// Whoever writes was confirmed: nobody else is suspected any more.
    pub(super) fn nobody_else(&mut self) {
        self.session.suspected.retain(|known| !OF_ANOTHER.iter().any(|intent| intent.name() == known));
    }

    /// While a danger is only possible, no word of the person closes the ticket; an agent, who can ask, may.
    pub(super) fn danger_suspected(&self) -> bool {
        let mut dangers = Intent::ALL.into_iter().filter(|intent| intent.is_danger());
        dangers.any(|danger| self.session.suspected.iter().any(|known| known == danger.name()))
    }
}
