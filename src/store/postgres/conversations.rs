//! Conversations, timers and the event log, in PostgreSQL.

use super::tickets::append_events;
use super::{PostgresStore, ids, retrying, turns};
use crate::domain::identity::WaIdentity;
use crate::domain::ids::{ConversationId, InboxId, LenderId, PhoneNumberId};
use crate::domain::json_text::JsonText;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::conversations::{
    Backlog, Claim, CommitRefused, Conversation, ConversationStore, Event, InputKind, TurnCommit,
};
use crate::store::plan::accept::InputRow;
use crate::store::plan::settled::{self, SettledRow};
use crate::store::rows::conversations::{
    BacklogRow, ConversationRow, Fired, PendingInputRow, StoredEventRow, TimedRow, Timers, claims,
    conversation_columns, events as conversation_events,
};
use crate::store::rows::{column, json, limit};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

#[async_trait]
impl ConversationStore for PostgresStore {
    async fn claim_conversations(
        &self,
        now: Timestamp,
        lease: Millis,
        limit_rows: u32,
        inputs_max: u32,
    ) -> Result<Vec<Claim>, StoreError> {
        // No transaction: with the lease taken, nobody else consumes the inputs, and a claim that is lost here ends with it.
        let mut connection = self.pool.acquire().await?;
        let rows: Vec<ConversationRow> = sqlx::query_as(CLAIM)
            .bind(now.0)
            .bind(now.plus(lease).0)
            .bind(limit(limit_rows))
            .fetch_all(&mut *connection)
            .await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let inputs: Vec<PendingInputRow> = sqlx::query_as(PENDING_INPUTS)
            .bind(ids(rows.iter().map(|row| row.id)))
            .bind(limit(inputs_max))
            .fetch_all(&mut *connection)
            .await?;
        Ok(claims(rows, inputs))
    }

    async fn commit_turns(
        &self,
        commits: &[TurnCommit],
    ) -> Result<Vec<Result<(), CommitRefused>>, StoreError> {
        turns::commit(self, commits).await
    }

    async fn release(
        &self,
        conversation: ConversationId,
        token: i64,
        retry_at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        let released = sqlx::query(RELEASE)
            .bind(conversation.0)
            .bind(token)
            .bind(retry_at.0)
            .execute(&mut *transaction)
            .await?;
        if released.rows_affected() == 1 {
            sqlx::query(COUNT_FAILURE).bind(conversation.0).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn give_back(&self, claims: &[(ConversationId, i64, Timestamp)]) -> Result<(), StoreError> {
        retrying(|| async {
            sqlx::query(GIVE_BACK)
                .bind(column(claims, |(conversation, _, _)| conversation.0))
                .bind(column(claims, |(_, token, _)| *token))
                .bind(column(claims, |(_, _, retry_at)| retry_at.0))
                .execute(&self.pool)
                .await?;
            Ok(())
        })
        .await
    }

    async fn fire_timers(&self, now: Timestamp, limit_rows: u32) -> Result<u32, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let timed: Vec<TimedRow> = sqlx::query_as(DUE_TIMERS)
            .bind(now.0)
            .bind(limit(limit_rows))
            .fetch_all(&mut *transaction)
            .await?;
        if timed.is_empty() {
            return Ok(0);
        }
        let Fired { inputs, left } = Fired::at(now, timed)?;
        insert_inputs(&mut transaction, &inputs).await?;
        keep_timers(&mut transaction, &left).await?;
        wake(&mut transaction, inputs.iter().map(|input| input.conversation), now).await?;
        transaction.commit().await?;
        Ok(u32::try_from(inputs.len()).unwrap_or(u32::MAX))
    }

    async fn add_input(
        &self,
        conversation: ConversationId,
        id: InboxId,
        kind: InputKind,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        let lender: Option<String> =
            sqlx::query_scalar(LENDER_OF).bind(conversation.0).fetch_optional(&mut *transaction).await?;
        let Some(lender) = lender else {
            return Err(StoreError::Conflict { constraint: "inputs.conversation_id".to_owned() });
        };
        let input = InputRow {
            id: id.0,
            lender,
            conversation: conversation.0,
            dedupe_key: None,
            body: json(&kind)?,
            received_at: now.0,
        };
        if insert_inputs(&mut transaction, &[input]).await? > 0 {
            wake(&mut transaction, [conversation.0], now).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        let row: Option<ConversationRow> =
            sqlx::query_as(CONVERSATION).bind(id.0).fetch_optional(&self.pool).await?;
        row.map(ConversationRow::read).transpose()
    }

    async fn conversation_of(
        &self,
        phone_number_id: &PhoneNumberId,
        identity: &WaIdentity,
    ) -> Result<Option<Conversation>, StoreError> {
        let row: Option<ConversationRow> = sqlx::query_as(CONVERSATION_OF)
            .bind(phone_number_id.as_str())
            .bind(identity.wa_id.as_ref().map(|wa_id| wa_id.expose().to_owned()))
            .bind(identity.bsuid.as_ref().map(|bsuid| bsuid.expose().to_owned()))
            .fetch_optional(&self.pool)
            .await?;
        row.map(ConversationRow::read).transpose()
    }

    async fn identity_conflicts(
        &self,
        lender: &LenderId,
        limit_rows: u32,
    ) -> Result<Vec<Conversation>, StoreError> {
        let rows: Vec<ConversationRow> = sqlx::query_as(CONFLICTS)
            .bind(lender.as_str())
            .bind(limit(limit_rows))
            .fetch_all(&self.pool)
            .await?;
        rows.into_iter().map(ConversationRow::read).collect()
    }

    async fn settle_identity(
        &self,
        lender: &LenderId,
        conversation: ConversationId,
        body: &JsonText,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.pool.begin().await?;
        let row: Option<SettledRow> = sqlx::query_as(SETTLE)
            .bind(conversation.0)
            .bind(lender.as_str())
            .fetch_optional(&mut *transaction)
            .await?;
        let Some(row) = row else {
            transaction.rollback().await?;
            return Ok(false);
        };
        let (event, input) = settled::plan(row, body, now)?;
        append_events(&mut transaction, conversation.0, &[event]).await?;
        insert_inputs(&mut transaction, &[input]).await?;
        wake(&mut transaction, [conversation.0], now).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn events(
        &self,
        conversation: ConversationId,
        after_seq: i64,
        limit_rows: u32,
    ) -> Result<Vec<(i64, Event)>, StoreError> {
        let rows: Vec<StoredEventRow> = sqlx::query_as(EVENTS)
            .bind(conversation.0)
            .bind(after_seq)
            .bind(limit(limit_rows))
            .fetch_all(&self.pool)
            .await?;
        conversation_events(rows, after_seq, limit_rows)
    }

    async fn backlog(&self, now: Timestamp) -> Result<Backlog, StoreError> {
        let (shut, soon) = BacklogRow::windows(now);
        let row: BacklogRow = sqlx::query_as(BACKLOG).bind(shut).bind(soon).fetch_one(&self.pool).await?;
        Ok(row.read(now))
    }
}

/// Leased conversations lie behind `now` in the index, so that a claim reads only rows that it takes.
const CLAIM: &str = concat!(
    "WITH free AS MATERIALIZED (
       SELECT id FROM conversations
       WHERE next_claim_at <= $1
       ORDER BY next_claim_at
       LIMIT $3
       FOR NO KEY UPDATE SKIP LOCKED)
     UPDATE conversations SET
       lease_token = lease_token + 1,
       leased_until = $2,
       next_claim_at = $2
     WHERE id = ANY(ARRAY(SELECT free.id FROM free))
     RETURNING session::text AS session, ",
    conversation_columns!()
);

const PENDING_INPUTS: &str = "
    SELECT i.id, i.conversation_id, i.body::text AS body, i.received_at, i.failures
    FROM UNNEST($1::uuid[]) AS c (id)
    CROSS JOIN LATERAL (
      SELECT seq, id, conversation_id, body, received_at, failures FROM inputs
      WHERE conversation_id = c.id AND done_at IS NULL
      ORDER BY seq
      LIMIT $2) i
    ORDER BY i.seq";

const RELEASE: &str = "
    UPDATE conversations SET
      leased_until = 0,
      next_claim_at = CASE WHEN next_claim_at IS NULL THEN NULL ELSE $3 END
    WHERE id = $1 AND lease_token = $2 AND leased_until > 0";

const GIVE_BACK: &str = "
    UPDATE conversations SET
      leased_until = 0,
      next_claim_at = CASE WHEN next_claim_at IS NULL THEN NULL ELSE v.retry_at END
    FROM UNNEST($1::uuid[], $2::bigint[], $3::bigint[]) AS v (id, token, retry_at)
    WHERE conversations.id = v.id AND lease_token = v.token AND leased_until > 0";

const COUNT_FAILURE: &str = "
    UPDATE inputs SET failures = failures + 1
    WHERE seq = (SELECT MIN(seq) FROM inputs WHERE conversation_id = $1 AND done_at IS NULL)";

/// A conversation that is being written keeps its timers for the next call: its commit may replace them.
const DUE_TIMERS: &str = "
    SELECT id, lender, timers::text AS timers FROM conversations
    WHERE next_timer_at <= $1
    ORDER BY next_timer_at
    LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED";

const KEEP_TIMERS: &str = "
    UPDATE conversations SET timers = v.timers, next_timer_at = v.next_timer_at
    FROM UNNEST($1::uuid[], $2::json[], $3::bigint[]) AS v (id, timers, next_timer_at)
    WHERE conversations.id = v.id";

async fn keep_timers(connection: &mut PgConnection, left: &[(Uuid, Timers)]) -> Result<(), StoreError> {
    sqlx::query(KEEP_TIMERS)
        .bind(column(left, |(id, _)| *id))
        .bind(column(left, |(_, timers)| timers.timers.clone()))
        .bind(column(left, |(_, timers)| timers.next_timer_at))
        .execute(connection)
        .await?;
    Ok(())
}

const INSERT_INPUTS: &str = "
    INSERT INTO inputs (id, lender, conversation_id, dedupe_key, body, received_at)
    SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::json[], $6::bigint[])
    ON CONFLICT (id) DO NOTHING";

/// Adds inputs in order and returns how many were new.
pub(super) async fn insert_inputs(
    connection: &mut PgConnection,
    inputs: &[InputRow],
) -> Result<u64, StoreError> {
    if inputs.is_empty() {
        return Ok(0);
    }
    Ok(sqlx::query(INSERT_INPUTS)
        .bind(column(inputs, |row| row.id))
        .bind(column(inputs, |row| row.lender.clone()))
        .bind(column(inputs, |row| row.conversation))
        .bind(column(inputs, |row| row.dedupe_key.clone()))
        .bind(column(inputs, |row| row.body.clone()))
        .bind(column(inputs, |row| row.received_at))
        .execute(&mut *connection)
        .await?
        .rows_affected())
}

const WAKE: &str = "
    UPDATE conversations SET next_claim_at = COALESCE(next_claim_at, GREATEST($2, leased_until))
    WHERE id = ANY($1)";

/// Makes conversations claimable that got an input; a live lease or a back-off is respected.
pub(super) async fn wake(
    connection: &mut PgConnection,
    conversations: impl IntoIterator<Item = Uuid>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(WAKE).bind(ids(conversations)).bind(now.0).execute(connection).await?;
    Ok(())
}

const LENDER_OF: &str = "SELECT lender FROM conversations WHERE id = $1 FOR NO KEY UPDATE";

/// Whoever was proved before the conflict is not proved after it.
const SETTLE: &str = "
    UPDATE conversations SET identity_conflict = false, assurance = 'ninguna'
    WHERE id = $1 AND lender = $2 AND identity_conflict
    RETURNING id, lender, phone_number_id, wa_id, bsuid";

const CONFLICTS: &str = concat!(
    "SELECT session::text AS session, ",
    conversation_columns!(),
    " FROM conversations c
      WHERE c.lender = $1 AND c.identity_conflict
      ORDER BY c.created_at, c.id
      LIMIT $2"
);

const CONVERSATION: &str = concat!(
    "SELECT session::text AS session, ",
    conversation_columns!(),
    " FROM conversations c WHERE c.id = $1"
);

/// The user id is the stronger evidence of the two.
const CONVERSATION_OF: &str = concat!(
    "SELECT session::text AS session, ",
    conversation_columns!(),
    " FROM conversations c
      WHERE c.phone_number_id = $1 AND (c.wa_id = $2 OR c.bsuid = $3)
      ORDER BY CASE WHEN c.bsuid = $3 THEN 0 ELSE 1 END, c.created_at DESC
      LIMIT 1"
);

const EVENTS: &str = "
    SELECT conversation_id, seq, turn, kind, body::text AS body, at FROM events
    WHERE conversation_id = $1 AND seq > $2
    ORDER BY seq
    LIMIT $3";

/// The range of times is that of all deliveries. Of a table that was never analysed PostgreSQL takes `IS NOT NULL` for
/// true in 995 of 1 000 rows and a range in 5 (its `selfuncs.h`): without the range it reads the whole table.
const BACKLOG: &str = "
    SELECT
      (SELECT COUNT(*) FROM inputs WHERE done_at IS NULL) AS pending_inputs,
      (SELECT MIN(received_at) FROM inputs WHERE done_at IS NULL) AS oldest_input,
      (SELECT COUNT(*) FROM outbox WHERE status = 'queued') AS queued_outbox,
      (SELECT MIN(created_at) FROM outbox WHERE status = 'queued' AND origin <> 'proactive') AS oldest_answer,
      (SELECT COUNT(*) FROM tickets t JOIN conversations c ON c.id = t.conversation_id
        WHERE t.status <> 'closed' AND t.waiting AND c.last_inbound_at > $1 AND c.last_inbound_at <= $2)
        AS windows_shutting,
      (SELECT COUNT(*) FROM tickets t JOIN conversations c ON c.id = t.conversation_id
        WHERE t.status <> 'closed' AND t.waiting AND c.last_inbound_at <= $1) AS windows_shut,
      (SELECT COUNT(*) FROM outbox WHERE status = 'in_doubt') AS in_doubt,
      (SELECT COUNT(*) FROM notices WHERE done_at IS NULL AND kind = 'status') AS pending_statuses,
      (SELECT COUNT(*) FROM dead_letters WHERE retried_at IS NULL) AS dead_turns,
      (SELECT COUNT(*) FROM deliveries
        WHERE unreadable IS NOT NULL AND received_at BETWEEN 0 AND 9223372036854775807) AS dead_deliveries";
