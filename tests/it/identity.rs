//! Proof of identity as people meet it: documents with letters, answers in parts, a file without a birth date, numbers
//! that only look like one on file.

use crate::harness::app::TestApp;
use crate::harness::meta::Who;
use acuerdo::debts::{ImportContext, parse};
use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::ids::{AgentId, LenderId};
use acuerdo::domain::money::Currency;
use acuerdo::domain::time::{Millis, Timestamp, Zone};
use acuerdo::ports::agents::Agent;
use acuerdo::ports::clock::Clock;
use acuerdo::service::handoff::story::StoryCursor;
use acuerdo::service::handoff::{Back, Call, HandoffError};
use uuid::Uuid;

const HEADING: &str = "lender,person_ref,full_name,document_type,document,birth_date,phones,obligation_ref,product,\
     product_name,currency,as_of,principal,interest,late_interest,fees,oldest_unpaid_due";

/// Imports a person called Marta with one debt that is 40 days late.
pub async fn on_file(app: &TestApp, reference: &str, document: &str, birth_date: &str, phone: &str) {
    let row = format!(
        "andino,{reference},Marta Ruiz,DOC,{document},{birth_date},{phone},9{reference},credito_consumo,Crédito libre,COP,D,\
         300000,20000,1000,0,D-40"
    );
    let zone = Zone::parse("America/Bogota").unwrap();
    let context = ImportContext { now: app.clock.now(), zone, currency: Currency::Cop };
    let file = parse(format!("{HEADING}\n{row}\n").as_bytes(), &context).all_or_nothing().unwrap();
    let lender = LenderId::from("andino");
    app.started.store.import(&lender, &file.persons, &file.obligations, app.clock.now()).await.unwrap();
}

pub async fn say(app: &TestApp, who: &Who, text: &str) -> String {
    app.clock.advance(Millis::seconds(2));
    let before = app.graph.taken().len();
    app.says(who, text).await;
    let said =
        app.graph.taken()[before..].iter().map(|(_, sent)| sent.message.readable()).collect::<Vec<_>>();
    said.join("\n")
}

pub fn agent() -> Agent {
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
async fn everybody_proves_themself_with_the_last_four_of_their_document() {
    let app = TestApp::new().await;
    for (n, (document, typed, right)) in [
        ("GATM900101MNLRRR01", "RR01", true),
        ("CASR850515HNLNLG02", "mi curp es casr850515hnlnlg02", true),
        ("HEGG560427MVZRRL04", "termina en rl04", true),
        ("MAAR790213HMNRLF03", "lf 03", true),
        ("12.345.678-K", "678K", true),
        ("12.345.678-K", "12.345.678-k", true),
        ("9876543-K", "543 k", true),
        ("12345678-5", "6785", true),
        ("AB1234C", "234c", true),
        ("PE 123456 X", "pasaporte PE123456X", true),
        ("X1234567L", "son 567L", true),
        ("123.456.789-09", "8909", true),
        ("1090004821", "1.090.004.821", true),
        ("12.345.678-K", "5678", false),
        ("GATM900101MNLRRR01", "0101", false),
        ("1090004821", "0482", false),
    ]
    .into_iter()
    .enumerate()
    {
        let phone = format!("5731066{n:05}");
        on_file(&app, &format!("D-{n}"), document, "1985-03-12", &format!("+{phone}")).await;
        let who = Who::phone(&phone);
        say(&app, &who, "hola").await;
        let asked = say(&app, &who, typed).await;
        assert!(asked.contains("día y mes"), "{document}, {typed}: {asked}");
        let answer = say(&app, &who, "12 de marzo").await;
        assert_eq!(answer.contains("¿En qué le ayudo?"), right, "{document}, {typed}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_in_several_messages_is_put_together_and_is_no_mistake() {
    let app = TestApp::new().await;
    on_file(&app, "P-1", "1010000404", "1988-09-18", "+573106700001").await;
    let who = Who::phone("573106700001");
    say(&app, &who, "hola").await;
    for part in ["mi cedula", "es", "04"] {
        let said = say(&app, &who, part).await;
        assert!(said.contains("Le leo") && !said.contains("Necesito"), "{part}: {said}");
    }
    assert!(say(&app, &who, "04").await.contains("día y mes"));
    assert!(say(&app, &who, "septiembre").await.contains("Le leo"));
    let said = say(&app, &who, "el 18").await;
    assert!(said.contains("¿En qué le ayudo?"), "{said}");
    assert_eq!(app.conversation(&who).await.ticket, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_that_bring_nothing_end_at_a_person_too() {
    let app = TestApp::new().await;
    let who = Who::phone("573005550003");
    say(&app, &who, "hola").await;
    for _ in 0..8 {
        if app.conversation(&who).await.ticket.is_some() {
            return;
        }
        say(&app, &who, "mi cedula").await;
    }
    panic!("the question is asked for ever:\n{}", app.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_without_birth_date_is_confirmed_by_an_agent_and_goes_on() {
    let app = TestApp::new().await;
    on_file(&app, "C-1099", "1010009999", "", "+573106700099").await;
    let who = Who::phone("573106700099");
    say(&app, &who, "cuanto debo").await;
    say(&app, &who, "9999").await;
    let said = say(&app, &who, "12 de marzo").await;
    assert!(said.contains("una persona de Banco Andino"), "{said}");
    assert!(!app.transcript().contains("coinciden") && !app.transcript().contains("no pude comprobar"));

    let (handoff, agent) = (&app.started.handoff, agent());
    let ticket = app.conversation(&who).await.ticket.unwrap();
    let token = Some(handoff.take(&agent, ticket).await.unwrap().token);
    let seen = handoff.view(&agent, ticket).await.unwrap();
    assert!(!seen.chat.debt_allowed && !seen.person.unwrap().birth_date_on_file);
    let note = seen.ticket.summary["note"].as_str().unwrap().to_owned();
    assert!(note.contains("Llame al número registrado"), "the ticket says what to do: {note}");

    for (person, number) in [("C-1099", "+573005550003"), ("C-1003", "+573106700099"), ("", "0099")] {
        let call = Call { number, reason: "dice que es ella", different_person: false };
        let refused = handoff.confirm(&agent, ticket, token, person, call).await;
        assert!(matches!(refused, Err(HandoffError::Invalid { field: "called", .. })), "{person} {number}");
    }
    let reason = "Confirmó nombre y último pago por teléfono.";
    let call = Call { number: "+57 310 670 0099", reason, different_person: false };
    handoff.confirm(&agent, ticket, token, "C-1099", call).await.unwrap();
    app.drain().await;
    let seen = handoff.view(&agent, ticket).await.unwrap();
    assert!(seen.chat.debt_allowed && seen.chat.assurance == Assurance::Verificada);
    let story = handoff.story(&agent, ticket, StoryCursor::default(), 100).await.unwrap();
    let line = |kind: &str| story.items.iter().find(|item| item.kind == kind).unwrap();
    assert!(line("identity_confirmed").text.as_ref().unwrap().expose().contains("último pago"));
    assert_eq!(line("identity_proved").text.as_ref().unwrap().expose(), "C-1099");
    assert!(
        story.items.iter().all(|item| !item.text.as_ref().is_some_and(|text| text.expose().contains("9999")))
    );

    handoff.return_to_bot(&agent, ticket, token, Back::default()).await.unwrap();
    app.drain().await;
    let said = app.hear().join("\n");
    assert!(said.contains("$321.000"), "the bot goes on with what was asked first: {said}");
    app.waits(Millis::minutes(31)).await;
    assert!(!say(&app, &who, "cuanto debo").await.contains('$'), "it holds no longer than any proof");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_that_comes_after_the_chat_went_back_changes_nothing() {
    let app = TestApp::new().await;
    let who = Who::phone("573005550003");
    say(&app, &who, "asesor").await;
    let (handoff, agent) = (&app.started.handoff, agent());
    let ticket = app.conversation(&who).await.ticket.unwrap();
    let token = Some(handoff.take(&agent, ticket).await.unwrap().token);
    let call = Call { number: "573005550003", reason: "llamada", different_person: false };
    handoff.confirm(&agent, ticket, token, "C-1003", call).await.unwrap();
    handoff.resolve(&agent, ticket, token, "solved", None).await.unwrap();
    let late = handoff.confirm(&agent, ticket, token, "C-1003", call).await;
    assert!(late.is_err(), "the ticket is closed");
}

/// Three wrong pairs of answers, and what is said to the last.
async fn fails(app: &TestApp, who: &Who) -> String {
    let mut said = String::new();
    for _ in 0..3 {
        say(app, who, "9876").await;
        said = say(app, who, "2 de enero").await;
    }
    said
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_fails_on_one_phone_locks_nobody_on_another() {
    let app = TestApp::new().await;
    let phones = ["573106700201", "573106700202", "573106700203"];
    let all = phones.map(|phone| format!("+{phone}")).join("|");
    on_file(&app, "S-1", "1010007711", "1970-05-21", &all).await;
    on_file(&app, "S-2", "1010007722", "1995-08-09", &format!("+{}", phones[0])).await;
    let [own, second, third] = phones.map(Who::phone);
    let asks = async |who: &Who| {
        let said = say(&app, who, "cuanto debo").await;
        say(&app, who, "7711").await;
        (said, say(&app, who, "21 de mayo").await)
    };
    // Day for day, until a person looks after that phone: it is locked, and the owner's other one is not.
    for day in 0..3 {
        say(&app, &second, "hola").await;
        let locked = fails(&app, &second).await.contains("24 horas");
        assert_eq!(locked, day < 2, "after two locks a person looks");
        let (said, right) = asks(&own).await;
        assert!(!said.contains("24 horas") && right.contains('$'), "{said}\n{right}");
        app.waits(Millis::hours(25)).await;
    }
    // What the third phone tries after that is bounded by itself too; nobody guesses from phone to phone without end.
    say(&app, &third, "hola").await;
    assert!(fails(&app, &third).await.contains("24 horas"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_only_looks_like_one_on_file_is_a_stranger() {
    let app = TestApp::new().await;
    for (n, (on_record, writes, known)) in [
        ("+55 11 3333 1120", "5511933331120", false),
        ("+55 21 2555 4321", "5521925554321", false),
        ("+55 11 98765 1118", "551187651118", true),
        ("+55 85 8765 1119", "5585987651119", true),
        ("+52 1 81 5550 1111", "528155501111", true),
        ("+52 81 5550 1112", "5218155501112", true),
        ("+54 9 11 5555 1113", "5491155551113", true),
        ("+54 11 5555 1114", "5491155551114", true),
        ("+57 310 555 1128", "573105551128", true),
        ("+57 310 555 1129", "573105551120", false),
    ]
    .into_iter()
    .enumerate()
    {
        on_file(&app, &format!("V-{n}"), "1010001010", "1985-03-12", on_record).await;
        let said = say(&app, &Who::phone(writes), "hola").await;
        assert_eq!(said.contains("Marta"), known, "on file {on_record}, {writes} writes: {said}");
    }
}
