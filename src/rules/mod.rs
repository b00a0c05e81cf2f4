//! Decisions: pure functions over the vocabulary (money, offers, calendar, assurance, windows).
//!
//! Nothing here reads a clock, draws a number or does I/O: the day, the facts and the parsed tables are arguments.

pub mod amortisation;
pub mod assurance;
pub mod calendar;
mod colombia;
pub mod contact;
pub mod covered;
pub mod data_rights;
pub mod digits;
pub mod doubt;
pub mod dpd;
pub mod file_type;
pub mod guard;
pub mod hours;
pub mod lint;
pub mod names;
pub mod offer;
#[cfg(test)]
mod oracles;
pub mod phone_variants;
pub mod policy;
pub mod rate;
pub mod rate_cap;
pub mod reading;
pub mod rounding;
pub mod schedule;
pub mod secrets;
pub mod service_window;
pub mod settlement;
pub mod split;
pub mod true_rate;
