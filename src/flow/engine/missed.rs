//! What came too late to be answered, and what we said that never arrived: people learn of both.

use crate::domain::assurance::Assurance;
use crate::domain::ids::Wamid;
use crate::flow::effect::Effect;
use crate::flow::engine::heard::{Heard, lists};
use crate::flow::engine::run::{Run, Stop};
use crate::flow::input::{Input, Said};
use crate::flow::state::Status;
use crate::understand::intent::Intent;

/// Why people have a ticket.
const LATE: &str = "mensaje_tardio";
const UNDELIVERED: &str = "no_entregado";
/// What the agent reads.
const LATE_NOTE: &str = "Llegó un mensaje con más de 24 horas de retraso: WhatsApp ya no permite responderlo por el chat y el \
     asistente no lo tomó como respuesta. Léalo en la historia y llame a la persona si hace falta.";
const UNDELIVERED_NOTE: &str = "WhatsApp no pudo entregar una respuesta del asistente (vea en la historia cuál y por qué). La \
     persona no la recibió; busque otro medio para contactarla.";

impl Run<'_> {
    /// Kept and shown to people, never run as if it had just been said: it answers nothing that is open now, and no answer
    /// to it would be delivered. Only a wish to be left alone is obeyed, however late it comes.
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

    fn tell_people(&mut self, reason: &str, note: &str) {
        if self.session.desk.is_some() {
            self.effects.push(Effect::ForwardToAgent);
        } else if self.session.aside.is_none() {
            self.leave_ticket(reason, note.to_owned());
        }
    }
}
