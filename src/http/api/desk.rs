//! The handlers of the desk: read the request, call one use case, answer.

use super::ApiState;
use super::auth::Caller;
use super::body::{self, RawBody};
use super::view;
use crate::http::error::{Code, Problem};
use crate::service::handoff::story::{CursorError, STORY_PAGE_MAX, StoryCursor};
use crate::service::handoff::view::{LIST_MAX, TicketCursor, TicketFilter};
use crate::service::handoff::{Back, Call};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

type State = web::Data<ApiState>;
type Answer = Result<HttpResponse, Problem>;

pub async fn me(state: State, caller: Caller) -> Answer {
    Ok(HttpResponse::Ok().json(view::me(&caller.0, state.handoff.settings())))
}

pub async fn queues(state: State, caller: Caller) -> Answer {
    let depths = state.handoff.depths(&caller.0).await?;
    Ok(HttpResponse::Ok().json(view::queues(&depths, state.handoff.now())))
}

pub async fn tickets(state: State, caller: Caller, request: HttpRequest) -> Answer {
    let query: body::TicketsQuery = body::query(&request)?;
    let name = query.status.as_deref().unwrap_or(TicketFilter::Open.name());
    let filter = TicketFilter::parse(name).ok_or_else(|| {
        let names = TicketFilter::ALL.map(TicketFilter::name).join(", ");
        Problem::new(Code::QueryInvalid).detail(format!("`status` must be one of {names}."))
    })?;
    let limit = body::limit(query.limit, LIST_MAX)?;
    body::queues(query.queue.as_deref(), Code::QueryInvalid)?;
    let after: Option<TicketCursor> =
        query.after.as_deref().map(str::parse).transpose().map_err(|error: CursorError| {
            Problem::new(Code::QueryInvalid).detail(format!("`after` is {error}."))
        })?;
    let list = state.handoff.list(&caller.0, query.queue.as_deref(), filter, (after, limit)).await?;
    let rows: Vec<_> = list.tickets.iter().map(|ticket| view::ticket(ticket, &caller.0)).collect();
    Ok(HttpResponse::Ok().json(json!({"tickets": rows, "next": list.next.map(|next| next.to_string())})))
}

pub async fn take_next(state: State, caller: Caller, body: RawBody) -> Answer {
    let wanted: body::TakeNext = body::read_or_default(body)?;
    body::queues(wanted.queues.iter().map(String::as_str), Code::BodyInvalid)?;
    Ok(match state.handoff.take_next(&caller.0, &wanted.queues).await? {
        Some(taken) => HttpResponse::Ok().json(view::taken(&taken, &caller.0)),
        None => HttpResponse::NoContent().finish(),
    })
}

pub async fn ticket(state: State, caller: Caller, request: HttpRequest) -> Answer {
    let id = body::ticket_id(&request)?;
    let seen = state.handoff.view(&caller.0, id).await?;
    state.looks.look(caller.0.id, id, state.handoff.now());
    Ok(HttpResponse::Ok().json(view::case(&seen, &caller.0)))
}

pub async fn take(state: State, caller: Caller, request: HttpRequest) -> Answer {
    let taken = state.handoff.take(&caller.0, body::ticket_id(&request)?).await?;
    Ok(HttpResponse::Ok().json(view::taken(&taken, &caller.0)))
}

pub async fn renew(state: State, caller: Caller, request: HttpRequest) -> Answer {
    let (id, token) = (body::ticket_id(&request)?, body::lease_token(&request)?);
    let taken = state.handoff.renew(&caller.0, id, token).await?;
    Ok(HttpResponse::Ok().json(view::lease(&taken)))
}

pub async fn give_up(state: State, caller: Caller, request: HttpRequest) -> Answer {
    let (id, token) = (body::ticket_id(&request)?, body::lease_token(&request)?);
    let ticket = state.handoff.give_up(&caller.0, id, token).await?;
    Ok(HttpResponse::Ok().json(view::ticket(&ticket, &caller.0)))
}

pub async fn messages(state: State, caller: Caller, request: HttpRequest) -> Answer {
    let id = body::ticket_id(&request)?;
    let query: body::MessagesQuery = body::query(&request)?;
    let after: StoryCursor = query.after.as_deref().map_or(Ok(StoryCursor::default()), str::parse).map_err(
        |error: CursorError| Problem::new(Code::QueryInvalid).detail(format!("`after` is {error}.")),
    )?;
    let limit = body::limit(query.limit, u32::try_from(STORY_PAGE_MAX).unwrap_or(u32::MAX))?;
    let limit = usize::try_from(limit).unwrap_or(STORY_PAGE_MAX);
    let page = state.handoff.story(&caller.0, id, after, limit).await?;
    state.looks.look(caller.0.id, id, state.handoff.now());
    Ok(HttpResponse::Ok().json(view::story(&page)))
}

pub async fn send(state: State, caller: Caller, request: HttpRequest, body: RawBody) -> Answer {
    let (id, token) = (body::ticket_id(&request)?, body::lease_token(&request)?);
    let message: body::Message = body::read(body)?;
    let handoff = &state.handoff;
    let sent = handoff.send(&caller.0, id, token, &message.text, &message.idempotency_key).await?;
    let mut answer = if sent.repeated { HttpResponse::Ok() } else { HttpResponse::Accepted() };
    Ok(answer.json(json!({"id": sent.id, "repeated": sent.repeated})))
}

pub async fn note(state: State, caller: Caller, request: HttpRequest, body: RawBody) -> Answer {
    let (id, token) = (body::ticket_id(&request)?, body::lease_token(&request)?);
    let note: body::Note = body::read(body)?;
    let ticket = state.handoff.note(&caller.0, id, token, &note.text).await?;
    Ok(HttpResponse::Created().json(view::ticket(&ticket, &caller.0)))
}

pub async fn resolve(state: State, caller: Caller, request: HttpRequest, body: RawBody) -> Answer {
    let (id, token) = (body::ticket_id(&request)?, body::lease_token(&request)?);
    let end: body::Resolve = body::read(body)?;
    let ticket = state.handoff.resolve(&caller.0, id, token, &end.outcome, end.note.as_deref()).await?;
    let left = state.handoff.unanswered(&ticket).await;
    Ok(HttpResponse::Ok().json(view::ended(&ticket, &caller.0, left.as_ref())))
}

pub async fn return_to_bot(state: State, caller: Caller, request: HttpRequest, body: RawBody) -> Answer {
    let (id, token) = (body::ticket_id(&request)?, body::lease_token(&request)?);
    let back: body::Return = body::read_or_default(body)?;
    let back =
        Back { step: back.step.as_deref(), outcome: back.outcome.as_deref(), note: back.note.as_deref() };
    let ticket = state.handoff.return_to_bot(&caller.0, id, token, back).await?;
    let left = state.handoff.unanswered(&ticket).await;
    Ok(HttpResponse::Ok().json(view::ended(&ticket, &caller.0, left.as_ref())))
}

pub async fn verify(state: State, caller: Caller, request: HttpRequest, body: RawBody) -> Answer {
    let (id, token) = (body::ticket_id(&request)?, body::lease_token(&request)?);
    let body::Verify { person, called, reason, different_person } = body::read(body)?;
    let call = Call { number: &called, reason: &reason, different_person };
    let ticket = state.handoff.confirm(&caller.0, id, token, &person, call).await?;
    Ok(HttpResponse::Ok().json(view::ticket(&ticket, &caller.0)))
}

pub async fn settle_identity(state: State, caller: Caller, request: HttpRequest, body: RawBody) -> Answer {
    let (id, token) = (body::ticket_id(&request)?, body::lease_token(&request)?);
    let body::SettleIdentity { reason } = body::read(body)?;
    let ticket = state.handoff.settle_identity(&caller.0, id, token, &reason).await?;
    Ok(HttpResponse::Ok().json(view::ticket(&ticket, &caller.0)))
}

pub async fn transfer(state: State, caller: Caller, request: HttpRequest, body: RawBody) -> Answer {
    let (id, token) = (body::ticket_id(&request)?, body::lease_token(&request)?);
    let to: body::Transfer = body::read(body)?;
    let ticket = state.handoff.transfer(&caller.0, id, token, &to.queue, &to.reason).await?;
    Ok(HttpResponse::Ok().json(view::ticket(&ticket, &caller.0)))
}
