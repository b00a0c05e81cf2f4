//! Instants, days and zones; the only module that knows `jiff`.

use jiff::{ToSpan, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An instant: milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// A length of time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    pub const fn seconds(n: i64) -> Self {
        Self(n * 1_000)
    }
    pub const fn minutes(n: i64) -> Self {
        Self::seconds(n * 60)
    }
    pub const fn hours(n: i64) -> Self {
        Self::minutes(n * 60)
    }
    pub const fn days(n: i64) -> Self {
        Self::hours(n * 24)
    }
}

impl Timestamp {
    pub const fn plus(self, length: Millis) -> Self {
        Self(self.0.saturating_add(length.0))
    }

    pub const fn minus(self, length: Millis) -> Self {
        Self(self.0.saturating_sub(length.0))
    }

    /// The time that passed from `earlier` to `self`; negative when `earlier` is later.
    pub const fn since(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }

    /// RFC 3339 in UTC, for logs and APIs.
    pub fn rfc3339(self) -> String {
        self.instant().to_string()
    }

    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|at| Self(at.as_millisecond()))
    }

    fn instant(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }
}

/// An IANA time zone such as `America/Bogota`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Zone {
    pub fn parse(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The civil date of `at` in this zone.
    pub fn day(&self, at: Timestamp) -> Day {
        Day(at.instant().to_zoned(self.0.clone()).date())
    }

    /// Minutes since local midnight of `at`, 0..1440.
    pub fn minute_of_day(&self, at: Timestamp) -> u16 {
        let time = at.instant().to_zoned(self.0.clone()).time();
        u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
    }

    /// The instant of `minute` (since midnight) of a local day; the first valid one when a clock change skips it.
    pub fn at(&self, day: Day, minute: u16) -> Timestamp {
        let hour = i8::try_from((minute / 60).min(23)).unwrap_or(0);
        let rest = i8::try_from(minute % 60).unwrap_or(0);
        let civil = day.0.at(hour, rest, 0, 0);
        civil
            .to_zoned(self.0.clone())
            .map_or(Timestamp(0), |zoned| Timestamp(zoned.timestamp().as_millisecond()))
    }
}

/// A civil date, serialized as `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(civil::Date);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// Days since Monday, 0..=6.
    pub const fn days_from_monday(self) -> i64 {
        match self {
            Self::Monday => 0,
            Self::Tuesday => 1,
            Self::Wednesday => 2,
            Self::Thursday => 3,
            Self::Friday => 4,
            Self::Saturday => 5,
            Self::Sunday => 6,
        }
    }
}

impl Day {
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        civil::Date::new(year, month, day).ok().map(Self)
    }

    /// Parses `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
            return None;
        }
        text.parse().ok().map(Self)
    }

    pub fn year(self) -> i16 {
        self.0.year()
    }
    pub fn month(self) -> i8 {
        self.0.month()
    }
    pub fn day(self) -> i8 {
        self.0.day()
    }

    pub fn weekday(self) -> Weekday {
        match self.0.weekday() {
            civil::Weekday::Monday => Weekday::Monday,
            civil::Weekday::Tuesday => Weekday::Tuesday,
            civil::Weekday::Wednesday => Weekday::Wednesday,
            civil::Weekday::Thursday => Weekday::Thursday,
            civil::Weekday::Friday => Weekday::Friday,
            civil::Weekday::Saturday => Weekday::Saturday,
            civil::Weekday::Sunday => Weekday::Sunday,
        }
    }

    pub fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(days.days()))
    }

    /// `months` later, on `anchor` or on the month's last day when it is shorter.
    ///
    /// Keeping the anchor avoids the drift 31 → 28 → 28.
    pub fn plus_months_anchored(self, months: i32, anchor: i8) -> Self {
        let first = self.0.first_of_month().saturating_add(months.months());
        let day = anchor.clamp(1, first.days_in_month());
        civil::Date::new(first.year(), first.month(), day).map_or(self, Self)
    }

    pub fn last_of_month(self) -> Self {
        Self(self.0.last_of_month())
    }

    /// Calendar days from `earlier` to `self`; negative when `earlier` is later.
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).get_days().into()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a date YYYY-MM-DD")))
    }
}

#[cfg(test)]
mod tests {
    use super::{Day, Timestamp, Zone};

    #[test]
    fn anchored_months_do_not_drift() {
        let start = Day::parse("2027-10-31").unwrap();
        let days: Vec<String> = (1..=6).map(|n| start.plus_months_anchored(n, 31).to_string()).collect();
        assert_eq!(
            days,
            ["2027-11-30", "2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]
        );
    }

    #[test]
    fn local_day_and_minute_follow_the_zone() {
        let bogota = Zone::parse("America/Bogota").unwrap();
        let at = Timestamp::parse_rfc3339("2026-11-22T04:40:00Z").unwrap();
        assert_eq!(bogota.day(at).to_string(), "2026-11-21");
        assert_eq!(bogota.minute_of_day(at), 23 * 60 + 40);
        assert_eq!(bogota.at(Day::parse("2026-11-21").unwrap(), 23 * 60 + 40), at);
    }

    #[test]
    fn days_between_are_calendar_days() {
        let a = Day::parse("2026-02-27").unwrap();
        assert_eq!(Day::parse("2026-11-21").unwrap().days_since(a), 267);
    }
}
