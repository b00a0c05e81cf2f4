//! A close look at a database for `acuerdo doctor --deep`: how fast it writes, whether it is whole, and whether its rows
//! agree with each other. It reads; what it writes is rolled back, or is the heartbeat of the readiness check.

use super::{Backend, postgres, sqlite};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use sqlx::migrate::Migrator;
use sqlx::{Connection, Database, Encode, Executor, FromRow, IntoArguments, Type};
use std::time::{Duration, Instant};

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Inspection {
    /// A write, its reading and their roll-back.
    pub round_trip: Duration,
    /// A commit that survives a crash: the disk's sync and, with replicas, their answer.
    pub commit: Duration,
    /// Settings of the server that let a crash of it lose what it has confirmed.
    pub forgetful: Vec<Forgetful>,
    /// What the database's clock is ahead of ours, milliseconds; `None` where it has none of its own.
    pub clock_ahead_ms: Option<i64>,
    /// Indexes of the migrations that are not there.
    pub indexes_missing: Vec<String>,
    /// Indexes that are there and not used because their making was broken off; for SQLite what its own check says.
    pub damaged: Vec<String>,
    /// Rows that break a promise, by the promise's name; none means that all hold.
    pub broken: Vec<(Promise, i64)>,
    /// Open tickets by lender.
    pub tickets_open: Vec<(String, i64)>,
    /// People who were erased on request and not let in again since.
    pub people_erased: i64,
    /// Flow versions that chats are pinned to, with their number.
    pub flows_pinned: i64,
}

/// A setting of PostgreSQL that trades what was confirmed for speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgetful {
    /// `fsync = off`: a crash of the machine may leave the files torn.
    Fsync,
    /// `full_page_writes = off`: a crash in the middle of a page leaves it torn, and the log cannot mend it.
    FullPageWrites,
    /// `synchronous_commit = off`: a crash of the server loses the commits of the last moments, and nothing else.
    SynchronousCommit,
}

/// What must hold of the rows of a quiet database, whatever happened before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    pub name: &'static str,
    pub broken: &'static str,
    pub remedy: &'static str,
    /// It is a matter of load or of time, not of damage.
    pub passing: bool,
}

const fn lasting(name: &'static str, broken: &'static str, remedy: &'static str) -> Promise {
    Promise { name, broken, remedy, passing: false }
}

const fn passing(name: &'static str, broken: &'static str, remedy: &'static str) -> Promise {
    Promise { name, broken, remedy, passing: true }
}

/// The query of each counts what breaks it; `$1` is now, in milliseconds.
const PROMISES: [(Promise, &str); 10] = [
    (
        lasting(
            "chats of tickets",
            "ticket(s) without their chat",
            "if an older version's script erased their people on request, delete these tickets; else restore the rows of \
             `conversations` from a backup",
        ),
        "SELECT COUNT(*) FROM tickets t LEFT JOIN conversations c ON c.id = t.conversation_id
         WHERE c.id IS NULL AND $1 > 0",
    ),
    (
        lasting(
            "tickets of chats",
            "chat(s) with an agent although their ticket is closed or gone: the bot is silent there",
            "set their `ticket_id` to null, so that the bot answers again",
        ),
        "SELECT COUNT(*) FROM conversations c LEFT JOIN tickets t ON t.id = c.ticket_id
         WHERE c.ticket_id IS NOT NULL AND (t.id IS NULL OR t.status = 'closed') AND $1 > 0",
    ),
    (
        lasting(
            "pinned flows",
            "chat(s) on a flow version that is not in `flow_versions`: their turns will fail",
            "restore the table `flow_versions` from a backup",
        ),
        "SELECT COUNT(*) FROM conversations c LEFT JOIN flow_versions f ON f.hash = c.flow_hash
         WHERE c.flow_hash IS NOT NULL AND c.flow_hash <> '' AND f.hash IS NULL AND $1 > 0",
    ),
    (
        lasting(
            "chats of messages",
            "message(s) in the outbox without their chat",
            "restore the rows of `conversations` from a backup",
        ),
        "SELECT COUNT(*) FROM outbox o LEFT JOIN conversations c ON c.id = o.conversation_id
         WHERE c.id IS NULL AND $1 > 0",
    ),
    (
        passing(
            "turns",
            "message(s) of people wait for more than 30 minutes",
            "is a process serving? read the log for `turn failed`",
        ),
        "SELECT COUNT(*) FROM inputs WHERE done_at IS NULL AND received_at < $1 - 1800000",
    ),
    (
        passing(
            "sends",
            "message(s) have been due for more than an hour",
            "is a process serving? `acuerdo stops list`; read the log for `WhatsApp refused a message`",
        ),
        "SELECT COUNT(*) FROM outbox WHERE status = 'queued' AND due_at < $1 - 3600000",
    ),
    (
        passing(
            "doubts",
            "message(s) are being sent or in doubt for more than 10 minutes",
            "is a process serving? it ends doubts by itself",
        ),
        "SELECT COUNT(*) FROM outbox
         WHERE (status = 'sending' AND leased_until < $1 - 600000)
            OR (status = 'in_doubt' AND doubt_until < $1 - 600000)",
    ),
    (
        passing(
            "files",
            "file(s) that people sent have been wanted for more than a day",
            "is a process serving? may it reach the hosts of Meta's files? read the log for `a file could not be fetched`",
        ),
        "SELECT COUNT(*) FROM media_files WHERE next_at IS NOT NULL AND received_at < $1 - 86400000",
    ),
    (
        passing("dead letters", "turn(s) were set aside", "`acuerdo dead list` shows them"),
        "SELECT COUNT(*) FROM dead_letters WHERE retried_at IS NULL AND at <= $1",
    ),
    (
        passing(
            "live queue in step",
            "ticket(s) are newer than the live queue knows",
            "is a process serving? it publishes them within a minute",
        ),
        "SELECT COUNT(*) FROM tickets
         WHERE version > published_version AND status <> 'assigned' AND waiting_since < $1 - 600000",
    ),
];

/// Each agreement has one schedule, and its payments sum to its total; the two dialects read JSON differently.
const SCHEDULES: Promise = lasting(
    "schedules",
    "agreement(s) whose payments do not sum to the total",
    "somebody changed them outside this program: restore the rows of `agreements` from a backup",
);

/// Looks at the database that the URL names.
///
/// # Errors
///
/// Like [`super::connect`]; the text never holds the URL or a value of a row.
pub async fn inspect(url: &str, now: Timestamp) -> Result<Inspection, StoreError> {
    match Backend::of(url)? {
        Backend::Sqlite => sqlite::inspect(url, now).await,
        Backend::Postgres => postgres::inspect(url, now).await,
    }
}

/// What both dialects are asked alike: how fast the database is, and whether its rows agree.
pub(super) async fn look<DB>(
    database: &mut DB::Connection,
    now: Timestamp,
    schedules: &'static str,
) -> Result<Inspection, StoreError>
where
    DB: Database,
    DB::Arguments: IntoArguments<DB>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    for<'q> i64: Encode<'q, DB> + Type<DB>,
    for<'r> (i64,): FromRow<'r, DB::Row>,
    for<'r> (String, i64): FromRow<'r, DB::Row>,
{
    let mut found = Inspection::default();
    let started = Instant::now();
    let mut transaction = database.begin().await?;
    sqlx::query(PING).bind(now.0).execute(&mut *transaction).await?;
    sqlx::query_scalar::<_, i64>(READ).fetch_one(&mut *transaction).await?;
    transaction.rollback().await?;
    found.round_trip = started.elapsed();
    let started = Instant::now();
    sqlx::query(PING).bind(now.0).execute(&mut *database).await?;
    found.commit = started.elapsed();

    for (promise, query) in PROMISES {
        let n: i64 = sqlx::query_scalar(query).bind(now.0).fetch_one(&mut *database).await?;
        found.broken.extend((n > 0).then_some((promise, n)));
    }
    let n: i64 = sqlx::query_scalar(schedules).fetch_one(&mut *database).await?;
    found.broken.extend((n > 0).then_some((SCHEDULES, n)));
    found.tickets_open = sqlx::query_as(TICKETS_OPEN).fetch_all(&mut *database).await?;
    found.people_erased = sqlx::query_scalar(PEOPLE_ERASED).fetch_one(&mut *database).await?;
    found.flows_pinned = sqlx::query_scalar(FLOWS_PINNED).fetch_one(&mut *database).await?;
    Ok(found)
}

const PING: &str = "
    INSERT INTO heartbeats (id, at) VALUES (1, $1)
    ON CONFLICT (id) DO UPDATE SET at = excluded.at";

const READ: &str = "SELECT at FROM heartbeats WHERE id = 1";

const TICKETS_OPEN: &str = "
    SELECT lender, COUNT(*) FROM tickets WHERE status <> 'closed' GROUP BY lender ORDER BY lender";

const PEOPLE_ERASED: &str = "
    SELECT COUNT(DISTINCT a.ref_key) FROM person_acts a
    WHERE a.kind = 'erase' AND NOT EXISTS (
      SELECT 1 FROM person_acts r WHERE r.lender = a.lender AND r.ref_key = a.ref_key AND r.kind = 'readmit' AND r.at > a.at)";

const FLOWS_PINNED: &str =
    "SELECT COUNT(DISTINCT flow_hash) FROM conversations WHERE flow_hash IS NOT NULL AND flow_hash <> ''";

/// The names of the indexes that the migrations make.
pub(super) fn indexes_of(migrations: &Migrator) -> Vec<String> {
    // With their tables, whose end is theirs too.
    let mut made: Vec<(&str, &str)> = Vec::new();
    for migration in migrations.iter() {
        for line in migration.sql.as_str().lines() {
            let words: Vec<&str> = line.split_whitespace().map(|word| word.trim_end_matches(';')).collect();
            match words.as_slice() {
                ["CREATE", "UNIQUE", "INDEX", name, "ON", table, ..]
                | ["CREATE", "INDEX", name, "ON", table, ..] => made.push((*name, *table)),
                ["DROP", "INDEX", dropped, ..] => made.retain(|(name, _)| name != dropped),
                ["DROP", "TABLE", dropped, ..] => made.retain(|(_, table)| table != dropped),
                _ => {}
            }
        }
    }
    made.into_iter().map(|(name, _)| name.to_owned()).collect()
}
