//! Tries of identity of several commits: none of them is judged without the others.

use super::make::*;
use acuerdo::domain::ids::{PersonId, PhoneNumberId};
use acuerdo::domain::inbound::WebhookItem;
use acuerdo::domain::time::Timestamp;
use acuerdo::ports::Store;
use acuerdo::ports::conversations::{CommitRefused, TurnCommit};
use acuerdo::ports::records::{IdentityTry, Record};

fn person_id() -> PersonId {
    PersonId(id("who is tried"))
}

/// A wrong try about one person, judged by whoever knew the stored tries up to `judged_after`.
fn wrong(judged_after: i64, at: Timestamp) -> Record {
    about(vec![person_id()], judged_after, at)
}

fn about(candidates: Vec<PersonId>, judged_after: i64, at: Timestamp) -> Record {
    Record::IdentityTry(IdentityTry {
        passed: None,
        candidates,
        at,
        locked_until: None,
        starts_challenge: true,
        judged_after,
    })
}

pub async fn a_try_that_was_judged_without_another_is_refused(store: &dyn Store) {
    let ana = writes(store, ANA, "w1", T0).await;
    turn(store, T0, vec![wrong(0, T0), wrong(0, T0)]).await;
    let newest = store.identity_history(ana.id, &[person_id()], after(1)).await.unwrap().newest;
    assert!(newest > 0);

    // Another phone's answer that was compared before this one was stored.
    let beto = writes(store, BETO, "w2", after(1)).await;
    let claim = claim_one(store, after(1)).await;
    let blind = TurnCommit {
        records: vec![wrong(newest - 1, after(1)), Record::OpenTicket(ticket("t1"))],
        outbox: vec![say(&claim, "no coincide")],
        ..commit_of(&claim, after(1))
    };
    assert_eq!(commit(store, blind.clone()).await, Err(CommitRefused::Tried));
    assert!(store.sent_messages(beto.id, 9).await.unwrap().is_empty(), "nothing of it is written");
    assert!(store.open_tickets(9).await.unwrap().is_empty());
    let seeing = TurnCommit { records: vec![wrong(newest, after(1))], ..blind };
    assert_eq!(commit(store, seeing).await, Ok(()), "judged again with what is known now");
}

pub async fn of_two_tries_about_one_person_in_a_batch_the_second_is_refused(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    writes(store, BETO, "w2", T0).await;
    writes(store, "573009998877", "w3", T0).await;
    let claims = claim(store, T0).await;
    let records = [
        vec![wrong(0, T0), wrong(0, T0)],
        vec![wrong(0, T0)],
        vec![about(vec![PersonId(id("somebody else"))], 0, T0)],
    ];
    let commits: Vec<TurnCommit> = claims
        .iter()
        .zip(records)
        .map(|(claim, records)| TurnCommit { records, ..commit_of(claim, T0) })
        .collect();
    let results = store.commit_turns(&commits).await.unwrap();
    assert_eq!(results, [Ok(()), Err(CommitRefused::Tried), Ok(())]);
}

pub async fn tries_of_one_account_on_two_numbers_of_ours_see_each_other(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let mut item = message(phone(ANA), "w2", T0);
    if let WebhookItem::Message(message) = &mut item.item {
        message.phone_number_id = PhoneNumberId::from("pn-2");
    }
    accept(store, vec![item], T0).await;
    let claims = claim(store, T0).await;
    assert_eq!(claims.len(), 2);
    // Nobody is on file: the account alone counts.
    let commit_of_one =
        |at: usize| TurnCommit { records: vec![about(vec![], 0, T0)], ..commit_of(&claims[at], T0) };
    assert_eq!(commit(store, commit_of_one(0)).await, Ok(()));
    assert_eq!(commit(store, commit_of_one(1)).await, Err(CommitRefused::Tried));
}

pub async fn parallel_tries_about_one_person_come_one_after_the_other(store: &dyn Store) {
    let items = (0..8).map(|n| message(phone(&format!("57300000000{n}")), &format!("w{n}"), T0)).collect();
    accept(store, items, T0).await;
    let claims = claim(store, T0).await;
    let commits = claims
        .iter()
        .map(|claim| commit(store, TurnCommit { records: vec![wrong(0, T0)], ..commit_of(claim, T0) }));
    let results = futures_util::future::join_all(commits).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(CommitRefused::Tried))));
}
