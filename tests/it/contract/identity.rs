//! Whose chat a payload belongs to.

use super::make::*;
use acuerdo::domain::ids::{PersonId, PhoneNumberId};
use acuerdo::domain::inbound::WebhookItem;
use acuerdo::ports::Store;

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

pub async fn two_chats_in_one_payload_are_a_conflict(store: &dyn Store) {
    let by_phone = writes(store, ANA, "w1", T0).await;
    accept(store, vec![message(user(USER), "w2", T0)], after(1)).await;
    let by_user = of(store, user(USER)).await;
    assert_ne!(by_phone.id, by_user.id);
    accept(store, vec![message(both(ANA, USER), "w3", T0)], after(2)).await;
    let claims = claim(store, after(3)).await;
    assert_eq!(claims.iter().map(names).collect::<Vec<_>>(), [vec!["w1"], vec!["w2", "w3"]]);
    assert!(claims.iter().all(|claim| claim.conversation.identity_conflict));
    assert_eq!(reload(store, by_phone.id).await.identity, phone(ANA), "never merged");
}

pub async fn another_account_on_a_known_phone_gets_its_own_chat(store: &dyn Store) {
    accept(store, vec![message(both(ANA, USER), "w1", T0)], T0).await;
    accept(store, vec![message(both(ANA, OTHER_USER), "w2", T0)], after(1)).await;
    let (first, second) = (of(store, user(USER)).await, of(store, user(OTHER_USER)).await);
    assert_ne!(first.id, second.id);
    assert!(first.identity_conflict && second.identity_conflict);
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
