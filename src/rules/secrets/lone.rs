//! The secret that an answer is little more than, where somebody asked for one: `ok, es 483 201`, `girasoles azules 56`.

use super::read::Read;
use super::{MASK, phrase, several};
use crate::rules::digits::digit_of;

/// Digits of a code that is read back, and words that may stand beside it ("ok, es 483 201").
const LONE_DIGITS: std::ops::RangeInclusive<usize> = 4..=8;
const LONE_WORDS_MAX: usize = 4;

/// The text with [`MASK`] in place of the code or password that it is little more than; for an answer to somebody who
/// asked for one.
pub fn mask_lone_code(text: &str) -> Option<String> {
    password(text).or_else(|| code(text))
}

fn code(text: &str) -> Option<String> {
    let code = |c: char| c.is_ascii_digit() || digit_of(c).is_some();
    let n_digits = text.chars().filter(|c| code(*c)).count();
    let parts =
        |text: &str| text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).count();
    // A word of capitals and digits is one too: "KX7Q2".
    let held = |word: &&str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let letters = word.chars().filter(|c| c.is_alphabetic());
        LONE_DIGITS.contains(&word.chars().count())
            && word.chars().any(code)
            && letters.clone().count() > 0
            && letters.clone().all(char::is_uppercase)
            && word.chars().all(char::is_alphanumeric)
    };
    let (start, end) = match text.split_whitespace().find(held) {
        Some(word) => {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            (start, start + word.len())
        }
        None if LONE_DIGITS.contains(&n_digits) => {
            let end = text.char_indices().rev().find(|(_, c)| code(*c)).map(|(at, c)| at + c.len_utf8())?;
            (text.find(code)?, end)
        }
        None => return None,
    };
    let (before, within, after) = (text.get(..start)?, text.get(start..end)?, text.get(end..)?);
    // An amount, an hour or a day is no code.
    let other = text.contains(['$', '%']) || within.contains(['.', ',', '/', ':']) || within.ends_with("000");
    let apart = within.split(code).any(|gap| gap.chars().any(char::is_alphabetic)) && parts(within) > 1;
    (!other && !apart && parts(before) + parts(after) <= LONE_WORDS_MAX)
        .then(|| format!("{before}{MASK}{after}"))
}

/// Words of a password that is a sentence, and what leads to it.
const TOKENS_MAX: usize = 9;

/// `Girasol56`, `es Girasol56`, `girasoles azules 56`.
fn password(text: &str) -> Option<String> {
    let read = Read::of(text);
    if read.tokens.len() > TOKENS_MAX || text.contains(['$', '%']) {
        return None;
    }
    let mut words = text.split_whitespace();
    let mixed = words.clone().count() <= LONE_WORDS_MAX + 1;
    let word = words.find(|word| mixed && several::is_mixed(word.trim_matches(AROUND)));
    let place = match word.map(|word| word.trim_matches(AROUND)) {
        Some(word) => {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            start..start + word.len()
        }
        None => (0..read.tokens.len()).find_map(|at| phrase::ahead(&read, at))?,
    };
    // `tengo ahorrados 350` says more than that.
    let first = read.tokens.partition_point(|token| token.place.end <= place.start);
    let led = word.is_some() || (0..first).all(|at| LED_BY.contains(&read.word(at)));
    let rest = text.get(place.end..)?.chars().filter(|c| c.is_alphanumeric()).count();
    (led && (word.is_some() || rest == 0)).then(|| {
        format!(
            "{}{MASK}{}",
            text.get(..place.start).unwrap_or_default(),
            text.get(place.end..).unwrap_or_default()
        )
    })
}

/// Words before one.
const LED_BY: &[&str] = &[
    "es",
    "e",
    "is",
    "la",
    "el",
    "mi",
    "a",
    "o",
    "my",
    "the",
    "clave",
    "contrasena",
    "senha",
    "password",
    "ok",
    "hola",
    "si",
    "claro",
    "listo",
    "aqui",
    "va",
    "it",
    "s",
    "son",
    "minha",
    "sim",
    "yes",
    "palabra",
    "seria",
];
/// Marks around a word.
const AROUND: &[char] = &['"', '\'', '“', '”', '«', '»', '(', ')', ',', ';', '.', '?', ':', '¿', '¡'];
