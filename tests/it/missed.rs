//! What came too late to be answered and what never arrived: nothing goes on as if it had, and people learn of both.

use crate::desk_care::{Held, KEVIN};
use crate::harness::app::{NUMBER, TestApp};
use crate::harness::graph_api::Script;
use crate::harness::meta::{self, Who};
use crate::identity::{agent, say};
use acuerdo::domain::time::Millis;
use acuerdo::ports::clock::Clock;
use acuerdo::service::handoff::story::StoryCursor;
use serde_json::json;

/// Diana of the sample.
const DIANA: &str = "573005550003";

/// Delivers a text that was written this long ago.
async fn written_before(app: &TestApp, who: &Who, ago: Millis, text: &str) {
    let content = json!({"type": "text", "text": {"body": text}});
    let message = meta::message(who, &app.wamid(), app.clock.now().minus(ago), &content);
    assert_eq!(app.deliver(meta::delivery(NUMBER, message)).await, 200);
    app.drain().await;
}

/// Kind and text of what an agent reads of the only ticket, and why it was opened.
async fn worklist(app: &TestApp) -> (String, Vec<(String, String)>) {
    let agent = agent();
    app.started.store.add_agent(&agent, [9; 32]).await.unwrap();
    let ticket =
        app.started.handoff.take_next(&agent, &[]).await.unwrap().expect("people have a ticket").ticket;
    let story = app.started.handoff.story(&agent, ticket.id, StoryCursor::default(), 200).await.unwrap();
    let line = |text: &acuerdo::domain::pii::Pii<String>| text.expose().clone();
    let lines =
        story.items.iter().map(|item| (item.kind.clone(), item.text.as_ref().map(line).unwrap_or_default()));
    (ticket.reason, lines.collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_a_day_late_is_kept_for_people_and_answers_nothing() {
    let app = TestApp::new().await;
    let diana = Who::phone(DIANA);
    written_before(&app, &diana, Millis::days(3), "quiero pagar").await;
    assert!(app.graph.taken().is_empty(), "{}", app.transcript());
    // The next message is the first that is answered: it says who writes.
    assert!(say(&app, &diana, "hola").await.contains("Banco Andino"));
    // An answer to the open question that was written days before it was asked is none.
    written_before(&app, &diana, Millis::days(2), "0303").await;
    assert!(say(&app, &diana, "0303").await.contains("día y mes"));
    let (reason, lines) = worklist(&app).await;
    assert_eq!(reason, "mensaje_tardio");
    assert!(lines.contains(&("text".to_owned(), "quiero pagar".to_owned())), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_to_be_left_alone_is_obeyed_however_late_it_comes() {
    let app = TestApp::new().await;
    let diana = Who::phone(DIANA);
    say(&app, &diana, "hola").await;
    written_before(&app, &diana, Millis::days(2), "no me escriban más").await;
    assert!(app.conversation(&diana).await.opted_out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_must_not_lose_reaches_them_however_late_it_comes() {
    for (words, reason, is_reserved) in [
        ("me quiero morir", "angustia", false),
        ("mi esposo me pega", "violencia", false),
        ("ya no aguanto más, quiero acabar con todo", "angustia", false),
        ("número equivocado", "numero_equivocado", false),
        ("soy la hija, ella falleció", "fallecido", true),
        ("Diana murió ayer", "fallecido", false),
        ("tengo 15 años", "menor", false),
    ] {
        let app = TestApp::new().await;
        let diana = Who::phone(DIANA);
        for line in ["hola", "0303", "25 de julio"] {
            say(&app, &diana, line).await;
        }
        written_before(&app, &diana, Millis::hours(30), words).await;
        for line in ["hola", "mi saldo"] {
            let said = say(&app, &diana, line).await;
            assert!(!said.contains('$'), "{words} / {line}: {said}");
        }
        let session = app.conversation(&diana).await.session.unwrap();
        assert_eq!(session.as_str().contains("\"reserved\":\"duelo\""), is_reserved, "{words}");
        let agent = agent();
        app.started.store.add_agent(&agent, [9; 32]).await.unwrap();
        let ticket = app.started.handoff.take_next(&agent, &[]).await.unwrap().expect("a ticket").ticket;
        assert_eq!(ticket.reason, reason, "{words}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_never_arrives_is_told_to_people_and_was_not_said() {
    let app = TestApp::new().await;
    let diana = Who::phone(DIANA);
    app.graph.script([Script::Refuse { http_status: 400, code: 131_026, details: "undeliverable" }]);
    say(&app, &diana, "hola").await;
    // Nobody was asked for a document, so this is none; the bot introduces itself.
    let answer = say(&app, &diana, "0303").await;
    assert!(answer.contains("Banco Andino") && !answer.contains("día y mes"), "{answer}");
    let (reason, lines) = worklist(&app).await;
    assert_eq!(reason, "no_entregado");
    assert!(lines.iter().any(|(kind, _)| kind == "delivery_failed"), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agents_word_that_never_arrives_is_told_to_people() {
    let refused = || Script::Refuse { http_status: 400, code: 131_026, details: "undeliverable" };
    let word = async |held: &Held| {
        let text = "Buenas, le escribe Ana del Banco Andino.";
        held.desk().send(&held.agent, held.ticket, held.token, text, "k1").await.unwrap();
    };
    // While the agent has the chat, in the story.
    let held = Held::of(KEVIN).await;
    held.app.graph.script([refused()]);
    word(&held).await;
    held.app.drain().await;
    let story = held.story().await;
    assert!(story.iter().any(|(kind, _)| kind == "delivery_failed"), "{story:?}");
    // When the agent has gone, on the worklist.
    let held = Held::of(KEVIN).await;
    held.app.graph.script([refused()]);
    word(&held).await;
    held.resolve("otro", None).await.unwrap();
    held.app.drain().await;
    let left = held.desk().take_next(&held.agent, &[]).await.unwrap().expect("people have a ticket").ticket;
    assert_eq!(left.reason, "no_entregado");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agents_word_that_nobody_confirms_is_left_to_people() {
    let held = Held::of(KEVIN).await;
    let text = "Buenas, le escribe Ana del Banco Andino.";
    held.desk().send(&held.agent, held.ticket, held.token, text, "k1").await.unwrap();
    held.app.graph.script([Script::Garbage]);
    held.app.drain().await;
    held.app.waits(Millis::minutes(2)).await;
    let n_taken = held.app.graph.taken().len();
    let story = held.story().await;
    assert!(story.iter().any(|(kind, _)| kind == "delivery_unconfirmed"), "{story:?}");
    held.app.waits(Millis::minutes(10)).await;
    assert_eq!(held.app.graph.taken().len(), n_taken, "it is not said again by itself");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_up_for_longer_than_a_proof_stands_is_not_said_any_more() {
    for (minutes, is_said) in [(25, true), (40, false)] {
        let app = TestApp::new().await;
        let diana = Who::phone(DIANA);
        for line in ["hola", "0303", "25 de julio"] {
            say(&app, &diana, line).await;
        }
        app.clock.advance(Millis::seconds(2));
        let content = json!({"type": "text", "text": {"body": "cuanto debo"}});
        let message = meta::message(&diana, &app.wamid(), app.clock.now(), &content);
        assert_eq!(app.deliver(meta::delivery(NUMBER, message)).await, 200);
        app.started.converse.round(16).await.unwrap();
        // Nothing leaves meanwhile.
        app.clock.advance(Millis::minutes(minutes));
        let before = app.graph.taken().len();
        app.drain().await;
        let said: String =
            app.graph.taken()[before..].iter().map(|(_, sent)| sent.message.readable()).collect();
        assert_eq!(said.contains('$'), is_said, "after {minutes} min: {said}");
        let chat = app.conversation(&diana).await;
        let sent = app.started.store.sent_messages(chat.id, 50).await.unwrap();
        let held = sent.iter().any(|message| message.why.as_deref() == Some("session_over"));
        assert_eq!((held, chat.ticket.is_some()), (!is_said, !is_said), "people learn of it");
    }
}
