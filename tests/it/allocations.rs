//! Allocations of the hot path's functions, counted and compared with a committed budget: work, not time.
//!
//! After a change that is worth its price: `ACUERDO_BLESS=1 scripts/test -E 'test(allocations::)'`.

#[path = "../support/workloads.rs"]
mod workloads;

use figment::Figment;
use figment::providers::{Format, Toml};
use std::collections::BTreeMap;
use std::fmt::Write;

const BUDGETS: &str = "tests/it/allocation_budget.toml";
/// Hundredths of the budget: what a new version of a library may do.
const MOST_USED: u64 = 105;
/// A budget that nobody needs hides the next slow-down.
const LEAST_USED: u64 = 90;

#[test]
fn the_hot_path_allocates_no_more_than_its_budget() {
    let measured: BTreeMap<&str, u64> = workloads::workloads()
        .iter()
        .map(|workload| {
            // Caches that live as long as the thread are filled.
            workload.run();
            (workload.name, allocation_counter::measure(|| workload.run()).count_total)
        })
        .collect();
    if std::env::var_os("ACUERDO_BLESS").is_some() {
        return std::fs::write(BUDGETS, worded(&measured)).unwrap();
    }
    let budgets: BTreeMap<String, u64> = Figment::from(Toml::file_exact(BUDGETS)).extract().unwrap();
    assert!(
        budgets.keys().map(String::as_str).eq(measured.keys().copied()),
        "{BUDGETS} names what is measured"
    );
    for (name, used) in measured {
        let budget = budgets[name];
        assert!(used * 100 <= budget * MOST_USED, "`{name}` allocates {used} times; the budget is {budget}");
        assert!(
            used * 100 >= budget * LEAST_USED,
            "`{name}` allocates only {used} times: lower its budget of {budget}"
        );
    }
}

fn worded(measured: &BTreeMap<&str, u64>) -> String {
    let mut text = "# Allocations of one call, in a debug build. Compared by tests/it/allocations.rs; written by it with ACUERDO_BLESS=1.\n".to_owned();
    for (name, used) in measured {
        writeln!(text, "\"{name}\" = {used}").unwrap();
    }
    text
}
