//! `set`: changes variables, in the order of the file.

use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::model::Set;

pub(crate) fn run<'f>(set: &'f Set, run: &mut Run<'f>) -> Result<Next<'f>, Stop> {
    for (var, expr) in &set.values {
        let value = run.eval(expr);
        run.assign(var, value)?;
    }
    Ok(Next::Goto(&set.goto))
}
