//! One process of the product: the real services over simulated ports, and its loops.

use crate::base::Base;
use crate::graph::ProcessSender;
use crate::mutants::Mutant;
use crate::process_ports::{ProcessClock, ProcessStore, SeededRandom};
use crate::queue::{ProcessQueue, QueueServer};
use crate::sim::{Idle, Sim};
use crate::store::view::Loop;
use acuerdo::ports::clock::Clock;
use acuerdo::ports::handoff_queue::HandoffQueue;
use acuerdo::ports::message_sender::MessageSender;
use acuerdo::ports::{Store, StoreError};
use acuerdo::service::availability::CachedAvailability;
use acuerdo::service::converse::{Converse, ConverseParts};
use acuerdo::service::dispatch::Dispatch;
use acuerdo::service::doubts::Doubts;
use acuerdo::service::handoff::{HandoffPorts, HandoffService, HandoffSettings};
use acuerdo::service::notices::Notices;
use acuerdo::service::pacing::Pacing;
use acuerdo::service::presence::presence;
use acuerdo::service::receive::Receive;
use acuerdo::service::sending::Sending;
use acuerdo::worker::inbox_writer::inbox_writer;
use acuerdo::worker::wake::Wake;
use futures_util::FutureExt;
use futures_util::future::select;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Timers fired, statuses applied, notices read in one transaction; as in `worker::loops`.
const BATCH: u32 = 500;
/// Conversations or messages of one round, small enough that rounds of replicas meet.
const ROUND: u32 = 8;
const DISPATCHERS: usize = 2;
const PATIENCE_MS: i64 = 200;
const PAUSE_AFTER_FAILURE_MS: i64 = 1_000;
const ROOM_LOOKS_MAX_MS: i64 = 250;

/// What requests from outside reach.
pub struct Process {
    pub receive: Arc<Receive>,
    pub handoff: Arc<HandoffService>,
}

struct Loops {
    sim: Arc<Sim>,
    process: usize,
}

/// Builds the services of a process as `app` does, and the tasks that it runs.
pub fn start(
    base: &Base,
    sim: &Arc<Sim>,
    queue: &Arc<QueueServer>,
    process: usize,
    mutant: Option<Mutant>,
) -> (Process, Vec<Task>) {
    let store: Arc<dyn Store> = Arc::new(ProcessStore { sim: sim.clone(), process, mutant });
    let queue: Arc<dyn HandoffQueue> =
        Arc::new(ProcessQueue { sim: sim.clone(), server: queue.clone(), process, mutant });
    let clock: Arc<dyn Clock> = Arc::new(ProcessClock { sim: sim.clone(), process });
    let random = Arc::new(SeededRandom(sim.clone()));
    let sender: Arc<dyn MessageSender> = Arc::new(ProcessSender { sim: sim.clone(), process });
    let wake = Wake::default();
    let (writer, inbox) = inbox_writer(store.clone(), 64, 16, wake.clone());
    let inbox = inbox.without_limit();
    let receive =
        Arc::new(Receive::new(base.lenders.clone(), Arc::new(writer), clock.clone(), random.clone()));
    let pacing = Arc::new(Pacing::new(80));
    let (tell, seen) = presence(sender.clone(), base.lenders.clone(), pacing.clone(), clock.clone());
    let parts = ConverseParts {
        store: store.clone(),
        flows: base.library.clone(),
        lenders: base.lenders.clone(),
        understander: base.understander.clone(),
        clock: clock.clone(),
        availability: Arc::new(CachedAvailability::new(queue.clone(), clock.clone())),
    };
    let converse = Arc::new(Converse::new(parts, Some(tell)));
    let dispatch = Arc::new(Dispatch::new(
        store.clone(),
        sender.clone(),
        base.lenders.clone(),
        pacing,
        clock.clone(),
        random,
    ));
    let notices = Arc::new(Notices::new(store.clone(), sender, clock.clone()));
    let ports = HandoffPorts::new(store.clone(), queue, clock.clone());
    let handoff = Arc::new(HandoffService::new(
        ports,
        base.lenders.clone(),
        base.lint.clone(),
        base.understander.clone(),
        base.library.clone(),
        HandoffSettings::default(),
    ));
    let loops = Loops { sim: sim.clone(), process };
    let mut tasks: Vec<Task> = vec![
        Box::pin(inbox.run(CancellationToken::new())),
        Box::pin(seen.run(CancellationToken::new())),
        loops.converse(converse, &wake),
        loops.notices(notices, &wake),
        loops.timers(store.clone(), clock.clone(), Arc::new(Doubts::new(store, clock)), &wake),
        loops.tickets(handoff.clone(), &wake),
    ];
    tasks.extend((0..DISPATCHERS).map(|_| loops.dispatch(dispatch.clone(), &wake)));
    (Process { receive, handoff }, tasks)
}

/// The same rounds as `worker::loops`, with virtual pauses.
impl Loops {
    fn converse(&self, service: Arc<Converse>, wake: &Wake) -> Task {
        let outbox = wake.clone();
        self.repeat(Loop::Converse, wake.on_inputs(), move || {
            let (service, outbox) = (service.clone(), outbox.clone());
            async move {
                let round = service.round(ROUND).await?;
                if round.messages > 0 {
                    outbox.outbox();
                }
                outbox.tickets();
                Ok(round.conversations > 0)
            }
        })
    }

    fn dispatch(&self, service: Arc<Dispatch>, wake: &Wake) -> Task {
        let (sim, process, wake) = (self.sim.clone(), self.process, wake.on_outbox());
        Box::pin(async move {
            let mut sending = Sending::of(&service);
            let mut n_empty = 0;
            loop {
                let pause = match sending.round(ROUND, || sim.sleep(process, PATIENCE_MS)).await {
                    Ok(0) => {
                        let idle = sim.idle_ms(Loop::Dispatch, process, n_empty);
                        service.room_in().map_or(idle, |wait| wait.0.clamp(20, ROOM_LOOKS_MAX_MS))
                    }
                    Ok(_) => {
                        n_empty = 0;
                        continue;
                    }
                    Err(_) => PAUSE_AFTER_FAILURE_MS,
                };
                n_empty += 1;
                let idle = Idle::new(sim.sleep(process, pause), Loop::Dispatch);
                sending.wait(select(pin!(wake.notified()), pin!(idle)).map(drop)).await;
            }
        })
    }

    fn notices(&self, service: Arc<Notices>, wake: &Wake) -> Task {
        let outbox = wake.clone();
        self.repeat(Loop::Notices, wake.on_statuses(), move || {
            let (service, outbox) = (service.clone(), outbox.clone());
            async move {
                let statuses = service.statuses(BATCH).await?;
                let others = service.others(BATCH).await?;
                if statuses > 0 {
                    outbox.outbox();
                }
                Ok(others >= BATCH || statuses >= BATCH)
            }
        })
    }

    fn timers(&self, store: Arc<dyn Store>, clock: Arc<dyn Clock>, doubts: Arc<Doubts>, wake: &Wake) -> Task {
        let wake = wake.clone();
        self.repeat(Loop::Timers, Arc::new(Notify::new()), move || {
            let (store, clock, doubts, wake) = (store.clone(), clock.clone(), doubts.clone(), wake.clone());
            async move {
                let fired = store.fire_timers(clock.now(), BATCH).await?;
                let ended = doubts.round().await?;
                if fired + ended > 0 {
                    wake.inputs();
                }
                if ended > 0 {
                    wake.outbox();
                }
                Ok(fired >= BATCH)
            }
        })
    }

    fn tickets(&self, service: Arc<HandoffService>, wake: &Wake) -> Task {
        self.repeat(Loop::Tickets, wake.on_tickets(), move || {
            let service = service.clone();
            async move {
                // Whatever fails, the next round is a second away.
                let failed =
                    |_| StoreError::Unavailable { why: "the live queue could not follow".to_owned() };
                service.upkeep().await.map_err(failed)?;
                Ok(false)
            }
        })
    }

    fn repeat<F, R>(&self, kind: Loop, wake: Arc<Notify>, round: F) -> Task
    where
        F: Fn() -> R + 'static,
        R: Future<Output = Result<bool, StoreError>> + 'static,
    {
        let (sim, process) = (self.sim.clone(), self.process);
        Box::pin(async move {
            let mut n_empty = 0;
            loop {
                let pause = match round().await {
                    Ok(true) => {
                        n_empty = 0;
                        continue;
                    }
                    Ok(false) => sim.idle_ms(kind, process, n_empty),
                    Err(_) => PAUSE_AFTER_FAILURE_MS,
                };
                n_empty += 1;
                let idle = Idle::new(sim.sleep(process, pause), kind);
                select(pin!(wake.notified()), pin!(idle)).await;
            }
        })
    }
}
