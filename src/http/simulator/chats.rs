//! The phone's memory: chats, bubbles and the last exchanges with the business, bounded and per process.

use crate::domain::identity::{Bsuid, WaId, WaIdentity};
use crate::domain::time::Timestamp;
use crate::http::simulator::content::{Bubble, Ticks};
use crate::http::simulator::source::DebtorCard;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet, VecDeque};

/// The longest inactive chat is forgotten beyond this; a demo has some dozens.
pub(super) const CHATS_MAX: usize = 500;
/// The oldest bubble is forgotten beyond this.
pub(super) const BUBBLES_MAX: usize = 400;
/// The inspector shows the newest exchanges only.
pub(super) const EXCHANGES_MAX: usize = 40;
/// Replaced numbers that are remembered, so that a send to one fails as it does at Meta.
const RETIRED_MAX: usize = 1_000;

/// Every chat of this process.
pub(super) struct Chats {
    by_id: HashMap<String, Chat>,
    /// Numbers and BSUIDs that their person left.
    retired: HashSet<String>,
    strangers: u32,
    wamids: u64,
    started: Timestamp,
}

/// The phone of one person, with its only chat.
pub(super) struct Chat {
    pub id: String,
    pub debtor_id: Option<String>,
    pub name: String,
    pub phone: Phone,
    pub bubbles: VecDeque<Bubble>,
    pub exchanges: VecDeque<Exchange>,
    pub typing_until: Option<Timestamp>,
    pub unread: u32,
    /// The 24 h service window counts from here.
    pub last_inbound: Option<Timestamp>,
    pub active_at: Timestamp,
}

/// How WhatsApp names the person.
#[derive(Clone)]
pub(super) struct Phone {
    pub wa_id: String,
    pub bsuid: String,
    /// The person hides the number: webhooks name the BSUID only.
    pub hidden: bool,
}

/// One HTTP exchange between "Meta" and the application, for the inspector.
#[derive(Clone, Serialize)]
pub(super) struct Exchange {
    pub at: Timestamp,
    pub direction: Direction,
    pub status: u16,
    pub title: String,
    pub request: serde_json::Value,
    pub response: Option<serde_json::Value>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    /// From the simulator to the application.
    Webhook,
    /// From the application to the simulator.
    Graph,
}

/// One line of the list of chats.
#[derive(Clone, Serialize)]
pub(super) struct ChatSummary {
    pub id: String,
    pub debtor_id: Option<String>,
    pub name: String,
    pub phone: String,
    pub bsuid: String,
    pub phone_hidden: bool,
    pub preview: Option<String>,
    pub preview_mine: bool,
    pub at: Option<Timestamp>,
    pub unread: u32,
    pub typing_until: Option<Timestamp>,
}

impl Phone {
    pub(super) fn of(card: &DebtorCard) -> Self {
        let bsuid = card.bsuid.clone().unwrap_or_else(|| derived_bsuid(&card.wa_id));
        let hidden = card.wa_id.is_empty();
        Self { wa_id: card.wa_id.clone(), bsuid, hidden }
    }

    pub(super) fn numbered(wa_id: String) -> Self {
        let bsuid = derived_bsuid(&wa_id);
        Self { wa_id, bsuid, hidden: false }
    }

    pub(super) fn identity(&self) -> Option<WaIdentity> {
        WaIdentity::new(WaId::parse(&self.wa_id), Bsuid::parse(&self.bsuid))
    }
}

impl Chat {
    pub(super) fn new(
        id: String,
        debtor_id: Option<String>,
        name: String,
        phone: Phone,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            debtor_id,
            name,
            phone,
            bubbles: VecDeque::new(),
            exchanges: VecDeque::new(),
            typing_until: None,
            unread: 0,
            last_inbound: None,
            active_at: now,
        }
    }

    pub(super) fn push(&mut self, bubble: Bubble) {
        if self.bubbles.len() == BUBBLES_MAX {
            self.bubbles.pop_front();
        }
        self.active_at = bubble.at;
        self.bubbles.push_back(bubble);
    }

    pub(super) fn record(&mut self, exchange: Exchange) {
        if self.exchanges.len() == EXCHANGES_MAX {
            self.exchanges.pop_front();
        }
        // A webhook is recorded when it is answered; what the application did meanwhile began later.
        let later = self.exchanges.iter().rev().take_while(|known| known.at > exchange.at).count();
        let place = self.exchanges.len().saturating_sub(later);
        self.exchanges.insert(place, exchange);
    }

    pub(super) fn bubble_mut(&mut self, wamid: &str) -> Option<&mut Bubble> {
        self.bubbles.iter_mut().rev().find(|bubble| bubble.wamid == wamid)
    }

    pub(super) fn bubble(&self, wamid: &str) -> Option<&Bubble> {
        self.bubbles.iter().rev().find(|bubble| bubble.wamid == wamid)
    }

    /// Marks the person's messages up to `wamid` as read; gives those that changed.
    pub(super) fn read_up_to(&mut self, wamid: &str) -> Vec<Bubble> {
        let Some(last) = self.bubbles.iter().position(|bubble| bubble.wamid == wamid) else {
            return Vec::new();
        };
        let mut changed = Vec::new();
        for bubble in self.bubbles.iter_mut().take(last.saturating_add(1)) {
            if bubble.mine && bubble.state < Ticks::Read {
                bubble.state = Ticks::Read;
                changed.push(bubble.clone());
            }
        }
        changed
    }

    pub(super) fn summary(&self) -> ChatSummary {
        let last = self.bubbles.back();
        ChatSummary {
            id: self.id.clone(),
            debtor_id: self.debtor_id.clone(),
            name: self.name.clone(),
            phone: pretty_phone(&self.phone.wa_id),
            bsuid: self.phone.bsuid.clone(),
            phone_hidden: self.phone.hidden,
            preview: last
                .map(|b| if b.deleted { "🚫 Mensaje eliminado".to_owned() } else { b.content.preview() }),
            preview_mine: last.is_some_and(|bubble| bubble.mine),
            at: last.map(|bubble| bubble.at),
            unread: self.unread,
            typing_until: self.typing_until,
        }
    }
}

impl Chats {
    pub(super) fn new(started: Timestamp) -> Self {
        Self { by_id: HashMap::new(), retired: HashSet::new(), strangers: 0, wamids: 0, started }
    }

    /// The next message id. Two processes never give the same one, or the application would take a new
    /// message for a repeated delivery.
    pub(super) fn next_wamid(&mut self) -> String {
        use base64::Engine as _;
        self.wamids = self.wamids.saturating_add(1);
        let seed = format!("SIM:{}:{}", self.started.0, self.wamids);
        format!("wamid.{}", base64::engine::general_purpose::STANDARD.encode(seed))
    }

    pub(super) fn get(&self, id: &str) -> Option<&Chat> {
        self.by_id.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Chat> {
        self.by_id.get_mut(id)
    }

    pub(super) fn insert(&mut self, chat: Chat) {
        if self.by_id.len() >= CHATS_MAX && !self.by_id.contains_key(&chat.id) {
            let oldest = self.by_id.values().min_by_key(|chat| chat.active_at).map(|chat| chat.id.clone());
            if let Some(oldest) = oldest {
                self.by_id.remove(&oldest);
            }
        }
        self.by_id.insert(chat.id.clone(), chat);
    }

    /// A new person whom the application does not know.
    pub(super) fn open_stranger(&mut self, now: Timestamp) -> ChatSummary {
        self.strangers = self.strangers.saturating_add(1);
        let phone = Phone::numbered(self.fresh_number());
        let name = "Número desconocido".to_owned();
        self.insert_stranger(name, phone, now)
    }

    pub(super) fn insert_stranger(&mut self, name: String, phone: Phone, now: Timestamp) -> ChatSummary {
        let id = format!("x-{}", short_hash(&phone.bsuid));
        let chat = Chat::new(id, None, name, phone, now);
        let summary = chat.summary();
        self.insert(chat);
        summary
    }

    /// A Colombian mobile number that was not given before, not even by an earlier process of this week.
    pub(super) fn fresh_number(&mut self) -> String {
        self.wamids = self.wamids.saturating_add(1);
        let minute = self.started.0.unsigned_abs() / 60_000 % 10_000;
        format!("57320{minute:04}{:03}", self.wamids % 1_000)
    }

    pub(super) fn retire(&mut self, old: &Phone) {
        if self.retired.len() < RETIRED_MAX {
            self.retired.insert(old.wa_id.clone());
            self.retired.insert(old.bsuid.clone());
        }
    }

    pub(super) fn is_retired(&self, address: &str) -> bool {
        self.retired.contains(address)
    }

    /// The chat that is reached at this phone or BSUID.
    pub(super) fn at_address(&self, address: &str) -> Option<&Chat> {
        self.by_id.values().find(|chat| chat.phone.wa_id == address || chat.phone.bsuid == address)
    }

    pub(super) fn with_message(&self, wamid: &str) -> Option<String> {
        self.by_id.values().find(|chat| chat.bubble(wamid).is_some()).map(|chat| chat.id.clone())
    }

    pub(super) fn summaries(&self) -> Vec<ChatSummary> {
        let mut all: Vec<ChatSummary> = self.by_id.values().map(Chat::summary).collect();
        all.sort_by_key(|summary| std::cmp::Reverse(summary.at));
        all
    }
}

/// A stable BSUID of a phone, in Meta's form: country, a dot, digits.
pub(super) fn derived_bsuid(wa_id: &str) -> String {
    let digest = Sha256::digest(wa_id.as_bytes());
    let number = digest.iter().take(8).fold(0_u64, |sum, byte| sum.wrapping_shl(8) | u64::from(*byte));
    format!("CO.{number:020}")
}

fn short_hash(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes())).chars().take(12).collect()
}

/// `573001234567` → `+57 300 123 4567`; other countries only get the `+`.
pub(super) fn pretty_phone(wa_id: &str) -> String {
    match (wa_id.strip_prefix("57"), wa_id.len()) {
        (Some(rest), 12) => match (rest.get(..3), rest.get(3..6), rest.get(6..)) {
            (Some(a), Some(b), Some(c)) => format!("+57 {a} {b} {c}"),
            _ => format!("+{wa_id}"),
        },
        (_, 0) => String::new(),
        _ => format!("+{wa_id}"),
    }
}
