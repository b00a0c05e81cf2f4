//! A database that has grown: people and chats of the past, made from one real chat by SQL, and what everything costs
//! beside them.

use super::people::{STEPS, wa_id};
use super::{Base, Pace, row};
use acuerdo::domain::ids::{ConversationId, LenderId};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::Store;
use acuerdo::ports::clock::Clock;
use acuerdo::ports::outbox::Wanted;
use acuerdo::ports::retention::{Act, Aged, Place};
use acuerdo::store::{StoreOptions, connect};
use acuerdo::system::SystemClock;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// People of one statement.
const BATCH: usize = 10_000;
/// The first stop: what cost is compared with.
const SMALL: usize = 10_000;
/// Entries that the log of a chat of the past has at least; as many of its turns are copied.
const ENTRIES_MIN: i64 = 10;
/// One chat in so many is open.
const OPEN_SHARE: usize = 10;
/// A sweep stops after this: what is left would cost the same.
const SWEEP_MAX: Duration = Duration::from_secs(45);
/// How far the past reaches back.
const YEAR_MS: i64 = 365 * 86_400_000;

/// A connection of either kind that runs our own statements.
enum Sql {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Sql {
    async fn open(url: &str) -> Self {
        if url.starts_with("postgres") {
            Self::Postgres(PgConnection::connect(url).await.unwrap())
        } else {
            Self::Sqlite(SqliteConnection::connect(url).await.unwrap())
        }
    }

    async fn run(&mut self, statement: String) {
        let statement = AssertSqlSafe(self.dialect(&statement));
        match self {
            Self::Postgres(connection) => sqlx::raw_sql(statement).execute(connection).await.map(drop),
            Self::Sqlite(connection) => sqlx::raw_sql(statement).execute(connection).await.map(drop),
        }
        .unwrap();
    }

    async fn number(&mut self, statement: &str) -> i64 {
        let statement = AssertSqlSafe(self.dialect(statement));
        match self {
            Self::Postgres(connection) => sqlx::query_scalar(statement).fetch_one(connection).await,
            Self::Sqlite(connection) => sqlx::query_scalar(statement).fetch_one(connection).await,
        }
        .unwrap()
    }

    async fn texts(&mut self, statement: &'static str) -> Vec<(String, i64)> {
        match self {
            Self::Postgres(connection) => sqlx::query_as(statement).fetch_all(connection).await.unwrap(),
            Self::Sqlite(_) => Vec::new(),
        }
    }

    /// `{id}` is a random id, `{v7}` one in the order of `g.at`, `{json}` and `{bytes}` casts, `{true}` and so on.
    fn dialect(&self, statement: &str) -> String {
        let (id, v7, json, length, series) = match self {
            Self::Postgres(_) => (
                "gen_random_uuid()",
                "(lpad(to_hex(g.at), 12, '0') || '7' || substr(md5(random()::text), 1, 3) || '8' ||
                  substr(md5(random()::text), 1, 15))::uuid",
                "::json",
                "json_array_length(body)",
                "generate_series({from}, {to}) AS s (n)",
            ),
            Self::Sqlite(_) => (
                "randomblob(16)",
                "unhex(printf('%012x7', g.at) || substr(hex(randomblob(8)), 1, 3) || '8' ||
                  substr(hex(randomblob(8)), 1, 15))",
                "",
                "json_array_length(body)",
                "(WITH RECURSIVE s (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM s WHERE n < {to})
                  SELECT n FROM s) AS s",
            ),
        };
        statement
            .replace("{series}", series)
            .replace("{id}", id)
            .replace("{v7}", v7)
            .replace("{json}", json)
            .replace("{entries}", length)
    }
}

/// What each chat of the past is a copy of: person 0 of the street, who has just chatted.
struct Template {
    wa_id: String,
    /// Turns that are copied, and how many entries their log has.
    turns: i64,
    entries: i64,
}

impl Template {
    async fn find(sql: &mut Sql) -> Self {
        let wa_id = wa_id(0);
        let of = format!("(SELECT id FROM conversations WHERE wa_id = '{wa_id}')");
        let mut template = Self { wa_id, turns: 0, entries: 0 };
        while template.entries < ENTRIES_MIN {
            template.turns += 1;
            assert!(template.turns < 20, "a chat of seven turns has ten entries");
            let so_far = format!(
                "SELECT CAST(COALESCE(SUM(CASE WHEN kind = 'log' THEN {{entries}} ELSE 1 END), 0) AS bigint)
                 FROM events WHERE conversation_id = {of} AND turn <= {}",
                template.turns
            );
            template.entries = sql.number(&so_far).await;
        }
        template
    }
}

/// Makes the people `from..=to` of the past, each with a phone, a debt and a chat; every fifth with an agreement, every
/// twentieth with a closed ticket. The newest tenth of the chats is open: a timer of theirs is to come.
async fn make(sql: &mut Sql, template: &Template, (from, to): (usize, usize), of: usize) {
    let Template { wa_id, turns, .. } = template;
    let (now, person) = (SystemClock.now().0, "(SELECT id FROM persons WHERE external_ref = 'L-0')");
    let chat = format!("(SELECT id FROM conversations WHERE wa_id = '{wa_id}')");
    // Older people first, as they came; the newest ended an hour ago.
    let statements = [
        "DELETE FROM growth".to_owned(),
        format!(
            "INSERT INTO growth SELECT g.n, {{id}}, {{v7}}, CAST(573200000000 + g.n AS text), g.at
             FROM (SELECT n, {now} - 3600000 - CAST({YEAR_MS} * (1.0 - n * 1.0 / {of}) AS bigint) AS at
               FROM {{series}}) AS g"
        ),
        format!(
            "INSERT INTO persons (id, lender, external_ref, full_name, first_name, document_type, document, birth_date,
               language, phones, as_of, updated_at)
             SELECT g.person, p.lender, 'H-' || g.n, p.full_name, p.first_name, p.document_type,
               CAST(1100000000 + g.n AS text), p.birth_date, p.language,
               replace(CAST(p.phones AS text), '{wa_id}', g.wa_id){{json}}, p.as_of, p.updated_at
             FROM growth g CROSS JOIN persons p WHERE p.id = {person}"
        ),
        "INSERT INTO person_phones (lender, phone, person_id)
         SELECT 'andino', '+' || g.wa_id, g.person FROM growth g"
            .to_owned(),
        format!(
            "INSERT INTO obligations (id, lender, person_id, external_ref, product, product_name, status, currency,
               principal_minor, interest_minor, late_interest_minor, fees_minor, principal_outstanding_minor, as_of,
               oldest_unpaid_due, next_due, instalments, rate_ea_bps, updated_at)
             SELECT {{id}}, o.lender, g.person, 'H-' || g.n, o.product, o.product_name, o.status, o.currency,
               o.principal_minor, o.interest_minor, o.late_interest_minor, o.fees_minor,
               o.principal_outstanding_minor, o.as_of, o.oldest_unpaid_due, o.next_due, o.instalments,
               o.rate_ea_bps, o.updated_at
             FROM growth g CROSS JOIN obligations o WHERE o.person_id = {person}"
        ),
        format!(
            "INSERT INTO conversations (id, lender, phone_number_id, wa_id, profile_name, person_id, session, flow_hash,
               assurance, version, last_event_seq, lease_token, last_inbound_at, last_inbound_wamid, created_at,
               timers, next_timer_at)
             SELECT g.chat, c.lender, c.phone_number_id, g.wa_id, c.profile_name, g.person, c.session, c.flow_hash,
               c.assurance, c.version, c.last_event_seq, c.lease_token, g.at, 'wamid.H' || g.n, g.at,
               CASE WHEN {{open}} THEN c.timers ELSE '[]' END, CASE WHEN {{open}} THEN c.next_timer_at END
             FROM growth g CROSS JOIN conversations c WHERE c.id = {chat}"
        ),
        format!(
            "INSERT INTO events (conversation_id, seq, lender, turn, kind, body, at)
             SELECT g.chat, e.seq, e.lender, e.turn, e.kind, e.body, g.at + e.turn
             FROM growth g CROSS JOIN events e WHERE e.conversation_id = {chat} AND e.turn <= {turns}"
        ),
        format!(
            "INSERT INTO deliveries (id, received_at, body)
             SELECT {{v7}}, g.at, d.body FROM growth g CROSS JOIN (SELECT body FROM deliveries LIMIT {turns}) d"
        ),
        format!(
            "INSERT INTO inputs (id, lender, conversation_id, dedupe_key, body, received_at, done_at)
             SELECT {{v7}}, i.lender, g.chat, 'm:100000000000001:wamid.H' || g.n || '.' || i.seq, i.body, g.at,
               g.at + 40
             FROM growth g CROSS JOIN (
               SELECT * FROM inputs WHERE conversation_id = {chat} ORDER BY seq LIMIT {turns}) i ORDER BY g.n"
        ),
        format!(
            "INSERT INTO outbox (id, lender, conversation_id, content, label, origin, status, due_at, lease_token,
               attempts, wamid, delivery_rank, created_at, finished_at)
             SELECT {{v7}}, o.lender, g.chat, o.content, o.label, o.origin, 'accepted', g.at, o.lease_token,
               o.attempts, 'wamid.HOUT' || g.n || '.' || o.seq, 3, g.at, g.at + 90
             FROM growth g CROSS JOIN (
               SELECT * FROM outbox WHERE conversation_id = {chat} ORDER BY seq LIMIT {turns}) o ORDER BY g.n"
        ),
        format!(
            "INSERT INTO agreements (id, lender, conversation_id, person_id, obligation_id, once_key, status, kind,
               currency, total_minor, discount_minor, offer, evidence, reference, accepted_at)
             SELECT {{v7}}, a.lender, g.chat, g.person, a.obligation_id, 'H-' || g.n, a.status, a.kind, a.currency,
               a.total_minor, a.discount_minor, a.offer, a.evidence, a.reference, g.at
             FROM growth g CROSS JOIN (SELECT * FROM agreements WHERE person_id = {person} LIMIT 1) a
             WHERE g.n % 5 = 0"
        ),
        "INSERT INTO tickets (id, lender, conversation_id, queue, priority, reason, summary, status, waiting,
           waiting_since, published_version, opened_at, closed_at, outcome)
         SELECT {v7}, 'andino', g.chat, 'cobranzas', 1, 'asked', '{}', 'closed', {false}, g.at, 1, g.at, g.at + 600000,
           'resolved'
         FROM growth g WHERE g.n % 20 = 0"
            .replace("{false}", if matches!(sql, Sql::Postgres(_)) { "false" } else { "0" }),
    ];
    sql.run("BEGIN".to_owned()).await;
    for statement in statements {
        let open = format!("g.n > {}", of - of / OPEN_SHARE);
        let statement = sql.dialect(&statement).replace("{from}", &from.to_string()).replace("{open}", &open);
        sql.run(statement.replace("{to}", &to.to_string())).await;
    }
    sql.run("COMMIT".to_owned()).await;
}

/// Cost of a turn beside few and beside many chats of the past; then what one looks at, sweeps and vacuums.
pub async fn measure(base: &mut Base, n: usize, chats: usize, window: Duration) {
    let pace = Pace::Saturating { chats };
    row(base, 1, pace, window).await;
    let mut sql = Sql::open(&base.url).await;
    let template = Template::find(&mut sql).await;
    sql.run(
        "CREATE TEMP TABLE growth (n bigint PRIMARY KEY, person {t}, chat {t}, wa_id text, at bigint)"
            .replace("{t}", if base.url.starts_with("postgres") { "uuid" } else { "BLOB" }),
    )
    .await;
    let mut made = 0;
    for stop in [SMALL.min(n), n] {
        let begun = Instant::now();
        while made < stop {
            let to = (made + BATCH).min(stop);
            make(&mut sql, &template, (made + 1, to), n).await;
            made = to;
        }
        if begun.elapsed() > Duration::from_millis(1) {
            settle(&mut sql).await;
            let (turns, entries) = (template.turns, template.entries);
            println!(
                "\n{} with {made} people and chats of the past, {} log entries in {} rows, made in {} s",
                base.name,
                i64::try_from(made).unwrap() * entries,
                i64::try_from(made).unwrap() * turns,
                begun.elapsed().as_secs(),
            );
            sizes(&mut sql).await;
            looks(base).await;
            for _ in 0..2 {
                forget_statements(&mut sql).await;
                let first = base.next;
                row(base, 1, pace, window).await;
                statements(&mut sql, (base.next - first) * STEPS).await;
            }
        }
    }
    sweep(base, &mut sql).await;
}

/// What a database does by itself in a year, so that no row pays for the filling.
async fn settle(sql: &mut Sql) {
    match sql {
        Sql::Postgres(_) => {
            sql.run("VACUUM (ANALYZE)".to_owned()).await;
            sql.run("CHECKPOINT".to_owned()).await;
        }
        Sql::Sqlite(_) => sql.run("PRAGMA wal_checkpoint(TRUNCATE); ANALYZE".to_owned()).await,
    }
}

/// How many statements are shown, those that took longest first.
const STATEMENTS_MAX: usize = 8;

async fn forget_statements(sql: &mut Sql) {
    if matches!(sql, Sql::Postgres(_)) {
        sql.run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements".to_owned()).await;
        sql.run("SELECT pg_stat_statements_reset()".to_owned()).await;
    }
}

/// Where PostgreSQL's time went.
async fn statements(sql: &mut Sql, n_turns: usize) {
    let took = sql
        .texts(
            "SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 70), CAST(total_exec_time * 1000 AS bigint)
             FROM pg_stat_statements ORDER BY total_exec_time DESC",
        )
        .await;
    let per_turn = |microseconds: i64| microseconds / i64::try_from(n_turns.max(1)).unwrap();
    for (statement, microseconds) in took.iter().take(STATEMENTS_MAX) {
        println!("    {:>5} µs/turn {statement}", per_turn(*microseconds));
    }
    if !took.is_empty() {
        println!("    {:>5} µs/turn in all statements", per_turn(took.iter().map(|(_, took)| took).sum()));
    }
}

async fn sizes(sql: &mut Sql) {
    let tables = sql
        .texts(
            "SELECT relname::text, pg_total_relation_size(oid) FROM pg_class
             WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_total_relation_size(oid) > 10000000
             ORDER BY 2 DESC",
        )
        .await;
    let all = match sql {
        Sql::Postgres(_) => "SELECT pg_database_size(current_database())",
        Sql::Sqlite(_) => "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    };
    let mib = |bytes: i64| bytes / 1_048_576;
    println!("on disk: {} MiB", mib(sql.number(all).await));
    for (name, bytes) in tables {
        println!("    {name:<14} {:>7} MiB", mib(bytes));
    }
}

/// The middle of seven calls.
async fn timed<T, F: Future<Output = T>>(what: &str, call: impl Fn() -> F) {
    let mut took = Vec::new();
    for _ in 0..7 {
        let begun = Instant::now();
        drop(call().await);
        took.push(begun.elapsed());
    }
    took.sort_unstable();
    println!("    {what:<46} {:>9.2} ms, worst {:.2}", ms(took[3]), ms(took[6]));
}

fn ms(length: Duration) -> f64 {
    length.as_secs_f64() * 1_000.0
}

/// The store's own verbs, as loops, scrapes and the desk call them.
async fn looks(base: &Base) {
    let store: Arc<dyn Store> = connect(&base.url, &StoreOptions::default()).await.unwrap();
    let (store, lender) = (store.as_ref(), LenderId::from("andino"));
    let now = SystemClock.now();
    let (second, none) = (Millis::seconds(1), ConversationId(Uuid::nil()));
    timed("claim conversations, none waits", || store.claim_conversations(now, second, 64, 50)).await;
    timed("claim messages, none waits", || store.claim_outbox(now, second, second, Wanted::any(64))).await;
    timed("fire timers, none is due", || store.fire_timers(Timestamp(0), 500)).await;
    timed("statuses, none waits", || store.apply_statuses(now, 60_000, 500)).await;
    timed("backlog (each scrape of /metrics)", || store.backlog(now)).await;
    timed("desk: open tickets", || store.open_tickets(500)).await;
    timed("desk: 50 closed tickets of the lender", || store.tickets(&lender, None, false, 50)).await;
    timed("desk: expired leases of tickets", || store.requeue_expired(now, 100)).await;
    let phones = ["+573200000777".to_owned()];
    timed("a person by phone", || store.persons_by_phone(&lender, &phones, 5)).await;
    let found = store.persons_by_phone(&lender, &phones, 5).await.unwrap();
    if let Some(person) = found.first() {
        timed("a person's file", || store.person_file(&lender, person.id)).await;
        let candidates = [person.id];
        timed("tries of identity", || store.identity_history(none, &candidates, now)).await;
    }
    timed("dead letters", || store.dead_turns(100)).await;
    for kind in Aged::ALL {
        let before = now.minus(Millis::days(30));
        let what = format!("retention: 500 {}, looked at", kind.name());
        timed(&what, || store.sweep(kind, before, Place::default(), 500, Act::Look)).await;
    }
    store.close().await;
}

/// What 30 days no longer keep, at once, as far as one gets in a while; then the database's own cleaning.
async fn sweep(base: &Base, sql: &mut Sql) {
    let store = connect(&base.url, &StoreOptions::default()).await.unwrap();
    let before = SystemClock.now().minus(Millis::days(30));
    println!("\n{}: retention of 30 days, 500 rows a round, without pauses", base.name);
    for kind in Aged::ALL {
        // As the service does: a chat is many rows.
        let rows = if kind == Aged::Chats { 50 } else { 500 };
        let mut start = Place::default();
        if kind == Aged::Inputs {
            // The chats of this run came before their past; in a real table what is older has the lower number.
            let first = "SELECT MIN(seq) - 1 FROM inputs WHERE dedupe_key LIKE '%:wamid.H%'";
            start.seq = sql.number(first).await;
        }
        let (begun, mut next) = (Instant::now(), Some(start));
        let (mut looked_at, mut removed, mut worst) = (0, 0, Duration::ZERO);
        while let Some(after) = next.filter(|_| begun.elapsed() < SWEEP_MAX) {
            let round = Instant::now();
            let step = store.sweep(kind, before, after, rows, Act::Remove).await.unwrap();
            worst = worst.max(round.elapsed());
            (looked_at, removed) = (looked_at + step.looked_at, removed + step.removed);
            next = step.next;
        }
        println!(
            "    {:<12} {looked_at:>9} looked at {removed:>9} removed in {:>6.1} s, worst round {:.1} ms",
            kind.name(),
            begun.elapsed().as_secs_f64(),
            ms(worst)
        );
    }
    store.close().await;
    let begun = Instant::now();
    settle(sql).await;
    println!("    vacuum (SQLite: checkpoint) in {:.1} s", begun.elapsed().as_secs_f64());
    sizes(sql).await;
}
