//! Why a store could not do what it was asked.

use thiserror::Error;

#[derive(Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached, is full, read-only, or out of connections: try again later.
    #[error("the store is unavailable: {why}")]
    Unavailable { why: String },
    /// A stored value cannot be read back: the row is broken or newer than this program.
    #[error("{table}.{column} of row {id} cannot be read: {why}")]
    Corrupt { table: &'static str, column: &'static str, id: String, why: String },
    /// A unique key or check refused the write.
    #[error("the write conflicts with {constraint}")]
    Conflict { constraint: String },
    /// A statement failed for a reason that a retry will not change.
    #[error("the store failed: {why}")]
    Failed { why: String },
    /// There is no such database file, and this call makes none.
    #[error(
        "the database file {file} does not exist: correct DATABASE_URL, or make it with `acuerdo migrate`"
    )]
    Missing { file: String },
}

impl StoreError {
    /// True when the same call may succeed later without a change.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::Corrupt { .. } | Self::Conflict { .. } | Self::Failed { .. } | Self::Missing { .. } => {
                false
            }
        }
    }
}
