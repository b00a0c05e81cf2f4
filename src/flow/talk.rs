//! A conversation without a phone: the engine over a clock that is set by hand and actions that are made up.
//!
//! `acuerdo flow talk` and the tests of flows run on it. It does what the service does around `step` — understand,
//! run actions, fire timers — with nothing stored and nothing sent.

pub mod replies;
pub mod script;

use crate::domain::assurance::{Assurance, Label};
use crate::domain::ids::Wamid;
use crate::domain::inbound::MediaKind;
use crate::domain::outbound::Outbound;
use crate::domain::time::{Millis, Timestamp, Zone};
use crate::flow::compile::ABANDONED;
use crate::flow::effect::{ActionCall, Effect, Visit};
use crate::flow::engine;
use crate::flow::facts::{Facts, Limits};
use crate::flow::input::{Input, Said};
use crate::flow::model::FlowSet;
use crate::flow::state::{OpenTimer, Session, Status};
use crate::flow::value::Value;
use crate::rules::secrets;
use crate::understand::{Context, Understander};
use std::collections::BTreeMap;
use std::fmt;

/// Actions of one turn at most; a flow that goes on calling is cut off as the service would do.
const ACTIONS_MAX: u32 = 20;
/// The service window after a message of the person.
const WINDOW: Millis = Millis::hours(24);

/// Makes up what actions answer.
pub trait Outcomes {
    /// The outcome's name and its outputs; `None` when nobody said what this action answers.
    fn of(&mut self, call: &ActionCall) -> Option<(String, BTreeMap<String, Value>)>;
}

/// One thing that happened, as a reader of a transcript wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    Bot {
        content: Outbound,
        label: Label,
        proactive: bool,
    },
    Action {
        action: String,
        outcome: String,
        once: Option<String>,
        evidence: bool,
    },
    Ticket {
        queue: String,
        priority: String,
        reason: String,
    },
    ToAgent,
    /// What people are to ask about: the name of an intent.
    Suspected(String),
    CloseTicket {
        outcome: String,
    },
    Level(Assurance),
    /// The chat is reserved for this, or free again.
    Reserved(Option<String>),
    Ended {
        outcome: String,
    },
    Fault {
        place: String,
        what: String,
    },
    /// Nobody said what the action answers; the conversation stands there.
    NoOutcome {
        action: String,
    },
}

#[derive(Clone)]
pub struct Talk<'f> {
    flows: &'f FlowSet,
    understander: &'f Understander,
    zone: Zone,
    limits: Limits,
    pub facts: Facts,
    pub session: Session,
    /// Every step that was visited, for coverage.
    pub trail: Vec<Visit>,
    timers: Vec<OpenTimer>,
    /// Titles on the phone's screen with their ids, newest last.
    options: Vec<(String, String)>,
    n_messages: u32,
}

impl<'f> Talk<'f> {
    /// A person who never wrote before. `facts.now` is when the talk begins.
    pub fn new(flows: &'f FlowSet, understander: &'f Understander, zone: Zone, facts: Facts) -> Self {
        let session = Session::new(flows.hash.clone(), &flows.bot.language, facts.now);
        Self {
            flows,
            understander,
            zone,
            limits: Limits::default(),
            facts,
            session,
            trail: Vec::new(),
            timers: Vec::new(),
            options: Vec::new(),
            n_messages: 0,
        }
    }

    /// The person writes.
    pub fn write(&mut self, text: &str, outcomes: &mut dyn Outcomes) -> Vec<Line> {
        let Some(masked) = secrets::mask(text) else {
            let understanding = Box::new(self.understand(text));
            return self.message(Said::Text { body: text.to_owned().into(), understanding }, outcomes);
        };
        let understanding = Box::new(self.understand(&secrets::without_masks(&masked.text)));
        self.heard(Said::Text { body: masked.text.into(), understanding }, true, outcomes)
    }

    /// The person taps the newest option with this title; `None` when there never was one.
    pub fn tap(&mut self, title: &str, outcomes: &mut dyn Outcomes) -> Option<Vec<Line>> {
        let id = self.options.iter().rev().find(|(shown, _)| shown == title).map(|(_, id)| id.clone())?;
        let understanding = Box::new(self.understand(title));
        Some(self.message(Said::Option { id, title: title.to_owned().into(), understanding }, outcomes))
    }

    /// The person sends a picture, perhaps with words below it, or a voice note when it is audio.
    pub fn send_media(
        &mut self,
        kind: MediaKind,
        caption: Option<&str>,
        outcomes: &mut dyn Outcomes,
    ) -> Vec<Line> {
        let media_id = format!("media-{}", self.n_messages + 1);
        let voice = kind == MediaKind::Audio;
        let understanding = caption.map(|words| Box::new(self.understand(words)));
        let caption = caption.map(|words| words.to_owned().into());
        self.message(Said::Media { kind, media_id, voice, caption, understanding }, outcomes)
    }

    pub fn message(&mut self, said: Said, outcomes: &mut dyn Outcomes) -> Vec<Line> {
        self.heard(said, false, outcomes)
    }

    fn heard(&mut self, said: Said, held_secret: bool, outcomes: &mut dyn Outcomes) -> Vec<Line> {
        self.n_messages += 1;
        self.facts.window_until = Some(self.facts.now.plus(WINDOW));
        let wamid = Wamid::new(format!("wamid.{}", self.n_messages));
        self.take(&Input::Message { wamid, said, held_secret }, outcomes)
    }

    /// Time passes; what becomes due meanwhile happens at its own time.
    pub fn wait(&mut self, length: Millis, outcomes: &mut dyn Outcomes) -> Vec<Line> {
        let until = self.facts.now.plus(length);
        let mut lines = Vec::new();
        while let Some(at) = self.next_due(until) {
            let timer = self.timers.remove(at);
            self.set_clock(timer.due);
            lines.extend(self.take(&Input::Timer { name: timer.name, turn: timer.turn }, outcomes));
        }
        self.set_clock(until);
        lines
    }

    fn next_due(&self, until: Timestamp) -> Option<usize> {
        let due = self.timers.iter().enumerate().filter(|(_, timer)| timer.due <= until);
        due.min_by_key(|(_, timer)| timer.due).map(|(at, _)| at)
    }

    fn set_clock(&mut self, now: Timestamp) {
        self.facts.now = now.max(self.facts.now);
        self.facts.today = self.zone.day(self.facts.now);
    }

    /// Any input, with the actions that follow from it.
    pub fn take(&mut self, input: &Input, outcomes: &mut dyn Outcomes) -> Vec<Line> {
        let mut lines = self.turn(input);
        for _ in 0..ACTIONS_MAX {
            let Some(call) = lines.1.take() else { break };
            let Some((outcome, values)) = outcomes.of(&call) else {
                lines.0.push(Line::NoOutcome { action: call.action });
                break;
            };
            lines.0.push(Line::Action {
                action: call.action,
                outcome: outcome.clone(),
                once: call.once,
                evidence: call.evidence.is_some(),
            });
            let (more, next) =
                self.turn(&Input::ActionOutcome { call: call.call, outcome, values, proved: None });
            lines.0.extend(more);
            lines.1 = next;
        }
        lines.0
    }

    fn turn(&mut self, input: &Input) -> (Vec<Line>, Option<ActionCall>) {
        let turn = engine::step(self.flows, self.session.clone(), input, &self.facts, &self.limits);
        self.session = turn.session;
        self.trail.extend(turn.trail);
        self.timers.clear();
        let mut call = None;
        let lines = turn.effects.into_iter().filter_map(|effect| self.line(effect, &mut call)).collect();
        (lines, call)
    }

    fn line(&mut self, effect: Effect, call: &mut Option<ActionCall>) -> Option<Line> {
        match effect {
            Effect::Send { content, label, proactive, .. } => {
                let options = content.options();
                self.options.extend(options.into_iter().map(|(id, title)| (title.to_owned(), id.to_owned())));
                Some(Line::Bot { content, label, proactive })
            }
            Effect::RunAction(action) => {
                *call = Some(action);
                None
            }
            Effect::SetTimer { name, turn, due } => {
                self.timers.push(OpenTimer { name, turn, due });
                None
            }
            Effect::OpenTicket { queue, priority, reason, .. } => {
                Some(Line::Ticket { queue, priority, reason })
            }
            Effect::ForwardToAgent => Some(Line::ToAgent),
            Effect::Suspected { what, .. } => Some(Line::Suspected(what)),
            Effect::CloseTicket { outcome } => Some(Line::CloseTicket { outcome }),
            Effect::Assurance { level } => {
                // The service's rules would say the same at once.
                self.facts.assurance = level;
                Some(Line::Level(level))
            }
            Effect::Reservation { reserved } => Some(Line::Reserved(reserved)),
            Effect::Ended { outcome } => Some(Line::Ended { outcome }),
            Effect::Fault { flow, step, what } => Some(Line::Fault { place: format!("{flow}.{step}"), what }),
        }
    }

    fn understand(&self, text: &str) -> crate::understand::Understanding {
        let options = engine::open_options(self.flows, &self.session, &self.facts);
        let context = Context {
            today: self.facts.today,
            currency: self.facts.currency,
            expects: engine::expectation(self.flows, &self.session),
            typed: engine::typed_expectation(self.flows, &self.session),
            options: &options,
        };
        self.understander.understand(text, &context)
    }

    /// Whether the chat is over by the flow's own word, not by silence.
    pub fn is_over(&self) -> bool {
        matches!(&self.session.status, Status::Ended { outcome } if outcome != ABANDONED)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bot { content, label, proactive } => {
                let who = if *proactive { "bot (proactive)" } else { "bot" };
                let label = match label {
                    Label::Publico => String::new(),
                    Label::Contacto | Label::Deuda | Label::Pago => format!(" [{}]", label.name()),
                };
                write!(
                    f,
                    "{who}{label}: {}",
                    content.readable().replace("\n\n", "\n¶\n").replace('\n', "\n    ")
                )
            }
            Self::Action { action, outcome, once, evidence } => {
                write!(f, "  · {action} → {outcome}")?;
                if let Some(once) = once {
                    write!(f, " (once {once})")?;
                }
                if *evidence { f.write_str(" (with evidence)") } else { Ok(()) }
            }
            Self::Ticket { queue, priority, reason } => {
                write!(f, "  · ticket in `{queue}`, {priority}: {reason}")
            }
            Self::ToAgent => f.write_str("  · to the agent"),
            Self::Suspected(what) => write!(f, "  · suspected: {what}"),
            Self::CloseTicket { outcome } => write!(f, "  · ticket closed: {outcome}"),
            Self::Level(level) => write!(f, "  · level {}", level.name()),
            Self::Reserved(Some(what)) => write!(f, "  · reserved: {what}"),
            Self::Reserved(None) => f.write_str("  · reserved no more"),
            Self::Ended { outcome } => write!(f, "  · end: {outcome}"),
            Self::Fault { place, what } => write!(f, "  · fault at {place}: {what}"),
            Self::NoOutcome { action } => write!(f, "  · nobody says what `{action}` answers"),
        }
    }
}
