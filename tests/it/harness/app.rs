//! The whole application on a free port: signed webhooks in, the fake Graph API out, loops driven by hand.

use crate::harness::clock::{CountingRandom, FakeClock};
use crate::harness::graph_api::GraphApi;
use crate::harness::meta::{self, Who};
pub use crate::harness::webhook::{APP_SECRET, NUMBER, VERIFY};
use acuerdo::app::{App, Started, World};
use acuerdo::config::Settings;
use acuerdo::domain::ids::{LenderId, PhoneNumberId};
use acuerdo::domain::outbound::Outbound;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::flow::diagnostic::Diagnostic;
use acuerdo::flow::load::Loaded;
use acuerdo::ports::clock::Clock;
use acuerdo::ports::conversations::Conversation;
use acuerdo::ports::inbox::{Delivery, DeliveryItem};
use acuerdo::understand::Understander;
use acuerdo::whatsapp::client::http_client;
use acuerdo::whatsapp::inspect::OutgoingMessage;
use acuerdo::whatsapp::signature::AppSecrets;
use acuerdo::whatsapp::webhook;
use acuerdo::worker::supervisor::Supervisor;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use tokio_util::sync::CancellationToken;

pub const TOKEN: &str = "graph-token-of-the-tests";
/// A Saturday-free start: Monday 2026-11-23, 10:00 in Bogotá.
pub const START: &str = "2026-11-23T15:00:00Z";
/// More rounds than any conversation needs; reaching it means a loop that feeds itself.
const ROUNDS_MAX: u32 = 200;

pub struct TestApp {
    pub url: String,
    pub graph: GraphApi,
    pub clock: Arc<FakeClock>,
    pub started: Started,
    pub http: reqwest::Client,
    secrets: AppSecrets,
    server: actix_web::dev::ServerHandle,
    n_sent: AtomicU64,
    lines: Mutex<Vec<String>>,
    seen: Mutex<usize>,
    /// Somebody sent a file: until then nothing looks for one, so that a turn costs what it costs.
    files: AtomicBool,
    _folder: tempfile::TempDir,
    _supervisor: Supervisor,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

impl TestApp {
    /// On a fresh SQLite file, with the sample debts of both lenders.
    pub async fn new() -> Self {
        Self::at(Timestamp::parse_rfc3339(START).unwrap()).await
    }

    pub async fn at(now: Timestamp) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.sqlite").display());
        Self::on(&url, folder, now).await
    }

    /// On a fresh SQLite file, with the sample debts and these lines of settings.
    pub async fn with_extra(extra: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let flows = folder.path().join("flows");
        lay_out_flows(&flows);
        let (graph, url) = (GraphApi::start(TOKEN), folder.path().join("test.sqlite"));
        let settings = settings(&format!("sqlite:{}", url.display()), &flows, &graph.url, extra);
        let now = Timestamp::parse_rfc3339(START).unwrap();
        let app = Self::with(Settings::from_toml(&settings).unwrap(), graph, folder, now).await;
        app.import_samples().await;
        app
    }

    /// On this database, with the sample debts.
    pub async fn on(database_url: &str, folder: tempfile::TempDir, now: Timestamp) -> Self {
        Self::on_edited(database_url, folder, now, |_| ()).await
    }

    /// On this database, with the shipped flows as `edit` leaves them.
    pub async fn on_edited(
        database_url: &str,
        folder: tempfile::TempDir,
        now: Timestamp,
        edit: impl FnOnce(&Path),
    ) -> Self {
        let graph = GraphApi::start(TOKEN);
        lay_out_flows(&folder.path().join("flows"));
        edit(&folder.path().join("flows"));
        let settings = settings(database_url, &folder.path().join("flows"), &graph.url, "");
        let app = Self::with(Settings::from_toml(&settings).unwrap(), graph, folder, now).await;
        app.import_samples().await;
        app
    }

    /// With these settings and this Graph API, on whatever the database holds.
    pub async fn with(
        settings: Settings,
        graph: GraphApi,
        folder: tempfile::TempDir,
        now: Timestamp,
    ) -> Self {
        let clock = Arc::new(FakeClock::starting(now));
        let app = App::assemble(settings, world(clock.clone())).await.unwrap();
        let faces = app.faces();
        let mut supervisor = Supervisor::new();
        let started = app.start_inbox(&mut supervisor);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = actix_web::HttpServer::new(move || {
            let faces = faces.clone();
            actix_web::App::new()
                .wrap(actix_web::middleware::from_fn(acuerdo::http::closed_answers::closed_answers))
                .configure(move |cfg| faces.configure(cfg))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .unwrap()
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self {
            url,
            graph,
            clock,
            started,
            http: http_client(super::PATIENCE, super::PATIENCE).unwrap(),
            secrets: AppSecrets::new(&[SecretString::from(APP_SECRET)]).unwrap(),
            server: handle,
            n_sent: AtomicU64::new(0),
            lines: Mutex::default(),
            seen: Mutex::new(0),
            files: AtomicBool::new(false),
            _folder: folder,
            _supervisor: supervisor,
        }
    }

    /// Posts a signed body and returns the HTTP status.
    pub async fn deliver(&self, body: Vec<u8>) -> u16 {
        let signature = self.secrets.sign(&body);
        self.http
            .post(format!("{}/webhook", self.url))
            .header("x-hub-signature-256", signature)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    }

    /// A message of any type; everything that it causes is done when this returns.
    pub async fn sends(&self, who: &Who, content: &Value) -> String {
        self.sends_to(NUMBER, who, content).await
    }

    pub async fn sends_to(&self, number: &str, who: &Who, content: &Value) -> String {
        let wamid = self.wamid();
        let value = meta::message(who, &wamid, self.clock.now(), content);
        assert_eq!(self.deliver(meta::delivery(number, value)).await, 200);
        self.drain().await;
        wamid
    }

    pub async fn says(&self, who: &Who, text: &str) {
        self.line(format!("👤 {text}"));
        self.sends(who, &json!({"type": "text", "text": {"body": text}})).await;
        self.hear();
    }

    /// Taps the option with this title on the newest message that has it.
    pub async fn taps(&self, who: &Who, title: &str) {
        let content = self.tap_of(title).unwrap_or_else(|| {
            panic!("no message offers `{title}`; the chat so far:\n{}", self.transcript())
        });
        self.line(format!("👆 {title}"));
        self.sends(who, &content).await;
        self.hear();
    }

    /// The webhook content of a tap on `title`.
    pub fn tap_of(&self, title: &str) -> Option<Value> {
        self.graph.taken().iter().rev().find_map(|(wamid, sent)| {
            let (kind, id) = option_id(&sent.message, title)?;
            let reply = json!({"id": id, "title": title});
            Some(json!({
                "type": "interactive",
                "interactive": {"type": kind, kind: reply},
                "context": {"from": "576015550000", "id": wamid.as_str()},
            }))
        })
    }

    /// Moves the clock and lets whatever became due happen.
    pub async fn waits(&self, length: Millis) {
        self.clock.advance(length);
        self.line(format!("⏳ {} min", length.0 / 60_000));
        self.drain().await;
    }

    /// From now on files are fetched too.
    pub fn expect_files(&self) {
        self.files.store(true, Ordering::SeqCst);
    }

    /// Runs every loop until nothing is left to do.
    pub async fn drain(&self) {
        for _ in 0..ROUNDS_MAX {
            let now = self.clock.now();
            let mut busy = self.started.store.fire_timers(now, 100).await.unwrap() > 0;
            busy |= self.started.doubts.round().await.unwrap() > 0;
            let round = self.started.converse.round(16).await.unwrap();
            busy |= round.conversations > 0;
            if round.files > 0 {
                self.expect_files();
            }
            busy |= self.started.dispatch.round(16).await.unwrap() > 0;
            busy |= self.started.notices.statuses(100).await.unwrap() > 0;
            busy |= self.started.notices.others(100).await.unwrap() > 0;
            if self.files.load(Ordering::SeqCst)
                && let Some(media) = &self.started.media
            {
                busy |= media.round(&CancellationToken::new()).await.unwrap().claimed > 0;
            }
            self.started.handoff.upkeep().await.unwrap();
            if !busy {
                return;
            }
        }
        panic!("the application never came to rest");
    }

    /// What the person has read since the last call, one entry per message.
    pub fn hear(&self) -> Vec<String> {
        let taken = self.graph.taken();
        let mut seen = self.seen.lock().unwrap();
        let new: Vec<String> = taken[*seen..].iter().map(|(_, sent)| sent.message.readable()).collect();
        *seen = taken.len();
        for text in &new {
            self.line(format!("🤖 {}", text.replace('\n', "\n   ")));
        }
        new
    }

    /// The chat as both sides saw it.
    pub fn transcript(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    pub fn line(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }

    pub fn last(&self) -> OutgoingMessage {
        self.graph.taken().pop().expect("nothing was sent").1
    }

    pub async fn conversation(&self, who: &Who) -> Conversation {
        let identity = identity(who);
        let found = self.started.store.conversation_of(&PhoneNumberId::from(NUMBER), &identity).await;
        found.unwrap().expect("no conversation of this person")
    }

    pub fn wamid(&self) -> String {
        // With the time, so that a second application on the same database begins no id anew.
        format!("wamid.in.{}.{}", self.clock.now().0, self.n_sent.fetch_add(1, Ordering::SeqCst))
    }

    pub async fn import_samples(&self) {
        let policies = acuerdo::app::read_policies(&self.started.settings.flows_dir).unwrap();
        for lender in ["andino", "norte"] {
            let lender = LenderId::from(lender);
            acuerdo::cli::sample::import(&self.started.store, &lender, &policies, self.clock.now())
                .await
                .unwrap();
        }
    }
}

/// Every part of a process on a fresh file in `folder`, at [`START`]; nothing runs, and WhatsApp is away.
pub async fn assemble(folder: &Path) -> (App, Arc<FakeClock>) {
    let flows = folder.join("flows");
    lay_out_flows(&flows);
    let url = format!("sqlite:{}", folder.join("test.sqlite").display());
    let settings = Settings::from_toml(&settings(&url, &flows, "http://127.0.0.1:1", "")).unwrap();
    let clock = Arc::new(FakeClock::starting(Timestamp::parse_rfc3339(START).unwrap()));
    (App::assemble(settings, world(clock.clone())).await.unwrap(), clock)
}

fn world(clock: Arc<FakeClock>) -> World {
    World {
        clock,
        shares_clock: false,
        load_flows: load_once,
        random: Arc::new(CountingRandom::default()),
        understander: Some(understander()),
        sender: None,
    }
}

/// Loads each folder once for all tests of this process: what comes out depends on the files alone.
fn load_once(files: &BTreeMap<String, String>) -> Result<Loaded, Vec<Diagnostic>> {
    static LOADED: Mutex<BTreeMap<BTreeMap<String, String>, Loaded>> = Mutex::new(BTreeMap::new());
    let mut loaded = LOADED.lock().unwrap();
    if let Some(known) = loaded.get(files) {
        return Ok(known.clone());
    }
    let new = acuerdo::flow::load(files)?;
    loaded.insert(files.clone(), new.clone());
    Ok(new)
}

/// Stores a message of this person as the inbox would.
pub async fn stored(app: &App, who: &Who, wamid: &str, text: &str) {
    let content = json!({"type": "text", "text": {"body": text}});
    let received_at = app.clock.now();
    let body = meta::delivery(NUMBER, meta::message(who, wamid, received_at, &content));
    let item = webhook::parse(&body).unwrap().remove(0);
    let id = app.random.uuid(received_at);
    let item = DeliveryItem { id, lender: Some("andino".into()), dedupe_key: wamid.to_owned(), item };
    let delivery = Delivery { id, received_at, body, unreadable: None, items: vec![item] };
    app.store.accept(&[delivery]).await.unwrap();
}

/// Trained once for all tests of this process.
pub fn understander() -> Arc<Understander> {
    static SHARED: LazyLock<Arc<Understander>> =
        LazyLock::new(|| Arc::new(Understander::load(Path::new("flows/understanding")).unwrap()));
    SHARED.clone()
}

/// A settings file: two lenders, this database, this Graph API; `extra` are lines before the tables of lenders.
pub fn settings(database_url: &str, flows: &Path, graph_url: &str, extra: &str) -> String {
    format!(
        r#"
        database_url = "{database_url}"
        flows_dir = "{}"
        read_receipts = false
        whatsapp_app_secret = "{APP_SECRET}"
        whatsapp_verify_token = "{VERIFY}"
        whatsapp_graph_url = "{graph_url}"
        # The clock of most tests stands still, so that no token comes back.
        workers.sends_per_second = 10000
        {extra}
        [[lender]]
        id = "andino"
        access_token = "{TOKEN}"
        waba_id = "waba-andino"
        phone_number_ids = ["{NUMBER}"]
        checkout_secret = "checkout-secret-of-the-tests"
        [[lender]]
        id = "norte"
        access_token = "{TOKEN}"
        phone_number_ids = ["100000000000002"]
        "#,
        flows.display(),
    )
}

/// The shipped flows with the invented caps on interest, so that a refinancing is offered on any day.
pub fn lay_out_flows(target: &Path) {
    for part in ["", "locales", "policies"] {
        std::fs::create_dir_all(target.join(part)).unwrap();
        for entry in std::fs::read_dir(Path::new("flows").join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                std::fs::copy(&path, target.join(part).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    std::fs::copy("fixtures/demo/rate_caps.yaml", target.join("policies/rate_caps.yaml")).unwrap();
}

pub fn identity(who: &Who) -> acuerdo::domain::identity::WaIdentity {
    use acuerdo::domain::identity::{Bsuid, WaId, WaIdentity};
    let wa_id = who.wa_id.as_deref().and_then(WaId::parse);
    let bsuid = who.bsuid.as_deref().and_then(Bsuid::parse);
    WaIdentity::new(wa_id, bsuid).unwrap()
}

/// The kind of the answer that taps the option with this title, and its id.
pub fn option_id(message: &Outbound, title: &str) -> Option<(&'static str, String)> {
    let (id, _) = message.options().into_iter().find(|(_, shown)| *shown == title)?;
    let kind = if matches!(message, Outbound::Buttons { .. }) { "button_reply" } else { "list_reply" };
    Some((kind, id.to_owned()))
}
