//! Errors of the API as `application/problem+json` (RFC 9457), all from one table of stable codes.

use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::tickets::TicketRefused;
use crate::rules::contact::Reason;
use crate::rules::lint::Hit;
use crate::service::handoff::{Ended, EndedBy, HandoffError};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde_json::{Map, Value, json};
use std::fmt;

/// Seconds after which a caller may try again when the store is down.
const RETRY_AFTER_S: u32 = 2;
/// After which a file that is being fetched may be there.
const MEDIA_WAIT: Millis = Millis::seconds(4);

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $status:ident, $title:literal;)*) => {
        /// A code of the API: it never changes its meaning, its status or its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    BodyInvalid = "body_invalid", BAD_REQUEST, "The body is not what this operation reads";
    QueryInvalid = "query_invalid", BAD_REQUEST, "A query parameter or header is wrong";
    /// Without detail: the caller learns nothing about tokens.
    Unauthorized = "unauthorized", UNAUTHORIZED, "A valid bearer token is needed";
    QueueNotServed = "queue_not_served", FORBIDDEN, "This agent does not serve that queue";
    NotFound = "not_found", NOT_FOUND, "There is nothing at this address";
    TicketUnknown = "ticket_unknown", NOT_FOUND, "There is no such ticket";
    MediaUnknown = "media_unknown", NOT_FOUND, "There is no such file in the chat of this ticket";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "This address does not know that method";
    TicketNotYours = "ticket_not_yours", CONFLICT, "Another agent has this ticket";
    LeaseLost = "lease_lost", CONFLICT, "Your hold on this ticket is over";
    TicketClosed = "ticket_closed", CONFLICT, "The ticket is closed";
    WindowClosed = "window_closed", CONFLICT, "WhatsApp's 24 h window is closed";
    IdentityConflict = "identity_conflict", CONFLICT, "Two WhatsApp accounts claim this chat";
    ChatReserved = "chat_reserved", CONFLICT, "The chat is reserved until a person decides";
    ContactRefused = "contact_refused", CONFLICT, "The person may not be written to now";
    MediaWanted = "media_wanted", CONFLICT, "The file is still being fetched from WhatsApp";
    MediaLost = "media_lost", GONE, "The file could not be kept";
    KeyReused = "key_reused", CONFLICT, "The idempotency key was used for another text";
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    ValueInvalid = "value_invalid", UNPROCESSABLE_ENTITY, "A value is not allowed";
    TextRefused = "text_refused", UNPROCESSABLE_ENTITY, "The text may not be sent to a person";
    QueueUnserved = "queue_unserved", UNPROCESSABLE_ENTITY, "Nobody serves that queue";
    TooManyTries = "too_many_tries", TOO_MANY_REQUESTS, "Too many wrong tries";
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something failed on our side";
    Unavailable = "unavailable", SERVICE_UNAVAILABLE, "The service cannot do this at the moment";
}

/// One error as the caller sees it.
#[derive(Debug, Clone)]
pub struct Problem {
    code: Code,
    detail: Option<String>,
    remedy: Option<String>,
    /// Members of this kind of problem.
    more: Vec<(&'static str, Value)>,
    retry_after_s: Option<i64>,
}

impl Problem {
    pub const fn new(code: Code) -> Self {
        Self { code, detail: None, remedy: None, more: Vec::new(), retry_after_s: None }
    }

    /// What is wrong in this case. Never anything of the person or of a secret.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// What the caller can do about it.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.more.push((name, value));
        self
    }

    /// Tells when it may be tried again.
    pub fn retry_after(mut self, wait: Millis) -> Self {
        self.retry_after_s = Some((wait.0 / 1_000).max(0).saturating_add(1));
        self
    }

    pub const fn code(&self) -> Code {
        self.code
    }

    pub fn response(&self) -> HttpResponse {
        let mut body = Map::new();
        body.insert("type".to_owned(), json!(format!("urn:acuerdo:problem:{}", self.code.name())));
        body.insert("title".to_owned(), json!(self.code.title()));
        body.insert("status".to_owned(), json!(self.code.status().as_u16()));
        body.insert("code".to_owned(), json!(self.code.name()));
        if let Some(detail) = &self.detail {
            body.insert("detail".to_owned(), json!(detail));
        }
        if let Some(remedy) = &self.remedy {
            body.insert("remedy".to_owned(), json!(remedy));
        }
        body.extend(self.more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let mut response: HttpResponseBuilder = HttpResponse::build(self.code.status());
        response.content_type("application/problem+json");
        if self.code == Code::Unauthorized {
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds));
        } else if self.code == Code::Unavailable {
            response.insert_header((header::RETRY_AFTER, RETRY_AFTER_S));
        }
        response.body(Value::Object(body).to_string())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code.status().as_u16(), self.code.name())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.response()
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_transient() {
            tracing::warn!(error = %error, "the API answers 503");
            return Self::new(Code::Unavailable).remedy("Try again in a few seconds.");
        }
        tracing::error!(error = %error, "the API answers 500");
        Self::new(Code::Internal).remedy("Give the request id to whoever runs this service.")
    }
}

impl From<TicketRefused> for Problem {
    fn from(refused: TicketRefused) -> Self {
        match refused {
            TicketRefused::Unknown => Self::new(Code::TicketUnknown),
            TicketRefused::NotYours => {
                Self::new(Code::TicketNotYours).remedy("Take another ticket, or wait until this one is back.")
            }
            TicketRefused::LeaseLost => Self::new(Code::LeaseLost)
                .remedy("Take the ticket again and read what happened; nothing of this request was done."),
            TicketRefused::Closed => Self::new(Code::TicketClosed)
                .remedy("The chat is with the bot. Nothing of this request was done."),
        }
    }
}

impl From<HandoffError> for Problem {
    fn from(error: HandoffError) -> Self {
        match error {
            HandoffError::Store(error) => error.into(),
            HandoffError::Refused(refused) => refused.into(),
            HandoffError::Ended(ended) => ticket_closed(&ended),
            HandoffError::QueueNotServed { queue } => {
                Self::new(Code::QueueNotServed).detail(format!("You do not serve the queue `{queue}`."))
            }
            HandoffError::QueueUnserved { queue } => Self::new(Code::QueueUnserved)
                .detail(format!("No active agent serves the queue `{queue}`; the person would wait for nobody."))
                .remedy("Choose a queue that somebody serves."),
            HandoffError::Invalid { field, why } => {
                Self::new(Code::ValueInvalid).detail(format!("`{field}` {why}.")).with("field", json!(field))
            }
            HandoffError::LenderNotServed => {
                tracing::error!("an agent of a lender that is not configured tried to write");
                Self::new(Code::Internal).remedy("Give the request id to whoever runs this service.")
            }
            HandoffError::Lint(hits) => text_refused(&hits),
            HandoffError::WindowClosed { last_inbound_at } => Self::new(Code::WindowClosed)
                .detail("The person's last message is more than 24 hours old, so WhatsApp takes only templates.")
                .remedy(
                    "Return the chat to the bot, which may send an approved template, or wait for the person to write.",
                )
                .with("last_inbound_at", json!(last_inbound_at.map(|at| at.rfc3339()))),
            HandoffError::IdentityConflict => Self::new(Code::IdentityConflict)
                .detail("Nobody can be confirmed in a chat whose number and WhatsApp account point to two chats.")
                .remedy(
                    "Find out by a call to a number on file whose account it is, say so with `settle-identity`, and \
                     confirm the person then; else serve this person on another channel.",
                ),
            HandoffError::Reserved { lifted_by } => chat_reserved(&lifted_by),
            HandoffError::Contact { reason, until } => contact_refused(reason, until),
            HandoffError::TooManyGuesses { until } => Self::new(Code::TooManyTries)
                .detail("Numbers that are not on file were given as called, too often for this ticket or by you.")
                .remedy("Call a number that the lender's own system shows, or let somebody else look into it tomorrow.")
                .with("until", json!(until.rfc3339())),
            HandoffError::MediaUnknown => Self::new(Code::MediaUnknown)
                .remedy("`media.id` of a line of the story names a file of this chat."),
            HandoffError::MediaWanted => Self::new(Code::MediaWanted)
                .remedy("Try again in a moment; `media.state` of its line in the story tells when it is `kept`.")
                .retry_after(MEDIA_WAIT),
            HandoffError::MediaLost { why } => media_lost(&why),
            HandoffError::KeyReused => {
                Self::new(Code::KeyReused).remedy("Use a new idempotency key for each new text.")
            }
        }
    }
}

/// The interrupt of the shipped flows for no more messages.
const STOP: &str = "stop";

fn ticket_closed(ended: &Ended) -> Problem {
    let word = ended.outcome.as_deref().unwrap_or("-");
    let detail = match &ended.by {
        EndedBy::Person if word == STOP => {
            format!("The person asked for no more messages (`{word}`), and that closed it.")
        }
        EndedBy::Person if ended.now_open.is_some() => {
            format!("What the person wrote opened another matter (`{word}`), and that closed it.")
        }
        EndedBy::Person => format!("The person went back to the bot (`{word}`), and that closed it."),
        EndedBy::Resolved(name) => format!("{} closed it with the outcome `{word}`.", agent_name(name)),
        EndedBy::Returned(name) => format!("{} gave the chat back to the bot (`{word}`).", agent_name(name)),
        EndedBy::Unknown => format!("It ended with `{word}`."),
    };
    let problem = Problem::from(TicketRefused::Closed);
    let problem = match ended.now_open {
        Some(open) => problem.remedy(format!(
            "The chat waits for a person in the ticket {open}: take that one. Nothing of this request was done."
        )),
        None => problem,
    };
    problem
        .detail(detail)
        .with("outcome", json!(ended.outcome))
        .with("closed_at", json!(ended.at.map(Timestamp::rfc3339)))
}

fn agent_name(name: &str) -> &str {
    if name.is_empty() { "An agent" } else { name }
}

fn media_lost(why: &str) -> Problem {
    let detail = match why {
        "expired" => "WhatsApp keeps a file for some days, and it could not be fetched in that time.",
        "unknown" => "WhatsApp does not know the file any more.",
        "too_large" => "It is larger than this service keeps.",
        "foreign_host" => "WhatsApp named an address that is not one of Meta's.",
        "wrong_hash" => "What came is not what the person sent.",
        "too_many" => "The chat sent more files in a day than this service keeps.",
        _ => "It could not be fetched.",
    };
    let problem = Problem::new(Code::MediaLost).detail(detail).with("reason", json!(why));
    problem.remedy("Ask the person to send it again, a large one as a photo.")
}

fn chat_reserved(lifted_by: &[String]) -> Problem {
    let problem = Problem::new(Code::ChatReserved)
        .detail("A death, or that somebody else writes, was told in this chat: nobody is confirmed in it.");
    if lifted_by.is_empty() {
        return problem.remedy("Serve this person on another channel.");
    }
    problem.remedy(format!(
        "If it was not so, close the ticket with the outcome `{}` and a note, and the bot serves the chat again; else \
         serve this person on another channel.",
        lifted_by.join("` or `")
    ))
}

/// For agents, who read Spanish.
fn contact_refused(reason: Reason, until: Option<Timestamp>) -> Problem {
    let detail = match reason {
        Reason::OutsideHours => {
            "La persona no ha vuelto a escribir, y a esta hora la ley no permite iniciar un contacto."
        }
        Reason::ContactedRecently => {
            "La persona no ha vuelto a escribir y ya se le escribió por iniciativa nuestra; la ley no permite otro contacto tan pronto."
        }
        Reason::WeeklyLimit => {
            "La persona no ha vuelto a escribir y ya se le escribió esta semana tantas veces como permite la ley."
        }
        Reason::OptedOut => {
            "La persona pidió que no le escribamos: solo se contesta lo que escriba después, y nunca con un cobro ni un recordatorio."
        }
        Reason::Unanswered => "La persona no contesta: ya se le escribieron muchos mensajes seguidos.",
        Reason::OnHold => {
            "La persona tiene un caso abierto que detiene los mensajes: solo se le contesta cuando escribe."
        }
        Reason::WrongNumber => "Este número fue reportado como de otra persona.",
        Reason::Reference => "A las referencias no se les escribe.",
        Reason::NeverOpen => {
            "No hay una hora en que la ley permita iniciar un contacto en este país, o no se conocen sus reglas."
        }
    };
    let problem = Problem::new(Code::ContactRefused)
        .detail(detail)
        .remedy("Espere a que la persona escriba; contestarle se puede a cualquier hora. Si no, escriba cuando las reglas lo permitan.");
    problem.with("reason", json!(reason.code())).with("until", json!(until.map(Timestamp::rfc3339)))
}

fn text_refused(hits: &[Hit]) -> Problem {
    let rows: Vec<Value> = hits.iter().map(refusal).collect();
    let problem = Problem::new(Code::TextRefused).with("hits", Value::Array(rows));
    match hits.first() {
        Some(first) => {
            problem.detail(format!("{}: {}.", first.class, first.title)).remedy(first.remedy.clone())
        }
        None => problem,
    }
}

fn refusal(hit: &Hit) -> Value {
    let places = hit.places.iter().map(|(start, end)| json!({"start": start, "end": end}));
    json!({
        "rule": hit.rule,
        "class": hit.class,
        "title": hit.title,
        "phrase": hit.phrase,
        "places": places.collect::<Vec<_>>(),
        "remedy": hit.remedy,
        "instead": hit.instead,
    })
}
