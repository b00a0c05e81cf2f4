//! How fast we may send: per phone number, and per pair of number and person (Meta: 80/s; 1 per 6 s, burst 45).
//!
//! A message is claimed only with a [`Place`], which is a token of its number and a place in its window. Buckets live in
//! this process; Meta's own answers 130429 and 131056 correct what several replicas send together.

use crate::domain::ids::{ConversationId, PhoneNumberId};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::conversations::Origin;
use crate::service::rate::{Landing, Rate};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Burst of one pair, below Meta's 45 so that an agent's word always has room.
const PAIR_BURST: i64 = 40;
/// One message per pair regrows in this time.
const PAIR_REFILL_MS: i64 = 6_000;
/// Who is answered so often in a short time that less than this is left writes faster than anybody reads: from then on
/// an answer of the bot takes the room of several, so that it costs us one in half a minute, and agents keep some.
const PAIR_RESERVE: i64 = 10;
const PAIR_DEAR: i64 = 5;
/// Buckets that are full again are forgotten when there are this many pairs, and then at each doubling of what is left.
const PAIRS_SWEPT: usize = 20_000;
/// Never more than this many pairs, about 10 MiB: all are forgotten, and Meta's 131056 says who writes too fast.
const PAIRS_MAX: usize = 200_000;

pub struct Pacing {
    /// The most that a number sends in a second.
    per_second: u32,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    numbers: HashMap<PhoneNumberId, Rate>,
    pairs: HashMap<ConversationId, Bucket>,
    /// The number of pairs at which full buckets are looked for; looking at each message would cost more than sending.
    sweep_at: usize,
    pair_pauses: HashMap<ConversationId, Timestamp>,
}

/// The right of one message to be on its way; whatever was not used goes back when this is dropped.
pub struct Place {
    pacing: Arc<Pacing>,
    number: PhoneNumberId,
    stage: Stage,
}

#[derive(Debug, Clone, Copy)]
enum Stage {
    Reserved,
    Flying(u64),
    Landed,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    Bot,
    Agent,
}

impl Writer {
    pub const fn of(origin: Origin) -> Self {
        match origin {
            Origin::Agent => Self::Agent,
            Origin::Reply | Origin::Proactive => Self::Bot,
        }
    }
}

/// Tokens in thousandths, so that slow refills do not round to nothing.
#[derive(Clone, Copy)]
struct Bucket {
    milli_tokens: i64,
    at: Timestamp,
}

impl Pacing {
    /// `per_second`: the most that any number sends in a second.
    pub fn new(per_second: u32) -> Self {
        Self { per_second, state: Mutex::default() }
    }

    /// Places for up to `most` messages of a number.
    pub fn reserve(self: &Arc<Self>, number: &PhoneNumberId, most: u32, now: Timestamp) -> Vec<Place> {
        let places = self.of(number, now, |rate| rate.reserve(most, now));
        let place = |_| Place { pacing: Arc::clone(self), number: number.clone(), stage: Stage::Reserved };
        (0..places).map(place).collect()
    }

    /// How long to wait until one of these numbers that has no room now has some; `None` when all have.
    pub fn room_in<'n>(
        &self,
        numbers: impl Iterator<Item = &'n PhoneNumberId>,
        now: Timestamp,
    ) -> Option<Millis> {
        let next = numbers.filter_map(|number| self.of(number, now, |rate| rate.next_room(now))).min();
        next.map(|next| next.since(now))
    }

    /// Whether a number sends as fast as it may, so that there is room for what is only polite.
    pub fn is_unhindered(&self, number: &PhoneNumberId, now: Timestamp) -> bool {
        self.of(number, now, |rate| rate.is_unhindered(now))
    }

    /// Takes the room of one message of a pair, or says when to come back; then nothing was taken.
    pub fn take_pair(&self, pair: ConversationId, by: Writer, now: Timestamp) -> Result<(), Timestamp> {
        let mut state = self.lock();
        let pause = state.pair_pauses.get(&pair).copied().unwrap_or_default();
        if pause > now {
            return Err(pause);
        }
        let bucket = Bucket::refilled(state.pairs.get(&pair), now);
        let price = bucket.price(by);
        let wait = bucket.wait_ms(price);
        if wait > 0 {
            return Err(now.plus(Millis(wait)));
        }
        state.forget_full_pairs(now);
        state.pairs.insert(pair, bucket.less(price));
        Ok(())
    }

    /// Puts back what a message took that did not leave.
    pub fn give_back_pair(&self, pair: ConversationId, by: Writer, now: Timestamp) {
        let mut state = self.lock();
        if let Some(bucket) = state.pairs.get(&pair).map(|bucket| Bucket::refilled(Some(bucket), now)) {
            state.pairs.insert(pair, bucket.more(bucket.paid(by)));
        }
    }

    pub fn pause_pair(&self, pair: ConversationId, until: Timestamp) {
        let mut state = self.lock();
        if state.pair_pauses.len() >= PAIRS_SWEPT {
            // Who is paused still is told so by Meta's next 131056.
            state.pair_pauses.clear();
        }
        state.pair_pauses.insert(pair, until);
    }

    /// There are as many numbers as the settings name, and those that messages of earlier settings still have.
    fn of<T>(&self, number: &PhoneNumberId, now: Timestamp, act: impl FnOnce(&mut Rate) -> T) -> T {
        let mut state = self.lock();
        if let Some(rate) = state.numbers.get_mut(number) {
            return act(rate);
        }
        let mut rate = Rate::new(self.per_second, now);
        let result = act(&mut rate);
        state.numbers.insert(number.clone(), rate);
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    pub const fn number(&self) -> &PhoneNumberId {
        &self.number
    }

    /// The request leaves now.
    pub fn begin(&mut self, now: Timestamp) {
        if let Stage::Reserved = self.stage {
            self.stage = Stage::Flying(self.pacing.of(&self.number, now, |rate| rate.begin(now)));
        }
    }

    /// The Graph API has answered, and the answer says something of the number.
    pub fn landed(&mut self, landing: Landing, now: Timestamp) {
        if let Stage::Flying(flight) = self.stage {
            self.stage = Stage::Landed;
            self.pacing.of(&self.number, now, |rate| rate.landed(flight, landing, now));
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.pacing.lock();
        let Some(rate) = state.numbers.get_mut(&self.number) else { return };
        match self.stage {
            Stage::Reserved => rate.give_back(),
            Stage::Flying(flight) => rate.lost(flight),
            Stage::Landed => {}
        }
    }
}

impl State {
    fn forget_full_pairs(&mut self, now: Timestamp) {
        if self.pairs.len() < self.sweep_at.max(PAIRS_SWEPT) {
            return;
        }
        self.pairs.retain(|_, bucket| !Bucket::refilled(Some(bucket), now).is_full());
        if self.pairs.len() >= PAIRS_MAX {
            self.pairs.clear();
        }
        self.sweep_at = self.pairs.len() * 2;
        self.pairs.shrink_to(self.sweep_at.max(PAIRS_SWEPT));
    }
}

/// Of a pair.
impl Bucket {
    const fn is_full(self) -> bool {
        self.milli_tokens >= PAIR_BURST * 1_000
    }

    fn refilled(known: Option<&Self>, now: Timestamp) -> Self {
        let full = Self { milli_tokens: PAIR_BURST * 1_000, at: now };
        known.map_or(full, |bucket| {
            let grown = now.since(bucket.at).0.max(0).saturating_mul(1_000) / PAIR_REFILL_MS;
            Self { milli_tokens: bucket.milli_tokens.saturating_add(grown).min(PAIR_BURST * 1_000), at: now }
        })
    }

    /// Thousandths of messages.
    const fn price(self, by: Writer) -> i64 {
        match by {
            Writer::Bot if self.milli_tokens < PAIR_RESERVE * 1_000 => PAIR_DEAR * 1_000,
            Writer::Bot | Writer::Agent => 1_000,
        }
    }

    /// What the last message had cost, of which these tokens are left.
    const fn paid(self, by: Writer) -> i64 {
        match by {
            Writer::Bot if self.milli_tokens < (PAIR_RESERVE - 1) * 1_000 => PAIR_DEAR * 1_000,
            Writer::Bot | Writer::Agent => 1_000,
        }
    }

    const fn wait_ms(self, price: i64) -> i64 {
        let missing = price - self.milli_tokens;
        if missing <= 0 { 0 } else { (missing * PAIR_REFILL_MS + 999) / 1_000 }
    }

    const fn less(self, price: i64) -> Self {
        Self { milli_tokens: self.milli_tokens - price, at: self.at }
    }

    fn more(self, price: i64) -> Self {
        Self { milli_tokens: (self.milli_tokens + price).min(PAIR_BURST * 1_000), at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        PAIR_BURST, PAIR_DEAR, PAIR_REFILL_MS, PAIR_RESERVE, PAIRS_MAX, PAIRS_SWEPT, Pacing, Writer,
    };
    use crate::domain::ids::{ConversationId, PhoneNumberId};
    use crate::domain::time::{Millis, Timestamp};
    use crate::service::rate::Landing;
    use std::sync::Arc;
    use uuid::Uuid;

    const START: Timestamp = Timestamp(0);

    /// How many of `most` places there are, each given back at once.
    fn room(pacing: &Arc<Pacing>, number: &str, now: Timestamp) -> usize {
        pacing.reserve(&number.into(), 1_000, now).len()
    }

    #[test]
    fn what_a_message_took_that_did_not_leave_goes_back_however_often() {
        let pacing = Pacing::new(80);
        let pair = ConversationId(Uuid::from_u128(7));
        for by in [Writer::Bot, Writer::Agent] {
            for _ in 0..100 {
                pacing.take_pair(pair, by, START).unwrap();
                pacing.give_back_pair(pair, by, START);
            }
        }
        let said = (0..100).take_while(|_| pacing.take_pair(pair, Writer::Bot, START).is_ok()).count();
        for _ in 0..10 {
            assert!(pacing.take_pair(pair, Writer::Bot, START).is_err());
        }
        assert_eq!(said, 32);
    }

    #[test]
    fn what_was_reserved_and_not_used_goes_back() {
        let pacing = Arc::new(Pacing::new(80));
        let number = PhoneNumberId::from("1");
        let held = pacing.reserve(&number, 3, START);
        assert_eq!(held.len(), 3);
        assert_eq!(room(&pacing, "1", START), 1);
        assert_eq!(room(&pacing, "2", START), 4, "another number has its own");
        drop(held);
        assert_eq!(room(&pacing, "1", START), 4);
    }

    #[test]
    fn a_request_that_ends_in_whatever_way_frees_its_place() {
        let pacing = Arc::new(Pacing::new(80));
        let number = PhoneNumberId::from("1");
        let mut places = pacing.reserve(&number, 4, START);
        for place in &mut places {
            place.begin(START);
        }
        assert_eq!(room(&pacing, "1", Timestamp(100)), 0);
        assert!(pacing.room_in([&number].into_iter(), Timestamp(100)).is_some());
        places[0].landed(Landing::Taken, Timestamp(100));
        drop(places);
        assert_eq!(room(&pacing, "1", Timestamp(100)), 5, "one was answered, so there may be one more");
        assert_eq!(pacing.room_in([&number].into_iter(), Timestamp(100)), None);
    }

    #[test]
    fn courtesies_give_way_while_a_number_is_throttled() {
        let pacing = Arc::new(Pacing::new(80));
        let number = PhoneNumberId::from("1");
        assert!(pacing.is_unhindered(&number, START));
        let mut place = pacing.reserve(&number, 1, START).remove(0);
        place.begin(START);
        place.landed(Landing::Throttled { wait: Millis(0) }, Timestamp(80));
        assert!(!pacing.is_unhindered(&number, Timestamp(300)));
        assert!(pacing.is_unhindered(&number, Timestamp(60_000)));
    }

    #[test]
    fn a_pair_has_a_burst_and_then_one_per_six_seconds() {
        let pacing = Pacing::new(1_000);
        let pair = ConversationId(Uuid::nil());
        for _ in 0..PAIR_BURST {
            assert_eq!(pacing.take_pair(pair, Writer::Agent, Timestamp(0)), Ok(()));
        }
        assert_eq!(pacing.take_pair(pair, Writer::Agent, Timestamp(0)), Err(Timestamp(PAIR_REFILL_MS)));
        assert_eq!(pacing.take_pair(pair, Writer::Agent, Timestamp(PAIR_REFILL_MS)), Ok(()));
    }

    #[test]
    fn who_writes_faster_than_anybody_reads_gets_an_answer_in_half_a_minute_and_agents_keep_room() {
        let pacing = Pacing::new(1_000);
        let pair = ConversationId(Uuid::nil());
        let bot = |now: i64| pacing.take_pair(pair, Writer::Bot, Timestamp(now)).is_ok();
        let quick = (0..100).filter(|_| bot(0)).count();
        let dear = (PAIR_RESERVE - 1) / PAIR_DEAR;
        assert_eq!(i64::try_from(quick).unwrap(), PAIR_BURST - PAIR_RESERVE + 1 + dear);
        assert!(pacing.take_pair(pair, Writer::Agent, Timestamp(0)).is_ok());
        let hour = (0..3_600).filter(|second| bot(second * 1_000)).count();
        assert!((115..=125).contains(&hour), "{hour} in an hour");
        let calm = (1..=60).filter(|n| bot(3_600_000 + n * 3_600_000)).count();
        assert_eq!(calm, 60, "who stops is answered at once again");
    }

    #[test]
    fn pairs_are_forgotten_once_they_may_send_a_whole_burst_again() {
        let pacing = Pacing::new(1_000_000);
        let pair = |n: u128| ConversationId(Uuid::from_u128(n));
        let busy = pair(u128::MAX);
        // A thousand people a second, one message each: six seconds later their bucket is full again.
        for n in 0..200_000_u128 {
            let now = Timestamp(i64::try_from(n).unwrap());
            if n % 1_000 == 0 {
                let _ = pacing.take_pair(busy, Writer::Bot, now);
            }
            pacing.take_pair(pair(n), Writer::Bot, now).unwrap();
            assert!(pacing.lock().pairs.len() <= PAIRS_SWEPT, "after {n}");
        }
        assert!(pacing.lock().pairs.contains_key(&busy), "one that has written much is remembered");
    }

    #[test]
    fn there_are_never_more_pairs_than_the_limit() {
        let pacing = Pacing::new(1_000_000);
        for n in 0..500_000_u128 {
            let now = Timestamp(i64::try_from(n / 1_000).unwrap());
            pacing.take_pair(ConversationId(Uuid::from_u128(n)), Writer::Bot, now).unwrap();
        }
        assert!(pacing.lock().pairs.len() <= PAIRS_MAX);
    }

    #[test]
    fn a_pause_of_one_person_leaves_the_others_alone() {
        let pacing = Pacing::new(80);
        let (one, other) = (ConversationId(Uuid::nil()), ConversationId(Uuid::from_u128(1)));
        let until = Timestamp(0).plus(Millis::seconds(16));
        pacing.pause_pair(one, until);
        assert_eq!(pacing.take_pair(one, Writer::Bot, Timestamp(1)), Err(until));
        assert_eq!(pacing.take_pair(other, Writer::Bot, Timestamp(1)), Ok(()));
    }
}
