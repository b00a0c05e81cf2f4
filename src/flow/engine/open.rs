//! What is legal to answer now: the options of the open question, and what kind of answer it waits for.

use crate::domain::assurance::Label;
use crate::domain::ids::StepId;
use crate::flow::engine::run::{Run, Stop};
use crate::flow::engine::short;
use crate::flow::expr::eval::{eval, holds};
use crate::flow::facts::{Facts, Limits};
use crate::flow::model::{Choose, Each, Expects, FlowSet, Interrupt, Step, StepKind, Terms};
use crate::flow::render::OptionView;
use crate::flow::state::{OptionRef, Session, Status};
use crate::flow::steps::ask::which;
use crate::flow::value::Value;
use crate::understand::Expectation;
use crate::understand::intent::Intent;
use crate::understand::options::OptionHint;

/// Options of one question at most: ten pages of a list. Longer lists are cut, as nobody reads on.
pub(crate) const OPTIONS_MAX: usize = 90;
/// Longest element id that goes into an option id; rows have 200 bytes for the whole.
const ELEMENT_ID_MAX: usize = 64;

/// An option that is legal now, rendered.
pub(crate) struct Candidate<'f> {
    pub id: String,
    pub title: String,
    pub description: Option<String>,
    pub label: Label,
    /// What the step's variable gets; `None` for a static option beside an `each`.
    pub value: Option<Value>,
    pub goto: Option<&'f StepId>,
    pub accepts: &'f [String],
    pub intents: &'f [String],
    /// It says that the holder writes: see [`crate::flow::model::ChoiceOption::holder`].
    pub holder: bool,
    /// The age of an adult chooses it.
    pub adult: bool,
    /// It accepts terms: see [`crate::flow::model::ChoiceOption::binds`].
    pub binds: bool,
}

/// The options that may be answered with now, for the understanding stage. Empty when no choice is open.
pub fn open_options(flows: &FlowSet, session: &Session, facts: &Facts) -> Vec<OptionHint> {
    let limits = Limits::default();
    let choose = match open_step(flows, session).map(|step| &step.kind) {
        Some(StepKind::Choose(choose)) => choose,
        Some(StepKind::Ask(_)) if session.frames.last().is_some_and(|frame| !frame.readings.is_empty()) => {
            return which::hints(&Run::new(flows, session.clone(), facts, &limits));
        }
        Some(
            StepKind::Ask(_)
            | StepKind::Say(_)
            | StepKind::Do(_)
            | StepKind::Decide(_)
            | StepKind::Call(_)
            | StepKind::Handoff(_)
            | StepKind::Pause(_)
            | StepKind::Set(_)
            | StepKind::End(_),
        )
        | None => return Vec::new(),
    };
    let run = Run::new(flows, session.clone(), facts, &limits);
    let hint = |option: Candidate<'_>| OptionHint {
        id: option.id,
        title: option.title,
        synonyms: option.accepts.to_vec(),
        binds: option.binds,
    };
    candidates(choose, &run).unwrap_or_default().into_iter().map(hint).collect()
}

/// What the open question waits for, for the understanding stage.
pub fn expectation(flows: &FlowSet, session: &Session) -> Expectation {
    let Some(step) = open_step(flows, session) else { return Expectation::Nothing };
    match &step.kind {
        StepKind::Choose(choose) => {
            let has = |id: &str| choose.options.iter().any(|option| option.id == id);
            if has("si") && has("no") { Expectation::YesNo } else { Expectation::Option }
        }
        StepKind::Ask(ask) => expected(ask.expects),
        StepKind::Say(_)
        | StepKind::Do(_)
        | StepKind::Decide(_)
        | StepKind::Call(_)
        | StepKind::Handoff(_)
        | StepKind::Pause(_)
        | StepKind::Set(_)
        | StepKind::End(_) => Expectation::Nothing,
    }
}

/// What may be typed at the open question instead of one of its options.
pub fn typed_expectation(flows: &FlowSet, session: &Session) -> Expectation {
    let Some(StepKind::Choose(choose)) = open_step(flows, session).map(|step| &step.kind) else {
        return Expectation::Nothing;
    };
    let flow = session.frames.last().and_then(|frame| flows.flows.get(&frame.flow));
    let Some(flow) = flow else { return Expectation::Nothing };
    if choose.below.is_some() {
        return value_below(flows, session);
    }
    let typed = choose.typed.iter().filter_map(|id| {
        let StepKind::Ask(ask) = &flow.steps.get(id)?.kind else { return None };
        Some(expected(ask.expects))
    });
    // Of an amount and a day, the amount is the one that a bare number may be.
    typed.reduce(|first, other| if other == Expectation::Amount { other } else { first }).unwrap_or_default()
}

/// The value that the question below the open one waits for. What proves who somebody is is read at its own question only.
fn value_below(flows: &FlowSet, session: &Session) -> Expectation {
    let below = session.frames.iter().rev().nth(1);
    let step = below.and_then(|frame| flows.flows.get(&frame.flow)?.steps.get(&frame.step));
    let Some(StepKind::Ask(ask)) = step.map(|step| &step.kind) else { return Expectation::Nothing };
    match ask.expects {
        Expects::Int | Expects::Money | Expects::Date | Expects::PastDate => expected(ask.expects),
        Expects::Text { .. } | Expects::DocumentLast4 | Expects::BirthDayMonth | Expects::Media => {
            Expectation::Nothing
        }
    }
}

/// Turn and index of the message that shows the terms which the open question asks to accept.
pub fn open_terms(flows: &FlowSet, session: &Session) -> Option<(u64, u32)> {
    let StepKind::Choose(choose) = &open_step(flows, session)?.kind else { return None };
    let shown = session.frames.last()?.shown.get(choose.evidence.as_ref()?)?;
    Some((shown.turn, shown.index))
}

/// The turn in which the open question was first asked, where that is about something grave: who writes, whether
/// somebody is in danger, whether a number is the right one, whether an agreement is withdrawn.
pub fn open_check(flows: &FlowSet, session: &Session) -> Option<u64> {
    let StepKind::Choose(choose) = &open_step(flows, session)?.kind else { return None };
    let frame = session.frames.last()?;
    let grave = |intent: Intent| intent.is_safety() || intent == Intent::DataRights;
    let names = |it: &Interrupt| {
        Intent::ALL
            .into_iter()
            .any(|intent| grave(intent) && it.intents.iter().any(|name| name == intent.name()))
    };
    // What withdraws an agreement is grave too.
    let told = |it: &Interrupt| {
        it.run == frame.flow && ((it.always && names(it)) || it.terms == Some(Terms::Accepted))
    };
    let about = choose.safety
        || choose.options.iter().any(|option| option.holder)
        || flows.bot.doubt.as_ref() == Some(&frame.flow)
        || flows.bot.interrupts.iter().any(told);
    (about && choose.evidence.is_none()).then_some(frame.since_turn)
}

const fn expected(expects: Expects) -> Expectation {
    match expects {
        Expects::Text { .. } => Expectation::Text,
        Expects::Int => Expectation::Integer,
        Expects::Money => Expectation::Amount,
        Expects::Date => Expectation::Date,
        Expects::PastDate => Expectation::PastDate,
        Expects::DocumentLast4 => Expectation::DocumentLast4,
        Expects::BirthDayMonth => Expectation::BirthDayMonth,
        Expects::Media => Expectation::Nothing,
    }
}

fn open_step<'f>(flows: &'f FlowSet, session: &Session) -> Option<&'f Step> {
    match session.status {
        Status::Waiting { .. } => {
            let frame = session.frames.last()?;
            flows.flows.get(&frame.flow)?.steps.get(&frame.step)
        }
        Status::New
        | Status::Paused { .. }
        | Status::AwaitingAction { .. }
        | Status::WithAgent { .. }
        | Status::Silenced { .. }
        | Status::Ended { .. } => None,
    }
}

/// The options whose `if` holds now, those of `each` first.
pub(crate) fn candidates<'f>(choose: &'f Choose, run: &Run<'f>) -> Result<Vec<Candidate<'f>>, Stop> {
    let mut found = Vec::with_capacity(choose.options.len());
    if let Some(each) = &choose.each {
        add_elements(choose, each, run, &mut found)?;
    }
    for option in &choose.options {
        let names = run.names(None);
        if option.when.as_ref().is_some_and(|when| !holds(when, &names)) {
            continue;
        }
        let title = run.speak(&option.title)?;
        let description = option.description.as_ref().map(|text| run.speak(text)).transpose()?;
        found.push(Candidate {
            id: option.id.clone(),
            label: title.label.max(description.as_ref().map(|text| text.label).unwrap_or_default()),
            title: title.text,
            description: description.map(|text| text.text).filter(|text| !text.is_empty()),
            value: choose.each.is_none().then(|| Value::Choice(option.id.clone())),
            goto: option.goto.as_ref().or(choose.goto.as_ref()),
            accepts: &option.accepts,
            intents: &option.intents,
            holder: option.holder,
            adult: option.adult,
            binds: option.binds,
        });
    }
    found.truncate(OPTIONS_MAX);
    Ok(found)
}

fn add_elements<'f>(
    choose: &'f Choose,
    each: &'f Each,
    run: &Run<'f>,
    found: &mut Vec<Candidate<'f>>,
) -> Result<(), Stop> {
    let Value::List(elements) = eval(&each.list, &run.names(None)) else { return Ok(()) };
    let elements_max = OPTIONS_MAX.saturating_sub(choose.options.len());
    for (n, element) in elements.into_iter().enumerate() {
        let names = run.names(Some((each.bind.as_str(), &element)));
        if found.len() >= elements_max || each.when.as_ref().is_some_and(|when| !holds(when, &names)) {
            continue;
        }
        let title = run.speak_with(&each.title, &names)?;
        let description = each.description.as_ref().map(|text| run.speak_with(text, &names)).transpose()?;
        found.push(Candidate {
            id: element_id(&element, n, choose, found),
            label: title.label.max(description.as_ref().map(|text| text.label).unwrap_or_default()),
            title: title.text,
            description: description.map(|text| text.text).filter(|text| !text.is_empty()),
            value: Some(element),
            goto: each.goto.as_ref().or(choose.goto.as_ref()),
            accepts: &[],
            intents: &[],
            holder: false,
            adult: false,
            binds: each.binds,
        });
    }
    Ok(())
}

/// The element's own `id`, so that a tap means the same element after the list was loaded again; else its place.
fn element_id(element: &Value, n: usize, choose: &Choose, found: &[Candidate<'_>]) -> String {
    let own = match element.at(&["id".to_owned()]) {
        Some(Value::Text(id) | Value::Choice(id)) => Some(id),
        Some(
            Value::Nothing
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Money(_)
            | Value::Date(_)
            | Value::Percent(_)
            | Value::List(_)
            | Value::Record(_),
        )
        | None => None,
    };
    let usable = |id: &&String| {
        !id.is_empty()
            && id.len() <= ELEMENT_ID_MAX
            && !id.starts_with(['@', '#'])
            && choose.options.iter().all(|option| option.id != **id)
            && found.iter().all(|option| option.id != **id)
    };
    own.filter(usable).cloned().unwrap_or_else(|| format!("#{n}"))
}

pub(crate) fn view(options: Vec<Candidate<'_>>) -> Vec<OptionView> {
    let view = |option: Candidate<'_>| OptionView {
        id: option.id,
        title: option.title,
        description: option.description,
    };
    options.into_iter().map(view).collect()
}

/// What option ids of this asking begin with.
pub(crate) fn id_prefix(run: &Run<'_>, turn: u64) -> Result<String, Stop> {
    let frame = run.frame()?;
    let id = OptionRef {
        hash: short(&run.session.flow_hash).to_owned(),
        flow: frame.flow.clone(),
        step: frame.step.clone(),
        turn,
        option: String::new(),
    };
    Ok(id.to_string())
}
