//! Requests to WhatsApp that hang, in every loop that sends: nobody else waits for them.

use crate::harness::PATIENCE;
use crate::harness::app::{NUMBER, TOKEN, assemble, identity, lay_out_flows, stored};
use crate::harness::graph_api::{GraphApi, Script};
use crate::harness::load::{Replica, ShiftedClock, import_people, settings_on};
use crate::harness::meta::Who;
use crate::harness::people::wa_id;
use crate::harness::webhook::{Webhook, body_of, text};
use acuerdo::domain::identity::{WaId, WaIdentity};
use acuerdo::domain::ids::{PhoneNumberId, Wamid};
use acuerdo::domain::outbound::Outbound;
use acuerdo::domain::reaction::Reaction;
use acuerdo::domain::time::Millis;
use acuerdo::ports::clock::Clock;
use acuerdo::ports::message_sender::{
    Accepted, AccountCheck, MessageSender, ReadReceipt, SendAccount, SendFailure,
};
use acuerdo::ports::outbox::OutboxStatus;
use acuerdo::service::dispatch::Dispatch;
use acuerdo::service::pacing::Pacing;
use acuerdo::service::sending::Sending;
use acuerdo::store::{StoreOptions, connect};
use acuerdo::system::SystemRandom;
use async_trait::async_trait;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// More than there are loops, each of which sends one message at a time here.
const HANGING: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_hang_in_every_loop_hold_up_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let flows = folder.path().join("flows");
    lay_out_flows(&flows);
    let database = format!("sqlite:{}", folder.path().join("slow.sqlite").display());
    let clock = Arc::new(ShiftedClock(0));
    let migrate = StoreOptions { migrate: true, ..StoreOptions::default() };
    let store = connect(&database, &migrate).await.unwrap();
    import_people(&store, &flows, HANGING + 1, clock.now()).await;
    let graph = GraphApi::start(TOKEN);
    graph.script(vec![Script::Held; HANGING]);
    let settings = settings_on(&database, &flows, &graph.url, "workers.send_batch = 1");
    let replica = Replica::start(settings, clock.clone()).await;
    let webhook = Webhook::new();
    let says = async |n: usize, at: usize| {
        let body = body_of(&wa_id(n), &format!("wamid.{n}.{at}"), clock.now(), &text("hola"));
        webhook.deliver(&replica.url, &body).await;
    };
    for n in 0..HANGING {
        says(n, 0).await;
    }
    graph.wait_for_taken(HANGING, PATIENCE).await;
    // The one whose message hangs writes on, and somebody else begins.
    says(0, 1).await;
    says(HANGING, 0).await;
    let taken = graph.wait_for_taken(HANGING + 1, PATIENCE).await;
    let heard = |n: usize| {
        let to = WaId::parse(&wa_id(n)).unwrap();
        taken.iter().filter(|(_, sent)| sent.to.wa_id.as_ref() == Some(&to)).count()
    };
    assert_eq!((heard(0), heard(HANGING)), (1, 1), "the next message to one person waits for the last one");

    graph.release();
    let taken = graph.wait_for_taken(HANGING + 2, PATIENCE).await;
    let ids: HashSet<_> = taken.iter().map(|(_, sent)| sent.callback.clone()).collect();
    assert_eq!(ids.len(), HANGING + 2, "each went once");
    replica.stop().await;
    let backlog = store.backlog(clock.now()).await.unwrap();
    assert_eq!((backlog.queued_outbox, backlog.in_doubt), (0, 0), "what became of each was recorded");
    store.close().await;
}

/// WhatsApp answers as often as it is let.
struct Gate {
    answers: Semaphore,
    asked: AtomicUsize,
    /// Only messages to this person have to wait for it.
    only: Option<WaId>,
}

#[async_trait]
impl MessageSender for Gate {
    async fn send(
        &self,
        _account: &SendAccount,
        to: &WaIdentity,
        _content: &Outbound,
        callback: &str,
    ) -> Result<Accepted, SendFailure> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.only.is_none() || self.only == to.wa_id {
            self.answers.acquire().await.unwrap().forget();
        }
        let wamid = Wamid(format!("wamid.{callback}"));
        Ok(Accepted { wamid, wa_id: None, user_id: None, message_status: None })
    }

    async fn mark_read(
        &self,
        _account: &SendAccount,
        _wamid: &Wamid,
        _receipt: ReadReceipt,
    ) -> Result<(), SendFailure> {
        Ok(())
    }

    async fn check(&self, _account: &SendAccount) -> Result<AccountCheck, SendFailure> {
        Err(SendFailure::NotSent { why: "nobody asks".to_owned() })
    }

    fn reaction(&self, _codes: &[i64]) -> Reaction {
        Reaction::NeverRetry
    }
}

/// Which of two requests comes first, how long one hangs and when the other is recorded is nothing that a clock decides.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_hangs_holds_up_no_other_chat() {
    let folder = tempfile::tempdir().unwrap();
    let (app, clock) = assemble(folder.path()).await;
    let (slow, quick) = (Who::phone(&wa_id(0)), Who::phone(&wa_id(1)));
    for (who, wamid) in [(&slow, "wamid.slow"), (&quick, "wamid.quick")] {
        stored(&app, who, wamid, "hola").await;
    }
    app.converse.round(10).await.unwrap();
    let only = WaId::parse(&wa_id(0));
    let gate = Arc::new(Gate { answers: Semaphore::new(0), asked: AtomicUsize::new(0), only });
    let dispatch = Dispatch::new(
        app.store.clone(),
        gate.clone(),
        app.lenders.clone(),
        Arc::new(Pacing::new(80)),
        clock.clone(),
        Arc::new(SystemRandom),
    );
    let sending = tokio::spawn(async move { dispatch.round(10).await });
    let status = async |who: &Who| {
        let number = PhoneNumberId::from(NUMBER);
        let chat = app.store.conversation_of(&number, &identity(who)).await.unwrap().unwrap().id;
        app.store.sent_messages(chat, 1).await.unwrap()[0].status.clone()
    };
    while status(&quick).await != OutboxStatus::Accepted {
        assert!(!sending.is_finished(), "the answered message was never recorded");
        tokio::task::yield_now().await;
    }
    assert_eq!(status(&slow).await, OutboxStatus::Sending);
    gate.answers.add_permits(1);
    assert_eq!(sending.await.unwrap().unwrap(), 2);
    assert_eq!(status(&slow).await, OutboxStatus::Accepted);
}

#[tokio::test]
async fn when_every_request_hangs_only_so_many_are_on_their_way() {
    const PEOPLE: usize = 600;
    let folder = tempfile::tempdir().unwrap();
    let (app, clock) = assemble(folder.path()).await;
    for n in 0..PEOPLE {
        stored(&app, &Who::phone(&wa_id(n)), &format!("wamid.{n}"), "hola").await;
    }
    while app.converse.round(64).await.unwrap().conversations > 0 {}
    let gate = Arc::new(Gate { answers: Semaphore::new(0), asked: AtomicUsize::new(0), only: None });
    let dispatch = Dispatch::new(
        app.store.clone(),
        gate.clone(),
        app.lenders.clone(),
        Arc::new(Pacing::new(100_000)),
        clock.clone(),
        Arc::new(SystemRandom),
    );
    let mut sending = Sending::of(&dispatch);
    // A request that hangs gives up its place in the window after a while, but never its slot.
    let claims_all = async |sending: &mut Sending<'_>| {
        let (mut claimed, mut idle) = (0, 0);
        while idle < 3 {
            match sending.round(64, || std::future::ready(())).await.unwrap() {
                0 => idle += 1,
                more => (claimed, idle) = (claimed + more, 0),
            }
            clock.advance(Millis::seconds(1));
        }
        claimed
    };
    assert_eq!(
        sending.round(64, || std::future::ready(())).await.unwrap(),
        4,
        "connections are opened few by few"
    );
    assert_eq!(claims_all(&mut sending).await, 512 - 4);
    // What was claimed last is marked in the database first.
    let all_asked = async {
        while gate.asked.load(Ordering::SeqCst) < 512 {
            tokio::task::yield_now().await;
        }
    };
    sending.wait(async { tokio::time::timeout(PATIENCE, all_asked).await.unwrap() }).await;
    assert_eq!(gate.asked.load(Ordering::SeqCst), 512);
    assert_eq!(app.store.backlog(clock.now()).await.unwrap().queued_outbox, 600 - 512);

    // A batch is answered: so many slots are free again.
    gate.answers.add_permits(4);
    sending.wait(std::future::pending()).await;
    // The youngest of those that hang leave the window.
    clock.advance(Millis::seconds(10));
    assert_eq!(claims_all(&mut sending).await, 4);
    gate.answers.add_permits(PEOPLE);
    sending.finish().await.unwrap();
    while dispatch.round(64).await.unwrap() > 0 {}
    let backlog = app.store.backlog(clock.now()).await.unwrap();
    assert_eq!((backlog.queued_outbox, backlog.in_doubt), (0, 0));
    assert_eq!(gate.asked.load(Ordering::SeqCst), PEOPLE);
}
