//! Chats whose number and WhatsApp account point to two chats: nobody is trusted in them until a person has looked.

use crate::domain::ids::{ConversationId, LenderId};
use crate::domain::json_text::JsonText;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::conversations::ConversationStore;
use serde_json::Value;

/// Ends the conflict of a chat, with who did it and why on record; `false` where there is none. Nobody is proved by it,
/// and whoever was proved before is not any more.
///
/// # Errors
/// Those of the store.
pub async fn settle(
    store: &dyn ConversationStore,
    lender: &LenderId,
    conversation: ConversationId,
    record: &Value,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let body = JsonText::of(record).map_err(|error| StoreError::Corrupt {
        table: "events",
        column: "body",
        id: conversation.to_string(),
        why: error.to_string(),
    })?;
    let settled = store.settle_identity(lender, conversation, &body, now).await?;
    if settled {
        metrics::counter!("acuerdo_identity_conflicts_settled_total").increment(1);
        tracing::info!(conversation.id = %conversation, lender.id = %lender, "a conflict of identity was settled");
    }
    Ok(settled)
}
