//! What is typed at a `choose` instead of an option: the answer of an `ask` of the same flow.

use crate::domain::ids::StepId;
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::model::{Ask, Choose, Expects, StepKind};
use crate::flow::steps::ask;
use crate::understand::Understanding;

/// Meanings of a message that names a day without proposing it: "mañana le digo", "el viernes ya pagué".
const NOT_PROPOSED: [&str; 8] =
    ["thinking", "wait", "clarify", "human", "already_paid", "dispute", "contact_preference", "out_of_scope"];
/// What whoever answers later says that they will do then, behind the pronoun.
const LATER: [&str; 14] = [
    "confirmo",
    "confirmare",
    "aviso",
    "avisare",
    "digo",
    "escribo",
    "respondo",
    "contesto",
    "llamo",
    "cuento",
    "hablo",
    "pienso",
    "falo",
    "ligo",
];
const PRONOUNS: [&str; 7] = ["le", "les", "te", "lo", "lhe", "yo", "eu"];

/// The `ask`s whose answers may be typed here.
fn asks<'f>(choose: &'f Choose, run: &Run<'f>) -> Result<Vec<(&'f StepId, &'f Ask)>, Stop> {
    let (flow, _) = run.place()?;
    let ask = |id: &'f StepId| {
        let Some(StepKind::Ask(ask)) = flow.steps.get(id).map(|step| &step.kind) else {
            return Err(Stop::fault(format!("step `{id}` asks nothing")));
        };
        Ok((id, ask))
    };
    choose.typed.iter().map(ask).collect()
}

/// The `ask` that the message answers: the first whose bounds hold the value, else the first that finds one.
pub(super) fn meant<'f>(
    choose: &'f Choose,
    run: &Run<'f>,
    meaning: &Understanding,
    intent: Option<&str>,
) -> Result<Option<(&'f StepId, &'f Ask)>, Stop> {
    // Where terms wait for a yes, another day is a new proposal only when it is not the day of an answer.
    let only_names = choose.evidence.is_some()
        && (intent.is_some_and(|intent| NOT_PROPOSED.contains(&intent))
            || answers_later(&meaning.normalised));
    let readable: Vec<_> = asks(choose, run)?
        .into_iter()
        .filter(|(_, ask)| !(only_names || counts_payments(ask, meaning)))
        .filter_map(|(id, ask)| ask::may_take(ask, run, meaning).map(|fits| (fits, (id, ask))))
        .collect();
    let fitting = readable.iter().find(|(fits, _)| *fits);
    Ok(fitting.or_else(|| readable.first()).map(|(_, found)| *found))
}

/// "3 cuotas de 144 mil" is no single amount, nor is "en 3 cuotas"; "la cuota" is one where the step knows what it comes to.
fn counts_payments(ask: &Ask, meaning: &Understanding) -> bool {
    let one_known = meaning.instalments == Some(1) && ask.instalment.is_some();
    ask.expects == Expects::Money && meaning.instalments.is_some() && !one_known
}

/// "mañana le confirmo", "el lunes te aviso".
fn answers_later(words: &str) -> bool {
    let words: Vec<&str> = words.split(' ').collect();
    let pairs = words.iter().zip(words.iter().skip(1));
    pairs.into_iter().any(|(pronoun, verb)| PRONOUNS.contains(pronoun) && LATER.contains(verb))
}

/// An amount that was said before is what would be typed here. Terms were read by nobody yet.
pub(super) fn said_before<'f>(choose: &'f Choose, run: &mut Run<'f>) -> Result<Option<Next<'f>>, Stop> {
    if choose.evidence.is_some() || run.session.readings.is_empty() || run.frame()?.since_turn != 0 {
        return Ok(None);
    }
    let money = asks(choose, run)?.into_iter().find(|(_, ask)| ask.expects == Expects::Money);
    let Some((id, ask)) = money else { return Ok(None) };
    let here = run.frame()?.step.clone();
    run.move_to(id)?;
    let asked = ask::said_before(ask, run)?;
    if asked.is_none() {
        run.move_to(&here)?;
    }
    Ok(asked)
}
