//! Which options accept terms: those from which an action is reached that keeps them as evidence.

use crate::domain::ids::StepId;
use crate::flow::graph::edges;
use crate::flow::model::{Choose, Flow, Step, StepKind};
use std::collections::{BTreeMap, BTreeSet};

/// Marks every option of an `evidence` step that leads to an action on that evidence without another asking for it.
pub fn mark(flow: &mut Flow) {
    let bound: BTreeMap<StepId, BTreeSet<StepId>> = flow
        .steps
        .values()
        .filter_map(|step| {
            let name = evidence(step)?;
            Some((step.id.clone(), leading_to(flow, name)))
        })
        .collect();
    for (id, leading) in bound {
        if let Some(StepKind::Choose(choose)) = flow.steps.get_mut(&id).map(|step| &mut step.kind) {
            mark_options(choose, &leading);
        }
    }
}

fn mark_options(choose: &mut Choose, leading: &BTreeSet<StepId>) {
    let shared = choose.goto.clone();
    let leads =
        |own: &Option<StepId>| own.as_ref().or(shared.as_ref()).is_some_and(|to| leading.contains(to));
    for option in &mut choose.options {
        option.binds = leads(&option.goto);
    }
    if let Some(each) = &mut choose.each {
        each.binds = leads(&each.goto);
    }
}

fn evidence(step: &Step) -> Option<&str> {
    match &step.kind {
        StepKind::Choose(choose) => choose.evidence.as_deref(),
        StepKind::Say(_)
        | StepKind::Ask(_)
        | StepKind::Do(_)
        | StepKind::Decide(_)
        | StepKind::Call(_)
        | StepKind::Handoff(_)
        | StepKind::Pause(_)
        | StepKind::Set(_)
        | StepKind::End(_) => None,
    }
}

/// The steps from which an action on the evidence is reached; an asking for it on the way begins anew.
fn leading_to(flow: &Flow, name: &str) -> BTreeSet<StepId> {
    let acts = |step: &Step| matches!(&step.kind, StepKind::Do(act) if act.evidence.as_deref() == Some(name));
    let mut leading: BTreeSet<StepId> =
        flow.steps.values().filter(|step| acts(step)).map(|step| step.id.clone()).collect();
    loop {
        let more: Vec<StepId> = flow
            .steps
            .values()
            .filter(|step| !leading.contains(&step.id) && evidence(step) != Some(name))
            .filter(|step| edges(step).iter().any(|edge| leading.contains(edge.to)))
            .map(|step| step.id.clone())
            .collect();
        if more.is_empty() {
            return leading;
        }
        leading.extend(more);
    }
}
