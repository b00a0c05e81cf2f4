//! Whoever writes gives a name, and it is not the holder's: "le habla Beatriz Mora", "yo soy Beatriz, no Andrés".
//!
//! No list of names is needed: the words around a name tell that it is one, and the holder's own is known.

use crate::understand::normalise::fold;

/// Words right before the name of whoever writes.
const GIVES_NAME: &[&[&str]] = &[
    &["le", "habla"],
    &["les", "habla"],
    &["te", "habla"],
    &["le", "escribe"],
    &["les", "escribe"],
    &["te", "escribe"],
    &["mi", "nombre", "es"],
    &["me", "llamo"],
    &["meu", "nome", "e"],
    &["me", "chamo"],
    &["quem", "fala", "e"],
    &["my", "name", "is"],
];
/// Words that stand there and begin no name.
const NO_NAME: &[&str] = &[
    "a",
    "al",
    "alguien",
    "asi",
    "bien",
    "cliente",
    "como",
    "con",
    "correcto",
    "cual",
    "de",
    "del",
    "desde",
    "diferente",
    "e",
    "el",
    "en",
    "ese",
    "eu",
    "i",
    "incorrecto",
    "la",
    "las",
    "lo",
    "los",
    "mal",
    "me",
    "mi",
    "muy",
    "no",
    "not",
    "nuestra",
    "nuestro",
    "o",
    "otra",
    "otro",
    "para",
    "por",
    "porque",
    "que",
    "quien",
    "quiero",
    "se",
    "si",
    "su",
    "the",
    "titular",
    "tu",
    "un",
    "una",
    "usted",
    "y",
    "ya",
    "yo",
];
/// Forms of address before a name.
const TITLES: &[&str] = &["don", "dona", "doctor", "doctora", "senor", "senora", "senorita", "sr", "sra"];
/// Words that a name has at most.
const NAME_WORDS_MAX: usize = 3;

/// Whether whoever wrote the words says that they are somebody else than the holder, whose first name this is. Both are
/// normalised; `shown` are the words as they were written.
pub fn names_another(words: &str, shown: &str, holder: &str) -> bool {
    let words: Vec<&str> = words.split(' ').collect();
    let holder: Vec<&str> = holder.split(' ').filter(|name| !name.is_empty()).collect();
    if holder.is_empty() {
        return false;
    }
    let introduces = |at: usize| {
        let articled = |word: &&&str| TITLES.contains(*word) || matches!(**word, "el" | "la");
        let name = words.get(at..).unwrap_or_default().iter().skip_while(articled).take(NAME_WORDS_MAX);
        let name: Vec<&str> = name.copied().take_while(|word| !NO_NAME.contains(word)).collect();
        name.first().is_some_and(|first| first.len() > 2 && first.bytes().all(|b| b.is_ascii_alphabetic()))
            && !name.iter().any(|word| holder.contains(word))
    };
    let given = GIVES_NAME.iter().any(|before| {
        words.windows(before.len()).enumerate().any(|(at, window)| {
            let denied = at.checked_sub(1).and_then(|at| words.get(at)).is_some_and(|word| *word == "no");
            window == *before && !denied && introduces(at + before.len())
        })
    });
    given || denies_name(&words, &holder) || shows_name(shown, &holder)
}

/// "no soy Andrés", "yo soy Beatriz, no Andrés", "no me llamo Andrés".
fn denies_name(words: &[&str], holder: &[&str]) -> bool {
    let says = |word: Option<&&str>, known: &[&str]| word.is_some_and(|word| known.contains(word));
    let i_am = words.iter().any(|word| matches!(*word, "soy" | "sou" | "llamo" | "chamo" | "im" | "am"));
    let denied = words.iter().enumerate().any(|(at, word)| {
        let behind = words.get(at + 1..).unwrap_or_default();
        let behind = match behind {
            [first, rest @ ..] if matches!(*first, "soy" | "sou" | "im" | "a" | "o" | "la" | "el") => rest,
            [first, second, rest @ ..] if *first == "me" && matches!(*second, "llamo" | "chamo") => rest,
            behind => behind,
        };
        matches!(*word, "no" | "nao" | "not") && says(behind.first(), holder)
    });
    i_am && denied
}

/// "soy Beatriz", "habla Beatriz": with the capital that a name has and hardly another word.
fn shows_name(shown: &str, holder: &[&str]) -> bool {
    let words: Vec<&str> = shown.split_whitespace().collect();
    let gives = |word: &str| matches!(word.to_lowercase().as_str(), "soy" | "sou" | "habla" | "fala");
    let is_name = |word: &str| {
        let name = word.trim_matches(|c: char| !c.is_alphanumeric());
        let (mut letters, folded) = (name.chars(), fold(name));
        letters.next().is_some_and(char::is_uppercase)
            && name.chars().count() > 2
            && letters.all(char::is_lowercase)
            && !NO_NAME.contains(&folded.as_str())
            && !holder.contains(&folded.as_str())
    };
    words.windows(2).enumerate().any(|(at, pair)| {
        let denied = at.checked_sub(1).and_then(|at| words.get(at)).is_some_and(|word| fold(word) == "no");
        matches!(pair, [word, name] if !denied && gives(word) && is_name(name))
    })
}

#[cfg(test)]
mod tests {
    use super::names_another;
    use crate::understand::normalise::{Normaliser, fold};

    fn another(text: &str, holder: &str) -> bool {
        names_another(&Normaliser::default().words(&fold(text)), text, &fold(holder))
    }

    #[test]
    fn a_name_that_is_not_the_holders_is_another_person() {
        for text in [
            "hola, yo soy Beatriz, no Andrés",
            "le habla Beatriz Mora",
            "buenas, les escribe don Hernán",
            "no, yo no soy andres",
            "mi nombre es lucia",
            "soy Marta",
            "me llamo Rocío, no me llamo Andrés",
            "soy rosalba no soy andres",
            "my name is lucy",
            "meu nome é Paula",
        ] {
            assert!(another(text, "Andrés"), "{text}");
        }
    }

    #[test]
    fn the_holders_own_name_and_other_words_are_none() {
        for text in [
            "soy Andrés",
            "le habla andres mora",
            "me llamo Andrés",
            "le habla el señor Andrés",
            "soy pensionado",
            "soy de Medellín",
            "les escribe su cliente",
            "no le habla nadie",
            "mi nombre es ese",
            "no puedo pagar",
            "soy yo",
            "Soy Titular",
            "andres no soy rico",
            "",
        ] {
            assert!(!another(text, "Andrés"), "{text}");
        }
        assert!(!another("le habla Beatriz Mora", ""), "nobody knows the holder's name");
    }
}
