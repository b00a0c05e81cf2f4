//! `do`: an action of the catalogue, its inputs, outputs and outcomes.

use crate::flow::catalogue::{Action, EffectClass};
use crate::flow::check::names::CATALOGUE;
use crate::flow::compile::flow::FlowCx;
use crate::flow::compile::vars;
use crate::flow::diagnostic::{Code, Finding, suggestion};
use crate::flow::expr::Expr;
use crate::flow::expr::types::type_name;
use crate::flow::model::{Do, Route};
use crate::flow::source::Scalar;
use crate::flow::syntax::{DoSyntax, IntoSyntax, RouteSyntax, StepSyntax};
use std::collections::BTreeMap;

/// Compiles a `do` step.
pub fn action(cx: &mut FlowCx<'_, '_>, step: &StepSyntax, syntax: &DoSyntax) -> Option<Do> {
    let key = cx.key(step, "do");
    cx.notes.places.put(key, syntax.action.span);
    let Some(action) = CATALOGUE.actions.get(syntax.action.as_str()) else {
        cx.report(
            Finding::new(
                Code::UnknownAction,
                syntax.action.span,
                format!("the catalogue has no action `{}`", syntax.action.text),
            )
            .label("unknown action")
            .maybe_help(suggestion(&syntax.action.text, CATALOGUE.actions.keys().copied())),
        );
        return None;
    };
    let with = inputs(cx, step, syntax, action);
    let into = outputs(cx, syntax, action);
    let once = syntax.once.as_ref().map(|once| cx.plain_text(once, step, "once"));
    if let Some(evidence) = &syntax.evidence {
        let key = cx.key(step, "evidence");
        cx.notes.places.put(key, evidence.span);
    }
    money_rules(cx, syntax, action);
    let on = routes(cx, step, syntax, action);
    let evidence = syntax.evidence.as_ref().map(|name| name.text.clone());
    Some(Do { action: action.name.to_owned(), with, into, once, evidence, on })
}

fn inputs(
    cx: &mut FlowCx<'_, '_>,
    step: &StepSyntax,
    syntax: &DoSyntax,
    action: &Action,
) -> BTreeMap<String, Expr> {
    let mut with = BTreeMap::new();
    for (name, value) in &syntax.with {
        let key = cx.key(step, &format!("with.{}", name.text));
        cx.notes.places.put(key, value.span);
        let Some(input) = action.inputs.iter().find(|input| input.name == name.text) else {
            let message = format!("`{}` takes no `{}`", action.name, name.text);
            cx.report(
                Finding::new(Code::ActionInput, name.span, message)
                    .label("no such input")
                    .maybe_help(suggestion(&name.text, action.inputs.iter().map(|input| input.name))),
            );
            continue;
        };
        if let Some(typed) = cx.expr(value, Some(&input.ty)) {
            with.insert(name.text.clone(), typed.expr);
        }
    }
    for input in action.inputs.iter().filter(|input| input.required) {
        if !syntax.with.iter().any(|(name, _)| name.text == input.name) {
            let message = format!("`{}` needs `{}`", action.name, input.name);
            cx.report(
                Finding::new(Code::ActionInput, syntax.action.span, message)
                    .label(format!("`{}` is not given", input.name))
                    .help(format!("give {}: `with: {{{}: …}}`", type_name(&input.ty), input.name)),
            );
        }
    }
    with
}

fn outputs(cx: &mut FlowCx<'_, '_>, syntax: &DoSyntax, action: &Action) -> BTreeMap<String, String> {
    let pairs: Vec<(&str, &Scalar, &Scalar)> = match &syntax.into {
        None => Vec::new(),
        Some(IntoSyntax::Each(pairs)) => pairs.iter().map(|(out, var)| (out.as_str(), out, var)).collect(),
        Some(IntoSyntax::Only(var)) => match action.outputs.as_slice() {
            [only] => vec![(only.name, var, var)],
            outputs => {
                let message = format!("`{}` gives {} values", action.name, outputs.len());
                let names = outputs.iter().map(|output| output.name).collect::<Vec<_>>().join(", ");
                cx.report(
                    Finding::new(Code::ActionOutput, var.span, message)
                        .label("which one?")
                        .help(format!("name them: `into: {{<value>: {}}}`; it gives ({names})", var.text)),
                );
                Vec::new()
            }
        },
    };
    let mut into = BTreeMap::new();
    for (name, place, var) in pairs {
        let Some(output) = action.outputs.iter().find(|output| output.name == name) else {
            let message = format!("`{}` gives no `{name}`", action.name);
            cx.report(
                Finding::new(Code::ActionOutput, place.span, message)
                    .label("no such value")
                    .maybe_help(suggestion(name, action.outputs.iter().map(|output| output.name))),
            );
            continue;
        };
        let what = format!("`{name}` of `{}`", action.name);
        if let Err(finding) = vars::receives(var, &output.ty, &what, &cx.vars, Code::ActionOutput) {
            cx.report(*finding);
        }
        into.insert(name.to_owned(), var.text.clone());
    }
    into
}

/// What binds money is done once, on terms that the person saw.
fn money_rules(cx: &mut FlowCx<'_, '_>, syntax: &DoSyntax, action: &Action) {
    if action.class != EffectClass::Money {
        return;
    }
    if syntax.once.is_none() {
        let message = format!("`{}` binds money and needs `once`", action.name);
        cx.report(
            Finding::new(Code::OnceMissing, syntax.action.span, message).label("could happen twice").help(
                "give it a key that is the same when a turn is run again: `once: \"{deuda.id}/{oferta.id}\"`",
            ),
        );
    }
    if syntax.evidence.is_none() {
        let message = format!("`{}` binds money and needs `evidence`", action.name);
        cx.report(
            Finding::new(Code::EvidenceMissing, syntax.action.span, message)
                .label("nobody could show what was accepted")
                .help("write `evidence: terminos` here and at the `choose` in which the person accepts the terms"),
        );
    }
}

fn routes(
    cx: &mut FlowCx<'_, '_>,
    step: &StepSyntax,
    syntax: &DoSyntax,
    action: &Action,
) -> BTreeMap<String, Route> {
    let mut on = BTreeMap::new();
    for (outcome, route) in &syntax.on {
        if !action.outcomes.contains(&outcome.as_str()) {
            let message = format!("`{}` never ends with `{}`", action.name, outcome.text);
            cx.report(
                Finding::new(Code::OutcomeUnknown, outcome.span, message)
                    .label("no such outcome")
                    .maybe_help(suggestion(&outcome.text, action.outcomes.iter().copied())),
            );
        }
        let field = format!("on.{}", outcome.text);
        let route = match route {
            RouteSyntax::Goto(goto) => Route::Goto(cx.goto(goto, step, &field)),
            RouteSyntax::Retry { retry, then } => {
                Route::Retry { retry: retry.value, then: cx.goto(then, step, &field) }
            }
        };
        on.insert(outcome.text.clone(), route);
    }
    let missing: Vec<&str> =
        action.outcomes.iter().copied().filter(|outcome| !on.contains_key(*outcome)).collect();
    if !missing.is_empty() {
        cx.report(unrouted(step, &format!("`{}`", action.name), &missing));
    }
    on
}

/// Outcomes that lead nowhere, with the line to write.
pub fn unrouted(step: &StepSyntax, what: &str, missing: &[&str]) -> Finding {
    let names = missing.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let lines = missing.iter().map(|name| format!("{name}: <step>")).collect::<Vec<_>>().join(", ");
    let message = format!("step `{}` does not route every outcome of {what}", step.name.text);
    Finding::new(Code::OutcomeMissing, step.name.span, message)
        .label(format!("{names} leads nowhere"))
        .help(format!("add `on: {{{lines}}}`"))
}
