//! Secrets that people type into a chat, and where they stand in a text: card numbers, security codes, passwords, PINs
//! and one-time codes.
//!
//! Nobody here needs them, so they are blotted out before anything is stored (PCI DSS 4.0, 3.2 and 3.3: a security code
//! is never kept, a card number never without need). Documents, phones, amounts and references stay: a number is a card
//! only with a network's beginning, its length and check digit (ISO/IEC 7812-1), and what stands around it decides where
//! that alone would not. What a text says of a secret is a matter of words; see `labels`.

mod arrived;
mod bridge;
mod card;
mod disguised;
mod hinted;
mod labels;
mod left;
mod lone;
mod network;
mod numbers;
mod numerals;
mod phrase;
mod read;
mod several;
mod spoken;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_kinds;

use crate::rules::digits::digit_of;
pub use left::without_masks;
pub use lone::mask_lone_code;
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

/// Byte ranges of the secrets, in order and apart from each other.
fn places(text: &str) -> Vec<Range<usize>> {
    if !may_hold(text) {
        return Vec::new();
    }
    let read = Read::of(text);
    let mut found = card::find(&read);
    let whole_card = !found.is_empty();
    found.extend(card::in_words(&read));
    found.extend(card::beside(&read, whole_card));
    found.extend(named(&read, !found.is_empty()));
    found.extend(disguised::cards(text));
    if let Some(plain) = disguised::undisguised(text) {
        found.extend(named(&Read::of(&plain), !found.is_empty()));
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

/// What words lead to.
fn named(read: &Read<'_>, held: bool) -> Vec<Range<usize>> {
    let mut found = spoken::find(read);
    found.extend(hinted::find(read));
    found.extend(arrived::find(read));
    found.extend(several::find(read, held || !found.is_empty()));
    found
}

/// The stems of [`labels`], also with signs for letters, so that an ordinary sentence is left at once.
static STEMS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i-u)[ck][l1|i][a4]v|ontr[a4][s5]|[ck]ontra(?:c|[^a-z]|$)|p[a4][s5$]+w|pass|pwd|p\.?w|ps+w|s[e3]nh|p[i1!|]n|n[i1!|]p|c[vc][vcn]|csc|din(a|\xc3\xa1)mica|d[i1!|]go|gito|code|[o0]tp|t[o0]k[e3]n|usuari|user|login|lleg|cheg|receb|recib|atr(a|\xc3\xa1)s|revers|respald|dorso|verso|back|secret|\x40|factor|utentic|uthentic|sms|(?:3|tr(?:e|\xc3\xaa)s|three) (?:n(?:u|\xc3\xba)m|d(?:i|\xc3\xad)g|cifr|little)",
    )
    .ok()
});

/// A word that is spelled: `c l a v e`, `p.i.n`.
static LETTERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i-u)(?:^|[^a-z0-9])[a-z0-9@$!|](?:[ ./_*,-]{1,3}[a-z0-9@$!|]){2}(?:[^a-z0-9]|$)").ok()
});

/// What has a password of its own, beside a digit.
static DOORS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i-u)entr[aoe]|ingres|acce[ds]|acess|sesi|app|aplica|portal|banca|p(a|\xc3\xa1)gina|plataf|web|internet|correo|mail|wifi|cajero|virtual|nequi|davi|computador").ok()
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
        || (digits > 0 && (matches(&DOORS) || matches(&LETTERS)))
        || (bytes.len() >= SPELLED_MIN && matches(&SPELLED))
        || (!text.is_ascii()
            && text
                .chars()
                .any(|c| read::look_alike(c).is_some() || (!c.is_ascii() && digit_of(c).is_some())))
}
