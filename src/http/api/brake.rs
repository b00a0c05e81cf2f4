//! Wrong tokens from one address: told in the log, counted, and after some no longer looked up.
//!
//! Whoever came in lately with a right token still does, so that a stray program behind the same address (a proxy, an
//! office) locks nobody out.

use crate::domain::time::{Millis, Timestamp};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Wrong tokens of one address in [`WINDOW`]; the next ones wait until it is over.
const WRONG_MAX: u32 = 30;
const WINDOW: Millis = Millis::minutes(1);
/// How long a right token is known.
const KNOWN: Millis = Millis::hours(12);
/// Addresses and tokens that are kept at most; beyond it all are forgotten, which only makes the brake begin anew.
const KEPT_MAX: usize = 10_000;

/// What this process has seen.
#[derive(Default)]
pub struct Brake {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By address, since when and how many.
    wrong: BTreeMap<IpAddr, (Timestamp, u32)>,
    /// SHA-256 of tokens that were right, by when they were last.
    right: BTreeMap<[u8; 32], Timestamp>,
}

/// What a wrong token is to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The first of this address in a while.
    First,
    Again,
    /// From now on this address waits.
    Braked,
}

impl Brake {
    /// How long this address must wait before a token of it is looked up; `None` when it need not.
    pub fn waits(&self, address: Option<IpAddr>, token: Option<&[u8; 32]>, now: Timestamp) -> Option<Millis> {
        let state = self.lock();
        let (since, wrong) = *state.wrong.get(&network(address?))?;
        let known = token.and_then(|token| state.right.get(token)).is_some_and(|at| now.since(*at) < KNOWN);
        let left = Millis(WINDOW.0 - now.since(since).0);
        (wrong >= WRONG_MAX && left.0 > 0 && !known).then_some(left)
    }

    pub fn wrong(&self, address: Option<IpAddr>, now: Timestamp) -> Wrong {
        let Some(address) = address.map(network) else { return Wrong::First };
        let mut state = self.lock();
        if state.wrong.len() >= KEPT_MAX {
            state.wrong.retain(|_, (since, _)| now.since(*since) < WINDOW);
        }
        if state.wrong.len() >= KEPT_MAX {
            state.wrong.clear();
        }
        let (since, wrong) = state.wrong.entry(address).or_insert((now, 0));
        if now.since(*since) >= WINDOW {
            (*since, *wrong) = (now, 0);
        }
        *wrong = wrong.saturating_add(1);
        match *wrong {
            1 => Wrong::First,
            WRONG_MAX => Wrong::Braked,
            _ => Wrong::Again,
        }
    }

    /// Whether this token was not right before, or long ago.
    pub fn right(&self, token: [u8; 32], now: Timestamp) -> bool {
        let mut state = self.lock();
        if state.right.len() >= KEPT_MAX {
            state.right.retain(|_, at| now.since(*at) < KNOWN);
        }
        if state.right.len() >= KEPT_MAX {
            state.right.clear();
        }
        state.right.insert(token, now).is_none_or(|at| now.since(at) >= KNOWN)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One customer of a provider has a whole /64 of IPv6.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => v6
            .to_ipv4_mapped()
            .map_or_else(|| IpAddr::V6((u128::from(v6) & (u128::MAX << 64)).into()), IpAddr::V4),
    }
}

#[cfg(test)]
mod tests {
    use super::{Brake, KNOWN, WINDOW, WRONG_MAX, Wrong};
    use crate::domain::time::{Millis, Timestamp};
    use std::net::IpAddr;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn an_address_waits_after_some_wrong_tokens_and_others_do_not() {
        let (brake, here) = (Brake::default(), address("10.0.0.1"));
        for n in 1..=WRONG_MAX {
            assert_eq!(brake.waits(here, None, NOW), None);
            let expected = match n {
                1 => Wrong::First,
                WRONG_MAX => Wrong::Braked,
                _ => Wrong::Again,
            };
            assert_eq!(brake.wrong(here, NOW), expected);
        }
        assert_eq!(
            brake.waits(here, Some(&[1; 32]), NOW.plus(Millis::seconds(20))),
            Some(Millis::seconds(40))
        );
        assert_eq!(brake.waits(address("::ffff:10.0.0.1"), None, NOW), Some(WINDOW), "the same address");
        assert_eq!(brake.waits(address("10.0.0.2"), None, NOW), None);
        assert_eq!(brake.waits(None, None, NOW), None);
        assert_eq!(brake.waits(here, None, NOW.plus(WINDOW)), None);
        assert_eq!(brake.wrong(here, NOW.plus(WINDOW)), Wrong::First);
    }

    #[test]
    fn whoever_came_in_lately_still_does() {
        let (brake, here) = (Brake::default(), address("2001:db8::1"));
        let later = NOW.plus(KNOWN);
        assert!(brake.right([7; 32], NOW));
        assert!(!brake.right([7; 32], NOW), "told once");
        (0..WRONG_MAX).for_each(|_| _ = brake.wrong(address("2001:db8::2"), NOW));
        assert_eq!(brake.waits(here, Some(&[7; 32]), NOW), None);
        assert_eq!(brake.waits(here, Some(&[8; 32]), NOW), Some(WINDOW));
        (0..WRONG_MAX).for_each(|_| _ = brake.wrong(here, later));
        assert_eq!(brake.waits(here, Some(&[7; 32]), later), Some(WINDOW));
    }
}
