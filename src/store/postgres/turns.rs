//! The commit of turns, in PostgreSQL.

use super::dead_letters::insert_dead;
use super::media::insert_media;
use super::outbox::{insert_outbox, withdraw};
use super::people::stored_tries;
use super::{PostgresStore, ids, retrying};
use crate::ports::StoreError;
use crate::ports::conversations::{CommitRefused, TurnCommit};
use crate::store::plan::tries::Judging;
use crate::store::plan::turns::{
    Locked, LockedConversation, OnceKeys, Stored, TurnBatch, WrongNumberRow, judge, once_keys, waves,
};
use crate::store::rows::column;
use sqlx::postgres::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// Finds the refusals first, under the write lock, then applies everything else in bulk.
pub(super) async fn commit(
    store: &PostgresStore,
    commits: &[TurnCommit],
) -> Result<Vec<Result<(), CommitRefused>>, StoreError> {
    let mut verdicts = vec![Err(CommitRefused::Stale); commits.len()];
    for wave in waves(commits) {
        let part: Vec<&TurnCommit> = wave.iter().filter_map(|index| commits.get(*index)).collect();
        for (index, verdict) in wave.iter().zip(retrying(|| commit_wave(store, &part)).await?) {
            verdicts[*index] = verdict;
        }
    }
    Ok(verdicts)
}

async fn commit_wave(
    store: &PostgresStore,
    commits: &[&TurnCommit],
) -> Result<Vec<Result<(), CommitRefused>>, StoreError> {
    let mut transaction = store.pool.begin().await?;
    let locked = lock(&mut transaction, commits).await?;
    let once = taken_keys(&mut transaction, commits, &locked).await?;
    let tries = newest_tries(&mut transaction, commits, &locked).await?;
    let verdicts = judge(commits, &locked, Stored { once, tries });
    let batch = TurnBatch::of(commits, &verdicts, &locked)?;
    write_turns(&mut transaction, &batch).await?;
    write_money_records(&mut transaction, &batch).await?;
    write_identity_records(&mut transaction, &batch).await?;
    write_tickets(&mut transaction, &batch).await?;
    insert_media(&mut transaction, &batch.media).await?;
    insert_dead(&mut transaction, &batch.dead).await?;
    update_conversations(&mut transaction, &batch).await?;
    transaction.commit().await?;
    Ok(verdicts)
}

const LOCK: &str = "
    SELECT id, lender, wa_id, bsuid, version, lease_token, last_event_seq, ticket_id, opted_out
    FROM conversations
    WHERE id = ANY($1)
    ORDER BY id
    FOR NO KEY UPDATE";

async fn lock(connection: &mut PgConnection, commits: &[&TurnCommit]) -> Result<Locked, StoreError> {
    let rows: Vec<LockedConversation> = sqlx::query_as(LOCK)
        .bind(ids(commits.iter().map(|commit| commit.conversation.0)))
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

const TAKEN_KEYS: &str = "
    SELECT a.lender, a.once_key
    FROM UNNEST($1::text[], $2::text[]) AS k (lender, once_key)
    JOIN agreements a ON a.lender = k.lender AND a.once_key = k.once_key";

async fn taken_keys(
    connection: &mut PgConnection,
    commits: &[&TurnCommit],
    locked: &Locked,
) -> Result<OnceKeys, StoreError> {
    let (lenders, keys) = once_keys(commits, locked);
    if keys.is_empty() {
        return Ok(OnceKeys::new());
    }
    let taken: Vec<(String, String)> =
        sqlx::query_as(TAKEN_KEYS).bind(lenders).bind(keys).fetch_all(connection).await?;
    Ok(taken.into_iter().collect())
}

/// Two commits about one address or person come one after the other, and each statement sees what was committed before.
const LOCK_TRIES: &str = "
    SELECT pg_advisory_xact_lock(key) FROM (SELECT key FROM UNNEST($1::bigint[]) AS k (key) ORDER BY key) k";

async fn newest_tries(
    connection: &mut PgConnection,
    commits: &[&TurnCommit],
    locked: &Locked,
) -> Result<HashMap<Uuid, i64>, StoreError> {
    let Some(judging) = Judging::of(commits, locked) else { return Ok(HashMap::new()) };
    sqlx::query(LOCK_TRIES).bind(judging.locks.clone()).execute(&mut *connection).await?;
    let rows = stored_tries(connection, &judging.asked, judging.now).await?;
    Ok(judging.newest(&rows))
}

const CONSUME: &str = "
    UPDATE inputs SET done_at = v.done_at
    FROM UNNEST($1::uuid[], $2::uuid[], $3::bigint[])
      AS v (conversation_id, id, done_at)
    WHERE inputs.id = v.id AND inputs.conversation_id = v.conversation_id AND inputs.done_at IS NULL";

const WITHHOLD: &str = "
    UPDATE inputs SET body = v.body
    FROM UNNEST($1::uuid[], $2::uuid[], $3::json[]) AS v (conversation_id, id, body)
    WHERE inputs.id = v.id AND inputs.conversation_id = v.conversation_id";

const INSERT_EVENTS: &str = "
    INSERT INTO events (conversation_id, seq, lender, turn, kind, body, at)
    SELECT * FROM UNNEST(
        $1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::json[],
        $7::bigint[])";

async fn write_turns(connection: &mut PgConnection, batch: &TurnBatch) -> Result<(), StoreError> {
    if !batch.consumed.is_empty() {
        sqlx::query(CONSUME)
            .bind(column(&batch.consumed, |row| row.conversation))
            .bind(column(&batch.consumed, |row| row.input))
            .bind(column(&batch.consumed, |row| row.done_at))
            .execute(&mut *connection)
            .await?;
    }

    if !batch.withheld.is_empty() {
        sqlx::query(WITHHOLD)
            .bind(column(&batch.withheld, |row| row.conversation))
            .bind(column(&batch.withheld, |row| row.input))
            .bind(column(&batch.withheld, |row| row.body.clone()))
            .execute(&mut *connection)
            .await?;
    }

    if !batch.events.is_empty() {
        sqlx::query(INSERT_EVENTS)
            .bind(column(&batch.events, |row| row.conversation))
            .bind(column(&batch.events, |row| row.seq))
            .bind(column(&batch.events, |row| row.lender.clone()))
            .bind(column(&batch.events, |row| row.turn))
            .bind(column(&batch.events, |row| row.kind.clone()))
            .bind(column(&batch.events, |row| row.body.clone()))
            .bind(column(&batch.events, |row| row.at))
            .execute(&mut *connection)
            .await?;
    }

    withdraw(connection, &batch.withdrawn).await?;
    insert_outbox(connection, &batch.outbox).await?;
    Ok(())
}

const INSERT_CLAIMS: &str = "
    INSERT INTO payment_claims (id, lender, conversation_id, person_id, obligation_id, body, at)
    SELECT * FROM UNNEST(
        $1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::json[],
        $7::bigint[])
    ON CONFLICT (id) DO NOTHING";

/// The same request on the same day, after it was decided, is open again.
const INSERT_CASES: &str = "
    INSERT INTO cases (id, lender, conversation_id, person_id, obligation_id, kind, body, at)
    SELECT * FROM UNNEST(
        $1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[],
        $7::json[], $8::bigint[])
    ON CONFLICT (id) DO UPDATE SET status = 'open' WHERE cases.status = 'closed'";

async fn write_money_records(connection: &mut PgConnection, batch: &TurnBatch) -> Result<(), StoreError> {
    let written = super::people::insert_agreements(connection, &batch.agreements).await?;
    if written != batch.agreements.len() as u64 {
        return Err(StoreError::Conflict { constraint: "agreements.id".to_owned() });
    }
    if !batch.claims.is_empty() {
        sqlx::query(INSERT_CLAIMS)
            .bind(column(&batch.claims, |row| row.id))
            .bind(column(&batch.claims, |row| row.lender.clone()))
            .bind(column(&batch.claims, |row| row.conversation))
            .bind(column(&batch.claims, |row| row.person))
            .bind(column(&batch.claims, |row| row.obligation))
            .bind(column(&batch.claims, |row| row.body.clone()))
            .bind(column(&batch.claims, |row| row.at))
            .execute(&mut *connection)
            .await?;
    }

    if !batch.cases.is_empty() {
        sqlx::query(INSERT_CASES)
            .bind(column(&batch.cases, |row| row.id))
            .bind(column(&batch.cases, |row| row.lender.clone()))
            .bind(column(&batch.cases, |row| row.conversation))
            .bind(column(&batch.cases, |row| row.person))
            .bind(column(&batch.cases, |row| row.obligation))
            .bind(column(&batch.cases, |row| row.kind.clone()))
            .bind(column(&batch.cases, |row| row.body.clone()))
            .bind(column(&batch.cases, |row| row.at))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

const INSERT_TRIES: &str = "
    INSERT INTO identity_tries
      (id, lender, conversation_id, passed_person, starts_challenge, locked_until, at)
    SELECT * FROM UNNEST(
        $1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::boolean[], $6::bigint[],
        $7::bigint[])
    ON CONFLICT (id) DO NOTHING";

const INSERT_TRY_PERSONS: &str = "
    INSERT INTO identity_try_persons (try_id, person_id, lender, at)
    SELECT * FROM UNNEST($1::uuid[], $2::uuid[], $3::text[], $4::bigint[])
    ON CONFLICT DO NOTHING";

/// A variant of the number (Brazil's ninth digit, Mexico's 52 1) has the same last eight digits.
const MARK_WRONG_NUMBERS: &str = "
    UPDATE person_phones SET wrong_at = v.at
    FROM UNNEST($1::text[], $2::text[], $3::uuid[], $4::bigint[])
      AS v (lender, phone, person_id, at)
    WHERE person_phones.lender = v.lender AND person_phones.wrong_at IS NULL
      AND (person_phones.phone = v.phone AND v.person_id IS NULL
        OR person_phones.person_id = v.person_id
          AND right(person_phones.phone, 8) = right(v.phone, 8))";

const RESERVE: &str = "
    UPDATE persons SET reserved = v.reserved
    FROM UNNEST($1::text[], $2::uuid[], $3::text[]) AS v (lender, person_id, reserved)
    WHERE persons.id = v.person_id AND persons.lender = v.lender";

const INSERT_PROOFS: &str = "
    INSERT INTO chat_proofs (conversation_id, from_seq, lender, since, person_id)
    SELECT * FROM UNNEST($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::uuid[])
    ON CONFLICT DO NOTHING";

async fn write_identity_records(connection: &mut PgConnection, batch: &TurnBatch) -> Result<(), StoreError> {
    super::people::insert_opt_outs(connection, &batch.opt_outs).await?;
    if !batch.tries.is_empty() {
        sqlx::query(INSERT_TRIES)
            .bind(column(&batch.tries, |row| row.id))
            .bind(column(&batch.tries, |row| row.lender.clone()))
            .bind(column(&batch.tries, |row| row.conversation))
            .bind(column(&batch.tries, |row| row.passed))
            .bind(column(&batch.tries, |row| row.starts_challenge))
            .bind(column(&batch.tries, |row| row.locked_until))
            .bind(column(&batch.tries, |row| row.at))
            .execute(&mut *connection)
            .await?;
    }

    if !batch.try_persons.is_empty() {
        sqlx::query(INSERT_TRY_PERSONS)
            .bind(column(&batch.try_persons, |row| row.try_id))
            .bind(column(&batch.try_persons, |row| row.person))
            .bind(column(&batch.try_persons, |row| row.lender.clone()))
            .bind(column(&batch.try_persons, |row| row.at))
            .execute(&mut *connection)
            .await?;
    }

    mark_wrong_numbers(connection, &batch.wrong_numbers).await?;
    if !batch.proofs.is_empty() {
        sqlx::query(INSERT_PROOFS)
            .bind(column(&batch.proofs, |row| row.conversation))
            .bind(column(&batch.proofs, |row| row.from_seq))
            .bind(column(&batch.proofs, |row| row.lender.clone()))
            .bind(column(&batch.proofs, |row| row.since))
            .bind(column(&batch.proofs, |row| row.person))
            .execute(&mut *connection)
            .await?;
    }
    if !batch.reserved.is_empty() {
        sqlx::query(RESERVE)
            .bind(column(&batch.reserved, |row| row.lender.clone()))
            .bind(column(&batch.reserved, |row| row.person))
            .bind(column(&batch.reserved, |row| row.reserved.clone()))
            .execute(connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn mark_wrong_numbers(
    connection: &mut PgConnection,
    rows: &[WrongNumberRow],
) -> Result<(), StoreError> {
    if !rows.is_empty() {
        sqlx::query(MARK_WRONG_NUMBERS)
            .bind(column(rows, |row| row.lender.clone()))
            .bind(column(rows, |row| row.phone.clone()))
            .bind(column(rows, |row| row.person))
            .bind(column(rows, |row| row.at))
            .execute(connection)
            .await?;
    }
    Ok(())
}

const CLOSE_TICKETS: &str = "
    UPDATE tickets SET
      status = 'closed',
      closed_at = v.at,
      outcome = v.outcome,
      waiting = FALSE,
      version = version + 1
    FROM UNNEST($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[])
      AS v (id, lender, conversation_id, outcome, at)
    WHERE tickets.id = v.id AND tickets.lender = v.lender
      AND tickets.conversation_id = v.conversation_id AND tickets.status <> 'closed'";

const OPEN_TICKETS: &str = "
    INSERT INTO tickets
      (id, lender, conversation_id, queue, priority, reason, summary, status, opened_at, waiting_since, waiting,
       closed_at, outcome)
    SELECT * FROM UNNEST(
        $1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::text[],
        $7::json[], $8::text[], $9::bigint[], $10::bigint[], $11::bool[], $12::bigint[], $13::text[])
    ON CONFLICT DO NOTHING";

const CUSTOMER_SPOKE: &str = "
    UPDATE tickets SET waiting = TRUE, waiting_since = v.at, version = version + 1
    FROM UNNEST($1::uuid[], $2::text[], $3::uuid[], $4::bigint[])
      AS v (id, lender, conversation_id, at)
    WHERE tickets.id = v.id AND tickets.lender = v.lender
      AND tickets.conversation_id = v.conversation_id
      AND tickets.status <> 'closed' AND NOT tickets.waiting";

const RAISE_TICKETS: &str = "
    UPDATE tickets SET priority = LEAST(tickets.priority, v.priority), reason = v.reason, summary = v.summary,
      waiting_since = CASE WHEN waiting THEN waiting_since ELSE v.at END, waiting = TRUE, version = version + 1
    FROM UNNEST($1::uuid[], $2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::json[], $7::bigint[])
      AS v (id, lender, conversation_id, priority, reason, summary, at)
    WHERE tickets.id = v.id AND tickets.lender = v.lender
      AND tickets.conversation_id = v.conversation_id AND tickets.status <> 'closed'";

async fn write_tickets(connection: &mut PgConnection, batch: &TurnBatch) -> Result<(), StoreError> {
    if !batch.closed.is_empty() {
        sqlx::query(CLOSE_TICKETS)
            .bind(column(&batch.closed, |row| row.id))
            .bind(column(&batch.closed, |row| row.lender.clone()))
            .bind(column(&batch.closed, |row| row.conversation))
            .bind(column(&batch.closed, |row| row.outcome.clone()))
            .bind(column(&batch.closed, |row| row.at))
            .execute(&mut *connection)
            .await?;
    }

    if !batch.opened.is_empty() {
        sqlx::query(OPEN_TICKETS)
            .bind(column(&batch.opened, |row| row.id))
            .bind(column(&batch.opened, |row| row.lender.clone()))
            .bind(column(&batch.opened, |row| row.conversation))
            .bind(column(&batch.opened, |row| row.queue.clone()))
            .bind(column(&batch.opened, |row| row.priority))
            .bind(column(&batch.opened, |row| row.reason.clone()))
            .bind(column(&batch.opened, |row| row.summary.clone()))
            .bind(column(&batch.opened, |row| row.status()))
            .bind(column(&batch.opened, |row| row.at))
            .bind(column(&batch.opened, |row| row.at))
            .bind(column(&batch.opened, |row| row.outcome.is_none()))
            .bind(column(&batch.opened, |row| row.closed_at()))
            .bind(column(&batch.opened, |row| row.outcome.clone()))
            .execute(&mut *connection)
            .await?;
    }

    if !batch.raised.is_empty() {
        sqlx::query(RAISE_TICKETS)
            .bind(column(&batch.raised, |row| row.id))
            .bind(column(&batch.raised, |row| row.lender.clone()))
            .bind(column(&batch.raised, |row| row.conversation))
            .bind(column(&batch.raised, |row| row.priority))
            .bind(column(&batch.raised, |row| row.reason.clone()))
            .bind(column(&batch.raised, |row| row.summary.clone()))
            .bind(column(&batch.raised, |row| row.at))
            .execute(&mut *connection)
            .await?;
    }
    if !batch.spoke.is_empty() {
        sqlx::query(CUSTOMER_SPOKE)
            .bind(column(&batch.spoke, |row| row.id))
            .bind(column(&batch.spoke, |row| row.lender.clone()))
            .bind(column(&batch.spoke, |row| row.conversation))
            .bind(column(&batch.spoke, |row| row.at))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// With inputs left it can be claimed again: at once, or when the kept lease ends.
const UPDATE_CONVERSATIONS: &str = "
    UPDATE conversations SET
      session = v.session,
      flow_hash = v.flow_hash,
      assurance = v.assurance,
      person_id = v.person_id,
      version = version + 1,
      last_event_seq = v.last_event_seq,
      ticket_id = v.ticket_id,
      opted_out = v.opted_out,
      timers = COALESCE(v.timers, conversations.timers),
      next_timer_at = CASE WHEN v.timers IS NULL THEN conversations.next_timer_at ELSE v.next_timer_at END,
      leased_until = CASE WHEN v.released THEN 0 ELSE leased_until END,
      next_claim_at = (
        SELECT CASE
          WHEN MIN(i.received_at) IS NULL OR v.released THEN MIN(i.received_at)
          ELSE conversations.leased_until END
        FROM inputs i WHERE i.conversation_id = v.id AND i.done_at IS NULL)
    FROM UNNEST(
        $1::uuid[], $2::json[], $3::text[], $4::text[], $5::uuid[], $6::bigint[],
        $7::uuid[], $8::boolean[], $9::json[], $10::bigint[], $11::boolean[])
      AS v (id, session, flow_hash, assurance, person_id, last_event_seq,
        ticket_id, opted_out, timers, next_timer_at, released)
    WHERE conversations.id = v.id";

async fn update_conversations(connection: &mut PgConnection, batch: &TurnBatch) -> Result<(), StoreError> {
    if !batch.conversations.is_empty() {
        sqlx::query(UPDATE_CONVERSATIONS)
            .bind(column(&batch.conversations, |row| row.id))
            .bind(column(&batch.conversations, |row| row.session.clone()))
            .bind(column(&batch.conversations, |row| row.flow_hash.clone()))
            .bind(column(&batch.conversations, |row| row.assurance))
            .bind(column(&batch.conversations, |row| row.person))
            .bind(column(&batch.conversations, |row| row.last_event_seq))
            .bind(column(&batch.conversations, |row| row.ticket))
            .bind(column(&batch.conversations, |row| row.opted_out))
            .bind(column(&batch.conversations, |row| row.timers.as_ref().map(|timers| timers.timers.clone())))
            .bind(column(&batch.conversations, |row| {
                row.timers.as_ref().and_then(|timers| timers.next_timer_at)
            }))
            .bind(column(&batch.conversations, |row| row.release))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
