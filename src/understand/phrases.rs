//! Curated patterns for meanings that must not depend on statistics.

use super::intent::Intent;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What a match is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The engine acts on it.
    Certain,
    /// The engine asks about it or hands over.
    Doubt,
    /// A manner of speaking ("me muero de la risa"): taken out before anything else is matched or guessed.
    Idiom,
}

/// A pattern over normalised text, and what it means.
#[derive(Debug, Clone)]
pub struct Phrase {
    pub intent: Intent,
    pub certainty: Certainty,
    regex: Regex,
    negates: bool,
}

/// All phrases, in file order, searched for in one pass.
#[derive(Debug, Clone)]
pub struct Phrases {
    set: RegexSet,
    list: Vec<Phrase>,
}

impl Default for Phrases {
    fn default() -> Self {
        Self { set: RegexSet::empty(), list: Vec::new() }
    }
}

impl Phrases {
    pub fn new(list: Vec<Phrase>) -> Result<Self, regex::Error> {
        let set = RegexSetBuilder::new(list.iter().map(|phrase| phrase.regex.as_str()))
            .size_limit(REGEX_BYTES_MAX * 64)
            .dfa_size_limit(REGEX_BYTES_MAX * 8)
            .build()?;
        Ok(Self { set, list })
    }

    /// The words without their manners of speaking.
    pub fn without_idioms<'w>(&self, words: &'w str) -> Cow<'w, str> {
        let mut left = Cow::Borrowed(words);
        for at in self.set.matches(words) {
            let idiom = self.list.get(at).filter(|phrase| phrase.certainty == Certainty::Idiom);
            if let Some(idiom) = idiom
                && let Cow::Owned(shorter) = idiom.regex.replace_all(&left, " ")
            {
                left = Cow::Owned(shorter.split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
        left
    }

    /// Every phrase that stands in `words`, plainly or negated, in file order.
    pub fn find_all(&self, words: &str) -> Vec<(&Phrase, Found)> {
        let places = self.set.matches(words);
        let standing = places.iter().filter_map(|at| self.list.get(at));
        standing.map(|phrase| (phrase, phrase.find(words))).filter(|(_, found)| *found != Found::No).collect()
    }
}

/// Words that turn the meaning of what follows.
const NEGATORS: [&str; 12] =
    ["no", "nunca", "jamas", "tampoco", "sin", "ni", "nao", "nem", "sem", "not", "dont", "never"];

/// Whether anything in it is denied, whatever that is.
pub fn has_negation(words: &str) -> bool {
    words.split(' ').any(|word| NEGATORS.contains(&word))
}

/// How many words before a match a negator reaches: "no quiero un asesor", "no es una estafa".
const NEGATION_REACH: usize = 2;

/// Compiled patterns stay small: a row with nested counters is refused at load.
const REGEX_BYTES_MAX: usize = 1 << 20;

impl Phrase {
    pub fn new(intent: Intent, certainty: Certainty, pattern: &str) -> Result<Self, regex::Error> {
        // `\w` and `\b` over ASCII: normalised text has no accents, and the tables are a tenth of the size.
        let regex = RegexBuilder::new(&format!(r"(?-u:\b)(?:{})(?-u:\b)", ascii(pattern)))
            .size_limit(REGEX_BYTES_MAX)
            .build()?;
        let opening = pattern.trim_start_matches(['(', '^']);
        let negates = NEGATORS.iter().any(|word| {
            opening
                .strip_prefix(word)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        });
        Ok(Self { intent, certainty, regex, negates })
    }

    /// Where the phrase stands in `words`.
    fn find(&self, words: &str) -> Found {
        let mut found = Found::No;
        for place in self.regex.find_iter(words) {
            let before = words.get(..place.start()).unwrap_or_default();
            let negated =
                before.split_whitespace().rev().take(NEGATION_REACH).any(|word| NEGATORS.contains(&word));
            if self.negates || !negated {
                return Found::Yes;
            }
            found = Found::Negated;
        }
        found
    }
}

/// Whether a phrase stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    No,
    Yes,
    /// Only right after a negation: "no quiero hablar con un asesor", or "no, quiero …" without its comma.
    Negated,
}

/// Asks for ASCII classes.
fn ascii(pattern: &str) -> String {
    pattern.replace(r"\w", "[a-z0-9]").replace(r"\b", r"(?-u:\b)")
}
