//! People who write faster than anybody reads: what it costs the lender is bounded, and the chat still ends well.

use crate::harness::app::{NUMBER, TestApp};
use crate::harness::meta::{self, Who};
use acuerdo::domain::time::Millis;
use acuerdo::ports::clock::Clock;
use acuerdo::ports::outbox::OutboxStatus;
use serde_json::json;
use std::collections::HashMap;

const N_WRITTEN: usize = 300;

/// This person writes these texts in turn, many times, in one delivery.
async fn floods(app: &TestApp, who: &Who, texts: &[&str]) {
    let mut value = meta::message(
        who,
        "wamid.flood.0",
        app.clock.now(),
        &json!({"type": "text", "text": {"body": texts[0]}}),
    );
    let first = value["messages"][0].clone();
    let messages = (0..N_WRITTEN).map(|n| {
        let mut message = first.clone();
        message["id"] = json!(format!("wamid.flood.{n}"));
        message["text"]["body"] = json!(texts[n % texts.len()]);
        message
    });
    value["messages"] = messages.collect();
    assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
    app.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_messages_of_one_phone_get_few_answers_and_the_last_question_is_open() {
    for texts in [&["hola"][..], &["menu"], &["quien eres", "hola"], &["salir", "volver"]] {
        let app = TestApp::new().await;
        let who = Who::phone("573139990001");
        floods(&app, &who, texts).await;
        for _ in 0..40 {
            app.waits(Millis::seconds(30)).await;
        }
        let taken = app.graph.taken();
        assert!(taken.len() <= 45, "{texts:?}: {} answers to {N_WRITTEN} messages", taken.len());
        let chat = app.conversation(&who).await.id;
        let sent = app.started.store.sent_messages(chat, 1_000).await.unwrap();
        let mut fates: HashMap<&str, usize> = HashMap::new();
        for message in &sent {
            *fates.entry(message.why.as_deref().unwrap_or(message.status.name())).or_default() += 1;
        }
        assert!(sent.iter().all(|message| message.status != OutboxStatus::Queued), "{texts:?}: {fates:?}");
        let last = sent.last().unwrap();
        assert_eq!(last.status, OutboxStatus::Accepted, "{texts:?}: what was said last is said, {fates:?}");
        assert_eq!(taken.last().unwrap().1.message.readable(), last.content.readable());
        // The chat goes on, at once again after a pause.
        app.waits(Millis::minutes(10)).await;
        let before = app.graph.taken().len();
        app.says(&who, "hola").await;
        assert!(app.graph.taken().len() > before, "{texts:?}: who comes back is answered");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_floods_holds_up_nobody_else() {
    let app = TestApp::new().await;
    floods(&app, &Who::phone("573139990001"), &["hola"]).await;
    let before = app.graph.taken().len();
    app.says(&Who::phone("573005550003"), "hola").await;
    assert_eq!(app.graph.taken().len(), before + 1);
}
