//! Claiming conversations, timers, lookups.

use super::make::*;
use acuerdo::domain::ids::{ConversationId, InboxId, TicketId};
use acuerdo::ports::Store;
use acuerdo::ports::conversations::{Backlog, InputKind, TurnCommit};
use std::collections::HashSet;

pub async fn inputs_come_in_order_of_arrival(store: &dyn Store) {
    // In one delivery, and with times of sending that say otherwise.
    accept(store, vec![message(phone(ANA), "w1", after(9)), message(phone(ANA), "w2", after(5))], T0).await;
    accept(store, vec![message(phone(ANA), "w3", after(1))], after(1)).await;
    let claim = claim_one(store, after(10)).await;
    assert_eq!(names(&claim), ["w1", "w2", "w3"]);
    assert_eq!(claim.inputs[0].received_at, T0);
    assert_eq!(claim.leased_until, after(40));
    assert!(claim.conversation.session.is_none());
}

pub async fn a_claimed_conversation_is_nobody_elses(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    claim_one(store, T0).await;
    assert!(claim(store, after(29)).await.is_empty());
}

pub async fn parallel_claimers_share_without_overlap(store: &dyn Store) {
    let items = (0..40).map(|n| message(phone(&format!("5730000000{n:02}")), &format!("w{n}"), T0)).collect();
    accept(store, items, T0).await;
    let rounds = (0..10).map(|_| store.claim_conversations(after(1), LEASE, 4, 10));
    let claims = futures_util::future::join_all(rounds).await;
    let ids: Vec<ConversationId> =
        claims.into_iter().flat_map(|claims| claims.unwrap()).map(|claim| claim.conversation.id).collect();
    let distinct: HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "two callers held the same conversation");
    let rest = claim(store, after(1)).await.len();
    assert_eq!(ids.len() + rest, 40);
}

pub async fn a_lease_ends_and_the_token_rises(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let first = claim_one(store, T0).await;
    let second = claim_one(store, after(30)).await;
    assert!(second.token > first.token);
    assert_eq!(names(&second), ["w1"]);
    assert!(commit(store, commit_of(&first, after(31))).await.is_err(), "fenced off");
    assert!(commit(store, commit_of(&second, after(31))).await.is_ok());
}

pub async fn at_most_so_many_inputs_come_and_the_rest_follow(store: &dyn Store) {
    let items = (0..5).map(|n| message(phone(ANA), &format!("w{n}"), T0)).collect();
    accept(store, items, T0).await;
    let mut claims = store.claim_conversations(T0, LEASE, 10, 3).await.unwrap();
    let first = claims.remove(0);
    assert_eq!(names(&first), ["w0", "w1", "w2"]);
    commit(store, commit_of(&first, T0)).await.unwrap();
    assert_eq!(names(&claim_one(store, after(1)).await), ["w3", "w4"]);
}

pub async fn a_released_claim_waits_and_counts_a_failure(store: &dyn Store) {
    accept(store, vec![message(phone(ANA), "w1", T0), message(phone(ANA), "w2", T0)], T0).await;
    let first = claim_one(store, T0).await;
    store.release(first.conversation.id, first.token - 1, T0).await.unwrap();
    assert!(claim(store, after(1)).await.is_empty(), "an old token releases nothing");
    store.release(first.conversation.id, first.token, after(60)).await.unwrap();
    // A new input does not shorten the back-off.
    accept(store, vec![message(phone(ANA), "w3", T0)], after(2)).await;
    assert!(claim(store, after(59)).await.is_empty());
    let again = claim_one(store, after(60)).await;
    assert_eq!(again.inputs.iter().map(|input| input.failures).collect::<Vec<_>>(), [1, 0, 0]);
}

pub async fn a_claim_given_back_counts_no_failure(store: &dyn Store) {
    for (who, wamid) in [(ANA, "w1"), (BETO, "w2")] {
        writes(store, who, wamid, T0).await;
    }
    let claims = claim(store, T0).await;
    let all = |retry_at| {
        claims.iter().map(|claim| (claim.conversation.id, claim.token, retry_at)).collect::<Vec<_>>()
    };
    let old: Vec<_> = claims.iter().map(|claim| (claim.conversation.id, claim.token - 1, T0)).collect();
    store.give_back(&old).await.unwrap();
    assert!(claim(store, after(1)).await.is_empty(), "an old token gives nothing back");
    // One of them was committed all the same.
    commit(store, commit_of(&claims[0], after(1))).await.unwrap();
    store.give_back(&all(after(5))).await.unwrap();
    assert!(claim(store, after(4)).await.is_empty());
    let again = claim_one(store, after(5)).await;
    assert_eq!(names(&again), names(&claims[1]));
    assert_eq!(again.inputs[0].failures, 0);
    // It has another holder now.
    store.give_back(&all(after(5))).await.unwrap();
    assert!(claim(store, after(6)).await.is_empty());
    commit(store, commit_of(&again, after(7))).await.unwrap();
    store.give_back(&[]).await.unwrap();
}

pub async fn new_input_during_a_lease_waits_for_its_end(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let first = claim_one(store, T0).await;
    writes(store, ANA, "w2", after(1)).await;
    assert!(claim(store, after(2)).await.is_empty());
    commit(store, commit_of(&first, after(3))).await.unwrap();
    assert_eq!(names(&claim_one(store, after(3)).await), ["w2"]);
}

pub async fn timers_become_inputs_once(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let first = claim_one(store, T0).await;
    let timers = Some(vec![timer("later", after(120)), timer("late", after(100)), timer("soon", after(50))]);
    commit(store, TurnCommit { timers, ..commit_of(&first, T0) }).await.unwrap();
    assert_eq!(store.fire_timers(after(49), 10).await.unwrap(), 0);
    assert_eq!(store.fire_timers(after(110), 10).await.unwrap(), 2);
    assert_eq!(store.fire_timers(after(110), 10).await.unwrap(), 0);
    let claim = claim_one(store, after(110)).await;
    assert_eq!(names(&claim), ["timer soon", "timer late"]);
    // The same timer id, set again, fires again.
    let timers = Some(vec![timer("soon", after(200))]);
    commit(store, TurnCommit { timers, ..commit_of(&claim, after(111)) }).await.unwrap();
    assert_eq!(store.fire_timers(after(300), 10).await.unwrap(), 1, "`later` was replaced");
    assert_eq!(names(&claim_one(store, after(300)).await), ["timer soon"]);
}

pub async fn an_added_input_counts_once(store: &dyn Store) {
    let chat = writes(store, ANA, "w1", T0).await;
    turn(store, T0, vec![]).await;
    let kind = InputKind::TicketClosed { ticket: TicketId(id("t")), outcome: None };
    for second in [1, 2] {
        store.add_input(chat.id, InboxId(id("in")), kind.clone(), after(second)).await.unwrap();
    }
    let claim = claim_one(store, after(3)).await;
    assert_eq!(claim.inputs.len(), 1);
    assert_eq!(claim.inputs[0].kind, kind);
    commit(store, commit_of(&claim, after(4))).await.unwrap();
    store.add_input(chat.id, InboxId(id("in")), kind.clone(), after(5)).await.unwrap();
    assert!(super::make::claim(store, after(6)).await.is_empty(), "a done input does not come back");
    let nobody = ConversationId(id("nobody"));
    assert!(store.add_input(nobody, InboxId(id("in2")), kind, after(5)).await.is_err());
}

pub async fn a_conversation_is_found_by_either_address(store: &dyn Store) {
    accept(store, vec![message(both(ANA, "CO.111"), "w1", T0)], T0).await;
    let chat = of(store, phone(ANA)).await;
    assert_eq!(of(store, user("CO.111")).await.id, chat.id);
    assert_eq!((chat.lender, chat.phone_number_id, chat.created_at), (andina(), number(), T0));
    assert_eq!(chat.profile_name.unwrap().expose(), "Ana");
    assert!(store.conversation_of(&number(), &phone(BETO)).await.unwrap().is_none());
    assert!(store.conversation(ConversationId(id("nobody"))).await.unwrap().is_none());
}

pub async fn the_backlog_is_counted(store: &dyn Store) {
    assert_eq!(store.backlog(T0).await.unwrap(), Backlog::default());
    writes(store, ANA, "w1", T0).await;
    says(store, T0, &["uno", "dos"]).await;
    writes(store, ANA, "w2", after(1)).await;
    accept(store, vec![status("wamid.x", acuerdo::domain::inbound::DeliveryStatus::Sent, None)], T0).await;
    let backlog = store.backlog(after(4)).await.unwrap();
    let expected = Backlog {
        pending_inputs: 1,
        queued_outbox: 2,
        in_doubt: 0,
        pending_statuses: 1,
        dead_letters: 0,
        oldest_input_ms: 3_000,
        oldest_answer_ms: backlog.oldest_answer_ms,
        ..Backlog::default()
    };
    assert_eq!(backlog, expected);
    assert!((3_000..=4_000).contains(&backlog.oldest_answer_ms), "{backlog:?}");
}
