//! The lender's own hosted checkout: a link with reference, amount, currency, expiry and a signature, made without a call.
//!
//! The page checks `signature`, the hexadecimal HMAC-SHA256 with the shared secret over
//! `reference|amount_minor|currency|expires_at`, before it shows the amount. `expires_at` is in epoch seconds, rounded up
//! to the next whole period of validity, so that the same payment has the same link while it lives.

use crate::domain::ids::LenderId;
use crate::domain::money::Money;
use crate::domain::pii::Pii;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::payment_provider::{LinkRequest, PaymentError, PaymentLink, PaymentProvider};
use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::collections::BTreeMap;

/// A reference longer than this fits no bank statement.
const REFERENCE_CHARS_MAX: usize = 64;
/// Shorter secrets can be guessed from one link.
pub const SECRET_BYTES_MIN: usize = 16;

/// One lender's checkout page.
#[derive(Debug, Clone)]
pub struct Checkout {
    url: Url,
    secret: SecretString,
    valid: Millis,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckoutError {
    #[error("the address of the checkout must be https, without user, query or fragment")]
    Address,
    #[error("the secret of the checkout needs at least {SECRET_BYTES_MIN} bytes")]
    Secret,
    #[error("links must be valid for at least one minute")]
    Valid,
}

impl Checkout {
    /// `url` is the page without a query; links live between one and two times `valid`.
    pub fn new(url: &str, secret: SecretString, valid: Millis) -> Result<Self, CheckoutError> {
        let url = Url::parse(url).map_err(|_| CheckoutError::Address)?;
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        let bare = url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        // The demonstration serves its checkout page itself, without TLS.
        if !bare || !(url.scheme() == "https" || (local && url.scheme() == "http")) {
            return Err(CheckoutError::Address);
        }
        if secret.expose_secret().len() < SECRET_BYTES_MIN {
            return Err(CheckoutError::Secret);
        }
        if valid < Millis::minutes(1) {
            return Err(CheckoutError::Valid);
        }
        Ok(Self { url, secret, valid })
    }

    fn link(&self, reference: &str, amount: Money, now: Timestamp) -> Result<PaymentLink, PaymentError> {
        let refused = |why: &str| PaymentError::Refused { why: why.to_owned() };
        if !amount.is_positive() {
            return Err(refused("the amount must be above zero"));
        }
        let plain =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b' ');
        if reference.is_empty() || reference.len() > REFERENCE_CHARS_MAX || !reference.bytes().all(plain) {
            return Err(refused("the reference must be 1 to 64 letters, digits, spaces or `-_./`"));
        }
        let expires_at = self.expiry(now);
        let expires_seconds = (expires_at.0 / 1_000).to_string();
        let (minor, currency) = (amount.minor.to_string(), amount.currency.code());
        let signature = self
            .sign(&[reference, &minor, currency, &expires_seconds])
            .ok_or_else(|| refused("the secret of the checkout cannot sign"))?;
        let mut url = self.url.clone();
        url.query_pairs_mut()
            .append_pair("reference", reference)
            .append_pair("amount_minor", &minor)
            .append_pair("currency", currency)
            .append_pair("expires_at", &expires_seconds)
            .append_pair("signature", &signature);
        Ok(PaymentLink { url: Pii::new(url.into()), expires_at })
    }

    /// Whether a link carries our signature and has not expired; for the page of the demonstration.
    pub fn verify(&self, link: &SignedLink<'_>, now: Timestamp) -> bool {
        let parts = [link.reference, link.amount_minor, link.currency, link.expires_at];
        let Some(mac) = self.mac(&parts) else { return false };
        let Ok(signature) = hex::decode(link.signature) else { return false };
        let alive = link.expires_at.parse::<i64>().is_ok_and(|seconds| now.0 / 1_000 < seconds);
        mac.verify_slice(&signature).is_ok() && alive
    }

    /// At least `valid` from `now`, on a whole multiple of `valid`.
    const fn expiry(&self, now: Timestamp) -> Timestamp {
        let periods = now.0.div_euclid(self.valid.0) + 2;
        let exact = periods.saturating_mul(self.valid.0);
        Timestamp(exact - exact.rem_euclid(1_000))
    }

    fn sign(&self, parts: &[&str]) -> Option<String> {
        self.mac(parts).map(|mac| hex::encode(mac.finalize().into_bytes()))
    }

    /// No part can contain the separator, so that two payments never share a signed text.
    fn mac(&self, parts: &[&str]) -> Option<Hmac<Sha256>> {
        if parts.iter().any(|part| part.contains('|')) {
            return None;
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes()).ok()?;
        mac.update(parts.join("|").as_bytes());
        Some(mac)
    }
}

/// The query parameters of a link, as the page receives them.
#[derive(Debug, Clone, Copy)]
pub struct SignedLink<'a> {
    pub reference: &'a str,
    pub amount_minor: &'a str,
    pub currency: &'a str,
    pub expires_at: &'a str,
    pub signature: &'a str,
}

/// Hosted checkouts by lender.
#[derive(Debug, Clone, Default)]
pub struct HostedCheckouts {
    by_lender: BTreeMap<LenderId, Checkout>,
}

impl HostedCheckouts {
    pub fn new(checkouts: impl IntoIterator<Item = (LenderId, Checkout)>) -> Self {
        Self { by_lender: checkouts.into_iter().collect() }
    }

    pub fn get(&self, lender: &LenderId) -> Option<&Checkout> {
        self.by_lender.get(lender)
    }
}

#[async_trait]
impl PaymentProvider for HostedCheckouts {
    async fn link(&self, request: &LinkRequest) -> Result<PaymentLink, PaymentError> {
        let checkout =
            self.get(&request.lender).ok_or_else(|| PaymentError::NotConfigured(request.lender.clone()))?;
        checkout.link(&request.reference, request.amount, request.now)
    }
}

#[cfg(test)]
mod tests {
    use super::{Checkout, CheckoutError, HostedCheckouts, SignedLink};
    use crate::domain::ids::{LenderId, ObligationId};
    use crate::domain::money::{Currency, Money};
    use crate::domain::time::{Millis, Timestamp};
    use crate::ports::payment_provider::{LinkRequest, PaymentError, PaymentProvider};
    use secrecy::SecretString;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_795_000_000_123);

    fn checkout(url: &str, secret: &str) -> Result<Checkout, CheckoutError> {
        Checkout::new(url, SecretString::from(secret.to_owned()), Millis::hours(24))
    }

    fn andino() -> HostedCheckouts {
        let checkout = checkout("https://pagos.bancoandino.example/pagar", "0123456789abcdef-test").unwrap();
        HostedCheckouts::new([(LenderId::from("andino"), checkout)])
    }

    fn request(reference: &str, minor: i64) -> LinkRequest {
        LinkRequest {
            lender: LenderId::from("andino"),
            obligation: ObligationId(Uuid::nil()),
            agreement: None,
            reference: reference.to_owned(),
            amount: Money::new(minor, Currency::Cop),
            now: NOW,
            idempotency_key: "k".to_owned(),
        }
    }

    #[tokio::test]
    async fn the_link_is_a_constant_of_its_request() {
        // Signature from `printf 'AND 5001/2|71000000|COP|1795132800' | openssl dgst -sha256 -hmac 0123456789abcdef-test`.
        let link = andino().link(&request("AND 5001/2", 71_000_000)).await.unwrap();
        assert_eq!(
            link.url.expose(),
            "https://pagos.bancoandino.example/pagar?reference=AND+5001%2F2&amount_minor=71000000&currency=COP\
             &expires_at=1795132800&signature=9696cca7f385361e75eb6b7ca20c89d147d8c478dc63b442e2bc2e880ceb483d"
        );
        assert_eq!(link.expires_at, Timestamp(1_795_132_800_000));
        assert_eq!(format!("{:?}", link.url), "•••");
    }

    #[tokio::test]
    async fn the_same_payment_has_the_same_link_within_its_period() {
        let first = andino().link(&request("5001", 100)).await.unwrap();
        let later = LinkRequest { now: NOW.plus(Millis::hours(3)), ..request("5001", 100) };
        assert_eq!(andino().link(&later).await.unwrap(), first);
        assert!(first.expires_at.since(NOW) >= Millis::hours(24));
        assert_ne!(andino().link(&request("5001", 200)).await.unwrap(), first);
    }

    #[tokio::test]
    async fn the_page_accepts_the_link_and_nothing_changed() {
        let checkouts = andino();
        let checkout = checkouts.get(&LenderId::from("andino")).unwrap();
        let link = checkouts.link(&request("5001", 100)).await.unwrap();
        let url = reqwest::Url::parse(link.url.expose()).unwrap();
        let parts: Vec<String> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
        let sent = SignedLink {
            reference: &parts[0],
            amount_minor: &parts[1],
            currency: &parts[2],
            expires_at: &parts[3],
            signature: &parts[4],
        };
        assert!(checkout.verify(&sent, NOW));
        assert!(!checkout.verify(&SignedLink { amount_minor: "1", ..sent }, NOW));
        assert!(!checkout.verify(&SignedLink { reference: "50|01", ..sent }, NOW));
        assert!(!checkout.verify(&SignedLink { signature: "00", ..sent }, NOW));
        assert!(!checkout.verify(&sent, link.expires_at));
    }

    #[tokio::test]
    async fn what_cannot_be_paid_is_refused() {
        for request in
            [request("5001", 0), request("5001", -5), request("", 5), request("a|b", 5), request("ñ", 5)]
        {
            assert!(
                matches!(andino().link(&request).await, Err(PaymentError::Refused { .. })),
                "{request:?}"
            );
        }
        let stranger = LinkRequest { lender: LenderId::from("norte"), ..request("5001", 5) };
        assert_eq!(andino().link(&stranger).await, Err(PaymentError::NotConfigured(LenderId::from("norte"))));
    }

    #[test]
    fn unsafe_addresses_and_short_secrets_are_refused() {
        let good = "0123456789abcdef";
        for url in
            ["http://pagos.example/p", "https://u@pagos.example/p", "https://pagos.example/p?a=1", "pagos"]
        {
            assert_eq!(checkout(url, good).unwrap_err(), CheckoutError::Address, "{url}");
        }
        assert!(checkout("http://127.0.0.1:8080/pagar", good).is_ok());
        assert_eq!(checkout("https://pagos.example/p", "short").unwrap_err(), CheckoutError::Secret);
    }
}
