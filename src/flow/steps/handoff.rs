//! `handoff`: a person takes the chat, until the ticket is given back or closed.

use crate::domain::ids::StepId;
use crate::flow::engine::desk::{Moment, NewDesk};
use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::model::Handoff;
use crate::flow::state::Status;

/// Run again after a stacked interrupt, the agent still has the chat: no second ticket.
pub(crate) fn run<'f>(handoff: &'f Handoff, run: &mut Run<'f>) -> Result<Next<'f>, Stop> {
    if run.frame()?.since_turn == 0 {
        run.say_text(&handoff.text)?;
        let note = match &handoff.note {
            Some(note) => run.write(note, &run.names(None)),
            None => String::new(),
        };
        run.open_desk(NewDesk {
            queue: &handoff.queue,
            priority: &handoff.priority,
            reason: &handoff.reason,
            note,
            protected: handoff.protected,
            quiet: handoff.quiet,
        });
        let turn = run.session.turn;
        run.frame_mut()?.since_turn = turn;
        let claim = run.claim_left_open();
        let waits = run.begin_waiting(Moment::Handoff)?;
        let claims = match claim {
            // On top, so that it runs first: how long it takes is told last.
            Some(claim) => run.begin_claim(claim)?,
            None => false,
        };
        if waits || claims {
            return Ok(Next::Again);
        }
    }
    run.session.status = Status::WithAgent { since: run.at_desk_since() };
    Ok(Next::Rest)
}

/// The agent gave the chat back, perhaps at a step of this flow.
pub(crate) fn returned<'f>(handoff: &'f Handoff, named: Option<&'f StepId>) -> Next<'f> {
    Next::Goto(named.unwrap_or(&handoff.returned))
}
