//! The agents' desk over HTTP: one agent per ticket, nothing lost, nothing of another lender, nothing unsaid.

use crate::contract_queue::{flushable_url, redis_url};
use crate::desk_world::{World, lender, on_both_stores, on_redis};
use acuerdo::domain::ids::LenderId;
use acuerdo::domain::time::Millis;
use acuerdo::ports::conversations::InputKind;
use acuerdo::ports::records::Priority;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;

on_both_stores!(
    fifty_agents_at_once_never_share_a_ticket,
    a_console_that_lost_its_lease_cannot_write,
    an_older_window_of_the_same_agent_is_fenced_off,
    what_belongs_to_another_lender_does_not_exist,
    without_a_valid_token_nothing_is_told,
    returning_to_a_step_tells_the_bot_and_closes_the_ticket,
    resolving_closes_with_a_code,
    a_transfer_keeps_the_time_waited,
    giving_up_puts_the_ticket_back_in_its_place,
    an_agent_works_only_in_the_queues_it_serves,
    a_ticket_that_the_bot_closed_meanwhile_is_passed_over,
    a_text_reaches_the_person_once_and_only_when_it_may,
    the_story_is_whole_ordered_and_paged,
    wrong_requests_are_told_what_is_wrong,
    every_answer_has_a_request_id_and_stays_out_of_caches,
);

async fn flush(url: &str) {
    let mut raw = ::redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    ::redis::cmd("FLUSHDB").query_async::<()>(&mut raw).await.unwrap();
}

async fn fifty_agents_at_once_never_share_a_ticket(world: World) {
    const N_TICKETS: usize = 300;
    for _ in 0..N_TICKETS {
        world.ticket("cobranzas").await;
    }
    world.handoff.upkeep().await.unwrap();
    let world = Arc::new(world);
    let mut agents = Vec::new();
    for n in 0..50 {
        let token = world.agent(&lender(), &format!("Agente {n}"), &[]).await;
        let world = world.clone();
        agents.push(tokio::spawn(async move {
            let mut mine = Vec::new();
            while let Some(ticket) = world.next(&token).await {
                mine.push(ticket);
            }
            mine
        }));
    }
    let mut seen = HashSet::new();
    for agent in agents {
        for ticket in agent.await.unwrap() {
            assert!(seen.insert(ticket), "two agents have {ticket}");
        }
    }
    assert_eq!(seen.len(), N_TICKETS, "every ticket has an agent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_agents_at_once_never_share_a_ticket_on_redis() {
    fifty_agents_at_once_never_share_a_ticket(on_redis(&redis_url()).await).await;
}

/// No live queue at all: only the database stands between two agents.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_agents_at_once_never_share_a_ticket_while_redis_is_down() {
    const N_TICKETS: usize = 100;
    let world = Arc::new(on_redis("redis://127.0.0.1:1/0").await);
    for _ in 0..N_TICKETS {
        world.ticket("cobranzas").await;
    }
    let tokens = many_agents(&world, 50).await;
    let agents: Vec<_> = tokens
        .into_iter()
        .map(|token| {
            let world = world.clone();
            tokio::spawn(async move { [world.next(&token).await, world.next(&token).await] })
        })
        .collect();
    let mut seen = HashSet::new();
    for agent in agents {
        seen.extend(agent.await.unwrap().into_iter().flatten());
    }
    assert_eq!(seen.len(), N_TICKETS);
}

async fn many_agents(world: &World, n_agents: usize) -> Vec<String> {
    let mut tokens = Vec::new();
    for n in 0..n_agents {
        tokens.push(world.agent(&lender(), &format!("Agente {n}"), &[]).await);
    }
    tokens
}

#[tokio::test]
async fn without_redis_the_order_and_the_numbers_are_the_same() {
    let world = on_redis("redis://127.0.0.1:1/0").await;
    let ana = world.agent(&lender(), "Ana", &["cobranzas"]).await;
    let normal = world.ticket("cobranzas").await;
    let later = world.ticket("cobranzas").await;
    let elsewhere = world.ticket("fraude").await;
    let urgent = world.ticket_of(&lender(), "cobranzas", Priority::Urgent).await;
    assert_eq!(world.next(&ana).await, Some(urgent));
    assert_eq!(world.next(&ana).await, Some(normal));
    let queues = world.call(&ana, "GET", "/api/v1/queues", None).await;
    let row = &queues.body["queues"][0];
    assert_eq!((&row["queue"], &row["waiting"], &row["held"]), (&json!("cobranzas"), &json!(1), &json!(2)));
    assert_eq!(world.say(&ana, normal, "Hola, soy Ana.", "k1").await.status, 202);
    assert_eq!(world.next(&ana).await, Some(later));
    assert_eq!(world.next(&ana).await, None, "{elsewhere} is not hers");
}

#[tokio::test]
async fn a_flush_in_mid_shift_loses_nothing_and_doubles_nothing() {
    let url = flushable_url(15);
    flush(&url).await;
    let world = on_redis(&url).await;
    let (ana, luis) = (world.agent(&lender(), "Ana", &[]).await, world.agent(&lender(), "Luis", &[]).await);
    let mut all = Vec::new();
    for _ in 0..20 {
        all.push(world.ticket("cobranzas").await);
    }
    world.handoff.upkeep().await.unwrap();
    let mut of_ana = Vec::new();
    for _ in 0..3 {
        of_ana.push(world.next(&ana).await.unwrap());
    }

    flush(&url).await;

    let mut of_luis = Vec::new();
    while let Some(ticket) = world.next(&luis).await {
        of_luis.push(ticket);
    }
    assert_eq!([of_ana.clone(), of_luis].concat(), all, "each once, in the order of their wait");
    let first = of_ana[0];
    assert_eq!(world.call(&ana, "POST", &format!("/api/v1/tickets/{first}/renew"), None).await.status, 200);
    assert_eq!(world.say(&ana, first, "Sigo con usted.", "k1").await.status, 202);
    // Who is silent for the lease's length gives the tickets back, whatever Redis remembers.
    world.pass(Millis::seconds(91));
    assert_eq!(world.handoff.upkeep().await.unwrap().requeued, 20);
    assert_eq!(world.next(&luis).await, Some(first));
}

async fn a_console_that_lost_its_lease_cannot_write(world: World) {
    let (ana, luis) = (world.agent(&lender(), "Ana", &[]).await, world.agent(&lender(), "Luis", &[]).await);
    let ticket = world.ticket("cobranzas").await;
    world.handoff.publish().await.unwrap();
    assert_eq!(world.next(&ana).await, Some(ticket));
    world.pass(Millis::seconds(90));
    assert_eq!(world.say(&ana, ticket, "¿Sigue ahí?", "k1").await.code(), (409, "lease_lost"));
    world.handoff.sweep().await.unwrap();
    assert_eq!(world.say(&ana, ticket, "¿Sigue ahí?", "k1").await.code(), (409, "lease_lost"));
    assert_eq!(world.next(&luis).await, Some(ticket));
    for (verb, body) in every_write() {
        let path = format!("/api/v1/tickets/{ticket}/{verb}");
        let answer = world.call(&ana, "POST", &path, body).await;
        assert_eq!(answer.code(), (409, "ticket_not_yours"), "{verb}");
    }
    assert_eq!(world.say(&luis, ticket, "Buenas, soy Luis.", "k1").await.status, 202);
    let story = world.call(&luis, "GET", &format!("/api/v1/tickets/{ticket}/messages"), None).await;
    let from_agents: Vec<&Value> = lines(&story.body).filter(|line| line["from"] == "agent").collect();
    assert_eq!(from_agents.len(), 1, "nothing of the refused requests was done: {story:?}");
}

fn every_write() -> [(&'static str, Option<Value>); 6] {
    [
        ("renew", None),
        ("give-up", None),
        ("notes", Some(json!({"text": "x"}))),
        ("resolve", Some(json!({"outcome": "atendido"}))),
        ("return", Some(json!({"note": "x"}))),
        ("transfer", Some(json!({"queue": "fraude", "reason": "x"}))),
    ]
}

fn lines(story: &Value) -> impl Iterator<Item = &Value> {
    story["messages"].as_array().unwrap().iter()
}

async fn an_older_window_of_the_same_agent_is_fenced_off(world: World) {
    let ana = world.agent(&lender(), "Ana", &[]).await;
    let ticket = world.ticket("cobranzas").await;
    let take = format!("/api/v1/tickets/{ticket}/take");
    let first = world.call(&ana, "POST", &take, None).await.body["lease"]["token"].as_i64().unwrap();
    let second = world.call(&ana, "POST", &take, None).await.body["lease"]["token"].as_i64().unwrap();
    assert!(second > first);
    let renew = format!("/api/v1/tickets/{ticket}/renew");
    let with = |token: String| {
        let (world, ana, renew) = (&world, &ana, &renew);
        async move { world.call_with(ana, "POST", renew, None, &[("lease-token", &token)]).await }
    };
    assert_eq!(with(first.to_string()).await.code(), (409, "lease_lost"));
    assert_eq!(with(second.to_string()).await.status, 200);
    assert_eq!(with("x".to_owned()).await.code(), (400, "query_invalid"));
}

async fn what_belongs_to_another_lender_does_not_exist(world: World) {
    let other = LenderId::new("coop-del-valle");
    let spy = world.agent(&other, "Eva", &[]).await;
    let owner = world.agent(&lender(), "Ana", &[]).await;
    world.agent(&other, "Zoe", &["fraude"]).await;
    let ticket = world.ticket("cobranzas").await;
    world.handoff.publish().await.unwrap();
    assert_eq!(world.next(&spy).await, None);
    assert_eq!(world.next(&owner).await, Some(ticket));
    let base = format!("/api/v1/tickets/{ticket}");
    for path in [base.clone(), format!("{base}/messages")] {
        assert_eq!(world.call(&spy, "GET", &path, None).await.code(), (404, "ticket_unknown"), "{path}");
    }
    assert_eq!(world.call(&spy, "POST", &format!("{base}/take"), None).await.code(), (404, "ticket_unknown"));
    for (verb, body) in every_write() {
        let answer = world.call(&spy, "POST", &format!("{base}/{verb}"), body).await;
        assert_eq!(answer.code(), (404, "ticket_unknown"), "{verb}");
    }
    assert_eq!(world.say(&spy, ticket, "Hola", "k").await.code(), (404, "ticket_unknown"));
    let list = world.call(&spy, "GET", "/api/v1/tickets", None).await;
    assert_eq!(list.body, json!({"tickets": [], "next": null}));
    assert_eq!(world.call(&spy, "GET", "/api/v1/queues", None).await.body, json!({"queues": []}));
    assert_eq!(
        world.call(&owner, "GET", "/api/v1/tickets/nonsense", None).await.code(),
        (404, "ticket_unknown")
    );
}

async fn without_a_valid_token_nothing_is_told(world: World) {
    let ana = world.agent(&lender(), "Ana", &[]).await;
    let id = world.call(&ana, "GET", "/api/v1/me", None).await.body["id"].as_str().unwrap().parse().unwrap();
    for token in ["", "wrong", &ana[1..], &ana.to_uppercase(), &"x".repeat(5_000)] {
        for path in ["/api/v1/me", "/api/v1/tickets", "/api/v1/nothing-here"] {
            let answer = world.call(token, "GET", path, None).await;
            assert_eq!(answer.code(), (401, "unauthorized"));
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            assert!(answer.body.get("detail").is_none(), "{}", answer.body);
        }
    }
    let basic = world.http.get(format!("{}/api/v1/me", world.url)).basic_auth(&ana, Some(&ana)).send().await;
    assert_eq!(basic.unwrap().status(), 401);
    let gone = acuerdo::cli::agent::disable(&*world.store, &lender(), id).await.unwrap();
    assert!(gone.contains("no longer works"));
    assert_eq!(world.call(&ana, "GET", "/api/v1/me", None).await.status, 401);
    let listed = acuerdo::cli::agent::list(&*world.store, &lender()).await.unwrap();
    assert!(listed.contains("disabled  Ana  all queues"), "{listed}");
    assert!(acuerdo::cli::agent::disable(&*world.store, &LenderId::new("x"), id).await.is_err());
}

async fn returning_to_a_step_tells_the_bot_and_closes_the_ticket(world: World) {
    let ana = world.agent(&lender(), "Ana", &[]).await;
    let ticket = world.ticket("cobranzas").await;
    world.handoff.publish().await.unwrap();
    world.next(&ana).await.unwrap();
    let path = format!("/api/v1/tickets/{ticket}/return");
    let body = json!({"step": "acuerdo_pago.elegir", "note": "Puede pagar en tres cuotas."});
    let answer = world.call(&ana, "POST", &path, Some(body)).await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("closed")));
    let step = Some("acuerdo_pago.elegir".to_owned());
    assert_eq!(world.inputs(ticket).await, [InputKind::AgentReturned { ticket, step, outcome: None }]);
    assert_eq!(world.call(&ana, "POST", &path, None).await.code(), (409, "ticket_closed"));
    assert_eq!(world.next(&ana).await, None);
    let story = world.call(&ana, "GET", &format!("/api/v1/tickets/{ticket}/messages"), None).await;
    assert!(lines(&story.body).any(|line| line["kind"] == "note"), "{}", story.body);

    let other = world.ticket("cobranzas").await;
    world.call(&ana, "POST", &format!("/api/v1/tickets/{other}/take"), None).await;
    let path = format!("/api/v1/tickets/{other}/return");
    let bad = world.call(&ana, "POST", &path, Some(json!({"step": "a b"}))).await;
    assert_eq!(bad.code(), (422, "value_invalid"));
    assert_eq!(world.call(&ana, "POST", &path, None).await.status, 200);
    let whole = InputKind::AgentReturned { ticket: other, step: None, outcome: None };
    assert_eq!(world.inputs(other).await, [whole]);
}

async fn resolving_closes_with_a_code(world: World) {
    let ana = world.agent(&lender(), "Ana", &[]).await;
    let ticket = world.ticket("cobranzas").await;
    world.call(&ana, "POST", &format!("/api/v1/tickets/{ticket}/take"), None).await;
    let path = format!("/api/v1/tickets/{ticket}/resolve");
    let wrong = world.call(&ana, "POST", &path, Some(json!({"outcome": "quedó lista"}))).await;
    assert_eq!(wrong.code(), (422, "value_invalid"));
    let made = world.call(&ana, "POST", &path, Some(json!({"outcome": "acuerdo", "note": "Listo."}))).await;
    assert_eq!(made.code(), (422, "value_invalid"), "no agreement is on file");
    let closed =
        world.call(&ana, "POST", &path, Some(json!({"outcome": "atendido", "note": "Listo."}))).await;
    assert_eq!((&closed.body["outcome"], &closed.body["status"]), (&json!("atendido"), &json!("closed")));
    assert_eq!(
        world.inputs(ticket).await,
        [InputKind::TicketClosed { ticket, outcome: Some("atendido".to_owned()) }]
    );
    let closed = world.call(&ana, "GET", "/api/v1/tickets?status=closed", None).await;
    assert_eq!(closed.body["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(world.say(&ana, ticket, "Hola", "k").await.code(), (409, "ticket_closed"));
}

async fn a_transfer_keeps_the_time_waited(world: World) {
    let ana = world.agent(&lender(), "Ana", &["cobranzas"]).await;
    let luis = world.agent(&lender(), "Luis", &["fraude"]).await;
    let ticket = world.ticket("cobranzas").await;
    let since = world.store.ticket(&lender(), ticket).await.unwrap().unwrap().waiting_since;
    world.pass(Millis::minutes(5));
    let younger = world.ticket("fraude").await;
    world.handoff.publish().await.unwrap();
    world.next(&ana).await.unwrap();
    let path = format!("/api/v1/tickets/{ticket}/transfer");
    let nobody = json!({"queue": "juridica", "reason": "pregunta por un proceso"});
    assert_eq!(world.call(&ana, "POST", &path, Some(nobody)).await.code(), (422, "queue_unserved"));
    let body = json!({"queue": "fraude", "reason": "dice que no es su deuda"});
    let moved = world.call(&ana, "POST", &path, Some(body)).await;
    assert_eq!(
        (moved.status, &moved.body["queue"], &moved.body["status"]),
        (200, &json!("fraude"), &json!("queued"))
    );
    assert_eq!(moved.body["waiting_since"], since.rfc3339());
    assert_eq!(world.next(&ana).await, None, "she does not serve that queue");
    assert_eq!(world.next(&luis).await, Some(ticket), "the longer wait goes before {younger}");
    assert_eq!(world.next(&luis).await, Some(younger));
}

async fn giving_up_puts_the_ticket_back_in_its_place(world: World) {
    let ana = world.agent(&lender(), "Ana", &[]).await;
    let luis = world.agent(&lender(), "Luis", &[]).await;
    let (first, second) = (world.ticket("cobranzas").await, world.ticket("cobranzas").await);
    world.handoff.publish().await.unwrap();
    assert_eq!(world.next(&ana).await, Some(first));
    let back = world.call(&ana, "POST", &format!("/api/v1/tickets/{first}/give-up"), None).await;
    assert_eq!(back.body["status"], "queued");
    assert_eq!(world.next(&ana).await, Some(second), "whoever gave it up is given another");
    assert_eq!(world.next(&luis).await, Some(first));
    world.call(&luis, "POST", &format!("/api/v1/tickets/{first}/give-up"), None).await;
    assert_eq!(world.next(&ana).await, Some(first), "the same again when nobody else waits");
}

async fn an_agent_works_only_in_the_queues_it_serves(world: World) {
    let ana = world.agent(&lender(), "Ana", &["cobranzas"]).await;
    let foreign = world.ticket("fraude").await;
    let own = world.ticket("cobranzas").await;
    world.handoff.publish().await.unwrap();
    let wanted = |queue: &str| Some(json!({"queues": [queue]}));
    let take = "/api/v1/tickets/take-next";
    assert_eq!(world.call(&ana, "POST", take, wanted("fraude")).await.code(), (403, "queue_not_served"));
    for (method, path) in [
        ("POST", format!("/api/v1/tickets/{foreign}/take")),
        ("GET", format!("/api/v1/tickets/{foreign}")),
        ("GET", format!("/api/v1/tickets/{foreign}/messages")),
        ("GET", "/api/v1/tickets?queue=fraude".to_owned()),
    ] {
        assert_eq!(world.call(&ana, method, &path, None).await.code(), (403, "queue_not_served"), "{path}");
    }
    let list = world.call(&ana, "GET", "/api/v1/tickets", None).await;
    assert_eq!(list.body["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(
        world.call(&ana, "POST", take, wanted("cobranzas")).await.body["ticket"]["id"],
        own.to_string()
    );
    let mine = world.call(&ana, "GET", "/api/v1/tickets?status=mine", None).await;
    assert_eq!(mine.body["tickets"][0]["lease"]["mine"], true);
}

async fn a_ticket_that_the_bot_closed_meanwhile_is_passed_over(world: World) {
    let (ana, luis) = (world.agent(&lender(), "Ana", &[]).await, world.agent(&lender(), "Luis", &[]).await);
    let (closed, open) = (world.ticket("cobranzas").await, world.ticket("cobranzas").await);
    world.handoff.publish().await.unwrap();
    // Taken by name, so that the live queue could not know better, and ended.
    let base = format!("/api/v1/tickets/{closed}");
    world.call(&luis, "POST", &format!("{base}/take"), None).await;
    world.call(&luis, "POST", &format!("{base}/resolve"), Some(json!({"outcome": "fin"}))).await;
    assert_eq!(world.next(&ana).await, Some(open));
    assert_eq!(world.next(&ana).await, None);
}

async fn a_text_reaches_the_person_once_and_only_when_it_may(world: World) {
    let ana = world.agent(&lender(), "Ana", &[]).await;
    let ticket = world.ticket("cobranzas").await;
    assert_eq!(world.say(&ana, ticket, "Hola", "k0").await.code(), (409, "lease_lost"), "take it first");
    world.call(&ana, "POST", &format!("/api/v1/tickets/{ticket}/take"), None).await;
    let first = world.say(&ana, ticket, "Hola, soy Ana.", "k1").await;
    let again = world.say(&ana, ticket, "Hola, soy Ana.", "k1").await;
    assert_eq!((first.status, again.status, &again.body["repeated"]), (202, 200, &json!(true)));
    assert_eq!(first.body["id"], again.body["id"]);
    assert_eq!(world.say(&ana, ticket, "Otra cosa", "k1").await.code(), (409, "key_reused"));

    let refused = world.say(&ana, ticket, "Mándeme la clave del banco", "k2").await;
    assert_eq!(refused.code(), (422, "text_refused"));
    assert_eq!(refused.body["hits"][0]["class"], "LINT-SENSITIVE");
    assert!(refused.body["remedy"].as_str().unwrap().contains("enlace de pago"));
    let threat = world.say(&ana, ticket, "Le vamos a embargar el sueldo", "k3").await;
    assert_eq!(threat.body["hits"][0]["class"], "LINT-THREAT");

    for (text, key) in [("", "k"), ("   ", "k"), (&*"x".repeat(4_097), "k"), ("a\u{0}b", "k"), ("hola", "")] {
        assert_eq!(world.say(&ana, ticket, text, key).await.code(), (422, "value_invalid"));
    }
    assert_eq!(world.say(&ana, ticket, &"ñ".repeat(4_096), "k4").await.status, 202);

    // 24 h after the person's last message only templates may go out; the hold is kept alive meanwhile.
    world.pass(Millis::hours(24));
    world.call(&ana, "POST", &format!("/api/v1/tickets/{ticket}/take"), None).await;
    let late = world.say(&ana, ticket, "¿Sigue ahí?", "k5").await;
    assert_eq!(late.code(), (409, "window_closed"));
    assert!(late.body["remedy"].as_str().unwrap().contains("template"));
}

async fn the_story_is_whole_ordered_and_paged(world: World) {
    let ana = world.agent(&lender(), "Ana", &[]).await;
    let ticket = world.ticket("cobranzas").await;
    world.call(&ana, "POST", &format!("/api/v1/tickets/{ticket}/take"), None).await;
    for n in 0..3 {
        world.pass(Millis::seconds(1));
        world.say(&ana, ticket, &format!("mensaje {n}"), &format!("k{n}")).await;
        world.pass(Millis::seconds(1));
        let note = Some(json!({"text": format!("nota {n}")}));
        let path = format!("/api/v1/tickets/{ticket}/notes");
        assert_eq!(world.call(&ana, "POST", &path, note).await.status, 201);
    }
    let base = format!("/api/v1/tickets/{ticket}/messages");
    let whole = world.call(&ana, "GET", &base, None).await.body;
    let texts: Vec<&str> = lines(&whole).filter_map(|line| line["text"].as_str()).collect();
    assert_eq!(
        texts,
        ["quiero hablar con alguien", "mensaje 0", "nota 0", "mensaje 1", "nota 1", "mensaje 2", "nota 2"]
    );
    assert_eq!(lines(&whole).find(|line| line["text"] == "mensaje 0").unwrap()["delivery"], "queued");

    let mut paged = Vec::new();
    let mut address = format!("{base}?limit=2");
    let after = loop {
        let page = world.call(&ana, "GET", &address, None).await.body;
        paged.extend(lines(&page).cloned());
        let next = page["next"].as_str().unwrap().to_owned();
        address = format!("{base}?limit=2&after={next}");
        if page["more"] == false {
            break next;
        }
    };
    assert_eq!(Value::Array(paged), whole["messages"]);
    let nothing_new = world.call(&ana, "GET", &format!("{base}?after={after}"), None).await.body;
    assert_eq!((lines(&nothing_new).count(), &nothing_new["next"]), (0, &json!(after)));
    world.say(&ana, ticket, "y otro", "k9").await;
    let news = world.call(&ana, "GET", &format!("{base}?after={after}"), None).await.body;
    assert_eq!(lines(&news).map(|line| &line["text"]).collect::<Vec<_>>(), [&json!("y otro")]);
}

async fn wrong_requests_are_told_what_is_wrong(world: World) {
    let ana = world.agent(&lender(), "Ana", &[]).await;
    let ticket = world.ticket("cobranzas").await;
    let path = format!("/api/v1/tickets/{ticket}/messages");
    let unknown =
        world.call(&ana, "POST", &path, Some(json!({"text": "a", "idempotency_key": "b", "to": "x"}))).await;
    assert_eq!(unknown.code(), (400, "body_invalid"));
    assert!(unknown.body["detail"].as_str().unwrap().contains("`to`"));
    assert_eq!(unknown.headers["content-type"], "application/problem+json");
    assert_eq!(world.call(&ana, "POST", &path, None).await.code(), (400, "body_invalid"));
    let huge = json!({"text": "a".repeat(40_000), "idempotency_key": "b"});
    assert_eq!(world.call(&ana, "POST", &path, Some(huge)).await.code(), (413, "body_too_large"));
    for query in ["status=lost", "limit=x", "color=red"] {
        let answer = world.call(&ana, "GET", &format!("/api/v1/tickets?{query}"), None).await;
        assert_eq!(answer.code(), (400, "query_invalid"), "{query}");
    }
    let after = world.call(&ana, "GET", &format!("{path}?after=xyz"), None).await;
    assert_eq!(after.code(), (400, "query_invalid"));
    assert_eq!(world.call(&ana, "GET", "/api/v1/nothing", None).await.code(), (404, "not_found"));
    let method = world.call(&ana, "DELETE", &path, None).await;
    assert_eq!(
        (method.code(), &method.headers["allow"]),
        ((405, "method_not_allowed"), &"GET, POST".parse().unwrap())
    );
}

async fn every_answer_has_a_request_id_and_stays_out_of_caches(world: World) {
    let ana = world.agent(&lender(), "Ana", &[]).await;
    for (given, kept) in [("abc-1.2_Z", true), ("evil value", false), (&*"x".repeat(65), false)] {
        for token in [&*ana, "wrong"] {
            let answer = world.call_with(token, "GET", "/api/v1/me", None, &[("x-request-id", given)]).await;
            assert_eq!(answer.headers["x-request-id"] == given, kept, "{given}");
            assert_eq!(answer.headers["cache-control"], "no-store");
        }
    }
}
