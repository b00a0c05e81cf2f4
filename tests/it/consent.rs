//! Terms over the whole application: what accepts them, what never does, and how an agreement is taken back.

use crate::harness::app::{NUMBER, TestApp};
use crate::harness::graph_api::Script;
use crate::harness::meta::{self, Who};
use acuerdo::domain::debt::{Agreement, AgreementStatus};
use acuerdo::domain::ids::LenderId;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::clock::Clock;
use acuerdo::ports::records::Priority;
use serde_json::{Value, json};

/// Diana, 20 days late.
const DIANA: &str = "573005550003";
const TERMS: &str = "[Sí, confirmo]";

fn text(body: &str) -> Value {
    json!({"type": "text", "text": {"body": body}})
}

/// A chat in which the terms of a promise were just shown.
async fn at_the_terms() -> (TestApp, Who) {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    for line in ["hola", "0303", "25 de julio"] {
        app.says(&who, line).await;
    }
    show_terms(&app, &who, "el viernes").await;
    (app, who)
}

async fn show_terms(app: &TestApp, who: &Who, day: &str) {
    app.says(who, "menu").await;
    app.says(who, "acordar una fecha").await;
    app.taps(who, "Todo el saldo vencido").await;
    app.says(who, day).await;
    assert!(app.transcript().contains(TERMS), "{}", app.transcript());
}

async fn agreements(app: &TestApp, who: &Who) -> Vec<Agreement> {
    let person = app.conversation(who).await.person.unwrap();
    app.started.store.person_file(&LenderId::from("andino"), person).await.unwrap().unwrap().agreements
}

/// All of it is stored before the first is answered.
async fn at_once(app: &TestApp, who: &Who, messages: &[Value]) {
    for content in messages {
        let value = meta::message(who, &app.wamid(), app.clock.now(), content);
        assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
    }
    app.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_that_is_taken_back_in_the_same_breath_binds_nothing() {
    for behind in ["no mentira", "espere", "pero sin intereses", "mañana", "?", "me equivoqué"] {
        let (app, who) = at_the_terms().await;
        at_once(&app, &who, &[text("si"), text(behind)]).await;
        assert!(agreements(&app, &who).await.is_empty(), "si / {behind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_in_two_messages_binds_once() {
    let (app, who) = at_the_terms().await;
    at_once(&app, &who, &[text("si"), text("gracias")]).await;
    assert_eq!(agreements(&app, &who).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_that_was_not_written_for_the_open_terms_binds_nothing() {
    let (app, who) = at_the_terms().await;
    let last = app.graph.taken().last().unwrap().0.as_str().to_owned();
    let quoted = json!({"type": "text", "text": {"body": "sí, confirmo"},
        "context": {"from": "576015550000", "id": "wamid.of.yesterday"}});
    let forwarded = json!({"type": "text", "text": {"body": "sí, confirmo"}, "context": {"forwarded": true}});
    let often = json!({"type": "text", "text": {"body": "sí"}, "context": {"frequently_forwarded": true}});
    let reaction = json!({"type": "reaction", "reaction": {"message_id": last, "emoji": "👍"}});
    let edited = json!({"type": "edit", "edit": {"original_message_id": "wamid.before",
        "message": {"type": "text", "text": {"body": "sí, confirmo"}}}});
    let picture = json!({"type": "image", "image": {"id": "1", "mime_type": "image/jpeg", "sha256": "x",
        "caption": "sí, confirmo"}});
    for content in [quoted, forwarded, often, reaction, edited, picture] {
        at_once(&app, &who, std::slice::from_ref(&content)).await;
        assert!(agreements(&app, &who).await.is_empty(), "{content}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_that_was_written_before_the_terms_were_sent_binds_nothing() {
    for yes in ["ok", "sí, confirmo", "👍"] {
        let (app, who) = at_the_terms().await;
        let hour_ago = app.clock.now().minus(Millis::hours(1));
        let value = meta::message(&who, &app.wamid(), hour_ago, &text(yes));
        assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
        app.drain().await;
        assert!(agreements(&app, &who).await.is_empty(), "{yes}, an hour before the terms");

        // The day makes the terms, and the yes behind it was written without them.
        app.says(&who, "menu").await;
        app.says(&who, "acordar una fecha").await;
        app.taps(&who, "Todo el saldo vencido").await;
        at_once(&app, &who, &[text("el jueves"), text(yes)]).await;
        assert!(agreements(&app, &who).await.is_empty(), "{yes}, in one breath with the day");
        app.says(&who, "sí, confirmo").await;
        assert_eq!(agreements(&app, &who).await.len(), 1, "{}", app.transcript());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_to_terms_that_never_left_binds_nothing() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    for line in ["hola", "0303", "25 de julio", "acordar una fecha"] {
        app.says(&who, line).await;
    }
    app.taps(&who, "Todo el saldo vencido").await;
    app.graph.script([Script::Refuse { http_status: 503, code: 131_000, details: "down" }]);
    app.says(&who, "el viernes").await;
    assert!(!app.transcript().contains(TERMS), "{}", app.transcript());
    app.says(&who, "sí, confirmo").await;
    assert!(agreements(&app, &who).await.is_empty(), "{}", app.transcript());
    for _ in 0..5 {
        app.waits(Millis::minutes(1)).await;
        app.hear();
    }
    assert!(app.transcript().contains(TERMS), "{}", app.transcript());
    app.says(&who, "sí, confirmo").await;
    assert_eq!(agreements(&app, &who).await.len(), 1, "{}", app.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terms_that_may_never_have_come_are_shown_again_at_a_yes() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    for line in ["hola", "0303", "25 de julio", "acordar una fecha"] {
        app.says(&who, line).await;
    }
    app.taps(&who, "Todo el saldo vencido").await;
    app.graph.script([Script::Garbage]);
    app.says(&who, "el viernes").await;
    app.waits(Millis::minutes(20)).await;
    let shown = |app: &TestApp| app.transcript().matches(TERMS).count();
    assert_eq!(shown(&app), 1, "{}", app.transcript());
    app.says(&who, "sí, confirmo").await;
    assert!(agreements(&app, &who).await.is_empty(), "{}", app.transcript());
    assert_eq!(shown(&app), 2, "{}", app.transcript());
    app.says(&who, "sí, confirmo").await;
    assert_eq!(agreements(&app, &who).await.len(), 1, "{}", app.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_tap_on_other_terms_binds_nothing() {
    let (app, who) = at_the_terms().await;
    let old = app.tap_of("Sí, confirmo").unwrap();
    app.taps(&who, "Cambiar").await;
    app.taps(&who, "Todo el saldo vencido").await;
    app.says(&who, "el jueves").await;
    at_once(&app, &who, std::slice::from_ref(&old)).await;
    assert!(agreements(&app, &who).await.is_empty());
    assert!(app.hear().join("\n").contains("mensaje anterior"));
    // The terms that are open are the ones that count, and only once.
    app.taps(&who, "Sí, confirmo").await;
    at_once(&app, &who, &[old]).await;
    let made = agreements(&app, &who).await;
    assert_eq!(made.len(), 1);
    assert!(made[0].evidence.rendered.expose().contains("jueves"), "{:?}", made[0].evidence.acceptance);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_just_agreed_is_withdrawn_by_a_person_after_a_yes() {
    let (app, who) = at_the_terms().await;
    app.taps(&who, "Sí, confirmo").await;
    let made = agreements(&app, &who).await.remove(0);
    app.waits(Millis::minutes(5)).await;
    app.says(&who, "no, mentira, me equivoqué").await;
    let asked = app.last().message.readable();
    assert!(asked.contains(&made.reference) && asked.contains("¿Quiere retirarlo?"), "{asked}");
    // A bare yes to a question that may be asked of whoever meant something else withdraws nothing.
    app.says(&who, "sí").await;
    assert!(app.started.store.open_tickets(10).await.unwrap().is_empty());
    app.taps(&who, "Retirar el acuerdo").await;
    let said = app.transcript();
    assert!(
        said.contains("radicada con el número") && said.contains("mientras tanto el acuerdo sigue como está"),
        "{said}"
    );
    // The person who takes it back decides nothing else by it, and nothing was charged or undone behind their back.
    assert_eq!(agreements(&app, &who).await.remove(0).status, AgreementStatus::Active);
    let tickets = app.started.store.open_tickets(10).await.unwrap();
    let told: Vec<_> = tickets.iter().map(|ticket| (ticket.reason.as_str(), ticket.priority)).collect();
    assert_eq!(told, [("retiro_acuerdo", Priority::Urgent)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_about_a_mistake_touch_no_agreement_of_long_ago() {
    let (app, who) = at_the_terms().await;
    app.taps(&who, "Sí, confirmo").await;
    app.waits(Millis::minutes(31)).await;
    app.says(&who, "me equivoqué").await;
    // The proof of who writes has become as old as the agreement.
    for line in ["0303", "25 de julio", "me equivoqué"] {
        app.says(&who, line).await;
    }
    let said = app.transcript();
    assert!(said.contains("Si lo dice por su acuerdo") && said.contains("«retirar el acuerdo»"), "{said}");
    assert!(!said.contains("no hay ningún acuerdo"), "{said}");
    assert!(!said.contains("¿Quiere retirarlo?"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_right_behind_a_yes_is_no_answer_to_what_was_asked_since() {
    for no in ["no", "ay no", "no acepto", "pero la otra semana"] {
        let (app, who) = at_the_terms().await;
        app.says(&who, "si").await;
        assert_eq!(agreements(&app, &who).await.len(), 1, "{no}");
        app.says(&who, no).await;
        let asked = app.last().message.readable();
        assert!(asked.contains("¿Quiere retirarlo?"), "{no}: {asked}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_to_withdraw_waits_for_the_proof() {
    let (app, who) = at_the_terms().await;
    app.taps(&who, "Sí, confirmo").await;
    let made = agreements(&app, &who).await.remove(0);
    app.waits(Millis::hours(2)).await;
    for line in ["me arrepentí del acuerdo", "0303", "25 de julio"] {
        app.says(&who, line).await;
    }
    let asked = app.last().message.readable();
    assert!(asked.contains(&made.reference) && asked.contains("¿Quiere retirarlo?"), "{asked}");
}

fn with_context(tap: &Value, context: &Value) -> Value {
    let mut tap = tap.clone();
    tap["context"] = context.clone();
    tap
}

async fn arrives_at(app: &TestApp, who: &Who, at: Timestamp, content: &Value) {
    let value = meta::message(who, &app.wamid(), at, content);
    assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
    app.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guessed_tap_beside_what_brings_the_terms_binds_nothing() {
    let (app, who) = at_the_terms().await;
    let real = app.tap_of("Sí, confirmo").unwrap();
    let id = real["interactive"]["button_reply"]["id"].as_str().unwrap().to_owned();
    let parts: Vec<&str> = id.splitn(4, ':').collect();
    let turn: u64 = parts[2].parse().unwrap();
    app.says(&who, "menu").await;
    app.says(&who, "acordar una fecha").await;
    app.taps(&who, "Todo el saldo vencido").await;
    let guess = |turn: u64| {
        let mut tap = real.clone();
        tap["interactive"]["button_reply"]["id"] = json!(format!("{}:{}:{turn}:si", parts[0], parts[1]));
        tap.as_object_mut().unwrap().remove("context");
        tap
    };
    let mut all = vec![text("el jueves")];
    all.extend((turn..turn + 12).map(guess));
    at_once(&app, &who, &all).await;
    assert!(agreements(&app, &who).await.is_empty(), "{}", app.transcript());
    app.hear();
    app.taps(&who, "Sí, confirmo").await;
    assert_eq!(agreements(&app, &who).await.len(), 1, "{}", app.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_that_no_button_with_these_terms_gave_binds_nothing() {
    let (app, who) = at_the_terms().await;
    let real = app.tap_of("Sí, confirmo").unwrap();
    let other = app.graph.taken().first().unwrap().0.as_str().to_owned();
    let mut titled = real.clone();
    titled["interactive"]["button_reply"]["title"] = json!("Sí, pero en cuotas");
    let taps = [
        with_context(&real, &json!({"from": "576015550000", "id": other})),
        with_context(&real, &json!({"from": "576015550000", "id": "wamid.of.nobody"})),
        with_context(&real, &json!({"forwarded": true})),
        with_context(&real, &json!({"frequently_forwarded": true})),
        titled,
    ];
    for tap in taps {
        at_once(&app, &who, std::slice::from_ref(&tap)).await;
        assert!(agreements(&app, &who).await.is_empty(), "{tap}");
    }
    let hour_ago = app.clock.now().minus(Millis::hours(1));
    arrives_at(&app, &who, hour_ago, &app.tap_of("Sí, confirmo").unwrap()).await;
    assert!(agreements(&app, &who).await.is_empty(), "an hour before the terms");
    app.hear();
    // The newest message with the button is a short repetition; a tap on it is one on the terms above it.
    app.taps(&who, "Sí, confirmo").await;
    let made = agreements(&app, &who).await;
    assert_eq!(made.len(), 1, "{}", app.transcript());
    let kept = format!("{:?}", made[0].evidence.acceptance);
    assert!(!kept.contains("cuotas"), "{kept}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_at_a_time_that_cannot_be_binds_nothing() {
    let (app, who) = at_the_terms().await;
    let now = app.clock.now();
    let times = [now.plus(Millis::days(365)), now.plus(Millis::minutes(6)), Timestamp(0)];
    for at in times {
        for yes in [text("acepto"), app.tap_of("Sí, confirmo").unwrap()] {
            arrives_at(&app, &who, at, &yes).await;
            assert!(agreements(&app, &who).await.is_empty(), "{yes} at {at:?}");
        }
    }
    // Meta's clock may be a little ahead of ours.
    arrives_at(&app, &who, app.clock.now().plus(Millis::minutes(2)), &text("acepto")).await;
    assert_eq!(agreements(&app, &who).await.len(), 1, "{}", app.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_that_is_taken_back_in_the_same_breath_binds_nothing() {
    for behind in ["no, me equivoqué", "espere", "pero en dos cuotas", "?"] {
        let (app, who) = at_the_terms().await;
        let tap = app.tap_of("Sí, confirmo").unwrap();
        at_once(&app, &who, &[tap, text(behind)]).await;
        assert!(agreements(&app, &who).await.is_empty(), "tap / {behind}");
    }
    let (app, who) = at_the_terms().await;
    let (yes, no) = (app.tap_of("Sí, confirmo").unwrap(), app.tap_of("Cambiar").unwrap());
    at_once(&app, &who, &[yes, no]).await;
    assert!(agreements(&app, &who).await.is_empty(), "one button and then the other");
    let (app, who) = at_the_terms().await;
    let yes = app.tap_of("Sí, confirmo").unwrap();
    at_once(&app, &who, &[yes.clone(), yes, text("gracias")]).await;
    assert_eq!(agreements(&app, &who).await.len(), 1, "twice, with thanks");
}
