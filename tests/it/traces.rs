//! One message is one trace, whoever does which part of it; and no collector can disturb a chat.

use crate::contract::backends;
use crate::harness::PATIENCE;
use crate::harness::app::{NUMBER, START, TOKEN, TestApp, lay_out_flows, settings};
use crate::harness::collector::{Collector, Seen, settings_for};
use crate::harness::graph_api::{GraphApi, Script};
use crate::harness::meta::{self, Who};
use crate::journey_log::Log;
use crate::store::memory::MemoryStore;
use acuerdo::config::Settings;
use acuerdo::domain::ids::{ConversationId, InboxId, LenderId};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::domain::trace::TraceId;
use acuerdo::ports::clock::Clock;
use acuerdo::ports::traces::{ExportFailed, Moment, Span, SpanExporter};
use acuerdo::service::traces::{Stage, Turned, traces};
use async_trait::async_trait;
use serde_json::json;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const DIANA: &str = "573005550003";
const INTRODUCED: &str = "hola, cuánto debo? soy Diana Hermenegilda 0303";
const WRITTEN: &str = "mi vecina Hermenegilda sabe que la cédula termina en 0303";

fn named<'a>(spans: &'a [Seen], name: &str) -> &'a Seen {
    spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("no span `{name}` in {spans:#?}"))
}

fn begins_below(child: &Seen, parent: &Seen) {
    assert_eq!(child.trace, parent.trace, "{child:#?}\n{parent:#?}");
    assert_eq!(child.parent, parent.id, "{child:#?}\n{parent:#?}");
    assert!(child.begin >= parent.begin, "{child:#?}\n{parent:#?}");
    assert!(child.end >= child.begin, "{child:#?}");
}

fn tells_nothing_personal(collector: &Collector) {
    let bytes = collector.bytes();
    for personal in [DIANA, "Hermenegilda", "0303", "wamid", "Diana", "Persona", TOKEN] {
        let found = bytes.windows(personal.len()).any(|part| part == personal.as_bytes());
        assert!(!found, "`{personal}` was exported:\n{}", String::from_utf8_lossy(&bytes));
    }
}

/// A message of ours, delivered: the callback data is what Meta gives back.
fn delivered(app: &TestApp, graph: &GraphApi) -> Vec<u8> {
    let sent = graph.received();
    let (wamid, body) = sent.iter().find_map(|one| Some((one.wamid.clone()?, &one.body))).unwrap();
    let callback = body["biz_opaque_callback_data"].as_str().unwrap();
    let told = meta::status(wamid.as_str(), "delivered", app.clock.now(), Some(callback), &[]);
    meta::delivery(NUMBER, told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_message_is_one_trace_from_webhook_to_delivery_and_tells_nothing_personal() {
    let log = Log::begin("info,acuerdo::journey=debug");
    let collector = Collector::start();
    let app = TestApp::with_extra(&collector.settings()).await;
    app.says(&Who::phone(DIANA), INTRODUCED).await;
    assert_eq!(app.deliver(delivered(&app, &app.graph)).await, 200);
    app.drain().await;

    let all = |spans: &[Seen]| spans.iter().any(|span| span.name == "status delivered");
    let spans = collector.spans_when("the status", all).await;
    let receive = named(&spans, "receive");
    let turn = named(&spans, "turn");
    let send = named(&spans, "send");
    assert_eq!(receive.parent, "", "the trace begins with the webhook");
    begins_below(turn, receive);
    begins_below(send, turn);
    begins_below(named(&spans, "status delivered"), send);
    for part in ["load", "understand", "step", "commit"] {
        begins_below(named(&spans, part), turn);
    }
    let asked = spans.iter().find(|span| span.name.starts_with("action "));
    begins_below(asked.expect("the turn asked who writes"), turn);
    assert!(turn.end >= named(&spans, "commit").end, "{spans:#?}");
    assert!(spans.iter().all(|span| span.trace == receive.trace && !span.failed), "{spans:#?}");
    assert_eq!(send.attributes["acuerdo.send.outcome"], "accepted");
    assert_eq!(send.attributes["messaging.system"], "whatsapp");

    // From the log to the trace and back.
    let committed = &log.with("input", &receive.attributes["messaging.message.id"])[1];
    assert_eq!(committed["trace.id"], receive.trace);
    assert_eq!(committed["turn.id"], turn.attributes["acuerdo.turn.id"]);
    assert_eq!(receive.attributes["messaging.message.id"].replace('-', ""), receive.trace);
    tells_nothing_personal(&collector);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trace_is_one_although_two_replicas_share_the_message() {
    let bench = backends::postgres().await;
    let collector = Collector::start();
    let replica = async |later: Millis| {
        let (folder, graph) = (tempfile::tempdir().unwrap(), GraphApi::start(TOKEN));
        let flows = folder.path().join("flows");
        lay_out_flows(&flows);
        let settings = settings(&bench.url, &flows, &graph.url, &collector.settings());
        let now = Timestamp::parse_rfc3339(START).unwrap().plus(later);
        TestApp::with(Settings::from_toml(&settings).unwrap(), graph, folder, now).await
    };
    // Ids of the tests begin with the time and count from there: another time, other ids.
    let (one, other) = (replica(Millis(0)).await, replica(Millis::seconds(1)).await);
    one.import_samples().await;

    let said = json!({"type": "text", "text": {"body": WRITTEN}});
    let message = meta::message(&Who::phone(DIANA), &one.wamid(), one.clock.now(), &said);
    assert_eq!(one.deliver(meta::delivery(NUMBER, message)).await, 200);
    assert_eq!(other.started.converse.round(16).await.unwrap().conversations, 1);
    one.clock.advance(Millis::seconds(2));
    assert_eq!(one.started.dispatch.round(16).await.unwrap(), 1);
    other.clock.advance(Millis::seconds(2));
    assert_eq!(other.deliver(delivered(&one, &one.graph)).await, 200);

    let all = |spans: &[Seen]| {
        ["receive", "turn", "send", "status delivered"]
            .iter()
            .all(|name| spans.iter().any(|span| span.name == *name))
    };
    let spans = collector.spans_when("all four stages", all).await;
    let (receive, turn) = (named(&spans, "receive"), named(&spans, "turn"));
    let (send, status) = (named(&spans, "send"), named(&spans, "status delivered"));
    begins_below(turn, receive);
    begins_below(send, turn);
    begins_below(status, send);
    assert_eq!(receive.instance, send.instance);
    assert_eq!(turn.instance, status.instance);
    assert_ne!(receive.instance, turn.instance);
    tells_nothing_personal(&collector);
    bench.drop_schema().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_over_several_messages_is_in_the_trace_of_the_first_and_links_the_others() {
    let collector = Collector::start();
    let app = TestApp::with_extra(&collector.settings()).await;
    let who = Who::phone(DIANA);
    for text in ["hola", "buenas tardes"] {
        let said = json!({"type": "text", "text": {"body": text}});
        let message = meta::message(&who, &app.wamid(), app.clock.now(), &said);
        assert_eq!(app.deliver(meta::delivery(NUMBER, message)).await, 200);
        app.clock.advance(Millis(10));
    }
    app.graph.script([Script::Refuse { http_status: 400, code: 131_026, details: "573005550003 is gone" }]);
    app.drain().await;

    let spans = collector.spans_when("a send", |spans| spans.iter().any(|span| span.name == "send")).await;
    let mut received: Vec<&Seen> = spans.iter().filter(|span| span.name == "receive").collect();
    received.sort_by_key(|span| span.begin);
    let turn = named(&spans, "turn");
    begins_below(turn, received[0]);
    assert_eq!(turn.links, [received[1].trace.clone()]);
    assert_eq!(turn.attributes["messaging.batch.message_count"], "2");
    let refused = named(&spans, "send");
    assert!(refused.failed, "{refused:#?}");
    assert_eq!(refused.attributes["acuerdo.graph.code"], "131026");
    tells_nothing_personal(&collector);
}

/// A port at which nobody listens.
fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn dropped(why: &str) -> u64 {
    let line = format!("acuerdo_trace_stages_dropped_total{{why=\"{why}\"}} ");
    let text = acuerdo::telemetry::metrics().render();
    text.lines().find_map(|found| found.strip_prefix(&line)).map_or(0, |n| n.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_collector_loses_no_message_and_is_counted() {
    let app = TestApp::with_extra(&settings_for(&nobody())).await;
    let who = Who::phone(DIANA);
    for text in ["hola", "quién eres", "0303"] {
        app.says(&who, text).await;
    }
    assert!(app.graph.taken().len() >= 3, "{}", app.transcript());
    let begun = std::time::Instant::now();
    while dropped("collector") == 0 {
        assert!(begun.elapsed() < PATIENCE, "nothing was given up");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn traces_are_off_by_default_and_one_in_many_is_followed_if_asked() {
    let collector = Collector::start();
    let app = TestApp::new().await;
    app.says(&Who::phone(DIANA), "hola").await;
    // Ids of the tests end in a counter, whose share of the 56 random bits is next to nothing: all are below.
    let rare = TestApp::with_extra(&format!("{}trace_one_in = 1000\n", collector.settings())).await;
    rare.says(&Who::phone(DIANA), "hola").await;
    let spans = collector.spans_when("a send", |spans| spans.iter().any(|span| span.name == "send")).await;
    assert_eq!(spans.iter().filter(|span| span.name == "receive").count(), 1);
}

#[derive(Default)]
struct Exporter {
    taken: Mutex<Vec<Span>>,
    hangs: bool,
}

#[async_trait]
impl SpanExporter for Exporter {
    async fn export(&self, spans: Vec<Span>) -> Result<(), ExportFailed> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        self.taken.lock().unwrap().extend(spans);
        Ok(())
    }
}

fn stage(n: u128) -> Stage {
    let input = InboxId(Uuid::from_u128(n));
    Stage::Turned(Box::new(Turned {
        trace: TraceId::of(input),
        turn: Uuid::from_u128(n),
        conversation: ConversationId(Uuid::from_u128(n)),
        lender: LenderId::from("andino"),
        inputs: vec![(input, true)],
        messages: 1,
        batch: 1,
        waited_ms: 3,
        begin: Moment(1),
        end: Moment(2),
        laps: Vec::new(),
        error: None,
    }))
}

#[tokio::test]
async fn a_shutdown_hands_over_what_is_queued() {
    let exporter = Arc::new(Exporter::default());
    let (tell, run) = traces(1, Arc::new(MemoryStore::default()), exporter.clone());
    (0..2_000).for_each(|n| tell.tell(stage(n)));
    let cancel = CancellationToken::new();
    cancel.cancel();
    run.run(cancel).await;
    assert_eq!(exporter.taken.lock().unwrap().len(), 2_000);
}

#[tokio::test]
async fn a_collector_that_hangs_fills_a_bounded_queue_and_holds_up_no_shutdown() {
    acuerdo::telemetry::metrics();
    let exporter = Arc::new(Exporter { hangs: true, ..Exporter::default() });
    let (tell, run) = traces(1, Arc::new(MemoryStore::default()), exporter);
    let cancel = CancellationToken::new();
    let running = tokio::spawn(run.run(cancel.clone()));
    tell.tell(stage(0));
    tokio::time::sleep(Duration::from_secs(2)).await;
    (0..20_000).for_each(|n| tell.tell(stage(n)));
    let lost = dropped("queue");
    assert!((10_000..20_000).contains(&lost), "{lost}");

    cancel.cancel();
    tokio::time::timeout(PATIENCE, running).await.expect("the shutdown waits").unwrap();
    assert_eq!(dropped("shutdown"), 20_001 - lost);
}

#[test]
fn an_endpoint_that_is_none_is_refused_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let flows = folder.path().join("flows");
    lay_out_flows(&flows);
    let database = format!("sqlite:{}", folder.path().join("new.sqlite").display());
    let config = folder.path().join("acuerdo.toml");
    let extra = settings_for("https://someone:markedKey@collector");
    std::fs::write(&config, settings(&database, &flows, "http://127.0.0.1:1", &extra)).unwrap();
    let served = Command::new(env!("CARGO_BIN_EXE_acuerdo"))
        .args(["serve", "--config"])
        .arg(&config)
        .env("ACUERDO_BIND", "127.0.0.1:0")
        .output()
        .unwrap();
    assert!(!served.status.success());
    let told = String::from_utf8(served.stderr).unwrap();
    assert!(told.contains("telemetry.otlp_endpoint (ACUERDO_OTLP_ENDPOINT)"), "{told}");
    assert!(!told.contains("markedKey"), "{told}");
    assert!(!folder.path().join("new.sqlite").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_asks_the_collector() {
    let collector = Collector::start();
    let folder = tempfile::tempdir().unwrap();
    let doctor = async |endpoint: String| {
        let url = format!("sqlite:{}", folder.path().join("doctor.sqlite").display());
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_acuerdo"));
        command.args(["doctor", "--deep", "--json"]).env("DATABASE_URL", url);
        command.env("ACUERDO_OTLP_ENDPOINT", endpoint).env("ACUERDO_TRACE_ONE_IN", "7");
        let out = command.output().await.unwrap();
        let lines: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        lines.as_array().unwrap().iter().find(|line| line["what"] == "traces").cloned().unwrap()
    };
    assert_eq!(doctor(collector.url.clone()).await["level"], "ok");
    assert_eq!(collector.requests(), 1);
    assert_eq!(doctor(nobody()).await["level"], "warn");
    assert_eq!(doctor("collector".to_owned()).await["level"], "fail");
}
