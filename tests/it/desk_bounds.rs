//! What may be guessed at the desk: tokens of agents, and the number that was called.

use crate::contract::make;
use crate::desk_world::{lender, on_memory};
use crate::journey_log::Log;
use acuerdo::domain::ids::AgentId;
use acuerdo::domain::time::Millis;
use acuerdo::ports::clock::Clock;
use serde_json::json;

#[tokio::test]
async fn a_called_number_is_guessed_only_so_often() {
    let world = on_memory().await;
    let ana = world.agent(&lender(), "Ana", &[]).await;
    let rosa = make::person(&lender(), "Rosa", &["573001112233"]);
    world.store.import(&lender(), &[rosa], &[], world.clock.now()).await.unwrap();
    let verify = async |path: &str, number: &str| {
        let body = json!({"person": "Rosa", "called": number, "reason": "llamada"});
        world.call(&ana, "POST", path, Some(body)).await
    };
    let mut tickets = Vec::new();
    for _ in 0..3 {
        let ticket = world.ticket("cobranzas").await;
        world.handoff.publish().await.unwrap();
        world.call(&ana, "POST", &format!("/api/v1/tickets/{ticket}/take"), None).await;
        tickets.push(format!("/api/v1/tickets/{ticket}/verify"));
    }
    for (n, path) in [&tickets[0]; 5].into_iter().chain([&tickets[1]; 5]).enumerate() {
        let wrong = verify(path, &format!("57300999{n:04}")).await;
        assert_eq!(wrong.code(), (422, "value_invalid"), "{n}");
    }
    for path in &tickets {
        let refused = verify(path, "573001112233").await;
        assert_eq!(refused.code(), (429, "too_many_tries"), "the right one too");
        assert!(refused.body["remedy"].is_string() && refused.body["until"].is_string());
    }
    let (luis, ticket) = (world.agent(&lender(), "Luis", &[]).await, world.ticket("cobranzas").await);
    world.handoff.publish().await.unwrap();
    world.call(&luis, "POST", &format!("/api/v1/tickets/{ticket}/take"), None).await;
    let body = json!({"person": "Rosa", "called": "573001112233", "reason": "llamada"});
    let right = world.call(&luis, "POST", &format!("/api/v1/tickets/{ticket}/verify"), Some(body)).await;
    assert_eq!(right.status, 200, "another agent with another ticket is free");
}

#[tokio::test]
async fn wrong_tokens_of_one_address_wait_and_whoever_was_in_stays_in() {
    let world = on_memory().await;
    let ana = world.agent(&lender(), "Ana", &[]).await;
    let luis = world.agent(&lender(), "Luis", &[]).await;
    let me = async |token: &str| world.call(token, "GET", "/api/v1/me", None).await;
    assert_eq!(me(&ana).await.status, 200);
    for n in 0..30 {
        assert_eq!(me(&format!("guess-{n}")).await.code(), (401, "unauthorized"), "{n}");
    }
    let braked = me("guess-30").await;
    assert_eq!(braked.code(), (429, "too_many_tries"));
    let wait: i64 = braked.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    assert_eq!(me(&ana).await.status, 200, "her console goes on");
    assert_eq!(me(&luis).await.status, 429, "nobody looks whether this one is right");
    world.pass(Millis::seconds(61));
    assert_eq!(me(&luis).await.status, 200);
}

#[tokio::test]
async fn the_log_tells_who_signed_in_who_looked_and_who_was_refused() {
    let log = Log::begin("info");
    let world = on_memory().await;
    let luis = world.agent(&lender(), "Luis", &["fraude"]).await;
    let id = world.call(&luis, "GET", "/api/v1/me", None).await.body["id"].as_str().unwrap().to_owned();
    let told = |wanted: &str| {
        let lines = log.with("agent", &id);
        lines.into_iter().filter(|line| line["message"] == wanted).collect::<Vec<_>>()
    };
    let ticket = world.ticket("fraude").await;
    world.handoff.publish().await.unwrap();
    world.call(&luis, "POST", &format!("/api/v1/tickets/{ticket}/take"), None).await;
    for _ in 0..3 {
        for path in ["", "/messages"] {
            let read = world.call(&luis, "GET", &format!("/api/v1/tickets/{ticket}{path}"), None).await;
            assert_eq!(read.status, 200);
        }
    }
    assert_eq!(told("an agent signed in").len(), 1, "once, not for each request");
    let looks = told("an agent reads a chat");
    assert_eq!(looks.len(), 1);
    assert_eq!(looks[0]["ticket.id"], ticket.to_string());

    let refused =
        world.call(&luis, "POST", "/api/v1/tickets/take-next", Some(json!({"queues": ["cobranzas"]}))).await;
    assert_eq!(refused.code(), (403, "queue_not_served"));
    let lines = told("an agent was refused what is not theirs");
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["action"], "/api/v1/tickets/take-next");
    world.call("guess", "GET", "/api/v1/me", None).await;
    assert!(!log.text().contains(&luis), "no token is ever told");
    assert!(log.text().contains("an agent's token was refused") && log.text().contains("wrong_token"));
}

#[tokio::test]
async fn a_disabled_agent_is_out_with_the_next_request() {
    let world = on_memory().await;
    let ana = world.agent(&lender(), "Ana", &[]).await;
    let me = world.call(&ana, "GET", "/api/v1/me", None).await;
    let id = AgentId(me.body["id"].as_str().unwrap().parse().unwrap());
    assert!(world.store.set_agent_active(&lender(), id, false).await.unwrap());
    assert_eq!(world.call(&ana, "GET", "/api/v1/me", None).await.code(), (401, "unauthorized"));
    world.store.set_agent_active(&lender(), id, true).await.unwrap();
    assert_eq!(world.call(&ana, "GET", "/api/v1/me", None).await.status, 200);
}
