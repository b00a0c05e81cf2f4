//! What a policy says and hardly means: a cap that covers months nobody has published, a promise of nothing, days for
//! which one kind of offer is missing between two rules.

use crate::domain::debt::AgreementKind;
use crate::rules::policy::PolicySet;
use crate::rules::policy::document::{Diagnostic, Place};
use crate::rules::policy::model::{Policy, Rule, Terms};
use crate::rules::rate_cap::RateCap;

/// Countries whose cap is certified for each month: in Colombia by the Superfinanciera (Código de Comercio, art. 884;
/// Decreto 2555 of 2010, art. 11.2.5.1.1).
const MONTHLY: [&str; 1] = ["CO"];

/// A whole, in hundredths of a percent.
const WHOLE_BPS: i64 = 10_000;

impl PolicySet {
    /// Caps that reach beyond the month that the authority can have certified.
    pub fn long_caps(&self) -> Vec<Diagnostic> {
        let told = |cap: &RateCap| Diagnostic {
            file: self.caps_file.clone(),
            place: Place { line: cap.line, column: 1 },
            what: format!(
                "the cap of {} in {} from {} to {} is longer than a month, and the authority certifies one for each",
                cap.modality, cap.country, cap.from, cap.to
            ),
            remedy: "write one entry for each month, with its own figure and source".to_owned(),
        };
        self.caps.0.iter().filter(|cap| is_too_long(cap)).map(told).collect()
    }

    /// Rules that nobody may have meant: worth a look, and no mistake for sure.
    pub fn doubtful(&self) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        for policy in self.policies.values() {
            for rule in &policy.rules {
                for (what, remedy) in hollow(rule) {
                    found.push(self.doubt(policy, rule, format!("`{}` {what}", rule.id), remedy));
                }
                if matches!(&rule.terms, Terms::Promise(terms) if terms.min_share_bps == 0) {
                    let what = format!("`{}` takes a promise of any amount, also of one coin", rule.id);
                    found.push(self.doubt(
                        policy,
                        rule,
                        what,
                        "write the least share of what is overdue, such as `min_share: 50%`",
                    ));
                }
            }
            for kind in AgreementKind::ALL {
                for (rule, from, to) in day_gaps(policy, kind) {
                    let what = format!(
                        "no rule gives {} from day {from} to day {to}, before `{}`",
                        kind.name(),
                        rule.id
                    );
                    found.push(self.doubt(
                        policy,
                        rule,
                        what,
                        "close the gap between the ranges of `days_past_due`, or withhold it there",
                    ));
                }
            }
        }
        found
    }

    fn doubt(&self, policy: &Policy, rule: &Rule, what: String, remedy: &str) -> Diagnostic {
        let file = self.files.get(&policy.lender).cloned().unwrap_or_default();
        Diagnostic { file, place: rule.place, what, remedy: remedy.to_owned() }
    }
}

/// Terms that leave nobody a choice, or give nothing.
fn hollow(rule: &Rule) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    let valid_days = match &rule.terms {
        Terms::Promise(terms) => {
            if terms.max_days == 0 {
                found.push((
                    "takes a promise of the same day only",
                    "write the days that people have, such as `max_days: 5`",
                ));
            }
            terms.valid_days
        }
        Terms::InstalmentPlan(terms) => {
            if terms.down_payment_bps == WHOLE_BPS {
                found.push((
                    "asks for all of it in the first payment",
                    "lower `down_payment`, or take the plan out",
                ));
            }
            terms.valid_days
        }
        Terms::Settlement(terms) => {
            if terms.waiver.named().iter().all(|(_, bps)| *bps == 0) {
                found.push((
                    "is a discount of nothing",
                    "write what it waives, such as `waiver: { late_interest: 100% }`",
                ));
            }
            terms.valid_days
        }
        Terms::Refinancing(terms) => terms.valid_days,
        Terms::Withhold(_) => return found,
    };
    if valid_days == 0 {
        found.push(("stands for the same day only", "leave people time to think: `valid_days: 3`"));
    }
    found
}

fn is_too_long(cap: &RateCap) -> bool {
    let is_one_month = (cap.from.year(), cap.from.month()) == (cap.to.year(), cap.to.month());
    MONTHLY.contains(&cap.country.as_str()) && cap.cap_ea.is_some() && !is_one_month
}

/// The days between two rules of one kind for all products, with the rule behind them.
fn day_gaps(policy: &Policy, kind: AgreementKind) -> Vec<(&Rule, i64, i64)> {
    let of_all = |rule: &&Rule| rule.when.products.is_empty() && rule.terms.kinds().contains(&kind);
    let mut ranges: Vec<(i64, Option<i64>, &Rule)> = policy
        .rules
        .iter()
        .filter(of_all)
        .map(|rule| rule.when.days_past_due.map_or((0, None, rule), |days| (days.from, days.to, rule)))
        .collect();
    ranges.sort_by_key(|(from, ..)| *from);
    let mut gaps = Vec::new();
    let mut covered: Option<i64> = None;
    for (from, to, rule) in ranges {
        if let Some(until) = covered.filter(|until| from > until.saturating_add(1)) {
            gaps.push((rule, until + 1, from - 1));
        }
        covered = Some(covered.unwrap_or(i64::MIN).max(to.unwrap_or(i64::MAX)));
    }
    gaps
}

#[cfg(test)]
mod tests {
    use crate::rules::policy::PolicySet;

    const ANDINO: &str = include_str!("../../../flows/policies/andino.yaml");
    const CAPS: &str = include_str!("../../../flows/policies/rate_caps.yaml");
    const HOLIDAYS: &str = include_str!("../../../flows/policies/holidays.csv");

    fn set(policy: &str, caps: &str) -> PolicySet {
        PolicySet::parse([("andino.yaml", policy), ("rate_caps.yaml", caps), ("holidays.csv", HOLIDAYS)])
            .unwrap()
    }

    fn told(policy: &str) -> Vec<String> {
        set(policy, CAPS).doubtful().iter().map(|one| one.what.clone()).collect()
    }

    #[test]
    fn a_cap_that_nobody_has_certified_yet_is_told_with_its_line() {
        assert_eq!(set(ANDINO, CAPS).long_caps(), []);
        let long = CAPS.replace("to: 2026-09-30", "to: 2030-09-30");
        let found = set(ANDINO, &long).long_caps();
        let line = long.lines().position(|line| line.contains("2030-09-30")).unwrap() + 1;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].to_string().starts_with(&format!("rate_caps.yaml:{line}:")), "{}", found[0]);
    }

    #[test]
    fn a_promise_of_nothing_and_days_without_an_offer_are_told() {
        assert_eq!(told(ANDINO), Vec::<String>::new());
        let nothing = told(&ANDINO.replace("min_share: 50%", "min_share: 0%"));
        assert!(nothing[0].contains("`promesa_1_30` takes a promise of any amount"), "{nothing:?}");
        for (right, wrong, said) in [
            ("max_days: 10", "max_days: 0", "`promesa_1_30` takes a promise of the same day only"),
            ("down_payment: 20%", "down_payment: 100%", "`plan_91` asks for all of it in the first payment"),
            ("valid_days: 10", "valid_days: 0", "`cierre_con_descuento` stands for the same day only"),
        ] {
            assert_eq!(told(&ANDINO.replacen(right, wrong, 1)), [said]);
        }
        let late = ANDINO.replace(
            "when: { days_past_due: 31-90 }\n    instalment_plan",
            "when: { days_past_due: 41-90 }\n    instalment_plan",
        );
        let gap = told(&late);
        assert_eq!(gap, ["no rule gives instalment_plan from day 31 to day 40, before `plan_31_90`"]);
    }
}
