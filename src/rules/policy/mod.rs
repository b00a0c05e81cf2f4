//! Lenders' policies as data that a business analyst edits: what is offered to whom, and how people can pay.

mod country;
pub mod document;
mod doubtful;
mod load;
mod load_caps;
mod load_rules;
pub mod model;
pub mod outlook;
mod payee;
mod persons;
mod plausible;
mod reached;
mod read;
mod set;

pub use load::policy as parse;
pub use load_caps::rate_caps as parse_rate_caps;
pub use set::{HOLIDAYS_FILE, PolicySet, RATE_CAPS_FILE};

#[cfg(test)]
mod tests;
