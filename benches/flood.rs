//! What anybody may do to the public port, at once and without a secret: `scripts/flood` runs it and prints the figures.
//!
//! A thousand gzip bombs, a thousand bodies that stall, a thousand connections that say nothing, each kind in one wave,
//! while people write. The bars: the process lives on, in less than 300 MiB, and acknowledges every delivery within 1 s.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measuring program: it ends at the first surprise, and its table is its result"
)]

#[path = "../tests/support/graph_api.rs"]
#[expect(dead_code, reason = "the tests of the client ask more of it")]
mod graph_api;
#[path = "../tests/support/meta.rs"]
#[expect(dead_code, reason = "people here have phones")]
mod meta;
#[path = "../tests/support/process.rs"]
#[expect(dead_code, reason = "shared with tests that kill what they started")]
mod process;
#[path = "../tests/support/webhook.rs"]
#[expect(dead_code, reason = "here an attempt that is not acknowledged counts against the bar")]
mod webhook;

use acuerdo::ports::clock::Clock;
use acuerdo::system::SystemClock;
use clap::Parser;
use graph_api::GraphApi;
use process::{PROGRAM, Server, free_address, serve};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use webhook::{APP_SECRET, NUMBER, VERIFY, Webhook, body_of, text};

const RSS_MAX_MIB: u64 = 300;
const ACKNOWLEDGED_MAX: Duration = Duration::from_secs(1);
/// Longer than the server lets any of these wait.
const ENDED_MAX: Duration = Duration::from_secs(40);
/// Between two people who write.
const PACE: Duration = Duration::from_millis(50);
/// A bomb inflates to so much.
const BOMB_BYTES: usize = 100 << 20;
const TOKEN: &str = "graph-token-of-the-flood";

#[derive(Parser)]
struct Arguments {
    /// Connections of each wave.
    #[arg(long, default_value_t = 1_000)]
    n: usize,
    /// The program that is tried.
    #[arg(long, default_value = PROGRAM)]
    program: String,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

/// One kind of attack.
struct Wave {
    name: &'static str,
    /// What is sent; then the connection is left open until the server ends it.
    request: Arc<Vec<u8>>,
}

/// What came of one wave.
struct Seen {
    answers: BTreeMap<String, usize>,
    all_ended: Duration,
    acknowledged: Vec<Duration>,
    refused: usize,
    rss_mib: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    if runtime.block_on(measure(&arguments)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn measure(arguments: &Arguments) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let graph = GraphApi::start(TOKEN);
    let mut server = started(folder.path(), &graph.url, &arguments.program).await;
    let (pid, calm) = (server.pid(), rss_mib(server.pid()));
    println!("{} connections a wave; {calm} MiB before\n", arguments.n);
    println!("{:28} {:>8} {:>12} {:>12} {:>10}  answers", "wave", "MiB", "slowest ack", "acked", "ended");
    let mut well = true;
    for wave in waves() {
        let seen = play(&server.url, pid, &wave, arguments.n).await;
        let slowest = seen.acknowledged.iter().max().copied().unwrap_or_default();
        let answers: Vec<String> = seen.answers.iter().map(|(what, n)| format!("{n} × {what}")).collect();
        println!(
            "{:28} {:>8} {:>9} ms {:>12} {:>8} s  {}",
            wave.name,
            seen.rss_mib,
            slowest.as_millis(),
            format!("{} of {}", seen.acknowledged.len(), seen.acknowledged.len() + seen.refused),
            seen.all_ended.as_secs(),
            answers.join(", ")
        );
        well &= seen.rss_mib < RSS_MAX_MIB && slowest < ACKNOWLEDGED_MAX && seen.refused == 0;
    }
    let lives = server.ended().is_none();
    println!(
        "\n{}; {} MiB after",
        if lives { "the process lives" } else { "the process died" },
        rss_mib(pid)
    );
    println!("bars: below {RSS_MAX_MIB} MiB, every delivery acknowledged within 1 s, no restart");
    well && lives
}

fn waves() -> Vec<Wave> {
    let bomb = bomb();
    let head = |lines: &str| format!("POST /webhook HTTP/1.1\r\nhost: x\r\n{lines}\r\n\r\n").into_bytes();
    let signed = format!("x-hub-signature-256: sha256={}", "0".repeat(64));
    let length = format!("content-length: {}", 3 << 20);
    let with = |mut head: Vec<u8>, body: &[u8]| {
        head.extend_from_slice(body);
        Arc::new(head)
    };
    let of_bomb = format!("content-length: {}\r\ncontent-encoding: gzip\r\n{signed}", bomb.len());
    vec![
        Wave { name: "gzip bombs at the webhook", request: with(head(&of_bomb), &bomb) },
        Wave {
            name: "gzip bombs at the desk",
            request: with(
                format!(
                    "POST /api/v1/tickets/take-next HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\
                     content-encoding: gzip\r\n\r\n",
                    bomb.len()
                )
                .into_bytes(),
                &bomb,
            ),
        },
        Wave {
            name: "bodies of 2.9 MB that stall",
            request: with(head(&format!("{length}\r\n{signed}")), &vec![b'x'; 2_900_000]),
        },
        Wave { name: "bodies without a signature", request: with(head(&length), &vec![b'x'; 2_900_000]) },
        Wave {
            name: "heads that stall",
            request: Arc::new(b"POST /webhook HTTP/1.1\r\nhost: x\r\nx-a: ".to_vec()),
        },
        Wave { name: "connections that say nothing", request: Arc::default() },
    ]
}

/// So many connections at once, until the server has ended each, while somebody writes.
async fn play(url: &str, pid: u32, wave: &Wave, n: usize) -> Seen {
    let over = Arc::new(AtomicBool::new(false));
    let watching = tokio::spawn(highest(pid, over.clone()));
    let writing = tokio::spawn(people(url.to_owned(), over.clone()));
    let begun = Instant::now();
    let address = url.trim_start_matches("http://").to_owned();
    let attacks = (0..n).map(|_| tokio::spawn(attack(address.clone(), wave.request.clone())));
    let mut answers = BTreeMap::new();
    for attack in attacks.collect::<Vec<_>>() {
        *answers.entry(attack.await.unwrap()).or_default() += 1;
    }
    let all_ended = begun.elapsed();
    // What is slow to come to rest shows in who writes now.
    tokio::time::sleep(Duration::from_secs(2)).await;
    over.store(true, Ordering::SeqCst);
    let (acknowledged, refused) = writing.await.unwrap();
    Seen { answers, all_ended, acknowledged, refused, rss_mib: watching.await.unwrap() }
}

/// Sends what it has and waits for the end; what was answered.
async fn attack(address: String, request: Arc<Vec<u8>>) -> String {
    let Ok(mut stream) = TcpStream::connect(&address).await else { return "no connection".to_owned() };
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    // The answer may come, and the connection end, before all is sent.
    let sends = async {
        let _ = writer.write_all(&request).await;
        std::future::pending::<()>().await;
    };
    let hears = async {
        let mut piece = [0; 1_024];
        while let Ok(n) = reader.read(&mut piece).await {
            if n == 0 {
                break;
            }
            answer.extend_from_slice(&piece[..n]);
            // A connection that is kept for another request is given up.
            if answer.windows(4).any(|end| end == b"\r\n\r\n") {
                break;
            }
        }
    };
    let ended = tokio::select! {
        () = sends => true,
        ended = tokio::time::timeout(ENDED_MAX, hears) => ended.is_ok(),
    };
    let status = String::from_utf8_lossy(&answer).split(' ').nth(1).map(str::to_owned);
    match (status, ended) {
        (Some(status), _) => status,
        (None, true) => "closed".to_owned(),
        (None, false) => "still open".to_owned(),
    }
}

/// One message after the other, each of another person; how long each took, and how many were not acknowledged.
async fn people(url: String, over: Arc<AtomicBool>) -> (Vec<Duration>, usize) {
    let (webhook, mut acknowledged, mut refused, mut n) = (Webhook::new(), Vec::new(), 0, 0);
    while !over.load(Ordering::SeqCst) {
        n += 1;
        let at = SystemClock.now();
        let wa_id = format!("57311{:07}", (at.0 + n) % 10_000_000);
        let body = body_of(&wa_id, &format!("wamid.{}.{n}", at.0), at, &text("hola"));
        let begun = Instant::now();
        if webhook.post(&url, body).await {
            acknowledged.push(begun.elapsed());
        } else {
            refused += 1;
        }
        tokio::time::sleep(PACE).await;
    }
    (acknowledged, refused)
}

/// The most memory that was resident at any moment.
async fn highest(pid: u32, over: Arc<AtomicBool>) -> u64 {
    let mut most = 0;
    while !over.load(Ordering::SeqCst) {
        most = most.max(rss_mib(pid));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    most
}

fn rss_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).map_or(0, |kib| kib >> 10)
}

/// A hundred kilobytes that become a hundred mebibytes.
fn bomb() -> Vec<u8> {
    let mut gzip =
        Command::new("gzip").arg("-9c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut zeros = gzip.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || {
        let piece = vec![b'0'; 1 << 20];
        (0..BOMB_BYTES >> 20).for_each(|_| zeros.write_all(&piece).unwrap());
    });
    let packed = gzip.wait_with_output().unwrap().stdout;
    feeding.join().unwrap();
    packed
}

async fn started(folder: &Path, graph: &str, program: &str) -> Server {
    let (config, log) = (folder.join("acuerdo.toml"), folder.join("log"));
    let flows = std::path::absolute("flows").unwrap();
    let text = format!(
        "database_url = \"sqlite:{}\"\nflows_dir = \"{}\"\nread_receipts = false\nlog = \"warn\"\n\
         whatsapp_app_secret = \"{APP_SECRET}\"\nwhatsapp_verify_token = \"{VERIFY}\"\nwhatsapp_graph_url = \"{graph}\"\n\
         whatsapp_access_token = \"{TOKEN}\"\nwhatsapp_phone_number_id = \"{NUMBER}\"\n",
        folder.join("flood.sqlite").display(),
        flows.display(),
    );
    std::fs::write(&config, text).unwrap();
    let address = free_address();
    let mut server = Server::spawn(serve(program, &config, &address, &log), format!("http://{address}"));
    if let Err(ended) = server.ready().await {
        panic!("ended with {ended}: {}", std::fs::read_to_string(&log).unwrap());
    }
    server
}
