//! Repayment tables of a principal with interest, in whole payable steps of the currency.
//!
//! Interest is rounded once per period, principal is the difference, and the last row absorbs what rounding left, so
//! that every table closes at zero. Periods are months of one rate, or the actual days between payments: a first period
//! that is shorter or longer than a month costs what its days cost. Flat (add-on) interest is left out on purpose: its
//! true rate is far above the quoted one, which debtors cannot see.

use crate::domain::money::{Currency, Money};
use crate::domain::time::Day;
use crate::rules::rate::MonthlyRate;
use crate::rules::rounding::{floor_to_step, half_up_to_step};
use crate::rules::split::PAYMENTS_MAX;
use crate::rules::true_rate::DailyGrowth;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

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

/// Whom the fraction of a payable step goes to that interest comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounding {
    /// As customers check by hand.
    HalfUp,
    /// To the debtor: the true rate is never above the agreed one.
    Down,
}

/// How long the periods of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Periods {
    /// The actual days between payments over 365, from the very first day on (oracle O14).
    #[default]
    ActualDays,
    /// Months of one rate, however many days they have; the days before the first month are charged apart with the
    /// first payment, and a first period shorter than a month costs its days (oracle O15).
    WholeMonths,
}

impl Periods {
    pub const ALL: [Self; 2] = [Self::ActualDays, Self::WholeMonths];

    pub const fn name(self) -> &'static str {
        match self {
            Self::ActualDays => "actual_days",
            Self::WholeMonths => "whole_months",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|periods| periods.name() == name)
    }
}

/// How the payments follow from the principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// French: level payments (oracles O1, O2, O7–O9, O14).
    Level,
    /// German: level principal, falling payments (oracle O3).
    LevelPrincipal,
}

/// The table of a loan that begins on `start` and is paid on `dates`.
pub fn dated(
    principal: Money,
    rate: MonthlyRate,
    (start, dates): (Day, &[Day]),
    (shape, periods): (Shape, Periods),
    rounding: Rounding,
) -> Result<Vec<Row>, AmortisationError> {
    let growth = rate.effective_annual().ok().and_then(DailyGrowth::from_effective_annual);
    let growth = growth.ok_or(AmortisationError::Overflow)?;
    match periods {
        Periods::ActualDays => {
            let starts = std::iter::once(&start).chain(dates);
            let factors = starts.zip(dates).map(|(from, to)| span(growth, to.days_since(*from)));
            table(principal, &factors.collect::<Result<Vec<_>, _>>()?, shape, rounding)
        }
        Periods::WholeMonths => {
            let mut rows = table(principal, &vec![rate.fraction(); dates.len()], shape, rounding)?;
            if let (Some(row), Some(first)) = (rows.first_mut(), dates.first()) {
                let month_before = first.plus_months_anchored(-1, first.day());
                let before = month_before.days_since(start);
                let (charged, days) =
                    if before >= 0 { (row.interest.minor, before) } else { (0, first.days_since(start)) };
                let apart =
                    interest_on(principal.minor, span(growth, days)?, (principal.currency, rounding))?;
                let interest = charged.checked_add(apart).ok_or(AmortisationError::Overflow)?;
                row.interest = Money { minor: interest, ..principal };
                row.payment =
                    row.principal.checked_add(row.interest).map_err(|_| AmortisationError::Overflow)?;
            }
            Ok(rows)
        }
    }
}

fn span(growth: DailyGrowth, days: i64) -> Result<Decimal, AmortisationError> {
    growth.over(days).map(|grown| grown - Decimal::ONE).ok_or(AmortisationError::Overflow)
}

/// The table over one factor of interest for each period.
fn table(
    principal: Money,
    factors: &[Decimal],
    shape: Shape,
    rounding: Rounding,
) -> Result<Vec<Row>, AmortisationError> {
    let count = u32::try_from(factors.len()).map_err(|_| AmortisationError::Count)?;
    if count == 0 || count > PAYMENTS_MAX {
        return Err(AmortisationError::Count);
    }
    match shape {
        Shape::Level => {
            let instalment = level_instalment(principal, factors, rounding)?;
            build(principal, factors, rounding, |interest| instalment - interest)
        }
        Shape::LevelPrincipal => {
            let share = Decimal::from(principal.minor) / Decimal::from(count);
            let share = half_up_to_step(share, principal.currency).ok_or(AmortisationError::Overflow)?;
            build(principal, factors, rounding, |_| share)
        }
    }
}

/// French method over months of one rate: `A = P·i / (1 − (1+i)^−n)` (oracles O1, O2, O7–O9).
pub fn french(principal: Money, rate: MonthlyRate, count: u32) -> Result<Vec<Row>, AmortisationError> {
    months(principal, rate, count, Shape::Level)
}

/// German method over months of one rate: level principal, falling instalments (oracle O3).
pub fn german(principal: Money, rate: MonthlyRate, count: u32) -> Result<Vec<Row>, AmortisationError> {
    months(principal, rate, count, Shape::LevelPrincipal)
}

fn months(
    principal: Money,
    rate: MonthlyRate,
    count: u32,
    shape: Shape,
) -> Result<Vec<Row>, AmortisationError> {
    if count == 0 || count > PAYMENTS_MAX {
        return Err(AmortisationError::Count);
    }
    // On the stack: the table itself is the one allocation.
    let factors = [rate.fraction(); PAYMENTS_MAX as usize];
    table(principal, factors.get(..count as usize).unwrap_or_default(), shape, Rounding::HalfUp)
}

/// `A = P / Σ 1 / ((1+f₁)…(1+f_k))`: the level payment over periods of different lengths.
fn level_instalment(
    principal: Money,
    factors: &[Decimal],
    rounding: Rounding,
) -> Result<i64, AmortisationError> {
    let mut grown = Decimal::ONE;
    let mut worth = Decimal::ZERO;
    for factor in factors {
        grown = grown.checked_mul(Decimal::ONE + factor).ok_or(AmortisationError::Overflow)?;
        worth = Decimal::ONE
            .checked_div(grown)
            .and_then(|one| worth.checked_add(one))
            .ok_or(AmortisationError::Overflow)?;
    }
    let exact = Decimal::from(principal.minor).checked_div(worth).ok_or(AmortisationError::Overflow)?;
    rounded(exact, (principal.currency, rounding))
}

fn build(
    total: Money,
    factors: &[Decimal],
    rounding: Rounding,
    principal_of: impl Fn(i64) -> i64,
) -> Result<Vec<Row>, AmortisationError> {
    let money = |minor| Money { minor, ..total };
    let mut balance = total.minor;
    let mut rows = Vec::with_capacity(factors.len());
    for (number, factor) in (1..).zip(factors) {
        let is_last = number as usize == factors.len();
        let interest = interest_on(balance, *factor, (total.currency, rounding))?;
        let principal = if is_last { balance } else { principal_of(interest) };
        if principal <= 0 || principal > balance || (principal == balance && !is_last) {
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

fn interest_on(
    balance: i64,
    factor: Decimal,
    rounding: (Currency, Rounding),
) -> Result<i64, AmortisationError> {
    let exact = Decimal::from(balance).checked_mul(factor).ok_or(AmortisationError::Overflow)?;
    rounded(exact, rounding)
}

fn rounded(exact: Decimal, (currency, rounding): (Currency, Rounding)) -> Result<i64, AmortisationError> {
    match rounding {
        Rounding::HalfUp => half_up_to_step(exact, currency),
        Rounding::Down => exact.floor().to_i64().map(|minor| floor_to_step(minor, currency)),
    }
    .ok_or(AmortisationError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::{AmortisationError, Periods, Rounding, Row, Shape, dated, french, german};
    use crate::domain::money::{Currency, Money};
    use crate::domain::time::Day;
    use crate::rules::oracles;
    use crate::rules::rate::MonthlyRate;
    use crate::rules::true_rate::Loan;
    use proptest::prelude::proptest;
    use rust_decimal::Decimal;

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

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    /// 3 000 000 paid out on 17 January 2026, first due on 5 March, at 2 % a month.
    fn broken_first(periods: Periods) -> Vec<Row> {
        let first = day("2026-03-05");
        let dates: Vec<Day> = (0..6).map(|n| first.plus_months_anchored(n, 5)).collect();
        let rate = MonthlyRate::from_ppm(20_000).unwrap();
        let principal = Money::new(300_000_000, Currency::Cop);
        let plan = (day("2026-01-17"), dates.as_slice());
        dated(principal, rate, plan, (Shape::Level, periods), Rounding::HalfUp).unwrap()
    }

    #[test]
    fn a_broken_first_period_costs_its_actual_days() {
        let all = oracles::all();
        let expected = all["O14_broken_first_period"]["rows"].as_array().unwrap();
        let rows = broken_first(Periods::ActualDays);
        assert_eq!(rows.len(), expected.len());
        for (row, expected) in rows.iter().zip(expected) {
            let parts = [row.payment, row.interest, row.principal, row.balance];
            let wanted: Vec<Money> = (3..7).map(|i| oracles::money(&expected[i], Currency::Cop)).collect();
            assert_eq!(parts.as_slice(), wanted, "row {}", row.number);
        }
    }

    #[test]
    fn days_before_the_first_month_are_charged_apart() {
        let all = oracles::all();
        let oracle = &all["O15_stub_interest_variant"];
        let money = |name: &str| oracles::money(&oracle[name], Currency::Cop);
        let rows = broken_first(Periods::WholeMonths);
        assert_eq!(rows[0].payment, money("first_payment"));
        assert!(rows[1..5].iter().all(|row| row.payment == money("regular_instalment")));
        let whole = french(Money::new(300_000_000, Currency::Cop), MonthlyRate::from_ppm(20_000).unwrap(), 6)
            .unwrap();
        assert_eq!(rows[0].interest.checked_sub(whole[0].interest).unwrap(), money("stub_interest"));
    }

    #[test]
    fn a_short_first_period_never_costs_a_whole_month() {
        let principal = Money::new(321_560_400, Currency::Cop);
        let rate = MonthlyRate::from_ppm(21_800).unwrap();
        let dates = [day("2026-11-30"), day("2026-12-30")];
        for periods in Periods::ALL {
            let plan = (day("2026-11-29"), dates.as_slice());
            let rows = dated(principal, rate, plan, (Shape::Level, periods), Rounding::HalfUp).unwrap();
            // One day at 2.18 % a month is 0.07 %, not 2.18 %.
            assert!(rows[0].interest.minor < 240_000, "{periods:?}: {:?}", rows[0]);
            // Months of one rate are checked as they are: 2.18 % for the 30 days of December is above the cap.
            let paid: Vec<(Day, Money)> =
                dates.iter().copied().zip(rows.iter().map(|row| row.payment)).collect();
            let loan = Loan { principal, start: day("2026-11-29"), payments: &paid };
            let keeps = periods == Periods::ActualDays;
            assert_eq!(loan.costs_at_most(Decimal::new(2966, 4)), Some(keeps), "{periods:?}");
        }
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
        fn interest_rounded_down_never_costs_more_than_the_agreed_rate(
            pesos in 20_000_i64..500_000_000, ppm in 1_i64..60_000, count in 1_i32..36, first in 1_i64..60,
            level in proptest::bool::ANY,
        ) {
            let rate = MonthlyRate::from_ppm(ppm).unwrap();
            let (start, principal) = (day("2026-08-29"), Money::new(pesos * 100, Currency::Cop));
            let due = start.plus_days(first);
            let dates: Vec<Day> = (0..count).map(|n| due.plus_months_anchored(n, due.day())).collect();
            let shape = if level { Shape::Level } else { Shape::LevelPrincipal };
            let Ok(rows) = dated(principal, rate, (start, &dates), (shape, Periods::ActualDays), Rounding::Down) else {
                return Ok(());
            };
            assert_eq!(rows.iter().map(|row| row.principal.minor).sum::<i64>(), principal.minor);
            let paid: Vec<(Day, Money)> = dates.iter().copied().zip(rows.iter().map(|row| row.payment)).collect();
            let loan = Loan { principal, start, payments: &paid };
            // One part in ten to the fourteenth for the digits of the rate itself.
            let agreed = rate.effective_annual().unwrap() + Decimal::new(1, 14);
            assert_eq!(loan.costs_at_most(agreed), Some(true));
        }

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
