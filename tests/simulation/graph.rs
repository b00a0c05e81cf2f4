//! The simulated Graph API: takes messages, refuses them, answers late or never, and tells of them by status.

use crate::meta;
use crate::plan::GraphFault;
use crate::sim::{Core, Event, Sim};
use acuerdo::domain::identity::WaIdentity;
use acuerdo::domain::ids::Wamid;
use acuerdo::domain::outbound::Outbound;
use acuerdo::domain::reaction::Reaction;
use acuerdo::ports::message_sender::{
    Accepted, AccountCheck, MessageSender, ReadReceipt, SendAccount, SendFailure,
};
use acuerdo::whatsapp::errors;
use async_trait::async_trait;
use futures_util::future::{Either, select};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use uuid::Uuid;

/// As long as the real client waits for an answer.
const TIMEOUT_MS: i64 = 20_000;

#[derive(Default)]
pub struct GraphSide {
    requests: Vec<Request>,
    n_taken: u32,
    /// WhatsApp has the account stopped until an operator looks.
    pub n_stopped: u32,
}

struct Request {
    callback: String,
    to: WaIdentity,
    message: Outbound,
    fault: Option<GraphFault>,
    answer: Option<Result<Accepted, SendFailure>>,
    waker: Option<Waker>,
}

/// The way to people as one process has it.
pub struct ProcessSender {
    pub sim: Arc<Sim>,
    pub process: usize,
}

#[async_trait]
impl MessageSender for ProcessSender {
    async fn send(
        &self,
        _account: &SendAccount,
        to: &WaIdentity,
        message: &Outbound,
        callback: &str,
    ) -> Result<Accepted, SendFailure> {
        let begun_at = self.sim.core().now;
        self.sim.pass(self.process, "send").await;
        if self.sim.core().now - begun_at > TIMEOUT_MS {
            // Like the real client, which looks at its time before it writes.
            return Err(SendFailure::InDoubt { why: "timeout".to_owned() });
        }
        let Some(id) = self.sim.core().leave_for_graph(to, message, callback) else {
            return Err(SendFailure::NotSent { why: "connection refused".to_owned() });
        };
        let answer = poll_fn(|context| {
            let mut core = self.sim.core();
            let request = &mut core.graph.requests[id];
            request.answer.take().map_or_else(
                || {
                    request.waker = Some(context.waker().clone());
                    Poll::Pending
                },
                Poll::Ready,
            )
        });
        let patience = pin!(self.sim.sleep(self.process, TIMEOUT_MS));
        let answer = match select(pin!(answer), patience).await {
            Either::Left((answer, _)) => answer,
            Either::Right(((), _)) => Err(SendFailure::InDoubt { why: "timeout".to_owned() }),
        };
        self.sim.pass(self.process, "sent").await;
        answer
    }

    async fn mark_read(
        &self,
        _account: &SendAccount,
        _wamid: &Wamid,
        _receipt: ReadReceipt,
    ) -> Result<(), SendFailure> {
        self.sim.pass(self.process, "mark_read").await;
        Ok(())
    }

    async fn check(&self, _account: &SendAccount) -> Result<AccountCheck, SendFailure> {
        Err(SendFailure::NotSent { why: "the simulation has no such page".to_owned() })
    }

    fn reaction(&self, codes: &[i64]) -> Reaction {
        errors::of_status(codes)
    }
}

impl Core {
    /// The request is on its way; `None` when it never left.
    fn leave_for_graph(&mut self, to: &WaIdentity, message: &Outbound, callback: &str) -> Option<usize> {
        let fault = self.at_graph();
        self.say(|| {
            let trouble = fault.map_or_else(String::new, |fault| format!(" !! {fault:?}"));
            format!("   → Graph {callback} {}{trouble}", meta::readable(message))
        });
        let delay = match fault {
            Some(GraphFault::NotSent) => return None,
            Some(GraphFault::RequestLost) => None,
            Some(GraphFault::Slow { by_ms }) => Some(by_ms),
            Some(
                GraphFault::AnswerLost { .. }
                | GraphFault::Rejected { .. }
                | GraphFault::FailsLater { .. }
                | GraphFault::NoStatuses,
            )
            | None => Some(self.drawn().between(5, 150)),
        };
        let id = self.graph.requests.len();
        self.graph.requests.push(Request {
            callback: callback.to_owned(),
            to: to.clone(),
            message: message.clone(),
            fault,
            answer: None,
            waker: None,
        });
        if let Some(delay) = delay {
            self.after(delay, Event::GraphArrival(id));
        }
        Some(id)
    }

    fn answer(&mut self, id: usize, answer: Result<Accepted, SendFailure>) {
        let request = &mut self.graph.requests[id];
        request.answer = Some(answer);
        if let Some(waker) = request.waker.take() {
            waker.wake();
        }
    }

    fn refuse(&mut self, id: usize, http_status: u16, code: i64) {
        let reaction = errors::reaction(Some(http_status), code);
        if reaction == Reaction::StopAll {
            self.graph.n_stopped += 1;
            self.after(120_000, Event::LiftStops);
        }
        let failure = SendFailure::Rejected {
            reaction,
            code: Some(code),
            http_status,
            fbtrace_id: None,
            details: None,
        };
        self.answer(id, Err(failure));
    }

    fn tell_statuses(&mut self, wamid: &str, callback: &str, fault: Option<GraphFault>) {
        let silent =
            matches!(fault, Some(GraphFault::NoStatuses | GraphFault::AnswerLost { statuses: false }));
        if silent {
            return;
        }
        let now = self.now;
        let mut tell = |status: &str, delay: i64, errors: &[i64]| {
            let body = meta::status(wamid, status, now + delay, callback, errors);
            self.deliver(body, None, delay);
        };
        if let Some(GraphFault::FailsLater { code }) = fault {
            tell("sent", 300, &[]);
            tell("failed", 900, &[code]);
            return;
        }
        tell("sent", 60, &[]);
        tell("delivered", 700, &[]);
        if wamid.ends_with(['1', '3', '5']) {
            tell("read", 2_500, &[]);
        }
    }
}

impl Sim {
    /// A request reaches WhatsApp, whatever became of its sender.
    pub fn graph_arrival(&self, id: usize) {
        let mut core = self.core();
        let Request { callback, to, message, fault, .. } = &core.graph.requests[id];
        let (callback, to, message, fault) = (callback.clone(), to.clone(), message.clone(), *fault);
        if let Some(GraphFault::Rejected { http_status, code }) = fault {
            core.say(|| format!("   ✗ Graph refuses {callback} with {code}"));
            core.refuse(id, http_status, code);
            return;
        }
        core.graph.n_taken += 1;
        let wamid = format!("wamid.out.{}", core.graph.n_taken);
        core.say(|| format!("   ✓ Graph takes {callback} as {wamid}"));
        core.tell_statuses(&wamid, &callback, fault);
        if !matches!(fault, Some(GraphFault::AnswerLost { .. })) {
            let accepted = Accepted {
                wamid: Wamid::new(wamid.clone()),
                wa_id: None,
                user_id: None,
                message_status: None,
            };
            core.answer(id, Ok(accepted));
        }
        core.screens.show(&to, &wamid, &message);
        drop(core);
        let outbox = callback.strip_prefix("out:").and_then(|id| Uuid::parse_str(id).ok());
        self.watch_arrival(outbox, &message);
    }
}
