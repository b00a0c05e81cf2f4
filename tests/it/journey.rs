//! Promises of the whole application that no single conversation shows.

use crate::harness::app::{NUMBER, START, TestApp, VERIFY};
use crate::harness::graph_api::Script;
use crate::harness::meta::{self, Who};
use acuerdo::debts::{self, ImportContext};
use acuerdo::domain::ids::LenderId;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::clock::Clock;
use acuerdo::ports::outbox::OutboxStatus;
use serde_json::json;
use std::collections::HashSet;

/// Diana, 20 days late: phone, last 4 of the document, birthday.
const DIANA: &str = "573005550003";

async fn verified(app: &TestApp, who: &Who) {
    app.says(who, "hola").await;
    app.says(who, "0303").await;
    app.says(who, "25 de julio").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_handshake_gives_the_challenge_only_for_our_token() {
    let app = TestApp::new().await;
    let ask = |token: &'static str| {
        app.http
            .get(format!("{}/webhook", app.url))
            .query(&[("hub.mode", "subscribe"), ("hub.challenge", "1158201444"), ("hub.verify_token", token)])
            .send()
    };
    let right = ask(VERIFY).await.unwrap();
    assert_eq!(right.status(), 200);
    assert_eq!(right.text().await.unwrap(), "1158201444");
    assert_eq!(ask("wrong").await.unwrap().status(), 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_signed_and_stored_is_acknowledged() {
    let app = TestApp::new().await;
    let url = format!("{}/webhook", app.url);
    let post = |signature: Option<&'static str>, body: Vec<u8>| {
        let request = app.http.post(&url).body(body);
        let request = match signature {
            Some(signature) => request.header("x-hub-signature-256", signature),
            None => request,
        };
        async move { request.send().await.unwrap().status().as_u16() }
    };
    let body = || meta::delivery(NUMBER, json!({}));
    assert_eq!(post(None, body()).await, 401);
    assert_eq!(post(Some("sha256=00"), body()).await, 401);
    assert_eq!(post(Some(&*format!("sha256={}", "0".repeat(64)).leak()), body()).await, 401);
    assert_eq!(post(Some("sha1=00"), body()).await, 401);
    assert_eq!(post(None, vec![b' '; 3 * 1024 * 1024 + 1]).await, 413);
    assert_eq!(app.deliver(b"not json \xff".to_vec()).await, 400);
    assert_eq!(app.started.store.unreadable_count().await.unwrap(), 1);
    assert_eq!(app.deliver(body()).await, 200, "a shape that we do not know is kept and acknowledged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_delivery_many_times_is_one_message_and_one_answer() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    let content = json!({"type": "text", "text": {"body": "hola"}});
    let body = meta::delivery(NUMBER, meta::message(&who, "wamid.same", app.clock.now(), &content));
    for _ in 0..5 {
        assert_eq!(app.deliver(body.clone()).await, 200);
    }
    app.drain().await;
    assert_eq!(app.deliver(body).await, 200);
    app.drain().await;
    assert_eq!(app.graph.taken().len(), 1, "{}", app.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_with_a_different_lender_sees_nothing_of_the_first() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    verified(&app, &who).await;
    app.says(&who, "cuanto debo").await;
    assert!(app.last().message.readable().contains("$432.350"), "{}", app.transcript());
    // The same phone on the other lender's number: nobody is known there, nothing was proved there.
    app.sends_to("100000000000002", &who, &json!({"type": "text", "text": {"body": "cuanto debo"}})).await;
    let heard = app.hear().join("\n");
    assert!(heard.contains("Crédito Norte") && !heard.contains("Andino"), "{heard}");
    assert!(!heard.contains("Diana") && !heard.contains("432.350"), "{heard}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agreement_is_recorded_once_with_its_evidence() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    verified(&app, &who).await;
    app.says(&who, "el viernes le pago").await;
    app.taps(&who, "Todo el saldo vencido").await;
    let shown = app.last().message.readable();
    let yes = app.tap_of("Sí, confirmo").expect("the confirmation");
    // Two taps before the first answer: both are stored, one agreement comes of them.
    for wamid in ["wamid.tap.1", "wamid.tap.2"] {
        let value = meta::message(&who, wamid, app.clock.now(), &yes);
        assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
    }
    app.drain().await;
    let conversation = app.conversation(&who).await;
    let lender = LenderId::from("andino");
    let file = app.started.store.person_file(&lender, conversation.person.unwrap()).await.unwrap().unwrap();
    assert_eq!(file.agreements.len(), 1);
    let agreement = &file.agreements[0];
    assert!(shown.starts_with(agreement.evidence.rendered.expose().as_str()), "{shown}");
    assert_eq!(agreement.evidence.accepted_by.as_deref(), Some("wamid.tap.1"));
    assert_eq!(agreement.evidence.sha256.len(), 64);
    assert_eq!(agreement.offer.total.minor, 43_235_000);
    assert!(!agreement.offer.derivation.policy_version.is_empty());
    let sent = app.started.store.sent_messages(conversation.id, 100).await.unwrap();
    let evidence = agreement.evidence.shown_in.as_deref();
    assert!(sent.iter().any(|message| Some(message.id.to_string()) == evidence.map(str::to_owned)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_in_doubt_is_never_repeated_and_its_status_settles_it() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    app.graph.script([Script::BreakOff]);
    app.says(&who, "hola").await;
    assert_eq!(app.graph.taken().len(), 1);
    let conversation = app.conversation(&who).await;
    let sent = app.started.store.sent_messages(conversation.id, 10).await.unwrap();
    assert_eq!(sent[0].status, OutboxStatus::InDoubt);
    // The next answer waits for the doubt to end.
    app.says(&who, "0303").await;
    assert_eq!(app.graph.taken().len(), 1);
    let callback = format!("out:{}", sent[0].id);
    let status = meta::status("wamid.late", "delivered", app.clock.now(), Some(&callback), &[]);
    assert_eq!(app.deliver(meta::delivery(NUMBER, status)).await, 200);
    app.drain().await;
    assert_eq!(app.graph.taken().len(), 2, "the doubt is over, the next message goes");
    let sent = app.started.store.sent_messages(conversation.id, 10).await.unwrap();
    assert_eq!(sent[0].status, OutboxStatus::Accepted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_status_a_public_answer_is_said_again_and_a_fact_of_a_debt_is_not() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    app.graph.script([Script::Garbage]);
    app.says(&who, "hola").await;
    let texts =
        || -> Vec<String> { app.graph.taken().iter().map(|(_, sent)| sent.message.readable()).collect() };
    app.waits(Millis::seconds(119)).await;
    assert_eq!(texts().len(), 1);
    app.waits(Millis::seconds(1)).await;
    assert_eq!(texts().len(), 2);
    assert_eq!(texts()[0], texts()[1], "a greeting harms nobody");
    app.says(&who, "0303").await;
    app.says(&who, "25 de julio").await;
    let n_before = texts().len();
    app.graph.script([Script::Garbage]);
    app.says(&who, "cuanto debo").await;
    assert_eq!(texts().len(), n_before + 1);
    let balance = texts().pop().unwrap();
    assert!(balance.contains('$'), "{balance}");
    app.waits(Millis::minutes(2)).await;
    assert_eq!(texts().iter().filter(|text| **text == balance).count(), 1, "a debt is told once");
    let after: Vec<String> = texts().split_off(n_before + 1);
    assert!(
        after.iter().any(|text| text.contains("Puede que un mensaje mío no le haya llegado")),
        "{after:?}"
    );
    let conversation = app.conversation(&who).await;
    let sent = app.started.store.sent_messages(conversation.id, 20).await.unwrap();
    assert!(sent.iter().any(|message| message.status == OutboxStatus::Unconfirmed));
    // Who asks for it gets it.
    app.says(&who, "saldo").await;
    assert!(texts().iter().filter(|text| text.contains('$')).count() > 1, "{}", app.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_beside_neighbours_that_were_heard_of_says_that_a_message_never_left() {
    let app = TestApp::new().await;
    let greet = async |phone: &str| {
        let who = Who::phone(phone);
        app.says(&who, "hola").await;
    };
    // The process has looked after its doubts all the time.
    let passes = async |seconds: i64| {
        for _ in 0..seconds {
            app.waits(Millis::seconds(1)).await;
        }
    };
    for n in 0..5 {
        greet(&format!("57300555120{n}")).await;
        passes(1).await;
    }
    app.graph.script([Script::BreakOff]);
    greet(DIANA).await;
    let taken = app.graph.taken();
    for (wamid, _) in taken.iter().take(taken.len() - 1) {
        let told = meta::status(wamid.as_str(), "delivered", app.clock.now(), None, &[]);
        assert_eq!(app.deliver(meta::delivery(NUMBER, told)).await, 200);
    }
    passes(14).await;
    assert_eq!(app.graph.taken().len(), taken.len());
    passes(2).await;
    assert_eq!(app.graph.taken().len(), taken.len() + 1, "all neighbours were heard of within seconds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_send_comes_later_and_in_order() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    let throttled = Script::Refuse { http_status: 400, code: 131_056, details: "pair rate" };
    app.graph.script([throttled.clone(), throttled]);
    app.says(&who, "hola").await;
    assert!(app.graph.taken().is_empty());
    app.waits(Millis::seconds(30)).await;
    app.waits(Millis::seconds(30)).await;
    assert_eq!(app.graph.taken().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_throttled_goes_on_after_a_round_trip() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    let throttled = Script::Refuse { http_status: 400, code: 130_429, details: "throughput" };
    // More often than a message is ever tried for a reason of its own.
    app.graph.script(vec![throttled; 12]);
    app.says(&who, "hola").await;
    for _ in 0..12 {
        assert!(app.graph.taken().is_empty());
        app.waits(Millis(1_100)).await;
    }
    assert_eq!(app.graph.taken().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_in_the_outbox_is_never_sent_after_an_opt_out_but_the_confirmation_is() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    app.graph.always(Some(Script::Refuse { http_status: 400, code: 131_056, details: "pair rate" }));
    app.says(&who, "hola").await;
    app.says(&who, "no me escriban más").await;
    assert!(app.graph.taken().is_empty());
    app.graph.always(None);
    app.waits(Millis::minutes(5)).await;
    let heard = app.hear();
    assert_eq!(heard.len(), 1, "{heard:#?}");
    assert!(heard[0].contains("no le escribiremos más"), "{heard:#?}");
    let conversation = app.conversation(&who).await;
    assert!(conversation.opted_out);
    let sent = app.started.store.sent_messages(conversation.id, 10).await.unwrap();
    assert_eq!(sent[0].status, OutboxStatus::Refused);
    assert_eq!(sent[0].why.as_deref(), Some("opted_out"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_restriction_stops_sending_until_an_operator_lifts_it() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    let now = app.clock.now().0 / 1_000;
    let restriction = json!({
        "object": "whatsapp_business_account",
        "entry": [{"id": "waba-andino", "time": now, "changes": [{"field": "account_update", "value": {
            "event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "MISLEADING"},
        }}]}],
    });
    assert_eq!(app.deliver(serde_json::to_vec(&restriction).unwrap()).await, 200);
    app.drain().await;
    app.says(&who, "hola").await;
    assert!(app.graph.taken().is_empty());
    let ready = app.http.get(format!("{}/health/ready", app.url)).send().await.unwrap();
    assert_eq!(ready.status(), 200);
    let ready: serde_json::Value = serde_json::from_str(&ready.text().await.unwrap()).unwrap();
    assert_eq!(ready["status"], "degraded");
    assert_eq!(ready["stops"][0]["scope"], "outbound");
    let metrics = app.http.get(format!("{}/metrics", app.url)).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("acuerdo_outbound_stopped 1"), "{metrics}");
    assert!(app.started.store.lift(&LenderId::from("andino"), "outbound").await.unwrap());
    app.waits(Millis::minutes(2)).await;
    assert_eq!(app.graph.taken().len(), 1, "what waited is said after the stop");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reply_that_waited_beyond_the_window_is_not_sent() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    let throttled = Script::Refuse { http_status: 400, code: 130_429, details: "throughput" };
    app.graph.always(Some(throttled));
    app.says(&who, "hola").await;
    app.graph.always(None);
    app.waits(Millis::hours(25)).await;
    assert!(app.graph.taken().is_empty());
    let conversation = app.conversation(&who).await;
    let sent = app.started.store.sent_messages(conversation.id, 10).await.unwrap();
    assert_eq!(sent[0].status, OutboxStatus::Refused);
    assert_eq!(sent[0].why.as_deref(), Some("window_closed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_quick_messages_are_answered_in_their_order() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    // Sent within a second, processed together: each answer belongs to its question.
    for (n, text) in ["hola", "0303", "25 de julio", "cuanto debo"].into_iter().enumerate() {
        let content = json!({"type": "text", "text": {"body": text}});
        let value = meta::message(&who, &format!("wamid.quick.{n}"), app.clock.now(), &content);
        assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
    }
    app.drain().await;
    let heard = app.hear();
    assert!(heard.last().unwrap().contains("$432.350"), "{heard:#?}");
    let conversation = app.conversation(&who).await;
    assert_eq!(conversation.assurance, acuerdo::domain::assurance::Assurance::Verificada);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_down_answers_503_and_meta_brings_it_again() {
    let app = TestApp::new().await;
    let who = Who::phone(DIANA);
    let content = json!({"type": "text", "text": {"body": "hola"}});
    let body = meta::delivery(NUMBER, meta::message(&who, "wamid.down", app.clock.now(), &content));
    app.started.store.close().await;
    assert_eq!(app.deliver(body).await, 503);
    let ready = app.http.get(format!("{}/health/ready", app.url)).send().await.unwrap();
    assert_eq!(ready.status(), 503);
    let live = app.http.get(format!("{}/health/live", app.url)).send().await.unwrap();
    assert_eq!(live.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_chat_ends_on_the_flows_that_it_began_with() {
    let kept = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", kept.path().join("kept.sqlite").display());
    let start = acuerdo::domain::time::Timestamp::parse_rfc3339("2026-11-23T15:00:00Z").unwrap();
    let (diana, ana) = (Who::phone(DIANA), Who::phone("573005550001"));
    {
        let app = TestApp::on(&url, tempfile::tempdir().unwrap(), start).await;
        app.says(&diana, "hola").await;
        app.started.store.close().await;
    }
    let edit = |flows: &std::path::Path| {
        let path = flows.join("identidad.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("¿Qué día y mes nació?"));
        std::fs::write(&path, text.replace("¿Qué día y mes nació?", "¿Cuándo cumple años?")).unwrap();
    };
    let later = start.plus(Millis::minutes(5));
    let app = TestApp::on_edited(&url, tempfile::tempdir().unwrap(), later, edit).await;
    app.says(&diana, "0303").await;
    assert!(app.last().message.readable().contains("¿Qué día y mes nació?"), "{}", app.transcript());
    app.says(&ana, "hola").await;
    app.says(&ana, "0101").await;
    assert!(app.last().message.readable().contains("¿Cuándo cumple años?"), "{}", app.transcript());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_never_waits_behind_a_nudge_that_waits_for_the_morning() {
    let app = TestApp::at(Timestamp::parse_rfc3339("2026-11-24T00:15:00Z").unwrap()).await;
    let who = Who::phone(DIANA);
    verified(&app, &who).await;
    app.says(&who, "el viernes le pago").await;
    app.taps(&who, "Todo el saldo vencido").await;
    // Four hours later it is past eleven at night: the nudge is held.
    app.waits(Millis::hours(4)).await;
    assert!(app.hear().is_empty(), "{}", app.transcript());
    app.sends(&who, &json!({"type": "text", "text": {"body": "hola"}})).await;
    assert!(!app.hear().is_empty(), "the answer comes at once: {}", app.transcript());
    app.waits(Millis::hours(9)).await;
    let conversation = app.conversation(&who).await;
    let sent = app.started.store.sent_messages(conversation.id, 100).await.unwrap();
    let overtaken = sent.iter().find(|message| message.why.as_deref() == Some("overtaken"));
    assert_eq!(overtaken.expect("the nudge was queued").status, OutboxStatus::Refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loans_of_one_name_whose_numbers_end_alike_are_told_apart() {
    let app = TestApp::new().await;
    import_three_alike(&app).await;
    let who = Who::phone("573105550999");
    app.says(&who, "hola").await;
    app.says(&who, "4821").await;
    app.says(&who, "12 de marzo").await;
    app.says(&who, "saldo").await;
    let said = app.transcript();
    for number in ["••100001", "••200001", "••300001"] {
        assert!(said.contains(number), "{number}: {said}");
    }
    let titles: Vec<String> =
        app.last().message.options().iter().map(|(_, title)| (*title).to_owned()).collect();
    let numbered: HashSet<&String> = titles.iter().filter(|title| title.contains("••")).collect();
    assert_eq!(numbered.len(), titles.iter().filter(|title| title.contains("••")).count(), "{titles:?}");
}

async fn import_three_alike(app: &TestApp) {
    let sample = std::fs::read_to_string("fixtures/demo/andino.csv").unwrap();
    let mut csv = format!("{}\n", sample.lines().next().unwrap());
    for n in 1..=3 {
        csv.push_str(&format!(
            "andino,X-1,Marta Lucía Ríos,Marta,CC,1020304821,1985-03-12,es,+573105550999,Z-{n}00001,\
             credito_consumo,Crédito educativo,active,COP,2026-11-18,100000,0,0,0,900000,2026-10-20,,,,,\n"
        ));
    }
    let lender = LenderId::from("andino");
    let policies = acuerdo::app::read_policies(&app.started.settings.flows_dir).unwrap();
    let policy = policies.policy(&lender).unwrap();
    let context =
        ImportContext { now: app.clock.now(), zone: policy.zone.clone(), currency: policy.currency };
    let file = debts::parse(csv.as_bytes(), &context).all_or_nothing().unwrap();
    app.started.store.import(&lender, &file.persons, &file.obligations, app.clock.now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_pays_by_transfer_hears_the_lenders_own_reference_and_no_way_that_it_does_not_have() {
    let edit = |flows: &std::path::Path| {
        let file = flows.join("policies/andino.yaml");
        let policy = std::fs::read_to_string(&file).unwrap();
        let own = policy.replace("    reference: \"{obligation}\"\n", "    reference: \"AND{obligation}\"\n");
        let kept = own.lines().filter(|line| !line.contains("cash_points:") && !line.contains("network: "));
        let left = kept.collect::<Vec<_>>().join("\n");
        assert!(left.contains("AND{obligation}") && left.len() < policy.len());
        std::fs::write(&file, left).unwrap();
    };
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("own.sqlite").display());
    let app = TestApp::on_edited(&url, folder, Timestamp::parse_rfc3339(START).unwrap(), edit).await;
    let who = Who::phone(DIANA);
    for line in ["hola", "0303", "25 de julio", "pagar"] {
        app.says(&who, line).await;
    }
    app.taps(&who, "Ponerme al día").await;
    let ways = app.last().message.readable();
    assert!(ways.contains("Transferencia") && !ways.contains("Efectivo"), "{ways}");
    app.taps(&who, "Transferencia").await;
    let told = app.last().message.readable();
    assert!(told.contains("Referencia: AND5003\n"), "{told}");
}
