//! What an agent's words do to whoever reads them: learnt from the analyst's examples in `agents.tsv`.

use super::UnderstandError;
use super::lexicon::Rows;
use super::linear::{Linear, Of, Shape, bps};
use super::normalise::{Normaliser, fold};
use crate::rules::guard::{Act, Heard};
use crate::rules::reading::TURNS;
use std::path::Path;
use std::sync::OnceLock;

/// The examples: act, language and what an agent writes.
pub const FILE: &str = "agents.tsv";
/// Fewer words say too little to be judged by, but where every word counts; of a sentence, apart from the text that it
/// stands in.
const WORDS_MIN: usize = 3;
const SENTENCE_WORDS_MIN: usize = 5;

/// Hears acts; learns when it is told to ([`Acts::learn`]), else when it is first asked.
#[derive(Debug, Default)]
pub struct Acts {
    rows: Vec<(usize, String)>,
    normaliser: Normaliser,
    learnt: OnceLock<Linear>,
}

impl Acts {
    /// Reads the examples of `dir` (`flows/understanding`).
    ///
    /// # Errors
    /// Names the line that is wrong, and how to mend it.
    pub fn read(dir: &Path, normaliser: Normaliser) -> Result<Self, UnderstandError> {
        let mut rows = Vec::new();
        for row in Rows::read(dir.join(FILE), &["act", "language", "text"])?.rows {
            let [act, _, text] = row.fields()?;
            let Some(act) = Act::parse(act) else {
                let names = Act::ALL.map(Act::name).join(", ");
                return Err(row.error(format!("`{act}` is no act"), &format!("write one of {names}")));
            };
            rows.push((act as usize, normaliser.words(&fold(text))));
        }
        Ok(Self { rows, normaliser, learnt: OnceLock::new() })
    }

    /// Trains, which takes about a second, unless that was done; a server does it beside its start, so that no
    /// agent waits for it.
    pub fn learn(&self) {
        self.linear();
    }

    fn linear(&self) -> &Linear {
        self.learnt.get_or_init(|| Linear::train(&self.rows, Act::COUNT, Of::Sentences).0)
    }

    /// Whether an agent's word was met in the examples.
    pub fn knows(&self, word: &str) -> bool {
        let words = self.normaliser.words(&fold(word));
        let shape = Shape::of(&words);
        let linear = self.linear();
        !words.is_empty() && shape.words().all(|hash| linear.find(hash).is_some())
    }

    /// The whole text, each of its sentences where there are several, and what a "but" begins in one. Nothing when there
    /// are no examples.
    pub fn heard(&self, text: &str) -> Vec<Heard> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let linear = self.linear();
        let written: Vec<char> = text.chars().collect();
        let mut parts = vec![((0, written.len()), false)];
        let sentences = sentences(&written);
        let turned: Vec<_> = sentences.iter().filter_map(|sentence| turned(&written, *sentence)).collect();
        if sentences.len() > 1 {
            parts.extend(sentences.into_iter().map(|sentence| (sentence, false)));
        }
        parts.extend(turned.into_iter().map(|part| (part, true)));
        let hear = |((start, end), turned): ((usize, usize), bool)| {
            let part: String = written.get(start..end)?.iter().collect();
            let words = self.normaliser.words(&fold(&part));
            let whole = (start, end) == (0, written.len());
            let least = if whole { WORDS_MIN } else { SENTENCE_WORDS_MIN };
            let short = words.split(' ').count() < least;
            // Of few words the estimate is worth as much as is known of them.
            let likely = if short { linear.believed(&words) } else { linear.likely(&words) }?;
            let mut heard = Heard { start, end, short, turned, likely: [0; Act::COUNT] };
            for (to, from) in heard.likely.iter_mut().zip(likely) {
                *to = bps(from);
            }
            Some(heard)
        };
        parts.into_iter().filter_map(hear).collect()
    }
}

/// Half-open ranges of characters. A point inside a number or an abbreviation ends nothing.
fn sentences(written: &[char]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, c) in written.iter().enumerate() {
        let next = written.get(at + 1);
        let ends = match c {
            '\n' | ';' | '?' | '!' => true,
            '.' => next.is_none_or(|next| next.is_whitespace()) && !is_abbreviated(written, at),
            _ => false,
        };
        if ends {
            found.push((start, at + 1));
            start = at + 1;
        }
    }
    if start < written.len() {
        found.push((start, written.len()));
    }
    found.retain(|(from, to)| {
        written.get(*from..*to).is_some_and(|part| part.iter().any(|c| c.is_alphanumeric()))
    });
    found
}

/// What the last "but" of a sentence begins.
fn turned(written: &[char], (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let sentence = written.get(start..end)?;
    let mut found = None;
    let mut at = start;
    let mut comma = false;
    for word in sentence.split(|c| c.is_whitespace()) {
        let bare: String = word.iter().filter(|c| c.is_alphabetic()).collect();
        let bare = fold(&bare);
        // "Mas" is "but" behind a comma only.
        if at > start && (TURNS.contains(&bare.as_str()) || (comma && bare == "mas")) {
            found = Some((at, end));
        }
        comma = word.last().map_or(comma, |c| matches!(c, ',' | '.' | ':' | '…'));
        at += word.len() + 1;
    }
    found.filter(|(from, to)| {
        written.get(*from..*to).is_some_and(|part| part.iter().any(|c| c.is_alphanumeric()))
    })
}

/// "8 a. m.": a single letter stands before the point.
fn is_abbreviated(written: &[char], at: usize) -> bool {
    let letter = at.checked_sub(1).and_then(|at| written.get(at)).is_some_and(|c| c.is_alphabetic());
    let before = at.checked_sub(2).and_then(|at| written.get(at));
    letter && before.is_none_or(|c| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::sentences;

    fn parts(text: &str) -> Vec<String> {
        let written: Vec<char> = text.chars().collect();
        sentences(&written)
            .into_iter()
            .map(|(from, to)| written[from..to].iter().collect::<String>().trim().to_owned())
            .collect()
    }

    #[test]
    fn a_point_inside_a_number_or_an_hour_ends_no_sentence() {
        assert_eq!(
            parts("Abrimos a las 8 a. m. todos los días. Son $1.728.000, ¿sí? Gracias!"),
            ["Abrimos a las 8 a. m. todos los días.", "Son $1.728.000, ¿sí?", "Gracias!"]
        );
        assert_eq!(parts("hola"), ["hola"]);
        assert!(parts("... ").is_empty());
    }

    #[test]
    fn a_but_begins_a_part_of_its_own() {
        let part = |text: &str| {
            let written: Vec<char> = text.chars().collect();
            super::turned(&written, (0, written.len()))
                .map(|(from, to)| written[from..to].iter().collect::<String>())
        };
        assert_eq!(part("nunca pedimos claves, pero hoy sí").as_deref(), Some("pero hoy sí"));
        assert_eq!(part("nunca pedimos senha, mas hoje preciso").as_deref(), Some("mas hoje preciso"));
        assert_eq!(part("pero claro que sí"), None);
        assert_eq!(part("no debe mas de la cuenta"), None);
    }
}
