//! How old whoever writes says they are: "tengo 65 años". Years that something lasts are no age: "tengo 15 años pagando".

use super::number;

/// Words before one's own age.
const BEFORE: &[&[&str]] = &[
    &["tengo"],
    &["cumpli"],
    &["cumplo"],
    &["tenho"],
    &["fiz"],
    &["i", "am"],
    &["i", "m"],
    &["im"],
    &["soy", "de"],
];
/// Words between them and the number.
const BETWEEN: &[&str] =
    &["ya", "apenas", "solo", "como", "casi", "mas", "de", "mis", "only", "almost", "quase", "unos"];
const YEARS: &[&str] = &["anos", "anitos", "ano", "years", "year"];
/// Words behind "años" that say what lasts so long.
const LASTING: &[&str] = &[
    "con",
    "en",
    "sin",
    "que",
    "casado",
    "casada",
    "casados",
    "separado",
    "separada",
    "pensionado",
    "pensionada",
    "jubilado",
    "jubilada",
];
/// Doings of children, who tell them beside their age.
const OF_CHILDREN: &[&str] = &["estudiando", "jugando"];
/// Nobody who writes is older.
const AGE_MAX: i128 = 110;
/// Words of a message that is an age and nothing more: "tengo 58", "58 años".
const BARE_WORDS_MAX: usize = 3;

/// From how many years on nobody is a child.
pub const ADULT_YEARS: u16 = 18;

pub const fn is_adult(age: u16) -> bool {
    age >= ADULT_YEARS
}

/// The age in years; `words` are normalised.
pub fn read(words: &str) -> Option<u16> {
    let words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    let behind = BEFORE.iter().find_map(|before| {
        let at = words.windows(before.len()).position(|window| window == *before)?;
        words.get(at + before.len()..)
    });
    let bare = words.len() <= BARE_WORDS_MAX;
    let mut rest = behind.or_else(|| bare.then_some(words.as_slice()))?;
    while let [first, after @ ..] = rest
        && BETWEEN.contains(first)
    {
        rest = after;
    }
    let (age, after) = number(rest)?;
    let after = match after {
        [years, after @ ..] if YEARS.contains(years) => after,
        [] if bare && behind.is_some() => after,
        _ => return None,
    };
    (!lasts(after)).then_some(age)
}

/// Whether every age in the words is that of an adult, and there is one: "mi mamá tiene 85 años".
pub fn only_of_adults(words: &str) -> bool {
    let words: Vec<&str> = words.split(' ').filter(|word| !word.is_empty()).collect();
    let named = (0..words.len()).filter_map(|at| {
        let (age, after) = number(words.get(at..)?)?;
        after.first().filter(|years| YEARS.contains(years)).map(|_| (at, age))
    });
    // "sesenta y cinco años" is not five as well.
    let part = |at: usize| {
        let begin = words.get(at.saturating_sub(2)..at).unwrap_or_default();
        begin.first().is_some_and(|tens| matches!(number(&[*tens]), Some((tens, _)) if tens >= 20))
    };
    let mut ages = named.filter(|(at, _)| !part(*at)).map(|(_, age)| age).peekable();
    ages.peek().is_some() && ages.all(is_adult)
}

/// A number at the beginning, of one word or as "sesenta y cinco", and what follows it.
fn number<'w, 'r>(words: &'r [&'w str]) -> Option<(u16, &'r [&'w str])> {
    let value = |word: &str| match word.parse() {
        Ok(value) => Some(value),
        Err(_) => number::word_value(word),
    };
    let (first, rest) = words.split_first()?;
    let tens = value(first)?;
    let units = |word: &str| value(word).filter(|units| tens % 10 == 0 && (1..10).contains(units));
    let (age, rest) = match rest {
        ["y" | "e", next, rest @ ..] if units(next).is_some() => (tens + units(next)?, rest),
        [next, rest @ ..] if tens >= 20 && units(next).is_some() => (tens + units(next)?, rest),
        rest => (tens, rest),
    };
    let age = u16::try_from(age).ok().filter(|age| (1..=AGE_MAX).contains(&i128::from(*age)))?;
    Some((age, rest))
}

/// Whether the years are those of something that lasts.
fn lasts(after: &[&str]) -> bool {
    match after {
        ["de", "edad" | "idade" | "age", ..] => false,
        ["de" | "of", ..] => true,
        [word, ..] => LASTING.contains(word) || word.ends_with("ndo") && !OF_CHILDREN.contains(word),
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{only_of_adults, read};
    use crate::understand::normalise::{Normaliser, fold};

    fn age(text: &str) -> Option<u16> {
        read(&Normaliser::default().words(&fold(text)))
    }

    #[test]
    fn an_age_is_read_in_figures_and_words() {
        for (text, years) in [
            ("tengo 65 años y soy pensionada", 65),
            ("tengo 80 años y no sé de esto", 80),
            ("ya tengo setenta y dos años", 72),
            ("hola, tengo 15 años", 15),
            ("tengo 15 años de edad", 15),
            ("cumplí 50 años ayer", 50),
            ("tenho sessenta anos", 60),
            ("i am 58 years old", 58),
            ("tengo 58", 58),
            ("58 años", 58),
            ("tengo 12 años estudiando en el colegio", 12),
        ] {
            assert_eq!(age(text), Some(years), "{text}");
        }
    }

    #[test]
    fn ages_of_others_tell_that_no_child_is_meant() {
        for text in
            ["mi mamá tiene 85 años y está enferma", "él tiene sesenta y cinco años", "soy de 40 años"]
        {
            assert!(only_of_adults(&Normaliser::default().words(&fold(text))), "{text}");
        }
        for text in ["tengo 40 años y mi hijo 9 años", "tengo 12 años", "tengo 2 hijos", ""] {
            assert!(!only_of_adults(&Normaliser::default().words(&fold(text))), "{text}");
        }
    }

    #[test]
    fn years_that_something_lasts_are_no_age() {
        for text in [
            "tengo 15 años pagando cumplido",
            "tengo 8 años con el banco",
            "tengo 20 años de casada",
            "llevo 12 años pagando",
            "mi hijo tiene 8 años",
            "tengo 2 hijos",
            "tengo 58 mil",
            "tengo 3 meses de arriendo",
            "",
        ] {
            assert_eq!(age(text), None, "{text}");
        }
    }
}
