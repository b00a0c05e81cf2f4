//! Whoever writes gives a name, and it is not the holder's: "le habla Beatriz Mora", "yo soy Beatriz, no Andrés".
//!
//! The words around a name tell that it is one, and the holder's own is known. Where they tell less ("aquí Julián",
//! "con pedro"), it must be one of the names that people commonly have (`given_names.txt`), or be written as one.

use crate::understand::normalise::fold;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Common first names in Spanish, Portuguese and English that are hardly another word or a city.
static GIVEN_NAMES: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("given_names.txt").split_whitespace().collect());

/// Words right before what is a name when it is written with a capital or is a common one.
const MAY_GIVE_NAME: &[&[&str]] = &[&["soy"], &["sou"], &["habla"], &["fala"], &["escribe"], &["escreve"]];
/// Words right before what is a name only when it is a common one.
const GIVES_COMMON_NAME: &[&[&str]] = &[
    &["saluda"],
    &["contesta"],
    &["responde"],
    &["atiende"],
    &["quien", "escribe", "es"],
    &["quien", "habla", "es"],
    &["quien", "contesta", "es"],
    &["this", "is"],
    &["its"],
    &["im"],
    &["i", "am"],
    &["aqui", "e"],
    &["aqui", "es"],
    &["aca", "es"],
];
/// What a message that is hardly more than a name begins with.
const BEGINS_WITH_NAME: &[&[&str]] = &[
    &["aqui"],
    &["aca"],
    &["con"],
    &["habla", "con"],
    &["hablas", "con"],
    &["hablan", "con"],
    &["esta", "hablando", "con"],
    &["estas", "hablando", "con"],
    &["aqui", "con"],
    &["de", "parte", "de"],
    &["speaking", "with"],
    &["esta", "falando", "com"],
    &["aqui", "fala"],
];
/// What stands behind a name that somebody gives.
const BEHIND_NAME: &[&[&str]] = &[
    &["al", "habla"],
    &["al", "telefono"],
    &["al", "aparato"],
    &["le", "habla"],
    &["les", "habla"],
    &["te", "habla"],
    &["le", "escribe"],
    &["les", "escribe"],
    &["te", "escribe"],
    &["le", "saluda"],
    &["speaking"],
    &["falando"],
];
/// The same where the name must be a common one.
const BEHIND_COMMON_NAME: &[&[&str]] =
    &[&["aqui"], &["aca"], &["por", "aqui"], &["por", "aca"], &["here"], &["escribiendo"], &["al", "cel"]];
/// What may stand before such a message and says nothing.
const BEFORE_IT: &[&str] = &[
    "ah", "ahora", "alo", "bom", "boa", "bueno", "buen", "buena", "buenas", "buenos", "dia", "dias",
    "disculpe", "hello", "hi", "hola", "mire", "noches", "noite", "oi", "ola", "perdon", "pero", "si",
    "tarde", "tardes", "vea", "y", "ya",
];
/// Words of a message that is hardly more than a name.
const HARDLY_MORE: usize = 3;

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
    given || denies_name(&words, &holder) || Names::of(shown, &holder).are_given(&words)
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

/// What may be a name in a message, other than the holder's.
struct Names<'a> {
    holder: &'a [&'a str],
    /// Folded words that are written as a name is.
    shown: Vec<String>,
}

impl<'a> Names<'a> {
    fn of(shown: &str, holder: &'a [&'a str]) -> Self {
        let is_written_so = |name: &&str| {
            let mut letters = name.chars();
            letters.next().is_some_and(char::is_uppercase)
                && name.chars().count() > 2
                && letters.all(char::is_lowercase)
        };
        let words = shown.split(|c: char| !c.is_alphanumeric()).filter(is_written_so);
        Self { holder, shown: words.map(fold).collect() }
    }

    /// "soy Beatriz", "ahora escribe Pedro", "aquí julián", "con Pedro", "Pedro al habla".
    fn are_given(&self, words: &[&str]) -> bool {
        let bare: Vec<&str> = words.iter().copied().skip_while(|word| BEFORE_IT.contains(word)).collect();
        let common = |word: &str| GIVEN_NAMES.contains(word);
        let written = |word: &str| common(word) || self.shown.iter().any(|shown| shown == word);
        let behind = |frames: &[&[&str]], names: &dyn Fn(&str) -> bool| {
            frames.iter().any(|frame| {
                words.windows(frame.len()).enumerate().any(|(at, window)| {
                    let denied = at
                        .checked_sub(1)
                        .and_then(|at| words.get(at))
                        .is_some_and(|word| matches!(*word, "no" | "nao" | "not"));
                    window == *frame && !denied && self.is_name(words, at + frame.len(), names)
                })
            })
        };
        let begins = BEGINS_WITH_NAME.iter().any(|frame| {
            bare.len() <= frame.len() + HARDLY_MORE
                && bare.starts_with(frame)
                && self.is_name(&bare, frame.len(), &common)
        });
        let ends = |frames: &[&[&str]], names: &dyn Fn(&str) -> bool| {
            frames.iter().any(|frame| {
                let name = words.len().saturating_sub(frame.len());
                let first = name.saturating_sub(NAME_WORDS_MAX);
                let before = words.get(first..name).unwrap_or_default();
                words.ends_with(frame)
                    && before.last().is_some_and(|last| names(last) && !NO_NAME.contains(last))
                    && !before.iter().any(|word| self.holder.contains(word))
            })
        };
        behind(MAY_GIVE_NAME, &written)
            || behind(GIVES_COMMON_NAME, &common)
            || begins
            || ends(BEHIND_NAME, &written)
            || ends(BEHIND_COMMON_NAME, &common)
    }

    fn is_name(&self, words: &[&str], at: usize, names: &dyn Fn(&str) -> bool) -> bool {
        let articled = |word: &&&str| TITLES.contains(*word) || matches!(**word, "el" | "la" | "o" | "a");
        let rest = words.get(at..).unwrap_or_default().iter().skip_while(articled).take(NAME_WORDS_MAX);
        let name: Vec<&str> = rest.copied().take_while(|word| !NO_NAME.contains(word)).collect();
        name.first().is_some_and(|first| names(first)) && !name.iter().any(|word| self.holder.contains(word))
    }
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
            "soy Iván",
            "soy ian",
            "soy julián gómez",
            "ahora escribe Pedro",
            "aquí Julián",
            "hola, acá martín",
            "con Pedro",
            "habla con pedro gómez",
            "Pedro al habla",
            "buenas, Esteban Ruiz al habla",
            "adrián por aquí",
            "sí, ahora soy Carlos",
            "te saluda Juan",
            "contesta marta",
            "quien escribe es julio",
            "this is Peter",
            "aqui é a Paula",
            "João falando",
            "SOY PEDRO",
            "soy beatriz",
            "hola soy beatriz mora",
            "buenas habla don carlos",
            "soy la señora gloria",
            "sou a paula",
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
            "soy andres",
            "soy don andres mora",
            "no soy beatriz",
            "soy independiente",
            "soy rica no soy",
            "soy cliente de hace 20 años y siempre pague a beatriz",
            "andres no soy rico",
            "aquí Andrés",
            "con andres",
            "Andrés al habla",
            "Aquí estoy",
            "aquí sigo",
            "Con Nequi",
            "con tarjeta",
            "con la plata que tengo",
            "soy de Santiago",
            "aquí en Medellín",
            "hable con Pedro el lunes",
            "quiero hablar con Pedro",
            "no soy Pedro",
            "ya hablé con Marta y me dijo que sí",
            "no puedo por aquí",
            "pago con Bancolombia",
            "im fine",
            "",
        ] {
            assert!(!another(text, "Andrés"), "{text}");
        }
        assert!(!another("le habla Beatriz Mora", ""), "nobody knows the holder's name");
    }
}
