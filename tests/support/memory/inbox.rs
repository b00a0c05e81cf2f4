//! Durable receipt of webhooks, in memory.

use super::{Chat, Input, MemoryStore, Notice, RawDelivery, Tables, rows};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::inbox::{Accepted, AppliedStatuses, Delivery, InboxStore, PendingNotice};
use crate::store::plan::accept::{
    AcceptPlan, AddressKey, Addresses, ConversationState, NoticeRow, dedupe_keys, plan as plan_accept,
};
use crate::store::plan::statuses::{self, OutboxState, StatusNotice, StatusPlan};
use crate::store::plan::turns::OptOutRow;
use crate::store::rows::{NoticeBody, readable};
use async_trait::async_trait;
use std::collections::HashSet;
use uuid::Uuid;

#[async_trait]
impl InboxStore for MemoryStore {
    async fn accept(&self, deliveries: &[Delivery]) -> Result<Vec<Accepted>, StoreError> {
        let mut tables = self.tables()?;
        let known = tables.addressed(&Addresses::of(deliveries));
        let keys = dedupe_keys(deliveries).into_iter();
        let stored: HashSet<String> = keys.filter(|key| tables.dedupe_keys.contains(key)).collect();
        let plan = plan_accept(deliveries, known, stored)?;
        for delivery in deliveries {
            tables.deliveries.entry(delivery.id).or_insert_with(|| RawDelivery {
                received_at: delivery.received_at.0,
                body: delivery.body.clone(),
                unreadable: delivery.unreadable.clone(),
            });
        }
        Ok(tables.receive(plan))
    }

    async fn pending_notices(&self, limit: u32) -> Result<Vec<PendingNotice>, StoreError> {
        let tables = self.tables()?;
        let pending = tables.pending_notices.iter().map(|seq| &tables.notices[*seq].row);
        let bodies = pending.filter(|row| row.kind != "status").take(rows(limit)).map(|row| NoticeBody {
            id: row.id,
            lender: row.lender.clone(),
            body: row.body.clone(),
            received_at: row.received_at,
        });
        Ok(readable(bodies.map(NoticeBody::read)))
    }

    async fn finish_notices(&self, ids: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        ids.iter().for_each(|id| tables.finish_notice(*id, now.0));
        Ok(())
    }

    async fn apply_statuses(
        &self,
        now: Timestamp,
        park_ms: i64,
        limit: u32,
    ) -> Result<AppliedStatuses, StoreError> {
        let mut tables = self.tables()?;
        let due = tables.due_statuses(now.0, rows(limit));
        if due.is_empty() {
            return Ok(AppliedStatuses::default());
        }
        let updates = statuses::read(due);
        let (wamids, ids) = statuses::subjects(&updates);
        let messages = tables.status_subjects(&wamids, &ids);
        let plan = statuses::plan(updates, messages, now.0, park_ms)?;
        tables.write_statuses(&plan, now.0);
        for input in plan.inputs {
            tables.add_input(input, now.0);
        }
        Ok(plan.applied)
    }

    async fn unreadable_count(&self) -> Result<u64, StoreError> {
        let tables = self.tables()?;
        let count = tables.deliveries.values().filter(|delivery| delivery.unreadable.is_some()).count();
        Ok(u64::try_from(count).unwrap())
    }
}

impl Tables {
    fn addressed(&self, addresses: &Addresses) -> Vec<ConversationState> {
        let wanted = |state: &ConversationState, value: Option<&String>, keys: &[AddressKey]| {
            value.is_some_and(|value| {
                keys.iter().any(|key| {
                    key.value == *value
                        && key.lender == state.lender
                        && key.phone_number_id == state.phone_number_id
                })
            })
        };
        let states = self.conversations.values().map(|chat| &chat.state);
        states
            .filter(|state| {
                wanted(state, state.wa_id.as_ref(), &addresses.wa_ids)
                    || wanted(state, state.bsuid.as_ref(), &addresses.bsuids)
            })
            .cloned()
            .collect()
    }

    fn receive(&mut self, plan: AcceptPlan) -> Vec<Accepted> {
        for state in plan.touched {
            let id = state.id;
            self.conversations.get_mut(&id).unwrap().state = state;
        }
        for state in plan.created {
            let mut chat = Chat::new(state);
            let of_address = |row: &&OptOutRow| {
                row.lender == chat.state.lender
                    && row.scope == "all"
                    && chat.shares_address(row.wa_id.as_deref(), row.bsuid.as_deref())
            };
            chat.opted_out = self.opt_outs.iter().rev().find(of_address).is_some_and(|row| row.stop);
            self.conversations.insert(chat.state.id, chat);
        }
        for row in plan.inputs {
            self.dedupe_keys.extend(row.dedupe_key.clone());
            self.input_ids.insert(row.id);
            self.inputs.push(Input { row, failures: 0, done_at: None });
        }
        for row in plan.notices {
            if self.dedupe_keys.insert(row.dedupe_key.clone()) {
                self.add_notice(row);
            }
        }
        plan.wrong_numbers.iter().for_each(|row| self.mark_wrong(row));
        plan.counts
    }

    fn add_notice(&mut self, row: NoticeRow) {
        let done_at = row.outcome.map(|_| row.received_at);
        if done_at.is_none() {
            self.pending_notices.insert(self.notices.len());
        }
        self.notices.push(Notice { next_at: row.received_at, row, done_at });
    }

    fn finish_notice(&mut self, id: Uuid, now: i64) {
        let seq = self.pending_notices.iter().copied().find(|seq| self.notices[*seq].row.id == id);
        if let Some(seq) = seq {
            self.notices[seq].done_at = Some(now);
            self.pending_notices.remove(&seq);
        }
    }

    fn due_statuses(&self, now: i64, limit: usize) -> Vec<StatusNotice> {
        let mut due: Vec<(i64, usize)> = self
            .pending_notices
            .iter()
            .filter(|seq| self.notices[**seq].row.kind == "status")
            .map(|seq| (self.notices[*seq].next_at, *seq))
            .filter(|(next_at, _)| *next_at <= now)
            .collect();
        due.sort_unstable();
        due.truncate(limit);
        let notice = |(_, seq): (i64, usize)| {
            let row = &self.notices[seq].row;
            StatusNotice {
                id: row.id,
                lender: row.lender.clone().unwrap_or_default(),
                body: row.body.clone(),
                received_at: row.received_at,
            }
        };
        due.into_iter().map(notice).collect()
    }

    fn status_subjects(&self, wamids: &[String], ids: &[Uuid]) -> Vec<OutboxState> {
        let named = |seq: &usize| {
            let message = &self.outbox[*seq];
            ids.contains(&message.row.id)
                || message.wamid.as_ref().is_some_and(|wamid| wamids.contains(wamid))
        };
        (0..self.outbox.len())
            .filter(named)
            .map(|seq| {
                let message = &self.outbox[seq];
                OutboxState {
                    id: message.row.id,
                    lender: message.row.lender.clone(),
                    conversation_id: message.row.conversation,
                    phone_number_id: self.conversations[&message.row.conversation]
                        .state
                        .phone_number_id
                        .clone(),
                    status: message.status.clone(),
                    wamid: message.wamid.clone(),
                    delivery_rank: message.delivery_rank,
                }
            })
            .collect()
    }

    fn write_statuses(&mut self, plan: &StatusPlan, now: i64) {
        for changed in &plan.changed {
            let seq = self.outbox_ids[&changed.id];
            let message = &mut self.outbox[seq];
            message.status.clone_from(&changed.status);
            message.wamid.clone_from(&changed.wamid);
            message.delivery_rank = changed.delivery_rank;
            message.told_at = message.told_at.or(Some(now));
        }
        for (id, _) in &plan.finished {
            self.finish_notice(*id, now);
        }
        for (id, next_at) in &plan.parked {
            let seq = self.pending_notices.iter().copied().find(|seq| self.notices[*seq].row.id == *id);
            self.notices[seq.unwrap()].next_at = *next_at;
        }
    }
}
