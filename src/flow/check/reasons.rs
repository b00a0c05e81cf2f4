//! Words that two places must share: the reason of a hand-off that a flow asks about, and the outcome that lifts a
//! reservation, which is told to the person who types it.

use crate::flow::catalogue::Keeps;
use crate::flow::check::names::CATALOGUE;
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding, suggestion};
use crate::flow::expr::{BinaryOp, Expr};
use crate::flow::model::{Step, StepKind};
use crate::flow::text::{Part, Text};
use std::collections::BTreeSet;

/// The reason of the ticket that the engine itself opens.
const OF_THE_ENGINE: &str = "fault";
/// Fields of `sesion` that hold the reason of a hand-off or of a ticket.
const ASKED_FIELDS: [&str; 2] = ["motivo", "pendiente"];

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let steps = || compiled.flows.values().flat_map(|flow| flow.steps.values().map(move |step| (flow, step)));
    let mut given: BTreeSet<&str> = steps().filter_map(|(_, step)| reason(step)).collect();
    given.insert(OF_THE_ENGINE);
    for (flow, step) in steps() {
        for asked in asked(step).into_iter().filter(|asked| !given.contains(asked)) {
            findings.push(
                Finding::new(
                    Code::NeverGiven,
                    compiled.places.field(&flow.id, step.id.as_str(), ""),
                    format!(
                        "step `{}` asks for the reason `{asked}`, which no hand-off and no ticket has",
                        step.id
                    ),
                )
                .label("never true")
                .maybe_help(suggestion(asked, given.iter().copied())),
            );
        }
    }
    lifted(compiled, findings);
}

/// The outcomes that lift a reservation stand in the note of some hand-off: nobody types what they were not told.
fn lifted(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let steps = compiled.flows.values().flat_map(|flow| flow.steps.values());
    let told: BTreeSet<&str> = steps.flat_map(note_words).collect();
    for one in &compiled.bot.reserved {
        for outcome in one.lifted_by.iter().filter(|outcome| !told.contains(outcome.as_str())) {
            let at = compiled.places.find(&format!("bot.reserved.{}.lifted_by.{outcome}", one.id));
            let like = told.iter().copied().filter(|word| word.contains('_'));
            findings.push(
                Finding::new(
                    Code::NeverGiven,
                    at,
                    format!("no note of a hand-off tells people to close with `{outcome}`"),
                )
                .label("never given")
                .maybe_help(suggestion(outcome, like.collect::<Vec<_>>())),
            );
        }
    }
}

fn note_words(step: &Step) -> Vec<&str> {
    let StepKind::Handoff(handoff) = &step.kind else { return Vec::new() };
    handoff.note.as_ref().map_or_else(Vec::new, words)
}

fn words(text: &Text) -> Vec<&str> {
    let literals = text.parts.iter().filter_map(|part| match part {
        Part::Literal(literal) => Some(literal.as_str()),
        Part::Slot { .. } => None,
    });
    literals.flat_map(|literal| literal.split(|c: char| !c.is_alphanumeric() && c != '_')).collect()
}

/// The reason that a step gives to a ticket.
fn reason(step: &Step) -> Option<&str> {
    match &step.kind {
        StepKind::Handoff(handoff) => Some(&handoff.reason),
        StepKind::Do(action) => {
            let known = CATALOGUE.actions.get(action.action.as_str())?;
            let given = action
                .with
                .get("motivo")
                .filter(|_| matches!(known.keeps, Some(Keeps::Ticket | Keeps::Protected)))?;
            text_of(given)
        }
        StepKind::Say(_)
        | StepKind::Ask(_)
        | StepKind::Choose(_)
        | StepKind::Decide(_)
        | StepKind::Call(_)
        | StepKind::Pause(_)
        | StepKind::Set(_)
        | StepKind::End(_) => None,
    }
}

/// The reasons that the branches of a step compare with.
fn asked(step: &Step) -> Vec<&str> {
    let StepKind::Decide(decide) = &step.kind else { return Vec::new() };
    let mut found = Vec::new();
    for (condition, _) in &decide.cases {
        compared(condition, &mut found);
    }
    found
}

fn compared<'e>(expr: &'e Expr, found: &mut Vec<&'e str>) {
    match expr {
        Expr::Not(inner) => compared(inner, found),
        Expr::Binary(BinaryOp::Eq | BinaryOp::Ne, left, right) => {
            let of = |path, reason| text_of(reason).filter(|_| is_reason(path));
            found.extend(of(left.as_ref(), right.as_ref()).or_else(|| of(right.as_ref(), left.as_ref())));
        }
        Expr::Binary(_, left, right) => {
            compared(left, found);
            compared(right, found);
        }
        Expr::In(item, list) if is_reason(item) => {
            found.extend(list.iter().filter_map(text_of));
        }
        Expr::In(..)
        | Expr::Call(..)
        | Expr::Path(_)
        | Expr::Bool(_)
        | Expr::Int(_)
        | Expr::Text(_)
        | Expr::Choice(_)
        | Expr::Money(_)
        | Expr::Date(_)
        | Expr::Percent(_)
        | Expr::Days(_) => {}
    }
}

fn is_reason(expr: &Expr) -> bool {
    matches!(expr, Expr::Path(path) if path.len() == 2 && path[0] == "sesion" && ASKED_FIELDS.contains(&path[1].as_str()))
}

fn text_of(expr: &Expr) -> Option<&str> {
    let Expr::Text(text) = expr else { return None };
    Some(text)
}
