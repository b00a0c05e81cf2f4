//! Test figures: `fixtures/oracles/money_and_dates.json`, checked against independent implementations.

use crate::domain::money::{Currency, Money};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

pub fn all() -> serde_json::Value {
    serde_json::from_str(include_str!("../../fixtures/oracles/money_and_dates.json")).unwrap()
}

/// `"472798"` or `"2344.61"` in units of the currency.
pub fn money(value: &serde_json::Value, currency: Currency) -> Money {
    let units: Decimal = value.as_str().unwrap().parse().unwrap();
    let minor = units * Decimal::from(currency.unit_minor());
    assert!(minor.fract().is_zero());
    Money::new(minor.to_i64().unwrap(), currency)
}
