//! Answers of the Graph API: a message counts as sent only with an id, and as refused only when somebody refused it.
#![no_main]

use acuerdo::domain::reaction::Reaction;
use acuerdo::domain::time::Millis;
use acuerdo::ports::message_sender::SendFailure;
use acuerdo::whatsapp::answer::{Answer, accepted, object};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Told {
    status: u16,
    retry_after: Option<u16>,
    body: Option<Body>,
}

#[derive(Debug, Arbitrary)]
enum Body {
    Raw(Vec<u8>),
    Sent { id: Option<String>, wa_id: Option<String> },
    Refused { code: i64, message: Option<String>, details: Option<String> },
}

fuzz_target!(|told: Told| {
    let http_status = 100 + told.status % 500;
    let retry_after = told.retry_after.map(|seconds| Millis::seconds(seconds.into()));
    let body = told.body.as_ref().map(bytes);
    let answer = Answer { http_status, retry_after, body };
    let is_success = (200..300).contains(&http_status);

    match accepted(&answer) {
        Ok(sent) => {
            assert!(is_success, "HTTP {http_status} is no success");
            assert!(!sent.wamid.as_str().is_empty(), "sent without an id");
            assert!(!matches!(told.body, Some(Body::Refused { .. }) | None));
        }
        Err(failure) => judge(&failure, &told, http_status),
    }
    if let Ok(value) = object(&answer) {
        assert!(is_success && value.is_object());
    }
});

fn bytes(body: &Body) -> Vec<u8> {
    match body {
        Body::Raw(bytes) => bytes.clone(),
        Body::Sent { id, wa_id } => serde_json::json!({
            "messaging_product": "whatsapp",
            "contacts": [{"input": "1", "wa_id": wa_id}],
            "messages": [{"id": id}],
        })
        .to_string()
        .into_bytes(),
        Body::Refused { code, message, details } => serde_json::json!({
            "error": {"code": code, "message": message, "error_data": {"details": details}},
        })
        .to_string()
        .into_bytes(),
    }
}

fn judge(failure: &SendFailure, told: &Told, http_status: u16) {
    let text = failure.to_string();
    match failure {
        SendFailure::Rejected { code, reaction, .. } => {
            // 2xx without an error of Meta's is never a refusal: something may have taken the message.
            assert!(code.is_some() || !(200..300).contains(&http_status));
            // Nor is what a gateway says on its own account.
            assert!(code.is_some() || !matches!(http_status, 502 | 504));
            if let (Reaction::BackOffGlobal { wait }, Some(asked)) = (reaction, told.retry_after) {
                assert!(*wait >= Millis::seconds(asked.into()), "the server asked for a longer wait");
            }
        }
        SendFailure::InDoubt { .. } => {
            assert!((200..300).contains(&http_status) || matches!(http_status, 502 | 504), "{http_status}");
        }
        SendFailure::NotSent { .. } | SendFailure::Invalid { .. } => {
            panic!("an answer came, so the request left")
        }
    }
    // The explanation may repeat what was sent, so the text of the error is the same without it.
    if let Some(Body::Refused { code, .. }) = told.body {
        let unexplained = Body::Refused { code, message: None, details: None };
        let retry_after = told.retry_after.map(|seconds| Millis::seconds(seconds.into()));
        let answer = Answer { http_status, retry_after, body: Some(bytes(&unexplained)) };
        assert_eq!(accepted(&answer).map_err(|failure| failure.to_string()).unwrap_err(), text);
    }
}
