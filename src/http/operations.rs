//! `/health/live`, `/health/ready`, `/metrics`.

use crate::domain::time::Timestamp;
use crate::flow::catalogue::CASE_KINDS;
use crate::ports::Store;
use crate::ports::clock::Clock;
use crate::ports::handoff_queue::HandoffQueue;
use crate::ports::records::Priority;
use crate::ports::tickets::Ticket;
use crate::rules::policy::outlook::cap_days_left;
use crate::service::cases;
use crate::service::lenders::Lenders;
use crate::telemetry::{self, pulse};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A check that takes longer counts as failed: a load balancer does not wait either.
const CHECK_MAX: Duration = Duration::from_secs(2);

/// Open tickets that are counted.
const TICKETS_MAX: u32 = 10_000;
/// As labels have them.
const PRIORITIES: [(Priority, &str); 4] = [
    (Priority::Urgent, "urgent"),
    (Priority::High, "high"),
    (Priority::Normal, "normal"),
    (Priority::Low, "low"),
];

/// Cases whose last day for an answer is so near are counted as due soon.
const CASE_DUE_DAYS: i64 = 3;

pub struct OperationsState {
    pub store: Arc<dyn Store>,
    pub queue: Arc<dyn HandoffQueue>,
    pub clock: Arc<dyn Clock>,
    pub lenders: Arc<Lenders>,
}

pub fn configure(cfg: &mut web::ServiceConfig, state: web::Data<OperationsState>) {
    cfg.app_data(state)
        .route("/health/live", web::get().to(live))
        .route("/health/ready", web::get().to(ready))
        .route("/metrics", web::get().to(metrics));
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "live"}))
}

/// 503 while the database cannot be written: no webhook could be acknowledged; and while a loop comes round no more:
/// nobody would be answered. The live queue and a stop of sending are told, but do not take the process out of service:
/// chats go on being received.
async fn ready(state: web::Data<OperationsState>) -> HttpResponse {
    let now = state.clock.now();
    // At once, so that an answer comes within the limit of one check.
    let (database, queue, stops) = tokio::join!(
        within(state.store.ping(now)),
        within(state.queue.ping()),
        tokio::time::timeout(CHECK_MAX, state.store.stops()),
    );
    let stops = match stops {
        Ok(Ok(stops)) => stops
            .iter()
            .map(|stop| {
                json!({
                    "lender": stop.lender,
                    "scope": stop.scope,
                    "reason": stop.reason,
                    "since": stop.since.rfc3339(),
                })
            })
            .collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    let silent = pulse::silent_loops();
    let serves = database.is_ok() && silent.is_empty();
    let status = match (serves, &queue, stops.is_empty()) {
        (false, _, _) => "unavailable",
        (true, Err(_), _) | (true, _, false) => "degraded",
        (true, Ok(()), true) => "ready",
    };
    let code = if serves { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let loops = if silent.is_empty() { json!("ok") } else { json!({"silent": silent}) };
    HttpResponse::build(code).json(json!({
        "status": status,
        "database": told(&database),
        "queue": told(&queue),
        "loops": loops,
        "stops": stops,
    }))
}

async fn metrics(state: web::Data<OperationsState>) -> HttpResponse {
    if let Ok(Ok(backlog)) = tokio::time::timeout(CHECK_MAX, state.store.backlog(state.clock.now())).await {
        gauge("acuerdo_pending_inputs", backlog.pending_inputs);
        gauge("acuerdo_outbox_queued", backlog.queued_outbox);
        gauge("acuerdo_outbox_in_doubt", backlog.in_doubt);
        gauge("acuerdo_pending_statuses", backlog.pending_statuses);
        gauge("acuerdo_dead_letters_open", backlog.dead_letters);
        seconds("acuerdo_oldest_input_seconds", backlog.oldest_input_ms);
        seconds("acuerdo_outbox_oldest_answer_seconds", backlog.oldest_answer_ms);
        gauge("acuerdo_handoff_windows_shutting", backlog.windows_shutting);
        gauge("acuerdo_handoff_windows_shut", backlog.windows_shut);
    }
    if let Ok(Ok(stops)) = tokio::time::timeout(CHECK_MAX, state.store.stops()).await {
        let outbound = stops.iter().filter(|stop| stop.scope == "outbound").count();
        gauge("acuerdo_outbound_stopped", outbound as u64);
    }
    let now = state.clock.now();
    let waiting = cases::waiting(state.store.as_ref(), &state.lenders, None, now);
    if let Ok(Ok(waiting)) = tokio::time::timeout(CHECK_MAX, waiting).await {
        for kind in CASE_KINDS {
            let n = waiting.iter().filter(|one| one.case.kind == kind).count();
            metrics::gauge!("acuerdo_cases_open", "kind" => kind).set(u32::try_from(n).unwrap_or(u32::MAX));
        }
        let overdue = waiting.iter().filter(|one| one.days_left().is_some_and(|days| days < 0)).count();
        gauge("acuerdo_cases_overdue", overdue as u64);
        let due =
            waiting.iter().filter(|one| one.days_left().is_some_and(|days| days <= CASE_DUE_DAYS)).count();
        gauge("acuerdo_cases_due_soon", due as u64);
    }
    let open = state.store.open_tickets(TICKETS_MAX);
    if let Ok(Ok(open)) = tokio::time::timeout(CHECK_MAX, open).await {
        desk_gauges(&open, now);
    }
    for (name, is_silent) in pulse::loops() {
        metrics::gauge!("acuerdo_loop_silent", "loop" => name).set(u32::from(is_silent));
    }
    if let Some(connections) = state.store.connections() {
        metrics::gauge!("acuerdo_database_connections", "state" => "busy").set(connections.busy);
        metrics::gauge!("acuerdo_database_connections", "state" => "idle").set(connections.idle);
        metrics::gauge!("acuerdo_database_connections", "state" => "most").set(connections.most);
    }
    for lender in state.lenders.all() {
        if let Some(days) = cap_days_left(&lender.policy, &lender.caps, lender.today(now)) {
            let days = u32::try_from(days).unwrap_or(u32::MAX);
            metrics::gauge!("acuerdo_rate_cap_days_left", "lender" => lender.id.to_string()).set(days);
        }
    }
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(telemetry::metrics().render())
}

/// How many wait for an agent and how long the first of them has, by queue and priority. A queue that somebody once
/// waited in is told when it is empty too, so that an alarm ends.
fn desk_gauges(open: &[Ticket], now: Timestamp) {
    static SEEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    seen.extend(open.iter().map(|ticket| ticket.queue.clone()));
    for queue in seen.iter() {
        for (priority, name) in PRIORITIES {
            let of = |one: &&Ticket| one.queue == *queue && one.priority == priority && !one.is_held(now);
            let waited = open.iter().filter(of).map(|one| now.since(one.waiting_since).0 / 1_000);
            let (n, longest) = waited.fold((0_u32, 0), |(n, longest), waited| (n + 1, waited.max(longest)));
            let labels = [("queue", queue.clone()), ("priority", name.to_owned())];
            metrics::gauge!("acuerdo_handoff_waiting", &labels).set(n);
            let longest = u32::try_from(longest).unwrap_or(u32::MAX);
            metrics::gauge!("acuerdo_handoff_oldest_wait_seconds", &labels).set(longest);
        }
    }
}

fn gauge(name: &'static str, value: u64) {
    metrics::gauge!(name).set(u32::try_from(value).unwrap_or(u32::MAX));
}

fn seconds(name: &'static str, milliseconds: i64) {
    gauge(name, milliseconds.unsigned_abs() / 1_000);
}

async fn within<E: std::fmt::Display>(check: impl Future<Output = Result<(), E>>) -> Result<(), String> {
    match tokio::time::timeout(CHECK_MAX, check).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer within 2 s".to_owned()),
    }
}

fn told(check: &Result<(), String>) -> serde_json::Value {
    match check {
        Ok(()) => json!("ok"),
        Err(why) => json!(why),
    }
}
