//! Words for secrets that are written so that no filter sees them: `cl@ve`, `p1n`, `c.l.a.v.e`, `c l a v e`.

use super::read::folded;
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
            if folded(core) != bare(core) || core.contains(['.', '-', '_', '*']) {
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
