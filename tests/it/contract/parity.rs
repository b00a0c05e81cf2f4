//! Both databases have the same tables and columns.

use super::backends;
use sqlx::{Connection, PgConnection, SqliteConnection};

const SQLITE: &str = "
    SELECT m.name || '.' || c.name || CASE WHEN c.\"notnull\" = 1 THEN '' ELSE ' or null' END
    FROM sqlite_master m JOIN pragma_table_info(m.name) c
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> '_sqlx_migrations'";

const POSTGRES: &str = "
    SELECT table_name || '.' || column_name || CASE is_nullable WHEN 'NO' THEN '' ELSE ' or null' END
    FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name <> '_sqlx_migrations'";

#[tokio::test]
async fn both_schemas_have_the_same_tables_and_columns() {
    let (sqlite, postgres) = (backends::sqlite().await, backends::postgres().await);
    let mut file = SqliteConnection::connect(&sqlite.url).await.unwrap();
    let mut server = PgConnection::connect(&postgres.url).await.unwrap();
    let mut of_sqlite: Vec<String> = sqlx::query_scalar(SQLITE).fetch_all(&mut file).await.unwrap();
    let mut of_postgres: Vec<String> = sqlx::query_scalar(POSTGRES).fetch_all(&mut server).await.unwrap();
    of_sqlite.sort();
    of_postgres.sort();
    assert!(of_sqlite.len() > 100, "the query finds nothing");
    assert_eq!(of_sqlite.join("\n"), of_postgres.join("\n"));
    // Migrating again changes nothing.
    for url in [&sqlite.url, &postgres.url] {
        acuerdo::store::migrate(url).await.unwrap();
    }
    postgres.drop_schema().await;
}

#[tokio::test]
async fn a_wrong_password_is_not_printed() {
    // Nobody listens on the discard port; whatever the fault is, the URL stays unsaid.
    let url = "postgres://ana:s3cr3t@127.0.0.1:9/debts";
    let options = acuerdo::store::StoreOptions {
        acquire_timeout: std::time::Duration::from_millis(500),
        ..acuerdo::store::StoreOptions::default()
    };
    let error = acuerdo::store::connect(url, &options).await.err().unwrap();
    assert!(error.is_transient(), "{error}");
    assert!(!error.to_string().contains("s3cr3t"), "{error}");
}
