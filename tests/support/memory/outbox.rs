//! Outgoing messages, in memory.

use super::{MemoryStore, Message, Tables, counted, rows};
use crate::domain::ids::{ConversationId, OutboxId};
use crate::domain::time::{Millis, Timestamp};
use crate::domain::trace::TraceId;
use crate::ports::StoreError;
use crate::ports::outbox::{
    DoubtEnd, Fate, FollowedMessage, Numbers, OpenDoubt, OutboxClaim, OutboxStore, SendResult, SentMessage,
    Wanted,
};
use crate::rules::doubt::{NEIGHBOURHOOD, SILENCE};
use crate::store::plan::turns::WithdrawnRow;
use crate::store::rows::outbox::{ClaimedRow, DoubtRow, FateRow, NewOutboxRow, ResultRow, SentRow, ended};
use crate::store::rows::people::AgreementRow;
use crate::store::rows::readable;
use async_trait::async_trait;
use std::collections::HashSet;

#[async_trait]
impl OutboxStore for MemoryStore {
    async fn claim_outbox(
        &self,
        now: Timestamp,
        lease: Millis,
        doubt: Millis,
        wanted: Wanted<'_>,
    ) -> Result<Vec<OutboxClaim>, StoreError> {
        let mut tables = self.tables()?;
        tables.doubt_expired(now, doubt);
        tables.void_agents();
        let claimed: Vec<ClaimedRow> = tables
            .sendable(now.0, wanted)
            .into_iter()
            .map(|seq| {
                let message = &mut tables.outbox[seq];
                message.lease_token += 1;
                message.claimed_until = Some(now.plus(lease).0);
                tables.claimed(seq)
            })
            .collect();
        Ok(readable(claimed.into_iter().map(ClaimedRow::read)))
    }

    async fn begin_sends(
        &self,
        now: Timestamp,
        lease: Millis,
        claims: &[(OutboxId, i64)],
    ) -> Result<Vec<OutboxId>, StoreError> {
        let mut tables = self.tables()?;
        let mut begun = Vec::new();
        for (id, token) in claims {
            let Some(seq) = tables.outbox_ids.get(&id.0).copied() else { continue };
            let message = &mut tables.outbox[seq];
            let held = message.status == "queued"
                && message.lease_token == *token
                && message.claimed_until.is_some_and(|until| until > now.0);
            if held {
                message.status = "sending".to_owned();
                message.claimed_until = None;
                message.sent_at = Some(now.0);
                message.leased_until = now.plus(lease).0;
                message.attempts += 1;
                begun.push(*id);
            }
        }
        Ok(begun)
    }

    async fn finish_outbox(
        &self,
        now: Timestamp,
        results: &[(OutboxId, i64, SendResult)],
    ) -> Result<(), StoreError> {
        let mut tables = self.tables()?;
        for row in results.iter().map(ResultRow::write) {
            tables.finish(&row, now);
            for notice in tables
                .notices
                .iter_mut()
                .filter(|notice| row.wamid.is_some() && notice.row.wamid == row.wamid)
            {
                notice.next_at = notice.next_at.min(now.0);
            }
        }
        Ok(())
    }

    async fn open_doubts(&self, now: Timestamp, limit: u32) -> Result<Vec<OpenDoubt>, StoreError> {
        let tables = self.tables()?;
        let silent_since = now.minus(SILENCE).0;
        let mut found: Vec<DoubtRow> = (0..tables.outbox.len())
            .filter(|seq| {
                let message = &tables.outbox[*seq];
                message.status == "in_doubt"
                    && (message.sent_at.is_some_and(|at| at <= silent_since)
                        || message.doubt_until.is_some_and(|until| until <= now.0))
            })
            .map(|seq| tables.doubt(seq))
            .collect();
        found.sort_by_key(|row| row.doubt_until);
        found.truncate(rows(limit));
        Ok(readable(found.into_iter().map(DoubtRow::read)))
    }

    async fn end_doubts(
        &self,
        now: Timestamp,
        ends: &[(OutboxId, i64, DoubtEnd)],
    ) -> Result<u32, StoreError> {
        let mut tables = self.tables()?;
        let mut n_ended = 0;
        for (id, token, end) in ends {
            let Some(seq) = tables.outbox_ids.get(&id.0).copied() else { continue };
            let message = &mut tables.outbox[seq];
            if message.status == "in_doubt" && message.lease_token == *token {
                message.status = ended(*end).to_owned();
                message.doubt_until = None;
                message.finished_at = (*end == DoubtEnd::Unconfirmed).then_some(now.0);
                n_ended += 1;
            }
        }
        Ok(counted(n_ended))
    }

    async fn withdraw_sends(&self, now: Timestamp, ids: &[OutboxId], why: &str) -> Result<u32, StoreError> {
        let mut tables = self.tables()?;
        let mut n_withdrawn = 0;
        for id in ids {
            let Some(seq) = tables.outbox_ids.get(&id.0).copied() else { continue };
            let message = &mut tables.outbox[seq];
            if message.status == "queued" && message.claimed_until.is_none_or(|until| until <= now.0) {
                message.status = "refused".to_owned();
                message.why = Some(why.to_owned());
                message.finished_at = Some(now.0);
                n_withdrawn += 1;
            }
        }
        Ok(counted(n_withdrawn))
    }

    async fn fate(&self, id: OutboxId) -> Result<Fate, StoreError> {
        let tables = self.tables()?;
        let Some(message) = tables.outbox.iter().find(|message| message.row.id == id.0) else {
            return Ok(Fate::Missed);
        };
        let taken_at = message.finished_at.unwrap_or(message.row.now);
        let status = message.status.clone();
        FateRow { status, delivery_rank: message.delivery_rank, taken_at }.read(id)
    }

    async fn followed_messages(&self, ids: &[OutboxId]) -> Result<Vec<FollowedMessage>, StoreError> {
        let tables = self.tables()?;
        let asked = tables.outbox.iter().filter(|message| ids.contains(&OutboxId(message.row.id)));
        let followed = asked.filter_map(|message| {
            Some(FollowedMessage {
                id: OutboxId(message.row.id),
                trace: TraceId(message.row.trace?),
                conversation: ConversationId(message.row.conversation),
                created_at: Timestamp(message.row.now),
                attempts: u32::try_from(message.attempts).unwrap_or(0),
            })
        });
        Ok(followed.collect())
    }

    async fn sent_messages(
        &self,
        conversation: ConversationId,
        limit: u32,
    ) -> Result<Vec<SentMessage>, StoreError> {
        let tables = self.tables()?;
        let mine = |message: &&Message| message.row.conversation == conversation.0;
        let mut newest: Vec<&Message> = tables.outbox.iter().rev().filter(mine).take(rows(limit)).collect();
        newest.reverse();
        newest.into_iter().map(|message| sent_row(message).read()).collect()
    }
}

fn sent_row(message: &Message) -> SentRow {
    SentRow {
        id: message.row.id,
        content: message.row.content.clone(),
        origin: message.row.origin.clone(),
        status: message.status.clone(),
        delivery_rank: message.delivery_rank,
        wamid: message.wamid.clone(),
        why: message.why.clone(),
        created_at: message.row.now,
        agent_id: message.row.agent.map(|mark| mark.agent),
    }
}

impl Tables {
    /// Queues messages in order and returns how many were new.
    pub(super) fn insert_outbox(&mut self, new: Vec<NewOutboxRow>) -> usize {
        let before = self.outbox.len();
        for row in new {
            if self.outbox_ids.contains_key(&row.id) {
                continue;
            }
            self.outbox_ids.insert(row.id, self.outbox.len());
            self.outbox.push(Message {
                due_at: row.now,
                row,
                status: "queued".to_owned(),
                lease_token: 0,
                leased_until: 0,
                claimed_until: None,
                sent_at: None,
                told_at: None,
                doubt_until: None,
                attempts: 0,
                wamid: None,
                delivery_rank: 0,
                why: None,
                finished_at: None,
            });
        }
        self.outbox.len() - before
    }

    /// Refuses queued messages that have lost their sense.
    pub(super) fn withdraw(&mut self, rows: &[WithdrawnRow]) {
        for row in rows {
            for message in &mut self.outbox {
                if message.row.conversation == row.conversation
                    && message.row.origin == row.origin
                    && message.status == "queued"
                {
                    message.status = "refused".to_owned();
                    message.why = Some(row.why.clone());
                }
            }
        }
    }

    /// The sender may have died after its request; a status that came meanwhile has given the wamid.
    fn doubt_expired(&mut self, now: Timestamp, doubt: Millis) {
        for message in &mut self.outbox {
            if message.status == "sending" && message.leased_until <= now.0 {
                let status = if message.wamid.is_none() { "in_doubt" } else { "accepted" };
                message.status = status.to_owned();
                message.doubt_until = Some(now.plus(doubt).0);
                message.why = Some("the sender stopped before it reported a result".to_owned());
            }
        }
    }

    fn void_agents(&mut self) {
        let tickets = &self.tickets;
        for message in &mut self.outbox {
            let Some(mark) = message.row.agent.filter(|_| message.status == "queued") else { continue };
            let taken = tickets.get(&mark.ticket).is_some_and(|ticket| {
                ticket.row.lease_token > mark.token && ticket.row.agent_id.is_some_and(|id| id != mark.agent)
            });
            if taken {
                message.status = "refused".to_owned();
                message.why = Some("another agent has the ticket now".to_owned());
            }
        }
    }

    /// The first live message of a conversation may go; one that is claimed, sending or in doubt is always the first, and
    /// an agent's waits for what is unread.
    fn sendable(&self, now: i64, wanted: Wanted<'_>) -> Vec<usize> {
        let mut seen = HashSet::new();
        let mut found: Vec<(bool, i64, usize)> = self
            .outbox
            .iter()
            .enumerate()
            .filter(|(_, message)| message.is_live() && seen.insert(message.row.conversation))
            .filter(|(_, message)| message.status == "queued" && message.due_at <= now)
            .filter(|(_, message)| message.claimed_until.is_none_or(|until| until <= now))
            .filter(|(_, message)| {
                let number = &self.conversations[&message.row.conversation].state.phone_number_id;
                match wanted.of {
                    Numbers::Any => true,
                    Numbers::One(one) => one.as_str() == number,
                    Numbers::NoneOf(numbers) => numbers.iter().all(|one| one.as_str() != number),
                }
            })
            .filter(|(_, message)| {
                let mut unread = self.pending_inputs(message.row.conversation);
                message.row.origin != "agent" || !unread.any(|input| input.row.dedupe_key.is_some())
            })
            .map(|(seq, message)| (message.row.origin == "proactive", message.due_at, seq))
            .collect();
        found.sort_unstable();
        found.truncate(rows(wanted.most));
        let mut found: Vec<usize> = found.into_iter().map(|(_, _, seq)| seq).collect();
        found.sort_unstable();
        found
    }

    fn doubt(&self, seq: usize) -> DoubtRow {
        let message = &self.outbox[seq];
        let number = |message: &Message| &self.conversations[&message.row.conversation].state.phone_number_id;
        let near = self.outbox.iter().filter(|other| {
            other.status == "accepted"
                && number(other) == number(message)
                && message.sent_at.zip(other.finished_at).is_some_and(|(sent_at, taken_at)| {
                    taken_at <= sent_at && taken_at >= sent_at - NEIGHBOURHOOD.0
                })
        });
        let waits = near.map(|other| Some(other.told_at? - other.finished_at?)).collect::<Vec<_>>();
        let count = |n: usize| i64::try_from(n).unwrap();
        let names = |agreement: &AgreementRow| {
            agreement.conversation_id == Some(message.row.conversation)
                && Some(agreement.person_id) == message.row.subject
                && message.row.content.contains(agreement.reference.as_str())
        };
        DoubtRow {
            id: message.row.id,
            lease_token: message.lease_token,
            conversation_id: message.row.conversation,
            origin: message.row.origin.clone(),
            label: message.row.label.to_owned(),
            names_agreement: self.agreements.iter().any(names),
            sent_at: message.sent_at,
            doubt_until: message.doubt_until.unwrap_or_default(),
            is_reported: self.pending_notices.iter().any(|seq| {
                let notice = &self.notices[*seq].row;
                notice.kind == "status" && notice.body.contains(&message.row.id.to_string())
            }),
            n: count(waits.len()),
            n_told: count(waits.iter().flatten().count()),
            slowest: waits.into_iter().flatten().max().unwrap_or_default(),
        }
    }

    fn claimed(&self, seq: usize) -> ClaimedRow {
        let message = &self.outbox[seq];
        let chat = &self.conversations[&message.row.conversation];
        ClaimedRow {
            id: message.row.id,
            lease_token: message.lease_token,
            conversation_id: message.row.conversation,
            lender: message.row.lender.clone(),
            phone_number_id: chat.state.phone_number_id.clone(),
            wa_id: chat.state.wa_id.clone(),
            bsuid: chat.state.bsuid.clone(),
            content: message.row.content.clone(),
            label: message.row.label.to_owned(),
            origin: message.row.origin.clone(),
            attempts: message.attempts + 1,
            created_at: message.row.now,
            assurance: chat.assurance.clone(),
            identity_conflict: chat.state.identity_conflict,
            last_inbound_at: chat.state.last_inbound_at,
            opted_out: chat.opted_out,
            subject: message.row.subject,
            person_id: chat.person,
            reserved: chat
                .person
                .is_some_and(|id| self.persons.get(&id).is_some_and(|person| person.reserved.is_some())),
            last_inbound_wamid: chat.state.last_inbound_wamid.clone(),
            ticket_id: message.row.agent.map(|mark| mark.ticket),
            ticket_token: message.row.agent.map(|mark| mark.token),
        }
    }

    /// A wamid that a status brought proves that the message was taken, whatever the sender saw. Late news of a row
    /// whose doubt was settled counts only when it is good: its followers have gone. That it was taken counts under any
    /// token.
    fn finish(&mut self, result: &ResultRow, now: Timestamp) {
        let Some(seq) = self.outbox_ids.get(&result.id) else { return };
        let message = &mut self.outbox[*seq];
        let taken = result.status == "accepted";
        let open = matches!(message.status.as_str(), "queued" | "sending" | "in_doubt")
            || message.status == "unconfirmed" && taken;
        if message.lease_token != result.token && !taken || !open {
            return;
        }
        if message.status != "queued" {
            message.attempts -= result.untried;
        }
        let status = if message.wamid.is_some() { "accepted" } else { result.status };
        message.status = status.to_owned();
        message.claimed_until = None;
        message.wamid = message.wamid.take().or_else(|| result.wamid.clone());
        message.due_at = result.due_at.unwrap_or(message.due_at);
        message.doubt_until = result.doubt_until;
        message.why.clone_from(&result.why);
        message.finished_at = Some(now.0);
    }
}
