//! What an agent writes over several messages or in disguise, and what the person's words change for it.

use crate::desk_care::{DIANA, Held, KEVIN};
use acuerdo::service::handoff::HandoffError;

/// The classes that refuse each of these messages, sent one after the other.
async fn sent(held: &Held, name: &str, texts: &[&str]) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        let key = format!("{name}-{n}");
        let sent = held.desk().send(&held.agent, held.ticket, held.token, text, &key).await;
        all.push(match sent {
            Ok(_) => Vec::new(),
            Err(HandoffError::Lint(hits)) => hits.into_iter().map(|hit| hit.class).collect(),
            Err(other) => panic!("{text}: {other}"),
        });
    }
    all
}

async fn proved() -> Held {
    let held = Held::of(DIANA).await;
    held.confirm("C-1003", "+57 300 555 0003", false).await.unwrap();
    held
}

async fn is_stopped_at_the_end(held: &Held, name: &str, pieces: &[&str], class: &str) {
    let all = sent(held, name, pieces).await;
    let refused: Vec<&String> = all.iter().flatten().collect();
    assert!(refused.iter().any(|found| *found == class), "{pieces:?}: {all:?}");
    assert!(all[0].is_empty(), "{pieces:?}: {all:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentence_over_several_messages_is_read_as_one() {
    for (name, pieces, class) in [
        ("code", ["mande el", "código que", "le llegó por sms"].as_slice(), "LINT-SENSITIVE"),
        ("half", &["le perdono", "la mitad"], "LINT-OFFER"),
        ("numbers", &["ahora dígame", "los números que le llegaron"], "LINT-SENSITIVE"),
        ("boss", &["hoy hablo", "con su jefe"], "LINT-THREAT"),
    ] {
        is_stopped_at_the_end(&proved().await, name, pieces, class).await;
    }
    let held = proved().await;
    let good = ["buenas tardes", "un momento", "ya le reviso", "listo", "quedo atenta", "con mucho gusto"];
    assert!(sent(&held, "good", &good).await.iter().all(Vec::is_empty));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_debt_is_told_to_nobody_unproved_in_pieces_either() {
    for (name, pieces) in [
        ("words", ["usted tiene", "una cuenta", "sin pagar"].as_slice()),
        ("parts", &["su cré", "dito", "está ven", "cido"]),
    ] {
        is_stopped_at_the_end(&Held::of(KEVIN).await, name, pieces, "LINT-THIRD").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_in_disguise_are_read_as_what_they_say() {
    let held = proved().await;
    for (name, text, class) in [
        ("spaced", "S i  n o  p a g a  v a  a  l a  c á r c e l", "LINT-THREAT"),
        ("coded", "lea esto: bWUgZGEgc3UgY2xhdmUgcG9yIGZhdm9y", "LINT-SENSITIVE"),
    ] {
        let classes = sent(&held, name, &[text]).await.concat();
        assert!(classes.iter().any(|found| found == class), "{text}: {classes:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_disputes_a_debt_to_an_agent_is_not_asked_to_pay() {
    let ask = ["¿le queda bien pagar la cuota el viernes?"];
    let held = proved().await;
    assert!(sent(&held, "before", &ask).await.concat().is_empty());
    held.say("yo no reconozco ese crédito, nunca lo pedí").await;
    assert!(!sent(&held, "after", &ask).await.concat().is_empty());
    let kind = ["Su reclamo lo revisa otra área y le contamos la respuesta por aquí."];
    assert!(sent(&held, "kind", &kind).await.concat().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_is_read_back_to_an_agent_stands_nowhere() {
    let held = Held::of(KEVIN).await;
    let refused =
        sent(&held, "ask", &["le mando un mensajito con unas letras, me las repite por favor"]).await;
    assert!(refused[0].contains(&"LINT-SENSITIVE".to_owned()), "{refused:?}");
    assert!(sent(&held, "warn", &["Si le llega un código no se lo dé a nadie."]).await.concat().is_empty());
    held.say("ok 483 201").await;
    held.say("483201").await;
    held.say("llegué a las 4:30").await;
    let story = held.story().await;
    assert!(story.iter().all(|(_, text)| !text.contains("483")), "{story:?}");
    assert!(story.iter().any(|(_, text)| text == "ok ████"), "{story:?}");
    assert!(story.iter().any(|(_, text)| text == "llegué a las 4:30"), "{story:?}");
}
