//! The commit of turns, in memory.

use super::dead_letters::DeadLetter;
use super::{DeskTicket, Input, Tables};
use crate::ports::StoreError;
use crate::ports::conversations::{CommitRefused, TurnCommit};
use crate::ports::people::TriesOf;
use crate::store::plan::tries::Judging;
use crate::store::plan::turns::{
    ConversationChange, Locked, LockedConversation, OnceKeys, OpenedRow, ProofRow, RaisedRow, Stored,
    TicketTouchRow, TurnBatch, WrongNumberRow, judge, once_keys, waves,
};
use crate::store::rows::tickets::TicketRow;
use std::collections::HashMap;
use uuid::Uuid;

impl Tables {
    pub(super) fn commit(
        &mut self,
        commits: &[TurnCommit],
    ) -> Result<Vec<Result<(), CommitRefused>>, StoreError> {
        let mut verdicts = vec![Err(CommitRefused::Stale); commits.len()];
        for wave in waves(commits) {
            let part: Vec<&TurnCommit> = wave.iter().map(|index| &commits[*index]).collect();
            for (index, verdict) in wave.iter().zip(self.commit_wave(&part)?) {
                verdicts[*index] = verdict;
            }
        }
        Ok(verdicts)
    }

    fn commit_wave(&mut self, commits: &[&TurnCommit]) -> Result<Vec<Result<(), CommitRefused>>, StoreError> {
        let locked = self.lock(commits);
        let once = self.taken_keys(commits, &locked);
        let tries = self.newest_tries(commits, &locked);
        let verdicts = judge(commits, &locked, Stored { once, tries });
        let batch = TurnBatch::of(commits, &verdicts, &locked)?;
        // What a database would refuse comes first: a refusal leaves nothing behind.
        if batch.agreements.iter().any(|new| self.agreements.iter().any(|old| old.id == new.id)) {
            return Err(StoreError::Conflict { constraint: "agreements.id".to_owned() });
        }
        self.write(batch);
        Ok(verdicts)
    }

    fn newest_tries(&self, commits: &[&TurnCommit], locked: &Locked) -> HashMap<Uuid, i64> {
        let Some(judging) = Judging::of(commits, locked) else { return HashMap::new() };
        let newest = |asked: &TriesOf| {
            self.identity_history(asked.conversation, &asked.candidates, judging.now).newest
        };
        judging.asked.iter().map(|asked| (asked.conversation.0, newest(asked))).collect()
    }

    fn lock(&self, commits: &[&TurnCommit]) -> Locked {
        commits
            .iter()
            .filter_map(|commit| self.conversations.get(&commit.conversation.0))
            .map(|chat| {
                let row = LockedConversation {
                    id: chat.state.id,
                    lender: chat.state.lender.clone(),
                    wa_id: chat.state.wa_id.clone(),
                    bsuid: chat.state.bsuid.clone(),
                    version: chat.version,
                    lease_token: chat.lease_token,
                    last_event_seq: chat.last_event_seq,
                    ticket_id: chat.ticket,
                    opted_out: chat.opted_out,
                };
                (row.id, row)
            })
            .collect()
    }

    fn taken_keys(&self, commits: &[&TurnCommit], locked: &Locked) -> OnceKeys {
        let (lenders, keys) = once_keys(commits, locked);
        let stored = |pair: &(String, String)| {
            self.agreements.iter().any(|row| row.lender == pair.0 && row.once_key == pair.1)
        };
        lenders.into_iter().zip(keys).filter(stored).collect()
    }

    fn write(&mut self, batch: TurnBatch) {
        for consumed in &batch.consumed {
            let is_it = |input: &&mut Input| {
                input.row.id == consumed.input
                    && input.row.conversation == consumed.conversation
                    && input.done_at.is_none()
            };
            if let Some(input) = self.inputs.iter_mut().find(is_it) {
                input.done_at = Some(consumed.done_at);
            }
        }
        for withheld in batch.withheld {
            let is_it = |input: &&mut Input| {
                input.row.id == withheld.input && input.row.conversation == withheld.conversation
            };
            if let Some(input) = self.inputs.iter_mut().find(is_it) {
                input.row.body = withheld.body;
            }
        }
        for event in batch.events {
            self.events.entry(event.conversation).or_default().push(event);
        }
        self.withdraw(&batch.withdrawn);
        self.insert_outbox(batch.outbox);
        self.agreements.extend(batch.agreements);
        for claim in batch.claims {
            if self.claims.iter().all(|known| known.id != claim.id) {
                self.claims.push(claim);
            }
        }
        for case in batch.cases {
            self.closed_cases.remove(&case.id);
            if self.cases.iter().all(|known| known.id != case.id) {
                self.cases.push(case);
            }
        }
        self.opt_outs.extend(batch.opt_outs);
        for row in batch.tries {
            if self.tries.iter().all(|known| known.id != row.id) {
                self.tries.push(row);
            }
        }
        for row in batch.try_persons {
            self.try_persons.insert((row.try_id, row.person), row.lender);
        }
        for row in batch.proofs {
            let is_it =
                |known: &ProofRow| (known.conversation, known.from_seq) == (row.conversation, row.from_seq);
            if !self.proofs.iter().any(is_it) {
                self.proofs.push(row);
            }
        }
        batch.wrong_numbers.iter().for_each(|row| self.mark_wrong(row));
        for row in batch.reserved {
            if let Some(person) =
                self.persons.get_mut(&row.person).filter(|person| person.lender == row.lender)
            {
                person.reserved = row.reserved;
            }
        }
        batch.closed.iter().for_each(|row| self.close_ticket(row));
        batch.opened.into_iter().for_each(|row| self.open_ticket(row));
        batch.raised.into_iter().for_each(|row| self.raise_ticket(row));
        batch.spoke.iter().for_each(|row| self.customer_spoke(row));
        for row in batch.dead {
            if self.dead_letters.iter().all(|known| known.id != row.id) {
                self.dead_letters.push(DeadLetter { id: row.id, row: Some(row) });
            }
        }
        batch.media.into_iter().for_each(|row| self.want_media(row));
        batch.conversations.into_iter().for_each(|change| self.change(change));
    }

    /// A variant of the number (Brazil's ninth digit, Mexico's 52 1) has the same last eight digits.
    pub(super) fn mark_wrong(&mut self, wrong: &WrongNumberRow) {
        let tail = |phone: &str| phone[phone.len().saturating_sub(8)..].to_owned();
        for ((lender, phone, person), wrong_at) in &mut self.person_phones {
            let meant = match wrong.person {
                None => *phone == wrong.phone,
                Some(who) => who == *person && tail(phone) == tail(&wrong.phone),
            };
            if meant && *lender == wrong.lender && wrong_at.is_none() {
                *wrong_at = Some(wrong.at);
            }
        }
    }

    fn touched(&mut self, touch: &TicketTouchRow) -> Option<&mut TicketRow> {
        let row = self.tickets.get_mut(&touch.id).map(|ticket| &mut ticket.row);
        row.filter(|row| {
            row.lender == touch.lender && row.conversation_id == touch.conversation && row.status != "closed"
        })
    }

    fn close_ticket(&mut self, touch: &TicketTouchRow) {
        if let Some(row) = self.touched(touch) {
            row.status = "closed".to_owned();
            row.closed_at = Some(touch.at);
            row.outcome.clone_from(&touch.outcome);
            row.waiting = false;
            row.version += 1;
        }
    }

    fn customer_spoke(&mut self, touch: &TicketTouchRow) {
        if let Some(row) = self.touched(touch).filter(|row| !row.waiting) {
            row.waiting = true;
            row.waiting_since = touch.at;
            row.version += 1;
        }
    }

    fn raise_ticket(&mut self, raised: RaisedRow) {
        let Some(ticket) = self.tickets.get_mut(&raised.id) else { return };
        let row = &mut ticket.row;
        let same = row.lender == raised.lender && row.conversation_id == raised.conversation;
        if !same || row.status == "closed" {
            return;
        }
        row.priority = row.priority.min(raised.priority);
        (row.reason, row.summary) = (raised.reason, raised.summary);
        if !row.waiting {
            (row.waiting, row.waiting_since) = (true, raised.at);
        }
        row.version += 1;
    }

    fn open_ticket(&mut self, opened: OpenedRow) {
        let open = |ticket: &DeskTicket| {
            ticket.row.conversation_id == opened.conversation && ticket.row.status != "closed"
        };
        let is_closed = opened.outcome.is_some();
        let (status, closed_at) = (opened.status().to_owned(), opened.closed_at());
        if self.tickets.contains_key(&opened.id) || !is_closed && self.tickets.values().any(open) {
            return;
        }
        let row = TicketRow {
            id: opened.id,
            lender: opened.lender,
            conversation_id: opened.conversation,
            queue: opened.queue,
            priority: opened.priority,
            reason: opened.reason,
            summary: opened.summary,
            status,
            agent_id: None,
            lease_token: 0,
            leased_until: 0,
            waiting: !is_closed,
            version: 1,
            opened_at: opened.at,
            waiting_since: opened.at,
            first_response_at: None,
            closed_at,
            outcome: opened.outcome,
        };
        self.tickets.insert(opened.id, DeskTicket { row, published_version: 0 });
    }

    /// With inputs left it can be claimed again: at once, or when the kept lease ends.
    fn change(&mut self, change: ConversationChange) {
        let oldest = self.oldest_pending(change.id);
        let chat = self.conversations.get_mut(&change.id).unwrap();
        chat.session = Some(change.session);
        chat.flow_hash = change.flow_hash;
        chat.assurance = change.assurance.to_owned();
        chat.person = change.person;
        chat.version += 1;
        chat.last_event_seq = change.last_event_seq;
        chat.ticket = change.ticket;
        chat.opted_out = change.opted_out;
        if let Some(timers) = change.timers {
            chat.timers = timers;
        }
        let kept = chat.state.leased_until;
        chat.state.next_claim_at = oldest.map(|received_at| if change.release { received_at } else { kept });
        if change.release {
            chat.state.leased_until = 0;
        }
    }

    fn oldest_pending(&self, conversation: Uuid) -> Option<i64> {
        self.pending_inputs(conversation).map(|input| input.row.received_at).min()
    }
}
