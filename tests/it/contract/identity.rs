//! Whose chat a payload belongs to.

use super::make::*;
use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::ids::{PersonId, PhoneNumberId};
use acuerdo::domain::inbound::WebhookItem;
use acuerdo::ports::Store;
use acuerdo::ports::conversations::InputKind;
use serde_json::json;

const USER: &str = "CO.111";
const OTHER_USER: &str = "CO.222";

pub async fn a_phone_and_a_user_id_are_linked_by_one_payload(store: &dyn Store) {
    let by_phone = writes(store, ANA, "w1", T0).await;
    accept(store, vec![message(both(ANA, USER), "w2", T0)], after(1)).await;
    accept(store, vec![message(user(USER), "w3", T0)], after(2)).await;
    let linked = of(store, user(USER)).await;
    assert_eq!(linked.id, by_phone.id);
    assert_eq!(linked.identity, both(ANA, USER));
    assert!(!linked.identity_conflict);
    assert_eq!(names(&claim_one(store, after(3)).await), ["w1", "w2", "w3"]);
}

pub async fn two_chats_of_one_account_stay_two_and_the_accounts_goes_on(store: &dyn Store) {
    let by_phone = writes(store, ANA, "w1", T0).await;
    accept(store, vec![message(user(USER), "w2", T0)], after(1)).await;
    let by_user = of(store, user(USER)).await;
    assert_ne!(by_phone.id, by_user.id);
    accept(store, vec![message(both(ANA, USER), "w3", T0)], after(2)).await;
    let claims = claim(store, after(3)).await;
    // The chat of the phone hears that an account has it.
    assert_eq!(claims.iter().map(names).collect::<Vec<_>>(), [vec!["w1", "w3"], vec!["w2", "w3"]]);
    assert!(matches!(claims[0].inputs[1].kind, InputKind::System { .. }));
    assert!(!claims.iter().any(|claim| claim.conversation.identity_conflict));
    let (by_phone, by_user) = (reload(store, by_phone.id).await, reload(store, by_user.id).await);
    assert_eq!(by_phone.identity, phone(ANA), "never merged, and never without an address");
    assert!(by_phone.number_changed_hands && !by_user.number_changed_hands);
    // It hears it once.
    accept(store, vec![message(both(ANA, USER), "w4", after(4))], after(4)).await;
    assert_eq!(of(store, user(USER)).await.id, by_user.id);
    let later = claim(store, after(60)).await;
    assert_eq!(
        later.iter().map(names).collect::<Vec<_>>(),
        [vec!["w1", "w3"], vec!["w2", "w3", "w4"]],
        "after the lease"
    );
}

pub async fn another_account_on_a_known_phone_has_it_from_now_on(store: &dyn Store) {
    accept(store, vec![message(both(ANA, USER), "w1", T0)], T0).await;
    let first = of(store, phone(ANA)).await;
    accept(store, vec![message(both(ANA, OTHER_USER), "w2", after(1))], after(1)).await;
    let second = of(store, phone(ANA)).await;
    assert_ne!(first.id, second.id);
    assert_eq!((&second.identity, second.number_changed_hands), (&both(ANA, OTHER_USER), true));
    let first = reload(store, first.id).await;
    assert_eq!((&first.identity, first.number_changed_hands), (&user(USER), false));
    assert!(!first.identity_conflict && !second.identity_conflict);
    let claims = claim(store, after(2)).await;
    assert_eq!(claims.iter().map(names).collect::<Vec<_>>(), [vec!["w1", "w2"], vec!["w2"]]);
    let InputKind::System { event } = &claims[0].inputs[1].kind else { panic!("{claims:?}") };
    assert_eq!((event.old.clone(), event.new.clone()), (Some(both(ANA, USER)), Some(user(USER))));
    // What the first account wrote before that, and what we wrote to it, moves nothing, however late it comes.
    accept(store, vec![message(both(ANA, USER), "w0", T0)], after(3)).await;
    assert_eq!(of(store, phone(ANA)).await.id, second.id);
    // A third account, the first one again, and the same delivery twice: the last one has it.
    accept(
        store,
        vec![message(both(ANA, "CO.333"), "w3", after(4)), message(both(ANA, USER), "w4", after(5))],
        after(5),
    )
    .await;
    let now = of(store, phone(ANA)).await;
    assert_eq!((now.id, &now.identity), (first.id, &both(ANA, USER)));
    assert_eq!(of(store, user("CO.333")).await.identity, user("CO.333"));
    assert_eq!(reload(store, second.id).await.identity, user(OTHER_USER));
}

pub async fn an_account_on_another_phone_is_told_before_its_message(store: &dyn Store) {
    accept(store, vec![message(both(ANA, USER), "w1", T0)], T0).await;
    let chat = of(store, user(USER)).await;
    // Nothing changes where the phone is the same or not told, and nothing that came late.
    accept(
        store,
        vec![message(both(ANA, USER), "w2", after(1)), message(user(USER), "w3", after(2))],
        after(2),
    )
    .await;
    accept(store, vec![message(both(BETO, USER), "w0", T0)], after(3)).await;
    let same = of(store, user(USER)).await;
    assert_eq!((same.id, &same.identity, same.number_changed_hands), (chat.id, &both(ANA, USER), false));
    accept(store, vec![message(both(BETO, USER), "w4", after(4))], after(4)).await;
    let moved = of(store, phone(BETO)).await;
    assert_eq!((moved.id, &moved.identity, moved.number_changed_hands), (chat.id, &both(BETO, USER), true));
    let inputs = claim_one(store, after(5)).await.inputs;
    let of_system = |kind: &InputKind| matches!(kind, InputKind::System { .. });
    let told = inputs.iter().map(|input| of_system(&input.kind)).collect::<Vec<_>>();
    assert_eq!(told, [false, false, false, false, true, false], "before the message: {inputs:?}");
    // A phone that another chat holds is no other matter.
    writes(store, "573009998877", "w5", after(6)).await;
    let number_taken = message(both("573009998877", USER), "w6", after(7));
    accept(store, vec![number_taken], after(7)).await;
    let inputs = claim(store, after(60)).await;
    let of_user = inputs.iter().find(|claim| claim.conversation.id == chat.id).unwrap();
    assert_eq!(of_user.inputs.iter().filter(|input| of_system(&input.kind)).count(), 2, "{of_user:?}");
}

pub async fn a_conflict_ends_when_somebody_says_so_and_proves_nobody(store: &dyn Store) {
    let ana = writes(store, ANA, "w1", T0).await;
    let beto = writes(store, BETO, "w2", T0).await;
    accept(store, vec![system("s1", phone(ANA), phone(BETO))], after(1)).await;
    let listed = async || {
        let chats = store.identity_conflicts(&andina(), 9).await.unwrap();
        chats.into_iter().map(|chat| chat.id).collect::<Vec<_>>()
    };
    assert_eq!(listed().await.len(), 2);
    assert!(store.identity_conflicts(&other_lender(), 9).await.unwrap().is_empty());
    assert_eq!(store.identity_conflicts(&andina(), 1).await.unwrap().len(), 1);

    let body = document(&json!({"v": 1, "did": "settle", "by": "Luz", "reason": "called"}));
    let settle = async |lender, chat| store.settle_identity(lender, chat, &body, after(2)).await.unwrap();
    let (ours, others) = (andina(), other_lender());
    assert!(!settle(&others, ana.id).await, "nothing crosses lenders");
    assert!(settle(&ours, ana.id).await);
    assert!(!settle(&ours, ana.id).await, "once");
    assert_eq!(listed().await, [beto.id]);
    let now = reload(store, ana.id).await;
    assert_eq!((now.identity_conflict, now.assurance), (false, Assurance::Ninguna));
    let log = store.events(ana.id, 0, 9).await.unwrap();
    assert_eq!(log.iter().map(|(_, event)| event.kind.as_str()).collect::<Vec<_>>(), ["identity"]);
    let claims = claim(store, after(3)).await;
    let of_ana = claims.iter().find(|claim| claim.conversation.id == ana.id).unwrap();
    assert!(matches!(of_ana.inputs.last().unwrap().kind, InputKind::System { .. }));
}

pub async fn a_changed_number_takes_the_chat_along(store: &dyn Store) {
    let before = writes(store, ANA, "w1", T0).await;
    accept(store, vec![system("s1", phone(ANA), phone(BETO))], after(1)).await;
    let moved = of(store, phone(BETO)).await;
    assert_eq!((moved.id, &moved.identity), (before.id, &phone(BETO)));
    assert_eq!(names(&claim_one(store, after(2)).await), ["w1", "s1"]);
    // Whoever writes from the old number now is somebody else.
    let stranger = writes(store, ANA, "w2", after(3)).await;
    assert_ne!(stranger.id, before.id);
    assert!(!stranger.identity_conflict && !reload(store, before.id).await.identity_conflict);
}

pub async fn a_number_that_another_chat_holds_is_not_taken(store: &dyn Store) {
    let ana = writes(store, ANA, "w1", T0).await;
    let beto = writes(store, BETO, "w2", T0).await;
    accept(store, vec![system("s1", phone(ANA), phone(BETO))], after(1)).await;
    for (id, identity) in [(ana.id, phone(ANA)), (beto.id, phone(BETO))] {
        let now = reload(store, id).await;
        assert!(now.identity_conflict);
        assert_eq!(now.identity, identity);
    }
}

pub async fn one_person_on_two_numbers_of_ours_has_two_chats(store: &dyn Store) {
    let first = writes(store, ANA, "w1", T0).await;
    let mut item = message(phone(ANA), "w2", T0);
    if let WebhookItem::Message(message) = &mut item.item {
        message.phone_number_id = PhoneNumberId::from("pn-2");
    }
    accept(store, vec![item], T0).await;
    let second = store.conversation_of(&PhoneNumberId::from("pn-2"), &phone(ANA)).await.unwrap().unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(claim(store, after(1)).await.len(), 2);
}

/// Those who have this number on file.
async fn on_file(store: &dyn Store, phone: &str) -> Vec<PersonId> {
    let found = store.persons_by_phones(&andina(), &[vec![phone.to_owned()]], 9).await.unwrap().remove(0);
    found.into_iter().map(|person| person.id).collect()
}

pub async fn a_number_that_its_holder_left_is_nobodys(store: &dyn Store) {
    const NEW: &str = "573009998877";
    let (ana, beto) = (person(&andina(), "Ana", &[ANA, NEW]), person(&andina(), "Beto", &[BETO]));
    let (eva, rui) = (person(&andina(), "Eva", &[ANA]), person(&andina(), "Rui", &["551187654321"]));
    let all = [ana.clone(), beto.clone(), eva, rui.clone()];
    store.import(&andina(), &all, &[], T0).await.unwrap();
    // With a chat or without one, and whoever shares the number.
    accept(store, vec![system("s1", phone(ANA), phone(NEW))], after(1)).await;
    assert!(on_file(store, ANA).await.is_empty());
    assert_eq!(on_file(store, NEW).await, [ana.id]);
    assert_eq!(on_file(store, BETO).await, [beto.id]);
    // The next file still has the number.
    store.import(&andina(), &all, &[], after(2)).await.unwrap();
    assert!(on_file(store, ANA).await.is_empty());
    // Brazil's ninth digit changes nothing; a real change counts in either spelling.
    accept(store, vec![system("s2", phone("551187654321"), phone("5511987654321"))], after(3)).await;
    assert_eq!(on_file(store, "551187654321").await, [rui.id]);
    accept(store, vec![system("s3", phone("5511987654321"), phone("5511976543210"))], after(4)).await;
    assert!(on_file(store, "551187654321").await.is_empty());
}
