//! Persons, obligations, offers and agreements: what is owed and how it may be settled.

use crate::domain::ids::{AgreementId, LenderId, ObligationId, PersonId};
use crate::domain::money::{Currency, Money};
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

/// Balance by component at `as_of`. The total due is the sum of the `*_due` parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    pub as_of: Timestamp,
    /// Overdue principal, minor units.
    pub principal: Money,
    pub interest: Money,
    pub late_interest: Money,
    pub fees: Money,
    /// Whole principal that is still owed, overdue or not.
    pub principal_outstanding: Money,
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
    /// What is waived against today's total due; zero unless a settlement.
    pub discount: Money,
    pub payments: Vec<ScheduledPayment>,
    /// Monthly rate in millionths (0.018 → 18 000) when interest is charged.
    pub monthly_rate_ppm: Option<i64>,
    pub valid_until: Day,
    pub derivation: Derivation,
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
}
