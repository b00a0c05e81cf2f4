//! What the policies of a flow folder come to, on a given day.

use crate::app::read_policies;
use crate::domain::time::{Day, Timestamp};
use crate::rules::lint::Lint;
use crate::rules::policy::model::Policy;
use crate::service::wording::Wording;
use anyhow::Context;
use std::path::Path;

/// The day as of which policies are judged.
#[derive(Debug, Clone, Copy)]
pub enum AsOf {
    /// One day for all lenders.
    Day(Day),
    /// Each lender's own day at this moment.
    Now(Timestamp),
}

impl AsOf {
    pub fn day(self, policy: &Policy) -> Day {
        match self {
            Self::Day(day) => day,
            Self::Now(now) => policy.zone.day(now),
        }
    }
}

/// What was found, and whether the policies may be used as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub text: String,
    pub ok: bool,
}

/// What the policies of a flow folder come to: every mistake in them, else what their day makes of them.
///
/// # Errors
/// When they cannot be used on any day.
pub fn check_policies(flows_dir: &Path, as_of: AsOf) -> anyhow::Result<Judged> {
    let policies = read_policies(flows_dir)?;
    Wording::new(&policies.wording)?;
    let lint = flows_dir.join("policies/lint.yaml");
    let lint =
        std::fs::read_to_string(&lint).with_context(|| format!("{} cannot be read", lint.display()))?;
    Lint::parse(&lint)?;
    let lenders: Vec<String> = policies
        .policies
        .values()
        .map(|policy| format!("{} ({} rules)", policy.lender, policy.rules.len()))
        .collect();
    let errors = policies.cap_findings(|policy| as_of.day(policy));
    let warnings = policies.crowded_months(|policy| as_of.day(policy));
    let lines = errors.iter().map(|error| format!("error: {error}\n"));
    let lines = lines.chain(warnings.iter().map(|warning| format!("warning: {warning}\n")));
    let count = if errors.is_empty() { "no errors".to_owned() } else { format!("{} error(s)", errors.len()) };
    let text = lines.collect::<String>() + &format!("policies of {}: {count}", lenders.join(", "));
    Ok(Judged { text, ok: errors.is_empty() })
}

#[cfg(test)]
mod tests {
    use super::{AsOf, check_policies};
    use crate::domain::time::{Day, Timestamp};
    use std::path::Path;

    #[test]
    fn the_shipped_policies_fail_on_days_whose_caps_are_not_known_long_enough() {
        let judged = |as_of| check_policies(Path::new("flows"), as_of).unwrap();
        let on = |day| judged(AsOf::Day(Day::parse(day).unwrap()));
        assert!(on("2026-08-01").ok, "{}", on("2026-08-01").text);
        for (day, told) in [
            ("2026-09-01", "the caps of consumo_ordinario in CO end on 2026-09-30, 29 days from 2026-09-01"),
            ("2026-10-01", "on 2026-10-01 no cap is known for consumo_ordinario in CO"),
        ] {
            let judged = on(day);
            assert!(!judged.ok && judged.text.contains(told), "{}", judged.text);
        }
        // Without a day it is each lender's own: just after midnight in Greenwich it is still the day before in Bogotá.
        let midnight = Timestamp::parse_rfc3339("2026-10-01T01:00:00Z").unwrap();
        assert!(judged(AsOf::Now(midnight)).text.contains("0 days from 2026-09-30"));
    }
}
