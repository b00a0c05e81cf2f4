//! Danger or a death that is told while people have the chat: their ticket says so, and nothing of it is forgotten.
//!
//! It opens nothing of its own and takes the chat from nobody. The open ticket gets the priority, reason and note of the
//! hand-off that the same words lead to otherwise, no word closes it from then on, and the flow `grave` of `bot.yaml` runs
//! beside people, once for each such matter. Who may be in distress gets all of it. What else only may be so makes the
//! ticket as urgent, protected and quiet, and keeps its reason: the agent, who can ask, decides what it is.

use crate::domain::assurance::Assurance;
use crate::domain::ids::FlowId;
use crate::flow::effect::Effect;
use crate::flow::engine::brought::CLEAR_VAR;
use crate::flow::engine::desk::{NewDesk, rank};
use crate::flow::engine::expectation;
use crate::flow::engine::heard::{Heard, lists};
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::model::{Flow, Handoff, Interrupt, StepKind};
use crate::flow::state::EnteredBy;
use crate::flow::value::Value;
use crate::understand::intent::Intent;

/// Variables of the flow `grave`: the meaning that was heard, whether an agent is there to answer, and whether it only
/// may be meant.
const INTENT_VAR: &str = "intencion";
const ATTENDED_VAR: &str = "atendida";
const POSSIBLE_VAR: &str = "posible";
/// Behind the name of an interrupt of which there was a hint.
const HINTED: char = '?';
/// What is not passed over among people when it only may be meant.
const HINTS: [Intent; 5] =
    [Intent::Distress, Intent::Violence, Intent::Threat, Intent::Deceased, Intent::Minor];

/// What was heard: the interrupt that takes the chat elsewhere, and the hand-off that its flow comes to.
pub(super) struct Grave<'f> {
    interrupt: &'f Interrupt,
    handoff: &'f Handoff,
    /// Not said in so many words.
    possible: bool,
}

impl<'f> Run<'f> {
    /// The matter that a message names, when it is one that people must not lose.
    pub(super) fn grave_among(&self, heard: &Heard<'_>) -> Option<Grave<'f>> {
        let shut = |it: &Interrupt| self.session.reserved.is_some() && !it.reserved;
        let always = || self.flows.bot.interrupts.iter().filter(|it| it.always && !shut(it));
        let grave = |interrupt: &'f Interrupt, possible| {
            Some(Grave { interrupt, handoff: self.protected_handoff(&interrupt.run)?, possible })
        };
        let certain = always().filter(|it| heard.names(it)).find_map(|it| grave(it, false));
        certain.or_else(|| {
            let hint = self.hint_among(heard)?;
            let possible = hint != Intent::Distress;
            always().filter(|it| lists(&it.intents, hint)).find_map(|it| grave(it, possible))
        })
    }

    /// What the words only may mean. Whoever proved who they are lives: a death of which it is not said whose it is, is
    /// their own loss.
    fn hint_among(&self, heard: &Heard<'_>) -> Option<Intent> {
        let hint = heard.doubted_intent().filter(|intent| HINTS.contains(intent))?;
        let proved = self.level >= Assurance::Verificada;
        let clear = || self.brought_by(heard).iter().any(|(var, _)| *var == CLEAR_VAR);
        (hint != Intent::Deceased || !proved || clear()).then_some(hint)
    }

    /// The matter that a message may name: what would be asked back if somebody could be asked.
    fn grave_possible(&self, heard: &Heard<'_>) -> Option<Grave<'f>> {
        let doubted = heard.doubted_intent()?;
        let mut listed =
            self.flows.bot.interrupts.iter().filter(|it| it.always && lists(&it.intents, doubted));
        listed.find_map(|interrupt| {
            Some(Grave { interrupt, handoff: self.protected_handoff(&interrupt.run)?, possible: true })
        })
    }

    /// A message that nobody can be asked about any more: what it names becomes a protected ticket, and what belongs to it
    /// runs; what it only may name becomes the ticket alone. `false` when it names nothing of the kind.
    pub(super) fn keep_late(&mut self, heard: &Heard<'_>, note: &str) -> Result<bool, Stop> {
        let Some(grave) = self.grave_among(heard).or_else(|| self.grave_possible(heard)) else {
            return Ok(false);
        };
        self.drop_proof_of(heard);
        if self.session.desk.is_some() {
            self.effects.push(Effect::ForwardToAgent);
        }
        if !grave.possible {
            self.keep_certain(&grave, note)?;
        } else if self.raises(&grave) {
            self.raise(grave.handoff, note);
        }
        Ok(true)
    }

    /// Whether the open ticket, if any, is less urgent or no protected one.
    fn raises(&self, grave: &Grave<'f>) -> bool {
        let open = self.session.desk.as_ref().filter(|desk| desk.protected);
        open.is_none_or(|desk| rank(&grave.handoff.priority) <= rank(&desk.priority))
    }

    /// How urgent the protected hand-offs of a flow are, when it has any.
    pub(super) fn protects(&self, flow: &FlowId) -> Option<usize> {
        self.protected_handoff(flow).map(|handoff| rank(&handoff.priority))
    }

    /// The hand-off that the open ticket was raised to, and its flow, where that may begin as it is: what is said when
    /// people give the chat back is said of that matter.
    pub(super) fn raised_to(&self) -> Option<(&'f Flow, &'f Handoff)> {
        let desk = self.session.desk.as_ref().filter(|desk| !desk.told.is_empty())?;
        let told = self.flows.bot.interrupts.iter().filter(|it| desk.told.contains(&it.id));
        told.filter_map(|it| self.flows.flows.get(&it.run)).find_map(|flow| {
            let complete = flow.vars.values().all(|var| !var.input || var.initial.is_some());
            let handoff =
                self.protected_handoff(&flow.id).filter(|_| complete && flow.needs <= self.level)?;
            (handoff.reason == desk.reason).then_some((flow, handoff))
        })
    }

    /// The most urgent protected hand-off of a flow.
    fn protected_handoff(&self, flow: &FlowId) -> Option<&'f Handoff> {
        let steps = self.flows.flows.get(flow)?.steps.values();
        let protected = steps.filter_map(|step| match &step.kind {
            StepKind::Handoff(handoff) if handoff.protected => Some(handoff),
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
        });
        protected.min_by_key(|handoff| rank(&handoff.priority))
    }

    /// Writes the matter on the open ticket and runs what belongs to it; `false` when the turn has more to say.
    pub(super) fn keep_grave(&mut self, grave: &Grave<'f>, heard: &Heard<'_>) -> Result<bool, Stop> {
        if grave.possible { self.keep_possible(grave, heard) } else { self.keep_certain(grave, "") }
    }

    fn keep_certain(&mut self, grave: &Grave<'f>, before: &str) -> Result<bool, Stop> {
        let Grave { interrupt, handoff, .. } = *grave;
        let open = self.session.desk.as_ref().filter(|desk| desk.protected);
        if open.is_some_and(|desk| desk.reason == handoff.reason) {
            return Ok(false);
        }
        if self.raises(grave) {
            self.raise(handoff, before);
        }
        let Some(desk) = &mut self.session.desk else { return Ok(false) };
        if desk.told.contains(&interrupt.id) {
            return Ok(false);
        }
        desk.told.push(interrupt.id.clone());
        self.run_grave(interrupt, false)
    }

    /// The ticket is as urgent, protected and quiet as if it were so; it stays what it was about.
    fn keep_possible(&mut self, grave: &Grave<'f>, heard: &Heard<'_>) -> Result<bool, Stop> {
        let Grave { interrupt, handoff, .. } = *grave;
        self.people_have_it();
        let key = format!("{}{HINTED}", interrupt.id);
        let Some(desk) = self.session.desk.as_mut() else { return Ok(false) };
        if desk.told.contains(&interrupt.id) || desk.told.contains(&key) {
            return Ok(false);
        }
        let hinted = desk.told.iter().any(|told| told.ends_with(HINTED));
        desk.told.push(key);
        let kept = desk.protected && desk.quiet && rank(&desk.priority) <= rank(&handoff.priority);
        let reason = desk.reason.clone();
        if kept && hinted {
            return Ok(false);
        }
        if !kept {
            let note = heard.noted(expectation(self.flows, &self.session));
            self.raise_desk(NewDesk {
                queue: &handoff.queue,
                priority: &handoff.priority,
                reason: &reason,
                note,
                protected: true,
                quiet: handoff.quiet,
            });
        }
        self.run_grave(interrupt, true)
    }

    /// The open ticket becomes one of this hand-off; its note begins with these words.
    fn raise(&mut self, handoff: &Handoff, before: &str) {
        let own = handoff.note.as_ref().map_or_else(String::new, |note| self.write(note, &self.names(None)));
        let note = format!("{before} {own}").trim().to_owned();
        self.people_have_it();
        self.raise_desk(NewDesk {
            queue: &handoff.queue,
            priority: &handoff.priority,
            reason: &handoff.reason,
            note,
            protected: true,
            quiet: handoff.quiet,
        });
    }

    fn run_grave(&mut self, interrupt: &Interrupt, possible: bool) -> Result<bool, Stop> {
        let Some(flow) = self.flows.bot.grave.as_ref().filter(|_| self.has_room()) else { return Ok(false) };
        let attended = self.facts.attended;
        let flow = self.push(flow, EnteredBy::Interrupt)?;
        if let Some(intent) = interrupt.intents.first()
            && flow.vars.contains_key(INTENT_VAR)
        {
            self.assign(INTENT_VAR, Value::text(intent))?;
        }
        if flow.vars.contains_key(ATTENDED_VAR) {
            self.assign(ATTENDED_VAR, Value::Bool(attended))?;
        }
        if flow.vars.contains_key(POSSIBLE_VAR) {
            self.assign(POSSIBLE_VAR, Value::Bool(possible))?;
        }
        self.proceed(Ok(Next::Again))?;
        Ok(true)
    }
}
