//! Tickets and agents as rows.

use crate::domain::ids::{AgentId, ConversationId, LenderId, TicketId};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::agents::Agent;
use crate::ports::records::Priority;
use crate::ports::switches::Stop;
use crate::ports::tickets::{Lease, Ticket, TicketRefused, TicketStatus};
use crate::store::rows::Place;
use sqlx::FromRow;
use uuid::Uuid;

/// The columns of [`TicketRow`] but `summary`, whose cast differs.
macro_rules! ticket_columns {
    () => {
        "id, lender, conversation_id, queue, priority, reason, status, agent_id, lease_token, \
         leased_until, waiting, version, opened_at, waiting_since, first_response_at, closed_at, outcome"
    };
}
pub(in crate::store) use ticket_columns;

#[derive(Debug, Clone, FromRow)]
pub(in crate::store) struct TicketRow {
    pub id: Uuid,
    pub lender: String,
    pub conversation_id: Uuid,
    pub queue: String,
    pub priority: i64,
    pub reason: String,
    pub summary: String,
    pub status: String,
    pub agent_id: Option<Uuid>,
    pub lease_token: i64,
    pub leased_until: i64,
    pub waiting: bool,
    pub version: i64,
    pub opened_at: i64,
    pub waiting_since: i64,
    pub first_response_at: Option<i64>,
    pub closed_at: Option<i64>,
    pub outcome: Option<String>,
}

impl TicketRow {
    pub fn is_closed(&self) -> bool {
        self.status == "closed"
    }

    pub fn read(self) -> Result<Ticket, StoreError> {
        let place = Place { table: "tickets", id: &self.id };
        let rank = i16::try_from(self.priority).ok();
        Ok(Ticket {
            id: TicketId(self.id),
            lender: LenderId(self.lender.clone()),
            conversation: ConversationId(self.conversation_id),
            queue: self.queue.clone(),
            priority: place.name("priority", rank.and_then(Priority::from_rank))?,
            reason: self.reason.clone(),
            summary: place.json("summary", &self.summary)?,
            status: self.state()?,
            version: self.version,
            opened_at: Timestamp(self.opened_at),
            waiting_since: Timestamp(self.waiting_since),
            first_response_at: self.first_response_at.map(Timestamp),
            closed_at: self.closed_at.map(Timestamp),
            outcome: self.outcome.clone(),
        })
    }

    fn state(&self) -> Result<TicketStatus, StoreError> {
        let place = Place { table: "tickets", id: &self.id };
        match (self.status.as_str(), self.agent_id) {
            ("queued", _) => Ok(TicketStatus::Queued),
            ("closed", _) => Ok(TicketStatus::Closed),
            ("assigned", Some(agent)) => Ok(TicketStatus::Assigned {
                agent: AgentId(agent),
                token: self.lease_token,
                until: Timestamp(self.leased_until),
            }),
            _ => Err(place.corrupt("status", "a name that this program does not know")),
        }
    }

    /// Whether an agent may take the ticket now.
    pub fn may_be_assigned(
        &self,
        agent: AgentId,
        now: Timestamp,
    ) -> Result<Result<(), TicketRefused>, StoreError> {
        Ok(match self.state()? {
            TicketStatus::Closed => Err(TicketRefused::Closed),
            TicketStatus::Assigned { agent: holder, until, .. } if holder != agent && until > now => {
                Err(TicketRefused::NotYours)
            }
            TicketStatus::Queued | TicketStatus::Assigned { .. } => Ok(()),
        })
    }

    /// Whether a lease is live.
    pub fn holds(&self, lease: Lease, now: Timestamp) -> Result<Result<(), TicketRefused>, StoreError> {
        Ok(match self.state()? {
            TicketStatus::Closed => Err(TicketRefused::Closed),
            TicketStatus::Queued => Err(TicketRefused::LeaseLost),
            TicketStatus::Assigned { agent, .. } if agent != lease.agent => Err(TicketRefused::NotYours),
            TicketStatus::Assigned { token, until, .. } if token != lease.token || until <= now => {
                Err(TicketRefused::LeaseLost)
            }
            TicketStatus::Assigned { .. } => Ok(()),
        })
    }
}

#[derive(Debug, FromRow)]
pub(in crate::store) struct AgentRow {
    pub id: Uuid,
    pub lender: String,
    pub name: String,
    pub queues: String,
    pub active: bool,
    pub created_at: i64,
}

impl AgentRow {
    pub fn read(self) -> Result<Agent, StoreError> {
        let place = Place { table: "agents", id: &self.id };
        Ok(Agent {
            id: AgentId(self.id),
            lender: LenderId(self.lender),
            name: self.name,
            queues: place.json("queues", &self.queues)?,
            active: self.active,
            created_at: Timestamp(self.created_at),
        })
    }
}

#[derive(Debug, FromRow)]
pub(in crate::store) struct StopRow {
    pub lender: String,
    pub scope: String,
    pub reason: String,
    pub since: i64,
}

impl StopRow {
    pub fn read(self) -> Stop {
        Stop {
            lender: LenderId(self.lender),
            scope: self.scope,
            reason: self.reason,
            since: Timestamp(self.since),
        }
    }
}
