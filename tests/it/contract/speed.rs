//! How many rows per second the hot verbs take; run by hand: `cargo test --release --test it speed -- --ignored --nocapture`.

use super::backends::Bench;
use super::make::*;
use acuerdo::ports::conversations::{Event, TurnCommit};
use std::fmt::Write;
use std::time::Instant;

const ROUNDS: usize = 20;
const DELIVERIES: usize = 200;

async fn measure(bench: &Bench) -> String {
    let store = &*bench.store;
    let mut report = String::new();
    let start = Instant::now();
    for round in 0..ROUNDS {
        let batch: Vec<_> = (0..DELIVERIES)
            .map(|n| {
                let n = round * DELIVERIES + n;
                delivery(vec![message(phone(&format!("5730{n:08}")), &format!("w{n}"), T0)], T0)
            })
            .collect();
        store.accept(&batch).await.unwrap();
    }
    let total = ROUNDS * DELIVERIES;
    let _ = writeln!(report, "accept: {total} messages of new people in {:?}", start.elapsed());
    let start = Instant::now();
    let mut turns = 0;
    loop {
        let claims = store.claim_conversations(T0, LEASE, 50, 10).await.unwrap();
        if claims.is_empty() {
            break;
        }
        let commits: Vec<TurnCommit> = claims
            .iter()
            .map(|claim| {
                let mut commit = commit_of(claim, T0);
                let event: Event = commit.events[0].clone();
                commit.events.extend([event.clone(), event]);
                TurnCommit { outbox: vec![say(claim, "uno")], ..commit }
            })
            .collect();
        turns += commits.len();
        store.commit_turns(&commits).await.unwrap();
    }
    let _ = writeln!(
        report,
        "claim and commit: {turns} turns of 3 events and 1 message in {:?}",
        start.elapsed()
    );
    let start = Instant::now();
    let mut sent = 0;
    loop {
        let claims = super::sending::outgoing(store, T0).await;
        if claims.is_empty() {
            break;
        }
        sent += claims.len();
        let results: Vec<_> = claims
            .iter()
            .map(|claim| (claim.id, claim.token, super::sending::accepted(&format!("wamid.{}", claim.id))))
            .collect();
        store.finish_outbox(T0, &results).await.unwrap();
    }
    let _ = writeln!(report, "claim and finish: {sent} messages in {:?}", start.elapsed());
    report
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, not a test"]
async fn speed_of_both_stores() {
    let sqlite = super::backends::sqlite().await;
    let report = measure(&sqlite).await;
    let postgres = super::backends::postgres().await;
    let report = format!("SQLite\n{report}PostgreSQL\n{}", measure(&postgres).await);
    postgres.drop_schema().await;
    std::io::Write::write_all(&mut std::io::stdout(), report.as_bytes()).unwrap();
}
