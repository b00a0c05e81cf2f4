//! A linear classifier of short messages: hashed character and word n-grams, softmax regression.
//!
//! Trained at start from the example files, so that an analyst's new row counts at the next start and no model
//! file can drift from its data. What was measured to choose it is in `flows/understanding/README.md`.
#![expect(clippy::float_arithmetic, reason = "probabilities are estimates, never money")]

mod features;
mod vocabulary;

use super::intent::Intent;
use acuerdo_weights::{CLASSES_MAX, Scores, Weights};
use features::Shape;
pub(super) use features::hash;
use vocabulary::Vocabulary;

/// Passes over the examples.
const EPOCHS: u32 = 14;
const RATE: f32 = 4.0;
/// Weight decay per step, relative to the rate.
const DECAY: f32 = 2e-5;
/// Believed of an estimate when no word is known.
const TRUST_MIN: f32 = 0.25;
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
    vocabulary: Vocabulary,
    weights: Weights,
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
        let hashed: Vec<Vec<u64>> = rows.iter().map(|(_, words)| Shape::of(words).features()).collect();
        let vocabulary = Vocabulary::of(&hashed);
        let vectors = hashed.iter().map(|hashes| vocabulary.vector(hashes));
        let mut examples: Vec<(Intent, Vec<(u32, f32)>)> =
            rows.iter().map(|(intent, _)| *intent).zip(vectors).collect();
        examples.retain(|(_, vector)| !vector.is_empty());
        let mut weights = Weights::new(vocabulary.len());
        let balance = balance(&examples);
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut rate = RATE;
        for _ in 0..EPOCHS {
            shuffle(&mut order, &mut seed);
            for (intent, vector) in order.iter().filter_map(|&at| examples.get(at)) {
                let mut error = softmax(weights.scores(vector));
                if let Some(right) = error.get_mut(intent.index()) {
                    *right -= 1.0;
                }
                let weight = balance.get(intent.index()).copied().unwrap_or(1.0);
                weights.learn(vector, &error, rate * weight, 1.0 - rate * DECAY);
            }
            rate *= 0.8;
        }
        Self { signs: signs(&examples, vocabulary.len()), vocabulary, weights }
    }

    /// How many of its words, and pairs of neighbours, speak of danger: most of the messages that hold them do.
    pub fn signs_of_danger(&self, words: &str) -> usize {
        let shape = Shape::of(words);
        let known = shape.words().chain(shape.pairs()).filter_map(|hash| self.vocabulary.find(hash));
        let is_sign = |feature: &u32| self.signs.get(*feature as usize) == Some(&true);
        let mut signs: Vec<u32> = known.filter(is_sign).collect();
        signs.sort_unstable();
        signs.dedup();
        signs.len()
    }

    /// `None` when nothing in the text was ever seen in training.
    pub fn guess(&self, words: &str) -> Option<Guess> {
        let shape = Shape::of(words);
        let vector = self.vocabulary.vector(&shape.features());
        let trust = self.trust(&shape);
        (!vector.is_empty())
            .then(|| Guess(softmax(self.weights.scores(&vector)).map(|likely| likely * trust)))
    }

    /// Whether the word was ever seen in training.
    pub fn knows(&self, word: &str) -> bool {
        Shape::of(word).words().next().is_some_and(|hash| self.vocabulary.find(hash).is_some())
    }

    /// How far the estimate may be believed: a message of words that were never seen is guessed from bits of
    /// words alone, which is often confident and wrong ("menú" looks like "menos").
    fn trust(&self, shape: &Shape) -> f32 {
        let n_words = shape.words().count().max(1) as f32;
        let n_known = shape.words().filter(|hash| self.vocabulary.find(*hash).is_some()).count() as f32;
        TRUST_MIN + (1.0 - TRUST_MIN) * n_known / n_words
    }
}

/// Which features most messages of danger hold, by the rows of examples.
fn signs(examples: &[(Intent, Vec<(u32, f32)>)], n_features: usize) -> Vec<bool> {
    // Rows of a safety intent, and all rows, that hold the feature.
    let mut rows = vec![(0_u32, 0_u32); n_features];
    for (intent, vector) in examples {
        for (feature, _) in vector {
            if let Some((safety, all)) = rows.get_mut(*feature as usize) {
                *safety += u32::from(intent.is_safety());
                *all += 1;
            }
        }
    }
    let speaks = |(safety, all): (u32, u32)| safety >= SIGN_ROWS && safety * 100 >= all * SIGN_PERCENT;
    rows.into_iter().map(speaks).collect()
}

/// Rare intents count for more, by the square root of how rare they are.
fn balance(examples: &[(Intent, Vec<(u32, f32)>)]) -> Scores {
    let mut counts: Scores = [0.0; CLASSES_MAX];
    for (intent, _) in examples {
        if let Some(count) = counts.get_mut(intent.index()) {
            *count += 1.0;
        }
    }
    let mean = examples.len() as f32 / Intent::COUNT as f32;
    counts.map(|count| (mean / count.max(1.0)).sqrt())
}

fn softmax(scores: Scores) -> Scores {
    acuerdo_weights::softmax(scores, Intent::COUNT)
}

/// Fisher-Yates with a fixed xorshift: the same order at each start.
fn shuffle(order: &mut [usize], seed: &mut u64) {
    for at in (1..order.len()).rev() {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        let bound = u64::try_from(at).unwrap_or(u64::MAX - 1) + 1;
        order.swap(at, usize::try_from(*seed % bound).unwrap_or(at));
    }
}

/// A probability in 1/10 000.
pub fn bps(probability: f32) -> u16 {
    (probability.clamp(0.0, 1.0) * 10_000.0).round() as u16
}
