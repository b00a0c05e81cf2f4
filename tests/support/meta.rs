//! Webhooks as Meta writes them, for one of our numbers.

use acuerdo::domain::time::Timestamp;
use serde_json::{Value, json};

/// Who writes: a phone, a business-scoped user id, or both.
#[derive(Debug, Clone)]
pub struct Who {
    pub wa_id: Option<String>,
    pub bsuid: Option<String>,
}

impl Who {
    pub fn phone(wa_id: &str) -> Self {
        Self { wa_id: Some(wa_id.to_owned()), bsuid: None }
    }

    pub fn bsuid(bsuid: &str) -> Self {
        Self { wa_id: None, bsuid: Some(bsuid.to_owned()) }
    }
}

/// A delivery with one `value` of the `messages` field.
pub fn delivery(phone_number_id: &str, mut value: Value) -> Vec<u8> {
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] = json!({"display_phone_number": "576015550000", "phone_number_id": phone_number_id});
    serde_json::to_vec(&json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "200000000000001", "changes": [{"field": "messages", "value": value}]}],
    }))
    .unwrap()
}

/// A `value` with one message of `who`; `content` has `type` and its object.
pub fn message(who: &Who, wamid: &str, at: Timestamp, content: &Value) -> Value {
    let mut message = content.clone();
    message["id"] = json!(wamid);
    message["timestamp"] = json!((at.0 / 1_000).to_string());
    let mut contact = json!({"profile": {"name": "Persona"}});
    if let Some(wa_id) = &who.wa_id {
        message["from"] = json!(wa_id);
        contact["wa_id"] = json!(wa_id);
    }
    if let Some(bsuid) = &who.bsuid {
        message["from_user_id"] = json!(bsuid);
        contact["user_id"] = json!(bsuid);
    }
    json!({"contacts": [contact], "messages": [message]})
}

pub fn status(wamid: &str, status: &str, at: Timestamp, callback: Option<&str>, errors: &[i64]) -> Value {
    let mut one = json!({
        "id": wamid,
        "status": status,
        "timestamp": (at.0 / 1_000).to_string(),
        "recipient_id": "573005550000",
    });
    if let Some(callback) = callback {
        one["biz_opaque_callback_data"] = json!(callback);
    }
    if !errors.is_empty() {
        one["errors"] = errors.iter().map(|code| json!({"code": code, "title": "error"})).collect();
    }
    json!({"statuses": [one]})
}
