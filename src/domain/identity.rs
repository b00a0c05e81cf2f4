//! Who is on the other side of a WhatsApp chat: a phone, a business-scoped user id (BSUID), or both.

use crate::domain::pii::Pii;
use serde::{Deserialize, Serialize};

/// A phone as WhatsApp writes it: digits with country code, no `+`. Kept exactly as received.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WaId(Pii<String>);

/// A business-scoped user id such as `BR.13491208655302741918`: one user × one business portfolio.
///
/// Used whole, unchanged, case-sensitive. It is never a phone and never goes into `to`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bsuid(Pii<String>);

impl WaId {
    /// Accepts 6 to 20 digits, with or without a leading `+`. Empty text and BSUIDs are refused.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let valid = (6..=20).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        valid.then(|| Self(Pii::new(digits.to_owned())))
    }

    /// The digits, for adapters.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Bsuid {
    /// `^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$` (Meta, business-scoped user ids).
    pub fn parse(text: &str) -> Option<Self> {
        let (country, rest) = text.split_once('.')?;
        let rest = rest.strip_prefix("ENT.").unwrap_or(rest);
        let valid = country.len() == 2
            && country.bytes().all(|byte| byte.is_ascii_uppercase())
            && (1..=128).contains(&rest.len())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        valid.then(|| Self(Pii::new(text.to_owned())))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Where a person of WhatsApp can be reached: at least one of phone and BSUID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WaIdentity {
    pub wa_id: Option<WaId>,
    pub bsuid: Option<Bsuid>,
}

impl WaIdentity {
    /// `None` when there is neither.
    pub fn new(wa_id: Option<WaId>, bsuid: Option<Bsuid>) -> Option<Self> {
        (wa_id.is_some() || bsuid.is_some()).then_some(Self { wa_id, bsuid })
    }
}

#[cfg(test)]
mod tests {
    use super::{Bsuid, WaId};

    #[test]
    fn a_bsuid_is_never_a_phone_and_empty_is_neither() {
        assert!(WaId::parse("BR.13491208655302741918").is_none());
        assert!(Bsuid::parse("BR.13491208655302741918").is_some());
        assert!(Bsuid::parse("US.ENT.118").is_some());
        assert!(Bsuid::parse("573001234567").is_none());
        assert!(WaId::parse("").is_none() && Bsuid::parse("").is_none());
        assert_eq!(WaId::parse("+573001234567").unwrap().expose(), "573001234567");
    }
}
