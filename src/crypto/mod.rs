//! Hashes of tokens and signatures of links.
