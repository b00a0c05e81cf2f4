//! One-time codes by how they came: `me llegó 482777`, `me mandaron un sms con 482777`, `482 777 me llegó del banco`,
//! `el autenticador dice 482 777`.
//!
//! Amounts come in messages too, so the number must be as long as a code and not round, and nothing near may speak of
//! debts or papers.

use super::bridge::is_of_something_else;
use super::card::is_count;
use super::labels::is_open;
use super::read::Read;
use std::ops::Range;

const CODE_DIGITS: usize = 6;
/// Of a code that came by SMS or that an application shows.
const SHOWN_DIGITS: std::ops::RangeInclusive<usize> = 4..=8;
/// Characters between the digits of one code: `482 777`.
const SPLIT_MAX: usize = 1;
/// Words between `me llegó` and its code.
const WITHIN: usize = 8;
/// Words around such a code that would say that it is something else.
const NEAR: usize = 6;
/// Words before a code that begins what is said.
const LED_BY_MAX: usize = 4;

/// How it came, as said before it.
const ARRIVED: &[&[&str]] = &[
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
    &["texted", "me"],
    &["i", "got"],
    &["i", "received"],
];
/// The same of what may be money: `me mandaron`, `recibí`. The code came by a message.
const BROUGHT: &[&[&str]] = &[
    &["me", "envio"],
    &["me", "envian"],
    &["me", "mando"],
    &["me", "mandan"],
    &["me", "llega"],
    &["me", "cayo"],
    &["me", "entro"],
    &["me", "mandaram"],
    &["me", "enviaram"],
    &["mandaram"],
    &["enviaram"],
    &["nos", "llego"],
    &["nos", "mandaron"],
    &["nos", "enviaron"],
    &["le", "llego"],
    &["recibi"],
    &["recebemos"],
    &["acabo", "de", "recibir"],
    &["acaba", "de", "llegarme"],
    &["acaba", "de", "llegar"],
    &["acabou", "de", "chegar"],
    &["acabei", "de", "receber"],
    &["llego", "un"],
    &["llego", "al"],
    &["llego", "por"],
    &["sent", "me"],
    &["was", "sent"],
    &["ve", "received"],
    &["ve", "got"],
    &["have", "received"],
    &["got"],
    &["received"],
];

/// By what it comes.
const CHANNELS: &[&str] = &[
    "sms",
    "texto",
    "mensaje",
    "mensajito",
    "msj",
    "msg",
    "whatsapp",
    "wasap",
    "correo",
    "email",
    "mail",
    "celular",
    "message",
    "text",
    "mensagem",
    "torpedo",
    "phone",
    "telefone",
];
/// Few amounts come by these.
const SMS: &[&str] = &["sms", "torpedo", "text"];

/// Words between it and the code.
const BETWEEN: &[&str] = &[
    "el",
    "este",
    "ese",
    "un",
    "una",
    "esto",
    "al",
    "a",
    "mi",
    "asi",
    "ahora",
    "ya",
    "hoy",
    "o",
    "agora",
    "this",
    "que",
    "dice",
    "decia",
    "diciendo",
    "uma",
    "um",
    "diz",
    "dizendo",
    "saying",
    "says",
    "said",
    "con",
    "com",
    "with",
    "numero",
    "numeros",
    "number",
    "del",
    "de",
    "la",
    "banco",
    "bank",
    "app",
    "por",
    "no",
    "meu",
    "em",
    "the",
    "from",
    "an",
    "and",
    "y",
    "e",
    "es",
    "is",
    "it",
    "my",
    "siguiente",
    "aqui",
    "pone",
    "trae",
    "traia",
    "os",
    "do",
    "da",
    "in",
    "on",
    "lo",
    "tu",
    "su",
    "eu",
    "otro",
    "another",
    "outro",
];

/// Words behind a code with which what is said goes on.
const GOES_ON: &[&str] = &[
    "y", "e", "and", "but", "pero", "mas", "del", "por", "al", "para", "ahora", "hoy", "ya", "hace", "que",
    "en", "no", "do", "pelo", "from", "by", "to", "on", "agora", "ese", "es", "le", "se", "lo",
];

/// What makes or shows such codes.
const FACTORS: &[&[&str]] = &[
    &["segundo", "factor"],
    &["doble", "factor"],
    &["second", "factor"],
    &["two", "factor"],
    &["segundo", "fator"],
    &["dois", "fatores"],
    &["factor", "authentication"],
    &["autenticador"],
    &["authenticator"],
    &["autenticacion"],
    &["autenticacao"],
    &["totp"],
    &["mfa"],
];
const SHOWS: &[&str] = &[
    "dice",
    "dicen",
    "marca",
    "muestra",
    "sale",
    "arroja",
    "da",
    "genera",
    "genero",
    "pone",
    "me",
    "el",
    "la",
    "de",
    "del",
    "google",
    "microsoft",
    "banco",
    "app",
    "numero",
    "ahora",
    "es",
    "diz",
    "mostra",
    "gera",
    "deu",
    "says",
    "shows",
    "gives",
    "is",
    "my",
    "number",
    "autenticacion",
    "authentication",
    "autenticacao",
    "en",
    "mi",
    "su",
    "o",
    "e",
    "do",
    "este",
    "that",
    "was",
    "fue",
    "era",
    "dio",
    "mostro",
    "quedo",
    "y",
    "app",
    "now",
    "agora",
    "this",
    "factor",
];

pub fn find(read: &Read<'_>) -> Vec<Range<usize>> {
    let each = |at: usize| {
        arrived(read, at)
            .or_else(|| prefixed(read, at))
            .or_else(|| factor(read, at))
            .or_else(|| came(read, at))
    };
    (0..read.tokens.len()).filter_map(each).collect()
}

/// `G-481920`, `FB-48192`: how Google and Facebook write theirs.
fn prefixed(read: &Read<'_>, at: usize) -> Option<Range<usize>> {
    let sender = matches!(read.word(at), "g" | "fb") && read.gap_before(at + 1) == "-";
    let unit =
        read.unit_at(at + 1).filter(|unit| (CODE_DIGITS - 1..=CODE_DIGITS).contains(&unit.digits.len()))?;
    sender.then(|| unit.place.clone())
}

/// Digits that are no amount, as one code is written.
struct Code {
    digits: String,
    place: Range<usize>,
    next: usize,
}

impl Code {
    fn at(read: &Read<'_>, token: usize) -> Option<Self> {
        let first = read.unit_at(token)?;
        let (mut digits, mut place, mut next) = (first.digits.clone(), first.place.clone(), first.tokens.end);
        while let Some(unit) = read.unit_at(next).filter(|_| digits.len() < CODE_DIGITS) {
            if read.between(place.end, unit.place.start).chars().count() > SPLIT_MAX {
                break;
            }
            digits.push_str(&unit.digits);
            (place.end, next) = (unit.place.end, unit.tokens.end);
        }
        // `482777,50` is an amount, `482777x` none of it.
        let goes_on = read.tokens.get(next).is_some_and(|token| {
            !read.gap_before(next).contains(char::is_whitespace)
                && (token.is_number || read.gap_before(next).is_empty())
        });
        let amount =
            digits.ends_with("000") || read.gap_before(token).contains('$') || is_count(read.word(next));
        (!goes_on && !amount).then_some(Self { digits, place, next })
    }

    /// Six digits, or of another length but not round.
    fn is_shown(&self) -> bool {
        self.digits.len() == CODE_DIGITS
            || (SHOWN_DIGITS.contains(&self.digits.len()) && !self.digits.ends_with("00"))
    }

    fn ends(&self, read: &Read<'_>) -> bool {
        self.next >= read.tokens.len()
            || read.gap_before(self.next).contains(['.', ',', '!', '?', ';', '\n', ')', '"'])
    }
}

fn is_other(word: &str) -> bool {
    is_open(word) || is_of_something_else(word)
}

/// Behind `y` somebody may speak of paying, and still the number is a code.
fn is_other_behind(read: &Read<'_>, token: usize) -> bool {
    let mut joined = false;
    (token..token + NEAR).any(|at| {
        let word = read.word(at);
        joined |= matches!(word, "y" | "e" | "and" | "but" | "pero" | "mas");
        let way = CHANNELS.contains(&word);
        !way && if joined { is_of_something_else(word) } else { is_other(word) }
    })
}

fn begins(read: &Read<'_>, at: usize, ways: &[&[&str]]) -> Option<usize> {
    let word = read.word(at);
    let fits = |words: &&&[&str]| {
        words.first() == Some(&word) && words.iter().zip(at..).all(|(word, at)| read.word(at) == *word)
    };
    ways.iter().find(fits).map(|words| at + words.len())
}

/// `me llegó 482777`, `me mandaron un sms con 482777`.
fn arrived(read: &Read<'_>, at: usize) -> Option<Range<usize>> {
    if read.word(at).is_empty() {
        return None;
    }
    let plainly = begins(read, at, ARRIVED);
    let behind = plainly.or_else(|| begins(read, at, BROUGHT))?;
    let joins = |at: &usize| {
        let word = read.word(*at);
        BETWEEN.contains(&word) || CHANNELS.contains(&word)
    };
    let until = (behind..).take_while(joins).take(WITHIN + 1).count() + behind;
    let said = |words: &[&str]| (at..until).any(|at| words.contains(&read.word(at)));
    // `un mensaje por 482777` tells of an amount.
    let of = matches!(read.word(until.checked_sub(1)?), "de" | "por");
    let code = Code::at(read, until)?;
    let long = code.digits.len() == CODE_DIGITS || (said(SMS) && code.is_shown());
    let told = plainly.is_some() || said(CHANNELS);
    let ends = code.ends(read) || GOES_ON.contains(&read.word(code.next));
    let near = read.words_before(at).take(NEAR).any(is_other) || is_other_behind(read, code.next);
    (long && told && ends && !of && !near).then_some(code.place)
}

/// `482 777 me llegó del banco`, with which what is said begins.
fn came(read: &Read<'_>, at: usize) -> Option<Range<usize>> {
    const LED_BY: [&str; 22] = [
        "ya", "ok", "listo", "si", "hola", "el", "numero", "este", "ese", "es", "mire", "vea", "tome",
        "aqui", "senor", "senora", "oi", "o", "the", "hi", "buenas", "esto",
    ];
    const CAME: [&str; 14] = [
        "llego", "llegaron", "mandaron", "enviaron", "mando", "envio", "mandaram", "enviaram", "aparecio",
        "chegou", "veio", "arrived", "came", "sent",
    ];
    let code = Code::at(read, at).filter(|code| code.digits.len() == CODE_DIGITS)?;
    let same = |before: &usize| !read.gap_before(before + 1).contains(['.', '!', '?', ';', '\n']);
    let begins =
        (0..at).rev().take_while(same).take(LED_BY_MAX + 1).all(|at| LED_BY.contains(&read.word(at)));
    let skipped = |at: usize| {
        usize::from(matches!(read.word(at), "que" | "is" | "es" | "foi" | "fue" | "lo" | "what" | "o"))
    };
    let mut verb = code.next;
    for _ in 0..3 {
        verb += skipped(verb);
    }
    let me = matches!(read.word(verb), "me" | "nos" | "they" | "i" | "just");
    let verb = verb + usize::from(me);
    let got = me && matches!(read.word(verb), "got" | "received" | "texted");
    let told = got || CAME.contains(&read.word(verb)) || matches!(read.word(code.next), "recebi" | "recibi");
    let channel = (verb..verb + NEAR).any(|at| {
        CHANNELS.contains(&read.word(at)) || matches!(read.word(at), "banco" | "bank" | "ahora" | "agora")
    });
    let is_me = me && verb == code.next + 1 && verb + 1 >= read.tokens.len();
    (begins && told && (channel || is_me) && !is_other_behind(read, code.next)).then_some(code.place)
}

/// `segundo factor 482777`, `el autenticador dice 482 777`, `mi 2fa es 482777`.
fn factor(read: &Read<'_>, at: usize) -> Option<Range<usize>> {
    let second = || {
        let digit = |at: usize| read.tokens.get(at).is_some_and(|token| token.folded == "2");
        (read.word(at) == "fa" && digit(at.checked_sub(1)?) && read.gap_before(at).is_empty())
            .then_some(at + 1)
    };
    if read.word(at).is_empty() {
        return None;
    }
    let behind = begins(read, at, FACTORS).or_else(second)?;
    let until = (behind..).take_while(|at| SHOWS.contains(&read.word(*at))).take(WITHIN + 1).count() + behind;
    let code = Code::at(read, until)?;
    (code.is_shown() && !is_other_behind(read, code.next)).then_some(code.place)
}
