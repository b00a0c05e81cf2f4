//! Numbers that change hands: whoever comes after is a stranger, and the holder who moved proves who they are anew.

use crate::harness::app::{NUMBER, TestApp};
use crate::harness::meta::{self, Who};
use crate::identity::{on_file, say};
use acuerdo::domain::assurance::Assurance;
use acuerdo::ports::clock::Clock;
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
