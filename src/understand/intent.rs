//! What a person can mean: the closed list of intents that flows may route on.

use serde::{Deserialize, Serialize};

/// One meaning of a message. Names in files and flows are the snake case of the variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    Abusive,
    Affirm,
    AlreadyPaid,
    AskBalance,
    AskClearance,
    AskDiscount,
    AskDueDate,
    AskRefinance,
    CantPay,
    /// A right over the person's own data: a copy, a correction, its erasure, or who permitted its use.
    DataRights,
    Deceased,
    Deny,
    Dispute,
    Distress,
    FraudSuspicion,
    Greeting,
    Human,
    OutOfScope,
    PartialOffer,
    PaymentMethods,
    Stop,
    Thanks,
    ThirdParty,
    WillPay,
    WrongNumber,
}

impl Intent {
    pub const COUNT: usize = 25;

    pub const ALL: [Self; Self::COUNT] = [
        Self::Abusive,
        Self::Affirm,
        Self::AlreadyPaid,
        Self::AskBalance,
        Self::AskClearance,
        Self::AskDiscount,
        Self::AskDueDate,
        Self::AskRefinance,
        Self::CantPay,
        Self::DataRights,
        Self::Deceased,
        Self::Deny,
        Self::Dispute,
        Self::Distress,
        Self::FraudSuspicion,
        Self::Greeting,
        Self::Human,
        Self::OutOfScope,
        Self::PartialOffer,
        Self::PaymentMethods,
        Self::Stop,
        Self::Thanks,
        Self::ThirdParty,
        Self::WillPay,
        Self::WrongNumber,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Abusive => "abusive",
            Self::Affirm => "affirm",
            Self::AlreadyPaid => "already_paid",
            Self::AskBalance => "ask_balance",
            Self::AskClearance => "ask_clearance",
            Self::AskDiscount => "ask_discount",
            Self::AskDueDate => "ask_due_date",
            Self::AskRefinance => "ask_refinance",
            Self::CantPay => "cant_pay",
            Self::DataRights => "data_rights",
            Self::Deceased => "deceased",
            Self::Deny => "deny",
            Self::Dispute => "dispute",
            Self::Distress => "distress",
            Self::FraudSuspicion => "fraud_suspicion",
            Self::Greeting => "greeting",
            Self::Human => "human",
            Self::OutOfScope => "out_of_scope",
            Self::PartialOffer => "partial_offer",
            Self::PaymentMethods => "payment_methods",
            Self::Stop => "stop",
            Self::Thanks => "thanks",
            Self::ThirdParty => "third_party",
            Self::WillPay => "will_pay",
            Self::WrongNumber => "wrong_number",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|intent| intent.name() == name)
    }

    /// Whether missing this meaning could harm the person or break the law: the bot must act on it, or ask, or
    /// hand over, but never talk past it.
    pub const fn is_safety(self) -> bool {
        match self {
            Self::Stop
            | Self::WrongNumber
            | Self::ThirdParty
            | Self::Deceased
            | Self::Distress
            | Self::Dispute
            | Self::FraudSuspicion
            | Self::Human => true,
            Self::Abusive
            | Self::Affirm
            | Self::AlreadyPaid
            | Self::AskBalance
            | Self::AskClearance
            | Self::AskDiscount
            | Self::AskDueDate
            | Self::AskRefinance
            | Self::CantPay
            | Self::DataRights
            | Self::Deny
            | Self::Greeting
            | Self::OutOfScope
            | Self::PartialOffer
            | Self::PaymentMethods
            | Self::Thanks
            | Self::WillPay => false,
        }
    }

    /// Position in [`Self::ALL`].
    pub(super) const fn index(self) -> usize {
        self as usize
    }

    /// The name in `names` that is nearest to `typed`, to suggest in an error.
    pub fn nearest(typed: &str) -> Self {
        Self::ALL
            .into_iter()
            .min_by_key(|intent| strsim::osa_distance(typed, intent.name()))
            .unwrap_or(Self::OutOfScope)
    }
}

#[cfg(test)]
mod tests {
    use super::Intent;

    #[test]
    fn every_name_reads_back_and_matches_serde() {
        for (at, intent) in Intent::ALL.into_iter().enumerate() {
            assert_eq!(Intent::parse(intent.name()), Some(intent));
            assert_eq!(serde_json::to_value(intent).unwrap(), intent.name());
            assert_eq!(intent.index(), at);
        }
        assert_eq!(Intent::parse("refund"), None);
    }

    #[test]
    fn eight_intents_protect_people() {
        assert_eq!(Intent::ALL.into_iter().filter(|intent| intent.is_safety()).count(), 8);
    }
}
