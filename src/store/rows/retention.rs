//! Rows that a sweep looks at, and what makes them removable.

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

/// `$1`: removable before this; `$2`: after this row; `$3`: at most so many.
pub(in crate::store) const DELIVERIES: &str = "
    SELECT CAST(0 AS bigint) AS seq, id, received_at AS at, received_at < $1 AND unreadable IS NULL AS removable
    FROM deliveries
    WHERE id > $2
    ORDER BY id
    LIMIT $3";

pub(in crate::store) const INPUTS: &str = "
    SELECT i.seq, i.id, i.received_at AS at,
      i.done_at IS NOT NULL AND i.received_at < $1 AND i.done_at < $1 AND NOT EXISTS (
        SELECT 1 FROM dead_letters d
        WHERE d.retried_at IS NULL AND d.conversation_id = i.conversation_id) AS removable
    FROM inputs i
    WHERE i.seq > $2
    ORDER BY i.seq
    LIMIT $3";

pub(in crate::store) const NOTICES: &str = "
    SELECT seq, id, received_at AS at,
      done_at IS NOT NULL AND received_at < $1 AND done_at < $1 AS removable
    FROM notices
    WHERE seq > $2
    ORDER BY seq
    LIMIT $3";

/// What makes all that was said in a chat `c` removable: nothing of it is younger than `$1`, and nothing is open. The
/// cheap conditions stand first. No `EXISTS`: for one PostgreSQL may read the whole table into a hash, as if it were
/// asked of every chat at once; a subquery with its own limit is asked of one chat at a time.
macro_rules! ended {
    () => {
        "c.next_claim_at IS NULL AND c.ticket_id IS NULL
         AND c.created_at < $1 AND COALESCE(c.last_inbound_at, 0) < $1
         AND COALESCE((
           SELECT e.at FROM events e WHERE e.conversation_id = c.id ORDER BY e.seq DESC LIMIT 1), 0) < $1
         AND COALESCE((
           SELECT o.created_at FROM outbox o WHERE o.conversation_id = c.id ORDER BY o.seq DESC LIMIT 1), 0) < $1
         AND c.next_timer_at IS NULL
         AND (
           SELECT 1 FROM outbox l
           WHERE l.conversation_id = c.id AND l.status IN ('queued', 'sending', 'in_doubt') LIMIT 1) IS NULL
         AND (SELECT 1 FROM agreements a WHERE a.person_id = c.person_id LIMIT 1) IS NULL
         AND (SELECT 1 FROM cases k WHERE k.person_id = c.person_id AND k.status = 'open' LIMIT 1) IS NULL
         AND ((SELECT 1 FROM events f WHERE f.conversation_id = c.id LIMIT 1) IS NOT NULL
           OR (SELECT 1 FROM outbox p WHERE p.conversation_id = c.id LIMIT 1) IS NOT NULL)"
    };
}
pub(in crate::store) use ended;

pub(in crate::store) const CHATS: &str = concat!(
    "SELECT CAST(0 AS bigint) AS seq, c.id, c.created_at AS at, (",
    ended!(),
    ") AS removable
     FROM conversations c
     WHERE c.id > $2
     ORDER BY c.id
     LIMIT $3"
);
