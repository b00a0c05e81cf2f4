//! The conversations of one batch by address: whose an item is, and what it says of who holds an address.
//!
//! A phone has one WhatsApp account at a time. When another account (BSUID) writes from a phone that a chat holds, the
//! phone goes to the chat of that account and the other chat keeps its own account: whoever was proved there is not any
//! more, and the newcomer is called by no name until they prove who they are. It may be the same person with a new
//! account, or the next owner of the number. An account that writes from another phone than before begins as unproved,
//! too. What came late moves nothing: the holder has written since.

use crate::domain::identity::{Bsuid, WaId, WaIdentity};
use crate::domain::ids::PhoneNumberId;
use crate::domain::inbound::{SystemEvent, SystemKind};
use crate::domain::time::Timestamp;
use crate::rules::phone_variants::candidates_of;
use crate::store::plan::accept::{AcceptPlan, AddressKey, AliasRow, Arrival, ConversationState};
use crate::store::plan::handover;
use crate::store::plan::turns::WrongNumberRow;
use crate::store::rows::clean;
use std::collections::HashMap;
use uuid::Uuid;

/// The conversations of one batch by address, kept in step while items link, split and rename them.
pub(super) struct Directory {
    entries: Vec<Entry>,
    by_wa_id: HashMap<AddressKey, usize>,
    by_bsuid: HashMap<AddressKey, usize>,
    aliases: Vec<AliasRow>,
    wrong_numbers: Vec<WrongNumberRow>,
    /// Chats whose phone another one takes in this batch.
    freed: Vec<Uuid>,
    superseded: Vec<Superseded>,
}

/// A chat whose number another account has now, or whose account has another number.
pub(super) struct Superseded {
    pub conversation: Uuid,
    pub lender: String,
    /// The input that brought it.
    pub by: Uuid,
    pub event: SystemEvent,
    pub received_at: i64,
}

/// An item on its way to a conversation.
#[derive(Clone, Copy)]
struct Item<'a> {
    id: Uuid,
    lender: &'a str,
    arrival: Arrival<'a>,
    received_at: i64,
}

struct Entry {
    state: ConversationState,
    created: bool,
    touched: bool,
}

impl Directory {
    pub(super) fn new(conversations: Vec<ConversationState>) -> Self {
        let mut directory = Self {
            entries: Vec::new(),
            by_wa_id: HashMap::new(),
            by_bsuid: HashMap::new(),
            aliases: Vec::new(),
            wrong_numbers: Vec::new(),
            freed: Vec::new(),
            superseded: Vec::new(),
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
    pub(super) fn receive(&mut self, lender: &str, arrival: Arrival<'_>, id: Uuid, received_at: i64) -> Uuid {
        let item = Item { id, lender, arrival, received_at };
        let index = match arrival {
            Arrival::Message { message } => self.of(item, message.from.as_ref()),
            Arrival::Echo { echo } => self.of(item, echo.to.as_ref()),
            Arrival::System { event } => self.of_system(item, event),
        };
        let entry = &mut self.entries[index];
        entry.wake(received_at);
        let state = &mut entry.state;
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

    fn of(&mut self, item: Item<'_>, who: Option<&WaIdentity>) -> usize {
        let key = |value: &str| item.arrival.key(item.lender, value);
        let wa_key = who.and_then(|who| who.wa_id.as_ref()).map(|wa_id| key(wa_id.expose()));
        let bsuid_key = who.and_then(|who| who.bsuid.as_ref()).map(|bsuid| key(bsuid.expose()));
        let by_wa_id = wa_key.as_ref().and_then(|key| self.by_wa_id.get(key).copied());
        let by_bsuid = bsuid_key.as_ref().and_then(|key| self.by_bsuid.get(key).copied());
        match (by_wa_id, by_bsuid) {
            (Some(phone), Some(user)) if phone == user => user,
            (Some(phone), Some(user)) => {
                if self.supersede(phone, item) {
                    self.moves(user, item, wa_key.as_ref());
                    self.set_wa_id(user, wa_key, item.received_at);
                    self.entries[user].state.number_changed_hands = true;
                } else if !self.says_nothing_new(user, item) && self.moves(user, item, wa_key.as_ref()) {
                    // Another chat keeps that phone; this account has none of its own that is known.
                    self.set_wa_id(user, None, item.received_at);
                }
                user
            }
            (Some(phone), None) => match bsuid_key {
                Some(key) if self.entries[phone].state.bsuid.is_none() => {
                    self.set_bsuid(phone, key, item.received_at);
                    phone
                }
                // Another account has the phone now: the newcomer gets a chat of its own.
                Some(user) => {
                    let wa_key = wa_key.filter(|_| self.supersede(phone, item));
                    let moved = wa_key.is_some();
                    let state =
                        ConversationState::new(item.id, key(""), wa_key, Some(user), item.received_at);
                    self.add(ConversationState { number_changed_hands: moved, ..state }, true)
                }
                None => phone,
            },
            (None, Some(user)) => {
                if let Some(key) = wa_key.filter(|_| !self.has_written_since(user, item)) {
                    self.moves(user, item, Some(&key));
                    self.set_wa_id(user, Some(key), item.received_at);
                }
                user
            }
            (None, None) => {
                let state = ConversationState::new(item.id, key(""), wa_key, bsuid_key, item.received_at);
                self.add(state, true)
            }
        }
    }

    /// What came late moves no address, and neither does what we wrote.
    fn says_nothing_new(&self, chat: usize, item: Item<'_>) -> bool {
        matches!(item.arrival, Arrival::Echo { .. }) || self.has_written_since(chat, item)
    }

    /// What came late moves no address.
    fn has_written_since(&self, chat: usize, item: Item<'_>) -> bool {
        let at = match item.arrival {
            Arrival::Message { message } => message.sent_at,
            Arrival::System { event } => event.at,
            Arrival::Echo { .. } => return false,
        };
        self.entries[chat].state.last_inbound_at.is_some_and(|last| last > at.0)
    }

    /// The account of this chat has another phone now. Whoever was proved in it is not any more, and nobody is called by
    /// name: the phone may be somebody else's. Another spelling of the number is no other phone; whether it was one.
    fn moves(&mut self, chat: usize, item: Item<'_>, to: Option<&AddressKey>) -> bool {
        let (Some(to), Some(from)) = (to, &self.entries[chat].state.wa_id) else { return false };
        if candidates_of(from).contains(&to.value) {
            return false;
        }
        let (at, wamid) = match item.arrival {
            Arrival::Message { message } => (message.sent_at, &message.wamid),
            Arrival::System { event } => (event.at, &event.wamid),
            Arrival::Echo { echo } => (echo.at, &echo.wamid),
        };
        let state = &mut self.entries[chat].state;
        state.number_changed_hands = true;
        let old = state.identity();
        let bsuid = state.bsuid.as_deref().and_then(Bsuid::parse);
        self.superseded.push(Superseded {
            conversation: state.id,
            lender: item.lender.to_owned(),
            by: item.id,
            event: SystemEvent {
                phone_number_id: PhoneNumberId::from(state.phone_number_id.as_str()),
                wamid: wamid.clone(),
                at,
                kind: SystemKind::IdentityChanged,
                old,
                new: WaIdentity::new(WaId::parse(&to.value), bsuid),
            },
            received_at: item.received_at,
        });
        true
    }

    /// Another account writes from the phone of this chat; whether the phone is free for it now.
    ///
    /// A chat that has nothing but the phone keeps it, or it would have no address; whoever was proved in it is not any
    /// more either.
    fn supersede(&mut self, holder: usize, item: Item<'_>) -> bool {
        let (at, wamid) = match item.arrival {
            Arrival::Message { message } => (message.sent_at, &message.wamid),
            Arrival::System { event } => (event.at, &event.wamid),
            // What we wrote says nothing of who has the phone.
            Arrival::Echo { .. } => return false,
        };
        let state = &self.entries[holder].state;
        let has_written_since = state.last_inbound_at.is_some_and(|last| last > at.0);
        let (has_account, told) = (state.bsuid.is_some(), state.number_changed_hands);
        if has_written_since || !has_account && told {
            return false;
        }
        let (id, old) = (state.id, state.identity());
        if has_account {
            self.set_wa_id(holder, None, at.0);
            self.freed.push(id);
        } else {
            self.entries[holder].state.number_changed_hands = true;
        }
        let entry = &mut self.entries[holder];
        entry.wake(item.received_at);
        self.superseded.push(Superseded {
            conversation: id,
            lender: item.lender.to_owned(),
            by: item.id,
            event: SystemEvent {
                phone_number_id: PhoneNumberId::from(entry.state.phone_number_id.as_str()),
                wamid: wamid.clone(),
                at,
                kind: SystemKind::IdentityChanged,
                old,
                new: entry.state.identity(),
            },
            received_at: item.received_at,
        });
        has_account
    }

    fn of_system(&mut self, item: Item<'_>, event: &SystemEvent) -> usize {
        let (lender, arrival) = (item.lender, item.arrival);
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
            return self.of(item, event.new.as_ref().or(event.old.as_ref()));
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
            (entry.state.identity_conflict, entry.state.number_changed_hands) = (true, true);
            entry.touched = true;
        }
    }

    /// The chats in which nobody is proved any more by what was received last.
    pub(super) fn superseded(&mut self) -> Vec<Superseded> {
        std::mem::take(&mut self.superseded)
    }

    /// Writes what changed.
    pub(super) fn write_into(self, plan: &mut AcceptPlan) {
        (plan.aliases, plan.wrong_numbers, plan.freed) = (self.aliases, self.wrong_numbers, self.freed);
        for entry in self.entries {
            match (entry.created, entry.touched) {
                (true, _) => plan.created.push(entry.state),
                (false, true) => plan.touched.push(entry.state),
                (false, false) => {}
            }
        }
    }
}

impl Entry {
    /// Not before a live lease or a back-off ends: its holder takes the new input with its next claim.
    fn wake(&mut self, received_at: i64) {
        self.touched = true;
        let state = &mut self.state;
        state.next_claim_at = state.next_claim_at.or(Some(received_at.max(state.leased_until)));
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
            number_changed_hands: false,
            leased_until: 0,
            next_claim_at: None,
            last_inbound_at: None,
            last_inbound_wamid: None,
            created_at: now,
        }
    }

    fn identity(&self) -> Option<WaIdentity> {
        let wa_id = self.wa_id.as_deref().and_then(WaId::parse);
        WaIdentity::new(wa_id, self.bsuid.as_deref().and_then(Bsuid::parse))
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
