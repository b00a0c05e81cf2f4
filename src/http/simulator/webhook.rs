//! Webhooks as Meta writes and signs them.
//!
//! Shapes: Meta's *Messages* webhook reference and *Business-scoped user IDs* (2026).

use crate::domain::time::Timestamp;
use crate::http::simulator::chats::Phone;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use std::fmt::Write as _;

/// The business side of every webhook.
pub(super) struct Business<'a> {
    pub waba_id: &'a str,
    pub phone_number_id: &'a str,
    pub display_number: &'a str,
}

/// A status that waits to be told.
#[derive(Clone)]
pub(super) struct StatusNews {
    pub wamid: String,
    pub status: &'static str,
    pub at: Timestamp,
    pub recipient: Recipient,
    pub callback_data: Option<String>,
    pub template: bool,
    pub error: Option<SendFailure>,
}

/// How the business addressed the person: a status answers in kind.
#[derive(Clone)]
pub(super) struct Recipient {
    pub wa_id: Option<String>,
    pub bsuid: Option<String>,
}

/// Why WhatsApp could not deliver a message that it had accepted.
#[derive(Clone, Copy)]
pub(super) struct SendFailure {
    pub code: i64,
    pub title: &'static str,
    pub details: &'static str,
}

/// The recipient cannot be reached on WhatsApp.
pub(super) const UNDELIVERABLE: SendFailure =
    SendFailure { code: 131_026, title: "Message undeliverable", details: "Message Undeliverable." };

/// More than 24 hours since the person wrote.
pub(super) const WINDOW_CLOSED: SendFailure = SendFailure {
    code: 131_047,
    title: "Re-engagement message",
    details: "Message failed to send because more than 24 hours have passed since the customer last replied to \
              this number.",
};

/// The common members of a message from `phone`.
pub(super) fn message(
    phone: &Phone,
    wamid: &str,
    at: Timestamp,
    kind: &str,
    body: Value,
) -> Map<String, Value> {
    let mut message = Map::new();
    if !phone.hidden {
        message.insert("from".to_owned(), json!(phone.wa_id));
    }
    message.insert("from_user_id".to_owned(), json!(phone.bsuid));
    message.insert("id".to_owned(), json!(wamid));
    message.insert("timestamp".to_owned(), json!(unix_seconds(at)));
    message.insert("type".to_owned(), json!(kind));
    message.insert(kind.to_owned(), body);
    message
}

/// The delivery of one message.
pub(super) fn with_message(
    business: &Business<'_>,
    phone: &Phone,
    name: &str,
    message: Map<String, Value>,
) -> Value {
    let mut contact = json!({"profile": {"name": name}, "user_id": phone.bsuid});
    if !phone.hidden {
        contact["wa_id"] = json!(phone.wa_id);
    }
    envelope(business, json!({"contacts": [contact], "messages": [message]}))
}

/// The person moved to another number. Without a shareable phone only the user ids are told.
pub(super) fn with_moved_account(
    business: &Business<'_>,
    (old, new): (&Phone, &Phone),
    name: &str,
    (wamid, at): (&str, Timestamp),
) -> Value {
    let kind = if new.hidden { "user_changed_user_id" } else { "user_changed_number" };
    let (from, to) = if new.hidden { (&old.bsuid, &new.bsuid) } else { (&old.wa_id, &new.wa_id) };
    let mut system = json!({
        "body": format!("User {name} changed from {from} to {to}"),
        "type": kind,
        "user_id": new.bsuid,
        "previous_user_id": old.bsuid,
    });
    if !new.hidden {
        system["wa_id"] = json!(new.wa_id);
    }
    // Meta's system messages have no `contacts`.
    envelope(business, json!({"messages": [message(old, wamid, at, "system", system)]}))
}

/// One delivery with several statuses, as Meta batches them.
pub(super) fn with_statuses(business: &Business<'_>, news: &[StatusNews]) -> Value {
    let statuses: Vec<Value> = news.iter().map(status).collect();
    let mut contacts: Vec<Value> = Vec::new();
    for item in news.iter().filter(|item| item.error.is_none()) {
        let contact = contact_of(&item.recipient);
        if !contacts.contains(&contact) {
            contacts.push(contact);
        }
    }
    let mut value = json!({ "statuses": statuses });
    if !contacts.is_empty() {
        value["contacts"] = json!(contacts);
    }
    envelope(business, value)
}

/// The body as it goes over the wire: Meta escapes non-ASCII and slashes, and signs that form.
pub(super) fn wire(value: &Value) -> Vec<u8> {
    let plain = value.to_string();
    let mut escaped = String::with_capacity(plain.len());
    for character in plain.chars() {
        match character {
            // Slashes and non-ASCII can only stand inside JSON strings, so escaping the text is safe.
            '/' => escaped.push_str("\\/"),
            character if character.is_ascii() => escaped.push(character),
            character => {
                let mut units = [0_u16; 2];
                for unit in character.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    let _ = write!(escaped, "\\u{unit:04x}");
                }
            }
        }
    }
    escaped.into_bytes()
}

/// The value of `X-Hub-Signature-256`.
pub(super) fn signature(app_secret: &str, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(app_secret.as_bytes()).ok()?;
    mac.update(body);
    Some(format!("sha256={}", hex::encode(mac.finalize().into_bytes())))
}

fn envelope(business: &Business<'_>, mut value: Value) -> Value {
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] = json!({
        "display_phone_number": business.display_number,
        "phone_number_id": business.phone_number_id,
    });
    json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": business.waba_id, "changes": [{"field": "messages", "value": value}]}],
    })
}

fn status(news: &StatusNews) -> Value {
    let mut status = json!({
        "id": news.wamid,
        "status": news.status,
        "timestamp": unix_seconds(news.at),
    });
    if let Some(wa_id) = &news.recipient.wa_id {
        status["recipient_id"] = json!(wa_id);
    }
    if let Some(bsuid) = &news.recipient.bsuid {
        status["recipient_user_id"] = json!(bsuid);
    }
    if let Some(data) = &news.callback_data {
        status["biz_opaque_callback_data"] = json!(data);
    }
    if matches!(news.status, "sent" | "delivered") {
        let category = if news.template { "utility" } else { "service" };
        status["pricing"] =
            json!({"billable": true, "pricing_model": "PMP", "type": "regular", "category": category});
    }
    if let Some(error) = news.error {
        status["errors"] = json!([{
            "code": error.code,
            "title": error.title,
            "message": error.title,
            "error_data": {"details": error.details},
        }]);
    }
    status
}

fn contact_of(recipient: &Recipient) -> Value {
    let mut contact = json!({});
    if let Some(wa_id) = &recipient.wa_id {
        contact["wa_id"] = json!(wa_id);
    }
    if let Some(bsuid) = &recipient.bsuid {
        contact["user_id"] = json!(bsuid);
    }
    contact
}

fn unix_seconds(at: Timestamp) -> String {
    at.0.div_euclid(1_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::{signature, wire};
    use serde_json::{Value, json};

    #[test]
    fn the_wire_form_is_ascii_and_means_the_same() {
        let value = json!({"text": {"body": "¿Cuánto debo? 😀 https://a.b/c \"x\""}});
        let bytes = wire(&value);
        assert!(bytes.is_ascii());
        assert!(
            String::from_utf8(bytes.clone())
                .unwrap()
                .contains("\\u00bfCu\\u00e1nto debo? \\ud83d\\ude00 https:\\/\\/")
        );
        assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), value);
    }

    #[test]
    fn the_signature_is_hmac_sha256_in_lower_case_hex() {
        // Vector: RFC 4231, test case 2.
        assert_eq!(
            signature("Jefe", b"what do ya want for nothing?").unwrap(),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
