//! Outgoing messages, in SQLite.

use super::{Script, SqliteStore, bulk};
use crate::domain::ids::{ConversationId, OutboxId};
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
        wanted: Wanted<'_>,
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
        let mut claimer = self.claimer().await?;
        let connection = claimer.as_mut().unwrap_or(&mut writer);
        let ids = claim(connection, waiting, (now, now.plus(lease)), wanted).await?;
        drop(claimer);
        drop(writer);
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        // What is claimed stays as it is, and the next one may write meanwhile.
        let rows: Vec<ClaimedRow> =
            sqlx::query_as(CLAIMED).bind(hex_list(ids)).fetch_all(&mut *self.reader().await?).await?;
        Ok(readable(rows.into_iter().map(ClaimedRow::read)))
    }

    async fn begin_sends(
        &self,
        now: Timestamp,
        lease: Millis,
        claims: &[(OutboxId, i64)],
    ) -> Result<Vec<OutboxId>, StoreError> {
        let claims: Vec<(String, i64)> =
            claims.iter().map(|(id, token)| (id.0.simple().to_string(), *token)).collect();
        let begun: Vec<Uuid> = sqlx::query_scalar(BEGIN)
            .bind(json(&claims)?)
            .bind(now.0)
            .bind(now.plus(lease).0)
            .fetch_all(&mut *self.writer().await?)
            .await?;
        Ok(begun.into_iter().map(OutboxId).collect())
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

    async fn open_doubts(&self, now: Timestamp, limit_rows: u32) -> Result<Vec<OpenDoubt>, StoreError> {
        let rows: Vec<DoubtRow> = sqlx::query_as(OPEN_DOUBTS)
            .bind(now.0)
            .bind(now.minus(SILENCE).0)
            .bind(NEIGHBOURHOOD.0)
            .bind(limit(limit_rows))
            .fetch_all(&mut *self.reader().await?)
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
        let ends: Vec<(String, i64, &str)> =
            ends.iter().map(|(id, token, end)| (id.0.simple().to_string(), *token, ended(*end))).collect();
        let n_ended = sqlx::query(END_DOUBTS)
            .bind(json(&ends)?)
            .bind(now.0)
            .execute(&mut *self.writer().await?)
            .await?
            .rows_affected();
        Ok(u32::try_from(n_ended).unwrap_or(u32::MAX))
    }

    async fn withdraw_sends(&self, now: Timestamp, ids: &[OutboxId], why: &str) -> Result<u32, StoreError> {
        let n_withdrawn = sqlx::query(WITHDRAW_SENDS)
            .bind(hex_list(ids.iter().map(|id| id.0)))
            .bind(why)
            .bind(now.0)
            .execute(&mut *self.writer().await?)
            .await?
            .rows_affected();
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

/// The first live message of a conversation may go; one that is claimed, sending or in doubt is always the first. An
/// agent's words wait until what the person wrote meanwhile is read: it may take the proof back that they were written on.
macro_rules! claim {
    ($of:literal) => {
        concat!(
            "
    UPDATE outbox SET
      lease_token = lease_token + 1,
      claimed_until = $2
    WHERE seq IN (
      SELECT o.seq FROM outbox o
      WHERE o.status = 'queued' AND o.due_at <= $1 AND (o.origin = 'proactive') = $3
        AND (o.claimed_until IS NULL OR o.claimed_until <= $1)
        AND NOT EXISTS (
          SELECT 1 FROM outbox e
          WHERE e.conversation_id = o.conversation_id AND e.seq < o.seq
            AND e.status IN ('queued', 'sending', 'in_doubt'))
        AND (o.origin <> 'agent' OR NOT EXISTS (
          SELECT 1 FROM inputs i
          WHERE i.conversation_id = o.conversation_id AND i.done_at IS NULL AND i.dedupe_key IS NOT NULL))",
            $of,
            "
      ORDER BY o.due_at, o.seq
      LIMIT $4)
    RETURNING id"
        )
    };
}

const CLAIM: &str = claim!("");

const CLAIM_OF_ONE: &str = claim!(
    "
        AND (SELECT c.phone_number_id FROM conversations c WHERE c.id = o.conversation_id) = $5"
);

const CLAIM_OF_OTHERS: &str = claim!(
    "
        AND (SELECT c.phone_number_id FROM conversations c WHERE c.id = o.conversation_id)
          NOT IN (SELECT value FROM json_each($5))"
);

/// Claims from now until then; what we begin ourselves comes last.
async fn claim(
    connection: &mut SqliteConnection,
    waiting: Waiting,
    (now, until): (Timestamp, Timestamp),
    wanted: Wanted<'_>,
) -> Result<Vec<Uuid>, StoreError> {
    let mut ids = Vec::new();
    for proactive in waiting.kinds() {
        let left = limit(wanted.most) - i64::try_from(ids.len()).unwrap_or(i64::MAX);
        if left <= 0 {
            break;
        }
        let (text, of) = match wanted.of {
            Numbers::Any => (CLAIM, None),
            Numbers::One(number) => (CLAIM_OF_ONE, Some(number.as_str().to_owned())),
            Numbers::NoneOf(numbers) => (CLAIM_OF_OTHERS, Some(json(&numbers)?)),
        };
        let query = sqlx::query_scalar(text).bind(now.0).bind(until.0).bind(proactive).bind(left);
        let query = match of {
            Some(of) => query.bind(of),
            None => query,
        };
        let more: Vec<Uuid> = query.fetch_all(&mut *connection).await?;
        ids.extend(more);
    }
    Ok(ids)
}

const BEGIN: &str = "
    WITH v AS MATERIALIZED (
      SELECT unhex(json_extract(value, '$[0]')) AS id, json_extract(value, '$[1]') AS token FROM json_each($1))
    UPDATE outbox SET
      status = 'sending',
      claimed_until = NULL,
      sent_at = $2,
      leased_until = $3,
      attempts = attempts + 1
    FROM v
    WHERE outbox.id = v.id AND outbox.lease_token = v.token AND outbox.status = 'queued'
      AND outbox.claimed_until > $2
    RETURNING outbox.id";

/// Nobody holds a claim any more.
pub(super) const END_CLAIMS: &str = "
    UPDATE outbox SET claimed_until = NULL WHERE status = 'queued' AND claimed_until IS NOT NULL";

const CLAIMED: &str = "
    SELECT o.id, o.lease_token, o.conversation_id, o.lender, c.phone_number_id, c.wa_id, c.bsuid, o.content,
      o.label, o.origin, o.attempts + 1 AS attempts, o.created_at, c.assurance, c.identity_conflict, c.last_inbound_at,
      c.opted_out, c.last_inbound_wamid, o.ticket_id, o.ticket_token, o.subject, c.person_id,
      p.reserved IS NOT NULL AS reserved
    FROM outbox o JOIN conversations c ON c.id = o.conversation_id LEFT JOIN persons p ON p.id = c.person_id
    WHERE o.id IN (SELECT unhex(value) FROM json_each($1))
    ORDER BY o.seq";

/// A wamid that a status brought proves that the message was taken, whatever the sender saw. Late news of a row
/// whose doubt was settled counts only when it is good: its followers have gone. That it was taken counts under any token.
const FINISH: [&str; 2] = [
    "WITH v (id, token, status, untried, wamid, due_at, doubt_until, why, code, finished_at) AS (",
    ") UPDATE outbox SET
         status = CASE WHEN outbox.wamid IS NOT NULL THEN 'accepted' ELSE v.status END,
         attempts = outbox.attempts - CASE outbox.status WHEN 'queued' THEN 0 ELSE v.untried END,
         claimed_until = NULL,
         wamid = COALESCE(outbox.wamid, v.wamid),
         due_at = COALESCE(v.due_at, outbox.due_at),
         doubt_until = v.doubt_until,
         why = v.why,
         code = v.code,
         finished_at = v.finished_at
       FROM v
       WHERE outbox.id = v.id AND (outbox.lease_token = v.token OR v.status = 'accepted')
         AND (outbox.status IN ('queued', 'sending', 'in_doubt')
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

const WITHDRAW_SENDS: &str = "
    UPDATE outbox SET status = 'refused', why = $2, finished_at = $3
    WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND status = 'queued'
      AND (claimed_until IS NULL OR claimed_until <= $3)";

/// Statuses that came before their message was known.
const WAKE_STATUSES: &str = "
    UPDATE notices SET next_at = MIN(next_at, $2)
    WHERE done_at IS NULL AND kind = 'status' AND wamid IN (SELECT value FROM json_each($1))";

/// Neighbours are looked for among rows that were written about the same time: they leave in about the order of writing.
///
/// `+` keeps SQLite from building an index of its own over all that were ever accepted.
const OPEN_DOUBTS: &str = "
    WITH o AS MATERIALIZED (
      SELECT seq, id, lease_token, conversation_id, origin, label, content, subject, sent_at, doubt_until FROM outbox
      WHERE status = 'in_doubt' AND (sent_at <= $2 OR doubt_until <= $1)
      ORDER BY doubt_until
      LIMIT $4)
    SELECT o.id, o.lease_token, o.conversation_id, o.origin, o.label, o.sent_at, o.doubt_until,
      EXISTS (
        SELECT 1 FROM agreements a
        WHERE a.person_id = o.subject AND a.conversation_id = o.conversation_id
          AND instr(o.content, a.reference) > 0) AS names_agreement,
      EXISTS (
        SELECT 1 FROM notices s
        WHERE s.done_at IS NULL AND s.kind = 'status'
          AND instr(s.body, lower(
            substr(hex(o.id), 1, 8) || '-' || substr(hex(o.id), 9, 4) || '-' || substr(hex(o.id), 13, 4) || '-' ||
            substr(hex(o.id), 17, 4) || '-' || substr(hex(o.id), 21))) > 0) AS is_reported,
      COUNT(e.seq) AS n, COUNT(e.told_at) AS n_told, COALESCE(MAX(e.told_at - e.finished_at), 0) AS slowest
    FROM o JOIN conversations c ON c.id = o.conversation_id
      LEFT JOIN outbox e ON e.seq BETWEEN o.seq - 600 AND o.seq + 200 AND +e.status = 'accepted'
        AND e.finished_at BETWEEN o.sent_at - $3 AND o.sent_at
        AND (SELECT d.phone_number_id FROM conversations d WHERE d.id = e.conversation_id) = c.phone_number_id
    GROUP BY o.seq
    ORDER BY o.doubt_until";

const END_DOUBTS: &str = "
    WITH v AS MATERIALIZED (
      SELECT unhex(json_extract(value, '$[0]')) AS id, json_extract(value, '$[1]') AS token,
        json_extract(value, '$[2]') AS status
      FROM json_each($1))
    UPDATE outbox SET
      status = v.status,
      doubt_until = NULL,
      finished_at = CASE v.status WHEN 'queued' THEN NULL ELSE $2 END
    FROM v
    WHERE outbox.id = v.id AND outbox.lease_token = v.token AND outbox.status = 'in_doubt'";

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
