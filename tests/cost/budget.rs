//! The committed budget, and what is said about it.

use figment::Figment;
use figment::providers::{Format, Toml};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;

const BUDGETS: &str = "tests/cost/budget.toml";
/// Hundredths of the budget: what a new version of a library or compiler may do.
const MOST_USED: u64 = 105;
/// A budget that nobody needs hides the next slow-down.
const LEAST_USED: u64 = 90;

/// Each by the name of what was done.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    pub instructions: BTreeMap<String, u64>,
    pub syncs: BTreeMap<String, u64>,
}

impl Counts {
    fn kinds(&self) -> [(&'static str, &BTreeMap<String, u64>); 2] {
        [("instructions", &self.instructions), ("syncs", &self.syncs)]
    }
}

/// Prints a table; false when something is out of its budget.
pub fn judge(counts: &Counts) -> bool {
    if std::env::var_os("ACUERDO_BLESS").is_some() {
        std::fs::write(BUDGETS, worded(counts)).unwrap();
    }
    let budgets: Counts = Figment::from(Toml::file_exact(BUDGETS)).extract().unwrap();
    let mut complaints = Vec::new();
    for ((kind, counted), (_, budget)) in counts.kinds().into_iter().zip(budgets.kinds()) {
        assert!(
            counted.keys().eq(budget.keys()),
            "{BUDGETS} names what is counted: ACUERDO_BLESS=1 scripts/cost"
        );
        for ((name, used), budget) in counted.iter().zip(budget.values()) {
            println!("{name:<30} {used:>12} {kind:<12}  budget {budget:>12}");
            complaints.extend(complaint(name, kind, *used, *budget));
        }
    }
    for complaint in &complaints {
        println!("{complaint}");
    }
    complaints.is_empty()
}

fn complaint(name: &str, kind: &str, used: u64, budget: u64) -> Option<String> {
    let used_hundredths = used * 100;
    if used_hundredths > budget * MOST_USED {
        let more = (used - budget) * 100 / budget.max(1);
        Some(format!(
            "`{name}` takes {more} % more {kind} than its budget. Find out what grew (docs/performance.md); if it is worth \
             that price: ACUERDO_BLESS=1 scripts/cost"
        ))
    } else if used_hundredths < budget * LEAST_USED {
        let less = (budget - used) * 100 / budget.max(1);
        Some(format!(
            "`{name}` takes {less} % fewer {kind} than its budget. Keep what was won: ACUERDO_BLESS=1 scripts/cost"
        ))
    } else {
        None
    }
}

fn worded(counts: &Counts) -> String {
    let mut text = "# What the hot path may cost, in the build of the profile `ci`. Compared by scripts/cost; written by it with\n\
                    # ACUERDO_BLESS=1. Instructions of one call or turn; syncs of 100 turns, one after the other.\n"
        .to_owned();
    for (kind, counted) in counts.kinds() {
        write!(text, "\n[{kind}]\n").unwrap();
        for (name, n) in counted {
            writeln!(text, "\"{name}\" = {n}").unwrap();
        }
    }
    text
}
