//! Danger that is only possible: the question about it, which nothing but an answer closes, a hint of it beside the desk, and
//! what whoever waits there hears when it was none.

use crate::flow::effect::Effect;
use crate::flow::engine::asking::Asking;
use crate::flow::engine::hear::Waited;
use crate::flow::engine::heard::{Heard, lists};
use crate::flow::engine::is_fresh;
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::model::{Choose, Correction, Expects, Flow, Interrupt, Step, StepKind};
use crate::flow::state::EnteredBy;
use crate::flow::steps::choose;
use crate::flow::text::fold::fold;
use crate::flow::text::{Part, Text};
use crate::understand::intent::Intent;
use crate::understand::phrases::stands_plainly;

/// Whether the words are this title, which shows no values.
fn is_title(title: &Text, words: &str) -> bool {
    matches!(title.parts.as_slice(), [Part::Literal(title)] if fold(title) == words)
}

impl<'f> Run<'f> {
    /// A message at a question about somebody's safety. A tap, very words or the danger said once more answer it; of the
    /// interrupts only the most urgent take its place. Whatever else comes leads where giving up leads, and what may run beside a protected
    /// hand-off runs first.
    pub(super) fn safety_question(&mut self, choose: &'f Choose, heard: &Heard<'_>) -> Result<(), Stop> {
        if let Some(tap) = heard.tap.as_ref().filter(|tap| is_fresh(&self.session, tap))
            && let Some(next) = choose::answer_tap(choose, self, &tap.option)?
        {
            return self.proceed(Ok(next));
        }
        let urgent = self.interrupt_among(heard, |it| it.always && self.protects(&it.run) == Some(0));
        if let Some(interrupt) = urgent {
            return self.interrupt(interrupt, heard);
        }
        if let Some(meaning) = heard.meaning.filter(|_| heard.tap.is_none())
            && let Some(next) = choose::answer_about_safety(choose, self, meaning)?
        {
            return self.proceed(Ok(next));
        }
        if let Some(said_again) = heard.said_again(Asking::Choose(choose))
            && let Some(next) = choose::answer_said_again(choose, self, said_again)?
        {
            return self.proceed(Ok(next));
        }
        if let Some(below) = choose.below.as_ref().filter(|_| self.answers_below(heard)) {
            self.visit("answers_below");
            return self.proceed(Ok(Next::Goto(below)));
        }
        self.drop_proof_of(heard);
        self.visit("not_answered");
        let beside = self.interrupt_among(heard, |it| it.with_protected);
        self.move_to(&choose.retry.then)?;
        match beside {
            Some(interrupt) => {
                self.visit(format!("interrupt:{}", interrupt.id));
                self.run_aside(&interrupt.run, EnteredBy::Interrupt, None, Vec::new())
            }
            None => self.proceed(Ok(Next::Again)),
        }
    }

    /// A message that was written before a question about something grave had been sent: «número equivocado» and «sí» in
    /// one breath. It answers nothing; what it says of its own is heard, and else the question, which comes now, waits.
    pub(super) fn unasked(
        &mut self,
        asking: Asking<'f>,
        step: &Step,
        heard: &Heard<'_>,
        waited: Waited,
    ) -> Result<(), Stop> {
        let open = self.frame()?.flow.clone();
        if let Some(interrupt) = self.interrupt_among(heard, |it| it.always && it.run != open) {
            return self.interrupt(interrupt, heard);
        }
        let asks_already = self.flows.bot.doubt.as_ref() == Some(&open);
        if let Some(peril) = heard.doubted_intent().filter(|intent| intent.is_peril() && !asks_already)
            && let Some(flow) = self.doubt_flow(peril, Some(step))
        {
            return self.doubt(flow, peril, heard);
        }
        self.drop_proof_of(heard);
        self.visit("unasked");
        self.session.unanswered = false;
        self.asked(Ok(()), asking, waited)
    }

    /// Whether a message without a sign of danger is an answer to the question on top of which this one was asked: a tap on
    /// it, the value that it waits for, or the words of one of its options.
    fn answers_below(&self, heard: &Heard<'_>) -> bool {
        let Some((flow, step)) = self.question_below() else { return false };
        if let Some(tap) = &heard.tap {
            return tap.flow == flow.id && tap.step == step.id;
        }
        let Some(meaning) = heard.meaning else { return false };
        if meaning.doubt.is_some() || heard.untaken_intent().is_some() {
            return false;
        }
        let figures = meaning.normalised.bytes().any(|byte| byte.is_ascii_digit());
        match &step.kind {
            StepKind::Ask(ask) => match ask.expects {
                Expects::Money => meaning.amount.is_some(),
                Expects::Date => meaning.date.is_some(),
                Expects::PastDate => meaning.past_date.is_some(),
                Expects::Int | Expects::DocumentLast4 | Expects::BirthDayMonth => figures,
                Expects::Text { .. } | Expects::Media => false,
            },
            StepKind::Choose(choose) => {
                let typed = !choose.typed.is_empty() && (meaning.amount.is_some() || meaning.date.is_some());
                typed || self.names_option_of(choose, &meaning.normalised)
            }
            StepKind::Say(_)
            | StepKind::Do(_)
            | StepKind::Decide(_)
            | StepKind::Call(_)
            | StepKind::Handoff(_)
            | StepKind::Pause(_)
            | StepKind::Set(_)
            | StepKind::End(_) => false,
        }
    }

    /// The words are the title of an option, or another name that its step gives it. One that a plain no chooses says
    /// nothing here, nor one that accepts terms.
    fn names_option_of(&self, choose: &Choose, words: &str) -> bool {
        let language = &self.session.language;
        choose.options.iter().filter(|option| !option.binds && option.id != "no").any(|option| {
            let named = option.accepts.iter().any(|name| name == words);
            let denies = option.accepts.iter().any(|name| name == "no");
            !words.is_empty() && !denies && (named || is_title(option.title.pick(language), words))
        })
    }

    /// The question that waits below the open flow.
    fn question_below(&self) -> Option<(&'f Flow, &'f Step)> {
        let below = self.session.frames.iter().rev().nth(1)?;
        let flow = self.flows.flows.get(&below.flow)?;
        Some((flow, flow.steps.get(&below.step)?))
    }

    /// Whoever waits for a person and may be in distress is not asked about it: that is the more urgent hand-off.
    pub(super) fn hint_of_distress(&self, heard: &Heard<'_>) -> Option<&'f Interrupt> {
        let hinted = heard.doubted_intent().filter(|intent| *intent == Intent::Distress)?;
        self.flows.bot.interrupts.iter().find(|it| {
            let shut = self.session.reserved.is_some() && !it.reserved;
            it.always && lists(&it.intents, hinted) && !shut && self.comes_beside_desk(it)
        })
    }

    /// What tells whoever waits in the open hand-off that it was no danger. Nothing does when a new word of danger stands
    /// beside it, when an agent has the chat, or when the chat is reserved.
    pub(super) fn correction(&self, heard: &Heard<'_>) -> Option<&'f Correction> {
        let desk = self.session.desk.as_ref().filter(|_| !self.facts.attended)?;
        let meaning = heard.meaning.filter(|_| self.session.reserved.is_none())?;
        let certain = heard.certain_intent();
        if [certain, heard.doubted_intent()].into_iter().flatten().any(Intent::is_danger) {
            return None;
        }
        self.flows.bot.corrections.iter().find(|one| {
            one.reasons.contains(&desk.reason)
                && (one.phrases.iter().any(|phrase| stands_plainly(&meaning.normalised, phrase))
                    || certain.is_some_and(|intent| lists(&one.intents, intent)))
        })
    }

    /// It is answered, and no more: a courtesy ("todo bien, gracias") may be one, so only a person gives the chat back.
    pub(super) fn corrected(&mut self, correction: &'f Correction) -> Result<(), Stop> {
        self.visit("corrected");
        self.effects.push(Effect::ForwardToAgent);
        self.session.unanswered = false;
        if let Some(desk) = &mut self.session.desk {
            desk.told_at = Some(self.facts.now);
            desk.unheard = 0;
        }
        if !self.has_room() {
            return Ok(());
        }
        self.run_aside(&correction.run, EnteredBy::Interrupt, None, Vec::new())
    }
}
