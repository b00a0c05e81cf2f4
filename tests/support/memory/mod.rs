//! Tables in memory and what SQL would do with them: one call is one transaction, in one process.

mod cases;
mod conversations;
mod dead_letters;
mod inbox;
mod media;
mod outbox;
mod people;
mod retention;
mod rights;
mod small;
mod tickets;
mod turns;

use crate::ports::StoreError;
use crate::ports::rights::PersonAct;
use crate::store::plan::accept::{ConversationState, InputRow, NoticeRow};
use crate::store::plan::turns::{EventRow, OptOutRow, ProofRow, TryRow};
use crate::store::rows::conversations::{ConversationRow, Timers};
use crate::store::rows::outbox::NewOutboxRow;
use crate::store::rows::people::{AgreementRow, DocumentRow, ObligationRow, PersonRow};
use crate::store::rows::tickets::{StopRow, TicketRow};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// Rows in the order of their `seq` are vectors: a row's place is its `seq`.
#[derive(Default)]
pub struct Tables {
    pub(in crate::store) closed: bool,
    pub(in crate::store) deliveries: HashMap<Uuid, RawDelivery>,
    pub(in crate::store) inputs: Vec<Input>,
    pub(in crate::store) input_ids: HashSet<Uuid>,
    pub(in crate::store) notices: Vec<Notice>,
    pub(in crate::store) pending_notices: BTreeSet<usize>,
    pub(in crate::store) dedupe_keys: HashSet<String>,
    pub(in crate::store) conversations: BTreeMap<Uuid, Chat>,
    pub(in crate::store) events: BTreeMap<Uuid, Vec<EventRow>>,
    pub(in crate::store) outbox: Vec<Message>,
    pub(in crate::store) outbox_ids: HashMap<Uuid, usize>,
    pub(in crate::store) persons: BTreeMap<Uuid, PersonRow>,
    /// (lender, phone, person) → when it was marked wrong.
    pub(in crate::store) person_phones: BTreeMap<(String, String, Uuid), Option<i64>>,
    pub(in crate::store) obligations: BTreeMap<Uuid, ObligationRow>,
    pub(in crate::store) agreements: Vec<AgreementRow>,
    pub(in crate::store) claims: Vec<DocumentRow>,
    pub(in crate::store) cases: Vec<DocumentRow>,
    pub(in crate::store) closed_cases: BTreeMap<Uuid, String>,
    pub(in crate::store) opt_outs: Vec<OptOutRow>,
    pub(in crate::store) tries: Vec<TryRow>,
    pub(in crate::store) try_persons: BTreeMap<(Uuid, Uuid), String>,
    pub(in crate::store) proofs: Vec<ProofRow>,
    pub(in crate::store) tickets: BTreeMap<Uuid, DeskTicket>,
    pub(in crate::store) agents: Vec<small::StoredAgent>,
    pub(in crate::store) flows: BTreeMap<String, String>,
    pub(in crate::store) stops: Vec<StopRow>,
    pub(in crate::store) person_key: Option<[u8; 32]>,
    pub(in crate::store) person_acts: Vec<PersonAct>,
    pub(in crate::store) dead_letters: Vec<dead_letters::DeadLetter>,
    pub(in crate::store) media: Vec<media::Media>,
}

pub(in crate::store) struct RawDelivery {
    pub received_at: i64,
    pub body: Vec<u8>,
    pub unreadable: Option<String>,
}

pub(in crate::store) struct Input {
    pub row: InputRow,
    pub failures: i64,
    pub done_at: Option<i64>,
}

pub(in crate::store) struct Notice {
    pub row: NoticeRow,
    pub next_at: i64,
    pub done_at: Option<i64>,
}

/// A conversation: what receiving changes, and what turns change.
pub(in crate::store) struct Chat {
    pub state: ConversationState,
    pub person: Option<Uuid>,
    pub session: Option<String>,
    pub flow_hash: Option<String>,
    pub assurance: String,
    pub version: i64,
    pub last_event_seq: i64,
    pub lease_token: i64,
    pub opted_out: bool,
    pub ticket: Option<Uuid>,
    pub timers: Timers,
}

impl Chat {
    fn new(state: ConversationState) -> Self {
        Self {
            state,
            person: None,
            session: None,
            flow_hash: None,
            assurance: "ninguna".to_owned(),
            version: 0,
            last_event_seq: 0,
            timers: Timers { timers: "[]".to_owned(), next_timer_at: None },
            lease_token: 0,
            opted_out: false,
            ticket: None,
        }
    }

    fn row(&self) -> ConversationRow {
        let state = self.state.clone();
        ConversationRow {
            id: state.id,
            lender: state.lender,
            phone_number_id: state.phone_number_id,
            wa_id: state.wa_id,
            bsuid: state.bsuid,
            profile_name: state.profile_name,
            person_id: self.person,
            identity_conflict: state.identity_conflict,
            number_changed_hands: state.number_changed_hands,
            session: self.session.clone(),
            assurance: self.assurance.clone(),
            version: self.version,
            last_inbound_at: state.last_inbound_at,
            ticket_id: self.ticket,
            opted_out: self.opted_out,
            created_at: state.created_at,
            lease_token: self.lease_token,
            leased_until: state.leased_until,
        }
    }

    /// Like SQL, an absent address equals no other.
    fn shares_address(&self, wa_id: Option<&str>, bsuid: Option<&str>) -> bool {
        let same = |one: Option<&str>, other: Option<&str>| one.is_some() && one == other;
        same(self.state.wa_id.as_deref(), wa_id) || same(self.state.bsuid.as_deref(), bsuid)
    }
}

pub(in crate::store) struct Message {
    pub row: NewOutboxRow,
    pub status: String,
    pub due_at: i64,
    pub lease_token: i64,
    pub leased_until: i64,
    pub claimed_until: Option<i64>,
    pub sent_at: Option<i64>,
    pub told_at: Option<i64>,
    pub doubt_until: Option<i64>,
    pub attempts: i64,
    pub wamid: Option<String>,
    pub delivery_rank: i64,
    pub why: Option<String>,
    pub finished_at: Option<i64>,
}

impl Message {
    fn is_live(&self) -> bool {
        matches!(self.status.as_str(), "queued" | "sending" | "in_doubt")
    }
}

pub(in crate::store) struct DeskTicket {
    pub row: TicketRow,
    pub published_version: i64,
}

/// The store of the simulation.
#[derive(Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
}

impl MemoryStore {
    /// The tables, unless the store was closed.
    pub(in crate::store) fn tables(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        let tables = self.tables.lock().unwrap();
        if tables.closed {
            return Err(StoreError::Unavailable { why: "the store is closed".to_owned() });
        }
        Ok(tables)
    }
}

/// A page or batch never has more rows than a machine can count.
fn rows(limit: u32) -> usize {
    usize::try_from(limit).unwrap()
}

fn counted(rows: usize) -> u32 {
    u32::try_from(rows).unwrap()
}
