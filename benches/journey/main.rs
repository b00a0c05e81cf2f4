//! Speed of the whole product: `scripts/bench` starts the servers that it needs and runs it.
//!
//! The real program in processes of its own, the shipped flows, a load generator that keeps intended times, and
//! beside it, in the same run, the bare limits of the machine. Everything shares this machine's cores.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::float_arithmetic,
    reason = "a measuring program: it ends at the first surprise, and its table is its result"
)]

mod bare;
mod client;
mod graph;
mod growth;
mod kernel;
#[path = "../../tests/support/meta.rs"]
#[expect(dead_code, reason = "of all that Meta delivers, the load is text messages")]
mod meta;
#[path = "../../tests/support/people.rs"]
#[expect(dead_code, reason = "shared with tests that read what people are told")]
mod people;
#[path = "../../tests/support/process.rs"]
#[expect(dead_code, reason = "shared with tests that kill what they started")]
mod process;
mod street;

use clap::{Parser, Subcommand};
use graph::Graph;
use kernel::{cpu_of, cpu_of_children, parent_of, rss_kib};
use process::{PROGRAM, Server, acuerdo, free_address, run, serve};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use street::{Pace, Seen, Street, WARM, flood};

pub const NUMBER: &str = "100000000000001";
pub const SECRET: &str = "app-secret-of-the-bench";

/// Measures full turns of the shipped flow's journey and the bare limits beside it.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    bare: Option<Bare>,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Chats at once when the machine is saturated.
    #[arg(long, default_value_t = 256)]
    chats: usize,
    /// People of each database; each chats once.
    #[arg(long, default_value_t = 24_000)]
    people: usize,
    /// Only this database.
    #[arg(long, value_parser = ["sqlite", "postgres"])]
    only: Option<String>,
    /// Only the saturated rows of one replica.
    #[arg(long)]
    quick: bool,
    /// Measure beside so many people and chats of the past instead (scripts/growth).
    #[arg(long, overrides_with = "past")]
    past: Option<usize>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum Bare {
    #[command(hide = true)]
    Bare { kind: String, database: Option<String> },
}

/// A database of its own, with its people.
struct Base {
    name: &'static str,
    url: String,
    folder: PathBuf,
    graph: Graph,
    /// The first person who has not chatted.
    next: usize,
}

/// What a PostgreSQL has done so far.
#[derive(Clone, Copy, Default)]
struct Work {
    commits: i64,
    rows: i64,
    syncs: i64,
}

fn main() {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if let Some(Bare::Bare { kind, database }) = &arguments.bare {
        let system = actix_web::rt::System::new();
        let _enter = runtime.enter();
        return system.block_on(bare::serve(kind, database.as_deref()));
    }
    runtime.block_on(measure(&arguments));
}

async fn measure(arguments: &Arguments) {
    let folder = tempfile::tempdir().unwrap();
    let window = Duration::from_secs(arguments.seconds);
    let wanted = |name: &str| arguments.only.as_deref().is_none_or(|only| only == name);
    print_machine();
    if let Some(past) = arguments.past {
        println!("\n{}", header());
        for (name, _) in
            [("SQLite", "sqlite"), ("PostgreSQL", "postgres")].iter().filter(|(_, key)| wanted(key))
        {
            let mut base = prepare(name, folder.path(), arguments.people).await;
            growth::measure(&mut base, past, arguments.chats, window).await;
        }
        return;
    }
    println!("\nbare limits of the same machine, closed loop      acknowledged/s");
    let hmac = bare::start("hmac", None);
    println!("{:<50} {:>13}", "verify the signature", flood(&hmac.url, "/webhook", window).await);
    drop(hmac);
    let databases = [("SQLite", "sqlite"), ("PostgreSQL", "postgres")];
    for (name, _) in databases.iter().filter(|(_, key)| wanted(key)) {
        let url = fresh_database(name, folder.path(), "bare").await;
        let insert = bare::start("insert", Some(&url));
        let label = format!("… and a group-committed insert, {name}");
        let bare = flood(&insert.url, "/webhook", window).await;
        println!("{label:<50} {bare:>13}");
        drop(insert);
        let ours = acknowledgements(name, folder.path(), window).await;
        let label = format!("the product alone, without turns, {name}");
        println!("{label:<50} {ours:>13}  {} % of that", ours * 100 / bare.max(1));
    }
    println!("\n{}", header());
    for (name, _) in databases.iter().filter(|(_, key)| wanted(key)) {
        let mut base = prepare(name, folder.path(), arguments.people).await;
        let saturating = Pace::Saturating { chats: arguments.chats };
        let best = row(&mut base, 1, saturating, window).await;
        if arguments.quick {
            continue;
        }
        row(&mut base, 1, Pace::Offered { per_second: best / 2 }, window).await;
        row(&mut base, 1, Pace::Offered { per_second: 1_000 }, window).await;
        if base.url.starts_with("postgres") {
            row(&mut base, 2, saturating, window).await;
        }
    }
}

fn print_machine() {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = std::thread::available_parallelism().unwrap();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "{cores} cores,{}; load average before {}",
        model.trim_start_matches([' ', '\t', ':']),
        load.trim()
    );
}

/// An empty database's URL.
async fn fresh_database(name: &str, folder: &Path, purpose: &str) -> String {
    if name == "SQLite" {
        return format!("sqlite:{}", folder.join(format!("{purpose}.sqlite")).display());
    }
    let server = std::env::var("ACUERDO_TEST_POSTGRES").expect("run it with scripts/bench");
    let mut connection = PgConnection::connect(&server).await.unwrap();
    let database = format!("bench_{}_{purpose}", std::process::id());
    let create = AssertSqlSafe(format!("CREATE DATABASE {database}"));
    sqlx::query(create).execute(&mut connection).await.unwrap();
    let (before, _) = server.rsplit_once('/').unwrap();
    format!("{before}/{database}")
}

/// What one process of the product takes in each second while nobody works it off.
async fn acknowledgements(name: &'static str, folder: &Path, window: Duration) -> usize {
    let url = fresh_database(name, folder, "acks").await;
    let folder = folder.join(format!("{name}-acks"));
    std::fs::create_dir_all(&folder).unwrap();
    let base = Base { name, url, folder, graph: Graph::start(0), next: 0 };
    let config = settings(&base, "workers = { loops = false }");
    if base.url.starts_with("postgres") {
        run(acuerdo(PROGRAM, &config, &["migrate"]));
    }
    let address = free_address();
    let command = serve(PROGRAM, &config, &address, &base.folder.join("serve.log"));
    let mut server = Server::spawn(command, format!("http://{address}"));
    server.ready().await.expect("it serves");
    flood(&server.url, "/webhook", window).await
}

async fn prepare(name: &'static str, folder: &Path, n_people: usize) -> Base {
    let url = fresh_database(name, folder, "journey").await;
    let folder = folder.join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let graph = Graph::start(n_people);
    let base = Base { name, url, folder, graph, next: 0 };
    let csv = base.folder.join("people.csv");
    std::fs::write(&csv, people::csv(n_people)).unwrap();
    let config = settings(&base, WORKERS);
    if base.url.starts_with("postgres") {
        run(acuerdo(PROGRAM, &config, &["migrate"]));
    }
    run(acuerdo(PROGRAM, &config, &["import", "--lender", "andino", csv.to_str().unwrap()]));
    base
}

/// No number is held back.
const WORKERS: &str = "workers = { sends_per_second = 1000000 }";

fn settings(base: &Base, workers: &str) -> PathBuf {
    let redis = match std::env::var("ACUERDO_TEST_REDIS") {
        Ok(url) if base.url.starts_with("postgres") => format!("redis_url = \"{url}\"\n"),
        _ => String::new(),
    };
    let text = format!(
        "database_url = \"{}\"\n{redis}flows_dir = \"flows\"\nread_receipts = false\n\
         whatsapp_app_secret = \"{SECRET}\"\nwhatsapp_verify_token = \"verify-token-of-the-benchmark\"\nwhatsapp_graph_url = \"{}\"\n\
         {workers}\n\
         [[lender]]\nid = \"andino\"\naccess_token = \"token\"\nwaba_id = \"waba\"\n\
         phone_number_ids = [\"{}\"]\ncheckout_secret = \"checkout-secret-of-the-bench\"\n",
        base.url, base.graph.url, NUMBER,
    );
    let path = base.folder.join("acuerdo.toml");
    std::fs::write(&path, text).unwrap();
    path
}

/// Measures one row of the table and prints it; returns turns per second.
async fn row(base: &mut Base, n_replicas: usize, pace: Pace, window: Duration) -> usize {
    let config = settings(base, WORKERS);
    let mut servers = Vec::new();
    for n in 0..n_replicas {
        let log = base.folder.join(format!("serve-{n}.log"));
        let address = free_address();
        let command = serve(PROGRAM, &config, &address, &log);
        let mut server = Server::spawn(command, format!("http://{address}"));
        let ready = server.ready().await.expect("it serves").as_millis();
        if base.next == 0 && n == 0 {
            let rest = rss_kib(server.pid()) / 1_024;
            println!("{:<11} one process is ready after {ready} ms and rests at {rest} MiB", base.name);
        }
        servers.push(server);
    }
    let urls: Vec<String> = servers.iter().map(|server| server.url.clone()).collect();
    let street = Arc::new(Street::new(&urls, base.graph.phones.clone(), base.next, window));
    let living = tokio::spawn({
        let street = street.clone();
        async move { street.live(pace).await }
    });
    tokio::time::sleep(WARM).await;
    let before = used(base, &servers).await;
    tokio::time::sleep(window).await;
    let after = used(base, &servers).await;
    let rss = servers.iter().map(|server| rss_kib(server.pid())).max().unwrap();
    let first = base.next;
    base.next = living.await.unwrap();
    let said: usize = base.graph.phones[first..base.next].iter().map(graph::Phone::n_heard).sum();
    assert_eq!(said, (base.next - first) * people::STEPS, "one reply to each message");
    let seen = street.take();
    println!("{}", table_row(base, n_replicas, pace, &seen, window, &before, &after, rss));
    seen.replies.len() / usize::try_from(window.as_secs()).unwrap()
}

struct Used {
    ours: Duration,
    database: Duration,
    work: Work,
}

async fn used(base: &Base, servers: &[Server]) -> Used {
    let ours = servers.iter().map(|server| cpu_of(server.pid())).sum();
    if !base.url.starts_with("postgres") {
        return Used { ours, database: Duration::ZERO, work: Work::default() };
    }
    let mut connection = PgConnection::connect(&base.url).await.unwrap();
    let found = sqlx::query(
        "SELECT xact_commit, tup_inserted + tup_updated + tup_deleted AS rows,
           (SELECT wal_sync FROM pg_stat_wal) AS syncs
         FROM pg_stat_database WHERE datname = current_database()",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    let postmaster: i32 =
        sqlx::query("SELECT pg_backend_pid()").fetch_one(&mut connection).await.unwrap().get(0);
    let parent = parent_of(u32::try_from(postmaster).unwrap());
    let work = Work { commits: found.get(0), rows: found.get(1), syncs: found.get(2) };
    Used { ours, database: cpu_of_children(parent), work }
}

fn header() -> String {
    format!(
        "{:<11} {:>8} {:<15} {:>8} {:>25} {:>8} {:>17} {:>12} {:>12} {:>8} {:>8} {:>8} {:>8}",
        "database",
        "replicas",
        "load",
        "acks/s",
        "ack ms p50/p99/p99.9",
        "turns/s",
        "reply ms p50/p99",
        "CPU ms/turn",
        "its db's",
        "rows",
        "commits",
        "fsyncs",
        "MiB",
    )
}

fn percentile(sorted: &[Duration], per_mille: usize) -> String {
    let Some(last) = sorted.len().checked_sub(1) else { return "-".to_owned() };
    format!("{:.1}", sorted[last * per_mille / 1_000].as_secs_f64() * 1_000.0)
}

#[expect(clippy::too_many_arguments, reason = "the columns of a table")]
fn table_row(
    base: &Base,
    n_replicas: usize,
    pace: Pace,
    seen: &Seen,
    window: Duration,
    before: &Used,
    after: &Used,
    rss_kib: u64,
) -> String {
    let turns = seen.replies.len().max(1) as f64;
    let seconds = usize::try_from(window.as_secs()).unwrap();
    let cpu = |from: Duration, to: Duration| (to.saturating_sub(from)).as_secs_f64() * 1_000.0 / turns;
    let per_turn = |from: i64, to: i64| match to - from {
        0 => "-".to_owned(),
        work => format!("{:.2}", work as f64 / turns),
    };
    let load = match pace {
        Pace::Saturating { chats } => format!("{chats} chats"),
        Pace::Offered { per_second } => format!("{per_second}/s offered"),
    };
    let mut line = format!("{:<11} {n_replicas:>8} {load:<15} {:>8}", base.name, seen.acks.len() / seconds);
    let acks = [500, 990, 999].map(|per_mille| percentile(&seen.acks, per_mille)).join(" / ");
    let replies = [500, 990].map(|per_mille| percentile(&seen.replies, per_mille)).join(" / ");
    write!(
        line,
        " {acks:>25} {:>8} {replies:>17} {:>12.3} {:>12.3} {:>8} {:>8} {:>8} {:>8}",
        seen.replies.len() / seconds,
        cpu(before.ours, after.ours),
        cpu(before.database, after.database),
        per_turn(before.work.rows, after.work.rows),
        per_turn(before.work.commits, after.work.commits),
        per_turn(before.work.syncs, after.work.syncs),
        rss_kib / 1_024,
    )
    .unwrap();
    line
}
