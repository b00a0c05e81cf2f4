//! One message can be followed through the log by the id of its turn, and nobody's data is in it.

use crate::harness::app::{NUMBER, TestApp};
use crate::harness::graph_api::Script;
use crate::harness::meta::{self, Who};
use acuerdo::domain::time::Millis;
use acuerdo::ports::clock::Clock;
use serde_json::Value;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing_subscriber::EnvFilter;

const DIANA: &str = "573005550003";

/// The log of this process, which is that of one test.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub fn begin(filter: &str) -> Self {
        let log = Self::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(filter))
            .with_writer(move || writer.clone())
            .json()
            .flatten_event(true)
            .init();
        log
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Lines in which `thing.id` is this one, or `thing.ids` holds it.
    pub fn with(&self, thing: &str, id: &str) -> Vec<Value> {
        let fields = [format!("{thing}.id"), format!("{thing}.ids")];
        let names = |line: &Value| {
            fields.iter().any(|field| line[field].as_str().is_some_and(|text| text.contains(id)))
        };
        self.lines().into_iter().filter(names).collect()
    }
}

fn messages(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["message"].as_str().unwrap()).collect()
}

fn field<'a>(line: &'a Value, name: &str) -> &'a str {
    line[name].as_str().unwrap_or_else(|| panic!("no {name} in {line}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_is_followed_by_its_ids_from_webhook_to_delivery() {
    let log = Log::begin("info,acuerdo::journey=debug");
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    app.says(&who, "hola, soy Diana y mi cédula termina en 0303").await;

    // From what arrived to the turn …
    let arrived = &log.lines().into_iter().find(|line| line["message"] == "received").unwrap();
    assert_eq!(field(arrived, "item.kind"), "message");
    let input = field(arrived, "input.id").to_owned();
    let of_input = log.with("input", &input);
    assert_eq!(messages(&of_input), ["received", "turn committed"]);
    // … to the messages of the turn …
    let turn = field(&of_input[1], "turn.id").to_owned();
    let of_turn = log.with("turn", &turn);
    assert_eq!(messages(&of_turn), ["turn committed", "message tried"]);
    assert_eq!(field(&of_turn[1], "outcome"), "accepted");
    let outbox = field(&of_turn[1], "outbox.id").to_owned();
    assert_eq!(field(&of_turn[0], "outbox.ids"), outbox);
    // … and to what WhatsApp says of them.
    let wamid = app.graph.taken()[0].0.clone();
    let told =
        meta::status(wamid.as_str(), "delivered", app.clock.now(), Some(&format!("out:{outbox}")), &[]);
    assert_eq!(app.deliver(meta::delivery(NUMBER, told)).await, 200);
    app.drain().await;
    let of_message = log.with("outbox", &outbox);
    assert_eq!(messages(&of_message), ["turn committed", "message tried", "received"]);
    assert_eq!(field(&of_message[2], "item.status"), "delivered");

    // Without the times of the lines, which may hold any digits.
    let text = log.text();
    let times =
        text.split(r#""timestamp":""#).map(|line| line.split_once('"').map_or(line, |(_, rest)| rest));
    let told: String = times.collect();
    for personal in [DIANA, "Diana", "0303", "wamid", "hola", "Persona"] {
        assert!(!told.contains(personal), "`{personal}` is in the log:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_message_and_a_slow_turn_are_told_with_the_turn_although_the_trail_is_off() {
    let log = Log::begin("info");
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    app.says(&who, "hola").await;
    assert!(log.lines().iter().all(|line| line["target"] != "acuerdo::journey"), "{}", log.text());

    app.graph.script([Script::Refuse { http_status: 400, code: 131_026, details: "573005550003 is gone" }]);
    let wamid = app.wamid();
    let content = serde_json::json!({"type": "text", "text": {"body": "¿cuánto debo?"}});
    let value = meta::message(&who, &wamid, app.clock.now(), &content);
    assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
    app.clock.advance(Millis::seconds(6));
    app.drain().await;

    let lines = log.lines();
    let slow = lines.iter().find(|line| field(line, "message").starts_with("slow turn")).unwrap();
    assert!(slow["waited_ms"].as_i64().unwrap() >= 6_000, "{slow}");
    let refused = lines.iter().find(|line| line["message"] == "WhatsApp refused a message").unwrap();
    assert_eq!(field(slow, "turn.id"), field(refused, "turn.id"));
    assert!(!log.text().contains(DIANA), "{}", log.text());
}
