//! What has served goes by itself, after the people's work, and nothing that anybody needs.

use crate::harness::app::{NUMBER, START, TestApp, settings};
use crate::harness::meta::{self, Who};
use crate::harness::process::{PROGRAM, acuerdo};
use acuerdo::app;
use acuerdo::config::Settings;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::clock::Clock;
use acuerdo::ports::retention::{Act, Aged};
use acuerdo::service::retention::Round;
use serde_json::json;
use std::path::PathBuf;
use std::process::Output;

const ANA: &str = "573005550001";
const DIANA: &str = "573005550003";

struct Bench {
    app: TestApp,
    config: PathBuf,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("acuerdo.toml");
        let url = format!("sqlite:{}", folder.path().join("old.sqlite").display());
        let flows = folder.path().join("flows");
        let app = TestApp::on(&url, folder, Timestamp::parse_rfc3339(START).unwrap()).await;
        std::fs::write(&config, settings(&url, &flows, &app.graph.url, "")).unwrap();
        Self { app, config }
    }

    fn command(&self, arguments: &[&str]) -> (bool, String) {
        let mut command = acuerdo(PROGRAM, &self.config, &["retention"]);
        let Output { status, stdout, stderr } = command.args(arguments).output().unwrap();
        (status.success(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
    }

    /// Rounds as the loop makes them, until a sweep is done.
    async fn sweep(&self) {
        for _ in 0..100 {
            if self.app.started.retention.round().await.unwrap() == Round::Done {
                return;
            }
        }
        panic!("a sweep of so few rows ends");
    }

    async fn old(&self, kind: Aged) -> u64 {
        self.app.started.retention.whole(kind, Act::Look).await.unwrap().removed
    }
}

async fn story(app: &TestApp, who: &Who) -> (usize, usize) {
    let chat = app.conversation(who).await.id;
    let events = app.started.store.events(chat, 0, 500).await.unwrap().len();
    (events, app.started.store.sent_messages(chat, 500).await.unwrap().len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_month_updates_are_gone_and_the_story_is_whole() {
    let bench = Bench::new().await;
    let (app, ana) = (&bench.app, Who::phone(ANA));
    app.says(&ana, "hola").await;
    let told = story(app, &ana).await;
    assert!(told.0 > 0 && told.1 > 0, "{told:?}");
    assert_eq!(bench.old(Aged::Deliveries).await, 0);

    app.clock.advance(Millis::days(31));
    app.drain().await;
    assert!(bench.old(Aged::Deliveries).await > 0 && bench.old(Aged::Inputs).await > 0);
    bench.sweep().await;
    for kind in Aged::ALL {
        assert_eq!(bench.old(kind).await, 0, "{kind:?}");
    }
    let whole = story(app, &ana).await;
    assert!(whole.0 >= told.0 && whole.1 >= told.1, "{whole:?}");
    app.says(&ana, "hola").await;
    assert!(app.transcript().lines().count() > 2, "the chat goes on: {}", app.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_three_years_the_log_of_an_ended_chat_goes_and_the_chat_can_begin_again() {
    let bench = Bench::new().await;
    let (app, ana) = (&bench.app, Who::phone(ANA));
    app.says(&ana, "hola").await;
    // Its timers fire and end.
    app.waits(Millis::days(2)).await;
    app.clock.advance(Millis::days(1_100));
    app.drain().await;
    app.clock.advance(Millis::days(1_100));
    bench.sweep().await;
    assert_eq!(story(app, &ana).await, (0, 0));
    app.says(&ana, "hola").await;
    let again = story(app, &ana).await;
    assert!(again.0 > 0 && again.1 > 0, "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_removed_while_somebody_waits() {
    let bench = Bench::new().await;
    let (app, ana, diana) = (&bench.app, Who::phone(ANA), Who::phone(DIANA));
    app.says(&ana, "hola").await;
    app.clock.advance(Millis::days(31));
    app.drain().await;
    let text = json!({"type": "text", "text": {"body": "hola"}});
    let value = meta::message(&diana, &app.wamid(), app.clock.now(), &text);
    assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
    app.clock.advance(Millis::seconds(3));

    assert_eq!(app.started.retention.round().await.unwrap(), Round::Yielded);
    assert!(bench.old(Aged::Deliveries).await > 0);
    app.drain().await;
    bench.sweep().await;
    assert_eq!(bench.old(Aged::Deliveries).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_counts_and_removes() {
    let bench = Bench::new().await;
    let (counted, text) = bench.command(&["--dry-run"]);
    assert!(counted && text.contains("WOULD GO"), "{text}");
    for kind in Aged::ALL {
        assert!(text.contains(kind.name()), "{text}");
    }
    let (removed, text) = bench.command(&[]);
    assert!(removed && text.contains("REMOVED"), "{text}");
}

#[test]
fn a_time_that_would_do_harm_is_refused_with_its_reason() {
    for (setting, remedy) in [("updates_days = 7", "8 or more"), ("chats_days = 30", "31 or more")] {
        let settings = Settings::from_toml(&format!("[retention]\n{setting}")).unwrap();
        let error = app::keep(&settings).unwrap_err().to_string();
        assert!(error.contains(remedy), "{error}");
    }
    let settings =
        Settings::from_toml("[retention]\nupdates_days = 0\nchats_days = 0\ndeliveries_days = 1").unwrap();
    let keep = app::keep(&settings).unwrap();
    assert_eq!((keep.deliveries, keep.updates, keep.chats), (Some(Millis::days(1)), None, None));
}
