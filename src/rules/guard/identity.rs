//! What proves who a person is: the birth date and the document. Whoever says it first gives the proof away, also to the
//! person, for another may read along and answer the question the next time.

use crate::domain::time::Day;
use crate::rules::guard::dates::{self, Said};
use crate::rules::guard::numbers::Number;
use crate::rules::guard::{Fact, Look, Mention, digits_of, figures, says};

/// Words of the day on which somebody was born.
const OF_BIRTH: &[&str] = &[
    "nacio.",
    "naciste.",
    "nacid",
    "nacim",
    "nasceu.",
    "nascid",
    "nascim",
    "born.",
    "birth",
    "cumple.",
    "cumpleanos",
    "aniversario",
];
/// What a document is called.
const OF_A_DOCUMENT: &[&str] =
    &["cedula", "documento", "document", "cpf.", "rg.", "curp.", "dni.", "ine.", "identif", "id."];
/// So many digits of a document tell it wherever they stand.
const DOCUMENT_DIGITS: usize = 4;
/// So many characters may stand between a month and its year: "diciembre del 69".
const YEAR_REACH: usize = 6;

/// The birth date or the document of somebody whose chat it may be, at every level.
pub fn told(look: &Look<'_>) -> Vec<Mention> {
    let persons = look.known.persons;
    let births: Vec<Day> =
        persons.iter().filter_map(|person| person.birth_date.as_ref().map(|day| *day.expose())).collect();
    let days = dates::said(look).into_iter().filter(|said| births.iter().any(|day| is_day(look, said, *day)));
    let mut found: Vec<Mention> =
        days.map(|said| Mention { start: said.start, end: said.end, fact: Fact::Identity }).collect();
    let told = |number: &&Number| {
        !number.money
            && (births.iter().any(|day| is_year_or_whole(look, number, *day)) || is_document(look, number))
    };
    found.extend(look.numbers.iter().filter(told).map(|number| look.mention(Fact::Identity, number)));
    found.extend(lettered(look));
    found
}

/// A day of birth, unless the sentence plainly speaks of a payment or of the office on that day of the year.
fn is_day(look: &Look<'_>, said: &Said, birth: Day) -> bool {
    let (day, month) = (i64::from(birth.day()), i64::from(birth.month()));
    let of_birth = says(look.words(), OF_BIRTH);
    match (said.day, said.month) {
        (Some(said_day), Some(said_month)) => {
            said_day == day && said_month == month && (of_birth || !dates::is_of_another_day(look, said))
        }
        (None, Some(said_month)) => said_month == month && (of_birth || year_after(look, said, birth)),
        (Some(said_day), None) => of_birth && said_day == day,
        (None, None) => false,
    }
}

/// "… de 1969", "… del 69" after a month.
fn year_after(look: &Look<'_>, said: &Said, birth: Day) -> bool {
    let year = i64::from(birth.year());
    let next = look.numbers.iter().find(|number| number.start >= said.end);
    next.is_some_and(|number| {
        let value = number.values.first().map_or(0, |value| value / 100);
        number.start - said.end <= YEAR_REACH
            && (value == year || (number.digits.len() == 2 && value == year % 100))
    })
}

/// "1969", "mil novecientos sesenta y nueve", "19121969", and where birth is spoken of "el 69".
fn is_year_or_whole(look: &Look<'_>, number: &Number, birth: Day) -> bool {
    let (year, month, day) = (birth.year(), birth.month(), birth.day());
    let said = number.digits.as_str();
    let short = year % 100;
    let whole = [
        format!("{day:02}{month:02}{year}"),
        format!("{day:02}{month:02}{short:02}"),
        format!("{year}{month:02}{day:02}"),
        format!("{month:02}{day:02}{year}"),
    ];
    let value = number.values.first().map_or(0, |value| value / 100);
    value == i64::from(year)
        || whole.iter().any(|form| form == said)
        || (said.len() == 2 && value == i64::from(short) && says(look.words(), OF_BIRTH))
}

/// The whole document, its end, or a long part of it.
fn is_document(look: &Look<'_>, number: &Number) -> bool {
    let known = look.known;
    let said = number.digits.as_str();
    if said.len() < 2 || number.clock || figures::is_public(number, known) {
        return false;
    }
    let called = says(look.around(number, 6, 4), OF_A_DOCUMENT);
    known.persons.iter().any(|person| {
        let digits = digits_of(person.document.expose());
        let tail = digits.len() >= DOCUMENT_DIGITS && digits.ends_with(said);
        (tail && (said.len() >= DOCUMENT_DIGITS || called))
            || (said.len() >= DOCUMENT_DIGITS + 2 && digits.contains(said))
    })
}

/// A document that has letters too, as it is written.
fn lettered(look: &Look<'_>) -> Vec<Mention> {
    let documents = look.known.persons.iter().map(|person| person.document.expose().to_lowercase());
    let documents: Vec<String> =
        documents.filter(|document| document.chars().any(char::is_alphabetic)).collect();
    let words = look.words().iter().filter(|word| documents.contains(&word.text));
    words.map(|word| Mention { start: word.start, end: word.end, fact: Fact::Identity }).collect()
}
