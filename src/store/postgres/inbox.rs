//! Durable receipt of webhooks, in PostgreSQL.

use super::conversations::{insert_inputs, wake};
use super::turns::mark_wrong_numbers;
use super::{PostgresStore, retrying};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::inbox::{Accepted, AppliedStatuses, Delivery, InboxStore, PendingNotice};
use crate::store::plan::accept::{
    AcceptPlan, Addresses, ConversationState, dedupe_keys, plan as plan_accept,
};
use crate::store::plan::statuses::{self, OutboxState, StatusNotice, StatusPlan};
use crate::store::rows::conversations::receiving_columns;
use crate::store::rows::{NoticeBody, clean, column, limit, readable};
use async_trait::async_trait;
use sqlx::postgres::PgConnection;
use std::collections::HashSet;
use uuid::Uuid;

#[async_trait]
impl InboxStore for PostgresStore {
    async fn accept(&self, deliveries: &[Delivery]) -> Result<Vec<Accepted>, StoreError> {
        retrying(|| accept(self, deliveries)).await
    }

    async fn pending_notices(&self, limit_rows: u32) -> Result<Vec<PendingNotice>, StoreError> {
        let rows: Vec<NoticeBody> =
            sqlx::query_as(PENDING_NOTICES).bind(limit(limit_rows)).fetch_all(&self.pool).await?;
        Ok(readable(rows.into_iter().map(NoticeBody::read)))
    }

    async fn finish_notices(&self, ids: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(FINISH_NOTICES).bind(ids.to_vec()).bind(now.0).execute(&self.pool).await?;
        Ok(())
    }

    async fn apply_statuses(
        &self,
        now: Timestamp,
        park_ms: i64,
        limit_rows: u32,
    ) -> Result<AppliedStatuses, StoreError> {
        retrying(|| apply_statuses(self, now, park_ms, limit_rows)).await
    }

    async fn unreadable_count(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar(UNREADABLE_COUNT).fetch_one(&self.pool).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

/// Locks the conversations before it looks for known keys: a copy that another process accepts at the same time
/// goes to the same conversation, so that it is seen here or waits for us.
async fn accept(store: &PostgresStore, deliveries: &[Delivery]) -> Result<Vec<Accepted>, StoreError> {
    let mut transaction = store.pool.begin().await?;
    let known = addressed(&mut transaction, &Addresses::of(deliveries)).await?;
    let stored = stored_keys(&mut transaction, deliveries).await?;
    let plan = plan_accept(deliveries, known, stored)?;
    insert_deliveries(&mut transaction, deliveries).await?;
    write_conversations(&mut transaction, &plan).await?;
    write_items(&mut transaction, &plan).await?;
    mark_wrong_numbers(&mut transaction, &plan.wrong_numbers).await?;
    transaction.commit().await?;
    Ok(plan.counts)
}

const ADDRESSED: &str = concat!(
    "SELECT ",
    receiving_columns!(),
    " FROM conversations c
      WHERE c.id IN (
        SELECT w.id FROM UNNEST($1::text[], $2::text[], $3::text[]) AS k (lender, phone_number_id, value)
        JOIN conversations w
          ON w.wa_id = k.value AND w.phone_number_id = k.phone_number_id AND w.lender = k.lender
        UNION
        SELECT u.id FROM UNNEST($4::text[], $5::text[], $6::text[]) AS k (lender, phone_number_id, value)
        JOIN conversations u
          ON u.bsuid = k.value AND u.phone_number_id = k.phone_number_id AND u.lender = k.lender)
      ORDER BY c.id
      FOR NO KEY UPDATE OF c"
);

/// The conversations that any of the addresses belongs to.
async fn addressed(
    connection: &mut PgConnection,
    addresses: &Addresses,
) -> Result<Vec<ConversationState>, StoreError> {
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_as(ADDRESSED)
        .bind(column(&addresses.wa_ids, |key| key.lender.clone()))
        .bind(column(&addresses.wa_ids, |key| key.phone_number_id.clone()))
        .bind(column(&addresses.wa_ids, |key| key.value.clone()))
        .bind(column(&addresses.bsuids, |key| key.lender.clone()))
        .bind(column(&addresses.bsuids, |key| key.phone_number_id.clone()))
        .bind(column(&addresses.bsuids, |key| key.value.clone()))
        .fetch_all(connection)
        .await?)
}

const STORED_KEYS: &str = "
    SELECT dedupe_key FROM inputs WHERE dedupe_key = ANY($1)
    UNION ALL
    SELECT dedupe_key FROM notices WHERE dedupe_key = ANY($1)";

async fn stored_keys(
    connection: &mut PgConnection,
    deliveries: &[Delivery],
) -> Result<HashSet<String>, StoreError> {
    let keys: Vec<String> =
        sqlx::query_scalar(STORED_KEYS).bind(dedupe_keys(deliveries)).fetch_all(connection).await?;
    Ok(keys.into_iter().collect())
}

const INSERT_DELIVERIES: &str = "
    INSERT INTO deliveries (id, received_at, body, unreadable)
    SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::bytea[], $4::text[])
    ON CONFLICT (id) DO NOTHING";

async fn insert_deliveries(connection: &mut PgConnection, deliveries: &[Delivery]) -> Result<(), StoreError> {
    // A caller that lost the answer to its commit comes with the same ids again.
    if !deliveries.is_empty() {
        sqlx::query(INSERT_DELIVERIES)
            .bind(column(deliveries, |delivery| delivery.id))
            .bind(column(deliveries, |delivery| delivery.received_at.0))
            .bind(column(deliveries, |delivery| delivery.body.clone()))
            .bind(column(deliveries, |delivery| delivery.unreadable.as_deref().map(clean)))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The ledger outlives chats: who opted out before this one began has opted out.
const INSERT_CONVERSATIONS: &str = "
    INSERT INTO conversations
      (id, lender, phone_number_id, wa_id, bsuid, profile_name, identity_conflict, number_changed_hands,
       next_claim_at, last_inbound_at, last_inbound_wamid, created_at, opted_out)
    SELECT v.*, COALESCE(
        (SELECT o.stop FROM opt_outs o
         WHERE o.lender = v.lender AND o.scope = 'all' AND (o.wa_id = v.wa_id OR o.bsuid = v.bsuid)
         ORDER BY o.seq DESC LIMIT 1), FALSE)
    FROM UNNEST(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::boolean[], $8::boolean[], $9::bigint[], $10::bigint[], $11::text[], $12::bigint[])
      AS v (id, lender, phone_number_id, wa_id, bsuid, profile_name, identity_conflict, number_changed_hands,
        next_claim_at, last_inbound_at, last_inbound_wamid, created_at)";

const UPDATE_CONVERSATIONS: &str = "
    UPDATE conversations SET
      wa_id = v.wa_id,
      bsuid = v.bsuid,
      profile_name = v.profile_name,
      identity_conflict = v.identity_conflict,
      number_changed_hands = v.number_changed_hands,
      next_claim_at = v.next_claim_at,
      last_inbound_at = v.last_inbound_at,
      last_inbound_wamid = v.last_inbound_wamid
    FROM UNNEST(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::boolean[], $7::bigint[],
        $8::bigint[], $9::text[])
      AS v (id, wa_id, bsuid, profile_name, identity_conflict, number_changed_hands, next_claim_at,
        last_inbound_at, last_inbound_wamid)
    WHERE conversations.id = v.id";

/// No two conversations have one address at any moment, not even within a statement.
const FREE_NUMBERS: &str = "UPDATE conversations SET wa_id = NULL WHERE id = ANY($1)";

const INSERT_ALIASES: &str = "
    INSERT INTO conversation_aliases (conversation_id, lender, phone_number_id, kind, value, ended_at)
    SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
    ON CONFLICT DO NOTHING";

async fn write_conversations(connection: &mut PgConnection, plan: &AcceptPlan) -> Result<(), StoreError> {
    if !plan.freed.is_empty() {
        sqlx::query(FREE_NUMBERS).bind(&plan.freed).execute(&mut *connection).await?;
    }
    // First the changes: one of them may free an address that a new conversation takes.
    if !plan.touched.is_empty() {
        sqlx::query(UPDATE_CONVERSATIONS)
            .bind(column(&plan.touched, |row| row.id))
            .bind(column(&plan.touched, |row| row.wa_id.clone()))
            .bind(column(&plan.touched, |row| row.bsuid.clone()))
            .bind(column(&plan.touched, |row| row.profile_name.clone()))
            .bind(column(&plan.touched, |row| row.identity_conflict))
            .bind(column(&plan.touched, |row| row.number_changed_hands))
            .bind(column(&plan.touched, |row| row.next_claim_at))
            .bind(column(&plan.touched, |row| row.last_inbound_at))
            .bind(column(&plan.touched, |row| row.last_inbound_wamid.clone()))
            .execute(&mut *connection)
            .await?;
    }

    if !plan.created.is_empty() {
        sqlx::query(INSERT_CONVERSATIONS)
            .bind(column(&plan.created, |row| row.id))
            .bind(column(&plan.created, |row| row.lender.clone()))
            .bind(column(&plan.created, |row| row.phone_number_id.clone()))
            .bind(column(&plan.created, |row| row.wa_id.clone()))
            .bind(column(&plan.created, |row| row.bsuid.clone()))
            .bind(column(&plan.created, |row| row.profile_name.clone()))
            .bind(column(&plan.created, |row| row.identity_conflict))
            .bind(column(&plan.created, |row| row.number_changed_hands))
            .bind(column(&plan.created, |row| row.next_claim_at))
            .bind(column(&plan.created, |row| row.last_inbound_at))
            .bind(column(&plan.created, |row| row.last_inbound_wamid.clone()))
            .bind(column(&plan.created, |row| row.created_at))
            .execute(&mut *connection)
            .await?;
    }

    if !plan.aliases.is_empty() {
        sqlx::query(INSERT_ALIASES)
            .bind(column(&plan.aliases, |row| row.conversation))
            .bind(column(&plan.aliases, |row| row.lender.clone()))
            .bind(column(&plan.aliases, |row| row.phone_number_id.clone()))
            .bind(column(&plan.aliases, |row| row.kind))
            .bind(column(&plan.aliases, |row| row.value.clone()))
            .bind(column(&plan.aliases, |row| row.ended_at))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

const INSERT_INPUTS: &str = "
    INSERT INTO inputs (id, lender, conversation_id, dedupe_key, body, received_at)
    SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::json[], $6::bigint[])";

const INSERT_NOTICES: &str = "
    INSERT INTO notices
      (id, lender, kind, dedupe_key, body, wamid, next_at, received_at, done_at, outcome)
    SELECT * FROM UNNEST(
        $1::uuid[], $2::text[], $3::text[], $4::text[], $5::json[], $6::text[],
        $7::bigint[], $8::bigint[], $9::bigint[], $10::text[])
    ON CONFLICT DO NOTHING";

async fn write_items(connection: &mut PgConnection, plan: &AcceptPlan) -> Result<(), StoreError> {
    if !plan.inputs.is_empty() {
        sqlx::query(INSERT_INPUTS)
            .bind(column(&plan.inputs, |row| row.id))
            .bind(column(&plan.inputs, |row| row.lender.clone()))
            .bind(column(&plan.inputs, |row| row.conversation))
            .bind(column(&plan.inputs, |row| row.dedupe_key.clone()))
            .bind(column(&plan.inputs, |row| row.body.clone()))
            .bind(column(&plan.inputs, |row| row.received_at))
            .execute(&mut *connection)
            .await?;
    }

    if !plan.notices.is_empty() {
        sqlx::query(INSERT_NOTICES)
            .bind(column(&plan.notices, |row| row.id))
            .bind(column(&plan.notices, |row| row.lender.clone()))
            .bind(column(&plan.notices, |row| row.kind))
            .bind(column(&plan.notices, |row| row.dedupe_key.clone()))
            .bind(column(&plan.notices, |row| row.body.clone()))
            .bind(column(&plan.notices, |row| row.wamid.clone()))
            .bind(column(&plan.notices, |row| row.received_at))
            .bind(column(&plan.notices, |row| row.received_at))
            .bind(column(&plan.notices, |row| row.outcome.map(|_| row.received_at)))
            .bind(column(&plan.notices, |row| row.outcome))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

const PENDING_NOTICES: &str = "
    SELECT id, lender, body::text AS body, received_at FROM notices
    WHERE done_at IS NULL AND kind <> 'status'
    ORDER BY seq
    LIMIT $1";

const FINISH_NOTICES: &str = "
    UPDATE notices SET done_at = $2, outcome = 'handled'
    WHERE id = ANY($1) AND done_at IS NULL";

const DUE_STATUSES: &str = "
    SELECT id, lender, body::text AS body, received_at FROM notices
    WHERE done_at IS NULL AND kind = 'status' AND next_at <= $1
    ORDER BY next_at, seq
    LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED";

const STATUS_SUBJECTS: &str = "
    SELECT o.id, o.lender, o.conversation_id, c.phone_number_id, o.status, o.wamid, o.delivery_rank
    FROM outbox o JOIN conversations c ON c.id = o.conversation_id
    WHERE o.id IN (
      SELECT w.id FROM outbox w WHERE w.wamid = ANY($1)
      UNION
      SELECT UNNEST($2::uuid[]))
    ORDER BY o.id
    FOR NO KEY UPDATE OF o";

async fn apply_statuses(
    store: &PostgresStore,
    now: Timestamp,
    park_ms: i64,
    limit_rows: u32,
) -> Result<AppliedStatuses, StoreError> {
    let mut transaction = store.pool.begin().await?;
    let notices: Vec<StatusNotice> =
        sqlx::query_as(DUE_STATUSES).bind(now.0).bind(limit(limit_rows)).fetch_all(&mut *transaction).await?;
    if notices.is_empty() {
        return Ok(AppliedStatuses::default());
    }
    let updates = statuses::read(notices);
    let (wamids, outbox_ids) = statuses::subjects(&updates);
    let messages: Vec<OutboxState> =
        sqlx::query_as(STATUS_SUBJECTS).bind(wamids).bind(outbox_ids).fetch_all(&mut *transaction).await?;
    let plan = statuses::plan(updates, messages, now.0, park_ms)?;
    write_statuses(&mut transaction, &plan, now).await?;
    if !plan.inputs.is_empty() {
        insert_inputs(&mut transaction, &plan.inputs).await?;
        wake(&mut transaction, plan.inputs.iter().map(|input| input.conversation), now).await?;
    }
    transaction.commit().await?;
    Ok(plan.applied)
}

const UPDATE_STATUSES: &str = "
    UPDATE outbox SET status = v.status, wamid = v.wamid, delivery_rank = v.delivery_rank,
      told_at = COALESCE(outbox.told_at, $5)
    FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::bigint[])
      AS v (id, status, wamid, delivery_rank)
    WHERE outbox.id = v.id";

const FINISH_STATUSES: &str = "
    UPDATE notices SET done_at = v.done_at, outcome = v.outcome FROM UNNEST($1::uuid[], $2::text[], $3::bigint[])
      AS v (id, outcome, done_at)
    WHERE notices.id = v.id";

const PARK_STATUSES: &str = "
    UPDATE notices SET next_at = v.next_at
    FROM UNNEST($1::uuid[], $2::bigint[]) AS v (id, next_at)
    WHERE notices.id = v.id";

async fn write_statuses(
    connection: &mut PgConnection,
    plan: &StatusPlan,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !plan.changed.is_empty() {
        sqlx::query(UPDATE_STATUSES)
            .bind(column(&plan.changed, |row| row.id))
            .bind(column(&plan.changed, |row| row.status.clone()))
            .bind(column(&plan.changed, |row| row.wamid.clone()))
            .bind(column(&plan.changed, |row| row.delivery_rank))
            .bind(now.0)
            .execute(&mut *connection)
            .await?;
    }

    if !plan.finished.is_empty() {
        sqlx::query(FINISH_STATUSES)
            .bind(column(&plan.finished, |(id, _)| *id))
            .bind(column(&plan.finished, |(_, outcome)| *outcome))
            .bind(vec![now.0; plan.finished.len()])
            .execute(&mut *connection)
            .await?;
    }

    if !plan.parked.is_empty() {
        sqlx::query(PARK_STATUSES)
            .bind(column(&plan.parked, |(id, _)| *id))
            .bind(column(&plan.parked, |(_, next_at)| *next_at))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// With the range of all times, for the reason that `BACKLOG` gives.
const UNREADABLE_COUNT: &str = "
    SELECT COUNT(*) FROM deliveries
    WHERE unreadable IS NOT NULL AND received_at BETWEEN 0 AND 9223372036854775807";
