//! Sums, discounts and terms that neither the file nor an offer of this debt gives.

use crate::domain::debt::AgreementKind;
use crate::domain::money::{Currency, Money};
use crate::rules::guard::figures::{self, CLOSELY, EXACTLY, due, hundredths, is_figure};
use crate::rules::guard::numbers::Number;
use crate::rules::guard::waivers::{OWED, WAIVING, forgotten, uncharged, waivers};
use crate::rules::guard::{Fact, Known, Look, Mention, is_one, says};
use crate::rules::reading::Word;

/// Less than this many hundredths is no sum that anybody bargains over.
const SUM_MIN: i64 = 100_000;
/// A share that is said in whole percents stands for one that is less than this away, in hundredths of a percent.
const SHARE_ROUNDING: i64 = 100;

/// What closes a debt: with a sum beside it, it must be a settlement.
const CLOSING: &[&str] = &[
    "paz.",
    "salvo.",
    "cierr",
    "cerram",
    "cerrar",
    "saldad",
    "salda.",
    "liquid",
    "fecho.",
    "fecha.",
    "fecham",
    "quit",
    "acert",
    "finiquit",
    "queda.",
    "quedam",
    "quedar",
    "settle",
    "close",
    "quita",
    "listo.",
    "solo.",
    "solamente",
    "unicamente",
    "just.",
    "only.",
    "apenas",
    "so.",
    "nada",
    "ofrec",
    "ofert",
    "propon",
    "propuest",
    "acept",
    "autoriz",
    "offer",
    "dejo",
    "dejamos",
    "descuent",
    "condon",
    "rebaj",
    "discount",
    "desconto",
];

/// The person's own sum: what was paid, earned, proposed.
const OF_THE_PERSON: &[&str] = &[
    "pagaste.",
    "abonaste.",
    "consigno.",
    "reporta",
    "reporto",
    "dice.",
    "dijo.",
    "comenta",
    "menciona",
    "propone.",
    "recib",
    "comprobante",
    "registr",
    "ingreso",
    "gana.",
    "su.pago",
    "usted.puede",
    "podria",
    "podria.",
    "hizo.",
    "realizo",
    "realizad",
    "envio.",
    "paid.",
    "told.",
    "said.",
    "received",
    "disse",
    "pagou",
    "recebemos",
    "anot",
    "quiere",
    "desea",
    "abonar",
    "abono",
];

/// An instalment or its time.
const TERMS: &[&str] = &[
    "cuota",
    "quota",
    "pagos.",
    "mes.",
    "meses",
    "quincena",
    "semanas",
    "plazos",
    "instal",
    "payments",
    "month",
    "parcela",
    "vezes",
    "prestac",
    "mensualidad",
    "contados",
];

const YEARS: &[&str] = &["ano.", "anos.", "year.", "years."];

/// Giving terms.
const GIVING: &[&str] = &[
    "ofrec", "doy.", "dar.", "damos", "darle", "dejo", "dejam", "dejar", "difer", "difiri", "difier", "plan",
    "acuerd", "pag", "refinanc", "plazo", "divid", "fraccion", "reparti", "aplaz", "offer", "give", "split",
    "spread", "parcel", "ofere", "dividi", "arregl", "puedo", "podemos", "queda", "hag", "gracia", "acord",
    "fica.", "ficam",
];

/// Sums to a proved person that are not the file's and no offer's.
pub fn unknown_sums(look: &Look<'_>) -> Vec<Mention> {
    let known = look.known;
    let figures = figures::figures(known);
    let wrong = |number: &&Number| {
        let Some(sum) = number.values.iter().copied().max() else { return false };
        let sentence = look.sentence(number.first_word);
        let owing = says(look.around(number, 6, 6), figures::OWING) || says(sentence, CLOSING);
        let money = number.money
            || (number.scaled && sum >= SUM_MIN)
            || (sum >= SUM_MIN && owing && is_plain_sum(number));
        if !money
            || number.percent
            || number.clock
            || number.coded
            || sum < SUM_MIN
            || figures::is_public(number, known)
            || figures::is_year(number) && !number.money
        {
            return false;
        }
        let closes = says(sentence, CLOSING);
        if is_what_remains(look, number) {
            return false;
        }
        if is_figure(number, &figures, (if closes { EXACTLY } else { CLOSELY }, false)) {
            return false;
        }
        let of_person = says(sentence, OF_THE_PERSON);
        closes || is_demanded(look, number) || !(of_person || may_be_promised(number, known))
    };
    look.numbers.iter().filter(wrong).map(|number| look.mention(Fact::Sum, number)).collect()
}

/// "Tiene que pagar 350.000": what may be promised is asked for, not demanded.
fn is_demanded(look: &Look<'_>, number: &Number) -> bool {
    const MUST: &[&[&str]] = &[
        &["tiene", "que"],
        &["tienes", "que"],
        &["tem", "que"],
        &["have", "to"],
        &["le", "toca"],
        &["must"],
    ];
    let before = look.around(number, 5, 0);
    MUST.iter().any(|must| {
        before
            .windows(must.len())
            .any(|window| window.iter().zip(*must).all(|(word, known)| word.text == *known))
    })
}

/// "Si paga $561.300, le quedarían $1.166.700": to the unit what a known sum leaves of another.
fn is_what_remains(look: &Look<'_>, number: &Number) -> bool {
    const REMAINS: &[&str] =
        &["qued", "falt", "resta", "left.", "remain", "sobra", "ficar", "fica.", "owe.", "pendient", "debe"];
    let known = look.known;
    if !says(look.sentence(number.first_word), REMAINS) {
        return false;
    }
    let mut wholes: Vec<i64> = known.debts.iter().map(due).collect();
    wholes.extend(known.debts.iter().filter_map(|debt| debt.payoff().map(hundredths)));
    wholes.extend(known.offers.iter().map(|offer| hundredths(offer.total)));
    let mut parts: Vec<i64> = known
        .debts
        .iter()
        .flat_map(|debt| debt.next_due.iter().chain(&debt.instalments))
        .map(|instalment| hundredths(instalment.amount))
        .collect();
    for offer in known.offers.iter().chain(known.agreements.iter().map(|agreement| &agreement.offer)) {
        let paid = offer.payments.iter().scan(0_i64, |sum, payment| {
            *sum = sum.saturating_add(hundredths(payment.amount));
            Some(*sum)
        });
        parts.extend(paid);
    }
    // What the person is asked whether to pay, when it may be promised at all.
    let others =
        look.numbers.iter().filter(|other| other.start != number.start && may_be_promised(other, known));
    parts.extend(others.flat_map(|other| other.values.iter().copied()));
    number
        .values
        .iter()
        .any(|value| wholes.iter().any(|whole| parts.iter().any(|part| (whole - part - value).abs() < 100)))
}

/// "R$ 1.728.000" where the debt is in pesos.
pub fn other_currency(look: &Look<'_>) -> Vec<Mention> {
    const OTHERS: [(Currency, &[&str]); 2] = [
        (Currency::Brl, &["r", "reais", "brl"]),
        (Currency::Usd, &["us", "usd", "dolares", "dollars", "bucks"]),
    ];
    let Some(own) = look.known.debts.first().map(|debt| debt.currency) else { return Vec::new() };
    let words = look.words();
    let text = |at: Option<usize>| at.and_then(|at| words.get(at)).map_or("", |word| word.text.as_str());
    let other = |number: &&Number| {
        let near = [
            text(number.first_word.checked_sub(1)),
            text(number.next_word.checked_sub(1)),
            text(Some(number.next_word)),
        ];
        (number.money || number.scaled)
            && OTHERS
                .iter()
                .any(|(currency, names)| *currency != own && near.iter().any(|word| names.contains(word)))
    };
    look.numbers.iter().filter(other).map(|number| look.mention(Fact::Sum, number)).collect()
}

/// "1728000", and not the number of an account or a case.
fn is_plain_sum(number: &Number) -> bool {
    (5..=9).contains(&number.digits.len()) && !number.values.is_empty() && !number.digits.starts_with('0')
}

fn may_be_promised(number: &Number, known: &Known<'_>) -> bool {
    let fits = |(least, most): &(Money, Money)| {
        number.values.iter().any(|value| (hundredths(*least)..=hundredths(*most)).contains(value))
    };
    known.promises.iter().any(fits)
}

/// Discounts, waivers and rates to a proved person that no offer gives.
pub fn unknown_discounts(look: &Look<'_>) -> Vec<Mention> {
    let shares = shares(look.known);
    let wrong = |number: &&Number| {
        let sentence = look.sentence(number.first_word);
        let spoken_of = says(sentence, WAIVING)
            || says(sentence, OWED)
            || says(sentence, &["interes", "tasa", "rate", "juro", "taxa", "honorario"]);
        number.percent
            && number.values != [10_000]
            && spoken_of
            && !number.values.iter().any(|value| {
                shares.iter().any(|share| value.saturating_sub(*share).saturating_abs() < SHARE_ROUNDING)
            })
    };
    let mut found: Vec<Mention> =
        look.numbers.iter().filter(wrong).map(|number| look.mention(Fact::Discount, number)).collect();
    if !look.known.offers.iter().any(|offer| offer.kind == AgreementKind::Settlement) {
        found.extend(waivers(look));
    }
    found.extend(halves(look, &shares));
    found.extend(uncharged(look));
    found.extend(forgotten(look));
    found
}

/// "Le dejo la deuda en la mitad".
fn halves(look: &Look<'_>, shares: &[i64]) -> Vec<Mention> {
    let words = look.words();
    if shares.iter().any(|share| share.saturating_sub(5_000).abs() < SHARE_ROUNDING) {
        return Vec::new();
    }
    let half = |word: &Word| ["mitad", "half", "metade"].contains(&word.text.as_str());
    let given = |at: usize| says(look.sentence(at), WAIVING) || says(look.sentence(at), CLOSING);
    let found = words.iter().enumerate().filter(|(at, word)| {
        half(word)
            && given(*at)
            && says(
                look.sentence(*at),
                &[
                    "pag", "deud", "debe", "sald", "pay", "owe", "debt", "divida", "interes", "cuota",
                    "settle", "even.", "close",
                ],
            )
    });
    found.map(|(_, word)| Mention { start: word.start, end: word.end, fact: Fact::Discount }).collect()
}

/// Percentages in hundredths of a percent: of each offer's discount and rate, of its waivers, and of the contract.
fn shares(known: &Known<'_>) -> Vec<i64> {
    let mut all = Vec::new();
    for offer in known.offers.iter().chain(known.agreements.iter().map(|agreement| &agreement.offer)) {
        let whole = hundredths(offer.total).saturating_add(hundredths(offer.discount));
        if whole > 0 && offer.discount.minor > 0 {
            all.push(hundredths(offer.discount).saturating_mul(10_000) / whole);
        }
        all.extend(offer.monthly_rate_ppm.map(|ppm| ppm / 100));
        let rule = known.policy.rules.iter().find(|rule| rule.id == offer.derivation.rule);
        all.extend(rule.into_iter().flat_map(|rule| waived(&rule.terms)));
    }
    all.extend(known.debts.iter().filter_map(|debt| debt.rate_ea_bps));
    let total: i64 = known.debts.iter().map(due).fold(0, i64::saturating_add);
    let promised = known
        .promises
        .iter()
        .filter(|_| total > 0)
        .map(|(least, _)| hundredths(*least).saturating_mul(10_000) / total);
    all.extend(promised);
    all
}

fn waived(terms: &crate::rules::policy::model::Terms) -> Vec<i64> {
    use crate::rules::policy::model::Terms;
    match terms {
        Terms::Settlement(settlement) => {
            let waiver = settlement.waiver;
            vec![waiver.principal, waiver.interest, waiver.late_interest, waiver.fees]
        }
        Terms::Refinancing(refinancing) => vec![refinancing.rate_ppm / 100],
        Terms::InstalmentPlan(plan) => vec![plan.down_payment_bps],
        Terms::Promise(promise) => vec![promise.min_share_bps],
        Terms::Withhold(_) => Vec::new(),
    }
}

/// "12 cuotas" where the offers have 3, 4 and 6.
pub fn unknown_terms(look: &Look<'_>) -> Vec<Mention> {
    let given = terms(look.known);
    let words = look.words();
    let wrong = |number: &&Number| {
        let counted = words.get(number.next_word).is_some_and(|word| is_one(word, TERMS))
            && !number.money
            && !number.percent;
        let years = words.get(number.next_word).is_some_and(|word| is_one(word, YEARS));
        let count = number.values.first().map_or(0, |value| value / 100) * if years { 12 } else { 1 };
        let around = look.around(number, 8, 4);
        (counted || years)
            && (2..=240).contains(&count)
            && says(around, GIVING)
            && !is_past(around)
            && !given.contains(&count)
    };
    look.numbers.iter().filter(wrong).map(|number| look.mention(Fact::Term, number)).collect()
}

/// "Lleva 95 días de mora" where the file says 75, to a proved person.
pub fn wrong_days_late(look: &Look<'_>) -> Vec<Mention> {
    let late = |number: &&Number| {
        let told = says(
            look.around(number, 3, 4),
            &["mora.", "atras", "retras", "venc", "late.", "overdue", "behind", "past."],
        );
        let Some((days, off)) = figures::days_said(look, number) else { return false };
        told && !number.money
            && !is_bound(look, number, days)
            && days > 2
            && figures::days_late(look.known).next().is_some()
            && !figures::days_late(look.known).any(|known| (known - days).abs() <= off.max(1))
    };
    look.numbers.iter().filter(late).map(|number| look.mention(Fact::Sum, number)).collect()
}

/// "Más de 60 días" of a debt that is 75 days late.
fn is_bound(look: &Look<'_>, number: &Number, days: i64) -> bool {
    let before = look.around(number, 2, 0);
    let mut late = figures::days_late(look.known);
    if says(before, &["mas.", "mais.", "more.", "over."]) {
        return late.any(|known| known > days);
    }
    says(before, &["menos.", "less.", "under."]) && late.any(|known| known < days)
}

fn is_past(words: &[Word]) -> bool {
    says(
        words,
        &[
            "lleva.",
            "hace.",
            "van.",
            "pagadas",
            "ultimos",
            "ultimas",
            "vencid",
            "atras",
            "anteriores",
            "proximos",
            "dentro",
            "ago.",
            "past",
            "faltan",
            "quedan",
            "restan",
            "pendientes",
        ],
    )
}

/// Numbers of payments that the file and the offers know.
pub fn terms(known: &Known<'_>) -> Vec<i64> {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let offers = known.offers.iter().chain(known.agreements.iter().map(|agreement| &agreement.offer));
    let mut all: Vec<i64> = offers.map(|offer| count(offer.payments.len())).collect();
    for debt in known.debts {
        all.push(count(debt.instalments.len()));
        all.push(count(debt.instalments.iter().filter(|instalment| !instalment.paid).count()));
        all.push(count(debt.instalments.iter().filter(|instalment| instalment.paid).count()));
    }
    all
}
