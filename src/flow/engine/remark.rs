//! What is said beside the open question: a remark ("espere", "lo pienso", "está muy caro", "¿cómo así?"), a greeting, or
//! a hint of danger in the middle of an answer.

use crate::domain::ids::FlowId;
use crate::domain::time::Millis;
use crate::flow::engine::asking::Asking;
use crate::flow::engine::hear::Waited;
use crate::flow::engine::heard::Heard;
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::model::{FlowSet, Interrupt, Localised, Step, Terms};
use crate::flow::state::{Remarked, Status};
use crate::understand::Understanding;
use crate::understand::intent::Intent;

/// Pieces of one thought come within this time of the answer to the first.
const ONE_THOUGHT: Millis = Millis::seconds(20);

/// How long an agreement is fresh: as long as `acuerdo.reciente` finds it.
const ACCEPTED_LATELY: Millis = Millis::minutes(30);

/// What was meant, and what is said to it.
pub(super) struct Remark<'f> {
    intent: Intent,
    words: &'f Localised,
}

impl<'f> Remark<'f> {
    /// `None` for all else, and where the bot has no text for it.
    pub(super) fn of(flows: &'f FlowSet, intent: Intent) -> Option<Self> {
        flows.bot.texts.in_place.get(&intent).map(|words| Self { intent, words })
    }
}

impl<'f> Run<'f> {
    /// The question stays open with its options, and no miss is counted. Who did not understand it gets it whole. A
    /// thought that comes in pieces ("oiga", "es que", "lo de mi cuenta") gets one answer.
    pub(super) fn remarked(
        &mut self,
        asking: Asking<'f>,
        waited: Waited,
        remark: Remark<'f>,
    ) -> Result<(), Stop> {
        self.visit(format!("in_place:{}", remark.intent.name()));
        let turn = self.session.turn;
        if remark.intent == Intent::Clarify {
            let asked = self.say_text(remark.words).and_then(|()| asking.ask(self, 0));
            return self.asked(asked, asking, waited);
        }
        let (intent, now) = (remark.intent.name().to_owned(), self.facts.now);
        let before = self.session.remarked.take().filter(|before| {
            before.intent == intent && before.turn + 1 == turn && now.since(before.at) < ONE_THOUGHT
        });
        let at = before.as_ref().map_or(now, |before| before.at);
        self.session.remarked = Some(Remarked { intent, turn, at });
        if before.is_some() {
            self.visit("same_thought");
            self.session.unanswered = false;
            return self.asked(Ok(()), asking, waited);
        }
        let asked = self.speak(remark.words).and_then(|words| asking.ask_short(self, words, turn));
        self.asked(asked, asking, waited)
    }

    /// The n-th miss gets the n-th text; after the last the step gives up. What a secret was blotted out of is none.
    pub(super) fn miss(
        &mut self,
        asking: Asking<'f>,
        heard: Option<&Heard<'_>>,
        waited: Waited,
    ) -> Result<(), Stop> {
        if self.held_secret {
            let asked = asking.ask(self, 0);
            return self.asked(asked, asking, waited);
        }
        let n = waited.misses.saturating_add(1);
        self.visit(format!("no_match:{n}"));
        let retry = asking.retry();
        let text = usize::try_from(waited.misses).ok().and_then(|at| retry.texts.get(at));
        let Some(text) = text else { return self.proceed(Ok(Next::Goto(&retry.then))) };
        // Who is choosing among amounts hears that question again; how to write one is not what was missed.
        let texts = &self.flows.bot.texts;
        let chooses = self.frame().is_ok_and(|frame| !frame.readings.is_empty());
        let no_day = asking.expects_date() && heard.is_some_and(Heard::names_no_day);
        let which = texts.which_amount.as_ref().filter(|_| chooses);
        let text = which.or(texts.no_such_day.as_ref().filter(|_| no_day)).unwrap_or(text);
        let turn = self.session.turn;
        if self.keeps_wish(heard) {
            self.say_kept()?;
        }
        let asked = self.speak(text).and_then(|words| asking.ask_short(self, words, turn));
        self.asked(asked, asking, Waited { misses: n, ..waited })
    }

    /// An acknowledgement that accepts no terms: what does is said, with the options.
    pub(super) fn acknowledged(
        &mut self,
        asking: Asking<'f>,
        heard: &Heard<'_>,
        waited: Waited,
    ) -> Result<(), Stop> {
        if heard.missed_the_terms() {
            self.visit("terms_missed");
            let asked = asking.ask(self, 0);
            return self.asked(asked, asking, waited);
        }
        let Some(words) = &self.flows.bot.texts.acknowledged else {
            return self.miss(asking, Some(heard), waited);
        };
        self.visit("acknowledged");
        let turn = self.session.turn;
        let asked = self.speak(words).and_then(|words| asking.ask_short(self, words, turn));
        self.asked(asked, asking, waited)
    }

    /// Whether the terms are the last that was said here and nothing of the person came since.
    pub(super) fn terms_just_shown(&self, asking: Asking<'f>) -> bool {
        let (Asking::Choose(choose), Status::Waiting { asked_turn, nudged: false, .. }) =
            (asking, &self.session.status)
        else {
            return false;
        };
        let shown = choose.evidence.as_ref().zip(self.session.frames.last());
        shown.is_some_and(|(name, frame)| {
            frame.since_turn == *asked_turn
                && frame.shown.get(name).is_some_and(|shown| shown.turn == *asked_turn)
        })
    }

    /// Whether terms are as far as the interrupt wants them, if it asks for any.
    pub(super) fn terms_stand(&self, interrupt: &Interrupt, heard: &Heard<'_>) -> bool {
        match interrupt.terms {
            None => true,
            Some(Terms::Open) => self.terms_wait(),
            Some(Terms::Accepted) => {
                let mut shown = self.session.frames.iter().flat_map(|frame| frame.shown.values());
                shown.any(|shown| shown.answered_by.is_some())
                    || self.accepted_lately() && !self.terms_wait() && heard.holds_phrase_of(interrupt)
            }
        }
    }

    fn terms_wait(&self) -> bool {
        let asking = self.place().and_then(|(_, step)| Asking::of(step));
        matches!(self.session.status, Status::Waiting { .. }) && asking.is_ok_and(Asking::binds)
    }

    /// Whether whoever has the chat accepted terms so short a time ago that words which take them back mean them,
    /// whatever is asked by now.
    fn accepted_lately(&self) -> bool {
        self.session.accepted_at.is_some_and(|at| self.facts.now.since(at) < ACCEPTED_LATELY)
    }

    /// Who says hello in the middle of a question did not see it or begins anew: it is asked again, kindly.
    pub(super) fn greeted(&mut self, asking: Asking<'f>, waited: Waited) -> Result<(), Stop> {
        let Some(hello) = &self.flows.bot.texts.hello else { return self.miss(asking, None, waited) };
        self.visit("greeting");
        let asked = self.say_text(hello).and_then(|()| asking.ask(self, 0));
        self.asked(asked, asking, waited)
    }

    /// A danger, a death, a child or another person that is possible: asked about even before an answer that stands in
    /// the same message, unless the words name an option exactly.
    pub(super) fn peril(
        &self,
        doubted: Option<Intent>,
        asking: Asking<'f>,
        step: &Step,
        meaning: &Understanding,
    ) -> Option<(&'f FlowId, Intent)> {
        let peril = doubted.filter(|intent| intent.is_peril() && !asking.is_named_exactly(meaning))?;
        Some((self.doubt_flow(peril, Some(step))?, peril))
    }
}
