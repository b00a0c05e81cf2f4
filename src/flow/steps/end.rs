//! `end`: the flow is over; whoever opened it goes on.

use crate::domain::assurance::Assurance;
use crate::flow::compile::ABANDONED;
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::model::{End, StepKind};
use crate::flow::state::EnteredBy;
use crate::flow::steps::call;

/// Outcome of the identity flow that lets the open matter go on.
const PROVED: &str = "ok";

pub(crate) fn run<'f>(end: &'f End, run: &mut Run<'f>) -> Result<Next<'f>, Stop> {
    let Some(frame) = run.session.frames.pop() else { return Err(Stop::fault("nothing is open")) };
    // Who let an interrupt run out does not answer the question below it either.
    let quiet = end.outcome == ABANDONED && frame.entered_by != EnteredBy::Call;
    if quiet || run.session.frames.is_empty() {
        return run.over(&end.outcome);
    }
    match frame.entered_by {
        EnteredBy::Call => {
            let (_, step) = run.place()?;
            match &step.kind {
                StepKind::Call(call) => call::ended(call, run, frame, &end.outcome),
                StepKind::Say(_)
                | StepKind::Ask(_)
                | StepKind::Choose(_)
                | StepKind::Do(_)
                | StepKind::Decide(_)
                | StepKind::Handoff(_)
                | StepKind::Pause(_)
                | StepKind::Set(_)
                | StepKind::End(_) => Err(Stop::fault(format!("nobody called flow `{}`", frame.flow))),
            }
        }
        EnteredBy::Reverify => reverified(end, run),
        EnteredBy::Interrupt | EnteredBy::Start => Ok(Next::Again),
    }
}

/// Proved, the open step goes on; else the chat is over, in the words of the identity flow.
fn reverified<'f>(end: &'f End, run: &mut Run<'f>) -> Result<Next<'f>, Stop> {
    if end.outcome != PROVED {
        run.end(&end.outcome);
        return Ok(Next::Rest);
    }
    let (flow, _) = run.place()?;
    if run.level < flow.needs.max(Assurance::Verificada) {
        return Err(Stop::fault("identity was proved, but no action granted the level"));
    }
    Ok(Next::Again)
}
