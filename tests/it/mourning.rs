//! A reported death holds for the person: in each of their chats, for what waits and what would be said unasked, until an
//! agent decides that it was not so.

use crate::harness::app::TestApp;
use crate::harness::meta::Who;
use crate::identity::{agent, on_file, say};
use acuerdo::domain::time::Millis;

const HERS: &str = "573107900001";
const AT_WORK: &str = "573107900002";
const NEIGHBOUR: &str = "573107900003";
/// Words that only texts about a debt, or about proof of identity, hold.
const PRESSES: [&str; 6] = ["saldo", "pagar", "cuota", "opciones", "cédula", "$"];

async fn presses_nobody(app: &TestApp, who: &Who, text: &str) {
    let answer = say(app, who, text).await;
    for word in PRESSES {
        assert!(!answer.contains(word), "{text} is answered with `{word}`: {answer}");
    }
}

/// Marta has two phones, and proves herself on one; a nudge waits there.
async fn two_chats() -> TestApp {
    let app = TestApp::new().await;
    on_file(&app, "M-1", "1010000404", "1988-09-18", &format!("+{HERS}|+{AT_WORK}")).await;
    on_file(&app, "M-2", "1010000505", "1988-09-18", &format!("+{NEIGHBOUR}")).await;
    let hers = Who::phone(HERS);
    for text in ["hola", "0404", "18 de septiembre", "opciones", "3 cuotas"] {
        say(&app, &hers, text).await;
    }
    assert!(app.transcript().contains("¿Lo acepta?"), "terms are open:\n{}", app.transcript());
    app
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_death_that_is_told_in_one_chat_holds_in_the_other_until_an_agent_decides() {
    let app = two_chats().await;
    let (hers, at_work) = (Who::phone(HERS), Who::phone(AT_WORK));
    presses_nobody(&app, &at_work, "buenas, le escribo porque la titular falleció el domingo").await;

    // Nobody is reminded of anything, and whoever writes hears nothing of the debt.
    let before = app.graph.taken().len();
    app.waits(Millis::hours(20)).await;
    assert_eq!(app.graph.taken().len(), before, "{}", app.transcript());
    presses_nobody(&app, &hers, "cuánto debo").await;
    presses_nobody(&app, &hers, "0404").await;
    let own = app.conversation(&hers).await.ticket.expect("people have this chat too");
    assert!(say(&app, &Who::phone(NEIGHBOUR), "hola").await.contains("cédula"), "others go on");

    let agent = agent();
    app.started.store.add_agent(&agent, [9; 32]).await.unwrap();
    let told = app.conversation(&at_work).await.ticket.expect("people have the report");
    let desk = &app.started.handoff;
    for (ticket, outcome) in [(told, "no_fallecido"), (own, "atendido")] {
        desk.take(&agent, ticket).await.unwrap();
        desk.resolve(&agent, ticket, None, outcome, Some("the person called: alive")).await.unwrap();
        app.drain().await;
    }
    for who in [&at_work, &hers] {
        let answer = say(&app, who, "menu").await;
        assert!(answer.contains("cédula") || answer.contains("¿En qué le ayudo?"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_proves_to_be_the_dead_is_received_by_people() {
    let app = two_chats().await;
    presses_nobody(&app, &Who::phone(AT_WORK), "la titular falleció el domingo").await;
    // Another outcome than `no_fallecido` changes nothing.
    let told = app.conversation(&Who::phone(AT_WORK)).await.ticket.unwrap();
    let agent = agent();
    app.started.store.add_agent(&agent, [9; 32]).await.unwrap();
    app.started.handoff.take(&agent, told).await.unwrap();
    app.started.handoff.resolve(&agent, told, None, "atendido", Some("it is true")).await.unwrap();
    app.drain().await;
    presses_nobody(&app, &Who::phone(HERS), "hola").await;
    presses_nobody(&app, &Who::phone(AT_WORK), "hola").await;
}
