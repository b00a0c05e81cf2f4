//! Who may end the leases of a dead process: the one that alone serves an SQLite file.

use super::backends;
use super::make::*;
use super::sending::{accepted, finish, outgoing, states, texts};
use acuerdo::ports::Store;
use acuerdo::ports::conversations::TurnCommit;
use acuerdo::ports::outbox::{OutboxStatus, SendResult, Wanted};
use acuerdo::ports::switches::TakenOver;
use acuerdo::store::{StoreOptions, connect, require_unserved};
use std::path::Path;
use std::sync::Arc;

pub async fn a_tool_takes_nothing_over(store: &dyn Store) {
    writes(store, ANA, "w1", T0).await;
    says(store, T0, &["uno"]).await;
    outgoing(store, T0).await;
    writes(store, BETO, "w2", T0).await;
    claim_one(store, T0).await;
    assert_eq!(store.take_over(after(1), DOUBT).await.unwrap(), TakenOver::default());
    assert!(claim(store, after(1)).await.is_empty(), "still leased");
    assert_eq!(states(store).await, [OutboxStatus::Sending]);
}

async fn serving(url: &str) -> Result<Arc<dyn Store>, String> {
    let options = StoreOptions { migrate: true, owner: true, ..StoreOptions::default() };
    connect(url, &options).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn what_a_dead_process_held_is_free_at_once_and_never_sent_again() {
    let bench = backends::sqlite().await;
    let dead = &*bench.store;
    writes(dead, ANA, "w1", T0).await;
    says(dead, T0, &["uno", "dos"]).await;
    let sending = outgoing(dead, T0).await.remove(0);
    writes(dead, BETO, "w2", T0).await;
    let held = claim_one(dead, T0).await;
    commit(dead, TurnCommit { outbox: vec![say(&held, "tres")], ..commit_of(&held, T0) }).await.unwrap();
    let claimed = dead.claim_outbox(T0, LEASE, DOUBT, Wanted::any(9)).await.unwrap().remove(0);
    writes(dead, BETO, "w3", T0).await;
    let held = claim_one(dead, T0).await;

    let store = serving(&bench.url).await.unwrap();
    let taken = store.take_over(after(1), DOUBT).await.unwrap();
    assert_eq!(taken, TakenOver { turns: 1, sends: 1, claims: 1 });
    let again = claim_one(&*store, after(1)).await;
    assert_eq!(again.conversation.id, held.conversation.id);
    assert!(commit(&*store, commit_of(&held, after(1))).await.is_err(), "the dead one's claim is fenced off");
    assert_eq!(states(&*store).await, [OutboxStatus::InDoubt, OutboxStatus::Queued]);
    assert_eq!(dead.begin_sends(after(1), LEASE, &[(claimed.id, claimed.token)]).await.unwrap(), []);
    let free = outgoing(&*store, after(1)).await.remove(0);
    assert_eq!(free.content.readable(), "tres", "what was only claimed never left");
    finish(&*store, &free, after(1), accepted("wamid.3")).await;
    assert!(texts(&*store, after(2)).await.is_empty(), "nothing overtakes a doubt");
    finish(&*store, &sending, after(2), SendResult::Refused { why: "late".into(), code: None }).await;
    assert_eq!(store.take_over(after(3), DOUBT).await.unwrap().sends, 0);
}

#[tokio::test]
async fn a_second_process_on_the_file_is_refused_and_tools_are_not() {
    let bench = backends::sqlite().await;
    let first = serving(&bench.url).await.unwrap();
    let refused = serving(&bench.url).await.err().unwrap();
    assert!(refused.contains(&format!("process {} serves", std::process::id())), "{refused}");
    assert!(refused.contains("PostgreSQL"), "{refused}");
    let file = bench.url.strip_prefix("sqlite:").unwrap();
    assert!(require_unserved(Path::new(file)).is_err());
    // A tool beside it.
    connect(&bench.url, &StoreOptions::default()).await.unwrap().ping(T0).await.unwrap();
    first.close().await;
    require_unserved(Path::new(file)).unwrap();
    serving(&bench.url).await.unwrap();
}
