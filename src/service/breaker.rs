//! Tells an outage of the Graph API from a message that it will never take.
//!
//! Meta answers both with the same codes (HTTP 500 or 503 with code 1 or 131000), so one answer says nothing: while
//! all of a number's sends fail the service is down, nothing is held against any message, and one is tried each second;
//! a message that fails while others of its number get through is the cause itself.

use crate::domain::ids::{OutboxId, PhoneNumberId};
use crate::domain::time::{Millis, Timestamp};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Failures of one number without a success between them, after which its service counts as down.
const FAILURES: u32 = 3;
/// While it is down, one message is tried this often.
const PROBE_EVERY: Millis = Millis::seconds(1);
/// Others of the same number that got through between two tries of a message: only then the later one counts against it.
const NEIGHBOURS: u64 = 3;
/// Messages that failed and are remembered, of each number; beyond that their tries begin anew.
const SUSPECTS_MAX: usize = 10_000;

/// What the sends of this process met, for each phone number of ours.
#[derive(Default)]
pub struct Breaker(Mutex<HashMap<PhoneNumberId, Service>>);

#[derive(Default)]
struct Service {
    failures_in_a_row: u32,
    n_taken: u64,
    probe_at: Timestamp,
    suspects: HashMap<OutboxId, Suspect>,
}

/// A message that failed.
#[derive(Clone, Copy)]
struct Suspect {
    tries: u32,
    /// What [`Service::n_taken`] was at the last try that counted.
    n_taken: u64,
}

/// What a failure says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// Tries that count against this message, this one included.
    pub tries: u32,
    /// Set while the service is down: when the next message may be tried.
    pub down_until: Option<Timestamp>,
}

/// How much may be claimed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Free,
    OneProbe,
    Nothing,
}

impl Breaker {
    /// What is worth claiming: nothing while the service of all of these numbers is down, so that nothing is on its way
    /// then.
    pub fn room<'n>(&self, numbers: impl Iterator<Item = &'n PhoneNumberId>, now: Timestamp) -> Room {
        let services = self.lock();
        let mut room = Room::Nothing;
        let mut any = false;
        for number in numbers {
            any = true;
            match services.get(number).filter(|service| service.is_down()) {
                None => return Room::Free,
                Some(service) if service.probe_at <= now => room = Room::OneProbe,
                Some(_) => {}
            }
        }
        if any { room } else { Room::Free }
    }

    /// Whether a message of this number may be tried now; else when to come back.
    pub fn admit(&self, number: &PhoneNumberId, now: Timestamp) -> Result<(), Timestamp> {
        let mut services = self.lock();
        match services.get_mut(number).filter(|service| service.is_down()) {
            None => Ok(()),
            Some(service) if service.probe_at <= now => {
                service.probe_at = now.plus(PROBE_EVERY);
                Ok(())
            }
            Some(service) => Err(service.probe_at),
        }
    }

    pub fn taken(&self, number: &PhoneNumberId, message: OutboxId) {
        let mut services = self.lock();
        let service = services.entry(number.clone()).or_default();
        service.failures_in_a_row = 0;
        service.n_taken += 1;
        service.suspects.remove(&message);
    }

    /// A send that failed for what may be the service's state.
    pub fn failed(&self, number: &PhoneNumberId, message: OutboxId, now: Timestamp) -> Failure {
        let mut services = self.lock();
        let service = services.entry(number.clone()).or_default();
        service.failures_in_a_row = service.failures_in_a_row.saturating_add(1);
        if service.failures_in_a_row == FAILURES {
            service.probe_at = now.plus(PROBE_EVERY);
            metrics::counter!("acuerdo_send_outages_total").increment(1);
            tracing::warn!(
                number = number.as_str(),
                "the Graph API fails: one message a second is tried until it answers"
            );
        }
        Failure {
            tries: service.held_against(message),
            down_until: service.is_down().then_some(service.probe_at),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PhoneNumberId, Service>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service {
    const fn is_down(&self) -> bool {
        self.failures_in_a_row >= FAILURES
    }

    fn held_against(&mut self, message: OutboxId) -> u32 {
        let n_taken = self.n_taken;
        if self.suspects.len() >= SUSPECTS_MAX && !self.suspects.contains_key(&message) {
            self.suspects.clear();
        }
        let suspect = self.suspects.entry(message).or_insert(Suspect { tries: 0, n_taken });
        if suspect.tries == 0 || n_taken >= suspect.n_taken + NEIGHBOURS {
            *suspect = Suspect { tries: suspect.tries + 1, n_taken };
        }
        suspect.tries
    }
}

#[cfg(test)]
mod tests {
    use super::{Breaker, NEIGHBOURS, PROBE_EVERY, Room};
    use crate::domain::ids::{OutboxId, PhoneNumberId};
    use crate::domain::time::{Millis, Timestamp};
    use uuid::Uuid;

    fn message(n: u128) -> OutboxId {
        OutboxId(Uuid::from_u128(n))
    }

    #[test]
    fn an_outage_is_held_against_no_message_and_one_probe_a_second_goes_out() {
        let (breaker, number) = (Breaker::default(), PhoneNumberId::new("1"));
        let mut now = Timestamp(0);
        for n in 0..3 {
            assert_eq!(breaker.admit(&number, now), Ok(()));
            breaker.failed(&number, message(n), now);
        }
        assert_eq!(breaker.room([&number].into_iter(), now), Room::Nothing);
        for _ in 0..1_200 {
            assert!(breaker.admit(&number, now).is_err());
            now = now.plus(PROBE_EVERY);
            assert_eq!(breaker.room([&number].into_iter(), now), Room::OneProbe);
            assert_eq!(breaker.admit(&number, now), Ok(()));
            let failure = breaker.failed(&number, message(0), now);
            assert_eq!((failure.tries, failure.down_until), (1, Some(now.plus(PROBE_EVERY))));
        }
        breaker.taken(&number, message(0));
        assert_eq!(breaker.room([&number].into_iter(), now), Room::Free);
        assert_eq!(breaker.admit(&number, now), Ok(()));
    }

    #[test]
    fn a_message_that_fails_while_others_pass_is_told_apart() {
        let (breaker, number) = (Breaker::default(), PhoneNumberId::new("1"));
        for tries in 1..=5 {
            let failure = breaker.failed(&number, message(0), Timestamp(0));
            assert_eq!((failure.tries, failure.down_until), (tries, None));
            for n in 0..NEIGHBOURS {
                breaker.taken(&number, message(100 + u128::from(n)));
            }
        }
    }

    #[test]
    fn another_number_goes_on() {
        let (breaker, down, well) = (Breaker::default(), PhoneNumberId::new("1"), PhoneNumberId::new("2"));
        for n in 0..3 {
            breaker.failed(&down, message(n), Timestamp(0));
        }
        assert!(breaker.admit(&down, Timestamp(0)).is_err());
        assert_eq!(breaker.admit(&well, Timestamp(0)), Ok(()));
        assert_eq!(breaker.room([&down, &well].into_iter(), Timestamp(0)), Room::Free);
        assert_eq!(breaker.room(std::iter::empty(), Timestamp(0).plus(Millis(1))), Room::Free);
    }
}
