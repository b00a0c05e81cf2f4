//! Meta's side of the webhook: bodies as they come over the wire, posted until they are acknowledged.

use crate::base::NUMBER;
use crate::plan::WebhookFault;
use crate::sim::{Core, Event, Sim};
use acuerdo::domain::outbound::Outbound;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Default)]
pub struct MetaSide {
    pub deliveries: Vec<Posted>,
}

pub struct Posted {
    pub body: Arc<Vec<u8>>,
    /// What our store must know once this was acknowledged.
    pub dedupe_key: Option<String>,
    pub acknowledged: bool,
    lose_ack: bool,
    tries: u32,
}

/// Meta waits this long for an acknowledgement.
const OVERDUE_MS: i64 = 15_000;

impl Core {
    /// Plans to post a body for the first time.
    pub fn deliver(&mut self, body: Vec<u8>, dedupe_key: Option<String>, delay_ms: i64) {
        let fault = self.at_webhook();
        let id = self.meta.deliveries.len();
        let lose_ack = fault == Some(WebhookFault::AckLost);
        self.meta.deliveries.push(Posted {
            body: Arc::new(body),
            dedupe_key,
            acknowledged: false,
            lose_ack,
            tries: 0,
        });
        let jitter = self.drawn().between(1, 60);
        let late = if let Some(WebhookFault::Late { by_ms }) = fault { by_ms } else { 0 };
        self.after(delay_ms + jitter + late, Event::Post(id));
        if let Some(WebhookFault::Duplicate { after_ms }) = fault {
            self.after(delay_ms + after_ms, Event::Post(id));
        }
        if let Some(fault) = fault {
            self.say(|| format!("   !! delivery {id}: {fault:?}"));
        }
    }

    /// The body and the number of this try.
    pub fn posted(&mut self, id: usize) -> (Arc<Vec<u8>>, u32) {
        let posted = &mut self.meta.deliveries[id];
        posted.tries += 1;
        let (body, tries) = (Arc::clone(&posted.body), posted.tries);
        self.after(OVERDUE_MS, Event::PostOverdue(id, tries));
        (body, tries)
    }

    /// Meta tries again, unless a later try is under way.
    pub fn post_again(&mut self, id: usize, tries: u32) {
        let posted = &mut self.meta.deliveries[id];
        if !posted.acknowledged && posted.tries == tries {
            posted.tries += 1;
            self.after(500, Event::Post(id));
        }
    }
}

impl Sim {
    /// What our edge answered to a post.
    pub fn post_answered(&self, id: usize, tries: u32, stored: bool) {
        let mut core = self.core();
        if !stored || std::mem::take(&mut core.meta.deliveries[id].lose_ack) {
            core.post_again(id, tries);
            return;
        }
        core.meta.deliveries[id].acknowledged = true;
        let key = core.meta.deliveries[id].dedupe_key.clone();
        drop(core);
        if let Some(key) = key.filter(|key| !self.store.knows_item(key)) {
            self.core().watch.violated(format!("{key} was acknowledged and is not stored"));
        }
    }
}

/// Who writes, by what WhatsApp tells of them.
#[derive(Debug, Clone)]
pub struct Address {
    pub wa_id: Option<String>,
    pub bsuid: Option<String>,
}

pub fn message(who: &Address, wamid: &str, at: i64, content: &Value) -> Vec<u8> {
    let mut message = content.clone();
    message["id"] = json!(wamid);
    message["timestamp"] = json!((at / 1_000).to_string());
    let mut contact = json!({"profile": {"name": "Persona"}});
    if let Some(wa_id) = &who.wa_id {
        message["from"] = json!(wa_id);
        contact["wa_id"] = json!(wa_id);
    }
    if let Some(bsuid) = &who.bsuid {
        message["from_user_id"] = json!(bsuid);
        contact["user_id"] = json!(bsuid);
    }
    delivery(json!({"contacts": [contact], "messages": [message]}))
}

/// The person takes the account to another number.
pub fn number_changed(old: &str, new: &str, wamid: &str, at: i64) -> Vec<u8> {
    let system = json!({"type": "customer_changed_number", "body": "changed", "new_wa_id": new});
    let message = json!({
        "from": old,
        "id": wamid,
        "timestamp": (at / 1_000).to_string(),
        "type": "system",
        "system": system,
    });
    delivery(json!({"messages": [message]}))
}

pub fn status(wamid: &str, status: &str, at: i64, callback: &str, errors: &[i64]) -> Vec<u8> {
    let mut one = json!({
        "id": wamid,
        "status": status,
        "timestamp": (at / 1_000).to_string(),
        "recipient_id": "573005550000",
        "biz_opaque_callback_data": callback,
    });
    if !errors.is_empty() {
        one["errors"] = errors.iter().map(|code| json!({"code": code, "title": "error"})).collect();
    }
    delivery(json!({"statuses": [one]}))
}

fn delivery(mut value: Value) -> Vec<u8> {
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] = json!({"display_phone_number": "576015550000", "phone_number_id": NUMBER});
    let entry = json!({"id": "200000000000001", "changes": [{"field": "messages", "value": value}]});
    serde_json::to_vec(&json!({"object": "whatsapp_business_account", "entry": [entry]})).unwrap()
}

/// A message as the person sees it, in one line. The people of the simulation are invented.
pub fn readable(message: &Outbound) -> String {
    let (body, options) = seen(message);
    let line = body.replace('\n', " ");
    let short: String = line.chars().take(90).collect();
    let titles: Vec<String> = options.iter().map(|(_, _, title)| format!("[{title}]")).collect();
    format!("«{short}» {}", titles.join(" "))
}

/// The text of a message and its options: kind, id, title.
pub fn seen(message: &Outbound) -> (String, Vec<(&'static str, String, String)>) {
    let (kind, body) = match message {
        Outbound::Text { body } | Outbound::Link { body, .. } => ("", body.expose().clone()),
        Outbound::Buttons { body, .. } => ("button_reply", body.expose().clone()),
        Outbound::List { body, .. } => ("list_reply", body.expose().clone()),
        Outbound::Document { .. } | Outbound::Image { .. } | Outbound::Template(_) => ("", String::new()),
    };
    let options = message.options().into_iter();
    (body, options.map(|(id, title)| (kind, id.to_owned(), title.to_owned())).collect())
}
