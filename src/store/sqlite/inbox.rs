//! Durable receipt of webhooks, in SQLite.

use super::conversations::{insert_inputs, wake};
use super::turns::mark_wrong_numbers;
use super::{Script, SqliteStore, begin};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::inbox::{Accepted, AppliedStatuses, Delivery, InboxStore, PendingNotice};
use crate::store::plan::accept::{
    AcceptPlan, AddressKey, Addresses, ConversationState, dedupe_keys, plan as plan_accept,
};
use crate::store::plan::statuses::{self, OutboxState, StatusNotice, StatusPlan};
use crate::store::rows::conversations::receiving_columns;
use crate::store::rows::{NoticeBody, clean, hex_list, json, limit, readable};
use async_trait::async_trait;
use sqlx::sqlite::SqliteConnection;
use std::collections::HashSet;
use uuid::Uuid;

#[async_trait]
impl InboxStore for SqliteStore {
    async fn accept(&self, deliveries: &[Delivery]) -> Result<Vec<Accepted>, StoreError> {
        let mut writer = self.writer().await?;
        let mut transaction = begin(&mut writer).await?;
        let known = addressed(&mut transaction, &Addresses::of(deliveries)).await?;
        let stored = stored_keys(&mut transaction, deliveries).await?;
        let plan = plan_accept(deliveries, known, stored)?;
        let mut script = Script::new();
        insert_deliveries(&mut script, deliveries);
        write_conversations(&mut script, &plan);
        write_items(&mut script, &plan);
        mark_wrong_numbers(&mut script, &plan.wrong_numbers);
        script.run(&mut transaction).await?;
        transaction.commit().await?;
        Ok(plan.counts)
    }

    async fn pending_notices(&self, limit_rows: u32) -> Result<Vec<PendingNotice>, StoreError> {
        let rows: Vec<NoticeBody> = sqlx::query_as(PENDING_NOTICES)
            .bind(limit(limit_rows))
            .fetch_all(&mut *self.reader().await?)
            .await?;
        Ok(readable(rows.into_iter().map(NoticeBody::read)))
    }

    async fn finish_notices(&self, ids: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
        sqlx::query(FINISH_NOTICES)
            .bind(hex_list(ids.iter().copied()))
            .bind(now.0)
            .execute(&mut *self.writer().await?)
            .await?;
        Ok(())
    }

    async fn apply_statuses(
        &self,
        now: Timestamp,
        park_ms: i64,
        limit_rows: u32,
    ) -> Result<AppliedStatuses, StoreError> {
        let mut writer = self.writer().await?;
        let mut transaction = begin(&mut writer).await?;
        let notices: Vec<StatusNotice> = sqlx::query_as(DUE_STATUSES)
            .bind(now.0)
            .bind(limit(limit_rows))
            .fetch_all(&mut *transaction)
            .await?;
        if notices.is_empty() {
            return Ok(AppliedStatuses::default());
        }
        let updates = statuses::read(notices);
        let (wamids, ids) = statuses::subjects(&updates);
        let messages: Vec<OutboxState> = sqlx::query_as(STATUS_SUBJECTS)
            .bind(json(&wamids)?)
            .bind(hex_list(ids))
            .fetch_all(&mut *transaction)
            .await?;
        let plan = statuses::plan(updates, messages, now.0, park_ms)?;
        let mut script = Script::new();
        write_statuses(&mut script, &plan, now);
        script.run(&mut transaction).await?;
        if !plan.inputs.is_empty() {
            insert_inputs(&mut transaction, &plan.inputs).await?;
            wake(&mut transaction, plan.inputs.iter().map(|input| input.conversation), now).await?;
        }
        transaction.commit().await?;
        Ok(plan.applied)
    }

    async fn unreadable_count(&self) -> Result<u64, StoreError> {
        let count: i64 = sqlx::query_scalar(UNREADABLE_COUNT).fetch_one(&mut *self.reader().await?).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

const ADDRESSED: &str = concat!(
    "SELECT ",
    receiving_columns!(),
    " FROM conversations c
      WHERE c.id IN (
        SELECT w.id FROM json_each($1) k CROSS JOIN conversations w
        WHERE w.wa_id = k.value ->> 2 AND w.phone_number_id = k.value ->> 1 AND w.lender = k.value ->> 0
        UNION
        SELECT u.id FROM json_each($2) k CROSS JOIN conversations u
        WHERE u.bsuid = k.value ->> 2 AND u.phone_number_id = k.value ->> 1 AND u.lender = k.value ->> 0)"
);

/// The conversations that any of the addresses belongs to.
async fn addressed(
    connection: &mut SqliteConnection,
    addresses: &Addresses,
) -> Result<Vec<ConversationState>, StoreError> {
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    let list = |keys: &[AddressKey]| {
        let keys: Vec<[&str; 3]> =
            keys.iter().map(|key| [&*key.lender, &*key.phone_number_id, &*key.value]).collect();
        json(&keys)
    };
    Ok(sqlx::query_as(ADDRESSED)
        .bind(list(&addresses.wa_ids)?)
        .bind(list(&addresses.bsuids)?)
        .fetch_all(connection)
        .await?)
}

const STORED_KEYS: &str = "
    SELECT dedupe_key FROM inputs WHERE dedupe_key IN (SELECT value FROM json_each($1))
    UNION ALL
    SELECT dedupe_key FROM notices WHERE dedupe_key IN (SELECT value FROM json_each($1))";

async fn stored_keys(
    connection: &mut SqliteConnection,
    deliveries: &[Delivery],
) -> Result<HashSet<String>, StoreError> {
    let keys: Vec<String> =
        sqlx::query_scalar(STORED_KEYS).bind(json(&dedupe_keys(deliveries))?).fetch_all(connection).await?;
    Ok(keys.into_iter().collect())
}

const INSERT_DELIVERIES: &str = "INSERT INTO deliveries (id, received_at, body, unreadable) ";

fn insert_deliveries(script: &mut Script, deliveries: &[Delivery]) {
    // A caller that lost the answer to its commit comes with the same ids again.
    script.bulk(INSERT_DELIVERIES, deliveries, " ON CONFLICT (id) DO NOTHING", |values, delivery| {
        values
            .push_bind(delivery.id)
            .push_bind(delivery.received_at.0)
            .push_bind(delivery.body.clone())
            .push_bind(delivery.unreadable.as_deref().map(clean));
    });
}

/// The ledger outlives chats: who opted out before this one began has opted out. The sign keeps the order from being
/// read off the primary key, through everybody's rows.
const INSERT_CONVERSATIONS: [&str; 2] = [
    "WITH v (id, lender, phone_number_id, wa_id, bsuid, profile_name, identity_conflict, number_changed_hands,
             next_claim_at, last_inbound_at, last_inbound_wamid, created_at) AS (",
    ") INSERT INTO conversations
         (id, lender, phone_number_id, wa_id, bsuid, profile_name, identity_conflict, number_changed_hands,
          next_claim_at, last_inbound_at, last_inbound_wamid, created_at, opted_out)
       SELECT v.*, COALESCE(
         (SELECT o.stop FROM opt_outs o
          WHERE o.lender = v.lender AND o.scope = 'all' AND (o.wa_id = v.wa_id OR o.bsuid = v.bsuid)
          ORDER BY +o.seq DESC LIMIT 1), FALSE)
       FROM v",
];

const UPDATE_CONVERSATIONS: [&str; 2] = [
    "WITH v (id, wa_id, bsuid, profile_name, identity_conflict, number_changed_hands, next_claim_at,
             last_inbound_at, last_inbound_wamid) AS (",
    ") UPDATE conversations SET
         wa_id = v.wa_id,
         bsuid = v.bsuid,
         profile_name = v.profile_name,
         identity_conflict = v.identity_conflict,
         number_changed_hands = v.number_changed_hands,
         next_claim_at = v.next_claim_at,
         last_inbound_at = v.last_inbound_at,
         last_inbound_wamid = v.last_inbound_wamid
       FROM v WHERE conversations.id = v.id",
];

/// No two conversations have one address at any moment, not even within a statement.
const FREE_NUMBERS: [&str; 2] =
    ["WITH v (id) AS (", ") UPDATE conversations SET wa_id = NULL FROM v WHERE conversations.id = v.id"];

const INSERT_ALIASES: &str =
    "INSERT INTO conversation_aliases (conversation_id, lender, phone_number_id, kind, value, ended_at) ";

fn write_conversations(script: &mut Script, plan: &AcceptPlan) {
    let [head, tail] = FREE_NUMBERS;
    script.bulk(head, &plan.freed, tail, |values, id| {
        values.push_bind(*id);
    });
    let [head, tail] = UPDATE_CONVERSATIONS;
    // First the changes: one of them may free an address that a new conversation takes.
    script.bulk(head, &plan.touched, tail, |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.wa_id.clone())
            .push_bind(row.bsuid.clone())
            .push_bind(row.profile_name.clone())
            .push_bind(row.identity_conflict)
            .push_bind(row.number_changed_hands)
            .push_bind(row.next_claim_at)
            .push_bind(row.last_inbound_at)
            .push_bind(row.last_inbound_wamid.clone());
    });
    let [head, tail] = INSERT_CONVERSATIONS;
    script.bulk(head, &plan.created, tail, |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.phone_number_id.clone())
            .push_bind(row.wa_id.clone())
            .push_bind(row.bsuid.clone())
            .push_bind(row.profile_name.clone())
            .push_bind(row.identity_conflict)
            .push_bind(row.number_changed_hands)
            .push_bind(row.next_claim_at)
            .push_bind(row.last_inbound_at)
            .push_bind(row.last_inbound_wamid.clone())
            .push_bind(row.created_at);
    });
    script.bulk(INSERT_ALIASES, &plan.aliases, " ON CONFLICT DO NOTHING", |values, row| {
        values
            .push_bind(row.conversation)
            .push_bind(row.lender.clone())
            .push_bind(row.phone_number_id.clone())
            .push_bind(row.kind)
            .push_bind(row.value.clone())
            .push_bind(row.ended_at);
    });
}

const INSERT_INPUTS: &str =
    "INSERT INTO inputs (id, lender, conversation_id, dedupe_key, body, received_at) ";

const INSERT_NOTICES: &str = "
    INSERT INTO notices
      (id, lender, kind, dedupe_key, body, wamid, next_at, received_at, done_at, outcome) ";

fn write_items(script: &mut Script, plan: &AcceptPlan) {
    script.bulk(INSERT_INPUTS, &plan.inputs, "", |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.conversation)
            .push_bind(row.dedupe_key.clone())
            .push_bind(row.body.clone())
            .push_bind(row.received_at);
    });
    script.bulk(INSERT_NOTICES, &plan.notices, " ON CONFLICT DO NOTHING", |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.kind)
            .push_bind(row.dedupe_key.clone())
            .push_bind(row.body.clone())
            .push_bind(row.wamid.clone())
            .push_bind(row.received_at)
            .push_bind(row.received_at)
            .push_bind(row.outcome.map(|_| row.received_at))
            .push_bind(row.outcome);
    });
}

const PENDING_NOTICES: &str = "
    SELECT id, lender, body, received_at FROM notices
    WHERE done_at IS NULL AND kind <> 'status'
    ORDER BY seq
    LIMIT $1";

const FINISH_NOTICES: &str = "
    UPDATE notices SET done_at = $2, outcome = 'handled'
    WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND done_at IS NULL";

const DUE_STATUSES: &str = "
    SELECT id, lender, body, received_at FROM notices
    WHERE done_at IS NULL AND kind = 'status' AND next_at <= $1
    ORDER BY next_at, seq
    LIMIT $2";

const STATUS_SUBJECTS: &str = "
    SELECT o.id, o.lender, o.conversation_id, c.phone_number_id, o.status, o.wamid, o.delivery_rank
    FROM outbox o JOIN conversations c ON c.id = o.conversation_id
    WHERE o.id IN (
      SELECT w.id FROM outbox w WHERE w.wamid IN (SELECT value FROM json_each($1))
      UNION
      SELECT unhex(value) FROM json_each($2))";

const UPDATE_STATUSES: [&str; 2] = [
    "WITH v (id, status, wamid, delivery_rank, told_at) AS (",
    ") UPDATE outbox SET status = v.status, wamid = v.wamid, delivery_rank = v.delivery_rank,
         told_at = COALESCE(outbox.told_at, v.told_at)
       FROM v WHERE outbox.id = v.id",
];

const FINISH_STATUSES: [&str; 2] = [
    "WITH v (id, outcome, done_at) AS (",
    ") UPDATE notices SET done_at = v.done_at, outcome = v.outcome FROM v WHERE notices.id = v.id",
];

const PARK_STATUSES: [&str; 2] =
    ["WITH v (id, next_at) AS (", ") UPDATE notices SET next_at = v.next_at FROM v WHERE notices.id = v.id"];

fn write_statuses(script: &mut Script, plan: &StatusPlan, now: Timestamp) {
    let [head, tail] = UPDATE_STATUSES;
    script.bulk(head, &plan.changed, tail, |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.status.clone())
            .push_bind(row.wamid.clone())
            .push_bind(row.delivery_rank)
            .push_bind(now.0);
    });
    let [head, tail] = FINISH_STATUSES;
    script.bulk(head, &plan.finished, tail, |values, (id, outcome)| {
        values.push_bind(*id).push_bind(*outcome).push_bind(now.0);
    });
    let [head, tail] = PARK_STATUSES;
    script.bulk(head, &plan.parked, tail, |values, (id, next_at)| {
        values.push_bind(*id).push_bind(*next_at);
    });
}

const UNREADABLE_COUNT: &str = "SELECT COUNT(*) FROM deliveries WHERE unreadable IS NOT NULL";
