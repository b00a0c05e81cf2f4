//! `call`: another flow, then back on one of its outcomes.

use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::model::Call;
use crate::flow::state::{EnteredBy, Frame};
use crate::flow::value::Value;

pub(crate) fn run<'f>(call: &'f Call, run: &mut Run<'f>) -> Result<Next<'f>, Stop> {
    let mut given = Vec::with_capacity(call.with.len());
    for (var, expr) in &call.with {
        given.push((var, run.eval(expr)));
    }
    run.push(&call.flow, EnteredBy::Call)?;
    for (var, value) in given {
        run.assign(var, value)?;
    }
    Ok(Next::Again)
}

/// The called flow ended: its variables come over, and the outcome names the next step.
pub(crate) fn ended<'f>(
    call: &'f Call,
    run: &mut Run<'f>,
    mut inner: Frame,
    outcome: &str,
) -> Result<Next<'f>, Stop> {
    for (there, here) in &call.into {
        let value = inner.vars.remove(there).unwrap_or(Value::Nothing);
        run.assign(here, value)?;
    }
    let unrouted = || Stop::fault(format!("outcome `{outcome}` of flow `{}` has no route", call.flow));
    call.on.get(outcome).map(Next::Goto).ok_or_else(unrouted)
}
