//! Repayment tables of a principal with interest, in whole payable steps of the currency.
//!
//! Interest is rounded half-up once per period, principal is the difference, and the last row absorbs what rounding
//! left, so that every table closes at zero. Flat (add-on) interest is left out on purpose: its true rate is far above
//! the quoted one, which debtors cannot see.

use crate::domain::money::{Currency, Money};
use crate::rules::rate::{MonthlyRate, power};
use crate::rules::rounding::half_up_to_step;
use crate::rules::split::PAYMENTS_MAX;
use rust_decimal::Decimal;

/// One month of a table: `payment = interest + principal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub number: u32,
    pub payment: Money,
    pub interest: Money,
    pub principal: Money,
    /// Principal that is still owed after the payment.
    pub balance: Money,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmortisationError {
    #[error("the number of payments must be between 1 and {PAYMENTS_MAX}")]
    Count,
    #[error("the principal is too small for that many payments")]
    TooSmall,
    #[error("the amount is too large")]
    Overflow,
}

/// French method: level instalments `A = P·i / (1 − (1+i)^−n)` (oracles O1, O2, O7–O9).
pub fn french(principal: Money, rate: MonthlyRate, count: u32) -> Result<Vec<Row>, AmortisationError> {
    check_count(count)?;
    let instalment = level_instalment(principal, rate, count)?;
    build(principal, rate, count, |interest| instalment - interest)
}

/// German method: level principal, falling instalments (oracle O3).
pub fn german(principal: Money, rate: MonthlyRate, count: u32) -> Result<Vec<Row>, AmortisationError> {
    check_count(count)?;
    let share = Decimal::from(principal.minor) / Decimal::from(count);
    let share = half_up_to_step(share, principal.currency).ok_or(AmortisationError::Overflow)?;
    build(principal, rate, count, |_| share)
}

const fn check_count(count: u32) -> Result<(), AmortisationError> {
    if count == 0 || count > PAYMENTS_MAX { Err(AmortisationError::Count) } else { Ok(()) }
}

fn level_instalment(principal: Money, rate: MonthlyRate, count: u32) -> Result<i64, AmortisationError> {
    let amount = Decimal::from(principal.minor);
    let exact = if rate == MonthlyRate::ZERO {
        amount / Decimal::from(count)
    } else {
        let growth = power(Decimal::ONE + rate.fraction(), count).ok_or(AmortisationError::Overflow)?;
        let annuity = rate
            .fraction()
            .checked_mul(growth)
            .and_then(|top| top.checked_div(growth - Decimal::ONE))
            .ok_or(AmortisationError::Overflow)?;
        amount.checked_mul(annuity).ok_or(AmortisationError::Overflow)?
    };
    half_up_to_step(exact, principal.currency).ok_or(AmortisationError::Overflow)
}

fn build(
    total: Money,
    rate: MonthlyRate,
    count: u32,
    principal_of: impl Fn(i64) -> i64,
) -> Result<Vec<Row>, AmortisationError> {
    let money = |minor| Money { minor, ..total };
    let mut balance = total.minor;
    let mut rows = Vec::with_capacity(count as usize);
    for number in 1..=count {
        let interest = period_interest(balance, rate, total.currency)?;
        let principal = if number == count { balance } else { principal_of(interest) };
        if principal <= 0 || principal > balance || (principal == balance && number != count) {
            return Err(AmortisationError::TooSmall);
        }
        balance -= principal;
        rows.push(Row {
            number,
            payment: money(principal.checked_add(interest).ok_or(AmortisationError::Overflow)?),
            interest: money(interest),
            principal: money(principal),
            balance: money(balance),
        });
    }
    Ok(rows)
}

fn period_interest(balance: i64, rate: MonthlyRate, currency: Currency) -> Result<i64, AmortisationError> {
    Decimal::from(balance)
        .checked_mul(rate.fraction())
        .and_then(|interest| half_up_to_step(interest, currency))
        .ok_or(AmortisationError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::{AmortisationError, Row, french, german};
    use crate::domain::money::{Currency, Money};
    use crate::rules::oracles;
    use crate::rules::rate::MonthlyRate;
    use proptest::prelude::proptest;

    fn assert_rows(oracle: &str, rows: &[Row], currency: Currency) {
        let all = oracles::all();
        let oracle = &all[oracle];
        let expected = oracle["rows"].as_array().unwrap();
        assert_eq!(rows.len(), expected.len());
        for (row, expected) in rows.iter().zip(expected) {
            let parts = [row.payment, row.interest, row.principal, row.balance];
            let wanted: Vec<Money> = (1..5).map(|i| oracles::money(&expected[i], currency)).collect();
            assert_eq!(parts.as_slice(), wanted, "row {}", row.number);
        }
        let interest = Money::sum(currency, rows.iter().map(|row| row.interest)).unwrap();
        let paid = Money::sum(currency, rows.iter().map(|row| row.payment)).unwrap();
        assert_eq!(interest, oracles::money(&oracle["total_interest"], currency));
        assert_eq!(paid, oracles::money(&oracle["total_paid"], currency));
    }

    fn table(minor: i64, currency: Currency, ppm: i64, count: u32) -> Vec<Row> {
        french(Money::new(minor, currency), MonthlyRate::from_ppm(ppm).unwrap(), count).unwrap()
    }

    #[test]
    fn french_tables_agree_row_by_row() {
        let cases = [
            ("O1_french_COP", 500_000_000, Currency::Cop, 20_000, 12),
            ("O2_french_MXN", 2_000_000, Currency::Mxn, 30_000, 10),
            ("O6_down_payment_COP", 196_000_000, Currency::Cop, 18_000, 6),
            ("O7_french_CLP", 890_000, Currency::Clp, 24_500, 9),
            ("O8_french_BRL", 350_000, Currency::Brl, 19_900, 8),
            ("O9_zero_rate_COP", 100_000_000, Currency::Cop, 0, 7),
        ];
        for (oracle, minor, currency, ppm, count) in cases {
            assert_rows(oracle, &table(minor, currency, ppm, count), currency);
        }
    }

    #[test]
    fn german_table_agrees_row_by_row() {
        let principal = Money::new(600_000_000, Currency::Cop);
        let rows = german(principal, MonthlyRate::from_ppm(18_000).unwrap(), 6).unwrap();
        assert_rows("O3_german_COP", &rows, Currency::Cop);
    }

    #[test]
    fn amounts_beyond_the_range_are_refused() {
        let huge = Money::new(i64::MAX - 7, Currency::Cop);
        let rate = MonthlyRate::from_ppm(600_000).unwrap();
        assert_eq!(german(huge, rate, 2), Err(AmortisationError::Overflow));
        assert_eq!(
            french(huge, MonthlyRate::from_ppm(9_000_000).unwrap(), 120),
            Err(AmortisationError::Overflow)
        );
    }

    #[test]
    fn a_principal_of_a_few_pesos_is_refused_instead_of_a_negative_last_payment() {
        let tiny = Money::new(1_000, Currency::Cop);
        assert_eq!(french(tiny, MonthlyRate::ZERO, 12), Err(AmortisationError::TooSmall));
        assert_eq!(french(tiny, MonthlyRate::ZERO, 0), Err(AmortisationError::Count));
    }

    proptest! {
        #[test]
        fn tables_close_at_zero_and_never_go_negative(
            pesos in 1_i64..1_000_000_000, ppm in 0_i64..80_000, count in 1_u32..120,
        ) {
            let principal = Money::new(pesos * 100, Currency::Cop);
            let Ok(rows) = french(principal, MonthlyRate::from_ppm(ppm).unwrap(), count) else {
                // Refused only when rounding to whole pesos matters at all.
                assert!(pesos < i64::from(count) * i64::from(count) * 100);
                return Ok(());
            };
            assert!(rows.iter().all(|row| row.payment.is_positive() && row.interest.minor >= 0 && row.principal.is_positive()));
            assert_eq!(rows.iter().map(|row| row.principal.minor).sum::<i64>(), principal.minor);
            assert!(rows.last().unwrap().balance.is_zero());
        }
    }
}
