//! Due dates of the person's file, in digits or words.

use crate::domain::time::Day;
use crate::rules::guard::numbers::Number;
use crate::rules::guard::{Fact, Look, Mention, says};
use crate::rules::reading::Word;

const MONTHS: [&str; 12] = [
    "enero ene janeiro january jan",
    "febrero feb fevereiro february",
    "marzo mar marco march",
    "abril abr april apr",
    "mayo may maio",
    "junio jun junho june",
    "julio jul julho july",
    "agosto ago august aug",
    "septiembre setiembre sept sep set setembro september",
    "octubre oct outubro october out",
    "noviembre nov novembro november",
    "diciembre dic dez dezembro december dec",
];

/// Short forms that are words of their own: they need a day beside them.
const SHORT: [&str; 9] = ["mar", "may", "out", "set", "ago", "sep", "dez", "jun", "jul"];

/// What makes a day one on which somebody had or has to pay.
const OF_A_DEBT: &[&str] = &[
    "venc", "vence", "cuota", "quota", "pag", "deb", "deuda", "atras", "mora.", "desde.", "pendient",
    "limite", "plazo", "corte", "cobr", "due", "pay", "late.", "since.", "overdue", "divida", "parcela",
    "prazo", "acuerdo", "abon", "cancel",
];

/// A day of the office, not of a debt.
const OF_THE_OFFICE: &[&str] = &[
    "festivo", "atend", "atencion", "abrimos", "abre.", "cerramos", "cerrad", "cita.", "oficina", "horario",
    "feriado", "holiday", "open", "naci", "cumple", "birth",
];

/// What says on which day something is due, and of what.
const FALLS_DUE: &[&str] = &[
    "vence",
    "vencen",
    "venc",
    "empiez",
    "empez",
    "inici",
    "comienz",
    "comec",
    "starts",
    "starting",
    "start.",
    "begin",
    "due.",
    "cuota",
    "parcela",
    "installment",
    "instalment",
    "primer.",
    "primera.",
    "first.",
    "plan.",
];
/// What the person did, asks or proposes, and how long a link or a document is good.
const NOT_DUE: &[&str] = &[
    "pago.",
    "pagaste",
    "abono.",
    "abonaste",
    "recib",
    "paid.",
    "received",
    "pagou",
    "recebemos",
    "enlace",
    "link.",
    "prefier",
    "prefer",
    "propon",
    "propos",
    "puede.",
    "podria",
    "quiere",
    "desde.",
    "since.",
    "oferta",
    "offer",
    "vigent",
    "antes.",
    "ley.",
    "law.",
    "respond",
    "respuesta",
    "radic",
    "confirm",
    "corte",
    "promes",
    "compromiso",
    "usted",
    "dijo",
    "dice",
];

/// A day as said; the month alone counts when the sentence speaks of a debt.
#[derive(Debug, Clone, Copy)]
pub struct Said {
    pub day: Option<i64>,
    pub month: Option<i64>,
    pub start: usize,
    pub end: usize,
    pub sentence: usize,
}

/// Days of the file said to somebody unproved.
pub fn due(look: &Look<'_>) -> Vec<Mention> {
    let due = due_days(look);
    let tells = |said: &Said| {
        let at = look.words().iter().position(|word| word.sentence == said.sentence).unwrap_or(0);
        let sentence = look.sentence(at);
        if says(sentence, OF_THE_OFFICE) && !says(sentence, &["cuota", "venc", "mora.", "deb", "atras"]) {
            return false;
        }
        let of_a_debt = says(sentence, OF_A_DEBT);
        due.iter().any(|day| {
            let (number, month) = (i64::from(day.day()), i64::from(day.month()));
            match (said.day, said.month) {
                (Some(said_day), Some(said_month)) => said_day == number && said_month == month,
                (None, Some(said_month)) => of_a_debt && said_month == month,
                (Some(said_day), None) => of_a_debt && said_day == number,
                (None, None) => false,
            }
        })
    };
    let told = said(look).into_iter().filter(tells);
    told.map(|said| Mention { start: said.start, end: said.end, fact: Fact::DueDate }).collect()
}

/// "Su cuota vence el 12 de diciembre" where the file says the 14th, to a proved person.
pub fn unknown_due(look: &Look<'_>) -> Vec<Mention> {
    let due = due_days(look);
    let last = due.iter().max().copied();
    let wrong = |said: &Said| {
        let (Some(day), Some(month)) = (said.day, said.month) else { return false };
        let at = look.words().iter().position(|word| word.sentence == said.sentence).unwrap_or(0);
        let sentence = look.sentence(at);
        let same = |due: &Day| i64::from(due.day()) == day && i64::from(due.month()) == month;
        last.is_some()
            && says(sentence, FALLS_DUE)
            && !says(sentence, OF_THE_OFFICE)
            && !says(sentence, NOT_DUE)
            && !due.iter().chain(&known_days(look)).any(same)
    };
    // A date in digits is read in both orders of day and month; one of them may be the right one.
    let all = said(look);
    let right =
        |place: (usize, usize)| all.iter().any(|other| (other.start, other.end) == place && !wrong(other));
    let found = all.iter().filter(|said| wrong(said) && !right((said.start, said.end)));
    found.map(|said| Mention { start: said.start, end: said.end, fact: Fact::Term }).collect()
}

/// Whether the sentence speaks of paying or of the office on this day.
pub fn is_of_another_day(look: &Look<'_>, said: &Said) -> bool {
    let at = look.words().iter().position(|word| word.sentence == said.sentence).unwrap_or(0);
    let sentence = look.sentence(at);
    says(sentence, OF_A_DEBT) || says(sentence, OF_THE_OFFICE)
}

/// Days that offers and agreements name besides their payments.
fn known_days(look: &Look<'_>) -> Vec<Day> {
    look.known.offers.iter().map(|offer| offer.valid_until).chain([look.known.today]).collect()
}

fn due_days(look: &Look<'_>) -> Vec<Day> {
    let known = look.known;
    let debts = known.debts.iter().flat_map(|debt| {
        let instalments = debt.next_due.iter().chain(&debt.instalments).map(|instalment| instalment.due);
        debt.oldest_unpaid_due.into_iter().chain(instalments)
    });
    let offers = known.offers.iter().flat_map(|offer| offer.payments.iter().map(|payment| payment.due));
    let agreements = known
        .agreements
        .iter()
        .flat_map(|agreement| agreement.offer.payments.iter().map(|payment| payment.due));
    debts.chain(offers).chain(agreements).collect()
}

/// Every day and month that a text says.
pub fn said(look: &Look<'_>) -> Vec<Said> {
    let words = look.words();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Some(month) = month_of(word) else { continue };
        let day = day_before(look, at).or_else(|| day_after(look, at));
        if day.is_none() && SHORT.contains(&word.text.as_str()) {
            continue;
        }
        let start = day.map_or(word.start, |(_, start, _)| start.min(word.start));
        let end = day.map_or(word.end, |(_, _, end)| end.max(word.end));
        found.push(Said {
            day: day.map(|(day, _, _)| day),
            month: Some(month),
            start,
            end,
            sentence: word.sentence,
        });
    }
    found.extend(in_digits(look));
    found.extend(bare_days(look));
    found
}

fn month_of(word: &Word) -> Option<i64> {
    let month = MONTHS.iter().position(|names| names.split(' ').any(|name| name == word.text))?;
    i64::try_from(month + 1).ok()
}

fn small(number: &Number) -> Option<i64> {
    let value = *number.values.first()? / 100;
    ((1..=31).contains(&value) && number.digits.len() <= 2).then_some(value)
}

/// "15 de septiembre", "quince de sept", "primero de mayo".
fn day_before(look: &Look<'_>, month: usize) -> Option<(i64, usize, usize)> {
    let words = look.words();
    let before = |n: usize| month.checked_sub(n).and_then(|at| words.get(at));
    let gap = if before(1).is_some_and(|word| ["de", "of"].contains(&word.text.as_str())) { 2 } else { 1 };
    let last = month.checked_sub(gap)?;
    if words
        .get(last)
        .is_some_and(|word| ["primero", "primeiro", "1ro", "1o", "1st"].contains(&word.text.as_str()))
    {
        return words.get(last).map(|word| (1, word.start, word.end));
    }
    let number =
        look.numbers.iter().find(|number| number.next_word == last + 1 && number.first_word <= last)?;
    small(number).map(|day| (day, number.start, number.end))
}

/// "September 15th", "septiembre 15".
fn day_after(look: &Look<'_>, month: usize) -> Option<(i64, usize, usize)> {
    let number = look.numbers.iter().find(|number| number.first_word == month + 1)?;
    small(number).map(|day| (day, number.start, number.end))
}

/// `15/09`, `15-09-2026`, `2026-09-15`, and either order of day and month.
fn in_digits(look: &Look<'_>) -> Vec<Said> {
    let text = &look.reading.folded.text;
    let mut found = Vec::new();
    let mut offset = 0;
    for part in text.split(char::is_whitespace) {
        let begin = offset;
        offset += part.len() + 1;
        let Some(begin_in) = part.find(|c: char| c.is_ascii_digit()) else { continue };
        let core = part.trim_matches(|c: char| !c.is_ascii_digit());
        let fields: Vec<i64> = core.split(['/', '-', '.']).filter_map(|field| field.parse().ok()).collect();
        let n_fields = core.split(['/', '-', '.']).count();
        let (a, b) = match fields.as_slice() {
            [year, month, day] if n_fields == 3 && (1900..=2100).contains(year) => (*day, *month),
            [a, b, year] if n_fields == 3 && ((1900..=2100).contains(year) || *year < 100) => (*a, *b),
            [a, b] if n_fields == 2 && core.contains('/') => (*a, *b),
            _ => continue,
        };
        let (start, end) = look.reading.folded.place(begin + begin_in, begin + begin_in + core.len());
        let sentence = look.words().iter().find(|word| word.end > start).map_or(0, |word| word.sentence);
        for (day, month) in [(a, b), (b, a)] {
            if (1..=31).contains(&day) && (1..=12).contains(&month) {
                found.push(Said { day: Some(day), month: Some(month), start, end, sentence });
            }
        }
    }
    found
}

/// "Vence el 15": a day without its month.
fn bare_days(look: &Look<'_>) -> Vec<Said> {
    let words = look.words();
    let bare = |number: &&Number| {
        let before = number.first_word.checked_sub(1).and_then(|at| words.get(at));
        let el = before.is_some_and(|word| ["el", "dia", "dias", "the"].contains(&word.text.as_str()));
        el && !number.clock
            && !words.get(number.next_word).is_some_and(|word| word.text.starts_with('a') || word.text == "p")
    };
    let said = look.numbers.iter().filter(bare).filter_map(|number| {
        let sentence = words.get(number.first_word)?.sentence;
        small(number).map(|day| Said {
            day: Some(day),
            month: None,
            start: number.start,
            end: number.end,
            sentence,
        })
    });
    said.collect()
}
