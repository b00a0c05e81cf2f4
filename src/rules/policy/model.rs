//! What a lender's policy file says, checked: stages, limits, rules of offers, ways to pay, agents' hours.

use crate::domain::debt::{AgreementKind, ObligationStatus};
use crate::domain::ids::LenderId;
use crate::domain::money::{Currency, Money};
use crate::domain::time::Zone;
use crate::rules::amortisation::Periods;
use crate::rules::dpd::{Stage, StageLimits};
use crate::rules::hours::WeekHours;
use crate::rules::policy::document::Place;
use crate::rules::rate::MonthlyRate;
use crate::rules::schedule::{BusinessDayRule, Frequency};
use crate::rules::settlement::{ComponentBps, Settles};
use std::collections::BTreeMap;
use std::fmt;

/// One lender's policy. `version` is the SHA-256 of the file, hexadecimal.
#[derive(Debug, Clone)]
pub struct Policy {
    pub lender: LenderId,
    /// The name that debtors know.
    pub name: String,
    /// ISO 3166 alpha-2.
    pub country: String,
    pub currency: Currency,
    pub zone: Zone,
    pub version: String,
    pub stages: StageLimits,
    /// Upper limits of the buckets of days past due, ascending.
    pub buckets: Vec<i64>,
    pub business_days: BusinessDayRule,
    pub limits: Limits,
    pub rules: Vec<Rule>,
    pub payment: PaymentMethods,
    pub agents: Agents,
    pub contact: Contact,
}

impl Policy {
    /// Numbers to call in danger: those of the police, and of help against violence at home, of the country.
    pub fn emergency_line(&self) -> &str {
        let of_country = match self.country.as_str() {
            "CO" => "123 / 155",
            "PE" => "105 / 100",
            "CL" => "133 / 1455",
            "BR" => "190 / 180",
            "AR" => "911 / 144",
            "EC" | "MX" | "US" => "911",
            _ => "112 / 911",
        };
        self.contact.emergency_line.as_deref().unwrap_or(of_country)
    }
}

/// What no rule of the file may exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub waiver_max: ComponentBps,
    /// Of what is settled.
    pub discount_max_bps: i64,
    /// An older balance gives no offers.
    pub balance_max_age_days: i64,
}

/// Rules are read from the top; for each kind of offer the first that matches decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    pub place: Place,
    pub when: Conditions,
    pub terms: Terms,
}

/// All must hold. An empty list or `None` holds always.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    pub products: Vec<String>,
    pub stages: Vec<Stage>,
    /// Active when the file says nothing.
    pub statuses: Vec<ObligationStatus>,
    pub days_past_due: Option<Range>,
    /// Minor units.
    pub total_due: Option<Range>,
    /// Promises that this person broke.
    pub broken_promises: Option<Range>,
}

impl Conditions {
    /// Whether every debt that `other` holds for is one that these hold for too.
    pub fn covers(&self, other: &Self) -> bool {
        fn all<T: PartialEq>(wide: &[T], narrow: &[T]) -> bool {
            wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(|one| wide.contains(one)))
        }
        fn range(wide: Option<Range>, narrow: Option<Range>) -> bool {
            wide.is_none_or(|wide| narrow.is_some_and(|narrow| wide.covers(narrow)))
        }
        all(&self.products, &other.products)
            && all(&self.stages, &other.stages)
            && all(&self.statuses, &other.statuses)
            && range(self.days_past_due, other.days_past_due)
            && range(self.total_due, other.total_due)
            && range(self.broken_promises, other.broken_promises)
    }
}

/// `from..=to`; without `to` it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from: i64,
    pub to: Option<i64>,
}

impl Range {
    pub fn contains(self, value: i64) -> bool {
        self.from <= value && self.to.is_none_or(|to| value <= to)
    }

    pub fn covers(self, other: Self) -> bool {
        self.from <= other.from && self.to.is_none_or(|to| other.to.is_some_and(|others| others <= to))
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to {
            Some(to) => write!(f, "{}-{to}", self.from),
            None => write!(f, "{}+", self.from),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Terms {
    Promise(PromiseTerms),
    InstalmentPlan(PlanTerms),
    Refinancing(RefinancingTerms),
    Settlement(SettlementTerms),
    /// Gives nothing of these kinds, and keeps lower rules from giving them.
    Withhold(Vec<AgreementKind>),
}

impl Terms {
    /// The kinds that this rule decides.
    pub fn kinds(&self) -> Vec<AgreementKind> {
        match self {
            Self::Promise(_) => vec![AgreementKind::Promise],
            Self::InstalmentPlan(_) => vec![AgreementKind::InstalmentPlan],
            Self::Refinancing(_) => vec![AgreementKind::Refinancing],
            Self::Settlement(_) => vec![AgreementKind::Settlement],
            Self::Withhold(kinds) => kinds.clone(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromiseTerms {
    /// Calendar days from today to the last day that may be promised.
    pub max_days: i64,
    /// Of what is overdue.
    pub min_share_bps: i64,
    pub valid_days: i64,
}

/// When the first payment is due and how the others follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    pub first_payment_days: i64,
    pub frequency: Frequency,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanTerms {
    /// Numbers of payments, the down payment included; one offer each.
    pub payments: Vec<u32>,
    pub min_instalment: Money,
    /// Share of the total that the first payment is; zero for equal payments.
    pub down_payment_bps: i64,
    pub pace: Pace,
    pub valid_days: i64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefinancingTerms {
    pub months: Vec<u32>,
    pub rate: MonthlyRate,
    pub rate_ppm: i64,
    /// Which cap applies.
    pub modality: String,
    pub method: Method,
    pub periods: Periods,
    pub min_instalment: Money,
    pub first_payment_days: i64,
    pub valid_days: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    French,
    German,
}

impl Method {
    pub const ALL: [Self; 2] = [Self::French, Self::German];

    pub const fn name(self) -> &'static str {
        match self {
            Self::French => "french",
            Self::German => "german",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettlementTerms {
    pub settles: Settles,
    pub waiver: ComponentBps,
    /// Numbers of payments; one offer each.
    pub payments: Vec<u32>,
    pub pace: Pace,
    pub valid_days: i64,
}

/// How a debtor can pay the lender; never a person, never an agency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PaymentMethods {
    pub bank_transfer: Option<BankTransfer>,
    pub cash_points: Vec<CashPoint>,
    pub checkout: Option<Checkout>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankTransfer {
    pub bank: String,
    /// As the debtor's bank calls it: "Ahorros", "CLABE".
    pub account_type: String,
    pub account_number: String,
    pub holder: String,
    pub holder_tax_id: String,
    pub reference: Reference,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CashPoint {
    pub network: String,
    /// Number of the collection agreement that the cashier asks for.
    pub convention: String,
    pub reference: Reference,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The lender's hosted page, `https`, without a query.
    pub url: String,
    pub valid_minutes: i64,
}

/// A payment reference such as `AND{obligation}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference(String);

impl Reference {
    pub const PLACEHOLDERS: [&'static str; 2] = ["obligation", "agreement"];

    /// `None` when a placeholder is unknown or a brace is not closed.
    pub fn parse(pattern: &str) -> Option<Self> {
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}')?;
            if before.contains('}') || !Self::PLACEHOLDERS.contains(&name) {
                return None;
            }
            rest = tail;
        }
        (!rest.contains('}') && !pattern.is_empty()).then(|| Self(pattern.to_owned()))
    }

    /// `agreement` is empty before there is one.
    pub fn render(&self, obligation: &str, agreement: &str) -> String {
        self.0.replace("{obligation}", obligation).replace("{agreement}", agreement)
    }
}

/// When human agents answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agents {
    pub hours: WeekHours,
    pub expected_wait_minutes: i64,
    /// Working days within which somebody answers a wish to take an agreement back.
    pub withdrawal_days: i64,
}

/// How people reach the lender; shown to debtors as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// What the bot calls itself: "asistente virtual". Never a person's name.
    pub assistant: String,
    pub phone: String,
    /// Domain without `https://`.
    pub web: String,
    pub email: String,
    /// Where the lender's privacy notice is; `https`.
    pub privacy_url: Option<String>,
    /// The country's line for people in distress.
    pub crisis_line: String,
    /// Whom to call in danger, when it is not the country's numbers: [`Policy::emergency_line`].
    pub emergency_line: Option<String>,
    /// Hours of the human agents in words, by language; `es` is always there.
    pub hours: BTreeMap<String, String>,
}

impl Contact {
    /// The hours in this language, else in Spanish.
    pub fn hours_in(&self, language: &str) -> &str {
        self.hours.get(language).or_else(|| self.hours.get("es")).map_or("", String::as_str)
    }
}
