//! What the API answers, as `openapi.json` describes it. Times are RFC 3339 in UTC.
//!
//! The one place of the API where personal data is shown: to the agent whose ticket it is.

use crate::domain::money::Money;
use crate::domain::time::Timestamp;
use crate::ports::agents::Agent;
use crate::ports::handoff_queue::QueueDepth;
use crate::ports::tickets::{Ticket, TicketStatus};
use crate::rules::reading::shown;
use crate::service::handoff::story::{MediaLine, StoryItem, StoryPage};
use crate::service::handoff::view::{ChatView, PersonView, TicketView};
use crate::service::handoff::{HandoffSettings, Taken, Unanswered};
use serde_json::{Value, json};

pub fn me(agent: &Agent, settings: &HandoffSettings) -> Value {
    json!({
        "id": agent.id,
        "name": agent.name,
        "lender": agent.lender,
        "queues": agent.queues,
        "lease_ms": settings.lease.0,
        "return_steps": settings.return_steps,
    })
}

pub fn queues(depths: &[QueueDepth], now: Timestamp) -> Value {
    let rows: Vec<Value> = depths
        .iter()
        .map(|depth| {
            let oldest = depth.oldest_waiting_since;
            json!({
                "queue": depth.queue,
                "waiting": depth.waiting,
                "held": depth.held,
                "oldest_waiting_since": time(oldest),
                "oldest_wait_ms": oldest.map(|since| now.since(since).0.max(0)),
            })
        })
        .collect();
    json!({ "queues": rows })
}

/// The token is shown to its holder only.
pub fn ticket(ticket: &Ticket, caller: &Agent) -> Value {
    let (status, lease) = match ticket.status {
        TicketStatus::Queued => ("queued", Value::Null),
        TicketStatus::Assigned { agent, token, until } => {
            let mine = (agent == caller.id).then_some(token);
            (
                "assigned",
                json!({"agent": agent, "mine": mine.is_some(), "token": mine, "until": until.rfc3339()}),
            )
        }
        TicketStatus::Closed => ("closed", Value::Null),
    };
    json!({
        "id": ticket.id,
        "queue": ticket.queue,
        "priority": ticket.priority,
        "reason": ticket.reason,
        "protected": ticket.is_protected(),
        "status": status,
        "lease": lease,
        "version": ticket.version,
        "opened_at": ticket.opened_at.rfc3339(),
        "waiting_since": ticket.waiting_since.rfc3339(),
        "first_response_at": time(ticket.first_response_at),
        "closed_at": time(ticket.closed_at),
        "outcome": ticket.outcome,
    })
}

/// A ticket that was ended, with what the person wrote last and nobody answered.
pub fn ended(closed: &Ticket, caller: &Agent, unanswered: Option<&Unanswered>) -> Value {
    let mut row = ticket(closed, caller);
    row["unanswered"] = unanswered.map_or(
        Value::Null,
        |left| json!({"at": left.at.rfc3339(), "text": left.text.as_ref().map(|text| text.expose())}),
    );
    row
}

pub fn taken(taken: &Taken, caller: &Agent) -> Value {
    json!({"ticket": ticket(&taken.ticket, caller), "lease": lease(taken)})
}

pub fn lease(taken: &Taken) -> Value {
    json!({"token": taken.token, "until": taken.until.rfc3339()})
}

pub fn case(seen: &TicketView, caller: &Agent) -> Value {
    json!({
        "ticket": ticket(&seen.ticket, caller),
        "summary": seen.ticket.summary,
        "position": seen.position,
        "chat": chat(&seen.chat),
        "person": seen.person.as_ref().map(person),
    })
}

fn chat(chat: &ChatView) -> Value {
    json!({
        "profile_name": chat.profile_name.as_ref().map(|name| shown(name.expose())),
        "assurance": chat.assurance,
        "debt_allowed": chat.debt_allowed,
        "reserved": chat.reserved,
        "suspected": chat.suspected,
        "identity_conflict": chat.identity_conflict,
        "opted_out": chat.opted_out,
        "last_inbound_at": time(chat.last_inbound_at),
        "window_until": time(chat.window_until),
        "window_open": chat.window_until.is_some(),
    })
}

fn person(person: &PersonView) -> Value {
    let debts = person.debts.iter().map(|debt| {
        json!({
            "product_name": debt.product_name,
            "account": debt.external_ref_masked,
            "status": debt.status,
            "due": debt.due.map(money),
            "payoff": debt.payoff.map(money),
            "next_instalment": debt.next.map(|(due, amount)| json!({"due": due, "amount": money(amount)})),
            "as_of": debt.as_of.rfc3339(),
            "oldest_unpaid_due": debt.oldest_unpaid_due,
        })
    });
    let agreements = person.agreements.iter().map(|agreement| {
        json!({
            "id": agreement.id,
            "reference": agreement.reference,
            "kind": agreement.kind,
            "total": money(agreement.total),
            "payments": agreement.n_payments,
            "accepted_at": agreement.accepted_at.rfc3339(),
        })
    });
    json!({
        "full_name": person.full_name.expose(),
        "first_name": person.first_name.expose(),
        "external_ref": person.external_ref,
        "document": person.document_masked,
        "birth_date_on_file": person.birth_date_on_file,
        "phones": person.phones_masked,
        "language": person.language,
        "debts": debts.collect::<Vec<_>>(),
        "agreements": agreements.collect::<Vec<_>>(),
        "open_cases": person.open_cases,
        "payment_claims": person.n_payment_claims,
    })
}

pub fn story(page: &StoryPage) -> Value {
    let items: Vec<Value> = page.items.iter().map(line).collect();
    json!({"messages": items, "next": page.next.to_string(), "more": page.more})
}

fn line(item: &StoryItem) -> Value {
    json!({
        "id": item.id,
        "at": item.at.rfc3339(),
        "from": item.from.name(),
        "by": item.by,
        "kind": item.kind,
        "text": item.text.as_ref().map(|text| text.expose()),
        "delivery": item.delivery,
        "why": item.why,
        "media": item.media.as_ref().map(media),
    })
}

fn media(media: &MediaLine) -> Value {
    json!({
        "id": media.id,
        "state": media.state,
        "mime_type": media.mime_type,
        "bytes": media.size_bytes,
        "filename": media.filename.as_ref().map(|name| name.expose()),
        "why": media.why,
    })
}

fn money(money: Money) -> Value {
    json!({"amount_minor": money.minor, "currency": money.currency.code()})
}

fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::rfc3339)
}
