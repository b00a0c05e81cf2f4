//! What nobody may write to a debtor: phrases of threats, shame, secrets and kin, as data.
//!
//! The caller reads the rules (`flows/policies/lint.yaml`) and gives them as text. The same rules check an agent's
//! message before it is stored and the texts of flows when they are loaded. What a text gives away of this person's file
//! is found by [`crate::rules::guard`]; which of it breaks a rule, and what to write instead, stands in the same data.

mod denial;
mod phrase;
mod shipped;
#[cfg(test)]
mod tests;

use crate::domain::assurance::Assurance;
use crate::rules::guard::{Fact, Mention};
use crate::rules::reading::{Reading, Word, turns};
pub use denial::is_taken_back;
use phrase::{Near, Phrase, Sets, Span};
use regex::Regex;
use serde::Deserialize;
pub use shipped::Weaker;
use std::collections::BTreeMap;

/// Words between a hit and an `unless` phrase that still lifts it.
const LIFT_GAP_MAX: usize = 2;
const RULES_MAX: usize = 200;
/// What sentences are shown where a chat's language has none.
const FIRST_LANGUAGE: &str = "es";
/// Places of one rule that an author is shown.
const PLACES_MAX: usize = 10;

/// Who wrote the text that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    Agent,
    Bot,
    Template,
}

/// Where a text stands.
#[derive(Debug, Clone, Copy)]
pub struct Chat {
    pub author: Author,
    /// Of the person.
    pub level: Assurance,
    /// Nobody speaks of debts or payments there.
    pub quiet: bool,
    /// Its words surely do nothing that is forbidden: phrases count for nothing, facts and patterns do.
    pub harmless: bool,
}

/// A rule that a text breaks. `phrase` is what the author wrote that breaks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub rule: String,
    /// Stable class such as `LINT-THREAT`.
    pub class: String,
    pub title: String,
    pub remedy: String,
    pub phrase: String,
    /// Where: half-open ranges of characters of the text as written, in order.
    pub places: Vec<(usize, usize)>,
    /// A sentence that may be sent in its stead; a rule may have none for this lender.
    pub instead: Option<String>,
}

/// Values for the `{names}` in the sentences to send instead; a sentence that lacks one is passed over.
pub type Fill = BTreeMap<&'static str, String>;

/// For whom a sentence to send instead is chosen, and its values.
#[derive(Debug, Clone, Default)]
pub struct Instead<'a> {
    /// Language of the chat.
    pub language: &'a str,
    pub fill: Fill,
}

#[derive(Debug, thiserror::Error)]
pub enum LintError {
    #[error("the lint rules cannot be read: {0}")]
    Syntax(String),
    #[error("the lint rules are of version {0}: this program reads version 1")]
    Version(u32),
    #[error("lint rule `{rule}`: {what}")]
    Rule { rule: String, what: String },
}

/// The rules, ready to check texts.
#[derive(Debug, Clone, Default)]
pub struct Lint {
    rules: Vec<Rule>,
    sets: Sets,
}

#[derive(Debug, Clone)]
struct Rule {
    head: RuleText,
    phrases: Vec<Phrase>,
    near: Vec<Near>,
    patterns: Vec<Regex>,
    unless: Vec<Phrase>,
    unless_said: Vec<Phrase>,
    unless_said_quiet: Vec<Phrase>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    version: u32,
    #[serde(default)]
    sets: Sets,
    rules: Vec<RuleText>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    id: String,
    class: String,
    title: String,
    remedy: String,
    /// Sentences by language; the first that the lender's values fill is shown.
    #[serde(default)]
    instead: BTreeMap<String, Vec<String>>,
    #[serde(rename = "in")]
    authors: Vec<Author>,
    below: Option<Assurance>,
    #[serde(default)]
    facts: Vec<Fact>,
    #[serde(default)]
    phrases: Vec<String>,
    #[serde(default)]
    near: Vec<NearText>,
    #[serde(default)]
    patterns: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    #[serde(default)]
    unless_said: Vec<String>,
    #[serde(default)]
    unless_said_quiet: Vec<String>,
    #[serde(default)]
    unless_denied: bool,
    /// What the author is told where nobody speaks of debts or payments; else the rule for those chats tells.
    remedy_quiet: Option<String>,
    /// Holds only where nobody speaks of debts or payments, and speaks there for the rules that are `below` a level.
    #[serde(default)]
    quiet: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct NearText {
    a: Vec<String>,
    b: Vec<String>,
    within: usize,
    #[serde(default)]
    ordered: bool,
}

impl Lint {
    /// Reads rules as `flows/policies/lint.yaml` writes them.
    ///
    /// # Errors
    /// Names the place in the text, or the rule and what is wrong with it.
    pub fn parse(yaml: &str) -> Result<Self, LintError> {
        let source: Source =
            serde_saphyr::from_str(yaml).map_err(|error| LintError::Syntax(error.to_string()))?;
        if source.version != 1 {
            return Err(LintError::Version(source.version));
        }
        if source.rules.len() > RULES_MAX {
            return Err(LintError::Syntax(format!("more than {RULES_MAX} rules")));
        }
        let compiled = source.rules.into_iter().map(|rule| Rule::compile(rule, &source.sets));
        let rules = compiled.collect::<Result<_, _>>()?;
        Ok(Self { rules, sets: source.sets })
    }

    /// The rules that the words of `text` break, in the file's order, each once. `level` is the person's.
    pub fn check(&self, text: &str, author: Author, level: Assurance) -> Vec<Hit> {
        let chat = Chat { author, level, quiet: false, harmless: false };
        self.judge(text, chat, &[], &Instead::default())
    }

    /// [`Lint::check`], with what the text was found to give away or promise.
    pub fn judge(&self, text: &str, chat: Chat, mentions: &[Mention], instead: &Instead<'_>) -> Vec<Hit> {
        let reading = Reading::of(text);
        let Chat { author, level, quiet, harmless } = chat;
        let care = self.rules.iter().find(|rule| quiet && rule.head.quiet).map(|rule| &rule.head);
        let rules = self.rules.iter().filter(|rule| {
            rule.head.authors.contains(&author)
                && (quiet || !rule.head.quiet)
                && rule.head.below.is_none_or(|below| level < below || quiet)
        });
        let mut hits: Vec<Hit> = Vec::new();
        for rule in rules {
            let Some(hit) = rule.hit(text, &reading, mentions, (quiet, harmless)) else { continue };
            let head = care.filter(|_| rule.head.below.is_some()).unwrap_or(&rule.head);
            match hits.iter_mut().find(|before| before.rule == head.id) {
                Some(before) => before.places = merged([before.places.clone(), hit.places].concat()),
                None => hits.push(head.told(hit, care, instead)),
            }
        }
        hits
    }
}

#[cfg(test)]
impl Lint {
    /// Every sentence to send instead that has its values, with its rule.
    pub fn better_sentences(&self, instead: &Instead<'_>) -> Vec<(&str, String)> {
        let of = |rule: &RuleText| rule.instead.get(instead.language).cloned().unwrap_or_default();
        let all = self.rules.iter().flat_map(|rule| {
            let sentences = of(&rule.head).into_iter();
            sentences.map(|sentence| (rule.head.id.as_str(), sentence)).collect::<Vec<_>>()
        });
        all.filter_map(|(id, sentence)| Some((id, filled(&sentence, &instead.fill)?))).collect()
    }

    /// The ids of all rules.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.head.id.as_str())
    }
}

/// Where a text breaks a rule.
struct Broken {
    phrase: String,
    places: Vec<(usize, usize)>,
}

impl RuleText {
    /// In a quiet chat what is said to write is of that chat: no date, instalment or account is offered there.
    fn told(&self, Broken { phrase, places }: Broken, care: Option<&Self>, instead: &Instead<'_>) -> Hit {
        let remedy = match care {
            None => &self.remedy,
            Some(care) => self.remedy_quiet.as_ref().unwrap_or(&care.remedy),
        };
        Hit {
            rule: self.id.clone(),
            class: self.class.clone(),
            title: self.title.clone(),
            remedy: remedy.clone(),
            phrase,
            places,
            instead: care.unwrap_or(self).instead_in(instead),
        }
    }

    /// The sentence to send instead, in the language of the chat; where the rule has none in it, in Spanish.
    fn instead_in(&self, instead: &Instead<'_>) -> Option<String> {
        let sentences = self.instead.get(instead.language).or_else(|| self.instead.get(FIRST_LANGUAGE))?;
        sentences.iter().find_map(|sentence| filled(sentence, &instead.fill))
    }
}

impl Rule {
    fn compile(head: RuleText, sets: &Sets) -> Result<Self, LintError> {
        let wrong = |what: String| LintError::Rule { rule: head.id.clone(), what };
        let empty = head.phrases.is_empty() && head.near.is_empty() && head.patterns.is_empty();
        if empty && head.facts.is_empty() {
            return Err(wrong("it has no phrases, near, patterns or facts, so it never matches".to_owned()));
        }
        if head.authors.is_empty() {
            return Err(wrong("`in` names nobody: write agent, bot or template".to_owned()));
        }
        let phrases = |texts: &[String]| -> Result<Vec<Phrase>, LintError> {
            texts.iter().map(|text| Phrase::compile(text, sets).map_err(wrong)).collect()
        };
        let near = head.near.iter().map(|near| Near::compile(near, sets).map_err(wrong));
        let patterns = head.patterns.iter().map(|pattern| {
            Regex::new(pattern).map_err(|error| wrong(format!("the pattern `{pattern}` is wrong: {error}")))
        });
        Ok(Self {
            phrases: phrases(&head.phrases)?,
            near: near.collect::<Result<_, LintError>>()?,
            patterns: patterns.collect::<Result<_, LintError>>()?,
            unless: phrases(&head.unless)?,
            unless_said: phrases(&head.unless_said)?,
            unless_said_quiet: phrases(&head.unless_said_quiet)?,
            head,
        })
    }

    fn hit(
        &self,
        text: &str,
        reading: &Reading,
        mentions: &[Mention],
        (quiet, harmless): (bool, bool),
    ) -> Option<Broken> {
        let facts = mentions.iter().filter(|mention| {
            let place = (mention.start, mention.end);
            self.head.facts.contains(&mention.fact)
                && !self.denies(&reading.plain, place)
                && !(quiet && self.helps(&reading.plain, place))
        });
        let mut places: Vec<(usize, usize)> = facts.map(|mention| (mention.start, mention.end)).collect();
        let mut phrase = None;
        for words in reading.readings().filter(|_| !harmless) {
            for sentence in words.chunk_by(|a, b| a.sentence == b.sentence) {
                let whole = sentence.first().zip(sentence.last());
                if quiet && whole.is_some_and(|(first, last)| self.helps(sentence, (first.start, last.end))) {
                    continue;
                }
                let mut from = 0;
                for part in sentence.chunk_by(|a, b| !turns(a, b)) {
                    let rest = sentence.get(from..).unwrap_or_default();
                    from += part.len();
                    for (first, last) in self.hits_in(part, rest) {
                        let (Some(first), Some(last)) = (part.get(first), part.get(last - 1)) else {
                            continue;
                        };
                        places.push((first.start, last.end));
                        phrase = phrase.or(Some((first.start, last.end)));
                    }
                }
            }
        }
        for pattern in &self.patterns {
            let found = pattern.find_iter(&reading.folded.text);
            places.extend(found.map(|found| reading.folded.place(found.start(), found.end())));
        }
        let mut places = merged(places);
        places.truncate(PLACES_MAX);
        let shown = phrase.or(places.first().copied())?;
        let phrase = text.chars().skip(shown.0).take(shown.1.saturating_sub(shown.0)).collect();
        Some(Broken { phrase, places })
    }

    /// Whether one of the sentences at these characters tells who helps: "un juez le puede dar protección".
    fn helps(&self, words: &[Word], (start, end): (usize, usize)) -> bool {
        let there = |sentence: &&[Word]| sentence.iter().any(|word| word.start < end && start < word.end);
        let mut sentences = words.chunk_by(|a, b| a.sentence == b.sentence).filter(there);
        let said =
            |sentence: &[Word]| self.unless_said_quiet.iter().any(|phrase| !phrase.find(sentence).is_empty());
        !self.unless_said_quiet.is_empty() && sentences.any(said)
    }

    /// Whether the words at these characters are said only to deny them.
    fn denies(&self, words: &[Word], (start, end): (usize, usize)) -> bool {
        let from = words.partition_point(|word| word.end <= start);
        let to = words.partition_point(|word| word.start < end);
        let denied = self.head.unless_denied && from < to && denial::is_denied(words, (from, to));
        denied && !denial::is_taken_back(words, to)
    }

    /// What stands in one part of a sentence and is not lifted; `rest` is the sentence from there on.
    fn hits_in(&self, words: &[Word], rest: &[Word]) -> Vec<Span> {
        let taken_back = |hit: Span| self.head.unless_denied && denial::is_taken_back(rest, hit.1);
        let said = self.unless_said.iter().flat_map(|phrase| phrase.find(words));
        let said = said.filter(|span| !taken_back(*span)).map(|span| span.0).min();
        // What is told before it is asked who reads is told all the same.
        let words = match said.and_then(|at| words.get(at)) {
            None => words,
            Some(said) if self.head.below.is_some() => {
                words.get(..words.partition_point(|word| word.clause < said.clause)).unwrap_or_default()
            }
            Some(_) => return Vec::new(),
        };
        let lifts: Vec<Span> = self
            .unless
            .iter()
            .flat_map(|phrase| phrase.find(words))
            .filter(|lift| !denial::is_condition(words, *lift))
            .collect();
        let clauses = |span: Span| {
            let clause = |at: usize| words.get(at).map(|word| word.clause);
            (clause(span.0), clause(span.1.saturating_sub(1)))
        };
        let lifted = |hit: Span| {
            // What one clause denies says nothing of the next.
            let touches = |lift: &Span| {
                let (of_lift, of_hit) = (clauses(*lift), clauses(hit));
                lift.0 < hit.1
                    && hit.0 <= lift.1 + LIFT_GAP_MAX
                    && of_lift.0 <= of_hit.1
                    && of_hit.0 <= of_lift.1
            };
            let denied = self.head.unless_denied && denial::is_denied(words, hit);
            (lifts.iter().any(touches) || denied) && !taken_back(hit)
        };
        let parted =
            |gap: Span| self.head.unless_denied && denial::is_between(words, gap) && !taken_back(gap);
        let mut found = Vec::new();
        for phrase in &self.phrases {
            found.extend(phrase.find(words).into_iter().filter(|span| !lifted(*span)));
        }
        found.extend(self.near.iter().flat_map(|near| near.hits(words, lifted, parted)));
        found
    }
}

/// The ranges in order, those that overlap as one.
fn merged(mut places: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    places.sort_unstable();
    let mut merged: Vec<(usize, usize)> = Vec::with_capacity(places.len());
    for (start, end) in places {
        match merged.last_mut() {
            Some(last) if start < last.1 => last.1 = last.1.max(end),
            Some(_) | None => merged.push((start, end)),
        }
    }
    merged
}

/// The sentence with its names replaced; `None` when one has no value.
fn filled(sentence: &str, fill: &Fill) -> Option<String> {
    let mut whole = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, tail) = after.split_once('}')?;
        whole.push_str(before);
        whole.push_str(fill.get(name)?);
        rest = tail;
    }
    whole.push_str(rest);
    Some(whole)
}
