//! Many rows in one statement, and many statements in one message to the connection's thread.

use crate::ports::StoreError;
use sqlx::query_builder::Separated;
use sqlx::sqlite::SqliteConnection;
use sqlx::{QueryBuilder, Sqlite};

/// Rows of one statement: 25 columns of them stay far below SQLite's 32 766 parameters.
const BULK_ROWS: usize = 500;

/// Statements that run one after the other. Each crossing to the connection's thread and back costs as much as a small
/// statement, and whoever holds the write lock meanwhile lets all others wait.
pub(super) struct Script(QueryBuilder<Sqlite>);

impl Script {
    pub fn new() -> Self {
        Self(QueryBuilder::new(""))
    }

    /// Adds `head VALUES (…), (…) tail` over all rows, in as few statements as SQLite's limits allow.
    pub fn bulk<R>(
        &mut self,
        head: &'static str,
        rows: &[R],
        tail: &'static str,
        bind: impl Fn(&mut Separated<'_, Sqlite, &'static str>, &R),
    ) {
        for chunk in rows.chunks(BULK_ROWS) {
            self.0
                .push(head)
                .push_values(chunk, |mut values, row| bind(&mut values, row))
                .push(tail)
                .push(";");
        }
    }

    /// Runs what was added; how many rows it wrote. The first error ends it: run it in a transaction.
    pub async fn run(mut self, connection: &mut SqliteConnection) -> Result<u64, StoreError> {
        if self.0.sql().as_ref().is_empty() {
            return Ok(0);
        }
        // Not kept prepared: each number of rows is another statement and would push out the constant ones.
        Ok(self.0.build().persistent(false).execute(connection).await?.rows_affected())
    }
}

/// A [`Script`] of one [`Script::bulk`].
pub(super) async fn bulk<R>(
    connection: &mut SqliteConnection,
    head: &'static str,
    rows: &[R],
    tail: &'static str,
    bind: impl Fn(&mut Separated<'_, Sqlite, &'static str>, &R),
) -> Result<u64, StoreError> {
    let mut script = Script::new();
    script.bulk(head, rows, tail, bind);
    script.run(connection).await
}
