//! `do`: an action of the catalogue. The turn ends; the shell runs it and comes back with the outcome.

use crate::flow::catalogue::{self, Action, EffectClass, Keeps};
use crate::flow::effect::{ActionCall, Effect, Shown};
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::expr::Expr;
use crate::flow::model::{Do, Route};
use crate::flow::state::Status;
use crate::flow::value::Value;
use std::collections::BTreeMap;
use std::sync::LazyLock;

static ACTIONS: LazyLock<BTreeMap<&'static str, Action>> =
    LazyLock::new(|| catalogue::actions().into_iter().map(|action| (action.name, action)).collect());

/// Input of an action that reserves the chat.
const RESERVED_FOR: &str = "para";
/// The action whose inputs prove who somebody is.
const IDENTITY_CHECK: &str = "identidad.verificar";
/// Inputs of the actions that leave a ticket, and protect one.
const TICKET_REASON: &str = "motivo";
const TICKET_NOTE: &str = "nota";
const TICKET_PRIORITY: &str = "prioridad";

pub(crate) fn run<'f>(step: &'f Do, run: &mut Run<'f>) -> Result<Next<'f>, Stop> {
    let action = contract(step)?;
    if action.needs > run.level {
        return Err(Stop::Level(action.needs));
    }
    let mut with = BTreeMap::new();
    for (input, expr) in &step.with {
        let value = run.eval(expr);
        if value != Value::Nothing {
            with.insert(input.clone(), value);
        }
    }
    let once = step.once.as_ref().map(|once| run.write(once, &run.names(None)));
    let evidence = evidence(step, action, run)?;
    if action.class == EffectClass::Money && once.is_none() {
        return Err(Stop::fault(format!("action `{}` binds money and has no `once`", action.name)));
    }
    let frame = run.frame()?;
    // One action a turn, so the turn names the call. A wrap after four billion turns does no harm: only the last counts.
    let call = u32::try_from(run.session.turn & u64::from(u32::MAX)).unwrap_or(u32::MAX);
    let (flow, at) = (frame.flow.clone(), frame.step.clone());
    run.effects.push(Effect::RunAction(ActionCall {
        call,
        action: action.name.to_owned(),
        with,
        once,
        evidence,
        flow,
        step: at,
    }));
    run.session.status = Status::AwaitingAction { call };
    Ok(Next::Rest)
}

/// The outcome came back: outputs go into variables, a grant raises the level, the route says where to go on.
pub(crate) fn outcome<'f>(
    step: &'f Do,
    run: &mut Run<'f>,
    outcome: &str,
    values: &BTreeMap<String, Value>,
) -> Result<Next<'f>, Stop> {
    let action = contract(step)?;
    if !action.outcomes.contains(&outcome) {
        return Err(Stop::fault(format!("action `{}` gave an outcome that it does not have", action.name)));
    }
    for (output, var) in &step.into {
        let Some(value) = values.get(output) else { continue };
        run.assign(var, value.clone())?;
    }
    granted(step, run, outcome)?;
    if action.name == IDENTITY_CHECK {
        forget(step, run)?;
    }
    if outcome == "ok"
        && let Some(keeps) = action.keeps
    {
        keep(step, run, keeps);
    }
    match step.on.get(outcome) {
        Some(Route::Goto(goto)) => Ok(Next::Goto(goto)),
        Some(Route::Retry { retry, then }) => again(run, *retry, then),
        None => Err(Stop::fault(format!("outcome `{outcome}` of action `{}` has no route", action.name))),
    }
}

/// Raises the level when this outcome of the action does.
pub(crate) fn granted(step: &Do, run: &mut Run<'_>, outcome: &str) -> Result<(), Stop> {
    if let Some((granting, level)) = contract(step)?.grants
        && granting == outcome
        && level > run.level
    {
        run.set_level(level);
    }
    Ok(())
}

/// What was compared is not kept, right or wrong.
fn forget(step: &Do, run: &mut Run<'_>) -> Result<(), Stop> {
    let frame = run.frame_mut()?;
    for expr in step.with.values() {
        if let Expr::Path(names) = expr
            && let [name] = names.as_slice()
        {
            frame.vars.remove(name);
        }
    }
    Ok(())
}

fn keep(step: &Do, run: &mut Run<'_>, keeps: Keeps) {
    let text = |name: &str| match step.with.get(name).map(|expr| run.eval(expr)) {
        Some(Value::Choice(text) | Value::Text(text)) => text,
        _ => String::new(),
    };
    match keeps {
        Keeps::Reserved => {
            let id = text(RESERVED_FOR);
            run.reserve(&id);
        }
        Keeps::Free => run.set_free(),
        Keeps::Ticket => {
            let (reason, note) = (text(TICKET_REASON), text(TICKET_NOTE));
            run.leave_with_people(&reason, note);
        }
        Keeps::Protected => {
            let (reason, note, priority) = (text(TICKET_REASON), text(TICKET_NOTE), text(TICKET_PRIORITY));
            let priority = if priority.is_empty() { "normal" } else { priority.as_str() };
            run.protect_ticket(&reason, priority, note);
        }
    }
}

fn again<'f>(
    run: &mut Run<'f>,
    retry_max: u32,
    then: &'f crate::domain::ids::StepId,
) -> Result<Next<'f>, Stop> {
    let frame = run.frame_mut()?;
    let step = frame.step.as_str().to_owned();
    let n_done = frame.retries.entry(step.clone()).or_default();
    if *n_done < retry_max {
        *n_done += 1;
        return Ok(Next::Again);
    }
    frame.retries.remove(&step);
    Ok(Next::Goto(then))
}

fn contract(step: &Do) -> Result<&'static Action, Stop> {
    ACTIONS
        .get(step.action.as_str())
        .ok_or_else(|| Stop::fault(format!("there is no action `{}`", step.action)))
}

/// The terms that the person answered to. Without them no money is bound.
fn evidence(step: &Do, action: &Action, run: &Run<'_>) -> Result<Option<Shown>, Stop> {
    let shown = match &step.evidence {
        Some(name) => run.frame()?.shown.get(name).filter(|shown| shown.answered_by.is_some()).cloned(),
        None => None,
    };
    if shown.is_none() && action.class == EffectClass::Money {
        return Err(Stop::fault(format!(
            "action `{}` binds money and nobody accepted its terms",
            action.name
        )));
    }
    Ok(shown)
}
