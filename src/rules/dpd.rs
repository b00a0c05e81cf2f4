//! Days past due, stage and bucket of an obligation.

use crate::domain::debt::Obligation;
use crate::domain::time::Day;

/// Where an obligation stands in the collection process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Nothing is due within the preventive days.
    Current,
    /// Not late, due within the preventive days.
    Preventive,
    /// From one day past due.
    Administrative,
    /// From the lender's limit, before any court.
    Prelegal,
}

impl Stage {
    pub const ALL: [Self; 4] = [Self::Current, Self::Preventive, Self::Administrative, Self::Prelegal];

    /// The name that policies use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Preventive => "preventive",
            Self::Administrative => "administrative",
            Self::Prelegal => "prelegal",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

/// Limits of the stages, per lender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageLimits {
    /// Days before a due date in which an account is preventive.
    pub preventive_days: i64,
    /// The first day past due of the pre-legal stage.
    pub prelegal_from_days: i64,
}

/// Calendar days since the oldest unpaid due date, never negative.
///
/// A part payment does not reset it: the lender moves `oldest_unpaid_due` when that instalment is paid whole.
pub fn days_past_due(oldest_unpaid_due: Option<Day>, today: Day) -> i64 {
    oldest_unpaid_due.map_or(0, |due| today.days_since(due).max(0))
}

pub fn stage(obligation: &Obligation, today: Day, limits: StageLimits) -> Stage {
    let days = days_past_due(obligation.oldest_unpaid_due, today);
    if days >= limits.prelegal_from_days {
        return Stage::Prelegal;
    }
    if days >= 1 {
        return Stage::Administrative;
    }
    let next = obligation.oldest_unpaid_due.or_else(|| obligation.next_due.as_ref().map(|next| next.due));
    let soon = next.is_some_and(|due| due.days_since(today) <= limits.preventive_days);
    if soon { Stage::Preventive } else { Stage::Current }
}

/// The bucket of `days` as `1-30`, `31-60` … `361+` for upper limits such as `[0, 30, 60, 90, 120, 180, 360]`.
pub fn bucket(days: i64, upper_limits: &[i64]) -> String {
    let mut from = 0;
    for &limit in upper_limits {
        if days <= limit {
            return if from == limit { limit.to_string() } else { format!("{from}-{limit}") };
        }
        from = limit + 1;
    }
    format!("{from}+")
}

#[cfg(test)]
mod tests {
    use super::{bucket, days_past_due};
    use crate::domain::time::Day;

    #[test]
    fn days_past_due_are_never_negative() {
        let today = Day::parse("2026-11-21").unwrap();
        assert_eq!(days_past_due(Day::parse("2026-09-07"), today), 75);
        assert_eq!(days_past_due(Day::parse("2026-11-24"), today), 0);
        assert_eq!(days_past_due(None, today), 0);
    }

    #[test]
    fn buckets_meet_without_gaps() {
        let limits = [0, 30, 60, 90, 120, 180, 360];
        let names: Vec<String> =
            [0, 1, 30, 31, 360, 361].into_iter().map(|days| bucket(days, &limits)).collect();
        assert_eq!(names, ["0", "1-30", "1-30", "31-60", "181-360", "361+"]);
    }
}
