//! Vocabulary shared by every layer: ids, people, money, time, messages.
//!
//! Pure: no I/O, no clock, no random, no async. Imports nothing else of this crate.

pub mod assurance;
pub mod debt;
pub mod identity;
pub mod ids;
pub mod inbound;
pub mod json_text;
pub mod money;
pub mod outbound;
pub mod pii;
pub mod reaction;
pub mod time;
pub mod trace;
