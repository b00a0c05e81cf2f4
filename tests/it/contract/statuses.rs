//! Delivery statuses.

use super::make::*;
use super::sending::{accepted, finish, give_up, outgoing, states};
use acuerdo::domain::ids::OutboxId;
use acuerdo::domain::inbound::DeliveryStatus::{self, Delivered, Failed, Played, Read, Sent};
use acuerdo::ports::Store;
use acuerdo::ports::conversations::InputKind;
use acuerdo::ports::inbox::{AppliedStatuses, DeliveryItem};
use acuerdo::ports::outbox::{Fate, OutboxStatus, SendResult};
use uuid::Uuid;

const PARK_MS: i64 = 60_000;

async fn apply(store: &dyn Store, items: Vec<DeliveryItem>, second: i64) -> AppliedStatuses {
    accept(store, items, after(second)).await;
    store.apply_statuses(after(second), PARK_MS, 100).await.unwrap()
}

async fn rank(store: &dyn Store) -> i16 {
    let chat = of(store, phone(ANA)).await;
    store.sent_messages(chat.id, 1).await.unwrap()[0].delivery_rank
}

/// A message that WhatsApp accepted as `wamid.1`.
async fn sent(store: &dyn Store) -> OutboxId {
    writes(store, ANA, "w1", T0).await;
    let id = says(store, T0, &["uno"]).await[0];
    let claim = outgoing(store, T0).await.remove(0);
    finish(store, &claim, T0, accepted("wamid.1")).await;
    id
}

pub async fn a_message_has_a_fate(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let id = says(store, T0, &["uno"]).await[0];
    assert_eq!(store.fate(id).await.unwrap(), Fate::Pending, "it waits");
    let claim = outgoing(store, after(1)).await.remove(0);
    assert_eq!(store.fate(id).await.unwrap(), Fate::Pending, "it is on its way");
    finish(store, &claim, after(2), accepted("wamid.1")).await;
    assert_eq!(store.fate(id).await.unwrap(), Fate::Taken(after(2)));
    apply(store, vec![of_message(Failed)], 3).await;
    assert_eq!(store.fate(id).await.unwrap(), Fate::Missed, "it never came");
    let nobody = OutboxId(Uuid::from_u128(7));
    assert_eq!(store.fate(nobody).await.unwrap(), Fate::Missed, "nobody wrote it");
}

pub async fn a_doubted_message_is_missed_until_a_status_proves_it(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let id = says(store, T0, &["uno"]).await[0];
    let claim = outgoing(store, after(1)).await.remove(0);
    let doubt = SendResult::InDoubt { until: after(60), why: "no answer".to_owned() };
    finish(store, &claim, after(2), doubt).await;
    assert_eq!(store.fate(id).await.unwrap(), Fate::Pending, "a status may still come");
    give_up(store, after(61)).await;
    assert_eq!(store.fate(id).await.unwrap(), Fate::Missed, "none came");
    apply(store, vec![status("wamid.2", Delivered, Some(id))], 70).await;
    assert_eq!(
        store.fate(id).await.unwrap(),
        Fate::Taken(after(61)),
        "a late status: it came before its doubt ended"
    );
}

fn of_message(status_is: DeliveryStatus) -> DeliveryItem {
    status("wamid.1", status_is, None)
}

pub async fn ranks_only_rise(store: &dyn Store) {
    sent(store).await;
    let applied = apply(store, vec![of_message(Read), of_message(Sent)], 1).await;
    assert_eq!((applied.seen, applied.unmatched), (2, 0));
    assert_eq!(rank(store).await, 3);
    apply(store, vec![of_message(Delivered)], 2).await;
    assert_eq!(rank(store).await, 3);
    apply(store, vec![of_message(Played), of_message(DeliveryStatus::Other("deleted".into()))], 3).await;
    assert_eq!(rank(store).await, 4);
    assert_eq!(apply(store, vec![of_message(Played)], 4).await.seen, 0, "a repeat is no news");
}

pub async fn a_failure_counts_only_below_delivered(store: &dyn Store) {
    let id = sent(store).await;
    let applied = apply(store, vec![of_message(Failed)], 1).await;
    assert_eq!(applied.failed.len(), 1);
    let failure = &applied.failed[0];
    assert_eq!((failure.outbox, &failure.lender, &failure.codes), (id, &andina(), &vec![131_026]));
    assert_eq!(failure.conversation, of(store, phone(ANA)).await.id);
    let told = claim_one(store, after(1)).await;
    let kind = InputKind::DeliveryFailed { outbox: id, codes: vec![131_026], unconfirmed: None };
    assert_eq!(told.inputs.iter().map(|input| &input.kind).collect::<Vec<_>>(), [&kind]);
    commit(store, commit_of(&told, after(1))).await.unwrap();
    apply(store, vec![of_message(Sent)], 2).await;
    assert_eq!(rank(store).await, -1, "a late `sent` does not undo it");
    apply(store, vec![of_message(Delivered)], 3).await;
    assert_eq!(rank(store).await, 2, "a delivery does");
    let again = status("wamid.1", Failed, Some(id));
    let again = DeliveryItem { dedupe_key: "another".into(), id: super::make::id("another"), ..again };
    assert!(apply(store, vec![again], 4).await.failed.is_empty());
    assert!(claim(store, after(5)).await.is_empty(), "a failure that does not count is no input");
    assert_eq!(rank(store).await, 2);
}

pub async fn a_status_resolves_a_doubt(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let id = says(store, T0, &["uno", "dos"]).await[0];
    outgoing(store, T0).await;
    outgoing(store, after(30)).await;
    assert_eq!(states(store).await[0], OutboxStatus::InDoubt);
    apply(store, vec![status("wamid.9", Delivered, Some(id))], 31).await;
    let chat = of(store, phone(ANA)).await;
    let messages = store.sent_messages(chat.id, 10).await.unwrap();
    assert_eq!((&messages[0].status, messages[0].delivery_rank), (&OutboxStatus::Accepted, 2));
    assert_eq!(messages[0].wamid.as_ref().unwrap().as_str(), "wamid.9");
    assert_eq!(outgoing(store, after(31)).await.len(), 1, "the next may go");
}

pub async fn a_status_before_its_message_is_parked_and_woken(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    says(store, T0, &["uno"]).await;
    let claim = outgoing(store, T0).await.remove(0);
    let early = apply(store, vec![of_message(Delivered)], 1).await;
    assert_eq!((early.seen, early.unmatched), (1, 0));
    assert_eq!(store.backlog(after(1)).await.unwrap().pending_statuses, 1);
    finish(store, &claim, after(1), accepted("wamid.1")).await;
    assert_eq!(store.apply_statuses(after(1), PARK_MS, 100).await.unwrap().seen, 1);
    assert_eq!(rank(store).await, 2);
}

pub async fn a_status_without_a_message_is_given_up(store: &dyn Store) {
    assert_eq!(apply(store, vec![status("wamid.x", Sent, None)], 0).await.unmatched, 0);
    let later = store.apply_statuses(after(60), PARK_MS, 100).await.unwrap();
    assert_eq!((later.seen, later.unmatched), (1, 1));
    assert_eq!(store.apply_statuses(after(200), PARK_MS, 100).await.unwrap().seen, 0);
}

pub async fn a_status_of_another_lender_does_not_match(store: &dyn Store) {
    let id = sent(store).await;
    let foreign = DeliveryItem { lender: Some(other_lender()), ..status("wamid.1", Read, Some(id)) };
    apply(store, vec![foreign], 1).await;
    assert_eq!(rank(store).await, 0);
}
