//! Hashes of tokens and signatures of links.

pub mod token;
