//! What becomes of a message that WhatsApp did not take: later, never, or nobody knows.

use super::{DOUBT, DOWN, Dispatch};
use crate::domain::outbound::Outbound;
use crate::domain::reaction::Reaction;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::message_sender::SendFailure;
use crate::ports::outbox::{OutboxClaim, SendResult};
use crate::ports::switches::Stop;
use crate::service::journey;
use crate::service::pacing::{Place, Writer};
use crate::service::rate::Landing;

/// A message that cannot leave for a passing reason is given up when it is older than this and was tried this often:
/// one that a stop held for hours still gets its tries.
const GIVE_UP_AFTER: Millis = Millis::hours(1);
const GIVE_UP_TRIES: u32 = 8;
/// Meta lists as known that an open window is sometimes refused; the refusal is believed after so many tries.
const WINDOW_TRIES: u32 = 3;
/// Back-off of one person after 131056: 4^n seconds, at most this.
const PAIR_PAUSE_MAX: Millis = Millis::minutes(5);

impl Dispatch {
    pub(super) async fn failed(
        &self,
        claim: &OutboxClaim,
        failure: SendFailure,
        place: &mut Place,
    ) -> SendResult {
        let now = self.clock.now();
        if !matches!(failure, SendFailure::InDoubt { .. }) {
            // What did not reach a person takes no room of theirs: an outage is probed a thousand times.
            self.pacing.give_back_pair(claim.conversation, Writer::of(claim.origin), now);
        }
        match failure {
            SendFailure::InDoubt { why } => {
                self.breaker.failed(&claim.phone_number_id, claim.id, now);
                SendResult::InDoubt { until: now.plus(DOUBT), why }
            }
            SendFailure::NotSent { why } => self.service_failed(claim, why, None, None),
            SendFailure::Invalid { why } => {
                tracing::error!(outbox.id = %claim.id, why, "a message breaks a limit of WhatsApp");
                SendResult::Refused { why: "invalid".to_owned(), code: None }
            }
            SendFailure::Rejected { reaction, code, http_status, fbtrace_id, details: _ } => {
                tracing::warn!(
                    turn.id = %journey::turn_id(claim.conversation, claim.created_at),
                    outbox.id = %claim.id,
                    conversation.id = %claim.conversation,
                    graph.code = code,
                    graph.http_status = http_status,
                    graph.fbtrace_id = fbtrace_id.as_deref().unwrap_or(""),
                    reaction = reaction.name(),
                    "WhatsApp refused a message"
                );
                if let Reaction::Retry { max } = reaction
                    && is_unexplained(http_status, code)
                {
                    return self.service_failed(claim, "transient".to_owned(), code, Some(max));
                }
                if matches!(reaction, Reaction::BackOffGlobal { .. }) && http_status >= 500 {
                    return self.service_failed(claim, DOWN.to_owned(), code, None);
                }
                if let Reaction::BackOffGlobal { wait } = reaction {
                    place.landed(Landing::Throttled { wait }, now);
                    return SendResult::Back { why: "throttled".to_owned() };
                }
                self.react(claim, reaction, code, now).await
            }
        }
    }

    /// The Graph API could not, or says that it could not. While it is down nothing is held against the message and no
    /// attempt is counted; one that fails while others pass is given up after `max` tries more.
    fn service_failed(
        &self,
        claim: &OutboxClaim,
        why: String,
        code: Option<i64>,
        max: Option<u8>,
    ) -> SendResult {
        let now = self.clock.now();
        let failure = self.breaker.failed(&claim.phone_number_id, claim.id, now);
        if max.is_some_and(|max| failure.tries > u32::from(max)) {
            return SendResult::Refused { why: "transient_too_often".to_owned(), code };
        }
        match failure.down_until {
            Some(until) => SendResult::Wait { until, why: DOWN.to_owned() },
            None => self.again(claim, why, code, now),
        }
    }

    /// The reaction table, applied (`domain::reaction` says which code means what).
    async fn react(
        &self,
        claim: &OutboxClaim,
        reaction: Reaction,
        code: Option<i64>,
        now: Timestamp,
    ) -> SendResult {
        let refused = |why: &str| SendResult::Refused { why: why.to_owned(), code };
        let reason =
            || code.map_or_else(|| "Graph API refusal".to_owned(), |code| format!("Graph API error {code}"));
        match reaction {
            Reaction::StopAll => {
                self.stop(claim, "outbound", &reason(), now).await;
                SendResult::Retry { at: now.plus(Millis::minutes(1)), why: "stopped".to_owned(), code }
            }
            // The number's limit is nothing that the message could help: it was given back.
            Reaction::BackOffGlobal { .. } => SendResult::Back { why: "throttled".to_owned() },
            Reaction::BackOffPair => {
                let pause = Millis(
                    1_000_i64.saturating_mul(4_i64.saturating_pow(earlier(claim))).min(PAIR_PAUSE_MAX.0),
                );
                self.pacing.pause_pair(claim.conversation, now.plus(pause));
                SendResult::Retry { at: now.plus(pause), why: "pair_limit".to_owned(), code }
            }
            Reaction::Retry { max } if earlier(claim) < u32::from(max) => {
                self.again(claim, "transient".to_owned(), code, now)
            }
            Reaction::Retry { .. } => refused("transient_too_often"),
            Reaction::UseTemplate if claim.attempts < WINDOW_TRIES => SendResult::Retry {
                at: now.plus(Millis::seconds(30)),
                why: "window_refused".to_owned(),
                code,
            },
            Reaction::UseTemplate => refused("window_closed"),
            Reaction::HoldTemplate => {
                if let Outbound::Template(template) = &claim.content {
                    let scope = format!("template:{}", template.name);
                    self.stop(claim, &scope, &reason(), now).await;
                }
                refused("template_held")
            }
            Reaction::HoldNumber => {
                self.stop(claim, "new_conversations", &reason(), now).await;
                refused("number_held")
            }
            Reaction::NeverRetry | Reaction::AskAgain => refused("invalid"),
            Reaction::OptedOut => refused("opted_out"),
            Reaction::WaitLong => refused("wait_long"),
            Reaction::DeadRecipient => refused("undeliverable"),
            Reaction::ReverifyIdentity => refused("identity_changed"),
        }
    }

    fn again(&self, claim: &OutboxClaim, why: String, code: Option<i64>, now: Timestamp) -> SendResult {
        if claim.attempts >= GIVE_UP_TRIES && now.since(claim.created_at) > GIVE_UP_AFTER {
            return SendResult::Refused { why, code };
        }
        let base = 1_000_i64.saturating_mul(2_i64.saturating_pow(earlier(claim).min(7))).min(120_000);
        let jitter = i64::try_from(self.random.below(base.unsigned_abs() / 2 + 1)).unwrap_or(0);
        SendResult::Retry { at: now.plus(Millis(base + jitter)), why, code }
    }

    async fn stop(&self, claim: &OutboxClaim, scope: &str, reason: &str, now: Timestamp) {
        let stop = Stop {
            lender: claim.lender.clone(),
            scope: scope.to_owned(),
            reason: reason.to_owned(),
            since: now,
        };
        tracing::error!(lender.id = %claim.lender, scope, reason, "sending stopped, an operator must look");
        metrics::counter!("acuerdo_stops_total", "scope" => scope.split(':').next().unwrap_or("").to_owned())
            .increment(1);
        if let Err(error) = self.store.stop(&stop).await {
            tracing::error!(error = %error, "the stop could not be stored");
        }
    }
}

/// Meta's codes for "something went wrong", which it also gives during an incident.
const UNEXPLAINED: [i64; 2] = [1, 131_000];

fn is_unexplained(http_status: u16, code: Option<i64>) -> bool {
    http_status >= 500 || code.is_some_and(|code| UNEXPLAINED.contains(&code))
}

/// Tries before this one.
const fn earlier(claim: &OutboxClaim) -> u32 {
    claim.attempts.saturating_sub(1)
}
