//! What may be in each variable: its highest label and its longest text, over all that flows into it.
//!
//! Flow-insensitive and therefore safe: a variable has the label of anything that is ever put into it, anywhere.

use crate::domain::assurance::Label;
use crate::domain::ids::FlowId;
use crate::flow::check::names::{CATALOGUE, FlowEnv};
use crate::flow::check::texts::{bound, texts_mut};
use crate::flow::expr::Expr;
use crate::flow::expr::types::{Env, Known};
use crate::flow::model::{Expects, Flow, StepKind};
use crate::flow::text::{Format, Part, Text};
use crate::flow::value::Type;
use std::collections::BTreeMap;

/// The longest text of each variable, in characters.
pub type Longest = BTreeMap<(FlowId, String), usize>;

/// One thing that flows into a variable.
enum Source {
    /// An action's output, an answer, a literal.
    Known(Label, usize),
    /// An expression of a flow (of the caller, for inputs).
    Expr(FlowId, Expr),
}

/// Raises every variable to what flows into it, and every text to what it shows.
pub fn assign(flows: &mut BTreeMap<FlowId, Flow>) -> Longest {
    let edges = edges(flows);
    let mut longest = Longest::new();
    // Labels and lengths only rise and both have a top, so this ends; a round settles at least one variable.
    loop {
        let mut changed = false;
        for ((flow, var), source) in &edges {
            let (label, length) = match source {
                Source::Known(label, length) => (*label, *length),
                Source::Expr(from, expr) => measure(expr, from, flows, &longest),
            };
            let known = longest.entry((flow.clone(), var.clone())).or_default();
            if length > *known {
                *known = length;
                changed = true;
            }
            if let Some(var) = flows.get_mut(flow).and_then(|flow| flow.vars.get_mut(var))
                && label > var.label
            {
                var.label = label;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    for flow in flows.values_mut() {
        relabel(flow);
    }
    longest
}

fn edges(flows: &BTreeMap<FlowId, Flow>) -> Vec<((FlowId, String), Source)> {
    let mut edges = Vec::new();
    for flow in flows.values() {
        let own = |var: &str| (flow.id.clone(), var.to_owned());
        for step in flow.steps.values() {
            match &step.kind {
                StepKind::Ask(ask) => {
                    let length = match ask.expects {
                        Expects::Text { max } => max,
                        Expects::Int | Expects::Money | Expects::Date | Expects::PastDate => 0,
                        Expects::DocumentLast4 => 4,
                        Expects::BirthDayMonth => 5,
                        Expects::Media => 64,
                    };
                    edges.push((own(&ask.var), Source::Known(Label::Publico, length)));
                }
                StepKind::Choose(choose) => {
                    if let Some(each) = &choose.each {
                        edges.push((own(&choose.var), Source::Expr(flow.id.clone(), each.list.clone())));
                    }
                }
                StepKind::Do(action) => {
                    let outputs = CATALOGUE.actions.get(action.action.as_str()).map(|action| &action.outputs);
                    for (output, var) in &action.into {
                        let field = outputs.and_then(|all| all.iter().find(|field| field.name == output));
                        edges.extend(
                            field.map(|field| (own(var), Source::Known(output_label(field), field.longest))),
                        );
                    }
                }
                StepKind::Call(call) => {
                    for (name, expr) in &call.with {
                        let target = (call.flow.clone(), name.clone());
                        edges.push((target, Source::Expr(flow.id.clone(), expr.clone())));
                    }
                    for (there, here) in &call.into {
                        let path = Expr::Path(vec![there.clone()]);
                        edges.push((own(here), Source::Expr(call.flow.clone(), path)));
                    }
                }
                StepKind::Set(set) => {
                    for (var, expr) in &set.values {
                        edges.push((own(var), Source::Expr(flow.id.clone(), expr.clone())));
                    }
                }
                StepKind::Say(_)
                | StepKind::Decide(_)
                | StepKind::Handoff(_)
                | StepKind::Pause(_)
                | StepKind::End(_) => {}
            }
        }
    }
    edges
}

/// A record or list brings the labels of its fields; a plain value brings the output's.
fn output_label(field: &crate::flow::value::Field) -> Label {
    match field.ty {
        Type::Record(_) | Type::List(_) => Label::Publico,
        Type::Bool | Type::Int | Type::Text | Type::Money | Type::Date | Type::Percent | Type::Enum(_) => {
            field.label
        }
    }
}

/// Label and length of an expression's value.
fn measure(expr: &Expr, flow: &FlowId, flows: &BTreeMap<FlowId, Flow>, longest: &Longest) -> (Label, usize) {
    let Some(flow) = flows.get(flow) else { return (Label::Publico, 0) };
    let of = |expr: &Expr| measure(expr, &flow.id, flows, longest);
    let join = |parts: &mut dyn Iterator<Item = &Expr>| {
        parts.map(of).fold((Label::Publico, 0), |a, b| (a.0.max(b.0), a.1.max(b.1)))
    };
    match expr {
        Expr::Text(text) | Expr::Choice(text) => (Label::Publico, text.chars().count()),
        Expr::Bool(_) | Expr::Int(_) | Expr::Money(_) | Expr::Date(_) | Expr::Percent(_) | Expr::Days(_) => {
            (Label::Publico, 0)
        }
        Expr::Path(path) => match path_known(path, flow, None) {
            Some(known) if path.len() == 1 => {
                let var = (flow.id.clone(), path[0].clone());
                (known.label, longest.get(&var).copied().unwrap_or_default())
            }
            Some(known) => (known.label, known.longest),
            None => (Label::Publico, 0),
        },
        Expr::Not(inner) => of(inner),
        Expr::Binary(_, left, right) => join(&mut [left.as_ref(), right.as_ref()].into_iter()),
        Expr::In(item, list) => join(&mut list.iter().chain([item.as_ref()])),
        Expr::Call(_, arguments) => join(&mut arguments.iter()),
    }
}

/// What is known about a path of a compiled flow; `bind` is the element of an `each`.
pub fn path_known(path: &[String], flow: &Flow, bind: Option<(&str, &Known)>) -> Option<Known> {
    let env = FlowEnv { vars: &flow.vars, bind };
    let (root, fields) = path.split_first()?;
    let mut known = env.root(root)?;
    for name in fields {
        let Type::Record(record) = &known.ty else { return None };
        let field = env.fields(record)?.iter().find(|field| field.name == name)?;
        known = Known { ty: field.ty.clone(), label: known.label.max(field.label), longest: field.longest };
    }
    Some(known)
}

fn relabel(flow: &mut Flow) {
    let ids: Vec<_> = flow.steps.keys().cloned().collect();
    for id in ids {
        let Some(mut step) = flow.steps.remove(&id) else { continue };
        let bind = bound(&step, flow);
        for text in texts_mut(&mut step) {
            text.label = text_label(text, flow, bind.as_ref().map(|(name, known)| (name.as_str(), known)));
        }
        flow.steps.insert(id, step);
    }
}

fn text_label(text: &Text, flow: &Flow, bind: Option<(&str, &Known)>) -> Label {
    text.parts
        .iter()
        .filter_map(|part| match part {
            Part::Literal(_) | Part::Slot { format: Format::Plural { .. }, .. } => None,
            Part::Slot { value: Expr::Path(path), .. } => {
                path_known(path, flow, bind).map(|known| known.label)
            }
            Part::Slot { .. } => None,
        })
        .max()
        .unwrap_or_default()
}
