//! Which of the offered options a text names.

use super::normalise::{Normaliser, fold};
use serde::{Deserialize, Serialize};

/// An option of the open step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionHint {
    pub id: String,
    pub title: String,
    pub synonyms: Vec<String>,
    /// It accepts terms: only [`super::consent`] may name it, never likeness.
    pub binds: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionMatch {
    pub id: String,
    pub how: OptionHow,
}

/// How an option was recognised, from the surest to the least sure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionHow {
    #[default]
    Exact,
    /// "la 2", "segunda".
    Ordinal,
    Synonym,
    /// The text holds the words of this option only.
    Contained,
    Prefix,
    /// One or more slips of the finger.
    Typo,
}

/// Words of a text in which an option may be contained; longer texts say something of their own.
const CONTAINED_WORDS_MAX: usize = 8;
/// The word for nothing, in Spanish and Portuguese, and the words of a text in which it is still the answer.
const NOTHING: &str = "nada";
const NOTHING_WORDS_MAX: usize = 3;
/// Letters of a prefix at least.
const PREFIX_MIN: usize = 3;
/// What options count.
const COUNTED: [&str; 20] = [
    "cuota",
    "cuotas",
    "mes",
    "meses",
    "pago",
    "pagos",
    "quincena",
    "quincenas",
    "semana",
    "semanas",
    "dia",
    "dias",
    "parcela",
    "parcelas",
    "vezes",
    "instalment",
    "instalments",
    "month",
    "months",
    "payments",
];

/// The option that `words` names, or none when two fit equally well. Numbers count as ordinals only when `ordinals`,
/// and never beside an option that binds, which is not looked at here.
pub fn choose(
    words: &str,
    options: &[OptionHint],
    normaliser: &Normaliser,
    ordinals: bool,
) -> Option<OptionMatch> {
    if words.is_empty() || options.is_empty() {
        return None;
    }
    let ordinals = ordinals && options.iter().all(|option| !option.binds);
    let options: Vec<&OptionHint> = options.iter().filter(|option| !option.binds).collect();
    let names: Vec<Names> = options.iter().map(|option| Names::of(option, normaliser)).collect();
    // "seis" alone counts too, as the beginning of "6 cuotas".
    let alone = super::number::word_value(words).map(|value| value.to_string());
    let (said, words) = (words, &alone.unwrap_or_else(|| counted_in_digits(words)));
    let is = |name: &str| !name.is_empty() && (name == said || name == words);
    let found =
        |at: usize, how: OptionHow| options.get(at).map(|option| OptionMatch { id: option.id.clone(), how });
    if let Some(at) = only(&names, |names| is(&names.title) || is(&names.id)) {
        return found(at, OptionHow::Exact);
    }
    if let Some(at) = only(&names, |names| names.synonyms.iter().any(|synonym| is(synonym))) {
        return found(at, OptionHow::Synonym);
    }
    // "12" of "6 cuotas" and "12 cuotas", before the twelfth option.
    let counted = |names: &Names| names.all().any(|name| name.split(' ').next() == Some(words.as_str()));
    if let Some(at) = only(&names, counted).filter(|_| words.bytes().all(|byte| byte.is_ascii_digit())) {
        return found(at, OptionHow::Prefix);
    }
    if let Some(at) = ordinal(said, options.len()).filter(|_| ordinals) {
        return found(at, OptionHow::Ordinal);
    }
    let n_words = words.split(' ').count();
    // "nada" alone is an answer; "solo por correo, nada de whatsapp" says something of its own.
    let says_more = |name: &str| name == NOTHING && n_words > NOTHING_WORDS_MAX;
    let contained = |names: &Names| names.all().any(|name| !says_more(name) && contains(words, name));
    let short = n_words <= CONTAINED_WORDS_MAX;
    if let Some(at) = only(&names, contained).filter(|_| short) {
        return found(at, OptionHow::Contained);
    }
    let begun = |names: &Names| names.all().any(|name| name.starts_with(words));
    if let Some(at) = only(&names, begun).filter(|_| words.len() >= PREFIX_MIN) {
        return found(at, OptionHow::Prefix);
    }
    nearest(words, &names).and_then(|at| found(at, OptionHow::Typo))
}

/// "dos cuotas" and "2 cuotas" are the same option: number words before what they count become digits.
fn counted_in_digits(words: &str) -> String {
    let list: Vec<&str> = words.split(' ').collect();
    let digits = |(at, word): (usize, &&str)| {
        let counts = list.get(at + 1).is_some_and(|next| COUNTED.contains(next));
        let value = match *word {
            "una" | "un" | "uma" | "um" | "one" => Some(1),
            word => super::number::word_value(word),
        };
        value.filter(|_| counts).map_or_else(|| (*word).to_owned(), |value| value.to_string())
    };
    list.iter().enumerate().map(digits).collect::<Vec<String>>().join(" ")
}

struct Names {
    id: String,
    title: String,
    synonyms: Vec<String>,
}

impl Names {
    fn of(option: &OptionHint, normaliser: &Normaliser) -> Self {
        let words = |text: &str| counted_in_digits(&normaliser.words(&fold(text)));
        Self {
            id: normaliser.words(&fold(&option.id)),
            title: words(&option.title),
            synonyms: option.synonyms.iter().map(|synonym| words(synonym)).collect(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        let names = [self.title.as_str()].into_iter().chain(self.synonyms.iter().map(String::as_str));
        names.filter(|name| !name.is_empty())
    }
}

/// The one that passes; none when several do.
fn only(names: &[Names], passes: impl Fn(&Names) -> bool) -> Option<usize> {
    let mut passing = names.iter().enumerate().filter(|(_, names)| passes(names)).map(|(at, _)| at);
    passing.next().filter(|_| passing.next().is_none())
}

/// Whole words in a row, not right after a negation, nor right before one or an exception.
fn contains(words: &str, name: &str) -> bool {
    if name.len() < PREFIX_MIN {
        return false;
    }
    words.match_indices(name).any(|(at, _)| {
        let (before, after) =
            (words.get(..at).unwrap_or_default(), words.get(at + name.len()..).unwrap_or_default());
        let whole =
            (before.is_empty() || before.ends_with(' ')) && (after.is_empty() || after.starts_with(' '));
        let negated = before.split_whitespace().rev().take(2).any(|word| {
            matches!(word, "no" | "nao" | "not" | "dont" | "sin" | "sem" | "ni" | "nunca" | "tampoco")
        });
        // "todo no", "todo menos los intereses": what follows takes it back.
        let taken_back = after.split_whitespace().take(2).any(|word| {
            matches!(
                word,
                "no" | "nao" | "not" | "menos" | "excepto" | "salvo" | "exceto" | "except" | "but" | "pero"
            )
        }) && !after.trim_start().starts_with("no mas");
        whole && !negated && !taken_back
    })
}

/// "2", "la 2", "opcion 2", "la segunda", "numero dos", "la ultima"; counted from 0.
fn ordinal(words: &str, n_options: usize) -> Option<usize> {
    const LEADS: [&str; 18] = [
        "la", "el", "opcion", "opcao", "option", "numero", "the", "a", "o", "lo", "quiero", "escojo",
        "elijo", "de", "por", "favor", "one", "prefiero",
    ];
    let mut named = words.split(' ').filter(|word| !LEADS.contains(word));
    let word = named.next()?;
    if named.next().is_some() {
        return None;
    }
    let n = match word {
        "primera" | "primero" | "primeira" | "primeiro" | "first" | "uno" | "una" | "um" | "1ra" | "1o"
        | "1a" => 1,
        "segunda" | "segundo" | "second" | "dos" | "dois" | "two" | "2da" | "2o" | "2a" => 2,
        "tercera" | "tercero" | "terceira" | "terceiro" | "third" | "tres" | "three" | "3ra" | "3o"
        | "3a" => 3,
        "cuarta" | "cuarto" | "quarta" | "quarto" | "fourth" | "cuatro" | "quatro" | "four" | "4ta" => 4,
        "quinta" | "quinto" | "fifth" | "cinco" | "five" => 5,
        "sexta" | "sexto" | "sixth" | "seis" | "six" => 6,
        "septima" | "setima" | "seventh" | "siete" | "sete" | "seven" => 7,
        "octava" | "oitava" | "eighth" | "ocho" | "oito" | "eight" => 8,
        "novena" | "nona" | "ninth" | "nueve" | "nove" | "nine" => 9,
        "decima" | "tenth" | "diez" | "dez" | "ten" => 10,
        "ultima" | "ultimo" | "last" => n_options,
        digits => digits.parse().ok()?,
    };
    (1..=n_options).contains(&n).then(|| n - 1)
}

/// The option within reach of a few slips, when no other is as near.
fn nearest(words: &str, names: &[Names]) -> Option<usize> {
    let mut ranked: Vec<(usize, usize)> = names
        .iter()
        .enumerate()
        .filter_map(|(at, names)| {
            let distance = |name: &str| {
                let allowed = slips(name.chars().count().min(words.chars().count()));
                // The lengths bound the distance from below, and spare the quadratic work on long texts.
                let apart = name.len().abs_diff(words.len());
                (allowed > 0 && apart <= allowed * 2)
                    .then(|| strsim::osa_distance(name, words))
                    // "2 cuotas" is no slip for "3 cuotas".
                    .filter(|_| digits(name).eq(digits(words)))
                    .filter(|distance| *distance <= allowed)
            };
            names.all().filter_map(distance).min().map(|distance| (distance, at))
        })
        .collect();
    ranked.sort_unstable();
    match ranked.as_slice() {
        [(nearest, _), (second, _), ..] if nearest == second => None,
        [(_, at), ..] => Some(*at),
        [] => None,
    }
}

/// The digits of a text, in order.
fn digits(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(char::is_ascii_digit)
}

/// Slips forgiven in a text of so many letters.
const fn slips(n_letters: usize) -> usize {
    match n_letters {
        0..=3 => 0,
        4..=7 => 1,
        8..=13 => 2,
        _ => 3,
    }
}
