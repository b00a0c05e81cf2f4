//! The Graph API that the application's sender calls, answering as Meta does.

use crate::domain::time::Timestamp;
use crate::http::simulator::Simulator;
use crate::http::simulator::chats::{Chat, Phone};
use crate::http::simulator::content::{Bubble, Content, TemplateBubble, Ticks};
use crate::http::simulator::delivery::{Delivery, Parcel, TYPING_MAX_MS, pace, window_open};
use crate::http::simulator::graph_answer;
use crate::http::simulator::graph_body::{self, Address, GraphRequest, Refused, SendRequest, Typing};
use crate::http::simulator::page::PageEvent;
use crate::http::simulator::samples;
use crate::http::simulator::source::TemplateText;
use crate::http::simulator::webhook::{SendFailure, StatusNews, UNDELIVERABLE, WINDOW_CLOSED};
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::sync::Arc;
use subtle::ConstantTimeEq as _;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Meta's largest message bodies are some kilobytes.
const BODY_MAX: usize = 256 * 1024;

type Shared = web::Data<Arc<Simulator>>;

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.app_data(web::PayloadConfig::new(BODY_MAX))
        .route("/media/{id}", web::get().to(download))
        .route("/{version}/{phone_number_id}/messages", web::post().to(messages))
        .route("/{version}/{id}/subscribed_apps", web::get().to(subscribed_apps))
        .route("/{version}/{id}", web::get().to(object));
}

/// `POST /{version}/{phone_number_id}/messages`: send, react, mark as read, typing.
async fn messages(
    simulator: Shared,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    body: web::Bytes,
) -> HttpResponse {
    if let Some(refusal) = simulator.unauthorised(&request) {
        return refusal;
    }
    if path.1 != simulator.config.phone_number_id {
        return graph_answer::unknown_object(&path.1);
    }
    let Ok(body) = serde_json::from_slice::<Value>(&body) else {
        return graph_answer::refused(&Refused { code: 100, details: "The body is not JSON".to_owned() });
    };
    match graph_body::parse(&body) {
        Ok(GraphRequest::Send(send)) => simulator.accept(*send, body).await,
        Ok(GraphRequest::React { address, to, emoji }) => simulator.react(&address, &to, emoji, body),
        Ok(GraphRequest::MarkRead { wamid, typing }) => simulator.mark_read(&wamid, typing, body),
        Err(refusal) => graph_answer::refused(&refusal),
    }
}

/// `GET /{version}/{id}`: the phone number (for `doctor`), the account, or a media object.
async fn object(simulator: Shared, request: HttpRequest, path: web::Path<(String, String)>) -> HttpResponse {
    if let Some(refusal) = simulator.unauthorised(&request) {
        return refusal;
    }
    let id = path.1.as_str();
    if id == simulator.config.phone_number_id {
        return HttpResponse::Ok().json(json!({
            "verified_name": simulator.config.business_name,
            "display_phone_number": simulator.config.display_number,
            "quality_rating": "GREEN",
            "code_verification_status": "VERIFIED",
            "platform_type": "CLOUD_API",
            "throughput": {"level": "STANDARD"},
            "id": id,
        }));
    }
    if id == simulator.config.waba_id {
        let name = &simulator.config.business_name;
        return HttpResponse::Ok().json(json!({"id": id, "name": name, "currency": "COP"}));
    }
    samples::by_media_id(id).map_or_else(
        || graph_answer::unknown_object(id),
        |sample| HttpResponse::Ok().json(sample.graph_object(&simulator.config.base_url)),
    )
}

/// `GET /{version}/{waba_id}/subscribed_apps`: without a subscribed app nothing real would arrive.
async fn subscribed_apps(
    simulator: Shared,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> HttpResponse {
    if let Some(refusal) = simulator.unauthorised(&request) {
        return refusal;
    }
    if path.1 != simulator.config.waba_id {
        return graph_answer::unknown_object(&path.1);
    }
    let app = json!({"id": "1", "name": "Acuerdo", "link": simulator.config.base_url});
    HttpResponse::Ok().json(json!({"data": [{"whatsapp_business_api_data": app}]}))
}

/// The download link of a media object; it too needs the token.
async fn download(simulator: Shared, request: HttpRequest, id: web::Path<String>) -> HttpResponse {
    if let Some(refusal) = simulator.unauthorised(&request) {
        return refusal;
    }
    match samples::by_media_id(&id).and_then(|sample| sample.bytes().map(|bytes| (sample, bytes))) {
        Some((sample, bytes)) => HttpResponse::Ok().content_type(sample.mime_type).body(bytes),
        None => HttpResponse::NotFound().finish(),
    }
}

/// Where a send ends.
enum Destination {
    Chat(String),
    Nowhere(SendFailure),
}

impl Simulator {
    /// The refusal of a request without the right token.
    fn unauthorised(&self, request: &HttpRequest) -> Option<HttpResponse> {
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let token = header.and_then(|header| header.strip_prefix("Bearer ")).unwrap_or_default();
        let expected = self.config.access_token.expose_secret();
        let right = bool::from(token.as_bytes().ct_eq(expected.as_bytes()));
        (!right).then(graph_answer::unauthorised)
    }

    async fn accept(&self, send: SendRequest, body: Value) -> HttpResponse {
        let destination = self.destination(&send.address).await;
        let template = match &send.content {
            Content::Template(template) => self.source.template(&template.name, &template.language).await,
            Content::Text { .. }
            | Content::Interactive(_)
            | Content::Media(_)
            | Content::Location { .. }
            | Content::Contacts { .. }
            | Content::Notice { .. }
            | Content::Unsupported { .. } => None,
        };
        let is_template = matches!(send.content, Content::Template(_));
        let Ok(room) = self.room(2) else { return graph_answer::overloaded() };
        let now = self.now();
        let wamid = self.chats().next_wamid();
        let answer = graph_answer::accepted(&send.address, &wamid, is_template);
        let mut news = StatusNews {
            wamid,
            status: "sent",
            at: now,
            recipient: graph_answer::recipient(&send.address),
            callback_data: send.callback_data.clone(),
            template: is_template,
            error: None,
        };
        let chat = match destination {
            Destination::Chat(id) => id,
            Destination::Nowhere(failure) => {
                news.error = Some(failure);
                String::new()
            }
        };
        self.with_chat(&chat, |chat| {
            news.recipient.bsuid = Some(chat.phone.bsuid.clone());
            if !is_template && !window_open(chat.last_inbound, now) {
                news.error = Some(WINDOW_CLOSED);
            } else {
                chat.receive(&news, send, template);
            }
            chat.record(graph_answer::graph_exchange(now, body, &answer));
        });
        self.announce(&chat, news, room);
        HttpResponse::Ok().json(answer)
    }

    /// Tells the page, and queues the statuses that follow.
    fn announce(&self, chat: &str, news: StatusNews, room: mpsc::PermitIterator<'_, Delivery>) {
        let now = Instant::now();
        let statuses = if news.error.is_some() {
            vec![(pace::DELIVERED, StatusNews { status: "failed", ..news })]
        } else {
            self.update_bubble(chat, &news.wamid, |_| {});
            self.tell_summary(chat);
            let delivered = StatusNews { status: "delivered", ..news.clone() };
            vec![(pace::SENT, news), (pace::DELIVERED, delivered)]
        };
        self.tell(PageEvent::Turn { chat: chat.to_owned() });
        for ((after, status), place) in statuses.into_iter().zip(room) {
            place.send(Delivery { due: now + after, chat: chat.to_owned(), parcel: Parcel::Status(status) });
        }
    }

    async fn destination(&self, address: &Address) -> Destination {
        let key = match address {
            Address::Phone { digits, .. } => digits.as_str(),
            Address::Bsuid(bsuid) => bsuid.as_str(),
            Address::Misplaced { .. } => return Destination::Nowhere(UNDELIVERABLE),
        };
        {
            let chats = self.chats();
            if let Some(chat) = chats.at_address(key) {
                return Destination::Chat(chat.id.clone());
            }
            if chats.is_retired(key) {
                return Destination::Nowhere(UNDELIVERABLE);
            }
        }
        let debtors = self.source.debtors().await;
        let now = self.now();
        for card in debtors {
            let phone = Phone::of(&card);
            if phone.wa_id == key || phone.bsuid == key {
                let id = card.id.clone();
                self.chats().insert(Chat::new(id.clone(), Some(card.id), card.name, phone, now));
                return Destination::Chat(id);
            }
        }
        match address {
            Address::Phone { digits, .. } => {
                let phone = Phone::numbered(digits.clone());
                let stranger = self.chats().insert_stranger("Número desconocido".to_owned(), phone, now);
                Destination::Chat(stranger.id)
            }
            Address::Bsuid(_) | Address::Misplaced { .. } => Destination::Nowhere(UNDELIVERABLE),
        }
    }

    fn react(&self, address: &Address, to: &str, emoji: Option<String>, body: Value) -> HttpResponse {
        let Some(chat) = self.chats().with_message(to) else {
            let details = "The message that is reacted to is not known".to_owned();
            return graph_answer::refused(&Refused { code: 131_009, details });
        };
        self.update_bubble(&chat, to, |bubble| bubble.reaction_theirs = emoji);
        let wamid = self.chats().next_wamid();
        let answer = graph_answer::accepted(address, &wamid, false);
        let exchange = graph_answer::graph_exchange(self.now(), body, &answer);
        self.with_chat(&chat, |chat| chat.record(exchange));
        self.tell(PageEvent::Turn { chat });
        HttpResponse::Ok().json(answer)
    }

    fn mark_read(&self, wamid: &str, typing: Typing, body: Value) -> HttpResponse {
        let Some(id) = self.chats().with_message(wamid) else {
            let details = "message_id is not a message that this number received".to_owned();
            return graph_answer::refused(&Refused { code: 131_009, details });
        };
        let now = self.now();
        let answer = json!({"success": true});
        let changed = self.with_chat(&id, |chat| {
            if typing == Typing::Shown {
                chat.typing_until = Some(Timestamp(now.0.saturating_add(TYPING_MAX_MS)));
            }
            chat.record(graph_answer::graph_exchange(now, body, &answer));
            chat.read_up_to(wamid)
        });
        for bubble in changed.unwrap_or_default() {
            self.tell(PageEvent::Bubble { chat: id.clone(), bubble: Box::new(bubble) });
        }
        self.tell_summary(&id);
        self.tell(PageEvent::Turn { chat: id });
        HttpResponse::Ok().json(answer)
    }
}

impl Chat {
    /// A message of the business appears on the phone.
    fn receive(&mut self, news: &StatusNews, send: SendRequest, template: Option<TemplateText>) {
        let content = match (send.content, template) {
            (Content::Template(shown), Some(text)) => Content::Template(filled(shown, text)),
            (content, _) => content,
        };
        self.typing_until = None;
        self.unread = self.unread.saturating_add(1);
        self.push(Bubble {
            wamid: news.wamid.clone(),
            mine: false,
            at: news.at,
            state: Ticks::Pending,
            content,
            reply_to: send.reply_to,
            reaction_mine: None,
            reaction_theirs: None,
            deleted: false,
            failure: None,
            chosen: None,
            read_announced: false,
            callback_data: news.callback_data.clone(),
            webhook: None,
        });
    }
}

/// Puts the parameters into the approved text, and the approved titles on the buttons.
fn filled(mut shown: TemplateBubble, text: TemplateText) -> TemplateBubble {
    let mut body = text.body;
    for (index, parameter) in shown.parameters.iter().enumerate() {
        let name = parameter.name.clone().unwrap_or_else(|| index.saturating_add(1).to_string());
        body = body.replace(&format!("{{{{{name}}}}}"), &parameter.value);
    }
    for (option, title) in shown.options.iter_mut().zip(text.quick_replies) {
        option.title = title;
    }
    shown.header = text.header;
    shown.footer = text.footer;
    shown.body = Some(body);
    shown
}
