//! The traffic: people who walk the whole journey, and Meta, which delivers until it is acknowledged.

use crate::meta;
use crate::pair::Pair;
use crate::people::{STEPS, line, number_of, wa_id};
use crate::verdict::ASKS;
use crate::webhook::{NUMBER, Webhook, body_of, text};
use acuerdo::ports::clock::Clock;
use acuerdo::system::SystemClock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// People who do not wait for answers write this fast.
const HASTE: Duration = Duration::from_millis(120);
/// Others wait so long and then write on.
const PATIENCE: Duration = Duration::from_secs(3);
/// Pause before Meta tries again; it grows to a second.
const AGAIN: Duration = Duration::from_millis(100);
/// Meta reports the delivery of a message after this.
const DELIVERED: Duration = Duration::from_millis(150);
/// How often a person says yes who is asked again.
const YESES_MAX: usize = 3;

/// One message of a person that was acknowledged.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    pub acknowledged: Instant,
    /// For those who waited for it.
    pub answered: Option<Instant>,
}

#[derive(Default)]
struct Phone {
    n_heard: AtomicUsize,
    /// Of those, messages that ask for a yes to terms.
    n_asked: AtomicUsize,
    /// Of those, messages of which Meta has said that they came, or never will.
    n_read: AtomicUsize,
    arrived: Notify,
    written: Mutex<Vec<Written>>,
}

pub struct Street {
    pub pair: Arc<Pair>,
    webhook: Webhook,
    phones: Vec<Phone>,
    urls: [String; 2],
    next_url: AtomicUsize,
    next_person: AtomicUsize,
    /// Nobody begins a chat any more.
    closing: AtomicBool,
    /// Nobody writes any more.
    closed: AtomicBool,
    /// Everybody asks for a human in the end.
    pub with_desk: bool,
    /// The people whose messages get no status from Meta.
    silent: AtomicBool,
    answers: Mutex<Vec<Instant>>,
}

impl Street {
    pub fn new(pair: Arc<Pair>, n_people: usize, with_desk: bool) -> Arc<Self> {
        let urls = [pair.replicas[0].url(), pair.replicas[1].url()];
        let street = Arc::new(Self {
            pair,
            webhook: Webhook::new(),
            phones: (0..n_people).map(|_| Phone::default()).collect(),
            urls,
            next_url: AtomicUsize::new(0),
            next_person: AtomicUsize::new(0),
            closing: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            with_desk,
            silent: AtomicBool::new(false),
            answers: Mutex::default(),
        });
        tokio::spawn(listen(street.clone()));
        street
    }

    /// One person alone, to the end.
    pub async fn one(self: &Arc<Self>) -> usize {
        let n = self.next_person.fetch_add(1, Ordering::SeqCst);
        self.clone().chat(n, Some(Duration::from_secs(60))).await;
        n
    }

    /// Chats begin at this pace until [`Street::close`]; ends with the last chat.
    pub async fn live(self: Arc<Self>, chats_per_second: usize) {
        let mut chats = JoinSet::new();
        let gap = Duration::from_secs(1) / u32::try_from(chats_per_second).unwrap();
        while !self.closing.load(Ordering::SeqCst) {
            let n = self.next_person.fetch_add(1, Ordering::SeqCst);
            assert!(n < self.phones.len(), "more chats than people");
            let patience = match n % 4 {
                0 => None,
                1 => Some(PATIENCE),
                _ => Some(Duration::from_secs(180)),
            };
            chats.spawn(self.clone().chat(n, patience));
            tokio::time::sleep(gap).await;
        }
        while let Some(ended) = chats.join_next().await {
            ended.unwrap();
        }
    }

    /// Who has begun goes on; nobody else begins.
    pub fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
    }

    /// The end of the observation.
    pub fn end(&self) {
        self.closed.store(true, Ordering::SeqCst);
        for phone in &self.phones {
            phone.arrived.notify_one();
        }
    }

    /// Every third person's messages get no status from Meta from now on.
    pub fn withhold_statuses(&self, on: bool) {
        self.silent.store(on, Ordering::SeqCst);
    }

    pub fn n_people(&self) -> usize {
        self.next_person.load(Ordering::SeqCst)
    }

    pub fn written(&self, n: usize) -> Vec<Written> {
        self.phones[n].written.lock().unwrap().clone()
    }

    pub fn n_acknowledged(&self) -> usize {
        self.phones[..self.n_people()].iter().map(|phone| phone.written.lock().unwrap().len()).sum()
    }

    /// When messages reached people, in order.
    pub fn answers(&self) -> Vec<Instant> {
        self.answers.lock().unwrap().clone()
    }

    /// Messages of each person.
    pub const fn n_steps(&self) -> usize {
        STEPS + self.with_desk as usize
    }

    fn line(&self, n: usize, step: usize) -> String {
        if step < STEPS { line(n, step) } else { "quiero hablar con un asesor".to_owned() }
    }

    async fn chat(self: Arc<Self>, n: usize, patience: Option<Duration>) {
        let mut n_written = 0;
        for step in 0..self.n_steps() {
            let line = self.line(n, step);
            if step + 1 != STEPS {
                if !self.write(n, n_written, &line, patience).await {
                    return;
                }
                n_written += 1;
                continue;
            }
            // Nobody says yes to what they have not read, and who is asked again says it again.
            for n_yeses in 1..=YESES_MAX {
                self.wait(n, |phone| &phone.n_read, n_yeses).await;
                if !self.write(n, n_written, &line, Some(Duration::MAX)).await {
                    return;
                }
                n_written += 1;
                if self.phones[n].n_asked.load(Ordering::SeqCst) == n_yeses {
                    break;
                }
            }
        }
    }

    /// One message, and the wait for its answer; false when the observation ended before it was acknowledged.
    async fn write(&self, n: usize, n_written: usize, line: &str, patience: Option<Duration>) -> bool {
        let phone = &self.phones[n];
        let n_heard = phone.n_heard.load(Ordering::SeqCst);
        let body = body_of(&wa_id(n), &wamid(n, n_written), SystemClock.now(), &text(line));
        let delivered = match (n + n_written) % 5 {
            // Sometimes both replicas get it at once, sometimes it comes again although it was acknowledged.
            0 => {
                let twice = tokio::join!(self.deliver(&body), self.deliver(&body));
                twice.0 && twice.1
            }
            _ => self.deliver(&body).await,
        };
        if !delivered {
            return false;
        }
        let acknowledged = Instant::now();
        phone.written.lock().unwrap().push(Written { acknowledged, answered: None });
        if (n + n_written) % 5 == 1 {
            self.deliver(&body).await;
        }
        match patience {
            None => tokio::time::sleep(HASTE).await,
            Some(patience) => {
                let answer = self.wait(n, |phone| &phone.n_heard, n_heard + 1);
                if tokio::time::timeout(patience, answer).await.is_ok() {
                    phone.written.lock().unwrap()[n_written].answered = Some(Instant::now());
                }
            }
        }
        true
    }

    /// Until this count is so high, or the observation ends.
    async fn wait(&self, n: usize, count: impl Fn(&Phone) -> &AtomicUsize, least: usize) {
        let phone = &self.phones[n];
        while count(phone).load(Ordering::SeqCst) < least && !self.closed.load(Ordering::SeqCst) {
            phone.arrived.notified().await;
        }
    }

    /// Until one of the replicas acknowledges it; false when the observation ended before.
    async fn deliver(&self, body: &[u8]) -> bool {
        let mut pause = AGAIN;
        while !self.closed.load(Ordering::SeqCst) {
            let url = &self.urls[self.next_url.fetch_add(1, Ordering::SeqCst) % 2];
            if self.webhook.post(url, body.to_vec()).await {
                return true;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
        false
    }
}

pub fn wamid(n: usize, step: usize) -> String {
    format!("wamid.chaos.{n}.{step}")
}

/// What reaches people, and Meta's word that it did.
async fn listen(street: Arc<Street>) {
    let mut changes = street.pair.graph.changes();
    let mut n_seen = 0;
    loop {
        for (wamid, sent) in street.pair.graph.taken_since(&mut n_seen) {
            let n = number_of(sent.to.wa_id.as_ref().unwrap().expose());
            let asks = sent.message.readable().contains(ASKS);
            street.answers.lock().unwrap().push(Instant::now());
            street.phones[n].n_asked.fetch_add(usize::from(asks), Ordering::SeqCst);
            street.phones[n].n_heard.fetch_add(1, Ordering::SeqCst);
            street.phones[n].arrived.notify_one();
            let told = !street.silent.load(Ordering::SeqCst) || !n.is_multiple_of(3);
            let street = street.clone();
            tokio::spawn(async move {
                tokio::time::sleep(DELIVERED).await;
                let (at, callback) = (SystemClock.now(), sent.callback.as_deref());
                let status = meta::status(wamid.as_str(), "delivered", at, callback, &[]);
                if told {
                    street.deliver(&meta::delivery(NUMBER, status)).await;
                }
                street.phones[n].n_read.fetch_add(usize::from(asks), Ordering::SeqCst);
                street.phones[n].arrived.notify_one();
            });
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}
