//! Every statement of the journey, the metrics, the desk and retention finds its rows by an index, so that its cost does
//! not grow with the past.
//!
//! SQLite's planner has no statistics in this build: its plans are the same on any data. PostgreSQL's are those that
//! ran beside a past of thousands of people, told by its `auto_explain`.

use crate::contract::backends;
use crate::harness::app::{NUMBER, START, TOKEN, TestApp, lay_out_flows, settings};
use crate::harness::graph_api::{File, GraphApi};
use crate::harness::load::import_people;
use crate::harness::meta::{self, Who};
use crate::harness::people::{STEPS, line, wa_id};
use acuerdo::config::Settings;
use acuerdo::domain::ids::{AgentId, LenderId, TicketId, Wamid};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::clock::Clock;
use acuerdo::ports::media::Opening;
use acuerdo::ports::retention::{Act, Aged, Place};
use acuerdo::ports::tickets::{Shown, TicketPage, TicketPlace};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::subscriber::Subscriber;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use uuid::Uuid;

/// The text of each statement that `sqlx` reports.
static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
/// What PostgreSQL says beside its answers.
static NOTICES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Statements;

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut told = Told::default();
        event.record(&mut told);
        match event.metadata().target() {
            "sqlx::query" => {
                let text = if told.whole.trim().is_empty() { told.summary } else { told.whole };
                SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert(text);
            }
            "sqlx::postgres::notice" => {
                NOTICES.lock().unwrap_or_else(PoisonError::into_inner).push(told.message);
            }
            _ => {}
        }
    }
}

/// `db.statement` is empty when the summary says it all.
#[derive(Default)]
struct Told {
    summary: String,
    whole: String,
    message: String,
}

impl Visit for Told {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.whole),
            "message" => value.clone_into(&mut self.message),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

const VERBS: [&str; 5] = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];

/// Whether a step of a plan reads rows whose number grows with the past.
fn grows(step: &str, statement: &str, partial: &BTreeSet<String>) -> bool {
    // The desk's pages: the newest tickets of a lender, in the order of this index.
    if step.contains("tickets_lender") {
        return false;
    }
    if step.ends_with("(lender=?)") {
        return true;
    }
    let Some(scan) = step.strip_prefix("SCAN ") else { return false };
    let name = scan.split(' ').next().unwrap_or("");
    let derived = [format!("{name} AS"), format!("{name} ("), format!(") {name}")];
    let is_table = !scan.contains("VIRTUAL TABLE")
        && !scan.starts_with("CONSTANT ROW")
        && !scan.contains("VALUES CLAUSE")
        && !scan.starts_with('(')
        // Some rows for each lender, whatever happened.
        && name != "stops"
        && !derived.iter().any(|text| statement.contains(text.as_str()));
    // An index of pending work holds only what is pending.
    is_table && !partial.iter().any(|index| scan.split(' ').any(|word| word == index))
}

fn listen() {
    let kept = tracing_subscriber::registry().with(Statements.with_filter(LevelFilter::DEBUG));
    tracing::subscriber::set_global_default(kept).unwrap();
}

/// In week `week`, so that two on one database have ids of their own.
async fn application(url: &str, n_people: usize, week: i64) -> TestApp {
    let now = Timestamp::parse_rfc3339(START).unwrap().plus(Millis::days(7 * week));
    let (folder, graph) = (tempfile::tempdir().unwrap(), GraphApi::start(TOKEN));
    let flows = folder.path().join("flows");
    lay_out_flows(&flows);
    let mut settings = Settings::from_toml(&settings(url, &flows, &graph.url, "")).unwrap();
    settings.workers.connections = 2;
    let app = TestApp::with(settings, graph, folder, now).await;
    import_people(&app.started.store, &flows, n_people, now).await;
    app
}

/// Of the one byte of the day's receipt.
const SHA256_OF_7: &str = "ca358758f6d27e6cf45272937977a748fd88391db679ceda7dc7bf1f005ee879";

/// What happens every day: the journey of person `n` up to a human, with statuses, and what loops and desk ask.
async fn a_day(app: &TestApp, n: usize) {
    let who = Who::phone(&wa_id(n));
    for step in 0..STEPS {
        app.says(&who, &line(n, step)).await;
    }
    let (wamid, _) = app.graph.taken().pop().unwrap();
    for wamid in [wamid.as_str(), "wamid.unknown"] {
        let status = meta::status(wamid, "delivered", app.clock.now(), None, &[]);
        assert_eq!(app.deliver(meta::delivery(NUMBER, status)).await, 200);
    }
    app.says(&who, "quiero hablar con una persona").await;
    app.graph.put_file("77", File { bytes: vec![7], sha256: SHA256_OF_7.to_owned(), url: None });
    let receipt = json!({"type": "image", "image": {"id": "77", "mime_type": "image/jpeg"}});
    let wamid = app.sends(&who, &receipt).await;
    app.waits(Millis::days(2)).await;
    let (store, now, lender) = (&app.started.store, app.clock.now(), LenderId::from("andino"));
    store.backlog(now).await.unwrap();
    store.open_tickets(100).await.unwrap();
    store.tickets(&lender, None, true, 50).await.unwrap();
    for shown in [Shown::Open, Shown::Mine, Shown::Closed] {
        let after = Some(TicketPlace { rank: 1, at: now, id: TicketId(Uuid::nil()) });
        let served = vec!["cobranzas".to_owned()];
        let page = TicketPage { agent: AgentId(Uuid::nil()), served, queue: None, shown, after, limit: 50 };
        store.ticket_page(&lender, &page).await.unwrap();
    }
    store.requeue_expired(now, 100).await.unwrap();
    let chat = app.conversation(&who).await;
    store.sent_messages(chat.id, 100).await.unwrap();
    let files = store.media_of(&lender, chat.id, &[Wamid::new(wamid)]).await.unwrap();
    let by = Opening { ticket: TicketId(files[0].id.0), agent: AgentId(files[0].id.0) };
    assert!(store.open_media(&lender, chat.id, files[0].id, by, now).await.unwrap().unwrap().bytes.is_some());
    for kind in Aged::ALL {
        let young = now.plus(Millis::days(1));
        store.sweep(kind, young, Place::default(), 100, Act::Remove).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_of_the_daily_work_reads_a_whole_table_on_sqlite() {
    listen();
    let bench = backends::sqlite().await;
    let app = application(&bench.url, 1, 0).await;
    SEEN.lock().unwrap().clear();
    a_day(&app, 0).await;

    let seen = std::mem::take(&mut *SEEN.lock().unwrap());
    let mut file = SqliteConnection::connect(&bench.url).await.unwrap();
    let partial = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'";
    let partial: Vec<String> = sqlx::query_scalar(partial).fetch_all(&mut file).await.unwrap();
    let partial = BTreeSet::from_iter(partial);
    let (mut n_explained, mut findings) = (0, Vec::new());
    // Several may have gone to the connection together.
    let seen: BTreeSet<&str> = seen.iter().flat_map(|text| text.split(';')).collect();
    for statement in seen.iter().filter(|text| VERBS.iter().any(|verb| text.trim_start().starts_with(verb))) {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(explain).fetch_all(&mut file).await.unwrap();
        n_explained += 1;
        let bad = plan.iter().map(|(_, _, _, step)| step).filter(|step| grows(step, statement, &partial));
        findings.extend(bad.map(|step| format!("{step}\n    in {}", statement.trim())));
    }
    assert!(n_explained > 40, "only {n_explained} statements were seen");
    assert!(findings.is_empty(), "{} plans grow with the past:\n{}", findings.len(), findings.join("\n"));
}

/// Enough that each connection runs most statements more than five times: PostgreSQL may then take a generic plan.
const DAYS: usize = 8;

/// People of the past.
const PAST: u32 = 20_000;

/// What they left behind. Everything has ended, as most of a past has.
const LEFT: [&str; 19] = [
    "INSERT INTO persons (id, lender, external_ref, full_name, first_name, document_type, document, language, phones,
       updated_at)
     SELECT person, 'andino', 'past' || n, 'Ana', 'Ana', 'CC', 'past' || n, 'es', '[]', n FROM past",
    "INSERT INTO person_phones (lender, phone, person_id) SELECT 'andino', '+57320' || n, person FROM past",
    "INSERT INTO obligations (id, lender, person_id, external_ref, product, product_name, status, currency,
       principal_minor, interest_minor, late_interest_minor, fees_minor, principal_outstanding_minor, as_of, instalments,
       updated_at)
     SELECT gen_random_uuid(), 'andino', person, 'past' || n, 'credito_consumo', 'p', 'active', 'COP', 1, 0, 0, 0, 1, n,
       '[]', n
     FROM past",
    "INSERT INTO deliveries (id, received_at, body) SELECT gen_random_uuid(), n, convert_to(words::text, 'UTF8')
     FROM past",
    "INSERT INTO inputs (id, lender, conversation_id, dedupe_key, body, received_at, done_at)
     SELECT gen_random_uuid(), 'andino', chat, 'past' || n, words, n, n FROM past",
    "INSERT INTO notices (id, lender, kind, dedupe_key, body, wamid, next_at, received_at, done_at, outcome)
     SELECT gen_random_uuid(), 'andino', 'status', 'past' || n, words, 'past' || n, n, n, n, 'applied' FROM past",
    "INSERT INTO conversations (id, lender, phone_number_id, wa_id, person_id, flow_hash, created_at)
     SELECT chat, 'andino', '100000000000001', '57320' || n, person, 'past', n FROM past",
    "INSERT INTO conversation_aliases (conversation_id, lender, phone_number_id, kind, value, ended_at)
     SELECT chat, 'andino', '100000000000001', 'wa_id', '57321' || n, n FROM past",
    "INSERT INTO events (conversation_id, seq, lender, turn, kind, body, at)
     SELECT chat, 1, 'andino', 1, 'log', words, n FROM past",
    "INSERT INTO outbox (id, lender, conversation_id, content, label, origin, status, due_at, wamid, created_at)
     SELECT gen_random_uuid(), 'andino', chat, words, 'publico', 'reply', 'accepted', n, 'past' || n, n FROM past",
    // These are to come.
    "UPDATE conversations SET timers = json_build_array(json_build_object('name', 'nudge', 'turn', 1, 'due', n)),
       next_timer_at = 4000000000000 + n
     FROM past WHERE id = chat",
    "INSERT INTO agreements (id, lender, conversation_id, person_id, obligation_id, once_key, status, kind, currency,
       total_minor, discount_minor, offer, evidence, reference, accepted_at)
     SELECT gen_random_uuid(), 'andino', chat, person, gen_random_uuid(), 'past' || n, 'kept', 'promise', 'COP', 1, 0,
       '{}', '{}', 'r', n FROM past",
    "INSERT INTO payment_claims (id, lender, person_id, body, at)
     SELECT gen_random_uuid(), 'andino', person, '{}', n FROM past",
    "INSERT INTO cases (id, lender, person_id, kind, status, body, at)
     SELECT gen_random_uuid(), 'andino', person, 'dispute', 'closed', '{}', n FROM past",
    "INSERT INTO opt_outs (lender, conversation_id, wa_id, scope, stop, source, at)
     SELECT 'andino', chat, '57320' || n, 'all', true, 'person', n FROM past",
    "WITH tries AS (
       INSERT INTO identity_tries (id, lender, conversation_id, passed_person, starts_challenge, at)
       SELECT gen_random_uuid(), 'andino', chat, person, true, n FROM past RETURNING id, passed_person, at)
     INSERT INTO identity_try_persons (try_id, person_id, lender, at) SELECT id, passed_person, 'andino', at FROM tries",
    "INSERT INTO dead_letters (id, lender, conversation_id, inputs, cause, detail, failures, at, retried_at)
     SELECT gen_random_uuid(), 'andino', chat, '[]', 'panic', '', 3, n, n FROM past",
    "INSERT INTO media_files (id, lender, conversation_id, phone_number_id, wamid, media_id, kind, state, mime_type,
       size_bytes, received_at, finished_at, bytes)
     SELECT gen_random_uuid(), 'andino', chat, '100000000000001', 'past' || n, 'past' || n, 'image', 'kept', 'image/png',
       1, n, n, '\\x00' FROM past",
    "INSERT INTO tickets (id, lender, conversation_id, queue, priority, reason, summary, status, waiting, waiting_since,
       published_version, opened_at, closed_at)
     SELECT gen_random_uuid(), 'andino', chat, 'cobranzas', 1, 'asked', '{}', 'closed', false, n, 1, n, n FROM past",
];

/// Tables that stay small however long the program runs.
const SMALL: [&str; 6] =
    ["agents", "flow_versions", "stops", "heartbeats", "schema_support", "_sqlx_migrations"];

const NO_AUTOVACUUM: &str = "
    DO $$
    DECLARE name regclass;
    BEGIN
      FOR name IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace LOOP
        EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = false)', name);
      END LOOP;
    END $$";

/// Tables with statistics.
const KNOWN: &str = "
    SELECT DISTINCT tablename::text FROM pg_stats WHERE schemaname = current_schema() ORDER BY tablename";

async fn fill(hand: &mut PgConnection) {
    let past = format!(
        "CREATE TEMPORARY TABLE past AS
         SELECT n, gen_random_uuid() AS chat, gen_random_uuid() AS person,
           json_build_array(repeat(md5(n::text), 20)) AS words
         FROM generate_series(1, {PAST}) AS n"
    );
    sqlx::raw_sql(AssertSqlSafe(past)).execute(&mut *hand).await.unwrap();
    for statement in LEFT {
        sqlx::raw_sql(statement).execute(&mut *hand).await.unwrap();
    }
}

/// Steps of a plan that read a growing table from end to end.
fn scans<'p>(step: &'p Value, whole_indexes: &BTreeSet<String>, found: &mut Vec<&'p Value>) {
    let name = |key: &str| step[key].as_str().unwrap_or("");
    let whole_table = name("Node Type") == "Seq Scan" && !SMALL.contains(&name("Relation Name"));
    let whole_index = step["Index Cond"].is_null() && whole_indexes.contains(name("Index Name"));
    // All that a lender has; the desk's pages alone stop after the newest.
    let only_lender = name("Index Cond").starts_with("(lender = ") && !name("Index Cond").contains(" AND ");
    let whole_lender = only_lender && !name("Index Name").starts_with("tickets_lender");
    if whole_table || whole_index || whole_lender {
        found.push(step);
    }
    for inner in step["Plans"].as_array().into_iter().flatten() {
        scans(inner, whole_indexes, found);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_of_the_daily_work_reads_a_whole_table_on_postgres() {
    no_scan_on_postgres("").await;
}

/// As in the first minutes after a large import, before autovacuum comes by; tickets come one by one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_reads_a_whole_table_of_which_postgres_knows_nothing() {
    no_scan_on_postgres("tickets").await;
}

/// `known` is the only table of which PostgreSQL has statistics; empty, all have them.
async fn no_scan_on_postgres(known: &str) {
    listen();
    let bench = backends::postgres().await;
    let mut hand = PgConnection::connect(&bench.url).await.unwrap();
    // Else a slow machine's autovacuum comes by in the middle, and tells the planner what it must not know.
    sqlx::raw_sql(NO_AUTOVACUUM).execute(&mut hand).await.unwrap();
    drop(application(&bench.url, 3, 0).await);
    fill(&mut hand).await;
    // By name: a bare `ANALYZE` would read the tables of every test that shares the database.
    let all = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename";
    let analysed: Vec<String> = match known {
        "" => sqlx::query_scalar(all).fetch_all(&mut hand).await.unwrap(),
        one => vec![one.to_owned()],
    };
    sqlx::raw_sql(AssertSqlSafe(format!("ANALYZE {}", analysed.join(", "))))
        .execute(&mut hand)
        .await
        .unwrap();
    let whole = "SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE c.relnamespace = current_schema()::regnamespace AND i.indpred IS NULL";
    let whole: Vec<String> = sqlx::query_scalar(whole).fetch_all(&mut hand).await.unwrap();
    let whole = BTreeSet::from_iter(whole);
    let explained = [
        "session_preload_libraries=auto_explain",
        "auto_explain.log_min_duration=0",
        "auto_explain.log_format=json",
        "auto_explain.log_level=notice",
    ];
    let options = explained.map(|option| format!("%20-c{}", option.replace('=', "%3D"))).concat();
    let app = application(&format!("{}{options}", bench.url), 1 + DAYS, 1).await;
    NOTICES.lock().unwrap().clear();
    for n in 1..=DAYS {
        a_day(&app, n).await;
    }
    drop(app);

    let notices = std::mem::take(&mut *NOTICES.lock().unwrap());
    let plans = notices.iter().filter_map(|notice| notice.split_once("plan:\n"));
    let plans: Vec<Value> = plans.map(|(_, plan)| serde_json::from_str(plan).unwrap()).collect();
    let statements: BTreeSet<&str> = plans.iter().filter_map(|plan| plan["Query Text"].as_str()).collect();
    assert!(statements.len() > 40, "only {} statements were explained", statements.len());
    let mut of: Vec<String> = sqlx::query_scalar(KNOWN).fetch_all(&mut hand).await.unwrap();
    of.retain(|table| !SMALL.contains(&table.as_str()));
    assert!(if known.is_empty() { of.len() > 10 } else { of == [known] }, "statistics of {of:?}");
    let mut findings = BTreeSet::new();
    for plan in &plans {
        let mut found = Vec::new();
        scans(&plan["Plan"], &whole, &mut found);
        findings.extend(found.into_iter().map(|step| {
            let (kind, table, index) = (&step["Node Type"], &step["Relation Name"], &step["Index Name"]);
            format!("{kind} of {table} {index}\n    in {}", plan["Query Text"])
        }));
    }
    let findings = Vec::from_iter(findings);
    assert!(findings.is_empty(), "{} scans:\n{}", findings.len(), findings.join("\n"));
    hand.close().await.unwrap();
    bench.drop_schema().await;
}
