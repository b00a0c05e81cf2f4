//! Persons, obligations, offers and agreements: what is owed and how it may be settled.

use crate::domain::ids::{AgreementId, LenderId, ObligationId, PersonId};
use crate::domain::money::{Currency, Money, MoneyError};
use crate::domain::pii::Pii;
use crate::domain::time::{Day, Timestamp};
use serde::{Deserialize, Serialize};

/// A debtor of one lender. The document and birth date prove identity and are never shown whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub id: PersonId,
    pub lender: LenderId,
    /// The lender's own key of the person.
    pub external_ref: String,
    pub full_name: Pii<String>,
    /// The name to greet with.
    pub first_name: Pii<String>,
    pub document_type: String,
    pub document: Pii<String>,
    pub birth_date: Option<Pii<Day>>,
    /// `es`, `pt` or `en`.
    pub language: String,
    /// Phones on file, digits with country code; a match is a claim, not a proof.
    pub phones: Vec<Pii<String>>,
    /// What people decide first about this person, in whichever chat it was reported, such as a death: until then the
    /// bot says nothing about debts in any. No part of the lender's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<String>,
}

/// A loan or account with its last balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obligation {
    pub id: ObligationId,
    pub lender: LenderId,
    pub person: PersonId,
    /// The lender's own number of the account.
    pub external_ref: String,
    /// `credito_consumo`, `tarjeta`, `microcredito` …; policies select by it.
    pub product: String,
    /// What the debtor calls it: "Crédito de libre inversión".
    pub product_name: String,
    pub status: ObligationStatus,
    pub currency: Currency,
    pub balance: Balance,
    /// The oldest unpaid due date; `None` when nothing is past due or due.
    pub oldest_unpaid_due: Option<Day>,
    pub next_due: Option<Instalment>,
    pub instalments: Vec<Instalment>,
    /// Contract rate, effective annual (E.A.) in basis points, when known.
    pub rate_ea_bps: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObligationStatus {
    Active,
    Settled,
    /// Under dispute: no offers, no reminders.
    Disputed,
    WrittenOff,
}

/// Balance by component at `as_of`. What is overdue is the sum of the first four parts; what the whole debt comes to
/// is [`Obligation::payoff`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub as_of: Timestamp,
    /// Overdue principal, minor units.
    pub principal: Money,
    pub interest: Money,
    pub late_interest: Money,
    pub fees: Money,
    /// Whole principal that is still owed, overdue or not; `None` when the debt file does not say it.
    pub principal_outstanding: Option<Money>,
}

impl Balance {
    /// What is overdue: principal, interest, late interest and fees that are due. Never the whole debt by itself.
    ///
    /// # Errors
    /// When the parts are of different currencies or beyond the range.
    pub fn overdue(&self) -> Result<Money, MoneyError> {
        let parts = [self.principal, self.interest, self.late_interest, self.fees];
        Money::sum(self.principal.currency, parts)
    }
}

impl Obligation {
    /// What the whole debt comes to at `balance.as_of`: the principal that is owed, overdue or not, and what is due of
    /// interest, late interest and fees. `None` when the debt file does not say it.
    ///
    /// A principal that is all overdue while an instalment is still to come contradicts itself: then nothing is
    /// known either. Databases of before the column was optional hold such rows where the file left it out.
    pub fn payoff(&self) -> Option<Money> {
        let balance = &self.balance;
        let outstanding = balance.principal_outstanding?;
        let is_to_come = self.next_due.as_ref().is_some_and(|next| next.amount.is_positive());
        if outstanding.minor < balance.principal.minor || (outstanding == balance.principal && is_to_come) {
            return None;
        }
        let rest = outstanding.checked_sub(balance.principal).ok()?;
        balance.overdue().and_then(|overdue| overdue.checked_add(rest)).ok()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    pub number: u32,
    pub due: Day,
    pub amount: Money,
    pub paid: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementKind {
    Promise,
    InstalmentPlan,
    Refinancing,
    Settlement,
}

impl AgreementKind {
    pub const ALL: [Self; 4] = [Self::Promise, Self::InstalmentPlan, Self::Refinancing, Self::Settlement];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Promise => "promise",
            Self::InstalmentPlan => "instalment_plan",
            Self::Refinancing => "refinancing",
            Self::Settlement => "settlement",
        }
    }
}

/// One dated payment of an offer or agreement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledPayment {
    pub number: u32,
    pub due: Day,
    pub amount: Money,
    /// Interest inside `amount`; zero for promises, plans of arrears and settlements.
    pub interest: Money,
}

/// What a person may accept, with the reason why it was offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Stable while its inputs are equal: hash of obligation, rule, terms and policy version.
    pub id: String,
    pub kind: AgreementKind,
    pub obligation: ObligationId,
    pub total: Money,
    /// What is waived of the amount that is settled; zero unless a settlement.
    pub discount: Money,
    /// What is left of today's debt as a whole once every payment is made: nothing of a settlement of the whole debt,
    /// the part that is not yet due after a plan of arrears. `None` when the whole debt is not known.
    #[serde(default)]
    pub leaves: Option<Money>,
    pub payments: Vec<ScheduledPayment>,
    /// Monthly rate in millionths (0.018 → 18 000) when interest is charged.
    pub monthly_rate_ppm: Option<i64>,
    /// True effective annual rate (E.A.) of this very schedule in millionths, when interest is charged.
    #[serde(default)]
    pub rate_ea_ppm: Option<i64>,
    pub valid_until: Day,
    pub derivation: Derivation,
}

impl Offer {
    /// Whether nothing is owed any more once every payment is made. Only then may it be said that it closes the debt.
    pub fn closes(&self) -> bool {
        self.leaves.is_some_and(Money::is_zero)
    }
}

/// Why an offer exists: enough to explain and to recompute it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Derivation {
    pub policy: String,
    /// Content hash of the policy file.
    pub policy_version: String,
    pub rule: String,
    /// Inputs by name, as text: stage, days past due, balance parts, parameters.
    pub inputs: Vec<(String, String)>,
}

impl Derivation {
    /// The value of one input, as text.
    pub fn input(&self, name: &str) -> Option<&str> {
        self.inputs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementStatus {
    Proposed,
    Accepted,
    Active,
    Kept,
    Broken,
    Superseded,
    Cancelled,
}

/// Proof that the person accepted these very terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was shown when the person accepted.
    pub rendered: Pii<String>,
    /// SHA-256 of `rendered`, hexadecimal.
    pub sha256: String,
    /// Our outgoing message that showed the terms (its outbox id), and the person's answer (its wamid).
    pub shown_in: Option<String>,
    pub accepted_by: Option<String>,
    /// Assurance level at that moment.
    pub assurance: crate::domain::assurance::Assurance,
    /// The yes itself; absent in agreements of programs that did not keep it.
    #[serde(default)]
    pub acceptance: Option<Acceptance>,
}

/// How a person said yes, to the letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Acceptance {
    /// They tapped the button or row of this title.
    Tap { title: Pii<String> },
    /// They wrote this message.
    Words { text: Pii<String> },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    pub id: AgreementId,
    pub lender: LenderId,
    pub person: PersonId,
    /// Unique per lender: accepting twice finds the first.
    pub once_key: String,
    pub status: AgreementStatus,
    pub offer: Offer,
    pub evidence: Evidence,
    pub accepted_at: Timestamp,
    /// Short code that the debtor can quote.
    pub reference: String,
    /// When somebody ended it; `None` while it runs, and of what programs ended that did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}
