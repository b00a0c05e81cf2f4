//! Outgoing messages, in SQLite.

use super::{Script, SqliteStore, bulk};
use crate::domain::ids::{ConversationId, OutboxId};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::outbox::{Fate, FollowedMessage, OutboxClaim, OutboxStore, SendResult, SentMessage};
use crate::store::plan::turns::WithdrawnRow;
use crate::store::rows::outbox::{
    ClaimedRow, FateRow, FollowedRow, NewOutboxRow, ResultRow, SentRow, Waiting,
};
use crate::store::rows::{hex_list, json, limit, readable};
use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

#[async_trait]
impl OutboxStore for SqliteStore {
    async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: Millis,
        doubt: Millis,
        limit_rows: u32,
    ) -> Result<Vec<OutboxClaim>, StoreError> {
        // An idle look does not wait for the only writer.
        let waiting: Waiting =
            sqlx::query_as(WAITING).bind(now.0).fetch_one(&mut *self.reader().await?).await?;
        if !waiting.any() {
            return Ok(Vec::new());
        }
        let mut writer = self.writer().await?;
        if waiting.expired {
            sqlx::query(DOUBT_EXPIRED).bind(now.0).bind(now.plus(doubt).0).execute(&mut *writer).await?;
        }
        if waiting.of_agents {
            sqlx::query(VOID_AGENT).bind(now.0).execute(&mut *writer).await?;
        }
        let ids: Vec<Uuid> = sqlx::query_scalar(CLAIM)
            .bind(now.0)
            .bind(now.plus(lease).0)
            .bind(limit(limit_rows))
            .fetch_all(&mut *writer)
            .await?;
        drop(writer);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // What is leased stays as it is, and the next one may write meanwhile.
        let rows: Vec<ClaimedRow> =
            sqlx::query_as(CLAIMED).bind(hex_list(ids)).fetch_all(&mut *self.reader().await?).await?;
        Ok(readable(rows.into_iter().map(ClaimedRow::read)))
    }

    async fn finish_outbox(
        &self,
        now: Timestamp,
        results: &[(OutboxId, i64, SendResult)],
    ) -> Result<(), StoreError> {
        let rows: Vec<ResultRow> = results.iter().map(ResultRow::write).collect();
        let wamids: Vec<&String> = rows.iter().filter_map(|row| row.wamid.as_ref()).collect();
        let mut writer = self.writer().await?;
        finish(&mut writer, &rows, now).await?;
        if !wamids.is_empty() {
            // By itself: a status that is not woken is looked at again soon anyway.
            sqlx::query(WAKE_STATUSES).bind(json(&wamids)?).bind(now.0).execute(&mut *writer).await?;
        }
        Ok(())
    }

    async fn settle_doubts(&self, now: Timestamp, limit_rows: u32) -> Result<u32, StoreError> {
        let settled = sqlx::query(SETTLE_DOUBTS)
            .bind(now.0)
            .bind(limit(limit_rows))
            .execute(&mut *self.writer().await?)
            .await?
            .rows_affected();
        Ok(u32::try_from(settled).unwrap_or(u32::MAX))
    }

    async fn sent_messages(
        &self,
        conversation: ConversationId,
        limit_rows: u32,
    ) -> Result<Vec<SentMessage>, StoreError> {
        let rows: Vec<SentRow> = sqlx::query_as(SENT_MESSAGES)
            .bind(conversation.0)
            .bind(limit(limit_rows))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        rows.into_iter().map(SentRow::read).collect()
    }

    async fn fate(&self, id: OutboxId) -> Result<Fate, StoreError> {
        let row: Option<FateRow> =
            sqlx::query_as(FATE).bind(id.0).fetch_optional(&mut *self.reader().await?).await?;
        row.map_or(Ok(Fate::Missed), |row| row.read(id))
    }

    async fn followed_messages(&self, ids: &[OutboxId]) -> Result<Vec<FollowedMessage>, StoreError> {
        let rows: Vec<FollowedRow> = sqlx::query_as(FOLLOWED)
            .bind(hex_list(ids.iter().map(|id| id.0)))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        rows.into_iter().map(FollowedRow::read).collect()
    }
}

const FATE: &str = "
    SELECT status, delivery_rank, COALESCE(finished_at, created_at) AS taken_at FROM outbox
    WHERE id = $1";

const FOLLOWED: &str = "
    SELECT id, trace_id, conversation_id, created_at, attempts FROM outbox
    WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND trace_id IS NOT NULL";

const INSERT_OUTBOX: &str = "
    INSERT INTO outbox
      (id, lender, conversation_id, content, label, origin, ticket_id, ticket_token, agent_id, status, due_at,
       created_at, trace_id, subject) ";

/// Queues messages in order; those that are queued already stay as they are.
pub(super) fn insert_outbox(script: &mut Script, rows: &[NewOutboxRow]) {
    script.bulk(INSERT_OUTBOX, rows, " ON CONFLICT (id) DO NOTHING", |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.conversation)
            .push_bind(row.content.clone())
            .push_bind(row.label)
            .push_bind(row.origin.clone())
            .push_bind(row.agent.map(|mark| mark.ticket))
            .push_bind(row.agent.map(|mark| mark.token))
            .push_bind(row.agent.map(|mark| mark.agent))
            .push_bind("queued")
            .push_bind(row.now)
            .push_bind(row.now)
            .push_bind(row.trace)
            .push_bind(row.subject);
    });
}

/// What a claim could change: most looks of an idle process end here.
const WAITING: &str = "
    SELECT EXISTS (SELECT 1 FROM outbox WHERE status = 'queued' AND due_at <= $1) AS due,
      EXISTS (SELECT 1 FROM outbox WHERE status = 'sending' AND leased_until <= $1) AS expired,
      EXISTS (SELECT 1 FROM outbox WHERE status = 'queued' AND ticket_id IS NOT NULL) AS of_agents";

/// The sender may have died after its request; a status that came meanwhile has given the wamid.
pub(super) const DOUBT_EXPIRED: &str = "
    UPDATE outbox SET
      status = CASE WHEN wamid IS NULL THEN 'in_doubt' ELSE 'accepted' END,
      doubt_until = $2,
      why = 'the sender stopped before it reported a result'
    WHERE status = 'sending' AND leased_until <= $1";

const VOID_AGENT: &str = "
    UPDATE outbox SET status = 'refused', finished_at = $1, why = 'another agent has the ticket now'
    WHERE status = 'queued' AND ticket_id IS NOT NULL
      AND EXISTS (
        SELECT 1 FROM tickets t
        WHERE t.id = outbox.ticket_id AND t.lease_token > outbox.ticket_token
          AND t.agent_id <> outbox.agent_id)";

/// The first live message of a conversation may go; one that is sending or in doubt is always the first. An agent's words
/// wait until what the person wrote meanwhile is read: it may take the proof back that they were written on.
const CLAIM: &str = "
    UPDATE outbox SET
      status = 'sending',
      lease_token = lease_token + 1,
      leased_until = $2,
      attempts = attempts + 1
    WHERE seq IN (
      SELECT o.seq FROM outbox o
      WHERE o.status = 'queued' AND o.due_at <= $1
        AND NOT EXISTS (
          SELECT 1 FROM outbox e
          WHERE e.conversation_id = o.conversation_id AND e.seq < o.seq
            AND e.status IN ('queued', 'sending', 'in_doubt'))
        AND (o.origin <> 'agent' OR NOT EXISTS (
          SELECT 1 FROM inputs i
          WHERE i.conversation_id = o.conversation_id AND i.done_at IS NULL AND i.dedupe_key IS NOT NULL))
      ORDER BY o.due_at, o.seq
      LIMIT $3)
    RETURNING id";

const CLAIMED: &str = "
    SELECT o.id, o.lease_token, o.conversation_id, o.lender, c.phone_number_id, c.wa_id, c.bsuid, o.content,
      o.label, o.origin, o.attempts, o.created_at, c.assurance, c.identity_conflict, c.last_inbound_at,
      c.opted_out, c.last_inbound_wamid, o.ticket_id, o.ticket_token, o.subject, c.person_id,
      p.reserved IS NOT NULL AS reserved
    FROM outbox o JOIN conversations c ON c.id = o.conversation_id LEFT JOIN persons p ON p.id = c.person_id
    WHERE o.id IN (SELECT unhex(value) FROM json_each($1))
    ORDER BY o.seq";

/// A wamid that a status brought proves that the message was taken, whatever the sender saw. Late news of a row
/// whose doubt was settled counts only when it is good: its followers have gone.
const FINISH: [&str; 2] = [
    "WITH v (id, token, status, untried, wamid, due_at, doubt_until, why, code, finished_at) AS (",
    ") UPDATE outbox SET
         status = CASE WHEN outbox.wamid IS NOT NULL THEN 'accepted' ELSE v.status END,
         attempts = outbox.attempts - v.untried,
         wamid = COALESCE(outbox.wamid, v.wamid),
         due_at = COALESCE(v.due_at, outbox.due_at),
         doubt_until = v.doubt_until,
         why = v.why,
         code = v.code,
         finished_at = v.finished_at
       FROM v
       WHERE outbox.id = v.id AND outbox.lease_token = v.token
         AND (outbox.status IN ('sending', 'in_doubt')
           OR outbox.status = 'unconfirmed' AND v.status = 'accepted')",
];

async fn finish(
    connection: &mut SqliteConnection,
    rows: &[ResultRow],
    now: Timestamp,
) -> Result<(), StoreError> {
    let [head, tail] = FINISH;
    bulk(connection, head, rows, tail, |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.token)
            .push_bind(row.status)
            .push_bind(row.untried)
            .push_bind(row.wamid.clone())
            .push_bind(row.due_at)
            .push_bind(row.doubt_until)
            .push_bind(row.why.clone())
            .push_bind(row.code)
            .push_bind(now.0);
    })
    .await
    .map(drop)
}

/// Statuses that came before their message was known.
const WAKE_STATUSES: &str = "
    UPDATE notices SET next_at = MIN(next_at, $2)
    WHERE done_at IS NULL AND kind = 'status' AND wamid IN (SELECT value FROM json_each($1))";

const SETTLE_DOUBTS: &str = "
    UPDATE outbox SET status = 'unconfirmed', finished_at = $1
    WHERE seq IN (
      SELECT seq FROM outbox
      WHERE status = 'in_doubt' AND doubt_until <= $1
      ORDER BY doubt_until
      LIMIT $2)";

const WITHDRAW: [&str; 2] = [
    "WITH v (conversation_id, origin, why, at) AS (",
    ") UPDATE outbox SET status = 'refused', why = v.why, finished_at = v.at
       FROM v
       WHERE outbox.conversation_id = v.conversation_id AND outbox.origin = v.origin
         AND outbox.status = 'queued'",
];

/// Refuses queued messages that have lost their sense.
pub(super) fn withdraw(script: &mut Script, rows: &[WithdrawnRow]) {
    let [head, tail] = WITHDRAW;
    script.bulk(head, rows, tail, |values, row| {
        values
            .push_bind(row.conversation)
            .push_bind(row.origin.clone())
            .push_bind(row.why.clone())
            .push_bind(row.at);
    });
}

const SENT_MESSAGES: &str = "
    SELECT id, content, origin, status, delivery_rank, wamid, why, created_at, agent_id
    FROM (
      SELECT seq, id, content, origin, status, delivery_rank, wamid, why, created_at, agent_id FROM outbox
      WHERE conversation_id = $1 ORDER BY seq DESC
      LIMIT $2)
    ORDER BY seq";
