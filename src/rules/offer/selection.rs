//! Which rules of a policy apply: from the top, the first that matches decides each kind of offer.

use crate::domain::debt::{AgreementKind, ObligationStatus};
use crate::rules::dpd::Stage;
use crate::rules::offer::{Facts, Refusal};
use crate::rules::policy::model::{Policy, Rule, Terms};

/// The rules that give offers, and why the others do not.
pub fn select<'p>(policy: &'p Policy, facts: &Facts<'_>) -> (Vec<&'p Rule>, Vec<Refusal>) {
    let mut decided: Vec<(AgreementKind, &str)> = Vec::new();
    let mut selected = Vec::new();
    let mut refusals = Vec::new();
    for rule in &policy.rules {
        let failed = failed_conditions(rule, facts);
        if !failed.is_empty() {
            refusals.extend(failed.into_iter().map(|refusal| refusal.of(rule)));
            continue;
        }
        let kinds = rule.terms.kinds();
        if let Some((kind, earlier)) = decided.iter().find(|(kind, _)| kinds.contains(kind))
            && !matches!(rule.terms, Terms::Withhold(_))
        {
            let wanted = format!("no earlier rule about {}", kind.name());
            refusals.push(Refusal::new("order", wanted, earlier).of(rule));
            continue;
        }
        decided.extend(kinds.into_iter().map(|kind| (kind, rule.id.as_str())));
        if !matches!(rule.terms, Terms::Withhold(_)) {
            selected.push(rule);
        }
    }
    (selected, refusals)
}

fn failed_conditions(rule: &Rule, facts: &Facts<'_>) -> Vec<Refusal> {
    let when = &rule.when;
    let obligation = facts.input.obligation;
    let mut failed = Vec::new();
    let mut check = |holds: bool, refusal: Refusal| {
        if !holds {
            failed.push(refusal);
        }
    };
    check(
        when.products.is_empty() || when.products.contains(&obligation.product),
        Refusal::new("products", when.products.join(", "), &obligation.product),
    );
    check(
        when.statuses.contains(&obligation.status),
        Refusal::new("statuses", join(&when.statuses, |status| name(*status)), name(obligation.status)),
    );
    check(
        when.stages.is_empty() || when.stages.contains(&facts.stage),
        Refusal::new("stages", join(&when.stages, |stage: &Stage| stage.name()), facts.stage.name()),
    );
    let ranges = [
        ("days_past_due", when.days_past_due, facts.days_past_due),
        ("total_due", when.total_due, facts.overdue.minor),
        ("broken_promises", when.broken_promises, i64::from(facts.input.person.broken_promises)),
    ];
    for (condition, range, value) in ranges {
        if let Some(range) = range {
            check(range.contains(value), Refusal::new(condition, range, value));
        }
    }
    failed
}

fn join<T>(items: &[T], name: impl Fn(&T) -> &'static str) -> String {
    items.iter().map(name).collect::<Vec<_>>().join(", ")
}

const fn name(status: ObligationStatus) -> &'static str {
    match status {
        ObligationStatus::Active => "active",
        ObligationStatus::Settled => "settled",
        ObligationStatus::Disputed => "disputed",
        ObligationStatus::WrittenOff => "written_off",
    }
}
