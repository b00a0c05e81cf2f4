//! What callers send: bodies, query strings, the lease token.

use crate::domain::ids::{InboxId, TicketId};
use crate::http::error::{Code, Problem};
use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// As long as a name of the flows may be.
const QUEUE_CHARS_MAX: usize = 64;

/// A body as it comes; reading it may have failed already.
pub type RawBody = Result<web::Bytes, actix_web::Error>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakeNext {
    /// Empty: all that the agent serves.
    #[serde(default)]
    pub queues: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    pub text: String,
    pub idempotency_key: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    pub text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    pub outcome: String,
    pub note: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Return {
    pub step: Option<String>,
    pub outcome: Option<String>,
    pub note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    pub queue: String,
    pub reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verify {
    pub person: String,
    pub called: String,
    pub reason: String,
    #[serde(default)]
    pub different_person: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettleIdentity {
    pub reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TicketsQuery {
    pub queue: Option<String>,
    pub status: Option<String>,
    pub after: Option<String>,
    pub limit: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessagesQuery {
    pub after: Option<String>,
    pub limit: Option<u32>,
}

/// Reads a JSON body.
pub fn read<T: DeserializeOwned>(body: RawBody) -> Result<T, Problem> {
    let bytes = body.map_err(too_large)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Problem::new(Code::BodyInvalid).detail(error.to_string()).remedy("/openapi.json shows the body.")
    })
}

/// [`read`], where no body at all means the default.
pub fn read_or_default<T: DeserializeOwned + Default>(body: RawBody) -> Result<T, Problem> {
    match body {
        Ok(bytes) if bytes.is_empty() => Ok(T::default()),
        other => read(other),
    }
}

fn too_large(error: actix_web::Error) -> Problem {
    if error.as_response_error().status_code() == Code::BodyTooLarge.status() {
        return Problem::new(Code::BodyTooLarge)
            .detail(format!("At most {} bytes are read.", super::BODY_BYTES_MAX));
    }
    Problem::new(Code::BodyInvalid).detail("The body ended early or could not be decoded.")
}

pub fn query<T: DeserializeOwned>(request: &HttpRequest) -> Result<T, Problem> {
    let query = web::Query::<T>::from_query(request.query_string());
    query.map(web::Query::into_inner).map_err(|error| {
        Problem::new(Code::QueryInvalid)
            .detail(error.to_string())
            .remedy("/openapi.json lists the parameters.")
    })
}

/// How many rows are wanted: from 1 to what a page holds.
pub fn limit(wanted: Option<u32>, page_max: u32) -> Result<u32, Problem> {
    let wanted = wanted.unwrap_or(page_max);
    if (1..=page_max).contains(&wanted) {
        return Ok(wanted);
    }
    Err(Problem::new(Code::QueryInvalid).detail(format!("`limit` must be from 1 to {page_max}.")))
}

/// Names of queues, as flows give them.
pub fn queues<'a>(names: impl IntoIterator<Item = &'a str>, wrong: Code) -> Result<(), Problem> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    let well = |name: &str| (1..=QUEUE_CHARS_MAX).contains(&name.len()) && name.bytes().all(fits);
    if names.into_iter().all(well) {
        return Ok(());
    }
    let how = format!("A queue has 1 to {QUEUE_CHARS_MAX} of a-z, A-Z, 0-9, `_`, `-`, `.` and `:`.");
    Err(Problem::new(wrong).detail(how))
}

/// The ticket of the path. A malformed id is an unknown ticket.
pub fn ticket_id(request: &HttpRequest) -> Result<TicketId, Problem> {
    let id = request.match_info().get("id").and_then(|id| id.parse().ok());
    id.ok_or(Problem::new(Code::TicketUnknown))
}

/// The file of the path. A malformed id is an unknown file.
pub fn media_id(request: &HttpRequest) -> Result<InboxId, Problem> {
    let id = request.match_info().get("media_id").and_then(|id| id.parse().ok());
    id.ok_or(Problem::new(Code::MediaUnknown))
}

/// `Lease-Token`: the hold that this console knows. Without it the agent's present hold counts.
pub fn lease_token(request: &HttpRequest) -> Result<Option<i64>, Problem> {
    let Some(value) = request.headers().get("lease-token") else { return Ok(None) };
    let token = value.to_str().ok().and_then(|text| text.parse().ok());
    token.map(Some).ok_or(
        Problem::new(Code::QueryInvalid).detail("`Lease-Token` must be the number that `take` answered."),
    )
}
