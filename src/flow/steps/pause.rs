//! `pause`: nothing for a time, or until the person writes.

use crate::flow::engine::run::{Next, Run, Stop};
use crate::flow::input::TimerName;
use crate::flow::model::Pause;
use crate::flow::state::{OpenTimer, Status};

/// After a stacked interrupt the pause goes on until its first end; when that is past, so is the pause.
pub(crate) fn run<'f>(pause: &'f Pause, run: &mut Run<'f>) -> Result<Next<'f>, Stop> {
    let (turn, now) = (run.session.turn, run.facts.now);
    let frame = run.frame_mut()?;
    let open = frame.timers.first().copied();
    let timer = open.unwrap_or(OpenTimer { name: TimerName::Resume, turn, due: now.plus(pause.length) });
    if open.is_some() && timer.due <= now {
        return Ok(Next::Goto(&pause.goto));
    }
    frame.timers = vec![timer];
    run.session.status = Status::Paused { asked_turn: timer.turn };
    Ok(Next::Rest)
}
