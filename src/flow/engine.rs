//! The engine: one input in, one turn out. Pure; `docs/flows.md`, “How the engine runs”, is its contract.
//!
//! `step` never fails and never panics: a flow that is wrong, or a limit that is reached, is a fault that ends in a person.
//! Reading order: `run` (the walk from step to step), `hear` (what a message means now), `resume` (timers, outcomes,
//! agents), `kept` (what is said too early), `missed` (what came too late, or never arrived), `desk` (beside an agent,
//! reserved chats), `grave` (danger that is told to people), `claim` (rights that are claimed to them), `suspicion` (what people are to ask about), `safety` (questions about somebody's safety, and what takes a
//! hand-off for danger back), `open` (what is legal to answer), `scope` (what names mean).

mod asking;
mod brought;
mod claim;
pub(crate) mod desk;
mod grave;
mod hear;
mod heard;
mod kept;
mod missed;
mod open;
mod parts;
mod remark;
mod resume;
mod returns;
pub(crate) mod run;
mod safety;
mod scope;
mod secret;
mod suspicion;
#[cfg(test)]
mod tests;

pub(crate) use asking::Certain;
pub(crate) use brought::{BROUGHT_VARS, MEDIA_VAR};
pub use open::{expectation, open_check, open_options, open_terms, typed_expectation};
pub use returns::{NoReturn, returnable};
pub use suspicion::another_may_write;

pub(crate) use open::{Candidate, candidates, id_prefix, view};

use crate::domain::ids::FlowHash;
use crate::domain::time::{Millis, Timestamp};
use crate::flow::engine::run::Run;
use crate::flow::facts::{Facts, Limits};
use crate::flow::input::{Input, Said};
use crate::flow::model::FlowSet;
use crate::flow::state::{OptionRef, Session, Status, Turn};

/// Outcomes of [`Status::Ended`] that are the engine's own, not those of an `end` step.
pub mod outcome {
    /// A timer's step needed a level that no longer holds, and nobody was there to prove it.
    pub const LEVEL: &str = "@level";
    /// Number, user id or device changed.
    pub const IDENTITY: &str = "@identity";
    /// An agent closed the chat, and the flow had nothing to say about it.
    pub const CLOSED: &str = "@closed";
}

/// Runs the conversation until its next wait. Same arguments, same turn.
pub fn step(flows: &FlowSet, session: Session, input: &Input, facts: &Facts, limits: &Limits) -> Turn {
    let mut run = Run::new(flows, session, facts, limits);
    run.take(input);
    run.finish()
}

/// The turn of a chat whose inputs cannot be run at all: the text of faults, and a ticket with this reason.
pub fn give_up(
    flows: &FlowSet,
    session: Session,
    (reason, note): (&str, &str),
    facts: &Facts,
    limits: &Limits,
) -> Turn {
    let mut run = Run::new(flows, session, facts, limits);
    run.hand_over(reason, note.to_owned());
    run.finish()
}

/// Whether this input opens the chat anew, so that the newest published flows apply instead of the pinned ones.
///
/// `idle` is the [`crate::flow::model::Bot::idle`] of the pinned version.
pub fn begins_anew(session: &Session, input: &Input, now: Timestamp, idle: Millis) -> bool {
    let (Input::Message { said, .. } | Input::Late { said, .. }) = input else { return false };
    if matches!(said, Said::Ignored { .. }) {
        return false;
    }
    let silence = now.since(session.active_at);
    match &session.status {
        Status::New | Status::Ended { .. } => true,
        Status::Waiting { .. } => silence > idle && !taps_open_question(session, said),
        Status::AwaitingAction { .. } => silence > idle,
        Status::Silenced { since } => silence.min(now.since(*since)) > idle,
        Status::Paused { .. } | Status::WithAgent { .. } => false,
    }
}

/// A tap on the question that is still open; late, but clear.
fn taps_open_question(session: &Session, said: &Said) -> bool {
    let Said::Option { id, .. } = said else { return false };
    OptionRef::parse(id).is_some_and(|tapped| is_fresh(session, &tapped))
}

/// Whether a tap belongs to the open question: same flows, same step, asked since that step was entered.
pub(crate) fn is_fresh(session: &Session, tapped: &OptionRef) -> bool {
    let Status::Waiting { asked_turn, .. } = session.status else { return false };
    session.frames.last().is_some_and(|frame| {
        tapped.hash == short(&session.flow_hash)
            && tapped.flow == frame.flow
            && tapped.step == frame.step
            && (frame.since_turn..=asked_turn).contains(&tapped.turn)
    })
}

/// The first 8 characters of a flow hash, as option ids carry it.
pub(crate) fn short(hash: &FlowHash) -> &str {
    hash.as_str().get(..8).unwrap_or(hash.as_str())
}
