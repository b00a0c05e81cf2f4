//! What fails for good hurts nobody else: the person gets a human, the operator a dead letter, and both can go on.

use crate::harness::app::{NUMBER, START, TestApp, assemble, settings, stored, understander};
use crate::harness::load::world;
use crate::harness::meta::{self, Who};
use acuerdo::cli::dead::{DeadCommand, run_in};
use acuerdo::config::Settings;
use acuerdo::domain::ids::LenderId;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::clock::Clock;
use acuerdo::ports::dead_letters::DeadTurn;
use acuerdo::service::converse::{AgentAvailability, Converse, ConverseParts};
use clap::Parser;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

const ANA: &str = "573005550001";
const DIANA: &str = "573005550003";

/// The application with a way into its file, and its settings for the command line.
struct Bench {
    app: TestApp,
    file: PathBuf,
    settings: Settings,
}

/// What an operator writes after `acuerdo`.
#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: DeadCommand,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dead.sqlite");
        let url = format!("sqlite:{}", file.display());
        let flows = folder.path().join("flows");
        let app = TestApp::on(&url, folder, Timestamp::parse_rfc3339(START).unwrap()).await;
        let settings = Settings::from_toml(&settings(&url, &flows, &app.graph.url, "")).unwrap();
        Self { app, file, settings }
    }

    /// What an operator's mistake or a bug would do.
    async fn sql(&self, statement: String) {
        let options = SqliteConnectOptions::new().filename(&self.file).busy_timeout(Duration::from_secs(5));
        let mut connection: SqliteConnection = options.connect().await.unwrap();
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }

    /// The command on connections of its own and at the application's time; what it says, and whether it ends with 0.
    async fn dead(&self, arguments: &[&str]) -> (bool, String) {
        let Line { command } = Line::try_parse_from([&["dead"], arguments].concat()).unwrap();
        let mut told = String::new();
        let world = world(self.app.clock.clone(), false);
        match run_in(&self.settings, world, command, &mut told).await {
            Ok(all_well) => (all_well, told),
            Err(error) => (false, format!("{told}{error:#}")),
        }
    }

    async fn turns(&self) -> Vec<DeadTurn> {
        self.app.started.store.dead_turns(10).await.unwrap()
    }

    async fn id_of(&self, who: &Who) -> String {
        self.app.conversation(who).await.id.0.simple().to_string()
    }

    async fn open(&self) -> u64 {
        self.app.started.store.backlog(self.app.clock.now()).await.unwrap().dead_letters
    }

    async fn posts(&self, who: &Who, text: &str) {
        let content = json!({"type": "text", "text": {"body": text}});
        let value = meta::message(who, &self.app.wamid(), self.app.clock.now(), &content);
        assert_eq!(self.app.deliver(meta::delivery(NUMBER, value)).await, 200);
    }
}

fn heard(app: &TestApp) -> String {
    app.hear().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_that_fails_for_good_goes_to_a_person_and_to_the_operator() {
    let bench = Bench::new().await;
    let (app, ana, diana) = (&bench.app, Who::phone(ANA), Who::phone(DIANA));
    app.says(&ana, "hola").await;
    let before = app.conversation(&ana).await;
    let id = bench.id_of(&ana).await;
    bench
        .sql(format!("UPDATE conversations SET session = json_set(session, '$.v', 99) WHERE id = x'{id}'"))
        .await;
    assert_eq!(
        bench.dead(&["list"]).await,
        (true, "no dead letters: every turn and every delivery was worked off\n".into())
    );

    app.says(&ana, "quiero pagar ya").await;
    app.waits(Millis::seconds(1)).await;
    assert!(app.hear().is_empty() && bench.turns().await.is_empty(), "two failures may still pass");
    app.says(&diana, "hola").await;
    assert!(!app.transcript().contains("una persona de"), "{}", app.transcript());
    app.waits(Millis::seconds(4)).await;
    assert!(heard(app).contains("una persona de"), "{}", app.transcript());
    assert_eq!(bench.open().await, 1);

    let turns = bench.turns().await;
    let [dead] = turns.as_slice() else { panic!("{turns:?}") };
    assert_eq!((dead.turn.cause.as_str(), dead.turn.failures), ("session_unreadable", 3));
    assert_eq!((dead.conversation, dead.turn.inputs.len()), (before.id, 1));
    let after = app.conversation(&ana).await;
    assert_eq!((after.person, after.ticket), (before.person, dead.turn.ticket));
    let andino = LenderId::from("andino");
    let ticket = app.started.store.ticket(&andino, dead.turn.ticket.unwrap()).await.unwrap().unwrap();
    assert_eq!((ticket.reason.as_str(), ticket.queue.as_str()), ("technical_failure", "cobranzas"));
    // The agent reads what was never answered; the bot is silent; others go on.
    let events = app.started.store.events(after.id, 0, 100).await.unwrap();
    let aside = events.iter().find(|(_, event)| event.kind == "set_aside").unwrap();
    assert_eq!(aside.1.body.tree().pointer("/input/said/body").unwrap(), "quiero pagar ya");
    app.says(&ana, "¿hay alguien?").await;
    app.waits(Millis::minutes(5)).await;
    assert!(app.hear().is_empty());
    assert_eq!(app.started.store.backlog(app.clock.now()).await.unwrap().pending_inputs, 0);

    told_and_retried(&bench, dead.turn.id).await;
    app.drain().await;
    assert!(app.hear().is_empty(), "the agent has the chat still");
    let again = app.started.store.events(after.id, 0, 100).await.unwrap();
    let inputs =
        again.iter().filter(|(_, event)| event.kind == "input" && event.body.as_str().contains("pagar ya"));
    assert_eq!(inputs.count(), 1, "the turn over it has run now");
}

async fn told_and_retried(bench: &Bench, id: Uuid) {
    let id = id.to_string();
    let (ok, table) = bench.dead(&["list"]).await;
    assert!(ok && table.contains(&id) && table.contains("session_unreadable"), "{table}");
    let (_, json) = bench.dead(&["list", "--json"]).await;
    let letters: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((letters[0]["id"].as_str(), letters[0]["kind"].as_str()), (Some(id.as_str()), Some("turn")));
    let (ok, shown) = bench.dead(&["show", &id]).await;
    assert!(ok && shown.contains("newer program") && shown.contains("failures      3"), "{shown}");
    assert!(![table, json, shown].iter().any(|text| text.contains("pagar") || text.contains(ANA)));

    let unknown = Uuid::nil().to_string();
    let (ok, why) = bench.dead(&["show", &unknown]).await;
    assert!(!ok && why.contains("acuerdo dead list"), "{why}");
    let (ok, done) = bench.dead(&["retry", &id]).await;
    assert!(ok && done.contains("1 input(s) are back"), "{done}");
    assert!(!bench.dead(&["retry", &id]).await.0, "once");
    assert_eq!(bench.open().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_cannot_be_written_spoils_no_neighbour() {
    let bench = Bench::new().await;
    let (app, ana, diana) = (&bench.app, Who::phone(ANA), Who::phone(DIANA));
    app.says(&ana, "hola").await;
    app.says(&diana, "hola").await;
    let id = bench.id_of(&ana).await;
    bench
        .sql(format!(
            "CREATE TRIGGER bad BEFORE INSERT ON events WHEN NEW.conversation_id = x'{id}' AND NEW.body LIKE '%\"kind\":\"input\"%'
             BEGIN SELECT RAISE(ABORT, 'no'); END"
        ))
        .await;
    bench.posts(&ana, "menu").await;
    bench.posts(&diana, "menu").await;
    let sent = app.graph.taken().len();
    app.drain().await;
    let taken = app.graph.taken();
    let to: Vec<_> =
        taken[sent..].iter().map(|(_, sent)| sent.to.wa_id.as_ref().unwrap().expose().to_owned()).collect();
    assert!(!to.is_empty() && to.iter().all(|to| to == DIANA), "{to:?}");
    let backlog = app.started.store.backlog(app.clock.now()).await.unwrap();
    assert_eq!((backlog.pending_inputs, backlog.dead_letters), (1, 0), "only the bad one waits");
    app.waits(Millis::seconds(1)).await;
    app.waits(Millis::seconds(4)).await;
    assert_eq!(bench.turns().await[0].turn.cause, "store_failed");
    assert!(app.conversation(&ana).await.ticket.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_nobody_could_read_is_read_again_once_it_can_be() {
    let bench = Bench::new().await;
    let (app, ana) = (&bench.app, Who::phone(ANA));
    assert_eq!(app.deliver(b"{not json".to_vec()).await, 400);
    assert_eq!(bench.open().await, 1);
    let (ok, list) = bench.dead(&["list"]).await;
    assert!(ok && list.contains("unreadable_delivery") && list.contains("9 bytes"), "{list}");
    let (ok, still) = bench.dead(&["retry", "--all"]).await;
    assert!(!ok && still.contains("still cannot be read"), "{still}");

    // A later program understands what this one did not.
    let content = json!({"type": "text", "text": {"body": "hola"}});
    let body = meta::delivery(NUMBER, meta::message(&ana, "wamid.late", app.clock.now(), &content));
    bench
        .sql(format!("UPDATE deliveries SET body = x'{}' WHERE unreadable IS NOT NULL", hex::encode(body)))
        .await;
    let (ok, done) = bench.dead(&["retry", "--all"]).await;
    assert!(ok && done.contains("1 update(s) stored"), "{done}");
    app.drain().await;
    assert!(!app.hear().is_empty(), "answered");
    assert_eq!(bench.open().await, 0);
    assert_eq!(bench.dead(&["retry", "--all"]).await, (true, "no dead letters: nothing to retry\n".into()));
}

/// A part that breaks in the middle of each turn.
struct Breaks;

#[async_trait::async_trait]
impl AgentAvailability for Breaks {
    async fn waiting(&self, _lender: &LenderId) -> u64 {
        panic!("as a bug would")
    }
}

#[tokio::test]
async fn a_turn_that_panics_is_set_aside_too() {
    let folder = tempfile::tempdir().unwrap();
    let (app, clock) = assemble(folder.path()).await;
    let parts = ConverseParts {
        store: app.store.clone(),
        flows: app.library.clone(),
        lenders: app.lenders.clone(),
        understander: understander(),
        clock: clock.clone(),
        availability: Arc::new(Breaks),
    };
    let converse = Converse::new(parts, None);
    stored(&app, &Who::phone(ANA), "wamid.1", "hola").await;
    for wait in [1, 4, 16] {
        assert_eq!(converse.round(8).await.unwrap().failed, 1);
        clock.advance(Millis::seconds(wait));
    }
    assert_eq!(converse.round(8).await.unwrap().conversations, 0, "nothing is left to try");
    let turns = app.store.dead_turns(10).await.unwrap();
    assert_eq!(turns.iter().map(|dead| dead.turn.cause.as_str()).collect::<Vec<_>>(), ["panic"]);
    assert!(!turns[0].turn.detail.contains("as a bug would"), "a panic may quote what the person wrote");
    let queued = app.store.sent_messages(turns[0].conversation, 10).await.unwrap();
    assert!(queued[0].content.readable().contains("una persona de"), "{queued:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_input_of_another_program_waits_for_it_and_not_its_chat() {
    let bench = Bench::new().await;
    let (app, ana) = (&bench.app, Who::phone(ANA));
    bench.posts(&ana, "hola").await;
    let named = |kind: &str| format!("UPDATE inputs SET body = json_set(body, '$.kind', '{kind}')");
    bench.sql(named("from_the_future")).await;
    app.drain().await;
    app.waits(Millis::seconds(1)).await;
    app.waits(Millis::seconds(4)).await;
    let dead = bench.turns().await.remove(0);
    assert_eq!((dead.turn.cause.as_str(), dead.turn.inputs.len()), ("input_unreadable", 1));
    assert!(dead.turn.detail.contains(&dead.turn.inputs[0].to_string()), "{}", dead.turn.detail);
    assert!(heard(app).contains("una persona de") && app.conversation(&ana).await.ticket.is_some());

    bench.sql(named("message")).await;
    assert!(bench.dead(&["retry", &dead.turn.id.to_string()]).await.0);
    app.drain().await;
    let events = app.started.store.events(dead.conversation, 0, 100).await.unwrap();
    assert!(events.iter().any(|(_, event)| event.kind == "input"), "read now");
    assert_eq!(bench.open().await, 0);
}
