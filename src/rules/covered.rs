//! How much of what is overdue an agreement covers, and how much stays overdue beside it.
//!
//! A promise and a plan of arrears cover their own amount and no more: what was not promised goes on being overdue. New
//! terms for the whole debt, and a discount that closes it, leave nothing beside them.

use crate::domain::debt::{AgreementKind, Offer};
use crate::domain::money::Money;
use crate::domain::time::Day;

/// What of `overdue`, a balance of the day `as_of`, an agreement on these terms does not cover; never below zero.
///
/// Payments that were due before that day are in the balance, or were not made: they cover nothing of it any more. An
/// amount in another currency covers nothing.
pub fn rest_beside(overdue: Money, terms: &Offer, as_of: Day) -> Money {
    let covered = match terms.kind {
        AgreementKind::Refinancing => overdue.minor,
        AgreementKind::Settlement if terms.closes() => overdue.minor,
        AgreementKind::Promise | AgreementKind::InstalmentPlan | AgreementKind::Settlement => {
            let to_come = terms.payments.iter().filter(|payment| payment.due >= as_of);
            let own = to_come.map(|payment| payment.amount).chain([terms.discount]);
            own.filter(|amount| amount.currency == overdue.currency)
                .fold(0_i64, |sum, amount| sum.saturating_add(amount.minor))
        }
    };
    Money::new(overdue.minor.saturating_sub(covered).max(0), overdue.currency)
}

#[cfg(test)]
mod tests {
    use super::rest_beside;
    use crate::domain::debt::{AgreementKind, Derivation, Offer, ScheduledPayment};
    use crate::domain::ids::ObligationId;
    use crate::domain::money::{Currency, Money};
    use crate::domain::time::Day;
    use proptest::prelude::*;

    const CUT: (i16, i8, i8) = (2026, 11, 29);

    fn cop(minor: i64) -> Money {
        Money::new(minor, Currency::Cop)
    }

    fn day(n: i64) -> Day {
        Day::new(CUT.0, CUT.1, CUT.2).unwrap().plus_days(n)
    }

    /// Terms that are paid on these days after the cut.
    fn terms(kind: AgreementKind, payments: &[(i64, i64)], discount: i64, leaves: Option<i64>) -> Offer {
        let schedule = payments.iter().zip(1_u32..).map(|((after, minor), number)| ScheduledPayment {
            number,
            due: day(*after),
            amount: cop(*minor),
            interest: cop(0),
        });
        Offer {
            id: "o".to_owned(),
            kind,
            obligation: ObligationId(uuid::Uuid::from_u128(7)),
            total: cop(payments.iter().map(|(_, minor)| minor).sum()),
            discount: cop(discount),
            leaves: leaves.map(cop),
            payments: schedule.collect(),
            monthly_rate_ppm: None,
            rate_ea_ppm: None,
            valid_until: day(1),
            derivation: Derivation {
                policy: "andino".to_owned(),
                policy_version: String::new(),
                rule: String::new(),
                inputs: Vec::new(),
            },
        }
    }

    #[test]
    fn what_was_not_promised_stays_overdue() {
        let half = terms(AgreementKind::Promise, &[(4, 13_000_000)], 0, Some(12_370_000));
        assert_eq!(rest_beside(cop(25_370_000), &half, day(0)), cop(12_370_000));
        // The balance of a day after the promised one knows of the payment.
        assert_eq!(rest_beside(cop(12_370_000), &half, day(5)), cop(12_370_000));
        let plan = terms(AgreementKind::InstalmentPlan, &[(5, 500), (20, 500)], 0, None);
        assert_eq!(rest_beside(cop(1_000), &plan, day(0)), cop(0));
        // A regular instalment fell due beside the plan, whose first payment was made.
        assert_eq!(rest_beside(cop(500 + 300), &plan, day(10)), cop(300));
    }

    #[test]
    fn new_terms_and_a_discount_leave_nothing_beside_them() {
        let refinancing = terms(AgreementKind::Refinancing, &[(30, 10)], 0, Some(0));
        assert_eq!(rest_beside(cop(900), &refinancing, day(0)), cop(0));
        let closes = terms(AgreementKind::Settlement, &[(3, 600)], 300, Some(0));
        assert_eq!(rest_beside(cop(2_000), &closes, day(0)), cop(0));
        let of_arrears = terms(AgreementKind::Settlement, &[(3, 600)], 300, Some(5_000));
        assert_eq!(rest_beside(cop(900), &of_arrears, day(0)), cop(0));
        assert_eq!(rest_beside(cop(1_000), &of_arrears, day(0)), cop(100));
    }

    proptest! {
        #[test]
        fn what_is_covered_and_the_rest_make_what_is_overdue(
            overdue in 0_i64..1_000_000_000,
            payments in proptest::collection::vec((0_i64..90, 1_i64..400_000_000), 1..6),
            discount in 0_i64..1_000_000,
            kind in 0_usize..2,
        ) {
            let kind = [AgreementKind::Promise, AgreementKind::InstalmentPlan][kind];
            let discount = if kind == AgreementKind::Promise { 0 } else { discount };
            let own = payments.iter().map(|(_, minor)| minor).sum::<i64>() + discount;
            let rest = rest_beside(cop(overdue), &terms(kind, &payments, discount, None), day(0));
            prop_assert_eq!(own.min(overdue) + rest.minor, overdue);
            prop_assert!(rest.minor >= 0);
        }
    }
}
