//! Entries of the event log, as a turn and a hand-over write them.

use crate::domain::ids::{FlowId, OutboxId, StepId, TicketId};
use crate::domain::json_text::JsonText;
use crate::domain::outbound::Outbound;
use crate::domain::time::Timestamp;
use crate::flow::effect::Visit;
use crate::flow::input::Input;
use crate::ports::conversations::{Event, NewOutbox, Origin};
use crate::ports::records::NewTicket;
use crate::service::converse::TurnError;
use serde::Serialize;

const VERSION: u8 = 1;

/// What an entry tells.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Told<'a> {
    Input {
        input: &'a Input,
    },
    /// An input over which no turn could be run.
    SetAside {
        input: &'a Input,
    },
    Trail {
        visits: &'a [Visit],
    },
    Action {
        action: &'a str,
        outcome: &'a str,
    },
    Send {
        outbox: OutboxId,
        label: &'a str,
        origin: Origin,
        content: &'a Outbound,
    },
    Ticket {
        ticket: TicketId,
        queue: &'a str,
        reason: &'a str,
        /// `raise` when the ticket was open already.
        #[serde(skip_serializing_if = "Option::is_none")]
        did: Option<&'a str>,
    },
    /// The person's words closed it.
    TicketClosed {
        ticket: TicketId,
        did: &'a str,
        outcome: &'a str,
    },
    /// What an agent is to ask about.
    Suspected {
        what: &'a str,
        proof_dropped: bool,
    },
    Ended {
        outcome: &'a str,
    },
    Assurance {
        level: &'a str,
        /// The lender's reference of the person who was proved.
        #[serde(skip_serializing_if = "Option::is_none")]
        person: Option<&'a str>,
    },
    Fault {
        flow: &'a FlowId,
        step: &'a StepId,
        what: &'a str,
    },
}

#[derive(Serialize)]
struct Body<'a> {
    v: u8,
    #[serde(flatten)]
    told: &'a Told<'a>,
}

impl Told<'_> {
    pub fn event(&self, turn: u64, at: Timestamp) -> Result<Event, TurnError> {
        let body = JsonText::of(&Body { v: VERSION, told: self })
            .map_err(|error| TurnError::Unwritable(error.to_string()))?;
        Ok(Event { turn, kind: self.kind().to_owned(), body, at })
    }

    const fn kind(&self) -> &'static str {
        match self {
            Self::Input { .. } => "input",
            Self::SetAside { .. } => "set_aside",
            Self::Trail { .. } => "trail",
            Self::Action { .. } => "action",
            Self::Send { .. } => "send",
            Self::Ticket { .. } | Self::TicketClosed { .. } => "ticket",
            Self::Suspected { .. } => "suspected",
            Self::Ended { .. } => "ended",
            Self::Assurance { .. } => "assurance",
            Self::Fault { .. } => "fault",
        }
    }
}

pub fn sent(turn: u64, message: &NewOutbox, at: Timestamp) -> Result<Event, TurnError> {
    let NewOutbox { id, content, label, origin, subject: _ } = message;
    Told::Send { outbox: *id, label: label.name(), origin: *origin, content }.event(turn, at)
}

pub fn ticket_opened(
    turn: u64,
    ticket: &NewTicket,
    did: Option<&str>,
    at: Timestamp,
) -> Result<Event, TurnError> {
    let NewTicket { id, queue, reason, .. } = ticket;
    Told::Ticket { ticket: *id, queue, reason, did }.event(turn, at)
}
