//! A running desk API with its store, a clock that tests move, and agents with tokens.

use crate::contract::backends::{self, Bench};
use crate::contract_queue::fresh_prefix;
use crate::harness::app::understander;
use actix_web::{App, HttpServer, web};
use acuerdo::cli;
use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::identity::{WaId, WaIdentity};
use acuerdo::domain::ids::{InboxId, LenderId, PersonId, PhoneNumberId, TicketId, Wamid, derive};
use acuerdo::domain::inbound::{InboundContent, InboundMessage, MediaKind, WebhookItem};
use acuerdo::domain::json_text::JsonText;
use acuerdo::domain::pii::Pii;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::http::api::{self, ApiState};
use acuerdo::ports::Store;
use acuerdo::ports::clock::{Clock, Random};
use acuerdo::ports::conversations::{Claim, Event, InputKind, TurnCommit};
use acuerdo::ports::handoff_queue::HandoffQueue;
use acuerdo::ports::inbox::{Delivery, DeliveryItem};
use acuerdo::ports::media::{MediaFile, NewMedia};
use acuerdo::ports::records::{NewTicket, Priority, Record};
use acuerdo::queue::{memory::MemoryQueue, redis};
use acuerdo::rules::lint::Lint;
use acuerdo::rules::policy::PolicySet;
use acuerdo::service::flow_library::FlowLibrary;
use acuerdo::service::handoff::{HandoffPorts, HandoffService, HandoffSettings};
use acuerdo::service::lenders::{Lender, Lenders};
use acuerdo::service::wording::Wording;
use serde_json::{Value, json};
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
    pub store: Arc<dyn Store>,
    pub handoff: Arc<HandoffService>,
    n_tickets: AtomicU64,
    /// The database's file lives as long as the world.
    #[expect(dead_code, reason = "held, never read")]
    bench: Option<Bench>,
}

/// What came back: status, headers, JSON body (null when there is none; a text for what is no JSON).
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

/// The test's lenders, each with the policy of the shipped bank.
fn lenders() -> Lenders {
    let file = |name: &str| std::fs::read_to_string(format!("flows/policies/{name}")).unwrap();
    let names = ["andino.yaml", "rate_caps.yaml", "holidays.csv", "wording.yaml"];
    let texts: Vec<(&str, String)> = names.iter().map(|name| (*name, file(name))).collect();
    let set = PolicySet::parse(texts.iter().map(|(name, text)| (*name, text.as_str()))).unwrap();
    let andino = LenderId::new("andino");
    let lender_of = |id: LenderId| Lender {
        phone_number_ids: vec![PhoneNumberId::new(format!("number-of-{id}"))],
        id,
        access_token: String::new().into(),
        waba_id: None,
        policy: set.policy(&andino).unwrap().clone(),
        calendar: set.calendar(&andino).unwrap().clone(),
        caps: set.caps.clone(),
        wording: Wording::new(&set.wording).unwrap(),
        payments: None,
    };
    Lenders::new([lender(), LenderId::new("coop-del-valle")].map(lender_of))
}

/// Runs each case with the queue of this process over SQLite and over PostgreSQL; the test's name says which.
macro_rules! on_both_stores {
    ($($case:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case(crate::desk_world::on_memory().await).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let bench = crate::contract::backends::postgres().await;
                super::$case(crate::desk_world::over(&bench).await).await;
                bench.drop_schema().await;
            })*
        }
    };
}
pub(crate) use on_both_stores;

pub async fn on_memory() -> World {
    let bench = backends::sqlite().await;
    let world = over(&bench).await;
    World { bench: Some(bench), ..world }
}

/// With the queue of this process, over this store.
pub async fn over(bench: &Bench) -> World {
    World::start(Arc::new(MemoryQueue::new()), bench.store.clone()).await
}

pub async fn on_redis(url: &str) -> World {
    let bench = backends::sqlite().await;
    let queue = redis::connect(url, &fresh_prefix()).await.unwrap();
    let world = World::start(Arc::new(queue), bench.store.clone()).await;
    World { bench: Some(bench), ..world }
}

/// The turn that works off a person's first message and opens a ticket.
fn receipt_of(ticket: TicketId) -> InboxId {
    InboxId(derive(&ticket.0, "receipt"))
}

fn hand_off(
    claim: &Claim,
    id: TicketId,
    (queue, priority, assurance): (&str, Priority, Assurance),
    (person, now): (Option<PersonId>, Timestamp),
) -> TurnCommit {
    let said = json!({"said": "text", "body": "quiero hablar con alguien", "understanding": {}});
    let input = json!({"v": 1, "input": {"input": "message", "wamid": "wamid", "said": said}});
    TurnCommit {
        conversation: claim.conversation.id,
        token: claim.token,
        expected_version: claim.conversation.version,
        now,
        consumed: claim.inputs.iter().map(|input| input.id).collect(),
        withheld: Vec::new(),
        events: vec![Event {
            turn: 1,
            kind: "input".to_owned(),
            body: JsonText::of(&input).unwrap(),
            at: now,
        }],
        session: JsonText::of(&json!({"v": 1})).unwrap(),
        flow_hash: "hash".to_owned(),
        assurance,
        person,
        outbox: Vec::new(),
        timers: Some(Vec::new()),
        records: vec![
            Record::OpenTicket(NewTicket {
                id,
                queue: queue.to_owned(),
                priority,
                reason: "pide_asesor".to_owned(),
                summary: json!({"motivo": "acuerdo"}),
            }),
            Record::Media(NewMedia {
                id: receipt_of(id),
                wamid: Wamid::new(format!("wamid.receipt.{id}")),
                phone_number_id: PhoneNumberId::new("1"),
                media_id: "77".to_owned(),
                kind: MediaKind::Image,
                mime_type: "image/png".to_owned(),
                sha256: None,
                filename: None,
                received_at: now,
            }),
        ],
        release: true,
        trace: None,
    }
}

impl World {
    async fn start(queue: Arc<dyn HandoffQueue>, store: Arc<dyn Store>) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(T0.0)));
        let random = Arc::new(Counting(AtomicU64::new(1)));
        let ports = HandoffPorts::new(store.clone(), queue, clock.clone());
        let lint = Lint::parse(include_str!("../../flows/policies/lint.yaml")).unwrap();
        let understander = understander();
        // As a server does beside its start: no request waits for it, and no connection is given up meanwhile.
        understander.acts().learn();
        let handoff = Arc::new(HandoffService::new(
            ports,
            Arc::new(lenders()),
            Arc::new(lint),
            understander,
            Arc::new(FlowLibrary::new(store.clone())),
            HandoffSettings::default(),
        ));
        let state = ApiState {
            handoff: handoff.clone(),
            agents: store.clone(),
            random: random.clone(),
            brake: Arc::default(),
            looks: Arc::default(),
        };
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(state.clone()))
                .configure(api::configure)
                .configure(api::describe)
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
        Self { url, http, clock, random, store, handoff, n_tickets: AtomicU64::new(0), bench: None }
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
        self.ticket_at(lender, (queue, priority, Assurance::Verificada)).await
    }

    /// A hand-off of a chat at this level; the first chat of a world has the phone 57 300 000 0000.
    pub async fn ticket_at(&self, lender: &LenderId, hand_off: (&str, Priority, Assurance)) -> TicketId {
        self.ticket_of_person(lender, hand_off, None).await
    }

    /// [`World::ticket_at`] of a chat that is linked to this person.
    pub async fn ticket_of_person(
        &self,
        lender: &LenderId,
        (queue, priority, assurance): (&str, Priority, Assurance),
        person: Option<PersonId>,
    ) -> TicketId {
        self.pass(Millis::seconds(1));
        let n = self.n_tickets.fetch_add(1, Ordering::SeqCst);
        let now = self.clock.now();
        let number = PhoneNumberId::new(format!("number-of-{lender}"));
        let identity = WaIdentity::new(WaId::parse(&format!("57300000{n:04}")), None).unwrap();
        let message = InboundMessage {
            phone_number_id: number.clone(),
            wamid: Wamid::new(format!("wamid.{n}")),
            from: Some(identity.clone()),
            profile_name: None,
            username: None,
            sent_at: now,
            content: InboundContent::Text { body: Pii::new("quiero hablar con alguien".to_owned()) },
            context: None,
            forwarded: false,
            held_secret: false,
            untimely: false,
        };
        let item = DeliveryItem {
            id: self.random.uuid(now),
            lender: Some(lender.clone()),
            dedupe_key: format!("{number}/wamid.{n}"),
            item: WebhookItem::Message(message),
        };
        let delivery = Delivery {
            id: self.random.uuid(now),
            received_at: now,
            body: b"{}".to_vec(),
            unreadable: None,
            items: vec![item],
        };
        self.store.accept(&[delivery]).await.unwrap();
        let claims = self.store.claim_conversations(now, Millis::seconds(1), 100, 100).await.unwrap();
        let claim = claims.into_iter().find(|claim| claim.conversation.identity == identity).unwrap();
        let id = TicketId(derive(&claim.conversation.id.0, "ticket/1"));
        let commit = hand_off(&claim, id, (queue, priority, assurance), (person, now));
        assert_eq!(self.store.commit_turns(&[commit]).await.unwrap(), [Ok(())]);
        id
    }

    pub async fn ticket(&self, queue: &str) -> TicketId {
        self.ticket_of(&lender(), queue, Priority::Normal).await
    }

    /// The receipt that came before the hand-off, kept from now on.
    pub async fn receipt(&self, ticket: TicketId) -> InboxId {
        let (id, now) = (receipt_of(ticket), self.clock.now());
        let file = MediaFile {
            bytes: b"\x89PNG\r\n\x1A\n".to_vec(),
            mime_type: "image/png".to_owned(),
            sha256: "-".to_owned(),
        };
        for claim in self.store.claim_media(now, Millis::minutes(2), 100).await.unwrap() {
            if claim.id == id {
                assert!(self.store.keep_media(&claim, &file, now).await.unwrap());
            }
        }
        id
    }

    /// What waits for the bot in the ticket's chat.
    pub async fn inputs(&self, ticket: TicketId) -> Vec<InputKind> {
        self.pass(Millis::seconds(2));
        let ticket = self.store.ticket(&lender(), ticket).await.unwrap().unwrap();
        let claims =
            self.store.claim_conversations(self.clock.now(), Millis::seconds(1), 100, 100).await.unwrap();
        let claim = claims.into_iter().find(|claim| claim.conversation.id == ticket.conversation);
        claim.map(|claim| claim.inputs.into_iter().map(|input| input.kind).collect()).unwrap_or_default()
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
        let kind = headers.get("content-type").map(|value| value.to_str().unwrap().to_owned());
        let is_json = kind.is_none_or(|kind| kind.contains("json"));
        let text = response.text().await.unwrap();
        let body = match text.as_str() {
            "" => Value::Null,
            text if is_json => serde_json::from_str(text).unwrap(),
            bytes => Value::from(bytes),
        };
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
        let body = json!({"text": text, "idempotency_key": key});
        self.call(token, "POST", &format!("/api/v1/tickets/{ticket}/messages"), Some(body)).await
    }
}
