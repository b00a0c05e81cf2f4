//! The true yearly rate of a schedule: its own days, its own rounding (*tasa efectiva anual*, actual days over 365).
//!
//! Whoever lends `principal` on one day and is paid on others earns the rate at which the payments are worth the
//! principal on the first day. An effective annual rate is never divided by the days of the year: a span of `n` days
//! costs `(1 + ea)^(n/365) − 1` (Superintendencia Financiera, concepto 2006022407-002).

use crate::domain::money::Money;
use crate::domain::time::Day;
use crate::rules::rate::nth_root;
use rust_decimal::Decimal;

/// Days of the year that effective annual rates are spread over.
const DAYS: u32 = 365;
/// Halvings of the daily growth when a rate is looked for; beyond them only digits change that nobody shows.
const HALVINGS: u32 = 60;
/// Decimals of a rate that was looked for: millionths of a percent are told exactly.
const RATE_DECIMALS: u32 = 8;
/// The greatest daily growth that is looked at: 2 % a day is more than 1300 times a year.
const DAILY_MAX: (i64, u32) = (2, 2);

/// What one unit of money grows to in a day at a yearly rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyGrowth(Decimal);

impl DailyGrowth {
    /// `(1 + ea)^(1/365)`, from the effective annual rate as a fraction; `None` when it is negative or absurd.
    pub fn from_effective_annual(ea: Decimal) -> Option<Self> {
        if ea.is_sign_negative() {
            return None;
        }
        Decimal::ONE.checked_add(ea).and_then(|growth| nth_root(growth, DAYS)).map(Self)
    }

    /// `(1 + ea)^(days/365)`; one for days that are not after the start.
    pub fn over(self, days: i64) -> Option<Decimal> {
        squared_power(self.0, u64::try_from(days).unwrap_or_default())
    }
}

/// What is lent on one day and paid back on others.
#[derive(Debug, Clone, Copy)]
pub struct Loan<'a> {
    pub principal: Money,
    pub start: Day,
    /// Days with what is paid on them, in order.
    pub payments: &'a [(Day, Money)],
}

impl Loan<'_> {
    /// Whether the true yearly rate is not above `ea`: at that rate the payments are not worth more than the principal.
    ///
    /// `None` when the figures are beyond the range; then nothing is sure and nothing may be offered.
    pub fn costs_at_most(&self, ea: Decimal) -> Option<bool> {
        let growth = DailyGrowth::from_effective_annual(ea)?;
        Some(self.worth(growth)? <= Decimal::from(self.principal.minor))
    }

    /// The true yearly rate as a fraction, to eight decimals; zero when less is paid than lent.
    pub fn effective_annual(&self) -> Option<Decimal> {
        let principal = Decimal::from(self.principal.minor);
        let (mut low, mut high) = (Decimal::ONE, Decimal::ONE + Decimal::new(DAILY_MAX.0, DAILY_MAX.1));
        if self.worth(DailyGrowth(low))? <= principal {
            return Some(Decimal::ZERO);
        }
        for _ in 0..HALVINGS {
            let middle = (low + high) / Decimal::TWO;
            // Growth beyond the range makes the payments worth next to nothing.
            match self.worth(DailyGrowth(middle)) {
                Some(worth) if worth > principal => low = middle,
                Some(_) | None => high = middle,
            }
        }
        let growth = squared_power(high, u64::from(DAYS))?;
        Some((growth - Decimal::ONE).round_dp(RATE_DECIMALS))
    }

    /// What the payments are worth on the first day.
    fn worth(&self, growth: DailyGrowth) -> Option<Decimal> {
        let mut worth = Decimal::ZERO;
        let (mut last, mut grown) = (self.start, Decimal::ONE);
        for (day, payment) in self.payments {
            grown = grown.checked_mul(growth.over(day.days_since(last))?)?;
            worth = worth.checked_add(Decimal::from(payment.minor).checked_div(grown)?)?;
            last = *day;
        }
        Some(worth)
    }
}

/// `base^exponent` by squaring; `None` on overflow.
fn squared_power(base: Decimal, exponent: u64) -> Option<Decimal> {
    let (mut result, mut base, mut exponent) = (Decimal::ONE, base, exponent);
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = result.checked_mul(base)?;
        }
        exponent /= 2;
        if exponent > 0 {
            base = base.checked_mul(base)?;
        }
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::{DailyGrowth, Loan};
    use crate::domain::money::{Currency, Money};
    use crate::domain::time::Day;
    use rust_decimal::Decimal;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn thirty_days_at_the_cap_cost_what_the_supervisor_says() {
        // 10 000 000 for 30 days at 29.24 %: 213 061; a linear division would give 240 329.
        let growth = DailyGrowth::from_effective_annual(Decimal::new(2924, 4)).unwrap().over(30).unwrap();
        let interest = (growth - Decimal::ONE) * Decimal::from(10_000_000);
        assert_eq!(interest.round().to_string(), "213061");
    }

    #[test]
    fn a_full_month_charged_for_one_day_is_seen() {
        // Two payments of 1 660 566 on the next day and a month later, for 3 215 604: 111 % a year.
        let pay = Money::new(166_056_600, Currency::Cop);
        let payments = [(day("2026-11-30"), pay), (day("2026-12-30"), pay)];
        let loan = Loan {
            principal: Money::new(321_560_400, Currency::Cop),
            start: day("2026-11-29"),
            payments: &payments,
        };
        assert_eq!(loan.costs_at_most(Decimal::new(2966, 4)), Some(false));
        let rate = loan.effective_annual().unwrap();
        assert!(rate > Decimal::new(105, 2) && rate < Decimal::new(115, 2), "{rate}");
        assert_eq!(loan.costs_at_most(rate + Decimal::new(1, 6)), Some(true));
        assert_eq!(loan.costs_at_most(rate - Decimal::new(1, 6)), Some(false));
    }

    #[test]
    fn without_interest_the_rate_is_zero() {
        let payments = [
            (day("2026-02-01"), Money::new(50, Currency::Mxn)),
            (day("2026-03-01"), Money::new(50, Currency::Mxn)),
        ];
        let loan =
            Loan { principal: Money::new(100, Currency::Mxn), start: day("2026-01-01"), payments: &payments };
        assert_eq!(loan.effective_annual(), Some(Decimal::ZERO));
        assert_eq!(loan.costs_at_most(Decimal::ZERO), Some(true));
    }
}
