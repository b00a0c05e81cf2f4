//! Where debts come from: CSV files of lenders.

mod columns;
pub mod csv;
mod error;
mod row;
mod rows;
mod values;

#[cfg(test)]
mod tests;

pub use csv::{DebtFile, Import, ImportContext, Tag, parse};
pub use error::ImportError;
