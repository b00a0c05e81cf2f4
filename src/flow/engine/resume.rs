//! Everything that happens besides messages: timers, action outcomes, agents, identity, the business phone.

use crate::domain::assurance::Assurance;
use crate::domain::ids::{FlowId, PersonId, StepId};
use crate::flow::engine::asking::Asking;
use crate::flow::engine::outcome;
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::input::{Input, TimerName};
use crate::flow::model::{Flow, Handoff, Reserved, Step, StepKind};
use crate::flow::state::{EnteredBy, Frame, Status};
use crate::flow::steps::{do_, handoff};
use crate::flow::value::Value;
use std::collections::BTreeMap;

impl<'f> Run<'f> {
    /// Takes one input; whatever goes wrong ends in a person.
    pub(super) fn take(&mut self, input: &Input) {
        if !matches!(input, Input::Message { .. } | Input::Late { .. } | Input::ActionOutcome { .. }) {
            self.session.unanswered = false;
        }
        let reserved_now = self.follow_person();
        let taken = match input {
            Input::ActionOutcome { .. } if reserved_now => self.begin_reserved(),
            Input::Message { wamid, said, held_secret } => {
                self.held_secret = *held_secret;
                self.message(input, wamid, said)
            }
            Input::Timer { name, turn } => self.timer(*name, *turn),
            Input::ActionOutcome { call, outcome, values, proved } => {
                self.action_outcome(*call, outcome, values, *proved)
            }
            Input::AgentReturned { step, outcome } => {
                self.agent_returned(step.as_deref(), outcome.as_deref())
            }
            Input::TicketClosed { outcome } => self.ticket_closed(outcome.as_deref()),
            Input::PersonConfirmed { person } => {
                self.person_confirmed(*person);
                Ok(())
            }
            Input::IdentityChanged => {
                self.identity_changed();
                Ok(())
            }
            Input::HumanEcho => {
                self.human_echo();
                Ok(())
            }
            Input::Late { wamid, said } => self.late(input, wamid, said),
            Input::DeliveryFailed { unconfirmed: Some(what), .. } => self.unconfirmed(*what),
            Input::DeliveryFailed { question, unconfirmed: None } => {
                self.undelivered(*question);
                Ok(())
            }
        };
        if let Err(stop) = taken {
            self.fault(stop);
        }
    }

    /// Whoever waits for an answer gets that of the reservation.
    fn begin_reserved(&mut self) -> Result<(), Stop> {
        self.push(self.start_flow(), EnteredBy::Start)?;
        self.proceed(Ok(Next::Again))
    }

    // ── timers ─────────────────────────────────────────────────────────────────────────────────────────────────

    fn timer(&mut self, name: TimerName, turn: u64) -> Result<(), Stop> {
        if self.facts.attended {
            // An agent talks with the person: nobody reminds them beside that.
            self.visit("attended");
            return Ok(());
        }
        match (self.session.status.clone(), name) {
            (Status::Waiting { asked_turn, nudged: false, .. }, TimerName::Nudge) if asked_turn == turn => {
                self.nudge(asked_turn)
            }
            (Status::Waiting { asked_turn, .. }, TimerName::Expire) if asked_turn == turn => {
                let (_, step) = self.place()?;
                let then = &Asking::of(step)?.wait().then;
                self.session.proactive = true;
                self.visit("expire");
                self.proceed(Ok(Next::Goto(then)))
            }
            (Status::Paused { asked_turn }, TimerName::Resume) if asked_turn == turn => {
                let (_, step) = self.place()?;
                let StepKind::Pause(pause) = &step.kind else {
                    return Err(Stop::fault(format!("step `{}` is no pause", step.id)));
                };
                self.session.proactive = true;
                self.visit("resume");
                self.proceed(Ok(Next::Goto(&pause.goto)))
            }
            (
                Status::Waiting { .. }
                | Status::Paused { .. }
                | Status::New
                | Status::AwaitingAction { .. }
                | Status::WithAgent { .. }
                | Status::Silenced { .. }
                | Status::Ended { .. },
                TimerName::Nudge | TimerName::Expire | TimerName::Resume,
            ) => {
                self.visit("late_timer");
                Ok(())
            }
        }
    }

    /// One reminder of the open question, while free messages may be sent and if the level still allows its words.
    fn nudge(&mut self, asked_turn: u64) -> Result<(), Stop> {
        let (_, step) = self.place()?;
        let asking = Asking::of(step)?;
        if let Status::Waiting { nudged, .. } = &mut self.session.status {
            *nudged = true;
        }
        self.frame_mut()?.timers.retain(|timer| timer.name != TimerName::Nudge);
        let words = asking.wait().nudge.as_ref().map(|(_, words)| words);
        let Some(words) = words.filter(|_| self.window_is_open(self.facts.now)) else {
            self.visit("nudge_withheld");
            return Ok(());
        };
        let Ok(spoken) = self.speak(words) else {
            self.visit("nudge_withheld");
            return Ok(());
        };
        self.session.proactive = true;
        self.visit("nudge");
        if asking.ask_short(self, spoken, asked_turn).is_err() {
            // The options show more than may be shown now; the words alone do not.
            self.say_text(words)?;
        }
        Ok(())
    }

    // ── actions ────────────────────────────────────────────────────────────────────────────────────────────────

    fn action_outcome(
        &mut self,
        call: u32,
        outcome: &str,
        values: &BTreeMap<String, Value>,
        proved: Option<PersonId>,
    ) -> Result<(), Stop> {
        if self.session.status != (Status::AwaitingAction { call }) {
            self.visit("late_outcome");
            return Ok(());
        }
        let (_, step) = self.place()?;
        let StepKind::Do(action) = &step.kind else {
            return Err(Stop::fault(format!("step `{}` runs no action", step.id)));
        };
        self.visit(format!("outcome:{outcome}"));
        if let Some(person) = proved
            && !self.belongs_to(person)
        {
            let next = do_::granted(action, self, outcome).and_then(|()| self.begin_anew());
            return self.proceed(next);
        }
        let next = do_::outcome(action, self, outcome, values);
        self.proceed(next)
    }

    // ── agents ─────────────────────────────────────────────────────────────────────────────────────────────────

    fn agent_returned(&mut self, named: Option<&str>, outcome: Option<&str>) -> Result<(), Stop> {
        let raised = self.raised_to();
        self.ticket_ended();
        let freed = self.free_by(outcome);
        if !matches!(self.session.status, Status::WithAgent { .. }) {
            self.visit("late_return");
            return self.release_handoff_below(|handoff| &handoff.returned);
        }
        self.session.proactive = false;
        self.visit("returned");
        if self.facts.opted_out {
            // Nobody is there to be answered, and to write first was forbidden: the bot waits for the person.
            self.visit("quiet");
            self.end(outcome::CLOSED);
            return Ok(());
        }
        if self.session.reserved.is_some() {
            // The step of the matter that was open is nobody's here: the chat goes on as one that begins.
            return self.begin_from_start();
        }
        if named.is_none()
            && let Some((flow, handoff)) = raised.filter(|_| !freed)
        {
            self.drop_matter();
            self.push(&flow.id, EnteredBy::Start)?;
            return self.proceed(Ok(Next::Goto(&handoff.returned)));
        }
        let open = self.open_handoff().filter(|_| !freed);
        if let (Some((flow, handoff)), Some(named)) = (open, named) {
            let (in_flow, step) = named.split_once('.').unwrap_or((flow.id.as_str(), named));
            if in_flow == flow.id.as_str() {
                let proving = self.session.frames.iter().any(|frame| self.proves_identity(&frame.flow));
                let step = flow.steps.get(&StepId::from(step)).filter(|step| !proving || self.may_call(step));
                return self.proceed(Ok(handoff::returned(handoff, step.map(|step| &step.id))));
            }
        }
        if let Some((flow, step)) = named.and_then(|named| self.elsewhere(named)) {
            self.drop_matter();
            self.push(&flow.id, EnteredBy::Start)?;
            return self.proceed(Ok(Next::Goto(&step.id)));
        }
        match open {
            Some((_, handoff)) => self.proceed(Ok(handoff::returned(handoff, None))),
            None => self.begin_from_start(),
        }
    }

    fn begin_from_start(&mut self) -> Result<(), Stop> {
        self.drop_matter();
        self.push(self.start_flow(), EnteredBy::Start)?;
        self.proceed(Ok(Next::Again))
    }

    /// The chat is free again when an agent ended the ticket with an outcome that lifts its reservation.
    fn free_by(&mut self, outcome: Option<&str>) -> bool {
        let lifts =
            |one: &Reserved| outcome.is_some_and(|outcome| one.lifted_by.iter().any(|by| by == outcome));
        let lifted = self.reservation().is_some_and(lifts);
        if lifted {
            self.set_free();
        }
        lifted
    }

    /// A step of another flow that may be begun from nothing: the level holds, and it needs no input.
    fn elsewhere(&self, named: &str) -> Option<(&'f Flow, &'f Step)> {
        let (flow, step) = named.split_once('.')?;
        let flow = self.flows.flows.get(&FlowId::from(flow))?;
        let step = flow.steps.get(&StepId::from(step))?;
        let complete = flow.vars.values().all(|var| !var.input || var.initial.is_some());
        let open = !self.proves_identity(&flow.id) || self.may_call(step);
        (flow.needs <= self.level && complete && open).then_some((flow, step))
    }

    fn proves_identity(&self, flow: &FlowId) -> bool {
        self.flows.bot.reverify.as_ref() == Some(flow)
    }

    /// Whether the flow that a step calls, if it calls one, may run at this level. While identity is being proved it
    /// cannot be proved first.
    fn may_call(&self, step: &Step) -> bool {
        let StepKind::Call(call) = &step.kind else { return true };
        self.flows.flows.get(&call.flow).is_none_or(|called| called.needs <= self.level)
    }

    /// The agent closed the matter: what the person was asked before is not asked again, unless the flow of the
    /// hand-off does so itself.
    fn ticket_closed(&mut self, outcome: Option<&str>) -> Result<(), Stop> {
        self.ticket_ended();
        self.free_by(outcome);
        if !matches!(self.session.status, Status::WithAgent { .. }) {
            self.visit("late_ticket_closed");
            return self.release_handoff_below(|handoff| &handoff.closed);
        }
        self.session.proactive = false;
        self.visit("closed");
        match self.open_handoff() {
            Some((_, handoff)) => {
                self.forget_interrupted();
                self.proceed(Ok(Next::Goto(&handoff.closed)))
            }
            None => {
                self.end(outcome::CLOSED);
                Ok(())
            }
        }
    }

    /// Who is there is known from now on; the agent keeps the chat. What was open of another person is dropped.
    fn person_confirmed(&mut self, person: PersonId) {
        if !matches!(self.session.status, Status::WithAgent { .. }) || self.session.reserved.is_some() {
            self.visit("late_confirmation");
            return;
        }
        self.visit("confirmed");
        self.session.active_at = self.facts.now;
        self.belongs_to(person);
        self.nobody_else();
        if self.level < Assurance::Verificada {
            self.set_level(Assurance::Verificada);
        }
    }

    fn open_handoff(&self) -> Option<(&'f Flow, &'f Handoff)> {
        self.handoff_of(self.session.frames.last()?)
    }

    /// Whether a frame stands at a hand-off whose ticket is open.
    pub(super) fn hands_over(&self, frame: &Frame) -> bool {
        self.handoff_of(frame).is_some()
    }

    fn handoff_of(&self, frame: &Frame) -> Option<(&'f Flow, &'f Handoff)> {
        let flow = self.flows.flows.get(&frame.flow)?;
        match &flow.steps.get(&frame.step)?.kind {
            StepKind::Handoff(handoff) if frame.since_turn != 0 => Some((flow, handoff)),
            StepKind::Handoff(_)
            | StepKind::Say(_)
            | StepKind::Ask(_)
            | StepKind::Choose(_)
            | StepKind::Do(_)
            | StepKind::Decide(_)
            | StepKind::Call(_)
            | StepKind::Pause(_)
            | StepKind::Set(_)
            | StepKind::End(_) => None,
        }
    }

    /// The ticket ended while an interrupt ran above its hand-off: when that ends, the flow goes on behind the hand-off.
    fn release_handoff_below(&mut self, route: impl Fn(&Handoff) -> &StepId) -> Result<(), Stop> {
        for at in 0..self.session.frames.len() {
            let next = self.session.frames.get(at).and_then(|frame| self.handoff_of(frame));
            if let (Some((_, handoff)), Some(frame)) = (next, self.session.frames.get_mut(at)) {
                frame.step = route(handoff).clone();
                frame.since_turn = 0;
                frame.timers.clear();
            }
        }
        Ok(())
    }

    // ── identity and the business phone ────────────────────────────────────────────────────────────────────────

    /// Somebody else may be there now: nothing of the open matter is kept. An agent who has the chat keeps it.
    fn identity_changed(&mut self) {
        self.visit("identity_changed");
        self.set_level(Assurance::Ninguna);
        if matches!(self.session.status, Status::WithAgent { .. }) || self.session.desk.is_some() {
            self.drop_matter();
            self.session.status = Status::WithAgent { since: self.at_desk_since() };
        } else {
            self.end(outcome::IDENTITY);
        }
    }

    fn human_echo(&mut self) {
        self.visit("human_echo");
        if !matches!(self.session.status, Status::WithAgent { .. }) {
            self.drop_matter();
            self.session.status = Status::Silenced { since: self.facts.now };
        }
    }
}
