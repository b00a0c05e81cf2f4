//! The load: people who chat, at their own pace or as fast as they are answered.

use super::client::Client;
use super::graph::Phone;
use super::meta::{self, Who};
use super::people::{STEPS, line, wa_id};
use super::{NUMBER, SECRET};
use acuerdo::ports::clock::{Clock, Random};
use acuerdo::system::{SystemClock, SystemRandom};
use acuerdo::whatsapp::signature::AppSecrets;
use secrecy::SecretString;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Before it is measured: connections, caches, statements.
pub const WARM: Duration = Duration::from_secs(3);
/// Between two messages of a person who writes at their own pace.
const THINK: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(60);
const CONNECTIONS: usize = 256;

/// How people write.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// So many chats at once, each message as soon as the one before is answered.
    Saturating { chats: usize },
    /// So many messages each second in all, at intended times that do not wait for the answers: a message that
    /// could not leave in time is measured from its intended time, so that a queue is not hidden.
    Offered { per_second: usize },
}

/// What was seen within the measured window.
#[derive(Default)]
pub struct Seen {
    /// From the intended sending of a webhook to its 200.
    pub acks: Vec<Duration>,
    /// From the intended sending of a webhook to the reply's arrival at the Graph API.
    pub replies: Vec<Duration>,
}

pub struct Street {
    pub clients: Vec<Client>,
    pub phones: Arc<Vec<Phone>>,
    post: Post,
    run: String,
    next: AtomicUsize,
    begun: Instant,
    window: Duration,
    seen: Mutex<Seen>,
}

impl Street {
    /// `first`: the first person who has not chatted yet.
    pub fn new(urls: &[String], phones: Arc<Vec<Phone>>, first: usize, window: Duration) -> Self {
        Self {
            clients: urls.iter().map(|url| Client::new(url, CONNECTIONS / urls.len())).collect(),
            phones,
            post: Post::new(),
            run: SystemRandom.uuid(SystemClock.now()).simple().to_string(),
            next: AtomicUsize::new(first),
            begun: Instant::now(),
            window,
            seen: Mutex::default(),
        }
    }

    /// Until the window is over and every chat that began has ended; returns the first person left.
    pub async fn live(self: &Arc<Self>, pace: Pace) -> usize {
        let mut chats = JoinSet::new();
        match pace {
            Pace::Saturating { chats: n } => {
                for _ in 0..n {
                    let street = self.clone();
                    chats.spawn(async move {
                        while street.begun.elapsed() < WARM + street.window {
                            let n = street.person();
                            for step in 0..STEPS {
                                street.turn(n, step, Instant::now()).await;
                            }
                        }
                    });
                }
            }
            Pace::Offered { per_second } => {
                let gap = Duration::from_secs(1).mul_f64(STEPS as f64 / per_second as f64);
                let mut at = self.begun;
                while at < self.begun + WARM + self.window {
                    tokio::time::sleep_until(at.into()).await;
                    let (street, n) = (self.clone(), self.person());
                    chats.spawn(async move {
                        for step in 0..STEPS {
                            let intended = at + THINK * u32::try_from(step).unwrap();
                            tokio::time::sleep_until(intended.into()).await;
                            street.turn(n, step, intended).await;
                        }
                    });
                    at += gap;
                }
            }
        }
        while let Some(ended) = chats.join_next().await {
            ended.unwrap();
        }
        self.next.load(Ordering::Relaxed)
    }

    pub fn take(&self) -> Seen {
        let mut seen = std::mem::take(&mut *self.seen.lock().unwrap());
        seen.acks.sort_unstable();
        seen.replies.sort_unstable();
        seen
    }

    fn person(&self) -> usize {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        assert!(n < self.phones.len(), "more chats than people: raise --people");
        n
    }

    /// One message of a person, until it is answered.
    async fn turn(&self, n: usize, step: usize, intended: Instant) {
        let wamid = format!("wamid.{}.{n}.{step}", self.run);
        let (body, signature) = self.post.delivery(n, &wamid, &line(n, step));
        let client = &self.clients[(n + step) % self.clients.len()];
        let status = client.post("/webhook", &signature, body).await;
        assert_eq!(status, 200, "a delivery was not acknowledged");
        let acknowledged = Instant::now();
        if self.counts(acknowledged) {
            self.seen.lock().unwrap().acks.push(acknowledged - intended);
        }
        let answered = tokio::time::timeout(PATIENCE, self.phones[n].wait(step + 1)).await;
        let at = answered.unwrap_or_else(|_| panic!("message {step} of person {n} was not answered"));
        if self.counts(at) {
            self.seen.lock().unwrap().replies.push(at.saturating_duration_since(intended));
        }
    }

    fn counts(&self, at: Instant) -> bool {
        let since = at - self.begun;
        since > WARM && since <= WARM + self.window
    }
}

/// Who sends in a [`flood`].
const FLOOD_PEOPLE: usize = 24_000;

/// Deliveries one after the other on each connection, as fast as they are acknowledged, no two alike: how many each
/// second.
pub async fn flood(url: &str, path: &'static str, window: Duration) -> usize {
    let client = Arc::new(Client::new(url, CONNECTIONS));
    let post = Arc::new(Post::new());
    let (n_begun, n_done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let begun = Instant::now();
    let mut senders = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (client, post) = (client.clone(), post.clone());
        let (n_begun, n_done) = (n_begun.clone(), n_done.clone());
        senders.spawn(async move {
            while begun.elapsed() < WARM + window {
                let n = n_begun.fetch_add(1, Ordering::Relaxed);
                let (body, signature) = post.delivery(n % FLOOD_PEOPLE, &format!("wamid.flood.{n}"), "hola");
                assert_eq!(client.post(path, &signature, body).await, 200);
                if begun.elapsed() > WARM {
                    n_done.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    while let Some(ended) = senders.join_next().await {
        ended.unwrap();
    }
    n_done.load(Ordering::Relaxed) * 1_000 / usize::try_from(window.as_millis()).unwrap()
}

/// Deliveries with one text message, made cheaply: the machine that is measured also carries the load.
struct Post {
    secrets: AppSecrets,
    /// A delivery of [`meta`] cut where its parts differ.
    pieces: Vec<String>,
}

/// What stands in the pattern for address, message id, time and text.
const PLACES: [&str; 4] = ["@address@", "@wamid@", "@time@", "@text@"];

impl Post {
    fn new() -> Self {
        let [address, wamid, time, text] = PLACES;
        let content = json!({"type": "text", "text": {"body": text}});
        let mut message = meta::message(&Who::phone(address), wamid, SystemClock.now(), &content);
        message["messages"][0]["timestamp"] = json!(time);
        let pattern = String::from_utf8(meta::delivery(NUMBER, message)).unwrap();
        let pieces = pattern.split('@').map(str::to_owned).collect();
        Self { secrets: AppSecrets::new(&[SecretString::from(SECRET)]).unwrap(), pieces }
    }

    /// A delivery and its signature.
    fn delivery(&self, n: usize, wamid: &str, text: &str) -> (Vec<u8>, String) {
        let (address, time) = (wa_id(n), (SystemClock.now().0 / 1_000).to_string());
        let body: String = self
            .pieces
            .iter()
            .map(|piece| match piece.as_str() {
                "address" => &address,
                "wamid" => wamid,
                "time" => &time,
                "text" => text,
                other => other,
            })
            .collect();
        let body = body.into_bytes();
        let signature = self.secrets.sign(&body);
        (body, signature)
    }
}
