//! A process with `workers.loops = false`: it takes in webhooks and serves the desk, and another one does the work.

use crate::contract::backends;
use crate::contract_queue::{fresh_prefix, redis_url};
use crate::harness::PATIENCE;
use crate::harness::app::{TOKEN, lay_out_flows, settings};
use crate::harness::graph_api::GraphApi;
use crate::harness::load::import_people;
use crate::harness::people::wa_id;
use crate::harness::process::{PROGRAM, Server, free_address, serve};
use crate::harness::webhook::{Webhook, body_of, text};
use acuerdo::domain::ids::LenderId;
use acuerdo::ports::clock::Clock;
use acuerdo::system::{SystemClock, SystemRandom};
use acuerdo::whatsapp::client::http_client;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// Several times what an idle loop waits before it looks for the work of other processes.
const A_WHILE: Duration = Duration::from_secs(2);
/// `acuerdo serve` in a process of its own.
async fn started(folder: &Path, name: &str, text: &str) -> Server {
    let config = folder.join(name).with_extension("toml");
    std::fs::write(&config, text).unwrap();
    let address = free_address();
    let log = config.with_extension("log");
    let mut server = Server::spawn(serve(PROGRAM, &config, &address, &log), format!("http://{address}"));
    if let Err(ended) = server.ready().await {
        panic!("{name} ended with {ended}: {}", std::fs::read_to_string(&log).unwrap());
    }
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_without_loops_takes_in_and_serves_the_desk_while_another_answers() {
    let folder = tempfile::tempdir().unwrap();
    let flows = folder.path().join("flows");
    lay_out_flows(&flows);
    let understanding = std::path::absolute("flows/understanding").unwrap();
    std::os::unix::fs::symlink(understanding, flows.join("understanding")).unwrap();
    let bench = backends::postgres().await;
    import_people(&bench.store, &flows, 1, SystemClock.now()).await;
    let graph = GraphApi::start(TOKEN);
    let queue = format!("redis_url = \"{}\"\nredis_prefix = \"{}\"", redis_url(), fresh_prefix());
    let with = |extra: &str| settings(&bench.url, &flows, &graph.url, &format!("{queue}\n{extra}"));
    let mut intake = started(folder.path(), "intake", &with("workers.loops = false")).await;
    let webhook = Webhook::new();
    let says = async |at: usize, words: &str| {
        let body = body_of(&wa_id(0), &format!("wamid.{at}"), SystemClock.now(), &text(words));
        webhook.deliver(&intake.url, &body).await;
    };
    let pending = async || bench.store.backlog(SystemClock.now()).await.unwrap().pending_inputs;

    says(0, "hola").await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!((pending().await, graph.received().len()), (1, 0), "acknowledged, and left to the others");

    let mut works = started(folder.path(), "works", &with("")).await;
    graph.wait_for_taken(1, PATIENCE).await;
    says(1, "quiero hablar con un asesor").await;
    graph.wait_for_taken(2, PATIENCE).await;

    // The desk of the process without loops: a ticket that the other one put into the queue.
    let http = http_client(PATIENCE, PATIENCE).unwrap();
    let (store, lender) = (bench.store.as_ref(), LenderId::from("andino"));
    let added = acuerdo::cli::agent::add(store, &SystemRandom, SystemClock.now(), &lender, ("Luz", &[]));
    let shown = added.await.unwrap();
    let token = shown.lines().find_map(|line| line.strip_prefix("token")).unwrap().trim().to_owned();
    let post = async |path: &str, body: Value| {
        let request = http.post(format!("{}/api/v1/tickets/{path}", intake.url)).bearer_auth(&token);
        let answer = request.json(&body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap_or_default())
    };
    let begun = Instant::now();
    let (mut status, mut taken) = post("take-next", json!({})).await;
    while status == 204 && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(100)).await;
        (status, taken) = post("take-next", json!({})).await;
    }
    assert_eq!(status, 200, "{taken}");
    let ticket = taken["ticket"]["id"].as_str().unwrap();
    let words = json!({"text": "Buenas, soy Luz.", "idempotency_key": "k1"});
    let (status, answer) = post(&format!("{ticket}/messages"), words).await;
    assert_eq!(status, 202, "{answer}");
    let said = graph.wait_for_taken(3, PATIENCE).await;
    assert!(said[2].1.message.readable().contains("soy Luz"), "{:?}", said[2].1);

    works.kill();
    says(2, "¿sigue ahí?").await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!((pending().await, graph.taken().len()), (1, 3), "again nobody works");
    intake.kill();
    bench.drop_schema().await;
}
