//! What the simulator's panel shows of the application, read from the store.

use crate::app::App;
use crate::cli::sample::Sample;
use crate::domain::debt::{Agreement, AgreementKind, AgreementStatus};
use crate::domain::identity::WaIdentity;
use crate::domain::ids::PhoneNumberId;
use crate::flow::state::{Session, Status};
use crate::flow::text::Format;
use crate::flow::text::render::{format_value, write_money};
use crate::flow::value::Value;
use crate::http::simulator::source::{
    DebtorCard, InspectedAgreement, InspectedTicket, Inspection, SimulatorSource,
};
use crate::ports::conversations::{Conversation, Event};
use crate::ports::tickets::TicketStatus;
use crate::ports::{Store, StoreError};
use async_trait::async_trait;
use std::sync::Arc;

/// Events of the log that are read to find the last turn.
const EVENTS_MAX: u32 = 2_000;

pub struct StoreSource {
    store: Arc<dyn Store>,
    samples: Vec<Sample>,
    number: PhoneNumberId,
}

impl StoreSource {
    pub fn new(app: &App, samples: Vec<Sample>) -> Self {
        Self { store: app.store.clone(), samples, number: PhoneNumberId::from(super::NUMBER) }
    }

    async fn look(&self, who: &WaIdentity) -> Result<Option<Inspection>, StoreError> {
        let Some(conversation) = self.store.conversation_of(&self.number, who).await? else {
            return Ok(None);
        };
        let session = conversation.session.as_ref().and_then(|session| session.parse::<Session>().ok());
        let events = self.store.events(conversation.id, 0, EVENTS_MAX).await?;
        Ok(Some(Inspection {
            flow: frame(session.as_ref(), |frame| frame.flow.to_string()),
            step: frame(session.as_ref(), |frame| frame.step.to_string()),
            assurance: conversation.assurance.name().to_owned(),
            status: session.as_ref().map_or("nueva", |session| status_name(&session.status)).to_owned(),
            last_turn_events: last_turn(&events),
            agreements: self.agreements(&conversation).await?,
            ticket: self.ticket(&conversation).await?,
        }))
    }

    async fn agreements(&self, conversation: &Conversation) -> Result<Vec<InspectedAgreement>, StoreError> {
        let Some(person) = conversation.person else { return Ok(Vec::new()) };
        let file = self.store.person_file(&conversation.lender, person).await?;
        Ok(file.map_or_else(Vec::new, |file| file.agreements.iter().map(inspected).collect()))
    }

    async fn ticket(&self, conversation: &Conversation) -> Result<Option<InspectedTicket>, StoreError> {
        let Some(id) = conversation.ticket else { return Ok(None) };
        let ticket = self.store.ticket(&conversation.lender, id).await?;
        Ok(ticket.map(|ticket| {
            let (status, agent) = match &ticket.status {
                TicketStatus::Queued => ("en cola", None),
                TicketStatus::Assigned { agent, .. } => ("con un agente", Some(agent.to_string())),
                TicketStatus::Closed => ("cerrado", None),
            };
            InspectedTicket {
                reference: ticket.id.to_string(),
                status: status.to_owned(),
                reason: format!("{} · {}", ticket.queue, words(&ticket.reason)),
                agent,
            }
        }))
    }
}

#[async_trait]
impl SimulatorSource for StoreSource {
    async fn debtors(&self) -> Vec<DebtorCard> {
        cards(&self.samples)
    }

    async fn inspect(&self, who: &WaIdentity) -> Option<Inspection> {
        match self.look(who).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(error = %error, "the inspector cannot read the store");
                None
            }
        }
    }
}

/// One card per person and phone: of two people with one phone, the later one writes from another of theirs.
fn cards(samples: &[Sample]) -> Vec<DebtorCard> {
    let mut cards: Vec<DebtorCard> = Vec::with_capacity(samples.len());
    for sample in samples {
        let phones: Vec<&String> = sample.person.phones.iter().map(|phone| phone.expose()).collect();
        let free = phones.iter().find(|phone| cards.iter().all(|card| card.wa_id != ***phone));
        let Some(wa_id) = free.or_else(|| phones.first()) else { continue };
        let shared = samples.iter().any(|other| {
            other.person.id != sample.person.id
                && other.person.phones.iter().any(|phone| phone.expose() == *wa_id)
        });
        cards.push(card(sample, (*wa_id).clone(), shared));
    }
    cards
}

fn card(sample: &Sample, wa_id: String, shared: bool) -> DebtorCard {
    let person = &sample.person;
    let name = if sample.stranger { "Otra persona".to_owned() } else { person.full_name.expose().clone() };
    let situation = &sample.situation;
    DebtorCard {
        id: person.external_ref.clone(),
        name,
        wa_id,
        bsuid: None,
        document_hint: format!("{} {}", person.document_type, person.document.expose()),
        birthday: person.birth_date.as_ref().map_or_else(String::new, |birth| birth.expose().to_string()),
        situation: if shared { format!("Comparte el teléfono · {situation}") } else { situation.clone() },
        language: format!("{}-CO", person.language),
    }
}

fn inspected(agreement: &Agreement) -> InspectedAgreement {
    let offer = &agreement.offer;
    let total = write_money(offer.total);
    InspectedAgreement {
        reference: agreement.reference.clone(),
        kind: match offer.kind {
            AgreementKind::Promise => "Promesa de pago",
            AgreementKind::InstalmentPlan => "Plan de pagos",
            AgreementKind::Refinancing => "Refinanciación",
            AgreementKind::Settlement => "Descuento",
        }
        .to_owned(),
        status: agreement_status(agreement.status).to_owned(),
        summary: match offer.payments.len() {
            1 => format!("{total} en un pago"),
            payments => format!("{total} en {payments} pagos"),
        },
        instalments: offer
            .payments
            .iter()
            .map(|payment| {
                let due = format_value(&Value::Date(payment.due), &Format::LongDate, "es");
                format!("{}. {} el {due}", payment.number, write_money(payment.amount))
            })
            .collect(),
    }
}

const fn agreement_status(status: AgreementStatus) -> &'static str {
    match status {
        AgreementStatus::Proposed => "propuesto",
        AgreementStatus::Accepted => "aceptado",
        AgreementStatus::Active => "vigente",
        AgreementStatus::Kept => "cumplido",
        AgreementStatus::Broken => "incumplido",
        AgreementStatus::Superseded => "reemplazado",
        AgreementStatus::Cancelled => "anulado",
    }
}

fn frame(session: Option<&Session>, part: impl Fn(&crate::flow::state::Frame) -> String) -> String {
    session.and_then(|session| session.frames.last()).map(part).unwrap_or_default()
}

const fn status_name(status: &Status) -> &'static str {
    match status {
        Status::New => "nueva",
        Status::Waiting { .. } => "espera respuesta",
        Status::Paused { .. } => "en pausa",
        Status::AwaitingAction { .. } => "ejecuta una acción",
        Status::WithAgent { .. } => "con un agente",
        Status::Silenced { .. } => "en silencio",
        Status::Ended { .. } => "terminada",
    }
}

/// The events since the last thing that happened, one line each.
fn last_turn(events: &[(i64, Event)]) -> Vec<String> {
    let start = events
        .iter()
        .rposition(|(_, event)| {
            event.kind == "input" && event.body.tree()["input"]["input"] != "action_outcome"
        })
        .unwrap_or(0);
    events[start..].iter().map(|(_, event)| line(event)).collect()
}

fn line(event: &Event) -> String {
    let body = event.body.tree();
    match event.kind.as_str() {
        "input" => format!("entra · {}", input(&body["input"])),
        "trail" => format!("pasos · {}", steps(&body["visits"]).join(" → ")),
        "action" => format!("acción · {} = {}", text(&body["action"]), text(&body["outcome"])),
        "send" => format!("sale · {}", content_name(text(&body["content"]["type"]))),
        "ticket" => format!("tiquete · {} ({})", text(&body["queue"]), words(text(&body["reason"]))),
        "assurance" => format!("confianza · {}", text(&body["level"])),
        "ended" => format!("fin · {}", text(&body["outcome"])),
        "fault" => format!("falla · {}", text(&body["what"])),
        other => other.to_owned(),
    }
}

/// What came in and how it was understood; never the words themselves.
fn input(input: &serde_json::Value) -> String {
    let kind = match text(&input["input"]) {
        "message" => "mensaje",
        "timer" => "un plazo se cumplió",
        "action_outcome" => "resultado de una acción",
        "agent_returned" => "el agente devolvió el chat",
        "ticket_closed" => "el agente cerró el tiquete",
        "identity_changed" => "cambió el número",
        "human_echo" => "alguien contestó desde el teléfono del negocio",
        "delivery_failed" => "un mensaje no se entregó",
        other => other,
    };
    let intent = &input["said"]["understanding"]["intent"];
    match (intent["intent"].as_str(), intent["confidence_bps"].as_u64()) {
        (Some(name), Some(bps)) => format!("{kind}, intención {name} ({} %)", bps / 100),
        _ => kind.to_owned(),
    }
}

/// The steps of the turn, with what made them special: an interrupt, a doubt, words that were not understood.
fn steps(visits: &serde_json::Value) -> Vec<String> {
    let visits = visits.as_array().into_iter().flatten();
    visits
        .filter_map(|visit| {
            let step = format!("{}.{}", text(&visit["flow"]), text(&visit["step"]));
            match text(&visit["what"]) {
                "enter" => Some(step),
                // The input and the action have lines of their own.
                what if what.starts_with("answer") || what.starts_with("outcome") => None,
                what => Some(format!("{step} ({what})")),
            }
        })
        .collect()
}

fn content_name(kind: &str) -> &str {
    match kind {
        "text" => "texto",
        "buttons" => "botones",
        "list" => "lista",
        "cta_url" => "enlace",
        "template" => "plantilla",
        other => other,
    }
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}
