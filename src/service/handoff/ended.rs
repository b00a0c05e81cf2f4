//! How a ticket ended: by whom, and what the person wrote last that nobody answered.

use super::story::{EVENT_PAGES_MAX, EVENTS_PAGE, Speaker, StoryItem};
use super::{HandoffError, HandoffService, SENT_MAX};
use crate::domain::ids::{AgentId, TicketId};
use crate::domain::pii::Pii;
use crate::domain::time::Timestamp;
use crate::ports::conversations::{Event, Origin};
use crate::ports::outbox::SentMessage;
use crate::ports::tickets::{Ticket, TicketRefused};

/// Who closed a ticket, and with which word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub by: EndedBy,
    /// An agent's outcome, or the interrupt that the person's words named.
    pub outcome: Option<String>,
    pub at: Option<Timestamp>,
    /// The ticket that the chat has now: what was told opened another matter.
    pub now_open: Option<TicketId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndedBy {
    /// Their words took them back to the bot, stopped the messages, or opened another matter.
    Person,
    /// With the agent's name.
    Resolved(String),
    Returned(String),
    /// The log does not tell.
    Unknown,
}

/// A message of the person that nobody answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    pub at: Timestamp,
    /// Nothing, where it was no text.
    pub text: Option<Pii<String>>,
}

impl HandoffService {
    /// Why nothing can be done with a closed ticket.
    pub(super) async fn over(&self, ticket: &Ticket) -> HandoffError {
        match self.ended(ticket).await {
            Ok(ended) => HandoffError::Ended(ended),
            Err(error) => {
                tracing::warn!(error = %error, "who closed a ticket is not told");
                TicketRefused::Closed.into()
            }
        }
    }

    async fn ended(&self, ticket: &Ticket) -> Result<Ended, HandoffError> {
        let mut found = None;
        let mut from = 0;
        for _ in 0..EVENT_PAGES_MAX {
            let page = self.ports.conversations.events(ticket.conversation, from, EVENTS_PAGE).await?;
            for (seq, event) in &page {
                from = *seq;
                found = closing(event, ticket.id).or(found);
            }
            if page.len() < EVENTS_PAGE as usize {
                break;
            }
        }
        let (outcome, at) = (ticket.outcome.clone(), ticket.closed_at);
        let now_open = self.conversation_of(ticket).await?.ticket.filter(|open| *open != ticket.id);
        let ended = |by| Ended { by, outcome, at, now_open };
        let Some((did, agent)) = found else { return Ok(ended(EndedBy::Unknown)) };
        let by = match did.as_str() {
            "close" => EndedBy::Person,
            "return" => EndedBy::Returned(self.name_of(ticket, agent).await?),
            _ => EndedBy::Resolved(self.name_of(ticket, agent).await?),
        };
        Ok(ended(by))
    }

    async fn name_of(&self, ticket: &Ticket, agent: Option<AgentId>) -> Result<String, HandoffError> {
        let agents = self.ports.agents.agents(&ticket.lender).await?;
        let known = agents.into_iter().find(|known| Some(known.id) == agent);
        Ok(known.map_or_else(String::new, |known| known.name))
    }

    /// What the person wrote last since the ticket was opened, when no agent wrote anything after it.
    /// Nothing is told where the log cannot be read: the ticket is over all the same.
    pub async fn unanswered(&self, ticket: &Ticket) -> Option<Unanswered> {
        self.left_unanswered(ticket).await.unwrap_or_else(|error| {
            tracing::warn!(error = %error, "what nobody answered is not told");
            None
        })
    }

    async fn left_unanswered(&self, ticket: &Ticket) -> Result<Option<Unanswered>, HandoffError> {
        let (told, _) = self.told_after(ticket.conversation, 0, usize::MAX).await?;
        let said = |line: &&(i64, StoryItem)| line.1.from == Speaker::Person && line.1.at > ticket.opened_at;
        let Some((_, last)) = told.iter().rev().find(said) else { return Ok(None) };
        let sent = self.ports.outbox.sent_messages(ticket.conversation, SENT_MAX).await?;
        let answers =
            |message: &SentMessage| message.origin == Origin::Agent && message.created_at >= last.at;
        let unanswered = Unanswered { at: last.at, text: last.text.clone() };
        Ok((!sent.iter().any(answers)).then_some(unanswered))
    }
}

/// What closed this ticket, and the agent whose act it was.
fn closing(event: &Event, ticket: TicketId) -> Option<(String, Option<AgentId>)> {
    if event.kind != "ticket" {
        return None;
    }
    let body = event.body.tree();
    let did = body.get("did")?.as_str().filter(|did| ["close", "resolve", "return"].contains(did))?;
    let of: TicketId = body.get("ticket")?.as_str()?.parse().ok()?;
    let by = body.get("by").and_then(|by| by.as_str()?.parse().ok());
    (of == ticket).then(|| (did.to_owned(), by))
}
