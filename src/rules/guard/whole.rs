//! What is overdue, said to be the whole debt, to close it, or to be what is paid each month.

use crate::rules::guard::figures::{CLOSELY, EXACTLY, due, hundredths, is_figure, places};
use crate::rules::guard::named::{settled, wholes};
use crate::rules::guard::numbers::Number;
use crate::rules::guard::{Fact, Look, Mention, is_one, says};

/// Words of denial reach so far.
const DENIAL_REACH: usize = 4;
/// Words from what is paid each month to its figure.
const MONTH_REACH: usize = 8;

/// The debt as a whole, or its end, beside a figure.
const WHOLE: &[&[&str]] = &[
    &["credito", "completo"],
    &["deuda", "completa"],
    &["obligacion", "completa"],
    &["prestamo", "completo"],
    &["todo", "el", "credito"],
    &["todo", "su", "credito"],
    &["todo", "el", "prestamo"],
    &["toda", "la", "deuda"],
    &["toda", "su", "deuda"],
    &["toda", "la", "obligacion"],
    &["totalidad"],
    &["lo", "unico", "que", "debe"],
    &["unico", "que", "debe"],
    &["unica", "deuda"],
    &["divida", "inteira"],
    &["divida", "toda"],
    &["toda", "a", "divida"],
    &["emprestimo", "inteiro"],
    &["financiamento", "inteiro"],
    &["tudo", "que", "deve"],
    &["tudo", "o", "que", "deve"],
    &["whole", "loan"],
    &["entire", "loan"],
    &["whole", "debt"],
    &["entire", "debt"],
    &["all", "you", "owe"],
    &["everything", "you", "owe"],
    &["loan", "is", "closed"],
    &["loan", "is", "paid"],
    &["loan", "is", "over"],
    &["done", "with", "the", "loan"],
    &["done", "with", "your", "loan"],
    &["credito", "desaparece"],
    &["deuda", "desaparece"],
    &["obligacion", "desaparece"],
    &["desaparece", "el", "credito"],
    &["desaparece", "la", "deuda"],
    &["divida", "some"],
    &["divida", "acaba"],
    &["se", "acabo", "el", "credito"],
    &["se", "acaba", "el", "credito"],
    &["se", "acabo", "la", "deuda"],
    &["se", "acaba", "la", "deuda"],
    &["se", "olvida", "del", "credito"],
    &["se", "olvida", "de", "la", "deuda"],
    &["encerra", "o", "financiamento"],
    &["encerra", "a", "divida"],
    &["encerra", "o", "emprestimo"],
    &["encerra", "o", "credito"],
    &["cancela", "el", "credito"],
    &["cancela", "la", "deuda"],
    &["cancela", "la", "obligacion"],
    &["debt", "disappears"],
    &["debt", "is", "gone"],
    &["closes", "the", "loan"],
    &["closes", "your", "loan"],
    &["closes", "the", "debt"],
];
/// The same where the sentence says that something is owed.
const IN_ALL: &[&[&str]] = &[
    &["en", "total"],
    &["no", "mas"],
    &["nada", "mas"],
    &["y", "ya"],
    &["em", "total"],
    &["no", "total"],
    &["in", "total"],
    &["nothing", "else"],
    &["nada", "mais"],
    &["e", "so"],
];
const OWES: &[&str] = &["debe.", "debes.", "adeuda.", "owe.", "owes.", "deve.", "devendo."];
/// The sentence is about what is overdue, or about what goes on afterwards.
const OF_A_PART: &[&str] = &[
    "vencid",
    "atras",
    "mora.",
    "overdue",
    "arrears",
    "late.",
    "dia.",
    "date.",
    "corriente.",
    "sigue.",
    "continua",
    "resto.",
    "rest.",
];
const DENIAL: &[&str] = &[
    "no.", "nao.", "not.", "doesn", "isn", "sin.", "sem.", "nunca.", "ningun", "tampoco.", "todavia.",
    "aun.", "never.", "t.",
];
const PAID_MONTHLY: &[&str] =
    &["cuota", "mensualidad", "parcela", "instalment", "installment", "prestac", "payment"];
const MONTHLY: &[&str] = &["mensual", "mensal", "monthly.", "mes.", "month."];

fn is_plain(number: &Number) -> bool {
    !number.percent && !number.clock && !number.coded
}

/// What is due of each debt, and of all.
fn dues(look: &Look<'_>) -> Vec<i64> {
    let each: Vec<i64> = look.known.debts.iter().map(due).filter(|due| *due > 0).collect();
    let all = each.iter().fold(0_i64, |sum, due| sum.saturating_add(*due));
    each.into_iter().chain([all]).collect()
}

/// "El crédito completo le sale en 1.728.000", where that is what is overdue.
pub fn overdue(look: &Look<'_>) -> Vec<Mention> {
    let whole = wholes(look.known);
    let closes: Vec<i64> = whole.iter().copied().chain(settled(look.known)).collect();
    let due: Vec<i64> = dues(look).into_iter().filter(|due| !closes.contains(due)).collect();
    if whole.is_empty() || due.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let owed = places(look, IN_ALL).filter(|(start, _)| says(look.sentence(*start), OWES));
    for (start, _) in places(look, WHOLE).chain(owed) {
        let sentence = look.sentence(start);
        let Some(own) = look.words().get(start) else { continue };
        let before = look.words().get(start.saturating_sub(DENIAL_REACH)..start).unwrap_or_default();
        let denied = before.iter().any(|word| word.sentence == own.sentence && is_one(word, DENIAL));
        let here: Vec<&Number> = look
            .numbers
            .iter()
            .filter(|number| is_plain(number))
            .filter(|number| {
                look.words().get(number.first_word).is_some_and(|word| word.sentence == own.sentence)
            })
            .collect();
        let right = here.iter().any(|number| is_figure(number, &closes, (CLOSELY, false)));
        if denied || right || says(sentence, OF_A_PART) {
            continue;
        }
        let wrong = here.into_iter().filter(|number| is_figure(number, &due, (EXACTLY, false)));
        found.extend(wrong.map(|number| look.mention(Fact::Sum, number)));
    }
    found
}

/// "Sus cuotas mensuales son de 1.728.000", where that is what is overdue.
pub fn monthly(look: &Look<'_>) -> Vec<Mention> {
    let known = look.known;
    let agreed = known.agreements.iter().map(|agreement| &agreement.offer);
    let offered = known.offers.iter().chain(agreed);
    let each: Vec<i64> = known
        .debts
        .iter()
        .flat_map(|debt| debt.next_due.iter().chain(&debt.instalments).map(|one| hundredths(one.amount)))
        .chain(offered.flat_map(|offer| offer.payments.iter().map(|one| hundredths(one.amount))))
        .collect();
    let due: Vec<i64> = dues(look).into_iter().filter(|due| !each.contains(due)).collect();
    let wrong = |number: &&Number| {
        let before = look.around(number, MONTH_REACH, 0);
        is_plain(number)
            && is_figure(number, &due, (EXACTLY, false))
            && says(before, PAID_MONTHLY)
            && says(before, MONTHLY)
            && !says(before, OF_A_PART)
            && !says(before, DENIAL)
    };
    look.numbers.iter().filter(wrong).map(|number| look.mention(Fact::Sum, number)).collect()
}
