//! What an agent is shown and given when many wait.

use crate::desk_world::{lender, on_memory};
use acuerdo::domain::time::Millis;
use serde_json::Value;

fn ids(list: &Value) -> Vec<String> {
    let tickets = list["tickets"].as_array().unwrap();
    tickets.iter().map(|ticket| ticket["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_list_is_read_whole_and_the_longest_wait_comes_first() {
    let world = on_memory().await;
    let ana = world.agent(&lender(), "Ana", &[]).await;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(world.ticket("cobranzas").await.to_string());
        world.pass(Millis::seconds(1));
    }
    let (mut seen, mut path) = (Vec::new(), "/api/v1/tickets?limit=2".to_owned());
    for n_pages in 1.. {
        let page = world.call(&ana, "GET", &path, None).await;
        assert_eq!(page.status, 200, "{:?}", page.body);
        seen.extend(ids(&page.body));
        let Some(next) = page.body["next"].as_str() else {
            assert_eq!(n_pages, 3);
            break;
        };
        path = format!("/api/v1/tickets?limit=2&after={next}");
    }
    assert_eq!(seen, waiting);
    let id = "0000000a-0000-0000-0000-000000000000";
    let odd = [format!("-1.2.{id}"), format!("4.2.{id}"), format!("1.+2.{id}"), format!("1.02.{id}")];
    let odd = odd.into_iter().chain([format!("1.2.{}", id.to_uppercase()), format!("1.2.{id}.")]);
    for wrong in odd.chain(["x", "1.2", "1.2.3"].map(str::to_owned)) {
        let refused = world.call(&ana, "GET", &format!("/api/v1/tickets?after={wrong}"), None).await;
        assert_eq!(refused.code(), (400, "query_invalid"), "{wrong}");
    }
}

#[tokio::test]
async fn who_gave_a_ticket_up_is_given_others_first_and_it_again_when_nobody_else_waits() {
    let world = on_memory().await;
    let (ana, luis) = (world.agent(&lender(), "Ana", &[]).await, world.agent(&lender(), "Luis", &[]).await);
    let hard = world.ticket("cobranzas").await.to_string();
    world.pass(Millis::seconds(1));
    let easy = world.ticket("cobranzas").await.to_string();
    world.handoff.publish().await.unwrap();
    let next = async |token: &str| {
        let taken = world.call(token, "POST", "/api/v1/tickets/take-next", None).await;
        (taken.status, taken.body["ticket"]["id"].as_str().unwrap_or_default().to_owned())
    };
    let gives_up = async |token: &str, id: &str| {
        let back = world.call(token, "POST", &format!("/api/v1/tickets/{id}/give-up"), None).await;
        assert_eq!(back.status, 200, "{:?}", back.body);
    };
    assert_eq!(next(&ana).await, (200, hard.clone()));
    gives_up(&ana, &hard).await;
    assert_eq!(next(&ana).await, (200, easy.clone()), "not the same one again");
    assert_eq!(next(&ana).await, (200, hard.clone()), "nobody else waits");
    gives_up(&ana, &hard).await;
    assert_eq!(next(&luis).await, (200, hard.clone()), "others are given it in its turn");
    gives_up(&luis, &hard).await;
    gives_up(&ana, &easy).await;
    world.pass(Millis::minutes(11));
    assert_eq!(next(&ana).await, (200, hard), "after a while it comes in its turn");
}
