//! What the scheduler and the oracle may see of the store's rows, past every port.

use crate::store::memory::{MemoryStore, Tables};
use acuerdo::rules::doubt::SILENCE;
use std::collections::BTreeMap;
use std::sync::MutexGuard;
use uuid::Uuid;

/// The loops of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loop {
    Converse,
    Dispatch,
    Notices,
    Timers,
    Tickets,
}

/// When each loop finds something to do; `None` while nothing waits for it.
#[derive(Debug, Default)]
pub struct Due([Option<i64>; 5]);

impl Due {
    pub fn of(&self, kind: Loop) -> Option<i64> {
        self.0[kind as usize]
    }
}

#[derive(Debug, Clone)]
pub struct MessageView {
    pub id: Uuid,
    pub conversation: Uuid,
    pub label: &'static str,
    pub origin: String,
    pub status: String,
    pub why: Option<String>,
    pub attempts: i64,
    pub due_at: i64,
}

#[derive(Debug, Clone)]
pub struct InputView {
    pub conversation: Uuid,
    pub body: String,
    pub done: bool,
    pub failures: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketView {
    pub id: Uuid,
    pub lender: String,
    pub conversation: Uuid,
    pub status: String,
    pub agent: Option<Uuid>,
    pub leased_until: i64,
    pub token: i64,
    pub version: i64,
}

#[derive(Debug, Clone)]
pub struct ChatView {
    pub id: Uuid,
    pub next_claim_at: Option<i64>,
    pub ticket: Option<Uuid>,
}

#[derive(Debug, Clone)]
pub struct AgreementView {
    pub once_key: String,
    pub person: Uuid,
    pub reference: String,
    pub conversation: Option<Uuid>,
}

impl MemoryStore {
    fn look(&self) -> MutexGuard<'_, Tables> {
        self.tables().unwrap()
    }

    pub fn due(&self) -> Due {
        let tables = self.look();
        let mut due = Due::default();
        let mut put = |kind: Loop, at: Option<i64>| {
            let slot = &mut due.0[kind as usize];
            *slot = [*slot, at].into_iter().flatten().min();
        };
        put(Loop::Converse, tables.conversations.values().filter_map(|chat| chat.state.next_claim_at).min());
        let mut blocked: Vec<Uuid> = Vec::new();
        for message in &tables.outbox {
            let conversation = message.row.conversation;
            match message.status.as_str() {
                "queued" if !blocked.contains(&conversation) => {
                    let claimed = message.claimed_until.unwrap_or(message.due_at);
                    put(Loop::Dispatch, Some(message.due_at.max(claimed)));
                }
                "sending" => put(Loop::Dispatch, Some(message.leased_until)),
                "in_doubt" => {
                    put(Loop::Timers, message.doubt_until);
                    put(Loop::Timers, message.sent_at.map(|at| at + SILENCE.0));
                }
                "queued" => {}
                _ => continue,
            }
            blocked.push(conversation);
        }
        let pending = tables.pending_notices.iter().map(|seq| &tables.notices[*seq]);
        put(Loop::Notices, pending.map(|notice| notice.next_at).min());
        put(Loop::Timers, tables.conversations.values().filter_map(|chat| chat.timers.next_timer_at).min());
        for ticket in tables.tickets.values() {
            match ticket.row.status.as_str() {
                "assigned" => put(Loop::Tickets, Some(ticket.row.leased_until)),
                _ if ticket.row.version > ticket.published_version => put(Loop::Tickets, Some(0)),
                _ => {}
            }
        }
        due
    }

    pub fn messages(&self) -> Vec<MessageView> {
        self.look().outbox.iter().map(message_view).collect()
    }

    /// Status and rank of each message, in order, and nothing else: asked after every write.
    pub fn delivery_states(&self, mut each: impl FnMut(usize, &str, i64)) {
        for (seq, message) in self.look().outbox.iter().enumerate() {
            each(seq, &message.status, message.delivery_rank);
        }
    }

    /// The place in the outbox, the label and the origin of a message.
    pub fn message(&self, id: Uuid) -> Option<(usize, MessageView)> {
        let tables = self.look();
        let seq = *tables.outbox_ids.get(&id)?;
        Some((seq, message_view(&tables.outbox[seq])))
    }

    pub fn inputs(&self) -> Vec<InputView> {
        let tables = self.look();
        let view = |input: &crate::store::memory::Input| InputView {
            conversation: input.row.conversation,
            body: input.row.body.clone(),
            done: input.done_at.is_some(),
            failures: input.failures,
        };
        tables.inputs.iter().map(view).collect()
    }

    pub fn knows_item(&self, dedupe_key: &str) -> bool {
        self.look().dedupe_keys.contains(dedupe_key)
    }

    pub fn n_pending_notices(&self) -> usize {
        self.look().pending_notices.len()
    }

    pub fn ticket_views(&self) -> Vec<TicketView> {
        let tables = self.look();
        let view = |ticket: &crate::store::memory::DeskTicket| TicketView {
            id: ticket.row.id,
            lender: ticket.row.lender.clone(),
            conversation: ticket.row.conversation_id,
            status: ticket.row.status.clone(),
            agent: ticket.row.agent_id,
            leased_until: ticket.row.leased_until,
            token: ticket.row.lease_token,
            version: ticket.row.version,
        };
        tables.tickets.values().map(view).collect()
    }

    pub fn chats(&self) -> Vec<ChatView> {
        self.look().conversations.values().map(view_of).collect()
    }

    /// Kind and body of each log entry of a conversation, in order.
    pub fn log(&self, conversation: Uuid) -> Vec<(i64, String, String)> {
        let log = self.look().log(conversation, 0, u32::MAX).unwrap();
        log.into_iter().map(|(seq, event)| (seq, event.kind, event.body.into_string())).collect()
    }

    pub fn agreement_views(&self) -> Vec<AgreementView> {
        let tables = self.look();
        let view = |row: &crate::store::rows::people::AgreementRow| AgreementView {
            once_key: row.once_key.clone(),
            person: row.person_id,
            reference: row.reference.clone(),
            conversation: row.conversation_id,
        };
        tables.agreements.iter().map(view).collect()
    }

    /// Tries of proof that passed, by conversation.
    pub fn proofs(&self) -> BTreeMap<Uuid, usize> {
        let mut proofs = BTreeMap::new();
        for row in self.look().tries.iter().filter(|row| row.passed.is_some()) {
            *proofs.entry(row.conversation).or_default() += 1;
        }
        proofs
    }

    /// Changes with every change that matters to a reader of a trace.
    pub fn pulse(&self) -> i64 {
        let tables = self.look();
        let count = |n: usize| i64::try_from(n).unwrap();
        let chats = tables.conversations.values();
        let sent = tables.outbox.iter().map(|message| message.lease_token * 7 + count(message.status.len()));
        chats.map(|chat| chat.lease_token * 3 + chat.version).sum::<i64>()
            + sent.sum::<i64>() * 11
            + tables.tickets.values().map(|ticket| ticket.row.version * 5).sum::<i64>()
            + count(
                tables.inputs.len() * 13 + tables.pending_notices.len() * 1_009 + tables.notices.len() * 17,
            )
    }

    /// For a planted bug: the present lease token and version of a conversation.
    pub fn fencing(&self, conversation: Uuid) -> Option<(i64, i64)> {
        self.look().conversations.get(&conversation).map(|chat| (chat.lease_token, chat.version))
    }

    /// For a planted bug: an assigned ticket is free again.
    pub fn free_ticket(&self, id: Uuid) {
        if let Some(ticket) = self.look().tickets.get_mut(&id)
            && ticket.row.status == "assigned"
        {
            ticket.row.leased_until = 0;
        }
    }

    /// For a planted bug: a message that was taken falls back.
    pub fn lower_rank(&self) {
        if let Some(message) = self.look().outbox.iter_mut().find(|message| message.delivery_rank > 1) {
            message.delivery_rank = 1;
        }
    }
}

fn view_of(chat: &crate::store::memory::Chat) -> ChatView {
    ChatView { id: chat.state.id, next_claim_at: chat.state.next_claim_at, ticket: chat.ticket }
}

fn message_view(message: &crate::store::memory::Message) -> MessageView {
    MessageView {
        id: message.row.id,
        conversation: message.row.conversation,
        label: message.row.label,
        origin: message.row.origin.clone(),
        status: message.status.clone(),
        why: message.why.clone(),
        attempts: message.attempts,
        due_at: message.due_at,
    }
}
