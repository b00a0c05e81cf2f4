//! Static proofs over the compiled model, one concern per file.

mod asked;
mod beside;
mod closing;
mod consent;
mod cycles;
mod evidence;
mod keywords;
mod labels;
mod limits;
mod lint;
mod locales;
pub mod names;
mod paths;
mod reach;
pub mod texts;

#[cfg(test)]
mod fixtures;

use crate::flow::compile::Compiled;
use crate::flow::diagnostic::Finding;
use crate::rules::lint::Lint;

/// Runs every check; `wording` are the rules for what nobody may write to a debtor.
pub fn check(compiled: &Compiled, wording: &Lint, findings: &mut Vec<Finding>) {
    reach::check(compiled, findings);
    cycles::check(compiled, findings);
    labels::check(compiled, findings);
    evidence::check(compiled, findings);
    consent::check(compiled, findings);
    closing::check(compiled, findings);
    limits::check(compiled, findings);
    locales::check(compiled, findings);
    keywords::check(compiled, findings);
    beside::check(compiled, findings);
    lint::check(compiled, wording, findings);
}
