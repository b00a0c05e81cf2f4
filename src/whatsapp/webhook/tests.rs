//! Every shape of `fixtures/webhooks` against what a person reviewed, and the laws that hold for any bytes.

use super::{ITEMS_MAX, ParseError, parse};
use crate::domain::inbound::{AccountEffect, InboundContent, WebhookItem};
use crate::domain::time::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/webhooks")
}

/// Name and bytes of each delivery.
fn fixtures() -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    files
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".json")?.to_owned();
            (!name.ends_with(".parsed")).then(|| (name, std::fs::read(path).unwrap()))
        })
        .collect()
}

fn items(name: &str) -> Vec<WebhookItem> {
    parse(&std::fs::read(folder().join(format!("{name}.json"))).unwrap()).unwrap()
}

/// `NAME.parsed.json` is the reviewed reading of `NAME.json`; `ACUERDO_BLESS=1` writes it anew.
#[test]
fn each_fixture_reads_as_reviewed() {
    let mut wrong = Vec::new();
    for (name, body) in fixtures() {
        let readings: Vec<Value> = parse(&body)
            .unwrap()
            .iter()
            .map(|item| json!({"dedupe_key": item.dedupe_key(), "update": item}))
            .collect();
        let actual = serde_json::to_string_pretty(&readings).unwrap() + "\n";
        let path = folder().join(format!("{name}.parsed.json"));
        if std::env::var_os("ACUERDO_BLESS").is_some() {
            std::fs::write(&path, &actual).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if expected != actual {
            wrong.push(format!("{name}\n--- reviewed\n{expected}\n+++ actual\n{actual}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_reviewed_reading_has_its_delivery() {
    let known = fixtures();
    for file in std::fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix(".parsed.json") {
            assert!(known.contains_key(name), "{name}.parsed.json has no {name}.json");
        }
    }
}

/// Exhaustive, so that a new variant asks for its fixture.
const fn content_name(content: &InboundContent) -> &'static str {
    match content {
        InboundContent::Text { .. } => "text",
        InboundContent::Option { .. } => "option",
        InboundContent::Form { .. } => "form",
        InboundContent::Media(_) => "media",
        InboundContent::Location { .. } => "location",
        InboundContent::Contacts { .. } => "contacts",
        InboundContent::Reaction { .. } => "reaction",
        InboundContent::Order { .. } => "order",
        InboundContent::CallPermission { .. } => "call_permission",
        InboundContent::Edit { .. } => "edit",
        InboundContent::Revoke { .. } => "revoke",
        InboundContent::Unsupported { .. } => "unsupported",
        InboundContent::Unavailable => "unavailable",
        InboundContent::Broken { .. } => "broken",
        InboundContent::Welcome => "welcome",
        InboundContent::Unknown { .. } => "unknown",
    }
}

/// The arms of [`content_name`].
const CONTENTS: [&str; 16] = [
    "text",
    "option",
    "form",
    "media",
    "location",
    "contacts",
    "reaction",
    "order",
    "call_permission",
    "edit",
    "revoke",
    "unsupported",
    "unavailable",
    "broken",
    "welcome",
    "unknown",
];

#[test]
fn every_content_update_and_effect_has_a_fixture() {
    let (mut contents, mut kinds, mut effects) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for body in fixtures().values() {
        for item in parse(body).unwrap() {
            kinds.insert(item.kind());
            if let WebhookItem::Message(message) = &item {
                contents.insert(content_name(&message.content));
            }
            if let WebhookItem::Account(event) = &item {
                effects.insert(format!("{:?}", event.effect));
            }
        }
    }
    assert_eq!(contents, BTreeSet::from(CONTENTS));
    let all = ["message", "status", "system", "preference", "echo", "account", "standby", "error", "unknown"];
    assert_eq!(kinds, BTreeSet::from(all));
    let all = [
        AccountEffect::StopAll,
        AccountEffect::MayResume,
        AccountEffect::HoldTemplate,
        AccountEffect::ResumeTemplate,
        AccountEffect::Inform,
    ];
    assert_eq!(effects, all.iter().map(|effect| format!("{effect:?}")).collect());
}

#[test]
fn a_bad_update_spoils_no_neighbour() {
    let kinds: Vec<&str> = items("batch_with_bad_neighbours").iter().map(WebhookItem::kind).collect();
    assert_eq!(
        kinds,
        [
            "message", "unknown", "unknown", "unknown", "unknown", "unknown", "unknown", "message",
            "unknown", "message", "status", "unknown", "unknown"
        ]
    );
}

#[test]
fn a_phone_and_an_id_are_joined_only_when_the_payload_joins_them() {
    let WebhookItem::Message(message) = items("identity_contact_contradicts").remove(0) else { panic!() };
    let from = message.from.unwrap();
    assert!(from.bsuid.is_none() && message.profile_name.is_none());
    assert_eq!(from.wa_id.unwrap().expose(), "573001112233");
}

#[test]
fn the_same_delivery_twice_gives_the_same_keys_and_two_events_give_two() {
    for (name, body) in fixtures() {
        let keys = || parse(&body).unwrap().iter().map(WebhookItem::dedupe_key).collect::<Vec<_>>();
        assert_eq!(keys(), keys(), "{name}");
        assert!(keys().iter().all(Option::is_some), "{name}");
    }
    let event = |time: u32| {
        let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "time": time, "changes": [
            {"field": "account_update", "value": {"event": "ACCOUNT_RESTRICTION"}}]}]});
        parse(body.to_string().as_bytes()).unwrap().remove(0).dedupe_key().unwrap()
    };
    assert_ne!(event(1_795_000_000), event(1_795_086_400), "a restriction of the next day is another event");
}

#[test]
fn a_dedupe_key_names_no_person() {
    for (name, body) in fixtures() {
        for key in parse(&body).unwrap().iter().filter_map(WebhookItem::dedupe_key) {
            assert!(!key.contains("573001112233") && !key.contains("CO.1349"), "{name}: {key}");
        }
    }
}

#[test]
fn updates_beyond_the_limit_are_counted_not_read() {
    let statuses: Vec<Value> = (0..ITEMS_MAX + 7)
        .map(|n| json!({"id": format!("wamid.{n}"), "status": "sent", "timestamp": "1795000000"}))
        .collect();
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages",
        "value": {"metadata": {"phone_number_id": "1"}, "statuses": statuses}}]}]});
    let items = parse(body.to_string().as_bytes()).unwrap();
    assert_eq!(items.len(), ITEMS_MAX + 1);
    let WebhookItem::Unknown { reason, .. } = &items[ITEMS_MAX] else { panic!() };
    assert_eq!(reason, "7 updates beyond the limit of 10000 were not read");
}

#[test]
fn what_is_no_delivery_is_told_apart() {
    assert_eq!(parse(b""), Err(ParseError::NotJson { line: 1, column: 0 }));
    assert_eq!(parse(b"{\"entry\":[}"), Err(ParseError::NotJson { line: 1, column: 11 }));
    for body in ["{}", "[]", "null", "17", "\"x\"", r#"{"entry":{}}"#, r#"{"entry":null}"#] {
        assert_eq!(parse(body.as_bytes()), Err(ParseError::NotADelivery), "{body}");
    }
}

#[test]
fn a_message_whose_time_is_none_is_read_all_the_same() {
    for timestamp in [json!("0"), json!("-5"), json!(0)] {
        let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages",
            "value": {"metadata": {"phone_number_id": "1"}, "messages": [{"id": "wamid.1", "from": "573001112233",
                "timestamp": timestamp, "type": "text", "text": {"body": "bien"}}]}}]}]});
        let item = parse(body.to_string().as_bytes()).unwrap().remove(0).received(Timestamp(7_000));
        let WebhookItem::Message(message) = item else { panic!("{item:?}") };
        assert_eq!(message.sent_at, Timestamp(7_000), "{timestamp}");
    }
}

#[test]
fn deep_nesting_is_neither_a_panic_nor_a_lost_neighbour() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let good = r#"{"id":"wamid.1","from":"573001112233","timestamp":"1795000000","type":"text","text":{"body":"bien"}}"#;
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{
        "metadata":{{"phone_number_id":"1"}},"messages":[{deep},{{"id":{deep},"timestamp":{deep}}},{good}]}}}},
        {{"field":"account_update","value":{{"event":{deep}}}}}]}}]}}"#
    );
    let kinds: Vec<&str> = parse(body.as_bytes()).unwrap().iter().map(WebhookItem::kind).collect();
    assert_eq!(kinds, ["unknown", "unknown", "message", "unknown"]);
}

#[test]
fn names_of_meta_are_repeated_only_when_short_and_plain() {
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [
        {"field": format!("x\n{}", "y".repeat(500)), "value": {}}]}]});
    let WebhookItem::Unknown { field, .. } = parse(body.to_string().as_bytes()).unwrap().remove(0) else {
        panic!()
    };
    assert_eq!(field, format!("x?{}", "y".repeat(62)));
}

/// Any JSON, with the shapes that Meta is seen to send in wrong places.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!("")),
        Just(json!("CO.1")),
        Just(json!("573001112233")),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("[a-z_]{1,8}|id|type|body|text", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// The addresses of all values inside `value`.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    if let Some(map) = value.as_object() {
        map.iter().for_each(|(key, inner)| places(inner, &format!("{at}/{key}"), found));
    }
    if let Some(list) = value.as_array() {
        list.iter().enumerate().for_each(|(n, inner)| places(inner, &format!("{at}/{n}"), found));
    }
}

proptest! {
    /// Whatever stands anywhere in one update, it gives one item, and the updates beside it read as ever.
    #[test]
    fn nothing_inside_an_update_reaches_its_neighbours(
        pick in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        intruder in any_json(),
    ) {
        let list = "/entry/0/changes/0/value/messages";
        let all: Vec<Value> = fixtures()
            .into_values()
            .filter_map(|body| serde_json::from_slice::<Value>(&body).ok())
            .filter(|body| body.pointer(list).and_then(Value::as_array).is_some_and(|list| !list.is_empty()))
            .filter(|body| body.pointer("/entry/0/changes/0/field") == Some(&json!("messages")))
            .collect();
        let mut body = all[pick.index(all.len())].clone();
        let mut victim = body.pointer(list).unwrap()[0].clone();
        let mut found = Vec::new();
        places(&victim, "", &mut found);
        *victim.pointer_mut(&found[place.index(found.len())]).unwrap() = intruder;

        let good = |id: &str| json!({"id": id, "from": "573209990000", "timestamp": "1795000000", "type": "text",
            "text": {"body": "bien"}});
        *body.pointer_mut(list).unwrap() = json!([good("wamid.a"), victim, good("wamid.b")]);
        body["entry"][0]["changes"][0]["value"]["statuses"] = json!([]);
        body["entry"][0]["changes"][0]["value"]["errors"] = json!([]);
        let items = parse(body.to_string().as_bytes()).unwrap();
        prop_assert!(items.len() >= 3);
        for (at, id) in [(0, "wamid.a"), (2, "wamid.b")] {
            let WebhookItem::Message(message) = &items[at] else { panic!("{:?}", items[at]) };
            prop_assert_eq!(message.wamid.as_str(), id);
            prop_assert_eq!(&message.content, &InboundContent::Text { body: "bien".to_owned().into() });
        }
    }

    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = parse(&body);
    }

    #[test]
    fn a_cut_or_spoiled_fixture_never_panics_and_never_comes_back_empty(
        pick in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        spoil in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let all = fixtures();
        let mut body = all.values().nth(pick.index(all.len())).unwrap().clone();
        if spoil.is_empty() {
            body.truncate(cut.index(body.len()));
        }
        for (at, byte) in spoil {
            let at = at.index(body.len());
            body[at] = byte;
        }
        if let Ok(items) = parse(&body) {
            prop_assert!(!items.is_empty());
            prop_assert!(items.iter().all(|item| item.dedupe_key().is_some()));
        }
    }
}
