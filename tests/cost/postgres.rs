//! Syncs as PostgreSQL counts them.

use crate::turns::{Street, per_100_turns, runtime};
use acuerdo::store::{StoreOptions, connect};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use std::time::Duration;

/// The difference of two runs is counted, so that start and import do not count.
const FEW: usize = 5;
const MANY: usize = 25;

/// Of 100 turns. Nobody else may use the server meanwhile.
pub fn syncs(server: &str) -> u64 {
    runtime().block_on(async {
        let few = syncs_of(server, FEW).await;
        let many = syncs_of(server, MANY).await;
        per_100_turns(many - few, MANY - FEW)
    })
}

async fn syncs_of(server: &str, chats: usize) -> u64 {
    let mut connection = PgConnection::connect(server).await.unwrap();
    let schema = format!("cost_{chats}");
    sqlx::query(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&mut connection).await.unwrap();
    let before = counter(&mut connection).await;
    let join = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{join}options=-csearch_path%3D{schema}");
    let options = StoreOptions { migrate: true, ..StoreOptions::default() };
    connect(&url, &options).await.unwrap().close().await;
    let street = Street::on(&url, MANY).await;
    street.chats(0..chats).await;
    street.close(chats).await;
    counter(&mut connection).await - before
}

/// A connection reports what it did at its end at the latest, so that the others have ended first.
async fn counter(connection: &mut PgConnection) -> u64 {
    for _ in 0..200 {
        let others: i64 = sqlx::query(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .fetch_one(&mut *connection)
        .await
        .unwrap()
        .get(0);
        if others == 0 {
            let syncs: i64 =
                sqlx::query("SELECT wal_sync FROM pg_stat_wal").fetch_one(connection).await.unwrap().get(0);
            return u64::try_from(syncs).unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("connections to PostgreSQL stay open");
}
