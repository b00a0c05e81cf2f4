//! In which language someone writes, from words that only one language has.
//!
//! A statistical detector guesses at texts of two or three words, which first messages are, and takes Spanish for
//! Portuguese there. Signs that an analyst can read and mend do not guess: without them the language stays as it is.

use serde::{Deserialize, Serialize};

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
    /// Words in a row; one is enough.
    Phrase,
    /// One word; two are needed.
    Word,
}

impl SignKind {
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "wish" => Some(Self::Wish),
            "phrase" => Some(Self::Phrase),
            "word" => Some(Self::Word),
            _ => None,
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

/// The language of normalised words; `None` when they may be of several.
pub fn detect(words: &str, signs: &[Sign]) -> Option<LanguageFound> {
    let wish = signs.iter().find(|sign| sign.kind == SignKind::Wish && sign.text == words);
    if let Some(wish) = wish {
        return Some(LanguageFound { language: wish.language, wished: true });
    }
    let padded = format!(" {words} ");
    let points = |language: Language| -> usize {
        let ours = signs.iter().filter(|sign| sign.language == language);
        ours.filter(|sign| padded.contains(&format!(" {} ", sign.text)))
            .map(|sign| match sign.kind {
                SignKind::Wish => 0,
                SignKind::Word => 1,
                SignKind::Phrase => SURE,
            })
            .sum()
    };
    let scores = Language::ALL.map(|language| (language, points(language)));
    let mut spoken = scores.into_iter().filter(|(_, points)| *points > 0);
    match (spoken.next(), spoken.next()) {
        (Some((language, SURE..)), None) => Some(LanguageFound { language, wished: false }),
        (_, _) => None,
    }
}
