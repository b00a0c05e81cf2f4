//! How a scenario is played: traffic, the fault for some seconds, its end, the drain.

use crate::Arguments;
use crate::desk::Desk;
use crate::judge::Judge;
use crate::pair::{Pair, Start};
use crate::scenarios::{Fault, Scenario, clock_library, scripts};
use crate::servers::Servers;
use crate::street::Street;
use crate::verdict::Verdict;
use acuerdo::ports::clock::Random;
use acuerdo::system::SystemRandom;
use sqlx::{Connection, PgConnection};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use uuid::Uuid;

/// How long most faults last, and the traffic before and after.
const HOLD: Duration = Duration::from_secs(5);
const CALM: Duration = Duration::from_secs(2);
const SHORT_HOLD: Duration = Duration::from_secs(3);
const SHORT_CALM: Duration = Duration::from_secs(1);

/// A scenario whose fault is over.
pub struct Played<'a> {
    servers: &'a Servers,
    street: Arc<Street>,
    chats: JoinHandle<()>,
    desk: Option<Arc<Desk>>,
    first: usize,
    doubts: Arc<Mutex<BTreeSet<Uuid>>>,
    lifts: Vec<Instant>,
    with_doubts: bool,
    findings: Vec<String>,
}

/// Plays a scenario to the end of its fault and of its traffic.
pub async fn play<'a>(servers: &'a Servers, scenario: &Scenario, arguments: &Arguments) -> Played<'a> {
    let upgrades = scenario.fault == Fault::Upgrade;
    let first_program = arguments.old.as_ref().filter(|_| upgrades).unwrap_or(&servers.program);
    let start = Start {
        empty: upgrades,
        flows: if upgrades { arguments.old_flows.clone() } else { "flows".to_owned() },
        clock: clock_library().filter(|_| scenario.fault == Fault::Clock),
    };
    let pair = Arc::new(Pair::prepare(servers, scenario.name, &start).await);
    if upgrades {
        pair.replicas[0].run(first_program, &["migrate"]);
        let people = servers.people();
        pair.replicas[0].run(first_program, &["import", "--lender", "andino", people.to_str().unwrap()]);
    }
    pair.start(first_program).await;
    let street = Street::new(pair.clone(), servers.n_people, scenario.with_desk());
    let desk = scenario.with_desk().then(|| Desk::open(&pair, &servers.program));
    let first = street.one().await;
    let doubts = Arc::new(Mutex::new(BTreeSet::new()));
    tokio::spawn(watch_doubts(servers.url_as_administrator(&pair.database), doubts.clone()));
    let chats = tokio::spawn(street.clone().live(arguments.chats));
    let (hold, calm) = if arguments.short { (SHORT_HOLD, SHORT_CALM) } else { (HOLD, CALM) };
    sleep(calm).await;
    let (lifts, findings) = (Vec::new(), Vec::new());
    let mut drill = Drill { servers, pair, street: &street, hold, calm, lifts, findings };
    drill.inflict(scenario.fault, arguments).await;
    let Drill { lifts, findings, .. } = drill;
    sleep(calm).await;
    street.close();
    Played { servers, street, chats, desk, first, doubts, lifts, with_doubts: !arguments.short, findings }
}

struct Drill<'a> {
    servers: &'a Servers,
    pair: Arc<Pair>,
    street: &'a Street,
    hold: Duration,
    calm: Duration,
    lifts: Vec<Instant>,
    findings: Vec<String>,
}

impl Drill<'_> {
    fn lifted(&mut self) {
        self.lifts.push(Instant::now());
    }

    async fn inflict(&mut self, fault: Fault, arguments: &Arguments) {
        let servers = self.servers;
        match fault {
            Fault::Kill => self.kills(if arguments.short { 6 } else { arguments.kills }).await,
            Fault::CrashLoop => self.crash_loop().await,
            Fault::Terminate => self.terminations(if arguments.short { 2 } else { 6 }).await,
            Fault::PostgresRestart => {
                for _ in 0..2 {
                    servers.shell("postgres_stop QUIT; sleep 1; postgres_run").await;
                    self.lifted();
                    sleep(self.calm).await;
                }
            }
            Fault::PostgresReadOnly => {
                servers.read_only(true).await;
                sleep(self.hold).await;
                servers.read_only(false).await;
                self.lifted();
            }
            Fault::PostgresConnections => {
                servers.limit_connections(0).await;
                servers.disconnect(&self.pair.database).await;
                sleep(self.hold).await;
                servers.limit_connections(-1).await;
                self.lifted();
            }
            Fault::RedisKill => {
                servers.shell("redis_stop KILL").await;
                sleep(self.hold).await;
                servers.shell("redis_run").await;
                self.lifted();
            }
            Fault::RedisFlush => {
                for _ in 0..5 {
                    servers.redis("FLUSHALL").await;
                    self.lifted();
                    sleep(self.hold / 5).await;
                }
            }
            Fault::RedisSlow => {
                servers.redis("CLIENT PAUSE 5000").await;
                sleep(self.hold).await;
                self.lifted();
            }
            Fault::Flows => self.broken_flows().await,
            Fault::Clock => {
                for seconds in [300, -300, 0] {
                    self.pair.replicas[0].set_clock(seconds);
                    sleep(self.hold).await;
                    self.lifted();
                }
            }
            Fault::PostgresFull => {
                servers.shell("disk_fill").await;
                sleep(self.hold).await;
                // A PostgreSQL that could not write its log has ended.
                servers.shell("disk_free; postgres_answers || { postgres_stop INT; postgres_run; }").await;
                self.lifted();
            }
            Fault::Upgrade => self.upgrade(arguments.old.as_ref().unwrap()).await,
            Fault::GraphSlow
            | Fault::GraphFailing
            | Fault::GraphThrottling
            | Fault::GraphGarbage
            | Fault::GraphTimeout => {
                self.pair.graph.cycle(scripts(fault));
                self.street.withhold_statuses(fault == Fault::GraphTimeout);
                sleep(self.hold).await;
                self.pair.graph.cycle(Vec::new());
                self.lifted();
                if fault == Fault::GraphTimeout {
                    // Until the client has given up on all of them.
                    sleep(Duration::from_secs(22)).await;
                    self.street.withhold_statuses(false);
                }
            }
        }
    }

    async fn kills(&mut self, n: usize) {
        for _ in 0..n {
            let victim = &self.pair.replicas[usize::try_from(SystemRandom.below(2)).unwrap()];
            victim.kill().await;
            self.lifts.push(Instant::now());
            victim.start(&self.servers.program).await;
            sleep(Duration::from_millis(200 + SystemRandom.below(1_500))).await;
        }
    }

    /// What was acknowledged meanwhile waits, and each life claims what the last one could not send.
    async fn crash_loop(&mut self) {
        for _ in 0..5 {
            for replica in &self.pair.replicas {
                replica.kill().await;
            }
            for replica in &self.pair.replicas {
                replica.start(&self.servers.program).await;
            }
            sleep(Duration::from_millis(150)).await;
        }
        self.lifted();
    }

    async fn terminations(&mut self, n: usize) {
        for turn in 0..n {
            let replica = &self.pair.replicas[turn % 2];
            let ended = replica.terminate(self.servers).await;
            if ended.is_none_or(|status| !status.success()) {
                self.findings.push(format!("SIGTERM ended a replica with {ended:?}"));
            }
            if let Some(line) = replica.log().lines().find(|line| line.contains("\"ERROR\"")) {
                self.findings.push(format!("SIGTERM cut something off: {line}"));
            }
            self.lifts.push(Instant::now());
            replica.start(&self.servers.program).await;
            sleep(self.calm / 2).await;
        }
    }

    /// `migrate` of the new program, then one replica after the other; between them an old one dies and comes back,
    /// if it knows how to go on with a newer database.
    async fn upgrade(&mut self, old: &str) {
        let [one, other] = &self.pair.replicas;
        let url = self.servers.url_as_administrator(&self.pair.database);
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let query = "SELECT to_regclass('schema_support') IS NOT NULL";
        let returns: bool = sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap();
        one.run(&self.servers.program, &["migrate"]);
        sleep(self.calm).await;
        let mut lifts = Vec::new();
        if returns {
            other.kill().await;
            lifts.push(Instant::now());
            other.start(old).await;
            sleep(self.calm).await;
        }
        for replica in [one, other] {
            replica.terminate(self.servers).await;
            lifts.push(Instant::now());
            replica.start(&self.servers.program).await;
            // Old and new share the work.
            sleep(self.hold).await;
        }
        self.lifts.extend(lifts);
    }

    /// A running process serves on; a new one refuses with the file's name, and the other goes on.
    async fn broken_flows(&mut self) {
        let replica = &self.pair.replicas[0];
        let (file, kept) = (replica.flows.join("bot.yaml"), replica.flows.join("bot.kept"));
        std::fs::rename(&file, &kept).unwrap();
        std::fs::write(&file, "bot: {broken").unwrap();
        sleep(self.calm).await;
        replica.kill().await;
        replica.spawn(&self.servers.program).await;
        let ended = replica.ends().await;
        if ended.is_none_or(|status| status.success()) || !replica.log().contains("bot.yaml") {
            self.findings.push(format!("a start with a broken flow folder ended with {ended:?}"));
        }
        sleep(self.calm).await;
        std::fs::rename(&kept, &file).unwrap();
        replica.start(&self.servers.program).await;
        self.lifts.push(Instant::now());
    }
}

/// Looks again and again which messages are in doubt, as long as the database is there.
async fn watch_doubts(url: String, seen: Arc<Mutex<BTreeSet<Uuid>>>) {
    while Arc::strong_count(&seen) > 1 {
        if let Ok(mut connection) = PgConnection::connect(&url).await {
            let mut found = Ok(Vec::new());
            while let Ok(ids) = found {
                seen.lock().unwrap().extend(ids);
                sleep(Duration::from_millis(250)).await;
                if Arc::strong_count(&seen) == 1 {
                    return;
                }
                let query = sqlx::query_scalar::<_, Uuid>("SELECT id FROM outbox WHERE status = 'in_doubt'");
                found = query.fetch_all(&mut connection).await;
            }
        }
        sleep(Duration::from_millis(250)).await;
    }
}

/// Acknowledged messages that wait, and messages of ours that are on their way.
const WAITING: &str = "
    SELECT (SELECT count(*) FROM inputs WHERE done_at IS NULL AND NOT ($1 AND conversation_id IN (SELECT * FROM held)))
         + (SELECT count(*) FROM outbox WHERE status = 'queued' AND NOT ($1 AND conversation_id IN (SELECT * FROM held)))
         + CASE WHEN $1 THEN 0 ELSE (SELECT count(*) FROM held) END";

impl Played<'_> {
    /// Until nothing waits, for so long at most; true when that is so.
    pub async fn settles(&mut self, limit: Duration) -> bool {
        let begun = Instant::now();
        let mut n_calm = 0;
        loop {
            let ended = self.chats.is_finished() || !self.with_doubts;
            n_calm = if self.n_waiting().await == 0 && ended { n_calm + 1 } else { 0 };
            if n_calm >= 3 {
                return true;
            }
            if begun.elapsed() >= limit {
                return false;
            }
            sleep(Duration::from_millis(300)).await;
        }
    }

    /// All, and those that wait for an agent.
    async fn tickets(&self) -> (usize, usize) {
        let url = self.servers.url_as_administrator(&self.street.pair.database);
        let mut connection = PgConnection::connect(&url).await.unwrap();
        let count = "SELECT count(*), count(*) FILTER (WHERE status = 'queued') FROM tickets";
        let (all, queued): (i64, i64) = sqlx::query_as(count).fetch_one(&mut connection).await.unwrap();
        (usize::try_from(all).unwrap(), usize::try_from(queued).unwrap())
    }

    async fn n_waiting(&self) -> i64 {
        let url = self.servers.url_as_administrator(&self.street.pair.database);
        let Ok(mut connection) = PgConnection::connect(&url).await else { return 1 };
        let held =
            "WITH held AS (SELECT conversation_id FROM outbox WHERE status IN ('sending', 'in_doubt'))";
        let query = sqlx::AssertSqlSafe(format!("{held} {WAITING}"));
        sqlx::query_scalar(query).bind(!self.with_doubts).fetch_one(&mut connection).await.unwrap_or(1)
    }

    /// After a last undisturbed chat, which proves that both serve again.
    pub async fn judge(self) -> Verdict {
        let last = self.street.one().await;
        self.street.end();
        if let Some(desk) = &self.desk {
            // Seconds, after whatever happened to the live queue.
            for _ in 0..40 {
                if self.tickets().await.1 == 0 {
                    break;
                }
                sleep(Duration::from_millis(250)).await;
            }
            desk.close();
        }
        let n_waiting = self.n_waiting().await;
        let doubts_seen = self.doubts.lock().unwrap().clone();
        let measures = vec![self.first, last];
        let judge = Judge { street: &self.street, measures, doubts_seen, lifts: &self.lifts };
        let mut verdict = judge.judge().await;
        if n_waiting > 0 {
            verdict.tell(format!("{n_waiting} messages still wait at the end of the observation"));
        }
        if let Some(desk) = &self.desk {
            let (n_tickets, n_open) = self.tickets().await;
            desk.judge(n_tickets, n_open, &mut verdict);
        }
        self.street.pair.stop().await;
        for finding in self.findings {
            verdict.tell(finding);
        }
        verdict
    }
}
