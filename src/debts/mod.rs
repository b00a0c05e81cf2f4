//! Where debts come from: CSV files.
