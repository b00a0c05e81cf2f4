//! Nothing closes a debt that does not: "cierra", "paz y salvo" and "deuda total" only with a proof.
//!
//! A sentence that says that a debt ends, or that an amount is the whole debt, may show only amounts of which that is
//! true: the fields of an offer whose `cierra` holds on every path to the step, and `pago_total`. In a flow about
//! offers such a sentence needs that proof even when it shows no amount. An option that is called so may not set
//! another amount.

use crate::domain::ids::StepId;
use crate::flow::check::texts::{bound, field_in, own_first, texts};
use crate::flow::compile::{Compiled, path_known};
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::expr::types::Known;
use crate::flow::expr::{BinaryOp, Expr};
use crate::flow::graph::edges;
use crate::flow::model::{Decide, Flow, Localised, Step, StepKind};
use crate::flow::text::Text;
use crate::flow::text::closing::{closing, sentences, whole_debt};
use crate::flow::value::Type;
use std::collections::{BTreeMap, BTreeSet};

/// The variables of which it is sure, at one step, that nothing is owed any more or will be once they are kept.
type Closed<'f> = BTreeSet<&'f str>;

/// The amount of the whole debt, as a field and as a value of an action.
const WHOLE: &str = "pago_total";

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for flow in compiled.flows.values() {
        let closed = closed_at(flow);
        for step in flow.steps.values() {
            let sure = closed.get(&step.id).cloned().unwrap_or_default();
            let bound = bound(step, flow);
            let shown =
                Shown { flow, sure: &sure, bind: bound.as_ref().map(|(name, known)| (name.as_str(), known)) };
            for (field, _, text) in texts(step) {
                if let Some((language, said)) = unproved(text, &shown) {
                    let written = field_in(compiled, &field, language);
                    let place = compiled.places.field(&flow.id, step.id.as_str(), &written);
                    findings.push(finding(place, &format!("`{field}` of step `{}`", step.id), &said));
                }
            }
            for (field, said) in options(step, &shown) {
                let place = compiled.places.field(&flow.id, step.id.as_str(), &field);
                findings.push(finding(place, &format!("`{field}` of step `{}`", step.id), &said));
            }
        }
    }
}

fn finding(place: crate::flow::diagnostic::Span, what: &str, said: &str) -> Finding {
    Finding::new(Code::ClosesUnproved, place, format!("{what} says “{said}” without a proof"))
        .label("what is overdue is not the whole debt")
        .help(
            "branch with `decide` on `oferta.cierra` first, show `pago_total`, or say what is true: «se pone al día», \
             «lo vencido»",
        )
}

/// The words of a text that are not proved, and their language; the one that the folder is written in comes first.
fn unproved<'t>(text: &'t Localised, shown: &Shown<'_>) -> Option<(&'t str, String)> {
    own_first(text).find_map(|(language, text)| Some((language, unproved_in(text, shown)?)))
}

fn unproved_in(text: &Text, shown: &Shown<'_>) -> Option<String> {
    sentences(text).into_iter().find_map(|sentence| {
        let said = whole_debt(&sentence.words)?;
        let amounts: Vec<&Expr> =
            sentence.shows.iter().copied().filter(|value| shown.is_money(value)).collect();
        let is_bare = amounts.is_empty() && shown.sure.is_empty() && has_offers(shown.flow);
        let wrong = amounts.iter().any(|amount| !shown.is_whole(amount));
        (wrong || (is_bare && closing(&sentence.words).is_some())).then_some(said)
    })
}

/// Options that are called after the whole debt and set an amount that is not it.
fn options(step: &Step, shown: &Shown<'_>) -> Vec<(String, String)> {
    let StepKind::Choose(choose) = &step.kind else { return Vec::new() };
    choose
        .options
        .iter()
        .filter_map(|option| {
            let titles = option.title.by_language.values();
            let said = titles.flat_map(sentences).find_map(|title| whole_debt(&title.words))?;
            let StepKind::Set(set) = &shown.flow.steps.get(option.goto.as_ref()?)?.kind else { return None };
            let wrong = set.values.iter().any(|(var, value)| {
                shown.flow.vars.get(var).is_some_and(|var| var.ty == Type::Money) && !shown.is_whole(value)
            });
            wrong.then(|| (format!("options.{}.title", option.id), said))
        })
        .collect()
}

/// What texts of one step can show.
struct Shown<'s> {
    flow: &'s Flow,
    sure: &'s Closed<'s>,
    /// The name that `each` gives to one element.
    bind: Option<(&'s str, &'s Known)>,
}

impl Shown<'_> {
    fn is_money(&self, value: &Expr) -> bool {
        let Expr::Path(path) = value else { return false };
        path_known(path, self.flow, self.bind).is_some_and(|known| known.ty == Type::Money)
    }

    /// Whether an amount is the whole debt, or belongs to what surely ends it.
    fn is_whole(&self, amount: &Expr) -> bool {
        let Expr::Path(path) = amount else { return false };
        match path.as_slice() {
            [var] => is_always_whole(var, self.flow),
            [var, field] => field == WHOLE || self.sure.contains(var.as_str()),
            _ => false,
        }
    }
}

fn has_offers(flow: &Flow) -> bool {
    flow.vars.values().any(|var| var.ty == Type::Record("oferta".to_owned()))
}

/// Whether a variable gets nothing but the whole debt.
fn is_always_whole(var: &str, flow: &Flow) -> bool {
    let writers: Vec<bool> = flow.steps.values().flat_map(|step| gives_whole(step, var)).collect();
    let given = flow.vars.get(var).is_some_and(|declared| declared.input);
    !given && !writers.is_empty() && writers.into_iter().all(|whole| whole)
}

/// For each time that a step may write the variable, whether it writes the whole debt.
fn gives_whole(step: &Step, var: &str) -> Vec<bool> {
    match &step.kind {
        StepKind::Do(action) => {
            action.into.iter().filter(|(_, to)| *to == var).map(|(output, _)| output == WHOLE).collect()
        }
        StepKind::Set(set) => set
            .values
            .iter()
            .filter(|(to, _)| to == var)
            .map(|(_, value)| matches!(value, Expr::Path(path) if path.last().is_some_and(|field| field == WHOLE)))
            .collect(),
        StepKind::Ask(ask) => vec![false; usize::from(ask.var == var)],
        StepKind::Call(call) => call.into.values().filter(|to| *to == var).map(|_| false).collect(),
        StepKind::Say(_)
        | StepKind::Choose(_)
        | StepKind::Decide(_)
        | StepKind::Handoff(_)
        | StepKind::Pause(_)
        | StepKind::End(_) => Vec::new(),
    }
}

/// What is sure at each step, over all paths to it.
fn closed_at(flow: &Flow) -> BTreeMap<&StepId, Closed<'_>> {
    let mut at: BTreeMap<&StepId, Closed<'_>> = BTreeMap::from([(&flow.start, Closed::new())]);
    let mut open = vec![&flow.start];
    while let Some(id) = open.pop() {
        let Some(step) = flow.steps.get(id) else { continue };
        let here = at.get(id).cloned().unwrap_or_default();
        for (nth, edge) in edges(step).into_iter().enumerate() {
            let mut next = here.clone();
            if let StepKind::Decide(decide) = &step.kind {
                next.extend(told(decide, nth));
            }
            for var in written(step) {
                next.remove(var);
            }
            let joined = match at.get(edge.to) {
                Some(known) => known.intersection(&next).copied().collect(),
                None => next,
            };
            if at.get(edge.to) != Some(&joined) {
                at.insert(edge.to, joined);
                open.push(edge.to);
            }
        }
    }
    at
}

/// What the n-th way out of a branch tells: its condition holds and those before it did not.
fn told(decide: &Decide, nth: usize) -> Closed<'_> {
    let mut sure = Closed::new();
    for (condition, _) in decide.cases.iter().take(nth) {
        sure.extend(when(condition, false));
    }
    if let Some((condition, _)) = decide.cases.get(nth) {
        sure.extend(when(condition, true));
    }
    sure
}

/// The variables that are closed whenever a condition has this truth.
fn when(condition: &Expr, truth: bool) -> Closed<'_> {
    match condition {
        Expr::Not(inner) => when(inner, !truth),
        Expr::Path(path) => match path.as_slice() {
            [var, field] if truth && field == "cierra" => Closed::from([var.as_str()]),
            _ => Closed::new(),
        },
        Expr::Binary(BinaryOp::And, left, right) if truth => both(left, right, truth),
        Expr::Binary(BinaryOp::Or, left, right) if !truth => both(left, right, truth),
        Expr::Binary(BinaryOp::And | BinaryOp::Or, left, right) => {
            when(left, truth).intersection(&when(right, truth)).copied().collect()
        }
        Expr::Binary(BinaryOp::Eq, left, right) if truth => settled(left, right),
        Expr::Binary(BinaryOp::Ne, left, right) if !truth => settled(left, right),
        Expr::Binary(..)
        | Expr::In(..)
        | Expr::Call(..)
        | Expr::Bool(_)
        | Expr::Int(_)
        | Expr::Text(_)
        | Expr::Choice(_)
        | Expr::Money(_)
        | Expr::Date(_)
        | Expr::Percent(_)
        | Expr::Days(_) => Closed::new(),
    }
}

fn both<'f>(left: &'f Expr, right: &'f Expr, truth: bool) -> Closed<'f> {
    when(left, truth).union(&when(right, truth)).copied().collect()
}

/// `deuda.situacion == "saldada"`.
fn settled<'f>(left: &'f Expr, right: &'f Expr) -> Closed<'f> {
    let (Expr::Path(path), Expr::Choice(name) | Expr::Text(name)) = (left, right) else {
        return Closed::new();
    };
    match path.as_slice() {
        [var, field] if field == "situacion" && name == "saldada" => Closed::from([var.as_str()]),
        _ => Closed::new(),
    }
}

/// The variables that a step may change.
fn written(step: &Step) -> Vec<&str> {
    match &step.kind {
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
    }
}
