//! The agents: consoles that take tickets, write, and at times fall silent.

use crate::plan::AgentAct;
use crate::sim::Sim;
use acuerdo::domain::ids::{AgentId, LenderId, TicketId, derive};
use acuerdo::domain::time::Timestamp;
use acuerdo::ports::agents::Agent;
use acuerdo::service::handoff::{Back, HandoffError, HandoffService};
use futures_util::future::join;
use std::sync::{Arc, Mutex};
use uuid::Uuid;

pub const N_AGENTS: usize = 2;

/// What a console remembers.
#[derive(Default)]
pub struct Console {
    ticket: Option<(TicketId, i64)>,
    n_keys: u32,
    last: Option<(TicketId, String, String)>,
}

pub type Consoles = Arc<Mutex<Vec<Console>>>;

pub fn consoles() -> Consoles {
    Arc::new(Mutex::new((0..N_AGENTS).map(|_| Console::default()).collect()))
}

pub fn agent(n: usize, lender: &LenderId) -> Agent {
    Agent {
        id: AgentId(derive(&Uuid::nil(), &format!("agent {n}"))),
        lender: lender.clone(),
        name: format!("Agente {n}"),
        // A queue exists when the flows or an agent name it; each of them serves both.
        queues: ["cobranzas", "cartera"].map(ToOwned::to_owned).to_vec(),
        active: true,
        created_at: Timestamp(0),
    }
}

/// What every text of an agent contains, so that the oracle knows it.
pub const SIGNATURE: &str = "le escribe el equipo, mensaje";

/// One act of an agent; a console shows what came of it and goes on.
pub async fn act(
    sim: Arc<Sim>,
    service: Arc<HandoffService>,
    consoles: Consoles,
    n: usize,
    act: AgentAct,
    lender: LenderId,
) {
    let agent = agent(n, &lender);
    let held = consoles.lock().unwrap()[n].ticket;
    let outcome = match (act, held) {
        (AgentAct::Take, _) => match service.take_next(&agent, &[]).await {
            Ok(Some(taken)) => {
                consoles.lock().unwrap()[n].ticket = Some((taken.ticket.id, taken.token));
                Ok(())
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        },
        (_, None) => return,
        (AgentAct::Write | AgentAct::WriteTwice, Some((ticket, token))) => {
            let (key, text) = {
                let mut consoles = consoles.lock().unwrap();
                consoles[n].n_keys += 1;
                let key = format!("k{n}.{}", consoles[n].n_keys);
                let text = format!("Buen día, {SIGNATURE} {key}");
                consoles[n].last = Some((ticket, key.clone(), text.clone()));
                (key, text)
            };
            let send = || service.send(&agent, ticket, Some(token), &text, &key);
            if act == AgentAct::WriteTwice {
                join(send(), send()).await.0.map(drop)
            } else {
                send().await.map(drop)
            }
        }
        (AgentAct::WriteAgain, Some((_, token))) => {
            let Some((ticket, key, text)) = consoles.lock().unwrap()[n].last.clone() else { return };
            service.send(&agent, ticket, Some(token), &text, &key).await.map(drop)
        }
        (AgentAct::Note, Some((ticket, token))) => {
            service.note(&agent, ticket, Some(token), "Pide una copia del contrato").await.map(drop)
        }
        (AgentAct::Renew, Some((ticket, token))) => {
            service.renew(&agent, ticket, Some(token)).await.map(drop)
        }
        (AgentAct::GiveUp, Some((ticket, token))) => {
            service.give_up(&agent, ticket, Some(token)).await.map(drop)
        }
        (AgentAct::Resolve, Some((ticket, token))) => {
            service.resolve(&agent, ticket, Some(token), "atendido", Some("Hablamos")).await.map(drop)
        }
        (AgentAct::ReturnToBot, Some((ticket, token))) => {
            service.return_to_bot(&agent, ticket, Some(token), Back::default()).await.map(drop)
        }
        (AgentAct::Transfer, Some((ticket, token))) => {
            service.transfer(&agent, ticket, Some(token), "cartera", "otro equipo").await.map(drop)
        }
    };
    sim.core().say(|| match &outcome {
        Ok(()) => format!("   🎧{n} {act:?}"),
        Err(error) => format!("   🎧{n} {act:?}: {error}"),
    });
    if matches!(outcome, Err(HandoffError::Refused(_) | HandoffError::Ended(_))) {
        consoles.lock().unwrap()[n].ticket = None;
    }
}
