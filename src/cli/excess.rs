//! Amounts of a debt file that the law or common sense hardly allows: they are imported, and whoever imports is told.

use crate::domain::debt::{Obligation, ObligationStatus};
use crate::domain::time::Day;
use crate::rules::policy::model::Policy;
use crate::rules::rate_cap::RateCaps;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

const DAYS_OF_YEAR: i128 = 365;
/// One, in hundredths of a percent.
const ONE_BPS: i128 = 10_000;
/// Late interest may have begun before what is overdue now, or on more than that.
const LATE_INTEREST_TIMES: i128 = 2;

/// What is odd about a debt.
pub fn found(debt: &Obligation, policy: &Policy, caps: &RateCaps) -> Vec<&'static str> {
    if debt.status == ObligationStatus::Settled { Vec::new() } else { of(debt, policy, caps) }
}

fn of(debt: &Obligation, policy: &Policy, caps: &RateCaps) -> Vec<&'static str> {
    let mut found = Vec::new();
    let as_of = policy.zone.day(debt.balance.as_of);
    let (late, fees) = (i128::from(debt.balance.late_interest.minor), i128::from(debt.balance.fees.minor));
    let base = i128::from(debt.balance.principal.minor) + i128::from(debt.balance.interest.minor);
    let since = debt.oldest_unpaid_due.unwrap_or(as_of);
    if let Some(cap) = highest(caps, &policy.country, (since, as_of)) {
        let days = i128::from(as_of.days_since(since).max(1));
        if late * ONE_BPS * DAYS_OF_YEAR > base * cap * days * LATE_INTEREST_TIMES {
            found.push("`late_interest` is more than twice what the highest cap gives on what is overdue in these days");
        }
    }
    if fees > base && base > 0 {
        found.push("`fees` are more than the overdue principal and interest together");
    }
    let rate = debt.rate_ea_bps.map(i128::from);
    if highest(caps, &policy.country, (as_of, as_of)).zip(rate).is_some_and(|(cap, rate)| rate > cap) {
        found.push("`rate_ea` is above every cap on interest that is known for the day of the balance");
    }
    found
}

/// Debts whose interest was compared with no cap, because none is known for the day of their balance; whoever imports is
/// told rather than left to think that all is well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uncompared {
    pub debts: usize,
    /// Line and day of the first.
    pub first: Option<(u64, Day)>,
}

impl Uncompared {
    /// Counts the debt if [`found`] could not judge it.
    pub fn look(&mut self, line: u64, debt: &Obligation, policy: &Policy, caps: &RateCaps) {
        let bears = debt.balance.late_interest.minor > 0 || debt.rate_ea_bps.is_some();
        let day = policy.zone.day(debt.balance.as_of);
        let is_known =
            caps.0.iter().any(|cap| cap.country == policy.country && (cap.from..=cap.to).contains(&day));
        if debt.status != ObligationStatus::Settled && bears && !is_known {
            self.debts += 1;
            self.first.get_or_insert((line, day));
        }
    }
}

/// The highest cap that holds on some of these days, in hundredths of a percent; `None` where none is known or one kind
/// of credit has none.
fn highest(caps: &RateCaps, country: &str, (from, to): (Day, Day)) -> Option<i128> {
    let holds = caps.0.iter().filter(|cap| cap.country == country && cap.from <= to && from <= cap.to);
    let bps = |cap: Option<Decimal>| cap?.checked_mul(Decimal::from(10_000))?.to_i128();
    holds.map(|cap| bps(cap.cap_ea)).collect::<Option<Vec<i128>>>()?.into_iter().max()
}

#[cfg(test)]
mod tests {
    use super::{Uncompared, found};
    use crate::debts::{ImportContext, parse};
    use crate::domain::ids::LenderId;
    use crate::domain::time::Timestamp;
    use crate::rules::policy::PolicySet;

    const ANDINO: &str = include_str!("../../flows/policies/andino.yaml");
    const CAPS: &str = include_str!("../../flows/policies/rate_caps.yaml");
    const HOLIDAYS: &str = include_str!("../../flows/policies/holidays.csv");
    const SAMPLE: &str = include_str!("../../fixtures/demo/andino.csv");

    fn told(text: &str) -> Vec<(u64, &'static str)> {
        judged(text, "2026-08-20T12:00:00Z").0
    }

    fn judged(text: &str, now: &str) -> (Vec<(u64, &'static str)>, Uncompared) {
        let set =
            PolicySet::parse([("andino.yaml", ANDINO), ("rate_caps.yaml", CAPS), ("holidays.csv", HOLIDAYS)]);
        let set = set.unwrap();
        let policy = set.policy(&LenderId::from("andino")).unwrap();
        let now = Timestamp::parse_rfc3339(now).unwrap();
        let context = ImportContext { now, zone: policy.zone.clone(), currency: policy.currency };
        let file = parse(text.as_bytes(), &context).all_or_nothing().unwrap();
        let (mut odd, mut left) = (Vec::new(), Uncompared::default());
        for (debt, line) in file.obligations.iter().zip(file.lines) {
            odd.extend(found(debt, policy, &set.caps).into_iter().map(|what| (line, what)));
            left.look(line, debt, policy, &set.caps);
        }
        (odd, left)
    }

    #[test]
    fn a_day_whose_cap_is_not_known_is_told() {
        assert_eq!(judged(SAMPLE, "2026-08-20T12:00:00Z").1, Uncompared::default());
        let told = judged(SAMPLE, "2026-11-20T12:00:00Z").1;
        let (line, day) = told.first.unwrap();
        assert!(told.debts > 1 && line > 1 && day.to_string().starts_with("2026-1"), "{told:?}");
    }

    #[test]
    fn the_sample_has_nothing_odd_and_each_odd_amount_is_told_with_its_line() {
        assert_eq!(told(SAMPLE), []);
        for (from, to, said) in [
            ("358200,64300,9850,0", "358200,64300,985000,0", "`late_interest`"),
            ("358200,64300,9850,0", "358200,64300,9850,450000", "`fees`"),
            ("D-20,D+10,432350,24.36%", "D-20,D+10,432350,84.36%", "`rate_ea`"),
        ] {
            assert!(SAMPLE.contains(from), "{from}");
            let odd = told(&SAMPLE.replacen(from, to, 1));
            assert!(matches!(odd.as_slice(), [(4, what)] if what.starts_with(said)), "{to}: {odd:?}");
        }
    }
}
