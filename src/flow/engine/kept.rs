//! What a message brings that nothing asks for now, and that is kept all the same: pictures, and wishes said before
//! identity is proved.

use crate::domain::assurance::Assurance;
use crate::domain::ids::FlowId;
use crate::domain::inbound::MediaKind;
use crate::flow::engine::asking::Asking;
use crate::flow::engine::brought::{AMOUNT_VAR, brought, brought_readings, day_beside};
use crate::flow::engine::heard::Heard;
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::input::Said;
use crate::flow::model::{Interrupt, Step, Terms};
use crate::flow::state::EnteredBy;
use crate::flow::value::Value;
use crate::understand::intent::Intent;

/// The offer of which the terms are open: the flow of an interrupt with `terms: open` may tell its values.
const OFFER_VAR: &str = "oferta";

/// Meanings that are no wish of their own: they answer, greet or thank.
const fn is_wish(intent: Intent) -> bool {
    match intent {
        Intent::AlreadyPaid
        | Intent::AskBalance
        | Intent::AskClearance
        | Intent::AskDiscount
        | Intent::AskDueDate
        | Intent::AskRefinance
        | Intent::CantPay
        | Intent::PartialOffer
        | Intent::PaymentMethods
        | Intent::WillPay => true,
        Intent::Abusive
        | Intent::Affirm
        | Intent::Bereavement
        | Intent::Clarify
        | Intent::Complaint
        | Intent::ContactPreference
        | Intent::DataRights
        | Intent::Deceased
        | Intent::Deny
        | Intent::Dispute
        | Intent::Distress
        | Intent::FraudSuspicion
        | Intent::Greeting
        | Intent::Human
        | Intent::Insolvency
        | Intent::Minor
        | Intent::Other
        | Intent::OutOfScope
        | Intent::Resume
        | Intent::Smalltalk
        | Intent::Stop
        | Intent::Thanks
        | Intent::Thinking
        | Intent::ThirdParty
        | Intent::Threat
        | Intent::TooExpensive
        | Intent::Violence
        | Intent::Wait
        | Intent::Withdraw
        | Intent::WrongNumber => false,
    }
}

fn shows_a_picture(said: &Said) -> bool {
    match said {
        Said::Media { kind: MediaKind::Image | MediaKind::Document, .. } => true,
        Said::Media { kind: MediaKind::Audio | MediaKind::Video | MediaKind::Sticker, .. }
        | Said::Text { .. }
        | Said::Option { .. }
        | Said::Location
        | Said::Contacts
        | Said::Form { .. }
        | Said::Unreadable
        | Said::Ignored { .. } => false,
    }
}

impl<'f> Run<'f> {
    pub(super) fn brought_by(&self, heard: &Heard<'_>) -> Vec<(&'static str, Value)> {
        brought(heard.said, heard.meaning, self.facts, self.level >= Assurance::Verificada)
    }

    /// What the flow of an interrupt gets: what the message brings, and the offer that it asks about.
    pub(super) fn brought_to(
        &self,
        interrupt: &Interrupt,
        heard: &Heard<'_>,
        offer: Option<Value>,
    ) -> Vec<(&'static str, Value)> {
        let takes =
            self.flows.flows.get(&interrupt.run).is_some_and(|flow| flow.vars.contains_key(OFFER_VAR));
        let offer = offer.filter(|_| takes).map(|offer| (OFFER_VAR, offer));
        self.brought_by(heard).into_iter().chain(offer).collect()
    }

    /// The offer whose terms wait for a yes, where the interrupt is about such terms.
    pub(super) fn offer_asked_about(&self, interrupt: &Interrupt) -> Option<Value> {
        let open = interrupt.terms == Some(Terms::Open);
        self.session.frames.last().filter(|_| open)?.vars.get(OFFER_VAR).cloned()
    }

    /// A picture at a question that says where it leads: it is kept, with what its words bring.
    pub(super) fn picture_kept(
        &mut self,
        step: &'f Step,
        heard: &Heard<'_>,
    ) -> Result<Option<Next<'f>>, Stop> {
        let Some(then) = step.picture.as_ref().filter(|_| shows_a_picture(heard.said)) else {
            return Ok(None);
        };
        self.visit("picture");
        self.keep_brought(heard)?;
        Ok(Some(Next::Goto(then)))
    }

    /// What the words bring besides the answer: all of it where any words are an answer ("el 5 por Efecty" names a day
    /// too), the day beside an amount ("80 mil el viernes"). Said once, it is not asked again.
    /// `true` when a day was kept.
    pub(super) fn keep_beside(&mut self, asking: Asking<'f>, heard: &Heard<'_>) -> Result<bool, Stop> {
        if asking.takes_any_text() {
            self.keep_brought(heard)?;
            return Ok(false);
        }
        let (flow, _) = self.place()?;
        let vars = &self.frame()?.vars;
        let said = |var: &str| matches!(vars.get(var), Some(Value::Date(_)));
        let meaning = heard.meaning.filter(|_| !asking.expects_date());
        let day = meaning.and_then(|meaning| day_beside(meaning, said));
        let Some((var, day)) = day.filter(|(var, _)| flow.vars.contains_key(*var)) else { return Ok(false) };
        self.assign(var, day)?;
        Ok(true)
    }

    fn keep_brought(&mut self, heard: &Heard<'_>) -> Result<(), Stop> {
        let (flow, _) = self.place()?;
        for (var, value) in self.brought_by(heard) {
            if flow.vars.contains_key(var) {
                self.assign(var, value)?;
            }
        }
        Ok(())
    }

    /// The flow that asks what a picture is, where nothing else takes it.
    pub(super) fn picture_flow(&self, heard: &Heard<'_>) -> Option<&'f FlowId> {
        let flow = self.flows.bot.picture.as_ref()?;
        let open = self.session.frames.iter().any(|frame| frame.flow == *flow);
        (shows_a_picture(heard.said) && !open && self.session.reserved.is_none()).then_some(flow)
    }

    pub(super) fn picture(&mut self, flow: &FlowId, heard: &Heard<'_>) -> Result<(), Stop> {
        self.visit("picture");
        let brought = self.brought_by(heard);
        self.run_aside(flow, EnteredBy::Interrupt, None, brought)
    }

    /// Before proof a wish cannot be met and is no answer: it is kept for the flow that begins after proof, with what
    /// the same message brings.
    pub(super) fn keeps_wish(&mut self, heard: Option<&Heard<'_>>) -> bool {
        let Some(heard) = heard.filter(|_| self.level < Assurance::Verificada) else { return false };
        let Some(wish) = heard.wish().filter(|intent| is_wish(*intent)) else { return false };
        self.session.pending_intent = Some(wish.name().to_owned());
        self.session.readings = brought_readings(heard.meaning);
        for (var, value) in self.brought_by(heard) {
            for frame in &mut self.session.frames {
                let flow = self.flows.flows.get(&frame.flow);
                if flow.is_some_and(|flow| flow.vars.contains_key(var)) {
                    frame.vars.insert(var.to_owned(), value.clone());
                }
            }
        }
        self.refresh_session_fact();
        true
    }

    /// What an amount may mean that the flow of an interrupt would get if it were plain.
    pub(super) fn keep_readings(&mut self, flow: &FlowId, heard: &Heard<'_>) {
        let takes = self.flows.flows.get(flow).is_some_and(|flow| flow.vars.contains_key(AMOUNT_VAR));
        if takes {
            self.session.readings = brought_readings(heard.meaning);
        }
    }

    pub(super) fn say_kept(&mut self) -> Result<(), Stop> {
        match &self.flows.bot.texts.kept {
            Some(kept) => self.say_text(kept),
            None => Ok(()),
        }
    }
}
