//! `decide`: the first case that holds, else the other.

use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::expr::eval::holds;
use crate::flow::model::Decide;

pub(crate) fn run<'f>(decide: &'f Decide, run: &mut Run<'f>) -> Result<Next<'f>, Stop> {
    for (condition, goto) in &decide.cases {
        if holds(condition, &run.names(None)) {
            return Ok(Next::Goto(goto));
        }
    }
    Ok(Next::Goto(&decide.otherwise))
}
