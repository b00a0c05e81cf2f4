//! A copy of what is held on a person, and its erasure, in memory.

use super::{MemoryStore, Message, Tables};
use crate::domain::ids::LenderId;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::retention::Act;
use crate::ports::rights::{
    ERASURE_CASE, Erasure, Fate, Hold, HoldKind, Met, OWN_DATA_TICKETS, PersonAct, RightsStore,
};
use crate::store::plan::turns::{EventRow, ProofRow};
use crate::store::rows::erasure::STEPS;
use crate::store::rows::pseudonym::{KeptAgreement, erased_person};
use crate::store::rows::rights::quoted;
use crate::store::rows::tickets::TicketRow;
use crate::store::rows::whose::{Gone, Reached, Subject, on_file, share, wa_ids};
use async_trait::async_trait;
use serde_json::{Value, json};
use std::collections::HashSet;
use uuid::Uuid;

#[async_trait]
impl RightsStore for MemoryStore {
    async fn person_key(&self, proposed: [u8; 32]) -> Result<[u8; 32], StoreError> {
        Ok(*self.tables()?.person_key.get_or_insert(proposed))
    }

    async fn person_acts(
        &self,
        lender: &LenderId,
        ref_keys: &[Vec<u8>],
    ) -> Result<Vec<PersonAct>, StoreError> {
        let tables = self.tables()?;
        let asked = |act: &&PersonAct| act.lender == *lender && ref_keys.contains(&act.ref_key);
        let mut acts: Vec<PersonAct> = tables.person_acts.iter().filter(asked).cloned().collect();
        acts.sort_by_key(|act| (act.at, act.id));
        Ok(acts)
    }

    async fn add_person_act(&self, act: &PersonAct) -> Result<(), StoreError> {
        self.tables()?.person_acts.push(act.clone());
        Ok(())
    }

    async fn export_person(&self, lender: &LenderId, reference: &str) -> Result<Option<Value>, StoreError> {
        let tables = self.tables()?;
        Ok(tables.subject(lender, reference, Gone::Counts).map(|subject| tables.held_on(&subject)))
    }

    async fn export_kept(&self, _lender: &LenderId, ref_key: &[u8]) -> Result<Value, StoreError> {
        let tables = self.tables()?;
        let kept = tables.agreements.iter().filter(|row| row.person_id == erased_person(ref_key));
        Ok(json!({"agreements": kept.map(|row| json!({"id": row.id})).collect::<Value>()}))
    }

    async fn erase_person(
        &self,
        reference: &str,
        record: &PersonAct,
        over: bool,
        act: Act,
    ) -> Result<Erasure, StoreError> {
        let mut tables = self.tables()?;
        let Some(subject) = tables.subject(&record.lender, reference, Gone::IsNobody) else {
            return Ok(Erasure::Unknown);
        };
        let holds = tables.holds(&subject);
        if holds.iter().any(|hold| !over || hold.kind.is_firm()) {
            return Ok(Erasure::Held(holds));
        }
        let met = tables.met(&subject);
        if act == Act::Remove {
            tables.erase(&subject, record.at);
            tables.rename_kept(&subject, &record.ref_key)?;
            tables.person_acts.push(record.clone());
        }
        Ok(Erasure::Done(met))
    }
}

impl Tables {
    fn subject(&self, lender: &LenderId, reference: &str, gone: Gone) -> Option<Subject> {
        let of_lender = |name: &str| name == lender.as_str();
        let person =
            self.persons.values().find(|row| of_lender(&row.lender) && row.external_ref == reference)?;
        let own = |phone: &str| {
            self.person_phones
                .keys()
                .all(|(l, p, other)| l != lender.as_str() || p != phone || *other == person.id)
        };
        let phones: Vec<String> = self
            .person_phones
            .keys()
            .filter(|(_, phone, of)| *of == person.id && own(phone))
            .map(|(_, phone, _)| phone.clone())
            .collect();
        let wa_ids = wa_ids(&phones);
        let proved = |chat: Uuid| {
            self.proofs.iter().filter(move |row| row.conversation == chat).filter_map(|row| row.person)
        };
        let counts =
            |other: &Uuid| *other != person.id && (gone == Gone::Counts || self.persons.contains_key(other));
        let mut chats: Vec<Reached> = self
            .conversations
            .values()
            .filter(|chat| of_lender(&chat.state.lender))
            .filter(|chat| {
                let linked = match chat.person {
                    Some(linked) => linked == person.id,
                    None => chat.state.wa_id.as_ref().is_some_and(|wa_id| wa_ids.contains(wa_id)),
                };
                linked || proved(chat.state.id).any(|known| known == person.id)
            })
            .map(|chat| Reached {
                id: chat.state.id,
                phone_number_id: chat.state.phone_number_id.clone(),
                wa_id: chat.state.wa_id.clone(),
                bsuid: chat.state.bsuid.clone(),
                shared: chat.person.is_some_and(|linked| linked != person.id)
                    || proved(chat.state.id).any(|known| counts(&known)),
            })
            .collect();
        let asked = on_file(&chats);
        let others: Vec<String> = self
            .person_phones
            .keys()
            .filter(|(l, phone, of)| l == lender.as_str() && *of != person.id && asked.contains(phone))
            .map(|(_, phone, _)| phone.clone())
            .collect();
        share(&mut chats, &others);
        Some(Subject::new(lender, person.id, &chats, &[]))
    }

    fn holds(&self, subject: &Subject) -> Vec<Hold> {
        let running = |status: &str| matches!(status, "proposed" | "accepted" | "active");
        let agreements = self.agreements.iter().filter(|row| row.person_id == subject.person);
        let agreements = agreements.filter(|row| running(&row.status)).map(|row| Hold {
            kind: HoldKind::RunningAgreement,
            what: "settlement".to_owned(),
            reference: row.reference.clone(),
            since: Timestamp(row.accepted_at),
        });
        let open = self.open_cases();
        let cases = open.iter().filter(|case| concerns(subject, Some(case.conversation), case.person));
        let cases = cases.filter(|case| case.kind != ERASURE_CASE).map(|case| Hold {
            kind: HoldKind::OpenCase,
            what: case.kind.clone(),
            reference: case.id.simple().to_string(),
            since: Timestamp(case.at),
        });
        let tickets = self.tickets.values().map(|ticket| &ticket.row).filter(|row| {
            subject.chats.contains(&row.conversation_id)
                && row.status != "closed"
                && !row.reason.starts_with(OWN_DATA_TICKETS)
                && row.summary.contains("\"protected\":true")
        });
        let tickets = tickets.map(|row| Hold {
            kind: HoldKind::ProtectedTicket,
            what: row.reason.clone(),
            reference: row.id.simple().to_string(),
            since: Timestamp(row.waiting_since),
        });
        let shared = self.tickets.values().map(|ticket| &ticket.row).filter(|row| {
            let linked = self.conversations.get(&row.conversation_id).and_then(|chat| chat.person);
            subject.shared.contains(&row.conversation_id)
                && row.status != "closed"
                && (linked == Some(subject.person) || self.open_while_proved(subject, row))
        });
        let shared = shared.map(|row| Hold {
            kind: HoldKind::SharedTicket,
            what: row.reason.clone(),
            reference: row.id.simple().to_string(),
            since: Timestamp(row.waiting_since),
        });
        let mut holds: Vec<Hold> = agreements.chain(cases).chain(tickets).chain(shared).collect();
        holds.sort_by(|one, other| (one.since, &one.reference).cmp(&(other.since, &other.reference)));
        holds
    }

    fn whose(&self, chat: &Uuid, is_before: impl Fn(&ProofRow) -> bool) -> Option<Uuid> {
        let before = self.proofs.iter().filter(|row| row.conversation == *chat && is_before(row));
        before.max_by_key(|row| (row.since, row.from_seq))?.person
    }

    /// Whether what was said at this moment is in the chats of the subject, and theirs.
    fn said(&self, subject: &Subject, chat: &Uuid, at: i64) -> bool {
        subject.chats.contains(chat)
            || (subject.shared.contains(chat)
                && self.whose(chat, |row| row.since <= at) == Some(subject.person))
    }

    fn logged(&self, subject: &Subject, event: &EventRow) -> bool {
        let chat = &event.conversation;
        subject.chats.contains(chat)
            || (subject.shared.contains(chat)
                && self.whose(chat, |row| row.from_seq <= event.seq) == Some(subject.person))
    }

    fn sent(&self, subject: &Subject, message: &Message) -> bool {
        let row = &message.row;
        match row.subject.filter(|_| subject.shared.contains(&row.conversation)) {
            Some(of) => of == subject.person,
            None => self.said(subject, &row.conversation, row.now),
        }
    }

    fn open_while_proved(&self, subject: &Subject, row: &TicketRow) -> bool {
        let (chat, until) = (row.conversation_id, row.closed_at.unwrap_or(i64::MAX));
        let began = |proof: &ProofRow| {
            proof.conversation == chat
                && proof.person == Some(subject.person)
                && proof.since > row.opened_at
                && proof.since <= until
        };
        self.whose(&chat, |proof| proof.since <= row.opened_at) == Some(subject.person)
            || self.proofs.iter().any(began)
    }

    /// Whether a ticket is told: in a chat that others share it was open only while the proof stood.
    fn told(&self, subject: &Subject, row: &TicketRow) -> bool {
        let until = row.closed_at.unwrap_or(i64::MAX);
        let other = |proof: &ProofRow| {
            proof.conversation == row.conversation_id
                && proof.person != Some(subject.person)
                && proof.since > row.opened_at
                && proof.since <= until
        };
        subject.chats.contains(&row.conversation_id)
            || (self.said(subject, &row.conversation_id, row.opened_at) && !self.proofs.iter().any(other))
    }

    /// Whether a text holds one of the addresses and the number of ours that it wrote to.
    fn names(subject: &Subject, text: &str) -> bool {
        subject
            .addresses
            .iter()
            .any(|(address, number)| text.contains(&quoted(address)) && text.contains(number))
    }

    fn held_on(&self, subject: &Subject) -> Value {
        let ids = |rows: Vec<Uuid>| -> Value { rows.iter().map(|id| json!({"id": id})).collect() };
        let chat = |id: &Uuid| subject.chats.contains(id);
        let documents = |rows: &[crate::store::rows::people::DocumentRow]| {
            let rows = rows.iter().filter(|row| concerns(subject, Some(row.conversation), row.person));
            ids(rows.map(|row| row.id).collect())
        };
        let name = |person: &Uuid| self.persons.get(person).map(|row| json!({"full_name": row.full_name}));
        let events = self.events.values().flatten().filter(|event| self.logged(subject, event));
        let tried = |id: &Uuid| self.try_persons.contains_key(&(*id, subject.person));
        let tries = self
            .tries
            .iter()
            .filter(|row| chat(&row.conversation) || tried(&row.id))
            .filter(|row| row.passed.is_none_or(|person| person == subject.person));
        json!({
            "identity_tries": tries.map(|row| json!({"id": row.id, "passed_person": row.passed})).collect::<Value>(),
            "person": name(&subject.person).into_iter().collect::<Value>(),
            "debts": ids(
                self.obligations.values().filter(|row| row.person_id == subject.person).map(|row| row.id).collect(),
            ),
            "agreements": ids(
                self.agreements.iter().filter(|row| row.person_id == subject.person).map(|row| row.id).collect(),
            ),
            "payment_claims": documents(&self.claims),
            "cases": documents(&self.cases),
            "chats": ids(subject.chats.clone()),
            "shared_chats": ids(subject.shared.clone()),
            "tickets": ids(
                self.tickets.values().filter(|t| self.told(subject, &t.row)).map(|t| t.row.id).collect(),
            ),
            "events": events.map(|event| json!({"seq": event.seq})).collect::<Value>(),
            "messages_received": ids(
                self.inputs
                    .iter()
                    .filter(|i| self.said(subject, &i.row.conversation, i.row.received_at))
                    .map(|i| i.row.id)
                    .collect(),
            ),
            "files_received": ids(
                self.media
                    .iter()
                    .filter(|m| self.said(subject, &m.row.conversation, m.row.received_at))
                    .map(|m| m.row.id)
                    .collect(),
            ),
            "messages_sent": ids(
                self.outbox.iter().filter(|m| self.sent(subject, m)).map(|m| m.row.id).collect(),
            ),
        })
    }

    fn met(&self, subject: &Subject) -> Vec<Met> {
        let held = self.held_on(subject);
        let n = |section: &str| held[section].as_array().map_or(0, |rows| rows.len() as u64);
        let mut met: Vec<Met> = STEPS
            .iter()
            .map(|step| {
                let n = match step.what {
                    "files received" => n("files_received"),
                    "messages received" => n("messages_received"),
                    "messages that we sent or were about to send" => n("messages_sent"),
                    "tickets" => n("tickets"),
                    "cases" => n("cases"),
                    "chats" => n("chats"),
                    "debts" => n("debts"),
                    "person" => 1,
                    _ => 0,
                };
                Met { what: step.what, fate: step.fate, n }
            })
            .collect();
        met.push(Met { what: "agreements", fate: Fate::Kept, n: n("agreements") });
        met
    }

    fn rename_kept(&mut self, subject: &Subject, ref_key: &[u8]) -> Result<(), StoreError> {
        for row in self.agreements.iter_mut().filter(|row| row.person_id == subject.person) {
            let kept = KeptAgreement {
                id: row.id,
                obligation_id: row.terms.obligation_id,
                once_key: std::mem::take(&mut row.once_key),
                offer: std::mem::take(&mut row.offer),
                evidence: std::mem::take(&mut row.evidence),
            };
            let kept = kept.renamed(ref_key)?;
            row.person_id = erased_person(ref_key);
            (row.terms.obligation_id, row.once_key) = (kept.obligation_id, kept.once_key);
            (row.offer, row.evidence) = (kept.offer, kept.evidence);
        }
        for row in self.proofs.iter_mut().filter(|row| row.person == Some(subject.person)) {
            row.person = Some(erased_person(ref_key));
        }
        Ok(())
    }

    fn erase(&mut self, subject: &Subject, now: Timestamp) {
        let chat = |id: &Uuid| subject.chats.contains(id);
        let sent: HashSet<Uuid> =
            self.outbox.iter().filter(|m| self.sent(subject, m)).map(|m| m.row.id).collect();
        let received: HashSet<Uuid> = self
            .inputs
            .iter()
            .filter(|i| self.said(subject, &i.row.conversation, i.row.received_at))
            .map(|i| i.row.id)
            .collect();
        let files: HashSet<Uuid> = self
            .media
            .iter()
            .filter(|m| self.said(subject, &m.row.conversation, m.row.received_at))
            .map(|m| m.row.id)
            .collect();
        let logged: HashSet<(Uuid, i64)> = self
            .events
            .values()
            .flatten()
            .filter(|event| self.logged(subject, event))
            .map(|event| (event.conversation, event.seq))
            .collect();
        let tickets: HashSet<Uuid> = self
            .tickets
            .values()
            .filter(|t| {
                chat(&t.row.conversation_id)
                    || (subject.shared.contains(&t.row.conversation_id)
                        && self.open_while_proved(subject, &t.row))
            })
            .map(|t| t.row.id)
            .collect();
        self.outbox.retain(|message| !sent.contains(&message.row.id));
        let sent = self.outbox.iter().enumerate();
        self.outbox_ids = sent.map(|(seq, message)| (message.row.id, seq)).collect();
        for input in self.inputs.extract_if(.., |input| received.contains(&input.row.id)) {
            self.input_ids.remove(&input.row.id);
            input.row.dedupe_key.map(|key| self.dedupe_keys.remove(&key));
        }
        for events in self.events.values_mut() {
            events.retain(|event| !logged.contains(&(event.conversation, event.seq)));
        }
        self.media.retain(|file| !files.contains(&file.row.id));
        self.deliveries.retain(|_, raw| !Self::names(subject, &String::from_utf8_lossy(&raw.body)));
        for notice in self.notices.extract_if(.., |notice| Self::names(subject, &notice.row.body)) {
            self.dedupe_keys.remove(&notice.row.dedupe_key);
        }
        let pending = (0..).zip(&self.notices).filter(|(_, notice)| notice.done_at.is_none());
        self.pending_notices = pending.map(|(seq, _)| seq).collect();
        for ticket in self.tickets.values_mut().filter(|ticket| tickets.contains(&ticket.row.id)) {
            let row = &mut ticket.row;
            if row.status != "closed" {
                row.outcome = Some("erased".to_owned());
            }
            row.status = "closed".to_owned();
            row.closed_at.get_or_insert(now.0);
            row.reason = "erased".to_owned();
            row.summary = "{}".to_owned();
            row.lease_token += 1;
            row.leased_until = 0;
            row.version += 1;
        }
        self.try_persons.retain(|(_, person), _| *person != subject.person);
        self.tries.retain(|row| !chat(&row.conversation) && row.passed != Some(subject.person));
        self.proofs.retain(|row| !chat(&row.conversation));
        self.claims.retain(|row| !concerns(subject, Some(row.conversation), row.person));
        self.cases.retain(|row| !concerns(subject, Some(row.conversation), row.person));
        for chat in self
            .conversations
            .values_mut()
            .filter(|chat| subject.shared.contains(&chat.state.id) && chat.person == Some(subject.person))
        {
            let id = chat.state.id;
            let pending = self.inputs.iter().filter(|i| i.row.conversation == id && i.done_at.is_none());
            chat.state.next_claim_at = pending.map(|i| i.row.received_at).min();
            chat.state.profile_name = None;
            chat.state.leased_until = 0;
            (chat.person, chat.session, chat.flow_hash) = (None, None, None);
            chat.assurance = "ninguna".to_owned();
            chat.version += 1;
            chat.lease_token += 1;
            chat.timers.timers = "[]".to_owned();
            chat.timers.next_timer_at = None;
        }
        for chat in self.conversations.values_mut().filter(|chat| subject.chats.contains(&chat.state.id)) {
            let id = chat.state.id;
            chat.state.wa_id = None;
            chat.state.bsuid = Some(format!("ZZ.ERASED{}", id.simple()));
            chat.state.profile_name = None;
            chat.state.identity_conflict = false;
            chat.state.number_changed_hands = false;
            chat.state.leased_until = 0;
            chat.state.next_claim_at = None;
            chat.state.last_inbound_at = None;
            chat.state.last_inbound_wamid = None;
            (chat.person, chat.session, chat.flow_hash, chat.ticket) = (None, None, None, None);
            chat.assurance = "ninguna".to_owned();
            chat.version += 1;
            chat.lease_token += 1;
            chat.timers.timers = "[]".to_owned();
            chat.timers.next_timer_at = None;
        }
        self.obligations.retain(|_, row| row.person_id != subject.person);
        self.person_phones.retain(|(_, _, person), _| *person != subject.person);
        self.persons.remove(&subject.person);
    }
}

fn concerns(subject: &Subject, chat: Option<Uuid>, person: Option<Uuid>) -> bool {
    chat.is_some_and(|chat| subject.chats.contains(&chat)) || person == Some(subject.person)
}
