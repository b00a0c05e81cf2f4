//! Which offers a person gets for an obligation, why, and why not the others.
//!
//! Pure: the same policy and facts give the same offers with the same ids. Nothing is offered for a disputed or settled
//! obligation, during a running agreement, on a hold, or from a stale balance.

mod facts;
mod selection;
mod terms;

pub use facts::{Facts, Hold, OfferInput, PersonFacts};

use crate::domain::debt::{AgreementKind, Offer};
use crate::domain::money::Money;
use crate::domain::time::Day;
use crate::rules::policy::model::{Policy, Rule, Terms};

/// Conditions of refusals that the program itself asks for.
pub(crate) const RATE_CAP: &str = "rate_cap";
pub(crate) const OUTSTANDING: &str = "principal_outstanding";
const STALE: &str = "balance_max_age_days";

/// Why a rule, or the policy as a whole, gave no offer; for analysts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `None` when no rule was asked.
    pub rule: Option<String>,
    /// The name of the condition or term that failed.
    pub condition: &'static str,
    pub wanted: String,
    pub found: String,
}

impl Refusal {
    fn new(condition: &'static str, wanted: impl ToString, found: impl ToString) -> Self {
        Self { rule: None, condition, wanted: wanted.to_string(), found: found.to_string() }
    }

    /// Whether it passes by itself, with a new cap or a fuller debt file.
    fn is_off(&self) -> bool {
        [RATE_CAP, OUTSTANDING].contains(&self.condition)
    }

    fn of(mut self, rule: &Rule) -> Self {
        self.rule = Some(rule.id.clone());
        self
    }
}

/// Offers, and each rule that gave none with its failed conditions in the order of the policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explanation {
    pub offers: Vec<Offer>,
    pub refusals: Vec<Refusal>,
    /// The policy would refinance this debt, but today it cannot: the cap on interest is not known or is exceeded, or
    /// the debt file does not say what the whole debt comes to.
    pub refinancing_is_off: bool,
}

impl Explanation {
    /// Nothing is offered because the balance is too old.
    pub fn balance_is_stale(&self) -> bool {
        self.refusals.iter().any(|refusal| refusal.rule.is_none() && refusal.condition == STALE)
    }
}

/// What may be offered now: settlements, promises, plans, refinancing; within each in the order of its rule.
///
/// A promise offer is for everything due on the last day allowed; [`promise`] makes one for another day or amount.
pub fn offers(policy: &Policy, input: &OfferInput<'_>) -> Vec<Offer> {
    explain(policy, input).offers
}

/// [`offers`], and why the others are not given.
pub fn explain(policy: &Policy, input: &OfferInput<'_>) -> Explanation {
    let facts = match Facts::new(policy, input) {
        Ok(facts) => facts,
        Err(refusal) => return Explanation { refusals: vec![refusal], ..Explanation::default() },
    };
    let (selected, mut refusals) = selection::select(policy, &facts);
    let mut offers = Vec::new();
    let mut refinancing_is_off = false;
    for rule in selected {
        match terms::offers_of(rule, &facts) {
            Ok((given, refused)) => {
                let is_refinancing = matches!(rule.terms, Terms::Refinancing(_));
                refinancing_is_off |=
                    is_refinancing && given.is_empty() && refused.iter().any(Refusal::is_off);
                offers.extend(given);
                refusals.extend(refused.into_iter().map(|refusal| refusal.of(rule)));
            }
            Err(refusal) => refusals.push(refusal.of(rule)),
        }
    }
    // Exceptions for a product stand above the general rules, so the file's order says nothing about the menu's.
    offers.sort_by_key(|offer| rank(offer.kind));
    Explanation { offers, refusals, refinancing_is_off }
}

/// The order in which a person sees offers: what costs least first, what binds longest last.
const fn rank(kind: AgreementKind) -> u8 {
    match kind {
        AgreementKind::Settlement => 0,
        AgreementKind::Promise => 1,
        AgreementKind::InstalmentPlan => 2,
        AgreementKind::Refinancing => 3,
    }
}

/// An offer for the promise to pay `amount` on `due`, both chosen by the person, or why it cannot be accepted.
///
/// `wanted` of a refusal is the limit: the last day, the least or the greatest amount in minor units.
pub fn promise(
    policy: &Policy,
    input: &OfferInput<'_>,
    amount: Money,
    due: Day,
) -> Result<Offer, Vec<Refusal>> {
    let facts = Facts::new(policy, input).map_err(|refusal| vec![refusal])?;
    let (selected, refusals) = selection::select(policy, &facts);
    let rule = selected.into_iter().find_map(|rule| match &rule.terms {
        Terms::Promise(terms) => Some((rule, terms)),
        Terms::InstalmentPlan(_) | Terms::Refinancing(_) | Terms::Settlement(_) | Terms::Withhold(_) => None,
    });
    let Some((rule, promise)) = rule else {
        return Err(about_promises(policy, refusals));
    };
    terms::promise_of(rule, promise, &facts, amount, due).map_err(|refusal| vec![refusal.of(rule)])
}

/// Only what was said of rules for promises; a note when the policy has none.
fn about_promises(policy: &Policy, refusals: Vec<Refusal>) -> Vec<Refusal> {
    let about = |id: &str| {
        let rule = policy.rules.iter().find(|rule| rule.id == id);
        rule.is_some_and(|rule| matches!(rule.terms, Terms::Promise(_)))
    };
    let kept: Vec<Refusal> =
        refusals.into_iter().filter(|refusal| refusal.rule.as_deref().is_some_and(about)).collect();
    if kept.is_empty() {
        return vec![Refusal::new("rules", AgreementKind::Promise.name(), "no rule of the policy")];
    }
    kept
}

/// The days and amounts that [`promise`] accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromiseRange {
    pub first_day: Day,
    pub last_day: Day,
    pub least: Money,
    pub most: Money,
}

/// What a person may promise now; `None` when the policy allows no promise.
pub fn promise_range(policy: &Policy, input: &OfferInput<'_>) -> Option<PromiseRange> {
    let facts = Facts::new(policy, input).ok()?;
    let (selected, _) = selection::select(policy, &facts);
    selected.into_iter().find_map(|rule| match &rule.terms {
        Terms::Promise(promise) => Some(terms::promise_range(promise, &facts)),
        Terms::InstalmentPlan(_) | Terms::Refinancing(_) | Terms::Settlement(_) | Terms::Withhold(_) => None,
    })
}

#[cfg(test)]
mod tests;
