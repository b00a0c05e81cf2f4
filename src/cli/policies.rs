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
    // Today's verdict on the same files changes overnight: only a day that was asked for fails.
    let (word, fails) = match as_of {
        AsOf::Day(_) => ("error", !errors.is_empty()),
        AsOf::Now(_) => ("warning", false),
    };
    let lines = errors.iter().map(|error| format!("{word}: {error}\n"));
    let lines = lines.chain(warnings.iter().map(|warning| format!("warning: {warning}\n")));
    let count = if fails { format!("{} error(s)", errors.len()) } else { "no errors".to_owned() };
    let text = lines.collect::<String>() + &format!("policies of {}: {count}", lenders.join(", "));
    Ok(Judged { text, ok: !fails })
}
