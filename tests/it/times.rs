//! Times that Meta tells and that cannot be: the window is not held open by them, and nobody stays without an answer.

use crate::harness::app::{NUMBER, TestApp};
use crate::harness::meta::{self, Who};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::clock::Clock;
use serde_json::{Value, json};

/// A greeting that was sent at this time, as Meta tells it; whether somebody answered.
async fn greets(app: &TestApp, who: &Who, wamid: &str, timestamp: Value) -> bool {
    let before = app.graph.taken().len();
    let content = json!({"type": "text", "text": {"body": "hola"}});
    let mut value = meta::message(who, wamid, Timestamp(0), &content);
    value["messages"][0]["timestamp"] = timestamp;
    assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
    app.drain().await;
    app.graph.taken().len() > before
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_that_has_not_come_is_the_time_of_receipt() {
    let app = TestApp::new().await;
    let ahead = app.clock.now().plus(Millis::days(10)).0 / 1_000;
    for (n, told) in [json!(ahead.to_string()), json!("9999999999999999"), json!(9_999_999_999_999_999_i64)]
        .into_iter()
        .enumerate()
    {
        let who = Who::phone(&format!("5731067003{n:02}"));
        assert!(greets(&app, &who, &format!("wamid.ahead.{n}"), told).await);
        let last = app.conversation(&who).await.last_inbound_at.unwrap();
        assert!(last <= app.clock.now(), "{last:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_that_is_none_is_answered_at_once_and_an_old_one_stays_old() {
    let app = TestApp::new().await;
    for (n, told) in [json!("0"), json!("-5"), json!(0)].into_iter().enumerate() {
        let who = Who::phone(&format!("5731067004{n:02}"));
        let before = app.clock.now();
        assert!(greets(&app, &who, &format!("wamid.none.{n}"), told).await);
        let last = app.conversation(&who).await.last_inbound_at.unwrap();
        assert!((before..=app.clock.now()).contains(&last), "{last:?}");
    }
    let who = Who::phone("573106700499");
    let old = app.clock.now().minus(Millis::hours(30)).0 / 1_000;
    greets(&app, &who, "wamid.old", json!(old.to_string())).await;
    let last = app.conversation(&who).await.last_inbound_at.unwrap();
    assert_eq!(last, Timestamp(old * 1_000), "the window is closed");
}
