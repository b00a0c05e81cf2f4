//! Interest rates with a stated basis: effective annual (E.A.) and monthly in arrears (M.V., *mes vencido*).
//!
//! `rust_decimal` has 28 digits; powers and the twelfth root are computed here by multiplication and Newton's method,
//! so that results agree to more than 12 decimals and no float takes part.

use rust_decimal::Decimal;

const MONTHS: u32 = 12;
/// Newton's method doubles the digits with each step; 28 digits need about 6 from a good start.
const NEWTON_STEPS_MAX: u32 = 64;
/// Decimals kept of a converted rate: re-runs agree and the noise of the last digits is gone.
const RATE_DECIMALS: u32 = 16;
/// 1000 % a month; anything above is a typing error, and powers stay far from overflow.
const MONTHLY_MAX: i64 = 10;

/// A monthly rate in arrears as a fraction: 1.8 % M.V. is 0.018.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthlyRate(Decimal);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rate must be between 0 % and 1000 % a month")]
pub struct RateOutOfRange;

impl MonthlyRate {
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// From the fraction per month.
    pub fn new(fraction: Decimal) -> Result<Self, RateOutOfRange> {
        let valid = !fraction.is_sign_negative() && fraction <= Decimal::from(MONTHLY_MAX);
        if valid { Ok(Self(fraction)) } else { Err(RateOutOfRange) }
    }

    /// From millionths: 18 000 is 1.8 % a month.
    pub fn from_ppm(ppm: i64) -> Result<Self, RateOutOfRange> {
        Self::new(Decimal::new(ppm, 6))
    }

    /// `m = (1 + ea)^(1/12) − 1`, from the effective annual rate as a fraction.
    pub fn from_effective_annual(ea: Decimal) -> Result<Self, RateOutOfRange> {
        if ea.is_sign_negative() {
            return Err(RateOutOfRange);
        }
        let growth =
            Decimal::ONE.checked_add(ea).and_then(|growth| nth_root(growth, MONTHS)).ok_or(RateOutOfRange)?;
        Self::new((growth - Decimal::ONE).round_dp(RATE_DECIMALS))
    }

    pub const fn fraction(self) -> Decimal {
        self.0
    }

    /// Millionths, when the rate is a whole number of them.
    pub fn ppm(self) -> Option<i64> {
        let scaled = self.0.checked_mul(Decimal::from(1_000_000))?;
        (scaled.fract().is_zero()).then(|| i64::try_from(scaled.trunc().mantissa()).ok())?
    }

    /// `ea = (1 + m)^12 − 1`, as a fraction.
    pub fn effective_annual(self) -> Result<Decimal, RateOutOfRange> {
        let growth = power(Decimal::ONE + self.0, MONTHS).ok_or(RateOutOfRange)?;
        Ok((growth - Decimal::ONE).round_dp(RATE_DECIMALS))
    }
}

/// `base^exponent` by repeated multiplication; `None` on overflow.
pub(crate) fn power(base: Decimal, exponent: u32) -> Option<Decimal> {
    (0..exponent).try_fold(Decimal::ONE, |product, _| product.checked_mul(base))
}

/// The `degree`-th root of a value of at least one, by Newton's method; `None` on overflow.
pub(crate) fn nth_root(value: Decimal, degree: u32) -> Option<Decimal> {
    let degree_value = Decimal::from(degree);
    let below = degree.checked_sub(1)?;
    let mut root = Decimal::ONE + (value - Decimal::ONE).checked_div(degree_value)?;
    for _ in 0..NEWTON_STEPS_MAX {
        let lower = power(root, below)?;
        let excess = lower.checked_mul(root)?.checked_sub(value)?;
        let step = excess.checked_div(degree_value.checked_mul(lower)?)?;
        root = root.checked_sub(step)?;
        if step.abs() < Decimal::new(1, 24) {
            break;
        }
    }
    Some(root)
}

#[cfg(test)]
mod tests {
    use super::MonthlyRate;
    use crate::rules::oracles;
    use proptest::prelude::{ProptestConfig, proptest};
    use rust_decimal::Decimal;

    #[test]
    fn effective_annual_to_monthly_agrees_with_the_oracles() {
        let oracles = oracles::all();
        for (ea, row) in oracles["rates"].as_object().unwrap() {
            let Some(expected) = row.get("monthly_effective") else { continue };
            let monthly = MonthlyRate::from_effective_annual(ea.parse().unwrap()).unwrap();
            let expected: Decimal = expected.as_str().unwrap().parse().unwrap();
            let difference = (monthly.fraction() - expected).abs();
            assert!(difference <= Decimal::new(1, 12), "{ea}: {} against {expected}", monthly.fraction());
        }
    }

    #[test]
    fn monthly_to_effective_annual_agrees_with_published_tables() {
        for (ppm, percent) in
            [(18_000, "23.872053"), (20_000, "26.824179"), (25_000, "34.488882"), (30_000, "42.576089")]
        {
            let ea = MonthlyRate::from_ppm(ppm).unwrap().effective_annual().unwrap();
            assert_eq!((ea * Decimal::ONE_HUNDRED).round_dp(6).to_string(), percent);
        }
    }

    #[test]
    fn negative_and_absurd_rates_are_refused() {
        assert!(MonthlyRate::from_ppm(-1).is_err());
        assert!(MonthlyRate::from_ppm(11_000_000).is_err());
        assert_eq!(MonthlyRate::from_ppm(18_000).unwrap().ppm(), Some(18_000));
        assert_eq!(MonthlyRate::from_effective_annual(Decimal::new(2436, 4)).unwrap().ppm(), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn conversion_there_and_back_keeps_the_rate(ppm in 0_i64..200_000) {
            let monthly = MonthlyRate::from_ppm(ppm).unwrap();
            let back = MonthlyRate::from_effective_annual(monthly.effective_annual().unwrap()).unwrap();
            assert!((back.fraction() - monthly.fraction()).abs() <= Decimal::new(1, 14));
        }
    }
}
