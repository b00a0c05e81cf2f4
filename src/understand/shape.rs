//! What has the shape of a document number, whoever it is of: digits behind a word for a document, numbers too long for
//! an amount, letters and digits together.

use super::normalise::fold;

/// Words for a document, or for the end of its number, folded.
const DOCUMENT: &[&str] = &[
    "cc",
    "ced",
    "cedula",
    "cedulas",
    "ci",
    "cpf",
    "cuil",
    "cuit",
    "curp",
    "digitos",
    "digits",
    "dni",
    "doc",
    "document",
    "documento",
    "id",
    "identidad",
    "identificacion",
    "identity",
    "ine",
    "nit",
    "passaporte",
    "passport",
    "pasaporte",
    "rfc",
    "rg",
    "rut",
    "termina",
    "terminada",
    "terminado",
    "terminam",
    "terminan",
    "ultimos",
    "ends",
];
/// Words that may stand between them.
const BETWEEN: &[&str] = &[
    "4", "and", "cuatro", "de", "del", "dos", "e", "el", "em", "en", "es", "esta", "four", "in", "is", "la",
    "las", "los", "mi", "no", "num", "numero", "number", "o", "or", "ou", "quatro", "sao", "son", "the", "y",
];
/// Of them between a word for a document and its number.
const BETWEEN_MAX: usize = 5;
/// Words by which a number is an amount.
const AMOUNT: &[&str] = &[
    "abonar",
    "abono",
    "consignar",
    "consigne",
    "pagar",
    "pago",
    "pague",
    "pesos",
    "cop",
    "reais",
    "transferi",
];
/// Digits of a number that is a document where nothing says that it is an amount, and of one that is so anyhow.
const LONG_DIGITS: usize = 8;
const LONGEST_AMOUNT_DIGITS: usize = 9;
/// Digits behind a word for a document at least: "los últimos 3 meses" tells of none.
const NUMBER_DIGITS: usize = 4;
/// Characters of a document with letters in it, and digits among them.
const MIXED_CHARS: usize = 8;
const MIXED_DIGITS: usize = 4;

/// Marks the words that may be a document; `spelled`: the digits that each word stands for, if any. `value`: a number was
/// asked for.
pub(super) fn mark(words: &[&str], spelled: &[Option<String>], hidden: &mut [bool], value: bool) {
    let bare: Vec<String> = words.iter().map(|word| letters_and_digits(word)).collect();
    let is_number = |at: usize| {
        let digits = bare.get(at).is_some_and(|word| word.contains(|c: char| c.is_ascii_digit()));
        digits || spelled.get(at).is_some_and(Option::is_some)
    };
    let amount = value
        || words.iter().any(|word| word.contains('$'))
        || bare.iter().any(|word| AMOUNT.contains(&word.as_str()));
    for (at, word) in bare.iter().enumerate() {
        if DOCUMENT.contains(&word.as_str()) {
            let behind = bare.iter().enumerate().skip(at + 1);
            // "los últimos cuatro son …": a word of the question is no digit, unless digits follow it.
            let from = behind.take(BETWEEN_MAX).take_while(|(place, word)| {
                BETWEEN.contains(&word.as_str()) && !(is_number(*place) && follows(*place, &is_number))
            });
            let from = at + 1 + from.count();
            let number = from..from + (from..bare.len()).take_while(|place| is_number(*place)).count();
            let n_digits: usize = number.clone().map(|place| digits_at(&bare, spelled, place)).sum();
            if n_digits >= NUMBER_DIGITS {
                hidden.iter_mut().skip(from).take(number.len()).for_each(|hidden| *hidden = true);
            }
        }
        if is_long(&bare, at, amount) {
            hide_group(&bare, at, hidden);
        }
    }
}

/// Digits that a word is or stands for.
fn digits_at(bare: &[String], spelled: &[Option<String>], at: usize) -> usize {
    let written = bare.get(at).map_or(0, |word| word.bytes().filter(u8::is_ascii_digit).count());
    written.max(spelled.get(at).and_then(Option::as_ref).map_or(0, String::len))
}

/// A number, and another one behind it.
fn follows(place: usize, is_number: &impl Fn(usize) -> bool) -> bool {
    is_number(place + 1)
}

fn letters_and_digits(word: &str) -> String {
    fold(word).chars().filter(char::is_ascii_alphanumeric).collect()
}

fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// "1 020 304 821": how many words from here on are one number.
fn group(bare: &[String], at: usize) -> usize {
    let first = bare.get(at).is_some_and(|word| is_digits(word) && word.len() <= 3);
    let rest = bare.iter().skip(at + 1).take_while(|word| is_digits(word) && word.len() == 3).count();
    if first { 1 + rest } else { 1 }
}

fn hide_group(bare: &[String], at: usize, hidden: &mut [bool]) {
    hidden.iter_mut().skip(at).take(group(bare, at)).for_each(|hidden| *hidden = true);
}

fn is_long(bare: &[String], at: usize, amount: bool) -> bool {
    let Some(word) = bare.get(at) else { return false };
    let least = if amount { LONGEST_AMOUNT_DIGITS + 1 } else { LONG_DIGITS };
    if is_digits(word) {
        let whole = bare.iter().skip(at).take(group(bare, at)).map(String::as_str).collect::<String>();
        return whole.len() >= least && (whole.len() > LONGEST_AMOUNT_DIGITS || !whole.ends_with("000"));
    }
    let n_digits = word.bytes().filter(u8::is_ascii_digit).count();
    let ends_in_digit = word.bytes().rev().take(4).any(|byte| byte.is_ascii_digit());
    word.len() >= MIXED_CHARS && n_digits >= MIXED_DIGITS && ends_in_digit
}

#[cfg(test)]
mod tests {
    use crate::domain::time::Day;
    use crate::understand::Understanding;
    use crate::understand::withheld::{Asked, without_shapes};

    fn kept(text: &str, asked: Asked) -> String {
        let today = Day::parse("2026-08-01").unwrap();
        without_shapes(text, &Understanding::default(), asked, today).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn a_document_is_known_by_its_shape() {
        for (text, shown) in [
            ("cc 5512 cc 5513 cc 5514", "cc •••• cc •••• cc ••••"),
            ("mi cédula es 79.123.456 y quiero pagar", "mi cédula es •••• y quiero pagar"),
            ("los últimos cuatro son 5512", "los últimos cuatro son ••••"),
            ("los últimos 4 son 5512", "los últimos 4 son ••••"),
            ("termina en cinco cinco uno dos", "termina en ••••"),
            ("soy 1 020 304 821 de Cali", "soy •••• de Cali"),
            ("curp GATM900101MNLRRR01", "curp ••••"),
            ("12.345.678-K", "••••"),
            ("pago, soy 1017240613", "pago, soy ••••"),
        ] {
            assert_eq!(kept(text, Asked::default()), shown, "{text}");
        }
        for text in [
            "pago 150000",
            "5512",
            "pago 12.345.678",
            "20.000.000",
            "3 cuotas de 80 mil",
            "quiero 4 cuotas",
            "el 15 de agosto",
            "no pude los últimos 3 meses",
            "el contrato termina en 12 meses",
        ] {
            assert_eq!(kept(text, Asked::default()), text, "{text}");
        }
    }
}
