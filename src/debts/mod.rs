//! Where debts come from: CSV files of lenders.

mod columns;
pub mod csv;
mod encoding;
mod error;
mod phones;
mod plausible;
mod reading;
mod row;
mod rows;
mod spreadsheets;
mod survey;
mod values;

#[cfg(test)]
mod plausible_tests;
#[cfg(test)]
mod tests;

pub use csv::{Cleaned, DebtFile, Import, ImportContext, Judged, Tag, parse};
pub use encoding::DebtText;
pub use error::ImportError;
pub use reading::{Reader, Taken};
pub use survey::{OLD_AFTER_DAYS, OldBalances, SHARED_PHONE_MIN, Shared, Survey};
