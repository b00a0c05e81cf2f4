//! Payment providers.

pub mod hosted_checkout;
