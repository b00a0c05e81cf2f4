//! The features that are known, and how much each tells.
#![expect(clippy::float_arithmetic, reason = "how rare a feature is, never money")]

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};

/// Known features, numbered by the order of their hashes.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    hashes: Vec<u64>,
    /// Where the hashes that begin with each number of [`FIRST_BITS`] bits begin.
    begins: Vec<u32>,
    idf: Vec<f32>,
}

/// So many that a few hashes at most share them.
const FIRST_BITS: u32 = 16;

/// Rows of examples that hold a feature at least: a feature of one message only tells nothing about another.
const ROWS_MIN: u32 = 2;

impl Vocabulary {
    /// Of the features of each row.
    pub fn of(rows: &[Vec<u64>]) -> Self {
        // How many rows hold it, and which held it last.
        let mut seen: HashMap<u64, (u32, usize), BuildHasherDefault<Itself>> = HashMap::default();
        for (row, hashes) in rows.iter().enumerate() {
            for hash in hashes {
                match seen.entry(*hash) {
                    Entry::Vacant(place) => drop(place.insert((1, row))),
                    Entry::Occupied(mut place) if place.get().1 != row => {
                        let (n_rows, last) = place.get_mut();
                        *n_rows += 1;
                        *last = row;
                    }
                    Entry::Occupied(_) => {}
                }
            }
        }
        let mut known: Vec<(u64, u32)> = seen.into_iter().map(|(hash, (n_rows, _))| (hash, n_rows)).collect();
        known.retain(|(_, n_rows)| *n_rows >= ROWS_MIN);
        known.sort_unstable();
        let n = rows.len() as f32;
        let idf = |(_, n_rows): &(u64, u32)| ((1.0 + n) / (1.0 + *n_rows as f32)).ln() + 1.0;
        let mut vocabulary = Self {
            idf: known.iter().map(idf).collect(),
            hashes: known.into_iter().map(|(hash, _)| hash).collect(),
            begins: Vec::new(),
        };
        for bits in 0..=1_u64 << FIRST_BITS {
            let from = vocabulary.begins.last().copied().unwrap_or(0);
            let rest = vocabulary.hashes.get(from as usize..).unwrap_or_default();
            let before = rest.iter().take_while(|hash| first_bits(**hash) < bits).count();
            vocabulary.begins.push(from + u32::try_from(before).unwrap_or(0));
        }
        vocabulary
    }

    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// The number of a feature.
    pub fn find(&self, hash: u64) -> Option<u32> {
        let bits = first_bits(hash) as usize;
        let (from, to) = (*self.begins.get(bits)?, *self.begins.get(bits + 1)?);
        let alike = self.hashes.get(from as usize..to as usize)?;
        (from..to).zip(alike).find(|(_, known)| **known == hash).map(|(feature, _)| feature)
    }

    /// The known ones among these, each once and in order, with their weights; the length is 1.
    pub fn vector(&self, hashes: &[u64]) -> Vec<(u32, f32)> {
        let mut vector: Vec<(u32, f32)> = Vec::with_capacity(hashes.len());
        vector.extend(hashes.iter().filter_map(|hash| self.find(*hash)).map(|feature| (feature, 0.0)));
        vector.sort_unstable_by_key(|(feature, _)| *feature);
        vector.dedup_by_key(|(feature, _)| *feature);
        let mut squares = 0.0_f32;
        for (feature, value) in &mut vector {
            *value = self.idf.get(*feature as usize).copied().unwrap_or_default();
            squares += *value * *value;
        }
        let length = squares.sqrt().max(f32::MIN_POSITIVE);
        for (_, value) in &mut vector {
            *value /= length;
        }
        vector
    }
}

const fn first_bits(hash: u64) -> u64 {
    hash >> (u64::BITS - FIRST_BITS)
}

/// What is a hash already needs no other.
#[derive(Debug, Default)]
struct Itself(u64);

impl Hasher for Itself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
