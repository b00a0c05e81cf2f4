//! Conversations written down: one text file holds what the person does and what the bot answers.
//!
//! ```text
//! = level canal                                  a fact from here on: level, now, or a fact's path
//! ! deuda.consultar = una {"cantidad": 1}        what an action answers from here on
//! > hola                                         the person writes
//! bot: ¿En qué le ayudo?                         … and what happens then
//!     [Pagar]
//! >> Pagar                                       taps the newest option of that title
//! > (voice)                                      sends a voice note; also (image), (document)
//! ~ 4h                                           time passes
//! @ returned menu.inicio                         also: @ closed, @ echo, @ identity
//! ```
//!
//! [`run`] reads the cues and gives the whole file back as it came out, so that a test is one comparison.

use crate::domain::assurance::Assurance;
use crate::domain::inbound::MediaKind;
use crate::domain::money::{Currency, Money};
use crate::domain::time::{Day, Millis, Timestamp};
use crate::flow::catalogue;
use crate::flow::effect::ActionCall;
use crate::flow::input::Input;
use crate::flow::talk::{Line, Outcomes, Talk};
use crate::flow::value::{Field, Type, Value};
use serde_json::Value as Json;
use std::collections::BTreeMap;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ScriptError {
    pub line: usize,
    pub what: String,
}

/// What a line of a script makes happen.
#[derive(Debug, Clone, PartialEq)]
pub enum Cue {
    Write(String),
    Tap(String),
    Media(MediaKind),
    Wait(Millis),
    Happens(Input),
    Level(Assurance),
    Now(Timestamp),
    Fact { root: String, field: String, value: Value },
    Answer { action: String, outcome: String, values: BTreeMap<String, Value> },
}

/// Answers of a script, each until another is given. The first read of an action that nobody set stops the talk.
#[derive(Debug, Default)]
pub struct Answers(BTreeMap<String, (String, BTreeMap<String, Value>)>);

impl Outcomes for Answers {
    fn of(&mut self, call: &ActionCall) -> Option<(String, BTreeMap<String, Value>)> {
        self.0.get(&call.action).cloned()
    }
}

/// Plays the cues of `text` and gives the transcript: cues and comments as they are, answers as they came.
pub fn run(talk: &mut Talk<'_>, text: &str) -> Result<String, ScriptError> {
    let mut answers = Answers::default();
    let mut out = String::new();
    for (line, written) in (1..).zip(text.lines()) {
        let error = |what: String| ScriptError { line, what };
        let cue = parse(written, talk.facts.currency).map_err(error)?;
        if cue.is_some() || written.starts_with('#') {
            out.push_str(written);
            out.push('\n');
        }
        let Some(cue) = cue else { continue };
        for happened in play(talk, cue, &mut answers).map_err(error)? {
            out.push_str(&happened.to_string());
            out.push('\n');
        }
    }
    Ok(out)
}

fn play(talk: &mut Talk<'_>, cue: Cue, answers: &mut Answers) -> Result<Vec<Line>, String> {
    match cue {
        Cue::Write(text) => Ok(talk.write(&text, answers)),
        Cue::Tap(title) => {
            talk.tap(&title, answers).ok_or_else(|| format!("no option `{title}` was ever on the screen"))
        }
        Cue::Media(kind) => Ok(talk.send_media(kind, None, answers)),
        Cue::Wait(length) => Ok(talk.wait(length, answers)),
        Cue::Happens(input) => Ok(talk.take(&input, answers)),
        Cue::Level(level) => {
            talk.facts.assurance = level;
            talk.session.assurance = level;
            Ok(Vec::new())
        }
        Cue::Now(now) => {
            talk.set_clock(now);
            Ok(Vec::new())
        }
        Cue::Fact { root, field, value } => {
            let known = talk.facts.roots.entry(root).or_insert_with(|| Value::Record(BTreeMap::new()));
            if let Value::Record(fields) = known {
                fields.insert(field, value);
            }
            Ok(Vec::new())
        }
        Cue::Answer { action, outcome, values } => {
            answers.0.insert(action, (outcome, values));
            Ok(Vec::new())
        }
    }
}

/// The cue of a line; `None` for a line that tells what happened.
pub fn parse(line: &str, currency: Currency) -> Result<Option<Cue>, String> {
    let cue = |sign: &str| line.strip_prefix(sign).map(str::trim);
    if let Some(title) = cue(">>") {
        return Ok(Some(Cue::Tap(title.to_owned())));
    }
    if let Some(said) = cue(">") {
        return Ok(Some(match said {
            "(voice)" => Cue::Media(MediaKind::Audio),
            "(image)" => Cue::Media(MediaKind::Image),
            "(document)" => Cue::Media(MediaKind::Document),
            text => Cue::Write(text.to_owned()),
        }));
    }
    if let Some(length) = cue("~") {
        return length_of(length).map(Cue::Wait).map(Some);
    }
    if let Some(answer) = cue("!") {
        return answer_of(answer, currency).map(Some);
    }
    if let Some(fact) = cue("=") {
        return fact_of(fact, currency).map(Some);
    }
    match cue("@") {
        None => Ok(None),
        Some("closed") => Ok(Some(Cue::Happens(Input::TicketClosed { outcome: None }))),
        Some("echo") => Ok(Some(Cue::Happens(Input::HumanEcho))),
        Some("identity") => Ok(Some(Cue::Happens(Input::IdentityChanged))),
        Some(returned) => match returned.strip_prefix("returned").map(str::trim) {
            Some("") => Ok(Some(Cue::Happens(Input::AgentReturned { step: None, outcome: None }))),
            Some(step) => {
                Ok(Some(Cue::Happens(Input::AgentReturned { step: Some(step.to_owned()), outcome: None })))
            }
            None => Err(format!("`@ {returned}` is none of returned, closed, echo, identity")),
        },
    }
}

fn length_of(text: &str) -> Result<Millis, String> {
    let wrong = || format!("`{text}` is no length of time such as 30m, 4h or 3d");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let n: i64 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    match unit {
        's' => Ok(Millis::seconds(n)),
        'm' => Ok(Millis::minutes(n)),
        'h' => Ok(Millis::hours(n)),
        'd' => Ok(Millis::days(n)),
        _ => Err(wrong()),
    }
}

fn answer_of(text: &str, currency: Currency) -> Result<Cue, String> {
    let wrong = || "write `! action = outcome {outputs as JSON}`".to_owned();
    let (name, rest) = text.split_once('=').ok_or_else(wrong)?;
    let (name, rest) = (name.trim(), rest.trim());
    let (outcome, json) = rest.split_once(char::is_whitespace).unwrap_or((rest, "{}"));
    let actions = catalogue::actions();
    let action = actions.iter().find(|action| action.name == name);
    let action = action.ok_or_else(|| format!("there is no action `{name}`"))?;
    if !action.outcomes.contains(&outcome) {
        return Err(format!("`{name}` has no outcome `{outcome}`; it has {}", action.outcomes.join(", ")));
    }
    let json: Json = serde_json::from_str(json.trim()).map_err(|error| format!("outputs: {error}"))?;
    let values = record_of(&json, &action.outputs, currency)?;
    Ok(Cue::Answer { action: name.to_owned(), outcome: outcome.to_owned(), values })
}

fn fact_of(text: &str, currency: Currency) -> Result<Cue, String> {
    let (name, value) = text.split_once(char::is_whitespace).ok_or("write `= name value`")?;
    let value = value.trim();
    match name {
        "level" => Assurance::parse(value).map(Cue::Level).ok_or_else(|| format!("`{value}` is no level")),
        "now" => {
            Timestamp::parse_rfc3339(value).map(Cue::Now).ok_or_else(|| format!("`{value}` is no instant"))
        }
        path => {
            let unknown = || format!("there is no fact `{path}`");
            let (root, field) = path.split_once('.').ok_or_else(unknown)?;
            let facts = catalogue::facts();
            let (_, fields) = facts.iter().find(|(name, _)| *name == root).ok_or_else(unknown)?;
            let ty = fields.iter().find(|known| known.name == field).ok_or_else(unknown)?;
            let json = serde_json::from_str(value).unwrap_or_else(|_| Json::String(value.to_owned()));
            let value = value_of(&json, &ty.ty, currency)?;
            Ok(Cue::Fact { root: root.to_owned(), field: field.to_owned(), value })
        }
    }
}

fn record_of(json: &Json, fields: &[Field], currency: Currency) -> Result<BTreeMap<String, Value>, String> {
    let members = json.as_object().ok_or_else(|| format!("`{json}` is no object"))?;
    let value = |(name, json): (&String, &Json)| {
        let field = fields.iter().find(|field| field.name == name.as_str());
        let field = field.ok_or_else(|| format!("there is no field `{name}`"))?;
        Ok((name.clone(), value_of(json, &field.ty, currency)?))
    };
    members.iter().map(value).collect()
}

/// JSON as a value of a type: money `250000` (whole units) or `"250000 COP"`, dates `"2026-12-01"`, percent in millionths.
pub fn value_of(json: &Json, ty: &Type, currency: Currency) -> Result<Value, String> {
    let wrong = || format!("`{json}` is not of type {ty:?}");
    let text = || json.as_str().map(str::to_owned).ok_or_else(wrong);
    match ty {
        Type::Bool => json.as_bool().map(Value::Bool).ok_or_else(wrong),
        Type::Int => json.as_i64().map(Value::Int).ok_or_else(wrong),
        Type::Percent => json.as_i64().map(Value::Percent).ok_or_else(wrong),
        Type::Text => text().map(Value::Text),
        Type::Date => Day::parse(&text()?).map(Value::Date).ok_or_else(wrong),
        Type::Enum(members) => text()
            .and_then(|member| members.contains(&member).then_some(Value::Choice(member)).ok_or_else(wrong)),
        Type::Money => money_of(json, currency).map(Value::Money).ok_or_else(wrong),
        Type::List(of) => {
            let items = json.as_array().ok_or_else(wrong)?;
            items.iter().map(|item| value_of(item, of, currency)).collect::<Result<_, _>>().map(Value::List)
        }
        Type::Record(name) => {
            let records = catalogue::records();
            let (_, fields) = records.iter().find(|(known, _)| known == name).ok_or_else(wrong)?;
            record_of(json, fields, currency).map(Value::Record)
        }
    }
}

fn money_of(json: &Json, currency: Currency) -> Option<Money> {
    let (units, currency) = match json.as_str() {
        Some(text) => {
            let (units, code) = text.split_once(' ')?;
            (units.parse().ok()?, Currency::parse(code)?)
        }
        None => (json.as_i64()?, currency),
    };
    i64::checked_mul(units, currency.unit_minor()).map(|minor| Money::new(minor, currency))
}

#[cfg(test)]
mod tests {
    use super::{Cue, parse, value_of};
    use crate::domain::money::{Currency, Money};
    use crate::domain::time::Millis;
    use crate::flow::value::{Type, Value};

    #[test]
    fn cues_are_read_and_what_happened_is_not() {
        let cue = |line: &str| parse(line, Currency::Cop).unwrap();
        assert_eq!(cue("> hola"), Some(Cue::Write("hola".to_owned())));
        assert_eq!(cue(">> Sí, acepto"), Some(Cue::Tap("Sí, acepto".to_owned())));
        assert_eq!(cue("~ 3d"), Some(Cue::Wait(Millis::days(3))));
        assert_eq!(cue("bot: hola"), None);
        assert_eq!(cue("    [Sí]"), None);
    }

    #[test]
    fn a_wrong_cue_says_what_would_be_right() {
        let wrong = |line: &str| parse(line, Currency::Cop).unwrap_err();
        assert_eq!(wrong("! acuerdo.firmar = ok"), "there is no action `acuerdo.firmar`");
        assert_eq!(wrong("! contacto.excluir = no"), "`contacto.excluir` has no outcome `no`; it has ok");
        assert_eq!(wrong("! deuda.consultar = una {\"saldo\": 1}"), "there is no field `saldo`");
        assert_eq!(wrong("= persona.edad 40"), "there is no fact `persona.edad`");
        assert_eq!(wrong("~ 4 horas"), "`4 horas` is no length of time such as 30m, 4h or 3d");
        assert_eq!(wrong("@ vuelve"), "`@ vuelve` is none of returned, closed, echo, identity");
    }

    #[test]
    fn money_is_written_in_whole_units() {
        let money = Value::Money(Money::new(25_000_000, Currency::Cop));
        assert_eq!(value_of(&250_000.into(), &Type::Money, Currency::Cop).unwrap(), money);
        assert_eq!(value_of(&"250000 COP".into(), &Type::Money, Currency::Mxn).unwrap(), money);
    }
}
