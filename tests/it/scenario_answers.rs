//! Answers of actions as the engine takes them, for the small lender of the scenarios.

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
