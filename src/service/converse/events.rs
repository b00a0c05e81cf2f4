//! Entries of the event log that a turn and a hand-over write alike.

use crate::domain::time::Timestamp;
use crate::ports::conversations::{Event, NewOutbox};
use crate::ports::records::NewTicket;
use serde_json::json;

pub fn sent(turn: u64, message: &NewOutbox, at: Timestamp) -> Event {
    let NewOutbox { id, content, label, origin } = message;
    let body = json!({"v": 1, "outbox": id, "label": label.name(), "origin": origin, "content": content});
    Event { turn, kind: "send".to_owned(), body, at }
}

pub fn ticket_opened(turn: u64, ticket: &NewTicket, at: Timestamp) -> Event {
    let body = json!({"v": 1, "ticket": ticket.id, "queue": ticket.queue, "reason": ticket.reason});
    Event { turn, kind: "ticket".to_owned(), body, at }
}
