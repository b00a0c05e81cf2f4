//! A right that is claimed to people: a dispute, a request about the own data, a payment that was made, money that went
//! to a stranger. It is recorded as if it had been told to the bot, and the chat stays with people.
//!
//! The flow of `claims` in `bot.yaml` runs beside them, once for each such meaning, and each right, of a ticket. What it does to the ticket
//! (`ticket.proteger`, `ticket.dejar`) is the flow's to say.

use crate::flow::engine::brought::{PAID_ELSEWHERE_VAR, RIGHT_VAR};
use crate::flow::engine::heard::{Heard, lists};
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::state::EnteredBy;
use crate::flow::value::Value;
use crate::understand::intent::Intent;

/// Variables of the flow: the meaning that was heard, and whether an agent is there to answer.
const INTENT_VAR: &str = "intencion";
const ATTENDED_VAR: &str = "atendida";

/// A claim, and what is known of it: values of variables by name.
pub(crate) struct Claimed {
    intent: Intent,
    known: Vec<(String, Value)>,
}

impl Claimed {
    /// What a ticket is told once: another right, or money that went to a stranger, is another claim.
    fn key(&self) -> String {
        let apart = self.known.iter().filter(|(var, _)| var == RIGHT_VAR || var == PAID_ELSEWHERE_VAR);
        let mut key = self.intent.name().to_owned();
        for (_, value) in apart {
            if let Value::Text(text) = value {
                key.push(':');
                key.push_str(text);
            }
        }
        key
    }
}

impl<'f> Run<'f> {
    /// The claim that a message surely makes. In a reserved chat nothing is taken for the holder's.
    pub(super) fn claim_among(&self, heard: &Heard<'_>) -> Option<Claimed> {
        let claims = self.flows.bot.claims.as_ref().filter(|_| self.session.reserved.is_none())?;
        let intent = heard.certain_intent().filter(|intent| lists(&claims.intents, *intent))?;
        let known = self.brought_by(heard).into_iter().map(|(var, value)| (var.to_owned(), value)).collect();
        Some(Claimed { intent, known }).filter(|claim| !self.is_recorded(claim))
    }

    /// Records it beside people, who have the chat; `false` when the turn has more to say.
    pub(super) fn keep_claim(&mut self, claim: Claimed) -> Result<bool, Stop> {
        self.people_have_it();
        if !self.begin_claim(claim)? {
            return Ok(false);
        }
        self.proceed(Ok(Next::Again))?;
        Ok(true)
    }

    /// The claim over whose questions a person was asked for, with what was known of it. The questions are not come back
    /// to: people have it from here on.
    pub(crate) fn claim_left_open(&mut self) -> Option<Claimed> {
        let claims = self.flows.bot.claims.as_ref().filter(|_| self.session.reserved.is_none())?;
        let over = self.session.frames.iter().rposition(|frame| frame.entered_by == EnteredBy::Interrupt)?;
        let below = self.session.frames.get(..over)?;
        // One that stands at its own hand-off was recorded on the way there.
        let found = below.iter().rev().filter(|frame| !self.hands_over(frame)).find_map(|frame| {
            let mut runs = self.flows.bot.interrupts.iter().filter(|it| it.run == frame.flow);
            let listed = |names: &Vec<String>| claims.intents.iter().find(|intent| names.contains(*intent));
            let intent = runs.find_map(|it| Intent::parse(listed(&it.intents)?))?;
            Some((frame, intent))
        });
        let (frame, intent) = found?;
        let known = frame.vars.iter().map(|(var, value)| (var.clone(), value.clone())).collect();
        let claim = Claimed { intent, known };
        self.forget_interrupted();
        Some(claim)
    }

    /// Puts the flow of `claims` on top; `false` where there is none, no room, or the ticket knows of it already.
    pub(crate) fn begin_claim(&mut self, claim: Claimed) -> Result<bool, Stop> {
        let Some(claims) = self.flows.bot.claims.as_ref().filter(|_| self.has_room()) else {
            return Ok(false);
        };
        if self.is_recorded(&claim) {
            return Ok(false);
        }
        if let Some(desk) = &mut self.session.desk {
            desk.told.push(claim.key());
        }
        self.visit(format!("claim:{}", claim.intent.name()));
        let attended = self.facts.attended;
        let flow = self.push(&claims.run, EnteredBy::Interrupt)?;
        let engine = [(INTENT_VAR, Value::text(claim.intent.name())), (ATTENDED_VAR, Value::Bool(attended))];
        let engine = engine.into_iter().map(|(var, value)| (var.to_owned(), value));
        for (var, value) in claim.known.into_iter().chain(engine) {
            if flow.vars.contains_key(&var) {
                self.assign(&var, value)?;
            }
        }
        Ok(true)
    }

    fn is_recorded(&self, claim: &Claimed) -> bool {
        let key = claim.key();
        self.session.desk.as_ref().is_some_and(|desk| desk.told.contains(&key))
    }
}
