//! Whose signatures the webhook believes, and about whom.

use crate::domain::ids::LenderId;
use secrecy::SecretString;

/// A key that signs deliveries.
#[derive(Debug, Clone)]
pub struct AppKey {
    pub secret: SecretString,
    /// Of whom its deliveries may speak; `None`: of all.
    pub lenders: Option<Vec<LenderId>>,
}
