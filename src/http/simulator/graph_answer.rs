//! Answers of the Graph API as Meta words them.

use crate::domain::time::Timestamp;
use crate::http::simulator::chats::{Direction, Exchange};
use crate::http::simulator::graph_body::{Address, Refused};
use crate::http::simulator::webhook::Recipient;
use actix_web::{HttpResponse, http::StatusCode};
use serde_json::{Value, json};

pub(super) fn recipient(address: &Address) -> Recipient {
    match address {
        Address::Phone { digits, .. } => Recipient { wa_id: Some(digits.clone()), bsuid: None },
        Address::Bsuid(bsuid) => Recipient { wa_id: None, bsuid: Some(bsuid.clone()) },
        Address::Misplaced { input } => {
            let digits = input.chars().filter(char::is_ascii_digit).collect();
            Recipient { wa_id: Some(digits), bsuid: None }
        }
    }
}

pub(super) fn accepted(address: &Address, wamid: &str, template: bool) -> Value {
    let contact = match address {
        Address::Phone { digits, input } => json!({"input": input, "wa_id": digits}),
        Address::Bsuid(bsuid) => json!({"input": bsuid, "user_id": bsuid}),
        Address::Misplaced { input } => json!({"input": input, "wa_id": recipient(address).wa_id}),
    };
    let mut message = json!({ "id": wamid });
    if template {
        message["message_status"] = json!("accepted");
    }
    json!({"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]})
}

pub(super) fn graph_exchange(at: Timestamp, request: Value, response: &Value) -> Exchange {
    let kind =
        request.get("status").or_else(|| request.get("type")).and_then(Value::as_str).unwrap_or("text");
    let detail = request.pointer("/interactive/type").or_else(|| request.pointer("/template/name"));
    let title = match detail.and_then(Value::as_str) {
        Some(detail) => format!("messages · {kind} · {detail}"),
        None if request.get("typing_indicator").is_some() => format!("messages · {kind} · typing"),
        None => format!("messages · {kind}"),
    };
    Exchange {
        at,
        direction: Direction::Graph,
        status: 200,
        title,
        request,
        response: Some(response.clone()),
    }
}

/// Meta's answer to a missing or wrong token.
pub(super) fn unauthorised() -> HttpResponse {
    let message = "Invalid OAuth access token - Cannot parse access token";
    graph_error(StatusCode::UNAUTHORIZED, 190, message, None)
}

pub(super) fn refused(refusal: &Refused) -> HttpResponse {
    graph_error(StatusCode::BAD_REQUEST, refusal.code, "Invalid parameter", Some(&refusal.details))
}

pub(super) fn unknown_object(id: &str) -> HttpResponse {
    let message = format!(
        "Unsupported request. Object with ID '{id}' does not exist, cannot be loaded due to missing permissions, \
         or does not support this operation"
    );
    graph_error(StatusCode::BAD_REQUEST, 100, &message, None)
}

pub(super) fn overloaded() -> HttpResponse {
    graph_error(
        StatusCode::SERVICE_UNAVAILABLE,
        131_016,
        "Service unavailable",
        Some("The simulator's queue is full"),
    )
}

fn graph_error(status: StatusCode, code: i64, message: &str, details: Option<&str>) -> HttpResponse {
    let mut error = json!({
        "message": format!("(#{code}) {message}"),
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "SIMULATOR",
    });
    if let Some(details) = details {
        error["error_data"] = json!({"messaging_product": "whatsapp", "details": details});
    }
    HttpResponse::build(status).json(json!({ "error": error }))
}
