//! The commit of turns, in SQLite.

use super::dead_letters::insert_dead;
use super::media::insert_media;
use super::outbox::{insert_outbox, withdraw};
use super::people::{insert_agreements, insert_opt_outs, stored_tries};
use super::{Script, SqliteStore, begin};
use crate::ports::StoreError;
use crate::ports::conversations::{CommitRefused, TurnCommit};
use crate::store::plan::tries::Judging;
use crate::store::plan::turns::{
    Locked, LockedConversation, OnceKeys, Stored, TurnBatch, WrongNumberRow, judge, once_keys, waves,
};
use crate::store::rows::people::DocumentRow;
use crate::store::rows::{hex_list, json};
use sqlx::sqlite::SqliteConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// Finds the refusals first, under the write lock, then applies everything else in bulk.
pub(super) async fn commit(
    store: &SqliteStore,
    commits: &[TurnCommit],
) -> Result<Vec<Result<(), CommitRefused>>, StoreError> {
    let mut verdicts = vec![Err(CommitRefused::Stale); commits.len()];
    for wave in waves(commits) {
        let part: Vec<&TurnCommit> = wave.iter().filter_map(|index| commits.get(*index)).collect();
        for (index, verdict) in wave.iter().zip(commit_wave(store, &part).await?) {
            verdicts[*index] = verdict;
        }
    }
    Ok(verdicts)
}

async fn commit_wave(
    store: &SqliteStore,
    commits: &[&TurnCommit],
) -> Result<Vec<Result<(), CommitRefused>>, StoreError> {
    let mut writer = store.writer().await?;
    let mut transaction = begin(&mut writer).await?;
    let locked = lock(&mut transaction, commits).await?;
    let once = taken_keys(&mut transaction, commits, &locked).await?;
    let tries = newest_tries(&mut transaction, commits, &locked).await?;
    let verdicts = judge(commits, &locked, Stored { once, tries });
    let batch = TurnBatch::of(commits, &verdicts, &locked)?;
    let written = insert_agreements(&mut transaction, &batch.agreements).await?;
    if written != batch.agreements.len() as u64 {
        return Err(StoreError::Conflict { constraint: "agreements.id".to_owned() });
    }
    let mut script = Script::new();
    write_turns(&mut script, &batch);
    write_claims(&mut script, &batch);
    write_identity_records(&mut script, &batch);
    write_tickets(&mut script, &batch);
    insert_media(&mut script, &batch.media);
    insert_dead(&mut script, &batch.dead);
    update_conversations(&mut script, &batch);
    script.run(&mut transaction).await?;
    transaction.commit().await?;
    Ok(verdicts)
}

const LOCK: &str = "
    SELECT id, lender, wa_id, bsuid, version, lease_token, last_event_seq, ticket_id, opted_out
    FROM conversations
    WHERE id IN (SELECT unhex(value) FROM json_each($1))";

async fn lock(connection: &mut SqliteConnection, commits: &[&TurnCommit]) -> Result<Locked, StoreError> {
    let rows: Vec<LockedConversation> = sqlx::query_as(LOCK)
        .bind(hex_list(commits.iter().map(|commit| commit.conversation.0)))
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

const TAKEN_KEYS: &str = "
    SELECT a.lender, a.once_key
    FROM json_each($1) k CROSS JOIN agreements a
    WHERE a.lender = k.value ->> 0 AND a.once_key = k.value ->> 1";

async fn taken_keys(
    connection: &mut SqliteConnection,
    commits: &[&TurnCommit],
    locked: &Locked,
) -> Result<OnceKeys, StoreError> {
    let (lenders, keys) = once_keys(commits, locked);
    if keys.is_empty() {
        return Ok(OnceKeys::new());
    }
    let pairs: Vec<(String, String)> = lenders.into_iter().zip(keys).collect();
    let taken: Vec<(String, String)> =
        sqlx::query_as(TAKEN_KEYS).bind(json(&pairs)?).fetch_all(connection).await?;
    Ok(taken.into_iter().collect())
}

/// Whoever writes holds the only write lock, so nobody tries in between.
async fn newest_tries(
    connection: &mut SqliteConnection,
    commits: &[&TurnCommit],
    locked: &Locked,
) -> Result<HashMap<Uuid, i64>, StoreError> {
    let Some(judging) = Judging::of(commits, locked) else { return Ok(HashMap::new()) };
    let rows = stored_tries(connection, &judging.asked, judging.now).await?;
    Ok(judging.newest(&rows))
}

const CONSUME: [&str; 2] = [
    "WITH v (conversation_id, id, done_at) AS (",
    ") UPDATE inputs SET done_at = v.done_at
       FROM v
       WHERE inputs.id = v.id AND inputs.conversation_id = v.conversation_id AND inputs.done_at IS NULL",
];

const WITHHOLD: [&str; 2] = [
    "WITH v (conversation_id, id, body) AS (",
    ") UPDATE inputs SET body = v.body
       FROM v
       WHERE inputs.id = v.id AND inputs.conversation_id = v.conversation_id",
];

const INSERT_EVENTS: &str = "INSERT INTO events (conversation_id, seq, lender, turn, kind, body, at) ";

fn write_turns(script: &mut Script, batch: &TurnBatch) {
    let [head, tail] = CONSUME;
    script.bulk(head, &batch.consumed, tail, |values, row| {
        values.push_bind(row.conversation).push_bind(row.input).push_bind(row.done_at);
    });
    let [head, tail] = WITHHOLD;
    script.bulk(head, &batch.withheld, tail, |values, row| {
        values.push_bind(row.conversation).push_bind(row.input).push_bind(row.body.clone());
    });
    script.bulk(INSERT_EVENTS, &batch.events, "", |values, row| {
        values
            .push_bind(row.conversation)
            .push_bind(row.seq)
            .push_bind(row.lender.clone())
            .push_bind(row.turn)
            .push_bind(row.kind.clone())
            .push_bind(row.body.clone())
            .push_bind(row.at);
    });
    withdraw(script, &batch.withdrawn);
    insert_outbox(script, &batch.outbox);
}

const INSERT_CLAIMS: &str =
    "INSERT INTO payment_claims (id, lender, conversation_id, person_id, obligation_id, body, at) ";

const INSERT_CASES: &str =
    "INSERT INTO cases (id, lender, conversation_id, person_id, obligation_id, kind, body, at) ";

/// The same request on the same day, after it was decided, is open again.
const OPEN_AGAIN: &str = " ON CONFLICT (id) DO UPDATE SET status = 'open' WHERE cases.status = 'closed'";

fn write_claims(script: &mut Script, batch: &TurnBatch) {
    script.bulk(INSERT_CLAIMS, &batch.claims, " ON CONFLICT (id) DO NOTHING", |values, row: &DocumentRow| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.conversation)
            .push_bind(row.person)
            .push_bind(row.obligation)
            .push_bind(row.body.clone())
            .push_bind(row.at);
    });
    script.bulk(INSERT_CASES, &batch.cases, OPEN_AGAIN, |values, row: &DocumentRow| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.conversation)
            .push_bind(row.person)
            .push_bind(row.obligation)
            .push_bind(row.kind.clone())
            .push_bind(row.body.clone())
            .push_bind(row.at);
    });
}

const INSERT_TRIES: &str = "
    INSERT INTO identity_tries
      (id, lender, conversation_id, passed_person, starts_challenge, locked_until, at) ";

const INSERT_TRY_PERSONS: &str = "INSERT INTO identity_try_persons (try_id, person_id, lender, at) ";

/// A variant of the number (Brazil's ninth digit, Mexico's 52 1) has the same last eight digits.
const MARK_WRONG_NUMBERS: [&str; 2] = [
    "WITH v (lender, phone, person_id, at) AS (",
    ") UPDATE person_phones SET wrong_at = v.at
       FROM v
       WHERE person_phones.lender = v.lender AND person_phones.wrong_at IS NULL
         AND (person_phones.phone = v.phone AND v.person_id IS NULL
           OR person_phones.person_id = v.person_id
             AND substr(person_phones.phone, -8) = substr(v.phone, -8))",
];

const RESERVE: [&str; 2] = [
    "WITH v (lender, person_id, reserved) AS (",
    ") UPDATE persons SET reserved = v.reserved
       FROM v WHERE persons.id = v.person_id AND persons.lender = v.lender",
];

const INSERT_PROOFS: &str = "INSERT INTO chat_proofs (conversation_id, from_seq, lender, since, person_id) ";

fn write_identity_records(script: &mut Script, batch: &TurnBatch) {
    insert_opt_outs(script, &batch.opt_outs);
    script.bulk(INSERT_TRIES, &batch.tries, " ON CONFLICT (id) DO NOTHING", |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.conversation)
            .push_bind(row.passed)
            .push_bind(row.starts_challenge)
            .push_bind(row.locked_until)
            .push_bind(row.at);
    });
    script.bulk(INSERT_TRY_PERSONS, &batch.try_persons, " ON CONFLICT DO NOTHING", |values, row| {
        values.push_bind(row.try_id).push_bind(row.person).push_bind(row.lender.clone()).push_bind(row.at);
    });
    mark_wrong_numbers(script, &batch.wrong_numbers);
    script.bulk(INSERT_PROOFS, &batch.proofs, " ON CONFLICT DO NOTHING", |values, row| {
        values
            .push_bind(row.conversation)
            .push_bind(row.from_seq)
            .push_bind(row.lender.clone())
            .push_bind(row.since)
            .push_bind(row.person);
    });
    let [head, tail] = RESERVE;
    script.bulk(head, &batch.reserved, tail, |values, row| {
        values.push_bind(row.lender.clone()).push_bind(row.person).push_bind(row.reserved.clone());
    });
}

pub(super) fn mark_wrong_numbers(script: &mut Script, rows: &[WrongNumberRow]) {
    let [head, tail] = MARK_WRONG_NUMBERS;
    script.bulk(head, rows, tail, |values, row| {
        values
            .push_bind(row.lender.clone())
            .push_bind(row.phone.clone())
            .push_bind(row.person)
            .push_bind(row.at);
    });
}

const CLOSE_TICKETS: [&str; 2] = [
    "WITH v (id, lender, conversation_id, outcome, at) AS (",
    ") UPDATE tickets SET
         status = 'closed',
         closed_at = v.at,
         outcome = v.outcome,
         waiting = FALSE,
         version = version + 1
       FROM v
       WHERE tickets.id = v.id AND tickets.lender = v.lender
         AND tickets.conversation_id = v.conversation_id AND tickets.status <> 'closed'",
];

const OPEN_TICKETS: &str = "
    INSERT INTO tickets
      (id, lender, conversation_id, queue, priority, reason, summary, status, opened_at, waiting_since, waiting,
       closed_at, outcome) ";

const CUSTOMER_SPOKE: [&str; 2] = [
    "WITH v (id, lender, conversation_id, at) AS (",
    ") UPDATE tickets SET waiting = TRUE, waiting_since = v.at, version = version + 1
       FROM v
       WHERE tickets.id = v.id AND tickets.lender = v.lender
         AND tickets.conversation_id = v.conversation_id
         AND tickets.status <> 'closed' AND NOT tickets.waiting",
];

const RAISE_TICKETS: [&str; 2] = [
    "WITH v (id, lender, conversation_id, priority, reason, summary, at) AS (",
    ") UPDATE tickets SET priority = MIN(tickets.priority, v.priority), reason = v.reason, summary = v.summary,
         waiting_since = CASE WHEN waiting THEN waiting_since ELSE v.at END, waiting = TRUE,
         version = version + 1
       FROM v
       WHERE tickets.id = v.id AND tickets.lender = v.lender
         AND tickets.conversation_id = v.conversation_id AND tickets.status <> 'closed'",
];

fn write_tickets(script: &mut Script, batch: &TurnBatch) {
    let [head, tail] = CLOSE_TICKETS;
    script.bulk(head, &batch.closed, tail, |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.conversation)
            .push_bind(row.outcome.clone())
            .push_bind(row.at);
    });
    script.bulk(OPEN_TICKETS, &batch.opened, " ON CONFLICT DO NOTHING", |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.conversation)
            .push_bind(row.queue.clone())
            .push_bind(row.priority)
            .push_bind(row.reason.clone())
            .push_bind(row.summary.clone())
            .push_bind(row.status())
            .push_bind(row.at)
            .push_bind(row.at)
            .push_bind(row.outcome.is_none())
            .push_bind(row.closed_at())
            .push_bind(row.outcome.clone());
    });
    let [head, tail] = RAISE_TICKETS;
    script.bulk(head, &batch.raised, tail, |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.conversation)
            .push_bind(row.priority)
            .push_bind(row.reason.clone())
            .push_bind(row.summary.clone())
            .push_bind(row.at);
    });
    let [head, tail] = CUSTOMER_SPOKE;
    script.bulk(head, &batch.spoke, tail, |values, row| {
        values.push_bind(row.id).push_bind(row.lender.clone()).push_bind(row.conversation).push_bind(row.at);
    });
}

/// With inputs left it can be claimed again: at once, or when the kept lease ends.
const UPDATE_CONVERSATIONS: [&str; 2] = [
    "WITH v (id, session, flow_hash, assurance, person_id, last_event_seq, ticket_id, opted_out, timers,
       next_timer_at, released) AS (",
    ") UPDATE conversations SET
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
       FROM v WHERE conversations.id = v.id",
];

fn update_conversations(script: &mut Script, batch: &TurnBatch) {
    let [head, tail] = UPDATE_CONVERSATIONS;
    script.bulk(head, &batch.conversations, tail, |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.session.clone())
            .push_bind(row.flow_hash.clone())
            .push_bind(row.assurance)
            .push_bind(row.person)
            .push_bind(row.last_event_seq)
            .push_bind(row.ticket)
            .push_bind(row.opted_out)
            .push_bind(row.timers.as_ref().map(|timers| timers.timers.clone()))
            .push_bind(row.timers.as_ref().and_then(|timers| timers.next_timer_at))
            .push_bind(row.release);
    });
}
