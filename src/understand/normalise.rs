//! From text as people type it to text that rules can match: case, accents, stretched letters, chat spellings.
//!
//! Two forms come out. [`fold`] keeps punctuation, because amounts and dates live in it; [`Normaliser::words`]
//! keeps words only.

use std::collections::HashMap;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Characters read from one message; WhatsApp itself allows 4 096 in a text.
pub const TEXT_MAX: usize = 4_096;

/// Chat spellings and emoji, from `abbreviations.tsv` and `emoji.tsv`.
#[derive(Debug, Clone, Default)]
pub struct Normaliser {
    pub abbreviations: HashMap<String, String>,
    pub emoji: HashMap<char, String>,
}

/// Lower case, without accents, invisible characters or skin tones; typographic quotes become `'`. Punctuation stays.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let straight = text.chars().take(TEXT_MAX).map(|c| match c {
        '\u{b4}' | '`' | '\u{2018}' | '\u{2019}' | '\u{2032}' => '\'',
        other => other,
    });
    for c in straight.nfkd() {
        if is_combining_mark(c) || is_invisible(c) {
            continue;
        }
        if c.is_control() || c.is_whitespace() {
            folded.push(' ');
        } else {
            folded.extend(c.to_lowercase());
        }
    }
    folded
}

impl Normaliser {
    /// The words of folded text, one space between them: no punctuation, stretched letters shortened, chat
    /// spellings written out, emoji as words.
    pub fn words(&self, folded: &str) -> String {
        let mut spaced = String::with_capacity(folded.len());
        for c in folded.chars() {
            if let Some(word) = self.emoji.get(&c) {
                spaced.push(' ');
                spaced.push_str(word);
                spaced.push(' ');
            } else if c.is_alphanumeric() {
                spaced.push(c);
            } else if is_pictograph(c) {
                spaced.push_str(" emoji ");
            } else if c != '\'' {
                spaced.push(' ');
            }
        }
        let mut words = String::with_capacity(spaced.len());
        let mut last = "";
        for raw in spaced.split_whitespace() {
            // "😂😂😂" says no more than "😂".
            if raw == last && raw.starts_with("emoji") {
                continue;
            }
            last = raw;
            let word = shorten(raw);
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(self.abbreviations.get(word.as_str()).map_or(word.as_str(), String::as_str));
        }
        words
    }
}

/// "holaaaa" → "hola", "sii" → "si", "jajajaja" → "jaja"; digits stay.
fn shorten(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    if let Some(laugh) = laughter(&letters) {
        return laugh.to_owned();
    }
    let mut short = String::with_capacity(word.len());
    let mut at = 0;
    while let Some(&c) = letters.get(at) {
        let run = letters.iter().skip(at).take_while(|&&next| next == c).count();
        let ends_word = at + run == letters.len();
        // A doubled last vowel is a stretch ("holaa", "sii"); "ee" and short words ("too") are English.
        let stretched = run >= 3 || (run == 2 && ends_word && "aiou".contains(c) && word != "too");
        let kept = if !c.is_alphabetic() {
            run
        } else if stretched {
            1
        } else {
            run
        };
        short.extend(std::iter::repeat_n(c, kept));
        at += run;
    }
    short
}

/// Laughter of any length and language as one word.
fn laughter(letters: &[char]) -> Option<&'static str> {
    if letters.len() < 3 {
        return None;
    }
    let only = |set: &str| letters.iter().all(|c| set.contains(*c));
    let vowels = letters.iter().any(|c| "aeiou".contains(*c));
    let laughs = (vowels && (only("aj") || only("ej") || only("ij") || only("ah")) && letters.len() >= 4)
        || only("k")
        || (only("rs") && letters.len() >= 4);
    laughs.then_some("jaja")
}

/// Zero-width and directional marks, variation selectors, keycaps, skin tones.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{20e3}' | '\u{1f3fb}'..='\u{1f3ff}')
}

const fn is_pictograph(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}')
}

#[cfg(test)]
mod tests {
    use super::{Normaliser, fold};

    fn words(text: &str) -> String {
        let abbreviations =
            [("q", "que"), ("xfa", "por favor")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
        let emoji = [('😂', "emojirisa".to_owned())].into();
        Normaliser { abbreviations, emoji }.words(&fold(text))
    }

    #[test]
    fn text_as_typed_becomes_plain_words() {
        for (typed, plain) in [
            ("HOLAAAA!!!", "hola"),
            ("Síii, ¿q más?", "si que mas"),
            ("mañana\u{200b} xfa", "manana por favor"),
            ("I don’t know", "i dont know"),
            ("jajajaja 😂😂", "jaja emojirisa"),
            ("👋🏽 llamar a Perro", "emoji llamar a perro"),
            ("2️⃣", "2"),
            ("100000", "100000"),
            ("¿?", ""),
        ] {
            assert_eq!(words(typed), plain, "{typed}");
        }
    }
}
