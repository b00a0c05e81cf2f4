//! Dead letters as rows.

use crate::domain::ids::{ConversationId, FlowHash, InboxId, LenderId, TicketId};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::dead_letters::{DeadDelivery, DeadTurn, NewDeadTurn};
use crate::store::rows::{Place, clean, json};
use sqlx::FromRow;
use uuid::Uuid;

#[derive(Debug, FromRow)]
pub(in crate::store) struct DeadTurnRow {
    pub id: Uuid,
    pub lender: String,
    pub conversation_id: Uuid,
    pub inputs: String,
    pub cause: String,
    pub detail: String,
    pub flow_hash: Option<String>,
    pub step: Option<String>,
    pub failures: i64,
    pub ticket_id: Option<Uuid>,
    pub at: i64,
}

impl DeadTurnRow {
    pub fn write(dead: &NewDeadTurn, lender: &str, conversation: Uuid, at: i64) -> Result<Self, StoreError> {
        let inputs: Vec<Uuid> = dead.inputs.iter().map(|input| input.0).collect();
        Ok(Self {
            id: dead.id,
            lender: lender.to_owned(),
            conversation_id: conversation,
            inputs: json(&inputs)?,
            cause: clean(&dead.cause),
            detail: clean(&dead.detail),
            flow_hash: dead.flow_hash.as_ref().map(|hash| clean(hash.as_str())),
            step: dead.step.as_deref().map(clean),
            failures: i64::from(dead.failures),
            ticket_id: dead.ticket.map(|ticket| ticket.0),
            at,
        })
    }

    pub fn read(self) -> Result<DeadTurn, StoreError> {
        let place = Place { table: "dead_letters", id: &self.id };
        let inputs: Vec<Uuid> = place.json("inputs", &self.inputs)?;
        let failures = place.count("failures", self.failures)?;
        Ok(DeadTurn {
            lender: LenderId(self.lender),
            conversation: ConversationId(self.conversation_id),
            at: Timestamp(self.at),
            turn: NewDeadTurn {
                id: self.id,
                inputs: inputs.into_iter().map(InboxId).collect(),
                cause: self.cause,
                detail: self.detail,
                flow_hash: self.flow_hash.map(FlowHash::new),
                step: self.step,
                failures,
                ticket: self.ticket_id.map(TicketId),
            },
        })
    }
}

/// What a retry puts back.
#[derive(Debug, FromRow)]
pub(in crate::store) struct RetriedRow {
    pub id: Uuid,
    pub conversation_id: Uuid,
    pub inputs: String,
}

impl RetriedRow {
    pub fn inputs(&self) -> Result<Vec<Uuid>, StoreError> {
        Place { table: "dead_letters", id: &self.id }.json("inputs", &self.inputs)
    }
}

#[derive(Debug, FromRow)]
pub(in crate::store) struct DeadDeliveryRow {
    pub id: Uuid,
    pub received_at: i64,
    pub bytes: i64,
    pub unreadable: String,
}

impl DeadDeliveryRow {
    pub fn read(self) -> DeadDelivery {
        DeadDelivery {
            id: self.id,
            received_at: Timestamp(self.received_at),
            bytes: u64::try_from(self.bytes).unwrap_or(0),
            why: self.unreadable,
        }
    }
}
