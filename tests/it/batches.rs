//! Turns are run in batches, a few at a time: what one of them does is nobody else's business.

use crate::harness::PATIENCE;
use crate::harness::app::{assemble, stored, understander};
use crate::harness::clock::FakeClock;
use crate::harness::meta::Who;
use acuerdo::app::App;
use acuerdo::domain::ids::LenderId;
use acuerdo::domain::time::Millis;
use acuerdo::ports::clock::Clock;
use acuerdo::service::converse::{AgentAvailability, Converse, ConverseParts};
use async_trait::async_trait;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Barrier;

/// Turns that are computed together.
const TOGETHER: usize = 8;

/// So many people have written two messages each; `availability` is asked once in each turn.
async fn batch(
    folder: &Path,
    people: usize,
    availability: Arc<dyn AgentAvailability>,
) -> (App, Arc<FakeClock>, Converse) {
    let (app, clock) = assemble(folder).await;
    for at in 0..2 {
        for n in 0..people {
            stored(&app, &who(n), &format!("wamid.{n}.{at}"), ["hola", "menu"][at]).await;
        }
        clock.advance(Millis(1));
    }
    let parts = ConverseParts {
        store: app.store.clone(),
        flows: app.library.clone(),
        lenders: app.lenders.clone(),
        understander: understander(),
        clock: clock.clone(),
        availability,
    };
    (app, clock, Converse::new(parts, None))
}

fn who(n: usize) -> Who {
    Who::phone(&format!("5730055510{n:02}"))
}

/// The ids of the messages that were heard in this chat, in the order of its log.
async fn heard(app: &App, n: usize) -> Vec<String> {
    let identity = crate::harness::app::identity(&who(n));
    let number = crate::harness::app::NUMBER.into();
    let chat = app.store.conversation_of(&number, &identity).await.unwrap().unwrap();
    let events = app.store.events(chat.id, 0, 100).await.unwrap();
    let inputs = events.iter().filter(|(_, event)| event.kind == "input");
    inputs.filter_map(|(_, event)| Some(event.body.tree()["input"]["wamid"].as_str()?.to_owned())).collect()
}

/// Lets nobody go on before so many are there.
struct Together(Barrier);

#[async_trait]
impl AgentAvailability for Together {
    async fn waiting(&self, _lender: &LenderId) -> u64 {
        self.0.wait().await;
        0
    }
}

#[tokio::test]
async fn turns_that_wait_for_something_wait_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    let together = Arc::new(Together(Barrier::new(TOGETHER)));
    let (_app, _clock, converse) = batch(folder.path(), 3 * TOGETHER, together).await;
    let round = tokio::time::timeout(PATIENCE, converse.round(64)).await;
    let round = round.expect("one after the other they wait for ever").unwrap();
    assert_eq!((round.conversations, round.inputs, round.failed), (24, 48, 0));
}

/// Panics in these turns, counted from 0.
struct Breaks {
    turns: &'static [usize],
    n: AtomicUsize,
}

#[async_trait]
impl AgentAvailability for Breaks {
    async fn waiting(&self, _lender: &LenderId) -> u64 {
        let n = self.n.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        assert!(!self.turns.contains(&n), "as a bug would");
        0
    }
}

#[tokio::test]
async fn turns_that_fail_fail_alone_and_everybody_is_heard_in_order() {
    const PEOPLE: usize = 20;
    // In the middle of a part of the batch, at the end of one, at the beginning of one.
    const BROKEN: &[usize] = &[2, 7, 16];
    let folder = tempfile::tempdir().unwrap();
    let breaks = Arc::new(Breaks { turns: BROKEN, n: AtomicUsize::new(0) });
    let (app, clock, converse) = batch(folder.path(), PEOPLE, breaks).await;
    let round = converse.round(64).await.unwrap();
    assert_eq!((round.conversations, round.failed), (20, 3));
    let mut silent = Vec::new();
    for n in 0..PEOPLE {
        if heard(&app, n).await.is_empty() {
            silent.push(n);
        }
    }
    assert_eq!(silent, BROKEN, "claims come in the order of arrival");
    assert_eq!(app.store.backlog(clock.now()).await.unwrap().pending_inputs, 6);

    clock.advance(Millis::seconds(1));
    let round = converse.round(64).await.unwrap();
    assert_eq!((round.conversations, round.inputs, round.failed), (3, 6, 0), "nobody else is told again");
    for n in 0..PEOPLE {
        assert_eq!(heard(&app, n).await, [format!("wamid.{n}.0"), format!("wamid.{n}.1")]);
    }
    assert!(app.store.dead_turns(10).await.unwrap().is_empty());
}
