//! Where debts come from: CSV files of lenders.

mod columns;
pub mod csv;
mod encoding;
mod error;
mod phones;
mod plausible;
mod row;
mod rows;
mod spreadsheets;
mod values;

#[cfg(test)]
mod plausible_tests;
#[cfg(test)]
mod tests;

pub use csv::{
    Cleaned, DebtFile, Import, ImportContext, OLD_AFTER_DAYS, OldBalances, SHARED_PHONE_MIN, Shared, Tag,
    parse,
};
pub use error::ImportError;
