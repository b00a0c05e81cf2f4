//! A database that a newer program has migrated: an older one goes on with it while it is supported. One that an older
//! program has left: what it holds goes on.

use super::{backends, make};
use acuerdo::domain::time::Timestamp;
use acuerdo::store::{StoreOptions, connect};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, SqliteConnection};
use std::path::Path;

/// What the next version's migration leaves behind; it only adds.
const NEWER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
    VALUES (9000, 'of the next version', true, CAST('' AS CHECKSUM), 0)";
/// And that of a version which changed what this program uses.
const TOO_NEW: &str = "UPDATE schema_support SET oldest = 9000";

async fn execute(url: &str, statement: &str) {
    if url.starts_with("sqlite:") {
        let statement = statement.replace("CHECKSUM", "BLOB");
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    } else {
        let statement = statement.replace("CHECKSUM", "bytea");
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    }
}

async fn open(url: &str, migrate: bool) -> Result<(), String> {
    let opened = connect(url, &StoreOptions { migrate, ..StoreOptions::default() }).await;
    opened.map(drop).map_err(|error| error.to_string())
}

#[tokio::test]
async fn an_old_program_goes_on_with_a_newer_database_that_supports_it() {
    for bench in [backends::sqlite().await, backends::postgres().await] {
        execute(&bench.url, NEWER).await;
        open(&bench.url, false).await.unwrap();
        open(&bench.url, true).await.expect("a migration by the old program does nothing");
        let (found, known) = bench.store.schema_version().await.unwrap();
        assert!(found == 9000 && known < found, "{found} {known}");

        execute(&bench.url, TOO_NEW).await;
        for migrate in [false, true] {
            let refused = open(&bench.url, migrate).await.unwrap_err();
            assert!(refused.contains("from schema 9000 on"), "{refused}");
            assert!(refused.contains("run a newer acuerdo"), "{refused}");
        }
        bench.drop_schema().await;
    }
}

/// A chat as a program of schema 4 left it, with two timers of its open question.
const CHAT_OF_SCHEMA_4: [&str; 3] = [
    "INSERT INTO conversations (id, lender, phone_number_id, wa_id, created_at)
     VALUES (CAT, 'andina', 'pn-1', '573001112233', 1)",
    "INSERT INTO timers (id, lender, conversation_id, name, turn, due) VALUES (TIM, 'andina', CAT, 'expire', 3, 900)",
    "INSERT INTO timers (id, lender, conversation_id, name, turn, due) VALUES (TOM, 'andina', CAT, 'nudge', 3, 500)",
];

async fn leave_at_schema_4(url: &str) {
    let sqlite = url.starts_with("sqlite:");
    let folder = if sqlite { "migrations/sqlite" } else { "migrations/postgres" };
    let mut migrator = Migrator::new(Path::new(folder)).await.unwrap();
    migrator.migrations.to_mut().retain(|migration| migration.version <= 4);
    if sqlite {
        let options: SqliteConnectOptions = url.parse().unwrap();
        migrator.run(&mut options.create_if_missing(true).connect().await.unwrap()).await.unwrap();
    } else {
        migrator.run(&mut PgConnection::connect(url).await.unwrap()).await.unwrap();
    }
    let id = |n: u8| match sqlite {
        true => format!("x'{}'", hex::encode([n; 16])),
        false => format!("'{}'", hex::encode([n; 16])),
    };
    for statement in CHAT_OF_SCHEMA_4 {
        let statement = statement.replace("CAT", &id(1)).replace("TIM", &id(2)).replace("TOM", &id(3));
        execute(url, &statement).await;
    }
}

#[tokio::test]
async fn timers_of_schema_4_fire_after_the_upgrade() {
    let (_file, sqlite) = backends::sqlite_file();
    let (_schema, postgres) = backends::postgres_schema().await;
    for url in [sqlite, postgres] {
        leave_at_schema_4(&url).await;
        let store = connect(&url, &StoreOptions { migrate: true, ..StoreOptions::default() }).await.unwrap();
        assert_eq!(store.fire_timers(Timestamp(499), 10).await.unwrap(), 0, "{url}");
        assert_eq!(store.fire_timers(Timestamp(500), 10).await.unwrap(), 1, "{url}");
        assert_eq!(store.fire_timers(Timestamp(2_000), 10).await.unwrap(), 1, "{url}");
        let claim = make::claim_one(store.as_ref(), Timestamp(3_000)).await;
        assert_eq!(make::names(&claim), ["timer nudge", "timer expire"], "{url}");
        store.close().await;
    }
}
