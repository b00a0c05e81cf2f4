//! A text taken apart with its places: words as people mean them, and digits however they are written.

use super::numerals;
use crate::rules::digits::digit_of;
use std::ops::Range;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A run of letters or a run of digits.
#[derive(Debug)]
pub struct Token {
    pub place: Range<usize>,
    /// Lower case and without accents; the digits as ASCII.
    pub folded: String,
    pub is_number: bool,
}

/// Digits that stand together, or a number in words.
#[derive(Debug)]
pub struct Unit {
    pub place: Range<usize>,
    pub digits: String,
    /// First token, and the one behind the last.
    pub tokens: Range<usize>,
}

/// A text, taken apart.
#[derive(Debug)]
pub struct Read<'t> {
    pub text: &'t str,
    pub tokens: Vec<Token>,
    pub units: Vec<Unit>,
}

impl<'t> Read<'t> {
    pub fn of(text: &'t str) -> Self {
        Self::with(text, numerals::read)
    }

    /// The same text with hundreds and thousands as the digits of one group: `cuatro mil quinientos treinta y nueve`.
    /// Not for amounts.
    pub fn in_groups(&self) -> Self {
        Self::with(self.text, |tokens| numerals::cardinal(tokens).or_else(|| numerals::read(tokens)))
    }

    fn with(text: &'t str, number: impl Fn(&[Token]) -> Option<(String, usize)>) -> Self {
        let tokens = tokens(text);
        let mut units = Vec::new();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let (digits, n_tokens) = if token.is_number {
                (token.folded.clone(), 1)
            } else {
                match number(tokens.get(at..).unwrap_or_default()) {
                    Some(spelled) => spelled,
                    None => {
                        at += 1;
                        continue;
                    }
                }
            };
            let end = tokens.get(at + n_tokens - 1).map_or(token.place.end, |last| last.place.end);
            units.push(Unit { place: token.place.start..end, digits, tokens: at..at + n_tokens });
            at += n_tokens;
        }
        Self { text, tokens, units }
    }

    /// What stands between two places.
    pub fn between(&self, left: usize, right: usize) -> &'t str {
        self.text.get(left..right).unwrap_or_default()
    }

    /// What stands before the token, back to the one before it.
    pub fn gap_before(&self, token: usize) -> &'t str {
        let Some(right) = self.tokens.get(token) else { return "" };
        let left = token.checked_sub(1).and_then(|before| self.tokens.get(before));
        self.between(left.map_or(0, |left| left.place.end), right.place.start)
    }

    pub fn word(&self, token: usize) -> &str {
        self.tokens.get(token).filter(|token| !token.is_number).map_or("", |token| token.folded.as_str())
    }

    /// The folded words right before a token, nearest first, up to the last number or line.
    pub fn words_before(&self, token: usize) -> impl Iterator<Item = &str> {
        let near = |at: &usize| self.tokens.get(*at).is_some_and(|token| !token.is_number);
        (0..token).rev().take_while(near).map(|at| self.word(at))
    }

    /// The unit that begins at this token.
    pub fn unit_at(&self, token: usize) -> Option<&Unit> {
        let at = self.units.binary_search_by_key(&token, |unit| unit.tokens.start).ok()?;
        self.units.get(at)
    }

    /// Portuguese `é`, which folds to the word for `and`.
    pub fn is_accented_e(&self, token: usize) -> bool {
        let place = self.tokens.get(token).map(|token| token.place.clone());
        matches!(place.and_then(|place| self.text.get(place)), Some("é" | "É"))
    }

    pub fn has_word(&self, words: &[&str]) -> bool {
        self.tokens.iter().any(|token| !token.is_number && words.contains(&token.folded.as_str()))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    Digit,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut open: Option<Kind> = None;
    for (at, c) in text.char_indices() {
        if is_invisible(c) || is_combining_mark(c) {
            if let (Some(_), Some(token)) = (open, tokens.last_mut()) {
                token.place.end = at + c.len_utf8();
            }
            continue;
        }
        let (kind, digit) = match digit_of(c) {
            Some(digit) => (Kind::Digit, Some(digit)),
            None if c.is_alphabetic() => (Kind::Letter, None),
            None => {
                open = None;
                continue;
            }
        };
        if open != Some(kind) {
            let is_number = kind == Kind::Digit;
            tokens.push(Token { place: at..at, folded: String::new(), is_number });
            open = Some(kind);
        }
        if let Some(token) = tokens.last_mut() {
            token.place.end = at + c.len_utf8();
            match digit {
                Some(digit) => token.folded.push(digit),
                None => push_folded(&mut token.folded, c),
            }
        }
    }
    tokens
}

fn push_folded(folded: &mut String, c: char) {
    if c.is_ascii() {
        folded.push(c.to_ascii_lowercase());
    } else if let Some(latin) = look_alike(c) {
        folded.push(latin);
    } else {
        let letters = std::iter::once(c).nfkd().filter(|c| !is_combining_mark(*c));
        folded.extend(letters.flat_map(char::to_lowercase));
    }
}

/// The Latin letter that a Cyrillic or Greek one cannot be told from.
pub fn look_alike(c: char) -> Option<char> {
    Some(match c {
        'а' | 'А' | 'α' | 'Α' => 'a',
        'в' | 'В' | 'Β' => 'b',
        'с' | 'С' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'Е' | 'ё' | 'Ё' | 'ε' | 'Ε' => 'e',
        'һ' | 'н' | 'Н' | 'Η' => 'h',
        'і' | 'І' | 'ї' | 'ı' | 'ι' | 'Ι' => 'i',
        'ј' | 'Ј' => 'j',
        'к' | 'К' | 'κ' | 'Κ' => 'k',
        'ӏ' | 'Ӏ' => 'l',
        'м' | 'М' | 'Μ' => 'm',
        'п' | 'η' | 'Ν' => 'n',
        'о' | 'О' | 'ο' | 'Ο' | 'σ' => 'o',
        'р' | 'Р' | 'ρ' | 'Ρ' => 'p',
        'ѕ' | 'Ѕ' => 's',
        'т' | 'Т' | 'τ' | 'Τ' => 't',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' => 'w',
        'х' | 'Х' | 'χ' | 'Χ' => 'x',
        'у' | 'У' | 'Υ' => 'y',
        'Ζ' => 'z',
        _ => return None,
    })
}

/// A word as it is compared.
pub fn folded(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    word.chars().filter(|c| c.is_alphanumeric()).for_each(|c| push_folded(&mut folded, c));
    folded
}

/// Joiners, selectors and marks that show nothing: `4️⃣` is a digit with two of them.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{fe0e}' | '\u{fe0f}' | '\u{feff}' | '\u{20e3}'
    )
}
