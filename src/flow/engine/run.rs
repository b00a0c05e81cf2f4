//! One call of `step`: the walk from step to step until something waits, and what it caused.

use crate::domain::assurance::{Assurance, Label};
use crate::domain::debt::Acceptance;
use crate::domain::ids::{FlowId, PersonId, StepId, Wamid};
use crate::domain::time::{Millis, Timestamp};
use crate::flow::effect::{Effect, Visit};
use crate::flow::engine::desk::NewDesk;
use crate::flow::engine::outcome;
use crate::flow::engine::scope::Names;
use crate::flow::expr::Expr;
use crate::flow::expr::eval::eval;
use crate::flow::facts::{Facts, Limits};
use crate::flow::input::TimerName;
use crate::flow::model::{Flow, FlowSet, Localised, Step, StepKind, Var, Wait};
use crate::flow::render::{Message, Speech, Words, messages};
use crate::flow::state::{EnteredBy, Frame, OpenTimer, Session, Status, Turn};
use crate::flow::steps;
use crate::flow::text::Text;
use crate::flow::text::render::render;
use crate::flow::value::Value;
use std::collections::BTreeMap;

/// What a step leaves behind.
pub(crate) enum Next<'f> {
    /// The flow goes on at this step.
    Goto(&'f StepId),
    /// Frames changed: the innermost one's step is to run.
    Again,
    /// Something waits, or all is over.
    Rest,
}

/// Why a step could not run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The flow or a limit; never a person's data.
    Fault(String),
    /// It would show or do something above the level that holds.
    Level(Assurance),
}

impl Stop {
    pub(crate) fn fault(what: impl Into<String>) -> Self {
        Self::Fault(what.into())
    }
}

/// A rendered text and who may see it.
pub(crate) struct Spoken {
    pub text: String,
    pub label: Label,
}

pub(crate) struct Run<'f> {
    pub flows: &'f FlowSet,
    pub facts: &'f Facts,
    pub session: Session,
    /// The level that holds now; only an action's `grants` raises it within a turn.
    pub level: Assurance,
    /// The message that this turn answers.
    pub wamid: Option<Wamid>,
    /// A secret was blotted out of that message.
    pub held_secret: bool,
    /// It says that its writer is somebody else than the holder.
    pub says_another: bool,
    /// What it says, should it accept terms.
    pub acceptance: Option<Acceptance>,
    pub effects: Vec<Effect>,
    limits: &'f Limits,
    speeches: Vec<Speech>,
    trail: Vec<Visit>,
    n_steps: u32,
    session_fact: Value,
    today: Value,
}

impl<'f> Run<'f> {
    pub(crate) fn new(
        flows: &'f FlowSet,
        mut session: Session,
        facts: &'f Facts,
        limits: &'f Limits,
    ) -> Self {
        session.turn = session.turn.saturating_add(1);
        // `canal` is a fact of the number; above it, both the session and the rules must say so.
        let level = match session.reserved {
            Some(_) => Assurance::Ninguna,
            None => facts.assurance.min(session.assurance.max(Assurance::Canal)),
        };
        let mut run = Self {
            flows,
            facts,
            session,
            level,
            wamid: None,
            held_secret: false,
            says_another: false,
            acceptance: None,
            effects: Vec::new(),
            limits,
            speeches: Vec::new(),
            trail: Vec::new(),
            n_steps: 0,
            session_fact: Value::Nothing,
            today: Value::Date(facts.today),
        };
        run.set_level(level);
        run.refresh_session_fact();
        run
    }

    /// Keeps the level in the session, and tells the shell when it changed.
    pub(crate) fn set_level(&mut self, level: Assurance) {
        self.level = level;
        if self.session.assurance != level {
            self.session.assurance = level;
            self.effects.push(Effect::Assurance { level });
            self.refresh_session_fact();
        }
    }

    pub(crate) fn refresh_session_fact(&mut self) {
        let intent = self.session.pending_intent.as_ref().map_or(Value::Nothing, Value::text);
        let desk = self.session.desk.as_ref();
        self.session_fact = Value::record([
            ("nivel", Value::Choice(self.level.name().to_owned())),
            ("intencion", intent),
            ("idioma", Value::Choice(self.session.language.clone())),
            ("motivo", desk.map_or(Value::Nothing, |desk| Value::text(&desk.reason))),
            ("protegida", Value::Bool(self.is_protected())),
            ("espera_dias", desk.map_or(Value::Nothing, |desk| Value::Int(self.days_since(desk.since)))),
            ("pendiente", self.session.aside.as_ref().map_or(Value::Nothing, Value::text)),
            ("reserva", self.session.reserved.as_ref().map_or(Value::Nothing, Value::text)),
        ]);
    }

    /// Whole days of 24 hours.
    const fn days_since(&self, then: Timestamp) -> i64 {
        self.facts.now.since(then).0 / Millis::hours(24).0
    }

    // ── where it stands ────────────────────────────────────────────────────────────────────────────────────────

    pub(crate) fn flow(&self, id: &FlowId) -> Result<&'f Flow, Stop> {
        self.flows.flows.get(id).ok_or_else(|| Stop::fault(format!("there is no flow `{id}`")))
    }

    /// The innermost frame's flow and step.
    pub(crate) fn place(&self) -> Result<(&'f Flow, &'f Step), Stop> {
        let frame = self.frame()?;
        let flow = self.flow(&frame.flow)?;
        let step = flow.steps.get(&frame.step);
        let missing = || Stop::fault(format!("flow `{}` has no step `{}`", frame.flow, frame.step));
        step.map(|step| (flow, step)).ok_or_else(missing)
    }

    pub(crate) fn frame(&self) -> Result<&Frame, Stop> {
        self.session.frames.last().ok_or_else(|| Stop::fault("nothing is open"))
    }

    pub(crate) fn frame_mut(&mut self) -> Result<&mut Frame, Stop> {
        self.session.frames.last_mut().ok_or_else(|| Stop::fault("nothing is open"))
    }

    pub(crate) fn visit(&mut self, what: impl Into<String>) {
        let (flow, step) = match self.session.frames.last() {
            Some(frame) => (frame.flow.clone(), frame.step.clone()),
            None => (FlowId::from("bot"), StepId::from("-")),
        };
        self.trail.push(Visit { flow, step, what: what.into() });
    }

    // ── texts and expressions ──────────────────────────────────────────────────────────────────────────────────

    pub(crate) fn names<'a>(&'a self, bound: Option<(&'a str, &'a Value)>) -> Names<'a> {
        Names {
            frame: self.session.frames.last(),
            bound,
            session: &self.session_fact,
            today: &self.today,
            roots: &self.facts.roots,
        }
    }

    pub(crate) fn eval(&self, value: &Expr) -> Value {
        eval(value, &self.names(None))
    }

    /// A text of the flow for the person: rendered, and not above the level.
    pub(crate) fn speak(&self, words: &Localised) -> Result<Spoken, Stop> {
        self.speak_with(words, &self.names(None))
    }

    pub(crate) fn speak_with(&self, words: &Localised, names: &Names<'_>) -> Result<Spoken, Stop> {
        let text = words.pick(&self.session.language);
        if text.label.needs() > self.level {
            return Err(Stop::Level(text.label.needs()));
        }
        Ok(Spoken { text: self.write(text, names), label: text.label })
    }

    /// Renders a text whatever its label: notes for agents, keys.
    pub(crate) fn write(&self, text: &Text, names: &Names<'_>) -> String {
        render(text, names, &self.session.language)
    }

    pub(crate) fn say(&mut self, speech: Speech) {
        self.session.unanswered = false;
        self.speeches.push(speech);
    }

    pub(crate) fn say_text(&mut self, words: &Localised) -> Result<(), Stop> {
        let Spoken { text, label } = self.speak(words)?;
        self.say(Speech::Say { text, label });
        Ok(())
    }

    // ── the walk ───────────────────────────────────────────────────────────────────────────────────────────────

    /// Does what an answer or outcome asks for, then walks on until something waits.
    pub(crate) fn proceed(&mut self, result: Result<Next<'f>, Stop>) -> Result<(), Stop> {
        let mut result = result;
        loop {
            match result {
                Ok(Next::Goto(step)) => self.move_to(step)?,
                Ok(Next::Again) => {}
                Ok(Next::Rest) => return Ok(()),
                Err(Stop::Level(needed)) => {
                    if self.session.proactive {
                        self.end(outcome::LEVEL);
                        return Ok(());
                    }
                    self.reverify(needed)?;
                }
                Err(fault @ Stop::Fault(_)) => return Err(fault),
            }
            result = self.run_step();
        }
    }

    fn run_step(&mut self) -> Result<Next<'f>, Stop> {
        let (flow, step) = self.place()?;
        self.n_steps += 1;
        if self.n_steps > self.limits.steps_max {
            return Err(Stop::fault(format!("more than {} steps in one turn", self.limits.steps_max)));
        }
        let needed = level_to_run(flow, step);
        if needed > self.level && !self.session.proactive {
            return Err(Stop::Level(needed));
        }
        self.visit("enter");
        steps::run(step, self)
    }

    pub(crate) fn move_to(&mut self, step: &StepId) -> Result<(), Stop> {
        let frame = self.frame_mut()?;
        frame.step = step.clone();
        frame.since_turn = 0;
        frame.part = None;
        frame.readings.clear();
        frame.timers.clear();
        Ok(())
    }

    /// Whether one more flow fits on top.
    pub(crate) const fn has_room(&self) -> bool {
        self.session.frames.len() < self.limits.frames_max
    }

    /// Opens a flow at its start, with the initial values of its variables.
    pub(crate) fn push(&mut self, id: &FlowId, entered_by: EnteredBy) -> Result<&'f Flow, Stop> {
        if self.session.frames.len() >= self.limits.frames_max {
            return Err(Stop::fault(format!("more than {} flows inside each other", self.limits.frames_max)));
        }
        let flow = self.flow(id)?;
        let initial = |(name, var): (&String, &Var)| {
            let value = var.initial.clone().filter(|value| *value != Value::Nothing)?;
            Some((name.clone(), value))
        };
        self.session.frames.push(Frame {
            flow: flow.id.clone(),
            step: flow.start.clone(),
            vars: flow.vars.iter().filter_map(initial).collect(),
            entered_by,
            shown: BTreeMap::new(),
            retries: BTreeMap::new(),
            since_turn: 0,
            part: None,
            readings: Vec::new(),
            held: None,
            timers: Vec::new(),
        });
        Ok(flow)
    }

    pub(crate) fn assign(&mut self, var: &str, value: Value) -> Result<(), Stop> {
        self.frame_mut()?.vars.insert(var.to_owned(), value);
        Ok(())
    }

    /// Has identity proved before the open step may go on.
    pub(crate) fn reverify(&mut self, needed: Assurance) -> Result<(), Stop> {
        let what = format!("level `{}` does not hold", needed.name());
        let Some(flow) = &self.flows.bot.reverify else { return Err(Stop::fault(what)) };
        if let Some(open) = self.session.frames.iter().position(|frame| frame.flow == *flow) {
            // A matter that came on top of the proof has to wait for it: what the proof asks is asked again.
            let aside = self.session.frames.get(open + 1).map(|frame| frame.entered_by);
            if aside != Some(EnteredBy::Interrupt) {
                return Err(Stop::fault(what));
            }
            self.visit("reverify_open");
            self.session.frames.truncate(open + 1);
            return Ok(());
        }
        if self.session.reserved.is_some() {
            // Whoever writes is not to be asked for proof.
            self.session.frames.clear();
            self.push(self.start_flow(), EnteredBy::Start)?;
            return Ok(());
        }
        self.visit("reverify");
        self.push(flow, EnteredBy::Reverify)?;
        Ok(())
    }

    /// Nothing is open any more. Whoever wrote and heard nothing is taken to the start instead: no end is a silence.
    pub(crate) fn over(&mut self, outcome: &str) -> Result<Next<'f>, Stop> {
        if self.session.unanswered && !self.session.proactive && self.session.desk.is_none() {
            self.session.unanswered = false;
            self.session.frames.clear();
            self.visit("from_the_start");
            self.push(self.start_flow(), EnteredBy::Start)?;
            return Ok(Next::Again);
        }
        self.end(outcome);
        Ok(Next::Rest)
    }

    /// Nothing of the open matter is kept. Whose it was counts no more either, unless that person is still proved.
    pub(crate) fn drop_matter(&mut self) {
        self.session.frames.clear();
        self.session.pending_intent = None;
        self.session.readings.clear();
        if self.level < Assurance::Verificada {
            self.session.subject = None;
        }
    }

    /// From now on the session is this person's. `false` when it was another's: then nothing that it held is left.
    pub(crate) fn belongs_to(&mut self, person: PersonId) -> bool {
        let others = self.session.subject.is_some_and(|subject| subject != person);
        if others {
            self.visit("other_person");
            self.session.frames.clear();
            self.session.pending_intent = None;
            self.session.readings.clear();
            self.session.accepted_at = None;
        }
        self.session.subject = Some(person);
        !others
    }

    /// The chat as if this person had just begun it, proved already.
    pub(crate) fn begin_anew(&mut self) -> Result<Next<'f>, Stop> {
        self.refresh_session_fact();
        if let Some(words) = &self.flows.bot.texts.other_person {
            self.say_text(words)?;
        }
        self.push(self.start_flow(), EnteredBy::Start)?;
        Ok(Next::Again)
    }

    /// The whole chat is over, unless a person has it.
    pub(crate) fn end(&mut self, outcome: &str) {
        if self.session.desk.is_some() {
            self.back_to_desk();
            return;
        }
        self.drop_matter();
        self.session.status = Status::Ended { outcome: outcome.to_owned() };
        self.effects.push(Effect::Ended { outcome: outcome.to_owned() });
    }

    /// Waits at the open question, with fresh timers. `misses` in a row and an earlier nudge are the caller's to keep.
    pub(crate) fn wait(&mut self, wait: &Wait, misses: u32, nudged: bool) -> Result<(), Stop> {
        let (turn, now) = (self.session.turn, self.facts.now);
        let frame = self.frame_mut()?;
        if frame.since_turn == 0 {
            frame.since_turn = turn;
        }
        let timer = |name, after: Millis| OpenTimer { name, turn, due: now.plus(after) };
        let nudge = wait.nudge.as_ref().filter(|_| !nudged).map(|(after, _)| timer(TimerName::Nudge, *after));
        frame.timers = nudge.into_iter().chain([timer(TimerName::Expire, wait.expire)]).collect();
        self.session.status = Status::Waiting { asked_turn: turn, misses, nudged, not_texts: 0 };
        Ok(())
    }

    pub(crate) fn window_is_open(&self, now: Timestamp) -> bool {
        self.facts.window_until.is_some_and(|until| now < until)
    }

    // ── the end of the turn ────────────────────────────────────────────────────────────────────────────────────

    /// A wrong flow or a reached limit: what was not yet said is not said, and a person goes on.
    pub(crate) fn fault(&mut self, stop: Stop) {
        let what = match stop {
            Stop::Fault(what) => what,
            Stop::Level(needed) => format!("level `{}` does not hold", needed.name()),
        };
        self.visit("fault");
        let (flow, step) = self.trail.last().map_or_else(
            || (FlowId::from("bot"), StepId::from("-")),
            |visit| (visit.flow.clone(), visit.step.clone()),
        );
        self.speeches.clear();
        self.effects.retain(|effect| {
            matches!(
                effect,
                Effect::Assurance { .. }
                    | Effect::CloseTicket { .. }
                    | Effect::Reservation { .. }
                    | Effect::Suspected { .. }
            )
        });
        self.drop_matter();
        self.effects.push(Effect::Fault { flow, step, what: what.clone() });
        self.hand_over("fault", what);
    }

    /// A person goes on with the chat, and the text of faults says so.
    pub(crate) fn hand_over(&mut self, reason: &str, note: String) {
        let queue = &self.flows.bot.fault_queue;
        self.open_desk(NewDesk { queue, priority: "high", reason, note, protected: false, quiet: false });
        self.session.status = Status::WithAgent { since: self.at_desk_since() };
        // The text may itself be wrong; then the person hears from the agent only.
        if let Ok(Spoken { text, label }) = self.speak(&self.flows.bot.texts.fault) {
            self.say(Speech::Say { text, label });
        }
    }

    /// Renders what was said, and lists the timers that are open from now on.
    pub(crate) fn finish(mut self) -> Turn {
        let mut said = self.render();
        if said.len() > self.limits.messages_max {
            self.fault(Stop::fault(format!("more than {} messages in one turn", self.limits.messages_max)));
            said = self.render();
        }
        let (turn, proactive) = (self.session.turn, self.session.proactive);
        let mut effects = Vec::with_capacity(said.len() + self.effects.len() + 2);
        let (levels, others) = std::mem::take(&mut self.effects)
            .into_iter()
            .partition::<Vec<_>, _>(|effect| matches!(effect, Effect::Assurance { .. }));
        effects.extend(levels);
        for (index, message) in (0..).zip(said) {
            if let (Some(evidence), Ok(frame)) = (&message.evidence, self.frame_mut())
                && let Some(shown) = frame.shown.get_mut(evidence)
            {
                (shown.turn, shown.index) = (turn, index);
            }
            effects.push(Effect::Send { index, content: message.content, label: message.label, proactive });
        }
        effects.extend(others);
        if matches!(self.session.status, Status::Waiting { .. } | Status::Paused { .. })
            && let Some(frame) = self.session.frames.last()
        {
            let set =
                |timer: &OpenTimer| Effect::SetTimer { name: timer.name, turn: timer.turn, due: timer.due };
            effects.extend(frame.timers.iter().map(set));
        }
        Turn { session: self.session, effects, trail: self.trail }
    }

    fn render(&mut self) -> Vec<Message> {
        let speeches = std::mem::take(&mut self.speeches);
        if speeches.is_empty() {
            return Vec::new();
        }
        let texts = &self.flows.bot.texts;
        let plain =
            |words: &Localised| self.speak(words).map_or_else(|_| String::new(), |spoken| spoken.text);
        let words = Words { list_button: plain(&texts.list_button), more: plain(&texts.more) };
        messages(speeches, &words)
    }
}

/// The flow's level, except where nothing is shown: an end and a pause reveal nothing, and a person who asks for a
/// person need not prove who they are first. The label of each text and the level of each action are checked besides.
fn level_to_run(flow: &Flow, step: &Step) -> Assurance {
    match step.kind {
        StepKind::End(_) | StepKind::Handoff(_) | StepKind::Pause(_) => Assurance::Ninguna,
        StepKind::Say(_)
        | StepKind::Ask(_)
        | StepKind::Choose(_)
        | StepKind::Do(_)
        | StepKind::Decide(_)
        | StepKind::Call(_)
        | StepKind::Set(_) => flow.needs,
    }
}
