//! Settlement with a discount (*quita*): a share of each component is waived, never more than its cap.
//!
//! A settlement settles what is overdue, or the whole debt. Only the latter closes it.

use crate::domain::debt::{Balance, Obligation};
use crate::domain::money::{Currency, Money, MoneyError};
use crate::rules::rounding::{floor_to_step, half_up_to_step};
use rust_decimal::Decimal;

/// Shares of the four components in basis points (10 000 is all of it).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ComponentBps {
    pub principal: i64,
    pub interest: i64,
    pub late_interest: i64,
    pub fees: i64,
}

pub const WHOLE_BPS: i64 = 10_000;

impl ComponentBps {
    pub const ALL: Self =
        Self { principal: WHOLE_BPS, interest: WHOLE_BPS, late_interest: WHOLE_BPS, fees: WHOLE_BPS };

    /// The shares by the name that policies use.
    pub const fn named(self) -> [(&'static str, i64); 4] {
        [
            ("principal", self.principal),
            ("interest", self.interest),
            ("late_interest", self.late_interest),
            ("fees", self.fees),
        ]
    }
}

/// What a settlement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Settles {
    /// What is overdue: the person is up to date afterwards, and owes the rest as before.
    #[default]
    Overdue,
    /// All that is owed, overdue or not: nothing is owed afterwards. Only where the debt file says how much that is.
    WholeDebt,
}

impl Settles {
    pub const ALL: [Self; 2] = [Self::Overdue, Self::WholeDebt];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::WholeDebt => "whole_debt",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|settles| settles.name() == name)
    }

    /// The balance that is settled; `None` when the whole debt is meant and not known.
    pub fn balance(self, obligation: &Obligation) -> Option<Balance> {
        match self {
            Self::Overdue => Some(obligation.balance.clone()),
            Self::WholeDebt => {
                obligation.payoff()?;
                let principal = obligation.balance.principal_outstanding?;
                Some(Balance { principal, ..obligation.balance.clone() })
            }
        }
    }
}

/// What is paid and what is waived; `payable + discount` is all that is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    pub payable: Money,
    pub discount: Money,
    pub waived_principal: Money,
    pub waived_interest: Money,
    pub waived_late_interest: Money,
    pub waived_fees: Money,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SettlementError {
    #[error("the waiver of {component} is {waiver_bps} basis points, above its cap of {cap_bps}")]
    AboveCap { component: &'static str, waiver_bps: i64, cap_bps: i64 },
    #[error("the waiver of {component} must be between 0 and 10 000 basis points")]
    OutOfRange { component: &'static str },
    #[error("nothing would be left to pay")]
    NothingToPay,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Applies `waiver` to the four due parts of `balance` within `caps` (oracle O21).
///
/// Each waived part is rounded half-up to whole steps; a fraction of a step that is left in the amount to pay (centavos
/// in pesos) is waived too, so that people pay whole steps.
pub fn settle(
    balance: &Balance,
    waiver: ComponentBps,
    caps: ComponentBps,
) -> Result<Settlement, SettlementError> {
    check(waiver, caps)?;
    let currency = balance.principal.currency;
    let part = |amount: Money, bps: i64| waived(amount, bps, currency);
    let waived_principal = part(balance.principal, waiver.principal)?;
    let waived_interest = part(balance.interest, waiver.interest)?;
    let waived_late_interest = part(balance.late_interest, waiver.late_interest)?;
    let waived_fees = part(balance.fees, waiver.fees)?;
    let due = balance.overdue()?;
    let waived =
        Money::sum(currency, [waived_principal, waived_interest, waived_late_interest, waived_fees])?;
    let payable = Money::new(floor_to_step(due.checked_sub(waived)?.minor, currency), currency);
    if !payable.is_positive() {
        return Err(SettlementError::NothingToPay);
    }
    let discount = due.checked_sub(payable)?;
    Ok(Settlement { payable, discount, waived_principal, waived_interest, waived_late_interest, waived_fees })
}

/// That every share is between zero and its cap.
pub fn check(waiver: ComponentBps, caps: ComponentBps) -> Result<(), SettlementError> {
    for ((component, waiver_bps), (_, cap_bps)) in waiver.named().into_iter().zip(caps.named()) {
        if !(0..=WHOLE_BPS).contains(&waiver_bps) {
            return Err(SettlementError::OutOfRange { component });
        }
        if waiver_bps > cap_bps {
            return Err(SettlementError::AboveCap { component, waiver_bps, cap_bps });
        }
    }
    Ok(())
}

/// The part of `due` that `discount` is, in basis points rounded down.
pub fn discount_bps(discount: Money, due: Money) -> i64 {
    if due.minor <= 0 {
        return 0;
    }
    i64::try_from(i128::from(discount.minor) * i128::from(WHOLE_BPS) / i128::from(due.minor))
        .unwrap_or(WHOLE_BPS)
}

fn waived(amount: Money, bps: i64, currency: Currency) -> Result<Money, MoneyError> {
    // A whole waiver takes the centavos too; rounding could otherwise exceed the component.
    if bps == WHOLE_BPS {
        return Ok(amount);
    }
    let exact = Decimal::from(amount.minor) * Decimal::new(bps, 4);
    let minor = half_up_to_step(exact, currency).ok_or(MoneyError::Overflow)?;
    Ok(Money::new(minor.min(amount.minor), currency))
}

#[cfg(test)]
mod tests {
    use super::{ComponentBps, SettlementError, discount_bps, settle};
    use crate::domain::debt::Balance;
    use crate::domain::money::{Currency, Money};
    use crate::domain::time::Timestamp;
    use crate::rules::oracles;
    use proptest::prelude::proptest;

    fn cop(minor: i64) -> Money {
        Money::new(minor, Currency::Cop)
    }

    fn balance(principal: i64, interest: i64, late_interest: i64, fees: i64) -> Balance {
        Balance {
            as_of: Timestamp(0),
            principal: cop(principal),
            interest: cop(interest),
            late_interest: cop(late_interest),
            fees: cop(fees),
            principal_outstanding: None,
        }
    }

    #[test]
    fn a_waiver_by_component_agrees_with_the_oracle() {
        let all = oracles::all();
        let oracle = &all["O21_settlement"];
        let money = |value| oracles::money(value, Currency::Cop);
        let balance = balance(380_000_000, 51_235_000, 43_000_000, 7_000_000);
        let waiver = ComponentBps { principal: 1_000, interest: 5_000, late_interest: 10_000, fees: 10_000 };
        let settlement = settle(&balance, waiver, ComponentBps::ALL).unwrap();
        let waived = &oracle["waived"];
        assert_eq!(balance.overdue().unwrap(), money(&oracle["total"]));
        assert_eq!(settlement.payable, money(&oracle["offer"]));
        assert_eq!(settlement.waived_principal, money(&waived["capital"]));
        assert_eq!(settlement.waived_interest, money(&waived["interes"]));
        assert_eq!(settlement.waived_late_interest, money(&waived["mora"]));
        assert_eq!(settlement.waived_fees, money(&waived["gastos"]));
        assert_eq!(discount_bps(settlement.discount, balance.overdue().unwrap()), 2_360);
    }

    #[test]
    fn a_waiver_above_its_cap_is_refused_by_name() {
        let caps = ComponentBps { principal: 500, ..ComponentBps::ALL };
        let waiver = ComponentBps { principal: 501, ..ComponentBps::default() };
        assert_eq!(
            settle(&balance(100_000, 0, 0, 0), waiver, caps),
            Err(SettlementError::AboveCap { component: "principal", waiver_bps: 501, cap_bps: 500 })
        );
    }

    #[test]
    fn forgiving_everything_is_not_a_settlement() {
        assert_eq!(
            settle(&balance(100_000, 0, 0, 0), ComponentBps::ALL, ComponentBps::ALL),
            Err(SettlementError::NothingToPay)
        );
    }

    proptest! {
        #[test]
        fn paid_and_waived_are_exactly_what_is_due(
            parts in proptest::array::uniform4(0_i64..10_000_000_000),
            bps in proptest::array::uniform4(0_i64..=10_000),
        ) {
            let balance = balance(parts[0], parts[1], parts[2], parts[3]);
            let waiver = ComponentBps { principal: bps[0], interest: bps[1], late_interest: bps[2], fees: bps[3] };
            if let Ok(settlement) = settle(&balance, waiver, ComponentBps::ALL) {
                let due = balance.overdue().unwrap();
                assert_eq!(settlement.payable.checked_add(settlement.discount).unwrap(), due);
                assert!(settlement.payable.is_positive() && settlement.discount.minor >= 0);
                assert_eq!(settlement.payable.minor % Currency::Cop.step_minor(), 0);
            }
        }
    }
}
