//! Cases wait until somebody decides them, and agreements run until somebody ends them.

use super::make::*;
use acuerdo::domain::debt::{AgreementStatus, Person};
use acuerdo::domain::ids::CaseId;
use acuerdo::domain::pii::Pii;
use acuerdo::domain::time::Timestamp;
use acuerdo::ports::Store;
use acuerdo::ports::cases::{AgreementsOf, CasesOf, Closing};
use acuerdo::ports::records::{Case, Record};

fn closing(outcome: &str) -> Closing {
    Closing {
        outcome: outcome.to_owned(),
        note: Some(Pii::new("as the letter says".to_owned())),
        by: "an operator".to_owned(),
        at: after(9),
        corrects: None,
    }
}

fn case(kind: &str, of: &Person, at: Timestamp) -> Case {
    Case {
        id: CaseId(id(&format!("case {kind}"))),
        lender: andina(),
        person: Some(of.id),
        obligation: None,
        kind: kind.to_owned(),
        note: None,
        at,
    }
}

/// Ana, who opened a dispute and then asked for a certificate.
async fn ana_asked(store: &dyn Store) -> (Person, Case, Case) {
    let ana = person(&andina(), "Ana", &[ANA]);
    store.import(&andina(), std::slice::from_ref(&ana), &[], T0).await.unwrap();
    writes(store, ANA, "a1", T0).await;
    let (first, second) = (case("disputa", &ana, after(1)), case("paz_y_salvo", &ana, after(2)));
    turn(store, after(2), vec![Record::Case(second.clone()), Record::Case(first.clone())]).await;
    (ana, first, second)
}

async fn kinds(store: &dyn Store, of: &CasesOf) -> Vec<String> {
    store.open_cases(of, 9).await.unwrap().into_iter().map(|open| open.case.kind).collect()
}

pub async fn a_case_waits_until_it_is_closed_once(store: &dyn Store) {
    let (_, first, second) = ana_asked(store).await;
    let open = store.open_cases(&CasesOf::default(), 9).await.unwrap();
    assert_eq!(open.iter().map(|open| &open.case).collect::<Vec<_>>(), [&first, &second], "the oldest first");
    assert_eq!(open[0].reference.as_deref(), Some("Ana"));
    assert_eq!(store.open_cases(&CasesOf::default(), 1).await.unwrap().len(), 1);
    let chat = of(store, phone(ANA)).await.id;
    let of_chat = CasesOf { lender: Some(andina()), conversation: Some(chat) };
    assert_eq!(kinds(store, &of_chat).await, ["disputa", "paz_y_salvo"]);
    let of_others = CasesOf { lender: Some(other_lender()), conversation: None };
    assert!(kinds(store, &of_others).await.is_empty());
    assert!(!store.close_case(&other_lender(), first.id, &closing("resuelto")).await.unwrap());
    assert!(store.close_case(&andina(), first.id, &closing("resuelto")).await.unwrap());
    assert!(!store.close_case(&andina(), first.id, &closing("resuelto")).await.unwrap(), "once");
    assert_eq!(kinds(store, &CasesOf::default()).await, ["paz_y_salvo"]);
    let closed = store.closed_cases(Some(&andina()), 9).await.unwrap();
    assert_eq!(closed.iter().map(|case| case.id).collect::<Vec<_>>(), [first.id]);
    assert_eq!(closed[0].closing, Some(closing("resuelto")));
    assert_eq!((closed[0].reference.as_deref(), closed[0].at), (Some("Ana"), first.at));
    assert!(store.closed_cases(Some(&other_lender()), 9).await.unwrap().is_empty());
    assert_eq!(store.closed_cases(None, 0).await.unwrap().len(), 0);
}

pub async fn a_closed_case_holds_nothing_and_may_be_asked_again(store: &dyn Store) {
    let (ana, first, second) = ana_asked(store).await;
    for case in [&first, &second] {
        assert!(store.close_case(&andina(), case.id, &closing("negado")).await.unwrap());
    }
    let file = store.person_file(&andina(), ana.id).await.unwrap().unwrap();
    assert!(file.open_cases.is_empty());
    writes(store, ANA, "a2", after(10)).await;
    turn(store, after(10), vec![Record::Case(second.clone()), Record::Case(second.clone())]).await;
    assert_eq!(kinds(store, &CasesOf::default()).await, ["paz_y_salvo"], "the same request is open again");
}

pub async fn a_running_agreement_ends_once(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[]);
    store.import(&andina(), std::slice::from_ref(&ana), &[], T0).await.unwrap();
    store.add_agreement(&agreement(&ana, "k1")).await.unwrap();
    let end = async |lender: &acuerdo::domain::ids::LenderId, reference: &str| {
        store.end_agreement(lender, reference, AgreementStatus::Kept, &closing("kept")).await.unwrap()
    };
    assert!(!end(&other_lender(), "A-1").await);
    assert!(!end(&andina(), "A-9").await);
    assert!(end(&andina(), "A-1").await);
    assert!(!end(&andina(), "A-1").await, "once");
    let file = store.person_file(&andina(), ana.id).await.unwrap().unwrap();
    assert_eq!(file.agreements[0].status, AgreementStatus::Kept);
}

pub async fn agreements_are_listed_and_a_wrong_end_is_put_right(store: &dyn Store) {
    let ana = person(&andina(), "Ana", &[]);
    store.import(&andina(), std::slice::from_ref(&ana), &[], T0).await.unwrap();
    store.add_agreement(&agreement(&ana, "k1")).await.unwrap();
    let running = AgreementsOf { running: true, ..AgreementsOf::default() };
    let [listed] = &store.agreements(&running, 9).await.unwrap()[..] else { panic!("one runs") };
    assert_eq!((listed.person.as_deref(), &listed.closing), (Some("Ana"), &None));
    let correct = async |status| {
        let corrects = store.agreements(&AgreementsOf::default(), 9).await.unwrap()[0].closing.clone();
        let closing = Closing { corrects: corrects.map(Box::new), ..closing("corrected") };
        store.correct_agreement(&andina(), "A-1", status, &closing).await.unwrap()
    };
    assert!(!correct(AgreementStatus::Broken).await, "it runs");
    assert!(store.end_agreement(&andina(), "A-1", AgreementStatus::Kept, &closing("kept")).await.unwrap());
    assert!(store.agreements(&running, 9).await.unwrap().is_empty());
    let file = store.person_file(&andina(), ana.id).await.unwrap().unwrap();
    assert_eq!(file.agreements[0].ended_at, Some(after(9)));
    assert!(correct(AgreementStatus::Broken).await);
    let of_others = AgreementsOf { lender: Some(other_lender()), ..AgreementsOf::default() };
    assert!(store.agreements(&of_others, 9).await.unwrap().is_empty());
    let named = AgreementsOf { reference: Some("A-1".to_owned()), ..AgreementsOf::default() };
    let [listed] = &store.agreements(&named, 9).await.unwrap()[..] else { panic!("one is named so") };
    assert_eq!(listed.agreement.status, AgreementStatus::Broken);
    let before = listed.closing.as_ref().and_then(|closing| closing.corrects.as_deref());
    assert_eq!(before, Some(&closing("kept")), "how it had ended stays");
    assert!(correct(AgreementStatus::Active).await);
    assert_eq!(store.agreements(&running, 9).await.unwrap().len(), 1, "it runs again");
}
