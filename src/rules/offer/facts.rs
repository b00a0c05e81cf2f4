//! What offers depend on, worked out once: stage, days past due, amounts; and the guards that stand before any rule.

use crate::domain::debt::{Obligation, ObligationStatus};
use crate::domain::money::Money;
use crate::domain::time::{Day, Millis, Timestamp};
use crate::rules::calendar::Calendar;
use crate::rules::dpd::{Stage, bucket, days_past_due, stage};
use crate::rules::offer::{Refusal, STALE};
use crate::rules::policy::model::Policy;
use crate::rules::rate_cap::RateCaps;
use crate::rules::rounding::floor_to_step;

/// Why everything about a person waits for a human.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    Dispute,
    FraudFear,
    Deceased,
    Distress,
    Insolvency,
    Lawyer,
}

impl Hold {
    pub const ALL: [Self; 6] =
        [Self::Dispute, Self::FraudFear, Self::Deceased, Self::Distress, Self::Insolvency, Self::Lawyer];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Dispute => "dispute",
            Self::FraudFear => "fraud_fear",
            Self::Deceased => "deceased",
            Self::Distress => "distress",
            Self::Insolvency => "insolvency",
            Self::Lawyer => "lawyer",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hold| hold.name() == name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PersonFacts {
    /// An open case that stops offers.
    pub hold: Option<Hold>,
    pub broken_promises: u32,
}

/// Everything that a decision about offers needs.
#[derive(Debug, Clone, Copy)]
pub struct OfferInput<'a> {
    pub obligation: &'a Obligation,
    pub person: PersonFacts,
    /// The day in the lender's time zone.
    pub today: Day,
    pub now: Timestamp,
    pub caps: &'a RateCaps,
    pub calendar: &'a Calendar,
    /// An accepted promise, plan or settlement of this obligation is running, or was kept after the day of the balance.
    pub has_active_agreement: bool,
}

/// The input with what follows from it.
#[derive(Debug)]
pub struct Facts<'a> {
    pub policy: &'a Policy,
    pub input: &'a OfferInput<'a>,
    pub days_past_due: i64,
    pub stage: Stage,
    /// What is overdue.
    pub overdue: Money,
    /// What is overdue in whole payable steps; what is below a step is not asked for.
    pub payable: Money,
    /// What the whole debt comes to, when the debt file says it.
    pub payoff: Option<Money>,
}

impl<'a> Facts<'a> {
    /// The facts, or the guard that stops every rule.
    pub fn new(policy: &'a Policy, input: &'a OfferInput<'a>) -> Result<Self, Refusal> {
        let obligation = input.obligation;
        guard(policy, input)?;
        let overdue =
            obligation.balance.overdue().map_err(|error| Refusal::new("balance", "one currency", error))?;
        let payable = Money { minor: floor_to_step(overdue.minor, overdue.currency), ..overdue };
        if !payable.is_positive() {
            return Err(Refusal::new("total_due", "an amount to pay", "nothing is due"));
        }
        Ok(Self {
            policy,
            input,
            days_past_due: days_past_due(obligation.oldest_unpaid_due, input.today),
            stage: stage(obligation, input.today, policy.stages),
            overdue,
            payable,
            payoff: obligation.payoff(),
        })
    }

    /// What is left of the whole debt once `settled` of it is paid or waived.
    pub fn left_after(&self, settled: Money) -> Option<Money> {
        self.payoff.and_then(|payoff| payoff.checked_sub(settled).ok())
    }

    /// The inputs of a derivation that do not depend on the rule.
    pub fn derivation(&self) -> Vec<(String, String)> {
        let balance = &self.input.obligation.balance;
        let amount = |money: Money| money.minor.to_string();
        let unknown = || "unknown".to_owned();
        [
            ("today", self.input.today.to_string()),
            ("stage", self.stage.name().to_owned()),
            ("days_past_due", self.days_past_due.to_string()),
            ("bucket", bucket(self.days_past_due, &self.policy.buckets)),
            ("currency", balance.principal.currency.to_string()),
            ("balance_as_of", balance.as_of.rfc3339()),
            ("principal_minor", amount(balance.principal)),
            ("interest_minor", amount(balance.interest)),
            ("late_interest_minor", amount(balance.late_interest)),
            ("fees_minor", amount(balance.fees)),
            ("principal_outstanding_minor", balance.principal_outstanding.map_or(unknown(), amount)),
            ("payoff_minor", self.payoff.map_or(unknown(), amount)),
            ("total_due_minor", amount(self.overdue)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

fn guard(policy: &Policy, input: &OfferInput<'_>) -> Result<(), Refusal> {
    let obligation = input.obligation;
    if obligation.lender != policy.lender {
        return Err(Refusal::new("lender", &policy.lender, &obligation.lender));
    }
    let balance = &obligation.balance;
    let parts: Vec<Money> = [balance.principal, balance.interest, balance.late_interest, balance.fees]
        .into_iter()
        .chain(balance.principal_outstanding)
        .collect();
    if obligation.currency != policy.currency || parts.iter().any(|part| part.currency != policy.currency) {
        return Err(Refusal::new("currency", policy.currency, obligation.currency));
    }
    if parts.iter().any(|part| part.minor < 0) {
        return Err(Refusal::new("balance", "no negative part", "a negative part"));
    }
    match obligation.status {
        ObligationStatus::Disputed => return Err(Refusal::new("status", "not disputed", "disputed")),
        ObligationStatus::Settled => return Err(Refusal::new("status", "not settled", "settled")),
        ObligationStatus::Active | ObligationStatus::WrittenOff => {}
    }
    if let Some(hold) = input.person.hold {
        return Err(Refusal::new("hold", "no open case", hold.name()));
    }
    if input.has_active_agreement {
        return Err(Refusal::new(
            "agreement",
            "none that the balance does not know of",
            "one is running or was just kept",
        ));
    }
    let age = input.now.since(balance.as_of);
    let max = policy.limits.balance_max_age_days;
    if age > Millis::days(max) {
        let days = age.0 / Millis::days(1).0;
        return Err(Refusal::new(STALE, max, days));
    }
    Ok(())
}
