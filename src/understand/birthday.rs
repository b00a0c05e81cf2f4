//! Where a text tells a known birthday, however it is written: "25 de julio de 1992", "25/07/92", "9 de mayo del 94",
//! "veinticinco de julio", "July 25th".

use super::normalise::fold;
use super::{date, number};
use crate::domain::time::Day;

/// Words by which a day is told to be a birthday, by their beginnings.
const BORN: [&str; 7] = ["naci", "nasci", "cumplea", "anivers", "birth", "born", "bday"];
/// The same in two words.
const TURNS_YEARS: [[&str; 2]; 3] = [["cumplo", "anos"], ["cumpli", "anos"], ["faco", "anos"]];
/// Words between a month and a year of two digits, and what makes an amount of those.
const BEFORE_YEAR: [&str; 3] = ["de", "del", "do"];
const COUNTS: [&str; 5] = ["mil", "k", "lucas", "pesos", "millones"];
/// Words between the parts of a date.
const BETWEEN: [&str; 24] = [
    "de", "del", "do", "da", "d", "el", "la", "o", "e", "y", "of", "the", "dia", "mes", "ano", "month",
    "day", "year", "th", "st", "nd", "rd", "ro", "er",
];
/// Of them between two parts.
const BETWEEN_MAX: usize = 3;

/// What a word holds, as far as a date can be made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Number(i64),
    Month(i64),
    Between,
    Other,
}

/// A part, and the words that it stands in.
#[derive(Debug, Clone, Copy)]
struct Placed {
    part: Part,
    first: usize,
    last: usize,
    /// A number in words.
    spelled: bool,
}

impl Placed {
    const fn words(self) -> std::ops::RangeInclusive<usize> {
        self.first..=self.last
    }
}

/// The words that tell this birthday. A day and month without the year count only where the text says that it is one, or
/// `asked` says that birthdays were asked for: they are also a day on which somebody pays.
pub(super) fn places(words: &[&str], birth: Day, asked: bool) -> Vec<usize> {
    let parts: Vec<Placed> = words.iter().enumerate().flat_map(|(at, word)| parts(word, at)).collect();
    let parts = joined(&parts);
    let told = asked || tells_birth(words);
    let mut found = Vec::new();
    for (at, first) in parts.iter().enumerate() {
        if is_whole(first.part, birth) {
            found.extend(first.words());
        }
        let Some((second_at, second)) = next(&parts, at) else { continue };
        if !is_day_and_month(first.part, second.part, birth) {
            continue;
        }
        let behind = numbers_behind(&parts, second_at);
        let before = before(&parts, at).filter(|before| is_year(before.part, birth));
        let in_words = behind.iter().fold(0, |sum: i64, number| sum.saturating_add(value(number.part)))
            == i64::from(birth.year());
        let year =
            before.is_some() || in_words || behind.first().is_some_and(|year| is_year(year.part, birth));
        if !year && !told {
            continue;
        }
        for part in [*first, second].into_iter().chain(before).chain(behind) {
            found.extend(part.words());
        }
    }
    found
}

/// The words that have the shape of a birthday, whoever it is of: a day and month where the text says that it is one or
/// `asked` says that birthdays were asked for, and any date whose year is `latest` or before.
pub(super) fn shapes(words: &[&str], latest: i16, asked: bool) -> Vec<usize> {
    let parts: Vec<Placed> = words.iter().enumerate().flat_map(|(at, word)| parts(word, at)).collect();
    let parts = joined(&parts);
    let told = asked || tells_birth(words);
    let is_year = |year: i64| (1900..=i64::from(latest)).contains(&year);
    let is_short_year = |year: &Placed, month: &Placed| {
        let word = |at: usize| words.get(at).map(|word| fold(word)).unwrap_or_default();
        let joins = year.first == month.last
            || year.first.checked_sub(1).is_some_and(|before| BEFORE_YEAR.contains(&word(before).as_str()));
        let counts = COUNTS.contains(&word(year.last + 1).as_str());
        joins && !counts && matches!(year.part, Part::Number(short) if short < 100 && is_year(1900 + short))
    };
    let mut found = Vec::new();
    for (at, first) in parts.iter().enumerate() {
        if matches!(first.part, Part::Number(number) if is_whole_shape(number, is_year, told)) {
            found.extend(first.words());
        }
        let Some((second_at, second)) = next(&parts, at) else { continue };
        if !may_be_day_and_month(first.part, second.part) {
            continue;
        }
        let behind = numbers_behind(&parts, second_at);
        let before = before(&parts, at).filter(|before| is_year(value(before.part)));
        let in_words = is_year(behind.iter().fold(0, |sum: i64, n| sum.saturating_add(value(n.part))));
        let year = before.is_some()
            || in_words
            || behind.first().is_some_and(|year| is_year(value(year.part)) || is_short_year(year, &second));
        if !year && !told {
            continue;
        }
        for part in [*first, second].into_iter().chain(before).chain(behind) {
            found.extend(part.words());
        }
    }
    found
}

fn may_be_day_and_month(first: Part, second: Part) -> bool {
    let is_day = |part: Part| matches!(part, Part::Number(1..=31));
    let is_month = |part: Part| matches!(part, Part::Month(_) | Part::Number(1..=12));
    (is_day(first) && is_month(second)) || (is_month(first) && is_day(second))
}

/// A date in one number, as [`is_whole`] has it; six digits are an amount as well, unless the text tells of a birthday.
fn is_whole_shape(number: i64, is_year: impl Fn(i64) -> bool, told: bool) -> bool {
    let may_be = |day: i64, month: i64| {
        may_be_day_and_month(Part::Number(day), Part::Number(month)) && day > 0 && month > 0
    };
    let (high, middle, low) = (number / 1_000_000, number / 10_000 % 100, number % 10_000);
    let eight = (10_000_000..100_000_000).contains(&number);
    let short = || told && (10_000..1_000_000).contains(&number);
    (eight && is_year(low) && may_be(high, middle))
        || (eight && is_year(number / 10_000) && may_be(low % 100, low / 100))
        || (short()
            && (may_be(number / 10_000, number / 100 % 100) || may_be(number % 100, number / 100 % 100)))
}

fn tells_birth(words: &[&str]) -> bool {
    let bare = |word: &&str| fold(word).trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    words.iter().any(|word| is_born(&fold(word)))
        || words.windows(2).any(|pair| {
            matches!(pair, [first, second] if TURNS_YEARS.iter().any(|[a, b]| bare(first) == *a && bare(second) == *b))
        })
}

fn is_born(folded: &str) -> bool {
    let word = folded.trim_matches(|c: char| !c.is_alphanumeric());
    BORN.iter().any(|stem| word.starts_with(stem)) && !word.starts_with("nacion")
}

/// Day and month in either order.
fn is_day_and_month(first: Part, second: Part, birth: Day) -> bool {
    let (day, month) = (i64::from(birth.day()), i64::from(birth.month()));
    let is_month = |part: Part| part == Part::Month(month) || part == Part::Number(month);
    (first == Part::Number(day) && is_month(second)) || (is_month(first) && second == Part::Number(day))
}

fn is_year(part: Part, birth: Day) -> bool {
    let year = i64::from(birth.year());
    part == Part::Number(year) || part == Part::Number(year % 100)
}

/// A date in one number: "25071992", "19920725", "250792".
fn is_whole(part: Part, birth: Day) -> bool {
    let (day, month, year) = (i64::from(birth.day()), i64::from(birth.month()), i64::from(birth.year()));
    let short = year % 100;
    let written = [
        (day * 100 + month) * 10_000 + year,
        (month * 100 + day) * 10_000 + year,
        (year * 100 + month) * 100 + day,
        (day * 100 + month) * 100 + short,
        (short * 100 + month) * 100 + day,
    ];
    matches!(part, Part::Number(number) if number >= 10_000 && written.contains(&number))
}

/// A year goes on in words: "mil novecientos noventa y dos", and never longer than this.
const YEAR_NUMBERS_MAX: usize = 6;

fn numbers_behind(parts: &[Placed], at: usize) -> Vec<Placed> {
    let number = |at: usize| next(parts, at).filter(|(_, next)| matches!(next.part, Part::Number(_)));
    let behind = std::iter::successors(number(at), |(place, _)| number(*place));
    behind.take(YEAR_NUMBERS_MAX).map(|(_, number)| number).collect()
}

const fn value(part: Part) -> i64 {
    match part {
        Part::Number(number) => number,
        Part::Month(_) | Part::Between | Part::Other => 0,
    }
}

/// The next part behind the words between, and its place.
fn next(parts: &[Placed], at: usize) -> Option<(usize, Placed)> {
    let words = parts.get(at + 1..)?.iter().take(BETWEEN_MAX + 1);
    let between = words.take_while(|next| next.part == Part::Between).count();
    let place = at + 1 + between;
    parts.get(place).filter(|_| between <= BETWEEN_MAX).map(|part| (place, *part))
}

fn before(parts: &[Placed], at: usize) -> Option<Placed> {
    let words = parts.get(..at)?.iter().rev().take(BETWEEN_MAX + 1);
    let between = words.take_while(|part| part.part == Part::Between).count();
    let place = at.checked_sub(between + 1).filter(|_| between <= BETWEEN_MAX)?;
    parts.get(place).copied()
}

/// Letters and digits of a word apart: "25julio", "25/07/92", "veinticinco".
fn parts(word: &str, at: usize) -> Vec<Placed> {
    let mut pieces: Vec<String> = Vec::new();
    let mut last: Option<bool> = None;
    for c in fold(word).chars() {
        let kind = c.is_alphanumeric().then(|| c.is_ascii_digit());
        match pieces.last_mut() {
            Some(piece) if kind.is_some() && kind == last => piece.push(c),
            Some(_) | None if kind.is_some() => pieces.push(c.to_string()),
            Some(_) | None => {}
        }
        last = kind;
    }
    let placed = |piece: &String| {
        let spelled = !piece.starts_with(|c: char| c.is_ascii_digit());
        Placed { part: part(piece), first: at, last: at, spelled }
    };
    pieces.iter().map(placed).collect()
}

fn part(piece: &str) -> Part {
    if let Ok(number) = piece.parse() {
        return Part::Number(number);
    }
    let besides = match piece {
        // The first of a month.
        "primero" | "primeiro" | "first" => Some(1),
        "mil" => Some(1_000),
        _ => None,
    };
    match number::word_value(piece).and_then(|value| i64::try_from(value).ok()).or(besides) {
        Some(number) => Part::Number(number),
        None if BETWEEN.contains(&piece) => Part::Between,
        None => date::month(piece).map_or(Part::Other, Part::Month),
    }
}

/// Tens in words and what follows them as one number: "treinta y uno", "twenty-five".
fn joined(parts: &[Placed]) -> Vec<Placed> {
    let mut joined: Vec<Placed> = Vec::with_capacity(parts.len());
    let mut at = 0;
    while let Some(first) = parts.get(at) {
        let and = usize::from(parts.get(at + 1).is_some_and(|next| next.part == Part::Between));
        let unit = parts.get(at + 1 + and).filter(|unit| unit.spelled && first.spelled);
        match (first.part, unit.map(|unit| (unit.part, unit.last))) {
            (Part::Number(tens), Some((Part::Number(unit @ 1..=9), last)))
                if (20..100).contains(&tens) && tens % 10 == 0 =>
            {
                joined.push(Placed { part: Part::Number(tens + unit), last, ..*first });
                at += 2 + and;
            }
            _ => {
                joined.push(*first);
                at += 1;
            }
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::{places, shapes};
    use crate::domain::time::Day;

    fn kept(text: &str, birth: &str, asked: bool) -> String {
        let words: Vec<&str> = text.split_whitespace().collect();
        let hidden = places(&words, Day::parse(birth).unwrap(), asked);
        let shown = words.iter().enumerate().map(|(at, word)| if hidden.contains(&at) { "_" } else { *word });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_found_grows_with_the_text_and_no_faster() {
        for word in ["4", "uno", "marzo", "12/4", "4y4"] {
            let (some, more) = (vec![word; 500], vec![word; 5_000]);
            let found = |words: &[&str]| shapes(words, 2010, true).len();
            assert!(found(&more) <= found(&some) * 11 + 100, "{word}");
        }
    }

    #[test]
    fn a_birthday_is_found_however_it_is_written() {
        for (text, shown) in [
            ("hola, nací el 31 de marzo de 1987", "hola, nací el _ de _ de _"),
            ("naci el 31 de marzo del 87 en Cali", "naci el _ de _ del _ en Cali"),
            ("mi cumpleaños es el 31 de marzo", "mi cumpleaños es el _ de _"),
            ("31/03/1987", "_"),
            ("soy Ana, 31-3-87, gracias", "soy Ana, _ gracias"),
            ("1987-03-31", "_"),
            ("31031987 es mi fecha", "_ es mi fecha"),
            ("31 03 1987", "_ _ _"),
            (
                "nací el treinta y uno de marzo de mil novecientos ochenta y siete",
                "nací el _ _ _ de _ de _ _ _ _ _",
            ),
            ("treinta y uno de marzo de mil novecientos ochenta y siete", "_ _ _ de _ de _ _ _ _ _"),
            ("I was born on March 31st 1987", "I was born on _ _ _"),
            ("nasci em 31 de março de 1987", "nasci em _ de _ de _"),
            ("31marzo1987", "_"),
        ] {
            assert_eq!(kept(text, "1987-03-31", false), shown, "{text}");
        }
        assert_eq!(kept("el 31 de marzo", "1987-03-31", true), "el _ de _");
        assert_eq!(kept("el primero de junio de 1990", "1990-06-01", false), "el _ de _ de _");
    }

    fn shaped(text: &str, asked: bool) -> String {
        let words: Vec<&str> = text.split_whitespace().collect();
        let hidden = shapes(&words, 2010, asked);
        let shown = words.iter().enumerate().map(|(at, word)| if hidden.contains(&at) { "_" } else { *word });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn every_birthday_has_the_shape_of_one_whoever_it_is_of() {
        for (text, shown) in [
            ("nací el 3 de junio", "nací el _ de _"),
            ("cumplo años el 12/05", "cumplo años el _"),
            (
                "la fecha de nacimiento es 7 de abril del 69, gracias",
                "la fecha de nacimiento es _ de _ del _ gracias",
            ),
            ("14/02/1979 y ya", "_ y ya"),
            ("14-2-79", "_"),
            ("14021979", "_"),
            ("19790214", "_"),
            ("nací 140279", "nací _"),
            ("el dos de mayo de mil novecientos setenta y uno", "el _ de _ de _ _ _ _ _"),
            ("I was born on June 3rd", "I was born on _ _"),
            ("nasci no dia 30 de julho", "nasci no dia _ de _"),
        ] {
            assert_eq!(shaped(text, false), shown, "{text}");
        }
        for text in [
            "pago el 3 de junio",
            "el 3 de mayo 80 mil",
            "el 3 de mayo de 80 mil",
            "140279",
            "le cumplo el 13 de septiembre",
            "pagué el 14/02/2026",
            "son 12 cuotas de 70 mil",
        ] {
            assert_eq!(shaped(text, false), text, "{text}");
        }
        assert_eq!(shaped("el 3 de junio", true), "el _ de _");
    }

    #[test]
    fn a_day_on_which_somebody_pays_is_no_birthday() {
        for text in [
            "pago el 31 de marzo",
            "el 31/03 le consigno 87000",
            "pago el 31 de marzo de 2026",
            "son 31 cuotas de 3 mil",
            "nací el 30 de marzo de 1987",
            "soy nacional de Colombia, pago el 31 de marzo",
            "de 1987",
        ] {
            assert_eq!(kept(text, "1987-03-31", false), text);
        }
    }
}
