//! What is wrong with the analyst's files, for who edits them.

use super::acts::Acts;
use super::lexicon::{self, Lexicon};
use super::{UnderstandError, Understander, safety};
use std::path::Path;

impl Understander {
    /// What is wrong with the files of `dir`: the first mistake of the lists, and of each file of examples; when they
    /// can be read, what must be understood and is not.
    pub fn mistakes(dir: &Path) -> Vec<UnderstandError> {
        let mut found = Vec::new();
        let mut files = Vec::new();
        for name in [lexicon::SHARED, lexicon::EXTRA] {
            match lexicon::read_examples(&dir.join(name)) {
                Ok(examples) => files.push((name, examples)),
                Err(error) => found.push(error),
            }
        }
        match Lexicon::read(dir) {
            Err(error) => found.insert(0, error),
            Ok(lexicon) => {
                found.extend(Acts::read(dir, lexicon.normaliser.clone()).err());
                found.extend(safety::forgotten(dir, &lexicon));
                if files.len() == 2 {
                    found.extend(safety::mislabelled(dir, &lexicon, &files));
                }
            }
        }
        found
    }
}
