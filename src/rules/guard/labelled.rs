//! Figures that stand under the name of another: an instalment of another plan, what is said to bring a debt up to date,
//! capital and interest, and what another product owes.

use crate::domain::debt::{Obligation, Offer};
use crate::rules::guard::figures::{self, CLOSELY, EXACTLY, due, hundredths, is_figure, of_offer};
use crate::rules::guard::numbers::Number;
use crate::rules::guard::products::{self, Named};
use crate::rules::guard::{Fact, Look, Mention, is_one, says};
use crate::rules::reading::Word;

/// Words between a name and its figure at most.
const REACH: usize = 5;
/// Words that join a name to its figure: all others belong to something else.
const LINKS: &[&str] = &[
    "es.",
    "son.",
    "de.",
    "del.",
    "van.",
    "va.",
    "en.",
    "por.",
    "is.",
    "are.",
    "of.",
    "sao.",
    "e.",
    "a.",
    "le.",
    "queda.",
    "quedan.",
    "seria.",
    "serian.",
    "suman.",
    "suma.",
    "esta.",
    "estan.",
    "fica.",
    "ficam.",
    "cada.",
    "una.",
    "cop.",
    "valor",
    "the.",
    "su.",
    "sus.",
    "each.",
    "at.",
    "com.",
    "con.",
    "aproximad",
    "unos.",
];
const INSTALMENTS: &[&str] =
    &["cuota", "pagos.", "parcela", "prestac", "instal", "payments.", "mensualidad", "abonos."];
const UP_TO_DATE: &[&[&str]] = &[
    &["al", "dia"],
    &["em", "dia"],
    &["up", "to", "date"],
    &["no", "esta", "en", "mora"],
    &["no", "estaria", "en", "mora"],
    &["no", "queda", "en", "mora"],
    &["no", "esta", "atrasado"],
    &["no", "esta", "atrasada"],
    &["sale", "de", "mora"],
    &["sale", "de", "la", "mora"],
    &["sale", "del", "atraso"],
    &["sai", "do", "atraso"],
];
const ALL_OF_THEM: &[&str] = &["dos.", "ambas", "ambos", "todas", "todos", "both", "duas.", "all.", "todo."];

/// A name, and the figures of a debt that it may stand for.
type Label = (&'static [&'static [&'static str]], fn(&Obligation) -> Vec<i64>);

const LABELS: &[Label] = &[
    (&[&["capital"], &["principal"]], |debt| {
        let outstanding = debt.balance.principal_outstanding.map(hundredths);
        [hundredths(debt.balance.principal)].into_iter().chain(outstanding).collect()
    }),
    (&[&["intereses"], &["juros"], &["interest"]], |debt| {
        let (usual, late) = (hundredths(debt.balance.interest), hundredths(debt.balance.late_interest));
        vec![usual, late, usual.saturating_add(late)]
    }),
    (
        &[
            &["cuota", "mensual"],
            &["cuota", "normal"],
            &["mensualidad"],
            &["parcela", "mensal"],
            &["monthly", "payment"],
            &["cada", "mes", "usted", "paga"],
            &["cada", "mes", "paga"],
            &["paga", "cada", "mes"],
            &["proxima", "cuota"],
            &["siguiente", "cuota"],
            &["proxima", "parcela"],
            &["next", "instalment"],
            &["next", "payment"],
        ],
        |debt| debt.next_due.iter().chain(&debt.instalments).map(|one| hundredths(one.amount)).collect(),
    ),
];

/// Figures with another's name, to a proved person.
pub fn mislabelled(look: &Look<'_>) -> Vec<Mention> {
    let known = look.known;
    if known.debts.is_empty() {
        return Vec::new();
    }
    let agreed = known.agreements.iter().map(|agreement| &agreement.offer);
    let offers: Vec<&Offer> = known.offers.iter().chain(agreed).collect();
    let all = figures::figures(known);
    let mut found = Vec::new();
    for (names, of) in LABELS {
        let mut right: Vec<i64> = known.debts.iter().flat_map(of).collect();
        let plans = offers.iter().filter(|offer| offer.payments.len() > 1);
        right.extend(plans.flat_map(|offer| interest_and_instalments(offer)));
        let named = figures::places(look, names).filter_map(|place| named(look, place, &right));
        found.extend(named.filter(|number| is_other(number, &all, &right)));
    }
    found.extend(plans(look, &offers));
    found.extend(
        up_to_date(look, &offers)
            .into_iter()
            .filter(|(number, right)| is_other(number, &all, right))
            .map(|(number, _)| number),
    );
    found.extend(of_another_product(look));
    found.into_iter().map(|number| look.mention(Fact::Sum, number)).collect()
}

/// A figure of the file, and none of those that are right here.
fn is_other(number: &Number, all: &[i64], right: &[i64]) -> bool {
    !number.percent
        && !number.clock
        && !number.coded
        && is_figure(number, all, (EXACTLY, false))
        && !is_figure(number, right, (CLOSELY, false))
}

fn interest_and_instalments(offer: &Offer) -> Vec<i64> {
    let mut all: Vec<i64> = offer.payments.iter().map(|payment| hundredths(payment.amount)).collect();
    all.push(offer.payments.iter().fold(0, |sum, payment| sum.saturating_add(hundredths(payment.interest))));
    all
}

/// The number that a name is of: the one with "of" before it ("64.300 de intereses"); else, where a list may go either way
/// ("358.200 capital, 64.300 interés"), the one that stands right before it when that fits, or the one that follows.
fn named<'l>(look: &'l Look<'_>, (start, end): (usize, usize), right: &[i64]) -> Option<&'l Number> {
    let words = look.words();
    let before = |word: usize| {
        let sum = |number: &&Number| number.money || number.digits.len() >= 4;
        look.numbers.iter().find(|number| number.next_word == word).filter(sum)
    };
    let of = start.checked_sub(1).filter(|of| words.get(*of).is_some_and(|word| is_one(word, OF)));
    let same = |number: &&Number| {
        let sentence = |at: usize| words.get(at).map(|word| word.sentence);
        sentence(number.first_word) == sentence(start)
    };
    of.and_then(before)
        .or_else(|| before(start).filter(|number| is_figure(number, right, (CLOSELY, false))))
        .filter(same)
        .or_else(|| linked(look, end))
}

/// The number that a name ends before, with nothing but joining words between them.
fn linked<'l>(look: &'l Look<'_>, end: usize) -> Option<&'l Number> {
    let words = look.words();
    let number = look.numbers.iter().find(|number| number.first_word >= end)?;
    let between = words.get(end..number.first_word)?;
    let sentence = words.get(end.checked_sub(1)?)?.sentence;
    let joined = between.iter().all(|word| word.sentence == sentence && is_one(word, LINKS));
    let same = words.get(number.first_word).is_some_and(|word| word.sentence == sentence);
    (between.len() <= REACH && joined && same).then_some(number)
}

/// "3 cuotas de 288.000" where no plan of three has such a payment.
fn plans<'l>(look: &'l Look<'_>, offers: &[&Offer]) -> Vec<&'l Number> {
    let words = look.words();
    let wrong = |count: &'l Number| {
        let counts = words.get(count.next_word).is_some_and(|word| is_one(word, INSTALMENTS));
        let n = count.values.first().filter(|value| **value % 100 == 0).map(|value| value / 100)?;
        if !counts || count.money || !(2..=240).contains(&n) {
            return None;
        }
        let amount = linked(look, count.next_word + 1)
            .filter(|amount| amount.money || amount.digits.len() >= 4 || amount.scaled)?;
        let of_plan: Vec<i64> = offers
            .iter()
            .filter(|offer| i64::try_from(offer.payments.len()) == Ok(n))
            .flat_map(|offer| of_offer(offer))
            .collect();
        (!is_figure(amount, &of_plan, (CLOSELY, false))).then_some(amount)
    };
    look.numbers.iter().filter_map(wrong).collect()
}

/// The figures that a sentence says bring the debts up to date, with those that do.
fn up_to_date<'l>(look: &'l Look<'_>, offers: &[&Offer]) -> Vec<(&'l Number, Vec<i64>)> {
    let debts = look.known.debts;
    let each: Vec<i64> = debts.iter().map(due).collect();
    let together = each.iter().fold(0_i64, |sum, one| sum.saturating_add(*one));
    let mut found = Vec::new();
    for (start, end) in figures::places(look, UP_TO_DATE) {
        let sentence = look.sentence(start);
        // "Al día de hoy" is a date.
        let of_today = look.words().get(end).is_some_and(|word| is_one(word, &["de."]));
        if of_today || says(sentence, INSTALMENTS) {
            continue;
        }
        let mut right = vec![together];
        if debts.len() == 1 || !says(sentence, ALL_OF_THEM) {
            right.extend(&each);
            right.extend(offers.iter().map(|offer| hundredths(offer.total)));
        }
        let in_sentence = |number: &&Number| {
            look.words()
                .get(number.first_word)
                .is_some_and(|word| sentence.first().is_some_and(|first| first.sentence == word.sentence))
        };
        found.extend(look.numbers.iter().filter(in_sentence).map(|number| (number, right.clone())));
    }
    found
}

/// "La tarjeta debe 897.700", which is what the loan owes.
fn of_another_product<'l>(look: &'l Look<'_>) -> Vec<&'l Number> {
    let known = look.known;
    let mut found = Vec::new();
    if known.debts.len() < 2 {
        return found;
    }
    let all = figures::figures(known);
    let of = |debt: &Obligation| -> Vec<i64> {
        let given = known.offers.iter().filter(|offer| offer.obligation == debt.id).flat_map(of_offer);
        let agreed = known.agreements.iter().filter(|agreement| agreement.offer.obligation == debt.id);
        figures::of_debt(debt)
            .into_iter()
            .chain(given)
            .chain(agreed.flat_map(|one| of_offer(&one.offer)))
            .collect()
    };
    for sentence in look.words().chunk_by(|a, b| a.sentence == b.sentence) {
        let names = products::said(sentence, known);
        let (Some(first), Some(last)) = (sentence.first(), sentence.last()) else { continue };
        let here = |number: &&Number| first.start <= number.start && number.end <= last.end;
        let figure_first = look
            .numbers
            .iter()
            .filter(here)
            .find(|number| is_figure(number, &all, (EXACTLY, false)))
            .is_some_and(|number| names.first().is_some_and(|name| number.end <= name.start));
        for number in look.numbers.iter().filter(here) {
            let Some(debt) = debt_of(look, number, &names, figure_first) else { continue };
            let others: Vec<i64> =
                known.debts.iter().filter(|other| other.id != debt.id).flat_map(of).collect();
            if is_other(number, &others, &of(debt)) {
                found.push(number);
            }
        }
    }
    found
}

/// Whose figure it is: of the debt that the text names with it ("253.700 de la tarjeta"), of the one that it named last
/// where names come before figures, or of the only one of the clause.
fn debt_of<'d>(
    look: &Look<'_>,
    number: &Number,
    names: &[Named<'d>],
    figure_first: bool,
) -> Option<&'d Obligation> {
    let words = look.words();
    let of = |name: &&Named<'_>| {
        let between: Vec<&Word> =
            words.iter().filter(|word| number.end <= word.start && word.end <= name.start).collect();
        number.end <= name.start
            && !between.is_empty()
            && between.len() <= REACH
            && between.iter().all(|word| is_one(word, OF_IT))
            && (figure_first || between.first().is_some_and(|word| !is_one(word, ARTICLES)))
    };
    if let Some(name) = names.iter().find(of) {
        return Some(name.debt);
    }
    if let Some(name) = names.iter().rev().find(|name| name.end <= number.start && !figure_first) {
        return Some(name.debt);
    }
    let clause = words.get(number.first_word)?.clause;
    let place =
        |name: &&Named<'_>| words.iter().any(|word| word.start == name.start && word.clause == clause);
    let mut same = names.iter().filter(place).map(|name| name.debt);
    let debt = same.next()?;
    same.all(|other| other.id == debt.id).then_some(debt)
}

/// Between a figure and its name.
const OF: &[&str] = &["de.", "del.", "of.", "in.", "son.", "es.", "are.", "is.", "sao."];
const ARTICLES: &[&str] = &["la.", "el.", "o.", "a.", "su.", "the.", "sua.", "seu."];
/// Between a figure and the debt that it is of.
const OF_IT: &[&str] = &[
    "de.", "del.", "da.", "do.", "en.", "na.", "no.", "of.", "on.", "for.", "por.", "la.", "el.", "su.",
    "sua.", "seu.", "the.", "your.", "pesos.", "vencid", "atrasad", "overdue.", "a.", "o.", "para.", "in.",
];
