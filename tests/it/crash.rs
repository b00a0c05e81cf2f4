//! The real program under traffic, killed without warning again and again: nothing lost, nothing said twice.

use crate::harness::app::{TOKEN, TestApp, lay_out_flows, settings};
use crate::harness::graph_api::GraphApi;
use crate::harness::load::import_people;
use crate::harness::meta::{self, Who};
use crate::harness::people::{OWED, STEPS_TO_BALANCE, line, wa_id};
use crate::harness::process::{PROGRAM, Server, free_address, serve};
use crate::harness::webhook::{Webhook, body_of, text};
use acuerdo::config::Settings;
use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::time::Millis;
use acuerdo::ports::clock::Clock;
use acuerdo::ports::outbox::{OutboxStatus, SentMessage};
use acuerdo::store::{StoreOptions, connect};
use acuerdo::system::SystemClock;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// People who begin to write in each life of the process.
const WAVE: usize = 6;
/// Acknowledgements of one life after which it is killed: in greetings, in identities, in balances.
const KILLS: [usize; 5] = [2, 9, 15, 20, 24];
const PEOPLE: usize = WAVE * (KILLS.len() + 1);
/// Longer than every lease, so that what the dead process held is free.
const AFTER_LEASES: Millis = Millis::seconds(61);

/// One person writes the script without waiting for answers, as Meta delivers: until 200, sometimes twice.
async fn chat(webhook: Webhook, url: String, n: usize, acknowledged: Arc<AtomicUsize>) {
    for step in 0..STEPS_TO_BALANCE {
        let body = body_of(&wa_id(n), &wamid(n, step), SystemClock.now(), &text(&line(n, step)));
        webhook.deliver(&url, &body).await;
        acknowledged.fetch_add(1, Ordering::SeqCst);
        if (n + step).is_multiple_of(3) {
            webhook.deliver(&url, &body).await;
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

fn wamid(n: usize, step: usize) -> String {
    format!("wamid.crash.{n}.{step}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_traffic_it_loses_nothing_and_repeats_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let flows = folder.path().join("flows");
    lay_out_flows(&flows);
    let understanding = std::path::absolute("flows/understanding").unwrap();
    std::os::unix::fs::symlink(understanding, flows.join("understanding")).unwrap();
    let graph = GraphApi::start(TOKEN);
    let database = format!("sqlite:{}", folder.path().join("crash.sqlite").display());
    let migrate = StoreOptions { migrate: true, ..StoreOptions::default() };
    let store = connect(&database, &migrate).await.unwrap();
    // One more than write under fire: who writes in peace is the measure.
    import_people(&store, &flows, PEOPLE + 1, SystemClock.now()).await;
    store.close().await;
    drop(store);
    let address = free_address();
    let text = settings(&database, &flows, &graph.url, "");
    let config = folder.path().join("acuerdo.toml");
    std::fs::write(&config, &text).unwrap();

    traffic(&config, &address).await;

    let later = SystemClock.now().plus(AFTER_LEASES);
    let app = TestApp::with(Settings::from_toml(&text).unwrap(), graph, folder, later).await;
    settle(&app).await;
    let measure = measure(&app).await;
    let mut n_unconfirmed = 0;
    for n in 0..PEOPLE {
        n_unconfirmed += check(&app, n, &measure).await;
    }
    let backlog = app.started.store.backlog(app.clock.now()).await.unwrap();
    assert_eq!((backlog.pending_inputs, backlog.queued_outbox, backlog.in_doubt), (0, 0, 0));
    assert!(n_unconfirmed <= PEOPLE, "{n_unconfirmed}");
}

/// Waves of people, and a death in the middle of each.
async fn traffic(config: &Path, address: &str) {
    let url = format!("http://{address}");
    let log = config.with_extension("log");
    let start = || Server::spawn(serve(PROGRAM, config, address, &log), url.clone());
    let webhook = Webhook::new();
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut served = start();
    let mut chats = JoinSet::new();
    for wave in 0..=KILLS.len() {
        let before = acknowledged.load(Ordering::SeqCst);
        for n in wave * WAVE..(wave + 1) * WAVE {
            chats.spawn(chat(webhook.clone(), url.clone(), n, acknowledged.clone()));
        }
        let Some(goal) = KILLS.get(wave) else { break };
        while acknowledged.load(Ordering::SeqCst) < before + goal {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // Each life ends at another place of its work: before the turn, in it, before the send, after it.
        tokio::time::sleep(Duration::from_millis(11 * u64::try_from(wave).unwrap())).await;
        served.kill();
        served = start();
    }
    while let Some(ended) = chats.join_next().await {
        ended.unwrap();
    }
    served.kill();
}

/// Meta reports what it took; the rest of the doubts run out.
async fn settle(app: &TestApp) {
    for _ in 0..3 {
        app.drain().await;
        for (wamid, sent) in app.graph.taken() {
            let status =
                meta::status(wamid.as_str(), "delivered", app.clock.now(), sent.callback.as_deref(), &[]);
            assert_eq!(app.deliver(meta::delivery(crate::harness::app::NUMBER, status)).await, 200);
        }
        app.drain().await;
        app.waits(AFTER_LEASES).await;
    }
}

/// What a person reads whom no crash disturbed.
async fn measure(app: &TestApp) -> String {
    let who = Who::phone(&wa_id(PEOPLE));
    for step in 0..STEPS_TO_BALANCE {
        app.sends(&who, &text(&line(PEOPLE, step))).await;
    }
    let measure = words(&sent_to(app, &who).await);
    assert!(measure.contains(OWED), "{measure}");
    measure
}

async fn sent_to(app: &TestApp, who: &Who) -> Vec<SentMessage> {
    let conversation = app.conversation(who).await;
    app.started.store.sent_messages(conversation.id, 100).await.unwrap()
}

/// All texts in order, but for the word that one of them may not have come. Answers that were found together are joined
/// in one message, so messages are not compared.
fn words(sent: &[SentMessage]) -> String {
    let texts = sent.iter().map(|message| message.content.readable());
    let texts: Vec<String> = texts.filter(|text| !text.contains("no le haya llegado")).collect();
    texts.join("\n\n")
}

/// Everything about one chat; returns how many of its messages nobody can vouch for.
async fn check(app: &TestApp, n: usize, measure: &str) -> usize {
    let who = Who::phone(&wa_id(n));
    let conversation = app.conversation(&who).await;
    assert_eq!(conversation.assurance, Assurance::Verificada, "person {n}");
    let events = app.started.store.events(conversation.id, 0, 1_000).await.unwrap();
    let read: Vec<String> = events
        .iter()
        .filter(|(_, event)| event.kind == "input")
        .filter_map(|(_, event)| event.body.tree().pointer("/input/wamid")?.as_str().map(str::to_owned))
        .collect();
    let written: Vec<String> = (0..STEPS_TO_BALANCE).map(|step| wamid(n, step)).collect();
    assert_eq!(read, written, "person {n}: every message is read once, in its order");

    let sent = sent_to(app, &who).await;
    assert_eq!(words(&sent), measure, "person {n}");
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut order = Vec::new();
    for (_, message) in app.graph.taken() {
        if message.to.wa_id.as_ref().is_some_and(|to| *to.expose() == wa_id(n)) {
            let callback = message.callback.expect("every message carries its id");
            *taken.entry(callback.clone()).or_default() += 1;
            order.push(callback);
        }
    }
    let mut vouched = Vec::new();
    for message in &sent {
        let callback = format!("out:{}", message.id);
        let times = taken.get(&callback).copied().unwrap_or(0);
        match message.status {
            OutboxStatus::Accepted => {
                assert_eq!(times, 1, "person {n}: {callback}");
                vouched.push(callback);
            }
            OutboxStatus::Unconfirmed => assert_eq!(times, 0, "person {n}: {callback} was taken"),
            OutboxStatus::Queued | OutboxStatus::Sending | OutboxStatus::InDoubt | OutboxStatus::Refused => {
                panic!("person {n}: {message:?}")
            }
        }
    }
    assert_eq!(order, vouched, "person {n}: said in the order of the answers");
    sent.len() - vouched.len()
}
