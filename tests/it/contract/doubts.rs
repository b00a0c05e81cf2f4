//! Messages in doubt: what their silence is judged by, and how a doubt ends.

use super::make::*;
use super::sending::{accepted, finish, outgoing, states};
use acuerdo::domain::assurance::Label;
use acuerdo::domain::inbound::DeliveryStatus::Delivered;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::Store;
use acuerdo::ports::conversations::{NewOutbox, Origin, TurnCommit};
use acuerdo::ports::outbox::{DoubtEnd, OpenDoubt, OutboxClaim, OutboxStatus, SendResult};
use acuerdo::ports::records::Record;
use acuerdo::rules::doubt::Neighbours;

const UNTIL: i64 = 200;

async fn doubts(store: &dyn Store, now: Timestamp) -> Vec<OpenDoubt> {
    store.open_doubts(now, 10).await.unwrap()
}

/// A message to somebody that was taken `taken` seconds after the start.
async fn neighbour(store: &dyn Store, n: u32, taken: i64) {
    let digits = format!("5730022200{n:02}");
    writes(store, &digits, &format!("n{n}"), after(taken)).await;
    says(store, after(taken), &["vecino"]).await;
    let claim = outgoing(store, after(taken)).await.remove(0);
    finish(store, &claim, after(taken), accepted(&format!("wamid.n{n}"))).await;
}

/// A message to Ana that was begun `begun` seconds after the start, and is in doubt.
async fn doubted(store: &dyn Store, begun: i64) -> OutboxClaim {
    writes(store, ANA, "w1", after(begun)).await;
    says(store, after(begun), &["uno"]).await;
    let claim = outgoing(store, after(begun)).await.remove(0);
    let doubt = SendResult::InDoubt { until: after(UNTIL), why: "no answer".to_owned() };
    finish(store, &claim, after(begun + 1), doubt).await;
    claim
}

async fn reported(store: &dyn Store, n: u32, at: i64) {
    accept(store, vec![status(&format!("wamid.n{n}"), Delivered, None)], after(at)).await;
    store.apply_statuses(after(at), 60_000, 10).await.unwrap();
}

pub async fn silence_is_judged_beside_what_was_taken_just_before(store: &dyn Store) {
    // Too early, twice just before, and too late to be a neighbour.
    for (n, taken) in [(1, 4), (2, 6), (3, 9)] {
        neighbour(store, n, taken).await;
    }
    let claim = doubted(store, 10).await;
    neighbour(store, 4, 11).await;
    assert_eq!(doubts(store, after(24)).await, [], "it is too early to say anything");
    reported(store, 2, 25).await;
    let found = doubts(store, after(25)).await.remove(0);
    assert_eq!((found.id, found.token, found.conversation), (claim.id, claim.token, claim.conversation));
    assert_eq!((found.origin, found.label, found.names_agreement), (Origin::Reply, Label::Deuda, false));
    assert_eq!((found.sent_at, found.until, found.is_reported), (Some(after(10)), after(UNTIL), false));
    assert_eq!(found.neighbours, Neighbours { n: 2, n_told: 1, slowest: Millis::seconds(19) });
    reported(store, 3, 26).await;
    // Only the first report counts.
    reported(store, 2, 80).await;
    let found = doubts(store, after(81)).await.remove(0);
    assert_eq!(found.neighbours, Neighbours { n: 2, n_told: 2, slowest: Millis::seconds(19) });
}

pub async fn a_report_that_waits_is_seen_before_it_is_applied(store: &dyn Store) {
    let claim = doubted(store, 0).await;
    assert!(!doubts(store, after(30)).await[0].is_reported);
    accept(store, vec![status("wamid.1", Delivered, Some(claim.id))], after(31)).await;
    assert!(doubts(store, after(31)).await[0].is_reported);
    store.apply_statuses(after(32), 60_000, 10).await.unwrap();
    assert_eq!(doubts(store, after(32)).await, []);
    assert_eq!(states(store).await, [OutboxStatus::Accepted]);
}

pub async fn a_doubt_ends_in_the_queue_or_unconfirmed(store: &dyn Store) {
    let claim = doubted(store, 0).await;
    let end = async |token: i64, end: DoubtEnd, at: i64| {
        store.end_doubts(after(at), &[(claim.id, token, end)]).await.unwrap()
    };
    assert_eq!(end(claim.token - 1, DoubtEnd::Unconfirmed, 40).await, 0, "that was an older try");
    assert_eq!(end(claim.token, DoubtEnd::Again, 40).await, 1);
    assert_eq!(end(claim.token, DoubtEnd::Unconfirmed, 40).await, 0, "it is in doubt no more");
    assert_eq!(states(store).await, [OutboxStatus::Queued]);
    let again = outgoing(store, after(41)).await.remove(0);
    assert_eq!((again.id, again.attempts), (claim.id, 2));
    let doubt = SendResult::InDoubt { until: after(UNTIL), why: "no answer".to_owned() };
    finish(store, &again, after(42), doubt).await;
    let found = doubts(store, after(60)).await.remove(0);
    assert_eq!((found.token, found.sent_at), (again.token, Some(after(41))), "it was sent anew");
    assert_eq!(end(again.token, DoubtEnd::Unconfirmed, 60).await, 1);
    assert_eq!(states(store).await, [OutboxStatus::Unconfirmed]);
    assert_eq!(store.end_doubts(after(61), &[]).await.unwrap(), 0);
}

pub async fn the_first_answer_still_counts_after_a_doubt_has_ended_in_the_queue(store: &dyn Store) {
    let claim = doubted(store, 0).await;
    store.end_doubts(after(40), &[(claim.id, claim.token, DoubtEnd::Again)]).await.unwrap();
    finish(store, &claim, after(41), accepted("wamid.1")).await;
    assert_eq!(states(store).await, [OutboxStatus::Accepted]);
    assert!(outgoing(store, after(42)).await.is_empty());
}

pub async fn a_receipt_names_its_agreement(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[ANA]);
    writes(store, ANA, "w1", T0).await;
    let turn = claim_one(store, T0).await;
    let made = agreement(&ana, "once");
    let told = |text: &str| NewOutbox { subject: Some(ana.id), ..say(&turn, text) };
    let outbox = vec![told(&format!("Acuerdo {} registrado", made.reference)), told("Gracias")];
    let records = vec![Record::Agreement(made)];
    let turn = TurnCommit { outbox, records, person: Some(ana.id), ..commit_of(&turn, T0) };
    commit(store, turn).await.unwrap();
    for (at, names_agreement) in [(1, true), (50, false)] {
        let claim = outgoing(store, after(at)).await.remove(0);
        let doubt = SendResult::InDoubt { until: after(UNTIL), why: "no answer".to_owned() };
        finish(store, &claim, after(at), doubt).await;
        let found = doubts(store, after(at + 20)).await.remove(0);
        assert_eq!((found.id, found.names_agreement), (claim.id, names_agreement));
        store.end_doubts(after(at + 20), &[(found.id, found.token, DoubtEnd::Unconfirmed)]).await.unwrap();
    }
}
