//! What can be checked only when all flows are known: calls, and quiet ends that pass through them.

use crate::domain::ids::{FlowId, StepId};
use crate::flow::compile::flow::add_end;
use crate::flow::compile::{ABANDONED, END_STEP, Notes, Written, actions, vars};
use crate::flow::diagnostic::{Code, Finding, suggestion};
use crate::flow::expr::types::{fits, type_name};
use crate::flow::model::{Flow, StepKind};
use crate::flow::syntax::{CallSyntax, FlowSyntax, KindSyntax, StepSyntax};
use std::collections::BTreeMap;

/// Lets quiet ends pass through calls, then checks every call.
pub fn close(written: &Written, flows: &mut BTreeMap<FlowId, Flow>, notes: &mut Notes) {
    pass_quiet_ends(flows);
    for (id, syntax) in &written.flows {
        let Some(flow) = flows.get(&FlowId::new(id.as_str())) else { continue };
        for (step, call) in calls(syntax) {
            check(step, call, flow, flows, notes);
        }
    }
}

fn calls(syntax: &FlowSyntax) -> impl Iterator<Item = (&StepSyntax, &CallSyntax)> {
    syntax.steps.iter().filter_map(|step| match &step.kind {
        KindSyntax::Call(call) => Some((step, call.as_ref())),
        KindSyntax::Say { .. }
        | KindSyntax::Ask(_)
        | KindSyntax::Choose(_)
        | KindSyntax::Do(_)
        | KindSyntax::Decide { .. }
        | KindSyntax::Handoff(_)
        | KindSyntax::Pause { .. }
        | KindSyntax::Set { .. }
        | KindSyntax::End { .. } => None,
    })
}

/// A called flow that can end quietly ends its caller quietly too, unless the caller routes `abandono` itself.
///
/// Repeated until nothing changes; each round gives at least one more flow its `@end`.
fn pass_quiet_ends(flows: &mut BTreeMap<FlowId, Flow>) {
    loop {
        let quiet: Vec<FlowId> = flows
            .values()
            .filter(|flow| flow.outcomes.iter().any(|outcome| outcome == ABANDONED))
            .map(|flow| flow.id.clone())
            .collect();
        let mut changed = false;
        for flow in flows.values_mut() {
            let mut passes = false;
            for step in flow.steps.values_mut() {
                if let StepKind::Call(call) = &mut step.kind
                    && quiet.contains(&call.flow)
                    && !call.on.contains_key(ABANDONED)
                {
                    call.on.insert(ABANDONED.to_owned(), StepId::new(END_STEP));
                    passes = true;
                }
            }
            if passes {
                add_end(flow);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

fn check(
    step: &StepSyntax,
    call: &CallSyntax,
    flow: &Flow,
    flows: &BTreeMap<FlowId, Flow>,
    notes: &mut Notes,
) {
    let Some(callee) = flows.get(&FlowId::new(call.flow.as_str())) else {
        let names = flows.keys().map(FlowId::as_str);
        notes.findings.push(
            Finding::new(Code::UnknownFlow, call.flow.span, format!("there is no flow `{}`", call.flow.text))
                .label("no such file in the folder")
                .maybe_help(suggestion(&call.flow.text, names)),
        );
        return;
    };
    notes.places.put(format!("{}.{}.call", flow.id, step.name.text), call.flow.span);
    inputs(call, callee, notes);
    outputs(call, flow, callee, notes);
    for (outcome, _) in call.on.iter().filter(|(name, _)| !callee.outcomes.contains(&name.text)) {
        let message = format!("flow `{}` never ends with `{}`", callee.id, outcome.text);
        notes.findings.push(
            Finding::new(Code::OutcomeUnknown, outcome.span, message)
                .label("no such outcome")
                .maybe_help(suggestion(&outcome.text, callee.outcomes.iter().map(String::as_str))),
        );
    }
    let missing: Vec<&str> = callee
        .outcomes
        .iter()
        .map(String::as_str)
        .filter(|outcome| *outcome != ABANDONED && !call.on.iter().any(|(name, _)| name.text == *outcome))
        .collect();
    if !missing.is_empty() {
        notes.findings.push(actions::unrouted(step, &format!("flow `{}`", callee.id), &missing));
    }
}

fn inputs(call: &CallSyntax, callee: &Flow, notes: &mut Notes) {
    for (name, _) in &call.with {
        if callee.vars.get(&name.text).is_some_and(|var| var.input) {
            continue;
        }
        let inputs = callee.vars.iter().filter(|(_, var)| var.input).map(|(name, _)| name.as_str());
        let message = format!("flow `{}` takes no `{}`", callee.id, name.text);
        notes.findings.push(
            Finding::new(Code::CallInput, name.span, message)
                .label("no such input")
                .maybe_help(suggestion(&name.text, inputs)),
        );
    }
    for (name, var) in callee.vars.iter().filter(|(_, var)| var.input && var.initial.is_none()) {
        if !call.with.iter().any(|(given, _)| given.text == *name) {
            let message = format!("flow `{}` needs `{name}`", callee.id);
            notes.findings.push(
                Finding::new(Code::CallInput, call.flow.span, message)
                    .label(format!("`{name}` is not given"))
                    .help(format!("give {}: `with: {{{name}: …}}`", type_name(&var.ty))),
            );
        }
    }
}

fn outputs(call: &CallSyntax, flow: &Flow, callee: &Flow, notes: &mut Notes) {
    for (here, there) in &call.into {
        let Some(from) = callee.vars.get(&there.text) else {
            let message = format!("flow `{}` has no variable `{}`", callee.id, there.text);
            notes.findings.push(
                Finding::new(Code::CallOutput, there.span, message)
                    .label("not a variable there")
                    .maybe_help(suggestion(&there.text, callee.vars.keys().map(String::as_str))),
            );
            continue;
        };
        let what = format!("`{}` of flow `{}`", there.text, callee.id);
        if let Err(finding) = vars::receives(here, &from.ty, &what, &flow.vars, Code::CallOutput) {
            notes.findings.push(*finding);
        }
    }
}

/// Checks that a flow which is run without a caller needs nothing given, except `given`.
pub fn needs_no_input(
    flow: &Flow,
    given: Option<(&str, &crate::flow::value::Type)>,
    at: crate::flow::diagnostic::Span,
    notes: &mut Notes,
) {
    for (name, var) in flow.vars.iter().filter(|(_, var)| var.input && var.initial.is_none()) {
        if given.is_some_and(|(given, ty)| given == name && fits(ty, &var.ty)) {
            continue;
        }
        notes.findings.push(
            Finding::new(Code::CallInput, at, format!("nobody gives flow `{}` its `{name}`", flow.id))
                .label("run without inputs")
                .help(format!("give `{name}` an `initial` value there, or take `input: true` away")),
        );
    }
}
