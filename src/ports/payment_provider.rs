//! Where a person pays: a link to a page of the lender or of its payment provider.

use crate::domain::ids::{AgreementId, LenderId, ObligationId};
use crate::domain::money::Money;
use crate::domain::pii::Pii;
use crate::domain::time::Timestamp;
use async_trait::async_trait;

/// What a link is for. It carries no name, document or phone: the page knows the payer by `reference`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRequest {
    pub lender: LenderId,
    pub obligation: ObligationId,
    /// `None` when the person pays what is due without an agreement.
    pub agreement: Option<AgreementId>,
    /// What the payment will be matched by; unique per obligation or instalment.
    pub reference: String,
    pub amount: Money,
    pub now: Timestamp,
    /// Makes repeats find the first link; derived from (agreement or obligation, instalment, amount).
    pub idempotency_key: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentLink {
    /// Whoever has it can see the amount: class `pago`, never logged.
    pub url: Pii<String>,
    pub expires_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// This lender has no such way to pay; offer the others.
    #[error("lender {0} has no payment links")]
    NotConfigured(LenderId),
    /// The amount, currency or reference cannot be paid there.
    #[error("the payment was refused: {why}")]
    Refused { why: String },
    /// The provider did not answer or was busy: the same call may succeed later.
    #[error("the payment provider is unavailable: {why}")]
    Unavailable { why: String },
}

impl PaymentError {
    /// True when the same call may succeed later without a change.
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable { .. } => true,
            Self::NotConfigured(_) | Self::Refused { .. } => false,
        }
    }
}

/// Makes payment links. A link moves no balance: only the lender's next balance, or a verified payment event, does.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// A link for exactly `request.amount`, to a page on the lender's or provider's own domain.
    ///
    /// The same `idempotency_key` within its life gives a link for the same payment, so a repeated turn charges nothing
    /// twice. The amount is positive; a provider that cannot take it answers `Refused`, never a link for another amount.
    async fn link(&self, request: &LinkRequest) -> Result<PaymentLink, PaymentError>;
}
