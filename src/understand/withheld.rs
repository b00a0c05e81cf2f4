//! What is kept of a message that answers an identity question: the words around the answer, never the answer.

use super::identity::Factor;
use super::normalise::fold;
use super::{Understanding, date, number};

/// In place of what proves who somebody is.
pub const HIDDEN: &str = "••••";

/// Words that a document number may be written in: "1 020 304 821".
const DOCUMENT_WORDS_MAX: usize = 6;
/// Letters that stand apart, as in "r r 0 1".
const APART_CHARS_MAX: usize = 3;

/// The text without any word that may be part of a document number or a birthday; `None` when it has none. `letters`:
/// the answer holds letters, so that letters that stand apart may be part of it.
pub fn without_answer(text: &str, letters: bool) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let hidden: Vec<bool> = words.iter().map(|word| may_answer(word, letters)).collect();
    hide(&words, &hidden)
}

/// The text without these document numbers, whole or their last four characters; `None` when it has none.
pub fn without_documents<'d>(text: &str, documents: impl IntoIterator<Item = &'d str>) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let written: Vec<String> = words.iter().map(|word| characters(word)).collect();
    let mut hidden = vec![false; words.len()];
    for document in documents {
        let document = characters(document);
        let last_four = document.len().checked_sub(4).and_then(|from| document.get(from..));
        for from in 0..written.len() {
            let mut joined = String::new();
            for to in from..written.len().min(from + DOCUMENT_WORDS_MAX) {
                joined.push_str(&written[to]);
                if !joined.is_empty() && (joined == document || Some(joined.as_str()) == last_four) {
                    hidden[from..=to].fill(true);
                }
            }
        }
    }
    hide(&words, &hidden)
}

/// The text without any word that has a number in it, for a note that outlives the message.
pub fn without_numbers(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let has_number = |word: &&str| *word == HIDDEN || fold(word).contains(char::is_numeric);
    let hidden: Vec<bool> = words.iter().map(has_number).collect();
    hide(&words, &hidden)
}

impl Understanding {
    /// Which identity question it answers, or begins to answer.
    pub fn factor(&self) -> Option<Factor> {
        if self.withheld.is_some() {
            return self.withheld;
        }
        if self.digits.is_some() {
            return Some(Factor::Document);
        }
        if self.day_month.is_some() {
            return Some(Factor::BirthDate);
        }
        self.fragment.as_ref()?.factor()
    }

    /// The meaning without any value that the words gave.
    #[must_use]
    pub fn withheld(&self) -> Self {
        Self {
            withheld: self.factor(),
            option: self.option.clone(),
            consent: self.consent.clone(),
            acknowledges: self.acknowledges,
            intent: self.intent,
            doubt: self.doubt,
            other_writes: self.other_writes,
            language: self.language,
            yes_no: self.yes_no,
            ..Self::default()
        }
    }
}

fn may_answer(word: &str, letters: bool) -> bool {
    let folded = fold(word);
    let is_part = |piece: &str| {
        let apart = letters && piece.len() <= APART_CHARS_MAX && !piece.contains(['a', 'e', 'i', 'o', 'u']);
        number::word_value(piece).is_some() || date::month(piece).is_some() || apart
    };
    folded.contains(char::is_numeric)
        || folded.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty()).any(is_part)
}

fn characters(word: &str) -> String {
    fold(word).chars().filter(char::is_ascii_alphanumeric).collect()
}

/// Hidden words beside each other are one mark, so that it does not tell how many there were.
fn hide(words: &[&str], hidden: &[bool]) -> Option<String> {
    if !hidden.contains(&true) {
        return None;
    }
    let mut kept: Vec<&str> = Vec::with_capacity(words.len());
    for (word, hidden) in words.iter().zip(hidden) {
        if !hidden {
            kept.push(word);
        } else if kept.last() != Some(&HIDDEN) {
            kept.push(HIDDEN);
        }
    }
    Some(kept.join(" "))
}

#[cfg(test)]
mod tests {
    use super::{without_answer, without_documents, without_numbers};

    #[test]
    fn an_answer_goes_and_the_words_around_it_stay() {
        for (text, letters, kept) in [
            ("4821", false, "••••"),
            ("1.020.304.821", false, "••••"),
            ("1 020 304 821", false, "••••"),
            ("cuatro ocho veintiuno", false, "••••"),
            ("mi vecina sabe que termina en 0303", false, "mi vecina sabe que termina en ••••"),
            ("el 18 de septiembre, señor", false, "el •••• de •••• señor"),
            ("18/09", false, "••••"),
            ("12.345.678-K", true, "••••"),
            ("r r 0 1", true, "••••"),
            ("678 k", true, "••••"),
            ("８０ y 2️⃣1️⃣", false, "•••• y ••••"),
        ] {
            assert_eq!(without_answer(text, letters).as_deref(), Some(kept), "{text}");
        }
        for text in ["", "quiero hablar con un asesor", "¿por qué mi cédula?", "mi cedula es"] {
            assert_eq!(without_answer(text, false), None, "{text}");
        }
    }

    #[test]
    fn a_document_goes_wherever_it_is_said() {
        let documents = ["1.020.304.821", "GATM900101MNLRRR01"];
        for (text, kept) in [
            ("hola, soy Ana, cc 1020304821", "hola, soy Ana, cc ••••"),
            ("cc 1 020 304 821 de Bogotá", "cc •••• de Bogotá"),
            ("mi documento termina en 4821.", "mi documento termina en ••••"),
            ("curp gatm900101mnlrrr01", "curp ••••"),
            ("es rr01", "es ••••"),
        ] {
            assert_eq!(without_documents(text, documents).as_deref(), Some(kept), "{text}");
        }
        for text in ["pago 48.210", "le debo 1020304", "", "mi número es 3001234567"] {
            assert_eq!(without_documents(text, documents), None, "{text}");
        }
        assert_eq!(without_documents("hola", ["", "12"]), None);
    }

    #[test]
    fn a_note_has_no_number_and_stays_the_same_when_read_again() {
        let kept = without_numbers("mi cedula 1 020 304 821 no aguanto mas").unwrap();
        assert_eq!(kept, "mi cedula •••• no aguanto mas");
        assert_eq!(without_numbers(&kept), Some(kept));
        assert_eq!(without_numbers("no aguanto mas"), None);
    }
}
