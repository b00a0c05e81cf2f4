//! Whether the words of offers fit where they are shown, and the words themselves for whoever checks them.

use super::Wording;
use crate::domain::outbound::limits::{ROW_DESCRIPTION_MAX, ROW_TITLE_MAX};
use crate::flow::catalogue::AFTERWARDS;
use crate::flow::expr::Expr;
use crate::flow::text::{Format, Part, Text};

/// What whoever pays must read of a way to pay.
const MUST_SHOW: [(&str, &[&str]); 2] =
    [("transferencia", &["banco", "cuenta", "titular"]), ("punto", &["red", "convenio", "referencia"])];

impl Wording {
    /// Every text by language and key, its words with a neutral one for each value.
    pub fn words(&self) -> impl Iterator<Item = (&str, &str, String)> {
        let word = |part: &Part| match part {
            Part::Literal(literal) => literal.clone(),
            Part::Slot { .. } => "x".to_owned(),
        };
        self.texts.iter().flat_map(move |(language, texts)| {
            texts.iter().map(move |(key, text)| {
                (language.as_str(), key.as_str(), text.parts.iter().map(word).collect::<String>())
            })
        })
    }

    /// Every text: (language, key, text).
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str, &Text)> {
        self.texts.iter().flat_map(|(language, texts)| {
            texts.iter().map(move |(key, text)| (language.as_str(), key.as_str(), text))
        })
    }

    /// What a way to pay must show and a text does not: (language, key, name).
    pub fn not_shown(&self) -> Vec<(&str, &str, &'static str)> {
        let mut found = Vec::new();
        for (language, key, text) in self.texts() {
            let Some((_, names)) = MUST_SHOW.iter().find(|(of, _)| *of == key) else { continue };
            let shows = |name: &str| {
                text.parts.iter().any(|part| {
                    matches!(part, Part::Slot { value: Expr::Path(path), .. } if path.as_slice() == [name])
                })
            };
            found.extend(names.iter().filter(|name| !shows(name)).map(|name| (language, key, *name)));
        }
        found
    }

    /// Texts that would not fit their place with usual values: (language, key, characters, most).
    pub fn too_long(&self) -> Vec<(&str, &str, usize, usize)> {
        let mut found = Vec::new();
        for (language, texts) in &self.texts {
            for (key, text) in texts {
                let Some(most) = place_of(key) else { continue };
                let length = text.parts.iter().map(usual_length).sum::<usize>();
                if length > most {
                    found.push((language.as_str(), key.as_str(), length, most));
                }
            }
        }
        found
    }
}

/// Most characters of a text of an offer, by where it is shown; the title of a debt is shortened to fit.
fn place_of(key: &str) -> Option<usize> {
    let (what, field) = key.split_once('.')?;
    match (what, field) {
        ("deuda" | "parte" | "documento" | "calendario" | "refinancia" | "cat", _) => None,
        ("despues", _) => Some(AFTERWARDS),
        (_, "titulo") => Some(ROW_TITLE_MAX),
        _ => Some(ROW_DESCRIPTION_MAX),
    }
}

/// Characters of a part with a usual value: amounts below a hundred million pesos, the longest day of the year.
fn usual_length(part: &Part) -> usize {
    match part {
        Part::Literal(literal) => literal.chars().count(),
        Part::Slot { format, .. } => match format {
            Format::Money => "$99.999.999".chars().count(),
            Format::Date => "miércoles 30 de septiembre".chars().count(),
            Format::LongDate => "30 de septiembre de 2026".chars().count(),
            Format::Percent => "2,1876 %".chars().count(),
            Format::Plural { one, other } => one.chars().count().max(other.chars().count()),
            Format::Plain | Format::Int => 2,
        },
    }
}

/// The next shorter form of a product's name that is too long by `excess` characters; `None` when none is left.
pub(super) fn shorter(product: &str, excess: usize) -> Option<String> {
    const SMALL: [&str; 12] = ["de", "del", "la", "las", "el", "los", "y", "para", "con", "da", "do", "of"];
    let words: Vec<&str> = product.split(' ').collect();
    let large: Vec<&str> = words.iter().copied().filter(|word| !SMALL.contains(word)).collect();
    if large.len() < words.len() && !large.is_empty() {
        return Some(large.join(" "));
    }
    if let [head @ .., _] = words.as_slice()
        && !head.is_empty()
    {
        return Some(head.join(" "));
    }
    let kept = product.chars().count().checked_sub(excess + 1).filter(|kept| *kept > 0)?;
    Some(product.chars().take(kept).chain(['…']).collect())
}
