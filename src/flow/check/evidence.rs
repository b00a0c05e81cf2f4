//! What binds money was accepted on terms that were shown, on every path and with nothing changed in between.

use crate::domain::ids::StepId;
use crate::flow::check::paths::shortest;
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding, suggestion};
use crate::flow::expr::Expr;
use crate::flow::graph::edges;
use crate::flow::model::{Choose, Do, Flow, Step, StepKind};
use crate::flow::text::{Part, Text};
use std::collections::{BTreeMap, BTreeSet};

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for flow in compiled.flows.values() {
        let shows: Vec<(&Step, &str)> = flow
            .steps
            .values()
            .filter_map(|step| choose(step).and_then(|one| one.evidence.as_deref()).map(|name| (step, name)))
            .collect();
        let mut used = BTreeSet::new();
        for step in flow.steps.values() {
            let StepKind::Do(action) = &step.kind else { continue };
            let Some(name) = action.evidence.as_deref() else { continue };
            used.insert(name);
            let place = compiled.places.field(&flow.id, step.id.as_str(), "evidence");
            if !shows.iter().any(|(_, shown)| *shown == name) {
                let names = shows.iter().map(|(_, name)| *name);
                findings.push(
                    Finding::new(
                        Code::EvidenceMissing,
                        place,
                        format!("no step of this flow shows `{name}`"),
                    )
                    .label("nothing was accepted under this name")
                    .maybe_help(suggestion(name, names).or_else(|| {
                        Some(format!("write `evidence: {name}` at the `choose` in which the person accepts"))
                    })),
                );
            } else if let Some(path) = unproved(flow, step, action, name) {
                let message = format!("step `{}` can be reached without a fresh yes to `{name}`", step.id);
                findings.push(
                    Finding::new(Code::EvidenceNotShown, place, message)
                        .label("not accepted on every path, or changed after it was")
                        .path(path)
                        .help("lead every path through the `choose` that shows the terms, after the last change to what they say"),
                );
            }
        }
        for (step, name) in shows.iter().filter(|(_, name)| !used.contains(name)) {
            let place = compiled.places.field(&flow.id, step.id.as_str(), "evidence");
            findings.push(
                Finding::new(Code::EvidenceUnused, place, format!("no action uses the evidence `{name}`"))
                    .label("kept for nothing")
                    .help("name it at the action that it is for, or leave it out"),
            );
        }
    }
}

fn choose(step: &Step) -> Option<&Choose> {
    match &step.kind {
        StepKind::Choose(choose) => Some(choose),
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

/// A path to the action on which the terms were not accepted as they stand, if there is one.
fn unproved(flow: &Flow, target: &Step, action: &Do, name: &str) -> Option<Vec<String>> {
    let terms = terms(flow, action, name);
    let after = |accepted: bool, step: &Step, when: &str| {
        let fresh =
            choose(step).is_some_and(|one| one.evidence.as_deref() == Some(name) && answered(one, when));
        if fresh {
            return true;
        }
        accepted && !writes(step).any(|var| terms.contains(var))
    };
    let mut accepted: BTreeMap<&StepId, bool> = BTreeMap::from([(&flow.start, false)]);
    let mut open = vec![&flow.start];
    while let Some(id) = open.pop() {
        let Some(step) = flow.steps.get(id) else { continue };
        let state = accepted.get(id).copied().unwrap_or(true);
        for edge in edges(step) {
            let next = after(state, step, &edge.when);
            let known = accepted.get(edge.to).copied();
            let joined = known.unwrap_or(true) && next;
            if known != Some(joined) {
                accepted.insert(edge.to, joined);
                open.push(edge.to);
            }
        }
    }
    if accepted.get(&target.id).copied().unwrap_or(true) {
        return None;
    }
    let note = |accepted: &bool| if *accepted { " accepted" } else { "" }.to_owned();
    Some(shortest(
        flow,
        false,
        &|state, step, _, when| Some(after(*state, step, when)),
        &|state, id| !state && *id == target.id,
        &note,
    ))
}

/// Only an option answers; giving up and silence do not.
fn answered(choose: &Choose, when: &str) -> bool {
    choose.options.iter().any(|option| option.id == when) || when == "one of the list"
}

/// The variables that the terms and the action are about.
fn terms<'f>(flow: &'f Flow, action: &'f Do, name: &str) -> BTreeSet<&'f str> {
    let mut terms = BTreeSet::new();
    for expr in action.with.values() {
        roots(expr, &mut terms);
    }
    for text in action.once.iter() {
        text_roots(text, &mut terms);
    }
    for choose in flow.steps.values().filter_map(choose).filter(|one| one.evidence.as_deref() == Some(name)) {
        for text in choose.text.by_language.values() {
            text_roots(text, &mut terms);
        }
    }
    terms
}

fn text_roots<'f>(text: &'f Text, out: &mut BTreeSet<&'f str>) {
    for part in &text.parts {
        match part {
            Part::Literal(_) => {}
            Part::Slot { value, .. } => roots(value, out),
        }
    }
}

fn roots<'f>(expr: &'f Expr, out: &mut BTreeSet<&'f str>) {
    match expr {
        Expr::Path(path) => out.extend(path.first().map(String::as_str)),
        Expr::Not(inner) => roots(inner, out),
        Expr::Binary(_, left, right) => {
            roots(left, out);
            roots(right, out);
        }
        Expr::In(item, list) => {
            roots(item, out);
            list.iter().for_each(|one| roots(one, out));
        }
        Expr::Call(_, arguments) => arguments.iter().for_each(|one| roots(one, out)),
        Expr::Bool(_)
        | Expr::Int(_)
        | Expr::Text(_)
        | Expr::Choice(_)
        | Expr::Money(_)
        | Expr::Date(_)
        | Expr::Percent(_)
        | Expr::Days(_) => {}
    }
}

/// The variables that a step may change.
fn writes(step: &Step) -> impl Iterator<Item = &str> {
    let vars: Vec<&str> = match &step.kind {
        StepKind::Ask(ask) => vec![&ask.var],
        StepKind::Choose(choose) => vec![&choose.var],
        StepKind::Do(action) => action.into.values().map(String::as_str).collect(),
        StepKind::Call(call) => call.into.values().map(String::as_str).collect(),
        StepKind::Set(set) => set.values.iter().map(|(var, _)| var.as_str()).collect(),
        StepKind::Say(_)
        | StepKind::Decide(_)
        | StepKind::Handoff(_)
        | StepKind::Pause(_)
        | StepKind::End(_) => Vec::new(),
    };
    vars.into_iter()
}
