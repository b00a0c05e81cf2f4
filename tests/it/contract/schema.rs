//! A database that a newer program has migrated: an older one goes on with it while it is supported.

use super::backends;
use acuerdo::store::{StoreOptions, connect};
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

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
