//! Where a text tells a known birthday, however it is written: "25 de julio de 1992", "25/07/92", "9 de mayo del 94",
//! "veinticinco de julio", "July 25th".

use super::normalise::fold;
use super::{date, number};
use crate::domain::time::Day;

/// Words by which a day is told to be a birthday, by their beginnings.
const BORN: [&str; 6] = ["naci", "nasci", "cumplea", "anivers", "birth", "born"];
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
    let told = asked || words.iter().any(|word| is_born(&fold(word)));
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

/// A year goes on in words: "mil novecientos noventa y dos".
fn numbers_behind(parts: &[Placed], at: usize) -> Vec<Placed> {
    let number = |at: usize| next(parts, at).filter(|(_, next)| matches!(next.part, Part::Number(_)));
    std::iter::successors(number(at), |(place, _)| number(*place)).map(|(_, number)| number).collect()
}

const fn value(part: Part) -> i64 {
    match part {
        Part::Number(number) => number,
        Part::Month(_) | Part::Between | Part::Other => 0,
    }
}

/// The next part behind the words between, and its place.
fn next(parts: &[Placed], at: usize) -> Option<(usize, Placed)> {
    let between = parts.get(at + 1..)?.iter().take_while(|next| next.part == Part::Between).count();
    let place = at + 1 + between;
    parts.get(place).filter(|_| between <= BETWEEN_MAX).map(|part| (place, *part))
}

fn before(parts: &[Placed], at: usize) -> Option<Placed> {
    let between = parts.get(..at)?.iter().rev().take_while(|part| part.part == Part::Between).count();
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
    use super::places;
    use crate::domain::time::Day;

    fn kept(text: &str, birth: &str, asked: bool) -> String {
        let words: Vec<&str> = text.split_whitespace().collect();
        let hidden = places(&words, Day::parse(birth).unwrap(), asked);
        let shown = words.iter().enumerate().map(|(at, word)| if hidden.contains(&at) { "_" } else { *word });
        shown.collect::<Vec<_>>().join(" ")
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
