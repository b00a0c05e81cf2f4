//! A linear classifier of short messages: hashed character and word n-grams, softmax regression.
//!
//! Trained at start from the example files, so that an analyst's new row counts at the next start and no model
//! file can drift from its data. What was measured to choose it is in `flows/understanding/README.md`.
#![expect(clippy::float_arithmetic, reason = "probabilities are estimates, never money")]

use super::intent::Intent;

/// Passes over the examples.
const EPOCHS: u32 = 14;
const RATE: f32 = 4.0;
/// Weight decay per step, relative to the rate.
const DECAY: f32 = 2e-5;
const NGRAM_MIN: usize = 2;
const NGRAM_MAX: usize = 5;
/// Believed of an estimate when no word is known.
const TRUST_MIN: f32 = 0.25;
/// Kinds of features, so that equal text of two kinds does not collide.
const WORD: u8 = 1;
const PAIR: u8 = 2;
const GRAM: u8 = 3;
const FIRST: u8 = 4;
const LAST: u8 = 5;
/// A word or pair of words is a sign of danger when so many rows of safety intents hold it, and they are so large a part
/// of all rows that do.
const SIGN_ROWS: u32 = 2;
const SIGN_PERCENT: u32 = 70;
/// Features of one message at most; more words do not make a message clearer.
const FEATURES_MAX: usize = 2_000;

type Scores = [f32; Intent::COUNT];

/// Probabilities of the intents, in the order of [`Intent::ALL`]; they sum to 1 or, with unknown words, to less.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guess(Scores);

#[derive(Debug, Clone)]
pub struct Classifier {
    /// Hashes of the known features, sorted.
    vocabulary: Vec<u64>,
    idf: Vec<f32>,
    weights: Vec<Scores>,
    bias: Scores,
    /// Rows of a safety intent, and all rows, that hold the feature.
    rows: Vec<(u32, u32)>,
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
        let hashed: Vec<(Intent, Vec<u64>)> =
            rows.iter().map(|(intent, words)| (*intent, features(words))).collect();
        let (vocabulary, idf) = vocabulary(&hashed);
        let mut model = Self {
            weights: vec![[0.0; Intent::COUNT]; vocabulary.len()],
            rows: vec![(0, 0); vocabulary.len()],
            vocabulary,
            idf,
            bias: [0.0; Intent::COUNT],
        };
        model.count(&hashed);
        let examples: Vec<(Intent, Vec<(usize, f32)>)> = hashed
            .iter()
            .map(|(intent, hashes)| (*intent, model.vector(hashes)))
            .filter(|(_, vector)| !vector.is_empty())
            .collect();
        let balance = balance(&examples);
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut rate = RATE;
        for _ in 0..EPOCHS {
            shuffle(&mut order, &mut seed);
            for (intent, vector) in order.iter().filter_map(|&at| examples.get(at)) {
                let weight = balance.get(intent.index()).copied().unwrap_or(1.0);
                model.step(*intent, vector, rate * weight, 1.0 - rate * DECAY);
            }
            rate *= 0.8;
        }
        model
    }

    fn count(&mut self, rows: &[(Intent, Vec<u64>)]) {
        for (intent, hashes) in rows {
            for hash in hashes {
                let at = self.vocabulary.binary_search(hash).ok();
                if let Some((safety, all)) = at.and_then(|at| self.rows.get_mut(at)) {
                    *safety += u32::from(intent.is_safety());
                    *all += 1;
                }
            }
        }
    }

    /// How many of its words, and pairs of neighbours, speak of danger: most of the messages that hold them do.
    pub fn signs_of_danger(&self, words: &str) -> usize {
        let shape = shape(words);
        let list: Vec<&str> = shape.split_whitespace().collect();
        let mut hashes: Vec<u64> = list.iter().map(|word| hash(WORD, &[word])).collect();
        hashes.extend(list.windows(2).map(|pair| hash(PAIR, pair)));
        hashes.sort_unstable();
        hashes.dedup();
        let counts = |hash: &u64| self.rows.get(self.vocabulary.binary_search(hash).ok()?).copied();
        let speaks =
            |(safety, all): &(u32, u32)| *safety >= SIGN_ROWS && *safety * 100 >= *all * SIGN_PERCENT;
        hashes.iter().filter_map(counts).filter(speaks).count()
    }

    /// `None` when nothing in the text was ever seen in training.
    pub fn guess(&self, words: &str) -> Option<Guess> {
        let vector = self.vector(&features(words));
        let trust = self.trust(words);
        (!vector.is_empty()).then(|| Guess(softmax(self.scores(&vector)).map(|likely| likely * trust)))
    }

    /// Whether the word was ever seen in training.
    pub fn knows(&self, word: &str) -> bool {
        self.vocabulary.binary_search(&hash(WORD, &[&shape(word)])).is_ok()
    }

    /// How far the estimate may be believed: a message of words that were never seen is guessed from bits of
    /// words alone, which is often confident and wrong ("menú" looks like "menos").
    fn trust(&self, words: &str) -> f32 {
        let n_words = words.split_whitespace().count().max(1) as f32;
        let n_known = words.split_whitespace().filter(|word| self.knows(word)).count() as f32;
        TRUST_MIN + (1.0 - TRUST_MIN) * n_known / n_words
    }

    fn scores(&self, vector: &[(usize, f32)]) -> Scores {
        let mut scores = self.bias;
        for (feature, value) in vector {
            if let Some(weights) = self.weights.get(*feature) {
                for (score, weight) in scores.iter_mut().zip(weights) {
                    *score += weight * value;
                }
            }
        }
        scores
    }

    fn step(&mut self, truth: Intent, vector: &[(usize, f32)], rate: f32, keep: f32) {
        let mut error = softmax(self.scores(vector));
        if let Some(right) = error.get_mut(truth.index()) {
            *right -= 1.0;
        }
        for (feature, value) in vector {
            if let Some(weights) = self.weights.get_mut(*feature) {
                for (weight, wrong) in weights.iter_mut().zip(&error) {
                    *weight = *weight * keep - rate * value * wrong;
                }
            }
        }
        for (bias, wrong) in self.bias.iter_mut().zip(&error) {
            *bias -= 0.05 * rate * wrong;
        }
    }

    /// Known features with their weights, of length 1.
    fn vector(&self, hashes: &[u64]) -> Vec<(usize, f32)> {
        let mut vector: Vec<(usize, f32)> = hashes
            .iter()
            .filter_map(|hash| self.vocabulary.binary_search(hash).ok())
            .map(|feature| (feature, self.idf.get(feature).copied().unwrap_or_default()))
            .collect();
        let length = vector.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
        for (_, value) in &mut vector {
            *value /= length.max(f32::MIN_POSITIVE);
        }
        vector
    }
}

fn vocabulary(rows: &[(Intent, Vec<u64>)]) -> (Vec<u64>, Vec<f32>) {
    let mut all: Vec<u64> = rows.iter().flat_map(|(_, hashes)| hashes.iter().copied()).collect();
    all.sort_unstable();
    let n = rows.len() as f32;
    let mut vocabulary = Vec::new();
    let mut idf = Vec::new();
    for same in all.chunk_by(|a, b| a == b) {
        // A feature of one message only tells nothing about another.
        if let (Some(hash), true) = (same.first(), same.len() >= 2) {
            vocabulary.push(*hash);
            idf.push(((1.0 + n) / (1.0 + same.len() as f32)).ln() + 1.0);
        }
    }
    (vocabulary, idf)
}

/// Rare intents count for more, by the square root of how rare they are.
fn balance(examples: &[(Intent, Vec<(usize, f32)>)]) -> Scores {
    let mut counts: Scores = [0.0; Intent::COUNT];
    for (intent, _) in examples {
        if let Some(count) = counts.get_mut(intent.index()) {
            *count += 1.0;
        }
    }
    let mean = examples.len() as f32 / Intent::COUNT as f32;
    counts.map(|count| (mean / count.max(1.0)).sqrt())
}

fn softmax(scores: Scores) -> Scores {
    let most = scores.iter().copied().fold(f32::MIN, f32::max);
    let powers = scores.map(|score| (score - most).exp());
    let sum: f32 = powers.iter().sum();
    powers.map(|power| power / sum)
}

/// Distinct features of a message: words, pairs of words, first and last word, and character n-grams inside words.
fn features(words: &str) -> Vec<u64> {
    let shape = shape(words);
    let list: Vec<&str> = shape.split_whitespace().collect();
    let mut hashes = Vec::with_capacity(shape.len() * 5);
    for pair in list.windows(2) {
        hashes.push(hash(PAIR, pair));
    }
    let mut padded = String::new();
    let mut starts = Vec::new();
    for word in &list {
        hashes.push(hash(WORD, &[word]));
        padded.clear();
        padded.extend([" ", word, " "]);
        starts.clear();
        starts.extend(padded.char_indices().map(|(at, _)| at).chain([padded.len()]));
        for n in NGRAM_MIN..=NGRAM_MAX {
            for (from, to) in starts.iter().zip(starts.iter().skip(n)) {
                hashes.push(hash(GRAM, &[padded.get(*from..*to).unwrap_or_default()]));
            }
        }
        if hashes.len() > FEATURES_MAX {
            break;
        }
    }
    if let (Some(first), Some(last)) = (list.first(), list.last()) {
        hashes.push(hash(FIRST, &[first]));
        hashes.push(hash(LAST, &[last]));
    }
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// Every digit as `0`: which number it is says nothing about what is meant.
fn shape(words: &str) -> String {
    words.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

/// FNV-1a, 64 bits: stable across builds, unlike the standard hasher.
pub(super) fn hash(kind: u8, parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    for byte in [kind].into_iter().chain(bytes) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
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
