//! Beside the desk: what comes in while a person waits for an agent or has one, and what is never taken from them.
//!
//! The rule stands in `docs/flows.md`, “Steps that wait”. Whoever waits is told so; nobody talks over an agent.

use crate::domain::ids::FlowId;
use crate::domain::time::{Millis, Timestamp};
use crate::flow::effect::Effect;
use crate::flow::engine::heard::Heard;
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::model::{Interrupt, Reserved};
use crate::flow::state::{Desk, EnteredBy, Status};
use crate::flow::value::Value;
use crate::understand::intent::Intent;

/// Variable of the `waiting` flow that says why it runs.
const MOMENT_VAR: &str = "momento";
/// Who writes on while waiting is answered once in this time.
const TOLD_AGAIN_AFTER: Millis = Millis::hours(3);
/// Who writes on in danger is never left alone for longer: every third message is answered.
const TOLD_AGAIN_IN_DANGER_AFTER: u32 = 3;
/// Most urgent first.
const PRIORITIES: [&str; 4] = ["urgent", "high", NORMAL, "low"];
const NORMAL: &str = "normal";

/// Why the `waiting` flow runs; the values of its variable `momento`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The hand-off has just been said.
    Handoff,
    /// The person wrote something while waiting.
    Remark,
    /// The person asked for the bot, but the ticket is protected.
    Return,
}

impl Moment {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Handoff => "traspaso",
            Self::Remark => "recado",
            Self::Return => "vuelta",
        }
    }
}

/// A ticket to open.
pub(crate) struct NewDesk<'t> {
    pub queue: &'t str,
    pub priority: &'t str,
    pub reason: &'t str,
    pub note: String,
    pub protected: bool,
    pub quiet: bool,
}

pub(super) fn rank(priority: &str) -> usize {
    PRIORITIES.iter().position(|known| *known == priority).unwrap_or(PRIORITIES.len())
}

impl<'f> Run<'f> {
    /// Opens a ticket. Where one is open already it stays, and is protected and quiet when either is.
    pub(crate) fn open_desk(&mut self, new: NewDesk<'_>) {
        self.effects.push(Effect::OpenTicket {
            queue: new.queue.to_owned(),
            priority: new.priority.to_owned(),
            reason: new.reason.to_owned(),
            note: new.note.into(),
        });
        let open = self.session.desk.as_ref();
        let protected = new.protected || open.is_some_and(|desk| desk.protected);
        let quiet = new.quiet || open.is_some_and(|desk| desk.quiet);
        let desk = self.session.desk.take().unwrap_or_else(|| self.fresh_desk(new.reason, new.priority));
        self.session.desk = Some(Desk { protected, quiet, ..desk });
        self.session.unanswered = false;
        self.refresh_session_fact();
    }

    fn fresh_desk(&self, reason: &str, priority: &str) -> Desk {
        Desk {
            since: self.facts.now,
            reason: reason.to_owned(),
            priority: priority.to_owned(),
            protected: false,
            quiet: false,
            shared: self.session.aside.is_some(),
            told_at: None,
            unheard: 0,
            told: Vec::new(),
        }
    }

    /// The open ticket becomes one of this matter: its reason, note, and the higher priority.
    pub(super) fn raise_desk(&mut self, new: NewDesk<'_>) {
        self.visit(format!("raised:{}", new.reason));
        let (reason, priority) = (new.reason.to_owned(), new.priority.to_owned());
        self.open_desk(new);
        if let Some(desk) = &mut self.session.desk {
            desk.reason = reason;
            if rank(&priority) < rank(&desk.priority) {
                desk.priority = priority;
            }
        }
        self.refresh_session_fact();
    }

    /// Where the bot had gone on beside a ticket that it left with people: from here on they have the chat.
    pub(super) fn people_have_it(&mut self) {
        if self.session.desk.is_none() {
            let reason = self.session.aside.clone().unwrap_or_default();
            self.session.desk = Some(self.fresh_desk(&reason, NORMAL));
        }
        if !matches!(self.session.status, Status::WithAgent { .. }) {
            self.back_to_desk();
        }
    }

    /// No word of the person closes the open ticket any more. One that is protected already stays what it is, unless this
    /// is more urgent.
    pub(crate) fn protect_ticket(&mut self, reason: &str, priority: &str, note: String) {
        let open = self.session.desk.as_ref().filter(|desk| desk.protected);
        if open.is_some_and(|desk| rank(&desk.priority) <= rank(priority)) {
            return;
        }
        let queue = &self.flows.bot.fault_queue;
        self.raise_desk(NewDesk { queue, priority, reason, note, protected: true, quiet: false });
    }

    /// What was told is with people, whatever becomes of the chat: who goes back to the bot, or wants no messages, does
    /// not close the ticket.
    pub(crate) fn leave_with_people(&mut self, reason: &str, note: String) {
        let Some(desk) = &mut self.session.desk else { return self.leave_ticket(reason, note) };
        desk.shared = true;
        self.visit(format!("ticket:{reason}"));
        self.session.aside = Some(reason.to_owned());
        self.refresh_session_fact();
    }

    /// A ticket with people, although the bot goes on; where they have the chat already, they know.
    pub(crate) fn leave_ticket(&mut self, reason: &str, note: String) {
        if self.session.desk.is_some() {
            return;
        }
        self.visit(format!("ticket:{reason}"));
        self.effects.push(Effect::OpenTicket {
            queue: self.flows.bot.fault_queue.clone(),
            priority: NORMAL.to_owned(),
            reason: reason.to_owned(),
            note: note.into(),
        });
        self.session.aside = Some(reason.to_owned());
        self.refresh_session_fact();
    }

    /// The person goes back to the bot: the ticket closes, unless it was there before for another reason.
    pub(super) fn close_desk(&mut self, outcome: &str) {
        if !self.session.desk.as_ref().is_some_and(|desk| desk.shared) {
            self.effects.push(Effect::CloseTicket { outcome: outcome.to_owned() });
        }
        self.forget_desk();
    }

    /// An agent ended the ticket, whatever it was for.
    pub(super) fn ticket_ended(&mut self) {
        self.session.aside = None;
        self.forget_desk();
    }

    /// The ticket is closed.
    pub(super) fn forget_desk(&mut self) {
        self.session.desk = None;
        self.session.suspected.clear();
        self.refresh_session_fact();
    }

    /// Whether no word of the person closes the open ticket.
    pub(crate) fn is_protected(&self) -> bool {
        self.session.desk.as_ref().is_some_and(|desk| desk.protected || self.danger_suspected())
    }

    /// When the person was handed over.
    pub(crate) fn at_desk_since(&self) -> Timestamp {
        self.session.desk.as_ref().map_or(self.facts.now, |desk| desk.since)
    }

    /// Nothing ends while a ticket is open: the chat waits on at its hand-off.
    pub(crate) fn back_to_desk(&mut self) {
        let open = |at: &usize| self.session.frames.get(*at).is_some_and(|frame| self.hands_over(frame));
        let keep = (0..self.session.frames.len()).rev().find(open).map_or(0, |at| at + 1);
        self.session.frames.truncate(keep);
        self.session.status = Status::WithAgent { since: self.at_desk_since() };
    }

    // ── what a message means beside the desk ───────────────────────────────────────────────────────────────────

    pub(super) fn beside_agent(&mut self, heard: &Heard<'_>) -> Result<(), Stop> {
        self.suspect(heard);
        if let Some(correction) = self.correction(heard) {
            return self.corrected(correction);
        }
        if let Some(interrupt) = self.interrupt_among(heard, |it| self.comes_beside_desk(it)) {
            return self.interrupt(interrupt, heard);
        }
        if let Some(interrupt) = self.hint_of_distress(heard) {
            return self.interrupt(interrupt, heard);
        }
        self.visit("to_agent");
        self.effects.push(Effect::ForwardToAgent);
        self.session.unanswered = false;
        if let Some(grave) = self.grave_among(heard)
            && self.keep_grave(&grave, heard)?
        {
            return Ok(());
        }
        if let Some(claim) = self.claim_among(heard)
            && self.keep_claim(claim)?
        {
            return Ok(());
        }
        match self.moment(heard) {
            Some(moment) => self.tell_waiting(moment),
            None => Ok(()),
        }
    }

    /// Beside an agent, and beside a protected hand-off, only what says so; a more urgent matter may take the place of
    /// a protected one that nobody has taken yet.
    pub(super) fn comes_beside_desk(&self, interrupt: &Interrupt) -> bool {
        if interrupt.with_protected {
            return true;
        }
        if self.facts.attended {
            return false;
        }
        if !self.is_protected() {
            return interrupt.always || interrupt.with_agent;
        }
        let now = self.session.desk.as_ref().map_or(0, |desk| rank(&desk.priority));
        interrupt.always && self.protects(&interrupt.run).is_some_and(|urgency| urgency < now)
    }

    /// What whoever waits hears now, if anything: an agent who is there speaks for themselves, and thanks need no answer.
    fn moment(&mut self, heard: &Heard<'_>) -> Option<Moment> {
        let attended = self.facts.attended;
        let desk = self.session.desk.as_mut().filter(|_| !attended)?;
        desk.unheard = desk.unheard.saturating_add(1);
        let urgent = desk.protected && rank(&desk.priority) == 0;
        let alone = urgent && desk.unheard >= TOLD_AGAIN_IN_DANGER_AFTER;
        let told_at = desk.told_at;
        let leaves = self.flows.bot.interrupts.iter().any(|it| it.with_agent && heard.names(it));
        if leaves {
            return Some(Moment::Return);
        }
        let rested = alone || told_at.is_none_or(|at| self.facts.now.since(at) >= TOLD_AGAIN_AFTER);
        (rested && heard.certain_intent() != Some(Intent::Thanks)).then_some(Moment::Remark)
    }

    fn tell_waiting(&mut self, moment: Moment) -> Result<(), Stop> {
        if let Some(desk) = &mut self.session.desk {
            desk.told_at = Some(self.facts.now);
            desk.unheard = 0;
        }
        if !self.begin_waiting(moment)? {
            return Ok(());
        }
        self.proceed(Ok(Next::Again))
    }

    /// Puts the `waiting` flow on top; false where there is none, or no room for it.
    pub(crate) fn begin_waiting(&mut self, moment: Moment) -> Result<bool, Stop> {
        let Some(flow) = &self.flows.bot.waiting else { return Ok(false) };
        if !self.has_room() {
            return Ok(false);
        }
        let flow = self.push(flow, EnteredBy::Interrupt)?;
        if flow.vars.contains_key(MOMENT_VAR) {
            self.assign(MOMENT_VAR, Value::Choice(moment.name().to_owned()))?;
        }
        Ok(true)
    }

    // ── a chat that is reserved until a person decides ─────────────────────────────────────────────────────────

    pub(crate) fn reservation(&self) -> Option<&'f Reserved> {
        let id = self.session.reserved.as_deref()?;
        self.flows.bot.reserved.iter().find(|one| one.id == id)
    }

    /// The flow that a chat begins with.
    pub(crate) fn start_flow(&self) -> &'f FlowId {
        self.reservation().map_or(&self.flows.bot.start, |one| &one.run)
    }

    /// From now on the chat is nobody's: what was open is dropped, and the level with it.
    pub(crate) fn reserve(&mut self, id: &str) {
        self.visit(format!("reserved:{id}"));
        self.session.reserved = Some(id.to_owned());
        self.session.pending_intent = None;
        self.forget_interrupted();
        self.set_level(crate::domain::assurance::Assurance::Ninguna);
        self.refresh_session_fact();
        self.effects.push(Effect::Reservation { reserved: Some(id.to_owned()) });
    }

    /// Takes over what was reported, or decided, about the person in another chat. `true` when this chat is reserved by
    /// it from now on, and nothing of it is open any more.
    pub(crate) fn follow_person(&mut self) -> bool {
        match (&self.facts.reserved, &self.session.reserved) {
            (Some(id), None) => {
                self.drop_open_matter();
                self.reserve(id);
                self.session.reserved_for_person = true;
                true
            }
            (Some(id), Some(reserved)) => {
                self.session.reserved_for_person = id == reserved;
                false
            }
            (None, Some(_)) if self.session.reserved_for_person => {
                self.drop_open_matter();
                self.set_free();
                false
            }
            (None, _) => false,
        }
    }

    fn drop_open_matter(&mut self) {
        self.drop_matter();
        match self.session.status {
            Status::Waiting { .. } | Status::Paused { .. } | Status::AwaitingAction { .. } => {
                self.session.status = Status::New;
            }
            Status::New | Status::WithAgent { .. } | Status::Silenced { .. } | Status::Ended { .. } => {}
        }
    }

    pub(crate) fn set_free(&mut self) {
        self.session.reserved_for_person = false;
        if self.session.reserved.take().is_some() {
            self.visit("set_free");
            self.effects.push(Effect::Reservation { reserved: None });
        }
    }

    /// The flows below the innermost interrupt are not come back to.
    pub(super) fn forget_interrupted(&mut self) {
        let frames = &mut self.session.frames;
        if let Some(at) = frames.iter().rposition(|frame| frame.entered_by == EnteredBy::Interrupt) {
            frames.drain(..at);
        }
    }
}
