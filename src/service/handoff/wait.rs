//! How long a person will wait for an agent, as an honest range.

use crate::domain::time::{Millis, Timestamp};

/// A ticket takes between half and one and a half times its usual length.
const SHORT_PER_MILLE: u64 = 500;
const LONG_PER_MILLE: u64 = 1_500;
/// Ranges are given in steps of it: more would promise what nobody knows.
const STEP_MINUTES: u64 = 5;
/// Longer waits are given in hours.
const MINUTES_MAX: u64 = 120;

/// What is known about the desk at the moment of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeskLoad {
    /// 1 = next.
    pub position: u64,
    /// `None` when presence is not known: one agent is assumed for the long end of the range.
    pub agents_online: Option<u32>,
    /// Minutes that one ticket usually keeps an agent.
    pub handle_minutes: u32,
    /// When the desk opens next; `None` while it is open.
    pub opens_at: Option<Timestamp>,
}

/// Never a single number: a promise of minutes that is missed costs more trust than a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedWait {
    Minutes {
        from: u64,
        to: u64,
    },
    Hours {
        from: u64,
        to: u64,
    },
    /// The desk is closed; the person is served in this range after it opens.
    AfterOpening {
        from: Timestamp,
        to: Timestamp,
    },
    /// The desk is open and nobody is there.
    Unknown,
}

impl ExpectedWait {
    /// The long end in minutes from `now`: what a text may promise as "at most". `None` when nobody is there.
    pub fn at_most_minutes(self, now: Timestamp) -> Option<u64> {
        match self {
            Self::Minutes { to, .. } => Some(to),
            Self::Hours { to, .. } => Some(to.saturating_mul(60)),
            Self::AfterOpening { to, .. } => {
                u64::try_from(to.since(now).0).ok().map(|ms| ms.div_ceil(60_000))
            }
            Self::Unknown => None,
        }
    }
}

/// The wait of the ticket at `load.position`. Pure.
pub fn expected_wait(load: &DeskLoad) -> ExpectedWait {
    // At the opening the agents of the moment say nothing.
    let online = if load.opens_at.is_some() { None } else { load.agents_online };
    if online == Some(0) {
        return ExpectedWait::Unknown;
    }
    let n_agents = u64::from(online.unwrap_or(1)).max(1);
    let rounds = load.position.max(1).div_ceil(n_agents);
    let minutes = u64::from(load.handle_minutes.max(1));
    let share =
        |rounds: u64, per_mille: u64| rounds.saturating_mul(minutes).saturating_mul(per_mille) / 1_000;
    // The agents are somewhere inside their present ticket: the first round may be over at once.
    let from = share(rounds.saturating_sub(1), SHORT_PER_MILLE) / STEP_MINUTES * STEP_MINUTES;
    let to = share(rounds, LONG_PER_MILLE).div_ceil(STEP_MINUTES).saturating_mul(STEP_MINUTES);
    match load.opens_at {
        Some(opens) => ExpectedWait::AfterOpening { from: later(opens, from), to: later(opens, to) },
        None if to <= MINUTES_MAX => ExpectedWait::Minutes { from, to },
        None => ExpectedWait::Hours { from: from / 60, to: to.div_ceil(60) },
    }
}

fn later(at: Timestamp, minutes: u64) -> Timestamp {
    at.plus(Millis::minutes(i64::try_from(minutes.min(60 * 24 * 365)).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::{DeskLoad, ExpectedWait, expected_wait};
    use crate::domain::time::{Millis, Timestamp};
    use proptest::prelude::*;

    const LOAD: DeskLoad =
        DeskLoad { position: 1, agents_online: Some(3), handle_minutes: 8, opens_at: None };

    #[test]
    fn the_next_one_waits_for_at_most_one_ticket() {
        assert_eq!(expected_wait(&LOAD), ExpectedWait::Minutes { from: 0, to: 15 });
        let seventh = DeskLoad { position: 7, ..LOAD };
        assert_eq!(expected_wait(&seventh), ExpectedWait::Minutes { from: 5, to: 40 });
    }

    #[test]
    fn long_waits_are_hours_and_nobody_is_said_so() {
        let far = DeskLoad { position: 60, ..LOAD };
        assert_eq!(expected_wait(&far), ExpectedWait::Hours { from: 1, to: 4 });
        assert_eq!(expected_wait(&DeskLoad { agents_online: Some(0), ..LOAD }), ExpectedWait::Unknown);
    }

    #[test]
    fn a_closed_desk_counts_from_its_opening() {
        let opens = Timestamp(1_800_000_000_000);
        let closed = DeskLoad { position: 2, agents_online: Some(0), opens_at: Some(opens), ..LOAD };
        assert_eq!(
            expected_wait(&closed),
            ExpectedWait::AfterOpening { from: opens, to: opens.plus(Millis::minutes(25)) }
        );
        let an_hour_before = opens.minus(Millis::hours(1));
        assert_eq!(expected_wait(&closed).at_most_minutes(an_hour_before), Some(85));
    }

    proptest! {
        #[test]
        fn a_later_place_never_waits_less(
            position in 1u64..10_000, agents in 1u32..200, handle in 0u32..600,
        ) {
            let at = |position| expected_wait(&DeskLoad {
                position, agents_online: Some(agents), handle_minutes: handle, opens_at: None,
            });
            let bounds = |wait| match wait {
                ExpectedWait::Minutes { from, to } => (from, to),
                ExpectedWait::Hours { from, to } => (from * 60, to * 60),
                ExpectedWait::AfterOpening { .. } | ExpectedWait::Unknown => unreachable!(),
            };
            let (near, far) = (bounds(at(position)), bounds(at(position + 1)));
            prop_assert!(near.0 < near.1 && far.1 >= near.1, "{near:?} {far:?}");
        }
    }
}
