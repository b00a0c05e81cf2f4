//! Where debts come from: CSV files of lenders.

mod columns;
pub mod csv;
mod encoding;
mod error;
mod phones;
mod row;
mod rows;
mod spreadsheets;
mod values;

#[cfg(test)]
mod tests;

pub use csv::{Cleaned, DebtFile, Import, ImportContext, Tag, parse};
pub use error::ImportError;
