//! Webhook deliveries: nothing is dropped in silence, and a bad update spoils no neighbour.
//!
//! The input is a whole body; when it is JSON, it also stands as one update between two good ones.
#![no_main]

use acuerdo::domain::inbound::WebhookItem;
use acuerdo::whatsapp::webhook::{ITEMS_MAX, parse};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use serde_json::value::RawValue;

const GOOD: &str = r#"{"messaging_product":"whatsapp","metadata":{"display_phone_number":"573000000001","phone_number_id":"100000000000001"},"contacts":[{"profile":{"name":"Ana"},"wa_id":"573005550001"}],"messages":[{"from":"573005550001","id":"wamid.GOOD","timestamp":"1795100000","type":"text","text":{"body":"hola"}}]}"#;
const FIELDS: [&str; 6] =
    ["messages", "user_preferences", "smb_message_echoes", "standby", "account_update", "messages "];

fuzz_target!(|body: &[u8]| {
    let items = parse(body);
    assert_eq!(items, parse(body), "the same body, the same updates");
    if let Ok(items) = &items {
        judge(items);
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            // A value that cannot be read at all (one key twice) is one unknown update: told, and kept raw.
            let unread = items.iter().any(|item| matches!(item, WebhookItem::Unknown { .. }));
            assert!(
                unread || items.len() >= told(&value).min(ITEMS_MAX),
                "{} of {}",
                items.len(),
                told(&value)
            );
        }
    }
    let Ok(text) = std::str::from_utf8(body) else { return };
    if serde_json::from_str::<&RawValue>(text).is_ok() {
        for field in FIELDS {
            neighbours(field, text);
        }
    }
});

fn judge(items: &[WebhookItem]) {
    assert!(!items.is_empty(), "a delivery was dropped in silence");
    assert!(items.len() <= ITEMS_MAX + 1);
    for item in items {
        let stored = serde_json::to_string(item).expect("an update is JSON");
        let read: WebhookItem = serde_json::from_str(&stored).expect("a stored update is readable");
        assert_eq!(&read, item, "an update survives its storage");
        assert_eq!(read.dedupe_key(), item.dedupe_key());
        assert!(item.dedupe_key().is_some(), "a second delivery of this would not be recognised: {item:?}");
    }
}

/// How many messages and statuses a delivery tells of, counted by a reader that knows nothing of them.
fn told(delivery: &Value) -> usize {
    if delivery["object"] != "whatsapp_business_account" {
        return 0;
    }
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut n = 0;
    for change in list(&delivery["entry"]).iter().flat_map(|entry| list(&entry["changes"])) {
        if change["field"] == "messages" {
            n += list(&change["value"]["messages"]).len() + list(&change["value"]["statuses"]).len();
        }
    }
    n
}

fn neighbours(field: &str, update: &str) {
    let change = |field: &str, value: &str| format!(r#"{{"field":"{field}","value":{value}}}"#);
    let good = change("messages", GOOD);
    let delivery = |changes: &str| {
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","time":1795100000,"changes":[{changes}]}}]}}"#
        )
    };
    let alone = parse(delivery(&good).as_bytes()).expect("a good delivery");
    assert_eq!(alone.len(), 1);
    let between = delivery(&format!("{good},{},{good}", change(field, update)));
    let items = parse(between.as_bytes()).expect("valid JSON is a delivery");
    judge(&items);
    assert!(items.len() >= 3 || items.len() > ITEMS_MAX, "the update in the middle was lost");
    assert_eq!(items.first(), alone.first(), "the one before was spoilt");
    if items.len() <= ITEMS_MAX {
        assert_eq!(items.last(), alone.first(), "the one after was spoilt");
    }
}
