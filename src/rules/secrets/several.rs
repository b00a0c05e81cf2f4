//! Every password of a message that speaks of one: `mi clave no es Oso55 sino Gato#778`, `la vieja Oso55, la nueva
//! Gato#778`, `use esta Gato#778 para entrar`.
//!
//! What stands beside a word for a secret is found by [`super::spoken`]; here the shape alone decides, in a message that
//! speaks of a password or of getting in somewhere: letters and digits in one word that nothing before it calls a user,
//! an invoice or an address.

use super::bridge::is_of_something_else;
use super::card::is_count;
use super::labels::{Class, is_open, label_at};
use super::read::{Read, folded};
use std::ops::Range;

/// Characters of a password at least, and of a number that replaces another one.
const CHARS_MIN: usize = 4;
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 4..=8;
/// Signs that a password has in it and hardly another word.
const SIGNS: &[char] = &['#', '@', '$', '%', '&', '*', '_', '!', '+', '^', '~'];
/// What is entered with a password, where no word for it is said.
const ENTERS: &[&str] = &[
    "entrar", "entra", "entro", "ingresar", "ingreso", "acceder", "acceso", "acessar", "acesso", "login",
    "sesion",
];
/// One value in place of another.
const INSTEAD: &[&str] = &[
    "sino", "ahora", "nueva", "nuevo", "vieja", "viejo", "anterior", "antes", "era", "cambio", "cambie",
    "mejor", "agora", "nova", "novo", "velha", "velho", "mudou", "now", "new", "old", "was", "changed",
    "instead",
];
/// What counts behind a number without a blank: `80mil`, `15dias`.
const COUNTS: &[&str] = &[
    "mil",
    "k",
    "m",
    "mm",
    "millon",
    "millones",
    "lucas",
    "luca",
    "pesos",
    "cop",
    "cuotas",
    "cuota",
    "dias",
    "meses",
    "hs",
    "h",
    "hrs",
    "am",
    "pm",
    "gb",
    "g",
    "x",
    "veces",
    "anos",
    "reais",
    "usd",
    "ro",
    "er",
    "o",
    "a",
    "th",
    "st",
    "nd",
    "mes",
    "min",
    "horas",
    "hora",
    "seg",
    "kg",
    "km",
    "mb",
    "px",
    "v",
    "ene",
    "feb",
    "mar",
    "abr",
    "may",
    "jun",
    "jul",
    "ago",
    "sep",
    "oct",
    "nov",
    "dic",
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
    "rd",
    "vez",
    "de",
];
/// Words before a word of letters and digits that say that it is no password.
const NAMED: &[&str] = &[
    "usuario",
    "usuaria",
    "user",
    "username",
    "login",
    "placa",
    "placas",
    "modelo",
    "plan",
    "referencia",
    "ref",
    "factura",
    "guia",
    "vuelo",
    "carro",
    "moto",
    "calle",
    "carrera",
    "direccion",
    "apto",
    "apartamento",
    "torre",
    "manzana",
    "correo",
    "email",
    "mail",
    "numero",
    "nit",
    "serial",
    "lote",
    "opcion",
    "codigo",
    "ticket",
    "producto",
    "iphone",
    "samsung",
    "version",
    "nota",
    "formulario",
    "fatura",
    "endereco",
    "address",
    "invoice",
];
/// How far before it.
const NAMED_WITHIN: usize = 2;
/// Beginnings of what has digits and is no password: streets, currencies, months, documents.
const OTHERS: &[&str] = &[
    "ref", "fac", "fv", "tel", "cel", "iphone", "windows", "android", "galaxy", "redmi", "moto", "mz",
    "apto", "https", "set", "out", "dez", "fev", "mai", "cra", "cll", "calle", "carrera", "kr", "av", "dg",
    "tv", "cop", "usd", "no", "nro", "num", "cc", "ce", "nit", "covid", "ene", "feb", "mar", "abr", "may",
    "jun", "jul", "ago", "sep", "oct", "nov", "dic", "www", "http",
];

/// `held`: a secret was found already.
pub fn find(read: &Read<'_>, held: bool) -> Vec<Range<usize>> {
    let password =
        |at: &usize| matches!(label_at(read, *at), Some((Class::Password | Class::Clave | Class::Contra, _)));
    let labels: Vec<usize> = (0..read.tokens.len()).filter(password).collect();
    let labelled = !labels.is_empty();
    // `I will pass by` speaks of none.
    let surely = labels.iter().any(|at| read.word(*at) != "pass");
    let enters = (0..read.tokens.len()).any(|at| ENTERS.contains(&read.word(at)));
    if !labelled && !enters {
        return Vec::new();
    }
    let chunks = chunks(read.text);
    let strong = |chunk: &str| has_sign(chunk) && is_mixed(chunk);
    let any_strong = || chunks.iter().filter_map(|place| read.text.get(place.clone())).any(strong);
    let held = held || any_strong();
    let replaced = labelled && (held || replaces(read));
    let is_one = |place: &Range<usize>| {
        let Some(chunk) = read.text.get(place.clone()) else { return false };
        strong(chunk) || (is_mixed(chunk) && (replaced || (surely && !is_named(read, place.start))))
    };
    let mut found: Vec<Range<usize>> = chunks.into_iter().filter(is_one).collect();
    if labelled && held && replaces(read) {
        found.extend(numbers(read));
    }
    found
}

/// `mi usuario es ana22`, `factura FV2031`.
fn is_named(read: &Read<'_>, start: usize) -> bool {
    let token = read.tokens.partition_point(|token| token.place.end <= start);
    let before =
        (0..token).rev().take_while(|at| !label_at(read, *at).is_some_and(|(class, _)| class.has_letters()));
    let mut words = before.filter(|at| !is_joint(read.word(*at))).map(|at| read.word(at)).take(NAMED_WITHIN);
    words.any(|word| NAMED.contains(&word) || is_open(word) || is_of_something_else(word))
}

fn is_joint(word: &str) -> bool {
    matches!(
        word,
        "es" | "is" | "e" | "el" | "la" | "mi" | "my" | "meu" | "minha" | "de" | "del" | "the" | "o" | "a"
    )
}

fn replaces(read: &Read<'_>) -> bool {
    read.has_word(INSTEAD)
}

/// Numbers of a message in which one secret stands for another: `mi clave era 5561 y ahora 9014`.
fn numbers(read: &Read<'_>) -> impl Iterator<Item = Range<usize>> {
    read.units.iter().filter_map(|unit| {
        let (before, behind) = (unit.tokens.start, unit.tokens.end);
        let money = read.gap_before(before).contains('$') || is_count(read.word(behind));
        let alone = |gap: &str| gap.contains(char::is_whitespace) || !gap.contains(['.', ',', '/', '-', ':']);
        let named = read.words_before(before).take(2).any(is_open);
        let apart = alone(read.gap_before(before)) && alone(read.gap_before(behind));
        (NUMBER_DIGITS.contains(&unit.digits.len())
            && !money
            && !named
            && apart
            && !unit.digits.ends_with("000"))
        .then(|| unit.place.clone())
    })
}

/// From blank to blank, without the marks around; `clave:Oso55` is two.
fn chunks(text: &str) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, ':' | '=')) {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let around = |c: char| "\"'“”«»()[],;:.?=/".contains(c);
        let from = start + (word.len() - word.trim_start_matches(around).len());
        let to = start + word.trim_end_matches(around).len();
        if from < to {
            places.push(from..to);
        }
    }
    places
}

fn has_sign(chunk: &str) -> bool {
    let inner = chunk.trim_matches(|c: char| !c.is_alphanumeric() && !SIGNS.contains(&c));
    inner.contains(SIGNS) && !inner.starts_with(['$', '+', '@', '#'])
}

/// Letters and digits that are no count, day, street, address or reference of ours.
pub fn is_mixed(chunk: &str) -> bool {
    let word = folded(chunk);
    let digits = chunk.chars().filter(char::is_ascii_digit).count();
    let letters = chunk.chars().filter(|c| c.is_alphabetic()).count();
    let mail = chunk.split_once('@').is_some_and(|(_, host)| host.contains('.'));
    let counted = word.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '$'));
    let begins: String = word.chars().take_while(|c| c.is_alphabetic()).collect();
    // `10am-2pm`, `15ene2026`.
    let counts = word.starts_with(|c: char| c.is_ascii_digit())
        && chunk
            .split(|c: char| !c.is_alphabetic())
            .filter(|run| !run.is_empty())
            .all(|run| COUNTS.contains(&folded(run).as_str()));
    let reference = chunk.split_once('-').is_some_and(|(first, second)| {
        let part = |part: &str| {
            part.chars().count() == 3 && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        };
        part(first) && part(second)
    });
    chunk.chars().count() >= CHARS_MIN
        && digits > 0
        && letters > 1
        && !mail
        && !reference
        && !counts
        && !COUNTS.contains(&counted)
        && !OTHERS.contains(&begins.as_str())
        && !chunk.starts_with('$')
}

#[cfg(test)]
mod tests {
    use crate::rules::secrets::mask;

    fn masked(text: &str) -> String {
        mask(text).map_or_else(|| text.to_owned(), |masked| masked.text)
    }

    #[test]
    fn every_password_of_a_message_is_blotted_out() {
        for (text, shown) in [
            ("mi clave no es Oso55 sino Gato#778", "mi clave no es ████ sino ████"),
            ("mi clave era Oso55 y ahora Gato#778", "mi clave era ████ y ahora ████"),
            ("clave 1: Oso55, clave 2: Gato#778", "clave 1: ████, clave 2: ████"),
            ("contraseña vieja Oso55, nueva Gato#778", "contraseña vieja ████, nueva ████"),
            ("no es Oso55 es Gato#778 la clave", "no es ████ es ████ la clave"),
            ("la clave cambió, ahora es Gato#778", "la clave cambió, ahora es ████"),
            ("use esta Gato#778 para entrar", "use esta ████ para entrar"),
            ("minha senha era Urso55 e agora Gato_778", "minha senha era ████ e agora ████"),
            ("my password was Bear55x, now Cat!778", "my password was ████, now ████"),
            ("mi clave era 5561 y ahora 9014", "mi clave era ████ y ahora ████"),
            ("me llegó un mensaje que dice 482913", "me llegó un mensaje que dice ████"),
        ] {
            assert_eq!(masked(text), shown, "{text}");
            assert_eq!(masked(shown), shown, "{shown}");
        }
    }

    #[test]
    fn what_else_has_letters_and_digits_stays() {
        for text in [
            "no recuerdo la clave de la app, ahora pago 80mil",
            "no puedo entrar a la app, escríbame a ana22@correo.example",
            "olvidé la clave y ahora vivo en la cra5#10-20",
            "para entrar a la página, ¿cuál es mi acuerdo K7Q-2M9?",
            "la clave es pagar a tiempo, ahora abono 150000",
            "me llegó un mensaje que dice que debo 150000",
            "me llegó un mensaje que dice 150000",
        ] {
            assert_eq!(masked(text), text, "{text}");
        }
    }
}
