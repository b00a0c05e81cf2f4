//! One chat over the pure engine, and what must hold of each of its turns.

use crate::{consent, samples};
use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::ids::Wamid;
use acuerdo::domain::inbound::MediaKind;
use acuerdo::domain::time::Millis;
use acuerdo::flow::check::names::CATALOGUE;
use acuerdo::flow::effect::{ActionCall, Effect};
use acuerdo::flow::engine;
use acuerdo::flow::facts::{Facts, Limits};
use acuerdo::flow::input::{Input, Said, TimerName};
use acuerdo::flow::model::FlowSet;
use acuerdo::flow::state::{Session, Status, Turn};
use acuerdo::understand::{Context, Understander, Understanding};
use acuerdo::whatsapp::limits::check;
use arbitrary::{Result, Unstructured};
use std::collections::BTreeMap;

/// Turns of one run; more find nothing that a second run would not.
const TURNS_MAX: u32 = 40;

/// What people write that the fuzzer would be slow to find.
const WORDS: &[&str] = &[
    "hola",
    "menú",
    "asesor",
    "stop",
    "no me escriban más",
    "1010",
    "4821",
    "12 de mayo",
    "sí",
    "no",
    "ya pagué ayer",
    "80 lucas",
    "la quincena",
    "no soy esa persona",
    "es una estafa",
    "murió mi papá",
    "english",
    "dos cuotas",
    "2",
    "el viernes",
    "¿quién es usted?",
    "quiero pagar",
    "no reconozco esa deuda",
];

pub struct Chat<'f> {
    flows: &'f FlowSet,
    understander: Option<&'f Understander>,
    facts: Facts,
    session: Session,
    call: Option<ActionCall>,
    /// Ids of all options that were ever on the screen.
    shown: Vec<(String, String)>,
    timers: Vec<(TimerName, u64)>,
    ticket: bool,
    n_messages: u32,
}

impl<'f> Chat<'f> {
    pub fn new(flows: &'f FlowSet, understander: Option<&'f Understander>, agents_are_there: bool) -> Self {
        let facts = samples::facts(agents_are_there);
        let session = Session::new(flows.hash.clone(), &flows.bot.language, facts.now);
        Self {
            flows,
            understander,
            facts,
            session,
            call: None,
            shown: Vec::new(),
            timers: Vec::new(),
            ticket: false,
            n_messages: 0,
        }
    }

    /// Plays until the bytes end. Each turn is judged.
    pub fn play(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        for _ in 0..TURNS_MAX {
            if u.is_empty() {
                break;
            }
            let Some(input) = self.next(u)? else { continue };
            let turn =
                engine::step(self.flows, self.session.clone(), &input, &self.facts, &Limits::default());
            self.judge(&input, &turn);
            self.took(turn);
        }
        Ok(())
    }

    fn next(&mut self, u: &mut Unstructured<'_>) -> Result<Option<Input>> {
        // An action is being run: its outcome comes, or, now and then, something else comes first.
        if self.call.is_some() && u.ratio(5, 6)? {
            return self.outcome(u).map(Some);
        }
        Ok(match u.int_in_range(0..=15_u8)? {
            0..=3 => Some(self.writes(u)?),
            4..=8 => self.taps(u)?,
            9 => Some(self.message(other(u)?)),
            10 => self.timer(u)?,
            11 => Some(match u.int_in_range(0..=4_u8)? {
                0 => Input::AgentReturned { step: self.place(u)?, outcome: None },
                1 => Input::TicketClosed { outcome: None },
                2 => Input::IdentityChanged,
                3 => Input::HumanEcho,
                _ => Input::DeliveryFailed { question: true, unconfirmed: None },
            }),
            12 => {
                let hours = i64::from(u.int_in_range(0..=100_u8)?);
                self.facts.now = self.facts.now.plus(Millis::hours(hours));
                self.facts.today = samples::zone().day(self.facts.now);
                None
            }
            13 => {
                // As the shell does: proved too long ago, or another person may have the number.
                self.facts.assurance = *u.choose(&[Assurance::Ninguna, Assurance::Canal])?;
                None
            }
            14 => {
                let fields = CATALOGUE.facts.get("persona").expect("the fact of the person");
                self.facts.roots.insert("persona".to_owned(), samples::record(fields, u)?);
                None
            }
            _ => match self.call {
                Some(_) => Some(self.outcome(u)?),
                None => self.taps(u)?,
            },
        })
    }

    fn message(&mut self, said: Said) -> Input {
        self.n_messages += 1;
        self.facts.window_until = Some(self.facts.now.plus(Millis::hours(24)));
        Input::Message { wamid: Wamid::new(format!("w{}", self.n_messages)), said, held_secret: false }
    }

    fn writes(&mut self, u: &mut Unstructured<'_>) -> Result<Input> {
        let text = match u.int_in_range(0..=5_u8)? {
            0 => consent::sentence(u)?,
            1..=3 => (*u.choose(WORDS)?).to_owned(),
            _ => u.arbitrary::<String>()?,
        };
        let understanding = Box::new(self.understand(&text));
        Ok(self.message(Said::Text { body: text.into(), understanding }))
    }

    fn understand(&self, text: &str) -> Understanding {
        let Some(understander) = self.understander else { return Understanding::default() };
        let options = engine::open_options(self.flows, &self.session, &self.facts);
        let context = Context {
            today: self.facts.today,
            currency: self.facts.currency,
            expects: engine::expectation(self.flows, &self.session),
            typed: engine::typed_expectation(self.flows, &self.session),
            options: &options,
        };
        let understood = understander.understand(text, &context);
        assert_eq!(understood, understander.understand(text, &context), "the same words mean the same");
        if let Some(option) = &understood.option {
            assert!(options.iter().any(|open| open.id == option.id), "only what is open can be chosen");
        }
        understood
    }

    fn taps(&mut self, u: &mut Unstructured<'_>) -> Result<Option<Input>> {
        if self.shown.is_empty() {
            return Ok(None);
        }
        // The newest screen most of the time.
        let furthest = if u.ratio(4, 5)? { 9 } else { u8::MAX };
        let back = usize::from(u.int_in_range(0..=furthest)?);
        let Some((id, title)) = self.shown.iter().rev().nth(back % self.shown.len()).cloned() else {
            return Ok(None);
        };
        Ok(Some(self.message(Said::Option { id, title: title.into(), understanding: Box::default() })))
    }

    fn outcome(&mut self, u: &mut Unstructured<'_>) -> Result<Input> {
        let call = self.call.take().expect("an action is awaited");
        let action = CATALOGUE.actions.get(call.action.as_str()).expect("an action of the catalogue");
        let outcome = (*u.choose(&action.outcomes)?).to_owned();
        let mut values = BTreeMap::new();
        for output in &action.outputs {
            let value = samples::record(std::slice::from_ref(output), u)?;
            let Some(value) = value.at(&[output.name.to_owned()]).cloned() else { continue };
            values.insert(output.name.to_owned(), value);
        }
        Ok(Input::ActionOutcome { call: call.call, outcome, values, proved: None })
    }

    fn timer(&mut self, u: &mut Unstructured<'_>) -> Result<Option<Input>> {
        if self.timers.is_empty() {
            return Ok(None);
        }
        let (name, turn) = *u.choose(&self.timers)?;
        let late = u.ratio(1, 8)?;
        Ok(Some(Input::Timer { name, turn: if late { turn.saturating_sub(1) } else { turn } }))
    }

    /// A step of these flows, or something that is none.
    fn place(&self, u: &mut Unstructured<'_>) -> Result<Option<String>> {
        if u.ratio(1, 2)? {
            return Ok(None);
        }
        let flows: Vec<_> = self.flows.flows.values().collect();
        let flow = u.choose(&flows)?;
        let steps: Vec<_> = flow.steps.keys().collect();
        let step = u.choose(&steps)?;
        Ok(Some(if u.ratio(7, 8)? { format!("{}.{step}", flow.id) } else { u.arbitrary()? }))
    }

    /// What must hold of any turn of flows that load.
    fn judge(&self, input: &Input, turn: &Turn) {
        let limits = Limits::default();
        let again = engine::step(self.flows, self.session.clone(), input, &self.facts, &limits);
        assert_eq!(&again, turn, "same arguments, same turn");
        let stored = serde_json::to_string(&turn.session).expect("a session is JSON");
        let read: Session = serde_json::from_str(&stored).expect("a stored session is readable");
        assert_eq!(read, turn.session, "a session survives its storage");
        assert_eq!(turn.session.turn, self.session.turn + 1);
        assert!(turn.session.frames.len() <= limits.frames_max);
        self.judge_messages(turn);
        self.judge_end(turn);
        consent::judge(&self.session, input, turn);
    }

    fn judge_messages(&self, turn: &Turn) {
        let mut level = self.facts.assurance;
        for effect in &turn.effects {
            if let Effect::Assurance { level: granted } = effect {
                level = level.max(*granted);
            }
        }
        let mut n_messages = 0_u32;
        for effect in &turn.effects {
            let Effect::Send { index, content, label, .. } = effect else { continue };
            assert_eq!(*index, n_messages, "messages are numbered in order");
            n_messages += 1;
            if let Err(why) = check(content) {
                panic!("WhatsApp would refuse ({why}): {}", content.readable());
            }
            assert!(label.needs() <= level, "{label:?} shown at {level:?}: {}", content.readable());
        }
        let most = u32::try_from(Limits::default().messages_max).unwrap_or(u32::MAX);
        assert!(n_messages <= most, "{n_messages} messages in one turn");
    }

    /// Whatever came, somebody or something goes on from here: never a dead end.
    fn judge_end(&self, turn: &Turn) {
        let has = |wanted: fn(&Effect) -> bool| turn.effects.iter().any(wanted);
        let timed = has(|effect| matches!(effect, Effect::SetTimer { .. }));
        let opened = has(|effect| matches!(effect, Effect::OpenTicket { .. }));
        for effect in &turn.effects {
            let Effect::Fault { flow, step, what } = effect else { continue };
            assert!(opened, "a fault without a person: {flow}.{step}: {what}");
            assert!(
                what.contains("steps in one turn") || what.contains("inside each other"),
                "flows that were proved are wrong at {flow}.{step}: {what}"
            );
        }
        match &turn.session.status {
            Status::Waiting { .. } | Status::Paused { .. } => assert!(timed, "a wait without an end"),
            Status::AwaitingAction { call } => {
                let runs = turn.effects.iter().any(|e| matches!(e, Effect::RunAction(a) if a.call == *call));
                let goes_on = self.session.status == turn.session.status;
                assert!(runs || goes_on, "an action is awaited that nobody runs");
            }
            Status::WithAgent { .. } => {
                assert!(opened || self.ticket, "with an agent, and there is no ticket");
            }
            Status::New | Status::Silenced { .. } | Status::Ended { .. } => {}
        }
        assert!(
            !timed || matches!(turn.session.status, Status::Waiting { .. } | Status::Paused { .. }),
            "a timer of nothing: {:?}",
            turn.session.status
        );
    }

    fn took(&mut self, turn: Turn) {
        self.timers.clear();
        for effect in &turn.effects {
            match effect {
                Effect::Assurance { level } => self.facts.assurance = *level,
                Effect::RunAction(call) => self.call = Some(call.clone()),
                Effect::Send { content, .. } => {
                    let options = content.options().into_iter();
                    self.shown.extend(options.map(|(id, title)| (id.to_owned(), title.to_owned())));
                }
                Effect::SetTimer { name, turn, .. } => self.timers.push((*name, *turn)),
                Effect::OpenTicket { .. } => self.ticket = true,
                Effect::CloseTicket { .. } => self.ticket = false,
                Effect::ForwardToAgent
                | Effect::Ended { .. }
                | Effect::Reservation { .. }
                | Effect::Suspected { .. }
                | Effect::Fault { .. } => {}
            }
        }
        if !matches!(turn.session.status, Status::AwaitingAction { .. }) {
            self.call = None;
        }
        self.session = turn.session;
    }
}

fn other(u: &mut Unstructured<'_>) -> Result<Said> {
    let media = |kind, voice| Said::Media {
        kind,
        media_id: "m".to_owned(),
        voice,
        caption: None,
        understanding: None,
    };
    Ok(match u.int_in_range(0..=6_u8)? {
        0 => media(MediaKind::Image, false),
        1 => media(MediaKind::Audio, true),
        2 => media(MediaKind::Document, false),
        3 => Said::Location,
        4 => Said::Unreadable,
        5 => Said::Ignored { why: "reaction".to_owned() },
        _ => {
            // An option id that somebody made up.
            let id = u.arbitrary::<String>()?;
            Said::Option { id, title: "t".to_owned().into(), understanding: Box::default() }
        }
    })
}
