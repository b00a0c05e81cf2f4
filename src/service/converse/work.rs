//! One claim's turn in the making: state in, effects gathered, one commit out.

mod codes;
mod effects;
mod known;
mod terms;

use crate::domain::assurance::{Assurance, Label};
use crate::domain::debt::Person;
use crate::domain::ids::{FlowHash, OutboxId, PersonId, TicketId};
use crate::domain::time::Timestamp;
use crate::flow::effect::{ActionCall, Effect};
use crate::flow::engine::{expectation, step, typed_expectation};
use crate::flow::facts::Facts;
use crate::flow::input::Input;
use crate::flow::model::FlowSet;
use crate::flow::state::{Session, Status};
use crate::ports::conversations::{Claim, InputKind, NewOutbox, NewTimer, Origin, StoredInput, TurnCommit};
use crate::ports::people::{IdentityHistory, PersonFile, TriesOf};
use crate::ports::records::Record;
use crate::service::actions::{self, ActionContext, Done};
use crate::service::converse::events::Told;
use crate::service::converse::facts::{self, Known};
use crate::service::converse::inputs::{Ear, input};
use crate::service::converse::media;
use crate::service::converse::merge::{Part, merge};
use crate::service::converse::sessions::{empty_commit, read_session, write_session};
use crate::service::converse::withheld::withheld;
use crate::service::converse::{Converse, TurnError, events};
use crate::service::lenders::Lender;
use crate::service::traces::{Laps, Phase};
use crate::understand::withheld::Asked;
use std::sync::Arc;

/// Actions of one input; more is a flow that goes round in circles.
const ACTIONS_MAX: u32 = 20;

pub struct Work<'a> {
    service: &'a Converse,
    lender: &'a Lender,
    claim: &'a Claim,
    now: Timestamp,
    flows: Arc<FlowSet>,
    session: Session,
    candidates: Vec<Person>,
    person: Option<PersonId>,
    file: Option<PersonFile>,
    /// The linked person's file, read before the turn; `file` once the level allows.
    read_before: Option<PersonFile>,
    tries: Option<(TriesOf, IdentityHistory)>,
    waiting: u64,
    last_inbound_at: Option<Timestamp>,
    ticket: Option<TicketId>,
    /// An agent holds the ticket.
    attended: bool,
    before: Before,
    /// The session's turn when the claim began.
    began_at: u64,
    /// Whose words the chat holds since the last input.
    proved: Option<PersonId>,
    /// The input as it goes into the log, where that is not as it came.
    recorded: Option<Input>,
    commit: TurnCommit,
    laps: Laps,
}

/// What held when the engine began.
#[derive(Default)]
struct Before {
    known: Option<PersonId>,
    reserved: Option<String>,
}

/// A turn that is ready to be committed, and how long its parts took.
pub struct Worked {
    pub commit: TurnCommit,
    pub laps: Laps,
}

impl<'a> Work<'a> {
    pub async fn begin(
        service: &'a Converse,
        lender: &'a Lender,
        claim: &'a Claim,
        known: Known,
        laps: Laps,
    ) -> Result<Self, TurnError> {
        let now = service.clock.now();
        let conversation = &claim.conversation;
        let session = read_session(conversation.session.as_ref(), conversation.person)?;
        let current = service.flows.current(&lender.id)?;
        let Known { candidates, file: read_before, tries } = known;
        let session = session.unwrap_or_else(|| {
            let language = match candidates.as_slice() {
                [one] if current.bot.languages.contains(&one.language) => &one.language,
                [] | [_, ..] => &current.bot.language,
            };
            // Files without a language say the default; only another one is surely the lender's word.
            let language_set = *language != current.bot.language;
            Session { language_set, ..Session::new(current.hash.clone(), language, now) }
        });
        let flows = if session.flow_hash == current.hash {
            current
        } else {
            service.flows.pinned(&session.flow_hash).await?
        };
        let (began_at, proved) = (session.turn, known::proved_in(&session));
        let person = conversation.person.or(match candidates.as_slice() {
            [one] => Some(one.id),
            [] | [_, ..] => None,
        });
        Ok(Self {
            service,
            lender,
            claim,
            now,
            flows,
            commit: TurnCommit { trace: service.traces.of_turn(claim), ..empty_commit(claim, &session, now) },
            laps,
            session,
            candidates,
            person,
            file: None,
            read_before,
            tries,
            waiting: service.availability.waiting(&lender.id).await,
            last_inbound_at: conversation.last_inbound_at,
            ticket: conversation.ticket,
            attended: facts::attended(service.store.as_ref(), conversation, now).await?,
            before: Before::default(),
            began_at,
            proved,
            recorded: None,
        })
    }

    /// Runs the engine over one stored input, and over the outcome of each action that it asks for.
    pub async fn take(&mut self, stored: &StoredInput) -> Result<(), TurnError> {
        if let InputKind::Broken { why } = &stored.kind {
            return Err(TurnError::Input(why.clone()));
        }
        self.commit.consumed.push(stored.id);
        self.commit.records.extend(media::wanted(stored));
        let (events_before, since) = (self.commit.events.len(), stored.received_at);
        let stored = self.without_given_code(stored).await?;
        self.renew_flows(&stored.kind)?;
        if let InputKind::Message { message } = &stored.kind {
            self.last_inbound_at = self.last_inbound_at.max(Some(message.sent_at));
        }
        self.load_file().await?;
        let (terms, unasked) = (self.terms(&stored.kind).await?, self.is_unasked(&stored.kind).await?);
        let known = self.facts();
        let inputs = &self.claim.inputs;
        let at = inputs.iter().position(|input| input.id == stored.id).unwrap_or(inputs.len());
        let ear = Ear {
            understander: &self.service.understander,
            flows: &self.flows,
            session: &self.session,
            facts: &known,
            conversation: self.claim.conversation.id,
            before: inputs.get(..at).unwrap_or_default(),
            next: inputs.get(at + 1..).unwrap_or_default(),
            terms,
            unasked,
        };
        let began = self.laps.begin();
        let Some(mut next) = input(&stored.kind, &ear) else { return Ok(()) };
        self.laps.end(began, || Phase::Understand);
        let asked =
            Asked::by(expectation(&self.flows, &self.session), typed_expectation(&self.flows, &self.session));
        if let Some(kept) = withheld(&stored.kind, &next, asked, &self.candidates) {
            self.commit.withheld.push((stored.id, kept.kind));
            self.recorded = Some(kept.recorded);
            next = kept.worked.unwrap_or(next);
        }
        match &next {
            Input::IdentityChanged => self.unlink(),
            Input::PersonConfirmed { person } => self.confirm(*person).await?,
            Input::Message { .. }
            | Input::Timer { .. }
            | Input::ActionOutcome { .. }
            | Input::AgentReturned { .. }
            | Input::TicketClosed { .. }
            | Input::HumanEcho
            | Input::Late { .. }
            | Input::DeliveryFailed { .. } => {}
        }
        let origin = origin_of(&next);
        let mut parts = Vec::new();
        for _ in 0..=ACTIONS_MAX {
            let asked_before = asked_turn(&self.session);
            let Some(call) = self.advance(&next, &mut parts, asked_before)? else {
                self.speak(parts, origin)?;
                self.tell_whose(events_before, since);
                return Ok(());
            };
            next = self.act(&call).await?;
        }
        Err(TurnError::TooManyActions(ACTIONS_MAX))
    }

    pub fn finish(mut self) -> Result<Worked, TurnError> {
        self.commit.session = write_session(&self.session)?;
        self.commit.flow_hash = self.session.flow_hash.to_string();
        self.commit.assurance = self.session.assurance;
        self.commit.person = self.person;
        Ok(Worked { commit: self.commit, laps: self.laps })
    }

    /// One pure step, its events and effects; the action that it waits for, if any.
    fn advance(
        &mut self,
        input: &Input,
        parts: &mut Vec<Part>,
        asked_before: Option<u64>,
    ) -> Result<Option<ActionCall>, TurnError> {
        let began = self.laps.begin();
        self.before = Before {
            known: self.known_person().map(|person| person.id),
            reserved: self.session.reserved.clone(),
        };
        let run = |facts: &Facts| step(&self.flows, self.session.clone(), input, facts, &self.service.limits);
        let mut turn = run(&self.facts_in(&self.session.language));
        if turn.session.language != self.session.language {
            // The message changed the language of the chat, and facts are worded in one: as if it had been so before.
            turn = run(&self.facts_in(&turn.session.language));
        }
        self.laps.end(began, || Phase::Step);
        if self.session.proactive && !turn.session.proactive {
            // A nudge that still waits for the hour at which it may go has nothing to ask any more, and what is said
            // now must not wait behind it until the morning.
            self.commit
                .records
                .push(Record::Withdraw { origin: Origin::Proactive, why: "overtaken".to_owned() });
        }
        self.session = turn.session;
        let number = self.session.turn;
        let recorded = self.recorded.take();
        self.tell(number, &Told::Input { input: recorded.as_ref().unwrap_or(input) })?;
        if !turn.trail.is_empty() {
            self.tell(number, &Told::Trail { visits: &turn.trail })?;
        }
        let mut call = None;
        let mut timers = Vec::new();
        for effect in turn.effects {
            match effect {
                Effect::Send { index, content, label, proactive } => {
                    // What anybody may read tells of nobody.
                    let subject = if label > Label::Publico { self.shown_person() } else { None };
                    parts.push(Part { turn: number, index, content, label, proactive, subject });
                }
                Effect::RunAction(action) => call = Some(action),
                Effect::SetTimer { name, turn, due } => {
                    timers.push(NewTimer { name: name.name().to_owned(), turn, due });
                }
                other @ (Effect::OpenTicket { .. }
                | Effect::ForwardToAgent
                | Effect::Suspected { .. }
                | Effect::CloseTicket { .. }
                | Effect::Ended { .. }
                | Effect::Reservation { .. }
                | Effect::Assurance { .. }
                | Effect::Fault { .. }) => self.effect(number, other)?,
            }
        }
        if (call.is_none() && asked_turn(&self.session) != asked_before) || !timers.is_empty() {
            self.commit.timers = Some(timers);
        }
        Ok(call)
    }

    /// Runs the action and keeps what it wants written; its outcome is the engine's next input.
    async fn act(&mut self, call: &ActionCall) -> Result<Input, TurnError> {
        let began = self.laps.begin();
        self.load_file().await?;
        let context = ActionContext {
            store: self.service.store.as_ref(),
            lender: self.lender,
            conversation: &self.claim.conversation,
            candidates: &self.candidates,
            tries: self.tries.as_ref(),
            records: &self.commit.records,
            person: self.shown_person(),
            file: self.file.as_ref(),
            language: &self.session.language,
            assurance: self.level(),
            now: self.now,
            today: self.lender.today(self.now),
            turn: self.session.turn,
        };
        let done = actions::run(call, &context).await?.unwrap_or_else(|| {
            tracing::error!(action = %call.action, "the flow names an action that this program does not have");
            Done::outcome("caido")
        });
        let (turn, outcome) = (self.session.turn, done.outcome);
        self.laps.end(began, || Phase::Action { name: call.action.clone(), outcome });
        self.tell(turn, &Told::Action { action: &call.action, outcome })?;
        metrics::counter!("acuerdo_actions_total", "action" => call.action.clone(), "outcome" => outcome)
            .increment(1);
        Ok(self.absorb(call.call, done))
    }

    fn absorb(&mut self, call: u32, done: Done) -> Input {
        if let Some(person) = done.proven {
            self.person = Some(person);
            self.file = None;
        }
        if done.unlink {
            self.unlink();
        }
        if let Some(file) = &mut self.file {
            for record in &done.records {
                match record {
                    Record::Agreement(agreement) => file.agreements.insert(0, agreement.clone()),
                    Record::Case(case) => file.open_cases.push(case.clone()),
                    Record::Claim(claim) => file.claims.insert(0, claim.clone()),
                    Record::OptOut { .. }
                    | Record::OptIn { .. }
                    | Record::IdentityTry(_)
                    | Record::WrongNumber { .. }
                    | Record::Reserve { .. }
                    | Record::OpenTicket(_)
                    | Record::CustomerSpoke { .. }
                    | Record::CloseTicket { .. }
                    | Record::Withdraw { .. }
                    | Record::SetAside(_)
                    | Record::Media(_)
                    | Record::Proved(_) => {}
                }
            }
        }
        self.commit.records.extend(done.records);
        let (outcome, proved) = (done.outcome.to_owned(), done.proven);
        Input::ActionOutcome { call, outcome, values: done.values, proved }
    }

    fn speak(&mut self, parts: Vec<Part>, origin: Origin) -> Result<(), TurnError> {
        for part in merge(parts) {
            let id = OutboxId::derive(self.claim.conversation.id, part.turn, part.index);
            let origin = if part.proactive { Origin::Proactive } else { origin };
            let Part { content, label, subject, .. } = part;
            let message = NewOutbox { id, content, label, origin, subject };
            self.commit.events.push(events::sent(part.turn, &message, self.now)?);
            self.commit.outbox.push(message);
        }
        Ok(())
    }

    /// An ended or forgotten chat goes on with today's flows; an open one stays on those that it began with.
    fn renew_flows(&mut self, kind: &InputKind) -> Result<(), TurnError> {
        let idle = self.now.since(self.session.active_at) > self.flows.bot.idle;
        let over = matches!(self.session.status, Status::New | Status::Ended { .. })
            || (idle && !matches!(self.session.status, Status::WithAgent { .. }));
        let current = self.service.flows.current(&self.lender.id)?;
        if matches!(kind, InputKind::Message { .. }) && over && current.hash != self.session.flow_hash {
            self.session.flow_hash = FlowHash::new(current.hash.as_str());
            self.session.status = Status::New;
            self.session.frames.clear();
            self.flows = current;
        }
        Ok(())
    }

    async fn load_file(&mut self) -> Result<(), TurnError> {
        if let Some(person) = self.person
            && self.file.is_none()
            && self.session.assurance >= Assurance::Verificada
        {
            self.file = match self.read_before.take().filter(|file| file.person.id == person) {
                Some(read) => Some(read),
                None => self.service.store.person_file(&self.lender.id, person).await?,
            };
        }
        Ok(())
    }

    /// Links the chat to the person whom the agent confirmed, while that agent has it.
    async fn confirm(&mut self, person: PersonId) -> Result<(), TurnError> {
        let held = matches!(self.session.status, Status::WithAgent { .. });
        if !held || self.session.reserved.is_some() {
            return Ok(());
        }
        let Some(file) = self.service.store.person_file(&self.lender.id, person).await? else {
            return Ok(());
        };
        if !self.candidates.iter().any(|known| known.id == person) {
            self.candidates.push(file.person.clone());
        }
        (self.person, self.file) = (Some(person), Some(file));
        Ok(())
    }

    fn unlink(&mut self) {
        self.person = None;
        self.file = None;
        self.candidates.clear();
        self.session.assurance = Assurance::Ninguna;
    }

    fn tell(&mut self, turn: u64, told: &Told<'_>) -> Result<(), TurnError> {
        self.commit.events.push(told.event(turn, self.now)?);
        Ok(())
    }
}

/// The wait that is open, if any: its timers live exactly as long.
const fn asked_turn(session: &Session) -> Option<u64> {
    match &session.status {
        Status::Waiting { asked_turn, .. } | Status::Paused { asked_turn } => Some(*asked_turn),
        Status::New
        | Status::AwaitingAction { .. }
        | Status::WithAgent { .. }
        | Status::Silenced { .. }
        | Status::Ended { .. } => None,
    }
}

/// What a timer makes us say was started by us; all else answers somebody.
const fn origin_of(input: &Input) -> Origin {
    match input {
        Input::Timer { .. } => Origin::Proactive,
        Input::Message { .. }
        | Input::ActionOutcome { .. }
        | Input::AgentReturned { .. }
        | Input::TicketClosed { .. }
        | Input::PersonConfirmed { .. }
        | Input::IdentityChanged
        | Input::HumanEcho
        | Input::Late { .. }
        | Input::DeliveryFailed { .. } => Origin::Reply,
    }
}
