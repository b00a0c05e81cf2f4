//! Exact money: integer minor units with a currency.

use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    Cop,
    Mxn,
    Pen,
    Clp,
    Ars,
    Brl,
    Usd,
}

impl Currency {
    pub const ALL: [Self; 7] = [Self::Cop, Self::Mxn, Self::Pen, Self::Clp, Self::Ars, Self::Brl, Self::Usd];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Cop => "COP",
            Self::Mxn => "MXN",
            Self::Pen => "PEN",
            Self::Clp => "CLP",
            Self::Ars => "ARS",
            Self::Brl => "BRL",
            Self::Usd => "USD",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.code() == code)
    }

    /// ISO 4217 minor digits: what one unit of [`Money::minor`] is.
    pub const fn minor_digits(self) -> u32 {
        match self {
            Self::Clp => 0,
            Self::Cop | Self::Mxn | Self::Pen | Self::Ars | Self::Brl | Self::Usd => 2,
        }
    }

    /// Minor units in the smallest step in which people pay: whole pesos for COP, although ISO gives it centavos.
    pub const fn step_minor(self) -> i64 {
        match self {
            Self::Cop => 100,
            Self::Clp | Self::Mxn | Self::Pen | Self::Ars | Self::Brl | Self::Usd => 1,
        }
    }

    /// Minor units in one unit of the currency.
    pub const fn unit_minor(self) -> i64 {
        10_i64.pow(self.minor_digits())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in minor units (centavos for COP, whole pesos for CLP). Two currencies never mix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("amounts in {0} and {1} cannot be combined")]
    CurrencyMismatch(Currency, Currency),
    #[error("the amount is too large")]
    Overflow,
}

impl Money {
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    pub const fn is_positive(self) -> bool {
        self.minor > 0
    }

    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.minor.checked_add(other.minor).map(|minor| Self { minor, ..self }).ok_or(MoneyError::Overflow)
    }

    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.minor.checked_sub(other.minor).map(|minor| Self { minor, ..self }).ok_or(MoneyError::Overflow)
    }

    pub fn checked_mul(self, times: i64) -> Result<Self, MoneyError> {
        self.minor.checked_mul(times).map(|minor| Self { minor, ..self }).ok_or(MoneyError::Overflow)
    }

    /// Sums amounts of one currency; zero of `currency` when there are none.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch(self.currency, other.currency))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Currency, Money, MoneyError};

    #[test]
    fn currencies_never_mix() {
        let cop = Money::new(1, Currency::Cop);
        assert_eq!(
            cop.checked_add(Money::new(1, Currency::Clp)),
            Err(MoneyError::CurrencyMismatch(Currency::Cop, Currency::Clp))
        );
    }

    #[test]
    fn overflow_is_an_error() {
        assert_eq!(
            Money::new(i64::MAX, Currency::Cop).checked_add(Money::new(1, Currency::Cop)),
            Err(MoneyError::Overflow)
        );
    }
}
