//! Links of the hosted checkout: only what we signed is accepted, for that amount, until it expires.
#![no_main]

use acuerdo::domain::ids::{LenderId, ObligationId};
use acuerdo::domain::money::{Currency, Money};
use acuerdo::domain::time::{Millis, Timestamp};
use acuerdo::payments::hosted_checkout::{Checkout, HostedCheckouts, SECRET_BYTES_MIN, SignedLink};
use acuerdo::ports::payment_provider::{LinkRequest, PaymentError, PaymentProvider};
use arbitrary::Arbitrary;
use futures_util::FutureExt;
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

const ADDRESS: &str = "https://pagos.bancoandino.example/pagar";

#[derive(Debug, Arbitrary)]
struct Payment {
    secret: String,
    reference: String,
    amount_minor: i64,
    now_seconds: u32,
    valid_minutes: u16,
    attack: Attack,
}

/// What somebody changes in the link before it is opened.
#[derive(Debug, Arbitrary)]
enum Attack {
    Nothing,
    Later(u32),
    Parts {
        reference: Option<String>,
        amount: Option<String>,
        currency: Option<String>,
        expires: Option<String>,
    },
    Signature(String),
    /// Moves the border between two signed parts.
    Border(u8),
    OtherSecret(String),
}

fuzz_target!(|payment: Payment| {
    let valid = Millis::minutes(payment.valid_minutes.into());
    let secret = SecretString::from(payment.secret.as_str());
    let Ok(checkout) = Checkout::new(ADDRESS, secret, valid) else {
        assert!(
            payment.secret.len() < SECRET_BYTES_MIN || payment.valid_minutes == 0,
            "a good checkout was refused"
        );
        return;
    };
    let lender = LenderId::from("andino");
    let checkouts = HostedCheckouts::new([(lender.clone(), checkout.clone())]);
    let now = Timestamp(i64::from(payment.now_seconds) * 1_000);
    let request = LinkRequest {
        lender,
        obligation: ObligationId(Default::default()),
        agreement: None,
        reference: payment.reference.clone(),
        amount: Money::new(payment.amount_minor, Currency::Cop),
        now,
        idempotency_key: "k".to_owned(),
    };
    let made = checkouts.link(&request).now_or_never().expect("a link is made without a call");
    let link = match made {
        Ok(link) => link,
        Err(PaymentError::Refused { why }) => {
            assert!(!why.is_empty());
            return;
        }
        Err(other) => panic!("{other}"),
    };
    assert!(payment.amount_minor > 0, "a link for nothing");
    assert!(link.expires_at.since(now) >= valid && link.expires_at.since(now) <= Millis(valid.0 * 2));

    let url = reqwest::Url::parse(link.url.expose()).expect("a link is an address");
    assert!(link.url.expose().starts_with(ADDRESS));
    let parts: Vec<String> = url.query_pairs().map(|(_, value)| value.into_owned()).collect();
    let [reference, amount, currency, expires, signature] = parts.as_slice() else { panic!("{url}") };
    let right = SignedLink { reference, amount_minor: amount, currency, expires_at: expires, signature };
    assert_eq!((reference, amount), (&payment.reference, &payment.amount_minor.to_string()));
    assert!(checkout.verify(&right, now));
    assert!(!checkout.verify(&right, link.expires_at), "it lives beyond its expiry");
    attack(&payment.attack, &right, &checkout, now, link.expires_at, valid);
});

fn attack(
    attack: &Attack,
    right: &SignedLink<'_>,
    checkout: &Checkout,
    now: Timestamp,
    end: Timestamp,
    valid: Millis,
) {
    match attack {
        Attack::Nothing => {}
        Attack::Later(seconds) => {
            let then = now.plus(Millis::seconds((*seconds).into()));
            assert_eq!(checkout.verify(right, then), then < end);
        }
        Attack::Parts { reference, amount, currency, expires } => {
            let changed = SignedLink {
                reference: reference.as_deref().unwrap_or(right.reference),
                amount_minor: amount.as_deref().unwrap_or(right.amount_minor),
                currency: currency.as_deref().unwrap_or(right.currency),
                expires_at: expires.as_deref().unwrap_or(right.expires_at),
                signature: right.signature,
            };
            let same = (changed.reference, changed.amount_minor, changed.currency, changed.expires_at)
                == (right.reference, right.amount_minor, right.currency, right.expires_at);
            assert_eq!(checkout.verify(&changed, now), same, "{changed:?}");
        }
        Attack::Signature(signature) => {
            let same = signature.eq_ignore_ascii_case(right.signature);
            assert_eq!(checkout.verify(&SignedLink { signature, ..*right }, now), same);
        }
        Attack::Border(at) => {
            let joined = format!("{}|{}", right.reference, right.amount_minor);
            let at = usize::from(*at) % joined.len();
            let (reference, amount_minor) = joined.split_at(at);
            let moved = SignedLink { reference, amount_minor, ..*right };
            assert!(!checkout.verify(&moved, now), "{moved:?}");
        }
        Attack::OtherSecret(secret) => {
            let other = SecretString::from(format!("{secret}-and-long-enough"));
            if let Ok(other) = Checkout::new(ADDRESS, other, valid) {
                assert!(!other.verify(right, now), "signed by somebody else");
            }
        }
    }
}
