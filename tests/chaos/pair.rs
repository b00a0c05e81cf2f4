//! Two replicas of the real program on one database, each with settings and flows of its own.

use crate::graph_api::GraphApi;
use crate::process::{Server, serve};
use crate::servers::Servers;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

pub struct Pair {
    pub database: String,
    pub url: String,
    pub graph: GraphApi,
    pub replicas: [Replica; 2],
}

/// How a pair begins.
pub struct Start {
    /// A database without tables.
    pub empty: bool,
    pub flows: String,
    /// The library that gives the first replica a clock of its own.
    pub clock: Option<String>,
}

pub struct Replica {
    pub address: String,
    pub flows: PathBuf,
    clock: PathBuf,
    config: PathBuf,
    log: PathBuf,
    /// More of the environment: a clock of its own.
    environment: Vec<(String, String)>,
    life: Mutex<Option<Server>>,
}

impl Pair {
    /// Nothing runs yet.
    pub async fn prepare(servers: &Servers, name: &str, start: &Start) -> Self {
        let database = format!("chaos_{}", name.replace('-', "_"));
        let url = servers.database(&database, !start.empty).await;
        let graph = GraphApi::start("token");
        let folder = servers.subfolder(name);
        let replica = async |n: usize| {
            let flows = folder.join(format!("flows-{n}"));
            servers.shell(&format!("cp -r '{}' '{}'", start.flows, flows.display())).await;
            let config = folder.join(format!("replica-{n}.toml"));
            std::fs::write(&config, servers.settings(&url, &flows, &graph.url, &database)).unwrap();
            let log = config.with_extension("log");
            let clock = config.with_extension("clock");
            let environment = match &start.clock {
                Some(library) if n == 0 => {
                    std::fs::write(&clock, "+0").unwrap();
                    let variables = [
                        ("LD_PRELOAD", library.clone()),
                        ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
                        ("FAKETIME_CACHE_DURATION", "1".to_owned()),
                        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
                    ];
                    variables.map(|(name, value)| (name.to_owned(), value)).to_vec()
                }
                _ => Vec::new(),
            };
            let address = servers.address().await;
            Replica { address, flows, clock, config, log, environment, life: Mutex::default() }
        };
        let replicas = [replica(0).await, replica(1).await];
        Self { database, url, graph, replicas }
    }

    /// The next scenario needs their connections to the database.
    pub async fn stop(&self) {
        for replica in &self.replicas {
            drop(replica.life.lock().await.take());
        }
    }

    pub async fn start(&self, program: &str) {
        for replica in &self.replicas {
            replica.start(program).await;
        }
    }
}

impl Replica {
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts it and does not wait.
    pub async fn spawn(&self, program: &str) {
        let mut command = serve(program, &self.config, &self.address, &self.log);
        command.envs(self.environment.iter().cloned());
        *self.life.lock().await = Some(Server::spawn(command, self.url()));
    }

    /// Starts it and waits until it is ready.
    pub async fn start(&self, program: &str) {
        self.spawn(program).await;
        self.ready().await;
    }

    pub async fn ready(&self) {
        let mut life = self.life.lock().await;
        if let Err(ended) = life.as_mut().unwrap().ready().await {
            panic!("`acuerdo serve` ended by itself ({ended}):\n{}", last_lines(&self.log()));
        }
    }

    pub async fn kill(&self) {
        self.life.lock().await.take().unwrap().kill();
    }

    /// SIGTERM; how it ended, `None` when it had to be killed.
    pub async fn terminate(&self, servers: &Servers) -> Option<ExitStatus> {
        let mut server = self.life.lock().await.take().unwrap();
        servers.shell(&format!("kill -s TERM {}", server.pid())).await;
        ended(&mut server, Duration::from_secs(60)).await
    }

    /// How it ends by itself.
    pub async fn ends(&self) -> Option<ExitStatus> {
        let mut server = self.life.lock().await.take().unwrap();
        ended(&mut server, Duration::from_secs(30)).await
    }

    /// Runs another command with its settings; what it prints.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        crate::process::run(crate::process::acuerdo(program, &self.config, arguments))
    }

    /// Moves its clock to so many seconds off.
    pub fn set_clock(&self, seconds: i32) {
        std::fs::write(&self.clock, format!("{seconds:+}")).unwrap();
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

async fn ended(server: &mut Server, limit: Duration) -> Option<ExitStatus> {
    let begun = Instant::now();
    while begun.elapsed() < limit {
        if let Some(status) = server.ended() {
            return Some(status);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
