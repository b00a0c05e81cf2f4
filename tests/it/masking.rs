//! Card numbers, passwords and codes that people or agents type reach no table of either store, in whatever type of
//! message they come; the person is warned once per message.

use crate::contract::backends;
use crate::harness::app::{NUMBER, START, TestApp};
use crate::harness::meta::{self, Who};
use crate::secrets::postgres_dump;
use acuerdo::domain::ids::{AgentId, LenderId};
use acuerdo::domain::time::Timestamp;
use acuerdo::ports::agents::Agent;
use acuerdo::ports::clock::Clock;
use acuerdo::service::handoff::story::{STORY_PAGE_MAX, StoryCursor};
use serde_json::{Value, json};

const DIANA: &str = "573005550003";

/// What must be nowhere, as it was typed or with another grouping.
const MARKS: &[&str] = &[
    "4111111111111111",
    "4111 1111 1111 1111",
    "1111 1111",
    "5555-5555-5555-4444",
    "5555555555554444",
    "378282246310005",
    "cvv 739",
    "Tigre#2020",
    "gatoblanco",
    "482913",
    "uno dos tres cuatro",
];

/// Contents of messages with a secret, each in another place; and whether the person is warned.
fn contents() -> Vec<Value> {
    let reply = |kind: &str| json!({"type": kind, kind: {"id": "otra", "title": "mi clave es Tigre#2020"}});
    vec![
        json!({"type": "text", "text": {"body": "mi tarjeta es 4111 1111 1111 1111 cvv 739"}}),
        json!({"type": "text", "text": {"body": "le paso la clave: Tigre#2020"}}),
        json!({"type": "text", "text": {"body": "mi clave es uno dos tres cuatro"}}),
        json!({"type": "image", "image": {"id": "1", "mime_type": "image/jpeg", "caption": "5555-5555-5555-4444"}}),
        json!({"type": "document", "document": {"id": "2", "mime_type": "application/pdf", "filename": "clave gatoblanco1 4111111111111111.pdf"}}),
        json!({"type": "button", "button": {"payload": "x", "text": "código 482913"}}),
        json!({"type": "interactive", "interactive": reply("button_reply")}),
        json!({"type": "interactive", "interactive": reply("list_reply")}),
        json!({"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {
            "name": "flow", "body": "Sent", "response_json": "{\"tarjeta\": \"378282246310005\", \"clave\": \"gatoblanco\"}"}}}),
        json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "Ana 4111111111111111"}, "phones": [{"phone": "+57 300 555 0099"}]}]}),
        json!({"type": "location", "location": {"latitude": 4.6, "longitude": -74.1, "name": "cvv 739"}}),
        json!({"type": "bank_card", "bank_card": {"number": 4_111_111_111_111_111_u64, "of": "4111 1111 1111 1111"}}),
        json!({"type": "text", "text": {"body": "hola"}, "referral": {"headline": "4111111111111111"}}),
    ]
}

/// A delivery as Meta may write it: each digit as an escape.
fn escaped(wamid: &str, at: Timestamp) -> Vec<u8> {
    let content = json!({"type": "text", "text": {"body": "ESCAPED"}});
    let body = meta::delivery(NUMBER, meta::message(&Who::phone(DIANA), wamid, at, &content));
    let digits: String =
        "4111111111111111".chars().map(|digit| format!("\\u{:04x}", u32::from(digit))).collect();
    String::from_utf8(body).unwrap().replace("ESCAPED", &digits).into_bytes()
}

async fn everything_told(url: &str) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::on(url, folder, Timestamp::parse_rfc3339(START).unwrap()).await;
    let diana = Who::phone(DIANA);
    app.says(&diana, "hola").await;
    let warned = |app: &TestApp| app.hear().iter().filter(|text| text.contains("no guardé")).count();
    warned(&app);
    for content in contents() {
        app.sends(&diana, &content).await;
        assert_eq!(warned(&app), 1, "{content}\n{}", app.transcript());
    }
    assert_eq!(app.deliver(escaped(&app.wamid(), app.clock.now())).await, 200);
    let mut named = meta::message(
        &diana,
        &app.wamid(),
        app.clock.now(),
        &json!({"type": "text", "text": {"body": "hola"}}),
    );
    named["contacts"][0]["profile"]["name"] = json!("Diana 4111111111111111");
    assert_eq!(app.deliver(meta::delivery(NUMBER, named)).await, 200);
    // No JSON at all, as no Meta ever sent.
    assert_eq!(app.deliver(b"cvv 739 4111111111111111".to_vec()).await, 400);
    app.drain().await;
    agent_tells(&app, &diana).await;
    app
}

/// An agent may neither write a secret nor note one down.
async fn agent_tells(app: &TestApp, diana: &Who) {
    app.says(diana, "asesor").await;
    let desk = &app.started.handoff;
    let agent = Agent {
        id: AgentId(uuid::Uuid::from_u128(7)),
        lender: LenderId::from("andino"),
        name: "Luisa".to_owned(),
        queues: Vec::new(),
        active: true,
        created_at: app.clock.now(),
    };
    app.started.store.add_agent(&agent, [7; 32]).await.unwrap();
    let ticket = desk.take_next(&agent, &[]).await.unwrap().expect("a ticket waits").ticket;
    let told = "la persona dijo que su clave es gatoblanco y pagó con 4111111111111111";
    assert!(desk.send(&agent, ticket.id, None, told, "k1").await.is_err(), "no secret is sent");
    desk.note(&agent, ticket.id, None, told).await.unwrap();
    let story = desk
        .story(&agent, ticket.id, StoryCursor { event_seq: 0, sent: None }, STORY_PAGE_MAX)
        .await
        .unwrap();
    let texts: Vec<&str> =
        story.items.iter().filter_map(|item| item.text.as_ref()).map(|text| text.expose().as_str()).collect();
    let all = texts.join("\n");
    assert!(all.contains("mi tarjeta es ████ cvv ████") && all.contains("su clave es ████"), "{all}");
    desk.resolve(&agent, ticket.id, None, "atendido", Some("pin 4821, código 482913")).await.unwrap();
}

fn holds_none(dump: &[u8]) {
    let text = String::from_utf8_lossy(dump);
    for mark in MARKS {
        if let Some(at) = text.find(mark) {
            let around: String =
                text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("`{mark}` is stored behind: {around}");
        }
    }
    assert!(text.contains("████"), "what was blotted out can be seen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_that_is_typed_reaches_an_sqlite_file() {
    let (_folder, url) = backends::sqlite_file();
    let app = everything_told(&url).await;
    drop(app);
    let file = url.strip_prefix("sqlite:").unwrap();
    let mut dump = std::fs::read(file).unwrap();
    dump.extend(std::fs::read(format!("{file}-wal")).unwrap_or_default());
    holds_none(&dump);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_that_is_typed_reaches_postgres() {
    let bench = backends::postgres().await;
    let app = everything_told(&bench.url).await;
    drop(app);
    holds_none(&postgres_dump(&bench.url).await);
    bench.drop_schema().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_phones_and_references_work_as_before() {
    let (_folder, url) = backends::sqlite_file();
    let app = TestApp::on(&url, tempfile::tempdir().unwrap(), Timestamp::parse_rfc3339(START).unwrap()).await;
    let diana = Who::phone(DIANA);
    for (said, heard) in [("hola", "últimos 4"), ("mi cédula es 1010000303", "nació"), ("25 de julio", "")]
    {
        app.says(&diana, said).await;
        assert!(app.last().message.readable().contains(heard), "{said}\n{}", app.transcript());
    }
    assert!(!app.transcript().contains("no guardé"), "{}", app.transcript());
}
