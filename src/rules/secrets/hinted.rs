//! Secrets that nothing names: `la de la app es Lunes778`, `usuario: ana / Pato789`, `los 3 numeritos son 7 3 1`.
//!
//! What only hints at a secret hints at much else too, so its shape must be plain: a password of letters and digits, a
//! number of four to eight digits that nothing near makes an amount.

use super::bridge::is_of_something_else;
use super::card::is_count;
use super::labels;
use super::read::Read;
use std::ops::Range;

/// A password of letters and digits is not shorter.
const MIXED_MIN: usize = 4;
/// A number that stands for one has as many digits.
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 4..=8;
/// Characters between the digits of one code: `482 777`.
const SPLIT_MAX: usize = 1;
/// Words around such a number that would say that it is something else.
const NEAR: usize = 6;
/// Tokens of a user's name before the sign behind which its password stands.
const USER_TOKENS_MAX: usize = 4;

/// What has a password of its own, where the word for it is left out.
const PLACES: [&str; 26] = [
    "nequi",
    "daviplata",
    "entrar",
    "ingresar",
    "ingreso",
    "acceso",
    "acceder",
    "acessar",
    "acesso",
    "plataforma",
    "pagina",
    "banca",
    "gmail",
    "hotmail",
    "app",
    "aplicacion",
    "aplicativo",
    "internet",
    "correo",
    "email",
    "wifi",
    "cajero",
    "portal",
    "virtual",
    "web",
    "computador",
];

const USERS: [&str; 6] = ["usuario", "usuaria", "user", "username", "login", "usr"];

pub fn find(read: &Read<'_>) -> Vec<Range<usize>> {
    let each = |at: usize| {
        elided(read, at)
            .or_else(|| of_user(read, at))
            .or_else(|| on_the_back(read, at))
            .or_else(|| three_digits(read, at))
            .or_else(|| enters_with(read, at))
            .or_else(|| of_question(read, at))
    };
    (0..read.tokens.len()).filter_map(each).collect()
}

/// `la de la app es Lunes778`, `a do app é 5512`, `the one for the app is 5512`.
fn elided(read: &Read<'_>, at: usize) -> Option<Range<usize>> {
    let of =
        matches!(read.word(at), "la" | "a") && matches!(read.word(at + 1), "de" | "del" | "d" | "da" | "do");
    let one = read.word(at) == "one" && matches!(read.word(at + 1), "for" | "of");
    if !of && !one {
        return None;
    }
    let article = matches!(read.word(at + 2), "la" | "el" | "mi" | "tu" | "l" | "the" | "my");
    let place = at + 2 + usize::from(article);
    if !PLACES.contains(&read.word(place)) {
        return None;
    }
    let joined = labels::is_verb(read.word(place + 1)) || read.is_accented_e(place + 1);
    let value = place + 1 + usize::from(joined);
    let told = joined || read.gap_before(value).contains([':', '=', ',']);
    let is = joined || read.gap_before(value).contains([':', '=']);
    password(read, value).filter(|_| told).or_else(|| number(read, at, value).filter(|_| is))
}

/// A number that nothing near makes an amount or a reference.
fn number(read: &Read<'_>, first: usize, value: usize) -> Option<Range<usize>> {
    let unit = read.unit_at(value)?;
    let next = unit.tokens.end;
    let goes_on = read.tokens.get(next).is_some_and(|token| token.is_number)
        && !read.gap_before(next).contains(char::is_whitespace);
    let glued = read.tokens.get(next).is_some() && read.gap_before(next).is_empty();
    let other = |word: &str| labels::is_open(word) || is_of_something_else(word);
    let near =
        read.words_before(first).take(NEAR).any(other) || (next..next + NEAR).any(|at| other(read.word(at)));
    let amount =
        unit.digits.ends_with("000") || read.gap_before(value).contains('$') || is_count(read.word(next));
    (NUMBER_DIGITS.contains(&unit.digits.len()) && !goes_on && !glued && !near && !amount)
        .then(|| unit.place.clone())
}

/// What the three digits on a card are called, and the words between that and them.
const THREE: [&str; 13] = [
    "numerozinhos",
    "numeritos",
    "numeros",
    "digitos",
    "digiticos",
    "numericos",
    "numerinhos",
    "cifras",
    "numbers",
    "digits",
    "numeritas",
    "digitinhos",
    "algarismos",
];
const OF_THEM: [&str; 36] = [
    "son",
    "es",
    "eran",
    "sao",
    "are",
    "is",
    "de",
    "la",
    "el",
    "del",
    "mi",
    "su",
    "tarjeta",
    "cartao",
    "card",
    "do",
    "da",
    "of",
    "the",
    "my",
    "on",
    "seguridad",
    "seguranca",
    "security",
    "que",
    "me",
    "pide",
    "pidio",
    "pidieron",
    "piden",
    "pedia",
    "pediu",
    "pediram",
    "you",
    "asked",
    "for",
];
const THREE_WITHIN: usize = 8;
/// What stands between two of them: `7, 3 y 1`.
const AND: [&str; 10] = ["", ",", "-", ".", "y", "e", "and", ", y", ", e", ", and"];

/// `los 3 numeritos son 7 3 1`, `the three digits: 731`; not the last three of something.
fn three_digits(read: &Read<'_>, at: usize) -> Option<Range<usize>> {
    let three = matches!(read.word(at), "tres" | "three")
        || read.tokens.get(at).is_some_and(|token| token.is_number && token.folded == "3");
    if !three
        || !matches!(read.word(at.checked_sub(1)?), "los" | "las" | "os" | "as" | "the" | "esos" | "mis")
    {
        return None;
    }
    let noun = at + 1 + usize::from(matches!(read.word(at + 1), "little" | "small" | "otros"));
    if !THREE.contains(&read.word(noun)) {
        return None;
    }
    let joins = |at: &usize| OF_THEM.contains(&read.word(*at));
    let first = noun + 1 + (noun + 1..).take_while(joins).take(THREE_WITHIN).count();
    let (mut n_digits, mut next) = (0, first);
    let mut place: Option<Range<usize>> = None;
    loop {
        let Some(unit) = read.unit_at(next) else {
            let and = matches!(read.word(next), "y" | "e" | "and") && read.unit_at(next + 1).is_some();
            if and && n_digits > 0 && n_digits < 3 {
                next += 1;
                continue;
            }
            break;
        };
        let joined = place.as_ref().is_none_or(|before| {
            AND.contains(&read.between(before.end, unit.place.start).trim().to_lowercase().as_str())
        });
        if !joined || n_digits > 3 {
            return None;
        }
        n_digits += unit.digits.len();
        place = Some(place.map_or(unit.place.start, |before| before.start)..unit.place.end);
        next = unit.tokens.end;
    }
    let money = is_count(read.word(next)) || read.gap_before(first).contains('$');
    place.filter(|_| n_digits == 3 && !money)
}

/// Where the code of a card stands, and what it is called there.
const BACK: [&str; 8] = ["atras", "detras", "reverso", "respaldo", "dorso", "verso", "tras", "back"];
const OF_IT: [&str; 16] = [
    "el", "los", "la", "las", "o", "os", "tres", "cuatro", "quatro", "numero", "numeros", "digitos", "one",
    "ones", "three", "four",
];
/// Words between it and the code.
const BACK_WITHIN: usize = 3;
const BACK_DIGITS: Range<usize> = 3..5;

/// `los tres de atrás: nueve tres siete`, `el de atrás es 938`, `the three on the back: 412`.
fn on_the_back(read: &Read<'_>, at: usize) -> Option<Range<usize>> {
    let place = match read.word(at) {
        "de" | "del" | "do" | "da" | "d" => at + 1,
        "on" if read.word(at + 1) == "the" => at + 2,
        _ => return None,
    };
    let before = at.checked_sub(1)?;
    let of = OF_IT.contains(&read.word(before))
        || read.tokens.get(before).is_some_and(|token| matches!(token.folded.as_str(), "3" | "4"));
    if !of || !BACK.contains(&read.word(place)) {
        return None;
    }
    let joins = |token: &usize| {
        let word = read.word(*token);
        labels::is_verb(word) || labels::is_filler(word) || matches!(word, "dice" | "dicen" | "diz" | "s")
    };
    let skipped =
        (place + 1..).take_while(|token| read.unit_at(*token).is_none() && joins(token)).take(BACK_WITHIN);
    let first = read.unit_at(place + 1 + skipped.count())?;
    let (mut n_digits, mut found, mut next) = (first.digits.len(), first.place.clone(), first.tokens.end);
    while let Some(unit) = read.unit_at(next) {
        if n_digits + unit.digits.len() >= BACK_DIGITS.end
            || read.between(found.end, unit.place.start).chars().count() > SPLIT_MAX + 1
        {
            break;
        }
        (n_digits, found.end, next) = (n_digits + unit.digits.len(), unit.place.end, unit.tokens.end);
    }
    let money = is_count(read.word(next)) || read.gap_before(first.tokens.start).contains('$');
    (BACK_DIGITS.contains(&n_digits) && !money).then_some(found)
}

/// `entro con Manzana123 a la app`.
fn enters_with(read: &Read<'_>, at: usize) -> Option<Range<usize>> {
    const ENTERS: [&str; 14] = [
        "entro",
        "entrar",
        "entra",
        "entraba",
        "ingreso",
        "ingresar",
        "ingresaba",
        "accedo",
        "acceder",
        "sesion",
        "acesso",
        "acessar",
        "login",
        "logueo",
    ];
    let with = matches!(read.word(at + 1), "con" | "com" | "with");
    if !with || !ENTERS.contains(&read.word(at)) {
        return None;
    }
    let article = usize::from(matches!(read.word(at + 2), "la" | "mi" | "esta" | "a" | "minha" | "my"));
    password(read, at + 2 + article)
}

/// Words of a secret question before what answers it.
const QUESTION_WITHIN: usize = 14;

/// `mi pregunta secreta: el nombre de mi perro, Tobby551`.
fn of_question(read: &Read<'_>, at: usize) -> Option<Range<usize>> {
    let secret = matches!(read.word(at), "pregunta" | "pregunt" | "pergunta" | "respuesta" | "resposta")
        && (matches!(read.word(at + 1), "secreta" | "s")
            || read.word(at + 1) == "de" && matches!(read.word(at + 2), "seguridad" | "seguranca"));
    let english =
        matches!(read.word(at), "secret" | "security") && matches!(read.word(at + 1), "question" | "answer");
    if !secret && !english {
        return None;
    }
    (at + 2..(at + 2 + QUESTION_WITHIN).min(read.tokens.len())).find_map(|token| password(read, token))
}

/// `usuario: ana / Pato789`.
fn of_user(read: &Read<'_>, at: usize) -> Option<Range<usize>> {
    if !USERS.contains(&read.word(at)) {
        return None;
    }
    let sign = |token: &usize| matches!(read.gap_before(*token).trim(), "/" | "|" | "\\" | "//");
    let value = (at + 2..=at + 1 + USER_TOKENS_MAX).find(sign)?;
    password(read, value)
}

/// A word of letters and digits, as far as the next blank.
fn password(read: &Read<'_>, token: usize) -> Option<Range<usize>> {
    let start = read.tokens.get(token)?.place.start;
    let rest = read.text.get(start..)?;
    let word = rest.split(char::is_whitespace).next()?;
    let word = word.trim_end_matches(['"', '\'', '.', ',', ';', '?', ')', '»', '”']);
    let folded = super::read::folded(word);
    let mixed = folded.chars().any(char::is_alphabetic) && folded.chars().any(|c| c.is_ascii_digit());
    (mixed && folded.chars().count() >= MIXED_MIN).then(|| start..start + word.len())
}
