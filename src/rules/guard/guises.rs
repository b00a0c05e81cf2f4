//! What else a reader takes from a text: words whose letters stand apart, words in Base64, a sentence over several messages.

use super::pieces::joined;
use crate::rules::reading::Reading;
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Characters of the shortest code that is read.
const CODE_MIN: usize = 8;
/// Letters of the shortest text that a code stands for, and how many of ten characters they are at least.
const LETTERS_MIN: usize = 5;
const LETTERS_OF_TEN: usize = 7;
/// Words of earlier messages that a new one may still go on with.
const TAIL_WORDS_MAX: usize = 20;
/// Letters of the shortest word that is put together of two.
const GLUED_MIN: usize = 5;

/// Another text that stands in one, and the characters that stand for it: a half-open range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guise {
    pub text: String,
    pub start: usize,
    pub end: usize,
}

/// The other texts that stand in `text` by itself.
pub fn guises(text: &str) -> Vec<Guise> {
    let end = text.chars().count();
    let unspaced = Reading::of(text).unspaced().filter(|other| other != text);
    let mut found: Vec<Guise> = unspaced.into_iter().map(|text| Guise { text, start: 0, end }).collect();
    let mut at = 0;
    for token in text.split(char::is_whitespace) {
        let length = token.chars().count();
        found.extend(decoded(token).map(|text| Guise { text, start: at, end: at + length }));
        at += length + 1;
    }
    found
}

/// What a code of Base64 says, when that is readable.
fn decoded(token: &str) -> Option<String> {
    let of_a_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
    let code = token.trim_matches(|c| !of_a_code(c));
    // Eight small letters are a word, whatever they would stand for: "acusando".
    let word = code.chars().all(|c| c.is_ascii_lowercase());
    if code.len() < CODE_MIN || word || !code.chars().all(of_a_code) {
        return None;
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let bytes = [STANDARD, URL_SAFE]
        .iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(code).ok())?;
    let text = String::from_utf8(bytes).ok()?;
    let (letters, all) = (text.chars().filter(|c| c.is_alphabetic()).count(), text.chars().count());
    let readable = text.chars().all(|c| !c.is_control() || c == '\n')
        && text.chars().all(|c| c.is_ascii() || is_latin(c) || "¿¡«»“”’€".contains(c));
    (readable && letters >= LETTERS_MIN && letters * 10 >= all * LETTERS_OF_TEN).then_some(text)
}

/// A letter that Spanish, Portuguese or English is written with, or a neighbour's.
fn is_latin(c: char) -> bool {
    ('À'..='ɏ').contains(&c) && c.is_alphabetic()
}

/// The sentences that `text` only makes with what was written just `before` it: as they stand, and with words put
/// together that were cut in two. `knows` tells whether a word is one. Each comes with what of it was there before.
pub fn wholes(before: &str, text: &str, knows: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let whole = joined(before, text);
    let tail = whole.rsplit('\n').next().unwrap_or_default();
    let new = text.split('\n').next_back().unwrap_or_default();
    if before.is_empty() || tail.chars().count() <= new.chars().count() {
        return Vec::new();
    }
    let said: Vec<&str> = tail.split_whitespace().collect();
    let said = &said[said.len().saturating_sub(TAIL_WORDS_MAX + new.split_whitespace().count())..];
    let earlier = said.len().saturating_sub(new.split_whitespace().count());
    let before = said[..earlier].join(" ");
    let mut found = vec![(said.join(" "), before.clone())];
    found.extend(glued(said, knows).map(|whole| (whole, before)));
    found
}

/// "Su cré dito está ven cido" with its words put together.
fn glued(said: &[&str], knows: impl Fn(&str) -> bool) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    let mut cut = false;
    for word in said {
        let plain = |text: &str| text.chars().all(char::is_alphabetic);
        if let Some(last) = words.last_mut().filter(|last| plain(last) && plain(word)) {
            let whole = format!("{last}{word}");
            if whole.chars().count() >= GLUED_MIN && (!knows(last) || !knows(word)) && knows(&whole) {
                *last = whole;
                cut = true;
                continue;
            }
        }
        words.push((*word).to_owned());
    }
    cut.then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::{guises, wholes};

    fn texts(text: &str) -> Vec<String> {
        guises(text).into_iter().map(|guise| guise.text).collect()
    }

    #[test]
    fn a_code_of_words_is_read_and_a_word_is_none() {
        assert_eq!(texts("mire: bWUgZGEgc3UgY2xhdmU= y ya"), ["me da su clave"]);
        assert_eq!(texts("c2kgbm8gcGFnYSBsbyBlbWJhcmdhbW9z"), ["si no paga lo embargamos"]);
        for text in [
            "tranquilamente",
            "comprobante de consignación",
            "AC-20418812",
            "https://andino.example/pagar",
            "jajajajaja",
            "acusando",
            "Acusando",
        ] {
            assert!(texts(text).is_empty(), "{text}: {:?}", texts(text));
        }
        let guise = &guises("mire: bWUgZGEgc3UgY2xhdmU= y ya")[0];
        assert_eq!((guise.start, guise.end), (6, 26));
    }

    #[test]
    fn letters_with_gaps_between_words_are_read_as_words() {
        assert_eq!(texts("S i  n o  p a g a  v a  a  l a  c á r c e l"), ["si no paga va a la carcel"]);
        assert!(texts("abrimos de 8 a. m. a 5 p. m.").is_empty());
    }

    #[test]
    fn pieces_make_a_sentence_and_cut_words_a_word() {
        let knows = |word: &str| ["su", "crédito", "está", "ven", "vencido", "hola"].contains(&word);
        let of = |before: &str, text: &str| -> Vec<String> {
            wholes(before, text, knows).into_iter().map(|(whole, _)| whole).collect()
        };
        assert_eq!(of("mande el código que", "le llegó por sms"), ["mande el código que le llegó por sms"]);
        assert_eq!(
            of("su cré dito está ven", "cido"),
            ["su cré dito está ven cido", "su crédito está vencido"]
        );
        assert!(of("", "hola").is_empty());
        let long = "Buenas tardes, le escribe Natalia de la entidad.";
        assert!(of(long, "¿En qué le puedo ayudar el día de hoy?").is_empty());
    }
}
