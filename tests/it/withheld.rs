//! What proves who somebody is serves the turn that compares it, and is then in no table of either store but the file as
//! the lender gave it.

use crate::contract::backends;
use crate::harness::app::{START, TestApp};
use crate::harness::meta::Who;
use crate::identity::{agent, on_file, say};
use acuerdo::domain::time::Timestamp;
use acuerdo::service::handoff::story::StoryCursor;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

const MARTA: &str = "573107712121";
/// The file of the lender, and the flows, whose texts give examples.
const NOT_OF_THE_CHAT: [&str; 3] = ["persons", "person_phones", "flow_versions"];
/// Right and wrong answers, as they were typed and as they are read.
const FACTORS: [&str; 16] = [
    "1017240613",
    "101724061300",
    "cero seis",
    "27/10",
    "veintisiete",
    "1.017.240.613",
    "017.240",
    "0613",
    "4477",
    "27 de octubre",
    "octubre",
    "10-27",
    "[27,10]",
    "3 de enero",
    "01-03",
    "[3,1]",
];

/// Every table of the chat, a line for each value.
type Dump = Vec<(String, String)>;

async fn of_sqlite(url: &str) -> Dump {
    let mut hand = SqliteConnection::connect(url).await.unwrap();
    let columns = "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";
    let columns: Vec<(String, String)> = sqlx::query_as(columns).fetch_all(&mut hand).await.unwrap();
    let mut dump = Vec::new();
    for (table, column) in columns {
        let values =
            AssertSqlSafe(format!("SELECT CAST({column} AS BLOB) FROM {table} WHERE {column} IS NOT NULL"));
        let values: Vec<Vec<u8>> = sqlx::query_scalar(values).fetch_all(&mut hand).await.unwrap();
        let texts = values.iter().map(|value| String::from_utf8_lossy(value).into_owned());
        dump.extend(texts.map(|text| (table.clone(), text)));
    }
    dump
}

async fn of_postgres(url: &str) -> Dump {
    let mut hand = PgConnection::connect(url).await.unwrap();
    let columns =
        "SELECT table_name::text, column_name::text, data_type = 'bytea' FROM information_schema.columns
         WHERE table_schema = current_schema()";
    let columns: Vec<(String, String, bool)> = sqlx::query_as(columns).fetch_all(&mut hand).await.unwrap();
    let mut dump = Vec::new();
    for (table, column, is_bytes) in columns {
        let value = if is_bytes { column } else { format!("convert_to({column}::text, 'UTF8')") };
        let values = AssertSqlSafe(format!("SELECT COALESCE({value}, '') FROM {table}"));
        let values: Vec<Vec<u8>> = sqlx::query_scalar(values).fetch_all(&mut hand).await.unwrap();
        let texts = values.iter().map(|value| String::from_utf8_lossy(value).into_owned());
        dump.extend(texts.map(|text| (table.clone(), text)));
    }
    hand.close().await.unwrap();
    dump
}

fn holds_none(dump: &Dump) {
    assert!(
        dump.iter().any(|(table, _)| table == "deliveries")
            && dump.iter().any(|(table, _)| table == "events")
    );
    for (table, text) in dump.iter().filter(|(table, _)| !NOT_OF_THE_CHAT.contains(&table.as_str())) {
        tells_none(table, text);
    }
}

fn tells_none(place: &str, text: &str) {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_hexdigit() || c == '-');
    for mark in FACTORS {
        for (at, _) in text.match_indices(mark) {
            // Four digits in an id or a time are none of an answer.
            let inside = part(text[..at].chars().next_back()) || part(text[at + mark.len()..].chars().next());
            assert!(inside, "{place} holds `{mark}`: {text}");
        }
    }
}

/// A chat with a wrong and a right proof, parts of it said where nobody asked.
async fn proved(url: &str) -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::on(url, folder, Timestamp::parse_rfc3339(START).unwrap()).await;
    on_file(&app, "W-1", "1017240613", "1991-10-27", &format!("+{MARTA}")).await;
    let who = Who::phone(MARTA);
    say(&app, &who, "hola, soy Marta, cc 1.017.240.613").await;
    say(&app, &who, "termina en 4477").await;
    let wrong = say(&app, &who, "el 3 de enero").await;
    assert!(wrong.contains("no pude comprobar"), "{wrong}");
    say(&app, &who, "mi cédula").await;
    say(&app, &who, "termina en 0613").await;
    let caption =
        json!({"type": "image", "image": {"id": "1", "mime_type": "image/jpeg", "caption": "1017240613"}});
    app.sends(&who, &caption).await;
    say(&app, &who, "octubre").await;
    let right = say(&app, &who, "27").await;
    assert!(right.contains("¿En qué le ayudo?"), "{right}");
    say(&app, &who, "ya le dije que mi cédula es 1017240613").await;
    app.sends(
        &who,
        &json!({"type": "edit", "edit": {"original_message_id": "wamid.1",
        "message": {"type": "text", "text": {"body": "27 de octubre"}}}}),
    )
    .await;
    say(&app, &who, "asesor").await;
    // Told to whoever has the chat now, in other spellings.
    for told in [
        "nací el 27 de octubre de 1991",
        "27/10/91, y termina en cero seis uno tres",
        "mi cumpleaños es el veintisiete de octubre",
    ] {
        say(&app, &who, told).await;
    }
    app
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_withheld_is_no_amount_and_no_day() {
    let app = TestApp::new().await;
    on_file(&app, "W-2", "1017240613", "1991-10-27", &format!("+{MARTA}")).await;
    let who = Who::phone(MARTA);
    for line in ["hola", "0613", "27 de octubre"] {
        say(&app, &who, line).await;
    }
    for told in ["C.C. 1.017.240.613", "quiero pagar, soy 1017240613", "pago, nací el 27 de octubre de 1991"]
    {
        say(&app, &who, told).await;
        let session = app.conversation(&who).await.session.unwrap().into_string();
        tells_none("the session", &session);
    }
}

/// The agent reads what was asked and whether it was right, never the answer.
async fn told_to_the_agent(app: &TestApp) {
    let agent = agent();
    app.started.store.add_agent(&agent, [9; 32]).await.unwrap();
    let ticket = app.started.handoff.take_next(&agent, &[]).await.unwrap().expect("a ticket waits").ticket;
    let story = app.started.handoff.story(&agent, ticket.id, StoryCursor::default(), 200).await.unwrap();
    let told: Vec<String> = story
        .items
        .iter()
        .filter_map(|item| Some(format!("{}: {}", item.kind, item.text.as_ref()?.expose())))
        .collect();
    let all = told.join("\n");
    for line in [
        "identity_answer: respondió: documento (los datos no coinciden)",
        "identity_answer: respondió: fecha de nacimiento (los datos no coinciden)",
        "identity_answer: respondió: documento (coincide)",
        "identity_answer: respondió: fecha de nacimiento (coincide)",
        "text: hola, soy Marta, cc ••••",
    ] {
        assert!(told.iter().any(|told| told == line), "{line} is not in\n{all}");
    }
    tells_none("the story", &all);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_proof_no_table_of_an_sqlite_file_holds_the_answers() {
    let (_folder, url) = backends::sqlite_file();
    let app = proved(&url).await;
    told_to_the_agent(&app).await;
    drop(app);
    holds_none(&of_sqlite(&url).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_proof_no_table_of_postgres_holds_the_answers() {
    let bench = backends::postgres().await;
    let app = proved(&bench.url).await;
    told_to_the_agent(&app).await;
    drop(app);
    holds_none(&of_postgres(&bench.url).await);
    bench.drop_schema().await;
}
