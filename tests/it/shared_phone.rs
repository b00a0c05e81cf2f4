//! One phone, two debtors: whoever is proved on it sees what is theirs, and nothing of the other one.

use crate::harness::app::{NUMBER, START, TestApp};
use crate::harness::meta::{self, Who};
use acuerdo::domain::ids::{AgentId, LenderId};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::agents::Agent;
use acuerdo::ports::clock::Clock;
use acuerdo::service::handoff::Back;
use serde_json::json;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use uuid::Uuid;

/// Beatriz and Andrés of the sample share this number.
const SHARED: &str = "573005550014";
const BEATRIZ: Debtor = Debtor {
    last4: "1515",
    birthday: "1 de julio",
    marks: &["5015", "Beatriz", "libre inversión", "808.000"],
};
const ANDRES: Debtor =
    Debtor { last4: "1414", birthday: "8 de febrero", marks: &["5014", "Andrés", "Tarjeta", "111.100"] };

/// What a person knows of themself, and words that only texts about them hold.
struct Debtor {
    last4: &'static str,
    birthday: &'static str,
    marks: &'static [&'static str],
}

/// What Beatriz leaves open; a line in brackets is a tap.
const LEFT_OPEN: &[&[&str]] = &[
    &["cuanto debo"],
    &["cuanto debo", "[Pagar ahora]"],
    &["quiero un acuerdo de pago", "3 cuotas"],
    &["opciones de pago"],
    &["quiero pagar 80 lucas"],
    &["quiero pagar", "[Otro valor]"],
    &["ya pague ayer"],
    &["el viernes le pago"],
    &["no reconozco esa deuda"],
    &["quiero hablar con un asesor"],
    &["paz y salvo"],
];
/// How the chat goes on when Andrés has the phone.
const TAKEN_UP: &[&str] = &["hola", "menu", "quiero pagar", "sí", "la primera", "3 cuotas", "LATE TAP"];

async fn say(app: &TestApp, who: &Who, line: &str) -> Vec<String> {
    app.clock.advance(Millis::seconds(2));
    let before = app.graph.taken().len();
    match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
        Some(title) => app.taps(who, title).await,
        None => app.says(who, line).await,
    }
    app.graph.taken()[before..].iter().map(|(_, sent)| sent.message.readable()).collect()
}

/// Every option that was ever offered on this phone, newest first.
fn offered(app: &TestApp) -> Vec<String> {
    let mut titles: Vec<String> = Vec::new();
    for (_, sent) in app.graph.taken().iter().rev() {
        titles.extend(sent.message.readable().lines().filter_map(|line| {
            let line = line.trim();
            let button = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'));
            button.or_else(|| line.strip_prefix('(')?.split(')').next()).map(str::to_owned)
        }));
    }
    titles.retain(|title| app.tap_of(title).is_some());
    titles.dedup();
    titles.truncate(12);
    titles
}

fn told(texts: &[String], debtor: &Debtor) -> Option<String> {
    let text = texts.join("\n");
    debtor.marks.iter().find(|mark| text.contains(*mark)).map(|mark| format!("`{mark}` in\n{text}"))
}

async fn prove(app: &TestApp, who: &Who, debtor: &Debtor) -> Vec<String> {
    let mut texts = say(app, who, debtor.last4).await;
    texts.extend(say(app, who, debtor.birthday).await);
    texts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_proved_on_a_shared_phone_sees_nothing_of_the_one_before() {
    let phone = Who::phone(SHARED);
    let mut leaks = Vec::new();
    for (n, left) in LEFT_OPEN.iter().enumerate() {
        let app = TestApp::new().await;
        say(&app, &phone, "menu").await;
        prove(&app, &phone, &BEATRIZ).await;
        for line in *left {
            say(&app, &phone, line).await;
        }
        app.waits(Millis::minutes(31)).await;

        let mut seen = Vec::new();
        let line = match TAKEN_UP[n % TAKEN_UP.len()] {
            "LATE TAP" => format!("[{}]", offered(&app)[0]),
            line => line.to_owned(),
        };
        if app.conversation(&phone).await.ticket.is_some() {
            seen.extend(say(&app, &phone, "menu").await);
        }
        seen.extend(say(&app, &phone, &line).await);
        seen.extend(prove(&app, &phone, &ANDRES).await);
        for title in offered(&app) {
            seen.extend(say(&app, &phone, &format!("[{title}]")).await);
        }
        for line in ["sí", "la primera", "saldo", "opciones", "menu"] {
            seen.extend(say(&app, &phone, line).await);
        }
        if let Some(leak) = told(&seen, &BEATRIZ) {
            leaks.push(format!("── {left:?}, then {line:?}: {leak}"));
        }
    }
    assert!(leaks.is_empty(), "{} of {} leak:\n{}", leaks.len(), LEFT_OPEN.len(), leaks.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chat_that_an_agent_gives_back_shows_the_next_person_nothing_of_the_one_before() {
    let phone = Who::phone(SHARED);
    for step in [None, Some("menu.elegir"), Some("opciones.elegir")] {
        let app = TestApp::new().await;
        say(&app, &phone, "menu").await;
        prove(&app, &phone, &BEATRIZ).await;
        say(&app, &phone, "opciones de pago").await;
        say(&app, &phone, "asesor").await;
        app.waits(Millis::minutes(31)).await;
        let mut seen = say(&app, &phone, "buenas, sigo aquí").await;
        let (handoff, agent) = (&app.started.handoff, agent());
        let ticket = app.conversation(&phone).await.ticket.unwrap();
        let taken = handoff.take(&agent, ticket).await.unwrap();
        handoff
            .return_to_bot(&agent, ticket, Some(taken.token), Back { step, ..Back::default() })
            .await
            .unwrap();
        app.drain().await;
        seen.extend(app.hear());
        seen.extend(say(&app, &phone, "sí").await);
        seen.extend(prove(&app, &phone, &ANDRES).await);
        seen.extend(say(&app, &phone, "la primera").await);
        assert_eq!(told(&seen, &BEATRIZ), None, "{step:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_tells_whoever_is_proved_nothing_of_the_other_ones_product() {
    let (app, phone) = (TestApp::new().await, Who::phone(SHARED));
    say(&app, &phone, "menu").await;
    prove(&app, &phone, &BEATRIZ).await;
    say(&app, &phone, "asesor").await;
    let (handoff, agent) = (&app.started.handoff, agent());
    app.started.store.add_agent(&agent, [9; 32]).await.unwrap();
    let ticket = app.conversation(&phone).await.ticket.unwrap();
    let token = Some(handoff.take(&agent, ticket).await.unwrap().token);
    for (n, text) in [
        "Le ayudo con el otro producto, la Tarjeta Andino Joven.",
        "¿Habla del producto terminado en 5014?",
        "El del documento 1010001414 también puede pagar por aquí.",
    ]
    .into_iter()
    .enumerate()
    {
        let refused = handoff.send(&agent, ticket, token, text, &format!("k{n}")).await;
        assert!(
            matches!(refused, Err(acuerdo::service::handoff::HandoffError::Lint(_))),
            "{text}: {refused:?}"
        );
    }
    for (n, text) in
        ["Con gusto le ayudo con su crédito de libre inversión.", "¿Habla del terminado en 5015?"]
            .into_iter()
            .enumerate()
    {
        handoff.send(&agent, ticket, token, text, &format!("g{n}")).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taps_on_the_other_ones_product_do_nothing_for_whoever_is_proved_now() {
    let (app, phone) = (TestApp::new().await, Who::phone(SHARED));
    say(&app, &phone, "menu").await;
    prove(&app, &phone, &BEATRIZ).await;
    for line in ["cuanto debo", "quiero un acuerdo de pago", "3 cuotas"] {
        say(&app, &phone, line).await;
    }
    let of_beatriz = offered(&app);
    app.waits(Millis::minutes(31)).await;
    say(&app, &phone, "menu").await;
    prove(&app, &phone, &ANDRES).await;
    for title in &of_beatriz {
        let seen = say(&app, &phone, &format!("[{title}]")).await;
        assert_eq!(told(&seen, &BEATRIZ), None, "{title}");
    }
    let of = acuerdo::ports::cases::AgreementsOf::default();
    let agreements = app.started.store.agreements(&of, 9).await.unwrap();
    assert!(agreements.iter().all(|filed| filed.person.as_deref() != Some("C-1015")), "{agreements:?}");
}

fn agent() -> Agent {
    Agent {
        id: AgentId(Uuid::from_u128(0xA6)),
        lender: LenderId::from("andino"),
        name: "Agente".to_owned(),
        queues: Vec::new(),
        active: true,
        created_at: Timestamp(0),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_persons_take_turns_on_one_phone_and_each_begins_anew() {
    let (app, phone) = (TestApp::new().await, Who::phone(SHARED));
    say(&app, &phone, "hola").await;
    for turn in 0..4 {
        let (here, away) = if turn % 2 == 0 { (&BEATRIZ, &ANDRES) } else { (&ANDRES, &BEATRIZ) };
        let mut seen = prove(&app, &phone, here).await;
        assert_eq!(seen.last().unwrap().contains("Empecemos con lo suyo."), turn > 0, "{seen:?}");
        seen.extend(say(&app, &phone, "opciones de pago").await);
        assert!(told(&seen, here).is_some(), "one's own is shown: {seen:?}");
        assert_eq!(told(&seen, away), None);
        app.waits(Millis::minutes(31)).await;
        let again = say(&app, &phone, "sí").await;
        assert_eq!((told(&again, here), told(&again, away)), (None, None), "nobody is proved");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_person_proved_again_goes_on_where_they_were() {
    let (app, phone) = (TestApp::new().await, Who::phone(SHARED));
    say(&app, &phone, "menu").await;
    prove(&app, &phone, &BEATRIZ).await;
    say(&app, &phone, "quiero un acuerdo de pago").await;
    say(&app, &phone, "3 cuotas").await;
    app.waits(Millis::minutes(40)).await;
    say(&app, &phone, "sí").await;
    let seen = prove(&app, &phone, &BEATRIZ).await.join("\n");
    assert!(seen.contains("3 cuotas") && seen.contains("¿Lo acepta?"), "{seen}");
    assert!(!seen.contains("Empecemos"), "{seen}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_called_by_name_before_proof_on_a_phone_of_several() {
    let (app, phone) = (TestApp::new().await, Who::phone(SHARED));
    say(&app, &phone, "menu").await;
    prove(&app, &phone, &BEATRIZ).await;
    app.waits(Millis::hours(14)).await;
    let seen = say(&app, &phone, "hola").await;
    assert_eq!((told(&seen, &BEATRIZ), told(&seen, &ANDRES)), (None, None));
    assert!(seen[0].contains("Soy el asistente") || seen[0].contains("soy el asistente"), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_the_file_gives_to_another_greets_nobody_by_name() {
    let (app, phone) = (TestApp::new().await, Who::phone("573005550003"));
    assert!(say(&app, &phone, "hola").await[0].contains("Diana"));
    let (store, lender) = (&app.started.store, LenderId::from("andino"));
    let mut people = store.persons(&lender, 100).await.unwrap();
    people.retain(|person| ["C-1003", "C-1004"].contains(&person.external_ref.as_str()));
    let numbers: Vec<_> = people.iter().map(|person| person.phones.clone()).collect();
    for (person, phones) in people.iter_mut().zip(numbers.into_iter().rev()) {
        person.phones = phones;
    }
    store.import(&lender, &people, &[], app.clock.now()).await.unwrap();
    app.waits(Millis::hours(14)).await;
    let seen = say(&app, &phone, "hola").await.join("\n");
    let names: Vec<&str> = people.iter().map(|person| person.first_name.expose().as_str()).collect();
    assert!(!names.iter().any(|name| seen.contains(name)), "{names:?}: {seen}");
}

/// Delivers without sending what it causes.
async fn write_only(app: &TestApp, who: &Who, text: &str) {
    app.clock.advance(Millis::seconds(2));
    let content = json!({"type": "text", "text": {"body": text}});
    let value = meta::message(who, &app.wamid(), app.clock.now(), &content);
    assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
    app.started.converse.round(16).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_still_waits_in_the_outbox_never_reaches_another_person() {
    let (app, phone) = (TestApp::new().await, Who::phone(SHARED));
    say(&app, &phone, "menu").await;
    prove(&app, &phone, &BEATRIZ).await;
    write_only(&app, &phone, "cuanto debo").await;
    app.clock.advance(Millis::minutes(31));
    for line in ["menu", ANDRES.last4, ANDRES.birthday] {
        write_only(&app, &phone, line).await;
    }
    app.hear();
    app.drain().await;
    let seen = app.hear();
    assert_eq!(told(&seen, &BEATRIZ), None);
    assert!(seen.last().unwrap().contains("¿En qué le ayudo?"), "{seen:?}");
    let chat = app.conversation(&phone).await.id;
    let sent = app.started.store.sent_messages(chat, 50).await.unwrap();
    assert!(sent.iter().any(|message| message.why.as_deref() == Some("another_person")), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_does_not_say_whose_it_is_belongs_to_the_person_of_its_chat() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("old.sqlite");
    let url = format!("sqlite:{}", file.display());
    let app = TestApp::on(&url, folder, Timestamp::parse_rfc3339(START).unwrap()).await;
    let phone = Who::phone(SHARED);
    say(&app, &phone, "menu").await;
    prove(&app, &phone, &BEATRIZ).await;
    say(&app, &phone, "quiero pagar").await;
    app.waits(Millis::minutes(31)).await;
    say(&app, &phone, "sí").await;

    let chat = app.conversation(&phone).await;
    let mut session = chat.session.as_ref().unwrap().tree();
    session.as_object_mut().unwrap().remove("subject").unwrap();
    let options = SqliteConnectOptions::new().filename(&file);
    let mut hand: SqliteConnection = options.connect().await.unwrap();
    let left = "UPDATE conversations SET session = $1 WHERE id = $2";
    sqlx::query(left).bind(session.to_string()).bind(chat.id.0).execute(&mut hand).await.unwrap();

    let seen = prove(&app, &phone, &ANDRES).await;
    assert_eq!(told(&seen, &BEATRIZ), None);
    assert!(seen.last().unwrap().contains("Empecemos con lo suyo."), "{seen:?}");
}
