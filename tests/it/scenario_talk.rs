//! Scenarios over the pure engine: every file of `tests/scenarios`, its transcript kept beside it for review.

use crate::scenario_format::{Class, Driver, Given, Level, Sent, Shown, play, read_all};
use crate::scenario_world::World;
use acuerdo::domain::assurance::{Assurance, Label};
use acuerdo::domain::inbound::MediaKind;
use acuerdo::domain::money::Currency;
use acuerdo::domain::time::{Day, Millis, Zone};
use acuerdo::flow::effect::ActionCall;
use acuerdo::flow::facts::Facts;
use acuerdo::flow::input::Input;
use acuerdo::flow::model::FlowSet;
use acuerdo::flow::state::Status;
use acuerdo::flow::talk::{Line, Outcomes, Talk};
use acuerdo::flow::value::Value;
use acuerdo::rules::assurance::{AssuranceParameters, session_stands};
use acuerdo::understand::Understander;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub struct TalkDriver<'f> {
    flows: &'f FlowSet,
    understander: &'f Understander,
    talk: Option<Talk<'f>>,
    world: Option<World>,
    /// The number is on file for a person.
    is_known: bool,
    tickets: Vec<String>,
    fault: Option<String>,
}

impl<'f> TalkDriver<'f> {
    pub const fn over(flows: &'f FlowSet, understander: &'f Understander) -> Self {
        Self {
            flows,
            understander,
            talk: None,
            world: None,
            is_known: false,
            tickets: Vec::new(),
            fault: None,
        }
    }

    fn world(&self) -> &World {
        self.world.as_ref().expect("`begin` came first")
    }

    /// Facts are worded in the language that the chat has once this is heard.
    fn hear_language(&mut self, text: &str) {
        let (Some(talk), Some(world)) = (self.talk.as_mut(), self.world.as_ref()) else { return };
        let mut probe = Talk::new(self.flows, self.understander, world.zone.clone(), talk.facts.clone());
        probe.session = talk.session.clone();
        probe.write(text, &mut Nothing);
        talk.facts.roots.insert("prestamista".to_owned(), lender(world.document(&probe.session.language)));
    }

    /// Refreshes what the service would load before a turn, runs it, and reads what it caused.
    fn turn(
        &mut self,
        run: impl FnOnce(&mut Talk<'f>, &mut World) -> Result<Vec<Line>, String>,
    ) -> Result<Vec<Shown>, String> {
        let (Some(talk), Some(world)) = (self.talk.as_mut(), self.world.as_mut()) else {
            return Err("`begin` comes first".to_owned());
        };
        let floor = if self.is_known { Assurance::Canal } else { Assurance::Ninguna };
        let stands = session_stands(talk.session.active_at, talk.facts.now, &AssuranceParameters::default());
        talk.facts.assurance = if stands { talk.session.assurance.max(floor) } else { floor };
        world.now = talk.facts.now;
        talk.facts.roots.insert("agentes".to_owned(), world.agents());
        let mut shown = Vec::new();
        for line in run(talk, world)? {
            match line {
                Line::Bot { content, label, proactive } => {
                    shown.push(Shown { text: content.readable(), class: class(label), proactive });
                }
                // One ticket at a time: one that is open is raised.
                Line::Ticket { queue, .. } if self.tickets.is_empty() => self.tickets.push(queue),
                Line::Ticket { .. } => {}
                Line::CloseTicket { .. } => {
                    self.tickets.pop();
                }
                Line::Fault { place, what } => self.fault = Some(format!("{place}: {what}")),
                Line::NoOutcome { action } => self.fault = Some(format!("nobody answers `{action}`")),
                Line::Action { .. }
                | Line::ToAgent
                | Line::Suspected(_)
                | Line::Level(_)
                | Line::Reserved(_)
                | Line::Ended { .. } => {}
            }
        }
        Ok(shown)
    }
}

impl TalkDriver<'_> {
    fn set_attended(&mut self, attended: bool) {
        if let Some(talk) = &mut self.talk {
            talk.facts.attended = attended;
        }
    }
}

/// Answers no action.
struct Nothing;

impl Outcomes for Nothing {
    fn of(&mut self, _call: &ActionCall) -> Option<(String, BTreeMap<String, Value>)> {
        None
    }
}

const fn class(label: Label) -> Class {
    match label {
        Label::Publico => Class::Publico,
        Label::Contacto => Class::Contacto,
        Label::Deuda => Class::Deuda,
        Label::Pago => Class::Pago,
    }
}

fn lender((document, example): (String, String)) -> Value {
    Value::record([
        ("nombre", Value::text("Banco Andino")),
        ("asistente", Value::text("asistente virtual")),
        ("telefono", Value::text("601 555 0100")),
        ("web", Value::text("bancoandino.example")),
        ("correo", Value::text("ayuda@bancoandino.example")),
        ("privacidad", Value::text("https://bancoandino.example/privacidad")),
        ("linea_crisis", Value::text("la línea 106")),
        ("linea_emergencia", Value::text("123 / 155")),
        ("documento", Value::Text(document)),
        ("documento_ejemplo", Value::Text(example)),
    ])
}

impl Driver for TalkDriver<'_> {
    fn begin(&mut self, given: &Given) -> Result<(), String> {
        let zone = Zone::parse("America/Bogota").unwrap();
        let (day, time) = given.at.split_once(' ').ok_or("`at` is written `2026-11-18 10:00`")?;
        let (hour, minute) = time.split_once(':').ok_or("`at` is written `2026-11-18 10:00`")?;
        let number = |text: &str| text.parse::<u16>().map_err(|error| error.to_string());
        let today = Day::parse(day).ok_or("`at` begins with a day")?;
        let now = zone.at(today, number(hour)? * 60 + number(minute)?);
        let mut world = World::new(now, &given.person, &given.language)?;
        self.is_known = world.person().is_some();
        let name = world.person().map_or(Value::Nothing, |person| Value::text(person.first_name.expose()));
        let roots = BTreeMap::from([
            ("prestamista".to_owned(), lender(world.document(&given.language))),
            ("agentes".to_owned(), world.agents()),
            (
                "persona".to_owned(),
                Value::record([("conocida", Value::Bool(self.is_known)), ("primer_nombre", name)]),
            ),
        ]);
        let assurance = match (given.verified, self.is_known) {
            (true, _) => Assurance::Verificada,
            (false, true) => Assurance::Canal,
            (false, false) => Assurance::Ninguna,
        };
        for with in &given.with {
            match with.as_str() {
                "promise_running" => world.promise_before(),
                "locked_twice" => world.history.locks_month = 2,
                "agreement_kept" => world.agreement_kept = true,
                "no_payment_methods" => world.no_payment_methods = true,
                other => return Err(format!("nobody knows what `{other}` means in `with`")),
            }
        }
        let currency = Currency::Cop;
        let facts = Facts {
            now,
            today,
            currency,
            assurance,
            window_until: None,
            attended: false,
            opted_out: false,
            reserved: None,
            roots,
        };
        let mut talk = Talk::new(self.flows, self.understander, zone, facts);
        talk.session.assurance = assurance;
        talk.session.language.clone_from(&given.language);
        self.talk = Some(talk);
        self.world = Some(world);
        Ok(())
    }

    fn says(&mut self, text: &str) -> Result<Vec<Shown>, String> {
        self.hear_language(text);
        self.turn(|talk, world| Ok(talk.write(text, world)))
    }

    fn taps(&mut self, title: &str) -> Result<Vec<Shown>, String> {
        self.turn(|talk, world| {
            talk.tap(title, world).ok_or_else(|| format!("no message had an option `{title}`"))
        })
    }

    fn sends(&mut self, what: Sent, caption: Option<&str>) -> Result<Vec<Shown>, String> {
        let kind = match what {
            Sent::Image => MediaKind::Image,
            Sent::Document => MediaKind::Document,
            Sent::Voice => MediaKind::Audio,
            Sent::Sticker => MediaKind::Sticker,
        };
        self.turn(|talk, world| Ok(talk.send_media(kind, caption, world)))
    }

    fn waits(&mut self, length: Millis) -> Result<Vec<Shown>, String> {
        self.turn(|talk, world| Ok(talk.wait(length, world)))
    }

    fn agent_returns(&mut self, step: Option<&str>) -> Result<Vec<Shown>, String> {
        let input = Input::AgentReturned { step: step.map(str::to_owned), outcome: None };
        self.tickets.pop().ok_or("no agent has the chat")?;
        self.set_attended(false);
        self.turn(|talk, world| Ok(talk.take(&input, world)))
    }

    fn agent_takes(&mut self) -> Result<Vec<Shown>, String> {
        self.tickets.last().ok_or("there is no ticket to take")?;
        self.set_attended(true);
        Ok(Vec::new())
    }

    fn agent_closes(&mut self, outcome: &str) -> Result<Vec<Shown>, String> {
        self.tickets.pop().ok_or("no agent has the chat")?;
        self.set_attended(false);
        let input = Input::TicketClosed { outcome: Some(outcome.to_owned()) };
        self.turn(|talk, world| Ok(talk.take(&input, world)))
    }

    fn number_changes(&mut self) -> Result<Vec<Shown>, String> {
        self.is_known = false;
        let shown = self.turn(|talk, world| Ok(talk.take(&Input::IdentityChanged, world)))?;
        if let Some(talk) = &mut self.talk {
            let unknown = [("conocida", Value::Bool(false)), ("primer_nombre", Value::Nothing)];
            talk.facts.roots.insert("persona".to_owned(), Value::record(unknown));
        }
        Ok(shown)
    }

    fn set_down(&mut self, action: &str, down: bool) {
        if let Some(world) = &mut self.world {
            if down {
                world.down.insert(action.to_owned())
            } else {
                world.down.remove(action)
            };
        }
    }

    fn level(&self) -> Level {
        match self.talk.as_ref().map_or(Assurance::Ninguna, |talk| talk.session.assurance) {
            Assurance::Ninguna => Level::Ninguna,
            Assurance::Canal => Level::Canal,
            Assurance::Verificada => Level::Verificada,
            Assurance::Reforzada => Level::Reforzada,
        }
    }

    fn agreements(&self) -> usize {
        self.world().n_agreements()
    }

    fn ticket(&self) -> Option<String> {
        self.tickets.last().cloned()
    }

    fn reported_payments(&self) -> usize {
        self.world().n_reported
    }

    fn cases(&self) -> Vec<String> {
        self.world().cases.clone()
    }

    fn is_opted_out(&self) -> bool {
        self.world().opted_out
    }

    fn is_unlinked(&self) -> bool {
        self.world().unlinked
    }

    fn fault(&self) -> Option<String> {
        self.fault.clone()
    }
}

pub fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Public holidays and the days around them, month ends, Easter week, a leap day, a Sunday; in the day and at night.
const MOMENTS: [&str; 12] = [
    "2026-11-29 10:00",
    "2026-12-31 23:59",
    "2027-01-01 00:00",
    "2027-01-31 18:30",
    "2027-03-24 10:00",
    "2027-03-26 10:00",
    "2027-11-29 03:00",
    "2028-02-28 23:59",
    "2028-02-29 23:59",
    "2028-03-01 00:00",
    "2029-12-24 12:00",
    "2031-06-30 10:00",
];

#[test]
fn the_sample_people_are_shown_their_offers_at_any_moment() {
    let flows = acuerdo::flow::load(&acuerdo::flow::read_folder(&root("flows")).unwrap()).unwrap().set;
    let understander = Understander::load(&root("flows/understanding")).unwrap();
    let mut missing = Vec::new();
    for at in MOMENTS {
        for person in ["C-1001", "C-1003", "C-1004", "C-1005", "C-1009", "C-1011", "C-1013"] {
            let mut driver = TalkDriver::over(&flows, &understander);
            let given =
                Given { person: person.to_owned(), at: at.to_owned(), verified: true, ..Given::default() };
            driver.begin(&given).unwrap();
            let shown = driver.says("quiero ver mis opciones de pago").unwrap();
            let text: String = shown.into_iter().map(|shown| shown.text + "\n").collect();
            assert_eq!(driver.fault(), None, "{person} at {at}");
            assert!(!text.is_empty(), "{person} hears nothing at {at}");
            let titles = driver.world().offer_titles();
            missing.extend(
                titles
                    .iter()
                    .filter(|title| !text.contains(title.as_str()))
                    .map(|title| format!("{person} at {at}: no `{title}` in {text}")),
            );
        }
    }
    assert!(missing.is_empty(), "{} missing:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn every_scenario_goes_as_written() {
    let flows = acuerdo::flow::load(&acuerdo::flow::read_folder(&root("flows")).unwrap()).unwrap().set;
    let understander = Understander::load(&root("flows/understanding")).unwrap();
    let scenarios = read_all(&root("tests/scenarios")).unwrap();
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let mut failures = Vec::new();
    let mut visited = BTreeSet::new();
    for (path, scenario) in scenarios.iter().filter(|(path, _)| path.to_string_lossy().contains(&only)) {
        let mut driver = TalkDriver::over(&flows, &understander);
        let name = path.strip_prefix(root("tests/scenarios")).unwrap().with_extension("");
        let played = play(&mut driver, scenario);
        if let Some(talk) = &driver.talk {
            visited.extend(talk.trail.iter().map(|visit| format!("{}.{}", visit.flow, visit.step)));
            // A conversation rests somewhere that the person can go on from.
            assert!(
                !matches!(talk.session.status, Status::AwaitingAction { .. }),
                "{} hangs",
                name.display()
            );
        }
        match played {
            Ok(transcript) => {
                let mut settings = insta::Settings::clone_current();
                settings.set_snapshot_path(path.parent().unwrap());
                settings.set_prepend_module_to_snapshot(false);
                settings.set_omit_expression(true);
                settings.set_description(&scenario.about);
                let file = path.file_stem().unwrap().to_string_lossy().into_owned();
                settings.bind(|| insta::assert_snapshot!(file, transcript));
            }
            Err(error) => failures.push(format!("── {}\n{error}", name.display())),
        }
    }
    assert!(failures.is_empty(), "{} scenario(s) failed:\n\n{}", failures.len(), failures.join("\n"));
    if only.is_empty() {
        assert!(scenarios.len() >= 40, "only {} scenarios", scenarios.len());
        let missed: Vec<String> = flows
            .flows
            .values()
            .filter(|flow| !visited.iter().any(|visit| visit.starts_with(&format!("{}.", flow.id))))
            .map(|flow| flow.id.to_string())
            .collect();
        assert!(missed.is_empty(), "no scenario visits {missed:?}");
    }
}
