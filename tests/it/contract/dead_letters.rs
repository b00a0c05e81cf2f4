//! What waits for an operator.

use super::make::*;
use acuerdo::domain::ids::{FlowHash, InboxId, TicketId};
use acuerdo::ports::Store;
use acuerdo::ports::conversations::TurnCommit;
use acuerdo::ports::dead_letters::{DeadTurn, NewDeadTurn};
use acuerdo::ports::inbox::Delivery;
use acuerdo::ports::records::Record;

pub fn letter(name: &str, inputs: Vec<InboxId>) -> NewDeadTurn {
    NewDeadTurn {
        id: id(name),
        inputs,
        cause: "session_unreadable".into(),
        detail: "it was written by a newer program".into(),
        flow_hash: Some(FlowHash::from("hash-1")),
        step: Some("menu.inicio".into()),
        failures: 3,
        ticket: Some(TicketId(id("t1"))),
    }
}

pub async fn a_turn_set_aside_is_kept_and_comes_back_in_its_order(store: &dyn Store) {
    accept(store, vec![message(phone(ANA), "w1", T0), message(phone(ANA), "w2", T0)], T0).await;
    let first = claim_one(store, T0).await;
    store.release(first.conversation.id, first.token, after(1)).await.unwrap();
    let failed = claim_one(store, after(1)).await;
    let dead = letter("dead", failed.inputs.iter().map(|input| input.id).collect());
    let aside = TurnCommit { records: vec![Record::SetAside(dead.clone())], ..commit_of(&failed, after(2)) };
    commit(store, aside).await.unwrap();
    let expected =
        DeadTurn { lender: andina(), conversation: failed.conversation.id, at: after(2), turn: dead.clone() };
    assert_eq!(store.dead_turns(10).await.unwrap(), [expected]);
    assert_eq!(store.backlog(after(2)).await.unwrap().dead_letters, 1);
    assert!(claim(store, after(3)).await.is_empty(), "its inputs are worked off");

    writes(store, ANA, "w3", after(3)).await;
    assert!(store.retry_dead_turn(dead.id, after(4)).await.unwrap());
    assert!(!store.retry_dead_turn(dead.id, after(4)).await.unwrap(), "once");
    assert!(!store.retry_dead_turn(id("nobody"), after(4)).await.unwrap());
    let again = claim_one(store, after(4)).await;
    assert_eq!(names(&again), ["w1", "w2", "w3"]);
    assert!(again.inputs.iter().all(|input| input.failures == 0));
    assert!(store.dead_turns(10).await.unwrap().is_empty());
    assert_eq!(store.backlog(after(4)).await.unwrap().dead_letters, 0);
}

pub async fn an_unreadable_delivery_waits_until_it_is_settled(store: &dyn Store) {
    let raw = Delivery {
        id: id("raw"),
        received_at: T0,
        body: b"{\xff".to_vec(),
        unreadable: Some("line 1".into()),
        items: vec![],
    };
    store.accept(std::slice::from_ref(&raw)).await.unwrap();
    let found = store.dead_deliveries(10).await.unwrap();
    let [dead] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((dead.id, dead.received_at, dead.bytes, dead.why.as_str()), (raw.id, T0, 2, "line 1"));
    assert_eq!(store.delivery_body(raw.id).await.unwrap(), Some(raw.body.clone()));
    assert_eq!(store.delivery_body(id("nobody")).await.unwrap(), None);
    // Read again: its items come under the id that is known.
    let read = Delivery { unreadable: None, items: vec![message(phone(ANA), "w1", T0)], ..raw };
    store.accept(&[read]).await.unwrap();
    store.settle_delivery(id("raw")).await.unwrap();
    assert!(store.dead_deliveries(10).await.unwrap().is_empty());
    assert_eq!(store.unreadable_count().await.unwrap(), 0);
    assert_eq!(names(&claim_one(store, T0).await), ["w1"]);
}
