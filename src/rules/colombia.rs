//! Colombia's public holidays, computed from its laws.
//!
//! Fixed days; days moved to the next Monday (Ley 51 de 1983, "Emiliani", and Ley 2578 de 2026 for 9 July); days counted
//! from Easter. Each rule says from and to which year it holds, because laws add days and courts may strike them.

use crate::domain::time::{Day, Weekday};

struct Rule {
    valid_from: i16,
    valid_to: i16,
    date: Date,
}

enum Date {
    Fixed(i8, i8),
    NextMonday(i8, i8),
    EasterPlus(i64),
}

const fn always(date: Date) -> Rule {
    Rule { valid_from: i16::MIN, valid_to: i16::MAX, date }
}

const fn from_year(valid_from: i16, date: Date) -> Rule {
    Rule { valid_from, valid_to: i16::MAX, date }
}

/// Ley 51 de 1983 has held since 1984.
const RULES: [Rule; 19] = [
    always(Date::Fixed(1, 1)),
    always(Date::Fixed(5, 1)),
    always(Date::Fixed(7, 20)),
    always(Date::Fixed(8, 7)),
    always(Date::Fixed(12, 8)),
    always(Date::Fixed(12, 25)),
    always(Date::EasterPlus(-3)),
    always(Date::EasterPlus(-2)),
    always(Date::NextMonday(1, 6)),
    always(Date::NextMonday(3, 19)),
    always(Date::NextMonday(6, 29)),
    always(Date::NextMonday(8, 15)),
    always(Date::NextMonday(10, 12)),
    always(Date::NextMonday(11, 1)),
    always(Date::NextMonday(11, 11)),
    // Our Lady of the Rosary of Chiquinquirá (Ley 2578 de 2026, art. 6). It was being challenged before the Constitutional
    // Court: if it falls, set `valid_to`, or remove single days in the holiday table.
    from_year(2026, Date::NextMonday(7, 9)),
    always(Date::EasterPlus(43)),
    always(Date::EasterPlus(64)),
    always(Date::EasterPlus(71)),
];

/// Whether `day` is a public holiday of the whole country. Holds for 1984 and later.
pub fn is_holiday(day: Day) -> bool {
    let year = day.year();
    RULES
        .iter()
        .filter(|rule| (rule.valid_from..=rule.valid_to).contains(&year))
        .any(|rule| rule.date.in_year(year) == Some(day))
}

impl Date {
    fn in_year(&self, year: i16) -> Option<Day> {
        match *self {
            Self::Fixed(month, day) => Day::new(year, month, day),
            Self::NextMonday(month, day) => Day::new(year, month, day).map(next_monday),
            Self::EasterPlus(days) => easter(year).map(|sunday| sunday.plus_days(days)),
        }
    }
}

fn next_monday(day: Day) -> Day {
    let days = match day.weekday() {
        Weekday::Monday => 0,
        Weekday::Tuesday => 6,
        Weekday::Wednesday => 5,
        Weekday::Thursday => 4,
        Weekday::Friday => 3,
        Weekday::Saturday => 2,
        Weekday::Sunday => 1,
    };
    day.plus_days(days)
}

/// Easter Sunday by the anonymous Gregorian algorithm (Meeus, Jones, Butcher).
fn easter(year: i16) -> Option<Day> {
    let y = i32::from(year);
    let a = y % 19;
    let (b, c) = (y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Day::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?)
}

#[cfg(test)]
mod tests {
    use super::is_holiday;
    use crate::domain::time::Day;
    use crate::rules::oracles;

    #[test]
    fn the_count_of_each_year_agrees() {
        for (year, expected) in oracles::all()["D5_count_by_year"].as_object().unwrap() {
            let first = Day::new(year.parse().unwrap(), 1, 1).unwrap();
            let count = (0..366)
                .map(|n| first.plus_days(n))
                .filter(|day| day.year() == first.year() && is_holiday(*day))
                .count();
            assert_eq!(count as u64, expected.as_u64().unwrap(), "{year}");
        }
    }

    #[test]
    fn the_holiday_of_chiquinquira_starts_in_2026() {
        assert!(!is_holiday(Day::parse("2025-07-14").unwrap()));
        assert!(is_holiday(Day::parse("2026-07-13").unwrap()));
    }
}
