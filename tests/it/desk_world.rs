//! A running desk API with its store, a clock that tests move, and agents with tokens.

use crate::contract_queue::fresh_prefix;
use crate::desk_fake::Fake;
use actix_web::{App, HttpServer, web};
use acuerdo::cli;
use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::identity::{WaId, WaIdentity};
use acuerdo::domain::ids::{ConversationId, LenderId, PhoneNumberId, TicketId};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::http::api::{self, ApiState};
use acuerdo::ports::clock::{Clock, Random};
use acuerdo::ports::conversations::{Conversation, InputKind};
use acuerdo::ports::handoff_queue::HandoffQueue;
use acuerdo::ports::records::Priority;
use acuerdo::ports::tickets::{Ticket, TicketStatus};
use acuerdo::queue::{memory::MemoryQueue, redis};
use acuerdo::rules::lint::Lint;
use acuerdo::service::handoff::{HandoffPorts, HandoffService, HandoffSettings};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use uuid::Uuid;

pub const T0: Timestamp = Timestamp(1_800_000_000_000);

pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// Counts instead of drawing.
pub struct Counting(AtomicU64);

impl Random for Counting {
    fn uuid(&self, _now: Timestamp) -> Uuid {
        Uuid::from_u128(0xC0DE_0000_0000 + u128::from(self.0.fetch_add(1, Ordering::SeqCst)))
    }
    fn secret(&self) -> [u8; 32] {
        let mut secret = [7; 32];
        secret[..8].copy_from_slice(&self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        secret
    }
    fn below(&self, _bound: u64) -> u64 {
        0
    }
}

pub struct World {
    pub url: String,
    pub http: reqwest::Client,
    pub clock: Arc<TestClock>,
    pub random: Arc<Counting>,
    pub store: Arc<Fake>,
    pub handoff: Arc<HandoffService>,
    n_tickets: AtomicU64,
}

/// What came back: status, headers, JSON body (null when there is none).
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn code(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or(""))
    }
}

pub fn lender() -> LenderId {
    LenderId::new("banco-andino")
}

pub async fn on_memory() -> World {
    World::start(Arc::new(MemoryQueue::new())).await
}

pub async fn on_redis(url: &str) -> World {
    World::start(Arc::new(redis::connect(url, &fresh_prefix()).await.unwrap())).await
}

impl World {
    pub async fn start(queue: Arc<dyn HandoffQueue>) -> Self {
        let store = Arc::new(Fake::default());
        let clock = Arc::new(TestClock(AtomicI64::new(T0.0)));
        let random = Arc::new(Counting(AtomicU64::new(1)));
        let ports = HandoffPorts {
            tickets: store.clone(),
            agents: store.clone(),
            conversations: store.clone(),
            outbox: store.clone(),
            people: store.clone(),
            queue,
            clock: clock.clone(),
        };
        let lint = Lint::parse(include_str!("../../flows/policies/lint.yaml")).unwrap();
        let handoff = Arc::new(HandoffService::new(ports, Arc::new(lint), HandoffSettings::default()));
        let state = ApiState { handoff: handoff.clone(), agents: store.clone(), random: random.clone() };
        let server = HttpServer::new(move || {
            App::new().app_data(web::Data::new(state.clone())).configure(api::configure)
        })
        .workers(2)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        tokio::spawn(server.run());
        // The client wants a TLS provider even for plain HTTP on loopback.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { url, http, clock, random, store, handoff, n_tickets: AtomicU64::new(0) }
    }

    pub fn pass(&self, length: Millis) {
        self.clock.0.fetch_add(length.0, Ordering::SeqCst);
    }

    /// Adds an agent as an operator does and returns the token.
    pub async fn agent(&self, lender: &LenderId, name: &str, queues: &[&str]) -> String {
        let queues: Vec<String> = queues.iter().map(ToString::to_string).collect();
        let now = self.clock.now();
        let shown = cli::agent::add(&*self.store, &*self.random, now, lender, (name, &queues)).await.unwrap();
        let line = shown.lines().find(|line| line.starts_with("token")).unwrap();
        line.split_whitespace().nth(1).unwrap().to_owned()
    }

    /// A hand-off as the bot makes it, in a chat of its own; the clock moves by a second.
    pub async fn ticket_of(&self, lender: &LenderId, queue: &str, priority: Priority) -> TicketId {
        self.pass(Millis::seconds(1));
        let n = self.n_tickets.fetch_add(1, Ordering::SeqCst);
        let conversation = ConversationId(Uuid::from_u128(0xC000 + u128::from(n)));
        let id = TicketId(Uuid::from_u128(0x71C_0000 + u128::from(n)));
        let now = self.clock.now();
        let mut inner = self.store.inner.lock().unwrap();
        inner.conversations.insert(
            conversation,
            Conversation {
                id: conversation,
                lender: lender.clone(),
                phone_number_id: PhoneNumberId::new("100200300"),
                identity: WaIdentity::new(WaId::parse(&format!("57300000{n:04}")), None).unwrap(),
                profile_name: None,
                person: None,
                identity_conflict: false,
                session: None,
                assurance: Assurance::Verificada,
                version: 1,
                last_inbound_at: Some(now),
                ticket: Some(id),
                opted_out: false,
                created_at: now,
            },
        );
        let input = serde_json::json!({"v": 1, "input": {"input": "message", "wamid": format!("wamid.{n}"),
            "said": {"said": "text", "body": "quiero hablar con alguien", "understanding": {}}}});
        inner.log(conversation, "input", input, now);
        inner.tickets.insert(
            id,
            Ticket {
                id,
                lender: lender.clone(),
                conversation,
                queue: queue.to_owned(),
                priority,
                reason: "asks for a person".to_owned(),
                summary: serde_json::json!({"motivo": "acuerdo"}),
                status: TicketStatus::Queued,
                version: 1,
                opened_at: now,
                waiting_since: now,
                first_response_at: None,
                closed_at: None,
                outcome: None,
            },
        );
        id
    }

    pub async fn ticket(&self, queue: &str) -> TicketId {
        self.ticket_of(&lender(), queue, Priority::Normal).await
    }

    /// What waits for the bot in the ticket's chat.
    pub async fn inputs(&self, ticket: TicketId) -> Vec<InputKind> {
        let inner = self.store.inner.lock().unwrap();
        let conversation = inner.tickets[&ticket].conversation;
        let inputs = inner.inputs.iter().filter(|(of, _)| *of == conversation);
        inputs.map(|(_, kind)| kind.clone()).collect()
    }

    pub async fn call(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        self.call_with(token, method, path, body, &[]).await
    }

    pub async fn call_with(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
        Answer { status, headers, body }
    }

    /// Takes the next ticket; `None` when nobody waits.
    pub async fn next(&self, token: &str) -> Option<TicketId> {
        let answer = self.call(token, "POST", "/api/v1/tickets/take-next", None).await;
        match answer.status {
            200 => Some(answer.body["ticket"]["id"].as_str().unwrap().parse().unwrap()),
            204 => None,
            other => panic!("take-next answered {other}: {}", answer.body),
        }
    }

    /// Writes a text for the person of a ticket.
    pub async fn say(&self, token: &str, ticket: TicketId, text: &str, key: &str) -> Answer {
        let body = serde_json::json!({"text": text, "idempotency_key": key});
        self.call(token, "POST", &format!("/api/v1/tickets/{ticket}/messages"), Some(body)).await
    }
}
