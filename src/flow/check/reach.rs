//! Steps and flows that nothing leads to.

use crate::domain::ids::{FlowId, StepId};
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::graph::edges;
use crate::flow::model::{Bot, Flow, StepKind};
use std::collections::{BTreeMap, BTreeSet};

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for flow in compiled.flows.values() {
        let reached = steps(flow);
        for step in
            flow.steps.keys().filter(|step| !reached.contains(step) && !step.as_str().starts_with('@'))
        {
            let message = format!("nothing leads to step `{step}`");
            findings.push(
                Finding::new(
                    Code::UnreachableStep,
                    compiled.places.field(&flow.id, step.as_str(), ""),
                    message,
                )
                .label("never reached")
                .help("delete it, or name it in a `goto`"),
            );
        }
    }
    let reached = flows(&compiled.bot, &compiled.flows);
    for id in compiled.flows.keys().filter(|id| !reached.contains(id)) {
        let message = format!("nothing runs flow `{id}`");
        findings.push(
            Finding::new(Code::UncalledFlow, compiled.places.find(id.as_str()), message)
                .label("never run")
                .help("`call` it, run it from an interrupt of bot.yaml, or delete the file"),
        );
    }
}

/// The steps that can be reached from the start of a flow.
pub fn steps(flow: &Flow) -> BTreeSet<&StepId> {
    let mut reached = BTreeSet::new();
    let mut open = vec![&flow.start];
    while let Some(id) = open.pop() {
        if let Some(step) = flow.steps.get(id)
            && reached.insert(id)
        {
            open.extend(edges(step).into_iter().map(|edge| edge.to));
        }
    }
    reached
}

/// The flows that the engine starts by itself.
pub fn roots(bot: &Bot) -> impl Iterator<Item = &FlowId> {
    [&bot.start]
        .into_iter()
        .chain(&bot.doubt)
        .chain(&bot.reverify)
        .chain(&bot.waiting)
        .chain(&bot.grave)
        .chain(bot.claims.iter().map(|one| &one.run))
        .chain(&bot.picture)
        .chain(bot.reserved.iter().map(|one| &one.run))
        .chain(bot.corrections.iter().map(|one| &one.run))
        .chain(bot.interrupts.iter().map(|one| &one.run))
}

fn flows<'c>(bot: &'c Bot, flows: &'c BTreeMap<FlowId, Flow>) -> BTreeSet<&'c FlowId> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&FlowId> = roots(bot).collect();
    while let Some(id) = open.pop() {
        if let Some(flow) = flows.get(id)
            && reached.insert(id)
        {
            open.extend(flow.steps.values().filter_map(|step| match &step.kind {
                StepKind::Call(call) => Some(&call.flow),
                StepKind::Say(_)
                | StepKind::Ask(_)
                | StepKind::Choose(_)
                | StepKind::Do(_)
                | StepKind::Decide(_)
                | StepKind::Handoff(_)
                | StepKind::Pause(_)
                | StepKind::Set(_)
                | StepKind::End(_) => None,
            }));
        }
    }
    reached
}
