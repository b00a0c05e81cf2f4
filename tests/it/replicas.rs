//! Two processes on one PostgreSQL and one Redis: they share the work and never do it twice.

use crate::contract::backends::{self, Bench};
use crate::contract_queue::{fresh_prefix, redis_url};
use crate::harness::PATIENCE;
use crate::harness::app::{NUMBER, START, TOKEN, lay_out_flows, option_id};
use crate::harness::graph_api::GraphApi;
use crate::harness::load::{Replica, ShiftedClock, import_people, settings_on, world};
use crate::harness::people::{OWED, STEPS_TO_BALANCE, line, wa_id};
use crate::harness::webhook::{Webhook, body_of, text};
use acuerdo::app::App;
use acuerdo::domain::identity::{WaId, WaIdentity};
use acuerdo::domain::ids::{LenderId, PhoneNumberId, TicketId};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::Store;
use acuerdo::ports::clock::Clock;
use acuerdo::ports::conversations::Conversation;
use acuerdo::system::{SystemClock, SystemRandom};
use acuerdo::whatsapp::inspect::OutgoingMessage;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Pair {
    replicas: [Replica; 2],
    graph: GraphApi,
    clock: Arc<ShiftedClock>,
    webhook: Webhook,
    bench: Bench,
    _folder: tempfile::TempDir,
}

impl Pair {
    async fn start(n_people: usize) -> Arc<Self> {
        let folder = tempfile::tempdir().unwrap();
        let flows = folder.path().join("flows");
        lay_out_flows(&flows);
        let bench = backends::postgres().await;
        let graph = GraphApi::start(TOKEN);
        let clock = Arc::new(ShiftedClock::starting(Timestamp::parse_rfc3339(START).unwrap()));
        import_people(&bench.store, &flows, n_people, clock.now()).await;
        let queue = format!("redis_url = \"{}\"\nredis_prefix = \"{}\"", redis_url(), fresh_prefix());
        let settings = || settings_on(&bench.url, &flows, &graph.url, &queue);
        let replicas = [
            Replica::start(settings(), clock.clone()).await,
            Replica::start(settings(), clock.clone()).await,
        ];
        Arc::new(Self { replicas, graph, clock, webhook: Webhook::new(), bench, _folder: folder })
    }

    fn store(&self) -> &Arc<dyn Store> {
        &self.bench.store
    }

    /// The same delivery to both processes at the same moment.
    async fn to_both(&self, n: usize, wamid: &str, content: &Value) {
        let body = body_of(&wa_id(n), wamid, self.clock.now(), content);
        let [one, other] = &self.replicas;
        tokio::join!(self.webhook.deliver(&one.url, &body), self.webhook.deliver(&other.url, &body));
    }

    /// Says a line to both and waits for an answer.
    async fn says(&self, n: usize, wamid: &str, content: &Value) {
        let before = self.heard(n).len();
        self.to_both(n, wamid, content).await;
        self.until(|| self.heard(n).len() > before, wamid).await;
    }

    async fn until(&self, done: impl Fn() -> bool, what: &str) {
        let begun = Instant::now();
        while !done() {
            assert!(begun.elapsed() < PATIENCE, "no answer to {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Nothing waits and nothing is on its way.
    async fn rest(&self) {
        let begun = Instant::now();
        loop {
            let backlog = self.store().backlog(self.clock.now()).await.unwrap();
            if backlog.pending_inputs + backlog.queued_outbox + backlog.in_doubt == 0 {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{backlog:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What was said to this person, with the id of the tap's target.
    fn heard(&self, n: usize) -> Vec<(String, OutgoingMessage)> {
        let to = WaId::parse(&wa_id(n)).unwrap();
        let taken = self.graph.taken().into_iter().filter(|(_, sent)| sent.to.wa_id.as_ref() == Some(&to));
        taken.map(|(wamid, sent)| (wamid.as_str().to_owned(), sent)).collect()
    }

    fn tap(&self, n: usize, title: &str) -> Value {
        let heard = self.heard(n);
        let found = heard.iter().rev().find_map(|(wamid, sent)| {
            let (kind, id) = option_id(&sent.message, title)?;
            let reply = json!({"id": id, "title": title});
            Some(json!({
                "type": "interactive",
                "interactive": {"type": kind, kind: reply},
                "context": {"from": "576015550000", "id": wamid},
            }))
        });
        found.unwrap_or_else(|| panic!("nothing offers `{title}`: {heard:#?}"))
    }

    async fn conversation(&self, n: usize) -> Conversation {
        let identity = WaIdentity::new(WaId::parse(&wa_id(n)), None).unwrap();
        let found = self.store().conversation_of(&PhoneNumberId::from(NUMBER), &identity).await.unwrap();
        found.expect("the person wrote")
    }

    async fn agent(&self, name: &str) -> String {
        let lender = LenderId::from("andino");
        let now = self.clock.now();
        let shown = acuerdo::cli::agent::add(self.store().as_ref(), &SystemRandom, now, &lender, (name, &[]));
        let shown = shown.await.unwrap();
        let line = shown.lines().find(|line| line.starts_with("token")).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    }

    async fn stop(self: Arc<Self>) {
        let Ok(pair) = Arc::try_unwrap(self) else { panic!("a chat still runs") };
        let [one, other] = pair.replicas;
        tokio::join!(one.stop(), other.stop());
        pair.bench.drop_schema().await;
    }
}

/// Runs `work` for every person at once.
async fn at_once<R, F>(pair: &Arc<Pair>, n_people: usize, work: F)
where
    F: Fn(Arc<Pair>, usize) -> R,
    R: Future<Output = ()> + Send + 'static,
{
    let chats: Vec<_> = (0..n_people).map(|n| tokio::spawn(work(pair.clone(), n))).collect();
    for chat in chats {
        chat.await.unwrap();
    }
}

async fn talk(pair: &Pair, n: usize) {
    for step in 0..STEPS_TO_BALANCE {
        pair.says(n, &format!("wamid.{n}.{step}"), &text(&line(n, step))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_deliveries_at_both_are_one_chat() {
    const N: usize = 10;
    let pair = Pair::start(N).await;
    at_once(&pair, N, |pair, n| async move { talk(&pair, n).await }).await;
    pair.rest().await;
    let words = |n| pair.heard(n).iter().map(|(_, sent)| sent.message.readable()).collect::<Vec<_>>();
    let first = words(0);
    assert_eq!(first.len(), STEPS_TO_BALANCE, "one answer to each message: {first:#?}");
    assert!(first.last().unwrap().contains(OWED), "{first:#?}");
    for n in 0..N {
        assert_eq!(words(n), first, "person {n}");
    }
    let taken = pair.graph.taken();
    let ids: HashSet<_> = taken.iter().map(|(_, sent)| sent.callback.clone()).collect();
    assert_eq!(ids.len(), taken.len(), "a message was sent twice");
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_double_tap_at_both_makes_one_agreement() {
    const N: usize = 5;
    let pair = Pair::start(N).await;
    at_once(&pair, N, |pair, n| async move {
        talk(&pair, n).await;
        pair.says(n, &format!("wamid.{n}.when"), &text("el viernes le pago")).await;
        pair.says(n, &format!("wamid.{n}.all"), &pair.tap(n, "Todo el saldo vencido")).await;
        let yes = pair.tap(n, "Sí, confirmo");
        let before = pair.heard(n).len();
        let (first, second) = (format!("wamid.{n}.yes.1"), format!("wamid.{n}.yes.2"));
        tokio::join!(pair.to_both(n, &first, &yes), pair.to_both(n, &second, &yes));
        pair.until(|| pair.heard(n).len() > before, &first).await;
    })
    .await;
    pair.rest().await;
    for n in 0..N {
        let person = pair.conversation(n).await.person.expect("verified");
        let file = pair.store().person_file(&LenderId::from("andino"), person).await.unwrap().unwrap();
        assert_eq!(file.agreements.len(), 1, "person {n}: {:#?}", pair.heard(n));
    }
    let taken = pair.graph.taken();
    let ids: HashSet<_> = taken.iter().map(|(_, sent)| sent.callback.clone()).collect();
    assert_eq!(ids.len(), taken.len(), "a message was sent twice");
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_at_both_never_get_the_same_ticket() {
    const N: usize = 12;
    let pair = Pair::start(N).await;
    at_once(&pair, N, |pair, n| async move {
        pair.says(n, &format!("wamid.{n}.hi"), &text("hola")).await;
        pair.says(n, &format!("wamid.{n}.agent"), &text("quiero hablar con un asesor")).await;
    })
    .await;
    pair.rest().await;
    let mut tickets = HashSet::new();
    for n in 0..N {
        let ticket = pair.conversation(n).await.ticket;
        tickets.insert(ticket.unwrap_or_else(|| panic!("person {n} waits for nobody: {:#?}", pair.heard(n))));
    }
    let mut agents = Vec::new();
    for n in 0..6 {
        let token = pair.agent(&format!("Agente {n}")).await;
        let url = pair.replicas[n % 2].url.clone();
        agents.push(tokio::spawn(take_all(url, token)));
    }
    let mut taken = Vec::new();
    for agent in agents {
        taken.extend(agent.await.unwrap());
    }
    assert_eq!(taken.len(), N, "{taken:?}");
    assert_eq!(taken.into_iter().collect::<HashSet<_>>(), tickets);
    pair.stop().await;
}

/// The time of a process whose host's clock is so far ahead.
async fn time_of(url: &str, flows: &Path, ahead: Millis) -> Timestamp {
    let host = Arc::new(ShiftedClock(ahead.0));
    let app =
        App::assemble(settings_on(url, flows, "http://127.0.0.1:1", ""), world(host, true)).await.unwrap();
    let now = app.clock.now();
    app.store.close().await;
    now
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_whose_hosts_disagree_have_the_databases_time() {
    let folder = tempfile::tempdir().unwrap();
    let flows = folder.path().join("flows");
    lay_out_flows(&flows);
    let bench = backends::postgres().await;
    let file = format!("sqlite:{}", folder.path().join("alone.sqlite").display());
    for ahead in [Millis::minutes(5), Millis::minutes(-5)] {
        // The test's PostgreSQL is on this machine. However long the machine takes, time goes on in between.
        let (before, shared) = (SystemClock.now(), time_of(&bench.url, &flows, ahead).await);
        let (early, late) = (shared.since(before), shared.since(SystemClock.now()));
        assert!(early.0 > -1_000 && late.0 < 1_000, "{early:?}, {late:?} off; the host is {ahead:?} ahead");
        let (before, alone) = (SystemClock.now(), time_of(&file, &flows, ahead).await);
        let (early, late) = (alone.since(before.plus(ahead)), alone.since(SystemClock.now().plus(ahead)));
        assert!(early.0 >= 0 && late.0 <= 0, "an SQLite file has its host's time: {early:?}, {late:?} off");
    }
    bench.drop_schema().await;
}

/// Takes tickets until nobody has waited for a while.
async fn take_all(url: String, token: String) -> Vec<TicketId> {
    let http = acuerdo::whatsapp::client::http_client(PATIENCE, PATIENCE).unwrap();
    let mut taken = Vec::new();
    let mut n_idle = 0;
    while n_idle < 15 {
        let request = http.post(format!("{url}/api/v1/tickets/take-next")).bearer_auth(&token);
        let answer = request.send().await.unwrap();
        match answer.status().as_u16() {
            200 => {
                let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
                taken.push(body["ticket"]["id"].as_str().unwrap().parse().unwrap());
                n_idle = 0;
            }
            204 => {
                n_idle += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            other => panic!("take-next answered {other}: {}", answer.text().await.unwrap()),
        }
    }
    taken
}
