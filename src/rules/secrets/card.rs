//! Card numbers, however they are grouped, and the expiry and security code that people write behind them.

use super::bridge;
use super::labels;
use super::network::{Network, checks, network};
use super::numerals;
use super::read::{Read, Unit};
use std::ops::Range;

const DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// Characters between two groups of one number: a blank, a hyphen with blanks, a line break.
const SEPARATOR_MAX: usize = 5;
/// Characters of words between two groups: `4111 y luego 1111`.
const WORDS_BETWEEN_MAX: usize = 40;
/// Characters between a card and what belongs to it.
const BEHIND_MAX: usize = 30;
const BEHIND_UNITS_MAX: usize = 4;
/// Words before a number that say what it is.
const NAMED_WITHIN: usize = 4;
/// Phones have at most this many digits (ITU-T E.164).
const PHONE_MAX: usize = 15;

/// Words that speak of a card.
const CARD: [&str; 22] = [
    "tarjeta",
    "tarjetas",
    "tarjetica",
    "plastico",
    "visa",
    "mastercard",
    "master",
    "amex",
    "american",
    "diners",
    "maestro",
    "tc",
    "tdc",
    "cvv",
    "cvc",
    "card",
    "cards",
    "cartao",
    "cartoes",
    "elo",
    "hipercard",
    "vence",
];

/// Words that say that a number is something else. A card's own words weigh more.
const NAMED: [&str; 63] = [
    "credito",
    "creditos",
    "obligacion",
    "prestamo",
    "referencia",
    "ref",
    "contrato",
    "radicado",
    "factura",
    "comprobante",
    "recibo",
    "cedula",
    "documento",
    "guia",
    "transaccion",
    "cus",
    "aprobacion",
    "autorizacion",
    "pedido",
    "orden",
    "cuenta",
    "convenio",
    "clabe",
    "cbu",
    "cvu",
    "cci",
    "iban",
    "celular",
    "telefono",
    "cel",
    "tel",
    "whatsapp",
    "nit",
    "rut",
    "ruc",
    "curp",
    "rfc",
    "nss",
    "cuit",
    "cuil",
    "dni",
    "cpf",
    "cnpj",
    "boleto",
    "conta",
    "contato",
    "pix",
    "emprestimo",
    "fatura",
    "protocolo",
    "account",
    "loan",
    "reference",
    "invoice",
    "order",
    "receipt",
    "tracking",
    "phone",
    "id",
    "folio",
    "ticket",
    "caso",
    "oxxo",
];

/// Words between a card and its expiry or security code.
const BEHIND: [&str; 28] = [
    "vence",
    "vencimiento",
    "venc",
    "vto",
    "exp",
    "expira",
    "expiracion",
    "expiry",
    "expires",
    "fecha",
    "de",
    "y",
    "con",
    "cvv",
    "cvc",
    "cvn",
    "codigo",
    "cod",
    "seguridad",
    "seguranca",
    "valida",
    "valido",
    "valid",
    "thru",
    "hasta",
    "validade",
    "e",
    "and",
];

/// Words behind a number that make it an amount or a count.
const COUNTS: [&str; 26] = [
    "mil", "millon", "millones", "peso", "pesos", "lucas", "luca", "palos", "cuota", "cuotas", "reais",
    "real", "dolares", "usd", "cop", "mxn", "dia", "dias", "mes", "meses", "veces", "parcelas", "dollars",
    "months", "k", "anos",
];

/// Groups in which cards are printed and dictated.
const SHAPES: [&[usize]; 8] = [
    &[4, 4, 4, 4],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 4, 4, 3],
    &[4, 3, 3, 3],
    &[8, 8],
    &[6, 10],
    &[4, 4, 4, 3],
];

/// Of a card of which the end is missing.
const CUT_GROUPS: usize = 3;
const GROUP_DIGITS: usize = 4;

/// How two neighbouring groups stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Apart {
    Separator,
    Words,
    Far,
}

pub fn find(read: &Read<'_>) -> Vec<Range<usize>> {
    let spoken_of = read.has_word(&CARD);
    let mut places = Vec::new();
    let mut at = 0;
    while at < read.units.len() {
        let Some(last) = longest(read, at, spoken_of) else {
            at += 1;
            continue;
        };
        if let (Some(from), Some(to)) = (read.units.get(at), read.units.get(last)) {
            places.push(from.place.start..to.place.end);
        }
        at = behind(read, last, &mut places);
    }
    places
}

/// Words for the card itself, beside which a code of three digits is its own.
const PLASTIC: [&str; 14] = [
    "tarjeta",
    "tarjetas",
    "tarjetica",
    "plastico",
    "visa",
    "mastercard",
    "amex",
    "diners",
    "card",
    "cards",
    "cartao",
    "cartoes",
    "hipercard",
    "cartaozinho",
];

fn is_spoken_of(read: &Read<'_>) -> bool {
    read.has_word(&PLASTIC)
}

/// Cards of which a group is said as a number: `visa cuatro mil quinientos treinta y nueve 1488 0343 6467`.
pub fn in_words(read: &Read<'_>) -> Vec<Range<usize>> {
    let large = read.tokens.iter().any(|token| !token.is_number && numerals::is_large(&token.folded));
    if large && read.has_word(&CARD) { find(&read.in_groups()) } else { Vec::new() }
}

/// Beside a card number a code of three or four digits is the one on its back, whatever it is called:
/// `4111 … vence 05/28 código 331`; where only a card is spoken of, one of three: `tarjeta terminada en 6467, código 733`.
pub fn beside(read: &Read<'_>, whole: bool) -> Vec<Range<usize>> {
    const CALLED: [&str; 9] =
        ["codigo", "cod", "code", "clave", "atras", "detras", "seguridad", "seguranca", "verso"];
    const BEHIND_MAX: usize = 2;
    const OPEN_WITHIN: usize = 3;
    if !whole && !is_spoken_of(read) {
        return Vec::new();
    }
    let called = (0..read.tokens.len()).filter(|at| CALLED.contains(&read.word(*at)));
    let found = called.filter_map(|at| {
        let (token, unit) = (at + 1..=at + 1 + BEHIND_MAX).find_map(|at| Some((at, read.unit_at(at)?)))?;
        let other = |at: usize| labels::is_open(read.word(at)) || bridge::is_of_something_else(read.word(at));
        let joined = (at + 1..token).all(|at| {
            let word = read.word(at);
            labels::is_filler(word) || labels::is_verb(word) || read.is_accented_e(at)
        });
        let next = unit.tokens.end;
        let goes_on = read.tokens.get(next).is_some_and(|token| {
            !read.gap_before(next).contains(char::is_whitespace)
                && (token.is_number || read.gap_before(next).is_empty())
        });
        let plain = !matches!(read.word(at), "atras" | "detras" | "verso")
            && joined
            && !goes_on
            && !is_count(read.word(next))
            && !read.gap_before(token).contains('$')
            && unit.digits.len() == 3
            && !(next..next + OPEN_WITHIN).any(other);
        (whole && (3..=4).contains(&unit.digits.len()) || plain).then(|| unit.place.clone())
    });
    found.collect()
}

/// The last group of the longest card number that begins with this one.
fn longest(read: &Read<'_>, first: usize, spoken_of: bool) -> Option<usize> {
    let mut digits = String::new();
    let mut apart = Apart::Separator;
    let mut found = None;
    for (at, unit) in read.units.iter().enumerate().skip(first) {
        if at > first {
            apart = apart.max(between(read, at));
        }
        digits.push_str(&unit.digits);
        if apart == Apart::Far || digits.len() > *DIGITS.end() {
            break;
        }
        let number = Number { read, first, last: at, digits: &digits, apart, spoken_of };
        if (DIGITS.contains(&digits.len()) && number.is_card()) || number.is_cut() {
            found = Some(at);
        }
    }
    found
}

/// How a group stands to the one before it.
fn between(read: &Read<'_>, unit: usize) -> Apart {
    let (Some(left), Some(right)) =
        (unit.checked_sub(1).and_then(|at| read.units.get(at)), read.units.get(unit))
    else {
        return Apart::Far;
    };
    let gap = read.between(left.place.end, right.place.start);
    let n_chars = gap.chars().count();
    let of_words = gap.chars().any(char::is_alphabetic);
    if of_words {
        let money =
            read.tokens.get(left.tokens.end).is_some_and(|word| COUNTS.contains(&word.folded.as_str()));
        if n_chars <= WORDS_BETWEEN_MAX && !money { Apart::Words } else { Apart::Far }
    } else if n_chars <= SEPARATOR_MAX && !gap.contains(['+', '$', '%', '=']) {
        Apart::Separator
    } else {
        Apart::Far
    }
}

/// A number that may be a card's.
struct Number<'a, 't> {
    read: &'a Read<'t>,
    first: usize,
    last: usize,
    digits: &'a str,
    apart: Apart,
    spoken_of: bool,
}

impl Number<'_, '_> {
    /// Three of the four groups that are printed on a card: "4532 0151 1283".
    fn is_cut(&self) -> bool {
        let in_fours = self.units().len() == CUT_GROUPS
            && self.units().iter().all(|unit| unit.digits.len() == GROUP_DIGITS);
        let named = self.is_named() && !self.spoken_of;
        in_fours
            && self.apart == Apart::Separator
            && !named
            && !self.is_phone()
            && network(&format!("{}0000", self.digits)) == Network::Known
    }

    fn is_card(&self) -> bool {
        let network = network(self.digits);
        let checks = checks(self.digits);
        if self.is_phone() {
            return false;
        }
        let shaped = self.is_shaped();
        let whole = self.is_whole();
        let other = self.is_named() && !self.spoken_of;
        match (self.apart, network) {
            (Apart::Far, _) => false,
            (Apart::Words, Network::Known) => checks && (shaped || self.spoken_of),
            (Apart::Words, Network::Wide | Network::None) => checks && shaped && self.spoken_of,
            (Apart::Separator, Network::Known) if checks => {
                shaped || ((whole || self.units().len() == 1) && !other) || self.spoken_of
            }
            // Mistyped by one digit, it is still a card to whoever reads it.
            (Apart::Separator, Network::Known) => {
                self.spoken_of && whole && !self.is_named() && matches!(self.digits.len(), 15 | 16)
            }
            (Apart::Separator, Network::Wide) => checks && (shaped || (whole && self.spoken_of)),
            (Apart::Separator, Network::None) => checks && shaped && self.spoken_of,
        }
    }

    fn units(&self) -> &[Unit] {
        self.read.units.get(self.first..=self.last).unwrap_or_default()
    }

    /// Grouped as cards are, or digit by digit or pair by pair, as they are dictated.
    fn is_shaped(&self) -> bool {
        let units = self.units();
        let dictated = units.len() >= 6 && units.iter().all(|unit| unit.digits.len() <= 2);
        dictated
            || SHAPES.iter().any(|shape| {
                shape.len() == units.len()
                    && shape.iter().zip(units).all(|(length, unit)| unit.digits.len() == *length)
            })
    }

    /// No further digits stand beside it.
    fn is_whole(&self) -> bool {
        let apart = |unit: usize| between(self.read, unit) != Apart::Separator;
        (self.first == 0 || apart(self.first))
            && (self.last + 1 >= self.read.units.len() || apart(self.last + 1))
    }

    fn is_phone(&self) -> bool {
        let Some(first) = self.units().first() else { return false };
        let before = self.read.text.get(..first.place.start).unwrap_or_default();
        self.digits.len() <= PHONE_MAX && before.trim_end_matches(['(', ' ']).ends_with('+')
    }

    fn is_named(&self) -> bool {
        let first = self.units().first().map_or(0, |unit| unit.tokens.start);
        self.read.words_before(first).take(NAMED_WITHIN).any(|word| NAMED.contains(&word))
    }
}

/// Blots out the expiry and security code behind a card; the next unit to look at.
fn behind(read: &Read<'_>, card: usize, places: &mut Vec<Range<usize>>) -> usize {
    let mut last = card;
    while last < card + BEHIND_UNITS_MAX {
        let (Some(left), Some(unit)) = (read.units.get(last), read.units.get(last + 1)) else { break };
        let gap = read.between(left.place.end, unit.place.start);
        let words = read.tokens.get(left.tokens.end..unit.tokens.start).unwrap_or_default();
        let belongs = gap.chars().count() <= BEHIND_MAX
            && words.iter().all(|word| BEHIND.contains(&word.folded.as_str()))
            && unit.digits.len() <= 4
            && !gap.contains('$')
            && !COUNTS.contains(&read.word(unit.tokens.end));
        if !belongs {
            break;
        }
        places.push(unit.place.clone());
        last += 1;
    }
    last + 1
}

/// Whether the word behind a number makes it an amount or a count.
pub fn is_count(word: &str) -> bool {
    COUNTS.contains(&word)
}
