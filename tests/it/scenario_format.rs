//! The format of `tests/scenarios/<topic>/*.yaml`: one conversation a file, as people who never saw the code can read it.
//!
//! `docs/testing.md` describes it for them. [`play`] runs a scenario over any [`Driver`] and gives back its transcript.

use acuerdo::domain::time::Millis;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// One conversation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it proves, in a sentence.
    pub about: String,
    #[serde(default)]
    pub given: Given,
    pub lines: Vec<Line>,
}

/// How the world stands before the first line.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    /// The lender's reference of a debtor in `fixtures/demo/andino.csv`; empty for a number that nobody knows.
    pub person: String,
    /// Local time of the first line, `YYYY-MM-DD HH:MM` in Bogotá.
    pub at: String,
    /// `es`, `pt` or `en`.
    pub language: String,
    /// The person already proved who they are in this chat.
    pub verified: bool,
    /// WhatsApp gives no phone, only a business-scoped user id.
    pub bsuid_only: bool,
    /// What is true of the person besides: `promise_running`, `agreement_kept`, `locked_twice`, `no_payment_methods`.
    pub with: Vec<String>,
}

impl Default for Given {
    fn default() -> Self {
        Self {
            person: "C-1003".to_owned(),
            // A Wednesday, while agents are there.
            at: "2026-11-18 10:00".to_owned(),
            language: "es".to_owned(),
            verified: false,
            bsuid_only: false,
            with: Vec::new(),
        }
    }
}

/// At most one thing that happens, and what must be true right after it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Line {
    // What happens.
    pub says: Option<String>,
    /// The newest option with this title, even when its message is old.
    pub taps: Option<String>,
    /// `image`, `document`, `voice`, `sticker`.
    pub sends: Option<Sent>,
    /// Words below the picture or document that is sent.
    pub caption: Option<String>,
    /// `30m`, `4h`, `3d`; timers fire meanwhile.
    pub waits: Option<String>,
    /// Where the agent gives the chat back: `flow.step`, or empty for where the flow says.
    pub agent_returns: Option<String>,
    /// An agent takes the ticket, and has the chat from here on.
    pub agent_takes: Option<bool>,
    /// An agent closes the matter with this outcome.
    pub agent_closes: Option<String>,
    /// The number or device changed hands.
    pub number_changes: Option<bool>,
    /// From here on this action of the catalogue is down, or works again.
    pub breaks: Option<String>,
    pub mends: Option<String>,

    // What must be true after it.
    /// Fragments of what the bot said since the line, each somewhere in it; upper and lower case count.
    pub expect: Vec<String>,
    /// Fragments that must not be there.
    pub never: Vec<String>,
    /// Messages of the bot since the line.
    pub messages: Option<usize>,
    /// A class of data (`contacto`, `deuda`, `pago`) that nothing said so far may carry, nor a higher one.
    pub never_shows: Option<Class>,
    pub level: Option<Level>,
    /// Agreements of this person, all told.
    pub agreements: Option<usize>,
    /// Queue of the newest open ticket; `none` when none is open.
    pub ticket: Option<String>,
    /// Reported payments, all told.
    pub reported: Option<usize>,
    /// Kinds of cases that are open, in the order of opening.
    pub cases: Option<Vec<String>>,
    pub opted_out: Option<bool>,
    /// The number is no longer the person's.
    pub unlinked: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    Image,
    Document,
    Voice,
    Sticker,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Publico,
    Contacto,
    Deuda,
    Pago,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    Ninguna,
    Canal,
    Verificada,
    Reforzada,
}

/// A message of the bot as it reached the phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Text with its buttons and rows, as `Outbound::readable` writes them.
    pub text: String,
    /// The highest class of the data in it.
    pub class: Class,
    /// Sent without the person having written.
    pub proactive: bool,
}

/// What plays the world: the whole application over HTTP, or the engine alone.
///
/// Every verb returns when the system is at rest, with what the bot said meanwhile.
pub trait Driver {
    /// Puts the world as the scenario wants it; called once, first.
    fn begin(&mut self, given: &Given) -> Result<(), String>;
    fn says(&mut self, text: &str) -> Result<Vec<Shown>, String>;
    /// Fails when no message ever had an option with this title.
    fn taps(&mut self, title: &str) -> Result<Vec<Shown>, String>;
    fn sends(&mut self, what: Sent, caption: Option<&str>) -> Result<Vec<Shown>, String>;
    fn waits(&mut self, length: Millis) -> Result<Vec<Shown>, String>;
    /// Fails when no agent has the chat.
    fn agent_returns(&mut self, step: Option<&str>) -> Result<Vec<Shown>, String>;
    fn agent_takes(&mut self) -> Result<Vec<Shown>, String>;
    fn agent_closes(&mut self, outcome: &str) -> Result<Vec<Shown>, String>;
    fn number_changes(&mut self) -> Result<Vec<Shown>, String>;
    /// `action` of the catalogue is down (or works again) from now on.
    fn set_down(&mut self, action: &str, down: bool);

    fn level(&self) -> Level;
    fn agreements(&self) -> usize;
    /// Queue of the newest open ticket.
    fn ticket(&self) -> Option<String>;
    fn reported_payments(&self) -> usize;
    fn cases(&self) -> Vec<String>;
    fn is_opted_out(&self) -> bool;
    fn is_unlinked(&self) -> bool;
    /// A fault that the person cannot see but that must not happen.
    fn fault(&self) -> Option<String>;
}

/// Every scenario under a folder, by path.
pub fn read_all(folder: &Path) -> Result<Vec<(PathBuf, Scenario)>, String> {
    let mut found = Vec::new();
    for topic in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        for path in
            entries(&topic)?.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        {
            let text =
                std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            found.push((path.clone(), parse(&text).map_err(|error| format!("{}: {error}", path.display()))?));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let read = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    read.map(|entry| entry.map(|entry| entry.path()).map_err(|error| error.to_string())).collect()
}

/// Reads one file; the error says which line has two things happening, or none and nothing to check.
pub fn parse(text: &str) -> Result<Scenario, String> {
    let scenario: Scenario = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    for (n, line) in (1..).zip(&scenario.lines) {
        let happens = [
            line.says.is_some(),
            line.taps.is_some(),
            line.sends.is_some(),
            line.waits.is_some(),
            line.agent_returns.is_some(),
            line.agent_takes.is_some(),
            line.agent_closes.is_some(),
            line.number_changes.is_some(),
            line.breaks.is_some(),
            line.mends.is_some(),
        ];
        if happens.into_iter().filter(|one| *one).count() != 1 {
            return Err(format!("line {n} of `lines` needs exactly one thing that happens"));
        }
    }
    Ok(scenario)
}

/// Plays a scenario; the transcript is for review, the error says which line failed and what came instead.
pub fn play(driver: &mut dyn Driver, scenario: &Scenario) -> Result<String, String> {
    driver.begin(&scenario.given)?;
    let mut transcript = String::new();
    let mut highest = Class::Publico;
    for (n, line) in (1..).zip(&scenario.lines) {
        let (cue, said) =
            happen(driver, line).map_err(|error| format!("line {n}: {error}\n\n{transcript}"))?;
        transcript.push_str(&cue);
        for shown in &said {
            highest = highest.max(shown.class);
            let who = if shown.proactive { "bot (on its own)" } else { "bot" };
            transcript.push_str(&format!("{who}: {}\n", shown.text.replace('\n', "\n     ")));
        }
        transcript.push('\n');
        let wrong = |what: String| format!("line {n}: {what}\n\n{transcript}");
        if let Some(fault) = driver.fault() {
            return Err(wrong(format!("fault: {fault}")));
        }
        check_words(line, &said, highest).map_err(wrong)?;
        check_world(driver, line).map_err(wrong)?;
    }
    Ok(transcript)
}

fn happen(driver: &mut dyn Driver, line: &Line) -> Result<(String, Vec<Shown>), String> {
    if let Some(text) = &line.says {
        return Ok((format!("> {text}\n"), driver.says(text)?));
    }
    if let Some(title) = &line.taps {
        return Ok((format!("> [{title}]\n"), driver.taps(title)?));
    }
    if let Some(what) = line.sends {
        let caption = line.caption.as_deref();
        let words = caption.map(|words| format!(" {words}")).unwrap_or_default();
        return Ok((format!("> ({what:?}){words}\n"), driver.sends(what, caption)?));
    }
    if let Some(length) = &line.waits {
        let millis =
            length_of(length).ok_or_else(|| format!("`{length}` is no length such as 30m, 4h or 3d"))?;
        return Ok((format!("~ {length}\n"), driver.waits(millis)?));
    }
    if let Some(step) = &line.agent_returns {
        let step = Some(step.as_str()).filter(|step| !step.is_empty());
        return Ok((
            format!("~ agent returns the chat {}\n", step.unwrap_or_default()),
            driver.agent_returns(step)?,
        ));
    }
    if line.agent_takes.is_some() {
        return Ok(("~ agent takes the chat\n".to_owned(), driver.agent_takes()?));
    }
    if let Some(outcome) = &line.agent_closes {
        return Ok((format!("~ agent closes the chat: {outcome}\n"), driver.agent_closes(outcome)?));
    }
    if line.number_changes.is_some() {
        return Ok(("~ the number changes\n".to_owned(), driver.number_changes()?));
    }
    let (action, down) = match (&line.breaks, &line.mends) {
        (Some(action), _) => (action, true),
        (None, Some(action)) => (action, false),
        (None, None) => return Err("nothing happens".to_owned()),
    };
    driver.set_down(action, down);
    Ok((format!("~ {action} {}\n", if down { "is down" } else { "works again" }), Vec::new()))
}

fn check_words(line: &Line, said: &[Shown], highest: Class) -> Result<(), String> {
    let all: Vec<&str> = said.iter().map(|shown| shown.text.as_str()).collect();
    let all = all.join("\n");
    if let Some(missing) = line.expect.iter().find(|fragment| !all.contains(fragment.as_str())) {
        return Err(format!("expected `{missing}`"));
    }
    if let Some(found) = line.never.iter().find(|fragment| all.contains(fragment.as_str())) {
        return Err(format!("`{found}` must not be said"));
    }
    if let Some(messages) = line.messages.filter(|messages| *messages != said.len()) {
        return Err(format!("expected {messages} message(s), came {}", said.len()));
    }
    match line.never_shows {
        Some(class) if highest >= class => {
            Err(format!("{class:?} must not have been shown, but {highest:?} was"))
        }
        Some(_) | None => Ok(()),
    }
}

fn check_world(driver: &dyn Driver, line: &Line) -> Result<(), String> {
    fn same<T: PartialEq + std::fmt::Debug>(what: &str, wanted: Option<&T>, found: T) -> Result<(), String> {
        match wanted {
            Some(wanted) if *wanted != found => Err(format!("{what}: expected {wanted:?}, found {found:?}")),
            Some(_) | None => Ok(()),
        }
    }
    same("level", line.level.as_ref(), driver.level())?;
    same("agreements", line.agreements.as_ref(), driver.agreements())?;
    same("ticket", line.ticket.as_ref(), driver.ticket().unwrap_or_else(|| "none".to_owned()))?;
    same("reported payments", line.reported.as_ref(), driver.reported_payments())?;
    same("cases", line.cases.as_ref(), driver.cases())?;
    same("opted out", line.opted_out.as_ref(), driver.is_opted_out())?;
    same("unlinked", line.unlinked.as_ref(), driver.is_unlinked())
}

fn length_of(text: &str) -> Option<Millis> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let n: i64 = number.parse().ok()?;
    match unit {
        "m" => Some(Millis::minutes(n)),
        "h" => Some(Millis::hours(n)),
        "d" => Some(Millis::days(n)),
        _ => None,
    }
}

#[test]
fn a_line_has_exactly_one_thing_that_happens() {
    let two = "about: x\nlines: [{says: hola, taps: Sí}]";
    assert!(parse(two).unwrap_err().contains("line 1"));
    let none = "about: x\nlines: [{expect: [hola]}]";
    assert!(parse(none).unwrap_err().contains("exactly one"));
    let unknown = "about: x\nlines: [{sais: hola}]";
    assert!(parse(unknown).unwrap_err().contains("sais"));
}
