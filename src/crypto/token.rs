//! API tokens: 256 random bits that the holder sees once; only their SHA-256 is stored.

use sha2::{Digest, Sha256};

/// Marks our tokens, so that secret scanners find one that leaked.
const PREFIX: &str = "acuerdo_agent_";

/// The text of a token made of `secret`.
pub fn agent_token(secret: [u8; 32]) -> String {
    format!("{PREFIX}{}", hex::encode(secret))
}

/// What is stored and looked up of a token.
pub fn token_sha256(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::{agent_token, token_sha256};

    #[test]
    fn a_token_is_marked_and_its_hash_is_sha256() {
        let token = agent_token([7; 32]);
        assert_eq!(token.len(), "acuerdo_agent_".len() + 64);
        assert!(token.starts_with("acuerdo_agent_0707"));
        // FIPS 180-4 example "abc".
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex::encode(token_sha256("abc")), abc);
    }
}
