//! Days as people say them: "el viernes", "la quincena", "fin de mes", "en 8 días", "5 de diciembre".
//!
//! Always the next day that fits, never one that has passed. Where a phrase covers several days the last useful one
//! is taken ("la otra semana" → its Friday), because a promise must not count as broken while it can still be kept;
//! those readings are flagged as ambiguous. "en 8 días" is read to the letter for the same reason, although many
//! say it for a week.

mod names;
pub mod past;
mod several;

use names::near_month;
pub use names::{month, weekday};
pub use several::{is_no_day, is_not_proposed, is_unclear};

use super::number::word_value;
use super::tokens::Token;
use crate::domain::money::Currency;
use crate::domain::time::{Day, Weekday};

/// A day, and whether it must be read back before it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateRead {
    pub day: Day,
    pub ambiguous: bool,
}

/// What a day is read against.
#[derive(Clone, Copy)]
pub struct Calendar<'a> {
    pub today: Day,
    /// Decides "05/12" (USD: month first) and Portuguese weekdays.
    pub currency: Currency,
    pub is_holiday: &'a dyn Fn(Currency, Day) -> bool,
}

/// Days ahead that "in N days" may reach; a promise farther away is no answer.
const AHEAD_MAX_DAYS: i64 = 400;

/// Reads the first day that is named; `asked` when the open step waits for one, so that a bare "5" is one.
pub fn read(tokens: &[Token<'_>], calendar: Calendar<'_>, asked: bool) -> Option<DateRead> {
    let reader = Reader { tokens, calendar };
    let none =
        super::offer::is_refused(tokens) || is_unclear(tokens, calendar) || is_not_proposed(tokens, calendar);
    if none || (0..tokens.len()).any(|at| reader.is_no_day(at)) {
        return None;
    }
    let named = (0..tokens.len()).find_map(|at| reader.at(at).map(|read| (at, read)));
    if let Some((at, read)) = named {
        return (!reader.is_beyond(at)).then_some(read);
    }
    let bare = || {
        let counted = (0..tokens.len()).find_map(|at| reader.time_from_now(at));
        counted.or_else(|| reader.lone_numeral()).or_else(|| reader.lone_day_after())
    };
    asked.then(bare).flatten()
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    calendar: Calendar<'a>,
}

impl Reader<'_> {
    fn at(&self, at: usize) -> Option<DateRead> {
        if self.is_past(at) {
            return None;
        }
        self.written(at)
            .or_else(|| self.day_and_month(at))
            .or_else(|| self.near(at))
            .or_else(|| self.ahead(at))
            .or_else(|| self.weekday(at))
            .or_else(|| self.period(at))
            .or_else(|| self.day_of_month(at))
    }

    /// "30 de febrero", "el 5 de xyz": a day of a month that is none. Where it stands, nothing else is the day.
    fn is_no_day(&self, at: usize) -> bool {
        let numeral = self.token(at).is_some_and(|token| token.numeral().is_some_and(|text| text.len() <= 2));
        let of = self.is(at + 1, &["de", "of"]);
        let Some(word) = self.token(if of { at + 2 } else { at + 1 }).and_then(Token::word) else {
            return false;
        };
        let known = month(word).is_some() || near_month(word).is_some();
        let other = ["este", "cada", "mes", "la", "los", "esta", "mayo", "ese", "proximo", "cuota", "cuotas"];
        let no_month = numeral && of && !known && !other.contains(&word);
        no_month || (known && self.is_past_its_month(at))
    }

    /// "30 de febrero", "31 november": a month that has no such day.
    fn is_past_its_month(&self, at: usize) -> bool {
        let numeral = self.token(at).is_some_and(|token| token.numeral().is_some_and(|text| text.len() <= 2));
        let of = usize::from(self.is(at + 1, &["de", "of"]));
        let known = |word| month(word).is_some() || near_month(word).is_some();
        let named = self.token(at + 1 + of).and_then(Token::word).is_some_and(known);
        numeral && named && self.day_and_month(at).is_none() && !self.is_past(at)
    }

    /// "después del 15", "antes del viernes": another day than the one that is named.
    fn is_beyond(&self, at: usize) -> bool {
        let words = ["despues", "antes", "depois", "after", "before", "luego", "pasando"];
        let beyond = (1..=3).any(|n| self.before(at, n, &words)) || self.before(at, 0, &["antes", "before"]);
        // "de hoy en ocho".
        let counted = self.is(at, &["hoy", "hoje", "today"])
            && self.is(at + 1, &["en", "em", "in"])
            && self.number(at + 2).is_some();
        beyond || counted
    }

    /// "3 días", "24 horas", "una semana": so long from today, when a day was asked for.
    fn time_from_now(&self, at: usize) -> Option<DateRead> {
        if self.is_past(at) || (1..=3).any(|n| self.before(at, n, &["de", "por", "cada", "for"])) {
            return None;
        }
        self.after_so_long(at)
    }

    fn after_so_long(&self, at: usize) -> Option<DateRead> {
        let n = self.number(at)?;
        let unit = at + 1;
        let today = self.today();
        let day = if self.is(unit, &["dia", "dias", "day", "days", "diitas"]) {
            today.plus_days(n.clamp(0, AHEAD_MAX_DAYS))
        } else if self.is(unit, &["hora", "horas", "hour", "hours"]) {
            today.plus_days((n / 24).clamp(0, AHEAD_MAX_DAYS))
        } else if self.is(unit, &["semana", "semanas", "week", "weeks"]) {
            today.plus_days((n * 7).clamp(0, AHEAD_MAX_DAYS))
        } else if self.is(unit, &["mes", "meses", "month", "months"]) {
            today.plus_months_anchored(i32::try_from(n.clamp(0, 12)).ok()?, today.day())
        } else {
            return None;
        };
        Some(exact(day))
    }

    fn today(&self) -> Day {
        self.calendar.today
    }

    fn token(&self, at: usize) -> Option<Token<'_>> {
        self.tokens.get(at).copied()
    }

    fn is(&self, at: usize, words: &[&str]) -> bool {
        self.token(at).is_some_and(|token| token.is(words))
    }

    fn before(&self, at: usize, n: usize, words: &[&str]) -> bool {
        at.checked_sub(n).is_some_and(|at| self.is(at, words))
    }

    /// "hace 8 días", "desde el lunes", "last week".
    fn is_past(&self, at: usize) -> bool {
        (1..=2).any(|n| self.before(at, n, &["hace", "desde", "faz", "since", "last", "ago"]))
            || self.before(at, 0, &["hace", "desde", "faz"])
    }

    fn number(&self, at: usize) -> Option<i64> {
        match self.token(at)? {
            Token::Numeral(text) if text.len() <= 4 => text.parse().ok(),
            Token::Word("un" | "una" | "um" | "uma" | "a" | "one" | "primero" | "primeiro" | "first") => {
                Some(1)
            }
            Token::Word(word) => word_value(word).and_then(|value| i64::try_from(value).ok()),
            Token::Numeral(_) | Token::Sign(_) => None,
        }
    }

    /// `05/12`, `5-12-2026`, `05.12.26`, `2026-12-05`.
    fn written(&self, at: usize) -> Option<DateRead> {
        let first = self.token(at)?.numeral()?;
        let dotted: Vec<&str> = first.split('.').collect();
        let parts: Vec<&str> = match dotted.as_slice() {
            [_, _, year] if matches!(year.len(), 2 | 4) => dotted,
            _ => {
                let joins =
                    |at: usize| self.token(at).is_some_and(|token| token.is_sign('/') || token.is_sign('-'));
                let numeral = |at: usize| self.token(at).and_then(Token::numeral);
                let behind = at.checked_sub(1).is_some_and(joins);
                if behind || !joins(at + 1) {
                    return None;
                }
                let third = joins(at + 3).then(|| numeral(at + 4)).flatten();
                [Some(first), numeral(at + 2), third].into_iter().flatten().collect()
            }
        };
        let numbers: Vec<i64> = parts.iter().map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let (a, b, year) = match numbers.as_slice() {
            [year, month, day] if *year > 1_000 => return self.dated(*day, *month, Some(*year)),
            [a, b, year] => (*a, *b, Some(if *year < 100 { 2_000 + *year } else { *year })),
            [a, b] => (*a, *b, None),
            _ => return None,
        };
        let month_first = self.calendar.currency == Currency::Usd;
        let (day, month) = if (month_first || b > 12) && a <= 12 { (b, a) } else { (a, b) };
        self.dated(day, month, year)
    }

    /// "5 de diciembre", "diciembre 5", "dec 5th", "primero de enero de 2027".
    fn day_and_month(&self, at: usize) -> Option<DateRead> {
        let month_at = |at: usize| {
            let word = self.token(at).and_then(Token::word)?;
            month(word).or_else(|| near_month(word))
        };
        if let Some(day) = self.number(at).filter(|_| !self.is(at, &["a", "un", "una"])) {
            let joins =
                |at: usize| self.token(at).is_some_and(|token| token.is_sign('-') || token.is_sign('/'));
            let mut next = if joins(at + 1) { at + 2 } else { at + 1 };
            if self.is(next, &["o", "ro", "ero", "th", "st", "nd", "rd"]) {
                next += 1;
            }
            if self.is(next, &["de", "of", "del", "do"]) {
                next += 1;
            }
            if self.is(next, &["mes"]) {
                next += 1;
            }
            let named = month_at(next)?;
            let year_at =
                if self.is(next + 1, &["de", "del"]) || joins(next + 1) { next + 2 } else { next + 1 };
            let year = self.number(year_at).filter(|year| (2_000..2_100).contains(year));
            return self.dated(day, named, year);
        }
        let named = month_at(at)?;
        let day = self.token(at + 1)?.numeral()?.parse().ok().filter(|day| (1..=31).contains(day))?;
        self.dated(day, named, None)
    }

    /// The day in the given year, or in the next one where it has not passed.
    fn dated(&self, day: i64, month: i64, year: Option<i64>) -> Option<DateRead> {
        let (day, month) = (i8::try_from(day).ok()?, i8::try_from(month).ok()?);
        let future = |year: i16| Day::new(year, month, day).filter(|day| *day >= self.today());
        let found = match year {
            Some(year) => future(i16::try_from(year).ok()?),
            // Eight years reach the next 29 February.
            None => (0..=8).find_map(|n| future(self.today().year() + n)),
        };
        found.map(exact)
    }

    /// "hoy", "mañana", "pasado mañana".
    fn near(&self, at: usize) -> Option<DateRead> {
        let day = |n: i64| Some(exact(self.today().plus_days(n)));
        if self.is(at, &["hoy", "hoje", "today", "tonight", "hj"]) {
            return day(0);
        }
        if self.is(at, &["esta", "essa"]) && self.is(at + 1, &["noche", "tarde", "noite"]) {
            return day(0);
        }
        if self.is(at, &["pasado", "pasao"]) && self.is(at + 1, &["manana"]) {
            return day(2);
        }
        let after = self.is(at, &["depois", "day"]) && self.is(at + 1, &["de", "after"]);
        if after && self.is(at + 2, &["amanha", "tomorrow"]) {
            return day(2);
        }
        // "en la mañana", "de la mañana", "esta mañana" are hours of a day.
        let hour = self.before(at, 1, &["la", "las", "esta", "otra", "toda"]);
        if self.is(at, &["manana", "amanha", "tomorrow", "tomorow", "mnn"]) && !hour {
            return day(1);
        }
        None
    }

    /// "en 8 días", "dentro de dos semanas", "in a month".
    fn ahead(&self, at: usize) -> Option<DateRead> {
        if !self.is(at, &["en", "dentro", "em", "daqui", "in", "within", "otros", "unos"]) {
            return None;
        }
        let mut next = at + 1;
        while self.is(next, &["de", "unos", "unas", "a", "como", "mas", "otros"])
            && self.number(next + 1).is_some()
        {
            next += 1;
        }
        self.after_so_long(next)
    }

    fn weekday(&self, at: usize) -> Option<DateRead> {
        let named = weekday(self.token(at)?.word()?).or_else(|| self.portuguese_weekday(at))?;
        let gone = |at: usize| self.is(at, &["pasado", "passado", "pasada", "passada", "anterior"]);
        if gone(at + 1) || self.before(at, 1, &["los", "todos", "cada"]) {
            return None;
        }
        // "martes 24": the number is the surer half.
        if let Some(day) = self.token(at + 1).and_then(Token::numeral).and_then(|text| text.parse().ok()) {
            let exclude =
                self.token(at + 2).is_some_and(|token| token.is(&["mil", "lucas", "k", "pesos", "soles"]));
            if (1..=31).contains(&day) && !exclude {
                return self.day_and_month(at + 1).or_else(|| self.next_day_of_month(day, 1));
            }
        }
        let ahead = (named.days_from_monday() - self.today().weekday().days_from_monday()).rem_euclid(7);
        let mut day = self.today().plus_days(if ahead == 0 { 7 } else { ahead });
        if self.is(at + 1, &["festivo", "feriado", "puente"]) {
            let holiday = |day: &Day| (self.calendar.is_holiday)(self.calendar.currency, *day);
            let found = (0..53).map(|n| day.plus_days(7 * n)).find(holiday);
            return Some(DateRead { day: found.unwrap_or(day), ambiguous: found.is_none() });
        }
        if self.before(at, 1, &["otro", "outro", "outra"]) || self.of_next_week(at) {
            let monday = self.today().plus_days(7 - self.today().weekday().days_from_monday());
            day = day.max(monday.plus_days(named.days_from_monday()));
            return Some(DateRead { day, ambiguous: self.before(at, 1, &["otro", "outro", "outra"]) });
        }
        Some(exact(day))
    }

    /// "segunda" is Monday in Portuguese and "second" in Spanish; "segunda via" is a copy of a bill.
    fn portuguese_weekday(&self, at: usize) -> Option<Weekday> {
        let named = match self.token(at)?.word()? {
            "segunda" => Weekday::Monday,
            "terca" => Weekday::Tuesday,
            "quarta" => Weekday::Wednesday,
            "quinta" => Weekday::Thursday,
            "sexta" => Weekday::Friday,
            _ => return None,
        };
        let next = if self.token(at + 1).is_some_and(|token| token.is_sign('-')) { at + 2 } else { at + 1 };
        let sure = self.is(next, &["feira"])
            || self.before(at, 1, &["na", "nessa", "nesta", "essa", "ate", "proxima"])
            || self.calendar.currency == Currency::Brl;
        (sure && !self.is(at + 1, &["via", "parcela", "vez", "quincena"])).then_some(named)
    }

    /// "el viernes de la otra semana", "la próxima semana el lunes".
    fn of_next_week(&self, at: usize) -> bool {
        let week = |at: usize| self.next_week(at).is_some();
        (at + 1..at + 4).any(week) || at.checked_sub(3).is_some_and(|from| (from..at).any(week))
    }

    fn next_week(&self, at: usize) -> Option<()> {
        let other = ["otra", "proxima", "siguiente", "outra", "next", "prox"];
        let coming = ["entrante", "siguiente"];
        let leads = self.is(at, &other) && self.is(at + 1, &["semana", "week", "semanita"]);
        let follows = self.is(at, &["semana"])
            && (self.is(at + 1, &coming)
                || (self.is(at + 1, &["que"]) && self.is(at + 2, &["viene", "vem", "entra"])));
        (leads || follows).then_some(())
    }

    /// Pay days and parts of a month or week.
    fn period(&self, at: usize) -> Option<DateRead> {
        let today = self.today();
        let gone = |at: usize| self.is(at, &["pasada", "passada", "pasado", "passado"]);
        if self.is(at, &["quincena", "quinsena", "quincenita"]) && !gone(at + 1) {
            let first = self.before(at, 1, &["primera"]);
            let second = self.before(at, 1, &["segunda"]);
            let middle = self.next_day_of_month(15, 1)?.day;
            let end = next_month_end(today);
            let day = if first {
                middle
            } else if second {
                end
            } else {
                middle.min(end)
            };
            return Some(exact(day));
        }
        let part_of = |words: &[&str], whole: &str| {
            self.is(at, words) && (self.is(at + 2, &[whole]) || self.is(at + 3, &[whole]))
        };
        let end = ["fin", "fines", "final", "finales", "fim", "finde", "ultimo"];
        if part_of(&end, "mes")
            || (self.is(at, &["end", "ultimo"]) && (self.is(at + 3, &["month"]) || self.is(at + 3, &["mes"])))
        {
            return Some(exact(next_month_end(today)));
        }
        if part_of(&["principio", "principios", "inicio", "inicios", "comienzo", "comeco"], "mes") {
            return self.next_day_of_month(5, 1).map(|read| DateRead { ambiguous: true, ..read });
        }
        if part_of(&["mediados", "mitad", "meados"], "mes") {
            return self.next_day_of_month(15, 1);
        }
        if part_of(&["fin", "fim", "final"], "semana") || self.is(at, &["finde", "weekend"]) {
            let saturday = match today.weekday().days_from_monday() {
                5 => 1,
                6 => 6,
                earlier => 5 - earlier,
            };
            return Some(DateRead { day: today.plus_days(saturday), ambiguous: true });
        }
        if self.next_week(at).is_some() {
            // Not when a weekday of that week is named: it is read at its own place.
            let named = |at: usize| self.token(at).and_then(Token::word).and_then(weekday).is_some();
            if (at + 1..at + 5).any(named) {
                return None;
            }
            let friday = today.plus_days(11 - today.weekday().days_from_monday());
            return Some(DateRead { day: friday, ambiguous: true });
        }
        self.is_next_month(at).then(|| DateRead { day: next_month(today).last_of_month(), ambiguous: true })
    }

    fn is_next_month(&self, at: usize) -> bool {
        (self.is(at, &["otro", "proximo", "siguiente", "outro", "next"])
            && self.is(at + 1, &["mes", "month"]))
            || (self.is(at, &["mes"])
                && (self.is(at + 1, &["entrante", "siguiente"])
                    || (self.is(at + 1, &["que"]) && self.is(at + 2, &["viene", "vem", "entra"]))))
    }

    /// "el 5", "el día 30", "dia 10", "el quince", "on the 5th".
    fn day_of_month(&self, at: usize) -> Option<DateRead> {
        let opens = self.is(at, &["el", "dia", "the", "al", "este", "pal", "pa"]);
        let number_at =
            if self.is(at, &["el", "este"]) && self.is(at + 1, &["dia"]) { at + 2 } else { at + 1 };
        if !opens {
            return None;
        }
        let day = self.number(number_at).filter(|day| (1..=31).contains(day))?;
        if let Some(read) = self.day_and_month(number_at) {
            return Some(read);
        }
        let next = number_at + 1;
        let other = self.token(next).is_some_and(|token| {
            token.is(&[
                "mil",
                "lucas",
                "luca",
                "palos",
                "k",
                "pesos",
                "soles",
                "reais",
                "por",
                "porciento",
                "cuotas",
            ]) || ['%', '/', '-', ':'].into_iter().any(|sign| token.is_sign(sign))
        });
        if other || self.is(number_at, &["un", "una", "uno", "a"]) {
            return None;
        }
        let months = i32::from((next..next + 3).any(|at| self.is_next_month(at)));
        if months == 1 {
            let anchor = i8::try_from(day).ok()?;
            return Some(exact(self.today().plus_months_anchored(1, anchor)));
        }
        self.next_day_of_month(day, 1)
    }

    /// The next such day of a month, at least `least` days ahead; the last of the month where it is shorter.
    fn next_day_of_month(&self, day: i64, least: i64) -> Option<DateRead> {
        let anchor = i8::try_from(day).ok()?;
        let from = self.today().plus_days(least);
        (0..3).map(|n| self.today().plus_months_anchored(n, anchor)).find(|day| *day >= from).map(exact)
    }

    /// "mañana no, pasado": where a day is asked for, nothing else can be meant.
    fn lone_day_after(&self) -> Option<DateRead> {
        let alone = self.tokens.len() == 1 && self.is(0, &["pasado", "pasao"]);
        alone.then(|| exact(self.today().plus_days(2)))
    }

    /// A message that is only "5".
    fn lone_numeral(&self) -> Option<DateRead> {
        const AROUND: [&str; 12] =
            ["el", "dia", "para", "los", "dias", "como", "the", "on", "pro", "ate", "hasta", "th"];
        let numerals = (0..self.tokens.len()).filter(|at| self.number(*at).is_some()).count();
        let around = self.tokens.iter().filter(|token| token.is(&AROUND)).count();
        if numerals + around != self.tokens.len() || self.is(0, &["un", "una", "a", "uma", "um"]) {
            return None;
        }
        let mut numerals = (0..self.tokens.len()).filter_map(|at| self.number(at));
        let day = numerals.next().filter(|day| (1..=31).contains(day))?;
        if numerals.next().is_some() || self.tokens.len() > 3 {
            return None;
        }
        self.next_day_of_month(day, 1).map(|read| DateRead { ambiguous: true, ..read })
    }
}

const fn exact(day: Day) -> DateRead {
    DateRead { day, ambiguous: false }
}

fn next_month(today: Day) -> Day {
    today.plus_months_anchored(1, 1)
}

/// The end of this month, or of the next one when today is the last day.
fn next_month_end(today: Day) -> Day {
    let end = today.last_of_month();
    if end > today { end } else { next_month(today).last_of_month() }
}
