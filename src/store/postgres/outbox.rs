//! Outgoing messages, in PostgreSQL.

use super::{PostgresStore, retrying};
use crate::domain::ids::{ConversationId, OutboxId, PhoneNumberId};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::outbox::{
    DoubtEnd, Fate, FollowedMessage, Numbers, OpenDoubt, OutboxClaim, OutboxStore, SendResult, SentMessage,
    Wanted,
};
use crate::rules::doubt::{NEIGHBOURHOOD, SILENCE};
use crate::store::plan::turns::WithdrawnRow;
use crate::store::rows::outbox::{
    ClaimedRow, DoubtRow, FateRow, FollowedRow, NewOutboxRow, ResultRow, SentRow, Waiting, ended,
};
use crate::store::rows::{column, limit, readable};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

#[async_trait]
impl OutboxStore for PostgresStore {
    async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: Millis,
        doubt: Millis,
        wanted: Wanted<'_>,
    ) -> Result<Vec<OutboxClaim>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        let waiting: Waiting = sqlx::query_as(WAITING).bind(now.0).fetch_one(&mut *connection).await?;
        if !waiting.any() {
            return Ok(Vec::new());
        }
        if waiting.expired {
            sqlx::query(DOUBT_EXPIRED).bind(now.0).bind(now.plus(doubt).0).execute(&mut *connection).await?;
        }
        if waiting.of_agents {
            sqlx::query(VOID_AGENT).bind(now.0).execute(&mut *connection).await?;
        }
        let mut rows: Vec<ClaimedRow> = Vec::new();
        for proactive in waiting.kinds() {
            let left = limit(wanted.most) - i64::try_from(rows.len()).unwrap_or(i64::MAX);
            if left <= 0 {
                break;
            }
            let (text, of) = match wanted.of {
                Numbers::Any => (CLAIM, None),
                Numbers::One(number) => (CLAIM_OF, Some(vec![number.as_str()])),
                Numbers::NoneOf(numbers) => {
                    (CLAIM_OF_OTHERS, Some(numbers.iter().map(PhoneNumberId::as_str).collect()))
                }
            };
            let query = sqlx::query_as(text).bind(now.0).bind(now.plus(lease).0).bind(proactive).bind(left);
            let query = match of {
                Some(of) => query.bind(of),
                None => query,
            };
            rows.extend(query.fetch_all(&mut *connection).await?);
        }
        Ok(readable(rows.into_iter().map(ClaimedRow::read)))
    }

    async fn begin_sends(
        &self,
        now: Timestamp,
        lease: Millis,
        claims: &[(OutboxId, i64)],
    ) -> Result<Vec<OutboxId>, StoreError> {
        let mut claims = claims.to_vec();
        // One order of locks for all senders.
        claims.sort_unstable_by_key(|(id, _)| *id);
        let begun: Vec<Uuid> = retrying(|| async {
            Ok(sqlx::query_scalar(BEGIN)
                .bind(column(&claims, |(id, _)| id.0))
                .bind(column(&claims, |(_, token)| *token))
                .bind(now.0)
                .bind(now.plus(lease).0)
                .fetch_all(&self.pool)
                .await?)
        })
        .await?;
        Ok(begun.into_iter().map(OutboxId).collect())
    }

    async fn finish_outbox(
        &self,
        now: Timestamp,
        results: &[(OutboxId, i64, SendResult)],
    ) -> Result<(), StoreError> {
        let mut rows: Vec<ResultRow> = results.iter().map(ResultRow::write).collect();
        // One order of locks for all senders.
        rows.sort_by_key(|row| row.id);
        retrying(|| finish(self, &rows, now)).await
    }

    async fn open_doubts(&self, now: Timestamp, limit_rows: u32) -> Result<Vec<OpenDoubt>, StoreError> {
        let rows: Vec<DoubtRow> = sqlx::query_as(OPEN_DOUBTS)
            .bind(now.0)
            .bind(now.minus(SILENCE).0)
            .bind(NEIGHBOURHOOD.0)
            .bind(limit(limit_rows))
            .fetch_all(&self.pool)
            .await?;
        Ok(readable(rows.into_iter().map(DoubtRow::read)))
    }

    async fn end_doubts(
        &self,
        now: Timestamp,
        ends: &[(OutboxId, i64, DoubtEnd)],
    ) -> Result<u32, StoreError> {
        if ends.is_empty() {
            return Ok(0);
        }
        let mut ends = ends.to_vec();
        // One order of locks for all who end doubts.
        ends.sort_unstable_by_key(|(id, ..)| *id);
        let n_ended = retrying(|| async {
            Ok(sqlx::query(END_DOUBTS)
                .bind(column(&ends, |(id, ..)| id.0))
                .bind(column(&ends, |(_, token, _)| *token))
                .bind(column(&ends, |(.., end)| ended(*end)))
                .bind(now.0)
                .execute(&self.pool)
                .await?
                .rows_affected())
        })
        .await?;
        Ok(u32::try_from(n_ended).unwrap_or(u32::MAX))
    }

    async fn withdraw_sends(&self, now: Timestamp, ids: &[OutboxId], why: &str) -> Result<u32, StoreError> {
        let mut ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        // One order of locks for all senders.
        ids.sort_unstable();
        let n_withdrawn = retrying(|| async {
            Ok(sqlx::query(WITHDRAW_SENDS)
                .bind(ids.clone())
                .bind(why)
                .bind(now.0)
                .execute(&self.pool)
                .await?
                .rows_affected())
        })
        .await?;
        Ok(u32::try_from(n_withdrawn).unwrap_or(u32::MAX))
    }

    async fn sent_messages(
        &self,
        conversation: ConversationId,
        limit_rows: u32,
    ) -> Result<Vec<SentMessage>, StoreError> {
        let rows: Vec<SentRow> = sqlx::query_as(SENT_MESSAGES)
            .bind(conversation.0)
            .bind(limit(limit_rows))
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(SentRow::read).collect()
    }

    async fn fate(&self, id: OutboxId) -> Result<Fate, StoreError> {
        let row: Option<FateRow> = sqlx::query_as(FATE).bind(id.0).fetch_optional(&self.pool).await?;
        row.map_or(Ok(Fate::Missed), |row| row.read(id))
    }

    async fn followed_messages(&self, ids: &[OutboxId]) -> Result<Vec<FollowedMessage>, StoreError> {
        let rows: Vec<FollowedRow> = sqlx::query_as(FOLLOWED)
            .bind(ids.iter().map(|id| id.0).collect::<Vec<_>>())
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(FollowedRow::read).collect()
    }
}

const FATE: &str = "
    SELECT status, delivery_rank::bigint AS delivery_rank, COALESCE(finished_at, created_at) AS taken_at FROM outbox
    WHERE id = $1";

const FOLLOWED: &str = "
    SELECT id, trace_id, conversation_id, created_at, attempts FROM outbox
    WHERE id = ANY($1) AND trace_id IS NOT NULL";

const INSERT_OUTBOX: &str = "
    INSERT INTO outbox
      (id, lender, conversation_id, content, label, origin, ticket_id, ticket_token, agent_id, status, due_at,
       created_at, trace_id, subject)
    SELECT * FROM UNNEST(
        $1::uuid[], $2::text[], $3::uuid[], $4::json[], $5::text[], $6::text[],
        $7::uuid[], $8::bigint[], $9::uuid[], $10::text[], $11::bigint[], $12::bigint[], $13::uuid[], $14::uuid[])
    ON CONFLICT (id) DO NOTHING";

/// Queues messages in order and returns how many were new.
pub(super) async fn insert_outbox(
    connection: &mut PgConnection,
    rows: &[NewOutboxRow],
) -> Result<u64, StoreError> {
    if rows.is_empty() {
        return Ok(0);
    }
    Ok(sqlx::query(INSERT_OUTBOX)
        .bind(column(rows, |row| row.id))
        .bind(column(rows, |row| row.lender.clone()))
        .bind(column(rows, |row| row.conversation))
        .bind(column(rows, |row| row.content.clone()))
        .bind(column(rows, |row| row.label))
        .bind(column(rows, |row| row.origin.clone()))
        .bind(column(rows, |row| row.agent.map(|mark| mark.ticket)))
        .bind(column(rows, |row| row.agent.map(|mark| mark.token)))
        .bind(column(rows, |row| row.agent.map(|mark| mark.agent)))
        .bind(vec!["queued"; rows.len()])
        .bind(column(rows, |row| row.now))
        .bind(column(rows, |row| row.now))
        .bind(column(rows, |row| row.trace))
        .bind(column(rows, |row| row.subject))
        .execute(&mut *connection)
        .await?
        .rows_affected())
}

/// What a claim could change: most looks of an idle process end here.
const WAITING: &str = "
    SELECT EXISTS (
        SELECT 1 FROM outbox
        WHERE status = 'queued' AND due_at <= $1 AND origin <> 'proactive'
          AND (claimed_until IS NULL OR claimed_until <= $1)) AS due,
      EXISTS (
        SELECT 1 FROM outbox
        WHERE status = 'queued' AND due_at <= $1 AND origin = 'proactive'
          AND (claimed_until IS NULL OR claimed_until <= $1)) AS proactive,
      EXISTS (SELECT 1 FROM outbox WHERE status = 'sending' AND leased_until <= $1) AS expired,
      EXISTS (SELECT 1 FROM outbox WHERE status = 'queued' AND ticket_id IS NOT NULL) AS of_agents";

/// The sender may have died after its request; a status that came meanwhile has given the wamid.
const DOUBT_EXPIRED: &str = "
    UPDATE outbox SET
      status = CASE WHEN wamid IS NULL THEN 'in_doubt' ELSE 'accepted' END,
      doubt_until = $2,
      why = 'the sender stopped before it reported a result'
    WHERE seq IN (
      SELECT seq FROM outbox
      WHERE status = 'sending' AND leased_until <= $1
      FOR NO KEY UPDATE SKIP LOCKED)";

const VOID_AGENT: &str = "
    UPDATE outbox SET status = 'refused', finished_at = $1, why = 'another agent has the ticket now'
    WHERE seq IN (
      SELECT o.seq FROM outbox o
      WHERE o.status = 'queued' AND o.ticket_id IS NOT NULL
        AND EXISTS (
          SELECT 1 FROM tickets t
          WHERE t.id = o.ticket_id AND t.lease_token > o.ticket_token AND t.agent_id <> o.agent_id)
      FOR NO KEY UPDATE OF o SKIP LOCKED)";

/// The first live message of a conversation may go; one that is claimed, sending or in doubt is always the first. An
/// agent's words wait until what the person wrote meanwhile is read: it may take the proof back that they were written on.
///
/// Not `NOT EXISTS`, which PostgreSQL may answer with a join over all live messages instead of one look for each: it
/// knows how many are live only as of the last `ANALYZE`.
///
/// A claim need not outlive a crash of the server, so nobody waits for the disk; the token leaps by chance, so that one
/// that was forgotten and the next one are never alike.
macro_rules! claim {
    ($of:literal) => {
        concat!(
            "
    WITH quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS it),
    heads AS MATERIALIZED (
      SELECT o.seq FROM outbox o
      WHERE o.status = 'queued' AND o.due_at <= $1 AND (o.origin = 'proactive') = $3
        AND (o.claimed_until IS NULL OR o.claimed_until <= $1)
        AND (
          SELECT 1 FROM outbox e
          WHERE e.conversation_id = o.conversation_id AND e.seq < o.seq
            AND e.status IN ('queued', 'sending', 'in_doubt')
          LIMIT 1) IS NULL
        AND (o.origin <> 'agent' OR (
          SELECT 1 FROM inputs i
          WHERE i.conversation_id = o.conversation_id AND i.done_at IS NULL AND i.dedupe_key IS NOT NULL
          LIMIT 1) IS NULL)",
            $of,
            "
      ORDER BY o.due_at, o.seq
      LIMIT $4
      FOR NO KEY UPDATE OF o SKIP LOCKED),
    claimed AS (
      UPDATE outbox SET
        lease_token = lease_token + 1 + floor(random() * 1000000)::bigint,
        claimed_until = $2
      WHERE seq = ANY(ARRAY(SELECT heads.seq FROM heads)) AND (SELECT quick.it FROM quick) IS NOT NULL
      RETURNING seq, id, lease_token, conversation_id, lender, content, label, origin, attempts, created_at, ticket_id,
        ticket_token, subject)
    SELECT o.id, o.lease_token, o.conversation_id, o.lender, c.phone_number_id, c.wa_id, c.bsuid,
      o.content::text AS content,
      o.label, o.origin, o.attempts + 1 AS attempts, o.created_at, c.assurance, c.identity_conflict,
      c.last_inbound_at, c.opted_out, c.last_inbound_wamid, o.ticket_id, o.ticket_token, o.subject, c.person_id,
      p.reserved IS NOT NULL AS reserved
    FROM claimed o JOIN conversations c ON c.id = o.conversation_id LEFT JOIN persons p ON p.id = c.person_id
    ORDER BY o.seq"
        )
    };
}

const CLAIM: &str = claim!("");

const CLAIM_OF: &str = claim!(
    "
        AND (SELECT c.phone_number_id FROM conversations c WHERE c.id = o.conversation_id) = ANY($5::text[])"
);

const CLAIM_OF_OTHERS: &str = claim!(
    "
        AND (SELECT c.phone_number_id FROM conversations c WHERE c.id = o.conversation_id) <> ALL($5::text[])"
);

const BEGIN: &str = "
    UPDATE outbox SET
      status = 'sending',
      claimed_until = NULL,
      sent_at = $3,
      leased_until = $4,
      attempts = attempts + 1
    FROM UNNEST($1::uuid[], $2::bigint[]) AS v (id, token)
    WHERE outbox.id = v.id AND outbox.lease_token = v.token AND outbox.status = 'queued'
      AND outbox.claimed_until > $3
    RETURNING outbox.id";

/// A wamid that a status brought proves that the message was taken, whatever the sender saw. Late news of a row
/// whose doubt was settled counts only when it is good: its followers have gone. That it was taken counts under any token.
const FINISH: &str = "
    UPDATE outbox SET
      status = CASE WHEN outbox.wamid IS NOT NULL THEN 'accepted' ELSE v.status END,
      attempts = outbox.attempts - CASE outbox.status WHEN 'queued' THEN 0 ELSE v.untried END,
      claimed_until = NULL,
      wamid = COALESCE(outbox.wamid, v.wamid),
      due_at = COALESCE(v.due_at, outbox.due_at),
      doubt_until = v.doubt_until,
      why = v.why,
      code = v.code,
      finished_at = v.finished_at
    FROM UNNEST(
        $1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[],
        $8::text[], $9::bigint[], $10::bigint[])
      AS v (id, token, status, untried, wamid, due_at, doubt_until, why, code, finished_at)
    WHERE outbox.id = v.id AND (outbox.lease_token = v.token OR v.status = 'accepted')
      AND (outbox.status IN ('queued', 'sending', 'in_doubt')
        OR outbox.status = 'unconfirmed' AND v.status = 'accepted')";

async fn finish(store: &PostgresStore, rows: &[ResultRow], now: Timestamp) -> Result<(), StoreError> {
    let wamids: Vec<String> = rows.iter().filter_map(|row| row.wamid.clone()).collect();
    let mut transaction = store.pool.begin().await?;
    if !rows.is_empty() {
        sqlx::query(FINISH)
            .bind(column(rows, |row| row.id))
            .bind(column(rows, |row| row.token))
            .bind(column(rows, |row| row.status))
            .bind(column(rows, |row| row.untried))
            .bind(column(rows, |row| row.wamid.clone()))
            .bind(column(rows, |row| row.due_at))
            .bind(column(rows, |row| row.doubt_until))
            .bind(column(rows, |row| row.why.clone()))
            .bind(column(rows, |row| row.code))
            .bind(vec![now.0; rows.len()])
            .execute(&mut *transaction)
            .await?;
    }
    if !wamids.is_empty() {
        sqlx::query(WAKE_STATUSES).bind(wamids).bind(now.0).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Statuses that came before their message was known.
const WAKE_STATUSES: &str = "
    UPDATE notices SET next_at = LEAST(next_at, $2)
    WHERE seq IN (
      SELECT seq FROM notices
      WHERE done_at IS NULL AND kind = 'status' AND wamid = ANY($1)
      FOR NO KEY UPDATE SKIP LOCKED)";

/// Neighbours are looked for among rows that were written about the same time: they leave in about the order of writing.
const OPEN_DOUBTS: &str = "
    SELECT o.id, o.lease_token, o.conversation_id, o.origin, o.label, o.sent_at, o.doubt_until,
      EXISTS (
        SELECT 1 FROM agreements a
        WHERE a.person_id = o.subject AND a.conversation_id = o.conversation_id
          AND position(a.reference IN o.content::text) > 0) AS names_agreement,
      EXISTS (
        SELECT 1 FROM notices s
        WHERE s.done_at IS NULL AND s.kind = 'status'
          AND position(o.id::text IN s.body::text) > 0) AS is_reported,
      n.n, n.n_told, n.slowest
    FROM outbox o JOIN conversations c ON c.id = o.conversation_id
      CROSS JOIN LATERAL (
        SELECT COUNT(*) AS n, COUNT(e.told_at) AS n_told, COALESCE(MAX(e.told_at - e.finished_at), 0) AS slowest
        FROM outbox e
        WHERE e.seq BETWEEN o.seq - 600 AND o.seq + 200 AND e.status = 'accepted'
          AND e.finished_at BETWEEN o.sent_at - $3 AND o.sent_at
          AND (SELECT d.phone_number_id FROM conversations d WHERE d.id = e.conversation_id) = c.phone_number_id) n
    WHERE o.status = 'in_doubt' AND (o.sent_at <= $2 OR o.doubt_until <= $1)
    ORDER BY o.doubt_until
    LIMIT $4";

const END_DOUBTS: &str = "
    UPDATE outbox SET
      status = v.status,
      doubt_until = NULL,
      finished_at = CASE v.status WHEN 'queued' THEN NULL ELSE $4::bigint END
    FROM UNNEST($1::uuid[], $2::bigint[], $3::text[]) AS v (id, token, status)
    WHERE outbox.id = v.id AND outbox.lease_token = v.token AND outbox.status = 'in_doubt'";

const WITHDRAW_SENDS: &str = "
    UPDATE outbox SET status = 'refused', why = $2, finished_at = $3
    WHERE id = ANY($1) AND status = 'queued' AND (claimed_until IS NULL OR claimed_until <= $3)";

const WITHDRAW: &str = "
    UPDATE outbox SET status = 'refused', why = v.why, finished_at = v.at
    FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::bigint[]) AS v (conversation_id, origin, why, at)
    WHERE outbox.conversation_id = v.conversation_id AND outbox.origin = v.origin
      AND outbox.status = 'queued'";

/// Refuses queued messages that have lost their sense.
pub(super) async fn withdraw(connection: &mut PgConnection, rows: &[WithdrawnRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query(WITHDRAW)
        .bind(column(rows, |row| row.conversation))
        .bind(column(rows, |row| row.origin.clone()))
        .bind(column(rows, |row| row.why.clone()))
        .bind(column(rows, |row| row.at))
        .execute(connection)
        .await?;
    Ok(())
}

const SENT_MESSAGES: &str = "
    SELECT id, content::text AS content, origin, status, delivery_rank, wamid, why, created_at, agent_id
    FROM (
      SELECT seq, id, content, origin, status, delivery_rank, wamid, why, created_at, agent_id FROM outbox
      WHERE conversation_id = $1 ORDER BY seq DESC
      LIMIT $2) newest
    ORDER BY seq";
