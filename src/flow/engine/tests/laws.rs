//! Laws over random conversations: no panic, limits hold, replay is equal, sessions round-trip, masked is masked.
#![expect(clippy::wildcard_enum_match_arm, reason = "a law looks at the effects that it is about")]

use super::{MOTOR, facts};
use crate::domain::assurance::{Assurance, Label};
use crate::domain::ids::{PersonId, Wamid};
use crate::domain::inbound::MediaKind;
use crate::domain::money::{Currency, Money};
use crate::domain::time::{Day, Millis};
use crate::flow::catalogue;
use crate::flow::effect::{ActionCall, Effect};
use crate::flow::engine::step;
use crate::flow::facts::{Facts, Limits};
use crate::flow::input::{Input, Said, TimerName};
use crate::flow::state::{Session, Status, Turn};
use crate::flow::talk::script::value_of;
use crate::flow::value::{Type, Value};
use crate::understand::intent::Intent;
use crate::understand::options::{OptionHow, OptionMatch};
use crate::understand::{IntentGuess, IntentSource, Understanding};
use crate::whatsapp::limits;
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What happens next, before it is known what the session looks like then.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a dozen of them in a test")]
enum Move {
    Write(Understanding),
    /// The n-th option that was ever shown.
    Tap(usize),
    Media(bool),
    Unreadable,
    /// The n-th outcome of the awaited action, with that many list elements.
    Outcome(usize, usize),
    Timer(TimerName, bool),
    Returned(Option<&'static str>),
    Closed,
    Identity,
    Echo,
    Level(Assurance),
    Time(i64),
}

fn understanding() -> impl Strategy<Value = Understanding> {
    let words = prop::sample::select(vec!["hola", "menu", "asesor", "stop", "otra cosa", "2", "xyz", ""]);
    let intent = prop::option::of(prop::sample::select(Intent::ALL.to_vec()));
    let doubt = prop::option::weighted(0.2, prop::sample::select(Intent::ALL.to_vec()));
    let option = prop::option::of(prop::sample::select(vec![
        "deuda", "datos", "si", "no", "otro", "anaQ0", "beaQ0", "#1",
    ]));
    let values = (prop::bool::ANY, 0..2_000_000_i64, -5..40_i64, prop::option::of(prop::bool::ANY));
    (words, intent, doubt, option, 0..10_000_u16, values).prop_map(
        |(words, intent, doubt, option, confidence_bps, (typed, amount, days, yes_no))| Understanding {
            normalised: words.to_owned(),
            option: option.map(|id| OptionMatch { id: id.to_owned(), how: OptionHow::Contained }),
            intent: intent.map(|intent| IntentGuess {
                intent,
                confidence_bps,
                how: IntentSource::Classifier,
            }),
            doubt,
            amount: typed.then(|| Money::new(amount * 100, Currency::Cop)),
            date: typed.then(|| facts().today.plus_days(days)),
            day_month: typed.then_some((12, 5)),
            digits: typed.then(|| "4821".to_owned().into()),
            yes_no,
            integer: typed.then_some(amount % 10),
            ..Understanding::default()
        },
    )
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let timer = prop::sample::select(vec![TimerName::Nudge, TimerName::Expire, TimerName::Resume]);
    let place = prop::sample::select(vec!["elegir", "deuda.saldo", "inicio.menu", "x.y", "", "."]);
    let one = prop_oneof![
        6 => understanding().prop_map(Move::Write),
        6 => (0..40_usize).prop_map(Move::Tap),
        1 => prop::bool::ANY.prop_map(Move::Media),
        1 => Just(Move::Unreadable),
        9 => (0..3_usize, 0..14_usize).prop_map(|(n, size)| Move::Outcome(n, size)),
        2 => (timer, prop::bool::weighted(0.8)).prop_map(|(name, on_time)| Move::Timer(name, on_time)),
        1 => prop::option::of(place).prop_map(Move::Returned),
        1 => Just(Move::Closed),
        1 => Just(Move::Identity),
        1 => Just(Move::Echo),
        2 => prop::sample::select(Assurance::ALL.to_vec()).prop_map(Move::Level),
        1 => (0..100_i64).prop_map(Move::Time),
    ];
    prop::collection::vec(one, 1..40)
}

/// A value of a type that no action could object to.
fn sample(ty: &Type, size: usize, n: usize, whose: &str) -> Value {
    match ty {
        Type::Record(name) => {
            let records = catalogue::records();
            let (_, fields) = records.iter().find(|(known, _)| known == name).unwrap();
            let field = |f: &crate::flow::value::Field| (f.name.to_owned(), sample(&f.ty, size, n, whose));
            Value::Record(fields.iter().map(field).collect())
        }
        Type::List(of) => Value::List((0..size).map(|n| sample(of, size, n, whose)).collect()),
        Type::Money => Value::Money(Money::new(100_000_000, Currency::Cop)),
        Type::Date => Value::Date(Day::parse("2026-12-01").unwrap()),
        Type::Int => Value::Int(3),
        Type::Percent => Value::Percent(18_000),
        Type::Bool => Value::Bool(true),
        Type::Text => Value::text(format!("{whose}{n}")),
        Type::Enum(members) => value_of(&members[0].as_str().into(), ty, Currency::Cop).unwrap(),
    }
}

/// Two persons of one phone; whatever an action reads of a file names whose it is.
const PERSONS: [(&str, PersonId); 2] =
    [("anaQ", PersonId(Uuid::from_u128(1))), ("beaQ", PersonId(Uuid::from_u128(2)))];

struct World {
    facts: Facts,
    /// Who was proved last.
    proved: usize,
    session: Session,
    call: Option<ActionCall>,
    shown: Vec<(String, String)>,
    timers: Vec<(TimerName, u64)>,
    n: u32,
}

impl World {
    fn input(&mut self, next: Move) -> Option<Input> {
        self.n += 1;
        let wamid = Wamid::new(format!("w{}", self.n));
        let message = |said| Some(Input::Message { wamid, said, held_secret: false });
        match next {
            Move::Write(understanding) => message(Said::Text {
                body: understanding.normalised.clone().into(),
                understanding: Box::new(understanding),
            }),
            Move::Tap(n) => {
                let (id, title) = self.shown.iter().rev().nth(n)?.clone();
                message(Said::Option { id, title: title.into(), understanding: Box::default() })
            }
            Move::Media(voice) => message(Said::Media {
                kind: MediaKind::Image,
                media_id: "m".to_owned(),
                voice,
                caption: None,
                understanding: None,
            }),
            Move::Unreadable => message(Said::Unreadable),
            Move::Outcome(n, size) => {
                let call = self.call.take()?;
                let action =
                    catalogue::actions().into_iter().find(|action| action.name == call.action).unwrap();
                let outcome = action.outcomes[n % action.outcomes.len()].to_owned();
                let grants = action
                    .grants
                    .is_some_and(|(granting, _)| granting == outcome)
                    .then(|| size % PERSONS.len());
                self.proved = grants.unwrap_or(self.proved);
                let proved = grants.map(|person| PERSONS[person].1);
                let whose = match self.facts.assurance {
                    Assurance::Ninguna | Assurance::Canal => "nobody",
                    Assurance::Verificada | Assurance::Reforzada => PERSONS[self.proved].0,
                };
                let output =
                    |f: &crate::flow::value::Field| (f.name.to_owned(), sample(&f.ty, size, 0, whose));
                let values: BTreeMap<String, Value> = action.outputs.iter().map(output).collect();
                Some(Input::ActionOutcome { call: call.call, outcome, values, proved })
            }
            Move::Timer(name, on_time) => {
                let set = self.timers.iter().find(|(set, _)| *set == name).map(|(_, turn)| *turn);
                Some(Input::Timer { name, turn: if on_time { set? } else { 0 } })
            }
            Move::Returned(step) => {
                Some(Input::AgentReturned { step: step.map(str::to_owned), outcome: None })
            }
            Move::Closed => Some(Input::TicketClosed { outcome: None }),
            Move::Identity => Some(Input::IdentityChanged),
            Move::Echo => Some(Input::HumanEcho),
            Move::Level(level) => {
                self.facts.assurance = level;
                self.session.assurance = self.session.assurance.max(level);
                if level >= Assurance::Verificada {
                    // The shell believes a level only of the person whose session it is.
                    self.session.subject.get_or_insert(PERSONS[self.proved].1);
                }
                None
            }
            Move::Time(hours) => {
                self.facts.now = self.facts.now.plus(Millis::hours(hours));
                self.facts.window_until = (hours % 2 == 0).then(|| self.facts.now.plus(Millis::hours(1)));
                None
            }
        }
    }

    fn took(&mut self, turn: Turn) {
        for effect in &turn.effects {
            if let Effect::Assurance { level } = effect {
                self.facts.assurance = *level;
            }
            if let Effect::RunAction(call) = effect {
                self.call = Some(call.clone());
            }
            if let Effect::Send { content, .. } = effect {
                let options = content.options().into_iter();
                self.shown.extend(options.map(|(id, title)| (id.to_owned(), title.to_owned())));
            }
        }
        let timer = |effect: &Effect| match effect {
            Effect::SetTimer { name, turn, .. } => Some((*name, *turn)),
            _ => None,
        };
        self.timers = turn.effects.iter().filter_map(timer).collect();
        // What is stored is what goes on.
        self.session = serde_json::from_str(&serde_json::to_string(&turn.session).unwrap()).unwrap();
    }
}

/// Everything that must hold of any turn.
fn check(before: &World, input: &Input, turn: &Turn) -> Result<(), TestCaseError> {
    let most = Limits::default();
    let again = step(&MOTOR, before.session.clone(), input, &before.facts, &most);
    prop_assert_eq!(&again, turn, "same arguments, same turn");
    let stored = serde_json::to_string(&turn.session).unwrap();
    prop_assert_eq!(&serde_json::from_str::<Session>(&stored).unwrap(), &turn.session);
    prop_assert_eq!(turn.session.turn, before.session.turn + 1);
    prop_assert!(turn.session.frames.len() <= most.frames_max);

    let faulted = turn.effects.iter().any(|effect| matches!(effect, Effect::Fault { .. }));
    let explained = turn.effects.iter().any(|effect| {
        matches!(effect, Effect::Fault { what, .. } if what.contains("steps in one turn") || what.contains("option"))
    });
    prop_assert!(!faulted || explained, "the motor flows are right: {:?}", turn.effects);

    for (name, _) in PERSONS.iter().filter(|(_, person)| turn.session.subject != Some(*person)) {
        prop_assert!(
            !stored.contains(name),
            "the session of {:?} holds what is {name}'s",
            turn.session.subject
        );
        let told = |effect: &Effect| matches!(effect, Effect::Send { content, .. } if format!("{:?} {:?}", content.readable(), content.options()).contains(name));
        prop_assert!(
            !turn.effects.iter().any(told),
            "{name}'s matters were told to {:?}",
            turn.session.subject
        );
    }

    let granted = turn
        .effects
        .iter()
        .any(|e| matches!(e, Effect::Assurance { level } if *level > before.facts.assurance));
    let mut next_index = 0;
    for effect in &turn.effects {
        if let Effect::Send { index, content, label, .. } = effect {
            prop_assert_eq!(*index, next_index);
            next_index += 1;
            prop_assert_eq!(limits::check(content), Ok(()), "{:?}", content.readable());
            let masked = *label < Label::Deuda || before.facts.assurance >= Assurance::Verificada || granted;
            prop_assert!(masked, "a debt was shown at level {:?}", before.facts.assurance);
        }
        if let Effect::RunAction(call) = effect {
            prop_assert_eq!(u64::from(call.call), turn.session.turn, "the call derives from the turn");
            prop_assert_eq!(&turn.session.status, &Status::AwaitingAction { call: call.call });
        }
    }
    prop_assert!(usize::try_from(next_index).unwrap() <= most.messages_max);
    let waits = matches!(turn.session.status, Status::Waiting { .. } | Status::Paused { .. });
    let timed = turn.effects.iter().any(|effect| matches!(effect, Effect::SetTimer { .. }));
    prop_assert_eq!(waits, timed, "what waits has a timer, and nothing else has");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn laws_hold_over_any_conversation(moves in moves()) {
        let facts = facts();
        let session = Session::new(MOTOR.hash.clone(), "es", facts.now);
        let mut world = World { facts, proved: 0, session, call: None, shown: Vec::new(), timers: Vec::new(), n: 0 };
        for next in moves {
            let Some(input) = world.input(next) else { continue };
            let turn = step(&MOTOR, world.session.clone(), &input, &world.facts, &Limits::default());
            check(&world, &input, &turn)?;
            world.took(turn);
        }
    }
}
