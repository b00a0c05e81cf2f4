//! The only way to a person: claim the outbox, judge, pace, send, record what became of it.
//!
//! A send has no idempotency key at Meta. Whatever may have left is never sent again: it waits for a status. So a message
//! is marked twice: claimed, while nothing of it has left, and `sending`, just before its request is handed over
//! (docs/faults.md).

mod crowded;
mod refused;

use crate::domain::ids::{ConversationId, InboxId, OutboxId, PhoneNumberId, derive};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::clock::{Clock, Random};
use crate::ports::conversations::{InputKind, Origin};
use crate::ports::message_sender::{MessageSender, SendAccount};
use crate::ports::outbox::{Numbers, OutboxClaim, SendResult, Wanted};
use crate::ports::switches::Stop;
use crate::ports::{Store, StoreError};
use crate::service::breaker::{Breaker, Room};
use crate::service::contacts::{Chat, ContactHistory, ContactPorts, history};
use crate::service::gate::{Verdict, judge};
use crate::service::journey;
use crate::service::lenders::{Lender, Lenders};
use crate::service::pacing::{Pacing, Place, Writer};
use crate::service::rate::Landing;
use crate::service::traces::{Traces, Watch};
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};

/// Messages of this process that are on their way at once; each holds a connection to the Graph API.
const ON_THEIR_WAY_MAX: usize = 512;
/// A claim that is not begun by then is anybody's again: nothing of it has left.
const CLAIM_LEASE: Millis = Millis::seconds(10);
/// From the mark `sending` to the request: a process that slept longer gives the message back. A sender that dies leaves
/// its messages in doubt after this and the client's own timeout.
const HAND_OVER: Millis = Millis::seconds(5);
/// How long a status may take before the last word (Meta promises nothing; most come within seconds).
pub const DOUBT: Millis = Millis::minutes(2);
/// How long a message waits when it could not be read what was said to the person before.
const HISTORY_RECHECK: Millis = Millis::minutes(1);

/// How often messages of numbers that are configured no more are looked for, and how many at once.
const STRAYS_EVERY: Millis = Millis::seconds(10);
const STRAYS_MAX: u32 = 16;

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
    /// Chats in which more was to be said than may be.
    crowded: Mutex<HashSet<ConversationId>>,
    slots: Arc<Semaphore>,
    /// Which number is asked for first.
    turn: AtomicUsize,
    /// When messages of forgotten numbers were looked for.
    strays_at: AtomicI64,
    warmed: OnceCell<()>,
}

/// Messages that were claimed together, each with the slot that it takes until its fate is known.
#[derive(Default)]
pub(super) struct Batch {
    claims: Vec<Claimed>,
    stops: Vec<Stop>,
}

impl Batch {
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.claims.len()).unwrap_or(u32::MAX)
    }
}

struct Claimed {
    claim: OutboxClaim,
    /// Absent when it goes out from another number than was asked for.
    place: Option<Place>,
    slot: Option<OwnedSemaphorePermit>,
}

/// A message that may leave now.
struct Ready {
    claim: OutboxClaim,
    account: SendAccount,
    place: Place,
    watch: Option<Watch>,
    slot: Option<OwnedSemaphorePermit>,
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
            crowded: Mutex::default(),
            slots,
            turn: AtomicUsize::new(0),
            strays_at: AtomicI64::new(0),
            warmed: OnceCell::new(),
        }
    }

    /// Tells what is tried to these traces.
    #[must_use]
    pub fn traced(self, traces: Traces) -> Self {
        Self { traces, ..self }
    }

    /// Waits for a first connection, once in the life of a process: what is claimed before is in doubt for as long as it
    /// takes to connect, if the process dies then.
    pub async fn warm(&self) {
        self.warmed.get_or_init(|| self.sender.warm()).await;
    }

    /// Sends what may be sent now, at most one message of each conversation, and waits until the fate of each is known;
    /// returns how many were looked at.
    pub async fn round(&self, batch: u32) -> Result<u32, StoreError> {
        let batch = self.claim(batch).await?;
        let claimed = batch.len();
        self.send(batch).await.map(|()| claimed)
    }

    /// Claims what may be sent now, at most `most`: no more than there are tokens, places and slots for.
    pub(super) async fn claim(&self, most: u32) -> Result<Batch, StoreError> {
        self.record(Vec::new()).await?;
        let numbers = self.numbers();
        let now = self.clock.now();
        let mut rooms: Vec<Vec<Place>> = numbers.iter().map(|number| self.room(number, most, now)).collect();
        let mut claims = Vec::new();
        if let Some(least) = rooms.iter().map(Vec::len).min().filter(|least| *least > 0) {
            // Whosever the messages are, there is room for them.
            let most = u32::try_from(least).unwrap_or(u32::MAX);
            claims = self.claim_with(&mut rooms, Wanted { of: Numbers::Any, most }, now).await?;
        } else {
            for (n, number) in numbers.iter().enumerate() {
                let room = rooms.get(n).map_or(0, Vec::len);
                let most = u32::try_from(room).unwrap_or(u32::MAX);
                match self.claim_with(&mut rooms, Wanted { of: Numbers::One(number), most }, now).await {
                    Ok(more) => claims.extend(more),
                    Err(error) if claims.is_empty() => return Err(error),
                    // What is claimed already is sent, and whoever asks next hears of it.
                    Err(_) => break,
                }
            }
            match self.claim_strays(&numbers, now).await {
                Ok(more) => claims.extend(more),
                Err(error) if claims.is_empty() => return Err(error),
                Err(_) => {}
            }
        }
        drop(rooms);
        if claims.is_empty() {
            return Ok(Batch::default());
        }
        match self.store.stops().await {
            Ok(stops) => Ok(Batch { claims, stops }),
            Err(error) => {
                let unsent = claims.iter().map(|claimed| back(&claimed.claim, "stops_unknown")).collect();
                self.record(unsent).await?;
                Err(error)
            }
        }
    }

    /// Places for what may leave from this number now.
    fn room(&self, number: &PhoneNumberId, most: u32, now: Timestamp) -> Vec<Place> {
        let most = match self.breaker.room([number].into_iter(), now) {
            Room::Free => most,
            Room::OneProbe => most.min(1),
            Room::Nothing => 0,
        };
        let free = u32::try_from(self.slots.available_permits()).unwrap_or(u32::MAX);
        self.pacing.reserve(number, most.min(free), now)
    }

    /// Claims, and gives each claim one of the places of its number.
    async fn claim_with(
        &self,
        rooms: &mut [Vec<Place>],
        wanted: Wanted<'_>,
        now: Timestamp,
    ) -> Result<Vec<Claimed>, StoreError> {
        // Another loop may have taken them meanwhile.
        let slots = Arc::clone(&self.slots).try_acquire_many_owned(wanted.most);
        let (Ok(mut slots), 1..) = (slots, wanted.most) else { return Ok(Vec::new()) };
        let claims = self.store.claim_outbox(now, CLAIM_LEASE, DOUBT, wanted).await?;
        let claimed = claims.into_iter().map(|claim| {
            let own = |room: &&mut Vec<Place>| {
                room.last().is_some_and(|place| place.number() == &claim.phone_number_id)
            };
            let place = rooms.iter_mut().find(own).and_then(Vec::pop);
            Claimed { claim, place, slot: slots.split(1) }
        });
        Ok(claimed.collect())
    }

    /// Messages of numbers that the settings name no more: a few, from time to time.
    async fn claim_strays(
        &self,
        numbers: &[&PhoneNumberId],
        now: Timestamp,
    ) -> Result<Vec<Claimed>, StoreError> {
        let before = self.strays_at.load(Ordering::Relaxed);
        let is_due = now.0.saturating_sub(before) >= STRAYS_EVERY.0;
        if !is_due
            || self.strays_at.compare_exchange(before, now.0, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return Ok(Vec::new());
        }
        let ours: Vec<PhoneNumberId> = numbers.iter().copied().cloned().collect();
        let wanted = Wanted { of: Numbers::NoneOf(&ours), most: STRAYS_MAX };
        self.claim_with(&mut [], wanted, now).await
    }

    /// How long to wait before a number that has no room now has some; `None` when all have.
    pub fn room_in(&self) -> Option<Millis> {
        self.pacing.room_in(self.numbers().into_iter(), self.clock.now())
    }

    /// Every number of ours, each time beginning with another one.
    fn numbers(&self) -> Vec<&PhoneNumberId> {
        let mut numbers: Vec<_> = self.lenders.all().flat_map(|lender| &lender.phone_number_ids).collect();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let first = turn.checked_rem(numbers.len()).unwrap_or(0);
        numbers.rotate_left(first);
        numbers
    }

    /// Sends what was claimed; ends when the fate of each is known.
    pub(super) async fn send(&self, batch: Batch) -> Result<(), StoreError> {
        let Batch { claims, stops } = batch;
        let stops = &stops;
        let weighed = claims.into_iter().map(|Claimed { claim, place, slot }| async move {
            let watch = self.traces.watch(|| self.clock.now());
            let account = self.weigh(&claim, stops).await;
            match account.and_then(|account| Ok((account, self.place(&claim, place)?))) {
                Ok((account, place)) => Ok(Ready { claim, account, place, watch, slot }),
                Err(result) => Err(self.tell(&claim, result, watch)),
            }
        });
        let (mut ready, mut kept) = (Vec::new(), Vec::new());
        for weighed in join_all(weighed).await {
            match weighed {
                Ok(message) => ready.push(message),
                Err(outcome) => kept.push(outcome),
            }
        }
        let mut recorded = if kept.is_empty() { Ok(()) } else { self.record(kept).await };
        recorded = recorded.and(self.thin_out().await);
        let begun_at = self.clock.now();
        let ready = self.begin(ready, begun_at).await?;
        let mut sends: FuturesUnordered<_> =
            ready.into_iter().map(|message| self.hand_over(message, begun_at)).collect();
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

    /// Marks these as `sending`, all at once, and returns those that are still ours.
    async fn begin(&self, ready: Vec<Ready>, now: Timestamp) -> Result<Vec<Ready>, StoreError> {
        if ready.is_empty() {
            return Ok(ready);
        }
        let claims: Vec<(OutboxId, i64)> =
            ready.iter().map(|message| (message.claim.id, message.claim.token)).collect();
        let lease = Millis(HAND_OVER.0 + self.sender.timeout().0);
        match self.store.begin_sends(now, lease, &claims).await {
            Ok(begun) => {
                let begun: HashSet<OutboxId> = begun.into_iter().collect();
                Ok(ready.into_iter().filter(|message| begun.contains(&message.claim.id)).collect())
            }
            Err(error) => {
                // Some may be marked; that none was sent is known here alone.
                let unsent = ready.iter().map(|message| back(&message.claim, "not_begun")).collect();
                self.record(unsent).await.and(Err(error))
            }
        }
    }

    async fn hand_over(&self, message: Ready, begun_at: Timestamp) -> Outcome {
        let Ready { claim, account, mut place, watch, slot } = message;
        let now = self.clock.now();
        let result = if now.since(begun_at) > HAND_OVER {
            // We slept: the lease may end, and another may judge, while the request is under way.
            SendResult::Back { why: "slept".to_owned() }
        } else {
            place.begin(now);
            self.ask(&claim, &account, &mut place).await
        };
        drop((place, slot));
        self.tell(&claim, result, watch)
    }

    /// Tells the chats whose reply will never arrive. Before that is recorded, so that a crash in between tells it again.
    async fn tell_chats(&self) -> Result<(), StoreError> {
        let untold = std::mem::take(&mut *self.untold.lock().unwrap_or_else(PoisonError::into_inner));
        let mut untold = untold.into_iter();
        while let Some((conversation, outbox, codes)) = untold.next() {
            let id = InboxId(derive(&outbox.0, "delivery-failed"));
            let kind = InputKind::DeliveryFailed { outbox, codes: codes.clone(), unconfirmed: None };
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

    /// Whether this message may leave now, and under whose name; else what becomes of it.
    async fn weigh(&self, claim: &OutboxClaim, stops: &[Stop]) -> Result<SendAccount, SendResult> {
        let refused = |why: &str| SendResult::Refused { why: why.to_owned(), code: None };
        let Some(lender) = self.lenders.get(&claim.lender) else {
            return Err(refused("lender_not_configured"));
        };
        let history = self.history(claim, lender).await.map_err(|error| {
            tracing::warn!(outbox.id = %claim.id, %error, "the contacts of a person could not be read");
            let until = self.clock.now().plus(HISTORY_RECHECK);
            SendResult::Wait { until, why: "contacts_unknown".to_owned() }
        })?;
        match judge(claim, lender, stops, &history, self.clock.now()) {
            Verdict::Pass => self.paced(claim, lender),
            Verdict::Hold { until, why } => Err(SendResult::Wait { until, why: why.to_owned() }),
            Verdict::Refuse { why } => Err(refused(why)),
        }
    }

    /// Tells everybody who listens what became of it.
    fn tell(&self, claim: &OutboxClaim, result: SendResult, watch: Option<Watch>) -> Outcome {
        if let SendResult::Refused { why, code } = &result
            && is_missed(claim.origin, why)
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

    fn paced(&self, claim: &OutboxClaim, lender: &Lender) -> Result<SendAccount, SendResult> {
        let now = self.clock.now();
        let by = Writer::of(claim.origin);
        if let Err(until) = self.pacing.take_pair(claim.conversation, by, now) {
            self.crowded.lock().unwrap_or_else(PoisonError::into_inner).insert(claim.conversation);
            return Err(SendResult::Wait { until, why: "paced".to_owned() });
        }
        if let Err(until) = self.breaker.admit(&claim.phone_number_id, now) {
            self.pacing.give_back_pair(claim.conversation, by, now);
            return Err(SendResult::Wait { until, why: DOWN.to_owned() });
        }
        Ok(SendAccount {
            phone_number_id: claim.phone_number_id.clone(),
            waba_id: lender.waba_id.clone(),
            token: lender.access_token.clone(),
        })
    }

    /// The place that a message was claimed with, or one of its own number if that was another's.
    fn place(&self, claim: &OutboxClaim, place: Option<Place>) -> Result<Place, SendResult> {
        let reserve = || self.pacing.reserve(&claim.phone_number_id, 1, self.clock.now()).pop();
        place.or_else(reserve).ok_or_else(|| SendResult::Back { why: "paced".to_owned() })
    }

    async fn ask(&self, claim: &OutboxClaim, account: &SendAccount, place: &mut Place) -> SendResult {
        let callback = format!("out:{}", claim.id);
        match self.sender.send(account, &claim.to, &claim.content, &callback).await {
            Ok(accepted) => {
                place.landed(Landing::Taken, self.clock.now());
                self.breaker.taken(&claim.phone_number_id, claim.id);
                SendResult::Accepted { wamid: accepted.wamid }
            }
            Err(failure) => self.failed(claim, failure, place).await,
        }
    }
}

/// Whether somebody must hear that a message will never arrive: who wrote it counts on it, and a chat on its answers.
fn is_missed(origin: Origin, why: &str) -> bool {
    match origin {
        Origin::Reply => !DELIBERATE.contains(&why),
        Origin::Agent => true,
        Origin::Proactive => false,
    }
}

/// It was not tried: nothing of it has left.
fn back(claim: &OutboxClaim, why: &str) -> Outcome {
    (claim.id, claim.token, SendResult::Back { why: why.to_owned() })
}

fn count(claim: &OutboxClaim, result: &SendResult) {
    let (outcome, why) = match result {
        SendResult::Accepted { .. } => ("accepted", String::new()),
        SendResult::InDoubt { .. } => ("in_doubt", String::new()),
        SendResult::Wait { why, .. } | SendResult::Back { why } => ("wait", bounded(why)),
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
