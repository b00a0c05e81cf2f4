//! Words for secrets that are written so that no filter sees them: `cl@ve`, `p1n`, `c.l.a.v.e`, `c l a v e`.

use super::network::{Network, checks, network};
use super::read::folded;
use crate::rules::digits::digit_of;
use std::ops::Range;

/// The words whose disguise is worth taking off. All lead to a secret by themselves.
const HIDDEN: [&str; 18] = [
    "clave",
    "klave",
    "claves",
    "contrasena",
    "kontrasena",
    "contracena",
    "contrasenia",
    "password",
    "pasword",
    "passcode",
    "senha",
    "pin",
    "nip",
    "cvv",
    "cvc",
    "codigo",
    "token",
    "otp",
];

/// Groups in which a card number is written at most, and the digits of one that is no other word.
const GROUPS_MAX: usize = 5;
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// Letters that stand for digits at most: more of them are a reference.
const LETTERS_MAX: usize = 4;

/// Card numbers with letters in the place of digits: `4532 Ol23 4589 O663`.
pub fn cards(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let chunks: Vec<(Range<usize>, Option<String>)> = text
        .split(|c: char| c.is_whitespace() || matches!(c, '-' | '.' | ',' | ':' | '='))
        .filter(|chunk| !chunk.is_empty())
        .map(|chunk| {
            let start = chunk.as_ptr() as usize - text.as_ptr() as usize;
            (start..start + chunk.len(), in_digits(chunk))
        })
        .collect();
    let mut at = 0;
    while at < chunks.len() {
        let ends = (at..(at + GROUPS_MAX).min(chunks.len())).rev();
        let card = ends.into_iter().find_map(|last| {
            let group = chunks.get(at..=last)?;
            let digits = group.iter().map(|(_, digits)| digits.clone()).collect::<Option<String>>()?;
            let place = group.first()?.0.start..group.last()?.0.end;
            let shown = text.get(place.clone())?;
            let n_letters = shown.chars().filter(|c| c.is_alphabetic() || *c == '|').count();
            let known = CARD_DIGITS.contains(&digits.len()) && network(&digits) == Network::Known;
            let card =
                known && (1..=LETTERS_MAX).contains(&n_letters) && (checks(&digits) || digits.len() == 16);
            card.then_some((place, last))
        });
        if let Some((place, last)) = card {
            found.push(place);
            at = last;
        }
        at += 1;
    }
    found
}

/// What is written with digits, and letters that look like some.
fn in_digits(chunk: &str) -> Option<String> {
    let digit = |c: char| match c {
        'O' | 'o' | 'Q' => Some('0'),
        'l' | 'I' | 'i' | '|' => Some('1'),
        'Z' | 'z' => Some('2'),
        'S' | 's' => Some('5'),
        'G' => Some('6'),
        'B' => Some('8'),
        c => digit_of(c),
    };
    let digits: String = chunk.chars().map(digit).collect::<Option<String>>()?;
    chunk.chars().any(|c| c.is_ascii_digit()).then_some(digits)
}

/// The text with those words written plainly, each byte of all else in its place; `None` when none is hidden.
pub fn undisguised(text: &str) -> Option<String> {
    let mut plain: Option<String> = None;
    for place in hidden(text) {
        let Some(word) = text.get(place.clone()).map(bare) else { continue };
        let Some(blanks) = place.len().checked_sub(word.len()) else { continue };
        let whole = plain.get_or_insert_with(|| text.to_owned());
        whole.replace_range(place, &format!("{word}{}", " ".repeat(blanks)));
    }
    plain
}

/// Where such words stand.
fn hidden(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // Letters that stand alone so far, one after the other.
    let mut apart: Vec<Range<usize>> = Vec::new();
    for chunk in text.split(|c: char| c.is_whitespace() || matches!(c, ':' | '=')) {
        let core = chunk.trim_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '@' | '$'));
        let start = core.as_ptr() as usize - text.as_ptr() as usize;
        let place = start..start + core.len();
        if core.chars().count() == 1 {
            apart.push(place);
        } else {
            found.extend(spelled(text, &apart));
            apart.clear();
            if folded(core) != bare(core) || core.contains(['.', '-', '_', '*', '/', ',']) {
                found.push(place);
            }
        }
    }
    found.extend(spelled(text, &apart));
    found.retain(|place| text.get(place.clone()).is_some_and(|word| HIDDEN.contains(&bare(word).as_str())));
    found
}

fn spelled(text: &str, apart: &[Range<usize>]) -> Option<Range<usize>> {
    let (first, last) = (apart.first()?, apart.last()?);
    let letters = apart.iter().filter_map(|place| text.get(place.clone())).all(|one| !one.is_empty());
    (apart.len() > 2 && letters).then_some(first.start..last.end)
}

/// The letters that a word shows, whatever signs stand for them or between them.
fn bare(word: &str) -> String {
    let shown = word.chars().map(|c| match c {
        '@' | '4' => 'a',
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' => 'e',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    });
    folded(&shown.collect::<String>())
}
