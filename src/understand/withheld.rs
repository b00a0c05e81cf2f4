//! What is kept of a message that answers an identity question: the words around the answer, never the answer.

use super::identity::Factor;
use super::normalise::fold;
use super::{Expectation, Understanding, birthday, date, number, shape};
use crate::domain::time::Day;

/// In place of what proves who somebody is.
pub const HIDDEN: &str = "••••";

/// Words that a document number may be written in: "1 020 304 821".
const DOCUMENT_WORDS_MAX: usize = 6;
/// Words that it may be dictated in, digit by digit.
const SPELLED_WORDS_MAX: usize = 14;
/// Nobody younger has a debt: no year of the last ones is one of a birthday.
const ADULTS_SINCE: i16 = 16;
/// Letters that stand apart, as in "r r 0 1".
const APART_CHARS_MAX: usize = 3;

/// The text without any word that may be part of a document number or a birthday; `None` when it has none. `letters`:
/// the answer holds letters, so that letters that stand apart may be part of it.
pub fn without_answer(text: &str, letters: bool) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let hidden: Vec<bool> = words.iter().map(|word| may_answer(word, letters)).collect();
    hide(&words, &hidden)
}

/// What is known of somebody that proves who they are.
#[derive(Debug, Clone, Copy)]
pub struct Known<'k> {
    pub document: &'k str,
    pub birth_date: Option<Day>,
}

/// What was asked when a text came.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asked {
    /// For a number or a day: four digits are that, and no end of a document.
    pub value: bool,
    /// Who writes.
    pub identity: bool,
}

impl Asked {
    /// By a step that waits for `expects`, or for one of its options and `typed`.
    pub fn by(expects: Expectation, typed: Expectation) -> Self {
        let value = |expected| {
            matches!(
                expected,
                Expectation::Amount | Expectation::Date | Expectation::PastDate | Expectation::Integer
            )
        };
        Self {
            value: value(expects) || value(typed),
            identity: matches!(expects, Expectation::DocumentLast4 | Expectation::BirthDayMonth),
        }
    }
}

/// The text without what proves who these are: document numbers and birthdays; `None` when it has none.
pub fn without_identity<'k>(
    text: &str,
    known: impl IntoIterator<Item = Known<'k>>,
    asked: Asked,
) -> Option<String> {
    if !may_tell(text) {
        return None;
    }
    let mut said = Said::of(text);
    for Known { document, birth_date } in known {
        said.mark_document(document, !asked.value);
        let places = birth_date.map(|birth| birthday::places(&said.words, birth, asked.identity));
        for place in places.into_iter().flatten() {
            said.hidden[place] = true;
        }
    }
    hide(&said.words, &said.hidden)
}

/// The text without what has the shape of a proof of identity, whoever it is of, and without the answer that it gives to
/// an identity question; `None` when it has none. It is understood so: what is known of a person has no part in it, so
/// that a right guess gets the answer of a wrong one.
pub fn without_shapes(text: &str, meant: &Understanding, asked: Asked, today: Day) -> Option<String> {
    if !may_tell(text) {
        return None;
    }
    let mut said = Said::of(text);
    shape::mark(&said.words, &said.spelled, &mut said.hidden, asked.value);
    for place in birthday::shapes(&said.words, today.year() - ADULTS_SINCE, asked.identity) {
        said.hidden[place] = true;
    }
    if asked.identity {
        if let Some(digits) = meant.digits.as_ref() {
            said.mark_document(digits.expose(), true);
            said.mark_ending(digits.expose());
        }
        let birthday =
            meant.day_month.and_then(|(day, month)| Day::parse(&format!("2000-{month:02}-{day:02}")));
        for place in birthday.into_iter().flat_map(|birth| birthday::places(&said.words, birth, true)) {
            said.hidden[place] = true;
        }
    }
    hide(&said.words, &said.hidden)
}

/// Whether it holds a number, or two words of numbers or months: most messages do not.
fn may_tell(text: &str) -> bool {
    let folded = fold(text);
    let counts = |piece: &&str| number::word_value(piece).is_some() || date::month(piece).is_some();
    folded.contains(char::is_numeric)
        || folded.split(|c: char| !c.is_alphanumeric()).filter(counts).nth(1).is_some()
}

/// The words of a text, in the forms in which a document may be in them.
struct Said<'t> {
    words: Vec<&'t str>,
    written: Vec<String>,
    spelled: Vec<Option<String>>,
    hidden: Vec<bool>,
}

impl<'t> Said<'t> {
    fn of(text: &'t str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let written = words.iter().map(|word| characters(word)).collect();
        let spelled = words.iter().map(|word| digits_in_words(word)).collect();
        let hidden = vec![false; words.len()];
        Self { words, written, spelled, hidden }
    }

    fn mark_document(&mut self, document: &str, by_last_four: bool) {
        let document = characters(document);
        let last_four = document.len().checked_sub(4).and_then(|from| document.get(from..));
        let last_four = last_four.filter(|_| by_last_four);
        let is_told = |said: &str| !said.is_empty() && (said == document || Some(said) == last_four);
        for from in 0..self.words.len() {
            let mut joined = String::new();
            for (to, written) in self.written.iter().enumerate().skip(from).take(DOCUMENT_WORDS_MAX) {
                joined.push_str(written);
                if is_told(&joined) {
                    self.hidden[from..=to].fill(true);
                }
            }
            let mut joined = String::new();
            for (to, digits) in self.spelled.iter().enumerate().skip(from).take(SPELLED_WORDS_MAX) {
                let Some(digits) = digits else { break };
                joined.push_str(digits);
                if is_told(&joined) {
                    self.hidden[from..=to].fill(true);
                }
            }
        }
    }
}

impl Said<'_> {
    /// Numbers that end in what was answered: "1.020.304.821" for "4821".
    fn mark_ending(&mut self, last_four: &str) {
        let last_four = characters(last_four);
        for (hidden, written) in self.hidden.iter_mut().zip(&self.written) {
            *hidden |= !last_four.is_empty() && written.ends_with(&last_four);
        }
    }
}

/// The digits that a word of dictated ones stands for: "cero", "veintiuno", "tres-cuatro", "0"; hundreds and more are an
/// amount.
fn digits_in_words(word: &str) -> Option<String> {
    let folded = fold(word);
    let mut digits = String::new();
    for piece in folded.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty()) {
        let number = piece.parse().ok().filter(|_| piece.len() <= 4).map(|_: i128| piece.to_owned());
        let spelled =
            || number::word_value(piece).filter(|value| *value < 100).map(|value| value.to_string());
        digits.push_str(&number.or_else(spelled)?);
    }
    (!digits.is_empty()).then_some(digits)
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
            bare: self.bare,
            terms_missed: self.terms_missed,
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
    use super::{Asked, Known, without_answer, without_identity, without_numbers};
    use crate::domain::time::Day;

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

    fn without_documents<const N: usize>(text: &str, documents: [&str; N]) -> Option<String> {
        let known = documents.map(|document| Known { document, birth_date: None });
        without_identity(text, known, Asked::default())
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
    fn what_proves_somebody_goes_in_digits_and_in_words() {
        let known = Known { document: "1.020.304.821", birth_date: Day::parse("1987-03-31") };
        let (nothing, value) = (Asked::default(), Asked { value: true, identity: false });
        for (text, asked, kept) in [
            ("cuatro ocho dos uno", nothing, "••••"),
            ("termina en cuatro, ocho, veintiuno.", nothing, "termina en ••••"),
            ("cc uno cero dos cero tres cero cuatro ocho dos uno de Cali", nothing, "cc •••• de Cali"),
            (
                "soy Ana 4821, nací el 31 de marzo de 1987",
                nothing,
                "soy Ana •••• nací el •••• de •••• de ••••",
            ),
            ("cc 1020304821, pago 4821", value, "cc •••• pago 4821"),
            ("31 de marzo", Asked { value: false, identity: true }, "•••• de ••••"),
        ] {
            assert_eq!(without_identity(text, [known], asked).as_deref(), Some(kept), "{text}");
        }
        for (text, asked) in
            [("pago 4821", value), ("pago el 31 de marzo", nothing), ("cuarenta y ocho mil", nothing)]
        {
            assert_eq!(without_identity(text, [known], asked), None, "{text}");
        }
    }

    #[test]
    fn a_note_has_no_number_and_stays_the_same_when_read_again() {
        let kept = without_numbers("mi cedula 1 020 304 821 no aguanto mas").unwrap();
        assert_eq!(kept, "mi cedula •••• no aguanto mas");
        assert_eq!(without_numbers(&kept), Some(kept));
        assert_eq!(without_numbers("no aguanto mas"), None);
    }
}
