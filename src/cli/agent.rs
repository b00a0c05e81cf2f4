//! `acuerdo agent add | list | disable`: who may work at the desk.

use crate::crypto::token::{agent_token, token_sha256};
use crate::domain::ids::{AgentId, LenderId};
use crate::domain::time::Timestamp;
use crate::flow::diagnostic::suggestion;
use crate::ports::StoreError;
use crate::ports::agents::{Agent, AgentStore};
use crate::ports::clock::Random;
use std::collections::BTreeSet;
use thiserror::Error;

const NAME_CHARS_MAX: usize = 80;
const QUEUES_MAX: usize = 50;

#[derive(Debug, Error)]
pub enum AgentCommandError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the agent's name must have 1 to {NAME_CHARS_MAX} characters")]
    Name,
    #[error("`{0}` is no queue name: write 1 to 64 of a-z, A-Z, 0-9, `_`, `-`, `.` and `:`")]
    Queue(String),
    #[error("no flow hands over to a queue `{queue}`: {help}")]
    Unserved { queue: String, help: String },
    #[error("an agent serves at most {QUEUES_MAX} queues; name none to serve all")]
    Queues,
    #[error("lender `{lender}` has no agent {agent}; `acuerdo agent list` shows them")]
    Unknown { lender: LenderId, agent: AgentId },
}

/// The queues that the flows in use hand over to.
///
/// # Errors
/// When the folder cannot be read, or its flows have mistakes.
pub fn queues_of(flows_dir: &std::path::Path) -> anyhow::Result<BTreeSet<String>> {
    let files = crate::flow::read_folder(flows_dir)?;
    let loaded = crate::flow::load(&files).map_err(|diagnostics| {
        anyhow::anyhow!("{} error(s) in the flows; `acuerdo flow check` shows them", diagnostics.len())
    })?;
    Ok(loaded.set.queues().map(ToOwned::to_owned).collect())
}

/// Refuses a queue that no flow hands over to: an agent of it would be given nobody, and nobody would see it.
///
/// # Errors
/// With the queue that is meant, or those that there are.
pub fn known(queues: &[String], there: &BTreeSet<String>) -> Result<(), AgentCommandError> {
    let Some(unknown) = queues.iter().find(|queue| !there.contains(*queue)) else { return Ok(()) };
    let names = there.iter().map(String::as_str);
    let help = suggestion(unknown, names).unwrap_or_else(|| "the flows hand over to none".to_owned());
    Err(AgentCommandError::Unserved { queue: unknown.clone(), help })
}

/// Adds an agent; the answer shows the token, which nobody can show again. No queue = all of the lender.
pub async fn add(
    store: &dyn AgentStore,
    random: &dyn Random,
    now: Timestamp,
    lender: &LenderId,
    (name, queues): (&str, &[String]),
) -> Result<String, AgentCommandError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(AgentCommandError::Name);
    }
    if queues.len() > QUEUES_MAX {
        return Err(AgentCommandError::Queues);
    }
    if let Some(queue) = queues.iter().find(|queue| !is_queue_name(queue)) {
        return Err(AgentCommandError::Queue(queue.clone()));
    }
    let agent = Agent {
        id: AgentId(random.uuid(now)),
        lender: lender.clone(),
        name: name.to_owned(),
        queues: queues.to_vec(),
        active: true,
        created_at: now,
    };
    let token = agent_token(random.secret());
    store.add_agent(&agent, token_sha256(&token)).await?;
    Ok(format!(
        "agent  {}\nname   {}\nqueues {}\ntoken  {token}\n\nKeep the token now: it is shown only once. \
         Send it as `Authorization: Bearer <token>`.\n",
        agent.id,
        agent.name,
        queues_text(&agent.queues),
    ))
}

/// One line per agent of the lender, by name.
pub async fn list(store: &dyn AgentStore, lender: &LenderId) -> Result<String, AgentCommandError> {
    let mut agents = store.agents(lender).await?;
    if agents.is_empty() {
        return Ok(format!("Lender `{lender}` has no agents. Add one: acuerdo agent add NAME\n"));
    }
    agents.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
    let line = |agent: &Agent| {
        let state = if agent.active { "active  " } else { "disabled" };
        format!("{}  {state}  {}  {}\n", agent.id, agent.name, queues_text(&agent.queues))
    };
    Ok(agents.iter().map(line).collect())
}

/// Ends an agent's access at once; the tickets go back to their queues when the leases run out.
pub async fn disable(
    store: &dyn AgentStore,
    lender: &LenderId,
    agent: AgentId,
) -> Result<String, AgentCommandError> {
    if store.set_agent_active(lender, agent, false).await? {
        return Ok(format!("Agent {agent} is disabled: the token no longer works.\n"));
    }
    Err(AgentCommandError::Unknown { lender: lender.clone(), agent })
}

fn is_queue_name(queue: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    (1..=64).contains(&queue.len()) && queue.bytes().all(fits)
}

fn queues_text(queues: &[String]) -> String {
    if queues.is_empty() { "all queues".to_owned() } else { queues.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::known;

    #[test]
    fn a_queue_that_no_flow_names_is_refused_with_the_one_that_is_meant() {
        let there = ["cobranzas", "general"].map(str::to_owned).into();
        assert!(known(&["general".to_owned()], &there).is_ok());
        let told = known(&["cobransas".to_owned()], &there).unwrap_err().to_string();
        assert!(told.contains("`cobransas`") && told.contains("did you mean `cobranzas`?"), "{told}");
        let told = known(&["ventas".to_owned()], &there).unwrap_err().to_string();
        assert!(told.contains("general"), "{told}");
    }
}
