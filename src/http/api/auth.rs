//! Who calls: a bearer token, looked up by its SHA-256.
//!
//! The token itself is never stored or compared. A lookup by hash leaks nothing useful through its timing: whoever
//! could steer the hash of a guess would have broken SHA-256.

use super::ApiState;
use super::brake::Wrong;
use crate::crypto::token::token_sha256;
use crate::domain::ids::AgentId;
use crate::domain::time::Timestamp;
use crate::http::error::{Code, Problem};
use crate::ports::agents::Agent;
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use std::future::{Ready, ready};
use std::net::IpAddr;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const REQUEST_ID_CHARS_MAX: usize = 64;
const TOKEN_CHARS_MAX: usize = 256;

/// The agent that calls; there is one behind [`guard`].
pub struct Caller(pub Agent);

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let agent = request.extensions().get::<Agent>().cloned();
        ready(agent.map(Self).ok_or(Problem::new(Code::Unauthorized)))
    }
}

/// Lets only agents through, gives every answer a request id, and keeps answers out of caches.
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let request_id = request_id(&request);
    let mut response = match caller(&request).await {
        Ok(agent) => {
            let id = agent.id;
            request.extensions_mut().insert(agent);
            let response = next.call(request).await?;
            tell_forbidden(id, &response);
            response.map_into_left_body()
        }
        Err(problem) => request.into_response(problem.response()).map_into_right_body(),
    };
    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(REQUEST_ID, request_id);
    Ok(response)
}

async fn caller(request: &ServiceRequest) -> Result<Agent, Problem> {
    let state = request.app_data::<web::Data<ApiState>>().ok_or(Problem::new(Code::Internal))?;
    let (address, now) = (request.peer_addr().map(|peer| peer.ip()), state.handoff.now());
    let token = token(request).map(token_sha256);
    if let Some(wait) = state.brake.waits(address, token.as_ref(), now) {
        metrics::counter!("acuerdo_agent_signins_refused_total", "why" => "too_many").increment(1);
        return Err(Problem::new(Code::TooManyTries)
            .remedy("Wait, and look which program at this address has a wrong token.")
            .retry_after(wait));
    }
    let Some(token) = token else {
        return Err(refused(state, address, now, "no_token"));
    };
    let agent = state.agents.agent_by_token(token).await?;
    match agent.filter(|agent| agent.active) {
        Some(agent) => {
            if state.brake.right(token, now) {
                let from = shown(address);
                tracing::info!(client.address = %from, agent.id = %agent.id, "an agent signed in");
            }
            Ok(agent)
        }
        None => Err(refused(state, address, now, "wrong_token")),
    }
}

/// What stands in the header as a token, if it can be one.
fn token(request: &ServiceRequest) -> Option<&str> {
    let value = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = value.and_then(|value| value.split_once(' '))?;
    let token = token.trim();
    let possible =
        scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= TOKEN_CHARS_MAX;
    possible.then_some(token)
}

/// Counts it, and tells the log of the first in a while and of the one from which on the address waits: a flood of wrong
/// tokens must not become a flood of lines.
fn refused(state: &ApiState, address: Option<IpAddr>, now: Timestamp, why: &'static str) -> Problem {
    metrics::counter!("acuerdo_agent_signins_refused_total", "why" => why).increment(1);
    let from = shown(address);
    match state.brake.wrong(address, now) {
        Wrong::First => tracing::warn!(client.address = %from, why, "an agent's token was refused"),
        Wrong::Braked => {
            tracing::warn!(client.address = %from, "many tokens from one address were refused; it waits");
        }
        Wrong::Again => {}
    }
    Problem::new(Code::Unauthorized)
}

fn shown(address: Option<IpAddr>) -> String {
    address.map_or_else(|| "unknown".to_owned(), |address| address.to_string())
}

/// What an agent may not do is told with who tried it.
fn tell_forbidden(agent: AgentId, response: &ServiceResponse<impl MessageBody>) {
    if response.status() == StatusCode::FORBIDDEN {
        let action = response.request().match_pattern().unwrap_or_default();
        metrics::counter!("acuerdo_agent_forbidden_total").increment(1);
        tracing::warn!(agent.id = %agent, action, "an agent was refused what is not theirs");
    }
}

/// The caller's own id when it is harmless in a log, else a new one.
fn request_id(request: &ServiceRequest) -> HeaderValue {
    let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let given = request.headers().get(REQUEST_ID).filter(|value| {
        let bytes = value.as_bytes();
        !bytes.is_empty() && bytes.len() <= REQUEST_ID_CHARS_MAX && bytes.iter().all(harmless)
    });
    if let Some(given) = given {
        return given.clone();
    }
    let drawn = request
        .app_data::<web::Data<ApiState>>()
        .map(|state| state.random.uuid(state.handoff.now()).to_string())
        .and_then(|id| HeaderValue::from_str(&id).ok());
    drawn.unwrap_or(HeaderValue::from_static("none"))
}
