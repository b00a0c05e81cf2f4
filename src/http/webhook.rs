//! `GET /webhook`: Meta's handshake. `POST /webhook`: signed deliveries, stored before they are acknowledged.

use crate::http::delivery_body::{BodyBudget, BodyError, refused_by_head};
use crate::service::receive::{Parsed, Receive, ReceiveError, Signer};
use crate::whatsapp::signature::{AppSecrets, HEADER, SignatureError, signature_shape};
use crate::whatsapp::webhook;
use actix_web::http::header::{ContentType, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;

/// Meta sends up to 3 MB.
pub const BODY_MAX: usize = 3 * 1024 * 1024;
/// A refused signature is told in the log again after so long.
const TELL_AGAIN: Duration = Duration::from_mins(1);

pub struct WebhookState {
    pub receive: Arc<Receive>,
    pub secrets: AppSecrets,
    /// Of whom what each of the secrets signs may speak, in their order.
    pub signers: Vec<Signer>,
    pub verify_token: Option<SecretString>,
    pub bodies: BodyBudget,
}

pub fn configure(cfg: &mut web::ServiceConfig, state: web::Data<WebhookState>) {
    cfg.service(
        web::resource("/webhook")
            .app_data(state)
            .route(web::get().to(handshake))
            .route(web::post().to(deliver)),
    );
}

#[derive(Deserialize)]
struct Handshake {
    #[serde(rename = "hub.mode")]
    mode: String,
    #[serde(rename = "hub.challenge")]
    challenge: String,
    #[serde(rename = "hub.verify_token")]
    token: String,
}

/// 200 with the challenge when the token is ours; 403 else.
async fn handshake(state: web::Data<WebhookState>, query: web::Query<Handshake>) -> HttpResponse {
    let right = state
        .verify_token
        .as_ref()
        .is_some_and(|token| bool::from(token.expose_secret().as_bytes().ct_eq(query.token.as_bytes())));
    if query.mode == "subscribe" && right {
        return HttpResponse::Ok().content_type(ContentType::plaintext()).body(query.into_inner().challenge);
    }
    metrics::counter!("acuerdo_webhook_handshakes_refused_total").increment(1);
    if may_tell() {
        tracing::warn!("a handshake of the webhook without the verify token was refused");
    }
    HttpResponse::Forbidden().finish()
}

/// 200 after the commit; 401 before anything was parsed, and before anything was read where no signature can be right;
/// 400 for signed bytes that are not JSON (kept all the same) and for half a body; 408 for a body that takes longer than
/// ten seconds; 413 over 3 MiB; 415 for a compressed one; 503 when the store or the memory for bodies cannot take it, so
/// that Meta tries again.
async fn deliver(
    state: web::Data<WebhookState>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    let started = Instant::now();
    if let Some(error) = refused_by_head(&request, BODY_MAX) {
        return unread(error);
    }
    let signature = request.headers().get(HEADER).map(|value| value.as_bytes());
    if let Err(error) = signature_shape(signature) {
        return unsigned(error);
    }
    let body = match state.bodies.read(payload, BODY_MAX).await {
        Ok(body) => body,
        Err(error) => return unread(error),
    };
    let signer = match state.secrets.signed_by(signature, &body.bytes) {
        Ok(place) => state.signers.get(place),
        Err(error) => return unsigned(error),
    };
    let Some(signer) = signer else { return unsigned(SignatureError::Wrong) };
    let read = webhook::read(&body.bytes);
    if read.n_masked > 0 {
        metrics::counter!("acuerdo_secrets_masked_total", "where" => "webhook")
            .increment(u64::from(read.n_masked));
    }
    let parsed = match read.items {
        Ok(items) => Parsed::Items(items),
        Err(error) => Parsed::NotJson(error.to_string()),
    };
    let outcome = state.receive.receive(read.body, parsed, signer).await;
    metrics::histogram!("acuerdo_webhook_seconds").record(started.elapsed());
    match outcome {
        Ok(accepted) => {
            count("new", accepted.new);
            count("duplicate", accepted.duplicate);
            count("foreign", accepted.foreign);
            HttpResponse::Ok().finish()
        }
        Err(ReceiveError::NotJson) => {
            count("unreadable", 1);
            metrics::counter!("acuerdo_dead_letters_total", "cause" => "unreadable_delivery").increment(1);
            HttpResponse::BadRequest().finish()
        }
        Err(ReceiveError::Unavailable(why)) => {
            metrics::counter!("acuerdo_webhook_unavailable_total").increment(1);
            tracing::error!(why, "a delivery could not be stored, Meta will send it again");
            HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, "1")).finish()
        }
    }
}

/// An attack and a rotated secret look the same: both are for an alarm.
fn unsigned(error: SignatureError) -> HttpResponse {
    if may_tell() {
        tracing::warn!(why = error.name(), "a delivery without a right signature was refused");
    }
    metrics::counter!("acuerdo_webhook_signatures_refused_total", "why" => error.name()).increment(1);
    HttpResponse::Unauthorized().finish()
}

/// Once in a minute of this process: a flood of refusals must not become a flood of lines. The metric counts them all.
fn may_tell() -> bool {
    static TOLD: Mutex<Option<Instant>> = Mutex::new(None);
    let (mut told, now) = (TOLD.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
    let may = told.is_none_or(|at| now.duration_since(at) >= TELL_AGAIN);
    if may {
        *told = Some(now);
    }
    may
}

fn unread(error: BodyError) -> HttpResponse {
    metrics::counter!("acuerdo_webhook_bodies_refused_total", "why" => error.name()).increment(1);
    match error {
        BodyError::Encoded => HttpResponse::UnsupportedMediaType().finish(),
        BodyError::TooLarge => HttpResponse::PayloadTooLarge().finish(),
        BodyError::TooSlow => HttpResponse::RequestTimeout().force_close().finish(),
        BodyError::Busy => {
            HttpResponse::ServiceUnavailable().insert_header((RETRY_AFTER, "1")).force_close().finish()
        }
        BodyError::Broken => HttpResponse::BadRequest().finish(),
    }
}

fn count(what: &'static str, items: u32) {
    if items > 0 {
        metrics::counter!("acuerdo_webhook_items_total", "what" => what).increment(u64::from(items));
    }
}
