//! The work of a turn, counted and compared with a committed budget: a slow-down is seen without a quiet machine.
//!
//! After a change that is worth its price: `ACUERDO_BLESS=1 scripts/test -E 'test(work::)'` writes the new budget.

use crate::contract::backends::{self, Bench};
use crate::harness::app::{NUMBER, START, TestApp};
use crate::harness::load::import_people;
use crate::harness::meta::{self, Who};
use crate::harness::people::wa_id;
use crate::harness::webhook::text;
use acuerdo::domain::time::Timestamp;
use acuerdo::ports::clock::Clock;
use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use tracing::field::{Field, Visit};
use tracing::subscriber::Subscriber;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

const BUDGETS: &str = "tests/it/work_budget.toml";
/// Chats side by side, so that batches are seen at work.
const PEOPLE: usize = 8;
/// Who am I, what do I owe, a plan, accepted.
const LINES: [&str; 7] =
    ["hola", "%last4", "25 de julio", "cuanto debo", "quiero un acuerdo de pago", "2 cuotas", "si acepto"];
/// Hundredths of the budget that may be used: how many answers of the Graph API are recorded together is chance. One
/// statement or row more in each turn is beyond it.
const MOST_USED: u64 = 105;
/// Hundredths of the budget that must be used: a budget that nobody needs hides the next slow-down.
const LEAST_USED: u64 = 90;

/// What 100 turns of the journey take, from the webhook to the sending of the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
struct Work {
    statements: u64,
    rows_read: u64,
    rows_written: u64,
}

#[derive(Default)]
struct Counts {
    statements: AtomicU64,
    rows_read: AtomicU64,
    rows_written: AtomicU64,
}

static COUNTS: Counts =
    Counts { statements: AtomicU64::new(0), rows_read: AtomicU64::new(0), rows_written: AtomicU64::new(0) };

/// Counts the statements that `sqlx` reports.
struct Statements;

impl<S: Subscriber> Layer<S> for Statements {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            COUNTS.statements.fetch_add(1, Ordering::Relaxed);
            event.record(&mut Rows);
        }
    }
}

struct Rows;

impl Visit for Rows {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "rows_returned" => COUNTS.rows_read.fetch_add(value, Ordering::Relaxed),
            "rows_affected" => COUNTS.rows_written.fetch_add(value, Ordering::Relaxed),
            _ => 0,
        };
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

fn counted() -> [u64; 3] {
    [&COUNTS.statements, &COUNTS.rows_read, &COUNTS.rows_written].map(|count| count.load(Ordering::Relaxed))
}

async fn measure(bench: &Bench) -> Work {
    let folder = tempfile::tempdir().unwrap();
    let app = TestApp::on(&bench.url, folder, Timestamp::parse_rfc3339(START).unwrap()).await;
    let flows = app.started.settings.flows_dir.clone();
    import_people(&app.started.store, &flows, PEOPLE, app.clock.now()).await;
    let before = counted();
    for line in LINES {
        for n in 0..PEOPLE {
            let words = line.replace("%last4", &format!("{:04}", n % 10_000));
            let message = meta::message(&Who::phone(&wa_id(n)), &app.wamid(), app.clock.now(), &text(&words));
            assert_eq!(app.deliver(meta::delivery(NUMBER, message)).await, 200);
        }
        app.drain().await;
    }
    let after = counted();
    let said = app.graph.taken();
    let n_agreed = said.iter().filter(|(_, sent)| sent.message.readable().contains("referencia")).count();
    assert_eq!(n_agreed, PEOPLE, "everybody agreed on a plan");
    let n_turns = u64::try_from(PEOPLE * LINES.len()).unwrap();
    let per_100 = |place: usize| (after[place] - before[place]) * 100 / n_turns;
    Work { statements: per_100(0), rows_read: per_100(1), rows_written: per_100(2) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_costs_no_more_than_its_budget() {
    let counting = tracing_subscriber::registry().with(Statements.with_filter(LevelFilter::DEBUG));
    tracing::subscriber::set_global_default(counting).unwrap();
    let sqlite = measure(&backends::sqlite().await).await;
    let bench = backends::postgres().await;
    let postgres = measure(&bench).await;
    bench.drop_schema().await;
    let measured = BTreeMap::from([("postgres".to_owned(), postgres), ("sqlite".to_owned(), sqlite)]);
    if std::env::var_os("ACUERDO_BLESS").is_some() {
        return std::fs::write(BUDGETS, worded(&measured)).unwrap();
    }
    let budgets: BTreeMap<String, Work> = Figment::from(Toml::file_exact(BUDGETS)).extract().unwrap();
    for (database, work) in &measured {
        let budget = &budgets[database];
        for (what, used, allowed) in [
            ("statements", work.statements, budget.statements),
            ("rows read", work.rows_read, budget.rows_read),
            ("rows written", work.rows_written, budget.rows_written),
        ] {
            assert!(
                used * 100 <= allowed * MOST_USED,
                "100 turns on {database} took {used} {what}; the budget is {allowed}"
            );
            assert!(
                used * 100 >= allowed * LEAST_USED,
                "100 turns on {database} took only {used} {what}: lower the budget of {allowed} in {BUDGETS}"
            );
        }
    }
}

fn worded(measured: &BTreeMap<String, Work>) -> String {
    let mut text =
        "# What 100 turns of the journey (identity, balance, plan, accepted) may take, 8 chats side by \
                    side.\n# Compared by tests/it/work.rs; written by it with ACUERDO_BLESS=1.\n"
            .to_owned();
    for (database, work) in measured {
        let Work { statements, rows_read, rows_written } = work;
        text += &format!(
            "\n[{database}]\nstatements = {statements}\nrows_read = {rows_read}\nrows_written = {rows_written}\n"
        );
    }
    text
}
