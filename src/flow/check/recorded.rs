//! Nothing is said to be recorded before it is: such words stand only behind the good outcome of an action that keeps
//! something, on every path.

use crate::domain::ids::StepId;
use crate::flow::catalogue::EffectClass;
use crate::flow::check::beside::closure;
use crate::flow::check::names::CATALOGUE;
use crate::flow::check::paths::shortest;
use crate::flow::check::texts::texts;
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::graph::edges;
use crate::flow::model::{Flow, Step, StepKind};
use crate::flow::text::Text;
use crate::flow::text::closing::{found, sentences};
use std::collections::BTreeMap;

const RECORDED: &[&str] = &[
    "quedo registrad*",
    "quedo anotad*",
    "quedo radicad*",
    "quedo guardad*",
    "ya queda registrad*",
    "ya queda anotad*",
    "esta registrad*",
    "esta anotad*",
    "fue registrad*",
    "ha sido registrad*",
    "ficou registrad*",
    "ficou anotad*",
    "foi registrad*",
    "is recorded",
    "is already recorded",
    "was recorded",
    "been recorded",
    "is registered",
    "was registered",
    "been registered",
    "is noted",
    "is already noted",
];
/// A sentence with one of these says that nothing is recorded yet.
const DENIED: &[&str] = &["no", "nada", "nao", "not", "isn t", "isnt", "mientras"];
/// Outcomes after which something is kept, now or from before.
const KEPT: [&str; 3] = ["ok", "ya_existe", "ya_abierto"];
/// Reads what was recorded before.
const CONSULT: &str = "acuerdo.consultar";

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for flow in compiled.flows.values() {
        let recorded = recorded_at(compiled, flow);
        for step in flow.steps.values() {
            if recorded.get(&step.id).copied().unwrap_or(true) {
                continue;
            }
            for (field, _, text) in texts(step) {
                let Some(said) = text.by_language.values().find_map(claim) else { continue };
                let path = shortest(
                    flow,
                    false,
                    &|state, step, _, when| Some(after(compiled, *state, step, when)),
                    &|state, id| !state && *id == step.id,
                    &|state| if *state { " recorded" } else { "" }.to_owned(),
                );
                let message = format!("`{field}` of step `{}` says “{said}” where nothing was", step.id);
                findings.push(
                    Finding::new(
                        Code::NotRecorded,
                        compiled.places.field(&flow.id, step.id.as_str(), &field),
                        message,
                    )
                    .label("not true on every path")
                    .path(path)
                    .help("say it only behind `ok` of the action that records, and lead its other outcomes elsewhere"),
                );
            }
        }
    }
}

/// The words of a text that say that something is recorded.
fn claim(text: &Text) -> Option<String> {
    sentences(text).into_iter().find_map(|sentence| {
        let said = found(&sentence.words, RECORDED).or_else(|| {
            let first = sentence.words.trim_start().to_lowercase();
            first.starts_with("anotado").then(|| "anotado".to_owned())
        });
        said.filter(|_| found(&sentence.words, DENIED).is_none())
    })
}

/// Whether something was recorded on every path to each step.
fn recorded_at<'f>(compiled: &Compiled, flow: &'f Flow) -> BTreeMap<&'f StepId, bool> {
    let mut at: BTreeMap<&StepId, bool> = BTreeMap::from([(&flow.start, false)]);
    let mut open = vec![&flow.start];
    while let Some(id) = open.pop() {
        let Some(step) = flow.steps.get(id) else { continue };
        let state = at.get(id).copied().unwrap_or(true);
        for edge in edges(step) {
            let next = after(compiled, state, step, &edge.when);
            let known = at.get(edge.to).copied();
            let joined = known.unwrap_or(true) && next;
            if known != Some(joined) {
                at.insert(edge.to, joined);
                open.push(edge.to);
            }
        }
    }
    at
}

fn after(compiled: &Compiled, state: bool, step: &Step, when: &str) -> bool {
    match &step.kind {
        StepKind::Do(action) => state || (records(&action.action) && KEPT.contains(&when)),
        // What a called flow does is proved there.
        StepKind::Call(call) => {
            let mut called =
                closure(&compiled.flows, &call.flow).into_iter().flat_map(|flow| flow.steps.values());
            state || called.any(|step| matches!(&step.kind, StepKind::Do(action) if records(&action.action)))
        }
        StepKind::Say(_)
        | StepKind::Ask(_)
        | StepKind::Choose(_)
        | StepKind::Decide(_)
        | StepKind::Handoff(_)
        | StepKind::Pause(_)
        | StepKind::Set(_)
        | StepKind::End(_) => state,
    }
}

fn records(action: &str) -> bool {
    let class = CATALOGUE.actions.get(action).map(|action| action.class);
    action == CONSULT || matches!(class, Some(EffectClass::Money | EffectClass::Write))
}
