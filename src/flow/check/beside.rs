//! What runs beside a person's desk never asks, and what answers in a reserved chat never comes to the debt.

use crate::domain::assurance::{Assurance, Label};
use crate::domain::ids::FlowId;
use crate::flow::catalogue::Keeps;
use crate::flow::check::names::CATALOGUE;
use crate::flow::check::texts::texts;
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding, Span};
use crate::flow::expr::Expr;
use crate::flow::graph::waits;
use crate::flow::model::{Do, Flow, Step, StepKind};
use std::collections::{BTreeMap, BTreeSet};

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let bot = &compiled.bot;
    let waiting = bot.waiting.iter().map(|run| (run, "bot.waiting".to_owned(), "`waiting`".to_owned()));
    let beside = bot.interrupts.iter().filter(|it| it.with_protected);
    let beside = beside.map(|it| (&it.run, place_of(&it.id), format!("the interrupt `{}`", it.id)));
    let grave = || bot.grave.iter().map(|run| (run, "bot.grave".to_owned(), "`grave`".to_owned()));
    let claims = bot.claims.iter().map(|one| (&one.run, "bot.claims".to_owned(), "`claims`".to_owned()));
    let corrections = bot.corrections.iter().map(|one| {
        (&one.run, format!("bot.corrections.{}", one.run), "what answers a correction".to_owned())
    });
    for (run, place, who) in waiting.chain(grave()).chain(beside).chain(claims).chain(corrections) {
        findings.extend(asks(compiled, run, compiled.places.find(&place), &who));
    }
    let reserved = bot.reserved.iter().map(|one| {
        (&one.run, format!("bot.reserved.{}", one.id), format!("a chat that is reserved for `{}`", one.id))
    });
    let interrupts = bot.interrupts.iter().filter(|it| it.reserved);
    let interrupts = interrupts.map(|it| (&it.run, place_of(&it.id), format!("the interrupt `{}`", it.id)));
    let doubt = bot.doubt.iter().filter(|_| !bot.reserved.is_empty());
    let doubt = doubt.map(|run| (run, "bot.doubt".to_owned(), "the doubt".to_owned()));
    let grave = grave().filter(|_| !bot.reserved.is_empty());
    for (run, place, who) in reserved.chain(interrupts).chain(doubt).chain(grave) {
        findings.extend(presses(compiled, run, compiled.places.find(&place), &who));
    }
    for flow in compiled.flows.values() {
        findings.extend(flow.steps.values().filter_map(|step| nobody_answers(compiled, flow, step)));
    }
}

fn place_of(interrupt: &str) -> String {
    format!("bot.interrupts.{interrupt}")
}

/// A flow and all that it calls.
pub(super) fn closure<'c>(flows: &'c BTreeMap<FlowId, Flow>, run: &FlowId) -> Vec<&'c Flow> {
    let mut seen = BTreeSet::new();
    let mut open = vec![run.clone()];
    let mut found = Vec::new();
    while let Some(id) = open.pop() {
        let Some(flow) = flows.get(&id).filter(|_| seen.insert(id)) else { continue };
        open.extend(flow.steps.values().filter_map(called).cloned());
        found.push(flow);
    }
    found
}

const fn called(step: &Step) -> Option<&FlowId> {
    match &step.kind {
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
    }
}

/// Who talks to a person, or waits for one, is told something; a question would talk over the agent.
fn asks(compiled: &Compiled, run: &FlowId, at: Span, who: &str) -> Option<Finding> {
    let flows = closure(&compiled.flows, run);
    let (flow, step) = flows
        .iter()
        .flat_map(|flow| flow.steps.values().map(move |step| (flow, step)))
        .find(|(_, step)| waits(step) && !step.id.as_str().starts_with('@'))?;
    let message = format!("{who} runs beside a person's desk and waits in `{}.{}`", flow.id, step.id);
    Some(
        Finding::new(Code::AsksBesideDesk, at, message)
            .label("runs beside the desk")
            .related(compiled.places.field(&flow.id, step.id.as_str(), ""), "this step waits")
            .help("let it only say something, or do something, and end"),
    )
}

/// Nobody in a reserved chat is shown the debt, or asked for proof.
fn presses(compiled: &Compiled, run: &FlowId, at: Span, who: &str) -> Option<Finding> {
    for flow in closure(&compiled.flows, run) {
        let proves = compiled.bot.reverify.as_ref() == Some(&flow.id) || flow.needs > Assurance::Ninguna;
        let step = flow.steps.values().find(|step| {
            proves || acts(step) || texts(step).iter().any(|(_, _, text)| text.label() > Label::Publico)
        });
        if let Some(step) = step {
            let message = format!("{who} comes to `{}.{}`", flow.id, step.id);
            return Some(
                Finding::new(Code::ReservedPresses, at, message)
                    .label("answers in a reserved chat")
                    .related(
                        compiled.places.field(&flow.id, step.id.as_str(), ""),
                        "this shows data of a person, or asks for proof",
                    )
                    .help("in a reserved chat nothing but public facts is said, until a person decides"),
            );
        }
    }
    None
}

/// An action that needs a level, or proves one.
fn acts(step: &Step) -> bool {
    let StepKind::Do(Do { action, .. }) = &step.kind else { return false };
    let known = CATALOGUE.actions.get(action.as_str());
    known.is_some_and(|action| action.needs > Assurance::Ninguna || action.grants.is_some())
}

/// A chat is reserved only for what `bot.yaml` has an answer to.
fn nobody_answers(compiled: &Compiled, flow: &Flow, step: &Step) -> Option<Finding> {
    let StepKind::Do(Do { action, with, .. }) = &step.kind else { return None };
    if CATALOGUE.actions.get(action.as_str())?.keeps != Some(Keeps::Reserved) {
        return None;
    }
    let named = |id: &str| compiled.bot.reserved.iter().any(|one| one.id == id);
    match with.get("para") {
        Some(Expr::Choice(id) | Expr::Text(id)) if named(id) => None,
        _ => Some(
            Finding::new(
                Code::ReservedPresses,
                compiled.places.field(&flow.id, step.id.as_str(), "with.para"),
                format!("step `{}` reserves the chat for something that `bot.yaml` has no flow for", step.id),
            )
            .label("nothing answers there")
            .help(
                "name it under `reserved:` of bot.yaml: `- {id: duelo, run: <flow>, lifted_by: [<outcome>]}`",
            ),
        ),
    }
}
