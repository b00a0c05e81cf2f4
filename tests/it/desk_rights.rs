//! What a person says to an agent, or while waiting for one, counts as much as what is said to the bot: danger, a right, a
//! payment. And a wish about when or how to be written is no wish for silence.

use crate::desk_care::{DIANA, Held, KEVIN, refused};
use crate::harness::app::TestApp;
use crate::harness::meta::Who;
use acuerdo::domain::time::Millis;
use acuerdo::http::error::Problem;
use acuerdo::ports::records::Priority;
use acuerdo::service::handoff::HandoffError;
use acuerdo::service::handoff::view::TicketView;

async fn proved() -> Held {
    let held = Held::of(DIANA).await;
    held.confirm("C-1003", "+57 300 555 0003", false).await.unwrap();
    assert!(held.view().await.chat.debt_allowed);
    held
}

async fn say(app: &TestApp, who: &Who, text: &str) -> String {
    app.clock.advance(Millis::seconds(2));
    let before = app.graph.taken().len();
    app.says(who, text).await;
    app.graph.taken()[before..].iter().map(|(_, sent)| sent.message.readable() + "\n").collect()
}

/// The kinds of the ticket's cases, each of which has a number.
fn cases(seen: &TicketView) -> Vec<String> {
    let cases = seen.ticket.summary["cases"].as_array().unwrap();
    let kind = |case: &serde_json::Value| {
        assert!(case["number"].as_str().is_some_and(|number| number.len() == 7), "{case}");
        case["kind"].as_str().unwrap().to_owned()
    };
    cases.iter().map(kind).collect()
}

/// What only may be distress, said to an agent, gets the care that it gets in the queue.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hint_of_distress_told_to_an_agent_gets_the_care_of_the_queue() {
    for words in [
        "no quiero despertarme mañana",
        "I cant do this anymore, goodbye",
        "eu quero sumir desse mundo",
        "ya escribí las cartas para mis hijos",
        "voy a hacer una locura esta noche",
        "nadie me va a extrañar",
        "me sobra esta vida",
        "quisiera dormirme y no despertar",
    ] {
        let held = proved().await;
        let said = held.say(words).await;
        assert!(said.contains("106"), "{words}: {said}");
        let seen = held.view().await;
        assert_eq!(
            (seen.ticket.priority, seen.ticket.reason.as_str()),
            (Priority::Urgent, "angustia"),
            "{words}"
        );
        assert!(seen.ticket.is_protected() && !seen.chat.debt_allowed, "{words}");
        let sent =
            held.desk().send(&held.agent, held.ticket, held.token, "¿Y cuándo puede pagar?", "k1").await;
        assert!(matches!(sent, Err(HandoffError::Lint(_))), "{words}: {sent:?}");
        assert_eq!(refused(held.resolve("sin_respuesta", None).await).0, "outcome", "{words}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hint_of_a_threat_or_a_death_told_to_an_agent_makes_the_ticket_quiet_and_opens_no_case() {
    for (words, priority) in [
        ("me tienen amenazado unos tipos por una plata", Priority::High),
        ("la titular esta enterrada hace un año", Priority::High),
    ] {
        let held = proved().await;
        held.say(words).await;
        let seen = held.view().await;
        assert!(seen.ticket.is_protected() && !seen.chat.debt_allowed, "{words}");
        assert_eq!((seen.ticket.priority, seen.chat.reserved.as_deref()), (priority, None), "{words}");
        assert!(cases(&seen).is_empty() && !seen.chat.suspected.is_empty(), "{words}");
    }
}

/// A courtesy is answered; only a person gives the chat back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_courtesy_does_not_lift_the_protection_of_a_cry_for_help() {
    for words in ["todo bien, gracias", "no señor, yo estoy bien", "estoy bien, adios", "era broma"] {
        let app = TestApp::new().await;
        let who = Who::phone(DIANA);
        for text in ["hola", "0303", "25 de julio", "ya no quiero vivir más, en serio"] {
            say(&app, &who, text).await;
        }
        let ticket = app.conversation(&who).await.ticket.unwrap();
        let answer = say(&app, &who, words).await;
        assert!(answer.contains("Gracias por aclararlo") && !answer.contains("menú"), "{words}: {answer}");
        let next = say(&app, &who, "quiero pagar").await;
        assert!(!next.contains('$') && !next.contains("Pagar"), "{words}: {next}");
        let held = Held::taking(app, who).await;
        let seen = held.view().await;
        assert_eq!((held.ticket, seen.ticket.priority), (ticket, Priority::Urgent), "{words}");
        assert!(seen.ticket.is_protected() && !seen.chat.debt_allowed, "{words}");
    }
}

/// When, how often and how: not whether.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_about_when_or_how_to_be_written_closes_nothing() {
    let held = Held::of(KEVIN).await;
    for words in [
        "no me vuelvan a escribir a las 6 am",
        "chao, no me escriba mas por hoy",
        "no me escriban más hasta el lunes",
        "no me mande más mensajes mientras estoy trabajando",
        "no quiero que me escriban los domingos",
        "ya dejen de escribirme tanto y diganme cuanto es",
        "no quiero mas mensajes del bot, quiero hablar con usted",
        "deje de escribirme en mayusculas",
        "no quiero mas mensajes automaticos",
        "dejen de molestar y arreglenme esto",
    ] {
        assert_eq!(held.say(words).await, "", "{words}: the agent speaks");
        let chat = held.app.conversation(&held.who).await;
        assert!(!chat.opted_out && chat.ticket == Some(held.ticket), "{words}");
    }
    held.say("no me escriban más").await;
    assert!(held.app.conversation(&held.who).await.opted_out, "the wish itself is honoured");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_claimed_to_an_agent_is_filed_with_its_number() {
    for (words, kind, reason, line) in [
        ("yo no reconozco ese crédito, nunca lo pedí", "disputa", "disputa", "reclamo quedó registrado"),
        ("solicito que borren mis datos personales", "datos_supresion", "datos", "radicada con el número"),
        ("necesito copia de todos mis datos", "datos_acceso", "datos", "a más tardar el"),
        (
            "quiero corregir mis datos, mi nombre está mal",
            "datos_correccion",
            "datos",
            "radicada con el número",
        ),
        (
            "me pidieron pagar a un daviplata de una señora y ya consigné",
            "fraude",
            "pago_ajeno",
            "avise ya a su banco",
        ),
    ] {
        let held = proved().await;
        let said = held.say(words).await;
        assert!(said.contains(line), "{words}: {said}");
        let seen = held.view().await;
        assert_eq!((cases(&seen), seen.ticket.reason.as_str()), (vec![kind.to_owned()], reason), "{words}");
        let number = seen.ticket.summary["cases"][0]["number"].as_str().unwrap().to_owned();
        assert!(said.contains(&number), "{words}: {number} is told: {said}");
        assert!(seen.ticket.is_protected(), "{words}");
        assert_eq!(held.say(words).await, "", "{words}: once");
        held.say("no me escriban más").await;
        let chat = held.app.conversation(&held.who).await;
        assert!(chat.opted_out && chat.ticket == Some(held.ticket), "{words}: never closed over it");
    }
}

/// Before anybody is proved the case shows too, and one right does not hide the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_right_is_filed_also_of_somebody_unproved() {
    let held = Held::of(KEVIN).await;
    held.say("borren mis datos personales").await;
    held.say("y también quiero una copia de mis datos").await;
    assert_eq!(cases(&held.view().await), ["datos_supresion", "datos_acceso"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_claimed_while_nobody_has_taken_the_ticket_is_filed() {
    for (words, kind) in [
        ("quiero que eliminen mis datos", "datos_supresion"),
        ("quiero saber qué datos tienen de mí", "datos_acceso"),
        ("revoco la autorización para usar mis datos", "datos_revocacion"),
        ("esa deuda no es mía, nunca saqué ese crédito", "disputa"),
    ] {
        let app = TestApp::new().await;
        let who = Who::phone(KEVIN);
        say(&app, &who, "asesor").await;
        let ticket = app.conversation(&who).await.ticket.unwrap();
        let said = say(&app, &who, words).await;
        assert!(said.contains("con el número"), "{words}: {said}");
        let held = Held::taking(app, who).await;
        let seen = held.view().await;
        assert_eq!((held.ticket, cases(&seen)), (ticket, vec![kind.to_owned()]), "{words}");
        assert!(seen.ticket.is_protected(), "{words}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_told_to_an_agent_is_recorded_and_nothing_closes_over_it() {
    let held = proved().await;
    assert_eq!(held.say("ya pagué ayer 300 mil en efecty").await, "", "the agent speaks");
    let seen = held.view().await;
    assert_eq!(seen.person.as_ref().unwrap().n_payment_claims, 1);
    let claim = &seen.ticket.summary["claims"][0];
    assert_eq!((&claim["amount_minor"], &claim["means"]), (&30_000_000.into(), &"efecty".into()), "{claim}");
    held.say("ya le dije que pagué").await;
    assert_eq!(held.view().await.person.unwrap().n_payment_claims, 1, "told twice, paid once");
    held.say("no me escriban más").await;
    let chat = held.app.conversation(&held.who).await;
    assert!(chat.opted_out && chat.ticket == Some(held.ticket), "the ticket stays");
    held.resolve("pago_en_revision", None).await.unwrap();
}

/// Whoever asks for a person in the middle of a report or a claim has made it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_or_claim_over_which_an_agent_was_asked_for_is_not_lost() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    for text in ["hola", "0303", "25 de julio", "ya pague el viernes en efecty"] {
        say(&app, &who, text).await;
    }
    say(&app, &who, "asesor").await;
    let held = Held::taking(app, who).await;
    let seen = held.view().await;
    assert_eq!(seen.person.as_ref().unwrap().n_payment_claims, 1);
    assert!(seen.ticket.summary["claims"][0]["means"] == "efecty", "{}", seen.ticket.summary);
    let before = held.app.graph.taken().len();
    held.give_back(acuerdo::service::handoff::Back::default()).await.unwrap();
    let said: String =
        held.app.graph.taken()[before..].iter().map(|(_, sent)| sent.message.readable()).collect();
    assert!(!said.contains("comprobante"), "it is not asked for again: {said}");

    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    for text in ["hola", "0303", "25 de julio", "esa deuda no es mía", "asesor"] {
        say(&app, &who, text).await;
    }
    let held = Held::taking(app, who).await;
    let seen = held.view().await;
    assert_eq!(cases(&seen), ["disputa"]);
    assert!(seen.ticket.is_protected());
}

/// The agent sees what may be offered, and nothing while a dispute holds it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ticket_shows_what_the_policy_offers_for_each_debt() {
    let held = proved().await;
    let offers = |seen: &TicketView| seen.ticket.summary["debts"][0]["offers"].as_array().unwrap().clone();
    let shown = offers(&held.view().await);
    assert!(shown.iter().any(|offer| offer["kind"] == "plan" && offer["payments"] == 3), "{shown:?}");
    held.say("no reconozco ese crédito, nunca lo pedí").await;
    assert!(offers(&held.view().await).is_empty(), "nothing is offered over a dispute");
}

/// What took the place of a ticket is named to whoever still works on it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_whose_place_a_graver_matter_took_names_the_new_one() {
    let held = Held::of(KEVIN).await;
    held.desk().give_up(&held.agent, held.ticket, held.token).await.unwrap();
    held.say("me quiero morir").await;
    let now = held.app.conversation(&held.who).await.ticket.unwrap();
    assert_ne!(now, held.ticket);
    let sent = held.desk().send(&held.agent, held.ticket, held.token, "Buen día.", "k1").await;
    let problem = format!("{:?}", Problem::from(sent.unwrap_err()));
    assert!(problem.contains(&now.to_string()) && !problem.contains("went back to the bot"), "{problem}");
}
