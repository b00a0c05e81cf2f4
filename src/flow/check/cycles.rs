//! Loops that never wait, and flows that call themselves.
//!
//! Together these keep a turn finite: every cycle of steps passes a step that waits, and frames do not pile up.

use crate::domain::ids::{FlowId, StepId};
use crate::flow::compile::{Compiled, Places};
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::graph::{edges, title, waits};
use crate::flow::model::{Flow, StepKind};
use std::collections::{BTreeMap, BTreeSet};

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let recursive = recursion(compiled, findings);
    if recursive {
        return;
    }
    let passing = passing(&compiled.flows);
    for flow in compiled.flows.values() {
        if let Some(cycle) = endless(flow, &passing) {
            findings.push(finding(flow, &cycle, &compiled.places));
        }
    }
}

fn finding(flow: &Flow, cycle: &[&StepId], places: &Places) -> Finding {
    let first = cycle.first().map_or("", |step| step.as_str());
    let mut path: Vec<String> = cycle
        .iter()
        .filter_map(|id| flow.steps.get(*id))
        .map(|step| format!("{}.{} ({})", flow.id, step.id, title(step)))
        .collect();
    path.extend(path.first().cloned());
    let message = format!("step `{first}` comes back to itself without ever waiting for the person");
    Finding::new(Code::EndlessLoop, places.field(&flow.id, first, ""), message)
        .label("an endless loop begins here")
        .path(path)
        .help("let the loop pass an `ask`, `choose`, `pause` or `handoff`; an action is tried again with `{retry: 1, then: <step>}`")
}

/// Outcomes that a flow can reach from its start without waiting.
type Passing<'c> = BTreeSet<(&'c FlowId, &'c str)>;

fn passing(flows: &BTreeMap<FlowId, Flow>) -> Passing<'_> {
    let mut passing = Passing::new();
    // Each round adds an outcome or is the last.
    loop {
        let before = passing.len();
        for flow in flows.values() {
            for outcome in quick_ends(flow, &passing) {
                passing.insert((&flow.id, outcome));
            }
        }
        if passing.len() == before {
            return passing;
        }
    }
}

fn quick_ends<'f>(flow: &'f Flow, passing: &Passing<'_>) -> Vec<&'f str> {
    let mut ends = Vec::new();
    let mut seen = BTreeSet::new();
    let mut open = vec![&flow.start];
    while let Some(id) = open.pop() {
        let Some(step) = flow.steps.get(id).filter(|_| seen.insert(id)) else { continue };
        if let StepKind::End(end) = &step.kind {
            ends.push(end.outcome.as_str());
        }
        open.extend(next(flow, id, passing));
    }
    ends
}

/// Where a step leads within the same turn.
fn next<'f>(flow: &'f Flow, id: &StepId, passing: &Passing<'_>) -> Vec<&'f StepId> {
    let Some(step) = flow.steps.get(id).filter(|step| !waits(step)) else { return Vec::new() };
    let quick = |when: &str| match &step.kind {
        StepKind::Call(call) => passing.contains(&(&call.flow, when)),
        StepKind::Say(_)
        | StepKind::Ask(_)
        | StepKind::Choose(_)
        | StepKind::Do(_)
        | StepKind::Decide(_)
        | StepKind::Handoff(_)
        | StepKind::Pause(_)
        | StepKind::Set(_)
        | StepKind::End(_) => true,
    };
    edges(step).into_iter().filter(|edge| quick(&edge.when)).map(|edge| edge.to).collect()
}

/// A cycle of steps within one turn, if there is one: depth-first with an explicit stack.
fn endless<'f>(flow: &'f Flow, passing: &Passing<'_>) -> Option<Vec<&'f StepId>> {
    let mut done: BTreeSet<&StepId> = BTreeSet::new();
    for start in flow.steps.keys() {
        let mut path: Vec<(&StepId, Vec<&StepId>)> = Vec::new();
        if !done.contains(start) {
            path.push((start, next(flow, start, passing)));
        }
        while let Some((id, open)) = path.last_mut() {
            let id: &StepId = id;
            match open.pop() {
                None => {
                    done.insert(id);
                    path.pop();
                }
                Some(to) => {
                    if let Some(at) = path.iter().position(|(step, _)| *step == to) {
                        return Some(path[at..].iter().map(|(step, _)| *step).collect());
                    }
                    if !done.contains(to) {
                        path.push((to, next(flow, to, passing)));
                    }
                }
            }
        }
    }
    None
}

/// Reports calls that lead back to the calling flow; whether there are any.
fn recursion(compiled: &Compiled, findings: &mut Vec<Finding>) -> bool {
    let mut found = false;
    let mut reported: BTreeSet<&FlowId> = BTreeSet::new();
    for flow in compiled.flows.values() {
        if reported.contains(&flow.id) {
            continue;
        }
        let Some(trail) = back_to(flow, &compiled.flows) else { continue };
        found = true;
        reported.extend(trail.iter().map(|(flow, _)| *flow));
        let Some((_, step)) = trail.first() else { continue };
        let mut path: Vec<String> = trail.iter().map(|(flow, step)| format!("{flow}.{step}")).collect();
        path.extend(path.first().cloned());
        let message = format!("flow `{}` calls itself", flow.id);
        findings.push(
            Finding::new(Code::Recursion, compiled.places.field(&flow.id, step.as_str(), "call"), message)
                .label("this call comes back here")
                .path(path)
                .help("end the called flow with an outcome, and let the caller go on from there"),
        );
    }
    found
}

/// The shortest chain of calls from a flow back to itself.
fn back_to<'c>(start: &'c Flow, flows: &'c BTreeMap<FlowId, Flow>) -> Option<Vec<(&'c FlowId, &'c StepId)>> {
    let mut seen: BTreeSet<&FlowId> = BTreeSet::new();
    let mut round: Vec<(&Flow, Vec<(&FlowId, &StepId)>)> = vec![(start, Vec::new())];
    while !round.is_empty() {
        let mut following = Vec::new();
        for (flow, trail) in round {
            for step in flow.steps.values() {
                let StepKind::Call(call) = &step.kind else { continue };
                let mut trail = trail.clone();
                trail.push((&flow.id, &step.id));
                if call.flow == start.id {
                    return Some(trail);
                }
                if let Some(callee) = flows.get(&call.flow).filter(|_| seen.insert(&call.flow)) {
                    following.push((callee, trail));
                }
            }
        }
        round = following;
    }
    None
}
