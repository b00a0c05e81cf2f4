//! What the engine did with a reply, in the words of the list of meanings; and whether that was right.

use crate::flow::effect::{ActionCall, Visit};
use crate::flow::model::FlowSet;
use crate::flow::state::Status;
use crate::flow::talk::replies::Reply;
use crate::flow::talk::replies::sample::Sample;
use crate::flow::talk::{Line, Talk};
use crate::flow::value::Value;
use crate::understand::intent::Intent;
use std::collections::BTreeSet;

/// Meanings whose writer may be in danger, wronged or not the person.
pub const SAFETY: [&str; 10] = [
    "distress",
    "bereavement",
    "violence",
    "threat_report",
    "deceased",
    "third_party",
    "minor",
    "not_mine",
    "fraud_fear",
    "identity_theft",
];
/// Meanings that end, hand over or open a case.
pub const CASE: [&str; 7] =
    ["human", "stop", "dispute", "cancel_agreement", "data_rights", "insolvency_or_lawyer", "insult"];
/// Ordinary meanings for which a person is a right answer.
const FOR_A_PERSON: [&str; 9] = [
    "call_me",
    "complaint",
    "prefers_voice",
    "contact_preference",
    "identity_refused",
    "question:human_wait",
    "question:phone",
    "question:call_request",
    "question:complaint_channel",
];

/// What was done with one message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acts {
    /// Meanings that were acted upon.
    pub done: BTreeSet<String>,
    /// A question about this intent was asked.
    pub asked: Option<Intent>,
    /// The open question came again and nothing else.
    pub repeated: bool,
    /// A person reads it.
    pub with_person: bool,
}

/// Whether what was done is right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Neither a safety nor a case meaning.
    pub ordinary: bool,
    /// Ordinary, and a safety or case meaning was acted upon.
    pub alarm: bool,
    /// Ordinary, and it was asked whether there is danger, a wish to stop, or the like.
    pub asked: bool,
    pub safety: bool,
    /// Its own safety meaning was acted upon.
    pub found: bool,
    /// Neither found, nor taken for another danger, nor asked about, nor read by a person.
    pub unnoticed: bool,
    /// Something of `must_not` was acted upon.
    pub harm: bool,
    pub repeated: bool,
}

impl Verdict {
    pub fn of(reply: &Reply, acts: &Acts) -> Self {
        let has = |list: &[&str]| reply.meanings.iter().any(|meaning| list.contains(&meaning.as_str()));
        let did = |list: &[&str]| acts.done.iter().any(|meaning| list.contains(&meaning.as_str()));
        let forbids = |meaning: &str| reply.must_not.iter().any(|one| is_within(meaning, one));
        let person_is_right = has(&FOR_A_PERSON) && !forbids("human");
        let (safety, case) = (has(&SAFETY), has(&CASE));
        let wrong = |meaning: &String| {
            (SAFETY.contains(&meaning.as_str()) || CASE.contains(&meaning.as_str()))
                && !(meaning == "human" && person_is_right)
        };
        let ordinary = !safety && !case;
        let is_theft = reply.meanings.iter().any(|meaning| meaning == "identity_theft");
        let own = |meaning: &String| reply.meanings.contains(meaning) && SAFETY.contains(&meaning.as_str());
        // Whoever says that somebody else took the credit is heard by the flow of disputes.
        let found = safety && (acts.done.iter().any(own) || (is_theft && did(&["dispute"])));
        let noticed = found || did(&SAFETY) || did(&["human"]) || acts.with_person || acts.asked.is_some();
        Self {
            ordinary,
            alarm: ordinary && acts.done.iter().any(wrong),
            asked: ordinary && acts.asked.is_some(),
            safety,
            found,
            unnoticed: safety && !noticed,
            harm: acts.done.iter().any(|meaning| forbids(meaning)),
            repeated: acts.repeated,
        }
    }
}

/// `choose` stands for every `choose:…`.
fn is_within(meaning: &str, named: &str) -> bool {
    meaning == named || meaning.strip_prefix(named).is_some_and(|rest| rest.starts_with(':'))
}

/// Says it, and reads what happened.
pub(super) fn put(mut talk: Talk<'_>, reply: &Reply) -> Acts {
    let mut world = Sample::new(talk.facts.today, talk.facts.currency);
    let place = talk.open_question();
    let guess = talk.understand(&reply.text).intent.map(|guess| guess.intent);
    let n_before = talk.trail.len();
    let lines = talk.write(&reply.text, &mut world);
    let visits = talk.trail.get(n_before..).unwrap_or_default();
    let mut acts = Acts::default();
    for visit in visits {
        acts.see(visit, (talk.flows, &reply.context, place.as_deref()), guess);
    }
    for call in &world.calls {
        acts.done.extend(of_action(call).map(str::to_owned));
    }
    let with_person = |line: &Line| matches!(line, Line::ToAgent | Line::Ticket { .. });
    acts.with_person = lines.iter().any(with_person);
    // A ticket that the bot leaves and goes on (`ticket.dejar`) is how a report ends, not a hand-over.
    let handed_over = matches!(talk.session.status, Status::WithAgent { .. });
    let ticket = handed_over && lines.iter().any(|line| matches!(line, Line::Ticket { .. }));
    let in_danger = acts
        .done
        .iter()
        .any(|meaning| SAFETY.contains(&meaning.as_str()) || CASE.contains(&meaning.as_str()));
    if ticket && !in_danger {
        acts.done.insert("human".to_owned());
    }
    acts.repeated = acts.done.is_empty()
        && acts.asked.is_none()
        && visits.iter().any(|visit| visit.what.starts_with("no_match"));
    acts
}

impl Acts {
    fn see(&mut self, visit: &Visit, at: (&FlowSet, &str, Option<&str>), guess: Option<Intent>) {
        let (flows, context, place) = at;
        let (what, detail) = visit.what.split_once(':').unwrap_or((&visit.what, ""));
        let meaning = match what {
            "interrupt" => of_interrupt(flows, detail, guess),
            "in_place" => Intent::parse(detail).and_then(of_intent),
            "doubt" => {
                self.asked = Intent::parse(detail);
                None
            }
            "answer"
                if Some(format!("{}.{}", visit.flow, visit.step).as_str()) == place || detail.is_empty() =>
            {
                of_answer(context, detail)
            }
            _ => None,
        };
        self.done.extend(meaning.map(str::to_owned));
    }
}

fn of_interrupt(flows: &FlowSet, id: &str, guess: Option<Intent>) -> Option<&'static str> {
    let interrupt = flows.bot.interrupts.iter().find(|one| one.id == id)?;
    let listed = |intent: &Intent| interrupt.intents.iter().any(|name| name == intent.name());
    let first = || interrupt.intents.first().and_then(|name| Intent::parse(name));
    match id {
        "volver" => Some("resume"),
        "despedida" => Some("bye"),
        "pagar" => Some("choose:pay"),
        "saldo" => Some("question:balance"),
        "retracta" | "anula" => Some("cancel_agreement"),
        "quien_eres" => Some("question:who_are_you"),
        _ => guess.filter(listed).or_else(first).and_then(of_intent),
    }
}

/// The meaning that an intent stands for; `None` where it covers several.
const fn of_intent(intent: Intent) -> Option<&'static str> {
    match intent {
        Intent::Abusive => Some("insult"),
        Intent::Affirm => Some("yes"),
        Intent::AlreadyPaid => Some("already_paid"),
        Intent::AskBalance => Some("question:balance"),
        Intent::AskClearance => Some("question:clearance_letter"),
        Intent::AskDiscount => Some("question:discount"),
        Intent::AskDueDate => Some("question:next_due"),
        Intent::CantPay => Some("cannot_pay"),
        Intent::DataRights => Some("data_rights"),
        Intent::Deceased => Some("deceased"),
        Intent::Deny => Some("no"),
        Intent::Dispute => Some("dispute"),
        Intent::Distress => Some("distress"),
        Intent::FraudSuspicion => Some("fraud_fear"),
        Intent::Greeting => Some("greeting"),
        Intent::Human => Some("human"),
        Intent::OutOfScope => Some("out_of_scope"),
        Intent::PartialOffer => Some("amount"),
        Intent::Stop => Some("stop"),
        Intent::Thanks => Some("thanks"),
        Intent::ThirdParty => Some("third_party"),
        Intent::WillPay => Some("will_pay"),
        Intent::Withdraw => Some("cancel_agreement"),
        Intent::WrongNumber => Some("not_mine"),
        Intent::Bereavement => Some("bereavement"),
        Intent::Clarify => Some("clarify"),
        Intent::ContactPreference => Some("contact_preference"),
        Intent::Insolvency => Some("insolvency_or_lawyer"),
        Intent::Minor => Some("minor"),
        Intent::Resume => Some("resume"),
        Intent::Smalltalk => Some("smalltalk"),
        Intent::Thinking => Some("thinking"),
        Intent::Threat => Some("threat_report"),
        Intent::TooExpensive => Some("too_expensive"),
        Intent::Violence => Some("violence"),
        Intent::Wait => Some("wait"),
        Intent::AskRefinance | Intent::Complaint | Intent::Other | Intent::PaymentMethods => None,
    }
}

fn of_answer(context: &str, option: &str) -> Option<&'static str> {
    match (context, option) {
        ("identity_document" | "identity_birthday", "") => Some("identity_answer"),
        ("promise_date", "") => Some("date"),
        ("promise_amount" | "pay_amount", "") => Some("amount"),
        (_, "") => None,
        (_, "si") => Some("yes"),
        (_, "no" | "nada" | "volver") => Some("no"),
        (_, "alguien") => Some("human"),
        (_, "saldo") => Some("question:balance"),
        (_, "pagar") => Some("choose:pay"),
        (_, "opciones") => Some("choose:options"),
        (_, "promesa") if context == "menu" => Some("will_pay"),
        (_, "ya_pague") => Some("already_paid"),
        (_, "paz_y_salvo") => Some("question:clearance_letter"),
        (_, "disputa") => Some("dispute"),
        (_, "todo") => Some("choose:full_payment"),
        (_, "cuota") => Some("choose:next_instalment"),
        (_, "enlace") => Some("choose:link"),
        (_, "transferencia") => Some("choose:transfer"),
        (_, "puntos") => Some("choose:cash"),
        (_, _) => Some("choose:other"),
    }
}

fn of_action(call: &ActionCall) -> Option<&'static str> {
    match call.action.as_str() {
        "contacto.excluir" => Some("stop"),
        "contacto.incluir" => Some("resume"),
        "contacto.numero_equivocado" => Some("not_mine"),
        "acuerdo.crear" => Some("yes"),
        "caso.abrir" => match call.with.get("tipo") {
            Some(Value::Choice(kind)) => of_case(kind),
            Some(_) | None => None,
        },
        _ => None,
    }
}

fn of_case(kind: &str) -> Option<&'static str> {
    match kind {
        "disputa" => Some("dispute"),
        "no_es_mia" => Some("not_mine"),
        "tercero" => Some("third_party"),
        "fraude" => Some("fraud_fear"),
        "fallecido" => Some("deceased"),
        "angustia" => Some("distress"),
        "abuso" => Some("insult"),
        "violencia" => Some("violence"),
        "amenaza" => Some("threat_report"),
        "menor" => Some("minor"),
        "insolvencia" => Some("insolvency_or_lawyer"),
        "datos_acceso" | "datos_correccion" | "datos_supresion" | "datos_revocacion"
        | "datos_autorizacion" => Some("data_rights"),
        _ => None,
    }
}
