//! Short ways to make what the cases need.

use acuerdo::domain::assurance::{Assurance, Label};
use acuerdo::domain::debt::{
    Acceptance, Agreement, AgreementKind, AgreementStatus, Balance, Derivation, Evidence, Instalment,
    Obligation, ObligationStatus, Offer, Person, ScheduledPayment,
};
use acuerdo::domain::identity::{Bsuid, WaId, WaIdentity};
use acuerdo::domain::ids::{
    AgreementId, ConversationId, LenderId, ObligationId, OutboxId, PersonId, PhoneNumberId, TicketId, Wamid,
    derive,
};
use acuerdo::domain::inbound::{
    DeliveryStatus, InboundContent, InboundMessage, StatusUpdate, SystemEvent, SystemKind, WebhookItem,
};
use acuerdo::domain::json_text::JsonText;
use acuerdo::domain::money::{Currency, Money};
use acuerdo::domain::outbound::Outbound;
use acuerdo::domain::pii::Pii;
use acuerdo::domain::time::{Day, Millis, Timestamp};
use acuerdo::ports::Store;
use acuerdo::ports::conversations::{
    Claim, CommitRefused, Conversation, Event, InputKind, NewOutbox, NewTimer, Origin, TurnCommit,
};
use acuerdo::ports::inbox::{Accepted, Delivery, DeliveryItem};
use acuerdo::ports::records::{NewTicket, Priority, Record};
use serde_json::json;
use uuid::Uuid;

pub const T0: Timestamp = Timestamp(1_790_000_000_000);
pub const LEASE: Millis = Millis::seconds(30);
pub const DOUBT: Millis = Millis::minutes(5);
pub const ANA: &str = "573001112233";
pub const BETO: &str = "573004445566";

pub fn after(seconds: i64) -> Timestamp {
    T0.plus(Millis::seconds(seconds))
}

pub fn andina() -> LenderId {
    LenderId::from("andina")
}

pub fn other_lender() -> LenderId {
    LenderId::from("boreal")
}

pub fn number() -> PhoneNumberId {
    PhoneNumberId::from("pn-1")
}

/// The same name gives the same id.
pub fn id(name: &str) -> Uuid {
    derive(&Uuid::nil(), name)
}

pub fn phone(digits: &str) -> WaIdentity {
    WaIdentity { wa_id: WaId::parse(digits), bsuid: None }
}

pub fn user(bsuid: &str) -> WaIdentity {
    WaIdentity { wa_id: None, bsuid: Bsuid::parse(bsuid) }
}

pub fn both(digits: &str, bsuid: &str) -> WaIdentity {
    WaIdentity { wa_id: WaId::parse(digits), bsuid: Bsuid::parse(bsuid) }
}

pub fn message(who: WaIdentity, wamid: &str, at: Timestamp) -> DeliveryItem {
    let message = InboundMessage {
        phone_number_id: number(),
        wamid: Wamid::from(wamid),
        from: Some(who),
        profile_name: Some(Pii::new("Ana".to_owned())),
        username: None,
        sent_at: at,
        content: InboundContent::Text { body: Pii::new(format!("text of {wamid}")) },
        context: None,
        forwarded: false,
        held_secret: false,
        untimely: false,
    };
    item(&format!("{}/{wamid}", number()), WebhookItem::Message(message))
}

pub fn item(key: &str, item: WebhookItem) -> DeliveryItem {
    DeliveryItem { id: id(key), lender: Some(andina()), dedupe_key: key.to_owned(), item }
}

pub fn status(wamid: &str, status: DeliveryStatus, outbox: Option<OutboxId>) -> DeliveryItem {
    let key = format!("{wamid}/{}", status.name());
    let update = StatusUpdate {
        phone_number_id: number(),
        wamid: Wamid::from(wamid),
        errors: if status == DeliveryStatus::Failed { vec![131_026] } else { vec![] },
        status,
        at: T0,
        recipient: None,
        callback_data: outbox.map(|id| format!("out:{id}")),
        pricing_category: None,
    };
    item(&key, WebhookItem::Status(update))
}

pub fn system(wamid: &str, old: WaIdentity, new: WaIdentity) -> DeliveryItem {
    let event = SystemEvent {
        phone_number_id: number(),
        wamid: Wamid::from(wamid),
        at: T0,
        kind: SystemKind::NumberChanged,
        old: Some(old),
        new: Some(new),
    };
    item(wamid, WebhookItem::System(event))
}

pub fn delivery(items: Vec<DeliveryItem>, at: Timestamp) -> Delivery {
    let name: Vec<&str> = items.iter().map(|item| item.dedupe_key.as_str()).collect();
    Delivery {
        id: id(&format!("delivery {} {at:?}", name.join(" "))),
        received_at: at,
        body: b"{}".to_vec(),
        unreadable: None,
        items,
    }
}

pub async fn accept(store: &dyn Store, items: Vec<DeliveryItem>, at: Timestamp) -> Accepted {
    store.accept(&[delivery(items, at)]).await.unwrap().remove(0)
}

/// A message of the phone; returns its conversation.
pub async fn writes(store: &dyn Store, digits: &str, wamid: &str, at: Timestamp) -> Conversation {
    accept(store, vec![message(phone(digits), wamid, at)], at).await;
    of(store, phone(digits)).await
}

pub async fn of(store: &dyn Store, who: WaIdentity) -> Conversation {
    store.conversation_of(&number(), &who).await.unwrap().expect("a conversation")
}

pub async fn reload(store: &dyn Store, id: ConversationId) -> Conversation {
    store.conversation(id).await.unwrap().expect("the conversation")
}

pub async fn claim(store: &dyn Store, now: Timestamp) -> Vec<Claim> {
    store.claim_conversations(now, LEASE, 50, 50).await.unwrap()
}

/// Claims the only conversation that waits.
pub async fn claim_one(store: &dyn Store, now: Timestamp) -> Claim {
    let mut claims = claim(store, now).await;
    assert_eq!(claims.len(), 1, "exactly one conversation waits");
    claims.remove(0)
}

pub fn document(value: &serde_json::Value) -> JsonText {
    JsonText::of(value).unwrap()
}

pub fn commit_of(claim: &Claim, now: Timestamp) -> TurnCommit {
    let turn = u64::try_from(claim.conversation.version).unwrap() + 1;
    TurnCommit {
        conversation: claim.conversation.id,
        token: claim.token,
        expected_version: claim.conversation.version,
        now,
        consumed: claim.inputs.iter().map(|input| input.id).collect(),
        withheld: Vec::new(),
        events: vec![Event {
            turn,
            kind: "input".into(),
            body: document(&json!({"v": 1, "turn": turn})),
            at: now,
        }],
        session: document(&json!({"v": 1, "at": "menu"})),
        flow_hash: "hash-1".into(),
        assurance: Assurance::Ninguna,
        person: claim.conversation.person,
        outbox: vec![],
        timers: Some(vec![]),
        records: vec![],
        release: true,
        trace: None,
    }
}

pub async fn commit(store: &dyn Store, commit: TurnCommit) -> Result<(), CommitRefused> {
    store.commit_turns(&[commit]).await.unwrap().remove(0)
}

/// Claims the only waiting conversation and commits a turn with these records.
pub async fn turn(store: &dyn Store, now: Timestamp, records: Vec<Record>) -> Conversation {
    let claim = claim_one(store, now).await;
    commit(store, TurnCommit { records, ..commit_of(&claim, now) }).await.unwrap();
    reload(store, claim.conversation.id).await
}

/// Claims the only waiting conversation and commits a turn that says these texts.
pub async fn says(store: &dyn Store, now: Timestamp, texts: &[&str]) -> Vec<OutboxId> {
    let claim = claim_one(store, now).await;
    let outbox: Vec<NewOutbox> = texts.iter().map(|text| say(&claim, text)).collect();
    let ids = outbox.iter().map(|message| message.id).collect();
    commit(store, TurnCommit { outbox, ..commit_of(&claim, now) }).await.unwrap();
    ids
}

pub fn say(claim: &Claim, text: &str) -> NewOutbox {
    NewOutbox {
        id: OutboxId(derive(&claim.conversation.id.0, text)),
        content: Outbound::Text { body: Pii::new(text.to_owned()) },
        label: Label::Deuda,
        origin: Origin::Reply,
        subject: None,
    }
}

pub fn timer(name: &str, due: Timestamp) -> NewTimer {
    NewTimer { name: name.to_owned(), turn: 1, due }
}

pub fn names(claim: &Claim) -> Vec<String> {
    claim.inputs.iter().map(|input| name(&input.kind)).collect()
}

fn name(kind: &InputKind) -> String {
    match kind {
        InputKind::Message { message } => message.wamid.to_string(),
        InputKind::System { event } => event.wamid.to_string(),
        InputKind::Echo { echo } => echo.wamid.to_string(),
        InputKind::Timer { name, .. } => format!("timer {name}"),
        InputKind::AgentReturned { step, .. } => format!("returned to {step:?}"),
        InputKind::TicketClosed { .. } => "ticket closed".to_owned(),
        InputKind::PersonConfirmed { .. } => "person confirmed".to_owned(),
        InputKind::DeliveryFailed { .. } => "delivery failed".to_owned(),
        InputKind::Broken { .. } => "broken".to_owned(),
    }
}

pub fn ticket(name: &str) -> NewTicket {
    NewTicket {
        id: TicketId(id(name)),
        queue: "general".into(),
        priority: Priority::Normal,
        reason: "asked".into(),
        summary: json!({"v": 1, "b": 1, "a": 2}),
    }
}

/// A conversation with an open ticket.
pub async fn handed_off(store: &dyn Store, digits: &str, name: &str, at: Timestamp) -> Conversation {
    writes(store, digits, &format!("wamid {name}"), at).await;
    turn(store, at, vec![Record::OpenTicket(ticket(name))]).await
}

pub fn person(lender: &LenderId, name: &str, phones: &[&str]) -> Person {
    Person {
        id: PersonId(id(&format!("{lender} person {name}"))),
        lender: lender.clone(),
        external_ref: name.to_owned(),
        full_name: Pii::new(format!("{name} Pérez")),
        first_name: Pii::new(name.to_owned()),
        document_type: "CC".into(),
        document: Pii::new("1020304050".into()),
        birth_date: Day::parse("1990-02-28").map(Pii::new),
        reserved: None,
        language: "es".into(),
        phones: phones.iter().map(|phone| Pii::new((*phone).to_owned())).collect(),
    }
}

pub fn cop(pesos: i64) -> Money {
    Money::new(pesos * 100, Currency::Cop)
}

pub fn obligation(person: &Person, name: &str, pesos: i64, as_of: Timestamp) -> Obligation {
    let due = Day::parse("2026-09-01").unwrap();
    let instalment = |number| Instalment { number, due, amount: cop(1_000), paid: number == 1 };
    Obligation {
        id: ObligationId(id(&format!("{} obligation {name} {as_of:?}", person.lender))),
        lender: person.lender.clone(),
        person: person.id,
        external_ref: name.to_owned(),
        product: "tarjeta".into(),
        product_name: "Tarjeta clásica".into(),
        status: ObligationStatus::Active,
        currency: Currency::Cop,
        balance: Balance {
            as_of,
            principal: cop(pesos),
            interest: cop(10),
            late_interest: cop(5),
            fees: cop(0),
            principal_outstanding: Some(cop(pesos * 2)),
        },
        oldest_unpaid_due: Some(due),
        next_due: Some(instalment(2)),
        instalments: vec![instalment(1), instalment(2)],
        rate_ea_bps: Some(2_450),
    }
}

/// The agreement that is kept under a `once` key for the debt that [`agreement`] is about.
pub async fn kept(
    store: &dyn Store,
    lender: &LenderId,
    person: PersonId,
    once_key: &str,
) -> Option<Agreement> {
    store.agreement_by_once(lender, person, ObligationId(id("obligation")), once_key).await.unwrap()
}

pub fn agreement(person: &Person, once_key: &str) -> Agreement {
    Agreement {
        id: AgreementId(id(&format!("{} agreement {once_key}", person.lender))),
        lender: person.lender.clone(),
        person: person.id,
        once_key: once_key.to_owned(),
        status: AgreementStatus::Active,
        offer: Offer {
            id: "offer-1".into(),
            kind: AgreementKind::Settlement,
            obligation: ObligationId(id("obligation")),
            total: cop(800),
            leaves: None,
            discount: cop(200),
            payments: vec![ScheduledPayment {
                number: 1,
                due: Day::parse("2026-10-01").unwrap(),
                amount: cop(800),
                interest: cop(0),
            }],
            monthly_rate_ppm: None,
            rate_ea_ppm: None,
            valid_until: Day::parse("2026-10-01").unwrap(),
            derivation: Derivation {
                policy: "p".into(),
                policy_version: "1".into(),
                rule: "r".into(),
                inputs: vec![("stage".into(), "30".into())],
            },
        },
        evidence: Evidence {
            rendered: Pii::new("Paga $800".into()),
            sha256: "00".into(),
            shown_in: None,
            accepted_by: None,
            assurance: Assurance::Verificada,
            acceptance: Some(Acceptance::Words { text: Pii::new("sí, acepto".to_owned()) }),
        },
        accepted_at: T0,
        reference: "A-1".into(),
        ended_at: None,
    }
}
