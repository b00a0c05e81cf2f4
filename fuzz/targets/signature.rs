//! `X-Hub-Signature-256`: exactly the HMAC of the body by one of the secrets is accepted, told by another HMAC.
#![no_main]

use acuerdo::whatsapp::signature::{AppSecrets, SignatureError};
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

#[derive(Debug, Arbitrary)]
struct Delivery {
    secrets: Vec<String>,
    signed_by: u8,
    body: Vec<u8>,
    header: Header,
}

#[derive(Debug, Arbitrary)]
enum Header {
    Absent,
    Raw(Vec<u8>),
    Right,
    /// Digits in capitals, which mean the same.
    Capitals,
    /// One byte of the right header is another.
    Changed {
        at: u8,
        to: u8,
    },
    Cut(u8),
    /// The right header of another body.
    OfAnother(Vec<u8>),
    /// The right header by a secret that is not ours.
    ByAnother(String),
}

fuzz_target!(|delivery: Delivery| {
    let secrets: Vec<SecretString> =
        delivery.secrets.iter().map(|secret| SecretString::from(secret.as_str())).collect();
    let blank = delivery.secrets.is_empty() || delivery.secrets.iter().any(|secret| secret.trim().is_empty());
    let ours = match AppSecrets::new(&secrets) {
        Ok(ours) => ours,
        Err(_) => return assert!(blank, "good secrets were refused"),
    };
    assert!(!blank, "a blank secret would let anybody sign");

    let signer = &delivery.secrets[usize::from(delivery.signed_by) % delivery.secrets.len()];
    let right = header(signer.as_bytes(), &delivery.body).into_bytes();
    let given = match &delivery.header {
        Header::Absent => None,
        Header::Raw(bytes) => Some(bytes.clone()),
        Header::Right => Some(right),
        Header::Capitals => {
            Some(header(signer.as_bytes(), &delivery.body).to_uppercase().replace("SHA", "sha").into_bytes())
        }
        Header::Changed { at, to } => {
            let mut changed = right;
            let at = usize::from(*at) % changed.len();
            changed[at] = *to;
            Some(changed)
        }
        Header::Cut(at) => Some(right[..usize::from(*at) % right.len()].to_vec()),
        Header::OfAnother(body) => Some(header(signer.as_bytes(), body).into_bytes()),
        Header::ByAnother(secret) => Some(header(secret.as_bytes(), &delivery.body).into_bytes()),
    };

    let verdict = ours.verify(given.as_deref(), &delivery.body);
    let wanted = match given.as_deref() {
        None | Some([]) => Err(SignatureError::Missing),
        Some(bytes) => judge(bytes, &delivery),
    };
    assert_eq!(verdict, wanted);
    assert_eq!(ours.sign(&delivery.body), header(delivery.secrets[0].as_bytes(), &delivery.body));
});

fn judge(given: &[u8], delivery: &Delivery) -> Result<(), SignatureError> {
    let digits = given.strip_prefix(b"sha256=").ok_or(SignatureError::Malformed)?;
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(SignatureError::Malformed);
    }
    let lower = given.to_ascii_lowercase();
    let signs = |secret: &String| header(secret.as_bytes(), &delivery.body).as_bytes() == lower;
    if delivery.secrets.iter().any(signs) { Ok(()) } else { Err(SignatureError::Wrong) }
}

/// RFC 2104 by hand: it must not share a mistake with the library that the product uses.
fn header(key: &[u8], body: &[u8]) -> String {
    const BLOCK: usize = 64;
    let mut block = [0_u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(body).finalize();
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize();
    format!("sha256={}", hex::encode(outer))
}
