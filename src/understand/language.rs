//! In which language someone writes, from words that only one language has.
//!
//! A statistical detector guesses at texts of two or three words, which first messages are, and takes Spanish for
//! Portuguese there. Signs that an analyst can read and mend do not guess: without them the language stays as it is.

use super::answer::without_courtesy;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A language that texts may be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    Es,
    Pt,
    En,
}

impl Language {
    pub const ALL: [Self; 3] = [Self::Es, Self::Pt, Self::En];

    /// ISO 639-1.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Es => "es",
            Self::Pt => "pt",
            Self::En => "en",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }
}

/// The language of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LanguageFound {
    pub language: Language,
    /// The person asked for it, in so many words.
    pub wished: bool,
}

/// What a line of `languages.tsv` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignKind {
    /// The whole message asks for the language.
    Wish,
    /// The whole message, with which only they begin who speak the language.
    Opening,
    /// Words in a row; one is enough.
    Phrase,
    /// One word; two are needed.
    Word,
}

impl SignKind {
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "wish" => Some(Self::Wish),
            "opening" => Some(Self::Opening),
            "phrase" => Some(Self::Phrase),
            "word" => Some(Self::Word),
            _ => None,
        }
    }

    const fn points(self) -> usize {
        match self {
            Self::Wish | Self::Opening => 0,
            Self::Word => 1,
            Self::Phrase => SURE,
        }
    }
}

/// A line of `languages.tsv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sign {
    pub language: Language,
    pub kind: SignKind,
    pub text: String,
}

/// Points that make a language sure.
const SURE: usize = 2;

/// The lines of `languages.tsv`, by the word that they begin with.
#[derive(Debug, Clone, Default)]
pub struct Signs {
    /// Wishes and openings.
    wholes: HashMap<String, LanguageFound>,
    /// Numbered, so that a sign that stands twice in a message counts once.
    beginnings: HashMap<String, Vec<(usize, Sign)>>,
    n_signs: usize,
}

impl Signs {
    /// Adds a line; of two that are a whole message with the same words the first counts.
    pub fn add(&mut self, sign: Sign) {
        if matches!(sign.kind, SignKind::Wish | SignKind::Opening) {
            let found = LanguageFound { language: sign.language, wished: sign.kind == SignKind::Wish };
            self.wholes.entry(sign.text).or_insert(found);
        } else if let Some(first) = sign.text.split(' ').next().filter(|first| !first.is_empty()) {
            self.beginnings.entry(first.to_owned()).or_default().push((self.n_signs, sign));
            self.n_signs += 1;
        }
    }

    /// The language of normalised words; `None` when they may be of several.
    pub fn detect(&self, words: &str) -> Option<LanguageFound> {
        let wish = || self.wholes.get(without_courtesy(words)).filter(|found| found.wished);
        if let Some(found) = self.wholes.get(words).or_else(wish) {
            return Some(*found);
        }
        let mut points = [0; Language::ALL.len()];
        let mut seen: Vec<usize> = Vec::new();
        let mut rest = Some(words);
        while let Some(here) = rest {
            let next = here.split_once(' ').map(|(_, next)| next);
            let first = here.split(' ').next().unwrap_or_default();
            for (number, sign) in self.beginnings.get(first).into_iter().flatten() {
                if begins_with(here, &sign.text) && !seen.contains(number) {
                    seen.push(*number);
                    if let Some(points) = points.get_mut(sign.language as usize) {
                        *points += sign.kind.points();
                    }
                }
            }
            rest = next;
        }
        let scores = Language::ALL.into_iter().zip(points);
        let mut spoken = scores.filter(|(_, points)| *points > 0);
        match (spoken.next(), spoken.next()) {
            (Some((language, SURE..)), None) => Some(LanguageFound { language, wished: false }),
            (_, _) => None,
        }
    }
}

/// Whether whole words of `text` stand at its beginning.
fn begins_with(text: &str, words: &str) -> bool {
    text.strip_prefix(words).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}
