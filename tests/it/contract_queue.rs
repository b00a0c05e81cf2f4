//! The contract of the live hand-off queue, case by case, on memory and on Redis.

use acuerdo::domain::ids::{AgentId, LenderId, TicketId};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::handoff_queue::{HandoffQueue, Offer, QueueDepth, QueuedTicket};
use acuerdo::ports::records::Priority;
use acuerdo::queue::{memory::MemoryQueue, redis};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use uuid::Uuid;

const LEASE: Millis = Millis::seconds(90);
const T0: Timestamp = Timestamp(1_800_000_000_000);

/// Where the tests' Redis is. Its absence is a failure: a contract that is not run is not kept.
pub fn redis_url() -> String {
    std::env::var("ACUERDO_TEST_REDIS")
        .expect("ACUERDO_TEST_REDIS is not set: run scripts/test, which starts a private Redis")
}

/// Databases of the test Redis that a case flushes; every other case lives in database 0 under its own prefix.
pub fn flushable_url(database: u8) -> String {
    let url = redis_url();
    let host = url.strip_prefix("redis://").expect("redis://host:port").split('/').next().unwrap();
    format!("redis://{host}/{database}")
}

/// A prefix that no other case and no other run uses.
pub fn fresh_prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let started = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!("t{}-{started}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn memory() -> Arc<dyn HandoffQueue> {
    Arc::new(MemoryQueue::new())
}

async fn redis_queue() -> Arc<dyn HandoffQueue> {
    let queue = redis::connect(&redis_url(), &fresh_prefix()).await.unwrap();
    queue.ping().await.expect("the Redis of ACUERDO_TEST_REDIS answers");
    Arc::new(queue)
}

/// Runs each case on both queues.
macro_rules! contract {
    ($($case:ident),* $(,)?) => {
        mod on_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::$case(super::memory().await).await })*
        }
        mod on_redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::$case(super::redis_queue().await).await })*
        }
    };
}

contract! {
    an_empty_queue_gives_nothing,
    urgent_goes_first_and_then_the_longest_wait,
    only_the_named_queues_are_served,
    no_named_queue_means_all,
    lenders_never_meet,
    a_taken_ticket_is_nobody_elses,
    an_expired_hold_goes_back_to_its_old_place,
    renewing_prolongs_and_never_shortens,
    only_the_holder_renews,
    repeats_and_older_versions_change_nothing,
    a_newer_version_moves_a_waiting_ticket,
    a_newer_version_puts_a_held_ticket_back,
    a_removed_ticket_is_gone_for_its_holder_too,
    an_older_removal_does_nothing,
    a_closed_ticket_comes_back_only_as_a_newer_version,
    a_hold_by_name_takes_the_ticket_out_of_the_queue,
    a_hold_of_an_older_version_or_of_anothers_ticket_does_nothing,
    depths_count_waiting_held_and_the_oldest_wait,
    positions_follow_the_order,
    a_new_queue_asks_to_be_rebuilt_until_it_was,
    fifty_agents_and_a_thousand_tickets,
}

fn lender() -> LenderId {
    LenderId::new("banco-andino")
}

fn id(n: u32) -> TicketId {
    TicketId(Uuid::from_u128(u128::from(n) + 1))
}

fn agent(n: u32) -> AgentId {
    AgentId(Uuid::from_u128(0xA6E0_0000 + u128::from(n)))
}

/// A ticket of queue `cobranza` that waits since `n` seconds after the start.
fn ticket(n: u32) -> QueuedTicket {
    QueuedTicket {
        ticket: id(n),
        lender: lender(),
        queue: "cobranza".to_owned(),
        priority: Priority::Normal,
        waiting_since: T0.plus(Millis::seconds(n.into())),
        version: 1,
    }
}

fn at(seconds: i64) -> Timestamp {
    T0.plus(Millis::seconds(10_000 + seconds))
}

async fn add(queue: &Arc<dyn HandoffQueue>, tickets: &[QueuedTicket]) {
    for ticket in tickets {
        queue.enqueue(ticket).await.unwrap();
    }
}

async fn take(queue: &Arc<dyn HandoffQueue>, by: u32, now: Timestamp) -> Option<Offer> {
    queue.take(&lender(), &cobranza(), agent(by), now, LEASE).await.unwrap()
}

async fn taken(queue: &Arc<dyn HandoffQueue>, by: u32, now: Timestamp) -> Option<TicketId> {
    take(queue, by, now).await.map(|offer| offer.ticket)
}

/// Takes until nothing is left, in order; more than `N` tickets would be a queue that repeats itself.
async fn drain<const N: usize>(
    queue: &Arc<dyn HandoffQueue>,
    queues: &[String],
    by: u32,
    now: Timestamp,
) -> Vec<TicketId> {
    let mut order = Vec::new();
    while let Some(offer) = queue.take(&lender(), queues, agent(by), now, LEASE).await.unwrap() {
        order.push(offer.ticket);
        assert!(order.len() <= N, "a ticket is given twice: {order:?}");
    }
    order
}

fn cobranza() -> [String; 1] {
    ["cobranza".to_owned()]
}

async fn an_empty_queue_gives_nothing(queue: Arc<dyn HandoffQueue>) {
    assert_eq!(take(&queue, 1, at(0)).await, None);
    assert_eq!(queue.depths(&lender(), at(0)).await.unwrap(), []);
    assert_eq!(queue.position(&lender(), id(1)).await.unwrap(), None);
    assert!(!queue.renew(&lender(), id(1), agent(1), at(90)).await.unwrap());
    queue.ping().await.unwrap();
}

async fn urgent_goes_first_and_then_the_longest_wait(queue: Arc<dyn HandoffQueue>) {
    let with = |n, priority| QueuedTicket { priority, ..ticket(n) };
    add(
        &queue,
        &[
            with(1, Priority::Low),
            with(5, Priority::Normal),
            with(4, Priority::Normal),
            with(7, Priority::High),
            with(9, Priority::Urgent),
        ],
    )
    .await;
    let order = drain::<5>(&queue, &cobranza(), 1, at(0)).await;
    assert_eq!(order, [id(9), id(7), id(4), id(5), id(1)]);
}

async fn only_the_named_queues_are_served(queue: Arc<dyn HandoffQueue>) {
    let other = QueuedTicket { queue: "fraude".to_owned(), ..ticket(1) };
    add(&queue, &[other, ticket(2)]).await;
    assert_eq!(taken(&queue, 1, at(0)).await, Some(id(2)));
    assert_eq!(taken(&queue, 1, at(0)).await, None);
    let both = ["cobranza".to_owned(), "fraude".to_owned()];
    let offer = queue.take(&lender(), &both, agent(1), at(0), LEASE).await.unwrap().unwrap();
    assert_eq!(offer.ticket, id(1));
}

async fn no_named_queue_means_all(queue: Arc<dyn HandoffQueue>) {
    let other = QueuedTicket { queue: "fraude".to_owned(), priority: Priority::Urgent, ..ticket(3) };
    add(&queue, &[ticket(2), other]).await;
    assert_eq!(drain::<2>(&queue, &[], 1, at(0)).await, [id(3), id(2)]);
    // After the lease both are back, in the index over all queues too.
    let offer = queue.take(&lender(), &[], agent(2), at(90), LEASE).await.unwrap().unwrap();
    assert_eq!(offer.ticket, id(3));
}

async fn lenders_never_meet(queue: Arc<dyn HandoffQueue>) {
    let other = LenderId::new("coop-del-valle");
    add(&queue, &[ticket(1)]).await;
    let everything = queue.take(&other, &[], agent(1), at(0), LEASE).await.unwrap();
    assert_eq!(everything, None);
    queue.remove(&other, id(1), 99).await.unwrap();
    assert_eq!(queue.position(&other, id(1)).await.unwrap(), None);
    assert_eq!(queue.depths(&other, at(0)).await.unwrap(), []);
    assert_eq!(taken(&queue, 1, at(0)).await, Some(id(1)));
    assert!(!queue.renew(&other, id(1), agent(1), at(500)).await.unwrap());
}

async fn a_taken_ticket_is_nobody_elses(queue: Arc<dyn HandoffQueue>) {
    add(&queue, &[ticket(1)]).await;
    let offer = take(&queue, 1, at(0)).await.unwrap();
    assert_eq!(offer, Offer { ticket: id(1), version: 1, until: at(90) });
    assert_eq!(take(&queue, 2, at(89)).await, None);
    assert_eq!(take(&queue, 1, at(89)).await, None);
}

async fn an_expired_hold_goes_back_to_its_old_place(queue: Arc<dyn HandoffQueue>) {
    add(&queue, &[ticket(1), ticket(2), ticket(3)]).await;
    assert_eq!(taken(&queue, 1, at(0)).await, Some(id(1)));
    assert_eq!(taken(&queue, 2, at(90)).await, Some(id(1)));
    assert!(!queue.renew(&lender(), id(1), agent(1), at(300)).await.unwrap());
    assert_eq!(taken(&queue, 3, at(90)).await, Some(id(2)));
}

async fn renewing_prolongs_and_never_shortens(queue: Arc<dyn HandoffQueue>) {
    add(&queue, &[ticket(1)]).await;
    take(&queue, 1, at(0)).await.unwrap();
    assert!(queue.renew(&lender(), id(1), agent(1), at(150)).await.unwrap());
    assert!(queue.renew(&lender(), id(1), agent(1), at(100)).await.unwrap());
    assert_eq!(take(&queue, 2, at(149)).await, None);
    assert_eq!(taken(&queue, 2, at(150)).await, Some(id(1)));
}

async fn only_the_holder_renews(queue: Arc<dyn HandoffQueue>) {
    add(&queue, &[ticket(1), ticket(2)]).await;
    take(&queue, 1, at(0)).await.unwrap();
    assert!(!queue.renew(&lender(), id(1), agent(2), at(500)).await.unwrap());
    assert!(!queue.renew(&lender(), id(2), agent(1), at(500)).await.unwrap(), "it waits");
    assert_eq!(taken(&queue, 3, at(90)).await, Some(id(1)), "the stranger prolonged nothing");
}

async fn repeats_and_older_versions_change_nothing(queue: Arc<dyn HandoffQueue>) {
    let newer = QueuedTicket { version: 3, ..ticket(1) };
    add(&queue, std::slice::from_ref(&newer)).await;
    let older = QueuedTicket { version: 2, queue: "fraude".to_owned(), ..ticket(1) };
    let repeat = QueuedTicket { queue: "fraude".to_owned(), ..newer };
    add(&queue, &[older.clone(), repeat.clone()]).await;
    assert_eq!(depth(&queue, at(0), "fraude").await, None);
    assert_eq!(take(&queue, 1, at(0)).await.unwrap().version, 3);
    add(&queue, &[older, repeat]).await;
    assert_eq!(queue.take(&lender(), &[], agent(2), at(0), LEASE).await.unwrap(), None, "still held");
}

async fn a_newer_version_moves_a_waiting_ticket(queue: Arc<dyn HandoffQueue>) {
    add(&queue, &[ticket(1)]).await;
    add(&queue, &[QueuedTicket { version: 2, queue: "fraude".to_owned(), ..ticket(1) }]).await;
    assert_eq!(take(&queue, 1, at(0)).await, None);
    let fraud = ["fraude".to_owned()];
    let offer = queue.take(&lender(), &fraud, agent(1), at(0), LEASE).await.unwrap().unwrap();
    assert_eq!((offer.ticket, offer.version), (id(1), 2));
    assert_eq!(queue.take(&lender(), &[], agent(1), at(0), LEASE).await.unwrap(), None, "in one place only");
}

async fn a_newer_version_puts_a_held_ticket_back(queue: Arc<dyn HandoffQueue>) {
    add(&queue, &[ticket(1)]).await;
    take(&queue, 1, at(0)).await.unwrap();
    add(&queue, &[QueuedTicket { version: 2, ..ticket(1) }]).await;
    assert_eq!(taken(&queue, 2, at(1)).await, Some(id(1)));
    assert!(!queue.renew(&lender(), id(1), agent(1), at(500)).await.unwrap());
    assert_eq!(take(&queue, 3, at(90)).await, None, "the first hold's end is forgotten");
}

async fn a_removed_ticket_is_gone_for_its_holder_too(queue: Arc<dyn HandoffQueue>) {
    add(&queue, &[ticket(1)]).await;
    take(&queue, 1, at(0)).await.unwrap();
    queue.remove(&lender(), id(1), 2).await.unwrap();
    assert!(!queue.renew(&lender(), id(1), agent(1), at(500)).await.unwrap());
    assert_eq!(take(&queue, 2, at(1_000)).await, None);
    assert_eq!(queue.depths(&lender(), at(1_000)).await.unwrap(), []);
}

async fn an_older_removal_does_nothing(queue: Arc<dyn HandoffQueue>) {
    add(&queue, &[QueuedTicket { version: 5, ..ticket(1) }]).await;
    queue.remove(&lender(), id(1), 4).await.unwrap();
    assert_eq!(taken(&queue, 1, at(0)).await, Some(id(1)));
    queue.remove(&lender(), id(1), 4).await.unwrap();
    assert!(queue.renew(&lender(), id(1), agent(1), at(500)).await.unwrap());
}

async fn a_closed_ticket_comes_back_only_as_a_newer_version(queue: Arc<dyn HandoffQueue>) {
    // Closed before the queue heard of it at all: the late publication must not resurrect it.
    queue.remove(&lender(), id(1), 2).await.unwrap();
    add(&queue, &[ticket(1), QueuedTicket { version: 2, ..ticket(1) }]).await;
    assert_eq!(take(&queue, 1, at(0)).await, None);
    add(&queue, &[QueuedTicket { version: 3, ..ticket(1) }]).await;
    assert_eq!(taken(&queue, 1, at(0)).await, Some(id(1)));
}

async fn a_hold_by_name_takes_the_ticket_out_of_the_queue(queue: Arc<dyn HandoffQueue>) {
    add(&queue, &[ticket(1)]).await;
    queue.hold(&QueuedTicket { version: 2, ..ticket(1) }, agent(1), at(90)).await.unwrap();
    assert_eq!(take(&queue, 2, at(0)).await, None);
    assert_eq!(queue.position(&lender(), id(1)).await.unwrap(), None);
    assert!(queue.renew(&lender(), id(1), agent(1), at(200)).await.unwrap());
    assert_eq!(taken(&queue, 2, at(200)).await, Some(id(1)), "it ends like every hold");

    // A rebuild tells of held tickets that this queue never saw.
    queue.hold(&ticket(2), agent(3), at(300)).await.unwrap();
    assert_eq!(take(&queue, 4, at(200)).await, None);
    assert_eq!(taken(&queue, 4, at(300)).await, Some(id(1)));
    assert_eq!(taken(&queue, 4, at(300)).await, Some(id(2)));
}

async fn a_hold_of_an_older_version_or_of_anothers_ticket_does_nothing(queue: Arc<dyn HandoffQueue>) {
    let second = QueuedTicket { version: 2, ..ticket(1) };
    add(&queue, std::slice::from_ref(&second)).await;
    queue.hold(&ticket(1), agent(1), at(90)).await.unwrap();
    assert_eq!(queue.position(&lender(), id(1)).await.unwrap(), Some(1));
    take(&queue, 1, at(0)).await.unwrap();
    queue.hold(&second, agent(2), at(500)).await.unwrap();
    assert!(queue.renew(&lender(), id(1), agent(1), at(100)).await.unwrap());
    queue.remove(&lender(), id(1), 3).await.unwrap();
    queue.hold(&QueuedTicket { version: 3, ..ticket(1) }, agent(2), at(500)).await.unwrap();
    assert_eq!(queue.depths(&lender(), at(0)).await.unwrap(), []);
}

async fn depth(queue: &Arc<dyn HandoffQueue>, now: Timestamp, name: &str) -> Option<QueueDepth> {
    queue.depths(&lender(), now).await.unwrap().into_iter().find(|depth| depth.queue == name)
}

async fn depths_count_waiting_held_and_the_oldest_wait(queue: Arc<dyn HandoffQueue>) {
    let fraud = QueuedTicket { queue: "fraude".to_owned(), ..ticket(8) };
    let urgent = QueuedTicket { priority: Priority::Urgent, ..ticket(5) };
    add(&queue, &[ticket(3), ticket(2), urgent, fraud.clone()]).await;
    assert_eq!(taken(&queue, 1, at(0)).await, Some(id(5)));
    let row = |queue: &str, waiting, held, oldest: Option<u32>| QueueDepth {
        queue: queue.to_owned(),
        waiting,
        held,
        oldest_waiting_since: oldest.map(|n| ticket(n).waiting_since),
    };
    assert_eq!(
        queue.depths(&lender(), at(0)).await.unwrap(),
        [row("cobranza", 2, 1, Some(2)), row("fraude", 1, 0, Some(8))]
    );
    queue.remove(&lender(), fraud.ticket, 1).await.unwrap();
    assert_eq!(
        queue.depths(&lender(), at(90)).await.unwrap(),
        [row("cobranza", 3, 0, Some(2))],
        "the hold is over and the empty queue is left out"
    );
}

async fn positions_follow_the_order(queue: Arc<dyn HandoffQueue>) {
    let urgent = QueuedTicket { priority: Priority::Urgent, ..ticket(9) };
    let elsewhere = QueuedTicket { queue: "fraude".to_owned(), ..ticket(0) };
    add(&queue, &[ticket(2), ticket(1), urgent, elsewhere]).await;
    let mut positions = Vec::new();
    for n in [9, 1, 2, 0] {
        positions.push(queue.position(&lender(), id(n)).await.unwrap());
    }
    assert_eq!(positions, [Some(1), Some(2), Some(3), Some(1)]);
    take(&queue, 1, at(0)).await.unwrap();
    assert_eq!(queue.position(&lender(), id(9)).await.unwrap(), None);
    assert_eq!(queue.position(&lender(), id(1)).await.unwrap(), Some(1));
}

async fn a_new_queue_asks_to_be_rebuilt_until_it_was(queue: Arc<dyn HandoffQueue>) {
    assert!(queue.needs_rebuild().await.unwrap().is_some());
    fill(&*queue).await;
}

async fn fifty_agents_and_a_thousand_tickets(queue: Arc<dyn HandoffQueue>) {
    const N_TICKETS: u32 = 1_000;
    let rank = |n: u32| Priority::ALL[(n % 4) as usize];
    for n in 0..N_TICKETS {
        let shuffled = n * 387 % N_TICKETS;
        queue.enqueue(&QueuedTicket { priority: rank(shuffled), ..ticket(shuffled) }).await.unwrap();
    }
    let agents: Vec<_> = (0..50)
        .map(|n| {
            let queue = queue.clone();
            tokio::spawn(async move {
                let mut mine = Vec::new();
                while let Some(ticket) = taken(&queue, n, at(0)).await {
                    mine.push(ticket);
                    assert!(mine.len() <= N_TICKETS as usize, "a ticket is given twice");
                    tokio::task::yield_now().await;
                }
                mine
            })
        })
        .collect();
    let place: HashMap<TicketId, (i16, u32)> = (0..N_TICKETS).map(|n| (id(n), (rank(n).rank(), n))).collect();
    let mut seen = HashSet::new();
    for agent in agents {
        let mine = agent.await.unwrap();
        let places: Vec<_> = mine.iter().map(|ticket| place[ticket]).collect();
        assert!(places.is_sorted(), "each agent is served in the order of the queue: {places:?}");
        for ticket in mine {
            assert!(seen.insert(ticket), "two agents have {ticket}");
        }
    }
    assert_eq!(seen.len(), N_TICKETS as usize, "every ticket has an owner");
    let left = queue.depths(&lender(), at(0)).await.unwrap();
    assert_eq!((left[0].waiting, left[0].held), (0, u64::from(N_TICKETS)));
}

async fn tell<T: ::redis::FromRedisValue>(url: &str, command: &::redis::Cmd) -> T {
    let mut raw = ::redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    command.query_async(&mut raw).await.unwrap()
}

/// Empties the database as an operator's `FLUSHALL` would; only this case uses it.
async fn flush(url: &str) {
    tell(url, &::redis::cmd("FLUSHDB")).await
}

async fn fill(queue: &dyn HandoffQueue) {
    queue.mark_rebuilt(&queue.needs_rebuild().await.unwrap().unwrap()).await.unwrap();
    assert_eq!(queue.needs_rebuild().await.unwrap(), None);
}

#[tokio::test]
async fn a_flushed_redis_is_rebuilt_from_open_tickets() {
    let url = flushable_url(14);
    flush(&url).await;
    let queue: Arc<dyn HandoffQueue> = Arc::new(redis::connect(&url, &fresh_prefix()).await.unwrap());
    fill(&*queue).await;
    let open: Vec<QueuedTicket> = (0..100).map(ticket).collect();
    add(&queue, &open).await;
    for _ in 0..10 {
        take(&queue, 1, at(0)).await.unwrap();
    }

    flush(&url).await;
    assert_eq!(take(&queue, 2, at(1)).await, None);
    let first = queue.needs_rebuild().await.unwrap().unwrap();
    // Memory is lost again in the middle: this rebuild does not count, also when another one has begun since.
    add(&queue, &open[..50]).await;
    flush(&url).await;
    let second = queue.needs_rebuild().await.unwrap().unwrap();
    queue.mark_rebuilt(&first).await.unwrap();
    assert!(queue.needs_rebuild().await.unwrap().is_some(), "the second asker may die");

    for ticket in &open[..10] {
        queue.hold(ticket, agent(1), at(90)).await.unwrap();
    }
    add(&queue, &open[10..]).await;
    queue.mark_rebuilt(&second).await.unwrap();
    assert_eq!(queue.needs_rebuild().await.unwrap(), None);
    assert!(queue.renew(&lender(), id(3), agent(1), at(91)).await.unwrap(), "the holder keeps it");
    let order = drain::<90>(&queue, &cobranza(), 2, at(1)).await;
    assert_eq!(order, (10..100).map(id).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_old_copy_of_redis_is_not_trusted() {
    let prefix = fresh_prefix();
    let queue = redis::connect(&redis_url(), &prefix).await.unwrap();
    fill(&queue).await;
    // What a restart from an older dump, or a fail-over, leaves: the marker of another server process.
    let marker = format!("{prefix}{{rebuild}}:built");
    let _: () = tell(&redis_url(), ::redis::cmd("SET").arg(marker).arg("of-another-run")).await;
    assert!(queue.needs_rebuild().await.unwrap().is_some());
}

#[tokio::test]
async fn a_ticket_whose_details_redis_dropped_is_passed_over() {
    let prefix = fresh_prefix();
    let queue: Arc<dyn HandoffQueue> = Arc::new(redis::connect(&redis_url(), &prefix).await.unwrap());
    add(&queue, &[ticket(1), ticket(2)]).await;
    let details = format!("{prefix}{{{}}}:t:{}", lender(), id(1));
    assert_eq!(tell::<i64>(&redis_url(), ::redis::cmd("DEL").arg(details)).await, 1);
    assert_eq!(drain::<1>(&queue, &cobranza(), 1, at(0)).await, [id(2)]);
    assert_eq!(drain::<0>(&queue, &[], 1, at(0)).await, []);
    add(&queue, &[ticket(1)]).await;
    assert_eq!(taken(&queue, 1, at(0)).await, Some(id(1)), "the next rebuild brings it back");
}

#[tokio::test]
async fn a_redis_that_is_down_is_said_so_at_once() {
    let queue = redis::connect("redis://127.0.0.1:1/0", "acuerdo").await.unwrap();
    let error = queue.enqueue(&ticket(1)).await.unwrap_err().to_string();
    assert!(error.starts_with("the live queue is unavailable"), "{error}");
}

#[tokio::test]
async fn a_rediss_url_speaks_tls_from_the_first_byte() {
    use tokio::io::AsyncReadExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("rediss://user:secret@{}/0", listener.local_addr().unwrap());
    let queue = redis::connect(&url, "acuerdo").await.unwrap();
    let asked = tokio::spawn(async move { queue.ping().await });
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut hello = [0; 3];
    stream.read_exact(&mut hello).await.unwrap();
    // A TLS handshake record; a password must never go out in the clear.
    assert_eq!(hello[..2], [0x16, 0x03]);
    drop(stream);
    assert!(asked.await.unwrap().is_err());
}

#[tokio::test]
async fn a_rediss_url_that_would_trust_anybody_is_refused() {
    let refused = redis::connect("rediss://host/0#insecure", "acuerdo").await.err().unwrap().to_string();
    assert!(refused.contains("trust any server") && refused.contains("rediss://"), "{refused}");
}
