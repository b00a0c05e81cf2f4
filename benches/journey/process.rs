//! Processes of ours and what the kernel says of them.

use acuerdo::whatsapp::client::http_client;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server in a process of its own; it is ended with this value.
pub struct Server {
    child: Child,
    pub url: String,
    /// From the start of the process to its first answer.
    pub ready_after: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `acuerdo` with these settings.
pub fn acuerdo(config: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acuerdo"));
    command.args(arguments).env_clear().env("ACUERDO_CONFIG", config).env("RUST_LOG", "info");
    command
}

/// Runs a command of ours to its end.
pub fn run(mut command: Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

impl Server {
    /// `acuerdo serve` on this address, its log in `log`.
    pub async fn serve(config: &Path, address: &str, log: &Path) -> Self {
        let begun = Instant::now();
        let log = std::fs::File::create(log).unwrap();
        let child = acuerdo(config, &["serve"])
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .env("ACUERDO_BIND", address)
            .spawn()
            .unwrap();
        let mut server = Self { child, url: format!("http://{address}"), ready_after: Duration::ZERO };
        while tokio::net::TcpStream::connect(address).await.is_err() || !is_ready(&server.url).await {
            assert!(server.child.try_wait().unwrap().is_none(), "`acuerdo serve` ended");
            assert!(begun.elapsed() < Duration::from_secs(30), "`acuerdo serve` does not become ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.ready_after = begun.elapsed();
        server
    }

    /// This program again, as one of the bare servers.
    pub fn bare(kind: &str, database: Option<&str>) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["bare", kind]).args(database).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        Self { child, url: said.trim().to_owned(), ready_after: Duration::ZERO }
    }

    /// CPU time that it has used.
    pub fn cpu(&self) -> Duration {
        cpu_of(self.child.id())
    }

    /// Memory that it holds now, KiB.
    pub fn rss_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches("kB").trim().parse().unwrap()
    }
}

fn http() -> reqwest::Client {
    http_client(Duration::from_secs(5), Duration::from_secs(5)).unwrap()
}

async fn is_ready(url: &str) -> bool {
    http().get(format!("{url}/health/ready")).send().await.is_ok_and(|answer| answer.status().is_success())
}

fn stat_of(pid: u32) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in brackets, with whatever spaces it likes.
    Some(stat.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect())
}

/// The kernel counts in hundredths of a second on every Linux that Rust runs on.
fn cpu_of(pid: u32) -> Duration {
    let Some(fields) = stat_of(pid) else { return Duration::ZERO };
    let ticks: u64 = [11, 12].iter().map(|index: &usize| fields[*index].parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// CPU time of a process' living children: the backends of a PostgreSQL.
pub fn cpu_of_children(parent: u32) -> Duration {
    let processes = std::fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| stat_of(*pid).is_some_and(|fields| fields[1] == parent.to_string()))
        .map(cpu_of)
        .sum()
}

/// An address that nobody listens on.
pub fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}
