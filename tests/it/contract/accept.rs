//! Receiving webhooks.

use super::make::*;
use acuerdo::domain::ids::Wamid;
use acuerdo::domain::inbound::WebhookItem;
use acuerdo::ports::Store;
use acuerdo::ports::inbox::{Accepted, DeliveryItem};
use acuerdo::ports::outbox::Wanted;

fn counts(new: u32, duplicate: u32, foreign: u32) -> Accepted {
    Accepted { new, duplicate, foreign }
}

pub async fn the_same_webhook_twice_adds_one_input(store: &dyn Store) {
    assert_eq!(accept(store, vec![message(phone(ANA), "w1", T0)], T0).await, counts(1, 0, 0));
    assert_eq!(accept(store, vec![message(phone(ANA), "w1", T0)], after(1)).await, counts(0, 1, 0));
    assert_eq!(names(&claim_one(store, after(2)).await), ["w1"]);
}

pub async fn a_duplicate_leaves_its_neighbours_alone(store: &dyn Store) {
    accept(store, vec![message(phone(ANA), "w1", T0)], T0).await;
    let items =
        vec![message(phone(ANA), "w1", T0), message(phone(ANA), "w2", T0), message(phone(BETO), "w3", T0)];
    let batch = [delivery(items, after(1)), delivery(vec![message(phone(BETO), "w4", T0)], after(1))];
    assert_eq!(store.accept(&batch).await.unwrap(), [counts(2, 1, 0), counts(1, 0, 0)]);
    let claims = claim(store, after(2)).await;
    assert_eq!(claims.iter().map(names).collect::<Vec<_>>(), [vec!["w1", "w2"], vec!["w3", "w4"]]);
}

pub async fn two_copies_in_one_batch_are_one(store: &dyn Store) {
    let copy = || delivery(vec![message(phone(ANA), "w1", T0)], T0);
    let mut second = copy();
    second.id = id("another POST");
    assert_eq!(store.accept(&[copy(), second]).await.unwrap(), [counts(1, 0, 0), counts(0, 1, 0)]);
    assert_eq!(names(&claim_one(store, T0).await), ["w1"]);
}

pub async fn an_acknowledged_batch_may_come_again_whole(store: &dyn Store) {
    let batch = [delivery(vec![message(phone(ANA), "w1", T0)], T0)];
    store.accept(&batch).await.unwrap();
    assert_eq!(store.accept(&batch).await.unwrap(), [counts(0, 1, 0)]);
}

pub async fn unreadable_bodies_are_kept_and_counted(store: &dyn Store) {
    let mut broken = delivery(vec![], T0);
    broken.body = vec![0, 255, 1];
    broken.unreadable = Some("not JSON".into());
    assert_eq!(store.accept(&[broken]).await.unwrap(), [counts(0, 0, 0)]);
    assert_eq!(store.unreadable_count().await.unwrap(), 1);
}

pub async fn items_of_foreign_numbers_are_stored_and_left_alone(store: &dyn Store) {
    let foreign = DeliveryItem { lender: None, ..message(phone(ANA), "w1", T0) };
    assert_eq!(accept(store, vec![foreign], T0).await, counts(0, 0, 1));
    assert!(claim(store, after(1)).await.is_empty());
    assert!(store.pending_notices(10).await.unwrap().is_empty());
    assert!(store.conversation_of(&number(), &phone(ANA)).await.unwrap().is_none());
}

pub async fn what_is_no_input_becomes_a_notice(store: &dyn Store) {
    let mut anonymous = message(phone(ANA), "w1", T0);
    if let WebhookItem::Message(message) = &mut anonymous.item {
        message.from = None;
    }
    let unknown = |key: &str| {
        let unknown = WebhookItem::Unknown {
            phone_number_id: None,
            field: key.into(),
            reason: "new field".into(),
            digest: "00".into(),
        };
        item(key, unknown)
    };
    accept(store, vec![unknown("first"), anonymous.clone(), unknown("last")], T0).await;
    assert!(claim(store, after(1)).await.is_empty());
    let notices = store.pending_notices(2).await.unwrap();
    assert_eq!(notices.iter().map(|notice| notice.id).collect::<Vec<_>>(), [id("first"), anonymous.id]);
    assert_eq!(notices[1].item, anonymous.item);
    assert_eq!(notices[0].lender, Some(andina()));
    store.finish_notices(&[id("first"), anonymous.id], after(2)).await.unwrap();
    let rest = store.pending_notices(10).await.unwrap();
    assert_eq!(rest.iter().map(|notice| notice.id).collect::<Vec<_>>(), [id("last")]);
}

pub async fn the_window_counts_from_the_newest_message(store: &dyn Store) {
    writes(store, ANA, "w1", after(50)).await;
    // Sent before, arrived later.
    accept(store, vec![message(phone(ANA), "w0", T0)], after(60)).await;
    assert_eq!(of(store, phone(ANA)).await.last_inbound_at, Some(after(50)));
    says(store, after(61), &["hola"]).await;
    let claimed = store.claim_outbox(after(62), LEASE, DOUBT, Wanted::any(10)).await.unwrap();
    assert_eq!(claimed[0].last_inbound_wamid, Some(Wamid::from("w1")));
}

pub async fn a_zero_character_blocks_nobody(store: &dyn Store) {
    let poisoned = message(phone(ANA), "w\u{0}1", T0);
    let result = accept(store, vec![poisoned, message(phone(BETO), "w2", T0)], T0).await;
    assert_eq!(result, counts(2, 0, 0));
    let ana = of(store, phone(ANA)).await.id;
    let mut claims = claim(store, after(1)).await;
    claims.retain(|claim| claim.conversation.id == ana);
    assert_eq!(names(&claims[0]), ["w\u{0}1"], "the document is kept exactly");
    let mut commit = commit_of(&claims[0], after(1));
    commit.session = document(&serde_json::json!({"said": "a\u{0}b"}));
    commit.events[0].body = document(&serde_json::json!({"said": "a\u{0}b"}));
    store.commit_turns(&[commit]).await.unwrap().remove(0).unwrap();
    let session = reload(store, ana).await.session.unwrap();
    assert_eq!(session.tree()["said"], "a\u{0}b");
}

pub async fn parallel_acceptors_create_one_conversation(store: &dyn Store) {
    let one = |n: usize| async move {
        let item = message(phone(ANA), &format!("w{n}"), T0);
        store.accept(&[delivery(vec![item], T0)]).await.unwrap()
    };
    futures_util::future::join_all((0..20).map(one)).await;
    assert_eq!(claim_one(store, after(1)).await.inputs.len(), 20);
}
