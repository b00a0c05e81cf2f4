//! What the simulator's panel shows of the application, read from the store.

use crate::app::App;
use crate::cli::sample::Sample;
use crate::domain::debt::Agreement;
use crate::domain::identity::WaIdentity;
use crate::domain::ids::PhoneNumberId;
use crate::flow::state::{Session, Status};
use crate::flow::text::render::write_money;
use crate::http::simulator::source::{
    DebtorCard, InspectedAgreement, InspectedTicket, Inspection, SimulatorSource,
};
use crate::ports::conversations::{Conversation, Event};
use crate::ports::tickets::TicketStatus;
use crate::ports::{Store, StoreError};
use crate::service::actions::values::kind_name;
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
        let session =
            conversation.session.clone().and_then(|session| serde_json::from_value::<Session>(session).ok());
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
                reason: format!("{} · {}", ticket.queue, ticket.reason),
                agent,
            }
        }))
    }
}

#[async_trait]
impl SimulatorSource for StoreSource {
    async fn debtors(&self) -> Vec<DebtorCard> {
        self.samples.iter().filter_map(card).collect()
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

fn card(sample: &Sample) -> Option<DebtorCard> {
    let person = &sample.person;
    let wa_id = person.phones.first()?.expose().clone();
    let name = if sample.stranger { "Otra persona".to_owned() } else { person.full_name.expose().clone() };
    Some(DebtorCard {
        id: person.external_ref.clone(),
        name,
        wa_id,
        bsuid: None,
        document_hint: format!("{} {}", person.document_type, person.document.expose()),
        birthday: person.birth_date.as_ref().map_or_else(String::new, |birth| birth.expose().to_string()),
        situation: sample.situation.clone(),
        language: format!("{}-CO", person.language),
    })
}

fn inspected(agreement: &Agreement) -> InspectedAgreement {
    let offer = &agreement.offer;
    InspectedAgreement {
        reference: agreement.reference.clone(),
        kind: kind_name(offer.kind).to_owned(),
        status: serde_json::to_value(agreement.status)
            .ok()
            .and_then(|status| status.as_str().map(str::to_owned))
            .unwrap_or_default(),
        summary: format!("{} en {} cuota(s)", write_money(offer.total), offer.payments.len()),
        instalments: offer
            .payments
            .iter()
            .map(|payment| format!("{}. {}  {}", payment.number, payment.due, write_money(payment.amount)))
            .collect(),
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
            event.kind == "input" && event.body["input"]["input"].as_str() != Some("action_outcome")
        })
        .unwrap_or(0);
    events[start..].iter().map(|(_, event)| line(event)).collect()
}

fn line(event: &Event) -> String {
    let body = &event.body;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    match event.kind.as_str() {
        "input" => format!("entra · {}", text(&body["input"]["input"])),
        "trail" => {
            let steps: Vec<String> = body["visits"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|visit| {
                    format!("{}.{} ({})", text(&visit["flow"]), text(&visit["step"]), text(&visit["what"]))
                })
                .collect();
            format!("pasos · {}", steps.join(" → "))
        }
        "action" => format!("acción · {} = {}", text(&body["action"]), text(&body["outcome"])),
        "send" => format!("sale · {}", text(&body["content"]["type"])),
        "ticket" => format!("ticket · {} ({})", text(&body["queue"]), text(&body["reason"])),
        "assurance" => format!("nivel · {}", text(&body["level"])),
        "ended" => format!("fin · {}", text(&body["outcome"])),
        "fault" => format!("falla · {}", text(&body["what"])),
        other => other.to_owned(),
    }
}
