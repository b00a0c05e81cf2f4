//! `acuerdo case` and `acuerdo agreement`: what people wait for is listed, ends, and then holds nothing any more.

use crate::contract::backends;
use crate::harness::app::{START, TestApp};
use crate::harness::meta::Who;
use crate::harness::process::{PROGRAM, alone};
use acuerdo::domain::ids::{AgentId, LenderId};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::agents::Agent;
use acuerdo::ports::clock::Clock;
use serde_json::Value;
use uuid::Uuid;

const DIANA: &str = "573005550003";

fn acuerdo(url: &str, arguments: &[&str]) -> (bool, String) {
    let mut program = alone(PROGRAM);
    program.args(arguments).env("DATABASE_URL", url).env("WHATSAPP_ACCESS_TOKEN", "t");
    let output = program.env("WHATSAPP_PHONE_NUMBER_ID", "1").env("USER", "ops-7").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.success(), text)
}

fn ok(url: &str, arguments: &[&str]) -> String {
    let (well, told) = acuerdo(url, arguments);
    assert!(well, "{arguments:?}: {told}");
    told
}

fn open(url: &str) -> Vec<Value> {
    serde_json::from_str(&ok(url, &["case", "list", "--json"])).unwrap()
}

async fn app_on(url: &str) -> TestApp {
    TestApp::on(url, tempfile::tempdir().unwrap(), Timestamp::parse_rfc3339(START).unwrap()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_listed_closed_and_asked_anew() {
    let (_folder, url) = backends::sqlite_file();
    let app = app_on(&url).await;
    let diana = Who::phone(DIANA);
    assert_eq!(ok(&url, &["case", "list"]), "no open cases\n");
    for line in ["hola", "0303", "25 de julio", "quiero que borren mis datos"] {
        app.says(&diana, line).await;
    }
    let cases = open(&url);
    assert_eq!(cases.len(), 1, "{cases:?}");
    let number = cases[0]["number"].as_str().unwrap().to_owned();
    assert_eq!((&cases[0]["kind"], &cases[0]["person"]), (&"datos_supresion".into(), &"C-1003".into()));
    assert!(cases[0]["answer_by"].is_string() && cases[0]["source"].as_str().unwrap().contains("1581"));
    assert!(ok(&url, &["case", "list"]).contains(&number));
    assert_eq!(ok(&url, &["case", "list", "--lender", "andino"]).lines().count(), 4);

    assert!(!acuerdo(&url, &["case", "close", "ZZZ-ZZZ", "--outcome", "x"]).0);
    assert!(!acuerdo(&url, &["case", "close", &number, "--outcome", "not a code"]).0);
    let closed = ok(&url, &["case", "close", &number, "--outcome", "negado", "--note", "it is owed"]);
    assert!(closed.contains("is closed: negado"), "{closed}");
    assert!(!acuerdo(&url, &["case", "close", &number, "--outcome", "negado"]).0, "once");
    let listed = ok(&url, &["case", "list", "--closed"]);
    let line = listed.lines().find(|line| line.contains(&number)).unwrap();
    assert!(
        line.contains("datos_supresion") && line.contains("C-1003") && line.contains("negado"),
        "{listed}"
    );
    assert!(line.ends_with("ops-7") && !listed.contains("it is owed"), "by whom, and no text: {listed}");
    let copy: Value = serde_json::from_str(&ok(&url, &["person", "export", "C-1003"])).unwrap();
    assert_eq!(copy["cases"][0]["closing"]["by"], "ops-7");

    let agent = agent(&app);
    let ticket = app.conversation(&diana).await.ticket.unwrap();
    let handoff = &app.started.handoff;
    let token = Some(handoff.take(&agent, ticket).await.unwrap().token);
    handoff.resolve(&agent, ticket, token, "atendido", Some("answered by letter")).await.unwrap();
    app.drain().await;
    app.says(&diana, "quiero que borren mis datos").await;
    let again = open(&url);
    assert!(again.len() == 1 && again[0]["number"] != number.as_str(), "a new case: {again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agents_outcome_decides_the_case_that_came_with_the_ticket() {
    for (outcome, left) in [("atendido", 1), ("caso_resuelto", 0)] {
        let (_folder, url) = backends::sqlite_file();
        let app = app_on(&url).await;
        let diana = Who::phone(DIANA);
        app.says(&diana, "quiero una copia de mis datos").await;
        assert_eq!(open(&url).len(), 1);
        let (agent, handoff) = (agent(&app), &app.started.handoff);
        let ticket = app.conversation(&diana).await.ticket.unwrap();
        let token = Some(handoff.take(&agent, ticket).await.unwrap().token);
        handoff.resolve(&agent, ticket, token, outcome, Some("by letter")).await.unwrap();
        assert_eq!(open(&url).len(), left, "{outcome}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn distress_that_was_answered_keeps_no_offer_away() {
    let (_folder, url) = backends::sqlite_file();
    let app = app_on(&url).await;
    let diana = Who::phone(DIANA);
    for line in ["hola", "0303", "25 de julio", "no quiero seguir viviendo"] {
        app.says(&diana, line).await;
    }
    assert_eq!(open(&url)[0]["kind"], "angustia");
    let (agent, handoff) = (agent(&app), &app.started.handoff);
    let ticket = app.conversation(&diana).await.ticket.unwrap();
    let token = Some(handoff.take(&agent, ticket).await.unwrap().token);
    handoff.resolve(&agent, ticket, token, "atendido", Some("spoke with her and her sister")).await.unwrap();
    assert!(open(&url).is_empty(), "care was taken");
    app.says(&diana, "quiero pagar en cuotas").await;
    assert!(app.last().message.readable().contains("3 cuotas"), "{}", app.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agreement_that_ended_holds_no_erasure() {
    let (_folder, url) = backends::sqlite_file();
    let app = app_on(&url).await;
    let diana = Who::phone(DIANA);
    for line in ["hola", "0303", "25 de julio", "quiero un acuerdo de pago", "2 cuotas", "sí, acepto"] {
        app.says(&diana, line).await;
    }
    let held = acuerdo(&url, &["person", "erase", "C-1003", "--yes"]).1;
    let line = held.lines().find(|line| line.starts_with("running agreement")).unwrap();
    let reference = line.split_whitespace().nth(3).unwrap();
    assert!(!acuerdo(&url, &["agreement", "close", reference, "--as", "forgotten"]).0);
    ok(&url, &["agreement", "close", reference, "--as", "kept", "--note", "paid in full"]);
    assert!(!acuerdo(&url, &["agreement", "close", reference, "--as", "kept"]).0, "once");
    assert!(ok(&url, &["person", "erase", "C-1003", "--yes"]).contains("Erased, and on record"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_to_withdraw_is_on_file_until_somebody_decides_it() {
    let (_folder, url) = backends::sqlite_file();
    let app = app_on(&url).await;
    let diana = Who::phone(DIANA);
    for line in ["hola", "0303", "25 de julio", "quiero un acuerdo de pago", "2 cuotas", "sí, acepto"] {
        app.says(&diana, line).await;
    }
    let reference = agreed(&url);
    app.says(&diana, "quiero anular ese acuerdo").await;
    assert!(open(&url).is_empty(), "asked first");
    app.taps(&diana, "Retirar el acuerdo").await;
    let cases = open(&url);
    let number = cases[0]["number"].as_str().unwrap().to_owned();
    assert_eq!((cases.len(), &cases[0]["kind"]), (1, &Value::from("retiro_acuerdo")));
    assert!(cases[0]["answer_by"].is_string(), "{cases:?}");
    assert!(app.transcript().contains(&format!("*{number}*")), "the person is told the number");
    let listed = ok(&url, &["agreement", "list"]);
    assert!(listed.contains(&format!("to withdraw: {number}")), "{listed}");
    let close = ["agreement", "close", &reference, "--as", "cancelled"];
    let (well, told) = acuerdo(&url, &close);
    assert!(!well && told.contains("--note"), "{told}");
    let told = ok(&url, &[&close[..], &["--note", "she withdrew in the chat"]].concat());
    assert!(told.contains(&number), "{told}");
    assert!(open(&url).is_empty());
    let copy: Value = serde_json::from_str(&ok(&url, &["person", "export", "C-1003"])).unwrap();
    assert_eq!(copy["cases"][0]["closing"]["outcome"], "retirado");
    assert_eq!(copy["cases"][0]["closing"]["note"], "she withdrew in the chat");
}

/// The reference of Diana's one agreement.
fn agreed(url: &str) -> String {
    let listed: Vec<Value> = serde_json::from_str(&ok(url, &["agreement", "list", "--json"])).unwrap();
    let hers: Vec<&Value> = listed.iter().filter(|one| one["person"] == "C-1003").collect();
    assert_eq!(hers.len(), 1, "{listed:?}");
    assert_eq!(hers[0]["status"], "running");
    hers[0]["reference"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_kept_is_not_claimed_again_from_an_older_balance() {
    let (_folder, url) = backends::sqlite_file();
    let app = app_on(&url).await;
    let diana = Who::phone(DIANA);
    for line in ["hola", "0303", "25 de julio", "quiero un acuerdo de pago", "2 cuotas", "sí, acepto"] {
        app.says(&diana, line).await;
    }
    ok(&url, &["agreement", "close", &agreed(&url), "--as", "kept"]);
    app.waits(Millis::minutes(1)).await;
    for wish in ["quiero ver cuánto debo", "quiero pagar", "quiero un descuento", "necesito el paz y salvo"]
    {
        app.says(&diana, "menú").await;
        let from = app.transcript().len();
        app.says(&diana, wish).await;
        let told = app.transcript()[from..].to_owned();
        assert!(told.contains("figura como cumplido"), "{wish}: {told}");
        assert!(!told.contains('$') && !told.contains("Pagar ahora"), "{wish}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_end_of_an_agreement_is_told_and_put_right() {
    let (_folder, url) = backends::sqlite_file();
    let app = app_on(&url).await;
    let diana = Who::phone(DIANA);
    for line in ["hola", "0303", "25 de julio", "quiero un acuerdo de pago", "2 cuotas", "sí, acepto"] {
        app.says(&diana, line).await;
    }
    let reference = agreed(&url);
    assert!(!acuerdo(&url, &["agreement", "close", &reference, "--as", "broken", "--correct"]).0, "it runs");
    let told = ok(&url, &["agreement", "close", &reference, "--as", "kept", "--by", "Ana Ruiz"]);
    assert!(told.contains("Import a balance"), "{told}");
    let (well, told) = acuerdo(&url, &["agreement", "close", &reference, "--as", "broken"]);
    assert!(!well && told.contains("kept") && told.contains("by Ana Ruiz"), "{told}");
    ok(&url, &["agreement", "close", &reference, "--as", "broken", "--correct"]);
    let listed = ok(&url, &["agreement", "list", "--status", "broken"]);
    assert!(listed.contains(&reference) && listed.contains("by ops-7"), "{listed}");
    ok(&url, &["agreement", "close", &reference, "--as", "running", "--correct"]);
    assert_eq!(agreed(&url), reference, "it runs again");
    assert!(!ok(&url, &["agreement", "list", "--status", "kept"]).contains(&reference));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_be_in_danger_is_answered_before_anything_is_closed_or_erased() {
    let (_folder, url) = backends::sqlite_file();
    let app = app_on(&url).await;
    let diana = Who::phone(DIANA);
    for line in ["hola", "0303", "25 de julio", "no quiero seguir viviendo"] {
        app.says(&diana, line).await;
    }
    let ticket = app.conversation(&diana).await.ticket.unwrap().to_string();
    let number = open(&url)[0]["number"].as_str().unwrap().to_owned();
    let close = ["case", "close", &number, "--outcome", "resuelto"];
    let (well, told) = acuerdo(&url, &close);
    assert!(!well && told.contains(&ticket) && told.contains("--ticket-answered"), "{told}");
    ok(&url, &[&close[..], &["--ticket-answered"]].concat());
    for over in [&[][..], &["--over-holds", "they asked for it"]] {
        let (well, told) = acuerdo(&url, &[&["person", "erase", "C-1003", "--yes"], over].concat());
        assert!(!well && told.contains("protected ticket"), "{told}");
    }
}

fn agent(app: &TestApp) -> Agent {
    Agent {
        id: AgentId(Uuid::from_u128(0xA6)),
        lender: LenderId::from("andino"),
        name: "Agente".to_owned(),
        queues: Vec::new(),
        active: true,
        created_at: app.clock.now(),
    }
}
