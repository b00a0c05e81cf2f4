//! The outbox: order, leases, doubt.

use super::make::*;
use acuerdo::domain::assurance::{Assurance, Label};
use acuerdo::domain::ids::{OutboxId, PersonId, Wamid};
use acuerdo::domain::time::Timestamp;
use acuerdo::domain::trace::TraceId;
use acuerdo::ports::Store;
use acuerdo::ports::conversations::{Claim, NewOutbox, Origin, TurnCommit};
use acuerdo::ports::outbox::{DoubtEnd, FollowedMessage, OutboxClaim, OutboxStatus, SendResult, Wanted};
use acuerdo::ports::records::Record;
use std::collections::HashSet;
use uuid::Uuid;

/// What may be sent now, claimed and begun.
pub async fn outgoing(store: &dyn Store, now: Timestamp) -> Vec<OutboxClaim> {
    let claims = store.claim_outbox(now, LEASE, DOUBT, Wanted::any(50)).await.unwrap();
    let ids: Vec<_> = claims.iter().map(|claim| (claim.id, claim.token)).collect();
    let begun = store.begin_sends(now, LEASE, &ids).await.unwrap();
    assert_eq!(begun.len(), claims.len());
    claims
}

pub async fn texts(store: &dyn Store, now: Timestamp) -> Vec<String> {
    outgoing(store, now).await.iter().map(|claim| claim.content.readable()).collect()
}

pub async fn finish(store: &dyn Store, claim: &OutboxClaim, now: Timestamp, result: SendResult) {
    store.finish_outbox(now, &[(claim.id, claim.token, result)]).await.unwrap();
}

pub fn accepted(wamid: &str) -> SendResult {
    SendResult::Accepted { wamid: Wamid::from(wamid) }
}

fn doubt(until: Timestamp) -> SendResult {
    SendResult::InDoubt { until, why: "timeout".into() }
}

fn retry(at: Timestamp) -> SendResult {
    SendResult::Retry { at, why: "busy".into(), code: Some(131_056) }
}

/// Gives up the doubts whose last word is due; returns how many.
pub async fn give_up(store: &dyn Store, now: Timestamp) -> u32 {
    let doubts = store.open_doubts(now, 10).await.unwrap();
    let due = doubts.iter().filter(|doubt| doubt.until <= now);
    let ends: Vec<_> = due.map(|doubt| (doubt.id, doubt.token, DoubtEnd::Unconfirmed)).collect();
    store.end_doubts(now, &ends).await.unwrap()
}

/// The status of the only conversation's messages, oldest first.
pub async fn states(store: &dyn Store) -> Vec<OutboxStatus> {
    let chat = of(store, phone(ANA)).await;
    store.sent_messages(chat.id, 10).await.unwrap().into_iter().map(|message| message.status).collect()
}

async fn ana_hears(store: &dyn Store, what: &[&str]) -> Vec<OutboxId> {
    writes(store, ANA, "w1", T0).await;
    says(store, T0, what).await
}

pub async fn messages_go_one_by_one_in_order(store: &dyn Store) {
    let ids = ana_hears(store, &["uno", "dos"]).await;
    let first = outgoing(store, T0).await;
    assert_eq!(first.iter().map(|claim| claim.id).collect::<Vec<_>>(), [ids[0]]);
    assert!(outgoing(store, after(1)).await.is_empty(), "nothing overtakes");
    finish(store, &first[0], after(1), accepted("wamid.1")).await;
    assert_eq!(texts(store, after(1)).await, ["dos"]);
    assert_eq!(states(store).await, [OutboxStatus::Accepted, OutboxStatus::Sending]);
}

pub async fn messages_of_a_followed_turn_know_their_trace(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let claim = claim_one(store, T0).await;
    let trace = TraceId::of(claim.inputs[0].id);
    let outbox = vec![say(&claim, "uno")];
    let followed = outbox[0].id;
    commit(store, TurnCommit { outbox, trace: Some(trace), ..commit_of(&claim, after(1)) }).await.unwrap();
    writes(store, ANA, "w2", after(2)).await;
    let other = says(store, after(2), &["dos"]).await[0];

    outgoing(store, after(3)).await;
    let found = store.followed_messages(&[other, followed]).await.unwrap();
    let conversation = claim.conversation.id;
    assert_eq!(
        found,
        [FollowedMessage { id: followed, trace, conversation, created_at: after(1), attempts: 1 }]
    );
    assert_eq!(store.followed_messages(&[]).await.unwrap(), []);
}

pub async fn a_retry_keeps_the_order(store: &dyn Store) {
    ana_hears(store, &["uno", "dos"]).await;
    let first = outgoing(store, T0).await.remove(0);
    finish(store, &first, T0, retry(after(10))).await;
    assert!(outgoing(store, after(9)).await.is_empty());
    let again = outgoing(store, after(10)).await.remove(0);
    assert_eq!((again.id, again.attempts), (first.id, 2));
    finish(store, &again, after(10), SendResult::Refused { why: "closed window".into(), code: None }).await;
    assert_eq!(texts(store, after(11)).await, ["dos"], "a refusal does not hold up the next");
}

pub async fn a_wait_gives_its_attempt_back(store: &dyn Store) {
    ana_hears(store, &["uno", "dos"]).await;
    for second in [0, 10] {
        let claim = outgoing(store, after(second)).await.remove(0);
        assert_eq!(claim.attempts, 1, "only paced or held so far");
        let wait = SendResult::Wait { until: after(second + 10), why: "paced".into() };
        finish(store, &claim, after(second), wait).await;
        assert!(outgoing(store, after(second + 9)).await.is_empty(), "nothing overtakes");
    }
    let tried = outgoing(store, after(20)).await.remove(0);
    finish(store, &tried, after(20), retry(after(30))).await;
    let again = outgoing(store, after(30)).await.remove(0);
    assert_eq!((again.id, again.attempts), (tried.id, 2), "a real try counts");
}

pub async fn an_expired_send_is_in_doubt_and_never_claimable(store: &dyn Store) {
    ana_hears(store, &["uno", "dos"]).await;
    outgoing(store, T0).await;
    assert!(outgoing(store, after(30)).await.is_empty());
    assert_eq!(states(store).await, [OutboxStatus::InDoubt, OutboxStatus::Queued]);
    assert_eq!(store.backlog(after(30)).await.unwrap().in_doubt, 1);
    // The doubt counts from the moment it was found.
    assert_eq!(give_up(store, after(329)).await, 0);
    assert!(outgoing(store, after(329)).await.is_empty());
    assert_eq!(give_up(store, after(330)).await, 1);
    assert_eq!(states(store).await, [OutboxStatus::Unconfirmed, OutboxStatus::Queued]);
    assert_eq!(texts(store, after(330)).await, ["dos"]);
}

pub async fn late_news_of_a_doubt_counts(store: &dyn Store) {
    ana_hears(store, &["uno", "dos"]).await;
    let first = outgoing(store, T0).await.remove(0);
    outgoing(store, after(30)).await;
    finish(store, &first, after(31), accepted("wamid.1")).await;
    assert_eq!(texts(store, after(31)).await, ["dos"]);
    // After the doubt was settled a retry would overtake; only good news counts.
    let second = outgoing(store, after(61)).await;
    assert!(second.is_empty());
    give_up(store, after(400)).await;
    let token = first.token;
    let late = |result| (OutboxId(acuerdo::domain::ids::derive(&first.conversation.0, "dos")), token, result);
    store.finish_outbox(after(401), &[late(retry(after(402)))]).await.unwrap();
    assert_eq!(states(store).await[1], OutboxStatus::Unconfirmed);
    store.finish_outbox(after(402), &[late(accepted("wamid.2"))]).await.unwrap();
    assert_eq!(states(store).await, [OutboxStatus::Accepted, OutboxStatus::Accepted]);
}

pub async fn a_result_with_an_old_token_changes_nothing(store: &dyn Store) {
    ana_hears(store, &["uno"]).await;
    let first = outgoing(store, T0).await.remove(0);
    finish(store, &first, T0, retry(after(1))).await;
    let second = outgoing(store, after(1)).await.remove(0);
    assert!(second.token > first.token);
    finish(store, &first, after(2), SendResult::Refused { why: "old".into(), code: None }).await;
    assert_eq!(states(store).await, [OutboxStatus::Sending]);
    finish(store, &second, after(2), doubt(after(60))).await;
    assert_eq!(states(store).await, [OutboxStatus::InDoubt]);
    assert_eq!(give_up(store, after(60)).await, 1);
}

pub async fn a_commit_withdraws_what_waits_from_earlier_turns(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let first = claim_one(store, T0).await;
    let proactive = |text| NewOutbox { origin: Origin::Proactive, ..say(&first, text) };
    let outbox = vec![say(&first, "uno"), proactive("recordatorio"), say(&first, "dos")];
    commit(store, TurnCommit { outbox, ..commit_of(&first, T0) }).await.unwrap();
    outgoing(store, T0).await;
    writes(store, ANA, "w2", after(1)).await;
    let second = claim_one(store, after(1)).await;
    let withdraw = |origin| Record::Withdraw { origin, why: "overtaken".to_owned() };
    let commit_all = |claim: &Claim| TurnCommit {
        records: vec![withdraw(Origin::Proactive), withdraw(Origin::Reply)],
        outbox: vec![proactive("tres"), say(&first, "cuatro")],
        ..commit_of(claim, after(1))
    };
    let stale = TurnCommit { token: second.token - 1, ..commit_all(&second) };
    assert!(commit(store, stale).await.is_err());
    assert_eq!(states(store).await, [OutboxStatus::Sending, OutboxStatus::Queued, OutboxStatus::Queued]);
    commit(store, commit_all(&second)).await.unwrap();
    let expected = [
        OutboxStatus::Sending,
        OutboxStatus::Refused,
        OutboxStatus::Refused,
        OutboxStatus::Queued,
        OutboxStatus::Queued,
    ];
    assert_eq!(states(store).await, expected, "one that is sending stays, and so does what the turn says");
    let sent = store.sent_messages(second.conversation.id, 10).await.unwrap();
    assert_eq!(sent[1].why.as_deref(), Some("overtaken"));
}

pub async fn a_claim_tells_the_gate_what_it_needs(store: &dyn Store) {
    accept(store, vec![message(both(ANA, "CO.111"), "w1", after(-5))], T0).await;
    let claim = claim_one(store, T0).await;
    let (told, linked) = (PersonId(Uuid::from_u128(71)), PersonId(Uuid::from_u128(72)));
    let outbox = vec![NewOutbox { subject: Some(told), ..say(&claim, "uno") }];
    let turn = TurnCommit {
        outbox,
        assurance: Assurance::Canal,
        person: Some(linked),
        ..commit_of(&claim, after(1))
    };
    commit(store, turn).await.unwrap();
    let out = outgoing(store, after(2)).await.remove(0);
    assert_eq!((out.to, out.phone_number_id, out.lender), (both(ANA, "CO.111"), number(), andina()));
    assert_eq!((out.label, out.origin, out.assurance), (Label::Deuda, Origin::Reply, Assurance::Canal));
    assert_eq!((out.subject, out.person), (Some(told), Some(linked)));
    assert_eq!((out.attempts, out.created_at), (1, after(1)));
    assert_eq!(out.last_inbound_at, Some(after(-5)));
    assert_eq!(out.last_inbound_wamid, Some(Wamid::from("w1")));
    assert!(!out.opted_out && !out.identity_conflict && out.agent_lease.is_none());
}

pub async fn parallel_senders_never_share_a_conversation(store: &dyn Store) {
    let items = (0..10).map(|n| message(phone(&format!("57300000000{n}")), &format!("w{n}"), T0)).collect();
    accept(store, items, T0).await;
    let commits: Vec<TurnCommit> = claim(store, T0)
        .await
        .iter()
        .map(|claim| TurnCommit {
            outbox: vec![say(claim, "uno"), say(claim, "dos")],
            ..commit_of(claim, T0)
        })
        .collect();
    store.commit_turns(&commits).await.unwrap();
    let rounds = (0..10).map(|_| store.claim_outbox(after(1), LEASE, DOUBT, Wanted::any(3)));
    let claims = futures_util::future::join_all(rounds).await.into_iter().flat_map(|claims| claims.unwrap());
    let chats: Vec<_> = claims.map(|claim| claim.conversation).collect();
    assert_eq!(chats.iter().collect::<HashSet<_>>().len(), chats.len());
    assert_eq!(chats.len() + outgoing(store, after(1)).await.len(), 10);
}
