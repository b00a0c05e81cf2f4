//! The key of what binds money tells debts and offers apart: it holds the id of each record that the action is given.

use crate::flow::catalogue::EffectClass;
use crate::flow::check::names::CATALOGUE;
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::expr::Expr;
use crate::flow::model::{Do, StepKind};
use crate::flow::text::{Part, Text};
use crate::flow::value::Type;

/// The field by which a debt or an offer is one and no other.
const ID: &str = "id";

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for flow in compiled.flows.values() {
        for step in flow.steps.values() {
            let StepKind::Do(action) = &step.kind else { continue };
            let Some(once) = &action.once else { continue };
            let missing = missing(action, once);
            if missing.is_empty() {
                continue;
            }
            let slots = missing.join("/");
            findings.push(
                Finding::new(
                    Code::OnceMissing,
                    compiled.places.field(&flow.id, step.id.as_str(), "once"),
                    format!("the key of `{}` is the same for two of them: it lacks {slots}", action.action),
                )
                .label("the second would count as the first")
                .help(format!("name what it is about: `once: \"{}\"`", wanted(action).join("/"))),
            );
        }
    }
}

/// The slots that the key of an action must have, as they are written.
fn wanted(action: &Do) -> Vec<String> {
    ids(action).iter().map(|path| format!("{{{}}}", path.join("."))).collect()
}

fn missing(action: &Do, once: &Text) -> Vec<String> {
    let has = |wanted: &Vec<String>| {
        once.parts
            .iter()
            .any(|part| matches!(part, Part::Slot { value: Expr::Path(path), .. } if path == wanted))
    };
    ids(action)
        .into_iter()
        .filter(|path| !has(path))
        .map(|path| format!("`{{{}}}`", path.join(".")))
        .collect()
}

/// The path of each id of a record that an action on money is given.
fn ids(action: &Do) -> Vec<Vec<String>> {
    let Some(known) = CATALOGUE.actions.get(action.action.as_str()) else { return Vec::new() };
    if known.class != EffectClass::Money {
        return Vec::new();
    }
    let records = known.inputs.iter().filter(|input| matches!(input.ty, Type::Record(_)));
    records
        .filter_map(|input| {
            let Expr::Path(path) = action.with.get(input.name)? else { return None };
            Some(path.iter().cloned().chain([ID.to_owned()]).collect())
        })
        .collect()
}
