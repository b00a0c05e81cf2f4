//! What a true figure is said to bring about: that it closes the debt, that it is what is paid each month, that it is the
//! interest; and what is said of the interest and the first day of an offer.

use crate::domain::debt::{AgreementKind, Offer};
use crate::domain::time::Day;
use crate::rules::guard::figures::{self, CLOSELY, EXACTLY, due, hundredths, is_figure};
use crate::rules::guard::named::{settled, wholes};
use crate::rules::guard::numbers::Number;
use crate::rules::guard::{Fact, Look, Mention, dates, is_one, says};
use crate::rules::policy::model::Terms;
use crate::rules::reading::Word;

/// Words from what ends to what it ends: "termina de pagar el carro".
const OBJECT_REACH: usize = 5;
/// Words from what begins to its day.
const DAY_REACH: usize = 7;
/// Words between a figure and the name behind it.
const NAME_REACH: usize = 3;
/// Words between a denial and what is denied.
const DENIAL_REACH: usize = 4;

/// Ending something; "el saldo" and "terminada en 5004" end nothing.
const ENDS: &[&str] = &[
    "termina.",
    "terminas.",
    "terminar",
    "termine.",
    "terminando",
    "liquida.",
    "liquidas.",
    "liquidar",
    "liquide.",
    "salda.",
    "saldas.",
    "saldar",
    "salde.",
    "cierra.",
    "cierras.",
    "cerrar",
    "extingu",
    "finaliza.",
    "finalizar",
    "finish",
    "settles.",
    "quita.",
    "quitar.",
];
/// "Se acaba el crédito", and not "acaba de pagar".
const RUNS_OUT: &[&str] = &["acaba.", "acabar", "acabo.", "acabaria"];
/// The debt as a whole.
const WHOLE: &[&str] = &[
    "credito",
    "deuda",
    "obligacion",
    "prestamo",
    "carro",
    "moto.",
    "tarjeta",
    "todo.",
    "toda.",
    "loan",
    "debt",
    "emprestimo",
    "divida",
    "financiamento",
];
/// What is said of a debt that is over, behind a word of being or becoming.
const OVER: &[&str] = &["saldad", "cancelad", "liquidad", "pagad", "libre.", "quitad", "quite."];
const BECOMES: &[&str] =
    &["queda.", "quedan.", "quedaria", "quedar", "fica.", "ficar", "esta.", "estaria", "deja."];
/// A part of the debt, which a part of the money may well end.
const PARTS: &[&str] = &[
    "vencid", "atras", "mora.", "cuota", "parcela", "plan.", "acuerdo", "acordo", "instal", "overdue",
    "arrears",
];
const DENIAL: &[&str] =
    &["no.", "nao.", "not.", "sin.", "sem.", "nunca.", "ningun", "tampoco.", "todavia.", "aun."];
const STILL_OWING: &[&str] = &["deb", "adeud", "pendient", "dev", "owe", "owing"];
const NOTHING: &[&str] = &["nada.", "mas.", "peso.", "pesos.", "nothing.", "anything.", "centavo", "mais."];

const INTEREST: &[&str] = &["interes", "juro", "interest"];
const PRINCIPAL: &[&str] = &["capital.", "principal."];
const MONTHLY: &[&str] = &["mensual", "mensal", "monthly"];
/// Between a figure and the name behind it.
const JOINS: &[&str] = &[
    "son.",
    "es.",
    "de.",
    "del.",
    "a.",
    "corresponde",
    "pesos.",
    "cop.",
    "of.",
    "are.",
    "is.",
    "sao.",
    "por.",
    "solo.",
    "puros.",
    "puro.",
];

const BEGINS: &[&str] = &[
    "empiez", "empez", "inici", "comienz", "comenz", "arranc", "primer", "first", "start", "begin", "comec",
];
const OF_A_PLAN: &[&str] = &["plan.", "planes.", "plano."];
const OF_A_REFINANCING: &[&str] = &["refinanc", "refi."];

/// False effects of figures and offers, to a proved person.
pub fn wrong(look: &Look<'_>) -> Vec<Mention> {
    if look.known.debts.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Mention> =
        closing(look).into_iter().map(|number| look.mention(Fact::Sum, number)).collect();
    found.extend(named_behind(look).into_iter().map(|number| look.mention(Fact::Sum, number)));
    found.extend(wrong_first_day(look));
    found.extend(wrong_interest(look));
    found
}

fn sentences<'l>(look: &'l Look<'_>) -> impl Iterator<Item = &'l [Word]> {
    look.words().chunk_by(|a, b| a.sentence == b.sentence)
}

fn numbers_in<'l>(look: &'l Look<'_>, sentence: &[Word]) -> Vec<&'l Number> {
    let (Some(first), Some(last)) = (sentence.first(), sentence.last()) else { return Vec::new() };
    look.numbers.iter().filter(|number| first.start <= number.start && number.end <= last.end).collect()
}

fn is_plain(number: &Number) -> bool {
    !number.percent && !number.clock && !number.coded
}

/// "Si paga los 561.300 queda saldado el crédito" where that is an instalment.
fn closing<'l>(look: &'l Look<'_>) -> Vec<&'l Number> {
    let known = look.known;
    let all = figures::figures(known);
    let agreed = known.agreements.iter().map(|agreement| &agreement.offer);
    let ending = known.offers.iter().chain(agreed).filter(|offer| {
        offer.closes() || matches!(offer.kind, AgreementKind::Settlement | AgreementKind::Refinancing)
    });
    let payments = ending.flat_map(|offer| offer.payments.iter().map(|payment| hundredths(payment.amount)));
    let closes: Vec<i64> = wholes(known).into_iter().chain(settled(known)).chain(payments).collect();
    let mut found = Vec::new();
    for sentence in sentences(look) {
        if !says_closed(sentence) {
            continue;
        }
        let here: Vec<&Number> =
            numbers_in(look, sentence).into_iter().filter(|number| is_plain(number)).collect();
        if here.iter().any(|number| is_figure(number, &closes, (CLOSELY, false))) {
            continue;
        }
        found.extend(here.into_iter().filter(|number| is_figure(number, &all, (EXACTLY, false))));
    }
    found
}

/// Whether a sentence says that the debt as a whole is over then.
fn says_closed(sentence: &[Word]) -> bool {
    let denied = |at: usize| {
        let before = sentence.get(at.saturating_sub(2)..at).unwrap_or_default();
        says(before, DENIAL)
    };
    // "Termina de pagar el carro", and not "termina de pagar lo vencido del carro".
    let ends = |at: usize| {
        let after = sentence.get(at + 1..).unwrap_or_default();
        let after = after.get(..OBJECT_REACH.min(after.len())).unwrap_or_default();
        let object = after.iter().position(|word| is_one(word, WHOLE));
        object.is_some_and(|end| !says(after.get(..end).unwrap_or_default(), PARTS))
    };
    let over = |at: usize| {
        let after = sentence.get(at + 1..).unwrap_or_default();
        let after = after.get(..3.min(after.len())).unwrap_or_default();
        after.iter().any(|word| is_one(word, OVER)) && !says(sentence, PARTS)
    };
    let runs_out = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| sentence.get(at));
        before.is_some_and(|word| is_one(word, &["se.", "le."])) && ends(at)
    };
    let ended = sentence.iter().enumerate().any(|(at, word)| {
        !denied(at)
            && (is_one(word, ENDS) && ends(at)
                || is_one(word, RUNS_OUT) && runs_out(at)
                || is_one(word, BECOMES) && over(at))
    });
    // "Ya no nos debe nada más", "no le queda debiendo un peso".
    let nothing_left = sentence.iter().enumerate().any(|(at, word)| {
        let after = sentence.get(at + 1..).unwrap_or_default();
        let owing = after.iter().take(DENIAL_REACH + 1).position(|word| is_one(word, STILL_OWING));
        let rest = owing.and_then(|owing| after.get(..(owing + 4).min(after.len()))).unwrap_or_default();
        is_one(word, &["no.", "nao.", "not."])
            && says(rest, NOTHING)
            && !says(rest, PARTS)
            && !says(rest, &["pag"])
    });
    ended || nothing_left
}

/// "561.300 son intereses", "1.728.000 al mes": a figure before the name of another.
fn named_behind<'l>(look: &'l Look<'_>) -> Vec<&'l Number> {
    let known = look.known;
    let all = figures::figures(known);
    let agreed = known.agreements.iter().map(|agreement| &agreement.offer);
    let offers: Vec<&Offer> = known.offers.iter().chain(agreed).collect();
    let interest: Vec<i64> = known
        .debts
        .iter()
        .flat_map(|debt| {
            let (usual, late) = (hundredths(debt.balance.interest), hundredths(debt.balance.late_interest));
            [usual, late, usual.saturating_add(late)]
        })
        .chain(offers.iter().map(|offer| {
            offer.payments.iter().fold(0_i64, |sum, payment| sum.saturating_add(hundredths(payment.interest)))
        }))
        .collect();
    let principal: Vec<i64> = known
        .debts
        .iter()
        .flat_map(|debt| {
            let whole = debt.balance.principal_outstanding.map(hundredths);
            [hundredths(debt.balance.principal)].into_iter().chain(whole)
        })
        .collect();
    let monthly: Vec<i64> = known
        .debts
        .iter()
        .flat_map(|debt| debt.next_due.iter().chain(&debt.instalments).map(|one| hundredths(one.amount)))
        .chain(offers.iter().flat_map(|offer| offer.payments.iter().map(|one| hundredths(one.amount))))
        .collect();
    let words = look.words();
    let wrong = |number: &&Number| {
        let Some(own) = words.get(number.first_word) else { return false };
        let after: Vec<&Word> = words
            .get(number.next_word..)
            .unwrap_or_default()
            .iter()
            .take_while(|word| word.sentence == own.sentence)
            .collect();
        let Some(at) = after.iter().take(NAME_REACH + 1).position(|word| !is_one(word, JOINS)) else {
            return false;
        };
        let Some(name) = after.get(at) else { return false };
        // "1.728.000 de capital, intereses y gastos": all of them together.
        let more = after.iter().skip(at + 1).take(3);
        let listed = |stems: &[&str]| more.clone().any(|word| is_one(word, stems));
        let of_month = after.get(at.saturating_sub(1)..=at).unwrap_or_default();
        let each_month = is_one(name, MONTHLY)
            || (is_one(name, &["mes.", "month."]) && of_month.iter().any(|word| is_one(word, &["por."])))
            || (is_one(name, &["al.", "cada.", "each.", "every.", "a.", "per."])
                && after.get(at + 1).is_some_and(|word| is_one(word, &["mes.", "month."])));
        let right: &[i64] = if at > 0 && is_one(name, INTEREST) && !listed(PRINCIPAL) {
            &interest
        } else if at > 0 && is_one(name, PRINCIPAL) && !listed(INTEREST) && !listed(&["gasto", "fee"]) {
            &principal
        } else if each_month {
            &monthly
        } else {
            return false;
        };
        is_figure(number, &all, (EXACTLY, false)) && !is_figure(number, right, (CLOSELY, false))
    };
    look.numbers.iter().filter(|number| is_plain(number)).filter(wrong).collect()
}

/// The kind of offer that a sentence is about, when it names only one.
fn kind_of(sentence: &[Word]) -> Option<AgreementKind> {
    match (says(sentence, OF_A_PLAN), says(sentence, OF_A_REFINANCING)) {
        (true, false) => Some(AgreementKind::InstalmentPlan),
        (false, true) => Some(AgreementKind::Refinancing),
        (true, true) | (false, false) => None,
    }
}

fn offers_of<'l>(look: &'l Look<'_>, kind: AgreementKind) -> Vec<&'l Offer> {
    let known = look.known;
    let agreed = known.agreements.iter().map(|agreement| &agreement.offer);
    known.offers.iter().chain(agreed).filter(|offer| offer.kind == kind).collect()
}

/// "El plan empieza el 15 de diciembre", when the next instalment of the loan is due.
fn wrong_first_day(look: &Look<'_>) -> Vec<Mention> {
    let words = look.words();
    let said = dates::said(look);
    let mut found = Vec::new();
    for sentence in sentences(look) {
        let Some(kind) = kind_of(sentence) else { continue };
        let first: Vec<Day> = offers_of(look, kind)
            .iter()
            .filter_map(|offer| offer.payments.first().map(|payment| payment.due))
            .collect();
        if first.is_empty() {
            continue;
        }
        for begins in sentence.iter().filter(|word| is_one(word, BEGINS)) {
            let from = words.partition_point(|word| word.end <= begins.start);
            let to = words.get((from + DAY_REACH).min(words.len().saturating_sub(1)));
            let reach = to.map_or(begins.end, |word| word.end);
            let near = |one: &&dates::Said| {
                one.sentence == begins.sentence && begins.end <= one.start && one.start < reach
            };
            let right = |one: &dates::Said| match (one.day, one.month) {
                (Some(day), Some(month)) => first
                    .iter()
                    .any(|known| i64::from(known.day()) == day && i64::from(known.month()) == month),
                (Some(_) | None, _) => true,
            };
            let here: Vec<&dates::Said> = said.iter().filter(near).collect();
            if !here.is_empty() && !here.iter().any(|one| right(one)) {
                found.extend(here.iter().map(|one| Mention {
                    start: one.start,
                    end: one.end,
                    fact: Fact::Term,
                }));
            }
        }
    }
    found
}

/// The word "interest", and whether the sentence says that there is none of it: "no se le suman intereses".
fn of_interest(sentence: &[Word]) -> Option<(&Word, bool)> {
    let at = sentence.iter().position(|word| is_one(word, INTEREST))?;
    let before = sentence.get(at.saturating_sub(DENIAL_REACH + 1)..at).unwrap_or_default();
    let none =
        says(before, &["no.", "nao.", "not.", "sin.", "sem.", "cero.", "zero.", "ningun", "without.", "0."]);
    sentence.get(at).map(|word| (word, none))
}

/// "La refinanciación no tiene intereses" where it bears some, and the other way round.
fn wrong_interest(look: &Look<'_>) -> Vec<Mention> {
    let mut found = Vec::new();
    for sentence in sentences(look) {
        let (Some(kind), Some((word, none))) = (kind_of(sentence), of_interest(sentence)) else { continue };
        let offers = offers_of(look, kind);
        if offers.is_empty() {
            // What is not offered today is known by the policy.
            if none && kind == AgreementKind::Refinancing && refinancing_bears_interest(look) {
                found.push(Mention { start: word.start, end: word.end, fact: Fact::Discount });
            }
            continue;
        }
        let bearing = offers.iter().filter(|offer| bears_interest(offer)).count();
        let charges =
            says(sentence, &["tiene.", "cobra", "genera", "lleva.", "paga.", "tem.", "charges.", "has."]);
        let asked = sentence.iter().all(|word| word.asked);
        let wrong = if none { bearing == offers.len() } else { bearing == 0 && charges && !asked };
        if wrong {
            found.push(Mention { start: word.start, end: word.end, fact: Fact::Discount });
        }
    }
    found
}

fn refinancing_bears_interest(look: &Look<'_>) -> bool {
    look.known
        .policy
        .rules
        .iter()
        .any(|rule| matches!(&rule.terms, Terms::Refinancing(terms) if terms.rate_ppm > 0))
}

fn bears_interest(offer: &Offer) -> bool {
    offer.payments.iter().any(|payment| !payment.interest.is_zero())
        || offer.monthly_rate_ppm.is_some_and(|rate| rate > 0)
}

/// Whether all that a sentence at these characters says is that an offer bears no interest, and that is so: "con el plan
/// no se cobra interés".
pub fn is_true_of_offer(look: &Look<'_>, (start, end): (usize, usize)) -> bool {
    let mut here = sentences(look).filter(|sentence| {
        sentence
            .first()
            .zip(sentence.last())
            .is_some_and(|(first, last)| first.start < end && start < last.end)
    });
    let own = |sentence: &[Word]| {
        let (Some(kind), Some((_, true))) = (kind_of(sentence), of_interest(sentence)) else { return false };
        // Late interest and fees of what is overdue are another matter.
        let other =
            says(sentence, &["mora.", "moratori", "gasto", "honorario", "capital.", "vencid", "descuent"]);
        let offers = offers_of(look, kind);
        !other && !offers.is_empty() && !offers.iter().any(|offer| bears_interest(offer))
    };
    let known = look.known;
    known.proved() && !known.quiet && here.next().is_some_and(own) && here.next().is_none()
}

/// What is overdue, said to close a debt of which more is owed: "pagando lo vencido queda a paz y salvo".
pub fn overdue_closes(look: &Look<'_>) -> Vec<Mention> {
    let known = look.known;
    let more_owed = known
        .debts
        .iter()
        .any(|debt| debt.payoff().is_some_and(|whole| hundredths(whole) > due(debt).saturating_add(100)));
    if !more_owed {
        return Vec::new();
    }
    let closed = |sentence: &[Word]| {
        sentence.windows(3).position(|window| {
            ["paz", "y", "salvo"].iter().zip(window).all(|(known, word)| word.text == *known)
        })
    };
    let wrong = |sentence: &[Word]| {
        let at = closed(sentence)?;
        let before = sentence.get(..at)?;
        let overdue = before.windows(2).any(|two| {
            two.first().is_some_and(|word| word.text == "lo")
                && two.get(1).is_some_and(|word| is_one(word, &["vencid", "atrasad"]))
        });
        let word = sentence.get(at)?;
        (overdue && !says(before, DENIAL)).then_some(Mention {
            start: word.start,
            end: word.end,
            fact: Fact::Discount,
        })
    };
    sentences(look).filter_map(wrong).collect()
}
