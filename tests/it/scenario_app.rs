//! The same scenarios over the whole application: signed webhook → store → turns → outbox → Graph API and back.

use crate::harness::app::{NUMBER, TestApp, identity};
use crate::harness::meta::{self, Who};
use crate::scenario_format::{Class, Driver, Given, Level, Sent, Shown, play, read_all};
use acuerdo::domain::assurance::Assurance;
use acuerdo::domain::debt::Person;
use acuerdo::domain::ids::{AgentId, InboxId, LenderId, PhoneNumberId};
use acuerdo::domain::json_text::JsonText;
use acuerdo::domain::time::{Day, Millis, Zone};
use acuerdo::flow::state::{Session, Status};
use acuerdo::ports::agents::Agent;
use acuerdo::ports::clock::Clock;
use acuerdo::ports::conversations::{Conversation, InputKind, TurnCommit};
use acuerdo::ports::people::PersonFile;
use acuerdo::service::handoff::Back;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use tokio::runtime::Runtime;
use uuid::Uuid;

/// What only the pure engine's little world can play: broken actions, invented histories.
fn is_for_the_application(scenario: &crate::scenario_format::Scenario) -> bool {
    scenario.given.with.is_empty()
        && scenario.lines.iter().all(|line| line.breaks.is_none() && line.mends.is_none())
}

struct AppDriver<'r> {
    runtime: &'r Runtime,
    app: Option<TestApp>,
    who: Who,
    person: Option<Person>,
    /// Events that were looked at.
    seen_seq: i64,
    agreements_before: usize,
    agent: Agent,
}

impl<'r> AppDriver<'r> {
    fn new(runtime: &'r Runtime) -> Self {
        let agent = Agent {
            id: AgentId(Uuid::from_u128(0xA6)),
            lender: LenderId::from("andino"),
            name: "Agente".to_owned(),
            queues: Vec::new(),
            active: true,
            created_at: acuerdo::domain::time::Timestamp(0),
        };
        Self {
            runtime,
            app: None,
            who: Who::phone("573009990000"),
            person: None,
            seen_seq: 0,
            agreements_before: 0,
            agent,
        }
    }

    fn app(&self) -> &TestApp {
        self.app.as_ref().expect("`begin` came first")
    }

    fn conversation(&self) -> Conversation {
        self.runtime.block_on(self.app().conversation(&self.who))
    }

    fn session(&self) -> Session {
        self.conversation().session.unwrap().parse().unwrap()
    }

    fn file(&self) -> Option<PersonFile> {
        let person = self.person.as_ref()?;
        let store = &self.app().started.store;
        self.runtime.block_on(store.person_file(&person.lender, person.id)).unwrap()
    }

    /// What the bot sent since the last look, with the class that its event names.
    fn news(&mut self) -> Vec<Shown> {
        let heard = self.app().hear();
        let conversation = self.conversation();
        let store = &self.app().started.store;
        let events = self.runtime.block_on(store.events(conversation.id, self.seen_seq, 1_000)).unwrap();
        self.seen_seq = events.last().map_or(self.seen_seq, |(seq, _)| *seq);
        let sends: Vec<(Class, bool)> = events
            .iter()
            .filter(|(_, event)| event.kind == "send")
            .map(|(_, event)| {
                let body = event.body.tree();
                (serde_json::from_value(body["label"].clone()).unwrap(), body["origin"] == "proactive")
            })
            .collect();
        assert_eq!(sends.len(), heard.len(), "every message of the log was sent, once: {heard:?}");
        let codes = self.references();
        heard
            .into_iter()
            .zip(sends)
            .map(|(text, (class, proactive))| Shown { text: numbered(text, &codes), class, proactive })
            .collect()
    }

    /// The codes of the person's agreements, the oldest first.
    fn references(&self) -> Vec<String> {
        let mut agreements = self.file().map_or_else(Vec::new, |file| file.agreements);
        agreements.sort_by_key(|agreement| agreement.accepted_at);
        agreements.into_iter().map(|agreement| agreement.reference).collect()
    }

    fn send(&mut self, content: &serde_json::Value) -> Vec<Shown> {
        let app = self.app.as_ref().expect("`begin` came first");
        // A second passes between messages, as on a phone.
        app.clock.advance(Millis::seconds(1));
        self.runtime.block_on(app.sends(&self.who, content));
        self.news()
    }

    /// A chat that is over, of a person who proved who they are a moment ago.
    fn verify(&mut self) {
        let person = self.person.clone().expect("only a known person can be verified");
        self.send(&json!({"type": "text", "text": {"body": "hola"}}));
        let conversation = self.conversation();
        let app = self.app.as_ref().unwrap();
        let (store, now) = (&app.started.store, app.clock.now());
        let mut session = self.session();
        session.status = Status::Ended { outcome: "before".to_owned() };
        session.frames.clear();
        session.pending_intent = None;
        session.assurance = Assurance::Verificada;
        session.subject = Some(person.id);
        session.active_at = now;
        self.runtime.block_on(async {
            let nothing = InputKind::Timer { name: "nothing".to_owned(), turn: 0 };
            store.add_input(conversation.id, InboxId(Uuid::from_u128(1)), nothing, now).await.unwrap();
            let claim = store.claim_conversations(now, Millis::minutes(1), 1, 10).await.unwrap().remove(0);
            let commit = TurnCommit {
                conversation: conversation.id,
                token: claim.token,
                expected_version: claim.conversation.version,
                now,
                consumed: claim.inputs.iter().map(|input| input.id).collect(),
                withheld: Vec::new(),
                events: Vec::new(),
                flow_hash: session.flow_hash.to_string(),
                session: JsonText::of(&session).unwrap(),
                assurance: Assurance::Verificada,
                person: Some(person.id),
                outbox: Vec::new(),
                timers: Some(Vec::new()),
                records: Vec::new(),
                release: true,
                trace: None,
            };
            store.commit_turns(&[commit]).await.unwrap().remove(0).unwrap();
        });
        self.news();
    }
}

impl Driver for AppDriver<'_> {
    fn begin(&mut self, given: &Given) -> Result<(), String> {
        let zone = Zone::parse("America/Bogota").unwrap();
        let (day, time) = given.at.split_once(' ').ok_or("`at` needs a day and a time")?;
        let (hour, minute) = time.split_once(':').ok_or("`at` needs hours and minutes")?;
        let minute = hour.parse::<u16>().unwrap() * 60 + minute.parse::<u16>().unwrap();
        let now = zone.at(Day::parse(day).ok_or("`at` begins with a day")?, minute);
        let app = self.runtime.block_on(TestApp::at(now));
        let lender = LenderId::from("andino");
        let people = self.runtime.block_on(app.started.store.persons(&lender, 100)).unwrap();
        self.person = people.into_iter().find(|person| person.external_ref == given.person);
        if let Some(person) = &mut self.person {
            self.who = Who::phone(person.phones[0].expose());
            person.language.clone_from(&given.language);
            let changed = [person.clone()];
            self.runtime.block_on(app.started.store.import(&lender, &changed, &[], now)).unwrap();
        }
        if given.bsuid_only {
            self.who = Who::bsuid("CO.13491208655302741918");
        }
        self.app = Some(app);
        if given.verified {
            self.verify();
        }
        self.agreements_before = self.file().map_or(0, |file| file.agreements.len());
        Ok(())
    }

    fn says(&mut self, text: &str) -> Result<Vec<Shown>, String> {
        Ok(self.send(&json!({"type": "text", "text": {"body": text}})))
    }

    fn taps(&mut self, title: &str) -> Result<Vec<Shown>, String> {
        let content =
            self.app().tap_of(title).ok_or_else(|| format!("no message had an option `{title}`"))?;
        Ok(self.send(&content))
    }

    fn sends(&mut self, what: Sent, caption: Option<&str>) -> Result<Vec<Shown>, String> {
        let (kind, mime) = match what {
            Sent::Image => ("image", "image/jpeg"),
            Sent::Document => ("document", "application/pdf"),
            Sent::Voice => ("audio", "audio/ogg; codecs=opus"),
            Sent::Sticker => ("sticker", "image/webp"),
        };
        let mut media = json!({"id": "900000000000001", "mime_type": mime, "sha256": "c2FtcGxl"});
        if what == Sent::Voice {
            media["voice"] = json!(true);
        }
        if let Some(words) = caption {
            media["caption"] = json!(words);
        }
        Ok(self.send(&json!({"type": kind, kind: media})))
    }

    fn waits(&mut self, length: Millis) -> Result<Vec<Shown>, String> {
        self.runtime.block_on(self.app().waits(length));
        Ok(self.news())
    }

    fn agent_returns(&mut self, step: Option<&str>) -> Result<Vec<Shown>, String> {
        let ticket = self.conversation().ticket.ok_or("no agent has the chat")?;
        let app = self.app.as_ref().unwrap();
        self.runtime.block_on(async {
            let taken = app.started.handoff.take(&self.agent, ticket).await.map_err(|e| e.to_string())?;
            let token = Some(taken.token);
            let back = Back { step, outcome: Some("atendido"), note: Some("Así quedó.") };
            app.started
                .handoff
                .return_to_bot(&self.agent, ticket, token, back)
                .await
                .map_err(|error| error.to_string())?;
            app.drain().await;
            Ok::<(), String>(())
        })?;
        Ok(self.news())
    }

    fn agent_takes(&mut self) -> Result<Vec<Shown>, String> {
        let ticket = self.conversation().ticket.ok_or("there is no ticket to take")?;
        let app = self.app.as_ref().unwrap();
        self.runtime.block_on(async {
            app.started.handoff.take(&self.agent, ticket).await.map_err(|error| error.to_string())
        })?;
        Ok(self.news())
    }

    fn agent_closes(&mut self, outcome: &str) -> Result<Vec<Shown>, String> {
        let ticket = self.conversation().ticket.ok_or("no agent has the chat")?;
        let app = self.app.as_ref().unwrap();
        self.runtime.block_on(async {
            let taken = app.started.handoff.take(&self.agent, ticket).await.map_err(|e| e.to_string())?;
            app.started
                .handoff
                .resolve(&self.agent, ticket, Some(taken.token), outcome, Some("Así quedó."))
                .await
                .map_err(|error| error.to_string())?;
            app.drain().await;
            Ok::<(), String>(())
        })?;
        Ok(self.news())
    }

    fn number_changes(&mut self) -> Result<Vec<Shown>, String> {
        let new = "573007770000";
        let app = self.app.as_ref().unwrap();
        let old = self.who.wa_id.clone().ok_or("only a phone can change")?;
        let value = json!({"messages": [{
            "from": old,
            "id": app.wamid(),
            "timestamp": (app.clock.now().0 / 1_000).to_string(),
            "type": "system",
            "system": {"type": "user_changed_number", "body": "User A changed", "wa_id": new},
        }]});
        self.runtime.block_on(async {
            assert_eq!(app.deliver(meta::delivery(NUMBER, value)).await, 200);
            app.drain().await;
        });
        self.who = Who::phone(new);
        Ok(self.news())
    }

    fn set_down(&mut self, _action: &str, _down: bool) {}

    fn level(&self) -> Level {
        let session = self.session();
        match session.assurance {
            // A reserved chat holds no level, whoever's number it is.
            Assurance::Ninguna if session.reserved.is_some() => Level::Ninguna,
            Assurance::Ninguna if self.person.is_some() && !self.is_unlinked() => Level::Canal,
            Assurance::Ninguna => Level::Ninguna,
            Assurance::Canal => Level::Canal,
            Assurance::Verificada => Level::Verificada,
            Assurance::Reforzada => Level::Reforzada,
        }
    }

    fn agreements(&self) -> usize {
        self.file().map_or(0, |file| file.agreements.len()) - self.agreements_before
    }

    fn ticket(&self) -> Option<String> {
        let conversation = self.conversation();
        let id = conversation.ticket?;
        let store = &self.app().started.store;
        let ticket = self.runtime.block_on(store.ticket(&conversation.lender, id)).unwrap();
        ticket.map(|ticket| ticket.queue)
    }

    fn reported_payments(&self) -> usize {
        self.file().map_or(0, |file| file.claims.len())
    }

    fn cases(&self) -> Vec<String> {
        self.file().map_or_else(Vec::new, |file| {
            let mut cases = file.open_cases;
            cases.sort_by_key(|case| case.at);
            cases.into_iter().map(|case| case.kind).collect()
        })
    }

    fn is_opted_out(&self) -> bool {
        self.conversation().opted_out
    }

    fn is_unlinked(&self) -> bool {
        let Some(wa_id) = &self.who.wa_id else { return true };
        let store = &self.app().started.store;
        let lender = LenderId::from("andino");
        let known =
            self.runtime.block_on(store.persons_by_phone(&lender, std::slice::from_ref(wa_id), 5)).unwrap();
        self.conversation().person.is_none() && known.is_empty()
    }

    fn fault(&self) -> Option<String> {
        let conversation = self.runtime.block_on(
            self.app().started.store.conversation_of(&PhoneNumberId::from(NUMBER), &identity(&self.who)),
        );
        let id = conversation.unwrap()?.id;
        let events = self.runtime.block_on(self.app().started.store.events(id, 0, 1_000)).unwrap();
        let fault = events.into_iter().find(|(_, event)| event.kind == "fault")?;
        Some(fault.1.body.into_string())
    }
}

/// A text with the application's random codes as the numbers that the little world gives: the first is `AN-0001`.
fn numbered(text: String, codes: &[String]) -> String {
    codes.iter().zip(1..).fold(text, |text, (code, number)| text.replace(code, &format!("AN-{number:04}")))
}

/// One test for each topic, so that they run side by side and none takes long.
macro_rules! topics {
    ($($topic:ident),+ $(,)?) => {
        const TOPICS: &[&str] = &[$(stringify!($topic)),+];

        mod scenarios_go_the_same_way_through_the_whole_application {
            $(#[test]
            fn $topic() {
                super::play_topic(stringify!($topic));
            })+
        }
    };
}

topics![apertura, asesor, cuidado, identidad, idiomas, opciones, otros, pagar, personas, promesa, saldo];

fn play_topic(topic: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let scenarios: Vec<_> = read_all(&folder)
        .unwrap()
        .into_iter()
        .filter(|(path, _)| path.starts_with(folder.join(topic)))
        .filter(|(path, scenario)| path.to_string_lossy().contains(&only) && is_for_the_application(scenario))
        .collect();
    assert!(!only.is_empty() || !scenarios.is_empty(), "`{topic}` has no scenario for the application");
    let mut failures = Vec::new();
    for (path, scenario) in &scenarios {
        let name = path.strip_prefix(&folder).unwrap().with_extension("").display().to_string();
        let mut driver = AppDriver::new(&runtime);
        let guard = runtime.enter();
        let played = play(&mut driver, scenario);
        drop(driver);
        drop(guard);
        if let Err(error) = played {
            failures.push(format!("── {name}\n{error}"));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} failed:\n\n{}",
        failures.len(),
        scenarios.len(),
        failures.join("\n")
    );
}

#[test]
fn every_topic_is_played_over_the_application() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let scenarios = read_all(&folder).unwrap();
    let topics: BTreeSet<String> = scenarios
        .iter()
        .map(|(path, _)| path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        topics,
        TOPICS.iter().map(|&topic| topic.to_owned()).collect(),
        "name every topic in `topics!`"
    );
    let played = scenarios.iter().filter(|(_, scenario)| is_for_the_application(scenario)).count();
    assert!(played >= 40, "only {played} scenarios");
}
