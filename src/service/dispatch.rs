//! The only way to a person: claim the outbox, judge, pace, send, record what became of it.
//!
//! A send has no idempotency key at Meta. Whatever may have left is never sent again: it waits for a status.

use crate::domain::ids::{ConversationId, InboxId, OutboxId, derive};
use crate::domain::reaction::Reaction;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::clock::{Clock, Random};
use crate::ports::conversations::{InputKind, Origin};
use crate::ports::message_sender::{MessageSender, SendAccount, SendFailure};
use crate::ports::outbox::{OutboxClaim, SendResult};
use crate::ports::switches::Stop;
use crate::ports::{Store, StoreError};
use crate::service::breaker::{Breaker, Room};
use crate::service::contacts::{Chat, ContactHistory, ContactPorts, history};
use crate::service::gate::{Verdict, judge};
use crate::service::journey;
use crate::service::lenders::{Lender, Lenders};
use crate::service::pacing::Pacing;
use crate::service::traces::Traces;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Messages of this process that are on their way at once; each holds a connection to the Graph API.
const ON_THEIR_WAY_MAX: usize = 512;
/// A sender that dies leaves its messages in doubt after this; longer than the client's own timeout.
const LEASE: Millis = Millis::seconds(60);
/// How long a status may take before doubt ends (Meta promises nothing; most come within seconds).
pub const DOUBT: Millis = Millis::seconds(60);
/// A message that cannot leave for a passing reason is given up when it is older than this and was tried this often:
/// one that a stop held for hours still gets its tries.
const GIVE_UP_AFTER: Millis = Millis::hours(1);
const GIVE_UP_TRIES: u32 = 8;
/// Meta lists as known that an open window is sometimes refused; the refusal is believed after so many tries.
const WINDOW_TRIES: u32 = 3;
/// How long a message waits when it could not be read what was said to the person before.
const HISTORY_RECHECK: Millis = Millis::minutes(1);
/// Back-off of one person after 131056: 4^n seconds, at most this.
const PAIR_PAUSE_MAX: Millis = Millis::minutes(5);

/// Why a message waits while the Graph API fails.
const DOWN: &str = "service_down";
/// Refusals of our own that are as they should be: nobody was to read the message any more.
const DELIBERATE: [&str; 5] =
    ["another_person", "assurance_too_low", "identity_conflict", "opted_out", "reserved"];

pub struct Dispatch {
    store: Arc<dyn Store>,
    sender: Arc<dyn MessageSender>,
    lenders: Arc<Lenders>,
    pacing: Arc<Pacing>,
    breaker: Breaker,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    traces: Traces,
    /// What the database could not take when it became known; recorded before anything new is claimed.
    unrecorded: Mutex<Vec<Outcome>>,
    /// Replies that will never arrive, whose chats are not told yet.
    untold: Mutex<Vec<(ConversationId, OutboxId, Vec<i64>)>>,
    slots: Arc<Semaphore>,
}

/// Messages that were claimed together, each with the slot that it takes until its fate is known.
#[derive(Default)]
pub(super) struct Batch {
    claims: Vec<(OutboxClaim, Option<OwnedSemaphorePermit>)>,
    stops: Vec<Stop>,
}

impl Batch {
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.claims.len()).unwrap_or(u32::MAX)
    }
}

/// A message, the token of its claim, and what became of it.
type Outcome = (OutboxId, i64, SendResult);

impl Dispatch {
    pub fn new(
        store: Arc<dyn Store>,
        sender: Arc<dyn MessageSender>,
        lenders: Arc<Lenders>,
        pacing: Arc<Pacing>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let traces = Traces::default();
        let slots = Arc::new(Semaphore::new(ON_THEIR_WAY_MAX));
        let breaker = Breaker::default();
        Self {
            store,
            sender,
            lenders,
            pacing,
            breaker,
            clock,
            random,
            traces,
            unrecorded: Mutex::default(),
            untold: Mutex::default(),
            slots,
        }
    }

    /// Tells what is tried to these traces.
    #[must_use]
    pub fn traced(self, traces: Traces) -> Self {
        Self { traces, ..self }
    }

    /// Sends what may be sent now, at most one message of each conversation, and waits until the fate of each is known;
    /// returns how many were looked at.
    pub async fn round(&self, batch: u32) -> Result<u32, StoreError> {
        let batch = self.claim(batch).await?;
        let claimed = batch.len();
        self.send(batch).await.map(|()| claimed)
    }

    /// Claims what may be sent now, at most `most` and no more than there are free slots.
    pub(super) async fn claim(&self, most: u32) -> Result<Batch, StoreError> {
        self.record(Vec::new()).await?;
        let free = u32::try_from(self.slots.available_permits()).unwrap_or(u32::MAX);
        let numbers = self.lenders.all().flat_map(|lender| &lender.phone_number_ids);
        let most = match self.breaker.room(numbers, self.clock.now()) {
            Room::Free => most.min(free),
            Room::OneProbe => free.min(1),
            Room::Nothing => 0,
        };
        // Another loop may have taken them meanwhile.
        let slots = Arc::clone(&self.slots).try_acquire_many_owned(most);
        let (Ok(mut slots), 1..) = (slots, most) else { return Ok(Batch::default()) };
        let claims = self.store.claim_outbox(self.clock.now(), LEASE, DOUBT, most).await?;
        if claims.is_empty() {
            return Ok(Batch::default());
        }
        let stops = match self.store.stops().await {
            Ok(stops) => stops,
            Err(error) => {
                self.put_back(&claims).await?;
                return Err(error);
            }
        };
        let claims = claims.into_iter().map(|claim| (claim, slots.split(1))).collect();
        Ok(Batch { claims, stops })
    }

    /// None of these was tried: left to their lease they would count as in doubt.
    async fn put_back(&self, claims: &[OutboxClaim]) -> Result<(), StoreError> {
        let until = self.clock.now();
        let untried = || SendResult::Wait { until, why: "stops_unknown".to_owned() };
        self.record(claims.iter().map(|claim| (claim.id, claim.token, untried())).collect()).await
    }

    /// Sends what was claimed; ends when the fate of each is known.
    pub(super) async fn send(&self, batch: Batch) -> Result<(), StoreError> {
        let Batch { claims, stops } = batch;
        let stops = &stops;
        let one = |(claim, slot)| async move {
            let outcome = self.one(&claim, stops).await;
            drop::<Option<OwnedSemaphorePermit>>(slot);
            outcome
        };
        let mut sends: FuturesUnordered<_> = claims.into_iter().map(one).collect();
        let mut recorded = Ok(());
        // Recorded as it becomes known, together with whatever else is: one request that hangs holds up no other chat.
        while let Some(first) = sends.next().await {
            let mut results = vec![first];
            while let Some(Some(next)) = sends.next().now_or_never() {
                results.push(next);
            }
            // The others are on their way and are waited for all the same.
            recorded = recorded.and(self.record(results).await);
        }
        recorded
    }

    /// Tells the chats whose reply will never arrive. Before that is recorded, so that a crash in between tells it again.
    async fn tell_chats(&self) -> Result<(), StoreError> {
        let untold = std::mem::take(&mut *self.untold.lock().unwrap_or_else(PoisonError::into_inner));
        let mut untold = untold.into_iter();
        while let Some((conversation, outbox, codes)) = untold.next() {
            let id = InboxId(derive(&outbox.0, "delivery-failed"));
            let kind = InputKind::DeliveryFailed { outbox, codes: codes.clone() };
            let told = self.store.add_input(conversation, id, kind, self.clock.now()).await;
            if told.as_ref().is_err_and(StoreError::is_transient) {
                let mut again = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
                again.push((conversation, outbox, codes));
                again.extend(untold);
                return told;
            }
        }
        Ok(())
    }

    /// Records these and what an outage kept back. A result that is lost would leave its chat waiting for a status.
    async fn record(&self, results: Vec<Outcome>) -> Result<(), StoreError> {
        let mut all = std::mem::take(&mut *self.unrecorded());
        all.extend(results);
        if all.is_empty() {
            return Ok(());
        }
        let told = self.tell_chats().await;
        let recorded = self.store.finish_outbox(self.clock.now(), &all).await;
        if recorded.as_ref().is_err_and(StoreError::is_transient) {
            self.unrecorded().extend(all);
        }
        recorded.and(told)
    }

    fn unrecorded(&self) -> MutexGuard<'_, Vec<Outcome>> {
        self.unrecorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn one(&self, claim: &OutboxClaim, stops: &[Stop]) -> Outcome {
        let refused = |why: &str| SendResult::Refused { why: why.to_owned(), code: None };
        let watch = self.traces.watch(|| self.clock.now());
        let result = match self.lenders.get(&claim.lender) {
            None => refused("lender_not_configured"),
            Some(lender) => match self.history(claim, lender).await {
                Err(error) => {
                    tracing::warn!(outbox.id = %claim.id, %error, "the contacts of a person could not be read");
                    let until = self.clock.now().plus(HISTORY_RECHECK);
                    SendResult::Wait { until, why: "contacts_unknown".to_owned() }
                }
                Ok(history) => match judge(claim, lender, stops, &history, self.clock.now()) {
                    Verdict::Pass => self.paced(claim, lender).await,
                    Verdict::Hold { until, why } => SendResult::Wait { until, why: why.to_owned() },
                    Verdict::Refuse { why } => refused(why),
                },
            },
        };
        if let SendResult::Refused { why, code } = &result
            && claim.origin == Origin::Reply
            && !DELIBERATE.contains(&why.as_str())
        {
            metrics::counter!("acuerdo_replies_undelivered_total", "why" => bounded(why)).increment(1);
            let untold = (claim.conversation, claim.id, code.iter().copied().collect());
            self.untold.lock().unwrap_or_else(PoisonError::into_inner).push(untold);
        }
        count(claim, &result);
        journey::tried(claim, &result, self.clock.now());
        self.traces.tried(claim, &result, watch);
        (claim.id, claim.token, result)
    }

    /// Only what we begin asks for it: an answer is no contact.
    async fn history(&self, claim: &OutboxClaim, lender: &Lender) -> Result<ContactHistory, StoreError> {
        if claim.origin != Origin::Proactive {
            return Ok(ContactHistory::default());
        }
        let store = &*self.store;
        let ports = ContactPorts { conversations: store, outbox: store, people: store };
        let chat = Chat {
            id: claim.conversation,
            identity: &claim.to,
            person: claim.person,
            judged: Some(claim.id),
        };
        history(ports, lender, chat, self.clock.now()).await
    }

    async fn paced(&self, claim: &OutboxClaim, lender: &Lender) -> SendResult {
        let now = self.clock.now();
        if let Err(until) = self.pacing.take(&claim.phone_number_id, claim.conversation, now) {
            return SendResult::Wait { until, why: "paced".to_owned() };
        }
        if let Err(until) = self.breaker.admit(&claim.phone_number_id, now) {
            return SendResult::Wait { until, why: DOWN.to_owned() };
        }
        let account = SendAccount {
            phone_number_id: claim.phone_number_id.clone(),
            waba_id: lender.waba_id.clone(),
            token: lender.access_token.clone(),
        };
        let callback = format!("out:{}", claim.id);
        match self.sender.send(&account, &claim.to, &claim.content, &callback).await {
            Ok(accepted) => {
                self.breaker.taken(&claim.phone_number_id, claim.id);
                SendResult::Accepted { wamid: accepted.wamid }
            }
            Err(failure) => self.failed(claim, failure).await,
        }
    }

    async fn failed(&self, claim: &OutboxClaim, failure: SendFailure) -> SendResult {
        let now = self.clock.now();
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
            Reaction::BackOffGlobal { wait } => {
                self.pacing.pause_number(&claim.phone_number_id, now.plus(wait));
                self.again(claim, "throttled".to_owned(), code, now)
            }
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
                if let crate::domain::outbound::Outbound::Template(template) = &claim.content {
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

fn count(claim: &OutboxClaim, result: &SendResult) {
    let (outcome, why) = match result {
        SendResult::Accepted { .. } => ("accepted", String::new()),
        SendResult::InDoubt { .. } => ("in_doubt", String::new()),
        SendResult::Wait { why, .. } => ("wait", bounded(why)),
        SendResult::Retry { why, .. } => ("retry", bounded(why)),
        SendResult::Refused { why, .. } => ("refused", bounded(why)),
    };
    metrics::counter!("acuerdo_sends_total", "outcome" => outcome, "why" => why, "kind" => claim.content.kind())
        .increment(1);
}

/// Our own reasons are words; a network error's text must not become a metric label or go to a collector.
pub fn bounded(why: &str) -> String {
    let word = why.len() <= 32 && why.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if word { why.to_owned() } else { "network".to_owned() }
}
