//! Splits an amount into payments without losing or inventing a minor unit.

use crate::domain::money::Money;
use crate::rules::rounding::{floor_to_step, half_up_to_step};
use rust_decimal::Decimal;

/// Payments of one agreement; five years of fortnights.
pub const PAYMENTS_MAX: u32 = 130;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    #[error("the number of payments must be between 1 and {PAYMENTS_MAX}")]
    Count,
    #[error("the amount does not give every payment at least one step of the currency")]
    TooSmall,
}

/// Splits `total` into `count` payments in whole steps of its currency; the last absorbs the difference.
///
/// Each payment is the exact share rounded half-up (oracle O21: 1 838 088 + 1 838 087). Where that would leave the last
/// one with less than a step, shares are rounded down instead. The sum is always `total`.
pub fn split(total: Money, count: u32) -> Result<Vec<Money>, SplitError> {
    if count == 0 || count > PAYMENTS_MAX {
        return Err(SplitError::Count);
    }
    let step = total.currency.step_minor();
    if total.minor < step * i64::from(count) {
        return Err(SplitError::TooSmall);
    }
    let rest = i64::from(count - 1);
    let exact = Decimal::from(total.minor) / Decimal::from(count);
    let rounded = half_up_to_step(exact, total.currency).ok_or(SplitError::TooSmall)?;
    // Wide, because rounding up may leave the range of the amount before it is refused.
    let left = i128::from(total.minor) - i128::from(rounded) * i128::from(rest);
    let share = if left >= i128::from(step) {
        rounded
    } else {
        floor_to_step(total.minor / i64::from(count), total.currency)
    };
    let mut payments = vec![Money { minor: share, ..total }; count as usize - 1];
    payments.push(Money { minor: total.minor - share * rest, ..total });
    Ok(payments)
}

#[cfg(test)]
mod tests {
    use super::{SplitError, split};
    use crate::domain::money::{Currency, Money};
    use crate::rules::oracles;
    use proptest::prelude::proptest;

    #[test]
    fn two_payments_of_an_odd_settlement() {
        let oracle = &oracles::all()["O21_settlement"];
        let total = oracles::money(&oracle["offer"], Currency::Cop);
        let expected: Vec<Money> = oracle["two_payments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| oracles::money(v, Currency::Cop))
            .collect();
        assert_eq!(split(total, 2).unwrap(), expected);
    }

    #[test]
    fn seven_payments_of_a_million_without_interest() {
        let payments = split(Money::new(100_000_000, Currency::Cop), 7).unwrap();
        assert_eq!(
            payments.iter().map(|p| p.minor).collect::<Vec<_>>(),
            [14_285_700, 14_285_700, 14_285_700, 14_285_700, 14_285_700, 14_285_700, 14_285_800]
        );
    }

    #[test]
    fn the_largest_amount_is_split_without_overflow() {
        let total = Money::new(i64::MAX, Currency::Mxn);
        let payments = split(total, 3).unwrap();
        assert_eq!(Money::sum(Currency::Mxn, payments).unwrap(), total);
    }

    #[test]
    fn amounts_below_a_step_each_are_refused() {
        assert_eq!(split(Money::new(199, Currency::Cop), 2), Err(SplitError::TooSmall));
        assert_eq!(split(Money::new(199, Currency::Cop), 0), Err(SplitError::Count));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_every_payment_is_positive(
            minor in 1_i64..1_000_000_000_000, count in 1_u32..130, whole in 0..Currency::ALL.len(),
        ) {
            let currency = Currency::ALL[whole];
            let total = Money::new(minor, currency);
            match split(total, count) {
                Err(error) => assert!(error == SplitError::TooSmall && minor < currency.step_minor() * i64::from(count)),
                Ok(payments) => {
                    assert_eq!(payments.len(), count as usize);
                    assert_eq!(Money::sum(currency, payments.iter().copied()).unwrap(), total);
                    assert!(payments.iter().all(|p| p.minor >= currency.step_minor()));
                    let (last, others) = payments.split_last().unwrap();
                    assert!(others.iter().all(|p| p.minor % currency.step_minor() == 0));
                    assert!(last.is_positive());
                }
            }
        }
    }
}
