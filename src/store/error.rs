//! What a database error means for the caller. Never carries a value: messages of databases quote personal data.

use crate::ports::StoreError;
use deadpool::unmanaged::PoolError;
use sqlx::error::{DatabaseError, ErrorKind};
use sqlx::migrate::MigrateError;

const NO_CONNECTION: &str = "no free database connection in time";
const CLOSED: &str = "the connection to the database is closed";
/// `why` of a transaction that lost against another one and may simply run again.
const RACE: &str = "the transaction collided with another one";

/// A prepared statement is there twice, or not at all: statements of one session reach several.
const POOLED: [&str; 2] = ["42P05", "26000"];
/// What mixes sessions up, and the remedy.
pub(super) const TRANSACTION_POOLER: &str = "DATABASE_URL leads through a pooler in transaction mode (PgBouncer's pool_mode=transaction), which gives each \
     transaction another session, and prepared statements get lost: let it lead to PostgreSQL itself, or to a pool of \
     pool_mode=session; the program keeps a pool of its own (workers.connections)";

/// True when running the whole transaction again, with fresh reads, may succeed at once.
///
/// A unique key counts: another process created the same conversation or agreement between our look and our write.
pub(super) fn lost_a_race(error: &StoreError) -> bool {
    match error {
        StoreError::Conflict { .. } => true,
        StoreError::Unavailable { why } => why == RACE,
        StoreError::Corrupt { .. } | StoreError::Failed { .. } | StoreError::Missing { .. } => false,
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(database) = &error {
            return of_database(database.as_ref());
        }
        if let sqlx::Error::Io(io) = &error {
            return unavailable(format!("the connection failed: {io}"));
        }
        if let sqlx::Error::ColumnDecode { index, .. } = &error {
            return failed(format!("column {index} has an unexpected type; run `acuerdo doctor`"));
        }
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return unavailable(NO_CONNECTION.to_owned());
        }
        if matches!(error, sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed) {
            return unavailable(CLOSED.to_owned());
        }
        if let sqlx::Error::Tls(_) = &error {
            return failed(
                "TLS with the database failed; check sslmode and certificates in DATABASE_URL".to_owned(),
            );
        }
        if let sqlx::Error::Configuration(_) = &error {
            return failed(
                "DATABASE_URL cannot be understood; signs such as `#`, `@`, `/`, `?` and `%` of its user or password are \
                 written percent-encoded (`#` as %23)"
                    .to_owned(),
            );
        }
        failed("the database driver refused a statement or an answer".to_owned())
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        unavailable(match error {
            PoolError::Timeout => NO_CONNECTION.to_owned(),
            PoolError::Closed | PoolError::NoRuntimeSpecified => CLOSED.to_owned(),
        })
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        if let MigrateError::Execute(error) = error {
            return error.into();
        }
        if let MigrateError::ExecuteMigration(error, version) = error {
            let cause = Self::from(error);
            return if cause.is_transient() {
                cause
            } else {
                failed(format!("migration {version}: {cause}"))
            };
        }
        if let MigrateError::VersionMissing(version) = error {
            return failed(format!(
                "the database has migration {version}, which this program does not know: it belongs to a newer \
                 acuerdo; run that version"
            ));
        }
        if let MigrateError::VersionMismatch(version) = error {
            return failed(format!(
                "migration {version} in the database differs from this program's: restore the database or use the \
                 program that made it"
            ));
        }
        if let MigrateError::Dirty(version) = error {
            return failed(format!(
                "migration {version} was broken off: restore the database or finish the migration by hand"
            ));
        }
        failed("the migrations of this program cannot be applied to the database".to_owned())
    }
}

fn of_database(error: &dyn DatabaseError) -> StoreError {
    let code = error.code().unwrap_or_default();
    if is_constraint(error.kind()) {
        return StoreError::Conflict { constraint: constraint_of(error) };
    }
    // SQLSTATE has five characters; SQLite's extended result code is a number whose low byte is the primary code.
    match code.parse::<i32>() {
        // The messages of these name SQL objects, never values.
        Ok(1) => failed(format!("SQLite: {}", error.message())),
        Err(_) | Ok(_) if POOLED.contains(&&*code) => failed(TRANSACTION_POOLER.to_owned()),
        Err(_) | Ok(_) if code.starts_with("42") && code != "42501" && code != "42P01" => {
            failed(format!("PostgreSQL: {}", error.message()))
        }
        Ok(number) if code.len() != 5 => of_sqlite(number & 0xff),
        Ok(_) | Err(_) => of_postgres(&code),
    }
}

fn is_constraint(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UniqueViolation
            | ErrorKind::ForeignKeyViolation
            | ErrorKind::NotNullViolation
            | ErrorKind::CheckViolation
            | ErrorKind::ExclusionViolation
    )
}

/// PostgreSQL names the constraint; SQLite's message names `table.column` or the check, never a value.
fn constraint_of(error: &dyn DatabaseError) -> String {
    match error.constraint() {
        Some(name) => name.to_owned(),
        None if error.try_downcast_ref::<sqlx::sqlite::SqliteError>().is_some() => {
            error.message().rsplit("failed: ").next().unwrap_or("a constraint").to_owned()
        }
        None => "a constraint".to_owned(),
    }
}

fn of_sqlite(primary: i32) -> StoreError {
    let why = match primary {
        5 | 6 => "the database file is locked by another process",
        8 => "the database file is read-only",
        10 => "reading or writing the database file failed",
        13 => "the disk is full",
        14 => "the database file cannot be opened; does its directory exist and may this user write there?",
        11 | 26 => return failed("the file is damaged or is not an SQLite database".to_owned()),
        _ => return failed(format!("SQLite error {primary}")),
    };
    unavailable(why.to_owned())
}

/// Classes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn of_postgres(code: &str) -> StoreError {
    let why = match code {
        "40001" | "40P01" => RACE,
        "25006" => "the database is read-only",
        "53100" => "the disk of the database is full",
        "53300" => "the database has no free connection slot",
        "57014" => "a statement took longer than its time limit",
        "28000" | "28P01" => {
            return failed("the database refused the user or password of DATABASE_URL".to_owned());
        }
        "3D000" => return failed("the database named in DATABASE_URL does not exist; create it".to_owned()),
        "42501" => return failed("the database user lacks a privilege on our tables".to_owned()),
        "42P01" => return failed("a table is missing; run `acuerdo migrate`".to_owned()),
        _ if ["08", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class)) => {
            return unavailable(format!("PostgreSQL error {code}"));
        }
        _ => return failed(format!("PostgreSQL error {code}")),
    };
    unavailable(why.to_owned())
}

fn unavailable(why: String) -> StoreError {
    StoreError::Unavailable { why }
}

pub(super) fn failed(why: String) -> StoreError {
    StoreError::Failed { why }
}

#[cfg(test)]
mod tests {
    use super::{StoreError, of_postgres, of_sqlite};

    #[test]
    fn what_may_pass_is_told_from_what_will_not() {
        for code in ["40P01", "53100", "53300", "25006", "57P01", "08006", "57014", "58030"] {
            assert!(of_postgres(code).is_transient(), "{code}");
        }
        for code in ["28P01", "42601", "22P02", "3D000"] {
            assert!(!of_postgres(code).is_transient(), "{code}");
        }
        for code in [5, 8, 10, 13, 14] {
            assert!(of_sqlite(code).is_transient(), "{code}");
        }
        assert!(!of_sqlite(11).is_transient());
    }

    #[test]
    fn a_closed_pool_is_unavailable() {
        assert!(StoreError::from(sqlx::Error::PoolClosed).is_transient());
    }
}
