//! What has served goes; what is pending, needed or evidence stays.

use super::make::*;
use acuerdo::domain::ids::{CaseId, ConversationId};
use acuerdo::domain::inbound::DeliveryStatus;
use acuerdo::domain::time::Timestamp;
use acuerdo::ports::Store;
use acuerdo::ports::conversations::TurnCommit;
use acuerdo::ports::dead_letters::NewDeadTurn;
use acuerdo::ports::inbox::Delivery;
use acuerdo::ports::outbox::{SendResult, Wanted};
use acuerdo::ports::records::{Case, Record};
use acuerdo::ports::retention::{Act, Aged, Place};
use uuid::Uuid;

const CARLA: &str = "573007778899";
/// Everything before it is old.
const CUT: Timestamp = Timestamp(T0.0 + 50_000);
/// Rows of a step; few, so that every sweep takes several.
const STEP: u32 = 2;

/// Sweeps a kind to its end.
async fn sweep(store: &dyn Store, kind: Aged, act: Act) -> u64 {
    let (mut removed, mut next) = (0, Some(Place::default()));
    while let Some(after) = next {
        let step = store.sweep(kind, CUT, after, STEP, act).await.unwrap();
        removed += step.removed;
        next = step.next;
    }
    removed
}

/// Ids in the order of time, as the inbox gives them.
fn raw(at: Timestamp, unreadable: Option<&str>) -> Delivery {
    let millis = u64::try_from(at.0).unwrap();
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid();
    Delivery { id, unreadable: unreadable.map(Into::into), ..delivery(vec![], at) }
}

/// A message and the turn that worked it off.
async fn chat(store: &dyn Store, digits: &str, at: Timestamp, records: Vec<Record>) -> ConversationId {
    writes(store, digits, &format!("{digits} {at:?}"), at).await;
    turn(store, at, records).await.id
}

/// Sends what waits.
async fn sent(store: &dyn Store, at: Timestamp) {
    for claim in store.claim_outbox(at, LEASE, DOUBT, Wanted::any(10)).await.unwrap() {
        let wamid = format!("wamid.{}", claim.id).as_str().into();
        store.finish_outbox(at, &[(claim.id, claim.token, SendResult::Accepted { wamid })]).await.unwrap();
    }
}

/// Log entries and messages of a chat.
async fn story(store: &dyn Store, chat: ConversationId) -> (usize, usize) {
    let events = store.events(chat, 0, 100).await.unwrap().len();
    (events, store.sent_messages(chat, 100).await.unwrap().len())
}

pub async fn old_deliveries_go_and_unreadable_ones_stay(store: &dyn Store) {
    let old = [raw(T0, None), raw(after(1), Some("no JSON")), raw(after(2), None), raw(after(3), None)];
    let young = raw(after(60), None);
    store.accept(&old).await.unwrap();
    store.accept(std::slice::from_ref(&young)).await.unwrap();

    assert_eq!(sweep(store, Aged::Deliveries, Act::Look).await, 3);
    assert!(store.delivery_body(old[0].id).await.unwrap().is_some(), "looking removes nothing");
    assert_eq!(sweep(store, Aged::Deliveries, Act::Remove).await, 3);
    assert_eq!(sweep(store, Aged::Deliveries, Act::Remove).await, 0);
    for gone in [&old[0], &old[2], &old[3]] {
        assert_eq!(store.delivery_body(gone.id).await.unwrap(), None);
    }
    for kept in [&old[1], &young] {
        assert!(store.delivery_body(kept.id).await.unwrap().is_some());
    }
}

pub async fn worked_off_updates_go_with_their_keys(store: &dyn Store) {
    chat(store, ANA, T0, vec![]).await;
    writes(store, BETO, "waits", after(1)).await;
    accept(store, vec![message(phone(CARLA), "young", after(60))], after(60)).await;
    let again = || vec![message(phone(ANA), &format!("{ANA} {T0:?}"), T0)];
    assert_eq!(accept(store, again(), after(61)).await.new, 0);

    assert_eq!(sweep(store, Aged::Inputs, Act::Remove).await, 1);
    let waiting: Vec<Vec<String>> = claim(store, after(62)).await.iter().map(names).collect();
    assert_eq!(waiting, [["waits"], ["young"]], "what is pending stays, however old");
    assert_eq!(accept(store, again(), after(63)).await.new, 1, "the key went with its input");
}

pub async fn worked_off_notices_go_and_parked_ones_stay(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    says(store, T0, &["uno"]).await;
    sent(store, T0).await;
    let wamid =
        format!("wamid.{}", store.sent_messages(of(store, phone(ANA)).await.id, 1).await.unwrap()[0].id);
    accept(store, vec![status(&wamid, DeliveryStatus::Read, None)], after(1)).await;
    accept(store, vec![status("wamid.unknown", DeliveryStatus::Read, None)], after(2)).await;
    store.apply_statuses(after(3), 1_000_000, 100).await.unwrap();

    assert_eq!(sweep(store, Aged::Notices, Act::Remove).await, 1);
    assert_eq!(store.backlog(after(4)).await.unwrap().pending_statuses, 1);
    assert_eq!(sweep(store, Aged::Notices, Act::Remove).await, 0);
}

pub async fn inputs_of_a_dead_letter_stay_until_it_was_retried(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let failed = claim_one(store, T0).await;
    let letter = NewDeadTurn {
        id: id("dead"),
        inputs: failed.inputs.iter().map(|input| input.id).collect(),
        cause: "panic".into(),
        detail: "at a step".into(),
        flow_hash: None,
        step: None,
        failures: 3,
        ticket: None,
    };
    commit(store, TurnCommit { records: vec![Record::SetAside(letter)], ..commit_of(&failed, T0) })
        .await
        .unwrap();

    assert_eq!(sweep(store, Aged::Inputs, Act::Remove).await, 0);
    assert!(store.retry_dead_turn(id("dead"), after(1)).await.unwrap());
    assert_eq!(sweep(store, Aged::Inputs, Act::Remove).await, 0, "it is pending again");
    turn(store, after(2), vec![]).await;
    assert_eq!(sweep(store, Aged::Inputs, Act::Remove).await, 1);
}

pub async fn an_ended_chat_goes_whole_and_others_stay_whole(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let ended = of(store, phone(ANA)).await.id;
    says(store, T0, &["uno", "dos"]).await;
    sent(store, after(1)).await;
    sent(store, after(2)).await;
    chat(store, ANA, after(3), vec![]).await;
    let spoke_since = chat(store, BETO, T0, vec![]).await;
    chat(store, BETO, after(60), vec![]).await;
    let with_ticket = chat(store, CARLA, T0, vec![Record::OpenTicket(ticket("t1"))]).await;
    let waits = chat(store, "573000000001", T0, vec![]).await;
    writes(store, "573000000001", "waits", after(4)).await;

    assert_eq!(story(store, ended).await, (2, 2));
    assert_eq!(sweep(store, Aged::Chats, Act::Look).await, 1);
    assert_eq!(sweep(store, Aged::Chats, Act::Remove).await, 1);
    assert_eq!(sweep(store, Aged::Chats, Act::Remove).await, 0);
    assert_eq!(story(store, ended).await, (0, 0));
    assert_eq!(story(store, spoke_since).await, (2, 0), "its old entries stay with the new ones");
    assert_eq!(story(store, with_ticket).await, (1, 0));
    assert_eq!(story(store, waits).await, (1, 0));

    // The chat itself goes on where it was, with new numbers in its log.
    writes(store, ANA, "w9", after(90)).await;
    let claims = claim(store, after(90)).await;
    let again = claims.into_iter().find(|claim| claim.conversation.id == ended).unwrap();
    assert!(again.conversation.session.is_some());
    commit(store, commit_of(&again, after(90))).await.unwrap();
    let seqs: Vec<i64> = store.events(ended, 0, 9).await.unwrap().into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(seqs, [3]);
}

pub async fn a_chat_that_proves_or_will_do_something_stays(store: &dyn Store) {
    let (ana, beto) = (person(&andina(), "Ana", &[ANA]), person(&andina(), "Beto", &[BETO]));
    store.import(&andina(), &[ana.clone(), beto.clone()], &[], T0).await.unwrap();
    let linked = async |digits: &str, who: &acuerdo::domain::debt::Person, record: Record| {
        writes(store, digits, &format!("w {digits}"), T0).await;
        let claim = claim_one(store, T0).await;
        let records = vec![record];
        let turn = TurnCommit { person: Some(who.id), records, ..commit_of(&claim, T0) };
        commit(store, turn).await.unwrap();
        claim.conversation.id
    };
    let case = Case {
        id: CaseId(id("case")),
        lender: andina(),
        person: Some(beto.id),
        obligation: None,
        kind: "dispute".into(),
        note: None,
        at: T0,
    };
    let agreed = linked(ANA, &ana, Record::Agreement(agreement(&ana, "k1"))).await;
    let disputed = linked(BETO, &beto, Record::Case(case)).await;
    writes(store, CARLA, "w1", T0).await;
    let claim = claim_one(store, T0).await;
    let reminded = claim.conversation.id;
    let timers = Some(vec![timer("nudge", after(900))]);
    commit(store, TurnCommit { timers, ..commit_of(&claim, T0) }).await.unwrap();
    writes(store, "573000000001", "w2", T0).await;
    let unsent = of(store, phone("573000000001")).await.id;
    says(store, T0, &["uno"]).await;

    assert_eq!(sweep(store, Aged::Chats, Act::Remove).await, 0);
    for kept in [agreed, disputed, reminded, unsent] {
        assert_eq!(story(store, kept).await.0, 1);
    }
    sent(store, after(1)).await;
    assert_eq!(sweep(store, Aged::Chats, Act::Remove).await, 1, "only the one whose message left");
    assert_eq!(story(store, unsent).await, (0, 0));
}

pub async fn parallel_sweeps_remove_everything_once(store: &dyn Store) {
    for n in 0..20 {
        chat(store, &format!("57300000{n:04}"), T0, vec![]).await;
    }
    let all = |kind| async move {
        let place = Place { seq: 0, id: Uuid::nil() };
        store.sweep(kind, CUT, place, 100, Act::Remove).await.unwrap().removed
    };
    for kind in [Aged::Inputs, Aged::Chats] {
        let (one, other, third) = tokio::join!(all(kind), all(kind), all(kind));
        let rest = sweep(store, kind, Act::Remove).await;
        assert_eq!(one + other + third + rest, 20, "{kind:?}");
        assert_eq!(sweep(store, kind, Act::Look).await, 0, "{kind:?}");
    }
}
