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

fn told(arguments: &[&str], variables: &[(&str, &str)]) -> (bool, String) {
    let mut program = alone(PROGRAM);
    program.args(arguments).env("WHATSAPP_ACCESS_TOKEN", "t").env("WHATSAPP_PHONE_NUMBER_ID", "1");
    program
        .env("WHATSAPP_APP_SECRET", "secret-of-this-test")
        .env("WHATSAPP_VERIFY_TOKEN", "token-of-this-test");
    let output = program.envs(variables.iter().copied()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.success(), text)
}

#[test]
fn a_secret_that_can_be_guessed_is_refused_by_name_and_not_repeated() {
    for variable in ["WHATSAPP_APP_SECRET", "WHATSAPP_VERIFY_TOKEN"] {
        for (value, n_signs) in [("", 0), ("hola123", 7)] {
            let what = if value.is_empty() {
                format!("{variable} is not set")
            } else {
                format!("{variable} has {n_signs} signs")
            };
            for command in ["doctor", "serve"] {
                let (well, told) = told(&[command], &[(variable, value)]);
                assert!(!well && told.contains(&what), "{command} {variable}={value}\n{told}");
                assert!(value.is_empty() || !told.contains(value), "{told}");
            }
        }
    }
}

#[test]
fn cases_are_listed_without_a_token_of_meta_and_a_note_holds_no_document() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("rest.sqlite").display());
    let run = |arguments: &[&str]| {
        let mut program = alone(PROGRAM);
        let output = program.args(arguments).env("DATABASE_URL", &url).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.success(), text)
    };
    let (well, told) = run(&["migrate"]);
    assert!(well, "{told}");
    let (well, told) = run(&["case", "list"]);
    assert!(well && told.contains("no open cases"), "{told}");
    for note in ["se llamó al 300 555 0001", "cédula 1020304050"] {
        let (well, told) =
            run(&["case", "close", "AB12", "--outcome", "resuelto", "--by", "ana", "--note", note]);
        assert!(!well && told.contains("as long as a document or a phone"), "{told}");
        assert!(told.contains("--note"), "{told}");
    }
    let (_, told) = run(&[
        "case",
        "close",
        "AB12",
        "--outcome",
        "resuelto",
        "--by",
        "ana",
        "--note",
        "pagó $1.250.000 el 3 de mayo",
    ]);
    assert!(told.contains("has no open case AB12"), "{told}");
}

#[test]
fn the_doctor_fails_on_what_serve_refuses_and_makes_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("misspelt.sqlite");
    let url = format!("sqlite:{}", file.display());
    let settings = folder.path().join("short.toml");
    std::fs::write(&settings, "[retention]\nupdates_days = 2\n").unwrap();
    for (variable, value, what) in [
        ("ACUERDO_BIND", "nonsense", "FAIL  address: ACUERDO_BIND is `nonsense`"),
        ("ACUERDO_LENDER", "nadie", "FAIL  lenders: lender `nadie` has no policy"),
        ("ACUERDO_CHECKOUT_SECRET", "short", "FAIL  lenders: checkout of lender andino"),
        ("ACUERDO_OTLP_ENDPOINT", "collector", "FAIL  traces"),
        ("ACUERDO_CONFIG", settings.to_str().unwrap(), "FAIL  retention: retention.updates_days is 2"),
    ] {
        let (well, doctor) = told(&["doctor"], &[("DATABASE_URL", &url), (variable, value)]);
        assert!(!well && doctor.contains(what), "{variable}={value}: {doctor}");
        assert!(doctor.contains("misspelt.sqlite does not exist"), "{doctor}");
        assert!(!file.exists(), "the doctor makes nothing");
        let own = format!("sqlite:{}", folder.path().join("own.sqlite").display());
        assert!(!told(&["serve"], &[("DATABASE_URL", &own), (variable, value)]).0, "{variable}={value}");
    }
}

#[test]
fn a_database_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("own.sqlite");
    let url = format!("sqlite:{}", file.display());
    let (well, migrated) = told(&["migrate"], &[("DATABASE_URL", &url)]);
    assert!(well, "{migrated}");
    let mode = |file: &std::path::Path| std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (_, doctor) = told(&["doctor"], &[("DATABASE_URL", &url)]);
    assert!(doctor.contains("other users of this machine may read its file; chmod 600"), "{doctor}");
}

#[test]
fn a_command_whose_reader_is_gone_ends_quietly() {
    let mut program = alone(PROGRAM);
    program.args(["flow", "check"]).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = program.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn a_check_ends_with_one_verdict_on_flows_and_policies() {
    let (_, text) = told(&["flow", "check", "flows", "--today", "2026-10-01"], &[]);
    let lines: Vec<&str> = text.lines().collect();
    let verdicts =
        |line: &&&str| line.contains("no errors") || line.ends_with(" error") || line.ends_with(" errors");
    assert_eq!(lines.iter().filter(verdicts).count(), 1, "{text}");
    assert!(lines.last().unwrap().contains("error"), "{text}");
    assert!(!told(&["stops", "set", " "], &[("DATABASE_URL", "sqlite::memory:")]).0);
}

#[test]
fn what_acts_on_a_database_does_not_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("misspelt.sqlite");
    let url = format!("sqlite:{}", file.display());
    for command in [
        &["stops", "set", "wrong amounts"][..],
        &["stops", "list"],
        &["stops", "lift"],
        &["dead", "list"],
        &["agent", "add", "Luisa"],
        &["agent", "list"],
        &["retention", "--dry-run"],
        &["case", "list"],
        &["agreement", "list"],
    ] {
        let (well, text) = told(command, &[("DATABASE_URL", &url)]);
        assert!(!well && text.contains("does not exist: correct DATABASE_URL"), "{command:?}: {text}");
        assert!(!file.exists(), "{command:?}");
    }
    let (well, text) = told(&["import", "fixtures/demo/andino.csv"], &[("DATABASE_URL", &url)]);
    assert!(well && text.contains("misspelt.sqlite is new"), "{text}");
    let (well, text) = told(&["import", "fixtures/demo/andino.csv"], &[("DATABASE_URL", &url)]);
    assert!(well && !text.contains("is new"), "{text}");
}

#[test]
fn what_cannot_be_metas_is_refused_by_name() {
    for (variable, value, said) in [
        ("WHATSAPP_PHONE_NUMBER_ID", "57-300", "`57-300` is no phone number id"),
        ("WHATSAPP_PHONE_NUMBER_ID", "+573001234567", "is no phone number id"),
        ("WHATSAPP_ACCESS_TOKEN", " ", "the access token of lender `andino` is blank"),
        ("WHATSAPP_GRAPH_VERSION", "25", "write it as `v25.0`"),
        ("WHATSAPP_GRAPH_VERSION", "v25", "write it as `v25.0`"),
    ] {
        let (well, text) = told(&["serve"], &[(variable, value)]);
        assert!(!well && text.contains(said), "{variable}={value}\n{text}");
    }
    let (well, text) = told(&["doctor"], &[("WHATSAPP_PHONE_NUMBER_ID", "57-300")]);
    assert!(!well && text.contains("`57-300` is no phone number id"), "{text}");
}
