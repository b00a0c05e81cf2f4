//! All policy files of a deployment: one per lender, the caps on interest, and the holidays.

use crate::domain::ids::LenderId;
use crate::rules::calendar::{Calendar, HolidayTable};
use crate::rules::policy::document::{Diagnostic, Place};
use crate::rules::policy::{load, load_caps, model::Policy};
use crate::rules::rate_cap::RateCaps;
use std::collections::BTreeMap;

/// Names of the files that are not a lender's.
pub const RATE_CAPS_FILE: &str = "rate_caps.yaml";
pub const HOLIDAYS_FILE: &str = "holidays.csv";
/// How offers and accounts are worded; its keys are checked where it is used.
pub const WORDING_FILE: &str = "wording.yaml";
/// What may not be written to debtors; `rules::lint` reads it.
pub const LINT_FILE: &str = "lint.yaml";

/// The parsed folder `flows/policies/`.
#[derive(Debug, Clone, Default)]
pub struct PolicySet {
    pub policies: BTreeMap<LenderId, Policy>,
    /// The file of each lender, for findings.
    pub files: BTreeMap<LenderId, String>,
    pub caps: RateCaps,
    /// The file of the caps, for findings.
    pub caps_file: String,
    /// The holidays of each lender's country.
    pub calendars: BTreeMap<LenderId, Calendar>,
    /// Language → key → text.
    pub wording: BTreeMap<String, BTreeMap<String, String>>,
}

impl PolicySet {
    /// Parses files given as (name, text): [`RATE_CAPS_FILE`], [`HOLIDAYS_FILE`] and one `*.yaml` per lender.
    ///
    /// Returns all mistakes of all files. Two files of one lender, and a lender in a country without holidays, are
    /// mistakes too: nothing is offered by chance.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Vec<Diagnostic>> {
        let mut set = Self::default();
        let mut holidays = HolidayTable::default();
        let mut diagnostics = Vec::new();
        let mut lenders: Vec<(&str, Policy)> = Vec::new();
        for (path, text) in files {
            let name = path.rsplit('/').next().unwrap_or(path);
            if name == RATE_CAPS_FILE {
                match load_caps::rate_caps(path, text) {
                    Ok(caps) => (set.caps, set.caps_file) = (caps, path.to_owned()),
                    Err(mistakes) => diagnostics.extend(mistakes),
                }
            } else if name == HOLIDAYS_FILE {
                match HolidayTable::parse(path, text) {
                    Ok(table) => holidays = table,
                    Err(error) => diagnostics.push(of_table(path, error.line, error.what)),
                }
            } else if name == WORDING_FILE {
                match load::wording(path, text) {
                    Ok(wording) => set.wording = wording,
                    Err(mistakes) => diagnostics.extend(mistakes),
                }
            } else if name.ends_with(".yaml") && name != LINT_FILE {
                match load::policy(path, text) {
                    Ok(policy) => lenders.push((path, policy)),
                    Err(mistakes) => diagnostics.extend(mistakes),
                }
            }
        }
        for (path, policy) in lenders {
            if let Some(mistake) = set.add(path, policy, &holidays) {
                diagnostics.push(mistake);
            }
        }
        if diagnostics.is_empty() { Ok(set) } else { Err(diagnostics) }
    }

    pub fn policy(&self, lender: &LenderId) -> Option<&Policy> {
        self.policies.get(lender)
    }

    /// The holidays of the lender's country; there for every lender that has a policy.
    pub fn calendar(&self, lender: &LenderId) -> Option<&Calendar> {
        self.calendars.get(lender)
    }

    fn add(&mut self, path: &str, policy: Policy, holidays: &HolidayTable) -> Option<Diagnostic> {
        let mistake = |what: String, remedy: &str| Diagnostic {
            file: path.to_owned(),
            place: Place { line: 1, column: 1 },
            what,
            remedy: remedy.to_owned(),
        };
        let Some(calendar) = holidays.calendar(&policy.country) else {
            let what = format!("no holidays are known of `{}`", policy.country);
            return Some(mistake(what, "add its holidays to holidays.csv"));
        };
        let lender = policy.lender.clone();
        self.calendars.insert(lender.clone(), calendar);
        self.files.insert(lender.clone(), path.to_owned());
        let earlier = self.policies.insert(lender.clone(), policy);
        earlier.map(|_| mistake(format!("lender `{lender}` has two files"), "keep one file for each lender"))
    }
}

fn of_table(path: &str, line: usize, what: String) -> Diagnostic {
    Diagnostic {
        file: path.to_owned(),
        place: Place { line: line as u64, column: 1 },
        what,
        remedy: "write `country,date,change,name`, such as `MX,2027-02-01,add,Constitution Day`".to_owned(),
    }
}
