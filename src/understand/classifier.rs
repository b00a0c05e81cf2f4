//! What a person's message means, as far as statistics tell: the classifier of intents.

use super::intent::Intent;
use super::linear::{Linear, Of, Seen, Shape};
use acuerdo_weights::{CLASSES_MAX, Scores};
use std::collections::HashSet;
use std::sync::LazyLock;

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
        let (linear, examples) = Linear::train(&rows, Intent::COUNT, Of::Messages);
        Self { signs: signs(&examples, linear.n_features()), linear }
    }

    /// How many of its words, and pairs of neighbours, speak of danger: most of the messages that hold them do.
    pub fn signs_of_danger(&self, words: &str) -> usize {
        let shape = Shape::of(words);
        let ordinary: Vec<bool> = words.split_whitespace().map(is_ordinary).collect();
        let alone = shape.words().zip(&ordinary).filter(|(_, ordinary)| !**ordinary);
        let next = ordinary.iter().skip(1);
        let pairs = shape.pairs().zip(ordinary.iter().zip(next)).filter(|(_, (one, two))| !(**one && **two));
        let telling = alone.map(|(hash, _)| hash).chain(pairs.map(|(hash, _)| hash));
        let known = telling.filter_map(|hash| self.linear.find(hash));
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

/// Words of every life: relatives, spans of time, forms of address, the smallest words. Many a message of danger holds
/// them, and none is one because of them: "tengo 2 hijos", "dentro de 8 días", "mi marido dice que sí".
const ORDINARY: &str = "\
    hijo hija hijos hijas hijito hijita hijitos nino nina ninos ninas nieto nieta nietos bebe marido \
    esposo esposa mujer pareja novio novia mama papa mami papi madre padre hermano hermana hermanos abuelo \
    abuela suegra suegro tio tia primo prima familia filho filha filhos mae pai irmao irma avo kids \
    children son daughter husband wife mother father mom dad brother sister dia dias semana semanas mes \
    meses ano anos anitos hora horas minutos rato hoy manana ayer noche tarde dentro hace mas menos dois \
    day days week weeks month months year years hoje amanha ontem senor senora senorita senores don dona \
    joven caballero senhor senhora sir a al con de del e el ella en es esta este i la las le lo los me mi \
    mis my o os para por que se si su sus te un una y ya yo soy tengo tiene tienen tenho quedan queda \
    llevo eu meu minha um uma the and have am im uno dos tres cuatro cinco seis siete ocho nueve diez once \
    doce trece catorce quince veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa duas \
    quatro sete oito nove dez vinte two three four five six seven eight nine ten fifteen twenty";

/// Made once: each word of each message is looked up.
static IS_ORDINARY: LazyLock<HashSet<&str>> = LazyLock::new(|| ORDINARY.split(' ').collect());

fn is_ordinary(word: &str) -> bool {
    IS_ORDINARY.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit())
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
