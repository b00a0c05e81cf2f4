//! Static proofs over the compiled model, one concern per file.

mod asked;
mod beside;
mod closing;
mod consent;
mod cycles;
mod duties;
mod evidence;
mod figures;
mod keywords;
mod labels;
mod limits;
mod lint;
pub mod literals;
mod locales;
mod named;
pub mod names;
mod nets;
mod once;
mod paths;
mod reach;
mod reasons;
mod recorded;
mod terms;
pub mod texts;
mod told;
mod undone;

#[cfg(test)]
mod edits;
#[cfg(test)]
mod fixtures;

use crate::flow::compile::Compiled;
use crate::flow::diagnostic::Finding;
use crate::rules::lint::Lint;
use crate::understand::consent::Consents;

/// What the checks go by besides the flows.
#[derive(Debug)]
pub struct Lists {
    /// What nobody may write to a debtor.
    pub wording: Lint,
    /// What is a plain yes.
    pub consents: Consents,
}

/// Runs every check.
pub fn check(compiled: &Compiled, lists: &Lists, findings: &mut Vec<Finding>) {
    reach::check(compiled, findings);
    cycles::check(compiled, findings);
    labels::check(compiled, findings);
    evidence::check(compiled, findings);
    terms::check(compiled, findings);
    once::check(compiled, findings);
    consent::check(compiled, &lists.consents, findings);
    closing::check(compiled, findings);
    figures::check(compiled, findings);
    named::check(compiled, findings);
    recorded::check(compiled, findings);
    limits::check(compiled, findings);
    locales::check(compiled, findings);
    keywords::check(compiled, findings);
    beside::check(compiled, findings);
    nets::check(compiled, findings);
    duties::check(compiled, findings);
    reasons::check(compiled, findings);
    literals::check(compiled, findings);
    lint::check(compiled, &lists.wording, findings);
}
