//! Amounts and account numbers of the person's file, however they are said.

use crate::domain::debt::{Agreement, Obligation, Offer};
use crate::domain::money::Money;
use crate::rules::guard::numbers::Number;
use crate::rules::guard::{Fact, Known, Look, Mention, digits_of, is_one, says};

/// Figures below this many units of the currency are said of anything; they need a word of money beside them.
const UNITS_MIN: i64 = 1_000;
/// "Somewhat more than a million": at most this much more, in parts of the figure said.
const AND_MORE_PARTS: i64 = 2;
/// To somebody unproved a figure may not be said however roughly: up to a tenth of itself.
pub const ROUGHLY: i64 = 10;
/// A sum that is offered is the figure, but for its last digits.
pub const CLOSELY: i64 = 100;
/// What closes a debt is said to the last thousandth.
pub const EXACTLY: i64 = 1_000;
/// So many digits of a figure name it.
const TELLING_DIGITS: usize = 4;
/// Fewer digits of an account say nothing.
const ACCOUNT_DIGITS_MIN: usize = 4;

/// Words that make a number beside them an amount that somebody owes or pays.
pub const OWING: &[&str] = &[
    "debe.", "deben.", "debes.", "debia", "debe", "adeud", "deud", "sald", "cuota", "quota", "pag", "abon",
    "consig", "cancel", "mora.", "atras", "venc", "valor.", "monto", "total", "capital", "interes",
    "pendient", "falta", "cost", "owe", "due.", "balance", "debt", "pay", "amount", "valor", "divida",
    "devend", "deve.", "devendo", "parcela", "prestac", "fatura", "vale.",
];

/// What numbers count that are no money: places, people, points.
const COUNTED: &[&str] = &[
    "punto",
    "oficina",
    "corresponsal",
    "cliente",
    "cajero",
    "persona",
    "sucursal",
    "asesor",
    "usuario",
    "metro",
    "vez.",
    "veces",
    "point",
    "branch",
    "office",
    "agencia",
    "loja",
    "pontos",
    "caracter",
    "palabra",
];

/// Amounts said to somebody unproved: any money, and any number that is a figure of the file.
pub fn told(look: &Look<'_>) -> Vec<Mention> {
    let figures = figures(look.known);
    let tells = |number: &&Number| {
        if number.clock || number.coded || is_public(number, look.known) || counted(look, number) {
            return false;
        }
        number.money
            || (number.scaled && number.values.iter().any(|value| *value >= UNITS_MIN * 100))
            || (is_grouped(number) && !is_year(number))
            || (number.percent
                && says(
                    look.sentence(number.first_word),
                    &[
                        "interes", "tasa", "descuent", "condon", "rate", "discount", "juro", "descont",
                        "quita", "rebaj",
                    ],
                ))
            || is_figure(
                number,
                &figures,
                (ROUGHLY, number.and_more || says(look.around(number, 6, 4), OWING)),
            )
            || begins_figure(number, &figures)
            || is_spelled_figure(number, &figures)
            || is_days_late(look, number)
    };
    look.numbers.iter().filter(tells).map(|number| look.mention(Fact::Figure, number)).collect()
}

/// Parts of account and document numbers said to somebody unproved.
pub fn accounts(look: &Look<'_>) -> Vec<Mention> {
    let known = look.known;
    let accounts = known.debts.iter().map(|debt| digits_of(&debt.external_ref));
    let documents = known.persons.iter().map(|person| digits_of(person.document.expose()));
    let references = known.persons.iter().map(|person| digits_of(&person.external_ref));
    let secret: Vec<String> = accounts
        .chain(documents)
        .chain(references)
        .filter(|digits| digits.len() >= ACCOUNT_DIGITS_MIN)
        .collect();
    let part = |number: &&Number| {
        let said = &number.digits;
        said.len() >= ACCOUNT_DIGITS_MIN
            && !number.clock
            && !is_public(number, known)
            && !is_year(number)
            && secret.iter().any(|digits| {
                digits.ends_with(said.as_str())
                    || digits.starts_with(said.as_str())
                    || (said.len() >= 6 && digits.contains(said.as_str()))
            })
    };
    look.numbers.iter().filter(part).map(|number| look.mention(Fact::Account, number)).collect()
}

/// Every amount of the file in hundredths of the currency's unit, each once.
pub fn figures(known: &Known<'_>) -> Vec<i64> {
    let mut all: Vec<i64> = known.debts.iter().flat_map(of_debt).collect();
    all.extend(known.offers.iter().flat_map(of_offer));
    all.extend(known.agreements.iter().flat_map(of_agreement));
    let owed = known.debts.iter().map(due);
    all.push(owed.fold(0, i64::saturating_add));
    let outstanding = known.debts.iter().filter_map(|debt| debt.balance.principal_outstanding);
    let outstanding = outstanding.map(hundredths);
    all.push(outstanding.fold(0, i64::saturating_add));
    all.retain(|amount| *amount > 0);
    all.sort_unstable();
    all.dedup();
    all
}

/// What is due now, in hundredths.
pub fn due(debt: &Obligation) -> i64 {
    let balance = &debt.balance;
    let parts = [balance.principal, balance.interest, balance.late_interest, balance.fees];
    parts.iter().fold(0, |sum, part| sum.saturating_add(hundredths(*part)))
}

/// The parts of a balance, whatever several of them come to, and the instalments.
pub fn of_debt(debt: &Obligation) -> Vec<i64> {
    let balance = &debt.balance;
    let parts = [balance.principal, balance.interest, balance.late_interest, balance.fees];
    let some_of = |chosen: u32| {
        let of = parts.iter().enumerate().filter(|(at, _)| chosen & (1 << at) != 0);
        of.fold(0_i64, |sum, (_, part)| sum.saturating_add(hundredths(*part)))
    };
    let mut all: Vec<i64> = (1..16).map(some_of).collect();
    if let Some(outstanding) = balance.principal_outstanding.map(hundredths) {
        all.push(outstanding);
        all.push(outstanding.saturating_add(some_of(0b1110)));
    }
    all.extend(debt.next_due.iter().chain(&debt.instalments).map(|instalment| hundredths(instalment.amount)));
    all
}

pub fn of_offer(offer: &Offer) -> Vec<i64> {
    let mut all = vec![hundredths(offer.total), hundredths(offer.discount)];
    all.extend(offer.leaves.map(hundredths));
    all.extend(offer.payments.iter().map(|payment| hundredths(payment.amount)));
    all.push(offer.payments.iter().fold(0, |sum, payment| sum.saturating_add(hundredths(payment.interest))));
    all
}

fn of_agreement(agreement: &Agreement) -> Vec<i64> {
    of_offer(&agreement.offer)
}

/// Whether a number is one of these figures or, to so many parts of it, rounds to one. `owing` lets thousands be left
/// out ("debe 432").
pub fn is_figure(number: &Number, figures: &[i64], (parts, owing): (i64, bool)) -> bool {
    let values = number.values.iter().copied().filter(|value| *value >= UNITS_MIN * 100);
    let said: Vec<i64> = values.collect();
    let thousands =
        number.values.iter().copied().filter(|value| owing && (10_000..UNITS_MIN * 100).contains(value));
    let said = said
        .into_iter()
        .map(|value| (value, number.step))
        .chain(thousands.map(|value| (value * 1_000, number.step * 1_000)));
    let mut said = said;
    said.any(|(value, step)| {
        figures.iter().any(|figure| is_rounded((value, step), number.and_more, *figure, parts))
    })
}

/// Whether `said`, exact to `step`, stands for `figure`. All are hundredths.
fn is_rounded((said, step): (i64, i64), and_more: bool, figure: i64, parts: i64) -> bool {
    let off = said.saturating_sub(figure).saturating_abs();
    let coarse = step.min(figure / parts).max(100);
    off < coarse || (and_more && figure >= said && figure < said.saturating_add(said / AND_MORE_PARTS))
}

/// "Seventeen twenty-eight, in thousands": the digits of a figure without its zeros.
fn begins_figure(number: &Number, figures: &[i64]) -> bool {
    let said = number.digits.trim_end_matches('0');
    said.len() >= TELLING_DIGITS
        && !is_year(number)
        && figures.iter().any(|figure| {
            let whole = (figure / 100).to_string();
            whole.len() > number.digits.len() && whole.trim_end_matches('0') == said
        })
}

/// "1 7 2 8 0 0 0", "uno siete dos ocho cero cero cero": the digits of a figure one after the other.
fn is_spelled_figure(number: &Number, figures: &[i64]) -> bool {
    let worth = number.digits.parse::<i64>().ok().and_then(|value| value.checked_mul(100));
    number.digits.len() >= TELLING_DIGITS
        && number.values.is_empty()
        && worth.is_some_and(|worth| figures.contains(&worth))
}

/// "1.728.000" is money wherever it stands.
fn is_grouped(number: &Number) -> bool {
    number.digits.len() >= 4
        && number.values.iter().any(|value| *value >= UNITS_MIN * 100)
        && number.end - number.start > number.digits.len()
        && !number.percent
        && number.values.len() == 1
}

/// 1900 to 2100 are years unless money says otherwise.
pub fn is_year(number: &Number) -> bool {
    number.digits.len() == 4
        && (number.digits.starts_with("19") || number.digits.starts_with("20"))
        && number.end - number.start == 4
}

fn counted(look: &Look<'_>, number: &Number) -> bool {
    look.words().get(number.next_word).is_some_and(|word| is_one(word, COUNTED)) && !number.money
}

/// "Lleva 75 días", "hace dos meses y medio": how long a debt of the file is late.
fn is_days_late(look: &Look<'_>, number: &Number) -> bool {
    let Some((days, off)) = days_said(look, number) else { return false };
    days_late(look.known).any(|late| late > 2 && (late - days).abs() <= off)
}

/// A span of time in days, and how far off it may be meant.
pub fn days_said(look: &Look<'_>, number: &Number) -> Option<(i64, i64)> {
    let own = look.words().get(number.first_word)?;
    if own.text.strip_suffix('d').is_some_and(|digits| !digits.is_empty() && digits == number.digits) {
        return number.values.first().map(|value| (value / 100, 0));
    }
    let unit = look.words().get(number.next_word)?;
    let value = number.values.first()?;
    let half = says(
        look.words().get(number.next_word + 1..)?.get(..2).unwrap_or_default(),
        &["medi", "half", "meio"],
    );
    if is_one(unit, &["dia.", "dias.", "day.", "days."]) {
        return Some((value / 100, 0));
    }
    let (length, off) = if is_one(unit, &["mes.", "meses.", "month.", "months."]) {
        (30, 20)
    } else if is_one(unit, &["semana", "week"]) {
        (7, 5)
    } else {
        return None;
    };
    (*value > 100 || half).then_some((value * length / 100 + if half { length / 2 } else { 0 }, off))
}

pub fn days_late<'a>(known: &'a Known<'_>) -> impl Iterator<Item = i64> + 'a {
    known.debts.iter().filter_map(|debt| debt.oldest_unpaid_due.map(|due| known.today.days_since(due)))
}

/// A number that the lender itself makes known: its phones, accounts, conventions, and the country's lines.
pub fn is_public(number: &Number, known: &Known<'_>) -> bool {
    let said = number.digits.as_str();
    !number.money
        && said.len() >= 3
        && public(known).iter().any(|digits| {
            digits == said
                || (said.len() >= 7 && digits.ends_with(said))
                || said
                    .strip_prefix("57")
                    .or(said.strip_prefix("52"))
                    .or(said.strip_prefix("55"))
                    .is_some_and(|rest| rest == digits)
        })
}

/// The digits of every number in the policy that people may be told.
pub fn public(known: &Known<'_>) -> Vec<String> {
    let policy = known.policy;
    let mut all = vec![digits_of(&policy.contact.phone)];
    let lines = [policy.contact.crisis_line.as_str(), policy.emergency_line()].join("/");
    let groups = lines.split(|c: char| !c.is_ascii_digit() && c != ' ');
    all.extend(groups.map(digits_of));
    if let Some(transfer) = &policy.payment.bank_transfer {
        all.extend([digits_of(&transfer.account_number), digits_of(&transfer.holder_tax_id)]);
        let tax_id = transfer.holder_tax_id.split('-').next().map(digits_of);
        all.extend(tax_id);
    }
    all.extend(policy.payment.cash_points.iter().map(|point| digits_of(&point.convention)));
    all.retain(|digits| digits.len() >= 3);
    all
}

/// Minor units as the hundredths in which numbers are said.
pub fn hundredths(amount: Money) -> i64 {
    match amount.currency.minor_digits() {
        0 => amount.minor.saturating_mul(100),
        _ => amount.minor,
    }
}

/// Half-open ranges of words where one of the names stands.
pub fn places<'a>(look: &'a Look<'_>, names: &'a [&[&str]]) -> impl Iterator<Item = (usize, usize)> + 'a {
    let words = look.words();
    names.iter().flat_map(move |name| {
        words.windows(name.len()).enumerate().filter_map(move |(at, window)| {
            let same = window.iter().zip(*name).all(|(word, known)| word.text == *known);
            same.then_some((at, at + name.len()))
        })
    })
}
