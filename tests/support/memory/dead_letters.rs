//! What waits for an operator, in memory.

use super::{MemoryStore, RawDelivery, rows};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::dead_letters::{DeadDelivery, DeadLetterStore, DeadTurn};
use crate::store::rows::dead_letters::{DeadDeliveryRow, DeadTurnRow, RetriedRow};
use crate::store::rows::readable;
use async_trait::async_trait;
use uuid::Uuid;

/// A turn that was set aside; `row` is gone once it was retried.
pub(in crate::store) struct DeadLetter {
    pub id: Uuid,
    pub row: Option<DeadTurnRow>,
}

#[async_trait]
impl DeadLetterStore for MemoryStore {
    async fn dead_turns(&self, limit: u32) -> Result<Vec<DeadTurn>, StoreError> {
        let tables = self.tables()?;
        let mut open: Vec<&DeadTurnRow> =
            tables.dead_letters.iter().filter_map(|letter| letter.row.as_ref()).collect();
        open.sort_by_key(|row| (row.at, row.id));
        let copies = open.into_iter().take(rows(limit)).map(|row| DeadTurnRow {
            id: row.id,
            lender: row.lender.clone(),
            conversation_id: row.conversation_id,
            inputs: row.inputs.clone(),
            cause: row.cause.clone(),
            detail: row.detail.clone(),
            flow_hash: row.flow_hash.clone(),
            step: row.step.clone(),
            failures: row.failures,
            ticket_id: row.ticket_id,
            at: row.at,
        });
        Ok(readable(copies.map(DeadTurnRow::read)))
    }

    async fn retry_dead_turn(&self, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let letter = tables.dead_letters.iter_mut().find(|letter| letter.id == id);
        let Some(row) = letter.and_then(|letter| letter.row.take()) else { return Ok(false) };
        let conversation = row.conversation_id;
        let ids = RetriedRow { id: row.id, conversation_id: conversation, inputs: row.inputs }.inputs()?;
        let mut pending = false;
        for input in &mut tables.inputs {
            if ids.contains(&input.row.id) && input.row.conversation == conversation {
                input.done_at = None;
                input.failures = 0;
                pending = true;
            }
        }
        if pending {
            tables.wake(conversation, now.0);
        }
        Ok(true)
    }

    async fn dead_deliveries(&self, limit: u32) -> Result<Vec<DeadDelivery>, StoreError> {
        let tables = self.tables()?;
        let mut unread: Vec<(&Uuid, &RawDelivery)> =
            tables.deliveries.iter().filter(|(_, delivery)| delivery.unreadable.is_some()).collect();
        unread.sort_by_key(|(id, delivery)| (delivery.received_at, **id));
        let read = |(id, delivery): (&Uuid, &RawDelivery)| {
            DeadDeliveryRow {
                id: *id,
                received_at: delivery.received_at,
                bytes: i64::try_from(delivery.body.len()).unwrap(),
                unreadable: delivery.unreadable.clone().unwrap_or_default(),
            }
            .read()
        };
        Ok(unread.into_iter().take(rows(limit)).map(read).collect())
    }

    async fn delivery_body(&self, id: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.tables()?.deliveries.get(&id).map(|delivery| delivery.body.clone()))
    }

    async fn settle_delivery(&self, id: Uuid) -> Result<(), StoreError> {
        if let Some(delivery) = self.tables()?.deliveries.get_mut(&id) {
            delivery.unreadable = None;
        }
        Ok(())
    }
}
