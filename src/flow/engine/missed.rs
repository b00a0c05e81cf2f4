//! What came too late to be answered, and what we said that never arrived: people learn of both.

use crate::domain::assurance::Assurance;
use crate::domain::ids::Wamid;
use crate::flow::effect::Effect;
use crate::flow::engine::heard::{Heard, lists};
use crate::flow::engine::run::{Run, Stop};
use crate::flow::input::{Input, Said, Unconfirmed};
use crate::flow::state::Status;
use crate::understand::intent::Intent;

/// Why people have a ticket.
const LATE: &str = "mensaje_tardio";
const UNDELIVERED: &str = "no_entregado";
/// What the agent reads.
const LATE_NOTE: &str = "Llegó un mensaje con más de 24 horas de retraso y el asistente no lo tomó como respuesta. Léalo en la \
     historia y contéstelo si hace falta; si el chat ya no deja escribir, llame a la persona.";
const UNDELIVERED_NOTE: &str = "Un mensaje nuestro no se pudo entregar (vea en la historia cuál y por qué). La persona no lo \
     recibió; si hace falta, busque otro medio para contactarla.";
const UNCONFIRMED_NOTE: &str = "WhatsApp no confirmó un mensaje nuestro (vea en la historia cuál): pudo llegar o no, y no se envía \
     otra vez. Si hace falta, confírmelo con la persona.";

impl Run<'_> {
    /// Kept and shown to people, never run as if it had just been said: it answers nothing that is open now, and no answer
    /// to it may be delivered. A wish to be left alone is obeyed, however late it comes; and what people must not lose, or
    /// what says that somebody else writes, is told to them as if it had been said beside them: nothing can be asked back.
    pub(super) fn late(&mut self, input: &Input, wamid: &Wamid, said: &Said) -> Result<(), Stop> {
        if matches!(said, Said::Ignored { .. }) {
            self.visit("ignored");
            return Ok(());
        }
        let heard = Heard::of(
            said,
            &self.flows.bot.interrupts,
            self.level >= Assurance::Verificada,
            &self.holder_name(),
        );
        let stop = Intent::Stop;
        let named = self.flows.bot.interrupts.iter().any(|it| lists(&it.intents, stop) && heard.phrases(it));
        if named || heard.certain_intent() == Some(stop) {
            return self.message(input, wamid, said);
        }
        self.visit("late");
        if self.keep_late(&heard, LATE_NOTE)? {
            return Ok(());
        }
        self.tell_people(LATE, LATE_NOTE);
        Ok(())
    }

    /// The chat does not go on as if it had been read: a question that nobody saw is open no more, and the next message
    /// begins anew.
    pub(super) fn undelivered(&mut self, question: bool) {
        self.visit("delivery_failed");
        if question && matches!(self.session.status, Status::Waiting { .. }) {
            self.drop_matter();
            self.session.status = Status::New;
        }
        self.tell_people(UNDELIVERED, UNDELIVERED_NOTE);
    }

    /// Nobody knows whether a message of ours came, and it is not said again by itself: who reads on learns how to have it
    /// repeated. The chat goes on as if it had come, since it may have.
    pub(super) fn unconfirmed(&mut self, what: Unconfirmed) -> Result<(), Stop> {
        self.visit("unconfirmed");
        let with_people = self.session.desk.is_some() || self.session.aside.is_some();
        match (what, &self.flows.bot.texts.unconfirmed) {
            (Unconfirmed::Answer, Some(words)) if !with_people && self.window_is_open(self.facts.now) => {
                self.say_text(words)
            }
            (Unconfirmed::Answer | Unconfirmed::AgentsWord, _) => {
                self.tell_people(UNDELIVERED, UNCONFIRMED_NOTE);
                Ok(())
            }
        }
    }

    fn tell_people(&mut self, reason: &str, note: &str) {
        if self.session.desk.is_some() {
            self.effects.push(Effect::ForwardToAgent);
        } else if self.session.aside.is_none() {
            self.leave_ticket(reason, note.to_owned());
        }
    }
}
