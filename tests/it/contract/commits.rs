//! The commit of turns: all or nothing, fenced, once.

use super::dead_letters::letter;
use super::make::*;
use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::ids::{CaseId, ClaimId, PersonId};
use acuerdo::domain::inbound::InboundContent;
use acuerdo::domain::pii::Pii;
use acuerdo::ports::Store;
use acuerdo::ports::conversations::{CommitRefused, InputKind, TurnCommit};
use acuerdo::ports::records::{Case, OptOutScope, PaymentClaim, Record};
use serde_json::json;

pub async fn a_commit_writes_everything(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[ANA]);
    store.import(&andina(), std::slice::from_ref(&ana), &[], T0).await.unwrap();
    writes(store, ANA, "w1", T0).await;
    let claim = claim_one(store, T0).await;
    let full = TurnCommit {
        session: document(&json!({"v": 1, "z": 1, "a": [1, 2]})),
        assurance: Assurance::Verificada,
        person: Some(ana.id),
        outbox: vec![say(&claim, "uno"), say(&claim, "dos")],
        records: vec![
            Record::Agreement(agreement(&ana, "k1")),
            Record::Claim(paid(ana.id)),
            Record::Case(case(ana.id)),
            Record::OpenTicket(ticket("t1")),
        ],
        ..commit_of(&claim, after(1))
    };
    commit(store, full.clone()).await.unwrap();
    let chat = reload(store, claim.conversation.id).await;
    assert_eq!(chat.session, Some(full.session));
    assert_eq!((chat.assurance, chat.person, chat.version), (Assurance::Verificada, Some(ana.id), 1));
    assert_eq!(chat.ticket, Some(ticket("t1").id));
    assert_eq!(store.events(chat.id, 0, 10).await.unwrap(), [(1, full.events[0].clone())]);
    let sent = store.sent_messages(chat.id, 10).await.unwrap();
    assert_eq!(sent.iter().map(|message| message.content.readable()).collect::<Vec<_>>(), ["uno", "dos"]);
    let file = store.person_file(&andina(), ana.id).await.unwrap().unwrap();
    assert_eq!(file.agreements, [agreement(&ana, "k1")]);
    assert_eq!((file.claims, file.open_cases), (vec![paid(ana.id)], vec![case(ana.id)]));
    let opened = store.ticket(&andina(), ticket("t1").id).await.unwrap().unwrap();
    assert_eq!((opened.conversation, opened.summary), (chat.id, ticket("t1").summary));
    assert!(super::make::claim(store, after(2)).await.is_empty());
    assert_eq!(store.pinned_hashes().await.unwrap(), ["hash-1".into()]);
}

fn paid(person: PersonId) -> PaymentClaim {
    PaymentClaim {
        id: ClaimId(id("claim")),
        lender: andina(),
        person: Some(person),
        obligation: None,
        amount: Some(cop(50)),
        paid_on: None,
        means: Some("PSE".into()),
        receipt: None,
        at: T0,
    }
}

fn case(person: PersonId) -> Case {
    Case {
        id: CaseId(id("case")),
        lender: andina(),
        person: Some(person),
        obligation: None,
        kind: "dispute".into(),
        note: None,
        at: T0,
    }
}

pub async fn a_stale_commit_leaves_nothing(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[]);
    writes(store, ANA, "w1", T0).await;
    writes(store, BETO, "w2", T0).await;
    let claims = claim(store, T0).await;
    let stale = TurnCommit {
        expected_version: 7,
        outbox: vec![say(&claims[0], "uno")],
        timers: Some(vec![timer("t", T0)]),
        records: vec![Record::Agreement(agreement(&ana, "k1")), Record::OpenTicket(ticket("t1"))],
        ..commit_of(&claims[0], T0)
    };
    let results = store.commit_turns(&[stale, commit_of(&claims[1], T0)]).await.unwrap();
    assert_eq!(results, [Err(CommitRefused::Stale), Ok(())]);
    nothing_of(store, &claims[0].conversation).await;
    assert!(kept(store, &andina(), ana.id, "k1").await.is_none());
    // Its claim is still good.
    assert_eq!(commit(store, commit_of(&claims[0], T0)).await, Ok(()));
}

async fn nothing_of(store: &dyn Store, before: &acuerdo::ports::conversations::Conversation) {
    let now = reload(store, before.id).await;
    assert_eq!((now.version, now.session, now.ticket), (before.version, None, None));
    assert!(store.events(before.id, 0, 10).await.unwrap().is_empty());
    assert!(store.sent_messages(before.id, 10).await.unwrap().is_empty());
    assert_eq!(store.fire_timers(after(1_000), 10).await.unwrap(), 0);
    assert!(store.open_tickets(10).await.unwrap().is_empty());
}

pub async fn a_once_conflict_refuses_only_its_commit(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[]);
    assert!(store.add_agreement(&agreement(&ana, "k1")).await.unwrap());
    writes(store, ANA, "w1", T0).await;
    writes(store, BETO, "w2", T0).await;
    let claims = claim(store, T0).await;
    let conflicting = TurnCommit {
        outbox: vec![say(&claims[0], "uno")],
        timers: Some(vec![timer("t", T0)]),
        records: vec![Record::OpenTicket(ticket("t1")), Record::Agreement(agreement(&ana, "k1"))],
        ..commit_of(&claims[0], T0)
    };
    let fine =
        TurnCommit { records: vec![Record::Agreement(agreement(&ana, "k2"))], ..commit_of(&claims[1], T0) };
    let results = store.commit_turns(&[conflicting, fine]).await.unwrap();
    assert_eq!(results, [Err(CommitRefused::Once("k1".into())), Ok(())]);
    nothing_of(store, &claims[0].conversation).await;
    assert!(kept(store, &andina(), ana.id, "k2").await.is_some());
    assert_eq!(commit(store, commit_of(&claims[0], T0)).await, Ok(()), "the turn runs again");
}

pub async fn the_same_once_key_twice_in_a_batch_goes_to_the_first(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[]);
    writes(store, ANA, "w1", T0).await;
    writes(store, BETO, "w2", T0).await;
    let commits: Vec<TurnCommit> = claim(store, T0)
        .await
        .iter()
        .map(|claim| TurnCommit {
            records: vec![Record::Agreement(agreement(&ana, "k1"))],
            ..commit_of(claim, T0)
        })
        .collect();
    let results = store.commit_turns(&commits).await.unwrap();
    assert_eq!(results, [Ok(()), Err(CommitRefused::Once("k1".into()))]);
}

pub async fn two_people_may_have_one_once_key_in_a_batch(store: &dyn Store) {
    let (ana, eva) = (person(&andina(), "Ana", &[]), person(&andina(), "Eva", &[]));
    writes(store, ANA, "w1", T0).await;
    writes(store, BETO, "w2", T0).await;
    let mut theirs = agreement(&eva, "k1");
    theirs.id.0 = id("of Eva");
    let deals = [agreement(&ana, "k1"), theirs];
    let claims = claim(store, T0).await;
    let commits: Vec<TurnCommit> = claims
        .iter()
        .zip(&deals)
        .map(|(claim, deal)| TurnCommit {
            records: vec![Record::Agreement(deal.clone())],
            ..commit_of(claim, T0)
        })
        .collect();
    assert_eq!(store.commit_turns(&commits).await.unwrap(), [Ok(()), Ok(())]);
    assert_eq!(kept(store, &andina(), ana.id, "k1").await.as_ref(), deals.first());
    assert_eq!(kept(store, &andina(), eva.id, "k1").await.as_ref(), deals.last());
}

pub async fn a_lease_can_be_kept_over_several_commits(store: &dyn Store) {
    accept(store, vec![message(phone(ANA), "w1", T0), message(phone(ANA), "w2", T0)], T0).await;
    let claim = claim_one(store, T0).await;
    let first = TurnCommit { consumed: vec![claim.inputs[0].id], release: false, ..commit_of(&claim, T0) };
    let second =
        TurnCommit { expected_version: 1, consumed: vec![], release: false, ..commit_of(&claim, T0) };
    // Two commits of one conversation in one batch are applied in order.
    assert_eq!(store.commit_turns(&[first, second]).await.unwrap(), [Ok(()), Ok(())]);
    assert!(super::make::claim(store, after(29)).await.is_empty(), "still leased");
    let last = TurnCommit { expected_version: 2, consumed: vec![], ..commit_of(&claim, T0) };
    commit(store, last).await.unwrap();
    assert_eq!(names(&claim_one(store, after(1)).await), ["w2"]);
    let events = store.events(claim.conversation.id, 1, 1).await.unwrap();
    assert_eq!(events.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [2]);
}

pub async fn a_message_id_is_queued_once(store: &dyn Store) {
    let chat = writes(store, ANA, "w1", T0).await;
    says(store, T0, &["uno"]).await;
    writes(store, ANA, "w2", T0).await;
    says(store, after(1), &["uno", "dos"]).await;
    assert_eq!(store.sent_messages(chat.id, 10).await.unwrap().len(), 2);
    let newest = store.sent_messages(chat.id, 1).await.unwrap();
    assert_eq!(newest[0].content.readable(), "dos");
}

pub async fn timers_are_replaced_whole(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let claim = claim_one(store, T0).await;
    let timers = Some(vec![timer("a", after(5)), timer("b", after(6))]);
    commit(store, TurnCommit { timers, ..commit_of(&claim, T0) }).await.unwrap();
    // A turn that keeps its open wait keeps the timers.
    writes(store, ANA, "w2", after(1)).await;
    let claim = claim_one(store, after(1)).await;
    commit(store, TurnCommit { timers: None, ..commit_of(&claim, after(1)) }).await.unwrap();
    assert_eq!(store.fire_timers(after(5), 10).await.unwrap(), 1);
    turn(store, after(5), vec![]).await;
    assert_eq!(store.fire_timers(after(100), 10).await.unwrap(), 0);
}

pub async fn an_opt_out_is_undone_by_an_opt_in(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    let source = || "word".to_owned();
    let marketing = Record::OptOut { scope: OptOutScope::Marketing, source: source() };
    assert!(!turn(store, T0, vec![marketing]).await.opted_out);
    writes(store, ANA, "w2", T0).await;
    let all = Record::OptOut { scope: OptOutScope::All, source: source() };
    assert!(turn(store, T0, vec![all]).await.opted_out);
    writes(store, ANA, "w3", T0).await;
    assert!(!turn(store, T0, vec![Record::OptIn { source: source() }]).await.opted_out);
}

pub async fn parallel_agreements_with_one_key_make_one(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[]);
    let items = (0..8).map(|n| message(phone(&format!("57300000000{n}")), &format!("w{n}"), T0)).collect();
    accept(store, items, T0).await;
    let claims = claim(store, T0).await;
    let commits = claims.iter().enumerate().map(|(n, claim)| {
        let mut deal = agreement(&ana, "k1");
        deal.id.0 = id(&format!("deal {n}"));
        commit(store, TurnCommit { records: vec![Record::Agreement(deal)], ..commit_of(claim, T0) })
    });
    let results = futures_util::future::join_all(commits).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    assert!(results.iter().all(|result| matches!(result, Ok(()) | Err(CommitRefused::Once(_)))));
}

pub async fn what_is_withheld_is_kept_in_its_other_form(store: &dyn Store) {
    accept(store, vec![message(phone(ANA), "w1", T0), message(phone(ANA), "w2", T0)], T0).await;
    let claim = claim_one(store, T0).await;
    let [mut kept, other] = [0, 1].map(|at| claim.inputs[at].kind.clone());
    if let InputKind::Message { message } = &mut kept {
        message.content = InboundContent::Text { body: Pii::new("••••".to_owned()) };
    }
    let withheld = vec![(claim.inputs[0].id, kept.clone())];
    // A commit that comes too late changes nothing.
    let stale = TurnCommit { expected_version: 9, withheld: withheld.clone(), ..commit_of(&claim, T0) };
    assert_eq!(commit(store, stale).await, Err(CommitRefused::Stale));
    // Set aside, so that what is kept can be read again.
    let dead = letter("dead", claim.inputs.iter().map(|input| input.id).collect());
    let records = vec![Record::SetAside(dead.clone())];
    commit(store, TurnCommit { withheld, records, ..commit_of(&claim, T0) }).await.unwrap();
    assert!(store.retry_dead_turn(dead.id, after(1)).await.unwrap());
    let again = claim_one(store, after(1)).await;
    assert_eq!(again.inputs.into_iter().map(|input| input.kind).collect::<Vec<_>>(), [kept, other]);
}
