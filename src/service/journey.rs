//! The trail of one message in the log: received, answered in a turn, sent, and what WhatsApp says of it.
//!
//! Each line carries ids alone. `docs/OPERATIONS.md`, “Follow one message”, is how operators use it. The lines are of
//! level DEBUG and have a target of their own; switched off, they cost a comparison.

use crate::domain::ids::ConversationId;
use crate::domain::ids::derive;
use crate::domain::inbound::{StatusUpdate, WebhookItem};
use crate::domain::time::{Millis, Timestamp};
use crate::domain::trace::TraceId;
use crate::ports::conversations::{Claim, TurnCommit};
use crate::ports::inbox::{Delivery, DeliveryItem};
use crate::ports::outbox::{OutboxClaim, SendResult};
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tracing::Level;
use uuid::Uuid;

/// `ACUERDO_LOG=info,acuerdo::journey=debug` switches the trail on.
const TARGET: &str = "acuerdo::journey";

/// The turn's id: it derives from what both the turn and each of its messages carry, so nothing is stored for it.
pub fn turn_id(conversation: ConversationId, committed_at: Timestamp) -> Uuid {
    derive(&conversation.0, &format!("turn/{}", committed_at.0))
}

/// The message of ours that a status names in its callback data; only what is an id of ours, the rest came from outside.
pub fn outbox_of(status: &StatusUpdate) -> Option<Uuid> {
    let callback = status.callback_data.as_deref()?.strip_prefix("out:")?;
    Uuid::parse_str(callback).ok()
}

/// One line for each update of a stored delivery, to be called after the commit; `None` when the trail is off.
///
/// An update that was there already keeps its first id: `duplicates` says how many of the delivery were.
pub fn arrivals(delivery: &Delivery) -> Option<Vec<Arrival>> {
    tracing::enabled!(target: TARGET, Level::DEBUG)
        .then(|| delivery.items.iter().map(|item| Arrival::of(delivery.id, item)).collect())
}

/// What a line says of one update.
pub struct Arrival {
    delivery: Uuid,
    input: Uuid,
    kind: &'static str,
    /// A status names our message in its callback data.
    outbox: String,
    status: String,
}

impl Arrival {
    fn of(delivery: Uuid, item: &DeliveryItem) -> Self {
        let (outbox, status) = match &item.item {
            WebhookItem::Status(status) => (
                outbox_of(status).map(|id| id.to_string()).unwrap_or_default(),
                status.status.name().to_owned(),
            ),
            WebhookItem::Message(_)
            | WebhookItem::System(_)
            | WebhookItem::Preference(_)
            | WebhookItem::Echo(_)
            | WebhookItem::Account(_)
            | WebhookItem::Standby { .. }
            | WebhookItem::Error { .. }
            | WebhookItem::Unknown { .. } => (String::new(), String::new()),
        };
        Self { delivery, input: item.id, kind: item.item.kind(), outbox, status }
    }

    /// Writes the line.
    pub fn tell(&self, duplicates: u32) {
        tracing::debug!(
            target: TARGET,
            {
                delivery.id = %self.delivery,
                delivery.duplicates = duplicates,
                input.id = %self.input,
                item.kind = self.kind,
                item.status = self.status,
                outbox.id = self.outbox
            },
            "received"
        );
    }
}

/// Slow turns come in crowds: one is told a minute, with how many were not.
static SLOW_TURNS: Seldom = Seldom::new();

/// Lets one of many like it through a minute.
struct Seldom {
    told_at: AtomicI64,
    untold: AtomicU64,
}

impl Seldom {
    const fn new() -> Self {
        Self { told_at: AtomicI64::new(i64::MIN), untold: AtomicU64::new(0) }
    }

    /// How many were not told since the last that was; `None` when this one is not to be told either.
    fn tell(&self, now: Timestamp) -> Option<u64> {
        let told = self.told_at.load(Ordering::Relaxed);
        let soon = told != i64::MIN && (0..60_000).contains(&now.0.saturating_sub(told));
        let first =
            || self.told_at.compare_exchange(told, now.0, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if !soon && first() {
            return Some(self.untold.swap(0, Ordering::Relaxed));
        }
        self.untold.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// One line for a committed turn, which joins what came with what goes; and a warning when the person waited long.
pub fn turned(claim: &Claim, commit: &TurnCommit, slow: Millis) {
    let first = claim.inputs.iter().map(|input| input.received_at).min();
    let waited = commit.now.since(first.unwrap_or(commit.now));
    if waited > slow
        && let Some(untold) = SLOW_TURNS.tell(commit.now)
    {
        tracing::warn!(
            untold,
            turn.id = %turn_id(commit.conversation, commit.now),
            trace.id = trace_of(commit),
            conversation.id = %commit.conversation,
            lender.id = %claim.conversation.lender,
            input.id = %Ids(commit.consumed.iter().take(1)),
            inputs = commit.consumed.len(),
            waited_ms = waited.0,
            "slow turn: the person waited for it"
        );
    }
    tracing::debug!(
        target: TARGET,
        {
        turn.id = %turn_id(commit.conversation, commit.now),
        trace.id = trace_of(commit),
        conversation.id = %commit.conversation,
        lender.id = %claim.conversation.lender,
        input.ids = %Ids(commit.consumed.iter()),
        outbox.ids = %Ids(commit.outbox.iter().map(|message| &message.id)),
        waited_ms = waited.0
        },
        "turn committed"
    );
}

/// The id under which a trace viewer finds the turn; empty when nobody follows it.
fn trace_of(commit: &TurnCommit) -> String {
    commit.trace.as_ref().map(TraceId::to_string).unwrap_or_default()
}

/// One line for each try of a message.
pub fn tried(claim: &OutboxClaim, result: &SendResult, now: Timestamp) {
    let (outcome, why) = match result {
        SendResult::Accepted { .. } => ("accepted", ""),
        SendResult::InDoubt { why, .. } => ("in_doubt", why.as_str()),
        SendResult::Wait { why, .. } | SendResult::Back { why } => ("wait", why.as_str()),
        SendResult::Retry { why, .. } => ("retry", why.as_str()),
        SendResult::Refused { why, .. } => ("refused", why.as_str()),
    };
    tracing::debug!(
        target: TARGET,
        {
        turn.id = %turn_id(claim.conversation, claim.created_at),
        conversation.id = %claim.conversation,
        outbox.id = %claim.id,
        attempts = claim.attempts,
        outcome,
        why,
        waited_ms = now.since(claim.created_at).0
        },
        "message tried"
    );
}

/// Ids with a comma between.
struct Ids<I>(I);

impl<'a, T: fmt::Display + 'a, I: Iterator<Item = &'a T> + Clone> fmt::Display for Ids<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, id) in self.0.clone().enumerate() {
            if n > 0 {
                f.write_str(",")?;
            }
            id.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod seldom {
    use super::{Seldom, Timestamp};

    #[test]
    fn one_of_many_is_told_a_minute_with_how_many_were_not() {
        let seldom = Seldom::new();
        let told: Vec<_> =
            [0, 1, 59_999, 60_000, 60_001, 200_000].map(|at| seldom.tell(Timestamp(at))).into();
        assert_eq!(told, [Some(0), None, None, Some(2), None, Some(1)]);
    }
}
