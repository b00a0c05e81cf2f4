//! What delivery statuses change in our messages: ranks rise, a failure counts only below `delivered`.

use crate::domain::ids::{ConversationId, LenderId, OutboxId, PhoneNumberId, Wamid, derive};
use crate::domain::inbound::{DeliveryStatus, StatusUpdate, WebhookItem};
use crate::ports::StoreError;
use crate::ports::conversations::InputKind;
use crate::ports::inbox::{AppliedStatuses, FailedDelivery};
use crate::store::plan::accept::InputRow;
use crate::store::rows::{Place, clean, json, readable};
use sqlx::FromRow;
use std::collections::HashMap;
use uuid::Uuid;

/// A parked status is looked at again after this, doubling; a message that becomes known wakes it at once.
const PARK_STEP_MS: i64 = 1_000;

#[derive(Debug, FromRow)]
pub(in crate::store) struct StatusNotice {
    pub id: Uuid,
    pub lender: String,
    pub body: String,
    pub received_at: i64,
}

/// A message of ours that a status may be about, read under its lock.
#[derive(Debug, Clone, FromRow)]
pub(in crate::store) struct OutboxState {
    pub id: Uuid,
    pub lender: String,
    pub conversation_id: Uuid,
    pub phone_number_id: String,
    pub status: String,
    pub wamid: Option<String>,
    pub delivery_rank: i64,
}

/// What one call of `apply_statuses` writes.
#[derive(Debug, Default)]
pub(in crate::store) struct StatusPlan {
    /// Messages whose status, wamid or rank changed.
    pub changed: Vec<OutboxState>,
    pub finished: Vec<(Uuid, &'static str)>,
    /// Statuses without a message, with the time of the next look.
    pub parked: Vec<(Uuid, i64)>,
    /// Tell each conversation which of its messages failed, in the same transaction.
    pub inputs: Vec<InputRow>,
    pub applied: AppliedStatuses,
}

/// A status as read from its notice.
pub(in crate::store) struct Update {
    notice: Uuid,
    lender: String,
    received_at: i64,
    status: StatusUpdate,
    wamid: String,
    outbox: Option<Uuid>,
}

pub(in crate::store) fn read(notices: Vec<StatusNotice>) -> Vec<Update> {
    readable(notices.into_iter().map(Update::read))
}

/// The wamids and outbox ids that the updates name, in equal order.
pub(in crate::store) fn subjects(updates: &[Update]) -> (Vec<String>, Vec<Uuid>) {
    let wamids = updates.iter().map(|update| update.wamid.clone()).collect();
    (wamids, updates.iter().filter_map(|update| update.outbox).collect())
}

pub(in crate::store) fn plan(
    updates: Vec<Update>,
    messages: Vec<OutboxState>,
    now: i64,
    park_ms: i64,
) -> Result<StatusPlan, StoreError> {
    let by_wamid: HashMap<String, usize> = messages
        .iter()
        .enumerate()
        .filter_map(|(index, message)| message.wamid.clone().map(|wamid| (wamid, index)))
        .collect();
    let by_id: HashMap<Uuid, usize> =
        messages.iter().enumerate().map(|(index, message)| (message.id, index)).collect();
    let mut messages: Vec<(OutboxState, bool)> =
        messages.into_iter().map(|message| (message, false)).collect();
    let mut plan = StatusPlan::default();
    for update in updates {
        plan.applied.seen += 1;
        let found = by_wamid.get(&update.wamid).or_else(|| by_id.get(update.outbox.as_ref()?));
        let message = found
            .and_then(|index| messages.get_mut(*index))
            .filter(|(message, _)| message.lender == update.lender);
        match message {
            Some((message, changed)) => {
                *changed |= apply(message, &update, &mut plan.applied.failed);
                plan.finished.push((update.notice, "applied"));
            }
            None if now - update.received_at >= park_ms => {
                plan.applied.unmatched += 1;
                plan.finished.push((update.notice, "unmatched"));
            }
            None => {
                let age = (now - update.received_at).max(PARK_STEP_MS);
                plan.parked.push((update.notice, (now + age).min(update.received_at + park_ms)));
            }
        }
    }
    plan.changed = messages.into_iter().filter_map(|(message, changed)| changed.then_some(message)).collect();
    plan.inputs = plan.applied.failed.iter().map(|failed| told(failed, now)).collect::<Result<_, _>>()?;
    Ok(plan)
}

/// A message fails at most once, so its id gives the input's.
fn told(failed: &FailedDelivery, now: i64) -> Result<InputRow, StoreError> {
    let kind =
        InputKind::DeliveryFailed { outbox: failed.outbox, codes: failed.codes.clone(), unconfirmed: None };
    Ok(InputRow {
        id: derive(&failed.outbox.0, "delivery-failed"),
        lender: failed.lender.as_str().to_owned(),
        conversation: failed.conversation.0,
        dedupe_key: None,
        body: json(&kind)?,
        received_at: now,
    })
}

impl Update {
    fn read(notice: StatusNotice) -> Result<Self, StoreError> {
        let place = Place { table: "notices", id: &notice.id };
        let WebhookItem::Status(status) = place.json("body", &notice.body)? else {
            return Err(place.corrupt("kind", "the body is not a status"));
        };
        Ok(Self {
            wamid: clean(status.wamid.as_str()),
            outbox: status.callback_data.as_deref().and_then(|text| text.strip_prefix("out:")?.parse().ok()),
            notice: notice.id,
            lender: notice.lender,
            received_at: notice.received_at,
            status,
        })
    }
}

/// Returns whether the message changed.
fn apply(message: &mut OutboxState, update: &Update, failures: &mut Vec<FailedDelivery>) -> bool {
    let before = (message.status.clone(), message.wamid.clone(), message.delivery_rank);
    if message.wamid.is_none() {
        message.wamid = Some(update.wamid.clone());
    }
    // A status proves that WhatsApp took the message, whatever its sender could find out; it must not be sent again. A row
    // that is still `sending` is left to its sender: it reports in a moment, and the wamid makes any result of it
    // `accepted`.
    if matches!(message.status.as_str(), "queued" | "in_doubt" | "unconfirmed") {
        message.status = "accepted".to_owned();
    }
    match (&update.status.status, update.status.status.rank()) {
        (_, Some(rank)) => {
            // A late `sent` does not undo a failure, a proof of delivery does.
            let rises = i64::from(rank) > message.delivery_rank && (message.delivery_rank >= 0 || rank >= 2);
            if rises {
                message.delivery_rank = i64::from(rank);
            }
        }
        (DeliveryStatus::Failed, None) if (0..2).contains(&message.delivery_rank) => {
            message.delivery_rank = -1;
            failures.push(FailedDelivery {
                outbox: OutboxId(message.id),
                conversation: ConversationId(message.conversation_id),
                lender: LenderId::new(message.lender.clone()),
                phone_number_id: PhoneNumberId::new(message.phone_number_id.clone()),
                wamid: Wamid::new(update.wamid.clone()),
                codes: update.status.errors.clone(),
            });
        }
        (
            DeliveryStatus::Failed
            | DeliveryStatus::Other(_)
            | DeliveryStatus::Sent
            | DeliveryStatus::Delivered
            | DeliveryStatus::Read
            | DeliveryStatus::Played,
            None,
        ) => {}
    }
    before != (message.status.clone(), message.wamid.clone(), message.delivery_rank)
}
