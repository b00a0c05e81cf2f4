//! Every statement of the journey, the metrics, the desk and retention finds its rows by an index in SQLite, so that its
//! cost does not grow with the past. The planner of this build has no statistics: its plans are the same on any data.

use crate::contract::backends;
use crate::harness::app::{START, TestApp};
use crate::harness::load::import_people;
use crate::harness::meta::Who;
use crate::harness::people::wa_id;
use acuerdo::domain::ids::LenderId;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::clock::Clock;
use acuerdo::ports::retention::{Act, Aged, Place};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};
use tracing::field::{Field, Visit};
use tracing::subscriber::Subscriber;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Keeps the text of each statement that `sqlx` reports.
struct Statements;

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            let mut statement = Statement::default();
            event.record(&mut statement);
            let text = if statement.whole.trim().is_empty() { statement.summary } else { statement.whole };
            SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert(text);
        }
    }
}

/// `db.statement` is empty when the summary says it all.
#[derive(Default)]
struct Statement {
    summary: String,
    whole: String,
}

impl Visit for Statement {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.whole),
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_of_the_daily_work_reads_a_whole_table() {
    let kept = tracing_subscriber::registry().with(Statements.with_filter(LevelFilter::DEBUG));
    tracing::subscriber::set_global_default(kept).unwrap();
    let bench = backends::sqlite().await;
    let app =
        TestApp::on(&bench.url, tempfile::tempdir().unwrap(), Timestamp::parse_rfc3339(START).unwrap()).await;
    import_people(&app.started.store, &app.started.settings.flows_dir.clone(), 1, app.clock.now()).await;
    SEEN.lock().unwrap().clear();

    let who = Who::phone(&wa_id(0));
    for line in
        ["hola", "0000", "25 de julio", "cuanto debo", "quiero un acuerdo de pago", "2 cuotas", "si acepto"]
    {
        app.says(&who, line).await;
    }
    app.says(&who, "quiero hablar con una persona").await;
    app.waits(Millis::days(2)).await;
    let (store, now, lender) = (&app.started.store, app.clock.now(), LenderId::from("andino"));
    store.backlog(now).await.unwrap();
    store.open_tickets(100).await.unwrap();
    store.tickets(&lender, None, true, 50).await.unwrap();
    store.requeue_expired(now, 100).await.unwrap();
    store.sent_messages(app.conversation(&who).await.id, 100).await.unwrap();
    for kind in Aged::ALL {
        let young = now.plus(Millis::days(1));
        store.sweep(kind, young, Place::default(), 100, Act::Remove).await.unwrap();
    }

    let seen = std::mem::take(&mut *SEEN.lock().unwrap());
    let mut file = SqliteConnection::connect(&bench.url).await.unwrap();
    let partial = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'";
    let partial: Vec<String> = sqlx::query_scalar(partial).fetch_all(&mut file).await.unwrap();
    let partial = BTreeSet::from_iter(partial);
    let (mut n_explained, mut findings) = (0, Vec::new());
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
