//! Answers about identity that come in several messages: "mi cédula" / "es" / "04" / "04".

use crate::flow::engine::asking::{Asking, Certain};
use crate::flow::engine::run::{Next, Run, Stop};
use crate::understand::Understanding;
use crate::understand::identity::{Fragment, Gathered};

/// Messages that may bring nothing whole before they count as misses.
const PARTS_MAX: u32 = 4;

/// What a message that is part of an answer leads to.
pub(super) enum Part<'f> {
    /// With it the answer is whole.
    Whole(Next<'f>),
    /// It was kept and said so; the question stays open.
    More,
}

impl<'f> Run<'f> {
    /// Puts a part of an answer behind those before it; `None` when the message is none, or there were too many.
    pub(super) fn gather(
        &mut self,
        asking: Asking<'f>,
        body: &str,
        meaning: &Understanding,
    ) -> Result<Option<Part<'f>>, Stop> {
        let (Some(fragment), Some(words)) = (&meaning.fragment, &self.flows.bot.texts.part) else {
            return Ok(None);
        };
        let (kept, n) = self.frame()?.part.clone().unwrap_or((Fragment::Nothing, 0));
        let whole = match kept.with(fragment.clone()) {
            Gathered::Part(part) => {
                self.frame_mut()?.part = Some((part, n.saturating_add(1)));
                if n >= PARTS_MAX {
                    return Ok(None);
                }
                self.visit("part");
                let turn = self.session.turn;
                let words = self.speak(words)?;
                asking.ask_short(self, words, turn)?;
                return Ok(Some(Part::More));
            }
            Gathered::Document(four) => {
                Understanding { digits: Some(four.into()), ..Understanding::default() }
            }
            Gathered::DayMonth(day, month) => {
                Understanding { day_month: Some((day, month)), ..Understanding::default() }
            }
        };
        let certain = Certain { intent: None, consent: None };
        Ok(asking.answer(self, body, &whole, certain)?.map(Part::Whole))
    }
}
