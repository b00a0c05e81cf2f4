//! Answers to the identity questions: the last four characters of a document, and answers that come in several messages.

use super::{Expectation, answer, date, number};
use crate::domain::pii::Pii;
use serde::{Deserialize, Serialize};

/// Digits that a longer run of letters and digits needs to be a document number, and how long it is at least.
const DOCUMENT_DIGITS_MIN: usize = 4;
const DOCUMENT_CHARS_MIN: usize = 6;
/// What the question asks for.
const ASKED_CHARS: usize = 4;

/// Words around a document number or a birthday that say nothing more, folded.
const AROUND: &[&str] = &[
    "a",
    "ah",
    "ahi",
    "and",
    "ano",
    "aqui",
    "bien",
    "birth",
    "birthday",
    "born",
    "bueno",
    "cc",
    "ce",
    "cedula",
    "claro",
    "como",
    "cpf",
    "cual",
    "cuit",
    "cumple",
    "cumpleanos",
    "curp",
    "da",
    "dale",
    "date",
    "de",
    "del",
    "dia",
    "digitos",
    "digits",
    "dni",
    "do",
    "document",
    "documento",
    "e",
    "eh",
    "el",
    "em",
    "en",
    "es",
    "esta",
    "este",
    "fecha",
    "four",
    "i",
    "id",
    "identidad",
    "is",
    "la",
    "las",
    "last",
    "le",
    "les",
    "listo",
    "los",
    "meu",
    "mi",
    "minha",
    "mis",
    "mm",
    "mmm",
    "month",
    "my",
    "naci",
    "nacimiento",
    "nasci",
    "nascimento",
    "number",
    "numero",
    "numeros",
    "o",
    "ok",
    "on",
    "os",
    "pasaporte",
    "passaporte",
    "passport",
    "pues",
    "rg",
    "rut",
    "sao",
    "si",
    "sim",
    "sin",
    "son",
    "termina",
    "terminan",
    "the",
    "ultimos",
    "vale",
    "was",
    "y",
    "ya",
];

/// What an identity question asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Factor {
    Document,
    BirthDate,
}

/// Part of an answer that comes in several messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fragment {
    /// Only words around an answer: "mi cédula", "es".
    Nothing,
    /// One to three characters of a document, upper case.
    Characters(Pii<String>),
    /// Of a birthday.
    Day(u8),
    Month(u8),
}

/// An answer as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gathered {
    Part(Fragment),
    /// Four characters of a document.
    Document(String),
    DayMonth(u8, u8),
}

impl Fragment {
    /// What it is part of, unless it gives nothing.
    pub const fn factor(&self) -> Option<Factor> {
        match self {
            Self::Nothing => None,
            Self::Characters(_) => Some(Factor::Document),
            Self::Day(_) | Self::Month(_) => Some(Factor::BirthDate),
        }
    }

    /// Puts a new part behind what came before.
    pub fn with(self, next: Self) -> Gathered {
        match (self, next) {
            (Self::Characters(first), Self::Characters(second)) => {
                let all = format!("{}{}", first.expose(), second.expose());
                match all.len().checked_sub(ASKED_CHARS).and_then(|from| all.get(from..)) {
                    Some(four) => Gathered::Document(four.to_owned()),
                    None => Gathered::Part(Self::Characters(Pii::new(all))),
                }
            }
            (Self::Day(day), Self::Month(month)) | (Self::Month(month), Self::Day(day)) => {
                Gathered::DayMonth(day, month)
            }
            // Day first, as people write it.
            (Self::Day(day), Self::Day(month)) if month <= 12 => Gathered::DayMonth(day, month),
            (kept, Self::Nothing) => Gathered::Part(kept),
            (Self::Nothing | Self::Characters(_) | Self::Day(_) | Self::Month(_), next) => {
                Gathered::Part(next)
            }
        }
    }
}

/// The last four characters of a document, upper case: of digits ("4821", "CC 1.020.304.821"), or with letters, as a CURP,
/// a RUT with K and many passports have ("rr01", "12.345.678-K", "AB1234C"). An ordinary word is none: four characters
/// hold a digit, and letters beside other words count only where nothing else is said.
pub fn last_four(folded: &str) -> Option<String> {
    let said = pieces(folded);
    let whole = said.iter().find(|piece| is_long_document(piece)).and_then(|piece| tail(piece));
    whole.or_else(|| short_document(&said)).or_else(|| answer::last_four(folded))
}

/// What a message gives of an answer that it does not give whole; `None` when it is about something else.
pub fn fragment(folded: &str, expects: Expectation) -> Option<Fragment> {
    let asked = matches!(expects, Expectation::DocumentLast4 | Expectation::BirthDayMonth);
    if !asked {
        return None;
    }
    let said = pieces(folded);
    if said.is_empty() {
        return None;
    }
    let mut rest = said.iter().filter(|piece| !is_around(piece));
    let (first, second) = (rest.next(), rest.next());
    let Some(first) = first else { return Some(Fragment::Nothing) };
    match (expects, second) {
        (Expectation::DocumentLast4, None) => characters(first),
        (Expectation::DocumentLast4, Some(_)) => {
            let parts: Option<Vec<String>> =
                said.iter().filter(|piece| !is_around(piece)).map(|piece| digit(piece)).collect();
            characters(&parts?.concat())
        }
        (Expectation::BirthDayMonth, None) => part_of_birthday(first),
        _ => None,
    }
}

/// Letters and digits of each word, without the marks in and around them; the check letter of a RUT belongs to its
/// number also where a blank or hyphen stands before it.
fn pieces(folded: &str) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for word in folded.split_whitespace() {
        let piece: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
        let check_letter = piece == "k";
        match said.last_mut() {
            Some(number) if check_letter && number.len() >= 3 && all_digits(number) => {
                number.push_str(&piece)
            }
            Some(_) | None if piece.is_empty() => {}
            Some(_) | None => said.push(piece),
        }
    }
    said
}

fn all_digits(piece: &str) -> bool {
    piece.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_around(piece: &str) -> bool {
    AROUND.contains(&piece)
}

/// Whether letters and digits together are surely a document number.
fn is_long_document(piece: &str) -> bool {
    let n_digits = piece.bytes().filter(u8::is_ascii_digit).count();
    piece.is_ascii()
        && piece.len() >= DOCUMENT_CHARS_MIN
        && n_digits >= DOCUMENT_DIGITS_MIN
        && n_digits < piece.len()
        && tail(piece).is_some()
}

/// The last four characters, if a digit is among them.
fn tail(piece: &str) -> Option<String> {
    let four = piece.get(piece.len().checked_sub(ASKED_CHARS)?..)?;
    four.bytes().any(|byte| byte.is_ascii_digit()).then(|| four.to_ascii_uppercase())
}

/// "rr01", "mi curp termina en rr01", "rr 01", "r r 0 1": four characters of both kinds, and nothing else is said.
fn short_document(said: &[String]) -> Option<String> {
    let rest: Vec<&str> = said.iter().map(String::as_str).filter(|piece| !is_around(piece)).collect();
    let mixed = |piece: &str| {
        let n_letters_last = piece.bytes().rev().take_while(u8::is_ascii_alphabetic).count();
        // "10pm", "5mil", "24hs" count something.
        let counts = piece.starts_with(|c: char| c.is_ascii_digit()) && n_letters_last > 1;
        piece.is_ascii() && !all_digits(piece) && !counts && tail(piece).is_some()
    };
    if let Some(four) = rest.iter().find(|piece| piece.len() == ASKED_CHARS && mixed(piece)) {
        let others_count = rest.iter().all(|piece| piece == four || all_digits(piece));
        return others_count.then(|| tail(four)).flatten();
    }
    // Characters apart: no word of a sentence is made of consonants alone.
    let apart = |piece: &&str| {
        piece.len() < ASKED_CHARS && (all_digits(piece) || !piece.contains(['a', 'e', 'i', 'o', 'u']))
    };
    let joined = rest.concat();
    let letters_first = joined.starts_with(|c: char| c.is_ascii_alphabetic());
    (rest.len() > 1
        && joined.len() == ASKED_CHARS
        && letters_first
        && rest.iter().all(apart)
        && mixed(&joined))
    .then(|| tail(&joined))
    .flatten()
}

fn digit(piece: &str) -> Option<String> {
    if all_digits(piece) {
        return Some(piece.to_owned());
    }
    number::word_value(piece).filter(|value| *value <= 9).map(|value| value.to_string())
}

fn characters(piece: &str) -> Option<Fragment> {
    let piece = digit(piece).unwrap_or_else(|| piece.to_owned());
    let fits =
        piece.is_ascii() && piece.len() < ASKED_CHARS && piece.bytes().any(|byte| byte.is_ascii_digit());
    fits.then(|| Fragment::Characters(Pii::new(piece.to_ascii_uppercase())))
}

fn part_of_birthday(piece: &str) -> Option<Fragment> {
    if let Some(month) = date::month(piece) {
        return u8::try_from(month).ok().map(Fragment::Month);
    }
    let number = piece.parse().ok().or_else(|| number::word_value(piece))?;
    u8::try_from(number).ok().filter(|day| (1..=31).contains(day)).map(Fragment::Day)
}

#[cfg(test)]
mod tests {
    use super::{Fragment, Gathered, fragment, last_four};
    use crate::understand::Expectation;

    #[test]
    fn what_people_say_in_a_chat_is_no_document() {
        for text in [
            "hola",
            "saldo",
            "menu",
            "asesor",
            "stop",
            "no tengo",
            "80mil",
            "80 mil",
            "no 12",
            "hoy 4",
            "x2",
            "mp3",
            "pago 2x1",
            "covid19 me dejo sin trabajo",
            "4g",
            "son 3 cuotas",
            "a las 10 am",
            "a las 10 pm",
            "10pm",
            "5mil",
            "24hs",
        ] {
            assert_eq!(last_four(text), None, "{text}");
        }
    }

    #[test]
    fn parts_are_put_together_in_order() {
        let part = |text: &str, expects| fragment(text, expects).unwrap_or_else(|| panic!("{text}"));
        for (texts, whole) in [
            (&["mi cedula", "es", "04", "04"][..], "0404"),
            (&["04", "es la", "04"], "0404"),
            (&["la cedula", "4", "8", "21"], "4821"),
            (&["cero cuatro", "cero cuatro"], "0404"),
            (&["12", "345"], "2345"),
            (&["r0", "1k"], "R01K"),
        ] {
            let mut kept = Fragment::Nothing;
            for text in texts {
                match kept.with(part(text, Expectation::DocumentLast4)) {
                    Gathered::Part(next) => kept = next,
                    found @ (Gathered::Document(_) | Gathered::DayMonth(..)) => {
                        assert_eq!(found, Gathered::Document(whole.to_owned()), "{texts:?}");
                        kept = Fragment::Nothing;
                    }
                }
            }
            assert_eq!(kept, Fragment::Nothing, "{texts:?}");
        }
        for texts in [
            ["septiembre", "el 18"],
            ["18", "septiembre"],
            ["el dieciocho", "9"],
            ["naci el 18", "de setembro"],
        ] {
            let [first, second] = texts.map(|text| part(text, Expectation::BirthDayMonth));
            assert_eq!(first.with(second), Gathered::DayMonth(18, 9), "{texts:?}");
        }
    }

    #[test]
    fn other_talk_is_no_part_of_an_answer() {
        for text in ["asesor", "no quiero", "quiero pagar", "cuanto debo", "gracias", "", "4821 y 30"] {
            assert_eq!(fragment(text, Expectation::DocumentLast4), None, "{text}");
            assert_eq!(fragment(text, Expectation::BirthDayMonth), None, "{text}");
        }
        assert_eq!(fragment("mi cedula", Expectation::Amount), None);
    }
}
