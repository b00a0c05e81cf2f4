//! Debtors, imports, agreements, identity tries, opt-outs.

use super::make::*;
use acuerdo::domain::debt::{Obligation, Person};
use acuerdo::domain::identity::WaIdentity;
use acuerdo::domain::ids::{ConversationId, PersonId};
use acuerdo::domain::money::Currency;
use acuerdo::domain::pii::Pii;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::Store;
use acuerdo::ports::conversations::TurnCommit;
use acuerdo::ports::outbox::Wanted;
use acuerdo::ports::people::{
    IdentityHistory, ImportBatch, ImportCounts, ImportSource, TriedElsewhere, TriesOf,
};
use acuerdo::ports::records::{IdentityTry, OptOutScope, Record};

pub async fn an_import_is_idempotent(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[ANA, "576011234567"]);
    let debt = obligation(&ana, "c-1", 500, T0);
    let both = || async {
        store.import(&andina(), std::slice::from_ref(&ana), std::slice::from_ref(&debt), T0).await.unwrap()
    };
    let new = ImportCounts { persons_new: 1, obligations_new: 1, ..ImportCounts::default() };
    let same = ImportCounts { persons_same: 1, obligations_same: 1, ..ImportCounts::default() };
    assert_eq!((both().await, both().await), (new, same));
    let file = store.person_file(&andina(), ana.id).await.unwrap().unwrap();
    assert_eq!((file.person, file.obligations), (ana.clone(), vec![debt.clone()]));

    // The next file has other proposed ids for the same references; the stored ones stay.
    let mut renamed = person(&andina(), "Ana", &[BETO]);
    renamed.id = PersonId(id("proposed later"));
    renamed.first_name = Pii::new("Anita".into());
    let mut paid = obligation(&renamed, "c-1", 300, after(1));
    let counts = store.import(&andina(), &[renamed], &[paid.clone()], after(1)).await.unwrap();
    assert_eq!((counts.persons_changed, counts.obligations_changed), (1, 1));
    let file = store.person_file(&andina(), ana.id).await.unwrap().unwrap();
    (paid.id, paid.person) = (debt.id, ana.id);
    assert_eq!(file.obligations, [paid]);
    assert_eq!(file.person.first_name.expose(), "Anita");
    assert_eq!(found(store, BETO).await, [ana.id]);
    assert!(found(store, ANA).await.is_empty(), "a phone that left the file is gone");
    assert_eq!(store.persons(&andina(), 10).await.unwrap().len(), 1);
}

async fn found(store: &dyn Store, digits: &str) -> Vec<PersonId> {
    let persons = store.persons_by_phone(&andina(), &["1".into(), digits.into()], 10).await.unwrap();
    persons.into_iter().map(|person| person.id).collect()
}

pub async fn an_older_balance_never_replaces_a_newer_one(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[ANA]);
    let import = |person, pesos, second| async move {
        let debt = obligation(&person, "c-1", pesos, after(second));
        store.import(&andina(), &[person], &[debt], after(second)).await.unwrap()
    };
    import(ana.clone(), 500, 10).await;
    let counts = import(person(&andina(), "Ana", &[BETO]), 900, 5).await;
    assert_eq!((counts.persons_same, counts.obligations_same), (1, 1));
    let file = store.person_file(&andina(), ana.id).await.unwrap().unwrap();
    assert_eq!((file.obligations[0].balance.principal, file.person), (cop(500), ana.clone()));
    // Within one file the newest row of an account counts.
    let rows = [obligation(&ana, "c-2", 2, after(20)), obligation(&ana, "c-2", 1, after(15))];
    store.import(&andina(), std::slice::from_ref(&ana), &rows, after(20)).await.unwrap();
    let file = store.person_file(&andina(), ana.id).await.unwrap().unwrap();
    assert_eq!(file.obligations[1].balance.principal, cop(2));
}

pub async fn an_import_of_another_lenders_row_changes_nothing(store: &dyn Store) {
    let ours = person(&andina(), "Ana", &[]);
    let theirs = person(&other_lender(), "Beto", &[]);
    assert!(store.import(&andina(), &[ours.clone(), theirs], &[], T0).await.is_err());
    let mut mixed = obligation(&ours, "c-1", 1, T0);
    mixed.balance.fees.currency = Currency::Usd;
    assert!(store.import(&andina(), std::slice::from_ref(&ours), &[mixed], T0).await.is_err());
    // A person that does not exist.
    let orphan = obligation(&person(&andina(), "Nadie", &[]), "c-2", 1, T0);
    assert!(store.import(&andina(), &[ours], &[orphan], T0).await.is_err());
    assert!(store.persons(&andina(), 10).await.unwrap().is_empty(), "all or nothing");
}

pub async fn large_imports_are_written_whole(store: &dyn Store) {
    let persons: Vec<_> =
        (0..2_500).map(|n| person(&andina(), &format!("P{n}"), &[&format!("57300{n:07}")])).collect();
    let debts: Vec<_> =
        persons.iter().enumerate().map(|(n, person)| obligation(person, &format!("c{n}"), 1, T0)).collect();
    let counts = store.import(&andina(), &persons, &debts, T0).await.unwrap();
    assert_eq!((counts.persons_new, counts.obligations_new), (2_500, 2_500));
    assert_eq!(found(store, "573000002499").await, [persons[2_499].id]);
}

/// Batches as they are, the last of them maybe of somebody else's.
struct Batches(Vec<(Vec<Person>, Vec<Obligation>)>);

impl ImportSource for Batches {
    fn batches(&self) -> Box<dyn Iterator<Item = ImportBatch> + Send + '_> {
        Box::new(self.0.iter().map(|(persons, obligations)| ImportBatch {
            persons: persons.iter().map(|person| (person.clone(), Some(after(9)))).collect(),
            obligations: obligations.clone(),
        }))
    }
}

pub async fn an_import_in_batches_is_one_import(store: &dyn Store) {
    let (ana, beto) = (person(&andina(), "Ana", &[ANA]), person(&andina(), "Beto", &[BETO]));
    store.import(&andina(), std::slice::from_ref(&ana), &[], T0).await.unwrap();
    // The file has another id for her; her debt comes in a later batch.
    let mut renamed = person(&andina(), "Ana", &[ANA]);
    renamed.id = PersonId(id("proposed later"));
    let (first, second) = (obligation(&renamed, "c-1", 5, after(9)), obligation(&beto, "c-2", 7, after(9)));
    let mut batches = vec![
        (vec![renamed.clone()], vec![]),
        (vec![beto.clone()], vec![first.clone()]),
        (vec![], vec![second.clone()]),
    ];
    let foreign = person(&other_lender(), "Caro", &[]);
    batches.push((vec![foreign], vec![]));
    assert!(store.import_from(&andina(), &Batches(batches.clone()), after(9)).await.is_err());
    assert_eq!(store.persons(&andina(), 10).await.unwrap().len(), 1, "all batches or none");

    batches.pop();
    let counts = store.import_from(&andina(), &Batches(batches), after(9)).await.unwrap();
    let expected =
        ImportCounts { persons_same: 1, persons_new: 1, obligations_new: 2, ..ImportCounts::default() };
    assert_eq!(counts, expected);
    let file = store.person_file(&andina(), ana.id).await.unwrap().unwrap();
    assert_eq!(file.obligations, [Obligation { person: ana.id, ..first }]);
    let file = store.person_file(&andina(), beto.id).await.unwrap().unwrap();
    assert_eq!(file.obligations, [second]);
}

pub async fn a_person_file_holds_what_is_open(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[]);
    store.import(&andina(), std::slice::from_ref(&ana), &[], T0).await.unwrap();
    let mut old = agreement(&ana, "k1");
    old.status = acuerdo::domain::debt::AgreementStatus::Superseded;
    let mut newer = agreement(&ana, "k3");
    newer.accepted_at = after(5);
    for deal in [old, agreement(&ana, "k2"), newer] {
        assert!(store.add_agreement(&deal).await.unwrap());
    }
    let file = store.person_file(&andina(), ana.id).await.unwrap().unwrap();
    let keys: Vec<_> = file.agreements.iter().map(|deal| deal.once_key.as_str()).collect();
    assert_eq!(keys, ["k3", "k2"]);
    assert!(store.person_file(&andina(), PersonId(id("nobody"))).await.unwrap().is_none());
}

pub async fn an_agreement_is_kept_once(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[]);
    assert!(store.add_agreement(&agreement(&ana, "k1")).await.unwrap());
    let mut second = agreement(&ana, "k1");
    second.id.0 = id("second");
    second.reference = "B-2".into();
    assert!(!store.add_agreement(&second).await.unwrap());
    assert_eq!(kept(store, &andina(), ana.id, "k1").await, Some(agreement(&ana, "k1")));
    assert!(kept(store, &andina(), ana.id, "k2").await.is_none());
}

/// A key that a flow made of nothing ("fijo") is still a key of each debt of each person.
pub async fn a_once_key_belongs_to_one_debt_of_one_person(store: &dyn Store) {
    let (ana, eva) = (person(&andina(), "Ana", &[]), person(&andina(), "Eva", &[]));
    let of = |who, name: &str| {
        let mut deal = agreement(who, "fijo");
        deal.id.0 = id(name);
        deal
    };
    let (hers, theirs, mut other) = (of(&ana, "a1"), of(&eva, "e1"), of(&ana, "a2"));
    other.offer.obligation.0 = id("another debt");
    for deal in [&hers, &theirs, &other] {
        assert!(store.add_agreement(deal).await.unwrap());
    }
    assert_eq!(kept(store, &andina(), ana.id, "fijo").await, Some(hers));
    assert_eq!(kept(store, &andina(), eva.id, "fijo").await, Some(theirs));
    let second = store.agreement_by_once(&andina(), ana.id, other.offer.obligation, "fijo").await.unwrap();
    assert_eq!(second, Some(other));
    assert!(kept(store, &andina(), PersonId(id("nobody")), "fijo").await.is_none());
}

pub async fn a_wrong_number_is_cut_and_stays_marked(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[ANA]);
    let eva = person(&andina(), "Eva", &[ANA]);
    let both = [ana.clone(), eva.clone()];
    store.import(&andina(), &both, &[], T0).await.unwrap();
    writes(store, ANA, "w1", T0).await;
    let claim = claim_one(store, T0).await;
    let wrong = vec![Record::WrongNumber { person: Some(ana.id) }];
    let turn = TurnCommit { person: Some(ana.id), records: wrong, ..commit_of(&claim, T0) };
    commit(store, turn).await.unwrap();
    assert_eq!(reload(store, claim.conversation.id).await.person, None);
    assert_eq!(found(store, ANA).await, [eva.id]);
    let phones = [ANA.to_owned()];
    assert!(!store.is_wrong_number(&andina(), &phones).await.unwrap(), "it is Eva's");
    // The next file still has the number.
    let mut again = ana.clone();
    again.language = "pt".into();
    store.import(&andina(), &[again], &[], after(1)).await.unwrap();
    assert_eq!(found(store, ANA).await, [eva.id]);
    writes(store, ANA, "w2", T0).await;
    super::make::turn(store, T0, vec![Record::WrongNumber { person: None }]).await;
    assert!(found(store, ANA).await.is_empty());
    assert!(store.is_wrong_number(&andina(), &phones).await.unwrap());
    assert!(!store.is_wrong_number(&acuerdo::domain::ids::LenderId::new("another"), &phones).await.unwrap());
    assert!(!store.is_wrong_number(&andina(), &["57999".to_owned()]).await.unwrap(), "on nobody's file");
}

fn attempt(at: Timestamp, candidates: &[PersonId]) -> IdentityTry {
    IdentityTry {
        passed: None,
        candidates: candidates.to_vec(),
        at,
        locked_until: None,
        starts_challenge: false,
        judged_after: i64::MAX,
    }
}

pub async fn tries_of_identity_add_up(store: &dyn Store) {
    const DAY: i64 = 86_400;
    let persons: Vec<PersonId> = ["a", "b", "c"].map(|name| PersonId(id(name))).to_vec();
    let mut clock = T0;
    let mut step = async |digits: &str, at: Timestamp, tries: Vec<IdentityTry>| {
        clock = clock.plus(acuerdo::domain::time::Millis(1));
        writes(store, digits, &format!("w {clock:?}"), at).await;
        turn(store, at, tries.into_iter().map(Record::IdentityTry).collect()).await.id
    };
    let start = |at, who: &[PersonId]| IdentityTry { starts_challenge: true, ..attempt(at, who) };
    // 40 days ago: forgotten. Two days ago: a locked challenge.
    step(ANA, after(-40 * DAY), vec![start(after(-40 * DAY), &persons[..1])]).await;
    let lock = IdentityTry { locked_until: Some(after(DAY)), ..attempt(after(-2 * DAY), &persons[..1]) };
    step(ANA, after(-2 * DAY), vec![start(after(-2 * DAY), &persons[..1]), lock]).await;
    // Today: a running challenge with two wrong tries about two persons.
    let ana = step(ANA, T0, vec![start(T0, &persons[..2]), attempt(T0, &persons[..2])]).await;
    // Another address tries the same person: that is told apart.
    let beto = step(BETO, T0, vec![start(T0, &persons[..1])]).await;

    let expected = IdentityHistory {
        wrong_in_challenge: 2,
        challenges_day: 1,
        challenges_month: 2,
        locked_until: Some(after(DAY)),
        locks_month: 1,
        persons_day: 2,
        elsewhere: vec![TriedElsewhere { person: persons[0], challenges_month: 1 }],
        newest: 6,
    };
    let history = |id: ConversationId, who: &[PersonId], at| {
        let who = who.to_vec();
        async move { store.identity_history(id, &who, at).await.unwrap() }
    };
    assert_eq!(history(ana, &persons[..1], after(1)).await, expected);
    // Without the candidate only the address counts.
    let by_address = IdentityHistory { elsewhere: Vec::new(), newest: 5, ..expected.clone() };
    assert_eq!(history(ana, &[], after(1)).await, by_address);
    // Together each question has its own answer.
    let asked = [(ana, &persons[..1]), (beto, &persons[2..3]), (ana, &[])]
        .map(|(conversation, who)| TriesOf { conversation, candidates: who.to_vec() });
    let together = store.identity_histories(&asked, after(1)).await.unwrap();
    let alone = [expected.clone(), history(beto, &[persons[2]], after(1)).await, by_address.clone()];
    assert_eq!(together, alone);
    let other = history(beto, &[persons[2]], after(1)).await;
    assert_eq!((other.wrong_in_challenge, other.challenges_day, other.locked_until), (1, 1, None));
    // Seen from the other address, what this one did locks nobody; it is told of the person who was tried alone.
    let theirs = history(beto, &persons, after(1)).await;
    let tried = [(persons[0], 2), (persons[1], 1)];
    let tried = tried.map(|(person, challenges_month)| TriedElsewhere { person, challenges_month });
    assert_eq!((theirs.challenges_day, theirs.locked_until, theirs.locks_month), (1, None, 0));
    let mut tried = tried.to_vec();
    tried.sort_by_key(|tried| tried.person.0);
    assert_eq!(theirs.elsewhere, tried);
    let later = history(ana, &[], after(DAY + 1)).await;
    assert_eq!((later.locked_until, later.challenges_day, later.persons_day), (None, 0, 0));
    // A right answer ends the challenge.
    let pass = IdentityTry { passed: Some(persons[0]), ..attempt(after(2), &persons[..1]) };
    step(ANA, after(2), vec![pass]).await;
    let passed = history(ana, &[], after(3)).await;
    assert_eq!((passed.wrong_in_challenge, passed.challenges_day, passed.challenges_month), (0, 0, 1));
}

pub async fn an_opt_out_reaches_every_chat_of_the_address(store: &dyn Store) {
    let ana = writes(store, ANA, "w1", T0).await;
    let beto = writes(store, BETO, "w2", T0).await;
    let set = |scope, stop| async move {
        store.set_opt_out(&andina(), &phone(ANA), scope, stop, "user_preferences", T0).await.unwrap()
    };
    assert_eq!(set(OptOutScope::All, true).await, 1);
    assert!(reload(store, ana.id).await.opted_out);
    assert!(!reload(store, beto.id).await.opted_out);
    set(OptOutScope::Marketing, false).await;
    assert!(reload(store, ana.id).await.opted_out, "another scope");
    set(OptOutScope::All, false).await;
    assert!(!reload(store, ana.id).await.opted_out);
    let nobody = store.set_opt_out(&andina(), &phone("573999999"), OptOutScope::All, true, "x", T0).await;
    assert_eq!(nobody.unwrap(), 0, "kept in the ledger although there is no chat");
}

pub async fn what_people_decide_about_a_person_holds_in_every_chat(store: &dyn Store) {
    let (ana, beto) = (person(&andina(), "Ana", &[ANA]), person(&andina(), "Beto", &[BETO]));
    let both = [ana.clone(), beto.clone()];
    store.import(&andina(), &both, &[], T0).await.unwrap();
    // Ana has two chats, Beto has one; a message waits in each.
    for (digits, whose) in [(ANA, &ana), ("573009998877", &ana), (BETO, &beto)] {
        writes(store, digits, digits, T0).await;
        let claim = claim_one(store, T0).await;
        let outbox = vec![say(&claim, "hola")];
        commit(store, TurnCommit { outbox, person: Some(whose.id), ..commit_of(&claim, T0) }).await.unwrap();
    }
    let reserve = |reserved: Option<&str>| {
        vec![Record::Reserve { person: ana.id, reserved: reserved.map(str::to_owned) }]
    };
    let reserved = async || {
        let by_phone = store.persons_by_phones(&andina(), &[vec![ANA.to_owned()]], 9).await.unwrap();
        let file = store.person_file(&andina(), ana.id).await.unwrap().unwrap().person;
        assert_eq!(by_phone[0][0].reserved, file.reserved);
        file.reserved
    };
    writes(store, ANA, "w2", after(1)).await;
    super::make::turn(store, after(1), reserve(Some("duelo"))).await;
    assert_eq!(reserved().await.as_deref(), Some("duelo"));
    assert_eq!(store.person_file(&andina(), beto.id).await.unwrap().unwrap().person.reserved, None);
    let claims =
        store.claim_outbox(after(2), Millis::minutes(1), Millis::minutes(1), Wanted::any(9)).await.unwrap();
    let held: Vec<_> = claims.iter().map(|claim| (claim.person, claim.reserved)).collect();
    assert_eq!(held.len(), 3);
    assert!(held.iter().all(|(whose, reserved)| *reserved == (*whose == Some(ana.id))), "{held:?}");
    // The next file says nothing about it.
    let mut again = ana.clone();
    again.language = "pt".into();
    store.import(&andina(), &[again], &[], after(3)).await.unwrap();
    assert_eq!(reserved().await.as_deref(), Some("duelo"));
    // Decided in the other chat.
    writes(store, "573009998877", "w3", after(4)).await;
    super::make::turn(store, after(4), reserve(None)).await;
    assert_eq!(reserved().await, None);
}

pub async fn an_opt_out_is_known_to_a_chat_that_begins_later(store: &dyn Store) {
    let all = OptOutScope::All;
    let set = |who: WaIdentity, scope, stop| async move {
        store.set_opt_out(&andina(), &who, scope, stop, "letter", T0).await.unwrap()
    };
    set(phone(ANA), all, true).await;
    set(phone(BETO), all, true).await;
    set(phone(BETO), all, false).await;
    set(user("CO.1"), all, true).await;
    set(phone("573009990001"), OptOutScope::Marketing, true).await;
    for (n, (who, opted_out)) in [
        (phone(ANA), true),
        (phone(BETO), false),
        (both("573009990002", "CO.1"), true),
        (phone("573009990001"), false),
        (user("CO.2"), false),
    ]
    .into_iter()
    .enumerate()
    {
        accept(store, vec![message(who.clone(), &format!("later-{n}"), after(1))], after(1)).await;
        assert_eq!(of(store, who.clone()).await.opted_out, opted_out, "{n}");
    }
}
