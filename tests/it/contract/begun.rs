//! The two marks of a message on its way: claimed, of which nothing has left, and sending.

use super::make::*;
use super::sending::{accepted, finish, outgoing, states, texts};
use acuerdo::domain::ids::{OutboxId, PhoneNumberId};
use acuerdo::domain::inbound::DeliveryStatus;
use acuerdo::domain::time::Timestamp;
use acuerdo::ports::Store;
use acuerdo::ports::conversations::{NewOutbox, Origin, TurnCommit};
use acuerdo::ports::outbox::{Numbers, OutboxClaim, OutboxStatus, SendResult, Wanted};
use acuerdo::ports::records::Record;

async fn claims(store: &dyn Store, now: Timestamp) -> Vec<OutboxClaim> {
    store.claim_outbox(now, LEASE, DOUBT, Wanted::any(50)).await.unwrap()
}

async fn begin(store: &dyn Store, claim: &OutboxClaim, now: Timestamp) -> bool {
    let begun = store.begin_sends(now, LEASE, &[(claim.id, claim.token)]).await.unwrap();
    assert!(begun.is_empty() || begun == [claim.id], "{begun:?}");
    !begun.is_empty()
}

fn back() -> SendResult {
    SendResult::Back { why: "not_begun".into() }
}

async fn ana_hears(store: &dyn Store, what: &[&str]) -> Vec<OutboxId> {
    writes(store, ANA, "w1", T0).await;
    says(store, T0, what).await
}

pub async fn a_claim_that_was_not_begun_never_left(store: &dyn Store) {
    ana_hears(store, &["uno", "dos"]).await;
    let first = claims(store, T0).await.remove(0);
    assert_eq!(states(store).await, [OutboxStatus::Queued, OutboxStatus::Queued]);
    assert!(claims(store, after(29)).await.is_empty(), "it is held, and nothing overtakes it");
    let again = claims(store, after(30)).await.remove(0);
    assert_eq!((again.id, again.attempts), (first.id, 1), "no attempt was counted");
    assert!(again.token > first.token);
    assert_eq!(store.backlog(after(30)).await.unwrap().in_doubt, 0);
    assert!(begin(store, &again, after(31)).await);
    assert_eq!(states(store).await, [OutboxStatus::Sending, OutboxStatus::Queued]);
}

pub async fn who_wakes_late_begins_nothing(store: &dyn Store) {
    ana_hears(store, &["uno"]).await;
    let slept = claims(store, T0).await.remove(0);
    assert!(!begin(store, &slept, after(30)).await, "its lease has ended");
    let awake = claims(store, after(30)).await.remove(0);
    assert!(!begin(store, &slept, after(31)).await, "another one has it");
    assert!(begin(store, &awake, after(31)).await);
    assert!(!begin(store, &slept, after(32)).await);
    for late in [back(), SendResult::Refused { why: "late".into(), code: None }] {
        finish(store, &slept, after(32), late).await;
        assert_eq!(states(store).await, [OutboxStatus::Sending]);
    }
    finish(store, &awake, after(33), accepted("wamid.1")).await;
    assert_eq!(states(store).await, [OutboxStatus::Accepted]);
}

pub async fn a_claim_is_begun_once(store: &dyn Store) {
    ana_hears(store, &["uno"]).await;
    let claim = claims(store, T0).await.remove(0);
    let tries = (0..8).map(|_| begin(store, &claim, after(1)));
    let begun = futures_util::future::join_all(tries).await;
    assert_eq!(begun.iter().filter(|begun| **begun).count(), 1);
}

pub async fn what_is_given_back_keeps_its_place(store: &dyn Store) {
    ana_hears(store, &["uno"]).await;
    writes(store, BETO, "w2", after(1)).await;
    says(store, after(1), &["otro"]).await;
    for begun in [false, true] {
        let claim = store.claim_outbox(after(2), LEASE, DOUBT, Wanted::any(1)).await.unwrap().remove(0);
        assert_eq!((claim.content.readable().as_str(), claim.attempts), ("uno", 1));
        if begun {
            assert!(begin(store, &claim, after(2)).await);
        }
        finish(store, &claim, after(2), back()).await;
        assert_eq!(states(store).await, [OutboxStatus::Queued]);
        assert!(!begin(store, &claim, after(2)).await, "it was given back");
    }
    assert_eq!(texts(store, after(3)).await, ["uno", "otro"]);
}

pub async fn what_was_claimed_can_still_be_withdrawn(store: &dyn Store) {
    ana_hears(store, &["uno"]).await;
    let claim = claims(store, T0).await.remove(0);
    writes(store, ANA, "w2", after(1)).await;
    let turn = claim_one(store, after(1)).await;
    let records = vec![Record::Withdraw { origin: Origin::Reply, why: "overtaken".to_owned() }];
    commit(store, TurnCommit { records, ..commit_of(&turn, after(1)) }).await.unwrap();
    assert!(!begin(store, &claim, after(2)).await);
    finish(store, &claim, after(2), back()).await;
    assert_eq!(states(store).await, [OutboxStatus::Refused]);
}

pub async fn a_status_keeps_a_claimed_message_from_being_sent_again(store: &dyn Store) {
    let id = ana_hears(store, &["uno"]).await[0];
    let claim = claims(store, T0).await.remove(0);
    let proof = status("wamid.1", DeliveryStatus::Delivered, Some(id));
    accept(store, vec![proof], after(1)).await;
    store.apply_statuses(after(1), 60_000, 10).await.unwrap();
    assert_eq!(states(store).await, [OutboxStatus::Accepted]);
    assert!(!begin(store, &claim, after(2)).await);
    assert!(claims(store, after(60)).await.is_empty());
}

pub async fn that_it_was_taken_counts_under_any_token(store: &dyn Store) {
    ana_hears(store, &["uno"]).await;
    let first = claims(store, T0).await.remove(0);
    let second = claims(store, after(30)).await.remove(0);
    finish(store, &first, after(31), accepted("wamid.1")).await;
    assert_eq!(states(store).await, [OutboxStatus::Accepted]);
    assert!(!begin(store, &second, after(32)).await);
}

pub async fn answers_are_claimed_before_what_we_begin(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let turn = claim_one(store, T0).await;
    let outbox = vec![NewOutbox { origin: Origin::Proactive, ..say(&turn, "recordatorio") }];
    commit(store, TurnCommit { outbox, ..commit_of(&turn, T0) }).await.unwrap();
    writes(store, BETO, "w2", after(5)).await;
    says(store, after(5), &["respuesta"]).await;
    let one = async || {
        let mut claims = store.claim_outbox(after(6), LEASE, DOUBT, Wanted::any(1)).await.unwrap();
        claims.remove(0).content.readable()
    };
    assert_eq!([one().await, one().await], ["respuesta", "recordatorio"]);
}

pub async fn a_claim_may_be_of_one_number_or_of_others(store: &dyn Store) {
    ana_hears(store, &["uno"]).await;
    let (ours, other) = (number(), PhoneNumberId::from("999"));
    let of = async |of: Numbers<'_>| {
        let wanted = Wanted { of, most: 10 };
        let claims = store.claim_outbox(after(1), LEASE, DOUBT, wanted).await.unwrap();
        for claim in &claims {
            finish(store, claim, after(1), back()).await;
        }
        claims.len()
    };
    assert_eq!(of(Numbers::One(&other)).await, 0);
    assert_eq!(of(Numbers::One(&ours)).await, 1);
    assert_eq!(of(Numbers::NoneOf(&[ours.clone(), other.clone()])).await, 0);
    assert_eq!(of(Numbers::NoneOf(&[other])).await, 1);
    assert_eq!(of(Numbers::Any).await, 1);
    assert_eq!(outgoing(store, after(1)).await.len(), 1);
}

pub async fn only_what_nobody_has_claimed_is_withdrawn(store: &dyn Store) {
    let ids = ana_hears(store, &["uno", "dos", "tres"]).await;
    let claim = claims(store, T0).await.remove(0);
    assert_eq!(store.withdraw_sends(after(1), &ids[..2], "said_later").await.unwrap(), 1);
    assert!(begin(store, &claim, after(1)).await, "what is claimed may be on its way");
    finish(store, &claim, after(2), accepted("wamid.1")).await;
    assert_eq!(states(store).await, [OutboxStatus::Accepted, OutboxStatus::Refused, OutboxStatus::Queued]);
    assert_eq!(store.withdraw_sends(after(2), &ids[..2], "said_later").await.unwrap(), 0);
    assert_eq!(store.withdraw_sends(after(2), &[], "said_later").await.unwrap(), 0);
    assert_eq!(texts(store, after(3)).await, ["tres"]);
}
