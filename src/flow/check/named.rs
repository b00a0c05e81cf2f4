//! Each value of an offer stands under its own name: a total is not called the first payment, nor a monthly rate the
//! annual one.
//!
//! The name of an amount or a day is the last one before it in its sentence, or one that follows it at once («{x} en
//! total»); that of a rate may stand on either side. What is not named at all is asked for only where terms are
//! accepted, and only of a discount, of interest and of rates: nobody can tell those from other figures.

use crate::domain::ids::FlowId;
use crate::flow::check::texts::{field_in, own_first, texts};
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::expr::{BinaryOp, Expr};
use crate::flow::model::{Flow, Step, StepKind};
use crate::flow::text::closing::{Sentence, found, last_found, sentences, whole_debt};
use crate::flow::text::fold::fold;
use crate::flow::value::Type;

/// A name, the words for it, and the values of an offer that may stand under it.
#[derive(Debug)]
struct Name {
    name: &'static str,
    words: &'static [&'static str],
    fields: &'static [&'static str],
}

const FIRST: Name = Name {
    name: "the first payment",
    words: &[
        "primera",
        "primero",
        "primer pago",
        "pago inicial",
        "cuota inicial",
        "abono inicial",
        "primeira",
        "primeiro",
        "entrada",
        "first",
        "first one",
        "down payment",
    ],
    fields: &["primera_cuota", "primera_fecha"],
};
const LAST: Name = Name {
    name: "the last payment",
    words: &["ultima", "ultimo pago", "ultimo", "pago final", "last", "last one", "final payment"],
    fields: &["ultima_cuota", "ultima_fecha"],
};
const TOTAL: Name = Name {
    name: "the total",
    words: &["total", "en total", "no total", "in total", "altogether"],
    fields: &["total"],
};
const DISCOUNT: Name = Name {
    name: "the discount",
    words: &[
        "descuento",
        "descuento de",
        "desconto de",
        "discount of",
        "rebaja",
        "se ahorra",
        "usted ahorra",
        "ahorro",
        "desconto",
        "economiza",
        "discount",
        "you save",
        "off",
    ],
    fields: &["descuento"],
};
const INTEREST: Name = Name {
    name: "the interest",
    words: &["interes", "intereses", "juros", "interest"],
    fields: &["intereses", "tasa_mensual", "tasa_ea"],
};
const EACH: Name = Name {
    name: "each payment",
    words: &[
        "cuotas de",
        "cuotas iguales de",
        "cuotas mensuales de",
        "pagos de",
        "cada cuota",
        "cada una",
        "cada una de",
        "cada pago",
        "siguientes",
        "demas",
        "parcelas de",
        "parcelas iguais de",
        "parcelas mensais de",
        "cada parcela",
        "seguintes",
        "instalments of",
        "installments of",
        "payments of",
        "each instalment",
        "each installment",
        "each payment",
        "following",
    ],
    fields: &["cuota"],
};
const SINGLE: Name = Name {
    name: "the only payment",
    words: &[
        "un solo pago",
        "unico pago",
        "pago unico",
        "um so pagamento",
        "um unico pagamento",
        "pagamento unico",
        "single payment",
        "one payment",
        "only payment",
        "one single payment",
    ],
    fields: &["total", "primera_cuota", "ultima_cuota", "cuota", "primera_fecha", "ultima_fecha"],
};
const PAYS: Name = Name {
    name: "what is paid",
    words: &[
        "paga",
        "pague",
        "pagaria",
        "pay",
        // What is paid counts these in; they are not what the amount is.
        "con descuento",
        "con el descuento",
        "con ese descuento",
        "tras el descuento",
        "despues del descuento",
        "con interes",
        "con intereses",
        "con los intereses",
        "com desconto",
        "com o desconto",
        "com juros",
        "com os juros",
        "with discount",
        "with the discount",
        "after the discount",
        "with interest",
    ],
    fields: &["total", "primera_cuota", "ultima_cuota", "cuota"],
};
const LEFT: Name = Name {
    name: "what is still to pay",
    words: &[
        "quedaria pendiente",
        "quedarian pendientes",
        "queda pendiente",
        "quedan pendientes",
        "quedaran pendientes",
        "le falta",
        "le faltan",
        "le faltaria",
        "le faltarian",
        "ficaria pendente",
        "ficariam pendentes",
        "faltam",
        "faltariam",
        "still to pay",
        "left to pay",
        "would remain",
        "would still be pending",
    ],
    fields: &["queda"],
};
const MONTHLY: Name = Name {
    name: "the monthly rate",
    words: &[
        "mensual",
        "mes vencido",
        "al mes",
        "por mes",
        "mensal",
        "ao mes",
        "monthly",
        "a month",
        "per month",
    ],
    fields: &["tasa_mensual"],
};
const YEARLY: Name = Name {
    name: "the effective annual rate",
    words: &[
        "efectivo anual",
        "efectiva anual",
        "anual efectiva",
        "anual",
        "e a",
        "ea",
        "al ano",
        "efetivo anual",
        "efetiva anual",
        "anual efetiva",
        "ao ano",
        "effective annual",
        "annual",
        "a year",
        "per year",
        "yearly",
    ],
    fields: &["tasa_ea"],
};

/// Names of amounts and days; rates have their own.
const NAMES: [&Name; 9] = [&FIRST, &LAST, &TOTAL, &DISCOUNT, &INTEREST, &EACH, &SINGLE, &PAYS, &LEFT];
const RATES: [&Name; 2] = [&MONTHLY, &YEARLY];
/// Values that nobody can tell from others when they are not named.
const NAMED: [(&str, &Name); 4] =
    [("descuento", &DISCOUNT), ("intereses", &INTEREST), ("tasa_mensual", &MONTHLY), ("tasa_ea", &YEARLY)];
/// Words between a first or last amount and its day, or the other way about.
const JOINING: [&str; 16] = [
    "",
    "el",
    "para el",
    "vence el",
    "a mas tardar el",
    "es de",
    "de",
    "por",
    "em",
    "ate",
    "vence em",
    "de valor",
    "on",
    "by",
    "due",
    "due on",
];
/// Names that follow an amount at once, behind a word that joins them.
const BEHIND: [&str; 4] = ["de", "en", "no", "in"];

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for flow in compiled.flows.values() {
        for step in flow.steps.values() {
            let binds = matches!(&step.kind, StepKind::Choose(choose) if choose.evidence.is_some());
            for (field, _, text) in texts(step) {
                let wrong = own_first(text).find_map(|(language, text)| {
                    let wrong = sentences(text).iter().find_map(|one| mistaken(one, flow, binds))?;
                    Some((language, wrong))
                });
                let Some((language, wrong)) = wrong else { continue };
                let at =
                    compiled.places.field(&flow.id, step.id.as_str(), &field_in(compiled, &field, language));
                findings.push(
                    Finding::new(
                        Code::WrongFigure,
                        at,
                        format!("`{field}` of step `{}` {}", step.id, wrong.0),
                    )
                    .label("the words name another value, or none")
                    .help(wrong.1),
                );
            }
            if let StepKind::Set(set) = &step.kind {
                findings.extend(
                    set.values
                        .iter()
                        .filter_map(|(var, value)| below_zero(compiled, &flow.id, step, var, value)),
                );
            }
        }
    }
}

/// What is left of a debt is the debt less what is paid, not the other way about.
fn below_zero(compiled: &Compiled, flow: &FlowId, step: &Step, var: &str, value: &Expr) -> Option<Finding> {
    let Expr::Binary(BinaryOp::Sub, left, right) = value else { return None };
    let flow = compiled.flows.get(flow)?;
    let of = |value: &Expr, record: &str| field_of(value, flow).is_some_and(|(ty, _)| ty == record);
    let turned = of(left, "oferta") && of(right, "deuda");
    turned.then(|| {
        let at = compiled.places.field(&flow.id, step.id.as_str(), &format!("set.{var}"));
        let message = format!("`{var}` of step `{}` takes a debt from what is paid on it", step.id);
        Finding::new(Code::WrongFigure, at, message)
            .label("below zero whenever something is left")
            .help("what is left is the debt less the offer: `deuda.vencido - oferta.total`")
    })
}

/// What is wrong with the first value that is not what its words name, and what to do.
fn mistaken(sentence: &Sentence<'_>, flow: &Flow, binds: bool) -> Option<(String, String)> {
    let pieces: Vec<&str> = sentence.words.split(" x ").collect();
    if pieces.len() != sentence.shows.len() + 1 {
        return None;
    }
    let has_interest = last(&sentence.words, &[&INTEREST]).is_some();
    let mut carried: Option<&Name> = None;
    for (nth, value) in sentence.shows.iter().enumerate() {
        let (before, after) = (pieces[nth], pieces[nth + 1]);
        let own = named(before, after);
        let ordinal = own.filter(|name| name.fields == FIRST.fields || name.fields == LAST.fields);
        carried = ordinal.or(carried.filter(|_| JOINING.contains(&fold(before).as_str())));
        let Some((record, field)) = field_of(value, flow) else { continue };
        let shown = || format!("shows `{record}.{field}`");
        if record == "deuda" {
            let wrong = own.filter(|name| binds && is_amount(&field) && is_of_offer(name, before));
            if let Some(name) = wrong {
                return Some((
                    format!("{} as {}", shown(), name.name),
                    format!("show `oferta.{}`", name.fields[0]),
                ));
            }
            continue;
        }
        if record != "oferta" || !KNOWN.contains(&field.as_str()) {
            continue;
        }
        if field.starts_with("tasa") {
            continue;
        }
        let is_ordinal =
            ["primera_cuota", "ultima_cuota", "primera_fecha", "ultima_fecha"].contains(&field.as_str());
        let is_day = field.ends_with("fecha");
        // A day is named by what it is the day of; of other names only these two speak of days.
        let name = if is_day { ordinal.or(carried) } else { own.or(carried.filter(|_| is_ordinal)) };
        let fits = |name: &Name| {
            name.fields.contains(&field.as_str())
                || (field == "intereses" && has_interest && name.fields == TOTAL.fields)
        };
        if let Some(name) = name.filter(|name| !fits(name)) {
            return Some((
                format!("{} as {}", shown(), name.name),
                format!("show `oferta.{}`, or say what it is", name.fields[0]),
            ));
        }
        if binds && let Some((_, wanted)) = NAMED.iter().find(|(one, _)| *one == field) {
            let near = [before, after].iter().any(|words| last(words, &[wanted]).is_some());
            if !near && last(&sentence.words, &[wanted]).is_none() {
                return Some((
                    format!("{} and does not name it", shown()),
                    format!("say that it is {}", wanted.name),
                ));
            }
        }
    }
    rates(sentence, &pieces, flow, binds)
}

/// Values of an offer that words name.
const KNOWN: [&str; 10] = [
    "total",
    "descuento",
    "cuota",
    "primera_cuota",
    "ultima_cuota",
    "primera_fecha",
    "ultima_fecha",
    "intereses",
    "tasa_ea",
    "tasa_mensual",
];

fn is_amount(field: &str) -> bool {
    matches!(field, "vencido" | "pago_total" | "proxima_cuota")
}

/// A name that only an offer has; «la deuda total» and «el total vencido» are the debt's.
fn is_of_offer(name: &Name, before: &str) -> bool {
    let own = [FIRST.fields, LAST.fields, TOTAL.fields, DISCOUNT.fields, SINGLE.fields];
    own.contains(&name.fields) && whole_debt(before).is_none() && found(before, OVERDUE).is_none()
}

const OVERDUE: &[&str] = &["vencid*", "mora", "atras*", "overdue"];

/// The name of an amount or a day: one that follows it at once, or the last one before it.
fn named(before: &str, after: &str) -> Option<&'static Name> {
    let close = after.split([',', '.', ';', '(', ')', ':', '\n', '?']).next().unwrap_or_default();
    let close = fold(close);
    let mut words = close.split(' ');
    if words.next().is_some_and(|word| BEHIND.contains(&word)) {
        let next = words.next().unwrap_or_default();
        let behind = NAMES.into_iter().find(|name| name.words.contains(&next));
        if behind.is_some() {
            return behind;
        }
    }
    let clause = before.rsplit([',', ';', '(', ')', '.']).next().unwrap_or_default();
    last(clause, &NAMES).or_else(|| last(before, &NAMES))
}

/// The name whose words stand last; of two that end together the longer.
fn last<'n>(words: &str, names: &[&'n Name]) -> Option<&'n Name> {
    let folded = fold(words);
    let ends = names.iter().filter_map(|name| {
        let (end, length) = name.words.iter().filter_map(|one| last_found(&folded, one)).max()?;
        Some(((end, length), *name))
    });
    ends.max_by_key(|(end, _)| *end).map(|(_, name)| name)
}

/// Rates are named before or behind, all of a sentence alike.
fn rates(sentence: &Sentence<'_>, pieces: &[&str], flow: &Flow, binds: bool) -> Option<(String, String)> {
    let rates: Vec<(usize, String)> = sentence
        .shows
        .iter()
        .enumerate()
        .filter_map(|(nth, value)| {
            let (record, field) = field_of(value, flow)?;
            (record == "oferta" && field.starts_with("tasa")).then_some((nth, field))
        })
        .collect();
    let behind = |nth: usize| {
        let close = pieces[nth + 1].split([',', ';', '(', ')', '\n']).find(|one| !one.trim().is_empty());
        close.and_then(|words| last(words, &RATES))
    };
    let before = |nth: usize| {
        let close = pieces[nth].rsplit([',', ';', '(', ')', '\n']).find(|one| !one.trim().is_empty());
        close.and_then(|words| last(words, &RATES))
    };
    let all_behind = rates.iter().all(|(nth, _)| behind(*nth).is_some());
    rates.into_iter().find_map(|(nth, field)| {
        let name = if all_behind { behind(nth) } else { before(nth).or_else(|| behind(nth)) };
        let wanted = NAMED.iter().find(|(one, _)| *one == field).map(|(_, name)| *name)?;
        match name {
            Some(name) if name.fields != wanted.fields => Some((
                format!("shows `oferta.{field}` as {}", name.name),
                format!("show `oferta.{}`, or name {}", name.fields[0], wanted.name),
            )),
            None if binds => Some((
                format!("shows `oferta.{field}` and does not name it"),
                format!("say that it is {}: «{}»", wanted.name, wanted.words[0]),
            )),
            Some(_) | None => None,
        }
    })
}

/// The record and the field that a value is, when that is sure: `oferta.total`, or a variable that gets nothing else.
fn field_of(value: &Expr, flow: &Flow) -> Option<(String, String)> {
    let Expr::Path(path) = value else { return None };
    match path.as_slice() {
        [var, field] => match &flow.vars.get(var)?.ty {
            Type::Record(record) => Some((record.clone(), field.clone())),
            Type::Bool
            | Type::Int
            | Type::Text
            | Type::Money
            | Type::Date
            | Type::Percent
            | Type::Enum(_)
            | Type::List(_) => None,
        },
        [var] => of_variable(var, flow),
        _ => None,
    }
}

fn of_variable(var: &str, flow: &Flow) -> Option<(String, String)> {
    let mut given = None;
    for step in flow.steps.values() {
        match &step.kind {
            StepKind::Set(set) => {
                for (_, value) in set.values.iter().filter(|(to, _)| to == var) {
                    let Expr::Path(path) = value else { return None };
                    let one = if path.len() == 2 { field_of(value, flow)? } else { return None };
                    if given.as_ref().is_some_and(|known| *known != one) {
                        return None;
                    }
                    given = Some(one);
                }
            }
            StepKind::Ask(ask) if ask.var == var => return None,
            StepKind::Do(action) if action.into.values().any(|to| to == var) => return None,
            StepKind::Call(call) if call.into.values().any(|to| to == var) => return None,
            StepKind::Say(_)
            | StepKind::Ask(_)
            | StepKind::Choose(_)
            | StepKind::Do(_)
            | StepKind::Decide(_)
            | StepKind::Call(_)
            | StepKind::Handoff(_)
            | StepKind::Pause(_)
            | StepKind::End(_) => {}
        }
    }
    given.filter(|_| !flow.vars.get(var).is_some_and(|declared| declared.input))
}
