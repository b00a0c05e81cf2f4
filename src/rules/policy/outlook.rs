//! What a policy comes to on a given day: caps on interest that are missing, exceeded or about to end, and due dates
//! that fall twice in one month. The files themselves are right or wrong on any day; this is not.

use crate::domain::time::Day;
use crate::rules::calendar::Calendar;
use crate::rules::policy::PolicySet;
use crate::rules::policy::document::{Diagnostic, Place};
use crate::rules::policy::model::{Pace, Policy, RefinancingTerms, Rule, Terms};
use crate::rules::rate_cap::{RateCapError, RateCaps};
use crate::rules::schedule::{Frequency, due_dates};

/// Days ahead for which whoever runs a policy that charges interest is told that its caps end.
pub const CAPS_AHEAD_DAYS: i64 = 45;
/// The last days of a cap, on which the next one must be there: authorities that certify month by month, as in Colombia,
/// have published by then.
pub const CAPS_DUE_DAYS: i64 = 3;
/// Days on which a schedule is begun to see whether two payments fall in one month: a year has every month's end.
const STARTS: i64 = 366;

/// What is wrong with the cap of one rule on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CapGap {
    /// No cap is known: nothing with interest is offered.
    Missing,
    /// The rate of the rule is above the cap: nothing of it is offered.
    Above(String),
    /// The cap is known, but not for [`CAPS_AHEAD_DAYS`] days more: `until` is its last day.
    Ends { until: Day, days_left: i64 },
}

impl CapGap {
    /// Whether nothing with interest is offered, or will not be within [`CAPS_DUE_DAYS`]; else it is a note.
    pub const fn is_mistake(&self) -> bool {
        match self {
            Self::Missing | Self::Above(_) => true,
            Self::Ends { days_left, .. } => *days_left < CAPS_DUE_DAYS,
        }
    }
}

/// One cap that is wrong, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapFinding {
    pub told: Diagnostic,
    /// As [`CapGap::is_mistake`].
    pub is_mistake: bool,
}

impl RateCaps {
    /// The last day from `day` on without a gap for which a cap is known; `None` when there is none on `day`.
    pub fn known_until(&self, country: &str, modality: &str, day: Day) -> Option<Day> {
        let mut until = self.find(country, modality, day).ok()?.to;
        // Each entry can lengthen the span once.
        for _ in 0..self.0.len() {
            match self.find(country, modality, until.plus_days(1)) {
                Ok(next) => until = next.to,
                Err(_) => break,
            }
        }
        Some(until)
    }
}

/// The rules of a policy that charge interest, with what is wrong with their caps on `today`.
pub fn cap_gaps<'p>(policy: &'p Policy, caps: &RateCaps, today: Day) -> Vec<(&'p Rule, CapGap)> {
    interest_rules(policy)
        .filter_map(|(rule, terms)| Some((rule, gap(policy, terms, caps, today)?)))
        .collect()
}

fn interest_rules(policy: &Policy) -> impl Iterator<Item = (&Rule, &RefinancingTerms)> {
    policy.rules.iter().filter_map(|rule| match &rule.terms {
        Terms::Refinancing(terms) if terms.rate_ppm > 0 => Some((rule, terms)),
        Terms::Refinancing(_)
        | Terms::Promise(_)
        | Terms::InstalmentPlan(_)
        | Terms::Settlement(_)
        | Terms::Withhold(_) => None,
    })
}

fn gap(policy: &Policy, terms: &RefinancingTerms, caps: &RateCaps, today: Day) -> Option<CapGap> {
    let allowed = caps.find(&policy.country, &terms.modality, today).and_then(|cap| cap.allows(terms.rate));
    match allowed {
        Err(RateCapError::Unknown { .. }) => return Some(CapGap::Missing),
        Err(error @ RateCapError::Above { .. }) => return Some(CapGap::Above(error.to_string())),
        Ok(()) => {}
    }
    let until = caps.known_until(&policy.country, &terms.modality, today)?;
    let days_left = until.days_since(today);
    (days_left < CAPS_AHEAD_DAYS).then_some(CapGap::Ends { until, days_left })
}

/// Days until the first cap ends that a policy needs, 0 when one is missing; `None` when it charges no interest.
pub fn cap_days_left(policy: &Policy, caps: &RateCaps, today: Day) -> Option<i64> {
    let left = |terms: &RefinancingTerms| {
        let until = caps.known_until(&policy.country, &terms.modality, today);
        until.map_or(0, |until| until.days_since(today).max(0))
    };
    interest_rules(policy).map(|(_, terms)| left(terms)).min()
}

impl PolicySet {
    /// Caps that are missing, exceeded or about to end, on each lender's own day.
    pub fn cap_findings(&self, today: impl Fn(&Policy) -> Day) -> Vec<CapFinding> {
        let mut found = Vec::new();
        for policy in self.policies.values() {
            let today = today(policy);
            for (rule, gap) in cap_gaps(policy, &self.caps, today) {
                let told = self.told(policy, rule, &gap, today);
                found.push(CapFinding { told, is_mistake: gap.is_mistake() });
            }
        }
        found
    }

    fn told(&self, policy: &Policy, rule: &Rule, gap: &CapGap, today: Day) -> Diagnostic {
        let modality = match &rule.terms {
            Terms::Refinancing(terms) => terms.modality.as_str(),
            Terms::Promise(_) | Terms::InstalmentPlan(_) | Terms::Settlement(_) | Terms::Withhold(_) => "",
        };
        let what = match gap {
            CapGap::Missing => format!(
                "`{}` charges interest, and on {today} no cap is known for {modality} in {}: it offers nothing",
                rule.id, policy.country
            ),
            CapGap::Above(why) => format!("`{}` offers nothing on {today}: {why}", rule.id),
            CapGap::Ends { until, days_left } => format!(
                "`{}` charges interest, and the caps of {modality} in {} end on {until}, {days_left} days from {today}: \
                 it offers nothing after that until the next is known",
                rule.id, policy.country
            ),
        };
        let remedy = match gap {
            CapGap::Missing | CapGap::Ends { .. } => {
                "add what the authority has published to rate_caps.yaml, with its source"
            }
            CapGap::Above(_) => "lower `monthly_rate`, or withhold the refinancing",
        };
        self.at_rule(policy, rule, what, remedy)
    }

    /// Rules whose monthly payments can fall twice in one month, with an example within a year from `today`.
    pub fn crowded_months(&self, today: impl Fn(&Policy) -> Day) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for policy in self.policies.values() {
            let Some(calendar) = self.calendar(&policy.lender) else { continue };
            for rule in &policy.rules {
                if let Some((first, second)) = crowded(policy, rule, calendar, today(policy)) {
                    let what = format!(
                        "`{}` can ask for two payments in one month, such as on {first} and {second}, because \
                         `business_days` is `{}`",
                        rule.id,
                        policy.business_days.name()
                    );
                    found.push(self.at_rule(policy, rule, what, "write `business_days: modified_following`"));
                }
            }
        }
        found
    }

    /// Lenders without a privacy notice where the law wants people to be shown one: Colombia (Ley 1581 of 2012, art. 12;
    /// Decreto 1377 of 2013, art. 14 and 15) and Mexico (LFPDPPP of 2025).
    pub fn privacy_gaps(&self) -> Vec<Diagnostic> {
        let lacks = |policy: &&Policy| {
            ["CO", "MX"].contains(&policy.country.as_str()) && policy.contact.privacy_url.is_none()
        };
        self.policies
            .values()
            .filter(lacks)
            .map(|policy| Diagnostic {
                file: self.files.get(&policy.lender).cloned().unwrap_or_default(),
                place: Place { line: 1, column: 1 },
                what: format!(
                    "{} wants people to be shown a privacy notice, and `contact` has none",
                    policy.country
                ),
                remedy: "write its address as `contact.privacy_url`".to_owned(),
            })
            .collect()
    }

    fn at_rule(&self, policy: &Policy, rule: &Rule, what: String, remedy: &str) -> Diagnostic {
        let file = self.files.get(&policy.lender).cloned().unwrap_or_default();
        Diagnostic { file, place: rule.place, what, remedy: remedy.to_owned() }
    }
}

fn crowded(policy: &Policy, rule: &Rule, calendar: &Calendar, today: Day) -> Option<(Day, Day)> {
    let (pace, count) = match &rule.terms {
        Terms::InstalmentPlan(terms) => (terms.pace, terms.payments.iter().max()?),
        Terms::Settlement(terms) => (terms.pace, terms.payments.iter().max()?),
        Terms::Refinancing(terms) => {
            let pace = Pace { first_payment_days: terms.first_payment_days, frequency: Frequency::Monthly };
            (pace, terms.months.iter().max()?)
        }
        Terms::Promise(_) | Terms::Withhold(_) => return None,
    };
    if pace.frequency != Frequency::Monthly {
        return None;
    }
    (0..STARTS).find_map(|start| {
        let first = today.plus_days(start + pace.first_payment_days);
        let dates = due_dates(first, *count, pace.frequency, policy.business_days, calendar);
        dates.windows(2).find_map(|pair| match *pair {
            [a, b] if (a.year(), a.month()) == (b.year(), b.month()) && calendar.covers(b) => Some((a, b)),
            _ => None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{CapGap, cap_days_left, cap_gaps};
    use crate::domain::ids::LenderId;
    use crate::domain::time::Day;
    use crate::rules::policy::PolicySet;

    const ANDINO: &str = include_str!("../../../flows/policies/andino.yaml");
    const CAPS: &str = "caps:
  - { country: CO, modality: consumo_ordinario, from: 2026-07-01, to: 2026-07-31, cap_ea: 28.79%, source: a }
  - { country: CO, modality: consumo_ordinario, from: 2026-08-01, to: 2026-08-31, cap_ea: 29.66%, source: b }
  - { country: CO, modality: consumo_ordinario, from: 2026-10-01, to: 2026-10-31, cap_ea: 20%, source: c }
";

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn set(policy: &str) -> PolicySet {
        let holidays = include_str!("../../../flows/policies/holidays.csv");
        PolicySet::parse([("andino.yaml", policy), ("rate_caps.yaml", CAPS), ("holidays.csv", holidays)])
            .unwrap()
    }

    #[test]
    fn a_cap_that_is_missing_exceeded_or_ends_soon_is_told() {
        let set = set(ANDINO);
        let policy = set.policy(&LenderId::from("andino")).unwrap();
        let ends = |until, days_left| Some(CapGap::Ends { until: day(until), days_left });
        for (today, gap, left) in [
            ("2026-06-30", Some(CapGap::Missing), 0),
            ("2026-07-01", None, 61),
            ("2026-07-17", None, 45),
            ("2026-07-18", ends("2026-08-31", 44), 44),
            ("2026-08-28", ends("2026-08-31", 3), 3),
            ("2026-08-29", ends("2026-08-31", 2), 2),
            ("2026-08-31", ends("2026-08-31", 0), 0),
            ("2026-09-15", Some(CapGap::Missing), 0),
        ] {
            let gaps = cap_gaps(policy, &set.caps, day(today));
            assert_eq!(gaps.first().map(|(_, gap)| gap.clone()), gap, "{today}");
            assert_eq!(cap_days_left(policy, &set.caps, day(today)), Some(left), "{today}");
            let is_mistake = gap.as_ref().is_some_and(CapGap::is_mistake);
            assert_eq!(is_mistake, gap.is_some() && left < 3, "{today}");
        }
        let above = cap_gaps(policy, &set.caps, day("2026-10-02"));
        assert!(
            matches!(&above[0].1, CapGap::Above(why) if why.contains("above the cap of 20% ")),
            "{above:?}"
        );
        let told = set.cap_findings(|_| day("2026-09-15"));
        let line = ANDINO.lines().position(|line| line.contains("id: refinanciacion_31_90")).unwrap() + 1;
        let shown = told[0].told.to_string();
        assert!(
            shown.starts_with(&format!("andino.yaml:{line}:")) && shown.contains("no cap is known"),
            "{shown}"
        );
    }

    #[test]
    fn a_policy_without_interest_needs_no_caps() {
        let set = set(&ANDINO.replace("monthly_rate: 1.8%", "monthly_rate: 0%"));
        assert_eq!(set.cap_findings(|_| day("2020-01-01")), []);
        let policy = set.policy(&LenderId::from("andino")).unwrap();
        assert_eq!(cap_days_left(policy, &set.caps, day("2020-01-01")), None);
    }

    #[test]
    fn two_payments_in_one_month_are_told_and_modified_following_has_none() {
        let following = ANDINO.replace("business_days: modified_following", "business_days: following");
        let told = set(&following).crowded_months(|_| day("2026-12-01"));
        assert!(
            told.iter().any(|one| one.to_string().contains("`plan_31_90` can ask for two payments")),
            "{told:?}"
        );
        assert_eq!(set(ANDINO).crowded_months(|_| day("2026-12-01")), []);
        let left_out = ANDINO.replace("business_days: modified_following\n", "");
        assert_eq!(set(&left_out).crowded_months(|_| day("2026-12-01")), []);
    }
}
