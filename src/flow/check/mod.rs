//! Static proofs over the compiled model, one concern per file.

mod asked;
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

/// Runs every check.
pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    reach::check(compiled, findings);
    cycles::check(compiled, findings);
    labels::check(compiled, findings);
    evidence::check(compiled, findings);
    limits::check(compiled, findings);
    locales::check(compiled, findings);
    keywords::check(compiled, findings);
    lint::check(compiled, findings);
}
