//! One id per request: in every log line written on the way, and in the answer.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use std::sync::atomic::{AtomicU64, Ordering};
use tracing::Instrument;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const CHARS_MAX: usize = 64;

/// Takes a well-formed id of the caller, or counts one up; never logs address, query or headers.
pub async fn with_request_id(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = request.headers().get(HEADER).and_then(given).unwrap_or_else(next_id);
    let span = tracing::info_span!("request", request.id = %id, http.method = %request.method());
    let mut response = next.call(request).instrument(span).await?;
    if !response.headers().contains_key(HEADER)
        && let Ok(value) = HeaderValue::from_str(&id)
    {
        response.headers_mut().insert(HEADER, value);
    }
    Ok(response)
}

fn given(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?;
    let fits = (1..=CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    fits.then(|| text.to_owned())
}

/// Unique in this process and cheap on the hot path; the process start makes it unique between restarts.
fn next_id() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    static START: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let start = START.get_or_init(rand::random);
    format!("{start:08x}-{:x}", COUNTER.fetch_add(1, Ordering::Relaxed))
}
