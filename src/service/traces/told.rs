//! From what services hold in their hands to what is told of it.

use crate::domain::ids::{InboxId, OutboxId, derive};
use crate::domain::inbound::{DeliveryStatus, WebhookItem};
use crate::domain::time::Timestamp;
use crate::domain::trace::TraceId;
use crate::ports::conversations::{Claim, InputKind, StoredInput, TurnCommit};
use crate::ports::inbox::{Accepted, Delivery, DeliveryItem};
use crate::ports::outbox::{OutboxClaim, SendResult};
use crate::service::dispatch::bounded;
use crate::service::journey::{outbox_of, turn_id};
use crate::service::traces::{Lap, Received, SendTried, Stage, StatusTold, Traces, Turned, Watch};
use uuid::Uuid;

/// What a delivery holds that is followed, until it is stored.
pub struct Arrivals {
    traces: Traces,
    watch: Watch,
    stages: Vec<Stage>,
}

impl Traces {
    /// To be finished after the commit; `None` while traces are off.
    pub fn arrivals(&self, delivery: &Delivery) -> Option<Arrivals> {
        let watch = self.watch(|| delivery.received_at)?;
        let stages =
            delivery.items.iter().filter_map(|item| self.arrival(delivery.id, item, watch)).collect();
        Some(Arrivals { traces: self.clone(), watch, stages })
    }

    fn arrival(&self, delivery: Uuid, item: &DeliveryItem, watch: Watch) -> Option<Stage> {
        let (begin, end) = (watch.began(), watch.began());
        match &item.item {
            WebhookItem::Message(_) | WebhookItem::System(_) | WebhookItem::Echo(_) => {
                let (input, lender) = (InboxId(item.id), item.lender.clone()?);
                let kind = item.item.kind();
                let received = Received { input, delivery, kind, lender, begin, end, error: None };
                self.follows(input).then_some(Stage::Received(received))
            }
            WebhookItem::Status(status) => {
                let (outbox, status) = (OutboxId(outbox_of(status)?), known(&status.status)?);
                Some(Stage::StatusTold(StatusTold { outbox, delivery, status, begin, end }))
            }
            WebhookItem::Preference(_)
            | WebhookItem::Account(_)
            | WebhookItem::Standby { .. }
            | WebhookItem::Error { .. }
            | WebhookItem::Unknown { .. } => None,
        }
    }

    /// A turn that is in the database now.
    pub fn turned(&self, claim: &Claim, commit: &TurnCommit, batch: usize, watch: Watch, laps: Vec<Lap>) {
        if let Some(trace) = commit.trace {
            let turn = turn_id(commit.conversation, commit.now);
            let turned = Turned {
                messages: commit.outbox.len(),
                batch,
                laps,
                ..about(claim, trace, (turn, commit.now), watch)
            };
            self.tell(Stage::Turned(Box::new(turned)));
        }
    }

    /// A turn that was not committed; `error` is a word for it.
    pub fn turn_failed(&self, claim: &Claim, tries: u32, error: &'static str, now: Timestamp) {
        if let (Some(trace), Some(watch)) = (self.of_turn(claim), self.watch(|| now)) {
            let turn = derive(&trace.0, &format!("failed/{tries}"));
            let turned = Turned { error: Some(error), ..about(claim, trace, (turn, now), watch) };
            self.tell(Stage::Turned(Box::new(turned)));
        }
    }

    /// A message that was tried; one that was held was not.
    pub fn tried(&self, claim: &OutboxClaim, result: &SendResult, watch: Option<Watch>) {
        let Some(watch) = watch else { return };
        let (outcome, why, code) = match result {
            SendResult::Accepted { .. } => ("accepted", None, None),
            SendResult::InDoubt { .. } => ("in_doubt", Some("in_doubt".to_owned()), None),
            SendResult::Wait { .. } | SendResult::Back { .. } => return,
            SendResult::Retry { why, code, .. } => ("retry", Some(bounded(why)), *code),
            SendResult::Refused { why, code } => ("refused", Some(bounded(why)), *code),
        };
        self.tell(Stage::SendTried(SendTried {
            outbox: claim.id,
            lender: claim.lender.clone(),
            kind: claim.content.kind(),
            attempts: claim.attempts,
            outcome,
            why,
            code,
            begin: watch.began(),
            end: watch.now(),
        }));
    }
}

impl Arrivals {
    /// Tells them, unless all of it was there before: then the ids that were proposed are in no table.
    pub fn finish<E>(self, stored: &Result<Accepted, E>) {
        if stored.as_ref().is_ok_and(|accepted| accepted.new == 0) {
            return;
        }
        let done = self.watch.now();
        for stage in self.stages {
            match (stage, stored.is_ok()) {
                (Stage::Received(received), stored) => {
                    let error = (!stored).then_some("not_stored");
                    self.traces.tell(Stage::Received(Received { end: done, error, ..received }));
                }
                (Stage::StatusTold(told), true) => {
                    self.traces.tell(Stage::StatusTold(StatusTold { end: done, ..told }));
                }
                (Stage::StatusTold(_) | Stage::Turned(_) | Stage::SendTried(_), _) => {}
            }
        }
    }
}

/// What a turn and a turn that failed have in common.
fn about(claim: &Claim, trace: TraceId, (turn, now): (Uuid, Timestamp), watch: Watch) -> Turned {
    let first = claim.inputs.iter().map(|input| input.received_at).min();
    Turned {
        trace,
        turn,
        conversation: claim.conversation.id,
        lender: claim.conversation.lender.clone(),
        inputs: claim.inputs.iter().map(|input| (input.id, by_webhook(input))).collect(),
        messages: 0,
        batch: 1,
        waited_ms: now.since(first.unwrap_or(now)).0,
        begin: watch.began(),
        end: watch.now(),
        laps: Vec::new(),
        error: None,
    }
}

const fn by_webhook(input: &StoredInput) -> bool {
    match &input.kind {
        InputKind::Message { .. } | InputKind::System { .. } | InputKind::Echo { .. } => true,
        InputKind::Timer { .. }
        | InputKind::AgentReturned { .. }
        | InputKind::TicketClosed { .. }
        | InputKind::PersonConfirmed { .. }
        | InputKind::DeliveryFailed { .. }
        | InputKind::Broken { .. } => false,
    }
}

/// Only Meta's words that we know: any other came from outside.
const fn known(status: &DeliveryStatus) -> Option<&'static str> {
    match status {
        DeliveryStatus::Sent => Some("sent"),
        DeliveryStatus::Delivered => Some("delivered"),
        DeliveryStatus::Read => Some("read"),
        DeliveryStatus::Played => Some("played"),
        DeliveryStatus::Failed => Some("failed"),
        DeliveryStatus::Other(_) => None,
    }
}
