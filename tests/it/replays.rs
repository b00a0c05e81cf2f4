//! Signed deliveries that somebody sends again long after Meta did: kept, and nothing is done about them.

use crate::harness::app::{NUMBER, TestApp};
use crate::harness::meta::{self, Who};
use crate::identity::say;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::clock::Clock;
use acuerdo::service::retention::Round;
use serde_json::{Value, json};

const DIANA: &str = "573005550003";

/// As Meta signs it at this moment.
fn writes(app: &TestApp, wamid: &str, text: &str) -> Vec<u8> {
    let content = json!({"type": "text", "text": {"body": text}});
    meta::delivery(NUMBER, meta::message(&Who::phone(DIANA), wamid, app.clock.now(), &content))
}

/// The notice that the lender's account was disabled.
fn disabled(at: Timestamp) -> Vec<u8> {
    let value = json!({"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}});
    let change = json!({"field": "account_update", "value": value});
    let entry = json!({"id": "waba-andino", "time": at.0 / 1_000, "changes": [change]});
    serde_json::to_vec(&json!({"object": "whatsapp_business_account", "entry": [entry]})).unwrap()
}

/// WhatsApp's own switch for marketing.
fn wants_no_marketing(at: Timestamp) -> Value {
    json!({"user_preferences": [{"wa_id": DIANA, "detail": "stop", "category": "marketing_messages",
        "value": "stop", "timestamp": (at.0 / 1_000).to_string()}]})
}

/// Everything that is old enough is removed, the keys by which repeats are known among it.
async fn forgets(app: &TestApp) {
    while app.started.retention.round().await.unwrap() != Round::Done {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_is_sent_again_weeks_later_does_nothing() {
    let app = TestApp::new().await;
    let diana = Who::phone(DIANA);
    say(&app, &diana, "hola").await;
    let captured = [writes(&app, "wamid.captured", "no me escriban más"), disabled(app.clock.now())];
    for body in &captured {
        assert_eq!(app.deliver(body.clone()).await, 200);
    }
    app.drain().await;
    assert!(app.conversation(&diana).await.opted_out);
    assert_eq!(app.started.store.stops().await.unwrap().len(), 1);
    // Both are taken back, and a month passes in which all of it is forgotten.
    app.started.store.lift(&"andino".into(), "outbound").await.unwrap();
    say(&app, &diana, "volver").await;
    assert!(!app.conversation(&diana).await.opted_out);
    app.waits(Millis::days(41)).await;
    forgets(&app).await;

    let before = app.graph.taken().len();
    let marketing = meta::delivery(NUMBER, wants_no_marketing(app.clock.now().minus(Millis::days(41))));
    for body in captured.into_iter().chain([marketing]) {
        assert_eq!(app.deliver(body).await, 200, "Meta's own would be acknowledged too");
    }
    app.drain().await;
    assert_eq!(app.graph.taken().len(), before, "nobody is answered");
    let chat = app.conversation(&diana).await;
    assert!(!chat.opted_out && chat.ticket.is_none(), "{chat:?}");
    assert!(app.started.store.stops().await.unwrap().is_empty());
    assert_eq!(app.started.store.backlog(app.clock.now()).await.unwrap().pending_inputs, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_meta_may_still_bring_is_obeyed() {
    let app = TestApp::new().await;
    let diana = Who::phone(DIANA);
    say(&app, &diana, "hola").await;
    let late = writes(&app, "wamid.late", "no me escriban más");
    app.waits(Millis::days(7)).await;
    assert_eq!(app.deliver(late).await, 200);
    app.drain().await;
    assert!(app.conversation(&diana).await.opted_out);
}
