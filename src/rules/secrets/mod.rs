//! Secrets that people type into a chat, and where they stand in a text: card numbers, security codes, passwords, PINs
//! and one-time codes.
//!
//! Nobody here needs them, so they are blotted out before anything is stored (PCI DSS 4.0, 3.2 and 3.3: a security code
//! is never kept, a card number never without need). Documents, phones, amounts and references stay: a number is a card
//! only with a network's beginning, its length and check digit (ISO/IEC 7812-1), and what stands around it decides where
//! that alone would not. What a text says of a secret is a matter of words; see `labels`.

mod card;
mod disguised;
mod hinted;
mod labels;
mod network;
mod numerals;
mod read;
mod several;
mod spoken;
#[cfg(test)]
mod tests;

use crate::rules::digits::digit_of;
use read::Read;
pub use read::folded;
use regex::bytes::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// Stands where a secret stood: no letter and no digit, so nothing understands it as a word or a number.
pub const MASK: &str = "████";

/// With fewer digits, and none of the words, a text holds no secret.
const DIGITS_MIN: usize = 3;
/// A card number in words is not shorter: "cuarentaiuno once once …".
const SPELLED_MIN: usize = 40;

/// A text without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    pub text: String,
    /// Places that were blotted out.
    pub n_places: u32,
}

/// The text with [`MASK`] in place of each secret; `None` when it holds none, which is quick to see.
pub fn mask(text: &str) -> Option<Masked> {
    let places = places(text);
    if places.is_empty() {
        return None;
    }
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for place in &places {
        masked.push_str(text.get(from..place.start).unwrap_or_default());
        masked.push_str(MASK);
        from = place.end;
    }
    masked.push_str(text.get(from..).unwrap_or_default());
    Some(Masked { text: masked, n_places: u32::try_from(places.len()).unwrap_or(u32::MAX) })
}

/// Digits of a code that is read back, and words that may stand beside it ("ok, es 483 201").
const LONE_DIGITS: std::ops::RangeInclusive<usize> = 4..=8;
const LONE_WORDS_MAX: usize = 4;

/// The text with [`MASK`] in place of the code that it is little more than; for an answer to somebody who asked for one.
pub fn mask_lone_code(text: &str) -> Option<String> {
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

/// What is left to understand of a masked text: without the masks and the words that only led to them.
pub fn without_masks(masked: &str) -> String {
    let mut left: Vec<&str> = Vec::new();
    let mut parts = masked.split(MASK).peekable();
    while let Some(part) = parts.next() {
        left.extend(part.split_whitespace());
        if parts.peek().is_some() {
            while left.last().is_some_and(|word| labels::leads_to_a_secret(&read::folded(word))) {
                left.pop();
            }
        }
    }
    let words = left.join(" ");
    let said = words.chars().any(char::is_alphanumeric);
    if said { words } else { String::new() }
}

/// Byte ranges of the secrets, in order and apart from each other.
fn places(text: &str) -> Vec<Range<usize>> {
    if !may_hold(text) {
        return Vec::new();
    }
    let read = Read::of(text);
    let mut found = card::find(&read);
    if !found.is_empty() {
        found.extend(spoken::beside_a_card(&read));
    }
    found.extend(spoken::find(&read));
    found.extend(hinted::find(&read));
    found.extend(several::find(&read, !found.is_empty()));
    found.extend(disguised::cards(text));
    if let Some(plain) = disguised::undisguised(text) {
        found.extend(spoken::find(&Read::of(&plain)));
    }
    found.sort_by_key(|place| (place.start, place.end));
    let mut places: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for place in found {
        match places.last_mut() {
            Some(last) if place.start <= last.end => last.end = last.end.max(place.end),
            _ => places.push(place),
        }
    }
    places
}

/// The stems of [`labels`], so that an ordinary sentence is left at once.
static STEMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i-u)[ck]lav|ontras|[ck]ontrac|pas+w|pass|pwd|p\.?w|ps+w|senh|pin|nip|c[vc][vcn]|csc|din(a|\xc3\xa1)mica|digo|digito|code|otp|token|usuari|user|login|lleg|cheg|receb|recib|atr(a|\xc3\xa1)s|revers|respald|dorso|verso|back|secret|\x40",
    )
    .ok()
});

/// Number words with which a card number may begin, whatever the language.
static SPELLED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i-u)cua[rt]|qua[rt]|cinco|cinc|cinq|fou?r|fi[fv]|tres|tr\xc3\xaas|thir|thre|tr[ei]+n|se[si]|sess|six|vein|vint").ok()
});

fn may_hold(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).take(DIGITS_MIN).count();
    let matches = |words: &LazyLock<Option<Regex>>| words.as_ref().is_none_or(|words| words.is_match(bytes));
    digits >= DIGITS_MIN
        || matches(&STEMS)
        || (bytes.len() >= SPELLED_MIN && matches(&SPELLED))
        || (!text.is_ascii()
            && text
                .chars()
                .any(|c| read::look_alike(c).is_some() || (!c.is_ascii() && digit_of(c).is_some())))
}
