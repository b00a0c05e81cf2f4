//! `acuerdo doctor --deep`: tries what serving needs, and asks whether the data agree with each other.

use super::findings::Findings;
use crate::app;
use crate::config::Settings;
use crate::domain::ids::LenderId;
use crate::otlp::Collector;
use crate::ports::traces::SpanExporter;
use crate::queue;
use crate::store::inspect::{Forgetful, Inspection, inspect};
use rustix::process::{Resource, getrlimit};
use secrecy::ExposeSecret;
use std::path::Path;
use std::time::Duration;

/// A commit that takes longer holds up every webhook.
const COMMIT_SLOW: Duration = Duration::from_millis(50);
/// Signed links and leases bear this much.
const CLOCK_APART_MAX_MS: i64 = 2_000;
const DISK_FREE_MIN: u64 = 1 << 30;
/// Connections of Meta, the desk, the database and the Graph API, with room.
const FILES_MIN: u64 = 4_096;

pub async fn check(settings: &Settings, findings: &mut Findings) {
    let url = settings.database_url.expose_secret();
    let now = crate::cli::world().clock.now();
    match inspect(url, now).await {
        Ok(found) => {
            database(&found, findings);
            data(&found, findings);
            live_queue(settings, &found, findings).await;
        }
        Err(error) => findings.fail("database, deep", &error.to_string()),
    }
    redis(settings, findings).await;
    collector(settings, findings).await;
    system(url, findings);
}

fn database(found: &Inspection, findings: &mut Findings) {
    let (trip, commit) = (found.round_trip, found.commit);
    findings.ok("database", &format!("a write and its roll-back take {trip:.1?}"));
    if commit > COMMIT_SLOW {
        let remedy = "a faster disk, or less work for it: every acknowledgement to Meta waits for a commit";
        findings.care("database", &format!("a durable commit takes {commit:.1?}"), remedy);
    } else {
        findings.ok("database", &format!("a durable commit takes {commit:.1?}"));
    }
    for setting in &found.forgetful {
        let (detail, remedy) = risk(*setting);
        findings.care("database", detail, remedy);
    }
    if let Some(ahead) = found.clock_ahead_ms {
        clock("database", ahead, findings);
    }
    if found.indexes_missing.is_empty() {
        findings.ok("indexes", "all are there");
    } else {
        let remedy = "make them again from the files in `migrations/`";
        findings.mend("indexes", &format!("missing: {}", found.indexes_missing.join(", ")), remedy);
    }
    if !found.damaged.is_empty() {
        let remedy = "PostgreSQL: `REINDEX INDEX CONCURRENTLY`; SQLite: restore a backup";
        findings.mend("database", &format!("damaged: {}", found.damaged.join(", ")), remedy);
    }
}

/// What a setting of PostgreSQL puts at stake, and how to put it right.
const fn risk(setting: Forgetful) -> (&'static str, &'static str) {
    match setting {
        Forgetful::Fsync => (
            "fsync is off: a crash of its machine may destroy the whole database",
            "`ALTER SYSTEM SET fsync = on`, `SELECT pg_reload_conf()`, then a backup",
        ),
        Forgetful::FullPageWrites => (
            "full_page_writes is off: a crash of its machine may damage tables beyond repair",
            "`ALTER SYSTEM SET full_page_writes = on`, `SELECT pg_reload_conf()`",
        ),
        Forgetful::SynchronousCommit => (
            "synchronous_commit is off: a crash of the database forgets the last moments that it had confirmed; messages \
             of people that Meta was told are safe are lost, and what was just sent is sent again",
            "`ALTER SYSTEM SET synchronous_commit = on`, `SELECT pg_reload_conf()`; if a role, the database or \
             DATABASE_URL sets it: `ALTER ROLE … RESET synchronous_commit`, `ALTER DATABASE … RESET \
             synchronous_commit`, or take it out of the URL; then restart the processes",
        ),
    }
}

fn data(found: &Inspection, findings: &mut Findings) {
    for (promise, n) in &found.broken {
        let detail = format!("{n} {}", promise.broken);
        if promise.passing {
            findings.care(promise.name, &detail, promise.remedy);
        } else {
            findings.mend(promise.name, &detail, promise.remedy);
        }
    }
    if found.broken.is_empty() {
        let detail = "agreements sum up, tickets and messages have their chats, nothing is stuck";
        findings.ok("data", detail);
    }
    if found.people_erased > 0 {
        let detail = format!("{} erased on request; what they left is in order", found.people_erased);
        findings.ok("people", &detail);
    }
    findings.ok("flows in use", &format!("chats are pinned to {} version(s)", found.flows_pinned));
}

/// The live queue holds the open tickets, no more and no fewer.
async fn live_queue(settings: &Settings, found: &Inspection, findings: &mut Findings) {
    let Some(_) = &settings.redis_url else { return };
    let Ok(queue) = app::open_queue(settings).await else { return };
    let now = crate::cli::world().clock.now();
    for (lender, open) in &found.tickets_open {
        let what = format!("live queue of {lender}");
        match queue.depths(&LenderId::new(lender), now).await {
            Err(error) => findings.fail(&what, &error.to_string()),
            Ok(depths) => {
                let known: u64 = depths.iter().map(|depth| depth.waiting + depth.held).sum();
                let detail = format!("{open} open ticket(s), {known} in Redis");
                if i64::try_from(known) == Ok(*open) {
                    findings.ok(&what, &detail);
                } else {
                    let remedy = "a serving process mends it within a minute; look again";
                    findings.care(&what, &detail, remedy);
                }
            }
        }
    }
}

/// Whether traces find somebody: an empty batch is asked of the collector.
async fn collector(settings: &Settings, findings: &mut Findings) {
    let Some(endpoint) = &settings.telemetry.otlp_endpoint else { return };
    let world = crate::cli::world();
    let collector = match Collector::new(endpoint, world.random.uuid(world.clock.now())) {
        Ok(collector) => collector,
        Err(error) => return findings.fail("traces", &error.to_string()),
    };
    match collector.export(Vec::new()).await {
        Ok(()) => findings.ok("traces", "the collector takes them"),
        Err(error) => {
            let remedy =
                "look at telemetry.otlp_endpoint and OTEL_EXPORTER_OTLP_HEADERS; chats go on without traces";
            findings.care("traces", &error.to_string(), remedy);
        }
    }
}

async fn redis(settings: &Settings, findings: &mut Findings) {
    let Some(url) = &settings.redis_url else { return };
    let now = crate::cli::world().clock.now();
    match queue::inspect::inspect(url.expose_secret(), now).await {
        Err(error) => findings.fail("Redis", &error.to_string()),
        Ok(found) => {
            findings.ok("Redis", &format!("version {}, answers in {:.1?}", found.version, found.round_trip));
            clock("Redis", found.clock_ahead_ms, findings);
            if found.maxmemory_policy == "noeviction" {
                findings.ok("Redis", "it drops nothing on its own (noeviction)");
            } else {
                let detail = format!("maxmemory-policy is {}: it may drop tickets", found.maxmemory_policy);
                findings.mend("Redis", &detail, "set `maxmemory-policy noeviction`");
            }
            let kept = if found.keeps_file { "kept in a file" } else { "rebuilt from the database" };
            findings.ok("Redis", &format!("after a restart the queue is {kept}"));
        }
    }
}

fn clock(whose: &str, ahead_ms: i64, findings: &mut Findings) {
    let detail = format!("its clock is {ahead_ms} ms ahead of this machine's");
    if ahead_ms.abs() > CLOCK_APART_MAX_MS {
        findings.mend(whose, &detail, "run NTP on both");
    } else {
        findings.ok(whose, &detail);
    }
}

fn system(url: &str, findings: &mut Findings) {
    let limit = getrlimit(Resource::Nofile).current;
    match limit {
        Some(files) if files < FILES_MIN => findings.care(
            "open files",
            &format!("this process may have {files}"),
            &format!("raise the limit to {FILES_MIN} (`ulimit -n`, `LimitNOFILE=`)"),
        ),
        Some(files) => findings.ok("open files", &format!("this process may have {files}")),
        None => findings.ok("open files", "no limit"),
    }
    // Only SQLite's disk is surely this machine's.
    let Some(file) = url.strip_prefix("sqlite:").filter(|file| !file.contains(":memory:")) else { return };
    let file = file.trim_start_matches("//").split('?').next().unwrap_or_default();
    match rustix::fs::statvfs(Path::new(file)) {
        Err(error) => findings.warn("disk", &format!("its free space is not known ({error})")),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let detail = format!("{} MiB free", free >> 20);
            if free < DISK_FREE_MIN {
                findings.mend("disk", &detail, "make room: without it no webhook can be acknowledged");
            } else {
                findings.ok("disk", &detail);
            }
        }
    }
}
