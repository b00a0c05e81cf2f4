//! One file per step kind: how it runs, and how it takes its answer or outcome. `which` is a part of `ask`.

pub(crate) mod ask;
pub(crate) mod call;
pub(crate) mod choose;
pub(crate) mod decide;
pub(crate) mod do_;
pub(crate) mod end;
pub(crate) mod handoff;
pub(crate) mod pause;
pub(crate) mod say;
pub(crate) mod set;

use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::model::{Step, StepKind};

/// Runs the innermost frame's step.
pub(crate) fn run<'f>(step: &'f Step, run: &mut Run<'f>) -> Result<Next<'f>, Stop> {
    match &step.kind {
        StepKind::Say(say) => say::run(say, run),
        StepKind::Ask(ask) => ask::run(ask, run),
        StepKind::Choose(choose) => choose::run(choose, run),
        StepKind::Do(action) => do_::run(action, run),
        StepKind::Decide(decide) => decide::run(decide, run),
        StepKind::Call(call) => call::run(call, run),
        StepKind::Handoff(handoff) => handoff::run(handoff, run),
        StepKind::Pause(pause) => pause::run(pause, run),
        StepKind::Set(set) => set::run(set, run),
        StepKind::End(end) => end::run(end, run),
    }
}
