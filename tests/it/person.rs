//! `acuerdo person export|erase` on both stores: what a person may ask for, beside a chat that goes on.

use crate::contract::backends;
use crate::harness::app::{START, TestApp};
use crate::harness::meta::Who;
use crate::harness::process::{PROGRAM, alone};
use acuerdo::domain::time::{Millis, Timestamp};
use serde_json::Value;

const DIANA: &str = "573005550003";
const REFERENCE: &str = "C-1003";
const DEMO: &str = "fixtures/demo/andino.csv";
/// What names her or what she wrote.
const HERS: [&str; 5] = ["Diana", DIANA, "1010000303", "Hermenegilda", "1992-07-25"];

fn acuerdo(url: &str, arguments: &[&str]) -> (bool, String) {
    let output = alone(PROGRAM)
        .args(arguments)
        .env("DATABASE_URL", url)
        .env("WHATSAPP_ACCESS_TOKEN", "t")
        .env("WHATSAPP_PHONE_NUMBER_ID", "1")
        .env("USER", "ops-7")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.success(), text)
}

fn ok(url: &str, arguments: &[&str]) -> String {
    let (well, told) = acuerdo(url, arguments);
    assert!(well, "{arguments:?}: {told}");
    told
}

fn refused(url: &str, arguments: &[&str]) -> String {
    let (well, told) = acuerdo(url, arguments);
    assert!(!well, "{arguments:?}: {told}");
    told
}

/// She proved who she is, said something personal, and waits for a person; a neighbour said hello.
async fn talked(url: &str) -> TestApp {
    let app = TestApp::on(url, tempfile::tempdir().unwrap(), Timestamp::parse_rfc3339(START).unwrap()).await;
    let diana = Who::phone(DIANA);
    app.says(&Who::phone("573005550004"), "hola").await;
    for line in ["hola", "0303", "25 de julio", "mi vecina Hermenegilda", "asesor"] {
        app.says(&diana, line).await;
    }
    app
}

fn copy_is_whole(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.json");
    let path = file.to_str().unwrap();
    assert!(ok(url, &["person", "export", REFERENCE, "--out", path]).contains(path));
    let text = std::fs::read_to_string(&file).unwrap();
    for hers in HERS {
        assert!(text.contains(hers), "the copy lacks {hers}");
    }
    let copy: Value = serde_json::from_str(&text).unwrap();
    for section in [
        "person",
        "phones",
        "debts",
        "chats",
        "tickets",
        "events",
        "messages_received",
        "messages_sent",
        "deliveries",
    ] {
        assert!(!copy[section].as_array().unwrap().is_empty(), "{section} is empty");
    }
    assert!(!text.contains("573005550004"), "nothing of others");
    assert!(
        refused(url, &["person", "export", REFERENCE, "--out", path]).contains("new file"),
        "never overwritten"
    );
    let again: Value = serde_json::from_str(&ok(url, &["person", "export", REFERENCE])).unwrap();
    assert_eq!(again["requests"][0]["by"], "ops-7", "a copy is on record");
    assert_eq!(again["events"], copy["events"], "the order is stable");
}

fn unknown_people_are_refused(url: &str) {
    for command in [&["person", "export", "C-9999"][..], &["person", "erase", "C-9999", "--yes"]] {
        assert!(refused(url, command).contains("nobody with the reference `C-9999`"));
    }
    assert!(refused(url, &["person", "erase", REFERENCE]).contains("--yes"), "it asks first");
}

async fn erased(url: &str, app: &TestApp, dump: impl AsyncFn() -> Vec<u8>) {
    copy_is_whole(url);
    unknown_people_are_refused(url);
    let would = ok(url, &["person", "erase", REFERENCE, "--dry-run"]);
    assert!(would.contains("would go") && would.contains("Nothing was changed"), "{would}");
    let told = ok(url, &["person", "erase", REFERENCE, "--yes"]);
    assert!(told.contains("erased") && told.contains("emptied") && told.contains("kept"), "{told}");
    let left = String::from_utf8_lossy(&dump().await).into_owned();
    for hers in HERS {
        assert!(!left.contains(hers), "{hers} is still there");
    }
    assert!(
        ok(url, &["person", "erase", REFERENCE, "--yes"]).contains("was erased on"),
        "a repeat is no failure"
    );
    let copy = ok(url, &["person", "export", REFERENCE]);
    assert!(copy.contains("was erased on") && copy.contains("\"agreements\""), "{copy}");

    let doctor = acuerdo(url, &["doctor", "--deep"]).1;
    assert!(!doctor.contains("without their chat") && !doctor.contains("restore"), "{doctor}");
    assert!(doctor.contains("1 erased on request"), "{doctor}");
    // Who writes again is a stranger; the desk and the loops go on.
    app.clock.advance(Millis::minutes(5));
    app.says(&Who::phone(DIANA), "hola").await;
    assert!(!app.transcript().lines().last().unwrap().contains("Diana"), "{}", app.transcript());

    let told = ok(url, &["import", DEMO]);
    assert!(told.contains("1 person was erased on request and is left out"), "{told}");
    assert!(ok(url, &["person", "export", REFERENCE]).contains("was erased on"), "not brought back");
    let told = ok(url, &["import", DEMO, "--bring-back-erased"]);
    assert!(told.contains("1 erased person is let in again"), "{told}");
    assert!(ok(url, &["person", "export", REFERENCE]).contains("Diana"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_copied_and_erased_on_sqlite() {
    let (_folder, url) = backends::sqlite_file();
    let app = talked(&url).await;
    let file = url.strip_prefix("sqlite:").unwrap().to_owned();
    erased(&url, &app, async || {
        // Free pages keep old bytes until they are used again: what counts is what a reader finds.
        let copy = format!("{file}.copy");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let mut hand = sqlx::ConnectOptions::connect(&options).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("VACUUM INTO '{copy}'"))).execute(&mut hand).await.unwrap();
        std::fs::read(copy).unwrap()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_copied_and_erased_on_postgres() {
    let bench = backends::postgres().await;
    let app = talked(&bench.url).await;
    erased(&bench.url, &app, async || crate::secrets::postgres_dump(&bench.url).await).await;
    drop(app);
    bench.drop_schema().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_agreement_holds_until_a_reason_is_given() {
    let (_folder, url) = backends::sqlite_file();
    let app = TestApp::on(&url, tempfile::tempdir().unwrap(), Timestamp::parse_rfc3339(START).unwrap()).await;
    let diana = Who::phone(DIANA);
    for line in ["hola", "0303", "25 de julio", "quiero un acuerdo de pago", "2 cuotas", "sí, acepto"] {
        app.says(&diana, line).await;
    }
    for blank in [["--over-holds", ""], ["--over-holds", "  "], ["--by", ""]] {
        let told = refused(&url, &[&["person", "erase", REFERENCE, "--yes"], &blank[..]].concat());
        assert!(told.contains("it must say something"), "{told}");
    }
    let told = refused(&url, &["person", "erase", REFERENCE, "--yes"]);
    assert!(
        told.contains("running agreement") && told.contains("Nothing was erased"),
        "{told}\n{}",
        app.transcript()
    );
    let told =
        ok(&url, &["person", "erase", REFERENCE, "--yes", "--over-holds", "cancelled by letter of 3 May"]);
    let agreements = told.lines().find(|line| line.starts_with("agreements")).unwrap();
    assert!(agreements.contains("kept") && agreements.contains(" 1 "), "{told}");
    let copy = ok(&url, &["person", "export", REFERENCE]);
    assert!(
        copy.contains("1 agreement(s)") && copy.contains("¿Lo acepta?"),
        "what is kept is given out: {copy}"
    );
    assert!(!copy.contains("wamid."), "{copy}");
}

/// Beatriz and Andrés of the sample share this number.
const SHARED: &str = "573005550014";
/// Their words, their name, their document and their product, which others have too.
const OF_BEATRIZ: [&str; 4] = ["Hermenegilda", "Beatriz", "1010001515", "libre inversi"];
const OF_ANDRES: [&str; 4] = ["Eduviges", "Andrés Felipe", "1010001414", "Andino Joven"];
/// Said while nobody was proved.
const OF_NOBODY: &str = "Nepomuceno";

async fn took_turns(url: &str) -> TestApp {
    let app = TestApp::on(url, tempfile::tempdir().unwrap(), Timestamp::parse_rfc3339(START).unwrap()).await;
    let phone = Who::phone(SHARED);
    let beatriz = ["menu", "1515", "1 de julio", "cuanto debo", "mi vecina Hermenegilda"];
    let andres =
        ["mi perro se llama Nepomuceno", "menu", "1414", "8 de febrero", "cuanto debo", "mi tía Eduviges"];
    for line in beatriz {
        app.clock.advance(Millis::seconds(2));
        app.says(&phone, line).await;
    }
    app.waits(Millis::minutes(31)).await;
    for line in andres {
        app.clock.advance(Millis::seconds(2));
        app.says(&phone, line).await;
    }
    app
}

/// Their copy holds what is theirs, and nothing of the other one.
fn copies_are_apart(url: &str, reference: &str, own: &[&str], others: &[&str], told: &str) {
    let copy = ok(url, &["person", "export", reference]);
    for mark in own {
        assert!(copy.contains(mark), "the copy of {reference} lacks {mark}: {copy}\n{told}");
    }
    for mark in others.iter().chain([&OF_NOBODY]) {
        assert!(!copy.contains(mark), "the copy of {reference} holds {mark}: {copy}\n{told}");
    }
    let copy: Value = serde_json::from_str(&copy).unwrap();
    assert_eq!(copy["chats"].as_array().unwrap().len(), 0);
    assert_eq!(copy["shared_chats"][0]["wa_id"], SHARED);
    assert!(
        !copy["proofs"].as_array().unwrap().is_empty()
            && !copy["messages_sent"].as_array().unwrap().is_empty()
    );
}

async fn each_has_their_own(url: &str, app: &TestApp, dump: impl AsyncFn() -> Vec<u8>) {
    let told = app.transcript();
    copies_are_apart(url, "C-1015", &OF_BEATRIZ, &OF_ANDRES, &told);
    copies_are_apart(url, "C-1014", &OF_ANDRES, &OF_BEATRIZ, &told);
    let told = ok(url, &["person", "erase", "C-1015", "--yes"]);
    assert!(told.contains("erased"), "{told}");
    let left = String::from_utf8_lossy(&dump().await).into_owned();
    for mark in &OF_BEATRIZ[..3] {
        assert!(!left.contains(mark), "{mark} is still there");
    }
    assert!(left.contains("Eduviges") && left.contains(OF_NOBODY), "of nobody but her is erased");
    copies_are_apart(url, "C-1014", &OF_ANDRES, &OF_BEATRIZ, "");
    // He goes on where he was.
    app.clock.advance(Millis::seconds(2));
    app.says(&Who::phone(SHARED), "cuanto debo").await;
    assert!(
        app.transcript().lines().rev().take(12).any(|line| line.contains("••5014")),
        "{}",
        app.transcript()
    );
    let told = ok(url, &["person", "erase", "C-1014", "--yes"]);
    assert!(told.contains("erased"), "{told}");
    let left = String::from_utf8_lossy(&dump().await).into_owned();
    for mark in OF_ANDRES[..3].iter().chain([&OF_NOBODY]) {
        assert!(!left.contains(mark), "{mark} is still there");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_shared_phone_a_copy_and_an_erasure_are_of_one_person_on_sqlite() {
    let (_folder, url) = backends::sqlite_file();
    let app = took_turns(&url).await;
    let file = url.strip_prefix("sqlite:").unwrap().to_owned();
    let n = std::sync::atomic::AtomicU32::new(0);
    each_has_their_own(&url, &app, async || {
        let n = n.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let copy = format!("{file}.copy{n}");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file);
        let mut hand = sqlx::ConnectOptions::connect(&options).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("VACUUM INTO '{copy}'"))).execute(&mut hand).await.unwrap();
        std::fs::read(copy).unwrap()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_shared_phone_a_copy_and_an_erasure_are_of_one_person_on_postgres() {
    let bench = backends::postgres().await;
    let app = took_turns(&bench.url).await;
    each_has_their_own(&bench.url, &app, async || crate::secrets::postgres_dump(&bench.url).await).await;
    drop(app);
    bench.drop_schema().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_is_open_holds_until_it_is_answered_and_its_end_stays() {
    let (_folder, url) = backends::sqlite_file();
    let app = TestApp::on(&url, tempfile::tempdir().unwrap(), Timestamp::parse_rfc3339(START).unwrap()).await;
    for line in ["hola", "0303", "25 de julio", "quiero una copia de mis datos"] {
        app.says(&Who::phone(DIANA), line).await;
    }
    let told = refused(&url, &["person", "erase", REFERENCE, "--yes"]);
    assert!(told.contains("open case") && told.contains("datos_acceso"), "{told}");
    ok(&url, &["person", "erase", REFERENCE, "--yes", "--over-holds", "the copy went by letter"]);
    let closed: Value = serde_json::from_str(&ok(&url, &["case", "list", "--closed", "--json"])).unwrap();
    assert_eq!(
        (&closed[0]["kind"], &closed[0]["outcome"], &closed[0]["by"], &closed[0]["person"]),
        (&"datos_acceso".into(), &"erased".into(), &"ops-7".into(), &Value::Null)
    );
    assert!(closed[0]["closed_at"].is_string(), "{closed}");
}
