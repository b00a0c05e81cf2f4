//! What a message means now: which interrupt, answer, doubt or miss it is. The order is the contract of the language.

use crate::domain::assurance::Assurance;
use crate::domain::ids::{FlowId, Wamid};
use crate::flow::engine::asking::{Asking, Certain};
use crate::flow::engine::brought::acceptance;
use crate::flow::engine::heard::{Heard, lists};
use crate::flow::engine::parts::Part;
use crate::flow::engine::remark::Remark;
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::engine::suspicion::{comes_in_doubt, says_another};
use crate::flow::engine::{begins_anew, is_fresh};
use crate::flow::input::{Input, Said};
use crate::flow::model::{Expects, Interrupt, InterruptMode, Localised, Step, StepKind};
use crate::flow::render::PAGE;
use crate::flow::state::{EnteredBy, OptionRef, Status};
use crate::understand::intent::Intent;

/// Words of a message that is a sentence: fewer are borrowed ("thank you", "good morning").
const SENTENCE_WORDS: usize = 3;
/// Voice notes, pictures … that are explained before they count as misses.
const NOT_TEXTS_MAX: u32 = 2;

/// Meanings that come before an answer unless that is exact. To say that one has paid is not a matter of harm, but a
/// bot that goes on asking for money then is; a right over the own data, and a complaint, are the law's.
const fn comes_first(intent: Intent) -> bool {
    intent.is_safety() || matches!(intent, Intent::AlreadyPaid | Intent::DataRights | Intent::Complaint)
}

/// The same where any text is an answer: who leaves a message may well ask to be called.
const fn comes_before_text(intent: Intent) -> bool {
    comes_first(intent) && !matches!(intent, Intent::Human)
}

impl<'f> Run<'f> {
    pub(super) fn message(&mut self, input: &Input, wamid: &Wamid, said: &Said) -> Result<(), Stop> {
        if matches!(said, Said::Ignored { .. }) {
            self.visit("ignored");
            return self.warn_of_secret();
        }
        let anew = begins_anew(&self.session, input, self.facts.now, self.flows.bot.idle);
        self.session.active_at = self.facts.now;
        self.session.proactive = false;
        self.session.unanswered = true;
        self.wamid = Some(wamid.clone());
        self.acceptance = acceptance(said);
        let proved = self.level >= Assurance::Verificada;
        let heard = Heard::of(said, &self.flows.bot.interrupts, proved, &self.holder_name());
        self.hear_who_writes(&heard);
        self.hear_language(&heard, anew);
        self.warn_of_secret()?;
        if self.facts.attended {
            // Whoever holds the ticket has the chat, also when the bot left it with people and went on.
            return self.beside_agent(&heard);
        }
        if anew && self.session.desk.is_some() {
            self.back_to_desk();
            return self.beside_agent(&heard);
        }
        if anew {
            return self.open_chat(&heard);
        }
        match self.session.status {
            Status::New | Status::Ended { .. } => self.open_chat(&heard),
            Status::WithAgent { .. } => self.beside_agent(&heard),
            Status::Silenced { .. } => self.beside_human(&heard),
            Status::Paused { .. } => self.paused(&heard),
            Status::AwaitingAction { .. } => {
                // The action's outcome was lost on the way; asking for it again doubles nothing (`once`).
                self.visit("busy");
                self.proceed(Ok(Next::Again))
            }
            Status::Waiting { misses, nudged, not_texts, .. } => {
                self.waiting(&heard, Waited { misses, nudged, not_texts })
            }
        }
    }

    // ── a chat that begins ─────────────────────────────────────────────────────────────────────────────────────

    fn open_chat(&mut self, heard: &Heard<'_>) -> Result<(), Stop> {
        self.session.flow_hash = self.flows.hash.clone();
        self.drop_matter();
        let another = heard.doubted_intent().is_some_and(says_another);
        if let Some(interrupt) = self.interrupt_among(heard, |it| !another || comes_in_doubt(it)) {
            return self.interrupt(interrupt, heard);
        }
        self.push(self.start_flow(), EnteredBy::Start)?;
        if let Some(doubted) = heard.doubted_intent()
            && let Some(flow) = self.doubt_flow(doubted, None)
        {
            return self.doubt(flow, doubted, heard);
        }
        if let Some(flow) = self.picture_flow(heard).filter(|_| heard.meaning.is_none()) {
            return self.picture(flow, heard);
        }
        if heard.meaning.is_none() {
            // Before the greeting, which would seem to answer what was not heard.
            self.visit("not_text");
            self.say_text(self.words_for(heard.said))?;
        }
        let intent = heard.certain_intent().filter(|intent| !matches!(intent, Intent::Greeting));
        self.session.pending_intent = intent.map(|intent| intent.name().to_owned());
        self.refresh_session_fact();
        self.proceed(Ok(Next::Again))
    }

    fn beside_human(&mut self, heard: &Heard<'_>) -> Result<(), Stop> {
        if let Some(interrupt) = self.interrupt_among(heard, |it| it.always) {
            return self.interrupt(interrupt, heard);
        }
        self.visit("silent");
        Ok(())
    }

    // ── a pause ────────────────────────────────────────────────────────────────────────────────────────────────

    fn paused(&mut self, heard: &Heard<'_>) -> Result<(), Stop> {
        let (_, step) = self.place()?;
        let another = heard.doubted_intent().is_some_and(says_another);
        let lets_in = |it: &Interrupt| allowed(step, it) && (!another || comes_in_doubt(it));
        if let Some(interrupt) = self.interrupt_among(heard, lets_in) {
            return self.interrupt(interrupt, heard);
        }
        if let Some(doubted) = heard.untaken_intent()
            && let Some(flow) = self.doubt_flow(doubted, Some(step))
        {
            return self.doubt(flow, doubted, heard);
        }
        let StepKind::Pause(pause) = &step.kind else {
            return Err(Stop::fault(format!("step `{}` is no pause", step.id)));
        };
        self.visit("answer");
        self.proceed(Ok(Next::Goto(&pause.on_message)))
    }

    // ── an open question ───────────────────────────────────────────────────────────────────────────────────────

    fn waiting(&mut self, heard: &Heard<'_>, waited: Waited) -> Result<(), Stop> {
        let (flow, step) = self.place()?;
        let asking = Asking::of(step)?;
        if heard.is_unasked() {
            return self.unasked(asking, step, heard, waited);
        }
        if let Asking::Choose(choose) = asking
            && choose.safety
        {
            return self.safety_question(choose, heard);
        }
        if let Some(tap) = &heard.tap {
            return self.tapped(asking, tap, heard, waited);
        }
        let said_again = heard.said_again(asking);
        if let Some(interrupt) = self.interrupt_among(heard, |it| {
            (it.always || heard.takes_back(it)) && said_again.is_none_or(|intent| !lists(&it.intents, intent))
        }) {
            return self.interrupt(interrupt, heard);
        }
        if self.is_unread(asking, heard) {
            let asked = asking.ask(self, 0);
            return self.asked(asked, asking, waited);
        }
        if flow.needs > self.level {
            // Not an answer: whoever writes must prove who they are before the question is asked again.
            return match self.interrupt_among(heard, |it| allowed(step, it)) {
                Some(interrupt) => self.interrupt(interrupt, heard),
                None => self.proceed(Err(Stop::Level(flow.needs))),
            };
        }
        let Some(meaning) = heard.meaning else { return self.wordless(asking, heard, waited) };
        if meaning.language.is_some_and(|found| found.wished) {
            self.visit("language");
            let asked = asking.ask(self, 0);
            return self.asked(asked, asking, waited);
        }
        if said_again.is_none()
            && let Some(interrupt) = self.interrupt_before_answer(asking, step, heard)
        {
            return self.interrupt(interrupt, heard);
        }
        let doubted = heard.doubted_intent().filter(|_| said_again.is_none());
        if let Some((flow, peril)) = self.peril(doubted, asking, step, meaning) {
            return self.doubt(flow, peril, heard);
        }
        if let Some(next) = self.picture_kept(step, heard)? {
            return self.proceed(Ok(next));
        }
        if let Said::Media { media_id, .. } = heard.said
            && let Some(next) = asking.answer_media(self, media_id)?
        {
            return self.proceed(Ok(next));
        }
        if asking.takes_any_text() && heard.is_greeting() {
            return self.greeted(asking, waited);
        }
        let kept = self.keep_beside(asking, heard)?;
        let consent = heard.consent(self.terms_seen(asking));
        let intent = said_again.or_else(|| heard.certain_intent()).map(Intent::name);
        let certain = Certain { intent, consent };
        match asking.answer(self, heard.body, meaning, certain) {
            Ok(None) => {}
            Ok(Some(next)) => return self.proceed(Ok(next)),
            Err(stop) => return self.proceed(Err(stop)),
        }
        match self.gather(asking, heard.body, meaning)? {
            Some(Part::Whole(next)) => return self.proceed(Ok(next)),
            Some(Part::More) => return self.asked(Ok(()), asking, waited),
            None => {}
        }
        if asking.expects_date() && heard.is_about_the_day() {
            return self.miss(asking, Some(heard), waited);
        }
        if kept && asking.takes_amount() && heard.only_proposes() {
            let asked = asking.ask(self, 0);
            return self.asked(asked, asking, waited);
        }
        if heard.only_acknowledges() && asking.binds() {
            return self.acknowledged(asking, heard, waited);
        }
        if heard.only_agrees() && asking.binds() {
            return self.agreed_to_what(asking, waited);
        }
        if let Some(interrupt) = self.interrupt_among(heard, |it| allowed(step, it)) {
            return self.interrupt(interrupt, heard);
        }
        if let Some(doubted) = heard.untaken_intent()
            && let Some(flow) = self.doubt_flow(doubted, Some(step))
        {
            return self.doubt(flow, doubted, heard);
        }
        if heard.is_greeting() {
            return self.greeted(asking, waited);
        }
        if matches!(heard.said, Said::Media { .. }) {
            return self.not_text(asking, heard.said, waited);
        }
        match heard.certain_intent().and_then(|intent| Remark::of(self.flows, intent)) {
            Some(remark) => self.remarked(asking, waited, remark),
            None => self.miss(asking, Some(heard), waited),
        }
    }

    /// Something without words: a picture that the question takes, or that the flow of pictures asks about.
    fn wordless(&mut self, asking: Asking<'f>, heard: &Heard<'_>, waited: Waited) -> Result<(), Stop> {
        let (_, step) = self.place()?;
        if let Some(next) = self.picture_kept(step, heard)? {
            return self.proceed(Ok(next));
        }
        let takes = matches!(asking, Asking::Ask(ask) if ask.expects == Expects::Media);
        match self.picture_flow(heard).filter(|_| !takes) {
            Some(flow) => self.picture(flow, heard),
            None => self.not_text(asking, heard.said, waited),
        }
    }

    /// A first message may tell the language of the chat, a later sentence too, and a wish does at any time; only the
    /// flows' own languages count.
    fn hear_language(&mut self, heard: &Heard<'_>, anew: bool) {
        let Some(found) = heard.meaning.and_then(|meaning| meaning.language) else { return };
        let code = found.language.code();
        let begins = anew || matches!(self.session.status, Status::New | Status::Ended { .. });
        let sentence = heard.words().split(' ').count() >= SENTENCE_WORDS
            && !matches!(heard.wish(), Some(Intent::Thanks | Intent::Greeting));
        let counts = found.wished || ((begins || sentence) && !self.session.language_set);
        if counts && self.flows.bot.languages.iter().any(|known| known == code) {
            self.session.language = code.to_owned();
            self.session.language_set |= found.wished;
            self.refresh_session_fact();
        }
    }

    /// Safety before an answer that is not exact; and any interrupt's very words where every text would be an answer.
    fn interrupt_before_answer(
        &self,
        asking: Asking<'f>,
        step: &Step,
        heard: &Heard<'_>,
    ) -> Option<&'f Interrupt> {
        // A picture with an option's words below it is more than that option: the interrupt's flow takes both.
        let more = matches!(heard.said, Said::Media { .. });
        if !more && heard.meaning.is_some_and(|meaning| asking.is_named_exactly(meaning)) {
            return None;
        }
        let any_text = asking.takes_any_text();
        let first = if any_text { comes_before_text } else { comes_first };
        // Ley 2300 of 2023 (CO), art. 3 to 5: channel and day are the person's to choose. Only words that say so, no guess.
        let wish = |intent: Intent| !any_text && intent == Intent::ContactPreference && heard.is_worded();
        let safety = heard.certain_intent().filter(|intent| first(*intent) || wish(*intent));
        // What the open flow is about is told to it, not begun anew.
        let told = |it: &Interrupt| self.frame().is_ok_and(|frame| frame.flow == it.run);
        self.interrupt_among(heard, |it| {
            let phrase = any_text && heard.phrases(it);
            !told(it)
                && allowed(step, it)
                && (phrase || safety.is_some_and(|intent| lists(&it.intents, intent)))
        })
    }

    fn tapped(
        &mut self,
        asking: Asking<'f>,
        tap: &OptionRef,
        heard: &Heard<'_>,
        waited: Waited,
    ) -> Result<(), Stop> {
        let (flow, step) = self.place()?;
        if flow.needs > self.level {
            return self.proceed(Err(Stop::Level(flow.needs)));
        }
        let fresh = is_fresh(&self.session, tap);
        if fresh && let Some(page) = tap.option.strip_prefix(PAGE).and_then(|page| page.parse().ok()) {
            self.visit("page");
            let asked = asking.ask(self, page);
            return self.asked(asked, asking, waited);
        }
        let same_step = tap.flow == flow.id && tap.step == step.id;
        // Terms are accepted by a tap on what was asked last, never on an older asking.
        if fresh && let Some(title) = asking.title_that_binds(self, &tap.option)? {
            // Whoever is behind it, no button of ours has another title.
            if heard.body.trim() != title.trim() {
                return self.stale(asking, waited);
            }
            if heard.accepts_nothing() {
                return self.acknowledged(asking, heard, waited);
            }
        }
        if fresh || (asking.accepts_stale() && same_step) {
            match asking.answer_tap(self, &tap.option) {
                Ok(None) => {}
                Ok(Some(next)) => return self.proceed(Ok(next)),
                Err(stop) => return self.proceed(Err(stop)),
            }
        }
        self.stale(asking, waited)
    }

    fn stale(&mut self, asking: Asking<'f>, waited: Waited) -> Result<(), Stop> {
        self.visit("stale");
        let asked = self.say_text(&self.flows.bot.texts.stale).and_then(|()| asking.ask(self, 0));
        self.asked(asked, asking, waited)
    }

    /// The question was asked again: it waits anew, with the misses that it had.
    pub(super) fn asked(
        &mut self,
        asked: Result<(), Stop>,
        asking: Asking<'f>,
        waited: Waited,
    ) -> Result<(), Stop> {
        if let Err(stop) = asked {
            return self.proceed(Err(stop));
        }
        self.wait(asking.wait(), waited.misses, waited.nudged)?;
        if let Status::Waiting { not_texts, .. } = &mut self.session.status {
            *not_texts = waited.not_texts;
        }
        Ok(())
    }

    fn not_text(&mut self, asking: Asking<'f>, said: &Said, waited: Waited) -> Result<(), Stop> {
        if let Said::Media { media_id, .. } = said
            && let Some(next) = asking.answer_media(self, media_id)?
        {
            return self.proceed(Ok(next));
        }
        let waited = Waited { not_texts: waited.not_texts.saturating_add(1), ..waited };
        if waited.not_texts > NOT_TEXTS_MAX {
            return self.miss(asking, None, waited);
        }
        self.visit("not_text");
        let words = self.words_for(said);
        let turn = self.session.turn;
        let asked = self.speak(words).and_then(|words| asking.ask_short(self, words, turn));
        self.asked(asked, asking, waited)
    }

    fn words_for(&self, said: &Said) -> &'f Localised {
        let texts = &self.flows.bot.texts;
        match said {
            Said::Media { voice: true, .. } => &texts.voice,
            Said::Unreadable => &texts.unreadable,
            Said::Media { .. }
            | Said::Location
            | Said::Contacts
            | Said::Form { .. }
            | Said::Text { .. }
            | Said::Option { .. }
            | Said::Ignored { .. } => &texts.not_text,
        }
    }

    // ── interrupts and doubts ──────────────────────────────────────────────────────────────────────────────────

    /// The first interrupt in file order that the message names and the place lets in.
    pub(super) fn interrupt_among(
        &self,
        heard: &Heard<'_>,
        lets_in: impl Fn(&Interrupt) -> bool,
    ) -> Option<&'f Interrupt> {
        let in_doubt = self.in_doubt_who();
        self.flows.bot.interrupts.iter().find(|it| {
            if in_doubt && !comes_in_doubt(it) {
                return false;
            }
            let already_open =
                matches!(it.mode, InterruptMode::Stack) && (self.is_open(&it.run) || self.asks_now(&it.run));
            let shut = self.session.reserved.is_some() && !it.reserved;
            let named = heard.names(it) || self.recants(it, heard);
            named && lets_in(it) && self.terms_stand(it, heard) && !already_open && !shut
        })
    }

    pub(super) fn is_open(&self, flow: &FlowId) -> bool {
        self.session.frames.iter().any(|frame| frame.flow == *flow)
    }

    pub(super) fn interrupt(&mut self, interrupt: &'f Interrupt, heard: &Heard<'_>) -> Result<(), Stop> {
        self.visit(format!("interrupt:{}", interrupt.id));
        let with_agent =
            matches!(self.session.status, Status::WithAgent { .. }) || self.session.desk.is_some();
        let offer = self.offer_asked_about(interrupt);
        let stays = interrupt.with_protected && self.is_protected();
        if lists(&interrupt.intents, Intent::Human) {
            self.leave_doubt();
        }
        // After a fault there is nothing to come back to, whatever the mode.
        let replace =
            !stays && (matches!(interrupt.mode, InterruptMode::Replace) || self.session.frames.is_empty());
        if replace {
            self.drop_matter();
            self.refresh_session_fact();
            if with_agent {
                self.close_desk(&interrupt.id);
            }
        }
        let entered_by = if replace { EnteredBy::Start } else { EnteredBy::Interrupt };
        let intent = heard.certain_intent().filter(|intent| lists(&interrupt.intents, *intent));
        self.keep_readings(&interrupt.run, heard);
        let brought = self.brought_to(interrupt, heard, offer);
        if let Some(besides) = heard.besides() {
            self.suspected(besides, false);
        }
        self.run_aside(&interrupt.run, entered_by, intent, brought)
    }
}

/// What the open wait has seen so far.
#[derive(Clone, Copy)]
pub(super) struct Waited {
    pub(super) misses: u32,
    pub(super) nudged: bool,
    pub(super) not_texts: u32,
}

fn allowed(step: &Step, interrupt: &Interrupt) -> bool {
    interrupt.always
        || interrupt.terms.is_some()
        || step.interruptible.as_ref().is_none_or(|ids| ids.contains(&interrupt.id))
}
