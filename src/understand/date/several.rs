//! What is no day although it is named as one: a day that no month has, one that is named in two ways which
//! do not fit ("el jueves 4", when the 4th is a Friday), and one of several ("el 5 o el 6"). Nobody knows which is meant.

use super::{Calendar, Reader, month, weekday};
use crate::understand::tokens::Token;

/// What stands between two days of which either may be meant, or each for a part.
const EITHER: [&str; 7] = ["o", "u", "ou", "or", "y", "e", "and"];
/// Words of the phrase between two days at most: "el viernes o a más tardar el lunes".
const BETWEEN_MAX: usize = 5;
/// What a number counts that is no day.
const COUNTED: [&str; 16] = [
    "mil", "k", "lucas", "palos", "pesos", "soles", "reais", "cuotas", "cuota", "parcelas", "dias",
    "semanas", "meses", "horas", "am", "pm",
];

/// Whether the days that are named are more than one, or contradict each other.
pub fn is_unclear(tokens: &[Token<'_>], calendar: Calendar<'_>) -> bool {
    let reader = Reader { tokens, calendar };
    (0..tokens.len()).any(|at| reader.contradicts(at) || reader.is_either(at) || reader.is_span(at))
}

/// Whether a day is named that is left out, or for something else than to pay: "cualquier día menos el lunes", "¿qué día
/// es el lunes?", "el lunes me operan".
pub fn is_not_proposed(tokens: &[Token<'_>], calendar: Calendar<'_>) -> bool {
    let reader = Reader { tokens, calendar };
    let asks = (0..2).any(|at| {
        reader.is(at, &["que", "cual", "what"]) && reader.is(at + 1, &["dia", "fecha", "day", "date"])
    });
    asks || (0..tokens.len()).any(|at| reader.is_left_out(at) || reader.is_taken(at))
}

/// Whether a day of a month is named that the month does not have.
pub fn is_no_day(tokens: &[Token<'_>], calendar: Calendar<'_>) -> bool {
    let reader = Reader { tokens, calendar };
    let of_month = |at: usize| {
        (at + 1..=at + 2)
            .any(|at| reader.token(at).and_then(Token::word).is_some_and(|word| month(word).is_some()))
    };
    (0..tokens.len()).any(|at| of_month(at) && reader.is_no_day(at))
}

impl Reader<'_> {
    /// "el lunes 4", when the 4th is no Monday.
    fn contradicts(&self, at: usize) -> bool {
        let word = self.token(at).and_then(Token::word);
        let Some(named) = word.and_then(weekday).or_else(|| self.portuguese_weekday(at)) else {
            return false;
        };
        let article = self.is(at + 1, &["el", "dia"]);
        let number_at = if article { at + 2 } else { at + 1 };
        let number = self.token(number_at).and_then(Token::numeral).and_then(|text| text.parse().ok());
        let Some(day) = number.filter(|day: &i64| (1..=31).contains(day)) else { return false };
        if self.counts(number_at + 1) {
            return false;
        }
        let read = self.day_and_month(number_at).or_else(|| self.next_day_of_month(day, 0));
        let today = self.today();
        let other = read.is_some_and(|read| read.day.weekday() != named);
        // Said on that very day, the next of the kind is not the one that is meant.
        other && !(today.weekday() == named && i64::from(today.day()) == day)
    }

    /// "viernes o sábado", "el 5 o 6", "50 el viernes y 50 el lunes".
    fn is_either(&self, at: usize) -> bool {
        if !self.is(at, &EITHER) {
            return false;
        }
        let before = (at.saturating_sub(BETWEEN_MAX)..at).rev().find_map(|at| self.at(at));
        let Some(before) = before else { return false };
        let after = (at + 1..=at + BETWEEN_MAX).find_map(|at| self.at(at));
        let bare = || {
            let text = self.token(at + 1)?.numeral()?;
            let day = text.parse().ok().filter(|day| (1..=31).contains(day))?;
            let follows = self.token(at.checked_sub(1)?)?.numeral().is_some() && !self.counts(at + 2);
            follows.then(|| self.next_day_of_month(day, 1)).flatten()
        };
        after.or_else(bare).is_some_and(|after| after.day != before.day)
    }

    /// "entre el 5 y el 8", "entre lunes y jueves".
    fn is_span(&self, at: usize) -> bool {
        let ends = (at + 1..=at + BETWEEN_MAX + 2).any(|at| self.is(at, &["y", "e", "and"]));
        let bare = |at: usize| {
            self.token(at).and_then(Token::numeral).is_some_and(|text| text.len() <= 2)
                && !self.counts(at + 1)
        };
        let named = |at: usize| self.at(at).is_some() || bare(at);
        self.is(at, &["entre", "between"])
            && ends
            && (at + 1..=at + BETWEEN_MAX + 2).filter(|at| named(*at)).count() >= 2
    }

    /// "menos el lunes", "excepto martes", "que no sea el viernes".
    fn is_left_out(&self, at: usize) -> bool {
        let out = self.is(at, &["menos", "excepto", "salvo", "exceto", "except"])
            && !self.before(at, 1, &["por", "lo", "al", "a", "mas", "o"]);
        out && (at + 1..=at + 3).any(|at| self.at(at).is_some())
    }

    /// "el lunes me operan", "el martes me voy": the day of something else. Who is paid that day may mean it.
    fn is_taken(&self, at: usize) -> bool {
        const OF_PAYING: [&str; 14] = [
            "queda",
            "sirve",
            "pagan",
            "consignan",
            "depositan",
            "llega",
            "cae",
            "entra",
            "comprometo",
            "paga",
            "conviene",
            "parece",
            "giran",
            "viene",
        ];
        let day = self.token(at).and_then(Token::word).and_then(weekday).is_some();
        let verb = self.token(at + 2).and_then(Token::word);
        day && self.is(at + 1, &["me"]) && verb.is_some_and(|verb| !OF_PAYING.contains(&verb))
    }

    fn counts(&self, at: usize) -> bool {
        self.is(at, &COUNTED)
            || ['%', '/', ':'].into_iter().any(|sign| self.token(at).is_some_and(|token| token.is_sign(sign)))
    }
}

#[cfg(test)]
mod tests {
    use super::{is_no_day, is_not_proposed, is_unclear};
    use crate::domain::money::Currency;
    use crate::domain::time::Day;
    use crate::understand::date::Calendar;
    use crate::understand::normalise::fold;
    use crate::understand::tokens::tokens;

    #[test]
    fn two_days_or_two_names_that_do_not_fit_are_no_day() {
        // A Monday; 4 December is a Friday.
        let today = Day::new(2026, 11, 30).unwrap();
        let calendar = Calendar { today, currency: Currency::Cop, is_holiday: &|_, _| false };
        let unclear = |text: &str| is_unclear(&tokens(&fold(text)), calendar);
        for text in [
            "el jueves 4",
            "el lunes 4",
            "jueves 4 de diciembre",
            "el 5 o el 6",
            "el 5 o 6",
            "viernes o sabado",
            "miércoles o jueves",
            "el viernes o a más tardar el lunes",
            "mañana o pasado mañana",
            "friday or saturday",
            "na sexta ou no sábado",
            "sábado el 4",
            "60 el martes y 40 el viernes",
            "cobro el 15 y le pago el 16",
            "half on friday and half on monday",
        ] {
            assert!(unclear(text), "{text}");
        }
        for text in [
            "el viernes 4",
            "viernes 4 de diciembre",
            "el lunes 30",
            "el viernes",
            "el viernes o sea el 4",
            "el 5 o antes",
            "50 o 60 mil el viernes",
            "el viernes 4 mil",
            "el 15",
            "sea el viernes",
            "en 2 o 3 cuotas el viernes",
        ] {
            assert!(!unclear(text), "{text}");
        }
    }

    #[test]
    fn a_day_that_is_left_out_or_taken_is_not_proposed() {
        let today = Day::new(2026, 11, 30).unwrap();
        let calendar = Calendar { today, currency: Currency::Cop, is_holiday: &|_, _| false };
        let kept_out = |text: &str| {
            let folded = fold(text);
            let tokens = tokens(&folded);
            is_not_proposed(&tokens, calendar) || is_unclear(&tokens, calendar)
        };
        for text in [
            "cualquier día menos el martes",
            "todos los días excepto sábado",
            "la otra semana salvo el jueves",
            "¿qué día es el miércoles?",
            "el jueves me sacan una muela",
            "entre el 8 y el 12",
            "entre lunes y miércoles",
        ] {
            assert!(kept_out(text), "{text}");
        }
        for text in [
            "por lo menos el viernes",
            "el jueves me pagan",
            "el lunes me queda bien",
            "el viernes más o menos",
            "el 8",
            "entre todos pagamos el viernes",
        ] {
            assert!(!kept_out(text), "{text}");
        }
    }

    #[test]
    fn a_day_that_no_month_has_is_told_from_other_words() {
        let today = Day::new(2026, 11, 20).unwrap();
        let calendar = Calendar { today, currency: Currency::Cop, is_holiday: &|_, _| false };
        let is_none = |text: &str| is_no_day(&tokens(&fold(text)), calendar);
        for text in ["el 32 de diciembre", "31 de noviembre", "el 30 de febrero"] {
            assert!(is_none(text), "{text}");
        }
        for text in ["el 31 de diciembre", "el viernes", "2 cuotas en diciembre", "", "el 5 de la otra"] {
            assert!(!is_none(text), "{text}");
        }
    }
}
