//! Days that have been, as people say them: "ayer", "el viernes", "hace 3 días", "el 5 de noviembre".
//!
//! The last day that fits, today included. The forms that name a day are those of the parent, read from far enough back
//! that the next one to fit is the last that has been.

use super::{Calendar, Reader, weekday};
use crate::domain::time::Day;
use crate::understand::tokens::Token;

/// Days back that "hace N días" may reach; an older payment is looked up by a person.
const BACK_MAX_DAYS: i64 = 400;

/// Reads the first past day that is named, none where a day is named that no month has; `asked` when the open step waits for one, so that a bare "5" is one.
pub fn read(tokens: &[Token<'_>], calendar: Calendar<'_>, asked: bool) -> Option<Day> {
    let today = calendar.today;
    let from = |today: Day| Reader { tokens, calendar: Calendar { today, ..calendar } };
    let year = from(today.plus_months_anchored(-12, today.day()).plus_days(1));
    // "el 21" said on the 21st is today: one day more than a month back, and the day must lie ahead of that.
    let month = from(today.plus_months_anchored(-1, today.day()));
    let reader = from(today);
    if (0..tokens.len()).any(|at| reader.is_past_its_month(at)) {
        return None;
    }
    let been = |day: &Day| *day <= today;
    let at = |at: usize| {
        year.written(at)
            .or_else(|| year.day_and_month(at))
            .map(|read| read.day)
            .filter(been)
            .or_else(|| reader.recent(at))
            .or_else(|| reader.ago(at))
            .or_else(|| reader.last_weekday(at))
            .or_else(|| month.day_of_month(at).map(|read| read.day).filter(been))
    };
    (0..tokens.len())
        .find_map(at)
        .or_else(|| asked.then(|| month.lone_numeral()).flatten().map(|read| read.day).filter(been))
}

impl Reader<'_> {
    /// "hoy", "ayer", "antier".
    fn recent(&self, at: usize) -> Option<Day> {
        let back = |n: i64| Some(self.today().plus_days(-n));
        if self.is(at, &["hoy", "hoje", "today", "hj", "ahorita", "anoche"]) {
            return back(i64::from(self.is(at, &["anoche"])));
        }
        if self.is(at, &["antier", "anteayer", "antiayer", "anteontem"])
            || (self.is(at, &["antes"]) && self.is(at + 1, &["de"]) && self.is(at + 2, &["ayer"]))
        {
            return back(2);
        }
        if self.is(at, &["ayer", "ontem", "yesterday"]) {
            return back(1);
        }
        let this = self.is(at, &["esta", "this"]);
        (this && self.is(at + 1, &["manana", "tarde", "noche", "morning"])).then(|| self.today())
    }

    /// "hace 3 días", "faz uma semana", "2 days ago".
    fn ago(&self, at: usize) -> Option<Day> {
        let leads = self.is(at, &["hace", "faz"]);
        let mut next = if leads { at + 1 } else { at };
        while leads && self.is(next, &["como", "unos", "unas", "mas"]) && self.number(next + 1).is_some() {
            next += 1;
        }
        let n = self.number(next)?;
        let unit = next + 1;
        if !leads && !self.is(unit + 1, &["ago", "atras"]) {
            return None;
        }
        let days = if self.is(unit, &["dia", "dias", "day", "days"]) {
            n
        } else if self.is(unit, &["semana", "semanas", "week", "weeks"]) {
            n.saturating_mul(7)
        } else {
            return None;
        };
        (0..=BACK_MAX_DAYS).contains(&days).then(|| self.today().plus_days(-days))
    }

    /// "el viernes", "el lunes pasado": the last one before today.
    fn last_weekday(&self, at: usize) -> Option<Day> {
        let named = weekday(self.token(at)?.word()?).or_else(|| self.portuguese_weekday(at))?;
        if self.before(at, 1, &["los", "todos", "cada", "proximo", "proxima"]) {
            return None;
        }
        let behind = (self.today().weekday().days_from_monday() - named.days_from_monday()).rem_euclid(7);
        Some(self.today().plus_days(-(if behind == 0 { 7 } else { behind })))
    }
}
