//! The one place where a decimal amount becomes whole payable steps of a currency.

use crate::domain::money::Currency;
use rust_decimal::prelude::{Decimal, RoundingStrategy, ToPrimitive};

/// Rounds `minor` (minor units, with decimals) half-up to whole steps of `currency`.
///
/// Half-up is what customers check by hand; for COP the step is the whole peso. `None` when it does not fit an `i64`.
pub fn half_up_to_step(minor: Decimal, currency: Currency) -> Option<i64> {
    let step = Decimal::from(currency.step_minor());
    let steps = minor
        .checked_div(step)?
        .round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)
        .to_i64()?;
    steps.checked_mul(currency.step_minor())
}

/// The largest whole number of steps that is not above `minor`; for amounts that are not negative.
pub const fn floor_to_step(minor: i64, currency: Currency) -> i64 {
    minor - minor % currency.step_minor()
}

#[cfg(test)]
mod tests {
    use super::{floor_to_step, half_up_to_step};
    use crate::domain::money::Currency;
    use rust_decimal::Decimal;

    #[test]
    fn pesos_are_whole_and_halves_go_up() {
        assert_eq!(half_up_to_step(Decimal::new(150, 0), Currency::Cop), Some(200));
        assert_eq!(half_up_to_step(Decimal::new(14_999, 2), Currency::Cop), Some(100));
        assert_eq!(half_up_to_step(Decimal::new(25, 1), Currency::Mxn), Some(3));
        assert_eq!(floor_to_step(199, Currency::Cop), 100);
        assert_eq!(floor_to_step(199, Currency::Mxn), 199);
    }
}
