//! Stages as spans, in the words of OpenTelemetry's conventions for messaging where it has one. Listed in
//! docs/OPERATIONS.md, “Traces”.

use crate::domain::ids::{InboxId, OutboxId};
use crate::domain::trace::{SpanId, TraceId};
use crate::ports::outbox::FollowedMessage;
use crate::ports::traces::{Span, SpanKind, Value};
use crate::service::journey::turn_id;
use crate::service::traces::{Lap, Phase, Received, SendTried, Stage, StatusTold, Turned};
use std::collections::HashMap;
use std::fmt::Display;
use uuid::Uuid;

/// `followed` has those of our messages whose trace is kept; stages of others give no span.
pub fn of(stage: &Stage, followed: &HashMap<OutboxId, FollowedMessage>) -> Vec<Span> {
    match stage {
        Stage::Received(received) => vec![receive(received)],
        Stage::Turned(turned) => turn(turned),
        Stage::SendTried(tried) => {
            followed.get(&tried.outbox).map(|message| send(tried, message)).into_iter().collect()
        }
        Stage::StatusTold(told) => {
            followed.get(&told.outbox).map(|message| status(told, message)).into_iter().collect()
        }
    }
}

fn receive_id(input: InboxId) -> SpanId {
    SpanId::derive(&input.0, "receive")
}

fn turn_span_id(turn: &Uuid) -> SpanId {
    SpanId::derive(turn, "turn")
}

fn send_id(outbox: OutboxId, attempt: u32) -> SpanId {
    SpanId::derive(&outbox.0, &format!("send/{attempt}"))
}

fn text(value: impl Display) -> Value {
    Value::Text(value.to_string())
}

fn count(n: usize) -> Value {
    Value::Number(i64::try_from(n).unwrap_or(i64::MAX))
}

/// What every span of ours about a message has.
fn messaging(operation: &'static str, name: &'static str) -> Vec<(&'static str, Value)> {
    vec![
        ("messaging.system", text("whatsapp")),
        ("messaging.operation.type", text(operation)),
        ("messaging.operation.name", text(name)),
    ]
}

/// The error, as an attribute too: conventions want both.
fn with_error(mut attributes: Vec<(&'static str, Value)>, error: Option<&str>) -> Vec<(&'static str, Value)> {
    attributes.extend(error.map(|word| ("error.type", text(word))));
    attributes
}

fn receive(received: &Received) -> Span {
    let mut attributes = messaging("receive", "receive");
    attributes.extend([
        ("messaging.message.id", text(received.input)),
        ("http.request.method", text("POST")),
        ("http.route", text("/webhook")),
        ("acuerdo.delivery.id", text(received.delivery)),
        ("acuerdo.item.kind", text(received.kind)),
        ("acuerdo.lender.id", text(&received.lender)),
    ]);
    Span {
        trace: TraceId::of(received.input),
        id: receive_id(received.input),
        parent: None,
        name: "receive".to_owned(),
        kind: SpanKind::Server,
        begin: received.begin,
        end: received.end,
        attributes: with_error(attributes, received.error),
        links: Vec::new(),
        error: received.error.map(str::to_owned),
    }
}

fn turn(turned: &Turned) -> Vec<Span> {
    let id = turn_span_id(&turned.turn);
    let mut brought = turned.inputs.iter().filter(|(_, by_webhook)| *by_webhook).map(|(input, _)| *input);
    // What comes of itself, a timer or an agent's word, has no webhook before it.
    let first = turned.inputs.first().is_some_and(|(_, by_webhook)| *by_webhook);
    let parent = if first { brought.next().map(receive_id) } else { None };
    let mut attributes = messaging("process", "turn");
    attributes.extend([
        ("messaging.message.conversation_id", text(turned.conversation)),
        ("messaging.batch.message_count", count(turned.inputs.len())),
        ("acuerdo.turn.id", text(turned.turn)),
        ("acuerdo.lender.id", text(&turned.lender)),
        ("acuerdo.turn.messages", count(turned.messages)),
        ("acuerdo.turn.batch", count(turned.batch)),
        ("acuerdo.waited_ms", Value::Number(turned.waited_ms)),
    ]);
    let whole = Span {
        trace: turned.trace,
        id,
        parent,
        name: "turn".to_owned(),
        kind: SpanKind::Consumer,
        begin: turned.begin,
        end: turned.end,
        attributes: with_error(attributes, turned.error),
        links: brought.map(|input| (TraceId::of(input), receive_id(input))).collect(),
        error: turned.error.map(str::to_owned),
    };
    let parts = turned.laps.iter().enumerate().map(|(n, lap)| phase(turned, id, n, lap));
    std::iter::once(whole).chain(parts).collect()
}

fn phase(turned: &Turned, parent: SpanId, n: usize, lap: &Lap) -> Span {
    let (name, attributes) = match &lap.phase {
        Phase::Load => ("load".to_owned(), Vec::new()),
        Phase::Understand => ("understand".to_owned(), Vec::new()),
        Phase::Step => ("step".to_owned(), Vec::new()),
        Phase::Action { name, outcome } => (
            format!("action {name}"),
            vec![("acuerdo.action", text(name)), ("acuerdo.action.outcome", text(outcome))],
        ),
        Phase::Commit => ("commit".to_owned(), Vec::new()),
    };
    Span {
        trace: turned.trace,
        id: SpanId::derive(&turned.turn, &format!("turn/{n}")),
        parent: Some(parent),
        name,
        kind: SpanKind::Internal,
        begin: lap.begin,
        end: lap.end,
        attributes,
        links: Vec::new(),
        error: None,
    }
}

fn send(tried: &SendTried, message: &FollowedMessage) -> Span {
    let mut attributes = messaging("send", "send");
    attributes.extend([
        ("messaging.message.id", text(tried.outbox)),
        ("messaging.message.conversation_id", text(message.conversation)),
        ("acuerdo.turn.id", text(turn_id(message.conversation, message.created_at))),
        ("acuerdo.lender.id", text(&tried.lender)),
        ("acuerdo.message.kind", text(tried.kind)),
        ("acuerdo.send.attempt", Value::Number(tried.attempts.into())),
        ("acuerdo.send.outcome", text(tried.outcome)),
    ]);
    attributes.extend(tried.code.map(|code| ("acuerdo.graph.code", Value::Number(code))));
    Span {
        trace: message.trace,
        id: send_id(tried.outbox, tried.attempts),
        parent: Some(turn_span_id(&turn_id(message.conversation, message.created_at))),
        name: "send".to_owned(),
        kind: SpanKind::Client,
        begin: tried.begin,
        end: tried.end,
        attributes: with_error(attributes, tried.why.as_deref()),
        links: Vec::new(),
        error: tried.why.clone(),
    }
}

fn status(told: &StatusTold, message: &FollowedMessage) -> Span {
    let mut attributes = messaging("receive", "status");
    attributes.extend([
        ("messaging.message.id", text(told.outbox)),
        ("messaging.message.conversation_id", text(message.conversation)),
        ("http.request.method", text("POST")),
        ("http.route", text("/webhook")),
        ("acuerdo.delivery.id", text(told.delivery)),
        ("acuerdo.turn.id", text(turn_id(message.conversation, message.created_at))),
        ("acuerdo.status", text(told.status)),
    ]);
    let error = (told.status == "failed").then_some("undelivered");
    Span {
        trace: message.trace,
        id: SpanId::derive(&told.outbox.0, &format!("status/{}", told.status)),
        parent: Some(send_id(told.outbox, message.attempts)),
        name: format!("status {}", told.status),
        kind: SpanKind::Server,
        begin: told.begin,
        end: told.end,
        attributes: with_error(attributes, error),
        links: Vec::new(),
        error: error.map(str::to_owned),
    }
}
