//! A person's rights: a copy holds everything, an erasure leaves nothing of them and everything of others.

use super::make::*;
use acuerdo::domain::debt::{AgreementStatus, Person};
use acuerdo::domain::ids::{CaseId, TicketId};
use acuerdo::domain::pii::Pii;
use acuerdo::domain::time::Timestamp;
use acuerdo::ports::Store;
use acuerdo::ports::conversations::{CommitRefused, TurnCommit};
use acuerdo::ports::outbox::{SendResult, Wanted};
use acuerdo::ports::records::{Case, IdentityTry, OptOutScope, Proved, Record};
use acuerdo::ports::retention::Act;
use acuerdo::ports::rights::{Erasure, Fate, HoldKind, Met, PersonAct, PersonActKind};
use acuerdo::ports::tickets::TicketStatus;

fn act(kind: PersonActKind, at: Timestamp) -> PersonAct {
    PersonAct {
        id: id(&format!("{} {at:?}", kind.name())),
        lender: andina(),
        ref_key: b"a key of Ana".to_vec(),
        kind,
        by: "an operator".to_owned(),
        reason: None,
        at,
    }
}

async fn erase(store: &dyn Store, name: &str, over: bool, what: Act) -> Erasure {
    store.erase_person(name, &act(PersonActKind::Erase, after(100)), over, what).await.unwrap()
}

fn n(met: &Erasure, what: &str) -> (u64, Fate) {
    let Erasure::Done(met) = met else { panic!("not done: {met:?}") };
    let found: &Met = met.iter().find(|met| met.what == what).unwrap_or_else(|| panic!("nothing of {what}"));
    (found.n, found.fate)
}

fn case(kind: &str, of: &Person) -> Record {
    Record::Case(Case {
        id: CaseId(id(&format!("case {kind} {}", of.external_ref))),
        lender: andina(),
        person: Some(of.id),
        obligation: None,
        kind: kind.to_owned(),
        note: Some(Pii::new("what Ana said".to_owned())),
        at: after(2),
    })
}

/// Ana with a debt, a chat of two messages, an open ticket and a message that waits; Beto with a chat.
async fn people(store: &dyn Store) -> (Person, Person) {
    let (ana, beto) = (person(&andina(), "Ana", &[ANA]), person(&andina(), "Beto", &[BETO]));
    let debts = [obligation(&ana, "c-1", 500, T0), obligation(&beto, "c-2", 700, T0)];
    store.import(&andina(), &[ana.clone(), beto.clone()], &debts, T0).await.unwrap();
    writes(store, BETO, "b1", T0).await;
    says(store, T0, &["hola Beto"]).await;
    writes(store, ANA, "a1", after(1)).await;
    let claim = claim_one(store, after(1)).await;
    let outbox = vec![say(&claim, "hola Ana")];
    let records = vec![Record::OpenTicket(ticket("of Ana"))];
    let linked = TurnCommit { outbox, records, person: Some(ana.id), ..commit_of(&claim, after(1)) };
    commit(store, linked).await.unwrap();
    writes(store, ANA, "a2", after(2)).await;
    (ana, beto)
}

fn rows(held: &serde_json::Value, section: &str) -> usize {
    held[section].as_array().unwrap_or_else(|| panic!("no list {section}")).len()
}

pub async fn a_copy_holds_everything_of_a_person_and_nothing_of_others(store: &dyn Store) {
    people(store).await;
    assert!(store.export_person(&andina(), "Carla").await.unwrap().is_none());
    assert!(store.export_person(&other_lender(), "Ana").await.unwrap().is_none());
    let held = store.export_person(&andina(), "Ana").await.unwrap().unwrap();
    for (section, n) in [
        ("person", 1),
        ("debts", 1),
        ("chats", 1),
        ("events", 1),
        ("messages_received", 2),
        ("messages_sent", 1),
        ("tickets", 1),
        ("agreements", 0),
        ("cases", 0),
    ] {
        assert_eq!(rows(&held, section), n, "{section}");
    }
    assert!(held["person"][0]["full_name"] == "Ana Pérez" && !held.to_string().contains("Beto"), "{held}");
}

/// Two persons of one phone are candidates of each other's tries.
pub async fn a_copy_holds_no_try_that_proved_another_person(store: &dyn Store) {
    let (ana, beto) = people(store).await;
    let tried = |passed| IdentityTry {
        candidates: vec![ana.id, beto.id],
        passed,
        starts_challenge: true,
        locked_until: None,
        at: after(3),
        judged_after: 0,
    };
    let tries = [None, Some(ana.id), Some(beto.id)].map(|passed| Record::IdentityTry(tried(passed)));
    turn(store, after(3), tries.to_vec()).await;
    for (whose, other) in [("Ana", beto.id), ("Beto", ana.id)] {
        let held = store.export_person(&andina(), whose).await.unwrap().unwrap();
        assert_eq!(rows(&held, "identity_tries"), 2, "{whose}");
        assert!(!held["identity_tries"].to_string().contains(&other.to_string()), "{held}");
    }
}

pub async fn an_erasure_leaves_nothing_of_a_person_and_everything_of_others(store: &dyn Store) {
    let (ana, beto) = people(store).await;
    store
        .add_agreement(&acuerdo::domain::debt::Agreement {
            status: AgreementStatus::Kept,
            ..agreement(&ana, "k1")
        })
        .await
        .unwrap();
    let chat = of(store, phone(ANA)).await.id;
    let looked = erase(store, "Ana", false, Act::Look).await;
    assert!(store.person_file(&andina(), ana.id).await.unwrap().is_some(), "looking changes nothing");
    let erased = erase(store, "Ana", false, Act::Remove).await;
    assert_eq!(looked, erased);
    assert_eq!(n(&erased, "messages received"), (2, Fate::Removed));
    assert_eq!(n(&erased, "debts"), (1, Fate::Removed));
    assert_eq!(n(&erased, "chats"), (1, Fate::Emptied));
    assert_eq!(n(&erased, "agreements"), (1, Fate::Kept));

    assert!(store.person_file(&andina(), ana.id).await.unwrap().is_none());
    assert!(store.persons_by_phone(&andina(), &[ANA.to_owned()], 9).await.unwrap().is_empty());
    assert!(store.conversation_of(&number(), &phone(ANA)).await.unwrap().is_none());
    assert!(store.events(chat, 0, 9).await.unwrap().is_empty());
    assert!(store.sent_messages(chat, 9).await.unwrap().is_empty());
    assert!(kept(store, &andina(), ana.id, "k1").await.is_none(), "nothing leads from the person to it");
    let proof = store.export_kept(&andina(), b"a key of Ana").await.unwrap();
    assert_eq!(rows(&proof, "agreements"), 1, "the proof stays");
    let left = reload(store, chat).await;
    assert!(
        left.person.is_none()
            && left.session.is_none()
            && left.profile_name.is_none()
            && left.ticket.is_none()
    );
    let closed = store.ticket(&andina(), TicketId(id("of Ana"))).await.unwrap().unwrap();
    assert_eq!((closed.status, closed.outcome.as_deref()), (TicketStatus::Closed, Some("erased")));
    assert_eq!((closed.summary, closed.reason.as_str()), (serde_json::json!({}), "erased"));
    assert!(claim(store, after(200)).await.is_empty(), "nothing waits any more");

    let held = store.export_person(&andina(), "Beto").await.unwrap().unwrap();
    assert_eq!(
        (rows(&held, "debts"), rows(&held, "messages_received"), rows(&held, "messages_sent")),
        (1, 1, 1)
    );
    assert!(store.person_file(&andina(), beto.id).await.unwrap().is_some());
    assert_eq!(erase(store, "Ana", false, Act::Remove).await, Erasure::Unknown, "once");
    let acts = store.person_acts(&andina(), &[b"a key of Ana".to_vec()]).await.unwrap();
    assert_eq!(acts, [act(PersonActKind::Erase, after(100))], "it is on record, once");
    assert!(store.person_acts(&other_lender(), &[b"a key of Ana".to_vec()]).await.unwrap().is_empty());
}

pub async fn a_running_agreement_or_an_open_case_holds_an_erasure(store: &dyn Store) {
    let (ana, beto) = people(store).await;
    store.add_agreement(&agreement(&ana, "k1")).await.unwrap();
    turn(store, after(3), vec![case("disputa", &ana), case("datos_supresion", &ana)]).await;
    let Erasure::Held(holds) = erase(store, "Ana", false, Act::Remove).await else { panic!("it is held") };
    let kinds: Vec<(HoldKind, &str)> = holds.iter().map(|hold| (hold.kind, hold.what.as_str())).collect();
    assert_eq!(kinds, [(HoldKind::RunningAgreement, "settlement"), (HoldKind::OpenCase, "disputa")]);
    assert!(store.person_file(&andina(), ana.id).await.unwrap().is_some(), "nothing was erased");
    assert!(store.person_acts(&andina(), &[b"a key of Ana".to_vec()]).await.unwrap().is_empty());
    assert_eq!(n(&erase(store, "Ana", true, Act::Remove).await, "cases"), (2, Fate::Emptied));
    assert!(matches!(erase(store, "Beto", false, Act::Remove).await, Erasure::Done(_)));
    assert!(store.person_file(&andina(), beto.id).await.unwrap().is_none());
}

pub async fn what_an_erasure_keeps_leads_to_nobody_without_the_key(store: &dyn Store) {
    let (ana, _) = people(store).await;
    let debt = obligation(&ana, "c-1", 500, T0).id;
    let mut kept = agreement(&ana, &format!("{debt}/offer-1"));
    kept.status = AgreementStatus::Kept;
    kept.offer.obligation = debt;
    kept.evidence.accepted_by = Some("wamid.HBgMNTczMDA1".to_owned());
    store.add_agreement(&kept).await.unwrap();
    assert!(matches!(erase(store, "Ana", false, Act::Remove).await, Erasure::Done(_)));
    assert!(
        store.agreement_by_once(&andina(), ana.id, debt, &kept.once_key).await.unwrap().is_none(),
        "the debt's id is gone"
    );
    let copy = store.export_kept(&andina(), b"a key of Ana").await.unwrap();
    assert_eq!(rows(&copy, "agreements"), 1);
    let text = copy.to_string();
    for trace in [ana.id.to_string(), debt.to_string(), "wamid.".to_owned()] {
        assert!(!text.contains(&trace), "{trace} in {text}");
    }
    assert_eq!(rows(&store.export_kept(&andina(), b"another key").await.unwrap(), "agreements"), 0);
}

pub async fn a_turn_and_a_send_under_way_come_to_nothing_in_an_erasure(store: &dyn Store) {
    people(store).await;
    let turning = claim_one(store, after(3)).await;
    let sending = store.claim_outbox(after(3), LEASE, DOUBT, Wanted::any(9)).await.unwrap();
    assert_eq!(sending.len(), 2, "one of each");
    assert!(matches!(erase(store, "Ana", false, Act::Remove).await, Erasure::Done(_)));
    let late = TurnCommit { outbox: vec![say(&turning, "late")], ..commit_of(&turning, after(4)) };
    assert_eq!(commit(store, late).await, Err(CommitRefused::Stale));
    for sent in sending {
        let wamid = format!("wamid.{}", sent.id).as_str().into();
        store
            .finish_outbox(after(4), &[(sent.id, sent.token, SendResult::Accepted { wamid })])
            .await
            .unwrap();
    }
    assert_eq!(store.sent_messages(turning.conversation.id, 9).await.unwrap().len(), 0);
    // Whoever writes again begins anew, as a stranger.
    let anew = writes(store, ANA, "a3", after(5)).await;
    assert!(anew.id != turning.conversation.id && anew.person.is_none());
    assert_eq!(claim_one(store, after(6)).await.inputs.len(), 1);
}

pub async fn an_erased_persons_wish_not_to_be_written_to_is_kept(store: &dyn Store) {
    people(store).await;
    store.set_opt_out(&andina(), &phone(ANA), OptOutScope::All, true, "chat", after(3)).await.unwrap();
    assert!(matches!(erase(store, "Ana", false, Act::Remove).await, Erasure::Done(_)));
    let key = store.person_key([1; 32]).await.unwrap();
    assert_eq!((key, store.person_key([2; 32]).await.unwrap()), ([1; 32], [1; 32]), "the first key stays");
    for (kind, second) in [(PersonActKind::Export, 200), (PersonActKind::Readmit, 300)] {
        store.add_person_act(&act(kind, after(second))).await.unwrap();
    }
    let acts = store.person_acts(&andina(), &[b"other".to_vec(), b"a key of Ana".to_vec()]).await.unwrap();
    let kinds: Vec<PersonActKind> = acts.iter().map(|act| act.kind).collect();
    assert_eq!(kinds, [PersonActKind::Erase, PersonActKind::Export, PersonActKind::Readmit]);
}

/// One phone: Ana is proved at the second message and Beto at the fourth; before each nobody is.
async fn a_shared_phone(store: &dyn Store) -> (Person, Person) {
    let (ana, beto) = (person(&andina(), "Ana", &[ANA]), person(&andina(), "Beto", &[ANA]));
    store.import(&andina(), &[ana.clone(), beto.clone()], &[], T0).await.unwrap();
    for (n, proved) in [(1, None), (2, Some(&ana)), (3, None), (4, Some(&beto))] {
        let at = after(n);
        writes(store, ANA, &format!("w{n}"), at).await;
        let claim = claim_one(store, at).await;
        let person = proved.map(|person| person.id);
        let mut records = Vec::new();
        if n > 1 {
            records.push(Record::Proved(Proved { person, since: at, events_before: 0 }));
        }
        let outbox = vec![say(&claim, &format!("answer {n}"))];
        let linked = person.or(claim.conversation.person);
        commit(store, TurnCommit { outbox, records, person: linked, ..commit_of(&claim, at) }).await.unwrap();
    }
    (ana, beto)
}

pub async fn on_a_shared_phone_each_has_what_was_said_while_they_were_proved(store: &dyn Store) {
    a_shared_phone(store).await;
    let held = async |name: &str| store.export_person(&andina(), name).await.unwrap().unwrap();
    let (of_ana, of_beto) = (held("Ana").await, held("Beto").await);
    for (whose, held) in [("Ana", &of_ana), ("Beto", &of_beto)] {
        for (section, n) in
            [("chats", 0), ("shared_chats", 1), ("events", 1), ("messages_received", 1), ("messages_sent", 1)]
        {
            assert_eq!(rows(held, section), n, "{section} of {whose}");
        }
    }
    for section in ["events", "messages_received", "messages_sent"] {
        assert_ne!(of_ana[section], of_beto[section], "{section}");
    }
    // Whom the chat is linked to last does not count: Ana's words go, and nobody else's.
    let chat = of(store, phone(ANA)).await;
    let erased = erase(store, "Ana", false, Act::Remove).await;
    assert_eq!(n(&erased, "messages received"), (1, Fate::Removed));
    assert_eq!(n(&erased, "chats"), (0, Fate::Emptied));
    assert_eq!(held("Beto").await, of_beto);
    let left = reload(store, chat.id).await;
    assert_eq!((left.person, left.version), (chat.person, chat.version), "Beto goes on");
    assert_eq!(store.events(chat.id, 0, 9).await.unwrap().len(), 3);
    // With the last of them the chat is nobody's, and nothing of it stays.
    let erased = erase(store, "Beto", false, Act::Remove).await;
    assert_eq!(n(&erased, "messages received"), (3, Fate::Removed));
    assert_eq!(n(&erased, "chats"), (1, Fate::Emptied));
    assert!(store.events(chat.id, 0, 9).await.unwrap().is_empty());
}

pub async fn whoever_was_proved_last_on_a_shared_phone_leaves_a_stranger(store: &dyn Store) {
    let (ana, _) = a_shared_phone(store).await;
    let of_ana = store.export_person(&andina(), "Ana").await.unwrap();
    let chat = of(store, phone(ANA)).await.id;
    assert!(matches!(erase(store, "Beto", false, Act::Remove).await, Erasure::Done(_)));
    assert_eq!(store.export_person(&andina(), "Ana").await.unwrap(), of_ana, "Ana's words stay hers alone");
    let left = reload(store, chat).await;
    assert!(left.person.is_none() && left.session.is_none(), "{left:?}");
    assert_eq!(left.identity, phone(ANA), "the phone is still Ana's too");
    assert!(store.person_file(&andina(), ana.id).await.unwrap().is_some());
}

pub async fn an_open_ticket_of_a_shared_chat_holds_an_erasure(store: &dyn Store) {
    a_shared_phone(store).await;
    writes(store, ANA, "w5", after(5)).await;
    turn(store, after(5), vec![Record::OpenTicket(ticket("of Beto"))]).await;
    let Erasure::Held(holds) = erase(store, "Beto", true, Act::Remove).await else { panic!("it is held") };
    assert_eq!(holds.iter().map(|hold| hold.kind).collect::<Vec<_>>(), [HoldKind::SharedTicket]);
    assert!(matches!(erase(store, "Ana", false, Act::Remove).await, Erasure::Done(_)), "it is not Ana's");
}

pub async fn a_request_that_is_open_is_not_ended_in_silence(store: &dyn Store) {
    let (ana, _) = people(store).await;
    turn(store, after(3), vec![case("datos_acceso", &ana), case("datos_supresion", &ana)]).await;
    let Erasure::Held(holds) = erase(store, "Ana", false, Act::Remove).await else { panic!("it is held") };
    assert_eq!(holds.iter().map(|hold| hold.what.as_str()).collect::<Vec<_>>(), ["datos_acceso"]);
    assert_eq!(n(&erase(store, "Ana", true, Act::Remove).await, "cases"), (2, Fate::Emptied));
}
