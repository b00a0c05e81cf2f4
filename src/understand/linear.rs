//! A linear classifier of short texts into numbered classes: hashed character and word n-grams, softmax regression.
//!
//! Trained from example files, so that an analyst's new row counts at the next start and no model file can drift from its
//! data. What was measured to choose it is in `flows/understanding/README.md`.
#![expect(clippy::float_arithmetic, reason = "probabilities are estimates, never money")]

mod features;
mod vocabulary;

use acuerdo_weights::{CLASSES_MAX, Scores, Weights};
pub(super) use features::{Shape, hash};
use vocabulary::Vocabulary;

/// Passes over the examples.
const EPOCHS: u32 = 14;
const RATE: f32 = 4.0;
/// Weight decay per step, relative to the rate.
const DECAY: f32 = 2e-5;
/// Believed of an estimate when no word is known.
const TRUST_MIN: f32 = 0.25;

/// The class of an example, and its features.
pub(super) type Seen = (usize, Vec<(u32, f32)>);

#[derive(Debug, Clone)]
pub(super) struct Linear {
    vocabulary: Vocabulary,
    weights: Weights,
    n_classes: usize,
    of: Of,
}

/// What a text is described by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Short messages: [`Shape::features`].
    Messages,
    /// Sentences: [`Shape::wide_features`].
    Sentences,
}

impl Of {
    fn features(self, shape: &Shape) -> Vec<u64> {
        match self {
            Self::Messages => shape.features(),
            Self::Sentences => shape.wide_features(),
        }
    }
}

impl Linear {
    /// Learns from normalised texts; also what of them was learnt from. Deterministic: the order of the rows and nothing
    /// else decides. There are at most [`CLASSES_MAX`] classes.
    pub fn train(rows: &[(usize, String)], n_classes: usize, of: Of) -> (Self, Vec<Seen>) {
        let hashed: Vec<Vec<u64>> = rows.iter().map(|(_, words)| of.features(&Shape::of(words))).collect();
        let vocabulary = Vocabulary::of(&hashed);
        let vectors = hashed.iter().map(|hashes| vocabulary.vector(hashes));
        let mut examples: Vec<Seen> = rows.iter().map(|(class, _)| *class).zip(vectors).collect();
        examples.retain(|(_, vector)| !vector.is_empty());
        let mut weights = Weights::new(vocabulary.len());
        let balance = balance(&examples, n_classes);
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut rate = RATE;
        for _ in 0..EPOCHS {
            shuffle(&mut order, &mut seed);
            for (class, vector) in order.iter().filter_map(|&at| examples.get(at)) {
                let mut error = acuerdo_weights::softmax(weights.scores(vector), n_classes);
                if let Some(right) = error.get_mut(*class) {
                    *right -= 1.0;
                }
                let weight = balance.get(*class).copied().unwrap_or(1.0);
                weights.learn(vector, &error, rate * weight, 1.0 - rate * DECAY);
            }
            rate *= 0.8;
        }
        (Self { vocabulary, weights, n_classes, of }, examples)
    }

    /// How likely each class is; they sum to 1. `None` when nothing in the text was ever seen in training.
    pub fn likely(&self, words: &str) -> Option<Scores> {
        let vector = self.vocabulary.vector(&self.of.features(&Shape::of(words)));
        (!vector.is_empty()).then(|| acuerdo_weights::softmax(self.weights.scores(&vector), self.n_classes))
    }

    /// [`Linear::likely`], as far as it may be believed: with unknown words the sum is less than 1.
    pub fn believed(&self, words: &str) -> Option<Scores> {
        let trust = self.trust(&Shape::of(words));
        Some(self.likely(words)?.map(|likely| likely * trust))
    }

    /// The number of a feature that was seen in training.
    pub fn find(&self, hash: u64) -> Option<u32> {
        self.vocabulary.find(hash)
    }

    pub fn n_features(&self) -> usize {
        self.vocabulary.len()
    }

    /// How far the estimate may be believed: a message of words that were never seen is guessed from bits of
    /// words alone, which is often confident and wrong ("menú" looks like "menos").
    fn trust(&self, shape: &Shape) -> f32 {
        let n_words = shape.words().count().max(1) as f32;
        let n_known = shape.words().filter(|hash| self.vocabulary.find(*hash).is_some()).count() as f32;
        TRUST_MIN + (1.0 - TRUST_MIN) * n_known / n_words
    }
}

/// Rare classes count for more, by the square root of how rare they are.
fn balance(examples: &[Seen], n_classes: usize) -> Scores {
    let mut counts: Scores = [0.0; CLASSES_MAX];
    for (class, _) in examples {
        if let Some(count) = counts.get_mut(*class) {
            *count += 1.0;
        }
    }
    let mean = examples.len() as f32 / n_classes as f32;
    counts.map(|count| (mean / count.max(1.0)).sqrt())
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
