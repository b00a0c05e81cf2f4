//! Answers of actions as the engine takes them, for the small lender of the scenarios.

use acuerdo::domain::debt::AgreementKind;
use acuerdo::flow::value::Value;
use acuerdo::rules::offer::PromiseRange;
use std::collections::BTreeMap;

pub type Fields = BTreeMap<String, Value>;
pub type Answer = (String, Fields);

pub fn answer<const N: usize>(outcome: &str, values: [(&str, Value); N]) -> Answer {
    (outcome.to_owned(), values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

pub fn bare(outcome: &str) -> Answer {
    answer(outcome, [])
}

pub fn limits(range: &PromiseRange) -> [(&'static str, Value); 3] {
    [
        ("minimo", Value::Money(range.least)),
        ("maximo", Value::Money(range.most)),
        ("fecha_limite", Value::Date(range.last_day)),
    ]
}

/// Why a promise was refused, with what would be accepted.
pub fn refused(condition: &str, limits: [(&str, Value); 3]) -> Answer {
    match condition {
        "first_day" => answer("fecha_pasada", limits),
        "last_day" => answer("fecha_lejana", limits),
        "min_share" => answer("monto_bajo", limits),
        "total_due" => answer("monto_alto", limits),
        _ => bare("no_disponible"),
    }
}

/// What flows call a kind of offer.
pub const fn kind_name(kind: AgreementKind) -> &'static str {
    match kind {
        AgreementKind::Promise => "promesa",
        AgreementKind::InstalmentPlan => "plan",
        AgreementKind::Refinancing => "refinanciacion",
        AgreementKind::Settlement => "descuento",
    }
}
