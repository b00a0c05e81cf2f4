//! Opening hours of a week in a time zone: when the law or the lender allows something.

use crate::domain::time::{Day, Timestamp, Weekday, Zone};
use crate::rules::calendar::Calendar;

/// Days that are tried for the next opening; no country closes for two weeks.
const DAYS_AHEAD_MAX: i64 = 15;

/// Minutes since local midnight, start inclusive, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: u16,
    pub to: u16,
}

impl Span {
    /// Parses `07:00-19:00`.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let span = Self { from: minute(from.trim())?, to: minute(to.trim())? };
        (span.from < span.to).then_some(span)
    }

    pub const fn contains(self, minute: u16) -> bool {
        self.from <= minute && minute < self.to
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && (hour < 24 || (hour == 24 && minute == 0))).then_some(hour * 60 + minute)
}

/// `None` is closed all day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekHours {
    pub monday_to_friday: Option<Span>,
    pub saturday: Option<Span>,
    pub sunday: Option<Span>,
    pub holiday: Option<Span>,
}

impl WeekHours {
    /// The hours of `day`.
    pub fn of(&self, day: Day, calendar: &Calendar) -> Option<Span> {
        if calendar.is_holiday(day) {
            return self.holiday;
        }
        match day.weekday() {
            Weekday::Saturday => self.saturday,
            Weekday::Sunday => self.sunday,
            Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => {
                self.monday_to_friday
            }
        }
    }

    pub fn is_open(&self, at: Timestamp, zone: &Zone, calendar: &Calendar) -> bool {
        self.of(zone.day(at), calendar).is_some_and(|span| span.contains(zone.minute_of_day(at)))
    }

    /// The first instant from `at` on that is open; `None` when every day of the next two weeks is closed.
    pub fn next_open(&self, at: Timestamp, zone: &Zone, calendar: &Calendar) -> Option<Timestamp> {
        if self.is_open(at, zone, calendar) {
            return Some(at);
        }
        let today = zone.day(at);
        (0..DAYS_AHEAD_MAX)
            .map(|n| today.plus_days(n))
            .filter_map(|day| self.of(day, calendar).map(|span| zone.at(day, span.from)))
            .find(|opening| *opening > at)
    }
}

#[cfg(test)]
mod tests {
    use super::{Span, WeekHours};
    use crate::domain::time::{Timestamp, Zone};
    use crate::rules::calendar::tests::shipped;

    #[test]
    fn spans_are_read_and_nonsense_is_not() {
        assert_eq!(Span::parse("07:00-19:00"), Some(Span { from: 420, to: 1140 }));
        assert_eq!(Span::parse("00:00-24:00"), Some(Span { from: 0, to: 1440 }));
        for wrong in ["19:00-07:00", "7-19", "07:60-08:00", "25:00-26:00", ""] {
            assert_eq!(Span::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn after_saturday_evening_the_next_opening_skips_sunday_and_the_holiday() {
        let hours = WeekHours {
            monday_to_friday: Span::parse("08:00-18:00"),
            saturday: Span::parse("08:00-13:00"),
            sunday: None,
            holiday: None,
        };
        let zone = Zone::parse("America/Bogota").unwrap();
        let calendar = shipped().calendar("CO").unwrap();
        // Saturday 31 October 2026, 15:00; Monday 2 November is a holiday.
        let at = Timestamp::parse_rfc3339("2026-10-31T20:00:00Z").unwrap();
        assert!(!hours.is_open(at, &zone, &calendar));
        let opening = hours.next_open(at, &zone, &calendar).unwrap();
        assert_eq!(opening.rfc3339(), "2026-11-03T13:00:00Z");
    }
}
