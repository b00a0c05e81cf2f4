//! Removing what has served, in memory.

use super::{MemoryStore, Tables, rows};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::retention::{Act, Aged, Place, RetentionStore, Swept};
use crate::store::rows::retention::{AgedRow, removable, swept};
use async_trait::async_trait;
use uuid::Uuid;

#[async_trait]
impl RetentionStore for MemoryStore {
    async fn sweep(
        &self,
        kind: Aged,
        before: Timestamp,
        after: Place,
        limit: u32,
        act: Act,
    ) -> Result<Swept, StoreError> {
        let mut tables = self.tables()?;
        let mut seen = match kind {
            Aged::Deliveries => tables.aged_deliveries(before.0, after.id),
            Aged::Inputs => tables.aged_inputs(before.0, after.seq),
            Aged::Notices => tables.aged_notices(before.0, after.seq),
            Aged::Chats => tables.aged_chats(before.0, after.id),
        };
        seen.truncate(rows(limit));
        let old = removable(&seen);
        let removed = u64::try_from(old.len()).unwrap();
        let mut step = swept(kind, &seen, before, limit, removed);
        if act == Act::Remove {
            tables.remove(kind, &old);
            // A row's place is its `seq`: the rest moves up.
            if let Some(next) = &mut step.next {
                next.seq -= i64::try_from(old.len()).unwrap();
            }
        }
        Ok(step)
    }
}

/// Rows behind a place, numbered from 1.
fn behind<R>(rows: &[R], after: i64) -> impl Iterator<Item = (i64, &R)> {
    (1_i64..).zip(rows).filter(move |(seq, _)| *seq > after)
}

impl Tables {
    fn aged_deliveries(&self, before: i64, after: Uuid) -> Vec<AgedRow> {
        let mut rows: Vec<AgedRow> = self
            .deliveries
            .iter()
            .filter(|(id, _)| **id > after)
            .map(|(id, delivery)| AgedRow {
                seq: 0,
                id: *id,
                at: delivery.received_at,
                removable: delivery.received_at < before && delivery.unreadable.is_none(),
            })
            .collect();
        rows.sort_by_key(|row| row.id);
        rows
    }

    fn aged_inputs(&self, before: i64, after: i64) -> Vec<AgedRow> {
        let dead = |conversation| {
            let open = self.dead_letters.iter().filter_map(|letter| letter.row.as_ref());
            open.into_iter().any(|row| row.conversation_id == conversation)
        };
        behind(&self.inputs, after)
            .map(|(seq, input)| AgedRow {
                seq,
                id: input.row.id,
                at: input.row.received_at,
                removable: input.row.received_at < before
                    && input.done_at.is_some_and(|at| at < before)
                    && !dead(input.row.conversation),
            })
            .collect()
    }

    fn aged_notices(&self, before: i64, after: i64) -> Vec<AgedRow> {
        behind(&self.notices, after)
            .map(|(seq, notice)| AgedRow {
                seq,
                id: notice.row.id,
                at: notice.row.received_at,
                removable: notice.row.received_at < before && notice.done_at.is_some_and(|at| at < before),
            })
            .collect()
    }

    fn aged_chats(&self, before: i64, after: Uuid) -> Vec<AgedRow> {
        self.conversations
            .iter()
            .filter(|(id, _)| **id > after)
            .map(|(id, chat)| AgedRow {
                seq: 0,
                id: *id,
                at: chat.state.created_at,
                removable: self.is_ended(*id, before),
            })
            .collect()
    }

    fn is_ended(&self, id: Uuid, before: i64) -> bool {
        let chat = &self.conversations[&id];
        let events = self.events.get(&id).map_or(&[][..], Vec::as_slice);
        let sent = || self.outbox.iter().filter(|message| message.row.conversation == id);
        let is_of = |person: Option<Uuid>| person.is_some() && person == chat.person;
        chat.state.next_claim_at.is_none()
            && chat.ticket.is_none()
            && chat.state.created_at < before
            && chat.state.last_inbound_at.is_none_or(|at| at < before)
            && events.last().is_none_or(|event| event.at < before)
            && sent().next_back().is_none_or(|message| message.row.now < before)
            && chat.timers.next_timer_at.is_none()
            && !sent().any(super::Message::is_live)
            && !self.agreements.iter().any(|agreement| is_of(Some(agreement.person_id)))
            && !self.open_cases().iter().any(|case| is_of(case.person))
            && (!events.is_empty() || sent().next().is_some())
    }

    fn remove(&mut self, kind: Aged, old: &[Uuid]) {
        match kind {
            Aged::Deliveries => self.deliveries.retain(|id, _| !old.contains(id)),
            Aged::Inputs => {
                for input in self.inputs.extract_if(.., |input| old.contains(&input.row.id)) {
                    self.input_ids.remove(&input.row.id);
                    input.row.dedupe_key.map(|key| self.dedupe_keys.remove(&key));
                }
            }
            Aged::Notices => {
                for notice in self.notices.extract_if(.., |notice| old.contains(&notice.row.id)) {
                    self.dedupe_keys.remove(&notice.row.dedupe_key);
                }
                let pending = (0..).zip(&self.notices).filter(|(_, notice)| notice.done_at.is_none());
                self.pending_notices = pending.map(|(seq, _)| seq).collect();
            }
            Aged::Chats => {
                self.events.retain(|id, _| !old.contains(id));
                self.forget_media(old);
                self.outbox.retain(|message| !old.contains(&message.row.conversation));
                let sent = self.outbox.iter().enumerate();
                self.outbox_ids = sent.map(|(seq, message)| (message.row.id, seq)).collect();
            }
        }
    }
}
