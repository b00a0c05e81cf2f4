//! Dates of instalments: anchor day, fortnights, weeks, and what happens on days without banks.

use crate::domain::time::Day;
use crate::rules::calendar::Calendar;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frequency {
    Weekly,
    /// The 15th and the last day of the month (*quincena*).
    Fortnightly,
    Monthly,
}

impl Frequency {
    pub const ALL: [Self; 3] = [Self::Weekly, Self::Fortnightly, Self::Monthly];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Weekly => "weekly",
            Self::Fortnightly => "fortnightly",
            Self::Monthly => "monthly",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|frequency| frequency.name() == name)
    }
}

/// What a due date becomes when banks are closed on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BusinessDayRule {
    None,
    /// The next business day.
    Following,
    /// The next business day, or the one before when that would be in another month: a month has one payment.
    #[default]
    ModifiedFollowing,
    /// The business day before.
    Preceding,
}

impl BusinessDayRule {
    pub const ALL: [Self; 4] = [Self::None, Self::Following, Self::ModifiedFollowing, Self::Preceding];

    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Following => "following",
            Self::ModifiedFollowing => "modified_following",
            Self::Preceding => "preceding",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    pub fn adjust(self, day: Day, calendar: &Calendar) -> Day {
        match self {
            Self::None => day,
            Self::Following => calendar.following(day),
            Self::Preceding => calendar.preceding(day),
            Self::ModifiedFollowing => {
                let next = calendar.following(day);
                if next.month() == day.month() { next } else { calendar.preceding(day) }
            }
        }
    }
}

/// `count` nominal due dates from `first` on, before any business-day rule.
///
/// Months keep `anchor` (1..=31) so that the 31st does not drift to the 28th; fortnights start with the first 15th or
/// month's end from `first` on.
pub fn nominal_dates(first: Day, count: u32, frequency: Frequency, anchor: i8) -> Vec<Day> {
    let numbers = 0..i32::try_from(count).unwrap_or(i32::MAX);
    match frequency {
        Frequency::Weekly => numbers.map(|n| first.plus_days(7 * i64::from(n))).collect(),
        Frequency::Monthly => numbers.map(|n| first.plus_months_anchored(n, anchor)).collect(),
        Frequency::Fortnightly => {
            std::iter::successors(Some(fortnight_from(first)), |day| Some(fortnight_from(day.plus_days(1))))
                .take(count as usize)
                .collect()
        }
    }
}

/// The due dates after the business-day rule.
pub fn due_dates(
    first: Day,
    count: u32,
    frequency: Frequency,
    rule: BusinessDayRule,
    calendar: &Calendar,
) -> Vec<Day> {
    nominal_dates(first, count, frequency, first.day())
        .into_iter()
        .map(|day| rule.adjust(day, calendar))
        .collect()
}

fn fortnight_from(day: Day) -> Day {
    if day.day() <= 15 { day.plus_months_anchored(0, 15) } else { day.last_of_month() }
}

#[cfg(test)]
mod tests {
    use super::{BusinessDayRule, Frequency, nominal_dates};
    use crate::domain::time::Day;
    use crate::rules::calendar::tests::shipped;
    use crate::rules::oracles;

    fn texts(days: &[Day]) -> Vec<String> {
        days.iter().map(Day::to_string).collect()
    }

    #[test]
    fn month_ends_keep_their_anchor() {
        let all = oracles::all();
        for (oracle, anchor) in [("D1_month_end_anchor31", 31), ("D2_month_end_anchor30", 30)] {
            let expected: Vec<&str> =
                all[oracle].as_array().unwrap().iter().map(|v| v.as_str().unwrap()).collect();
            let first = Day::parse(expected[0]).unwrap();
            let count = u32::try_from(expected.len()).unwrap();
            assert_eq!(texts(&nominal_dates(first, count, Frequency::Monthly, anchor)), expected);
        }
    }

    #[test]
    fn business_day_rules_agree_for_colombia() {
        let calendar = shipped().calendar("CO").unwrap();
        for (date, expected) in oracles::all()["D3_business_days_CO"].as_object().unwrap() {
            let date = Day::parse(date).unwrap();
            for (name, expected) in expected.as_object().unwrap() {
                let adjusted = BusinessDayRule::parse(name).unwrap().adjust(date, &calendar);
                assert_eq!(adjusted.to_string(), expected.as_str().unwrap(), "{date} {name}");
            }
            assert_eq!(BusinessDayRule::None.adjust(date, &calendar), date);
        }
    }

    #[test]
    fn fortnights_are_the_fifteenth_and_the_last_day() {
        let first = Day::parse("2026-11-20").unwrap();
        assert_eq!(
            texts(&nominal_dates(first, 4, Frequency::Fortnightly, 20)),
            ["2026-11-30", "2026-12-15", "2026-12-31", "2027-01-15"]
        );
        let weekly = nominal_dates(first, 3, Frequency::Weekly, 20);
        assert_eq!(texts(&weekly), ["2026-11-20", "2026-11-27", "2026-12-04"]);
    }
}
