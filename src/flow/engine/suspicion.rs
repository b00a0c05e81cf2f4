//! What is only possible: the flow that asks about it; who writes, where words say that it may be another person; and
//! what a message beside people only may mean.
//!
//! Beside people nothing is decided: words of another person take the proof back, until an agent confirms whoever writes
//! or they prove themselves to the bot. Without people a flow asks who writes: until it knows, the proof is held back,
//! so that nothing of the debt is said and nothing accepted, and hardly anything leaves the question.

use crate::domain::assurance::Assurance;
use crate::domain::ids::FlowId;
use crate::flow::effect::Effect;
use crate::flow::engine::brought::{CLEAR_VAR, names_holder};
use crate::flow::engine::expectation;
use crate::flow::engine::heard::{Heard, lists};
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::model::{Interrupt, Step};
use crate::flow::state::{EnteredBy, HeldProof, Session, Status};
use crate::flow::text::fold::fold;
use crate::flow::value::Value;
use crate::rules::assurance::{AssuranceParameters, session_stands};
use crate::understand::intent::Intent;

/// Variable of an interrupt's or the doubt's flow that gets the intent which led there.
const INTENT_VAR: &str = "intencion";
/// Variable of the doubt's flow that gets the person's own words, for the note to whoever reads the ticket.
const WORDS_VAR: &str = "dicho";

/// Meanings that say that somebody else than the holder writes.
const OF_ANOTHER: [Intent; 3] = [Intent::ThirdParty, Intent::WrongNumber, Intent::Minor];

/// Whether words in the chat since people have it say that somebody else than the holder writes, and nobody was confirmed
/// since.
pub fn another_may_write(session: &Session) -> bool {
    OF_ANOTHER.iter().any(|intent| session.suspected.iter().any(|known| known == intent.name()))
}

/// Whether a meaning says that somebody else than the holder writes.
pub(super) fn says_another(intent: Intent) -> bool {
    OF_ANOTHER.contains(&intent)
}

/// Whether an interrupt may come while it is in doubt who writes: what says who it is, what may come to somebody of
/// whom nothing is known, and nothing that talks of the debt.
pub(super) fn comes_in_doubt(interrupt: &Interrupt) -> bool {
    interrupt.reserved || OF_ANOTHER.iter().any(|intent| lists(&interrupt.intents, *intent))
}

impl<'f> Run<'f> {
    /// The flow that asks about a safety intent, unless the step keeps that intent out or the flow is open already: then
    /// only who writes is asked beside another doubt.
    pub(super) fn doubt_flow(&self, doubted: Intent, step: Option<&Step>) -> Option<&'f FlowId> {
        let asks_who = says_another(doubted) && !self.in_doubt_who() && self.has_room();
        let flow = self.flows.bot.doubt.as_ref().filter(|flow| asks_who || !self.is_open(flow))?;
        let narrowed = step.and_then(|step| step.interruptible.as_ref());
        let let_in = narrowed.is_none_or(|ids| {
            let of_intent = |it: &&Interrupt| lists(&it.intents, doubted);
            self.flows.bot.interrupts.iter().filter(of_intent).any(|it| it.always || ids.contains(&it.id))
        });
        let_in.then_some(flow)
    }

    pub(super) fn doubt(&mut self, flow: &'f FlowId, doubted: Intent, heard: &Heard<'_>) -> Result<(), Stop> {
        self.visit(format!("doubt:{}", doubted.name()));
        let words = heard.noted(expectation(self.flows, &self.session));
        let clear = self.names_holder(heard).then_some((CLEAR_VAR, Value::Bool(true)));
        let brought: Vec<_> = [(WORDS_VAR, Value::text(&words))].into_iter().chain(clear).collect();
        // What it tells besides is asked about when this is answered.
        if let Some(besides) = heard.besides().filter(|besides| *besides != doubted && self.has_room()) {
            self.begin_aside(flow, EnteredBy::Interrupt, Some(besides), brought.clone())?;
        }
        self.run_aside(flow, EnteredBy::Interrupt, Some(doubted), brought)
    }

    pub(super) fn run_aside(
        &mut self,
        flow: &FlowId,
        entered_by: EnteredBy,
        intent: Option<Intent>,
        brought: Vec<(&'static str, Value)>,
    ) -> Result<(), Stop> {
        self.begin_aside(flow, entered_by, intent, brought)?;
        self.hold_proof_for(flow, intent)?;
        self.proceed(Ok(Next::Again))
    }

    fn begin_aside(
        &mut self,
        flow: &FlowId,
        entered_by: EnteredBy,
        intent: Option<Intent>,
        brought: Vec<(&'static str, Value)>,
    ) -> Result<(), Stop> {
        let flow = self.push(flow, entered_by)?;
        if let Some(intent) = intent
            && flow.vars.contains_key(INTENT_VAR)
        {
            self.assign(INTENT_VAR, Value::text(intent.name()))?;
        }
        for (var, value) in brought {
            if flow.vars.contains_key(var) {
                self.assign(var, value)?;
            }
        }
        Ok(())
    }

    /// Whether the message names the person of this chat, or the holder.
    fn names_holder(&self, heard: &Heard<'_>) -> bool {
        names_holder(heard.words(), self.facts)
    }
}

impl Run<'_> {
    /// A flow about who writes was just begun: a proof counts no more until an option with `holder: true` of that flow
    /// is chosen. Where the flow ends in another way, the proof is lost.
    pub(super) fn hold_proof_for(&mut self, flow: &FlowId, doubted: Option<Intent>) -> Result<(), Stop> {
        let tells = |it: &Interrupt| it.run == *flow && OF_ANOTHER.iter().any(|one| lists(&it.intents, *one));
        let about = doubted.is_some_and(says_another) || self.flows.bot.interrupts.iter().any(tells);
        if about { self.hold_proof() } else { Ok(()) }
    }

    /// Whoever says that they are somebody else has no proof to get back: "soy Beatriz, la hermana" and then "soy titular"
    /// are words of the same person, and only the questions tell which of them are true. What is only likely, or was read
    /// into the words, is a doubt that an answer ends.
    pub(super) fn hear_who_writes(&mut self, heard: &Heard<'_>) {
        let of_another = |it: &Interrupt| OF_ANOTHER.iter().any(|one| lists(&it.intents, *one));
        let phrased = || self.flows.bot.interrupts.iter().any(|it| of_another(it) && heard.phrases(it));
        self.says_another = heard.says_another() || (heard.tap.is_none() && phrased());
        if self.says_another {
            for held in self.session.frames.iter_mut().filter_map(|frame| frame.held.as_mut()) {
                held.level = held.level.min(Assurance::Canal);
            }
        }
    }

    /// A question is asked of which the answer tells who writes.
    pub(crate) fn hold_proof(&mut self) -> Result<(), Stop> {
        let (level, at) = (self.level, self.facts.now);
        let level = if self.says_another { level.min(Assurance::Canal) } else { level };
        self.frame_mut()?.held.get_or_insert(HeldProof { level, at });
        self.drop_proof();
        Ok(())
    }

    /// The holder said that it is they who write, to the question about it.
    pub(crate) fn holder_writes(&mut self) -> Result<(), Stop> {
        let Some(HeldProof { level, at }) = self.frame_mut()?.held.take() else { return Ok(()) };
        if self.session.desk.is_none() {
            self.session.suspected.retain(|known| !OF_ANOTHER.iter().any(|intent| intent.name() == known));
        }
        if level > self.level && session_stands(at, self.facts.now, &AssuranceParameters::default()) {
            self.visit("proof_counts");
            self.set_level(level);
        }
        Ok(())
    }

    /// The first name of whoever the chat is of, as words are compared; empty where it is not known.
    pub(super) fn holder_name(&self) -> String {
        let persona = self.facts.roots.get("persona");
        let name = persona.and_then(|persona| persona.at(&["primer_nombre".to_owned()]));
        let Some(Value::Text(name)) = name else { return String::new() };
        fold(name)
    }

    /// Words of another person where no question can be asked about it now.
    pub(super) fn drop_proof_of(&mut self, heard: &Heard<'_>) {
        if self.of_another(heard).is_some() {
            self.drop_proof();
        }
    }

    fn drop_proof(&mut self) {
        if self.level >= Assurance::Verificada {
            self.visit("proof_dropped");
            self.set_level(Assurance::Canal);
        }
    }

    /// Whether a question is open of which the answer tells who writes.
    pub(super) fn in_doubt_who(&self) -> bool {
        let asks = match self.session.status {
            Status::Waiting { .. } | Status::Paused { .. } => true,
            Status::New
            | Status::AwaitingAction { .. }
            | Status::WithAgent { .. }
            | Status::Silenced { .. }
            | Status::Ended { .. } => false,
        };
        asks && self.session.frames.iter().any(|frame| frame.held.is_some())
    }

    /// Writes down what people are to ask about, and takes the proof back where somebody else may write.
    pub(super) fn suspect(&mut self, heard: &Heard<'_>) {
        let another = self.of_another(heard);
        let proved = self.level >= Assurance::Verificada;
        if let Some(another) = another.filter(|_| proved) {
            self.drop_proof();
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

    pub(super) fn suspected(&mut self, intent: Intent, proof_dropped: bool) {
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

    /// What the person said of who writes, where its question is left open: it stays for people to ask about.
    pub(super) fn leave_doubt(&mut self) {
        let of_frame = |flow: &FlowId| {
            let mut asked = self.flows.bot.interrupts.iter().filter(|it| it.run == *flow);
            asked.find_map(|it| OF_ANOTHER.into_iter().find(|one| lists(&it.intents, *one)))
        };
        let mut held = self.session.frames.iter().rev().filter(|frame| frame.held.is_some());
        let left = held.find_map(|frame| of_frame(&frame.flow));
        if let Some(intent) = left {
            self.suspected(intent, false);
        }
    }

    /// Whoever writes was confirmed: nobody else is suspected any more.
    pub(super) fn nobody_else(&mut self) {
        for frame in &mut self.session.frames {
            frame.held = None;
        }
        self.session.suspected.retain(|known| !OF_ANOTHER.iter().any(|intent| intent.name() == known));
    }

    /// While a danger is only possible, no word of the person closes the ticket; an agent, who can ask, may.
    pub(super) fn danger_suspected(&self) -> bool {
        let mut dangers = Intent::ALL.into_iter().filter(|intent| intent.is_danger());
        dangers.any(|danger| self.session.suspected.iter().any(|known| known == danger.name()))
    }
}
