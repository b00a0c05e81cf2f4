//! What a message is described by: words, pairs of words, first and last word, and character n-grams inside words.

const NGRAM_MIN: usize = 2;
const NGRAM_MAX: usize = 5;
/// Features of one message at most; more words do not make a message clearer.
const FEATURES_MAX: usize = 2_000;
/// Kinds of features, so that equal text of two kinds does not collide.
const WORD: u8 = 1;
const PAIR: u8 = 2;
const GRAM: u8 = 3;
const FIRST: u8 = 4;
const LAST: u8 = 5;
const APART: u8 = 6;
/// A second time, to count for more.
const AGAIN: u8 = 16;

/// The words of a message with a blank before, between and after them, and every digit as `0`: which number it is says
/// nothing about what is meant.
pub struct Shape(String);

impl Shape {
    pub fn of(words: &str) -> Self {
        let mut shape = String::with_capacity(words.len() + 2);
        for word in words.split_whitespace() {
            shape.push(' ');
            shape.extend(word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }));
        }
        shape.push(' ');
        Self(shape)
    }

    fn list(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|word| !word.is_empty())
    }

    /// Hashes of its words.
    pub fn words(&self) -> impl Iterator<Item = u64> {
        self.list().map(|word| hash(WORD, &[word]))
    }

    /// Hashes of its pairs of neighbours.
    pub fn pairs(&self) -> impl Iterator<Item = u64> {
        self.list().zip(self.list().skip(1)).map(|(word, next)| hash(PAIR, &[word, next]))
    }

    /// Hashes of all its features, some of them twice.
    pub fn features(&self) -> Vec<u64> {
        let mut hashes = Vec::with_capacity(self.0.len() * 5);
        hashes.extend(self.pairs());
        let mut from = 0;
        for word in self.list() {
            hashes.push(hash(WORD, &[word]));
            let padded = from..from + word.len() + 2;
            from += word.len() + 1;
            grams(self.0.as_bytes().get(padded).unwrap_or_default(), &mut hashes);
            if hashes.len() > FEATURES_MAX {
                break;
            }
        }
        hashes.extend(self.list().next().map(|first| hash(FIRST, &[first])));
        hashes.extend(self.list().last().map(|last| hash(LAST, &[last])));
        hashes
    }

    /// [`Shape::features`], and of a sentence more: words that stand one or two apart ("no … pero"), and words and pairs a
    /// second time, for beside hundreds of runs of characters they count for little.
    pub fn wide_features(&self) -> Vec<u64> {
        let mut hashes = self.features();
        let words: Vec<&str> = self.list().collect();
        let apart = |n: usize| words.iter().zip(words.iter().skip(n));
        for again in [0, AGAIN] {
            let pairs = apart(2).chain(apart(3));
            hashes.extend(pairs.map(|(word, next)| hash(APART + again, &[word, next])));
        }
        hashes.extend(words.iter().map(|word| hash(WORD + AGAIN, &[word])));
        hashes.extend(apart(1).map(|(word, next)| hash(PAIR + AGAIN, &[word, next])));
        hashes
    }
}

/// Hashes of all runs of two to five characters.
fn grams(text: &[u8], hashes: &mut Vec<u64>) {
    let begins_char = |byte: u8| byte & 0xc0 != 0x80;
    let mut rest = text;
    while let Some(first) = rest.first() {
        if begins_char(*first) {
            let (mut state, mut n_chars) = (fed(BASIS, GRAM), 0);
            for (byte, next) in rest.iter().zip(rest.iter().skip(1).chain([&b' '])) {
                state = fed(state, *byte);
                if begins_char(*next) {
                    n_chars += 1;
                    if n_chars >= NGRAM_MIN {
                        hashes.push(fed(state, 0));
                    }
                    if n_chars == NGRAM_MAX {
                        break;
                    }
                }
            }
        }
        rest = rest.get(1..).unwrap_or_default();
    }
}

/// Of FNV-1a, 64 bits: stable across builds, unlike the standard hasher.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;

const fn fed(state: u64, byte: u8) -> u64 {
    (state ^ byte as u64).wrapping_mul(0x0100_0000_01b3)
}

/// Each part ends with a zero byte.
pub fn hash(kind: u8, parts: &[&str]) -> u64 {
    let mut state = fed(BASIS, kind);
    for part in parts {
        for byte in part.as_bytes() {
            state = fed(state, *byte);
        }
        state = fed(state, 0);
    }
    state
}

#[cfg(test)]
mod tests {
    use super::{FIRST, GRAM, LAST, PAIR, Shape, WORD, hash};
    use std::collections::BTreeSet;

    #[test]
    fn a_message_is_described_by_words_pairs_and_runs_of_characters() {
        let expected = [
            hash(WORD, &["si"]),
            hash(WORD, &["00"]),
            hash(PAIR, &["si", "00"]),
            hash(FIRST, &["si"]),
            hash(LAST, &["00"]),
        ];
        let grams = [" s", "si", "i ", " si", "si ", " si ", " 0", "00", "0 ", " 00", "00 ", " 00 "];
        let expected: BTreeSet<u64> =
            expected.into_iter().chain(grams.map(|gram| hash(GRAM, &[gram]))).collect();
        assert_eq!(Shape::of("si 25").features().into_iter().collect::<BTreeSet<u64>>(), expected);
        let wide = Shape::of("да").features();
        for gram in [" д", "да", "а ", " да", "да ", " да "] {
            assert!(wide.contains(&hash(GRAM, &[gram])), "{gram}");
        }
        assert_eq!(wide.len(), 9);
        assert!(Shape::of(" ").features().is_empty());
    }
}
