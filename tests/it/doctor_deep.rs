//! `acuerdo doctor --deep` finds what is wrong with a database, on both stores, and nothing where nothing is.

use crate::contract::backends;
use crate::harness::process::{PROGRAM, alone};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::clock::Clock;
use acuerdo::store::inspect::{Forgetful, Inspection, inspect};
use acuerdo::system::SystemClock;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use std::time::Instant;

async fn look(url: &str) -> Inspection {
    inspect(url, SystemClock.now()).await.unwrap()
}

fn broken(found: &Inspection) -> Vec<(&'static str, i64)> {
    found.broken.iter().map(|(promise, n)| (promise.name, *n)).collect()
}

/// Rows that break promises, as a hand in the database would leave them.
fn damage(now: i64, id: fn(u8) -> String) -> Vec<String> {
    let agreement = |n: u8, minor: i64| {
        format!(
            "INSERT INTO agreements (id, lender, person_id, obligation_id, once_key, status, kind, currency, \
             total_minor, discount_minor, offer, evidence, reference, accepted_at) VALUES ({}, 'andino', {}, {}, \
             'k{n}', 'active', 'promise', 'COP', 30000, 0, \
             '{{\"payments\": [{{\"amount\": {{\"minor\": 10000}}}}, {{\"amount\": {{\"minor\": {minor}}}}}]}}', \
             '{{}}', 'r', {now})",
            id(n),
            id(90),
            id(91)
        )
    };
    vec![
        agreement(1, 20_000),
        agreement(2, 19_999),
        format!(
            "INSERT INTO tickets (id, lender, conversation_id, queue, priority, reason, summary, status, \
             waiting_since, published_version, opened_at) VALUES ({}, 'andino', {}, 'cobranzas', 1, 'r', '{{}}', \
             'queued', {now}, 1, {now})",
            id(3),
            id(4)
        ),
        format!(
            "INSERT INTO conversations (id, lender, phone_number_id, wa_id, flow_hash, ticket_id, created_at) \
             VALUES ({}, 'andino', '1', '573000000001', 'nowhere', {}, {now})",
            id(5),
            id(6)
        ),
        format!(
            "INSERT INTO inputs (id, lender, conversation_id, body, received_at) VALUES ({}, 'andino', {}, '{{}}', {})",
            id(7),
            id(5),
            now - 7_200_000
        ),
        "DROP INDEX outbox_due".to_owned(),
    ]
}

const FOUND: [(&str, i64); 5] =
    [("chats of tickets", 1), ("tickets of chats", 1), ("pinned flows", 1), ("turns", 1), ("schedules", 1)];

#[tokio::test]
async fn a_damaged_sqlite_file_is_told_promise_by_promise() {
    let bench = backends::sqlite().await;
    let whole = look(&bench.url).await;
    assert_eq!(broken(&whole), []);
    assert_eq!((whole.indexes_missing.len(), whole.damaged.len()), (0, 0));

    let mut hand = SqliteConnection::connect(&bench.url).await.unwrap();
    for statement in damage(SystemClock.now().0, |n| format!("x'{n:032x}'")) {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut hand).await.unwrap();
    }
    let found = look(&bench.url).await;
    assert_eq!(broken(&found), FOUND);
    assert_eq!(found.indexes_missing, ["outbox_due"]);
    assert_eq!(found.tickets_open, [("andino".to_owned(), 1)]);
    tells(&bench.url);
}

#[tokio::test]
async fn a_damaged_postgres_database_is_told_promise_by_promise() {
    let bench = backends::postgres().await;
    let begun = Instant::now();
    let whole = look(&bench.url).await;
    assert_eq!(broken(&whole), []);
    assert_eq!((whole.indexes_missing.len(), whole.damaged.len()), (0, 0));
    is_small(whole.clock_ahead_ms.unwrap(), begun);

    let mut hand = PgConnection::connect(&bench.url).await.unwrap();
    for statement in damage(SystemClock.now().0, |n| format!("'{n:032x}'")) {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut hand).await.unwrap();
    }
    let found = look(&bench.url).await;
    assert_eq!(broken(&found), FOUND);
    assert_eq!(found.indexes_missing, ["outbox_due"]);
    tells(&bench.url);
    hand.close().await.unwrap();
    bench.drop_schema().await;
}

#[tokio::test]
async fn a_postgres_that_may_forget_what_it_confirmed_is_told_with_the_remedy() {
    let bench = backends::postgres().await;
    let with = |value: &str| format!("{}%20-csynchronous_commit%3D{value}", bench.url);
    let forgets = |found: &Inspection| found.forgetful.contains(&Forgetful::SynchronousCommit);
    for (value, expected) in [("on", false), ("local", false), ("remote_write", false), ("off", true)] {
        assert_eq!(forgets(&look(&with(value)).await), expected, "{value}");
    }
    // Only the server itself can change these.
    let mut hand = PgConnection::connect(&bench.url).await.unwrap();
    let found = look(&bench.url).await;
    for (name, setting) in [("fsync", Forgetful::Fsync), ("full_page_writes", Forgetful::FullPageWrites)] {
        let show = AssertSqlSafe(format!("SHOW {name}"));
        let value: String = sqlx::query_scalar(show).fetch_one(&mut hand).await.unwrap();
        assert_eq!(found.forgetful.contains(&setting), value == "off", "{name} = {value}");
    }
    hand.close().await.unwrap();

    let lines = lines(&with("off")).1;
    let told =
        lines.iter().find(|line| line["detail"].as_str().unwrap().contains("synchronous_commit is off"));
    let told = told.unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!((told["what"].as_str(), told["level"].as_str()), (Some("database"), Some("warn")));
    assert!(told["remedy"].as_str().unwrap().contains("ALTER SYSTEM SET synchronous_commit = on"), "{told}");
    bench.drop_schema().await;
}

/// What the command ends with, and its lines.
fn lines(url: &str) -> (Option<i32>, Vec<Value>) {
    let output = alone(PROGRAM)
        .args(["doctor", "--deep", "--json"])
        .env("DATABASE_URL", url)
        .env("WHATSAPP_GRAPH_URL", "http://127.0.0.1:1")
        .env("WHATSAPP_ACCESS_TOKEN", "t")
        .env("WHATSAPP_PHONE_NUMBER_ID", "1")
        .output()
        .unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

/// The command says the same, with remedies, and its code is that of a failure.
fn tells(url: &str) {
    let (code, lines) = lines(url);
    assert_eq!(code, Some(1));
    let line =
        |what: &str| lines.iter().find(|line| line["what"] == what).unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!(line("schedules")["level"], "fail");
    assert!(line("schedules")["detail"].as_str().unwrap().starts_with("1 agreement(s)"));
    assert_eq!(line("turns")["level"], "warn");
    assert!(line("indexes")["detail"].as_str().unwrap().contains("outbox_due"));
    assert!(lines.iter().all(|line| line["level"] != "fail" || !line["detail"].as_str().unwrap().is_empty()));
    assert!(line("tickets of chats")["remedy"].as_str().unwrap().contains("ticket_id"));
}

/// An offset between clocks that agree is no longer than the question took.
fn is_small(ahead_ms: i64, begun: Instant) {
    let took = i64::try_from(begun.elapsed().as_millis()).unwrap();
    assert!(ahead_ms.abs() <= took + 2_000, "{ahead_ms} ms, asked within {took} ms");
}

#[tokio::test]
async fn redis_is_asked_how_it_keeps_what_it_is_given() {
    let url = std::env::var("ACUERDO_TEST_REDIS").expect("run the tests with scripts/test");
    // Its own time as ours: under another moment (`scripts/test --on`) it has that of the machine.
    let begun = Instant::now();
    let mut connection =
        redis::Client::open(url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(&mut connection).await.unwrap();
    let now = Timestamp(seconds * 1_000 + micros / 1_000);
    let found = acuerdo::queue::inspect::inspect(&url, now).await.unwrap();
    is_small(found.clock_ahead_ms, begun);
    let ahead = acuerdo::queue::inspect::inspect(&url, now.minus(Millis::days(1))).await.unwrap();
    is_small(ahead.clock_ahead_ms - Millis::days(1).0, begun);
    assert_eq!(found.maxmemory_policy, "noeviction");
    assert!(!found.keeps_file, "{found:?}");
}
