//! Numbers that a text announces as the agreement or the reference of a payment. The cashier types them digit by digit,
//! so each must be the policy's for that network, or this debt's, exactly.

use crate::rules::guard::figures::{self, EXACTLY, is_figure};
use crate::rules::guard::numbers::Number;
use crate::rules::guard::{Fact, Known, Look, Mention, digits_of, is_one, says};
use crate::rules::reading::{Word, words};

/// Words between what a number is called and the number.
const REACH: usize = 6;
const AGREEMENTS: &[&str] = &["convenio", "agreement", "payee.", "biller"];
const REFERENCES: &[&str] = &["referencia", "reference", "ref."];
const CODES: &[&str] = &["codigo", "code."];
/// A number of a case, a receipt or an address is none of a payment.
const OF_A_CASE: &[&str] = &[
    "caso",
    "radic",
    "solicitud",
    "pqr",
    "reclamo",
    "queja",
    "ticket",
    "tiquete",
    "peticion",
    "tramite",
    "case.",
    "request",
    "protocolo",
    "chamado",
    "comprobante",
    "recibo",
    "receipt",
    "soporte",
    "postal",
    "turno",
];
/// Numbers of something else may follow.
const OF_SOMETHING_ELSE: &[&str] = &[
    "cuenta",
    "ahorros",
    "account",
    "conta.",
    "nit.",
    "linea",
    "telefono",
    "llam",
    "documento",
    "cedula",
    "valor",
    "caso",
];
/// What binds a number to the name behind it: "110342 es el convenio".
const BINDS: &[&str] = &["es.", "como.", "as.", "is.", "e.", "sera.", "will."];
const AGREEMENT_DIGITS_MIN: usize = 4;
const REFERENCE_DIGITS_MIN: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Agreement,
    Reference,
    Code,
}

/// Announced numbers that are not the lender's for that network and not this debt's.
pub fn foreign(look: &Look<'_>) -> Vec<Mention> {
    let words = look.words();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Some(kind) = kind_of(word) else { continue };
        let Some(number) = after(look, at).or_else(|| before(look, at)) else { continue };
        if is_other(look, kind, number) {
            found.push(look.mention(Fact::Payee, number));
        }
    }
    found
}

fn kind_of(word: &Word) -> Option<Kind> {
    [(AGREEMENTS, Kind::Agreement), (REFERENCES, Kind::Reference), (CODES, Kind::Code)]
        .into_iter()
        .find_map(|(stems, kind)| is_one(word, stems).then_some(kind))
}

/// The first number behind the word, if nothing else is announced before it.
fn after<'a>(look: &Look<'a>, at: usize) -> Option<&'a Number> {
    let words = look.words();
    let number = look.numbers.iter().find(|number| number.first_word > at)?;
    let between = words.get(at + 1..number.first_word)?;
    let sentence = words.get(at)?.sentence;
    let same = words.get(number.first_word).is_some_and(|word| word.sentence == sentence);
    let announced = between.iter().any(|word| kind_of(word).is_some() || is_one(word, OF_SOMETHING_ELSE));
    (same && between.len() < REACH && !announced).then_some(number)
}

/// "110342 es el convenio".
fn before<'a>(look: &Look<'a>, at: usize) -> Option<&'a Number> {
    let words = look.words();
    let number = look.numbers.iter().rev().find(|number| number.next_word <= at)?;
    let between = words.get(number.next_word..at)?;
    let sentence = words.get(at)?.sentence;
    let same = words.get(number.first_word).is_some_and(|word| word.sentence == sentence);
    (same && (1..=3).contains(&between.len()) && says(between, BINDS)).then_some(number)
}

fn is_other(look: &Look<'_>, kind: Kind, number: &Number) -> bool {
    let known = look.known;
    let lettered = look.written.get(number.end).is_some_and(|c| c.is_alphabetic());
    if number.money || number.clock || number.percent || number.scaled || number.coded || lettered {
        return false;
    }
    let said = number.digits.as_str();
    let sentence = look.sentence(number.first_word);
    let own = own_references(known).iter().any(|reference| reference == said);
    match kind {
        Kind::Agreement => {
            let file = known.proved() && is_figure(number, &figures::figures(known), (EXACTLY, false));
            said.len() >= AGREEMENT_DIGITS_MIN
                && !figures::is_year(number)
                && !file
                && !own
                && !is_convention(look, number)
        }
        Kind::Reference => said.len() >= REFERENCE_DIGITS_MIN && !own && !says(sentence, OF_A_CASE),
        Kind::Code => {
            said.len() >= AGREEMENT_DIGITS_MIN
                && network(look, number).is_some()
                && !own
                && !is_convention(look, number)
                && !says(sentence, OF_A_CASE)
        }
    }
}

/// The agreement of the network that the text names nearest before the number, else behind it, else of any.
fn is_convention(look: &Look<'_>, number: &Number) -> bool {
    let points = &look.known.policy.payment.cash_points;
    let named = network(look, number);
    points.iter().enumerate().any(|(at, point)| {
        named.is_none_or(|named| named == at) && digits_of(&point.convention) == number.digits
    })
}

/// The cash network of the policy that a number stands beside.
fn network(look: &Look<'_>, number: &Number) -> Option<usize> {
    let points = &look.known.policy.payment.cash_points;
    let names: Vec<Vec<Word>> = points.iter().map(|point| words(&point.network)).collect();
    let named = |word: &Word| names.iter().position(|name| name.iter().any(|part| part.sound == word.sound));
    let all = look.words();
    let before = all.get(..number.first_word.min(all.len()))?;
    let behind = all.get(number.next_word.min(all.len())..)?;
    before.iter().rev().find_map(named).or_else(|| behind.iter().find_map(named))
}

/// The references of the proved person's debts and agreements.
fn own_references(known: &Known<'_>) -> Vec<String> {
    if !known.proved() {
        return Vec::new();
    }
    let payment = &known.policy.payment;
    let patterns = payment
        .cash_points
        .iter()
        .map(|point| &point.reference)
        .chain(payment.bank_transfer.iter().map(|transfer| &transfer.reference));
    let agreed: Vec<&str> = known.agreements.iter().map(|agreement| agreement.reference.as_str()).collect();
    let mut all: Vec<String> = agreed.iter().map(|reference| digits_of(reference)).collect();
    all.extend(known.debts.iter().map(|debt| digits_of(&debt.external_ref)));
    for pattern in patterns {
        for debt in known.debts {
            let of_agreements =
                agreed.iter().map(|reference| digits_of(&pattern.render(&debt.external_ref, reference)));
            all.push(digits_of(&pattern.render(&debt.external_ref, "")));
            all.extend(of_agreements);
        }
    }
    all.retain(|reference| !reference.is_empty());
    all
}
