//! Rows that a sweep looks at.

use crate::domain::time::Timestamp;
use crate::ports::retention::{Aged, Place, Swept};
use sqlx::FromRow;
use uuid::Uuid;

#[derive(Debug, FromRow)]
pub(in crate::store) struct AgedRow {
    /// 0 of kinds that have no order of arrival.
    pub seq: i64,
    pub id: Uuid,
    /// When it came; of a chat, when it began.
    pub at: i64,
    /// Old, and needed by nobody.
    pub removable: bool,
}

/// The ids of the rows that may go.
pub(in crate::store) fn removable(rows: &[AgedRow]) -> Vec<Uuid> {
    rows.iter().filter(|row| row.removable).map(|row| row.id).collect()
}

/// What a step comes to that looked at these rows, at most `limit` of them.
pub(in crate::store) fn swept(
    kind: Aged,
    rows: &[AgedRow],
    before: Timestamp,
    limit: u32,
    removed: u64,
) -> Swept {
    let in_order = match kind {
        Aged::Deliveries | Aged::Inputs | Aged::Notices => true,
        Aged::Chats => false,
    };
    let next = rows
        .last()
        .filter(|_| rows.len() >= usize::try_from(limit).unwrap_or(usize::MAX))
        .filter(|last| !in_order || last.at < before.0)
        .map(|last| Place { seq: last.seq, id: last.id });
    Swept { looked_at: u64::try_from(rows.len()).unwrap_or(u64::MAX), removed, next }
}
