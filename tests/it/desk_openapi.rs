//! `/openapi.json` against what the API really answers.

use crate::contract::make;
use crate::desk_world::{lender, on_memory};
use acuerdo::http::api;
use acuerdo::http::error::Code;
use acuerdo::ports::clock::Clock;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The description lists every route and nothing else, every code and nothing else; every operation answers as it
/// says, with a body of the schema that it names.
#[tokio::test]
async fn the_openapi_document_tells_the_truth() {
    let world = on_memory().await;
    let ana = world.agent(&lender(), "Ana", &[]).await;
    world.agent(&lender(), "Luis", &["fraude"]).await;
    let doc: Value =
        world.http.get(format!("{}/openapi.json", world.url)).send().await.unwrap().json().await.unwrap();
    assert_eq!(doc, serde_json::from_str::<Value>(api::OPENAPI).unwrap(), "served as it is");
    let rosa = make::person(&lender(), "Rosa", &["573001112233"]);
    world.store.import(&lender(), &[rosa], &[], world.clock.now()).await.unwrap();
    let mut described = BTreeSet::new();
    for (path, item) in doc["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            described.insert((method.to_uppercase(), path.clone()));
        }
    }
    let served: BTreeSet<_> = api::routes().iter().map(|(m, p)| ((*m).to_owned(), (*p).to_owned())).collect();
    assert_eq!(described, served);
    let codes: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    let listed = doc["components"]["schemas"]["Problem"]["properties"]["code"]["enum"].as_array().unwrap();
    assert_eq!(listed.iter().map(|code| code.as_str().unwrap()).collect::<BTreeSet<_>>(), codes);

    for (method, path) in &described {
        let ticket = world.ticket("cobranzas").await;
        world.handoff.publish().await.unwrap();
        if path != "/tickets/take-next" {
            world.call(&ana, "POST", &format!("/api/v1/tickets/{ticket}/take"), None).await;
        }
        let body = match path.rsplit('/').next().unwrap() {
            "messages" if method == "POST" => Some(json!({"text": "Hola", "idempotency_key": "k"})),
            "notes" => Some(json!({"text": "nota"})),
            "resolve" => Some(json!({"outcome": "fin"})),
            "settle-identity" => Some(json!({"reason": "llamada"})),
            "verify" => Some(json!({"person": "Rosa", "called": "+57 300 111 2233", "reason": "llamada"})),
            "transfer" => Some(json!({"queue": "fraude", "reason": "x"})),
            _ => None,
        };
        let receipt = world.receipt(ticket).await;
        let path_of = path.replace("{id}", &ticket.to_string()).replace("{media_id}", &receipt.to_string());
        let address = format!("/api/v1{path_of}");
        let answer = world.call(&ana, method, &address, body).await;
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
        check_answer(&doc, method, path, &answer.status.to_string(), &answer.body);
        let refused = world.call("wrong", method, &address, None).await;
        assert_eq!(refused.status, 401);
        check_answer(&doc, method, path, "401", &refused.body);
        if path.contains("{id}") {
            let address = address.replace(&ticket.to_string(), "nonsense");
            let body = Some(json!({"text": "a", "idempotency_key": "b"}));
            let body = if path.ends_with("messages") { body } else { None };
            let unknown = world.call(&ana, method, &address, body).await;
            assert_eq!(unknown.status, 404, "{method} {path}");
            check_answer(&doc, method, path, "404", &unknown.body);
        }
        world
            .call(&ana, "POST", &format!("/api/v1/tickets/{ticket}/resolve"), Some(json!({"outcome": "fin"})))
            .await;
    }
}

fn check_answer(doc: &Value, method: &str, path: &str, status: &str, body: &Value) {
    let operation = &doc["paths"][path][method.to_lowercase()];
    let response = resolve(doc, &operation["responses"][status]);
    assert!(response.is_object(), "{method} {path} does not describe {status}");
    let Some(content) = response["content"].as_object() else {
        assert!(body.is_null(), "{method} {path} {status} has an undescribed body");
        return;
    };
    let schema = &content.values().next().unwrap()["schema"];
    check(doc, schema, body, &format!("{method} {path} {status}"));
}

fn resolve<'a>(doc: &'a Value, node: &'a Value) -> &'a Value {
    match node["$ref"].as_str() {
        Some(target) => {
            doc.pointer(target.trim_start_matches('#')).unwrap_or_else(|| panic!("{target} is missing"))
        }
        None => node,
    }
}

/// As much of JSON Schema as the document uses.
fn check(doc: &Value, schema: &Value, value: &Value, place: &str) {
    let schema = resolve(doc, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let other = choices.iter().find(|choice| choice["type"] != "null").unwrap();
        if !value.is_null() {
            check(doc, other, value, place);
        }
        return;
    }
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{place}: type {other}"),
    };
    let types = schema["type"].as_array().cloned().unwrap_or_else(|| vec![schema["type"].clone()]);
    let fits = types.iter().any(|name| is(name.as_str().unwrap()));
    assert!(fits, "{place}: {value} is not {}", schema["type"]);
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{place}: {value} is not listed");
    }
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        check(doc, &schema["items"], item, &format!("{place}[{n}]"));
    }
    let Some(fields) = value.as_object() else { return };
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(fields.contains_key(name.as_str().unwrap()), "{place}: {name} is missing");
    }
    for (name, field) in fields {
        match schema["properties"].get(name) {
            Some(property) => check(doc, property, field, &format!("{place}.{name}")),
            None => assert_eq!(schema["additionalProperties"], true, "{place}.{name} is not described"),
        }
    }
}
