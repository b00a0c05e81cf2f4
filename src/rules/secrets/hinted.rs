//! Secrets that nothing names: `la de la app es Lunes778`, `usuario: ana / Pato789`, `me llegó 482777`.
//!
//! What only hints at a secret hints at much else too, so its shape must be plain: a password of letters and digits, a
//! code of six digits with which the sentence ends.

use super::card::is_count;
use super::labels;
use super::read::Read;
use std::ops::Range;

/// A password of letters and digits is not shorter.
const MIXED_MIN: usize = 4;
const CODE_DIGITS: usize = 6;
/// Characters between the digits of one code: `482 777`.
const SPLIT_MAX: usize = 1;
/// Words between `me llegó` and its code.
const ARRIVED_WITHIN: usize = 6;
/// Words around such a code that would say that it is something else.
const NEAR: usize = 6;
/// Tokens of a user's name before the sign behind which its password stands.
const USER_TOKENS_MAX: usize = 4;

/// What has a password of its own, where the word for it is left out.
const PLACES: [&str; 24] = [
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

/// By which a code came, as said before it.
const ARRIVED: [&[&str]; 12] = [
    &["me", "llego"],
    &["me", "llegaron"],
    &["me", "enviaron"],
    &["me", "mandaron"],
    &["me", "aparecio"],
    &["me", "salio"],
    &["llego", "el"],
    &["llego", "este"],
    &["chegou"],
    &["recebi"],
    &["i", "got"],
    &["i", "received"],
];

/// Words between it and the code.
const BETWEEN: [&str; 29] = [
    "el", "este", "ese", "un", "esto", "por", "al", "a", "mi", "celular", "sms", "mensaje", "texto", "asi",
    "ahora", "ya", "hoy", "o", "agora", "this", "que", "dice", "decia", "uma", "mensagem", "diz", "message",
    "saying", "text",
];

/// Words beside those of [`labels::is_open`] that speak of a paper or of money.
const PAPERS: [&str; 21] = [
    "cuota",
    "cuotas",
    "saldo",
    "cobro",
    "extracto",
    "total",
    "valor",
    "monto",
    "deuda",
    "interes",
    "intereses",
    "plata",
    "dinero",
    "pesos",
    "ref",
    "guia",
    "orden",
    "ticket",
    "fatura",
    "invoice",
    "amount",
];

pub fn find(read: &Read<'_>) -> Vec<Range<usize>> {
    let each = |at: usize| {
        elided(read, at)
            .or_else(|| of_user(read, at))
            .or_else(|| arrived(read, at))
            .or_else(|| prefixed(read, at))
            .or_else(|| on_the_back(read, at))
            .or_else(|| enters_with(read, at))
            .or_else(|| of_question(read, at))
    };
    (0..read.tokens.len()).filter_map(each).collect()
}

/// `la de la app es Lunes778`.
fn elided(read: &Read<'_>, at: usize) -> Option<Range<usize>> {
    let of =
        matches!(read.word(at), "la" | "a") && matches!(read.word(at + 1), "de" | "del" | "d" | "da" | "do");
    if !of {
        return None;
    }
    let article = matches!(read.word(at + 2), "la" | "el" | "mi" | "tu" | "l");
    let place = at + 2 + usize::from(article);
    if !PLACES.contains(&read.word(place)) {
        return None;
    }
    let joined = labels::is_verb(read.word(place + 1)) || read.word(place + 1) == "s";
    let value = place + 1 + usize::from(joined);
    let told = joined || read.gap_before(value).contains([':', '=', ',']);
    password(read, value).filter(|_| told)
}

/// `G-481920`, `FB-48192`: how Google and Facebook write theirs.
fn prefixed(read: &Read<'_>, at: usize) -> Option<Range<usize>> {
    let sender = matches!(read.word(at), "g" | "fb") && read.gap_before(at + 1) == "-";
    let unit =
        read.unit_at(at + 1).filter(|unit| (CODE_DIGITS - 1..=CODE_DIGITS).contains(&unit.digits.len()))?;
    sender.then(|| unit.place.clone())
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

/// `me llegó 482777`.
fn arrived(read: &Read<'_>, at: usize) -> Option<Range<usize>> {
    let fits = |words: &&[&str]| words.iter().zip(at..).all(|(word, at)| read.word(at) == *word);
    let behind = at + ARRIVED.iter().find(|words| fits(words))?.len();
    let between =
        (behind..).take_while(|token| BETWEEN.contains(&read.word(*token))).take(ARRIVED_WITHIN + 1);
    let first = read.unit_at(behind + between.count())?;
    let (mut digits, mut place, mut next) = (first.digits.clone(), first.place.clone(), first.tokens.end);
    while let Some(unit) = read.unit_at(next).filter(|_| digits.len() < CODE_DIGITS) {
        if read.between(place.end, unit.place.start).chars().count() > SPLIT_MAX {
            break;
        }
        digits.push_str(&unit.digits);
        (place.end, next) = (unit.place.end, unit.tokens.end);
    }
    let amount = digits.ends_with("000") || read.gap_before(first.tokens.start).contains('$');
    let whole = digits.len() == CODE_DIGITS && !amount && !is_count(read.word(next));
    let ends = next >= read.tokens.len() || read.gap_before(next).contains(['.', ',', '!', '?', ';', '\n']);
    // `482777,50` is an amount.
    let goes_on = read.tokens.get(next).is_some_and(|token| token.is_number)
        && !read.gap_before(next).contains(char::is_whitespace);
    let other = |word: &str| labels::is_open(word) || PAPERS.contains(&word);
    let near =
        read.words_before(at).take(NEAR).any(other) || (next..next + NEAR).any(|at| other(read.word(at)));
    (whole && ends && !goes_on && !near).then_some(place)
}
