//! Which conversation each item of a webhook belongs to, and what becomes of its identity.

use crate::domain::identity::WaIdentity;
use crate::domain::inbound::{EchoMessage, InboundMessage, SystemEvent, SystemKind, WebhookItem};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::inbox::{Accepted, Delivery, DeliveryItem};
use crate::store::plan::handover;
use crate::store::plan::turns::WrongNumberRow;
use crate::store::rows::{clean, json};
use serde::Serialize;
use sqlx::FromRow;
use std::collections::{HashMap, HashSet};
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
    /// Numbers that their holder has left.
    pub wrong_numbers: Vec<WrongNumberRow>,
    pub counts: Vec<Accepted>,
}

/// An item that goes to a conversation. Serialized it reads back as `ports::conversations::InputKind`.
#[derive(Clone, Copy, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Arrival<'a> {
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
        for item in deliveries.iter().flat_map(|delivery| &delivery.items) {
            let Some((lender, arrival)) = route(item) else { continue };
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
            match route(item) {
                Some((lender, arrival)) => plan.inputs.push(InputRow {
                    id: item.id,
                    lender: lender.to_owned(),
                    conversation: directory.receive(lender, arrival, item.id, received_at),
                    dedupe_key: Some(key),
                    body: json(&arrival)?,
                    received_at,
                }),
                None => plan.notices.push(notice(item, key, received_at)?),
            }
        }
        plan.counts.push(counts);
    }
    directory.write_into(&mut plan);
    Ok(plan)
}

/// The conversation side of an item; `None` for everything that is a notice.
fn route(item: &DeliveryItem) -> Option<(&str, Arrival<'_>)> {
    let lender = item.lender.as_ref()?.as_str();
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
    fn identities(self) -> impl Iterator<Item = &'a WaIdentity> {
        let (first, second) = match self {
            Self::Message { message } => (message.from.as_ref(), None),
            Self::Echo { echo } => (echo.to.as_ref(), None),
            Self::System { event } => (event.old.as_ref(), event.new.as_ref()),
        };
        first.into_iter().chain(second)
    }

    fn key(self, lender: &str, value: &str) -> AddressKey {
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

/// The conversations of one batch by address, kept in step while items link, split and rename them.
struct Directory {
    entries: Vec<Entry>,
    by_wa_id: HashMap<AddressKey, usize>,
    by_bsuid: HashMap<AddressKey, usize>,
    aliases: Vec<AliasRow>,
    wrong_numbers: Vec<WrongNumberRow>,
}

struct Entry {
    state: ConversationState,
    created: bool,
    touched: bool,
}

impl Directory {
    fn new(conversations: Vec<ConversationState>) -> Self {
        let mut directory = Self {
            entries: Vec::new(),
            by_wa_id: HashMap::new(),
            by_bsuid: HashMap::new(),
            aliases: Vec::new(),
            wrong_numbers: Vec::new(),
        };
        for state in conversations {
            directory.add(state, false);
        }
        directory
    }

    fn add(&mut self, state: ConversationState, created: bool) -> usize {
        let index = self.entries.len();
        if let Some(wa_id) = &state.wa_id {
            self.by_wa_id.insert(state.key(wa_id), index);
        }
        if let Some(bsuid) = &state.bsuid {
            self.by_bsuid.insert(state.key(bsuid), index);
        }
        self.entries.push(Entry { state, created, touched: created });
        index
    }

    /// Finds or creates the conversation of an arrival and notes what the arrival says about it.
    fn receive(&mut self, lender: &str, arrival: Arrival<'_>, item: Uuid, received_at: i64) -> Uuid {
        let index = match arrival {
            Arrival::Message { message } => {
                self.of(lender, arrival, message.from.as_ref(), item, received_at)
            }
            Arrival::Echo { echo } => self.of(lender, arrival, echo.to.as_ref(), item, received_at),
            Arrival::System { event } => self.of_system(lender, arrival, event, item, received_at),
        };
        let entry = &mut self.entries[index];
        entry.touched = true;
        let state = &mut entry.state;
        // Not before a live lease or a back-off ends: its holder takes the new input with its next claim.
        state.next_claim_at = state.next_claim_at.or(Some(received_at.max(state.leased_until)));
        if let Arrival::Message { message } = arrival {
            if let Some(name) = &message.profile_name {
                state.profile_name = Some(clean(name.expose()));
            }
            if message.is_newest(state.last_inbound_at.map(Timestamp), Timestamp(received_at)) {
                state.last_inbound_at = Some(message.sent_at.0);
                state.last_inbound_wamid = Some(clean(message.wamid.as_str()));
            }
        }
        state.id
    }

    fn of(
        &mut self,
        lender: &str,
        arrival: Arrival<'_>,
        who: Option<&WaIdentity>,
        item: Uuid,
        received_at: i64,
    ) -> usize {
        let wa_key = who.and_then(|who| who.wa_id.as_ref()).map(|wa_id| arrival.key(lender, wa_id.expose()));
        let bsuid_key =
            who.and_then(|who| who.bsuid.as_ref()).map(|bsuid| arrival.key(lender, bsuid.expose()));
        let by_wa_id = wa_key.as_ref().and_then(|key| self.by_wa_id.get(key).copied());
        let by_bsuid = bsuid_key.as_ref().and_then(|key| self.by_bsuid.get(key).copied());
        match (by_wa_id, by_bsuid) {
            (Some(phone), Some(user)) if phone == user => user,
            (Some(phone), Some(user)) => {
                self.distrust(phone, user);
                user
            }
            (Some(phone), None) => match bsuid_key {
                Some(key) if self.entries[phone].state.bsuid.is_none() => {
                    self.set_bsuid(phone, key, received_at);
                    phone
                }
                // Another account uses the phone now: the newcomer gets a chat of its own, by its BSUID.
                Some(key) => {
                    let scope = arrival.key(lender, "");
                    let state = ConversationState::new(item, scope, None, Some(key), received_at);
                    let user = self.add(state, true);
                    self.distrust(phone, user);
                    user
                }
                None => phone,
            },
            (None, Some(user)) => {
                if let Some(key) = wa_key {
                    self.set_wa_id(user, Some(key), received_at);
                }
                user
            }
            (None, None) => {
                let scope = arrival.key(lender, "");
                let state = ConversationState::new(item, scope, wa_key, bsuid_key, received_at);
                self.add(state, true)
            }
        }
    }

    fn of_system(
        &mut self,
        lender: &str,
        arrival: Arrival<'_>,
        event: &SystemEvent,
        item: Uuid,
        received_at: i64,
    ) -> usize {
        let find = |who: &WaIdentity| {
            let user = who.bsuid.as_ref().and_then(|id| self.by_bsuid.get(&arrival.key(lender, id.expose())));
            let phone =
                who.wa_id.as_ref().and_then(|id| self.by_wa_id.get(&arrival.key(lender, id.expose())));
            user.or(phone).copied()
        };
        let found = event.old.as_ref().and_then(find);
        let held = found.and_then(|index| self.entries[index].state.wa_id.as_deref());
        let wrong = handover::left(lender, event, held);
        self.wrong_numbers.extend(wrong);
        let Some(index) = found else {
            return self.of(lender, arrival, event.new.as_ref().or(event.old.as_ref()), item, received_at);
        };
        if let Some(new) = &event.new {
            self.rename(index, lender, arrival, new, event.kind == SystemKind::NumberChanged, event.at.0);
        }
        index
    }

    /// Replaces the identity; an address that another conversation holds is not taken, both are distrusted.
    fn rename(
        &mut self,
        index: usize,
        lender: &str,
        arrival: Arrival<'_>,
        new: &WaIdentity,
        number_changed: bool,
        at: i64,
    ) {
        if let Some(bsuid) = &new.bsuid {
            let key = arrival.key(lender, bsuid.expose());
            match self.by_bsuid.get(&key).copied() {
                Some(other) if other != index => self.distrust(index, other),
                Some(_) | None => self.set_bsuid(index, key, at),
            }
        }
        match &new.wa_id {
            Some(wa_id) => {
                let key = arrival.key(lender, wa_id.expose());
                match self.by_wa_id.get(&key).copied() {
                    Some(other) if other != index => self.distrust(index, other),
                    Some(_) | None => self.set_wa_id(index, Some(key), at),
                }
            }
            // The old number may belong to somebody else from now on.
            None if number_changed && self.entries[index].state.bsuid.is_some() => {
                self.set_wa_id(index, None, at);
            }
            None => {}
        }
    }

    fn set_wa_id(&mut self, index: usize, key: Option<AddressKey>, at: i64) {
        let state = &mut self.entries[index].state;
        let new = key.as_ref().map(|key| key.value.clone());
        if state.wa_id == new {
            return;
        }
        if let Some(old) = std::mem::replace(&mut state.wa_id, new) {
            self.by_wa_id.remove(&state.key(&old));
            self.aliases.push(state.alias("wa_id", old, at));
        }
        if let Some(key) = key {
            self.by_wa_id.insert(key, index);
        }
    }

    fn set_bsuid(&mut self, index: usize, key: AddressKey, at: i64) {
        let state = &mut self.entries[index].state;
        if state.bsuid.as_ref() == Some(&key.value) {
            return;
        }
        if let Some(old) = state.bsuid.replace(key.value.clone()) {
            self.by_bsuid.remove(&state.key(&old));
            self.aliases.push(state.alias("bsuid", old, at));
        }
        self.by_bsuid.insert(key, index);
    }

    fn distrust(&mut self, one: usize, other: usize) {
        for index in [one, other] {
            let entry = &mut self.entries[index];
            entry.state.identity_conflict = true;
            entry.touched = true;
        }
    }

    fn write_into(self, plan: &mut AcceptPlan) {
        (plan.aliases, plan.wrong_numbers) = (self.aliases, self.wrong_numbers);
        for entry in self.entries {
            match (entry.created, entry.touched) {
                (true, _) => plan.created.push(entry.state),
                (false, true) => plan.touched.push(entry.state),
                (false, false) => {}
            }
        }
    }
}

impl ConversationState {
    /// A conversation takes the id of its first input: it is a UUIDv7, so that rows lie in order of time.
    fn new(
        first_input: Uuid,
        scope: AddressKey,
        wa_id: Option<AddressKey>,
        bsuid: Option<AddressKey>,
        now: i64,
    ) -> Self {
        Self {
            id: first_input,
            lender: scope.lender,
            phone_number_id: scope.phone_number_id,
            wa_id: wa_id.map(|key| key.value),
            bsuid: bsuid.map(|key| key.value),
            profile_name: None,
            identity_conflict: false,
            leased_until: 0,
            next_claim_at: None,
            last_inbound_at: None,
            last_inbound_wamid: None,
            created_at: now,
        }
    }

    fn key(&self, value: &str) -> AddressKey {
        AddressKey {
            lender: self.lender.clone(),
            phone_number_id: self.phone_number_id.clone(),
            value: value.to_owned(),
        }
    }

    fn alias(&self, kind: &'static str, value: String, ended_at: i64) -> AliasRow {
        AliasRow {
            conversation: self.id,
            lender: self.lender.clone(),
            phone_number_id: self.phone_number_id.clone(),
            kind,
            value,
            ended_at,
        }
    }
}
