//! The whole story of a chat for the agent: what the person wrote, what we sent and where it is, notes and moves.

use super::{HandoffError, HandoffService, SENT_MAX};
use crate::domain::ids::{ConversationId, InboxId, OutboxId, TicketId, Wamid};
use crate::domain::pii::Pii;
use crate::domain::time::Timestamp;
use crate::flow::input::{Input, Said};
use crate::ports::agents::Agent;
use crate::ports::conversations::{Event, Origin};
use crate::ports::media::{MediaState, StoredMedia};
use crate::ports::outbox::{OutboxStatus, SentMessage};
use crate::understand::identity::Factor;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

pub(super) const EVENTS_PAGE: u32 = 500;
/// Events that one page of the story looks through; the next page goes on behind them.
pub(super) const EVENT_PAGES_MAX: u32 = 40;
pub const STORY_PAGE_MAX: usize = 200;
const IDENTITY_ANSWER: &str = "identity_answer";
/// The action that compares the answers.
const IDENTITY_CHECK: &str = "identidad.verificar";

/// One line of the story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryItem {
    /// Stable: the event's number or the message's id.
    pub id: String,
    pub at: Timestamp,
    pub from: Speaker,
    /// The name of the agent who wrote or did it.
    pub by: Option<String>,
    /// `text`, `option`, `media`, `note`, `ticket` …
    pub kind: String,
    pub text: Option<Pii<String>>,
    /// Of our messages only.
    pub delivery: Option<&'static str>,
    /// Why a message of ours was refused or waits.
    pub why: Option<String>,
    /// The file that came with it, if one is known; from before files were kept none is.
    pub media: Option<MediaLine>,
    /// The message that brought a file.
    pub(super) brings: Option<Wamid>,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaLine {
    pub id: InboxId,
    /// `wanted`, `kept` or `lost`.
    pub state: &'static str,
    pub mime_type: String,
    /// Of a kept one.
    pub size_bytes: Option<u64>,
    pub filename: Option<Pii<String>>,
    /// Of a lost one.
    pub why: Option<String>,
}

impl MediaLine {
    pub(super) fn of(media: StoredMedia) -> Self {
        let StoredMedia { id, mime_type, filename, state, .. } = media;
        let name = state.name();
        let (size_bytes, why) = match state {
            MediaState::Wanted => (None, None),
            MediaState::Kept { size_bytes } => (Some(size_bytes), None),
            MediaState::Lost { why } => (None, Some(why)),
        };
        Self { id, state: name, mime_type, size_bytes, filename, why }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    Person,
    Bot,
    Agent,
    System,
}

impl Speaker {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Bot => "bot",
            Self::Agent => "agent",
            Self::System => "system",
        }
    }
}

/// The place behind the last line that was read, in both the event log and our messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoryCursor {
    pub event_seq: i64,
    pub sent: Option<OutboxId>,
}

impl fmt::Display for StoryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sent {
            Some(sent) => write!(f, "{}.{sent}", self.event_seq),
            None => write!(f, "{}.", self.event_seq),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this API: pass `next` of an earlier page")]
pub struct CursorError;

impl FromStr for StoryCursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (seq, sent) = text.split_once('.').ok_or(CursorError)?;
        let event_seq = seq.parse().ok().filter(|seq| *seq >= 0).ok_or(CursorError)?;
        let sent = match sent {
            "" => None,
            id => Some(id.parse().map_err(|_| CursorError)?),
        };
        Ok(Self { event_seq, sent })
    }
}

#[derive(Debug, Clone)]
pub struct StoryPage {
    pub items: Vec<StoryItem>,
    /// Where the next page begins; the same as before when nothing is new.
    pub next: StoryCursor,
    pub more: bool,
}

/// By id.
type Names = BTreeMap<String, String>;

impl StoryItem {
    /// With the name of the agent, who was known by the id.
    fn named(mut self, names: &Names) -> Self {
        self.by = self.by.and_then(|id| names.get(&id).cloned());
        self
    }
}

impl HandoffService {
    /// A page of the story of the ticket's conversation, oldest first.
    pub async fn story(
        &self,
        agent: &Agent,
        id: TicketId,
        after: StoryCursor,
        limit: usize,
    ) -> Result<StoryPage, HandoffError> {
        let limit = limit.clamp(1, STORY_PAGE_MAX);
        let ticket = self.visible(agent, id).await?;
        let sent = self.ports.outbox.sent_messages(ticket.conversation, SENT_MAX).await?;
        let behind = after.sent.and_then(|last| sent.iter().position(|message| message.id == last));
        let mut sent = sent.iter().skip(behind.map_or(0, |index| index + 1)).peekable();
        let (told, read_to) = self.told_after(ticket.conversation, after.event_seq, limit).await?;
        let mut told = told.into_iter().peekable();

        let names = self.names(agent).await?;
        let mut items = Vec::new();
        let mut next = after;
        while items.len() < limit {
            // Of one instant, what came in is before what it caused.
            let tells = match (told.peek(), sent.peek()) {
                (Some((_, line)), Some(message)) => line.at <= message.created_at,
                (Some(_), None) => true,
                (None, _) => false,
            };
            if tells && let Some((seq, line)) = told.next() {
                next.event_seq = seq;
                items.push(line.named(&names));
            } else if let Some(message) = sent.next() {
                next.sent = Some(message.id);
                items.push(sent_line(message).named(&names));
            } else {
                break;
            }
        }
        if told.peek().is_none() {
            // Skips events without a line, so that the next page need not read them again.
            next.event_seq = read_to;
        }
        self.tell_media(&ticket, &mut items).await?;
        let more = told.peek().is_some() || sent.peek().is_some();
        Ok(StoryPage { items, next, more })
    }

    /// What the lender's agents are called.
    async fn names(&self, agent: &Agent) -> Result<Names, HandoffError> {
        let agents = self.ports.agents.agents(&agent.lender).await?;
        Ok(agents.into_iter().map(|known| (known.id.to_string(), known.name)).collect())
    }

    /// Events behind `seq` that have a line, a little more than `limit`, and the last number that was read.
    pub(super) async fn told_after(
        &self,
        conversation: ConversationId,
        seq: i64,
        limit: usize,
    ) -> Result<(Vec<(i64, StoryItem)>, i64), HandoffError> {
        let mut read_to = seq;
        let mut told = Vec::new();
        for _ in 0..EVENT_PAGES_MAX {
            let events = self.ports.conversations.events(conversation, read_to, EVENTS_PAGE).await?;
            let is_last = events.len() < EVENTS_PAGE as usize;
            for (seq, event) in &events {
                read_to = *seq;
                told.extend(event_line(*seq, event).map(|line| (*seq, line)));
                if let Some(verdict) = compared(event) {
                    judge(&mut told, verdict);
                }
            }
            if is_last || told.len() > limit {
                break;
            }
        }
        Ok((told, read_to))
    }
}

fn sent_line(message: &SentMessage) -> StoryItem {
    StoryItem {
        id: message.id.to_string(),
        at: message.created_at,
        from: match message.origin {
            Origin::Reply | Origin::Proactive => Speaker::Bot,
            Origin::Agent => Speaker::Agent,
        },
        by: message.agent.map(|agent| agent.to_string()),
        kind: message.content.kind().to_owned(),
        text: Some(Pii::new(message.content.readable())),
        delivery: Some(delivery(message)),
        why: message.why.clone(),
        media: None,
        brings: None,
    }
}

/// What the person's phone last said about a message, else where it is on our side.
fn delivery(message: &SentMessage) -> &'static str {
    match message.delivery_rank {
        rank if rank < 0 => "failed",
        1 => "sent",
        2 => "delivered",
        3 => "read",
        4.. => "played",
        _ => match message.status {
            OutboxStatus::Queued
            | OutboxStatus::Sending
            | OutboxStatus::Accepted
            | OutboxStatus::InDoubt
            | OutboxStatus::Unconfirmed
            | OutboxStatus::Refused => message.status.name(),
        },
    }
}

/// Events that tell an agent something; the bot's inner steps do not, and what an agent sent is in the outbox.
pub(super) fn event_line(seq: i64, event: &Event) -> Option<StoryItem> {
    let mut brings = None;
    let (from, kind, text) = match event.kind.as_str() {
        // Set aside: it came in, but no turn over it could be run.
        "input" | "set_aside" => {
            let (line, file) = input_line(&event.body.tree())?;
            brings = file;
            line
        }
        "media_opened" => (Speaker::Agent, "media_opened", None),
        "note" => (Speaker::Agent, "note", text_of(&event.body.tree(), "text")),
        "ticket" => {
            let body = event.body.tree();
            let why = ["reason", "outcome", "step"].iter().find_map(|key| text_of(&body, key));
            (Speaker::System, ticket_move(&body), why)
        }
        "suspected" => {
            let body = event.body.tree();
            let dropped = body.get("proof_dropped").and_then(serde_json::Value::as_bool) == Some(true);
            let kind = if dropped { "identity_dropped" } else { "suspected" };
            (Speaker::System, kind, Some(text_of(&body, "what")?))
        }
        "fault" => (Speaker::System, "fault", None),
        "identity" => {
            let body = event.body.tree();
            let settled = body.get("did").and_then(serde_json::Value::as_str) == Some("settle");
            let kind = if settled { "identity_settled" } else { "identity_confirmed" };
            (Speaker::Agent, kind, text_of(&body, "reason"))
        }
        // Several persons may use one phone: from here on the chat is this one's.
        "assurance" => (Speaker::System, "identity_proved", Some(text_of(&event.body.tree(), "person")?)),
        _ => return None,
    };
    let (kind, text) = (kind.to_owned(), text.map(Pii::new));
    let by = match event.kind.as_str() {
        "note" | "ticket" | "identity" | "media_opened" => text_of(&event.body.tree(), "by"),
        _ => None,
    };
    let (id, at) = (seq.to_string(), event.at);
    Some(StoryItem { id, at, from, by, kind, text, delivery: None, why: None, media: None, brings })
}

fn ticket_move(body: &serde_json::Value) -> &'static str {
    match body.get("did").and_then(serde_json::Value::as_str) {
        Some("resolve") => "ticket_resolved",
        Some("return") => "ticket_returned",
        Some("transfer") => "ticket_transferred",
        Some("raise") => "ticket_raised",
        // By the person's words.
        Some("close") => "ticket_closed",
        _ => "ticket",
    }
}

fn text_of(body: &serde_json::Value, key: &str) -> Option<String> {
    body.get(key)?.as_str().map(ToOwned::to_owned)
}

/// Who, what, and the words.
type Line = (Speaker, &'static str, Option<String>);

/// The engine's input as it is recorded: in `input` of the event's body, or the body itself. With the message, if it
/// brought a file.
fn input_line(body: &serde_json::Value) -> Option<(Line, Option<Wamid>)> {
    let recorded = body.get("input").filter(|input| input.is_object()).unwrap_or(body);
    let input: Input = serde::Deserialize::deserialize(recorded).ok()?;
    let line = match input {
        Input::Message { said, wamid, .. } | Input::Late { said, wamid } => {
            let brings = matches!(said, Said::Media { .. }).then_some(wamid);
            let (kind, text) = said_line(said);
            return Some(((Speaker::Person, kind, text), brings));
        }
        Input::HumanEcho => (Speaker::System, "human_echo", None),
        Input::IdentityChanged => (Speaker::System, "identity_changed", None),
        Input::DeliveryFailed { unconfirmed: Some(_), .. } => (Speaker::System, "delivery_unconfirmed", None),
        Input::DeliveryFailed { unconfirmed: None, .. } => (Speaker::System, "delivery_failed", None),
        // The agent's own act is in the log already.
        Input::AgentReturned { .. } | Input::TicketClosed { .. } | Input::PersonConfirmed { .. } => {
            return None;
        }
        Input::Timer { .. } | Input::ActionOutcome { .. } => return None,
    };
    Some((line, None))
}

/// What an agent reads of an answer to an identity question: which one, never the answer.
const fn answered(factor: Factor) -> &'static str {
    match factor {
        Factor::Document => "respondió: documento",
        Factor::BirthDate => "respondió: fecha de nacimiento",
    }
}

/// What came of the two answers, which are compared together; `None` for other events.
fn compared(event: &Event) -> Option<&'static str> {
    if event.kind != "action" {
        return None;
    }
    let body = event.body.tree();
    if body.get("action")?.as_str()? != IDENTITY_CHECK {
        return None;
    }
    Some(match body.get("outcome")?.as_str()? {
        "ok" => "coincide",
        "no_coincide" => "los datos no coinciden",
        "bloqueada" => "comprobación bloqueada",
        _ => "sin comparar",
    })
}

/// Tells beside answers that were given what came of them.
fn judge(lines: &mut [(i64, StoryItem)], verdict: &str) {
    for (_, line) in lines.iter_mut().rev() {
        let text = line.text.as_ref().filter(|_| line.kind == IDENTITY_ANSWER).map(|text| text.expose());
        let Some(text) = text else { continue };
        if text.ends_with(')') {
            return;
        }
        line.text = Some(Pii::new(format!("{text} ({verdict})")));
    }
}

fn said_line(said: Said) -> (&'static str, Option<String>) {
    match said {
        Said::Text { body, understanding } => match understanding.factor() {
            Some(factor) => (IDENTITY_ANSWER, Some(answered(factor).to_owned())),
            None => ("text", Some(body.into_exposed())),
        },
        Said::Option { title, .. } => ("option", Some(title.into_exposed())),
        Said::Media { kind, caption, .. } => (kind.name(), caption.map(Pii::into_exposed)),
        Said::Location => ("location", None),
        Said::Contacts => ("contacts", None),
        Said::Form { .. } => ("form", None),
        Said::Unreadable => ("unreadable", None),
        Said::Ignored { why } => ("ignored", Some(why)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Speaker, StoryCursor, event_line};
    use crate::domain::json_text::JsonText;
    use crate::domain::time::Timestamp;
    use crate::ports::conversations::Event;
    use serde_json::json;

    fn event(kind: &str, body: serde_json::Value) -> Event {
        Event { turn: 1, kind: kind.to_owned(), body: JsonText::of(&body).unwrap(), at: Timestamp(5) }
    }

    #[test]
    fn what_the_person_wrote_is_read_from_both_recorded_shapes() {
        let input = json!({"input": "message", "wamid": "w1", "said": {"said": "text", "body": "hola", "understanding": {}}});
        let mut flat = input.clone();
        flat["v"] = json!(1);
        for body in [json!({"v": 1, "input": input}), flat] {
            let line = event_line(3, &event("input", body)).unwrap();
            assert_eq!((line.from, line.kind.as_str()), (Speaker::Person, "text"));
            assert_eq!(line.text.unwrap().expose(), "hola");
        }
        let mut answer = json!({"input": "message", "wamid": "w1", "said": {"said": "text", "body": "la mia es rr01", "understanding": {"digits": "RR01"}}});
        let line = event_line(3, &event("input", json!({"v": 1, "input": answer}))).unwrap();
        assert_eq!(
            (line.kind.as_str(), line.text.unwrap().expose().as_str()),
            ("identity_answer", "respondió: documento")
        );
        answer["said"] =
            json!({"said": "text", "body": "12 de marzo", "understanding": {"day_month": [12, 3]}});
        assert_eq!(event_line(3, &event("input", answer)).unwrap().kind, "identity_answer");
        for (kind, body) in
            [("visit", json!({})), ("agent", json!({"outbox": "x"})), ("input", json!({"v": 1}))]
        {
            assert!(event_line(3, &event(kind, body)).is_none(), "{kind}");
        }
        let proved =
            event_line(4, &event("assurance", json!({"level": "verificada", "person": "C-1015"}))).unwrap();
        assert_eq!((proved.kind.as_str(), proved.from), ("identity_proved", Speaker::System));
        assert_eq!(proved.text.unwrap().expose(), "C-1015");
        assert!(event_line(4, &event("assurance", json!({"level": "canal"}))).is_none());
        let moved = event_line(4, &event("ticket", json!({"did": "transfer", "reason": "fraude"}))).unwrap();
        assert_eq!((moved.kind.as_str(), moved.from), ("ticket_transferred", Speaker::System));
    }

    #[test]
    fn a_cursor_survives_its_text_and_rubbish_is_refused() {
        let cursor = StoryCursor { event_seq: 12, sent: None };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        let sent = Some("6e8bc430-9c3a-11d9-9669-0800200c9a66".parse().unwrap());
        let cursor = StoryCursor { event_seq: 0, sent };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for rubbish in ["", "x", "1", "-1.", "1.x", "1.2.3"] {
            assert!(rubbish.parse::<StoryCursor>().is_err(), "{rubbish}");
        }
    }
}
