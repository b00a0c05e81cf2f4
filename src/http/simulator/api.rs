//! What the page asks of its backend: people, one chat, sending, reading, the inspector.

use crate::http::simulator::Simulator;
use crate::http::simulator::chats::{ChatSummary, Exchange, Phone};
use crate::http::simulator::content::Bubble;
use crate::http::simulator::page;
use crate::http::simulator::person::{PersonError, Said};
use crate::http::simulator::source::{DebtorCard, Inspection};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError, web};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

/// A person's longest message and room to spare.
const BODY_MAX: usize = 64 * 1024;

type Shared = web::Data<Arc<Simulator>>;

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.app_data(web::JsonConfig::default().limit(BODY_MAX))
        .route("/debtors", web::get().to(debtors))
        .route("/events", web::get().to(page::events))
        .route("/chats", web::post().to(open_stranger))
        .route("/chats/{id}", web::get().to(chat))
        .route("/chats/{id}/messages", web::post().to(say))
        .route("/chats/{id}/read", web::post().to(read))
        .route("/chats/{id}/inspect", web::get().to(inspect));
}

#[derive(Serialize)]
struct People {
    business_name: String,
    business_number: String,
    debtors: Vec<Person>,
    strangers: Vec<ChatSummary>,
}

#[derive(Serialize)]
struct Person {
    #[serde(flatten)]
    card: DebtorCard,
    phone: String,
    chat: Option<ChatSummary>,
}

#[derive(Serialize)]
struct ChatView {
    summary: ChatSummary,
    bubbles: Vec<Bubble>,
}

#[derive(Serialize)]
struct InspectView {
    inspection: Option<Inspection>,
    /// Newest first.
    exchanges: Vec<Exchange>,
}

/// `GET /simulator/api/debtors`: everybody one can be.
async fn debtors(simulator: Shared) -> HttpResponse {
    let cards = simulator.source.debtors().await;
    let chats = simulator.chats();
    let debtors = cards.into_iter().map(|card| Person {
        phone: super::chats::pretty_phone(&Phone::of(&card).wa_id),
        chat: chats.get(&card.id).map(super::chats::Chat::summary),
        card,
    });
    HttpResponse::Ok().json(People {
        business_name: simulator.config.business_name.clone(),
        business_number: super::chats::pretty_phone(&simulator.config.display_number),
        debtors: debtors.collect(),
        strangers: chats.summaries().into_iter().filter(|chat| chat.debtor_id.is_none()).collect(),
    })
}

/// `POST /simulator/api/chats`: a number that the lender does not know.
async fn open_stranger(simulator: Shared) -> HttpResponse {
    let now = simulator.now();
    let summary = simulator.chats().open_stranger(now);
    HttpResponse::Created().json(summary)
}

/// `GET /simulator/api/chats/{id}`: opens the chat when it is a debtor's first.
async fn chat(simulator: Shared, id: web::Path<String>) -> Result<HttpResponse, PersonError> {
    simulator.ensure_chat(&id).await?;
    let view = simulator.with_chat(&id, |chat| ChatView {
        summary: chat.summary(),
        bubbles: chat.bubbles.iter().cloned().collect(),
    });
    view.map(|view| HttpResponse::Ok().json(view)).ok_or(PersonError::UnknownChat)
}

/// `POST /simulator/api/chats/{id}/messages`: the person does something on the phone.
async fn say(
    simulator: Shared,
    id: web::Path<String>,
    said: web::Json<Said>,
) -> Result<HttpResponse, PersonError> {
    simulator.ensure_chat(&id).await?;
    let wamid = simulator.say(&id, said.into_inner())?;
    Ok(HttpResponse::Accepted().json(json!({ "wamid": wamid })))
}

/// `POST /simulator/api/chats/{id}/read`: the person looks at the chat; the business gets `read` statuses.
async fn read(simulator: Shared, id: web::Path<String>) -> Result<HttpResponse, PersonError> {
    simulator.read(&id)?;
    Ok(HttpResponse::NoContent().finish())
}

/// `GET /simulator/api/chats/{id}/inspect`: what happened under the bonnet.
async fn inspect(simulator: Shared, id: web::Path<String>) -> Result<HttpResponse, PersonError> {
    let found = simulator.with_chat(&id, |chat| {
        (chat.phone.identity(), chat.exchanges.iter().rev().cloned().collect::<Vec<_>>())
    });
    let (who, exchanges) = found.ok_or(PersonError::UnknownChat)?;
    let inspection = match who {
        Some(who) => simulator.source.inspect(&who).await,
        None => None,
    };
    Ok(HttpResponse::Ok().json(InspectView { inspection, exchanges }))
}

impl ResponseError for PersonError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::UnknownChat | Self::UnknownMessage => StatusCode::NOT_FOUND,
            Self::NotOffered | Self::Text => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).content_type("application/problem+json").json(json!({
            "type": "about:blank",
            "title": self.to_string(),
            "status": self.status_code().as_u16(),
            "code": self.code(),
        }))
    }
}
