//! Debt files: every row is taken or refused with its line, and what is said about it repeats nobody's data.
//!
//! Any bytes are a file; those that begin with a row of the sample are also read below its heading, with a mark in
//! each row, so that taken rows can be counted.
#![no_main]

use acuerdo::debts::csv::{ERRORS_MAX, Import, ImportContext, parse};
use acuerdo::domain::money::Currency;
use acuerdo_fuzz::samples;
use libfuzzer_sys::fuzz_target;
use std::collections::BTreeSet;

const HEAD: &str = "lender,person_ref,full_name,document_type,document,phones,obligation_ref,product,product_name,\
                    currency,as_of,principal,interest,late_interest,fees,oldest_unpaid_due,tags";

fuzz_target!(|bytes: &[u8]| {
    judge(bytes, &read(bytes));
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let rows: Vec<String> = text.lines().map(|line| format!("{line},m")).collect();
    let file = format!("{HEAD}\n{}\n", rows.join("\n"));
    let import = read(file.as_bytes());
    judge(file.as_bytes(), &import);
    if import.errors_total <= ERRORS_MAX as u64 {
        let refused: BTreeSet<u64> = import.errors.iter().map(|error| error.line).collect();
        let marks = import.file.tags.iter().filter(|tag| tag.tag == "m" || tag.tag.ends_with(",m")).count();
        let taken = import.rows - refused.len().min(import.rows as usize) as u64;
        assert!(marks as u64 >= taken, "{taken} rows were taken and {marks} are there");
    }
});

fn read(bytes: &[u8]) -> Import {
    let context = ImportContext { now: samples::now(), zone: samples::zone(), currency: Currency::Cop };
    parse(bytes, &context)
}

fn judge(bytes: &[u8], import: &Import) {
    let again = read(bytes);
    assert_eq!((&again.file, &again.errors, again.rows), (&import.file, &import.errors, import.rows));
    let n_lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() as u64 + 1;
    for error in &import.errors {
        assert!((1..=n_lines).contains(&error.line), "{error} in a file of {n_lines} lines");
        assert!(!error.reason.is_empty() && !error.remedy.is_empty());
        if error.found.starts_with("shaped") {
            assert!(!error.found.contains(|c: char| c.is_ascii_digit() && c != '9'), "{error}");
        }
    }
    assert_eq!(import.errors.len() as u64, import.errors_total.min(ERRORS_MAX as u64));
    assert!(import.errors_total > 0 || import.rows > 0, "an empty file is a mistake");
    assert!(import.file.persons.len() as u64 <= import.rows);
    assert!(import.file.obligations.len() as u64 <= import.rows);
    let persons: BTreeSet<_> = import.file.persons.iter().map(|person| person.id).collect();
    assert_eq!(persons.len(), import.file.persons.len(), "a person is there twice");
    let obligations: BTreeSet<_> = import.file.obligations.iter().map(|obligation| obligation.id).collect();
    assert_eq!(obligations.len(), import.file.obligations.len(), "an obligation is there twice");
    for obligation in &import.file.obligations {
        assert!(persons.contains(&obligation.person), "a debt of nobody");
        for part in [obligation.balance.principal, obligation.balance.interest, obligation.balance.fees] {
            assert!(part.minor >= 0, "a negative debt");
            assert_eq!(part.currency, obligation.currency, "a debt in two currencies");
        }
    }
    assert_eq!(import.errors_total == 0, again.all_or_nothing().is_ok());
}
