//! Numbers that change hands: whoever comes after is a stranger, and the holder who moved proves who they are anew.

use crate::harness::app::{NUMBER, TestApp};
use crate::harness::meta::{self, Who};
use crate::identity::{agent, on_file, say};
use acuerdo::domain::assurance::Assurance;
use acuerdo::ports::clock::Clock;
use acuerdo::service::handoff::{Call, HandoffError};
use serde_json::json;

const OLD: &str = "573107800001";
const NEW: &str = "573107800002";

/// WhatsApp tells that the holder of one number has another one now.
async fn changes_number(app: &TestApp, old: &str, new: &str) {
    let system = json!({"from": old, "id": app.wamid(), "timestamp": (app.clock.now().0 / 1_000).to_string(),
        "type": "system", "system": {"type": "user_changed_number", "body": "changed", "wa_id": new}});
    assert_eq!(app.deliver(meta::delivery(NUMBER, json!({"messages": [system]}))).await, 200);
    app.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_owner_of_a_number_is_a_stranger_and_so_is_who_moved() {
    let app = TestApp::new().await;
    on_file(&app, "N-1", "1010000404", "1988-09-18", &format!("+{OLD}")).await;
    let (old, new) = (Who::phone(OLD), Who::phone(NEW));
    assert!(say(&app, &old, "hola").await.contains("Marta"));
    say(&app, &old, "0404").await;
    assert!(say(&app, &old, "18 de septiembre").await.contains("¿En qué le ayudo?"));

    changes_number(&app, OLD, NEW).await;
    // The chat went along; nothing is known of who holds the phone.
    let moved = app.conversation(&new).await;
    assert_eq!((moved.person, moved.assurance), (None, Assurance::Ninguna));
    for who in [&new, &old] {
        let greeted = say(&app, who, "hola").await;
        assert!(greeted.contains("asistente") && !greeted.contains("Marta"), "{greeted}");
        say(&app, who, "0404").await;
        let answer = say(&app, who, "18 de septiembre").await;
        // Not on file any more, or not yet: a person confirms who it is.
        assert!(answer.contains("Le paso con una persona"), "{answer}");
        assert!(app.conversation(who).await.person.is_none());
    }
    assert_ne!(app.conversation(&old).await.id, moved.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_was_left_before_anybody_wrote_greets_nobody() {
    let app = TestApp::new().await;
    on_file(&app, "N-2", "1010000404", "1988-09-18", &format!("+{OLD}")).await;
    changes_number(&app, OLD, NEW).await;
    let greeted = say(&app, &Who::phone(OLD), "hola").await;
    assert!(greeted.contains("asistente") && !greeted.contains("Marta"), "{greeted}");
}

fn account(bsuid: &str) -> Who {
    Who { wa_id: Some(OLD.to_owned()), bsuid: Some(bsuid.to_owned()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_account_on_a_known_phone_hears_no_name_until_it_proves_itself() {
    let app = TestApp::new().await;
    on_file(&app, "N-3", "1010000404", "1988-09-18", &format!("+{OLD}")).await;
    let (first, second) = (account("CO.111"), account("CO.222"));
    assert!(say(&app, &first, "hola").await.contains("Marta"));
    say(&app, &first, "0404").await;
    assert!(say(&app, &first, "18 de septiembre").await.contains("¿En qué le ayudo?"));

    // It may be Marta with a new phone, or the next owner of the number.
    for words in ["hola", "cuanto debo"] {
        let said = say(&app, &second, words).await;
        assert!(!said.contains("Marta") && !said.contains('$'), "{said}");
    }
    let now = app.conversation(&second).await;
    assert!(!now.identity_conflict && now.number_changed_hands, "{now:?}");
    let before = app.conversation(&Who::bsuid("CO.111")).await;
    assert_eq!(
        (before.identity_conflict, before.assurance, before.person),
        (false, Assurance::Ninguna, None)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_writes_from_another_number_has_to_prove_who_it_is() {
    let app = TestApp::new().await;
    on_file(&app, "N-5", "1010000404", "1988-09-18", &format!("+{OLD}")).await;
    let here = account("CO.555");
    let there = Who { wa_id: Some(NEW.to_owned()), ..account("CO.555") };
    say(&app, &here, "hola").await;
    say(&app, &here, "0404").await;
    assert!(say(&app, &here, "18 de septiembre").await.contains("¿En qué le ayudo?"));
    assert!(say(&app, &here, "quiero un acuerdo de pago").await.contains('$'));
    let offered = say(&app, &here, "3 cuotas").await;
    assert!(offered.contains("¿Lo acepta?"), "{offered}");

    for words in ["sí, acepto", "cuanto debo", "hola"] {
        let said = say(&app, &there, words).await;
        assert!(!said.contains("Marta") && !said.contains('$') && !said.contains("AC-"), "{words}: {said}");
        let now = app.conversation(&there).await;
        assert!(now.assurance < Assurance::Verificada && now.number_changed_hands, "{now:?}");
    }
    let lender = acuerdo::domain::ids::LenderId::from("andino");
    let of = acuerdo::ports::cases::AgreementsOf { lender: Some(lender), ..Default::default() };
    let filed = app.started.store.agreements(&of, 50).await.unwrap();
    let theirs = filed.iter().filter(|filed| filed.person.as_deref() == Some("N-5"));
    assert_eq!(theirs.count(), 0, "the offer ended with the proof");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_of_two_chats_goes_to_an_agent_who_ends_it() {
    let app = TestApp::new().await;
    on_file(&app, "N-4", "1010000404", "1988-09-18", &format!("+{NEW}")).await;
    let (old, new) = (Who::phone(OLD), Who::phone(NEW));
    say(&app, &old, "hola").await;
    say(&app, &new, "hola").await;
    // The number is told to be the first one's now, and a chat has it.
    changes_number(&app, OLD, NEW).await;
    assert!(app.conversation(&new).await.identity_conflict);
    let mut said = String::new();
    for words in ["hola", "0404", "18 de septiembre"] {
        said = say(&app, &new, words).await;
        assert!(!said.contains("coinciden") && !said.contains("Marta"), "nothing was compared: {said}");
    }
    assert!(said.contains("Le paso con una persona"), "{said}");

    let (handoff, agent) = (&app.started.handoff, agent());
    app.started.store.add_agent(&agent, [9; 32]).await.unwrap();
    let ticket = app.conversation(&new).await.ticket.unwrap();
    let held = handoff.take(&agent, ticket).await.unwrap();
    let call = Call { number: NEW, reason: "said the name of the product", different_person: true };
    let refused = handoff.confirm(&agent, ticket, Some(held.token), "N-4", call).await;
    assert!(matches!(refused, Err(HandoffError::IdentityConflict)), "{refused:?}");
    assert!(handoff.settle_identity(&agent, ticket, Some(held.token), " ").await.is_err(), "with a reason");
    handoff
        .settle_identity(&agent, ticket, Some(held.token), "called, and she has both phones")
        .await
        .unwrap();
    app.drain().await;
    assert!(!app.conversation(&new).await.identity_conflict);
    assert_eq!(app.conversation(&new).await.assurance, Assurance::Ninguna, "nobody is proved by it");
    handoff.confirm(&agent, ticket, Some(held.token), "N-4", call).await.unwrap();
    app.drain().await;
    assert_eq!(app.conversation(&new).await.assurance, Assurance::Verificada);
}
