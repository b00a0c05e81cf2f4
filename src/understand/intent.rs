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
    /// The writer has lost or is losing somebody; the holder lives.
    Bereavement,
    CantPay,
    /// Did not understand what was asked or said.
    Clarify,
    /// A formal complaint or petition, to us or to an authority: it is filed with its number and the law's term.
    Complaint,
    /// Another hour, channel, number or frequency; no wish to end the messages.
    ContactPreference,
    /// A right over the person's own data: a copy, a correction, its erasure, or who permitted its use.
    DataRights,
    Deceased,
    Deny,
    Dispute,
    Distress,
    FraudSuspicion,
    Greeting,
    Human,
    /// A proceeding of insolvency, or a court's order: the law may bar us from collecting.
    Insolvency,
    /// A child writes, or got our messages.
    Minor,
    /// An ordinary remark or question that no flow answers yet; it is there so that it is taken for nothing else.
    Other,
    OutOfScope,
    PartialOffer,
    PaymentMethods,
    /// Wants messages again after a stop.
    Resume,
    /// Courtesy, a joke, an exclamation, a message to somebody else.
    Smalltalk,
    Stop,
    Thanks,
    /// Undecided, will ask somebody, or will answer later.
    Thinking,
    ThirdParty,
    /// Was threatened, shamed or visited by somebody who collects, in our name or not.
    Threat,
    /// The sum or instalment is too high.
    TooExpensive,
    /// Harmed, controlled or forced by somebody.
    Violence,
    /// Needs seconds or minutes, or begins a sentence and goes on.
    Wait,
    WillPay,
    /// Takes an agreement back, whenever it was accepted.
    Withdraw,
    WrongNumber,
}

impl Intent {
    pub const COUNT: usize = 40;

    pub const ALL: [Self; Self::COUNT] = [
        Self::Abusive,
        Self::Affirm,
        Self::AlreadyPaid,
        Self::AskBalance,
        Self::AskClearance,
        Self::AskDiscount,
        Self::AskDueDate,
        Self::AskRefinance,
        Self::Bereavement,
        Self::CantPay,
        Self::Clarify,
        Self::Complaint,
        Self::ContactPreference,
        Self::DataRights,
        Self::Deceased,
        Self::Deny,
        Self::Dispute,
        Self::Distress,
        Self::FraudSuspicion,
        Self::Greeting,
        Self::Human,
        Self::Insolvency,
        Self::Minor,
        Self::Other,
        Self::OutOfScope,
        Self::PartialOffer,
        Self::PaymentMethods,
        Self::Resume,
        Self::Smalltalk,
        Self::Stop,
        Self::Thanks,
        Self::Thinking,
        Self::ThirdParty,
        Self::Threat,
        Self::TooExpensive,
        Self::Violence,
        Self::Wait,
        Self::WillPay,
        Self::Withdraw,
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
            Self::Bereavement => "bereavement",
            Self::CantPay => "cant_pay",
            Self::Clarify => "clarify",
            Self::Complaint => "complaint",
            Self::ContactPreference => "contact_preference",
            Self::DataRights => "data_rights",
            Self::Deceased => "deceased",
            Self::Deny => "deny",
            Self::Dispute => "dispute",
            Self::Distress => "distress",
            Self::FraudSuspicion => "fraud_suspicion",
            Self::Greeting => "greeting",
            Self::Human => "human",
            Self::Insolvency => "insolvency",
            Self::Minor => "minor",
            Self::Other => "other",
            Self::OutOfScope => "out_of_scope",
            Self::PartialOffer => "partial_offer",
            Self::PaymentMethods => "payment_methods",
            Self::Resume => "resume",
            Self::Smalltalk => "smalltalk",
            Self::Stop => "stop",
            Self::Thanks => "thanks",
            Self::Thinking => "thinking",
            Self::ThirdParty => "third_party",
            Self::Threat => "threat",
            Self::TooExpensive => "too_expensive",
            Self::Violence => "violence",
            Self::Wait => "wait",
            Self::WillPay => "will_pay",
            Self::Withdraw => "withdraw",
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
            | Self::Minor
            | Self::Deceased
            | Self::Bereavement
            | Self::Distress
            | Self::Violence
            | Self::Threat
            | Self::Dispute
            | Self::FraudSuspicion
            | Self::Human
            | Self::Insolvency => true,
            Self::Abusive
            | Self::Affirm
            | Self::AlreadyPaid
            | Self::AskBalance
            | Self::AskClearance
            | Self::AskDiscount
            | Self::AskDueDate
            | Self::AskRefinance
            | Self::CantPay
            | Self::Clarify
            | Self::Complaint
            | Self::ContactPreference
            | Self::DataRights
            | Self::Deny
            | Self::Greeting
            | Self::Other
            | Self::OutOfScope
            | Self::PartialOffer
            | Self::PaymentMethods
            | Self::Resume
            | Self::Smalltalk
            | Self::Thanks
            | Self::Thinking
            | Self::TooExpensive
            | Self::Wait
            | Self::WillPay
            | Self::Withdraw => false,
        }
    }

    /// Whether acting on this meaning leaves the open question or changes how the person is treated, so that a guess
    /// needs more to stand on.
    pub const fn is_grave(self) -> bool {
        self.is_safety() || matches!(self, Self::Abusive | Self::Complaint | Self::ContactPreference)
    }

    /// Whether somebody may come to harm.
    pub const fn is_danger(self) -> bool {
        matches!(self, Self::Distress | Self::Violence | Self::Threat)
    }

    /// Whether somebody has died.
    pub const fn is_death(self) -> bool {
        matches!(self, Self::Deceased | Self::Bereavement)
    }

    /// Whether somebody may be in danger, dead, a child or another person: asked about even before an answer in the same
    /// message is taken.
    pub const fn is_peril(self) -> bool {
        self.is_safety()
            && !matches!(
                self,
                Self::Stop | Self::Human | Self::Dispute | Self::FraudSuspicion | Self::Insolvency
            )
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
    fn thirteen_intents_protect_people() {
        assert_eq!(Intent::ALL.into_iter().filter(|intent| intent.is_safety()).count(), 13);
    }
}
