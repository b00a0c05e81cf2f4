//! Nobody says yes to what was not read: a step in which terms are accepted shows the facts of the offer that bind, and
//! asks whether they are accepted.
//!
//! Which facts these are follows from the kinds of offer that can reach the step: `decide` on `oferta.tipo` and
//! `oferta.cuotas`, the action that makes a promise and the `tipo` that offers are asked for tell them apart.

use crate::domain::ids::StepId;
use crate::flow::check::texts::field_in;
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::expr::{BinaryOp, Expr};
use crate::flow::graph::edges;
use crate::flow::model::{Choose, Flow, Step, StepKind};
use crate::flow::text::closing::{found, sentences};
use crate::flow::text::{Format, Part, Text};
use crate::flow::value::Type;
use std::collections::{BTreeMap, BTreeSet};

/// A kind of offer, and whether it is paid at once.
type Kind = (&'static str, bool);

const PROMISE: Kind = ("promesa", true);
const ALL: [Kind; 7] = [
    PROMISE,
    ("plan", false),
    ("plan", true),
    ("refinanciacion", false),
    ("refinanciacion", true),
    ("descuento", false),
    ("descuento", true),
];

/// The words of a question that asks for a yes, by language.
const ACCEPTANCE: [(&str, &[&str]); 3] = [
    ("es", &["acept*", "confirm*", "de acuerdo"]),
    ("pt", &["aceit*", "confirm*", "de acordo"]),
    ("en", &["accept*", "confirm*", "agree*"]),
];
/// That a discount is lost when it is not paid as agreed, by language.
const LOST: [(&str, &[&str]); 3] = [
    ("es", &["sin efecto", "pierde*", "perdera*", "vuelve la deuda", "vuelve todo"]),
    ("pt", &["perde*", "sem efeito", "volta a divida", "volta todo"]),
    ("en", &["no longer appl*", "lose*", "lost", "comes back", "is void"]),
];

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for flow in compiled.flows.values() {
        for (name, offer) in accepted(flow) {
            let kinds = kinds_at(flow, offer);
            for step in flow.steps.values() {
                // That a list accepts nothing is said elsewhere.
                let StepKind::Choose(choose) = &step.kind else { continue };
                if choose.evidence.as_deref() != Some(name) || choose.each.is_some() {
                    continue;
                }
                let kinds = kinds.get(&step.id).cloned().unwrap_or_default();
                of_step(compiled, flow, step, choose, (offer, &kinds), findings);
            }
        }
    }
}

/// The names under which terms are kept for an action, with the variable of the offer that it takes.
fn accepted(flow: &Flow) -> BTreeSet<(&str, &str)> {
    let is_offer = |var: &str| {
        flow.vars.get(var).is_some_and(|declared| declared.ty == Type::Record("oferta".to_owned()))
    };
    flow.steps
        .values()
        .filter_map(|step| match &step.kind {
            StepKind::Do(action) => Some((action.evidence.as_deref()?, action)),
            StepKind::Say(_)
            | StepKind::Ask(_)
            | StepKind::Choose(_)
            | StepKind::Decide(_)
            | StepKind::Call(_)
            | StepKind::Handoff(_)
            | StepKind::Pause(_)
            | StepKind::Set(_)
            | StepKind::End(_) => None,
        })
        .flat_map(|(name, action)| action.with.values().filter_map(variable).map(move |var| (name, var)))
        .filter(|(_, var)| is_offer(var))
        .collect()
}

/// The variable that an expression is, and nothing more.
fn variable(value: &Expr) -> Option<&str> {
    let Expr::Path(path) = value else { return None };
    path.first().filter(|_| path.len() == 1).map(String::as_str)
}

fn of_step(
    compiled: &Compiled,
    flow: &Flow,
    step: &Step,
    choose: &Choose,
    (offer, kinds): (&str, &BTreeSet<Kind>),
    findings: &mut Vec<Finding>,
) {
    for (language, text) in &choose.text.by_language {
        let place =
            || compiled.places.field(&flow.id, step.id.as_str(), &field_in(compiled, "text", language));
        let missing = missing(text, language, offer, kinds);
        if !missing.is_empty() {
            let (facts, writes): (Vec<&str>, Vec<String>) = missing.into_iter().unzip();
            let message =
                format!("`text` of step `{}` binds to terms and does not show {}", step.id, listed(&facts));
            findings.push(
                Finding::new(Code::TermsNotShown, place(), message)
                    .label("who says yes here has not read what binds")
                    .help(format!("write {}", writes.join(", "))),
            );
        }
        let words = in_language(&ACCEPTANCE, language);
        let asked = sentences(text);
        let last = asked.iter().rev().find(|one| one.words.contains('?'));
        if last.is_none_or(|question| found(&question.words, words).is_none()) {
            let message = format!("`text` of step `{}` binds to terms and does not ask for that", step.id);
            findings.push(
                Finding::new(Code::TermsNotShown, place(), message)
                    .label("a yes to another question accepts nothing")
                    .help("let its last question be «¿Lo acepta?» or «¿Lo confirma?» («Você aceita?», “Do you accept it?”)"),
            );
        }
    }
}

fn listed(facts: &[&str]) -> String {
    match facts {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn in_language(words: &[(&str, &'static [&'static str])], language: &str) -> &'static [&'static str] {
    words.iter().find(|(one, _)| *one == language).map_or(&[], |(_, words)| *words)
}

/// What the text lacks of these kinds of offer, and how it is written.
fn missing(text: &Text, language: &str, offer: &str, kinds: &BTreeSet<Kind>) -> Vec<(&'static str, String)> {
    let shown = shown(text, offer);
    let shows = |fields: &[&str]| fields.iter().any(|field| shown.contains(field));
    let any = |is: &dyn Fn(&Kind) -> bool| kinds.iter().any(is);
    let written = |slot: &str| format!("`{{{offer}.{slot}}}`");
    let several = any(&|(_, at_once)| !at_once);
    let mut missing = Vec::new();
    // What is paid at once is the total.
    if !(shows(&["total"]) || !several && shows(&["cuota", "primera_cuota", "ultima_cuota"])) {
        missing.push(("the total", written("total|money")));
    }
    if several && !shows(&["cuotas"]) {
        missing.push(("the number of payments", written("cuotas")));
    }
    if !shows(&["primera_fecha"]) {
        missing.push(("the day of the first payment", written("primera_fecha|date")));
    }
    if any(&|(kind, _)| *kind == "refinanciacion") {
        if !shows(&["tasa_mensual"]) {
            missing.push(("the monthly rate of a refinancing", written("tasa_mensual|percent")));
        }
        if !shows(&["tasa_ea"]) {
            missing.push(("the effective annual rate of a refinancing", written("tasa_ea|percent")));
        }
    }
    let lost = sentences(text).iter().any(|one| found(&one.words, in_language(&LOST, language)).is_some());
    if any(&|(kind, _)| *kind == "descuento") && !lost {
        missing.push((
            "that a discount is lost when it is not paid in time",
            "«si no se completa en esa fecha, el descuento queda sin efecto»".to_owned(),
        ));
    }
    missing
}

/// The fields of the offer that a text shows; a word chosen by a number does not show it.
fn shown<'t>(text: &'t Text, offer: &str) -> BTreeSet<&'t str> {
    text.parts
        .iter()
        .filter_map(|part| match part {
            Part::Slot { value: Expr::Path(path), format } if !matches!(format, Format::Plural { .. }) => {
                match path.as_slice() {
                    [var, field] if var == offer => Some(field.as_str()),
                    _ => None,
                }
            }
            Part::Slot { .. } | Part::Literal(_) => None,
        })
        .collect()
}

/// The kinds of offer that can be in the variable at each step.
fn kinds_at<'f>(flow: &'f Flow, offer: &str) -> BTreeMap<&'f StepId, BTreeSet<Kind>> {
    let given = flow.vars.get(offer).is_some_and(|declared| declared.input);
    let first = if given { BTreeSet::from(ALL) } else { BTreeSet::new() };
    let mut at: BTreeMap<&StepId, BTreeSet<Kind>> = BTreeMap::from([(&flow.start, first)]);
    let mut open = vec![&flow.start];
    while let Some(id) = open.pop() {
        let Some(step) = flow.steps.get(id) else { continue };
        let here = at.get(id).cloned().unwrap_or_default();
        for (nth, edge) in edges(step).into_iter().enumerate() {
            let next = after(flow, step, offer, &here, nth, &edge.when);
            let is_new = !at.contains_key(edge.to);
            let known = at.entry(edge.to).or_default();
            let before = known.len();
            known.extend(next);
            if is_new || known.len() > before {
                open.push(edge.to);
            }
        }
    }
    at
}

/// The kinds behind the n-th way out of a step.
fn after(
    flow: &Flow,
    step: &Step,
    offer: &str,
    here: &BTreeSet<Kind>,
    nth: usize,
    when: &str,
) -> BTreeSet<Kind> {
    match &step.kind {
        StepKind::Decide(decide) => {
            let passes = |kind: &&Kind| {
                let earlier = decide.cases.iter().take(nth);
                earlier.clone().all(|(condition, _)| holds(condition, offer, **kind) != Some(true))
                    && decide
                        .cases
                        .get(nth)
                        .is_none_or(|(condition, _)| holds(condition, offer, **kind) != Some(false))
            };
            here.iter().filter(passes).copied().collect()
        }
        StepKind::Do(action) => match action.into.iter().find(|(_, to)| *to == offer) {
            Some(_) if action.action == "promesa.proponer" && when == "ok" => BTreeSet::from([PROMISE]),
            Some(_) if when == "ok" => asked_for(action.with.get("tipo")),
            Some(_) | None => here.clone(),
        },
        StepKind::Choose(choose) if choose.var == offer => match &choose.each {
            Some(each) => of_list(flow, &each.list),
            None => BTreeSet::from(ALL),
        },
        StepKind::Set(set) => match set.values.iter().find(|(to, _)| to == offer) {
            Some((_, value)) => of_list(flow, value),
            None => here.clone(),
        },
        StepKind::Call(call) if call.into.values().any(|to| to == offer) => BTreeSet::from(ALL),
        StepKind::Say(_)
        | StepKind::Ask(_)
        | StepKind::Choose(_)
        | StepKind::Call(_)
        | StepKind::Handoff(_)
        | StepKind::Pause(_)
        | StepKind::End(_) => here.clone(),
    }
}

/// The kinds that `oferta.consultar` was asked for.
fn asked_for(tipo: Option<&Expr>) -> BTreeSet<Kind> {
    match tipo {
        Some(Expr::Choice(name) | Expr::Text(name)) => {
            ALL.into_iter().filter(|(kind, _)| kind == name).collect()
        }
        Some(_) | None => BTreeSet::from(ALL),
    }
}

/// The kinds in a list of offers, by every action that may have filled it; `first(list)` is one of them.
fn of_list(flow: &Flow, value: &Expr) -> BTreeSet<Kind> {
    let list = if let Expr::Call(_, arguments) = value { arguments.first() } else { Some(value) };
    let Some(list) = list.and_then(variable) else { return BTreeSet::from(ALL) };
    let mut kinds = BTreeSet::new();
    for step in flow.steps.values() {
        match &step.kind {
            StepKind::Do(action) if action.into.values().any(|to| to == list) => {
                kinds.extend(asked_for(action.with.get("tipo")));
            }
            StepKind::Call(call) if call.into.values().any(|to| to == list) => kinds.extend(ALL),
            StepKind::Set(set) if set.values.iter().any(|(to, _)| to == list) => kinds.extend(ALL),
            StepKind::Say(_)
            | StepKind::Ask(_)
            | StepKind::Choose(_)
            | StepKind::Do(_)
            | StepKind::Decide(_)
            | StepKind::Call(_)
            | StepKind::Handoff(_)
            | StepKind::Pause(_)
            | StepKind::Set(_)
            | StepKind::End(_) => {}
        }
    }
    // Nothing fills it here, so it came from outside.
    if kinds.is_empty() { BTreeSet::from(ALL) } else { kinds }
}

/// Whether a condition holds of one kind of offer; `None` when it is about something else.
fn holds(condition: &Expr, offer: &str, (kind, at_once): Kind) -> Option<bool> {
    let again = |one: &Expr| holds(one, offer, (kind, at_once));
    let is = |value: &Expr, wanted: &str| matches!(value, Expr::Path(path) if matches!(path.as_slice(), [var, field] if var == offer && field == wanted));
    let names = |value: &Expr| {
        let (Expr::Choice(name) | Expr::Text(name)) = value else { return None };
        Some(name == kind)
    };
    match condition {
        Expr::Bool(truth) => Some(*truth),
        Expr::Not(inner) => again(inner).map(|truth| !truth),
        Expr::Binary(BinaryOp::And, left, right) => match (again(left), again(right)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Expr::Binary(BinaryOp::Or, left, right) => match (again(left), again(right)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Expr::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), left, right) => {
            let equal = if is(left, "tipo") {
                names(right)
            } else if is(left, "cuotas") && **right == Expr::Int(1) {
                Some(at_once)
            } else {
                None
            };
            equal.map(|equal| equal == (*op == BinaryOp::Eq))
        }
        Expr::In(item, list) if is(item, "tipo") => {
            let members: Option<Vec<bool>> = list.iter().map(names).collect();
            members.map(|members| members.contains(&true))
        }
        Expr::Binary(..)
        | Expr::In(..)
        | Expr::Call(..)
        | Expr::Path(_)
        | Expr::Int(_)
        | Expr::Text(_)
        | Expr::Choice(_)
        | Expr::Money(_)
        | Expr::Date(_)
        | Expr::Percent(_)
        | Expr::Days(_) => None,
    }
}
