//! What a person's message means, as far as statistics tell: the classifier of intents.

use super::intent::Intent;
use super::linear::{Linear, Seen, Shape};
use acuerdo_weights::{CLASSES_MAX, Scores};

/// A word or pair of words is a sign of danger when so many rows of safety intents hold it, and they are so large a part
/// of all rows that do.
const SIGN_ROWS: u32 = 2;
const SIGN_PERCENT: u32 = 70;
const _: () = assert!(Intent::COUNT <= CLASSES_MAX, "raise `acuerdo_weights::CLASSES_MAX`");

/// Probabilities of the intents, in the order of [`Intent::ALL`]; they sum to 1 or, with unknown words, to less.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guess(Scores);

#[derive(Debug, Clone)]
pub struct Classifier {
    linear: Linear,
    /// Whether the feature is a sign of danger.
    signs: Vec<bool>,
}

impl Guess {
    pub fn of(&self, intent: Intent) -> f32 {
        self.0.get(intent.index()).copied().unwrap_or_default()
    }

    /// How likely it is that one of those that pass is meant.
    pub fn sum(&self, passes: impl Fn(Intent) -> bool) -> f32 {
        Intent::ALL.into_iter().filter(|intent| passes(*intent)).map(|intent| self.of(intent)).sum()
    }

    /// The likeliest intent among those that pass; the first in order when two are equal.
    pub fn best(&self, passes: impl Fn(Intent) -> bool) -> Option<(Intent, f32)> {
        let mut best: Option<(Intent, f32)> = None;
        for intent in Intent::ALL.into_iter().filter(|&intent| passes(intent)) {
            let here = self.of(intent);
            if best.is_none_or(|(_, most)| here > most) {
                best = Some((intent, here));
            }
        }
        best
    }
}

impl Classifier {
    /// Learns from normalised texts. Deterministic: the order of the rows and nothing else decides.
    pub fn train(rows: &[(Intent, String)]) -> Self {
        let rows: Vec<(usize, String)> =
            rows.iter().map(|(intent, words)| (intent.index(), words.clone())).collect();
        let (linear, examples) = Linear::train(&rows, Intent::COUNT);
        Self { signs: signs(&examples, linear.n_features()), linear }
    }

    /// How many of its words, and pairs of neighbours, speak of danger: most of the messages that hold them do.
    pub fn signs_of_danger(&self, words: &str) -> usize {
        let shape = Shape::of(words);
        let known = shape.words().chain(shape.pairs()).filter_map(|hash| self.linear.find(hash));
        let is_sign = |feature: &u32| self.signs.get(*feature as usize) == Some(&true);
        let mut signs: Vec<u32> = known.filter(is_sign).collect();
        signs.sort_unstable();
        signs.dedup();
        signs.len()
    }

    /// `None` when nothing in the text was ever seen in training.
    pub fn guess(&self, words: &str) -> Option<Guess> {
        self.linear.believed(words).map(Guess)
    }

    /// Whether the word was ever seen in training.
    pub fn knows(&self, word: &str) -> bool {
        Shape::of(word).words().next().is_some_and(|hash| self.linear.find(hash).is_some())
    }
}

/// Which features most messages of danger hold, by the rows of examples.
fn signs(examples: &[Seen], n_features: usize) -> Vec<bool> {
    // Rows of a safety intent, and all rows, that hold the feature.
    let mut rows = vec![(0_u32, 0_u32); n_features];
    for (class, vector) in examples {
        let safety = Intent::ALL.get(*class).is_some_and(|intent| intent.is_safety());
        for (feature, _) in vector {
            if let Some((of_safety, all)) = rows.get_mut(*feature as usize) {
                *of_safety += u32::from(safety);
                *all += 1;
            }
        }
    }
    let speaks = |(safety, all): (u32, u32)| safety >= SIGN_ROWS && safety * 100 >= all * SIGN_PERCENT;
    rows.into_iter().map(speaks).collect()
}
