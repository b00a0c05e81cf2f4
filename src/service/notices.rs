//! What arrives besides messages: statuses, preferences, news of the account.

use crate::domain::inbound::{AccountEffect, AccountEvent, WebhookItem};
use crate::domain::reaction::Reaction;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::clock::Clock;
use crate::ports::inbox::PendingNotice;
use crate::ports::message_sender::MessageSender;
use crate::ports::records::OptOutScope;
use crate::ports::switches::Stop;
use crate::ports::{Store, StoreError};
use std::sync::Arc;

/// A status may come before the answer of the send that it belongs to; it waits this long for its row.
const PARK: Millis = Millis::minutes(10);

pub struct Notices {
    store: Arc<dyn Store>,
    sender: Arc<dyn MessageSender>,
    clock: Arc<dyn Clock>,
}

impl Notices {
    pub fn new(store: Arc<dyn Store>, sender: Arc<dyn MessageSender>, clock: Arc<dyn Clock>) -> Self {
        Self { store, sender, clock }
    }

    /// Applies pending statuses; conversations hear of failed messages in the same transaction.
    pub async fn statuses(&self, batch: u32) -> Result<u32, StoreError> {
        let now = self.clock.now();
        let applied = self.store.apply_statuses(now, PARK.0, batch).await?;
        if applied.unmatched > 0 {
            metrics::counter!("acuerdo_statuses_unmatched_total").increment(u64::from(applied.unmatched));
        }
        for failed in &applied.failed {
            tracing::warn!(
                outbox.id = %failed.outbox,
                conversation.id = %failed.conversation,
                graph.codes = ?failed.codes,
                "WhatsApp could not deliver a message"
            );
            if self.sender.reaction(&failed.codes) == Reaction::StopAll {
                let reason = format!("WhatsApp failed a message with {:?}", failed.codes);
                tracing::error!(lender.id = %failed.lender, reason, "all sending stopped by a failed message");
                let scope = "outbound".to_owned();
                let stop = Stop { lender: failed.lender.clone(), scope, reason, since: now };
                self.store.stop(&stop).await?;
            }
        }
        Ok(applied.seen)
    }

    /// Works off other notices; returns how many.
    pub async fn others(&self, batch: u32) -> Result<u32, StoreError> {
        let notices = self.store.pending_notices(batch).await?;
        let now = self.clock.now();
        let mut done = Vec::with_capacity(notices.len());
        for notice in &notices {
            self.one(notice, now).await?;
            done.push(notice.id);
        }
        if !done.is_empty() {
            self.store.finish_notices(&done, now).await?;
        }
        Ok(u32::try_from(done.len()).unwrap_or(u32::MAX))
    }

    async fn one(&self, notice: &PendingNotice, now: Timestamp) -> Result<(), StoreError> {
        let Some(lender) = &notice.lender else { return Ok(()) };
        if notice.item.is_stale(notice.received_at) {
            metrics::counter!("acuerdo_webhook_stale_total").increment(1);
            tracing::warn!(
                lender.id = %lender,
                kind = notice.item.kind(),
                "a signed update is older than any that Meta still delivers: kept, and nothing is done about it"
            );
            return Ok(());
        }
        match &notice.item {
            WebhookItem::Preference(preference) => {
                if let Some(who) = &preference.who {
                    let scope = OptOutScope::Marketing;
                    self.store.set_opt_out(lender, who, scope, preference.stop, "whatsapp", now).await?;
                }
            }
            WebhookItem::Account(event) => self.account(lender, event, now).await?,
            WebhookItem::Standby { field, .. } => {
                metrics::counter!("acuerdo_standby_total").increment(1);
                tracing::error!(
                    lender.id = %lender,
                    field,
                    "another agent answers on this number: messages do not reach us, turn Meta Business Agent off"
                );
            }
            WebhookItem::Error { code, title, .. } => {
                tracing::warn!(lender.id = %lender, graph.code = code, title, "WhatsApp reports an error");
            }
            WebhookItem::Unknown { field, reason, .. } => {
                metrics::counter!("acuerdo_webhook_unknown_total").increment(1);
                tracing::warn!(lender.id = %lender, field, reason, "unknown webhook shape, kept raw");
            }
            // Messages, system events and echoes are inputs; statuses have their own path.
            WebhookItem::Message(_)
            | WebhookItem::Status(_)
            | WebhookItem::System(_)
            | WebhookItem::Echo(_) => {}
        }
        Ok(())
    }

    async fn account(
        &self,
        lender: &crate::domain::ids::LenderId,
        event: &AccountEvent,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let reason = format!("{} {}", event.field, event.event);
        metrics::counter!("acuerdo_account_events_total", "effect" => effect_name(event.effect)).increment(1);
        let stop = |scope: String| Stop { lender: lender.clone(), scope, reason: reason.clone(), since: now };
        match (event.effect, &event.subject) {
            (AccountEffect::StopAll, _) => {
                tracing::error!(lender.id = %lender, reason, "all sending stopped by an account event");
                self.store.stop(&stop("outbound".to_owned())).await
            }
            (AccountEffect::HoldTemplate, Some(template)) => {
                tracing::warn!(lender.id = %lender, template, reason, "template held");
                self.store.stop(&stop(format!("template:{template}"))).await
            }
            (AccountEffect::ResumeTemplate, Some(template)) => {
                self.store.lift(lender, &format!("template:{template}")).await.map(|_| ())
            }
            (AccountEffect::MayResume, _) => {
                tracing::warn!(lender.id = %lender, reason, "the account may send again: lift the stop when sure");
                Ok(())
            }
            (AccountEffect::Inform | AccountEffect::HoldTemplate | AccountEffect::ResumeTemplate, _) => {
                tracing::info!(lender.id = %lender, reason, "account event");
                Ok(())
            }
        }
    }
}

const fn effect_name(effect: AccountEffect) -> &'static str {
    match effect {
        AccountEffect::StopAll => "stop_all",
        AccountEffect::MayResume => "may_resume",
        AccountEffect::HoldTemplate => "hold_template",
        AccountEffect::ResumeTemplate => "resume_template",
        AccountEffect::Inform => "inform",
    }
}
