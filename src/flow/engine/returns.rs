//! Where an agent may give a chat back: a step that exists.

use crate::domain::ids::{FlowId, StepId};
use crate::flow::model::FlowSet;
use crate::flow::state::Session;

/// What there is instead of the step that was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoReturn {
    /// There is no such flow, or no open one to which a bare step belongs; these are the flows.
    Flow(Vec<String>),
    /// The flow has no such step; these are its steps.
    Step(Vec<String>),
}

/// Whether `step` of the open flow, or `flow.step`, exists. Whether it can be begun at the level that holds is decided
/// when the chat comes back, which may be later.
pub fn returnable(flows: &FlowSet, session: Option<&Session>, named: &str) -> Result<(), NoReturn> {
    let open = || session.and_then(|session| session.frames.last()).map(|frame| frame.flow.clone());
    let (flow, step) = match named.split_once('.') {
        Some((flow, step)) => (Some(FlowId::from(flow)), step),
        None => (open(), named),
    };
    let all = || flows.flows.keys().map(ToString::to_string).collect();
    let flow = flow.and_then(|id| flows.flows.get(&id)).ok_or_else(|| NoReturn::Flow(all()))?;
    // Steps of the engine's own begin with `@` and are no names of an author.
    let steps = || flow.steps.keys().map(ToString::to_string).filter(|id| !id.starts_with('@')).collect();
    match flow.steps.get(&StepId::from(step)).filter(|step| !step.id.as_str().starts_with('@')) {
        Some(_) => Ok(()),
        None => Err(NoReturn::Step(steps())),
    }
}
