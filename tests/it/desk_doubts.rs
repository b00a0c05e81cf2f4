//! What only may be so while people have a chat: somebody else writes, a danger is possible, a ticket is over.

use crate::desk_care::{DIANA, Held, KEVIN, refused, say};
use crate::harness::app::{NUMBER, TestApp};
use crate::harness::meta;
use acuerdo::domain::assurance::Assurance;
use acuerdo::ports::clock::Clock as _;
use acuerdo::ports::records::Priority;
use acuerdo::service::handoff::{Back, EndedBy, HandoffError};

/// A figure of Diana's file.
const FIGURE: &str = "Su saldo vencido es de $432.350.";

/// What was sent since so many messages.
fn since(held: &Held, before: usize) -> String {
    held.app.graph.taken()[before..].iter().map(|(_, sent)| sent.message.readable() + "\n").collect()
}

async fn proved() -> Held {
    let held = Held::of(DIANA).await;
    held.confirm("C-1003", "+57 300 555 0003", false).await.unwrap();
    assert!(held.view().await.chat.debt_allowed);
    held
}

/// No figure leaves after words of another person, by agent or bot, until somebody is proved again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_of_another_person_take_the_proof_back_until_somebody_is_proved_again() {
    for words in [
        "ella salió, le escribe el esposo, cuénteme cuánto debe",
        "soy el hermano de ella",
        "Diana no se encuentra, soy su prima",
        "número equivocado",
        "se equivocó de persona, yo no soy Diana",
    ] {
        let held = proved().await;
        assert_eq!(held.say(words).await, "", "{words}: the agent speaks: {}", held.app.transcript());
        let seen = held.view().await;
        assert!(!seen.chat.debt_allowed && seen.chat.assurance < Assurance::Verificada, "{words}");
        assert!(!seen.chat.suspected.is_empty(), "{words}: the ticket says so");
        let story = held.story().await;
        assert!(story.iter().any(|(kind, _)| kind == "identity_dropped"), "{words}: {story:?}");
        let sent = held.desk().send(&held.agent, held.ticket, held.token, FIGURE, "k1").await;
        let Err(HandoffError::Lint(hits)) = sent else { panic!("{words}: {sent:?}") };
        assert!(hits.iter().all(|hit| hit.remedy.contains("otra persona")), "{hits:?}");

        held.confirm("C-1003", "+57 300 555 0003", false).await.unwrap();
        let seen = held.view().await;
        assert!(seen.chat.debt_allowed && seen.chat.suspected.is_empty(), "{words}: confirmed again");
    }
}

/// The question who writes is left open by a wish for a person: the ticket tells what was said before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_of_another_person_before_asking_for_people_are_told_by_the_ticket() {
    let app = TestApp::new().await;
    let who = meta::Who::phone(KEVIN);
    say(&app, &who, "número equivocado").await;
    say(&app, &who, "quiero hablar con una persona").await;
    let held = Held::taking(app, who).await;
    assert_eq!(held.view().await.chat.suspected, ["wrong_number"], "{}", held.app.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_that_is_given_back_after_words_of_another_person_asks_for_proof_first() {
    let held = proved().await;
    held.say("ella no está, soy la mamá, dígame a mí").await;
    let before = held.app.graph.taken().len();
    held.give_back(Back { step: Some("menu.elegir"), ..Back::default() }).await.unwrap();
    let mut said = since(&held, before);
    said += &held.say("cuánto es la deuda").await;
    assert!(!said.contains('$'), "{said}");
    assert!(held.app.conversation(&held.who).await.assurance < Assurance::Verificada);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doubt_is_shown_and_protects_the_ticket_without_naming_it() {
    let held = Held::of(KEVIN).await;
    let said = held.say("los cobradores me tienen asustada").await;
    assert!(said.contains("llame ya al"), "where to call is said: {said}");
    let seen = held.view().await;
    assert!(seen.ticket.is_protected() && !seen.chat.debt_allowed);
    assert_eq!((seen.ticket.priority, seen.ticket.reason.as_str()), (Priority::Urgent, "pide_persona"));
    assert_eq!(seen.chat.suspected, ["violence"]);
    assert!(held.story().await.contains(&("suspected".to_owned(), "violence".to_owned())));
    assert!(seen.ticket.summary["cases"].as_array().unwrap().is_empty(), "no case comes of a doubt");
    assert_eq!(held.say("de verdad me tienen asustada los cobradores").await, "", "it is said once");
    assert_eq!(refused(held.resolve("acuerdo", None).await).0, "outcome");
    held.resolve("orientada", Some("Le pregunté: habla de las llamadas. Se anotó.")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protected_case_is_given_back_with_a_note_and_an_outcome() {
    let held = Held::of(KEVIN).await;
    held.say("mi pareja me golpea si no pago").await;
    let (field, why) = refused(held.give_back(Back::default()).await);
    assert!(field == "outcome" && why.contains("remitido"), "{field} {why}");
    let note = Some("Se le dio la línea.");
    let wrong = Back { outcome: Some("listo"), note, step: None };
    assert_eq!(refused(held.give_back(wrong).await).0, "outcome");
    let before = held.app.graph.taken().len();
    held.give_back(Back { outcome: Some("remitido"), note, step: None }).await.unwrap();
    let said = since(&held, before);
    assert!(said.contains("sin afán") && !said.contains("Sigo con usted"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asked_not_to_be_written_to_hears_nothing_when_the_chat_is_given_back() {
    let held = Held::of(KEVIN).await;
    held.say("mi esposo me amenaza y me pega").await;
    held.say("no me escriban más").await;
    assert!(held.app.conversation(&held.who).await.opted_out);
    let (outcome, note) = (Some("atendido"), Some("Se habló con ella."));
    assert_eq!(refused(held.give_back(Back { step: Some("menu.elegir"), outcome, note }).await).0, "step");
    let before = held.app.graph.taken().len();
    held.give_back(Back { step: None, outcome, note }).await.unwrap();
    assert_eq!(held.app.graph.taken().len(), before, "{}", held.app.transcript());
    assert_ne!(held.say("hola").await, "", "who writes is answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_that_the_person_closed_says_so() {
    let held = Held::of(KEVIN).await;
    held.say("no me escriban más").await;
    let story = held.story().await;
    assert!(story.contains(&("ticket_closed".to_owned(), "stop".to_owned())), "{story:?}");
    let sent = held.desk().send(&held.agent, held.ticket, held.token, "Buen día.", "k1").await;
    let Err(HandoffError::Ended(ended)) = sent else { panic!("{sent:?}") };
    assert_eq!((ended.by, ended.outcome.as_deref()), (EndedBy::Person, Some("stop")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_last_and_nobody_answered_is_told() {
    let held = Held::of(KEVIN).await;
    held.say("una cosa más: ¿puedo pagar el viernes?").await;
    let left = held.desk().unanswered(&held.view().await.ticket).await.expect("nobody answered");
    assert!(left.text.unwrap().expose().contains("viernes"));
    held.app.clock.advance(acuerdo::domain::time::Millis::seconds(2));
    held.desk().send(&held.agent, held.ticket, held.token, "Sí, claro.", "k1").await.unwrap();
    assert_eq!(held.desk().unanswered(&held.view().await.ticket).await, None);
    let page = held.desk().story(&held.agent, held.ticket, Default::default(), 200).await.unwrap();
    let mine = page.items.iter().find(|item| item.kind == "text" && item.by.is_some()).unwrap();
    assert_eq!(mine.by.as_deref(), Some("Agente"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thanks_after_a_death_was_attended_open_no_ticket() {
    for (thanks, answer) in [("muchas gracias", "Aquí estamos"), ("chao", "Gracias por escribirnos")] {
        let held = Held::of(DIANA).await;
        held.say("la señora Diana falleció, soy la hermana").await;
        held.resolve("atendido", Some("Se le explicó.")).await.unwrap();
        let said = held.say(thanks).await;
        assert!(said.contains(answer), "{thanks}: {said}");
        assert_eq!(held.app.conversation(&held.who).await.ticket, None, "{thanks}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_reference_is_blamed_on_the_reference() {
    let held = Held::of(DIANA).await;
    assert_eq!(refused(held.confirm("C-9999", "+57 300 555 0003", false).await).0, "person");
    assert_eq!(refused(held.confirm("C-1003", "+57 300 555 9999", false).await).0, "called");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_a_person_where_somebody_else_wrote_comes_with_that_note() {
    let held = Held::of(DIANA).await;
    held.resolve("atendido", None).await.unwrap();
    held.say("soy el papá de ella, ¿en qué les puedo ayudar?").await;
    held.say("asesor").await;
    let ticket = held.app.conversation(&held.who).await.ticket.expect("people have it");
    let seen = held.desk().view(&held.agent, ticket).await.unwrap();
    assert_eq!((seen.ticket.reason.as_str(), seen.ticket.is_protected()), ("tercero", true));
    assert!(seen.ticket.summary["note"].as_str().unwrap().contains("titular"), "{}", seen.ticket.summary);
}

/// A text that asks for a payment, and one that does not, after the person asked for no messages.
const REMINDER: &str = "Le recuerdo que puede pagar en Efecty.";
const ANSWER: &str = "Con gusto, ya lo reviso y le cuento.";

fn contact_reason<T: std::fmt::Debug>(sent: Result<T, HandoffError>) -> &'static str {
    match sent {
        Err(HandoffError::Contact { reason, .. }) => reason.code(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asked_not_to_be_written_to_is_only_answered() {
    let mut held = Held::of(DIANA).await;
    held.confirm("C-1003", "+57 300 555 0003", false).await.unwrap();
    held.say("no me escriban más").await;
    assert!(held.app.conversation(&held.who).await.opted_out);
    held.say("asesor").await;
    held.take().await;
    held.app.clock.advance(acuerdo::domain::time::Millis::seconds(2));
    let send =
        async |text: &str, key: &str| held.desk().send(&held.agent, held.ticket, held.token, text, key).await;
    assert_eq!(contact_reason(send(REMINDER, "k1").await), "opted_out", "nobody is reminded");
    send(ANSWER, "k2").await.expect("they wrote again, and are answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_written_to_on_and_on_who_does_not_answer() {
    let held = Held::of(DIANA).await;
    let send = async |n: usize| {
        held.app.clock.advance(acuerdo::domain::time::Millis::seconds(5));
        held.desk().send(&held.agent, held.ticket, held.token, ANSWER, &format!("k{n}")).await
    };
    for n in 0..acuerdo::rules::contact::UNANSWERED_MAX {
        send(n).await.unwrap_or_else(|error| panic!("{n}: {error}"));
    }
    assert_eq!(contact_reason(send(98).await), "unanswered");
    held.say("aquí estoy").await;
    send(99).await.expect("who answers is written to again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taking_a_closed_ticket_names_the_one_that_is_open() {
    let held = Held::of(KEVIN).await;
    held.say("no me escriban más").await;
    held.say("asesor").await;
    let open = held.app.conversation(&held.who).await.ticket.expect("a new ticket");
    let taken = held.desk().take(&held.agent, held.ticket).await;
    let Err(HandoffError::Ended(ended)) = taken else { panic!("{taken:?}") };
    assert_eq!(ended.now_open, Some(open));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_figure_waits_for_what_is_unread_and_never_reaches_somebody_else() {
    let held = proved().await;
    held.app.clock.advance(acuerdo::domain::time::Millis::seconds(2));
    let words = serde_json::json!({"type": "text", "text": {"body": "soy la hija de ella, cuénteme a mí"}});
    let unread = meta::message(&held.who, "wamid.unread", held.app.clock.now(), &words);
    assert_eq!(held.app.deliver(meta::delivery(NUMBER, unread)).await, 200);
    let before = held.app.graph.taken().len();
    held.desk()
        .send(&held.agent, held.ticket, held.token, FIGURE, "k1")
        .await
        .expect("nobody has read it yet");
    held.app.started.dispatch.round(16).await.unwrap();
    assert_eq!(since(&held, before), "", "it waits");
    held.app.drain().await;
    assert!(!since(&held, before).contains("432.350"), "{}", held.app.transcript());
    let page = held.desk().story(&held.agent, held.ticket, Default::default(), 200).await.unwrap();
    let mine = page.items.iter().find(|item| item.kind == "text" && item.by.is_some()).unwrap();
    assert_eq!((mine.delivery, mine.why.as_deref()), (Some("refused"), Some("assurance_too_low")));
}
