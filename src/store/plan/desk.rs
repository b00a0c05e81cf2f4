//! What an agent's act changes: the ticket, the log, the outbox and the conversation's inputs.

use crate::domain::ids::derive;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::conversations::{InputKind, Origin};
use crate::ports::tickets::{AgentAct, Lease};
use crate::store::plan::accept::InputRow;
use crate::store::plan::turns::EventRow;
use crate::store::rows::outbox::{AgentMark, NewOutboxRow};
use crate::store::rows::tickets::TicketRow;
use crate::store::rows::{clean, json, name_of};
use serde_json::{Value, json as value};

/// What one act writes in its transaction. The events' sequence numbers and turn are filled in by the store.
#[derive(Debug)]
pub(in crate::store) struct DeskPlan {
    /// The ticket as it is afterwards, with its next version.
    pub ticket: TicketRow,
    pub events: Vec<EventRow>,
    /// When it exists already, the act is a repeat and nothing at all is written.
    pub message: Option<NewOutboxRow>,
    pub input: Option<InputRow>,
}

pub(in crate::store) fn plan(
    mut ticket: TicketRow,
    lease: Lease,
    act: &AgentAct,
    now: Timestamp,
) -> Result<DeskPlan, StoreError> {
    ticket.version += 1;
    let mut events = Vec::new();
    let mut message = None;
    let mut input = None;
    let agent = lease.agent.0;
    match act {
        AgentAct::Send { id, content, label } => {
            ticket.waiting = false;
            ticket.first_response_at = ticket.first_response_at.or(Some(now.0));
            events.push(("agent", value!({ "outbox": id, "content": content })));
            message = Some(NewOutboxRow {
                id: id.0,
                lender: ticket.lender.clone(),
                conversation: ticket.conversation_id,
                content: json(content)?,
                label: label.name(),
                origin: name_of(&Origin::Agent)?,
                agent: Some(AgentMark { ticket: ticket.id, token: lease.token, agent }),
                now: now.0,
                // No message of a person is being answered by the bot.
                trace: None,
                // The agent's lease guards it.
                subject: None,
            });
        }
        AgentAct::Note { text } => events.push(("note", value!({ "text": text }))),
        AgentAct::Resolve { outcome, note } => {
            if let Some(text) = note {
                events.push(("note", value!({ "text": text })));
            }
            events.push(("ticket", value!({ "did": "resolve", "outcome": outcome })));
            let kind = InputKind::TicketClosed { ticket: lease.ticket, outcome: Some(clean(outcome)) };
            input = Some(input_of(&ticket, kind, now)?);
            close(&mut ticket, outcome, now);
        }
        AgentAct::ReturnToBot { step, outcome, note } => {
            if let Some(text) = note {
                events.push(("note", value!({ "text": text })));
            }
            events.push(("ticket", value!({ "did": "return", "step": step, "outcome": outcome })));
            let (step, ended) = (step.clone(), outcome.as_deref().map(clean));
            let kind = InputKind::AgentReturned { ticket: lease.ticket, step, outcome: ended };
            input = Some(input_of(&ticket, kind, now)?);
            close(&mut ticket, outcome.as_deref().unwrap_or("returned"), now);
        }
        AgentAct::Transfer { queue, reason } => {
            events.push(("ticket", value!({ "did": "transfer", "queue": queue, "reason": reason })));
            ticket.status = "queued".to_owned();
            ticket.queue = clean(queue);
            ticket.leased_until = 0;
        }
        AgentAct::Confirm { person, reference, called, reason } => {
            let body = value!({ "did": "confirm", "person": reference, "called": called, "reason": reason });
            events.push(("identity", body));
            let kind = InputKind::PersonConfirmed { ticket: lease.ticket, person: *person };
            input = Some(input_of(&ticket, kind, now)?);
        }
    }
    let events = events.into_iter().map(|(kind, body)| event_of(&ticket, lease, kind, body, now));
    Ok(DeskPlan { events: events.collect::<Result<_, _>>()?, ticket, message, input })
}

fn close(ticket: &mut TicketRow, outcome: &str, now: Timestamp) {
    ticket.status = "closed".to_owned();
    ticket.waiting = false;
    ticket.closed_at = Some(now.0);
    ticket.outcome = Some(clean(outcome));
}

fn input_of(ticket: &TicketRow, kind: InputKind, now: Timestamp) -> Result<InputRow, StoreError> {
    Ok(InputRow {
        id: derive(&ticket.id, &format!("closed/{}", ticket.version)),
        lender: ticket.lender.clone(),
        conversation: ticket.conversation_id,
        dedupe_key: None,
        body: json(&kind)?,
        received_at: now.0,
    })
}

fn event_of(
    ticket: &TicketRow,
    lease: Lease,
    kind: &str,
    mut body: Value,
    now: Timestamp,
) -> Result<EventRow, StoreError> {
    body["v"] = value!(1);
    body["ticket"] = value!(lease.ticket);
    body["by"] = value!(lease.agent);
    Ok(EventRow {
        conversation: ticket.conversation_id,
        seq: 0,
        lender: ticket.lender.clone(),
        turn: 0,
        kind: kind.to_owned(),
        body: json(&body)?,
        at: now.0,
    })
}
