//! `X-Hub-Signature-256`: HMAC-SHA256 of the request body exactly as received, keyed with the app secret.
//!
//! Source: Meta, “Webhooks, getting started, validating payloads”. Hash the raw bytes before any decoding: Meta
//! signs its own escaped form (`ä` as `\u00e4`), which no re-serialisation reproduces.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq;

type HmacSha256 = Hmac<Sha256>;

/// The header's name, lower case.
pub const HEADER: &str = "x-hub-signature-256";

const PREFIX: &[u8] = b"sha256=";
const DIGEST_BYTES: usize = 32;

/// Why a delivery is refused; each has its own counter, because a rotated secret looks like an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum SignatureError {
    #[error("the header X-Hub-Signature-256 is missing")]
    Missing,
    #[error("the header X-Hub-Signature-256 is not `sha256=` and 64 hexadecimal digits")]
    Malformed,
    #[error("the signature does not match any configured app secret")]
    Wrong,
}

impl SignatureError {
    /// The metric label.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Wrong => "wrong",
        }
    }
}

/// Refused when [`AppSecrets`] are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppSecretError {
    #[error("no app secret is configured; set WHATSAPP_APP_SECRET (Meta app dashboard, Settings, Basic)")]
    None,
    #[error("app secret number {position} is blank; a blank secret would let anybody sign deliveries")]
    Blank {
        /// Counted from 1.
        position: usize,
    },
}

/// The digest that the header's value holds, whoever made it: what has none needs no body to be refused.
pub fn signature_shape(header: Option<&[u8]>) -> Result<[u8; DIGEST_BYTES], SignatureError> {
    let header = header.filter(|value| !value.is_empty()).ok_or(SignatureError::Missing)?;
    let digits = header.strip_prefix(PREFIX).ok_or(SignatureError::Malformed)?;
    let mut given = [0_u8; DIGEST_BYTES];
    hex::decode_to_slice(digits, &mut given).map_err(|_| SignatureError::Malformed)?;
    Ok(given)
}

/// The app secrets that may sign a delivery: one, or two while the secret is being rotated.
#[derive(Clone)]
pub struct AppSecrets {
    /// Keyed once, so that a delivery costs no key schedule. Never empty.
    keys: Vec<HmacSha256>,
}

impl AppSecrets {
    /// Refuses an empty list and blank secrets.
    pub fn new(secrets: &[SecretString]) -> Result<Self, AppSecretError> {
        let mut keys = Vec::with_capacity(secrets.len());
        for (index, secret) in secrets.iter().enumerate() {
            let blank = AppSecretError::Blank { position: index + 1 };
            if secret.expose_secret().trim().is_empty() {
                return Err(blank);
            }
            // HMAC takes a key of any length, so this never fails in practice.
            keys.push(HmacSha256::new_from_slice(secret.expose_secret().as_bytes()).map_err(|_| blank)?);
        }
        if keys.is_empty() { Err(AppSecretError::None) } else { Ok(Self { keys }) }
    }

    /// Checks the header's value against `body`, the bytes exactly as received; the comparison takes constant time.
    pub fn verify(&self, header: Option<&[u8]>, body: &[u8]) -> Result<(), SignatureError> {
        self.signed_by(header, body).map(drop)
    }

    /// As [`Self::verify`], and says which of the secrets signed: its place in the list, counted from 0.
    pub fn signed_by(&self, header: Option<&[u8]>, body: &[u8]) -> Result<usize, SignatureError> {
        let given = signature_shape(header)?;
        let place = self.keys.iter().position(|key| bool::from(digest(key, body).ct_eq(&given)));
        place.ok_or(SignatureError::Wrong)
    }

    /// Signs as Meta does, with the first secret: the value of the header. For the simulator and tests.
    pub fn sign(&self, body: &[u8]) -> String {
        self.keys.first().map_or_else(String::new, |key| header_value(key, body))
    }
}

impl fmt::Debug for AppSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppSecrets({} hidden)", self.keys.len())
    }
}

fn digest(key: &HmacSha256, body: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut mac = key.clone();
    mac.update(body);
    mac.finalize().into_bytes().into()
}

fn header_value(key: &HmacSha256, body: &[u8]) -> String {
    format!("sha256={}", hex::encode(digest(key, body)))
}

#[cfg(test)]
mod tests {
    use super::{AppSecretError, AppSecrets, SignatureError};
    use proptest::prelude::*;
    use secrecy::SecretString;

    fn secrets(texts: &[&str]) -> AppSecrets {
        let list: Vec<SecretString> = texts.iter().map(|text| SecretString::from(*text)).collect();
        AppSecrets::new(&list).unwrap()
    }

    #[test]
    fn agrees_with_an_independent_hmac() {
        // RFC 4231, test case 2: key "Jefe".
        let header = b"sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let jefe = secrets(&["Jefe"]);
        assert_eq!(jefe.verify(Some(header), b"what do ya want for nothing?"), Ok(()));
        assert_eq!(jefe.sign(b"what do ya want for nothing?").as_bytes(), header);
    }

    #[test]
    fn the_three_failures_are_told_apart() {
        let ours = secrets(&["s3cret"]);
        let body = br#"{"a":"\u00e1 \/ @"}"#;
        let good = ours.sign(body);
        assert_eq!(ours.verify(None, body), Err(SignatureError::Missing));
        assert_eq!(ours.verify(Some(b""), body), Err(SignatureError::Missing));
        for malformed in [
            "sha1=00",
            "sha256=",
            &good[..70],
            &format!("{good}0"),
            &good.replace("sha256=", ""),
            "sha256=zz",
        ] {
            assert_eq!(
                ours.verify(Some(malformed.as_bytes()), body),
                Err(SignatureError::Malformed),
                "{malformed}"
            );
        }
        assert_eq!(ours.verify(Some(good.as_bytes()), b"{}"), Err(SignatureError::Wrong));
        assert_eq!(secrets(&["other"]).verify(Some(good.as_bytes()), body), Err(SignatureError::Wrong));
    }

    #[test]
    fn both_secrets_are_good_while_rotating() {
        let (old, both) = (secrets(&["old"]), secrets(&["new", "old"]));
        assert_eq!(both.verify(Some(old.sign(b"x").as_bytes()), b"x"), Ok(()));
        assert_eq!(both.verify(Some(both.sign(b"x").as_bytes()), b"x"), Ok(()));
        assert_eq!(old.verify(Some(both.sign(b"x").as_bytes()), b"x"), Err(SignatureError::Wrong));
    }

    #[test]
    fn blank_secrets_are_refused_and_none_is_printed() {
        assert_eq!(AppSecrets::new(&[]).unwrap_err(), AppSecretError::None);
        let list = [SecretString::from("a"), SecretString::from(" ")];
        assert_eq!(AppSecrets::new(&list).unwrap_err(), AppSecretError::Blank { position: 2 });
        assert_eq!(format!("{:?}", secrets(&["hunter2"])), "AppSecrets(1 hidden)");
    }

    proptest! {
        #[test]
        fn any_flipped_bit_of_body_or_digest_is_refused(
            mut body in proptest::collection::vec(any::<u8>(), 1..600),
            position in any::<prop::sample::Index>(),
            digit in 7_usize..71,
            bit in 0_u8..8,
        ) {
            let ours = secrets(&["s3cret"]);
            let header = ours.sign(&body);
            prop_assert_eq!(ours.verify(Some(header.as_bytes()), &body), Ok(()));

            let mut spoiled = header.clone().into_bytes();
            // Flip one bit of the nibble, and keep it a hexadecimal digit.
            let value = u8::from_str_radix(&header[digit..=digit], 16).unwrap() ^ (1 << (bit % 4));
            spoiled[digit] = char::from_digit(u32::from(value), 16).unwrap() as u8;
            prop_assert_eq!(ours.verify(Some(&spoiled), &body), Err(SignatureError::Wrong));

            let at = position.index(body.len());
            body[at] ^= 1 << bit;
            prop_assert_eq!(ours.verify(Some(header.as_bytes()), &body), Err(SignatureError::Wrong));
        }
    }
}
