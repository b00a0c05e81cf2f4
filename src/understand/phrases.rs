//! Curated patterns for meanings that must not depend on statistics.

use super::intent::Intent;
use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder, SetMatches};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::OnceLock;

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
    pattern: String,
    /// Built when it is needed first: the set says which phrases stand in a message, and most stand in none of a day.
    regex: OnceLock<Option<Regex>>,
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
        let set = RegexSetBuilder::new(list.iter().map(|phrase| phrase.pattern.as_str()))
            .size_limit(REGEX_BYTES_MAX)
            .dfa_size_limit(REGEX_BYTES_MAX)
            .build()?;
        Ok(Self { set, list })
    }

    /// The words without their manners of speaking, and every phrase that stands in what is left, plainly or negated,
    /// in file order.
    pub fn read<'w>(&self, words: &'w str) -> (Cow<'w, str>, Vec<(&Phrase, Found)>) {
        let places = self.set.matches(words);
        let mut left = Cow::Borrowed(words);
        for idiom in self.at(&places).filter(|phrase| phrase.certainty == Certainty::Idiom) {
            if let Some(Cow::Owned(shorter)) = idiom.regex().map(|regex| regex.replace_all(&left, " ")) {
                left = Cow::Owned(shorter.split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
        let places = match &left {
            Cow::Borrowed(_) => places,
            Cow::Owned(left) => self.set.matches(left),
        };
        let found = self.at(&places).map(|phrase| (phrase, phrase.find(&left)));
        let found = found.filter(|(_, found)| *found != Found::No).collect();
        (left, found)
    }

    fn at<'p>(&'p self, places: &SetMatches) -> impl Iterator<Item = &'p Phrase> {
        places.iter().filter_map(|at| self.list.get(at))
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

/// What a person can bind us to by a word: a denial reaches it also over the words that only say the wish, "no quiero
/// que dejen de escribirme", "I am not asking you to stop texting me".
const fn binds(intent: Intent) -> bool {
    matches!(intent, Intent::Stop | Intent::DataRights)
}

/// Verbs that say a wish, and what joins them to it.
const WISHES: [&str; 20] = [
    "quiero",
    "quisiera",
    "queria",
    "pido",
    "pidiendo",
    "pedi",
    "pedido",
    "solicito",
    "solicitando",
    "digo",
    "diciendo",
    "dije",
    "quero",
    "peco",
    "pedindo",
    "dizendo",
    "want",
    "asking",
    "asked",
    "saying",
];
const JOINS: [&str; 15] =
    ["que", "es", "estoy", "estou", "les", "le", "he", "se", "trata", "de", "you", "to", "for", "im", "am"];

/// Whether nothing but a wish stands between a denial and the end of these words.
fn wish_is_denied(before: &str) -> bool {
    let mut wished = false;
    for word in before.split_whitespace().rev() {
        if NEGATORS.contains(&word) {
            return wished;
        }
        wished |= WISHES.contains(&word);
        if !WISHES.contains(&word) && !JOINS.contains(&word) {
            break;
        }
    }
    false
}

/// Whether whole words stand in a text, not right behind a denial.
pub fn stands_plainly(words: &str, phrase: &str) -> bool {
    let (words, phrase): (Vec<&str>, Vec<&str>) = (words.split(' ').collect(), phrase.split(' ').collect());
    let denied = |at: usize| {
        let before = words.get(at.saturating_sub(NEGATION_REACH)..at).unwrap_or_default();
        before.iter().any(|word| NEGATORS.contains(word))
    };
    let denies = phrase.first().is_some_and(|word| NEGATORS.contains(word));
    words.windows(phrase.len()).enumerate().any(|(at, window)| window == phrase && (denies || !denied(at)))
}

/// Compiled patterns stay small, together as each: nested counters are refused at load.
const REGEX_BYTES_MAX: usize = 16 * 1024 * 1024;

impl Phrase {
    /// A pattern that does not hold is refused by [`Phrases::new`], and named by [`Self::built`].
    pub fn new(intent: Intent, certainty: Certainty, pattern: &str) -> Self {
        let opening = pattern.trim_start_matches(['(', '^']);
        let negates = NEGATORS.iter().any(|word| {
            opening
                .strip_prefix(word)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        });
        // `\w` and `\b` over ASCII: normalised text has no accents, and the tables are a tenth of the size.
        let pattern = format!(r"(?-u:\b)(?:{})(?-u:\b)", ascii(pattern));
        Self { intent, certainty, pattern, regex: OnceLock::new(), negates }
    }

    /// The pattern on its own.
    pub fn built(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.pattern).size_limit(REGEX_BYTES_MAX).build()
    }

    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| self.built().ok()).as_ref()
    }

    /// Whether it is found in words that mean nothing, as `.*` is: then it tells no text from another.
    pub fn is_anywhere(&self) -> bool {
        let regex = self.regex();
        ["zq xv kw", "zq 7 xv 42"].iter().any(|noise| regex.is_some_and(|regex| regex.is_match(noise)))
    }

    /// Where the phrase stands in `words`.
    fn find(&self, words: &str) -> Found {
        let mut found = Found::No;
        for place in self.regex().into_iter().flat_map(|regex| regex.find_iter(words)) {
            let before = words.get(..place.start()).unwrap_or_default();
            let negated =
                before.split_whitespace().rev().take(NEGATION_REACH).any(|word| NEGATORS.contains(&word));
            let unwished = binds(self.intent) && wish_is_denied(before);
            if !unwished && (self.negates || !negated) {
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
