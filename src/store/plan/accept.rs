//! Which conversation each item of a webhook belongs to, and what becomes of its identity.

use crate::domain::identity::WaIdentity;
use crate::domain::inbound::{EchoMessage, InboundMessage, SystemEvent, WebhookItem};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::inbox::{Accepted, Delivery, DeliveryItem};
use crate::store::plan::directory::{Directory, Superseded};
use crate::store::plan::turns::WrongNumberRow;
use crate::store::rows::{clean, json};
use serde::Serialize;
use sqlx::FromRow;
use std::collections::HashSet;
use uuid::Uuid;

/// A conversation as far as receiving changes it; read under its lock, written back whole.
#[derive(Debug, Clone, FromRow)]
pub(in crate::store) struct ConversationState {
    pub id: Uuid,
    pub lender: String,
    pub phone_number_id: String,
    pub wa_id: Option<String>,
    pub bsuid: Option<String>,
    pub profile_name: Option<String>,
    pub identity_conflict: bool,
    /// The phone was another account's before, and nobody knows whether it is the same person's.
    pub number_changed_hands: bool,
    pub leased_until: i64,
    pub next_claim_at: Option<i64>,
    pub last_inbound_at: Option<i64>,
    pub last_inbound_wamid: Option<String>,
    pub created_at: i64,
}

#[derive(Debug)]
pub(in crate::store) struct AliasRow {
    pub conversation: Uuid,
    pub lender: String,
    pub phone_number_id: String,
    pub kind: &'static str,
    pub value: String,
    pub ended_at: i64,
}

#[derive(Debug)]
pub(in crate::store) struct InputRow {
    pub id: Uuid,
    pub lender: String,
    pub conversation: Uuid,
    pub dedupe_key: Option<String>,
    pub body: String,
    pub received_at: i64,
}

#[derive(Debug)]
pub(in crate::store) struct NoticeRow {
    pub id: Uuid,
    pub lender: Option<String>,
    pub kind: &'static str,
    pub dedupe_key: String,
    pub body: String,
    pub wamid: Option<String>,
    pub received_at: i64,
    /// Set when nothing is to be done with it.
    pub outcome: Option<&'static str>,
}

/// An address to look for: `value` is a phone or a BSUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::store) struct AddressKey {
    pub lender: String,
    pub phone_number_id: String,
    pub value: String,
}

/// What one call of `accept` writes.
#[derive(Debug, Default)]
pub(in crate::store) struct AcceptPlan {
    pub created: Vec<ConversationState>,
    pub touched: Vec<ConversationState>,
    pub aliases: Vec<AliasRow>,
    pub inputs: Vec<InputRow>,
    pub notices: Vec<NoticeRow>,
    /// Conversations whose phone another one takes: it is taken from them first, for no two may have it at any moment.
    pub freed: Vec<Uuid>,
    /// Numbers that their holder has left.
    pub wrong_numbers: Vec<WrongNumberRow>,
    pub counts: Vec<Accepted>,
}

/// An item that goes to a conversation. Serialized it reads back as `ports::conversations::InputKind`.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Arrival<'a> {
    Message { message: &'a InboundMessage },
    System { event: &'a SystemEvent },
    Echo { echo: &'a EchoMessage },
}

/// The addresses that deliveries name, to be looked up and locked before planning.
#[derive(Debug, Default)]
pub(in crate::store) struct Addresses {
    pub wa_ids: Vec<AddressKey>,
    pub bsuids: Vec<AddressKey>,
}

impl Addresses {
    pub fn of(deliveries: &[Delivery]) -> Self {
        let mut wa_ids = HashSet::new();
        let mut bsuids = HashSet::new();
        let items = deliveries
            .iter()
            .flat_map(|delivery| delivery.items.iter().map(|item| (item, delivery.received_at)));
        for (item, received_at) in items {
            let Some((lender, arrival)) = route(item, received_at) else { continue };
            for who in arrival.identities() {
                let key = |value: &str| arrival.key(lender, value);
                wa_ids.extend(who.wa_id.as_ref().map(|wa_id| key(wa_id.expose())));
                bsuids.extend(who.bsuid.as_ref().map(|bsuid| key(bsuid.expose())));
            }
        }
        Self { wa_ids: wa_ids.into_iter().collect(), bsuids: bsuids.into_iter().collect() }
    }

    pub const fn is_empty(&self) -> bool {
        self.wa_ids.is_empty() && self.bsuids.is_empty()
    }
}

/// The keys of all items, to be looked up among those that are stored.
pub(in crate::store) fn dedupe_keys(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().flat_map(|delivery| &delivery.items).map(|item| clean(&item.dedupe_key)).collect()
}

/// Plans what to write, given the conversations of [`Addresses`] and the dedupe keys that exist already.
pub(in crate::store) fn plan(
    deliveries: &[Delivery],
    conversations: Vec<ConversationState>,
    stored_keys: HashSet<String>,
) -> Result<AcceptPlan, StoreError> {
    let mut directory = Directory::new(conversations);
    let mut seen = stored_keys;
    let mut plan = AcceptPlan::default();
    for delivery in deliveries {
        let mut counts = Accepted::default();
        for item in &delivery.items {
            let key = clean(&item.dedupe_key);
            let is_new = seen.insert(key.clone());
            match (&item.lender, is_new) {
                (None, _) => counts.foreign += 1,
                (Some(_), true) => counts.new += 1,
                (Some(_), false) => counts.duplicate += 1,
            }
            if !is_new {
                continue;
            }
            let received_at = delivery.received_at.0;
            match route(item, delivery.received_at) {
                Some((lender, arrival)) => {
                    let conversation = directory.receive(lender, arrival, item.id, received_at);
                    // Before the message itself: what it says is not said by whoever was proved until now.
                    for superseded in directory.superseded() {
                        plan.inputs.push(told(superseded)?);
                    }
                    plan.inputs.push(InputRow {
                        id: item.id,
                        lender: lender.to_owned(),
                        conversation,
                        dedupe_key: Some(key),
                        body: json(&arrival)?,
                        received_at,
                    });
                }
                None => plan.notices.push(notice(item, key, received_at)?),
            }
        }
        plan.counts.push(counts);
    }
    directory.write_into(&mut plan);
    Ok(plan)
}

/// What a chat hears when another account has its number, or its account another number: whoever was proved in it is not any more.
fn told(superseded: Superseded) -> Result<InputRow, StoreError> {
    Ok(InputRow {
        id: Uuid::new_v5(&superseded.by, superseded.conversation.as_bytes()),
        lender: superseded.lender,
        conversation: superseded.conversation,
        dedupe_key: None,
        body: json(&Arrival::System { event: &superseded.event })?,
        received_at: superseded.received_at,
    })
}

/// The conversation side of an item; `None` for everything that is a notice, and for what Meta would not deliver any
/// more.
fn route(item: &DeliveryItem, received_at: Timestamp) -> Option<(&str, Arrival<'_>)> {
    let lender = item.lender.as_ref()?.as_str();
    if item.item.is_stale(received_at) {
        return None;
    }
    let arrival = match &item.item {
        WebhookItem::Message(message) => Arrival::Message { message },
        WebhookItem::System(event) => Arrival::System { event },
        WebhookItem::Echo(echo) => Arrival::Echo { echo },
        WebhookItem::Status(_)
        | WebhookItem::Preference(_)
        | WebhookItem::Account(_)
        | WebhookItem::Standby { .. }
        | WebhookItem::Error { .. }
        | WebhookItem::Unknown { .. } => return None,
    };
    (arrival.identities().next().is_some()).then_some((lender, arrival))
}

fn notice(item: &DeliveryItem, dedupe_key: String, received_at: i64) -> Result<NoticeRow, StoreError> {
    let (kind, wamid) = match &item.item {
        WebhookItem::Message(_) => ("message", None),
        WebhookItem::Status(status) => ("status", Some(clean(status.wamid.as_str()))),
        WebhookItem::System(_) => ("system", None),
        WebhookItem::Preference(_) => ("preference", None),
        WebhookItem::Echo(_) => ("echo", None),
        WebhookItem::Account(_) => ("account", None),
        WebhookItem::Standby { .. } => ("standby", None),
        WebhookItem::Error { .. } => ("error", None),
        WebhookItem::Unknown { .. } => ("unknown", None),
    };
    Ok(NoticeRow {
        id: item.id,
        lender: item.lender.as_ref().map(|lender| lender.as_str().to_owned()),
        kind,
        dedupe_key,
        body: json(&item.item)?,
        wamid,
        received_at,
        outcome: item.lender.is_none().then_some("foreign"),
    })
}

impl<'a> Arrival<'a> {
    pub(super) fn identities(self) -> impl Iterator<Item = &'a WaIdentity> {
        let (first, second) = match self {
            Self::Message { message } => (message.from.as_ref(), None),
            Self::Echo { echo } => (echo.to.as_ref(), None),
            Self::System { event } => (event.old.as_ref(), event.new.as_ref()),
        };
        first.into_iter().chain(second)
    }

    pub(super) fn key(self, lender: &str, value: &str) -> AddressKey {
        let phone_number_id = match self {
            Self::Message { message } => &message.phone_number_id,
            Self::Echo { echo } => &echo.phone_number_id,
            Self::System { event } => &event.phone_number_id,
        };
        AddressKey {
            lender: lender.to_owned(),
            phone_number_id: phone_number_id.as_str().to_owned(),
            value: value.to_owned(),
        }
    }
}
