//! Curated patterns for meanings that must not depend on statistics.

use super::intent::Intent;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// What a match is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// The engine acts on it.
    Certain,
    /// The engine asks about it or hands over.
    Doubt,
}

/// A pattern over normalised text, and what it means.
#[derive(Debug, Clone)]
pub struct Phrase {
    pub intent: Intent,
    pub certainty: Certainty,
    regex: Regex,
    negates: bool,
}

/// Words that turn the meaning of what follows.
const NEGATORS: [&str; 12] =
    ["no", "nunca", "jamas", "tampoco", "sin", "ni", "nao", "nem", "sem", "not", "dont", "never"];

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

    /// Whether `words` holds the phrase and no negator stands right before it.
    pub fn matches(&self, words: &str) -> bool {
        self.regex.find_iter(words).any(|found| {
            let Some(before) = words.get(..found.start()) else { return false };
            let negated =
                before.split_whitespace().rev().take(NEGATION_REACH).any(|word| NEGATORS.contains(&word));
            self.negates || !negated
        })
    }
}

/// Asks for ASCII classes.
fn ascii(pattern: &str) -> String {
    pattern.replace(r"\w", "[a-z0-9]").replace(r"\b", r"(?-u:\b)")
}
