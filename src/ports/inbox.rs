//! Durable receipt of webhooks.

use crate::domain::ids::{LenderId, PhoneNumberId, Wamid};
use crate::domain::inbound::{StatusUpdate, WebhookItem};
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use async_trait::async_trait;
use uuid::Uuid;

/// One signed POST of Meta, whole.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub id: Uuid,
    pub received_at: Timestamp,
    /// The raw bytes as received, but for secrets that were blotted out.
    pub body: Vec<u8>,
    /// Why the body could not be read at all (not JSON); its items are then empty.
    pub unreadable: Option<String>,
    pub items: Vec<DeliveryItem>,
}

#[derive(Debug, Clone)]
pub struct DeliveryItem {
    /// Proposed id of the row (UUIDv7); used when the item is new.
    pub id: Uuid,
    /// The lender whose phone number it is; `None` = not ours: stored, counted, left alone.
    pub lender: Option<LenderId>,
    /// Unique per item: (phone_number_id, wamid), (wamid, status), or a hash of the content.
    pub dedupe_key: String,
    pub item: WebhookItem,
}

/// What became of the items of one delivery, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    pub new: u32,
    pub duplicate: u32,
    /// Items of phone numbers that are not ours.
    pub foreign: u32,
}

/// A status or notice that waits to be applied.
#[derive(Debug, Clone)]
pub struct PendingNotice {
    pub id: Uuid,
    pub lender: Option<LenderId>,
    pub item: WebhookItem,
    pub received_at: Timestamp,
}

#[async_trait]
pub trait InboxStore: Send + Sync {
    /// Stores deliveries and their items in one transaction (group commit).
    ///
    /// After it returns, everything survives a crash. An item whose `dedupe_key` is known is skipped.
    /// Messages, system events and echoes of a known lender with a usable identity become **inputs** of their
    /// conversation (see [`crate::ports::conversations`]), which is created or found by
    /// (phone_number_id, wa_id) or (phone_number_id, bsuid); when both are in the same payload and only one was
    /// known, the other is linked. When they point to two conversations, or the number to one of another BSUID, the
    /// conversation of the BSUID gets the input and the number (unless its holder has written since, or has no other
    /// address), is marked `number_changed_hands`, and the other one gets a system event. A system event finds its
    /// conversation by the old identity and replaces it by the new one; where another conversation has that, both are
    /// marked `identity_conflict` (the old stays in `conversation_aliases` with its end); when the holder left a
    /// number, it is marked wrong for whoever has it on file, so that the next one is a stranger.
    /// Everything else becomes a pending notice, and so does what is stale ([`WebhookItem::is_stale`]). Items without a lender are stored as notices already done.
    async fn accept(&self, deliveries: &[Delivery]) -> Result<Vec<Accepted>, StoreError>;

    /// Takes pending notices that are not statuses, oldest first, at most `limit`; they stay pending until
    /// [`InboxStore::finish_notices`].
    async fn pending_notices(&self, limit: u32) -> Result<Vec<PendingNotice>, StoreError>;

    async fn finish_notices(&self, ids: &[Uuid], now: Timestamp) -> Result<(), StoreError>;

    /// Applies pending statuses to their outbox rows, oldest first, at most `limit` in one transaction.
    ///
    /// Matches by wamid, else by callback data (`out:<outbox id>`), which also gives the row its wamid and
    /// resolves a row in doubt. Ranks only rise; `failed` counts only below `delivered`. A status without a row
    /// stays pending for `park` (milliseconds since received), then it is done as unmatched. A failure becomes a
    /// `DeliveryFailed` input of its conversation in the same transaction. Returns the failures, and how many rows
    /// were looked at.
    async fn apply_statuses(
        &self,
        now: Timestamp,
        park_ms: i64,
        limit: u32,
    ) -> Result<AppliedStatuses, StoreError>;

    /// Counts raw deliveries that were not readable, for operators.
    async fn unreadable_count(&self) -> Result<u64, StoreError>;
}

#[derive(Debug, Clone, Default)]
pub struct AppliedStatuses {
    pub seen: u32,
    pub unmatched: u32,
    /// Failed statuses with their outbox row and Meta's codes.
    pub failed: Vec<FailedDelivery>,
}

#[derive(Debug, Clone)]
pub struct FailedDelivery {
    pub outbox: crate::domain::ids::OutboxId,
    pub conversation: crate::domain::ids::ConversationId,
    pub lender: LenderId,
    pub phone_number_id: PhoneNumberId,
    pub wamid: Wamid,
    pub codes: Vec<i64>,
}

/// The status of a notice, for code that has only a [`WebhookItem`].
pub const fn as_status(item: &WebhookItem) -> Option<&StatusUpdate> {
    if let WebhookItem::Status(status) = item { Some(status) } else { None }
}
