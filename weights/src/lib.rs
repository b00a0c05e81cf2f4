//! How much each feature of a message speaks for each class: the arithmetic of the classifier, and nothing else.
//!
//! A crate of its own because it is most of every start, that of each test process too: so it is optimised also where
//! the rest is not (`[profile.dev.package.acuerdo-weights]`). Every class is added up by itself and in order, so the
//! results are the same on every machine and in every profile.

/// Classes at most; a multiple of what a processor computes at once.
pub const CLASSES_MAX: usize = 40;

/// A number for each class.
pub type Scores = [f32; CLASSES_MAX];

/// The number of a feature, and how much of it a message has.
pub type Vector = [(u32, f32)];

/// The share of the bias in the rate of learning.
const BIAS_RATE: f32 = 0.05;

/// Of a linear model.
#[derive(Debug, Clone)]
pub struct Weights {
    features: Vec<Scores>,
    bias: Scores,
}

impl Weights {
    /// All zero.
    #[must_use]
    pub fn new(n_features: usize) -> Self {
        Self { features: vec![[0.0; CLASSES_MAX]; n_features], bias: [0.0; CLASSES_MAX] }
    }

    /// What speaks for each class: the bias first, then the features in their order.
    #[inline(never)]
    #[must_use]
    pub fn scores(&self, vector: &Vector) -> Scores {
        let mut scores = self.bias;
        for (feature, value) in vector {
            if let Some(weights) = self.features.get(*feature as usize) {
                for (score, weight) in scores.iter_mut().zip(weights) {
                    *score += weight * value;
                }
            }
        }
        scores
    }

    /// Moves the features' weights against the error, and keeps so much of what they were.
    #[inline(never)]
    pub fn learn(&mut self, vector: &Vector, error: &Scores, rate: f32, keep: f32) {
        for (feature, value) in vector {
            if let Some(weights) = self.features.get_mut(*feature as usize) {
                correct(weights, error, rate * value, keep);
            }
        }
        correct(&mut self.bias, error, BIAS_RATE * rate, 1.0);
    }
}

fn correct(weights: &mut Scores, error: &Scores, rate: f32, keep: f32) {
    for (weight, wrong) in weights.iter_mut().zip(error) {
        *weight = *weight * keep - rate * wrong;
    }
}

/// Probabilities of the first `n_classes`; the others have none.
#[inline(never)]
#[must_use]
pub fn softmax(mut scores: Scores, n_classes: usize) -> Scores {
    let (classes, others) = scores.split_at_mut(n_classes.min(CLASSES_MAX));
    let most = classes.iter().copied().fold(f32::MIN, f32::max);
    let mut sum = 0.0;
    for class in &mut *classes {
        *class = (*class - most).exp();
        sum += *class;
    }
    for class in classes {
        *class /= sum;
    }
    others.fill(0.0);
    scores
}

#[cfg(test)]
mod tests {
    use super::{CLASSES_MAX, Weights, softmax};

    #[test]
    fn what_was_learnt_is_likelier() {
        let mut weights = Weights::new(2);
        let vector = [(0, 0.6), (1, 0.8)];
        let before = softmax(weights.scores(&vector), 2);
        assert_eq!((before[0], before[1], before[2]), (0.5, 0.5, 0.0));
        let mut error = [0.0; CLASSES_MAX];
        (error[0], error[1]) = (-0.5, 0.5);
        weights.learn(&vector, &error, 1.0, 1.0);
        let after = softmax(weights.scores(&vector), 2);
        assert!(after[0] > 0.7 && after[1] < 0.3, "{after:?}");
        weights.learn(&vector, &[0.0; CLASSES_MAX], 1.0, 0.5);
        let forgotten = softmax(weights.scores(&vector), 2);
        assert!(forgotten[0] < after[0] && forgotten[0] > 0.5, "{forgotten:?}");
    }
}
