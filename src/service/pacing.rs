//! How fast we may send: per phone number, and per pair of number and person (Meta: 80/s; 1 per 6 s, burst 45).
//!
//! The buckets live in this process. Meta's own answers 130429 and 131056 correct what several replicas send together.

use crate::domain::ids::{ConversationId, PhoneNumberId};
use crate::domain::time::{Millis, Timestamp};
use std::collections::HashMap;
use std::sync::Mutex;

/// Burst of one pair, below Meta's 45 so that an agent's word always has room.
const PAIR_BURST: i64 = 40;
/// One message per pair regrows in this time.
const PAIR_REFILL_MS: i64 = 6_000;
/// Buckets that are full again are forgotten when there are this many pairs, and then at each doubling of what is left.
const PAIRS_SWEPT: usize = 20_000;
/// Never more than this many pairs, about 10 MiB: all are forgotten, and Meta's 131056 says who writes too fast.
const PAIRS_MAX: usize = 200_000;

pub struct Pacing {
    per_second: i64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    numbers: HashMap<PhoneNumberId, Bucket>,
    pairs: HashMap<ConversationId, Bucket>,
    /// The number of pairs at which full buckets are looked for; looking at each message would cost more than sending.
    sweep_at: usize,
    /// Meta said that a number sends too fast: nobody of it sends before then.
    number_pauses: HashMap<PhoneNumberId, Timestamp>,
    pair_pauses: HashMap<ConversationId, Timestamp>,
}

/// Tokens in thousandths, so that slow refills do not round to nothing.
#[derive(Clone, Copy)]
struct Bucket {
    milli_tokens: i64,
    at: Timestamp,
}

impl Pacing {
    pub fn new(per_second: u32) -> Self {
        Self { per_second: i64::from(per_second.max(1)), state: Mutex::default() }
    }

    /// Takes one token of both buckets, or says when to come back; then nothing was taken.
    pub fn take(
        &self,
        number: &PhoneNumberId,
        pair: ConversationId,
        now: Timestamp,
    ) -> Result<(), Timestamp> {
        let mut state = self.lock();
        let pause =
            state.number_pauses.get(number).max(state.pair_pauses.get(&pair)).copied().unwrap_or_default();
        if pause > now {
            return Err(pause);
        }
        let number_bucket = Bucket::refilled(
            state.numbers.get(number),
            now,
            self.per_second,
            1_000 / self.per_second.min(1_000),
        );
        let pair_bucket = Bucket::refilled(state.pairs.get(&pair), now, PAIR_BURST, PAIR_REFILL_MS);
        let wait = number_bucket
            .wait_ms(1_000 / self.per_second.min(1_000))
            .max(pair_bucket.wait_ms(PAIR_REFILL_MS));
        if wait > 0 {
            return Err(now.plus(Millis(wait)));
        }
        state.forget_full_pairs(now);
        state.numbers.insert(number.clone(), number_bucket.less_one());
        state.pairs.insert(pair, pair_bucket.less_one());
        Ok(())
    }

    pub fn pause_number(&self, number: &PhoneNumberId, until: Timestamp) {
        self.lock().number_pauses.insert(number.clone(), until);
    }

    pub fn pause_pair(&self, pair: ConversationId, until: Timestamp) {
        let mut state = self.lock();
        if state.pair_pauses.len() >= PAIRS_SWEPT {
            // Who is paused still is told so by Meta's next 131056.
            state.pair_pauses.clear();
        }
        state.pair_pauses.insert(pair, until);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl State {
    fn forget_full_pairs(&mut self, now: Timestamp) {
        if self.pairs.len() < self.sweep_at.max(PAIRS_SWEPT) {
            return;
        }
        self.pairs
            .retain(|_, bucket| !Bucket::refilled(Some(bucket), now, PAIR_BURST, PAIR_REFILL_MS).is_full());
        if self.pairs.len() >= PAIRS_MAX {
            self.pairs.clear();
        }
        self.sweep_at = self.pairs.len() * 2;
        self.pairs.shrink_to(self.sweep_at.max(PAIRS_SWEPT));
    }
}

impl Bucket {
    /// Of a pair.
    const fn is_full(self) -> bool {
        self.milli_tokens >= PAIR_BURST * 1_000
    }

    fn refilled(known: Option<&Self>, now: Timestamp, burst: i64, refill_ms: i64) -> Self {
        let full = Self { milli_tokens: burst * 1_000, at: now };
        known.map_or(full, |bucket| {
            let grown = now.since(bucket.at).0.max(0).saturating_mul(1_000) / refill_ms;
            Self { milli_tokens: bucket.milli_tokens.saturating_add(grown).min(burst * 1_000), at: now }
        })
    }

    fn wait_ms(self, refill_ms: i64) -> i64 {
        let missing = 1_000 - self.milli_tokens;
        if missing <= 0 { 0 } else { (missing * refill_ms + 999) / 1_000 }
    }

    const fn less_one(self) -> Self {
        Self { milli_tokens: self.milli_tokens - 1_000, at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::{PAIR_BURST, PAIR_REFILL_MS, PAIRS_MAX, PAIRS_SWEPT, Pacing};
    use crate::domain::ids::ConversationId;
    use crate::domain::time::{Millis, Timestamp};
    use uuid::Uuid;

    #[test]
    fn a_number_sends_at_most_its_rate_in_a_second() {
        let pacing = Pacing::new(80);
        let sent = (0..200u128)
            .filter(|n| pacing.take(&"1".into(), ConversationId(Uuid::from_u128(*n)), Timestamp(0)).is_ok())
            .count();
        assert_eq!(sent, 80);
        let refused = pacing.take(&"1".into(), ConversationId(Uuid::nil()), Timestamp(0));
        let again = refused.unwrap_err();
        assert!(again > Timestamp(0) && again <= Timestamp(20));
        assert!(pacing.take(&"1".into(), ConversationId(Uuid::nil()), again).is_ok());
    }

    #[test]
    fn a_pair_has_a_burst_and_then_one_per_six_seconds() {
        let pacing = Pacing::new(1_000);
        let pair = ConversationId(Uuid::nil());
        for _ in 0..PAIR_BURST {
            assert_eq!(pacing.take(&"1".into(), pair, Timestamp(0)), Ok(()));
        }
        assert_eq!(pacing.take(&"1".into(), pair, Timestamp(0)), Err(Timestamp(PAIR_REFILL_MS)));
        assert_eq!(pacing.take(&"1".into(), pair, Timestamp(PAIR_REFILL_MS)), Ok(()));
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
                let _ = pacing.take(&"1".into(), busy, now);
            }
            pacing.take(&"1".into(), pair(n), now).unwrap();
            assert!(pacing.lock().pairs.len() <= PAIRS_SWEPT, "after {n}");
        }
        assert!(pacing.lock().pairs.contains_key(&busy), "one that has written much is remembered");
    }

    #[test]
    fn there_are_never_more_pairs_than_the_limit() {
        let pacing = Pacing::new(1_000_000);
        for n in 0..500_000_u128 {
            let now = Timestamp(i64::try_from(n / 1_000).unwrap());
            pacing.take(&"1".into(), ConversationId(Uuid::from_u128(n)), now).unwrap();
        }
        assert!(pacing.lock().pairs.len() <= PAIRS_MAX);
    }

    #[test]
    fn a_pause_of_one_person_leaves_the_others_alone() {
        let pacing = Pacing::new(80);
        let (one, other) = (ConversationId(Uuid::nil()), ConversationId(Uuid::from_u128(1)));
        let until = Timestamp(0).plus(Millis::seconds(16));
        pacing.pause_pair(one, until);
        assert_eq!(pacing.take(&"1".into(), one, Timestamp(1)), Err(until));
        assert_eq!(pacing.take(&"1".into(), other, Timestamp(1)), Ok(()));
    }
}
