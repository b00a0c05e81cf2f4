//! Business days: weekends and public holidays by country.
//!
//! Colombia's holidays are computed from its laws; other countries and one-off days come from a dated table
//! (`country,date,change,name`, change `add` or `remove`), because decrees move them from year to year.

use crate::domain::time::{Day, Weekday};
use crate::rules::colombia;
use std::collections::{BTreeMap, BTreeSet};

/// Years for which Colombia's rules were compared with an independent implementation.
const COLOMBIA_YEARS: std::ops::RangeInclusive<i16> = 1984..=2050;

/// Dated holidays of all countries, parsed once.
#[derive(Debug, Clone, Default)]
pub struct HolidayTable {
    by_country: BTreeMap<String, Changes>,
}

#[derive(Debug, Clone, Default)]
struct Changes {
    added: BTreeSet<Day>,
    removed: BTreeSet<Day>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{file}:{line}: {what}; write `country,date,change,name` such as `MX,2027-02-01,add,Constitution Day`"
)]
pub struct HolidayTableError {
    pub file: String,
    pub line: usize,
    pub what: String,
}

impl HolidayTable {
    /// Parses the table; `file` is named in errors. The first line is a heading, lines with `#` are comments.
    pub fn parse(file: &str, text: &str) -> Result<Self, HolidayTableError> {
        let mut table = Self::default();
        for (index, line) in text.lines().enumerate().skip(1) {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let error = |what: String| HolidayTableError { file: file.to_owned(), line: index + 1, what };
            let mut fields = line.splitn(4, ',').map(str::trim);
            let (Some(country), Some(date), Some(change)) = (fields.next(), fields.next(), fields.next())
            else {
                return Err(error("a field is missing".to_owned()));
            };
            let day = Day::parse(date).ok_or_else(|| error(format!("`{date}` is not a date YYYY-MM-DD")))?;
            let changes = table.by_country.entry(country.to_owned()).or_default();
            match change {
                "add" => changes.added.insert(day),
                "remove" => changes.removed.insert(day),
                other => return Err(error(format!("`{other}` is neither `add` nor `remove`"))),
            };
        }
        Ok(table)
    }

    /// The calendar of `country` (ISO 3166 alpha-2); `None` when nothing is known about it.
    pub fn calendar(&self, country: &str) -> Option<Calendar> {
        let computed = country == "CO";
        let changes = self.by_country.get(country);
        if !computed && changes.is_none() {
            return None;
        }
        Some(Calendar { computed, changes: changes.cloned().unwrap_or_default() })
    }
}

/// Public holidays of one country.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Whether Colombia's rules apply; the table then only corrects them.
    computed: bool,
    changes: Changes,
}

impl Calendar {
    pub fn is_holiday(&self, day: Day) -> bool {
        if self.changes.removed.contains(&day) {
            return false;
        }
        self.changes.added.contains(&day) || (self.computed && colombia::is_holiday(day))
    }

    /// Monday to Friday without holidays: the days on which banks book payments.
    pub fn is_business_day(&self, day: Day) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !self.is_holiday(day)
    }

    /// Whether the holidays of the year of `day` are known.
    pub fn covers(&self, day: Day) -> bool {
        let year = day.year();
        (self.computed && COLOMBIA_YEARS.contains(&year))
            || self.changes.added.iter().any(|d| d.year() == year)
    }

    /// The first business day from `day` on. At most 31 days are tried.
    pub fn following(&self, day: Day) -> Day {
        (0..31).map(|n| day.plus_days(n)).find(|day| self.is_business_day(*day)).unwrap_or(day)
    }

    /// The last business day up to `day`. At most 31 days are tried.
    pub fn preceding(&self, day: Day) -> Day {
        (0..31).map(|n| day.plus_days(-n)).find(|day| self.is_business_day(*day)).unwrap_or(day)
    }
}

#[cfg(test)]
pub mod tests {
    use super::{Calendar, HolidayTable};
    use crate::domain::time::Day;
    use std::collections::{BTreeMap, BTreeSet};

    pub fn shipped() -> HolidayTable {
        HolidayTable::parse("holidays.csv", include_str!("../../flows/policies/holidays.csv")).unwrap()
    }

    /// `fixtures/holidays.csv`: what python-holidays 0.109 gives for 2024–2030.
    fn expected() -> BTreeMap<String, BTreeSet<Day>> {
        let mut days: BTreeMap<String, BTreeSet<Day>> = BTreeMap::new();
        for line in include_str!("../../fixtures/holidays.csv").lines().skip(1) {
            let mut fields = line.split(',');
            let country = fields.next().unwrap().to_owned();
            days.entry(country).or_default().insert(Day::parse(fields.next().unwrap()).unwrap());
        }
        days
    }

    fn holidays(calendar: &Calendar, from: i16, to: i16) -> BTreeSet<Day> {
        let first = Day::new(from, 1, 1).unwrap();
        let days = Day::new(to + 1, 1, 1).unwrap().days_since(first);
        (0..days).map(|n| first.plus_days(n)).filter(|day| calendar.is_holiday(*day)).collect()
    }

    #[test]
    fn every_country_agrees_with_the_independent_table() {
        let table = shipped();
        for (country, expected) in expected() {
            let calendar = table.calendar(&country).unwrap();
            assert_eq!(holidays(&calendar, 2024, 2030), expected, "{country}");
        }
    }

    #[test]
    fn an_override_adds_and_removes_a_day_of_the_computed_calendar() {
        let text =
            "country,date,change,name\nCO,2026-07-13,remove,Ley 2578 suspended\nCO,2026-07-14,add,One-off\n";
        let calendar = HolidayTable::parse("t", text).unwrap().calendar("CO").unwrap();
        assert!(!calendar.is_holiday(Day::parse("2026-07-13").unwrap()));
        assert!(calendar.is_holiday(Day::parse("2026-07-14").unwrap()));
    }

    #[test]
    fn years_outside_the_table_are_known_to_be_unknown() {
        let table = shipped();
        let mexico = table.calendar("MX").unwrap();
        assert!(mexico.covers(Day::parse("2030-12-31").unwrap()));
        assert!(!mexico.covers(Day::parse("2031-01-01").unwrap()));
        assert!(table.calendar("CO").unwrap().covers(Day::parse("2031-01-01").unwrap()));
        assert!(table.calendar("XX").is_none());
    }

    #[test]
    fn a_wrong_line_is_named() {
        let error = HolidayTable::parse("holidays.csv", "country,date,change,name\nMX,2026-13-01,add,x\n")
            .unwrap_err();
        assert!(error.to_string().starts_with("holidays.csv:2: `2026-13-01` is not a date"));
    }
}
