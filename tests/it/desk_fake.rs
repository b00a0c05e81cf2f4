//! A store of tickets in memory, as far as the desk needs one.

use acuerdo::domain::identity::WaIdentity;
use acuerdo::domain::ids::*;
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::ports::StoreError;
use acuerdo::ports::agents::{Agent, AgentStore};
use acuerdo::ports::conversations::*;
use acuerdo::ports::outbox::*;
use acuerdo::ports::people::*;
use acuerdo::ports::records::*;
use acuerdo::ports::tickets::*;
use async_trait::async_trait;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;

#[derive(Default)]
pub struct Fake {
    pub inner: Mutex<Inner>,
}

#[derive(Default)]
pub struct Inner {
    pub agents: Vec<(Agent, [u8; 32])>,
    pub tickets: BTreeMap<TicketId, Ticket>,
    pub tokens: HashMap<TicketId, i64>,
    pub published: HashSet<(TicketId, i64)>,
    pub conversations: HashMap<ConversationId, Conversation>,
    pub events: HashMap<ConversationId, Vec<(i64, Event)>>,
    pub sent: HashMap<ConversationId, Vec<SentMessage>>,
    pub inputs: Vec<(ConversationId, InputKind)>,
}

type R<T> = Result<T, StoreError>;

impl Inner {
    fn held(
        &mut self,
        lender: &LenderId,
        lease: Lease,
        now: Timestamp,
    ) -> Result<&mut Ticket, TicketRefused> {
        let ticket = self
            .tickets
            .get_mut(&lease.ticket)
            .filter(|t| t.lender == *lender)
            .ok_or(TicketRefused::Unknown)?;
        match ticket.status {
            TicketStatus::Assigned { agent, token, until } if agent == lease.agent => {
                if token == lease.token && now < until { Ok(ticket) } else { Err(TicketRefused::LeaseLost) }
            }
            TicketStatus::Assigned { .. } => Err(TicketRefused::NotYours),
            TicketStatus::Queued => Err(TicketRefused::LeaseLost),
            TicketStatus::Closed => Err(TicketRefused::Closed),
        }
    }

    pub fn log(&mut self, conversation: ConversationId, kind: &str, body: serde_json::Value, at: Timestamp) {
        let log = self.events.entry(conversation).or_default();
        let seq = log.len() as i64 + 1;
        log.push((seq, Event { turn: 0, kind: kind.to_owned(), body, at }));
    }
}

#[async_trait]
impl TicketStore for Fake {
    async fn ticket(&self, lender: &LenderId, id: TicketId) -> R<Option<Ticket>> {
        Ok(self.inner.lock().unwrap().tickets.get(&id).filter(|t| t.lender == *lender).cloned())
    }
    async fn open_tickets(&self, limit: u32) -> R<Vec<Ticket>> {
        let inner = self.inner.lock().unwrap();
        let mut open: Vec<_> =
            inner.tickets.values().filter(|t| t.status != TicketStatus::Closed).cloned().collect();
        open.sort_by_key(|t| t.waiting_since);
        open.truncate(limit as usize);
        Ok(open)
    }
    async fn tickets(
        &self,
        lender: &LenderId,
        queue: Option<&str>,
        open: bool,
        limit: u32,
    ) -> R<Vec<Ticket>> {
        let inner = self.inner.lock().unwrap();
        let mut found: Vec<_> = inner
            .tickets
            .values()
            .filter(|t| t.lender == *lender && queue.is_none_or(|q| t.queue == q))
            .filter(|t| (t.status != TicketStatus::Closed) == open)
            .cloned()
            .collect();
        found.sort_by_key(|t| std::cmp::Reverse(t.opened_at));
        found.truncate(limit as usize);
        Ok(found)
    }
    async fn unpublished_tickets(&self, limit: u32) -> R<Vec<Ticket>> {
        let inner = self.inner.lock().unwrap();
        let news = inner.tickets.values().filter(|t| {
            !matches!(t.status, TicketStatus::Assigned { .. })
                && !inner.published.contains(&(t.id, t.version))
        });
        Ok(news.take(limit as usize).cloned().collect())
    }
    async fn mark_published(&self, tickets: &[(TicketId, i64)]) -> R<()> {
        self.inner.lock().unwrap().published.extend(tickets);
        Ok(())
    }
    async fn assign(
        &self,
        lender: &LenderId,
        id: TicketId,
        agent: AgentId,
        until: Timestamp,
        now: Timestamp,
    ) -> R<Result<Ticket, TicketRefused>> {
        let mut inner = self.inner.lock().unwrap();
        let token = inner.tokens.get(&id).copied().unwrap_or(0) + 1;
        let Some(ticket) = inner.tickets.get_mut(&id).filter(|t| t.lender == *lender) else {
            return Ok(Err(TicketRefused::Unknown));
        };
        match ticket.status {
            TicketStatus::Closed => return Ok(Err(TicketRefused::Closed)),
            TicketStatus::Assigned { agent: holder, until, .. } if holder != agent && now < until => {
                return Ok(Err(TicketRefused::NotYours));
            }
            TicketStatus::Assigned { .. } | TicketStatus::Queued => {}
        }
        ticket.status = TicketStatus::Assigned { agent, token, until };
        ticket.version += 1;
        let ticket = ticket.clone();
        inner.tokens.insert(id, token);
        Ok(Ok(ticket))
    }
    async fn renew(
        &self,
        lender: &LenderId,
        lease: Lease,
        until: Timestamp,
        now: Timestamp,
    ) -> R<Result<(), TicketRefused>> {
        let mut inner = self.inner.lock().unwrap();
        Ok(inner.held(lender, lease, now).map(|ticket| {
            ticket.status = TicketStatus::Assigned { agent: lease.agent, token: lease.token, until };
        }))
    }
    async fn give_up(&self, lender: &LenderId, lease: Lease, now: Timestamp) -> R<Result<(), TicketRefused>> {
        let mut inner = self.inner.lock().unwrap();
        Ok(inner.held(lender, lease, now).map(|ticket| {
            ticket.status = TicketStatus::Queued;
            ticket.version += 1;
        }))
    }
    async fn requeue_expired(&self, now: Timestamp, limit: u32) -> R<Vec<Ticket>> {
        let mut inner = self.inner.lock().unwrap();
        let over = |t: &&mut Ticket| matches!(t.status, TicketStatus::Assigned { until, .. } if until <= now);
        let requeued = inner.tickets.values_mut().filter(over).take(limit as usize);
        Ok(requeued
            .map(|ticket| {
                ticket.status = TicketStatus::Queued;
                ticket.version += 1;
                ticket.clone()
            })
            .collect())
    }
    async fn act(
        &self,
        lender: &LenderId,
        lease: Lease,
        act: &AgentAct,
        now: Timestamp,
    ) -> R<Result<Ticket, TicketRefused>> {
        let mut inner = self.inner.lock().unwrap();
        let ticket = match inner.held(lender, lease, now) {
            Ok(ticket) => ticket,
            Err(refused) => return Ok(Err(refused)),
        };
        let (id, conversation) = (ticket.id, ticket.conversation);
        match act {
            AgentAct::Send { id, content } => {
                ticket.first_response_at.get_or_insert(now);
                inner.sent.entry(conversation).or_default().push(SentMessage {
                    id: *id,
                    content: content.clone(),
                    origin: Origin::Agent,
                    status: OutboxStatus::Queued,
                    delivery_rank: 0,
                    wamid: None,
                    why: None,
                    created_at: now,
                });
            }
            AgentAct::Note { text } => {
                inner.log(conversation, "note", serde_json::json!({"v": 1, "text": text}), now);
            }
            AgentAct::Resolve { outcome, .. } => {
                ticket.status = TicketStatus::Closed;
                ticket.version += 1;
                ticket.outcome = Some(outcome.clone());
                ticket.closed_at = Some(now);
                inner.inputs.push((conversation, InputKind::TicketClosed { ticket: id }));
            }
            AgentAct::ReturnToBot { step } => {
                ticket.status = TicketStatus::Closed;
                ticket.version += 1;
                ticket.outcome = Some("returned".to_owned());
                ticket.closed_at = Some(now);
                inner
                    .inputs
                    .push((conversation, InputKind::AgentReturned { ticket: id, step: step.clone() }));
            }
            AgentAct::Transfer { queue, reason } => {
                ticket.status = TicketStatus::Queued;
                ticket.version += 1;
                ticket.queue = queue.clone();
                ticket.reason = reason.clone();
            }
        }
        Ok(Ok(inner.tickets[&lease.ticket].clone()))
    }
}

#[async_trait]
impl AgentStore for Fake {
    async fn add_agent(&self, agent: &Agent, token_sha256: [u8; 32]) -> R<()> {
        self.inner.lock().unwrap().agents.push((agent.clone(), token_sha256));
        Ok(())
    }
    async fn agent_by_token(&self, token_sha256: [u8; 32]) -> R<Option<Agent>> {
        let inner = self.inner.lock().unwrap();
        Ok(inner.agents.iter().find(|(a, hash)| *hash == token_sha256 && a.active).map(|(a, _)| a.clone()))
    }
    async fn agents(&self, lender: &LenderId) -> R<Vec<Agent>> {
        let inner = self.inner.lock().unwrap();
        Ok(inner.agents.iter().filter(|(a, _)| a.lender == *lender).map(|(a, _)| a.clone()).collect())
    }
    async fn set_agent_active(&self, lender: &LenderId, id: AgentId, active: bool) -> R<bool> {
        let mut inner = self.inner.lock().unwrap();
        let found = inner.agents.iter_mut().find(|(a, _)| a.lender == *lender && a.id == id);
        Ok(found.map(|(agent, _)| agent.active = active).is_some())
    }
}

#[async_trait]
impl ConversationStore for Fake {
    async fn claim_conversations(&self, _: Timestamp, _: Millis, _: u32, _: u32) -> R<Vec<Claim>> {
        unimplemented!()
    }
    async fn commit_turns(&self, _: &[TurnCommit]) -> R<Vec<Result<(), CommitRefused>>> {
        unimplemented!()
    }
    async fn release(&self, _: ConversationId, _: i64, _: Timestamp) -> R<()> {
        unimplemented!()
    }
    async fn fire_timers(&self, _: Timestamp, _: u32) -> R<u32> {
        unimplemented!()
    }
    async fn add_input(&self, _: ConversationId, _: InboxId, _: InputKind, _: Timestamp) -> R<()> {
        unimplemented!()
    }
    async fn conversation(&self, id: ConversationId) -> R<Option<Conversation>> {
        Ok(self.inner.lock().unwrap().conversations.get(&id).cloned())
    }
    async fn conversation_of(&self, _: &PhoneNumberId, _: &WaIdentity) -> R<Option<Conversation>> {
        unimplemented!()
    }
    async fn events(&self, id: ConversationId, after_seq: i64, limit: u32) -> R<Vec<(i64, Event)>> {
        let inner = self.inner.lock().unwrap();
        let log = inner.events.get(&id).cloned().unwrap_or_default();
        Ok(log.into_iter().filter(|(seq, _)| *seq > after_seq).take(limit as usize).collect())
    }
    async fn backlog(&self, _: Timestamp) -> R<Backlog> {
        unimplemented!()
    }
}

#[async_trait]
impl OutboxStore for Fake {
    async fn claim_outbox(&self, _: Timestamp, _: Millis, _: Millis, _: u32) -> R<Vec<OutboxClaim>> {
        unimplemented!()
    }
    async fn finish_outbox(&self, _: Timestamp, _: &[(OutboxId, i64, SendResult)]) -> R<()> {
        unimplemented!()
    }
    async fn settle_doubts(&self, _: Timestamp, _: u32) -> R<u32> {
        unimplemented!()
    }
    async fn cancel_queued(&self, _: ConversationId, _: Origin, _: &str) -> R<u32> {
        unimplemented!()
    }
    async fn sent_messages(&self, id: ConversationId, _: u32) -> R<Vec<SentMessage>> {
        Ok(self.inner.lock().unwrap().sent.get(&id).cloned().unwrap_or_default())
    }
}

#[async_trait]
impl PeopleStore for Fake {
    async fn persons_by_phone(
        &self,
        _: &LenderId,
        _: &[String],
        _: u32,
    ) -> R<Vec<acuerdo::domain::debt::Person>> {
        unimplemented!()
    }
    async fn person_file(&self, _: &LenderId, _: PersonId) -> R<Option<PersonFile>> {
        Ok(None)
    }
    async fn identity_history(&self, _: ConversationId, _: &[PersonId], _: Timestamp) -> R<IdentityHistory> {
        unimplemented!()
    }
    async fn import(
        &self,
        _: &LenderId,
        _: &[acuerdo::domain::debt::Person],
        _: &[acuerdo::domain::debt::Obligation],
        _: Timestamp,
    ) -> R<ImportCounts> {
        unimplemented!()
    }
    async fn agreement_by_once(&self, _: &LenderId, _: &str) -> R<Option<acuerdo::domain::debt::Agreement>> {
        unimplemented!()
    }
    async fn add_agreement(&self, _: &acuerdo::domain::debt::Agreement) -> R<bool> {
        unimplemented!()
    }
    async fn persons(&self, _: &LenderId, _: u32) -> R<Vec<acuerdo::domain::debt::Person>> {
        unimplemented!()
    }
    async fn set_opt_out(
        &self,
        _: &LenderId,
        _: &WaIdentity,
        _: OptOutScope,
        _: bool,
        _: &str,
        _: Timestamp,
    ) -> R<u32> {
        unimplemented!()
    }
}
