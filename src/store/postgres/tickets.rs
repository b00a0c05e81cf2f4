//! Hand-offs to human agents, in PostgreSQL.

use super::PostgresStore;
use super::conversations::{insert_inputs, wake};
use super::outbox::insert_outbox;
use crate::domain::ids::{AgentId, LenderId, TicketId};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::tickets::{
    AgentAct, Lease, Shown, Ticket, TicketPage, TicketPlace, TicketRefused, TicketStore,
};
use crate::store::plan::desk::{self, DeskPlan};
use crate::store::plan::turns::EventRow;
use crate::store::rows::tickets::{TicketRow, ticket_columns};
use crate::store::rows::{column, limit};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

#[async_trait]
impl TicketStore for PostgresStore {
    async fn ticket(&self, lender: &LenderId, id: TicketId) -> Result<Option<Ticket>, StoreError> {
        let row: Option<TicketRow> =
            sqlx::query_as(TICKET).bind(lender.as_str()).bind(id.0).fetch_optional(&self.pool).await?;
        row.map(TicketRow::read).transpose()
    }

    async fn open_tickets(&self, limit_rows: u32) -> Result<Vec<Ticket>, StoreError> {
        let rows = sqlx::query_as(OPEN_TICKETS).bind(limit(limit_rows)).fetch_all(&self.pool).await?;
        read_all(rows)
    }

    async fn tickets(
        &self,
        lender: &LenderId,
        queue: Option<&str>,
        open: bool,
        limit_rows: u32,
    ) -> Result<Vec<Ticket>, StoreError> {
        let rows = sqlx::query_as(TICKETS)
            .bind(lender.as_str())
            .bind(queue.map(str::to_owned))
            .bind(open)
            .bind(limit(limit_rows))
            .fetch_all(&self.pool)
            .await?;
        read_all(rows)
    }

    async fn ticket_page(&self, lender: &LenderId, page: &TicketPage) -> Result<Vec<Ticket>, StoreError> {
        let (sql, shown) = match page.shown {
            Shown::Open => (PAGE_OPEN, "open"),
            Shown::Queued => (PAGE_OPEN, "queued"),
            Shown::Assigned => (PAGE_OPEN, "assigned"),
            Shown::Mine => (PAGE_OPEN, "mine"),
            Shown::Closed => (PAGE_CLOSED, "closed"),
        };
        let after =
            page.after.unwrap_or(TicketPlace { rank: 0, at: Timestamp(0), id: TicketId(Uuid::nil()) });
        let rows = sqlx::query_as(sql)
            .bind(lender.as_str())
            .bind(page.queue.clone())
            .bind(page.served.is_empty())
            .bind(page.served.clone())
            .bind(page.agent.0)
            .bind(shown)
            .bind(page.after.is_none())
            .bind(after.rank)
            .bind(after.at.0)
            .bind(after.id.0)
            .bind(limit(page.limit))
            .fetch_all(&self.pool)
            .await?;
        read_all(rows)
    }

    async fn unpublished_tickets(&self, limit_rows: u32) -> Result<Vec<Ticket>, StoreError> {
        let rows = sqlx::query_as(UNPUBLISHED).bind(limit(limit_rows)).fetch_all(&self.pool).await?;
        read_all(rows)
    }

    async fn mark_published(&self, tickets: &[(TicketId, i64)]) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        if !tickets.is_empty() {
            sqlx::query(MARK_PUBLISHED)
                .bind(column(tickets, |(id, _)| id.0))
                .bind(column(tickets, |(_, version)| *version))
                .execute(&mut *transaction)
                .await?;
        }

        transaction.commit().await?;
        Ok(())
    }

    async fn assign(
        &self,
        lender: &LenderId,
        id: TicketId,
        agent: AgentId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Result<Ticket, TicketRefused>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let Some(row) = lock(&mut transaction, lender, id).await? else {
            return refuse(transaction, TicketRefused::Unknown).await;
        };
        if let Err(refused) = row.may_be_assigned(agent, now)? {
            return refuse(transaction, refused).await;
        }
        let row: TicketRow = sqlx::query_as(ASSIGN)
            .bind(id.0)
            .bind(agent.0)
            .bind(until.0)
            .fetch_one(&mut *transaction)
            .await?;
        transaction.commit().await?;
        row.read().map(Ok)
    }

    async fn renew(
        &self,
        lender: &LenderId,
        lease: Lease,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Result<(), TicketRefused>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        if let Err(refused) = held(&mut transaction, lender, lease, now).await? {
            return refuse(transaction, refused).await;
        }
        sqlx::query(RENEW).bind(lease.ticket.0).bind(until.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Ok(()))
    }

    async fn give_up(
        &self,
        lender: &LenderId,
        lease: Lease,
        now: Timestamp,
    ) -> Result<Result<(), TicketRefused>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        if let Err(refused) = held(&mut transaction, lender, lease, now).await? {
            return refuse(transaction, refused).await;
        }
        sqlx::query(GIVE_UP).bind(lease.ticket.0).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(Ok(()))
    }

    async fn requeue_expired(&self, now: Timestamp, limit_rows: u32) -> Result<Vec<Ticket>, StoreError> {
        let rows =
            sqlx::query_as(REQUEUE_EXPIRED).bind(now.0).bind(limit(limit_rows)).fetch_all(&self.pool).await?;
        read_all(rows)
    }

    async fn act(
        &self,
        lender: &LenderId,
        lease: Lease,
        act: &AgentAct,
        now: Timestamp,
    ) -> Result<Result<Ticket, TicketRefused>, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let row = match held(&mut transaction, lender, lease, now).await? {
            Ok(row) => row,
            Err(refused) => return refuse(transaction, refused).await,
        };
        let mut plan = desk::plan(row.clone(), lease, act, now)?;
        if let Some(message) = plan.message.take()
            && insert_outbox(&mut transaction, &[message]).await? == 0
        {
            transaction.rollback().await?;
            return row.read().map(Ok);
        }
        write_act(&mut transaction, &plan, now).await?;
        transaction.commit().await?;
        plan.ticket.read().map(Ok)
    }
}

/// Ends the transaction before the refusal is told: when it is only dropped, the ticket stays locked until the pool has
/// rolled it back.
async fn refuse<T>(
    transaction: Transaction<'_, Postgres>,
    refused: TicketRefused,
) -> Result<Result<T, TicketRefused>, StoreError> {
    transaction.rollback().await?;
    Ok(Err(refused))
}

fn read_all(rows: Vec<TicketRow>) -> Result<Vec<Ticket>, StoreError> {
    rows.into_iter().map(TicketRow::read).collect()
}

const TICKET: &str = concat!(
    "SELECT summary::text AS summary, ",
    ticket_columns!(),
    " FROM tickets t WHERE t.lender = $1 AND t.id = $2"
);

const LOCK: &str = concat!(
    "SELECT summary::text AS summary, ",
    ticket_columns!(),
    " FROM tickets t WHERE t.lender = $1 AND t.id = $2 FOR NO KEY UPDATE"
);

const LOCK_CHAT: &str = "
    SELECT id FROM conversations
    WHERE id = (SELECT t.conversation_id FROM tickets t WHERE t.lender = $1 AND t.id = $2)
    FOR NO KEY UPDATE";

/// Locks the conversation before its ticket, in the order of the turns.
async fn lock(
    connection: &mut PgConnection,
    lender: &LenderId,
    id: TicketId,
) -> Result<Option<TicketRow>, StoreError> {
    sqlx::query(LOCK_CHAT).bind(lender.as_str()).bind(id.0).execute(&mut *connection).await?;
    Ok(sqlx::query_as(LOCK).bind(lender.as_str()).bind(id.0).fetch_optional(connection).await?)
}

/// The ticket, if the lease on it is live.
async fn held(
    connection: &mut PgConnection,
    lender: &LenderId,
    lease: Lease,
    now: Timestamp,
) -> Result<Result<TicketRow, TicketRefused>, StoreError> {
    let Some(row) = lock(connection, lender, lease.ticket).await? else {
        return Ok(Err(TicketRefused::Unknown));
    };
    Ok(row.holds(lease, now)?.map(|()| row))
}

const OPEN_TICKETS: &str = concat!(
    "SELECT summary::text AS summary, ",
    ticket_columns!(),
    " FROM tickets t WHERE t.status <> 'closed' ORDER BY t.waiting_since, t.id LIMIT $1"
);

const TICKETS: &str = concat!(
    "SELECT summary::text AS summary, ",
    ticket_columns!(),
    " FROM tickets t
      WHERE t.lender = $1 AND ($2 IS NULL OR t.queue = $2) AND (t.status <> 'closed') = $3
      ORDER BY t.opened_at DESC, t.id DESC
      LIMIT $4"
);

/// What an agent may see: served queues, or given to this agent.
macro_rules! page {
    ($served:literal, $shown:literal, $behind:literal, $order:literal) => {
        concat!(
            "SELECT summary::text AS summary, ",
            ticket_columns!(),
            " FROM tickets t
              WHERE t.lender = $1 AND ($2::text IS NULL OR t.queue = $2)
                AND ($3::boolean OR ",
            $served,
            " OR (t.status = 'assigned' AND t.agent_id = $5))
                AND ",
            $shown,
            "
                AND ($7::boolean OR ",
            $behind,
            ") ORDER BY ",
            $order,
            " LIMIT $11"
        )
    };
}

/// As the desk serves them. `$8` to `$10` are the place of the last one that is known.
const PAGE_OPEN: &str = page!(
    "t.queue = ANY($4)",
    "t.status <> 'closed' AND ($6::text = 'open' OR t.status = $6 OR ($6 = 'mine' AND t.status = 'assigned' AND t.agent_id = $5))",
    "(t.priority, t.waiting_since, t.id) > ($8::bigint, $9::bigint, $10::uuid)",
    "t.priority, t.waiting_since, t.id"
);
/// Newest first; `$8` is of no use here.
const PAGE_CLOSED: &str = page!(
    "t.queue = ANY($4)",
    "t.status = 'closed' AND $6::text = 'closed'",
    "($8::bigint >= 0 AND (t.opened_at, t.id) < ($9::bigint, $10::uuid))",
    "t.opened_at DESC, t.id DESC"
);

/// An assigned ticket is the live queue's own doing: nothing to tell it.
const UNPUBLISHED: &str = concat!(
    "SELECT summary::text AS summary, ",
    ticket_columns!(),
    " FROM tickets t
      WHERE t.version > t.published_version AND t.status <> 'assigned'
      ORDER BY t.id
      LIMIT $1"
);

const MARK_PUBLISHED: &str = "
    UPDATE tickets SET published_version = GREATEST(published_version, v.version)
    FROM UNNEST($1::uuid[], $2::bigint[])
      AS v (id, version)
    WHERE tickets.id = v.id";

const ASSIGN: &str = concat!(
    "UPDATE tickets AS t SET
       status = 'assigned',
       agent_id = $2,
       lease_token = t.lease_token + 1,
       leased_until = $3,
       version = t.version + 1
     WHERE t.id = $1
     RETURNING summary::text AS summary, ",
    ticket_columns!()
);

const RENEW: &str = "UPDATE tickets SET leased_until = $2 WHERE id = $1";

const GIVE_UP: &str =
    "UPDATE tickets SET status = 'queued', leased_until = 0, version = version + 1 WHERE id = $1";

const REQUEUE_EXPIRED: &str = concat!(
    "UPDATE tickets AS t SET status = 'queued', leased_until = 0, version = t.version + 1
     WHERE t.id IN (
       SELECT w.id FROM tickets w
       WHERE w.status = 'assigned' AND w.leased_until <= $1
       ORDER BY w.leased_until
       LIMIT $2
       FOR NO KEY UPDATE SKIP LOCKED)
     RETURNING summary::text AS summary, ",
    ticket_columns!()
);

const UPDATE_TICKET: &str = "
    UPDATE tickets SET
      status = $2,
      queue = $3,
      leased_until = $4,
      waiting = $5,
      version = $6,
      first_response_at = $7,
      closed_at = $8,
      outcome = $9
    WHERE id = $1";

const UNLINK_TICKET: &str = "UPDATE conversations SET ticket_id = NULL WHERE id = $1 AND ticket_id = $2";

async fn write_act(connection: &mut PgConnection, plan: &DeskPlan, now: Timestamp) -> Result<(), StoreError> {
    let ticket = &plan.ticket;
    sqlx::query(UPDATE_TICKET)
        .bind(ticket.id)
        .bind(&ticket.status)
        .bind(&ticket.queue)
        .bind(ticket.leased_until)
        .bind(ticket.waiting)
        .bind(ticket.version)
        .bind(ticket.first_response_at)
        .bind(ticket.closed_at)
        .bind(&ticket.outcome)
        .execute(&mut *connection)
        .await?;
    append_events(connection, ticket.conversation_id, &plan.events).await?;
    if ticket.is_closed() {
        sqlx::query(UNLINK_TICKET)
            .bind(ticket.conversation_id)
            .bind(ticket.id)
            .execute(&mut *connection)
            .await?;
    }
    if let Some(input) = &plan.input {
        insert_inputs(connection, std::slice::from_ref(input)).await?;
        wake(connection, [ticket.conversation_id], now).await?;
    }
    Ok(())
}

const NEXT_SEQ: &str = "
    UPDATE conversations SET last_event_seq = last_event_seq + 1 WHERE id = $1 RETURNING last_event_seq";

/// The turn is that of the newest event: an act happens between turns.
const APPEND_EVENT: &str = "
    INSERT INTO events (conversation_id, seq, lender, turn, kind, body, at)
    VALUES (
      $1, $2, $3,
      COALESCE((SELECT turn FROM events WHERE conversation_id = $1 ORDER BY seq DESC LIMIT 1), 0),
      $4, $5::json, $6)";

pub(super) async fn append_events(
    connection: &mut PgConnection,
    conversation: Uuid,
    events: &[EventRow],
) -> Result<(), StoreError> {
    for event in events {
        let seq: i64 = sqlx::query_scalar(NEXT_SEQ).bind(conversation).fetch_one(&mut *connection).await?;
        sqlx::query(APPEND_EVENT)
            .bind(conversation)
            .bind(seq)
            .bind(&event.lender)
            .bind(&event.kind)
            .bind(&event.body)
            .bind(event.at)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
