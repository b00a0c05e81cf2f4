//! Figures of the file that are said under the name of another: what is overdue as the whole debt, an instalment as
//! what closes the debt, the whole debt as what is overdue.

use crate::domain::debt::AgreementKind;
use crate::rules::guard::figures::{self, CLOSELY, EXACTLY, due, hundredths, is_figure, places};
use crate::rules::guard::numbers::Number;
use crate::rules::guard::{Fact, Known, Look, Mention, is_one, says};

/// Words between a name and its figure.
const REACH: usize = 8;

/// The whole debt, of which a sentence tells the figure.
const WHOLE: &[&[&str]] = &[
    &["deuda", "total"],
    &["total", "de", "la", "deuda"],
    &["total", "de", "su", "deuda"],
    &["saldo", "total"],
    &["todo", "lo", "que", "debe"],
    &["toda", "la", "deuda"],
    &["toda", "su", "deuda"],
    &["debe", "en", "total"],
    &["divida", "total"],
    &["total", "da", "divida"],
    &["total", "da", "sua", "divida"],
    &["toda", "a", "divida"],
    &["total", "debt"],
    &["whole", "debt"],
    &["entire", "debt"],
    &["total", "balance"],
    &["full", "balance"],
    &["everything", "you", "owe"],
];
/// What follows once the whole debt is paid.
const CLOSED: &[&[&str]] = &[
    &["paz", "y", "salvo"],
    &["paga", "todo"],
    &["cancela", "todo"],
    &["salda", "todo"],
    &["liquida", "todo"],
    &["no", "debe", "nada"],
    &["no", "debe", "mas"],
    &["salda", "la", "deuda"],
    &["liquida", "la", "deuda"],
    &["quita", "a", "divida"],
    &["quita", "tudo"],
    &["nao", "deve", "nada"],
    &["pays", "off"],
    &["paid", "off"],
    &["debt", "free"],
    &["owe", "nothing"],
];
/// What is overdue.
const OVERDUE: &[&[&str]] = &[
    &["saldo", "vencido"],
    &["valor", "vencido"],
    &["monto", "vencido"],
    &["saldo", "en", "mora"],
    &["valor", "en", "mora"],
    &["overdue", "balance"],
    &["overdue", "amount"],
    &["amount", "overdue"],
    &["saldo", "em", "atraso"],
    &["valor", "em", "atraso"],
];
const OF_ARREARS: &[&str] = &["vencid", "mora.", "atras", "overdue", "arrears", "late."];

/// Figures with a wrong name, to a proved person.
pub fn misnamed(look: &Look<'_>) -> Vec<Mention> {
    let known = look.known;
    if known.debts.is_empty() {
        return Vec::new();
    }
    let whole = wholes(known);
    let closing: Vec<i64> = whole.iter().copied().chain(settled(known)).collect();
    let all = figures::figures(known);
    let overdue: Vec<i64> = known.debts.iter().map(due).collect();
    let late: Vec<i64> = overdue.iter().copied().chain([overdue.iter().sum()]).collect();
    let only_whole: Vec<i64> = whole.iter().copied().filter(|value| !late.contains(value)).collect();
    let mut found = Vec::new();
    let mut check = |number: Option<&Number>, others: &[i64], right: &[i64]| {
        let Some(number) = number.filter(|number| !number.percent && !number.clock && !number.coded) else {
            return;
        };
        if says(look.sentence(number.first_word), &["capital.", "principal."]) {
            return;
        }
        if is_figure(number, others, (EXACTLY, false)) && !is_figure(number, right, (CLOSELY, false)) {
            found.push(look.mention(Fact::Sum, number));
        }
    };
    for place in
        places(look, WHOLE).filter(|(start, end)| !is_of_arrears(look, *end) && !is_denied(look, *start))
    {
        check(behind(look, place).or_else(|| ahead(look, place)), &all, &closing);
    }
    for place in places(look, CLOSED) {
        check(ahead(look, place).or_else(|| behind(look, place)), &all, &closing);
    }
    for place in places(look, OVERDUE) {
        check(behind(look, place), &only_whole, &late);
    }
    found
}

/// What each debt, and all of them together, come to as a whole.
pub fn wholes(known: &Known<'_>) -> Vec<i64> {
    let mut all: Vec<i64> = known.debts.iter().filter_map(|debt| debt.payoff().map(hundredths)).collect();
    if all.len() == known.debts.len() {
        all.push(all.iter().fold(0, |sum, value| sum.saturating_add(*value)));
    }
    all
}

/// Sums with which an offer or an agreement closes a debt.
pub fn settled(known: &Known<'_>) -> Vec<i64> {
    let agreed = known.agreements.iter().map(|agreement| &agreement.offer);
    let closing = known.offers.iter().chain(agreed).filter(|offer| {
        offer.closes() || (offer.leaves.is_none() && offer.kind == AgreementKind::Settlement)
    });
    closing
        .flat_map(|offer| {
            [hundredths(offer.total), hundredths(offer.total).saturating_add(hundredths(offer.discount))]
        })
        .collect()
}

/// "432.350 es lo atrasado, no toda la deuda".
fn is_denied(look: &Look<'_>, start: usize) -> bool {
    const DENIAL: &[&str] = &["no.", "nao.", "not.", "isn.", "t."];
    const REACH: usize = 2;
    let words = look.words();
    let sentence = words.get(start).map(|word| word.sentence);
    let before = words.get(start.saturating_sub(REACH)..start).unwrap_or_default();
    before.iter().any(|word| Some(word.sentence) == sentence && is_one(word, DENIAL))
}

/// "Saldo total vencido".
fn is_of_arrears(look: &Look<'_>, end: usize) -> bool {
    let words = look.words();
    says(words.get(end..(end + 2).min(words.len())).unwrap_or_default(), OF_ARREARS)
}

fn in_sentence(look: &Look<'_>, at: usize, number: &Number) -> bool {
    let words = look.words();
    let sentence = words.get(at).map(|word| word.sentence);
    words.get(number.first_word).is_some_and(|word| Some(word.sentence) == sentence)
}

fn behind<'a>(look: &Look<'a>, (start, end): (usize, usize)) -> Option<&'a Number> {
    let next = look.numbers.iter().find(|number| number.first_word >= end);
    next.filter(|number| number.first_word - end <= REACH && in_sentence(look, start, number))
}

fn ahead<'a>(look: &Look<'a>, (start, _): (usize, usize)) -> Option<&'a Number> {
    let last = look.numbers.iter().rev().find(|number| number.next_word <= start);
    last.filter(|number| start - number.next_word <= REACH && in_sentence(look, start, number))
}
