//! How people are understood in the middle of a chat: replies whose meaning is known, each put to a session that waits
//! where its writer was, and what the engine then did.
//!
//! The meaning of a short text hangs on the open question, so text alone measures little. `acuerdo understand report
//! --replies` and a test run on it. Pure: who calls reads the files.

mod judge;
mod report;
mod sample;

pub use judge::{Acts, Verdict};
pub use report::{Judged, Report, Tally};

use crate::domain::assurance::Assurance;
use crate::domain::money::Currency;
use crate::domain::time::{Millis, Timestamp, Zone};
use crate::flow::engine;
use crate::flow::facts::Facts;
use crate::flow::model::FlowSet;
use crate::flow::state::Status;
use crate::flow::talk::Talk;
use crate::understand::Understander;
use sample::Sample;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// First line of a file of replies.
pub const REPLIES_HEADER: &str = "context\tcountry\ttext\tmeaning\tmust_not";
/// First line of a file of scenes.
pub const SCENES_HEADER: &str = "context\tlevel\tmoves\tplace";
/// Rows of one file at most; each is a turn.
const ROWS_MAX: usize = 20_000;

/// When every chat takes place, so that a measurement is the same on any day: 2026-11-18T15:00:00Z.
const NOW: Timestamp = Timestamp(1_795_014_000_000);

/// One message, with what a good agent would take it for at the question that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Names a [`Scene`].
    pub context: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    pub text: String,
    /// In order of importance; the list is in `fixtures/replies/README.md`.
    pub meanings: Vec<String>,
    /// What must not be acted upon.
    pub must_not: Vec<String>,
}

/// How a chat gets to where a reply is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    pub context: String,
    pub level: Assurance,
    pub moves: Vec<Move>,
    /// `flow.step` of the open question; `@new`, `@agent` or `@ended` when none is.
    pub place: String,
}

/// One thing that the person does on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Move {
    Say(String),
    /// Taps the newest option of this id.
    Tap(String),
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepliesError {
    #[error("line {line}: {problem}; {remedy}")]
    Row { line: usize, problem: String, remedy: String },
    #[error("no scene is called `{0}`; add it to scenes.tsv")]
    UnknownContext(String),
    #[error("scene `{context}` leads to `{found}` instead of `{place}`; correct its moves in scenes.tsv")]
    ElsewhereThanSaid { context: String, found: String, place: String },
}

/// Reads `context country text meaning must_not`, parted by tabs; meanings are joined by `+`, `must_not` by commas.
pub fn read_replies(text: &str) -> Result<Vec<Reply>, RepliesError> {
    rows(text, REPLIES_HEADER, |line, fields| {
        let [context, country, text, meaning, must_not] = fields;
        if meaning.is_empty() {
            return Err(wrong(line, "the meaning is empty", "write what a good agent would take it for"));
        }
        let list = |field: &str, by: char| {
            field.split(by).map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect()
        };
        Ok(Reply {
            context: context.to_owned(),
            country: country.to_owned(),
            text: text.to_owned(),
            meanings: list(meaning, '+'),
            must_not: list(must_not, ','),
        })
    })
}

/// Reads `context level moves place`; moves are parted by ` > `, each `say WORDS` or `tap OPTION`, or `-` for none.
pub fn read_scenes(text: &str) -> Result<Vec<Scene>, RepliesError> {
    rows(text, SCENES_HEADER, |line, fields| {
        let [context, level, moves, place] = fields;
        let level = Assurance::parse(level)
            .ok_or_else(|| wrong(line, &format!("`{level}` is no level"), "write `canal` or `verificada`"))?;
        let moves = moves.split(" > ").filter(|one| *one != "-").map(|one| match one.split_once(' ') {
            Some(("say", words)) => Ok(Move::Say(words.to_owned())),
            Some(("tap", option)) => Ok(Move::Tap(option.to_owned())),
            Some(_) | None => {
                Err(wrong(line, &format!("`{one}` is no move"), "write `say WORDS` or `tap OPTION`"))
            }
        });
        let moves = moves.collect::<Result<_, _>>()?;
        Ok(Scene { context: context.to_owned(), level, moves, place: place.to_owned() })
    })
}

fn rows<const N: usize, T>(
    text: &str,
    header: &str,
    read: impl Fn(usize, [&str; N]) -> Result<T, RepliesError>,
) -> Result<Vec<T>, RepliesError> {
    let first = text.lines().next().unwrap_or_default().trim_start_matches('\u{feff}');
    if first != header {
        let remedy = format!("the first line must be `{}`, parted by tabs", header.replace('\t', " "));
        return Err(wrong(1, "the header is not as expected", &remedy));
    }
    let mut found = Vec::new();
    for (line, row) in (2..).zip(text.lines().skip(1)) {
        if row.trim().is_empty() || row.starts_with('#') {
            continue;
        }
        if found.len() == ROWS_MAX {
            return Err(wrong(line, &format!("more than {ROWS_MAX} rows"), "split the file"));
        }
        let fields: Vec<&str> = row.split('\t').map(str::trim).collect();
        let n = fields.len();
        let fields: [&str; N] = fields.try_into().map_err(|_| {
            wrong(line, &format!("{n} fields instead of {N}"), "part the fields by single tabs")
        })?;
        found.push(read(line, fields)?);
    }
    Ok(found)
}

fn wrong(line: usize, problem: &str, remedy: &str) -> RepliesError {
    RepliesError::Row { line, problem: problem.to_owned(), remedy: remedy.to_owned() }
}

/// Puts each reply to a session that stands in its scene and judges what the engine did.
pub fn measure(
    flows: &FlowSet,
    understander: &Understander,
    scenes: &[Scene],
    replies: &[Reply],
) -> Result<Report, RepliesError> {
    let mut staged: BTreeMap<(&str, &str), Talk<'_>> = BTreeMap::new();
    let mut report = Report::default();
    for reply in replies {
        let scene = scenes.iter().find(|scene| scene.context == reply.context);
        let scene = scene.ok_or_else(|| RepliesError::UnknownContext(reply.context.clone()))?;
        let talk = match staged.entry((&reply.context, &reply.country)) {
            Entry::Occupied(staged) => staged.into_mut(),
            Entry::Vacant(place) => place.insert(stage(flows, understander, scene, &reply.country)?),
        };
        let acts = judge::put(talk.clone(), reply);
        report.rows.push(Judged { verdict: Verdict::of(reply, &acts), reply: reply.clone(), acts });
    }
    Ok(report)
}

/// A chat of a sample person, driven to where the scene is.
fn stage<'f>(
    flows: &'f FlowSet,
    understander: &'f Understander,
    scene: &Scene,
    country: &str,
) -> Result<Talk<'f>, RepliesError> {
    let zone = Zone::utc();
    let today = zone.day(NOW);
    let facts = Facts {
        now: NOW,
        today,
        currency: currency_of(country),
        assurance: scene.level,
        window_until: None,
        attended: false,
        opted_out: false,
        reserved: None,
        roots: sample::facts(today, currency_of(country)),
    };
    let mut talk = Talk::new(flows, understander, zone, facts);
    talk.session.assurance = scene.level;
    language_of(country).clone_into(&mut talk.session.language);
    let mut world = Sample::new(today, currency_of(country));
    for one in &scene.moves {
        match one {
            Move::Say(words) => talk.write(words, &mut world),
            Move::Tap(option) => talk.tap_option(option, &mut world),
        };
    }
    let found = place(&talk);
    if found != scene.place {
        let (context, place) = (scene.context.clone(), scene.place.clone());
        return Err(RepliesError::ElsewhereThanSaid { context, found, place });
    }
    // The person reads before they write.
    talk.wait(Millis::minutes(1), &mut world);
    Ok(talk)
}

fn place(talk: &Talk<'_>) -> String {
    match &talk.session.status {
        Status::New => "@new".to_owned(),
        Status::Ended { .. } => "@ended".to_owned(),
        Status::WithAgent { .. } => "@agent".to_owned(),
        Status::Waiting { .. }
        | Status::Paused { .. }
        | Status::AwaitingAction { .. }
        | Status::Silenced { .. } => talk
            .session
            .frames
            .last()
            .map_or_else(String::new, |frame| format!("{}.{}", frame.flow, frame.step)),
    }
}

fn currency_of(country: &str) -> Currency {
    match country {
        "MX" => Currency::Mxn,
        "PE" => Currency::Pen,
        "CL" => Currency::Clp,
        "AR" => Currency::Ars,
        "BR" => Currency::Brl,
        "US" | "EC" => Currency::Usd,
        _ => Currency::Cop,
    }
}

/// The language that people of a country are written to in.
pub fn language_of(country: &str) -> &'static str {
    match country {
        "BR" => "pt",
        "US" => "en",
        _ => "es",
    }
}

impl<'f> Talk<'f> {
    /// Taps the newest option with this id, whatever its title.
    fn tap_option(&mut self, option: &str, world: &mut Sample) -> Vec<super::Line> {
        let is_named =
            |id: &str| crate::flow::state::OptionRef::parse(id).is_some_and(|shown| shown.option == option);
        let title = self.options.iter().rev().find(|(_, id)| is_named(id)).map(|(title, _)| title.clone());
        title.and_then(|title| self.tap(&title, world)).unwrap_or_default()
    }

    fn open_question(&self) -> Option<String> {
        let waits = engine::expectation(self.flows, &self.session) != crate::understand::Expectation::Nothing;
        let frame = self.session.frames.last()?;
        (waits || matches!(self.session.status, Status::Waiting { .. }))
            .then(|| format!("{}.{}", frame.flow, frame.step))
    }
}

#[cfg(test)]
mod tests {
    use super::{Move, read_replies, read_scenes};

    #[test]
    fn a_reply_has_its_meanings_in_order() {
        let text = "context\tcountry\ttext\tmeaning\tmust_not\nmenu\tCO\tcuanto es y como pago\tquestion:balance+choose:pay\tstop,dispute\n";
        let read = read_replies(text).unwrap();
        assert_eq!(read[0].meanings, ["question:balance", "choose:pay"]);
        assert_eq!(read[0].must_not, ["stop", "dispute"]);
    }

    #[test]
    fn a_scene_is_a_list_of_moves() {
        let text = "context\tlevel\tmoves\tplace\nbalance\tverificada\tsay hola > tap saldo\tsaldo.que_hacer\nstart\tcanal\t-\t@new\n";
        let read = read_scenes(text).unwrap();
        assert_eq!(read[0].moves, [Move::Say("hola".to_owned()), Move::Tap("saldo".to_owned())]);
        assert!(read[1].moves.is_empty());
    }

    #[test]
    fn a_wrong_row_names_its_line_and_the_remedy() {
        let wrong = |text: &str| read_replies(text).unwrap_err().to_string();
        assert!(wrong("a\tb\n").starts_with("line 1: the header is not as expected"));
        let header = super::REPLIES_HEADER;
        assert_eq!(
            wrong(&format!("{header}\nmenu\tCO\thola\n")),
            "line 2: 3 fields instead of 5; part the fields by single tabs"
        );
        let header = super::SCENES_HEADER;
        let scenes = read_scenes(&format!("{header}\nmenu\tverificada\tjump\tmenu.elegir\n")).unwrap_err();
        assert_eq!(scenes.to_string(), "line 2: `jump` is no move; write `say WORDS` or `tap OPTION`");
    }
}
