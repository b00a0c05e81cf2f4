//! The open question, whichever kind: how it is asked again, and how it takes an answer.

use crate::flow::engine::run::{Next, Run, Spoken, Stop};
use crate::flow::model::{Ask, Choose, Expects, Retry, Step, StepKind, Wait};
use crate::flow::steps::ask::{self, which};
use crate::flow::steps::choose;
use crate::understand::Understanding;
use crate::understand::intent::Intent;

/// What of a message is beyond doubt.
#[derive(Clone, Copy)]
pub(crate) struct Certain<'m> {
    pub intent: Option<&'m str>,
    /// The option whose terms it plainly accepts; only a written message of its own does.
    pub consent: Option<&'m str>,
}

#[derive(Clone, Copy)]
pub(crate) enum Asking<'f> {
    Ask(&'f Ask),
    Choose(&'f Choose),
}

impl<'f> Asking<'f> {
    pub(crate) fn of(step: &'f Step) -> Result<Self, Stop> {
        match &step.kind {
            StepKind::Ask(ask) => Ok(Self::Ask(ask)),
            StepKind::Choose(choose) => Ok(Self::Choose(choose)),
            StepKind::Say(_)
            | StepKind::Do(_)
            | StepKind::Decide(_)
            | StepKind::Call(_)
            | StepKind::Handoff(_)
            | StepKind::Pause(_)
            | StepKind::Set(_)
            | StepKind::End(_) => Err(Stop::fault(format!("step `{}` asks nothing", step.id))),
        }
    }

    pub(crate) const fn retry(self) -> &'f Retry {
        match self {
            Self::Ask(ask) => &ask.retry,
            Self::Choose(choose) => &choose.retry,
        }
    }

    pub(crate) const fn wait(self) -> &'f Wait {
        match self {
            Self::Ask(ask) => &ask.wait,
            Self::Choose(choose) => &choose.wait,
        }
    }

    /// Whether one of its options accepts terms.
    pub(crate) fn binds(self) -> bool {
        match self {
            Self::Ask(_) => false,
            Self::Choose(choose) => choose.options.iter().any(|option| option.binds),
        }
    }

    /// The title of this option as it is shown, if it accepts terms.
    pub(crate) fn title_that_binds(self, run: &Run<'f>, option: &str) -> Result<Option<String>, Stop> {
        match self {
            Self::Ask(_) => Ok(None),
            Self::Choose(choose) => choose::title_that_binds(choose, run, option),
        }
    }

    /// Whether one of its options is chosen by this meaning.
    pub(crate) fn lists(self, intent: Intent) -> bool {
        match self {
            Self::Ask(_) => false,
            Self::Choose(choose) => {
                choose.options.iter().any(|option| option.intents.iter().any(|name| name == intent.name()))
            }
        }
    }

    /// Whether any words at all are an answer.
    pub(crate) const fn takes_any_text(self) -> bool {
        match self {
            Self::Ask(ask) => matches!(ask.expects, Expects::Text { .. }),
            Self::Choose(_) => false,
        }
    }

    pub(crate) const fn expects_date(self) -> bool {
        match self {
            Self::Ask(ask) => matches!(ask.expects, Expects::Date),
            Self::Choose(_) => false,
        }
    }

    /// Whether an amount answers it, also one that is typed instead of an option.
    pub(crate) const fn takes_amount(self) -> bool {
        match self {
            Self::Ask(ask) => matches!(ask.expects, Expects::Money),
            Self::Choose(choose) => !choose.typed.is_empty(),
        }
    }

    /// Whether the words name an answer so plainly that no safety interrupt can be meant.
    pub(crate) fn is_named_exactly(self, meaning: &Understanding) -> bool {
        match self {
            Self::Ask(_) => false,
            Self::Choose(_) => {
                meaning.consent.is_some() || meaning.option.as_ref().is_some_and(choose::is_exact)
            }
        }
    }

    /// The whole question again.
    pub(crate) fn ask(self, run: &mut Run<'f>, page: usize) -> Result<(), Stop> {
        match self {
            Self::Ask(ask) => ask::ask(ask, run),
            Self::Choose(choose) => choose::ask(choose, run, page),
        }
    }

    /// Other words, with the options of a choice; `turn` is the asking that its ids name.
    pub(crate) fn ask_short(self, run: &mut Run<'f>, words: Spoken, turn: u64) -> Result<(), Stop> {
        match self {
            Self::Ask(_) => ask::ask_short(run, words, turn),
            Self::Choose(choose) => choose::ask_short(choose, run, words, turn),
        }
    }

    pub(crate) fn answer(
        self,
        run: &mut Run<'f>,
        body: &str,
        meaning: &Understanding,
        certain: Certain<'_>,
    ) -> Result<Option<Next<'f>>, Stop> {
        match self {
            Self::Ask(ask) => ask::answer(ask, run, body, meaning),
            Self::Choose(choose) => choose::answer(choose, run, meaning, certain),
        }
    }

    /// Takes a tap on an option that is open; `None` when it is not any more.
    pub(crate) fn answer_tap(self, run: &mut Run<'f>, option: &str) -> Result<Option<Next<'f>>, Stop> {
        match self {
            Self::Ask(ask) => which::answer_tap(ask, run, option),
            Self::Choose(choose) => choose::answer_tap(choose, run, option),
        }
    }

    /// Whether a tap on any older message of this step counts; never where terms are accepted.
    pub(crate) const fn accepts_stale(self) -> bool {
        match self {
            Self::Ask(_) => false,
            Self::Choose(choose) => choose.accept_stale && choose.evidence.is_none(),
        }
    }

    pub(crate) fn answer_media(self, run: &mut Run<'f>, media_id: &str) -> Result<Option<Next<'f>>, Stop> {
        match self {
            Self::Ask(ask) if ask.expects == Expects::Media => {
                ask::answer_media(ask, run, media_id).map(Some)
            }
            Self::Ask(_) | Self::Choose(_) => Ok(None),
        }
    }
}
