//! How well messages are understood: stratified cross-validation over the shared examples.
//!
//! Protocol. Five folds; a row's fold follows from the hash order of its lower-cased text within its intent, so equal
//! texts share a fold. Only rows of `shared.tsv` are held out and counted. Training sees the other shared rows
//! and the extra rows, less every row that equals a held-out row after normalisation. Phrases take part; they
//! were written from the domain, not from the errors of this evaluation.
#![expect(clippy::float_arithmetic, reason = "measures of quality, never money")]

use super::intent::Intent;
use super::lexicon::{self, Example, Lexicon, UnderstandError};
use super::normalise::fold;
use super::{CERTAIN_BPS, IntentGuess, IntentSource, Understander};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

pub const FOLDS: usize = 5;

/// One held-out message and what was made of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub example: Example,
    pub guess: Option<IntentGuess>,
    pub doubt: Option<Intent>,
}

#[derive(Debug, Clone, Default)]
pub struct Report {
    pub outcomes: Vec<Outcome>,
    pub n_training: usize,
}

/// Quality for one intent, each between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quality {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    pub n_rows: usize,
}

/// Measures the files of `dir` (`flows/understanding`).
pub fn report(dir: &Path) -> Result<Report, UnderstandError> {
    let lexicon = Lexicon::read(dir)?;
    let shared = lexicon::read_examples(&dir.join(lexicon::SHARED))?;
    let extra = lexicon::read_examples(&dir.join(lexicon::EXTRA))?;
    Ok(cross_validate(&lexicon, &shared, &extra))
}

/// Holds out each fifth of `shared` in turn.
pub fn cross_validate(lexicon: &Lexicon, shared: &[Example], extra: &[Example]) -> Report {
    let words = |example: &Example| lexicon.normaliser.words(&fold(&example.text));
    let folds = folds(shared);
    let mut report = Report { outcomes: Vec::new(), n_training: shared.len() + extra.len() };
    for fold in 0..FOLDS {
        let (held, rest): (Vec<_>, Vec<_>) = shared.iter().zip(&folds).partition(|(_, at)| **at == fold);
        let hidden: BTreeSet<String> = held.iter().map(|(example, _)| words(example)).collect();
        let training: Vec<Example> = rest
            .iter()
            .map(|(example, _)| *example)
            .chain(extra)
            .filter(|example| !hidden.contains(&words(example)))
            .cloned()
            .collect();
        let understander = Understander::from_rows(&training, lexicon.clone());
        for (example, _) in held {
            let (guess, doubt) = understander.intent(&words(example));
            report.outcomes.push(Outcome { example: example.clone(), guess, doubt });
        }
    }
    report
}

/// The fold of each row: equal texts share one, and each intent is spread evenly.
fn folds(rows: &[Example]) -> Vec<usize> {
    let mut texts: BTreeMap<Intent, BTreeSet<(u64, String)>> = BTreeMap::new();
    let key = |row: &Example| {
        let text = row.text.to_lowercase();
        (super::linear::hash(0, &[&text]), text)
    };
    for row in rows {
        texts.entry(row.intent).or_default().insert(key(row));
    }
    rows.iter()
        .map(|row| {
            let key = key(row);
            let rank = texts.get(&row.intent).and_then(|texts| texts.iter().position(|text| *text == key));
            rank.unwrap_or_default() % FOLDS
        })
        .collect()
}

impl Outcome {
    pub fn right(&self) -> bool {
        self.guess.is_some_and(|guess| guess.intent == self.example.intent)
    }

    /// Whether the engine would act on or ask about some safety intent.
    pub fn flagged(&self) -> bool {
        let acts = |guess: IntentGuess| guess.intent.is_safety() && guess.confidence_bps >= CERTAIN_BPS;
        self.doubt.is_some() || self.guess.is_some_and(acts)
    }
}

impl Report {
    pub fn quality(&self, intent: Intent) -> Quality {
        let truth = self.outcomes.iter().filter(|row| row.example.intent == intent).count();
        let said =
            self.outcomes.iter().filter(|row| row.guess.is_some_and(|guess| guess.intent == intent)).count();
        let right = self.outcomes.iter().filter(|row| row.example.intent == intent && row.right()).count();
        Quality {
            precision: ratio(right, said),
            recall: ratio(right, truth),
            f1: ratio(2 * right, said + truth),
            n_rows: truth,
        }
    }

    pub fn accuracy(&self) -> f64 {
        ratio(self.outcomes.iter().filter(|row| row.right()).count(), self.outcomes.len())
    }

    /// Over the intents that rows were held out of.
    pub fn macro_f1(&self) -> f64 {
        let held = Intent::ALL.into_iter().map(|intent| self.quality(intent)).filter(|one| one.n_rows > 0);
        let f1: Vec<f64> = held.map(|one| one.f1).collect();
        if f1.is_empty() { 0.0 } else { f1.iter().sum::<f64>() / f1.len() as f64 }
    }

    /// Share of safety messages whose very intent was found.
    pub fn safety_recall(&self) -> f64 {
        self.safety_share(Outcome::right)
    }

    /// Share of safety messages that were found, or asked about, or taken for another safety intent.
    pub fn safety_never_ignored(&self) -> f64 {
        self.safety_share(Outcome::flagged)
    }

    /// Share of other messages that raise a doubt or are taken for a safety intent.
    pub fn false_alarms(&self) -> f64 {
        let others: Vec<_> = self.outcomes.iter().filter(|row| !row.example.intent.is_safety()).collect();
        ratio(others.iter().filter(|row| row.flagged()).count(), others.len())
    }

    fn safety_share(&self, good: impl Fn(&Outcome) -> bool) -> f64 {
        let safety: Vec<_> = self.outcomes.iter().filter(|row| row.example.intent.is_safety()).collect();
        ratio(safety.iter().filter(|row| good(row)).count(), safety.len())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "intent            precision  recall     F1   rows")?;
        for intent in Intent::ALL {
            let quality = self.quality(intent);
            let mark = if intent.is_safety() { '*' } else { ' ' };
            writeln!(
                f,
                "{:<16}{mark} {:>9.3} {:>7.3} {:>6.3} {:>6}",
                intent.name(),
                quality.precision,
                quality.recall,
                quality.f1,
                quality.n_rows
            )?;
        }
        let phrased = self
            .outcomes
            .iter()
            .filter(|row| row.guess.is_some_and(|guess| guess.how == IntentSource::Phrase))
            .count();
        writeln!(f, "* safety intent: never talked past")?;
        writeln!(f)?;
        writeln!(f, "held out, {FOLDS} folds      {:>7}", self.outcomes.len())?;
        writeln!(f, "rows to learn from       {:>7}", self.n_training)?;
        writeln!(f, "decided by a phrase      {phrased:>7}")?;
        writeln!(f, "accuracy                 {:>7.3}", self.accuracy())?;
        writeln!(f, "macro F1                 {:>7.3}", self.macro_f1())?;
        writeln!(f, "safety recall, exact     {:>7.3}", self.safety_recall())?;
        writeln!(f, "safety never ignored     {:>7.3}", self.safety_never_ignored())?;
        write!(f, "false alarms             {:>7.3}", self.false_alarms())
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
