//! Phrases of the lint rules: words in order, and pairs of phrases that stand near each other.

use crate::rules::lint::NearText;
use crate::rules::reading::{Folded, Heads, Word, sound};
use std::collections::BTreeMap;

/// Words up to this many letters are compared as they are written.
const SHORT_MAX: usize = 3;

/// Half-open range of words in a sentence.
pub type Span = (usize, usize);

/// Named lists of words that phrases share: `@pagar`.
pub type Sets = BTreeMap<String, Vec<String>>;

/// Words in this order.
#[derive(Debug, Clone)]
pub struct Phrase {
    places: Vec<Place>,
}

/// The words that may stand at one place of a phrase.
#[derive(Debug, Clone)]
struct Place {
    words: Vec<Known>,
    heads: Heads,
}

/// One word of a phrase, as it is written and as it sounds.
#[derive(Debug, Clone)]
struct Known {
    text: String,
    sound: String,
    /// The word may go on.
    open: bool,
}

/// One of `a` and one of `b`.
#[derive(Debug, Clone)]
pub struct Near {
    a: Vec<Phrase>,
    b: Vec<Phrase>,
    within: usize,
    ordered: bool,
}

impl Phrase {
    /// Reads `no (ha|han) @pagar`: `(a|b)` is either word, `@set` any word of a list, `*` ends a word that may go on
    /// and is any word when it stands alone.
    pub fn compile(text: &str, sets: &Sets) -> Result<Self, String> {
        let mut places = Vec::new();
        for part in text.split_whitespace() {
            if part.contains('(') != part.contains(')') {
                return Err(format!("the phrase `{text}` has a blank between `(` and `)`"));
            }
            let known = match part.strip_prefix('@') {
                Some(name) => {
                    let set = sets.get(name).ok_or_else(|| format!("there is no set `{name}`"))?;
                    set.iter().filter_map(|word| Known::of(word)).collect()
                }
                None => part.trim_matches(['(', ')']).split('|').filter_map(Known::of).collect::<Vec<_>>(),
            };
            if !known.is_empty() {
                places.push(Place::of(known));
            }
        }
        if places.iter().flat_map(|place| &place.words).all(Known::is_any) {
            return Err(format!("the phrase `{text}` has no words"));
        }
        Ok(Self { places })
    }

    pub fn find(&self, words: &[Word]) -> Vec<Span> {
        let length = self.places.len();
        let matches =
            |window: &[Word]| window.iter().zip(&self.places).all(|(word, place)| place.takes(word));
        let starts = words.windows(length).enumerate().filter(|(_, window)| matches(window));
        starts.map(|(start, _)| (start, start + length)).collect()
    }
}

impl Place {
    fn of(words: Vec<Known>) -> Self {
        let heads = words.iter().fold(Heads::NONE, |heads, word| heads.or(word.heads()));
        Self { words, heads }
    }

    fn takes(&self, word: &Word) -> bool {
        self.heads.meets(word.heads) && self.words.iter().any(|known| known.is(word))
    }
}

impl Known {
    fn of(word: &str) -> Option<Self> {
        let text = Folded::of(word).text;
        let (text, open) = match text.strip_suffix('*') {
            Some(stem) => (stem.to_owned(), true),
            None => (text, false),
        };
        (open || !text.is_empty()).then(|| Self { sound: sound(&text), text, open })
    }

    /// `*` alone: whatever word stands there.
    const fn is_any(&self) -> bool {
        self.open && self.text.is_empty()
    }

    /// The beginnings of all words that it is.
    fn heads(&self) -> Heads {
        let of = if self.open { Heads::going_on } else { Heads::of };
        of(&self.text).or(of(&self.sound))
    }

    fn is(&self, word: &Word) -> bool {
        if self.open {
            let heard = self.text.len() > SHORT_MAX && word.sound.starts_with(&self.sound);
            heard || word.text.starts_with(&self.text)
        } else {
            // Short words that sound alike are other words.
            word.text == self.text || (self.text.len() > SHORT_MAX && word.sound == self.sound)
        }
    }
}

impl Near {
    pub fn compile(near: &NearText, sets: &Sets) -> Result<Self, String> {
        let all =
            |texts: &[String]| texts.iter().map(|text| Phrase::compile(text, sets)).collect::<Result<_, _>>();
        Ok(Self { a: all(&near.a)?, b: all(&near.b)?, within: near.within, ordered: near.ordered })
    }

    /// The pairs in a sentence that nothing lifts and no denial parts.
    pub fn hits(
        &self,
        words: &[Word],
        lifted: impl Fn(Span) -> bool,
        parted: impl Fn(Span) -> bool,
    ) -> Vec<Span> {
        let mut found = Vec::new();
        for a in &self.a {
            let places = a.find(words);
            if places.is_empty() {
                continue;
            }
            for b in &self.b {
                for other in b.find(words) {
                    for at in &places {
                        let apart = other.0 >= at.1 || (other.1 <= at.0 && !self.ordered);
                        let gap = other.0.saturating_sub(at.1).max(at.0.saturating_sub(other.1));
                        let span = (at.0.min(other.0), at.1.max(other.1));
                        let between = (at.1.min(other.1), at.0.max(other.0));
                        if apart && gap <= self.within && !lifted(span) && !parted(between) {
                            found.push(span);
                        }
                    }
                }
            }
        }
        found
    }
}
