//! The real program in processes of its own.

use acuerdo::whatsapp::client::http_client;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long a process may take until it is ready, on the busiest machine.
const START_MAX: Duration = Duration::from_mins(10);

/// The program that was built with these tests.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_acuerdo");

/// A server in a process of its own; it is ended with this value.
pub struct Server {
    child: Child,
    pub url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What makes a process believe in another moment (`scripts/test --on`).
const MOMENT: [&str; 5] = ["LD_PRELOAD", "FAKETIME", "FAKETIME_DONT_FAKE_MONOTONIC", "NO_FAKE_STAT", "TZ"];

/// A program with nothing of our own environment but the moment that it is.
pub fn alone(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    command.envs(MOMENT.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command
}

/// `acuerdo` with these settings and nothing of our own environment.
pub fn acuerdo(program: &str, config: &Path, arguments: &[&str]) -> Command {
    let mut command = alone(program);
    command.args(arguments).env("ACUERDO_CONFIG", config);
    command
}

/// Runs a command of ours to its end; what it prints.
pub fn run(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// `acuerdo serve` on this address, its log appended to `log`.
pub fn serve(program: &str, config: &Path, address: &str, log: &Path) -> Command {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
    let mut command = acuerdo(program, config, &["serve"]);
    command.env("ACUERDO_BIND", address).stdout(log.try_clone().unwrap()).stderr(log);
    command
}

/// An address that nobody listens on.
pub fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

impl Server {
    /// Starts a command that will serve at `url`.
    pub fn spawn(mut command: Command, url: String) -> Self {
        Self { child: command.stdin(Stdio::null()).spawn().unwrap(), url }
    }

    /// Until it can take webhooks; how long that took, or how it ended by itself.
    pub async fn ready(&mut self) -> Result<Duration, ExitStatus> {
        let begun = Instant::now();
        while !is_ready(&self.url).await {
            if let Some(ended) = self.ended() {
                return Err(ended);
            }
            assert!(begun.elapsed() < START_MAX, "`acuerdo serve` does not become ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(begun.elapsed())
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it writes to its standard output, when that was piped.
    pub fn output(&mut self) -> ChildStdout {
        self.child.stdout.take().unwrap()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// SIGKILL: the process runs no line of its own any more.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        let ended = self.child.wait().unwrap();
        assert_eq!(ended.code(), None, "the process ended before it was killed: {ended}");
    }
}

async fn is_ready(url: &str) -> bool {
    let http = http_client(START_MAX, START_MAX).unwrap();
    http.get(format!("{url}/health/ready")).send().await.is_ok_and(|answer| answer.status().is_success())
}
