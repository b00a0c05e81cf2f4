//! Many people at once against processes whose loops run for real.

use crate::harness::app::{APP_SECRET, NUMBER, settings, understander};
use crate::harness::meta::{self, Who};
use acuerdo::app::{App, World, read_policies};
use acuerdo::config::Settings;
use acuerdo::debts::{self, ImportContext};
use acuerdo::domain::ids::LenderId;
use acuerdo::domain::time::{Timestamp, Zone};
use acuerdo::ports::Store;
use acuerdo::ports::clock::{Clock, Random};
use acuerdo::system::{SystemClock, SystemRandom};
use acuerdo::whatsapp::client::http_client;
use acuerdo::whatsapp::signature::AppSecrets;
use acuerdo::worker::supervisor::Supervisor;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::fmt::Write;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Messages of [`script`].
pub const SCRIPT_LEN: usize = 4;
/// What a person of [`import_people`] owes.
pub const OWED: &str = "$432.350";
/// A message that is not acknowledged by then never will be.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn wa_id(n: usize) -> String {
    format!("57310{n:07}")
}

/// Greeting, identity in two answers, balance.
pub fn script(n: usize) -> [String; SCRIPT_LEN] {
    let last4 = format!("{:04}", n % 10_000);
    ["hola".to_owned(), last4, "25 de julio".to_owned(), "cuanto debo".to_owned()]
}

pub fn text(body: &str) -> Value {
    json!({"type": "text", "text": {"body": body}})
}

/// `n` people of the lender Andino, 20 days late, all with the same debt and the same end of its number, so that
/// their chats read alike.
pub async fn import_people(store: &Arc<dyn Store>, flows: &Path, n: usize, now: Timestamp) {
    let sample = std::fs::read_to_string("fixtures/demo/andino.csv").unwrap();
    let mut csv = format!("{}\n", sample.lines().next().unwrap());
    for n in 0..n {
        writeln!(
            csv,
            "andino,L-{n},Diana Carolina Mejía Soto,Diana,CC,{},1992-07-25,es,+{},L-{n}-5003,credito_consumo,\
             Crédito de libre inversión,active,COP,D,358200,64300,9850,0,4725000,D-20,D+10,432350,24.36%,,",
            1_020_000_000 + n,
            wa_id(n),
        )
        .unwrap();
    }
    let policies = read_policies(flows).unwrap();
    let lender = LenderId::from("andino");
    let zone: Zone = policies.policy(&lender).unwrap().zone.clone();
    let file = debts::parse(csv.as_bytes(), &ImportContext { now, zone }).all_or_nothing().unwrap();
    store.import(&lender, &file.persons, &file.obligations, now).await.unwrap();
}

/// Meta's side of the webhook: signs, and tries again until it is acknowledged.
#[derive(Clone)]
pub struct Webhook {
    http: reqwest::Client,
    secrets: Arc<AppSecrets>,
}

impl Webhook {
    pub fn new() -> Self {
        Self {
            http: http_client(Duration::from_secs(2), Duration::from_secs(20)).unwrap(),
            secrets: Arc::new(AppSecrets::new(&[SecretString::from(APP_SECRET)]).unwrap()),
        }
    }

    /// One attempt: true when it was acknowledged.
    pub async fn post(&self, url: &str, body: Vec<u8>) -> bool {
        let signature = self.secrets.sign(&body);
        let request = self.http.post(format!("{url}/webhook"));
        let request =
            request.header("x-hub-signature-256", signature).header("content-type", "application/json");
        request.body(body).send().await.is_ok_and(|answer| answer.status() == 200)
    }

    /// Until it is acknowledged.
    pub async fn deliver(&self, url: &str, body: &[u8]) {
        let attempts = async {
            while !self.post(url, body.to_vec()).await {
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
        };
        tokio::time::timeout(PATIENCE, attempts).await.expect("a delivery was never acknowledged");
    }
}

/// A webhook body with one message of `wa_id`.
pub fn body_of(wa_id: &str, wamid: &str, at: Timestamp, content: &Value) -> Vec<u8> {
    meta::delivery(NUMBER, meta::message(&Who::phone(wa_id), wamid, at, content))
}

/// Time that runs as in the real world, from another start.
pub struct ShiftedClock(pub i64);

impl ShiftedClock {
    pub fn starting(at: Timestamp) -> Self {
        Self(at.0 - SystemClock.now().0)
    }
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        Timestamp(SystemClock.now().0 + self.0)
    }
}

/// One process of a deployment: server and loops as `acuerdo serve` runs them.
pub struct Replica {
    pub url: String,
    server: actix_web::dev::ServerHandle,
    supervisor: Supervisor,
}

impl Replica {
    /// `database` and `extra` are lines of the settings file; `clock` may be shared with other replicas.
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Self {
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let world = World { clock, random, understander: Some(understander()), sender: None };
        let app = App::assemble(settings, world).await.unwrap();
        let faces = app.faces();
        let mut supervisor = Supervisor::new();
        let started = app.start_inbox(&mut supervisor);
        started.start_loops(&mut supervisor);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = actix_web::HttpServer::new(move || {
            let faces = faces.clone();
            actix_web::App::new()
                .wrap(actix_web::middleware::from_fn(acuerdo::http::request_id::with_request_id))
                .configure(move |cfg| faces.configure(cfg))
        })
        .workers(2)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, server: handle, supervisor }
    }

    pub async fn stop(self) {
        self.server.stop(true).await;
        assert!(self.supervisor.shut_down(Duration::from_secs(20)).await, "a loop did not end");
    }
}

/// Settings of a process on this database that talks to this Graph API; `extra` are more lines of TOML.
pub fn settings_on(database_url: &str, flows: &Path, graph_url: &str, extra: &str) -> Settings {
    Settings::from_toml(&settings(database_url, flows, graph_url, extra)).unwrap()
}
