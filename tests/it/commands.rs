//! The commands that an operator runs beside a serving deployment.

use crate::contract::backends::{self, Bench};
use crate::harness::process::{PROGRAM, alone};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::clock::Clock;
use acuerdo::system::SystemClock;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use uuid::Uuid;

/// What the database's clock is ahead of this machine's.
const AHEAD: Millis = Millis::days(10);
/// What a look at the database's clock may be wrong by.
const SLACK: Millis = Millis::minutes(2);

/// A database whose clock is ahead for who connects by this URL: our function stands before PostgreSQL's own.
async fn ahead(bench: &Bench) -> String {
    let mut hand = PgConnection::connect(&bench.url).await.unwrap();
    let clock = format!(
        "CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql AS \
         $$ SELECT pg_catalog.clock_timestamp() + interval '{} ms' $$",
        AHEAD.0
    );
    sqlx::query(AssertSqlSafe(clock)).execute(&mut hand).await.unwrap();
    hand.close().await.unwrap();
    format!("{},pg_catalog", bench.url)
}

fn acuerdo(url: &str, arguments: &[&str]) -> String {
    let output = alone(PROGRAM)
        .args(arguments)
        .env("DATABASE_URL", url)
        .env("WHATSAPP_ACCESS_TOKEN", "t")
        .env("WHATSAPP_PHONE_NUMBER_ID", "1")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{arguments:?}: {text}");
    text
}

/// `at` is a time of the database since `begun`, the machine's time before the commands ran.
fn is_the_databases(what: &str, at: Timestamp, begun: Timestamp) {
    let (early, late) = (at.since(begun.plus(AHEAD)), at.since(SystemClock.now().plus(AHEAD)));
    assert!(
        early.0 > -SLACK.0 && late.0 < SLACK.0,
        "{what}: {} is {} s after the beginning and {} s after now, in the database's time",
        at.rfc3339(),
        early.0 / 1_000,
        late.0 / 1_000
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_stamp_with_the_time_that_the_replicas_share() {
    let bench = backends::postgres().await;
    let url = ahead(&bench).await;
    let mut hand = PgConnection::connect(&bench.url).await.unwrap();
    let letter = Uuid::from_u128(7);
    sqlx::query(
        "INSERT INTO dead_letters (id, lender, conversation_id, inputs, cause, detail, failures, at)
         VALUES ($1, 'andino', $1, '[]', 'panic', '', 3, 1)",
    )
    .bind(letter)
    .execute(&mut hand)
    .await
    .unwrap();

    let begun = SystemClock.now();
    acuerdo(&url, &["import", "fixtures/demo/andino.csv"]);
    acuerdo(&url, &["stops", "set", "drill"]);
    acuerdo(&url, &["agent", "add", "Luisa"]);
    acuerdo(&url, &["dead", "retry", &letter.to_string()]);
    let told = acuerdo(&url, &["retention", "--dry-run"]);

    for (what, query) in [
        ("import", "SELECT MAX(updated_at) FROM persons"),
        ("stops", "SELECT since FROM stops"),
        ("agent", "SELECT created_at FROM agents"),
        ("dead", "SELECT retried_at FROM dead_letters"),
    ] {
        let at: i64 = sqlx::query_scalar(query).fetch_one(&mut hand).await.unwrap();
        is_the_databases(what, Timestamp(at), begun);
    }
    let line = told.lines().find(|line| line.starts_with("deliveries")).unwrap();
    let before = Timestamp::parse_rfc3339(line.split_whitespace().last().unwrap()).unwrap();
    is_the_databases("retention", before.plus(Millis::days(30)), begun);
    hand.close().await.unwrap();
    bench.drop_schema().await;
}
