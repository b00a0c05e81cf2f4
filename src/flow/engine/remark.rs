//! What is said beside the open question: a remark ("espere", "lo pienso", "está muy caro", "¿cómo así?"), a greeting, or
//! a hint of danger in the middle of an answer.

use crate::domain::ids::FlowId;
use crate::domain::time::Millis;
use crate::flow::engine::asking::Asking;
use crate::flow::engine::hear::Waited;
use crate::flow::engine::heard::{Heard, TermsSeen};
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::model::{FlowSet, Interrupt, Localised, Step, StepKind, Terms};
use crate::flow::state::{Frame, Remarked, Status};
use crate::understand::Understanding;
use crate::understand::intent::Intent;

/// Pieces of one thought come within this time of the answer to the first.
const ONE_THOUGHT: Millis = Millis::seconds(20);

/// How long an agreement is fresh: as long as `acuerdo.reciente` finds it.
const ACCEPTED_LATELY: Millis = Millis::minutes(30);

/// Within this time of a yes nobody has read the receipt and typed an answer to what it asks.
const UNREAD: Millis = Millis::seconds(10);

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
        let which = texts.which_amount.as_ref().filter(|_| chooses);
        let of_day = heard.filter(|_| asking.expects_date()).and_then(|heard| {
            let none = texts.no_such_day.as_ref().filter(|_| heard.names_no_day());
            none.or(texts.which_day.as_ref().filter(|_| heard.names_unclear_day()))
        });
        let text = which.or(of_day).unwrap_or(text);
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

    /// A yes behind another text of ours, which may be to that: the terms are asked whole, and the next one counts.
    pub(super) fn agreed_to_what(&mut self, asking: Asking<'f>, waited: Waited) -> Result<(), Stop> {
        self.visit("agrees_to_what");
        let before = match &self.flows.bot.texts.terms_again {
            Some(words) => self.say_text(words),
            None => Ok(()),
        };
        let asked = before.and_then(|()| asking.ask(self, 0));
        self.asked(asked, asking, waited)
    }

    /// How the terms of the open question were seen last. Every asking waits anew, so they are the last that was asked when
    /// they were shown in its turn; a reminder is their own question again.
    pub(super) fn terms_seen(&self, asking: Asking<'f>) -> TermsSeen {
        let (Asking::Choose(choose), Status::Waiting { asked_turn, nudged, .. }) =
            (asking, &self.session.status)
        else {
            return TermsSeen::Before;
        };
        let shown = choose.evidence.as_ref().zip(self.session.frames.last());
        let last = |(name, frame): (&String, &Frame)| {
            let asked = frame.shown.get(name).is_some_and(|shown| shown.turn == *asked_turn);
            asked.then_some(frame.since_turn == *asked_turn && !nudged)
        };
        match shown.and_then(last) {
            None => TermsSeen::Before,
            Some(false) => TermsSeen::AskedLast,
            Some(true) => TermsSeen::JustShown,
        }
    }

    /// Whether terms are as far as the interrupt wants them, if it asks for any.
    pub(super) fn terms_stand(&self, interrupt: &Interrupt, heard: &Heard<'_>) -> bool {
        let about = |terms| matches!(terms, Terms::Accepted | Terms::Closed);
        let withdraws = interrupt.terms.is_some_and(about)
            && interrupt.intents.iter().any(|name| name == Intent::Withdraw.name());
        match interrupt.terms {
            _ if withdraws && heard.keeps_agreement() => false,
            None => true,
            Some(Terms::Open) => self.terms_wait(),
            // Words that may also tell of danger are asked about first.
            Some(Terms::Closed) => {
                !self.terms_wait() && !self.asks_about(interrupt) && heard.says_it_alone(interrupt)
            }
            // While identity is proved for such a matter, it is not begun a second time above that.
            Some(Terms::Accepted) if self.proves() || self.asks_about(interrupt) => false,
            Some(Terms::Accepted) => {
                let mut shown = self.session.frames.iter().flat_map(|frame| frame.shown.values());
                let accepted = shown.any(|shown| shown.answered_by.is_some());
                let lately = self.accepted_within(ACCEPTED_LATELY) && heard.holds_phrase_of(interrupt);
                !self.terms_wait() && (accepted || lately || self.recants(interrupt, heard))
            }
        }
    }

    /// A yes and, before anybody can have read what came of it, words against it: they are about the terms, not an answer
    /// to what was asked after them.
    pub(super) fn recants(&self, interrupt: &Interrupt, heard: &Heard<'_>) -> bool {
        let about = interrupt.terms == Some(Terms::Accepted);
        // "mándeme el cronograma": what has words of its own is that.
        let own_words = || {
            let mut others = self.flows.bot.interrupts.iter().filter(|it| it.terms.is_none());
            others.any(|it| heard.phrases(it))
        };
        about && self.accepted_within(UNREAD) && !self.terms_wait() && heard.goes_against() && !own_words()
    }

    /// A denial in the same breath as the yes, at the question whether to withdraw it: it cannot be an answer to that.
    pub(super) fn is_unread(&self, asking: Asking<'f>, heard: &Heard<'_>) -> bool {
        let answers = heard.certain_intent().is_some_and(|intent| asking.lists(intent));
        let mut interrupts = self.flows.bot.interrupts.iter();
        !answers && interrupts.any(|it| self.asks_about(it) && self.recants(it, heard))
    }

    /// Whether the open question is that of a flow which this one calls.
    pub(super) fn asks_now(&self, flow: &FlowId) -> bool {
        let open = self.session.frames.last().map(|frame| &frame.flow);
        let steps = self.flows.flows.get(flow).into_iter().flat_map(|flow| flow.steps.values());
        let mut called = steps.filter_map(|step| match &step.kind {
            StepKind::Call(call) => Some(&call.flow),
            StepKind::Say(_)
            | StepKind::Ask(_)
            | StepKind::Choose(_)
            | StepKind::Do(_)
            | StepKind::Decide(_)
            | StepKind::Handoff(_)
            | StepKind::Pause(_)
            | StepKind::Set(_)
            | StepKind::End(_) => None,
        });
        called.any(|called| Some(called) == open)
    }

    /// Whether the open question takes all that the interrupt means as answers.
    fn asks_about(&self, interrupt: &Interrupt) -> bool {
        let asking = self.place().and_then(|(_, step)| Asking::of(step));
        let listed = |asking: Asking<'f>| {
            let taken = |name: &String| Intent::parse(name).is_some_and(|intent| asking.lists(intent));
            !interrupt.intents.is_empty() && interrupt.intents.iter().all(taken)
        };
        matches!(self.session.status, Status::Waiting { .. }) && asking.is_ok_and(listed)
    }

    fn proves(&self) -> bool {
        let flow = self.flows.bot.reverify.as_ref();
        self.session.frames.iter().any(|frame| Some(&frame.flow) == flow)
    }

    fn terms_wait(&self) -> bool {
        let asking = self.place().and_then(|(_, step)| Asking::of(step));
        matches!(self.session.status, Status::Waiting { .. }) && asking.is_ok_and(Asking::binds)
    }

    /// Whether whoever has the chat accepted terms so short a time ago that words which take them back mean them,
    /// whatever is asked by now.
    fn accepted_within(&self, time: Millis) -> bool {
        self.session.accepted_at.is_some_and(|at| self.facts.now.since(at) < time)
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
