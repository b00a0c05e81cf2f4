//! No datum below its level: labels against assurance, proved on all paths.
//!
//! A forward must-analysis: the level of a step is the lowest over every way to it, through calls and back. Actions
//! raise it on the outcome that they grant. A wait may last hours, in which the session's level falls, so behind and
//! in a step that waits only what the flow `needs` holds (the engine proves that again with `reverify`).

use crate::domain::assurance::{Assurance, Label};
use crate::domain::ids::{FlowId, StepId};
use crate::flow::check::asked;
use crate::flow::check::names::CATALOGUE;
use crate::flow::check::paths::shortest;
use crate::flow::check::reach::roots;
use crate::flow::check::texts::{bot_texts, field_in, own_first, texts};
use crate::flow::check::told;
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::graph::{edges, waits};
use crate::flow::model::{Flow, Localised, Step, StepKind};
use crate::flow::text::closing::sentences;
use std::collections::{BTreeMap, BTreeSet};

const TOP: Assurance = Assurance::Reforzada;
/// How the flow that proves identity ends when it did.
const PROVED: &str = "ok";

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let levels = Levels::new(compiled);
    for flow in compiled.flows.values() {
        for step in flow.steps.values() {
            sinks(compiled, &levels, flow, step, findings);
            if let StepKind::Do(action) = &step.kind {
                let needs = CATALOGUE.actions.get(action.action.as_str()).map_or(TOP, |action| action.needs);
                let what = format!("action `{}`", action.action);
                needed(compiled, &levels, flow, step, ("do", &what, needs), findings);
            }
            // With `reverify` the engine proves identity before a flow that needs it begins.
            if let StepKind::Call(call) = &step.kind
                && compiled.bot.reverify.is_none()
                && let Some(callee) = compiled.flows.get(&call.flow)
            {
                let what = format!("flow `{}`", call.flow);
                needed(compiled, &levels, flow, step, ("call", &what, callee.needs), findings);
            }
        }
    }
    for id in roots(&compiled.bot) {
        root_needs(compiled, id, findings);
    }
    findings.extend(proves_nothing(compiled, &levels));
    for (name, text) in bot_texts(&compiled.bot) {
        let Some((language, said)) = debt_said(text) else { continue };
        let place = compiled.places.find(&field_in(compiled, &format!("bot.texts.{name}"), language));
        let message = format!("`{name}` of bot.yaml tells of a debt to someone not proved: “{said}”");
        findings.push(
            Finding::new(Code::DebtTold, place, message)
                .label("whoever has this number may read this")
                .help("say nothing of debt, instalments or delay in the texts of bot.yaml"),
        );
    }
}

/// The flow that proves identity says `ok` only where it is proved.
fn proves_nothing(compiled: &Compiled, levels: &Levels<'_>) -> Option<Finding> {
    let flow = compiled.flows.get(compiled.bot.reverify.as_ref()?)?;
    let needs = Label::Deuda.needs();
    let end = flow.steps.values().find(|step| {
        matches!(&step.kind, StepKind::End(end) if end.outcome == PROVED)
            && levels.at(flow, &step.id).is_some_and(|level| level < needs)
    })?;
    let place = compiled.places.field(&flow.id, end.id.as_str(), "");
    let message = format!("flow `{}` ends in `{PROVED}` without proof of who writes", flow.id);
    Some(
        Finding::new(Code::NeedsNotProved, place, message)
            .label(format!("needs level `{}` on every path", needs.name()))
            .path(levels.path(flow, &end.id, needs, false))
            .help("lead here only `ok` of `identidad.verificar` and `ya_verificada` of `identidad.iniciar`"),
    )
}

/// A flow that the engine starts by itself begins at any level; only `reverify` can lift it.
fn root_needs(compiled: &Compiled, id: &FlowId, findings: &mut Vec<Finding>) {
    let Some(flow) = compiled.flows.get(id) else { return };
    let is_reverify = compiled.bot.reverify.as_ref() == Some(id);
    if flow.needs == Assurance::Ninguna || (compiled.bot.reverify.is_some() && !is_reverify) {
        return;
    }
    let what = if is_reverify {
        format!("flow `{id}` proves identity and cannot need it")
    } else {
        format!("flow `{id}` is run at any level, but needs `{}`", flow.needs.name())
    };
    findings.push(
        Finding::new(Code::NeedsNotProved, compiled.places.find(&format!("{id}.needs")), what)
            .label("not proved when it begins")
            .help("name the flow that proves identity under `reverify` of bot.yaml, or call it first"),
    );
}

fn sinks(compiled: &Compiled, levels: &Levels<'_>, flow: &Flow, step: &Step, findings: &mut Vec<Finding>) {
    let Some(entry) = levels.at(flow, &step.id) else { return };
    // A question is asked again after a wait, so its texts must be fit for the level that is left then.
    let level = match step.kind {
        StepKind::Ask(_) | StepKind::Choose(_) => flow.needs,
        StepKind::Say(_)
        | StepKind::Do(_)
        | StepKind::Decide(_)
        | StepKind::Call(_)
        | StepKind::Handoff(_)
        | StepKind::Pause(_)
        | StepKind::Set(_)
        | StepKind::End(_) => entry,
    };
    if level < Label::Deuda.needs() && !step.id.as_str().starts_with('@') {
        told_debt(compiled, levels, flow, step, findings);
    }
    let mut shown: Vec<(String, Label)> =
        texts(step).into_iter().map(|(field, _, text)| (field, text.label())).collect();
    if let StepKind::Say(say) = &step.kind {
        shown.extend(say.link.iter().map(|link| ("link.url".to_owned(), link.url.label)));
    }
    for (field, label) in shown.into_iter().filter(|(_, label)| label.needs() > level) {
        let needs = label.needs();
        let message =
            format!("step `{}` shows data of class `{}` to someone not proved", step.id, label.name());
        findings.push(
            Finding::new(
                Code::LabelTooLow,
                compiled.places.field(&flow.id, step.id.as_str(), &field),
                message,
            )
            .label(format!("needs level `{}`, here only `{}` is sure", needs.name(), level.name()))
            .path(levels.path(flow, &step.id, needs, waits(step)))
            .help(format!(
                "write `needs: {}` at the top of flow `{}`, and prove identity before it is called",
                needs.name(),
                flow.id
            )),
        );
    }
}

/// A debt is told in words to someone who may be somebody else.
fn told_debt(
    compiled: &Compiled,
    levels: &Levels<'_>,
    flow: &Flow,
    step: &Step,
    findings: &mut Vec<Finding>,
) {
    let needs = Label::Deuda.needs();
    for (field, _, text) in texts(step) {
        let Some((language, said)) = debt_said(text) else { continue };
        let place = compiled.places.field(&flow.id, step.id.as_str(), &field_in(compiled, &field, language));
        let message =
            format!("`{field}` of step `{}` tells of a debt to someone not proved: “{said}”", step.id);
        findings.push(
            Finding::new(Code::DebtTold, place, message)
                .label("somebody else may read this")
                .path(levels.path(flow, &step.id, needs, waits(step)))
                .help(format!(
                    "say nothing of debt, instalments or delay here, or prove identity (`{}`) first",
                    needs.name()
                )),
        );
    }
}

/// The words of a text that tell of a debt, and their language.
fn debt_said(text: &Localised) -> Option<(&str, String)> {
    own_first(text).find_map(|(language, text)| {
        let said = sentences(text).into_iter().find_map(|sentence| told::debt(&sentence.words))?;
        Some((language, said))
    })
}

fn needed(
    compiled: &Compiled,
    levels: &Levels<'_>,
    flow: &Flow,
    step: &Step,
    (field, what, needs): (&str, &str, Assurance),
    findings: &mut Vec<Finding>,
) {
    let Some(level) = levels.at(flow, &step.id).filter(|level| *level < needs) else { return };
    let message = format!("{what} needs level `{}`", needs.name());
    findings.push(
        Finding::new(Code::NeedsNotProved, compiled.places.field(&flow.id, step.id.as_str(), field), message)
            .label(format!("here only `{}` is sure", level.name()))
            .path(levels.path(flow, &step.id, needs, false))
            .help(
                "prove identity on every way to this step, for instance by calling the identity flow first",
            ),
    );
}

/// The level of each step, and of each outcome of each flow.
struct Levels<'c> {
    compiled: &'c Compiled,
    entry: BTreeMap<&'c FlowId, Assurance>,
    steps: BTreeMap<(&'c FlowId, &'c StepId), Assurance>,
    ends: BTreeMap<(&'c FlowId, &'c str), Assurance>,
    quick: BTreeMap<&'c FlowId, bool>,
}

impl<'c> Levels<'c> {
    /// The greatest fixed point: levels start at the top and fall until nothing changes.
    fn new(compiled: &'c Compiled) -> Self {
        let mut levels = Self {
            compiled,
            entry: BTreeMap::new(),
            steps: BTreeMap::new(),
            ends: BTreeMap::new(),
            quick: quick(&compiled.flows),
        };
        for id in roots(&compiled.bot) {
            levels.entry.insert(id, Assurance::Ninguna);
        }
        // A level can fall only three times, so the rounds are bounded by the number of steps times three.
        while levels.round() {}
        levels
    }

    fn at(&self, flow: &Flow, step: &StepId) -> Option<Assurance> {
        self.steps.get(&(&flow.id, step)).copied()
    }

    fn round(&mut self) -> bool {
        let mut changed = false;
        for flow in self.compiled.flows.values() {
            let Some(entry) = self.entry.get(&flow.id).copied() else { continue };
            let mut open = Vec::new();
            if lower(&mut self.steps, (&flow.id, &flow.start), entry.max(flow.needs)) {
                changed = true;
            }
            open.push(&flow.start);
            let mut seen = BTreeSet::new();
            while let Some(id) = open.pop() {
                let Some(step) = flow.steps.get(id).filter(|_| seen.insert(id)) else { continue };
                let level = self.steps.get(&(&flow.id, id)).copied().unwrap_or(TOP);
                match &step.kind {
                    StepKind::Call(call) => {
                        if let Some((callee, _)) = self.compiled.flows.get_key_value(&call.flow) {
                            changed |= lower(&mut self.entry, callee, level);
                        }
                    }
                    StepKind::End(end) => {
                        changed |= lower(&mut self.ends, (&flow.id, end.outcome.as_str()), level)
                    }
                    StepKind::Say(_)
                    | StepKind::Ask(_)
                    | StepKind::Choose(_)
                    | StepKind::Do(_)
                    | StepKind::Decide(_)
                    | StepKind::Handoff(_)
                    | StepKind::Pause(_)
                    | StepKind::Set(_) => {}
                }
                for (nth, edge) in edges(step).into_iter().enumerate() {
                    let after = self.after(flow, step, level, nth, &edge.when);
                    changed |= lower(&mut self.steps, (&flow.id, edge.to), after);
                    open.push(edge.to);
                }
            }
        }
        changed
    }

    /// The level behind the n-th edge of a step.
    fn after(&self, flow: &Flow, step: &Step, level: Assurance, nth: usize, when: &str) -> Assurance {
        let after = match &step.kind {
            StepKind::Do(action) => {
                match CATALOGUE.actions.get(action.action.as_str()).and_then(|one| one.grants) {
                    Some((outcome, granted)) if outcome == when => level.max(granted),
                    Some(_) | None => level,
                }
            }
            StepKind::Call(call) => {
                let end = self.ends.get(&(&call.flow, when)).copied().unwrap_or(TOP);
                let kept = self.quick.get(&call.flow).copied().unwrap_or(false);
                if kept { level.max(end) } else { end }
            }
            StepKind::Ask(_) | StepKind::Choose(_) | StepKind::Handoff(_) | StepKind::Pause(_) => flow.needs,
            StepKind::Decide(decide) => level.max(asked::level(decide, nth)),
            StepKind::Say(_) | StepKind::Set(_) | StepKind::End(_) => level,
        };
        after.max(flow.needs)
    }

    /// The shortest way to a step on which it has less than `needs`, from the flow that the engine starts.
    fn path(&self, flow: &Flow, target: &StepId, needs: Assurance, after_wait: bool) -> Vec<String> {
        let mut path = Vec::new();
        for (caller, step, level) in self.callers(flow) {
            path.extend(self.way(caller, &|found, id| id == step && *found == level));
        }
        path.extend(self.way(flow, &|level, id| id == target && (after_wait || *level < needs)));
        path
    }

    fn way(&self, flow: &Flow, found: &dyn Fn(&Assurance, &StepId) -> bool) -> Vec<String> {
        let entry = self.entry.get(&flow.id).copied().unwrap_or(TOP).max(flow.needs);
        shortest(
            flow,
            entry,
            &|level, step, nth, when| Some(self.after(flow, step, *level, nth, when)),
            found,
            &|level| format!(" at level {}", level.name()),
        )
    }

    /// The calls that bring a flow its lowest level, outermost first.
    fn callers(&self, flow: &Flow) -> Vec<(&'c Flow, &'c StepId, Assurance)> {
        let mut chain = Vec::new();
        let mut seen = BTreeSet::from([flow.id.clone()]);
        let mut id = flow.id.clone();
        while !roots(&self.compiled.bot).any(|root| *root == id) {
            let Some(entry) = self.entry.get(&id).copied() else { break };
            let call = self.compiled.flows.values().find_map(|caller| {
                let step = caller.steps.values().find(|step| {
                    matches!(&step.kind, StepKind::Call(call) if call.flow == id)
                        && self.at(caller, &step.id) == Some(entry)
                })?;
                Some((caller, &step.id, entry))
            });
            let Some(call) = call.filter(|(caller, ..)| seen.insert(caller.id.clone())) else { break };
            id = call.0.id.clone();
            chain.push(call);
        }
        chain.reverse();
        chain
    }
}

/// Puts the lower of the old and the new level; whether it fell.
fn lower<K: Ord>(levels: &mut BTreeMap<K, Assurance>, key: K, level: Assurance) -> bool {
    match levels.entry(key) {
        std::collections::btree_map::Entry::Vacant(entry) => {
            entry.insert(level);
            true
        }
        std::collections::btree_map::Entry::Occupied(mut entry) => {
            let falls = level < *entry.get();
            if falls {
                entry.insert(level);
            }
            falls
        }
    }
}

/// Flows in which nothing waits, so that the level of the caller holds when they end.
fn quick(flows: &BTreeMap<FlowId, Flow>) -> BTreeMap<&FlowId, bool> {
    let mut quick: BTreeMap<&FlowId, bool> = flows.keys().map(|id| (id, true)).collect();
    loop {
        let mut changed = false;
        for (id, flow) in flows {
            let slow = flow.steps.values().any(|step| {
                waits(step)
                    || matches!(&step.kind, StepKind::Call(call) if !quick.get(&call.flow).copied().unwrap_or(false))
            });
            if slow && quick.insert(id, false) == Some(true) {
                changed = true;
            }
        }
        if !changed {
            return quick;
        }
    }
}
