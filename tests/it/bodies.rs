//! What anybody may send to the webhook without a secret, and what one tenant may sign about another.

use crate::harness::app::{NUMBER, TOKEN, TestApp, lay_out_flows, settings};
use crate::harness::graph_api::GraphApi;
use crate::harness::meta::{self, Who};
use acuerdo::config::Settings;
use acuerdo::domain::time::Timestamp;
use acuerdo::ports::clock::Clock;
use acuerdo::whatsapp::signature::AppSecrets;
use secrecy::SecretString;
use serde_json::json;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const BODY_MAX: usize = 3 * 1024 * 1024;

/// A request as these lines of its head, and what was answered to it before its body ended.
async fn head_alone(app: &TestApp, lines: &[String], begun: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    let head = format!("POST /webhook HTTP/1.1\r\nhost: x\r\n{}\r\n\r\n", lines.join("\r\n"));
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(begun).await.unwrap();
    let mut answer = vec![0; 64];
    let n = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer[..n]).into_owned()
}

fn signed_with(made_up: char) -> String {
    format!("x-hub-signature-256: sha256={}", made_up.to_string().repeat(64))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_refused_by_its_head_where_it_can_be() {
    let app = TestApp::new().await;
    let length = |n: usize| format!("content-length: {n}");
    let refused = [
        ("415", vec![length(1000), signed_with('0'), "content-encoding: gzip".to_owned()]),
        ("413", vec![length(BODY_MAX + 1), signed_with('0')]),
        ("401", vec![length(BODY_MAX)]),
        ("401", vec![length(BODY_MAX), "x-hub-signature-256: sha256=0011".to_owned()]),
    ];
    for (status, lines) in refused {
        let answer = head_alone(&app, &lines, b"").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{lines:?}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_stall_are_ended_and_leave_room_for_deliveries() {
    let app = TestApp::new().await;
    let begun = Instant::now();
    let (all_but_one, lines) =
        (vec![b' '; BODY_MAX - 1], [format!("content-length: {BODY_MAX}"), signed_with('0')]);
    let stalled = futures_util::future::join_all((0..40).map(|_| head_alone(&app, &lines, &all_but_one)));
    let delivered = async {
        let who = Who::phone("573005550003");
        let mut taken = 0_usize;
        for n in 0..10 {
            let content = json!({"type": "text", "text": {"body": "hola"}});
            let value = meta::message(&who, &format!("wamid.{n}"), app.clock.now(), &content);
            taken += usize::from(app.deliver(meta::delivery(NUMBER, value)).await == 200);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        taken
    };
    let (answers, taken) = tokio::join!(stalled, delivered);
    assert_eq!(taken, 10, "ordinary deliveries pass beside them");
    let ended = |status: &str| {
        answers.iter().filter(|answer| answer.starts_with(&format!("HTTP/1.1 {status}"))).count()
    };
    assert_eq!(ended("408") + ended("503"), 40, "{answers:?}");
    assert!(ended("503") > 0, "more than the budget holds is refused at once: {answers:?}");
    assert!(begun.elapsed() >= Duration::from_secs(10), "and the others when their time is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_tenant_signs_touches_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let flows = folder.path().join("flows");
    lay_out_flows(&flows);
    let graph = GraphApi::start(TOKEN);
    let url = format!("sqlite:{}", folder.path().join("test.sqlite").display());
    // The last table is that of the lender `norte`.
    let text = format!("{}app_secret = \"the app of norte\"\n", settings(&url, &flows, &graph.url, ""));
    let now = Timestamp::parse_rfc3339("2026-11-23T15:00:00Z").unwrap();
    let app = TestApp::with(Settings::from_toml(&text).unwrap(), graph, folder, now).await;
    let norte = AppSecrets::new(&[SecretString::from("the app of norte")]).unwrap();
    let content = json!({"type": "text", "text": {"body": "hola"}});
    let who = Who::phone("573005550003");
    let post = async |number: &str, wamid: &str| {
        let body = meta::delivery(number, meta::message(&who, wamid, app.clock.now(), &content));
        let request =
            app.http.post(format!("{}/webhook", app.url)).header("x-hub-signature-256", norte.sign(&body));
        let status = request.body(body).send().await.unwrap().status().as_u16();
        app.drain().await;
        (status, app.graph.taken().len())
    };
    assert_eq!(post(NUMBER, "wamid.theirs").await, (200, 0), "kept as foreign, and nobody is answered");
    assert_eq!(post("100000000000002", "wamid.own").await, (200, 1), "its own debtors are");
    let body = meta::delivery(NUMBER, meta::message(&who, "wamid.ours", app.clock.now(), &content));
    assert_eq!(app.deliver(body).await, 200);
    app.drain().await;
    assert_eq!(app.graph.taken().len(), 2, "the deployment's own key speaks of all");
}
