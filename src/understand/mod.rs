//! Free text to meaning, before the engine: normalisation, options, amounts, dates, phrases, intents. Pure.
//!
//! The result is recorded as part of the conversation's input, so a replay never understands anew.

pub mod classifier;
pub mod evaluate;
pub mod intent;
pub mod lexicon;
pub mod normalise;
pub mod phrases;

use crate::understand::classifier::Classifier;
use crate::understand::intent::Intent;
use crate::understand::lexicon::{Example, Lexicon, UnderstandError};
use crate::understand::normalise::fold;
use crate::understand::phrases::Certainty;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A meaning and how it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentGuess {
    pub intent: Intent,
    /// Estimated probability, in 1/10 000.
    pub confidence_bps: u16,
    pub how: IntentSource,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentSource {
    /// A curated phrase matched.
    Phrase,
    /// The classifier finds it the likeliest.
    Classifier,
}

/// Confidence of a phrase that matched.
const PHRASE_BPS: u16 = 9_900;
/// A safety intent below this is asked about, not acted on.
pub const CERTAIN_BPS: u16 = 6_000;
/// A safety intent that is not the likeliest is still asked about from here on.
pub const DOUBT_BPS: u16 = 1_200;

/// Understands messages; built once at start, shared by all.
#[derive(Debug, Clone)]
pub struct Understander {
    lexicon: Lexicon,
    classifier: Classifier,
}

impl Understander {
    /// Reads the analyst's files in `dir` (`flows/understanding`) and trains.
    pub fn load(dir: &Path) -> Result<Self, UnderstandError> {
        let lexicon = Lexicon::read(dir)?;
        let mut examples = lexicon::read_examples(&dir.join(lexicon::SHARED))?;
        examples.extend(lexicon::read_examples(&dir.join(lexicon::EXTRA))?);
        Ok(Self::from_rows(&examples, lexicon))
    }

    pub fn from_rows(rows: &[Example], lexicon: Lexicon) -> Self {
        let rows: Vec<(Intent, String)> =
            rows.iter().map(|row| (row.intent, lexicon.normaliser.words(&fold(&row.text)))).collect();
        Self { classifier: Classifier::train(&rows), lexicon }
    }

    /// The intent, and the safety intent that must not be ignored.
    pub fn intent(&self, words: &str) -> (Option<IntentGuess>, Option<Intent>) {
        let phrase = |certainty: Certainty| {
            self.lexicon
                .phrases
                .iter()
                .find(|phrase| phrase.certainty == certainty && phrase.matches(words))
                .map(|phrase| phrase.intent)
        };
        if let Some(intent) = phrase(Certainty::Certain) {
            let guess = IntentGuess { intent, confidence_bps: PHRASE_BPS, how: IntentSource::Phrase };
            return (Some(guess), None);
        }
        let suspected = phrase(Certainty::Doubt);
        let Some(guess) = self.classifier.guess(words) else { return (None, suspected) };
        let best = guess.best(|_| true).map(|(intent, probability)| IntentGuess {
            intent,
            confidence_bps: classifier::bps(probability),
            how: IntentSource::Classifier,
        });
        if let Some(best) = best.filter(|best| best.intent.is_safety()) {
            return (Some(best), (best.confidence_bps < CERTAIN_BPS).then_some(best.intent));
        }
        let likely = guess
            .best(Intent::is_safety)
            .filter(|(_, probability)| classifier::bps(*probability) >= DOUBT_BPS)
            .map(|(intent, _)| intent);
        (best, suspected.or(likely))
    }
}
