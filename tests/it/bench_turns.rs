//! Full turns per second of the whole application: signed webhook → durable turn → reply at the Graph API.
//!
//! Run by `scripts/bench-turns` in the release profile; it measures and judges nothing but completeness.

use crate::contract::backends::{self, Bench};
use crate::harness::app::lay_out_flows;
use crate::harness::load::{
    Replica, SCRIPT_LEN, Webhook, body_of, import_people, run_id, script, settings_on, text, wa_id,
};
use actix_web::{App, HttpResponse, HttpServer, web};
use acuerdo::ports::clock::Clock;
use acuerdo::system::SystemClock;
use serde::Deserialize;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// People to whom chats are given, one after the other; more than any machine serves in [`OPEN`].
const PEOPLE: usize = 12_000;
/// How long new messages are sent.
const OPEN: Duration = Duration::from_secs(10);
/// Before it is measured: connections, caches, statements.
const WARM: Duration = Duration::from_secs(2);
const PATIENCE: Duration = Duration::from_secs(30);

/// What reached a person: how many messages, and when the newest came.
type Heard = Arc<Vec<(Mutex<(usize, Instant)>, tokio::sync::Notify)>>;

/// As cheap as a Graph API can be: reads the address, answers an id.
struct Graph {
    url: String,
    heard: Heard,
    server: actix_web::dev::ServerHandle,
}

#[derive(Deserialize)]
struct Sent {
    to: String,
}

impl Graph {
    fn start() -> Self {
        let silence = || (Mutex::new((0, Instant::now())), tokio::sync::Notify::new());
        let heard: Heard = Arc::new((0..PEOPLE).map(|_| silence()).collect());
        let data = web::Data::new((heard.clone(), AtomicUsize::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = HttpServer::new(move || {
            App::new().app_data(data.clone()).route("/{version}/{id}/messages", web::post().to(take))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, heard, server: handle }
    }
}

async fn take(sent: web::Json<Sent>, data: web::Data<(Heard, AtomicUsize)>) -> HttpResponse {
    let (heard, n_taken) = data.as_ref();
    let n: usize = sent.to[sent.to.len() - 7..].parse().unwrap();
    {
        let mut entry = heard[n].0.lock().unwrap();
        *entry = (entry.0 + 1, Instant::now());
    }
    heard[n].1.notify_one();
    let id = n_taken.fetch_add(1, Ordering::Relaxed);
    HttpResponse::Ok().json(serde_json::json!({
        "messaging_product": "whatsapp",
        "contacts": [{"input": sent.to, "wa_id": sent.to.trim_start_matches('+')}],
        "messages": [{"id": format!("wamid.BENCH{id}")}],
    }))
}

/// What the phones share.
struct Street {
    webhook: Webhook,
    url: String,
    run: String,
    heard: Heard,
    next: AtomicUsize,
    begun: Instant,
    acknowledged: AtomicUsize,
    /// From the sending of the webhook to the reply's arrival at the Graph API.
    replies: Mutex<Vec<Duration>>,
}

impl Street {
    /// One chat after the other, each message after the answer to the one before.
    async fn phone(&self) {
        while self.begun.elapsed() < WARM + OPEN {
            let n = self.next.fetch_add(1, Ordering::Relaxed);
            assert!(n < PEOPLE, "more chats than people: raise PEOPLE");
            for (step, line) in script(n).iter().enumerate() {
                self.turn(n, step, line).await;
            }
        }
    }

    async fn turn(&self, n: usize, step: usize, line: &str) {
        let wamid = format!("wamid.{}.{n}.{step}", self.run);
        let body = body_of(&wa_id(n), &wamid, SystemClock.now(), &text(line));
        let sent = Instant::now();
        self.webhook.deliver(&self.url, &body).await;
        let counts = |at: Instant| at - self.begun > WARM && at - self.begun <= WARM + OPEN;
        if counts(Instant::now()) {
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
        }
        let (entry, arrived) = &self.heard[n];
        let answered = async {
            loop {
                let (n_heard, at) = *entry.lock().unwrap();
                if n_heard > step {
                    return at;
                }
                arrived.notified().await;
            }
        };
        let at = tokio::time::timeout(PATIENCE, answered).await.expect("a message was not answered");
        if counts(at) {
            self.replies.lock().unwrap().push(at - sent);
        }
    }
}

async fn measure(name: &str, bench: &Bench, n_phones: usize) -> String {
    let folder = tempfile::tempdir().unwrap();
    let flows = folder.path().join("flows");
    lay_out_flows(&flows);
    let graph = Graph::start();
    import_people(&bench.store, &flows, PEOPLE, SystemClock.now()).await;
    let quick = "workers = { sends_per_second = 100000 }";
    let settings = settings_on(&bench.url, &flows, &graph.url, quick);
    let replica = Replica::start(settings, Arc::new(SystemClock)).await;
    let street = Arc::new(Street {
        webhook: Webhook::new(),
        url: replica.url.clone(),
        run: run_id(),
        heard: graph.heard.clone(),
        next: AtomicUsize::new(0),
        begun: Instant::now(),
        acknowledged: AtomicUsize::new(0),
        replies: Mutex::default(),
    });
    let phones: Vec<_> = (0..n_phones)
        .map(|_| {
            let street = street.clone();
            tokio::spawn(async move { street.phone().await })
        })
        .collect();
    for phone in phones {
        phone.await.unwrap();
    }
    replica.stop().await;
    graph.server.stop(false).await;
    let n_chats = street.next.load(Ordering::Relaxed);
    let n_heard: usize = graph.heard.iter().map(|(entry, _)| entry.lock().unwrap().0).sum();
    assert_eq!(n_heard, n_chats * SCRIPT_LEN, "one reply to each message");
    let mut replies = street.replies.lock().unwrap().clone();
    replies.sort_unstable();
    let at = |percent: usize| replies[(replies.len() - 1) * percent / 100].as_micros();
    let ms = |micros: u128| format!("{}.{}", micros / 1_000, micros % 1_000 / 100);
    let seconds = usize::try_from(OPEN.as_secs()).unwrap();
    format!(
        "{name:<11} {n_phones:>6} {:>14} {:>8} {:>13} {:>13}",
        street.acknowledged.load(Ordering::Relaxed) / seconds,
        replies.len() / seconds,
        ms(at(50)),
        ms(at(99)),
    )
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures for half a minute: scripts/bench-turns"]
#[expect(clippy::print_stdout, reason = "the table is the result")]
async fn full_turns_per_second() {
    let mut rows = Vec::new();
    for n_phones in [16, 128] {
        let sqlite = backends::sqlite().await;
        rows.push(measure("SQLite", &sqlite, n_phones).await);
        let postgres = backends::postgres().await;
        rows.push(measure("PostgreSQL", &postgres, n_phones).await);
        postgres.drop_schema().await;
    }
    let cores = std::thread::available_parallelism().unwrap();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("\n{cores} cores, load average {}", load.trim());
    println!("database    chats  acknowledged/s  turns/s  reply p50 ms  reply p99 ms");
    for row in rows {
        println!("{row}");
    }
}
