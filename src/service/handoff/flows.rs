//! What the flows say about the desk: how a case may be closed, where a chat or a ticket may go, what a chat is kept for.

use super::{Back, HandoffError, HandoffService};
use crate::domain::assurance::Assurance;
use crate::domain::ids::LenderId;
use crate::flow::engine::{NoReturn, another_may_write, returnable};
use crate::flow::model::FlowSet;
use crate::flow::state::Session;
use crate::ports::agents::Agent;
use crate::ports::conversations::Conversation;
use crate::ports::tickets::Ticket;
use crate::rules::phone_variants::candidates_of;
use crate::rules::secrets;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The outcome that says that an agreement was made, as the shipped flows end with.
const AGREED: &str = "acuerdo";
/// The outcome that says that the number is somebody else's, and the step that takes it off, as in the shipped flows.
const WRONG_NUMBER: &str = "numero_equivocado";
const TAKES_OFF: &str = "numero_equivocado.cortar";
/// Whether anybody has the number is all that is asked.
const ANYBODY: u32 = 1;

/// The session of a chat, when this program can read it.
pub(super) fn session_of(conversation: &Conversation) -> Option<Session> {
    conversation.session.as_ref()?.parse().ok()
}

/// What a chat is reserved for until a person decides.
pub(super) fn reserved_for(conversation: &Conversation) -> Option<String> {
    session_of(conversation)?.reserved
}

/// Nobody is proved where two identities contradict each other, nor in a reserved chat.
pub(super) fn level_of(conversation: &Conversation) -> Assurance {
    if conversation.identity_conflict || reserved_for(conversation).is_some() {
        return Assurance::Ninguna;
    }
    conversation.assurance
}

/// Whether the ticket is of a case that no word closes. What is only suspected is none: the agent asks, and decides.
fn is_protected(ticket: &Ticket, session: Option<&Session>) -> bool {
    let desk = session.and_then(|session| session.desk.as_ref());
    ticket.is_protected() || desk.is_some_and(|desk| desk.protected)
}

/// What the person's words only may mean, or say of whoever writes; names of intents.
pub(super) fn suspected(conversation: &Conversation) -> Vec<String> {
    session_of(conversation).map_or_else(Vec::new, |session| session.suspected)
}

/// Whether somebody else than the holder may write, and nobody was confirmed since.
pub(super) fn another_suspected(conversation: &Conversation) -> bool {
    session_of(conversation).is_some_and(|session| another_may_write(&session))
}

impl HandoffService {
    /// The flows that a chat finishes on, else those of its lender; `None` while none are published.
    async fn flows_of(&self, conversation: &Conversation, session: Option<&Session>) -> Option<Arc<FlowSet>> {
        let pinned = match session {
            Some(session) => self.flows.pinned(&session.flow_hash).await.ok(),
            None => None,
        };
        pinned.or_else(|| self.flows.current(&conversation.lender).ok())
    }

    /// A protected case is closed with a note of what was done, and with an outcome that the flows name.
    pub(super) async fn may_resolve(
        &self,
        ticket: &Ticket,
        outcome: &str,
        note: Option<&str>,
    ) -> Result<(), HandoffError> {
        let conversation = self.conversation_of(ticket).await?;
        let session = session_of(&conversation);
        if outcome == WRONG_NUMBER && self.leads_to_somebody(&conversation).await? {
            let why = format!(
                "takes the number off nobody: `return` the chat to the step `{TAKES_OFF}`, which does; if the number is right, \
                 write another word for how it ended"
            );
            return Err(HandoffError::Invalid { field: "outcome", why });
        }
        self.may_end(ticket, &conversation, session.as_ref(), (outcome, note)).await
    }

    /// Whether somebody has the number of a chat on file still.
    async fn leads_to_somebody(&self, conversation: &Conversation) -> Result<bool, HandoffError> {
        let Some(wa_id) = &conversation.identity.wa_id else { return Ok(false) };
        let phones = candidates_of(wa_id.expose());
        Ok(!self.ports.people.persons_by_phone(&conversation.lender, &phones, ANYBODY).await?.is_empty())
    }

    /// A chat is given back as its ticket is closed; where nobody may be written to first, or people decide first, no step
    /// is named.
    pub(super) async fn may_return(&self, ticket: &Ticket, back: &Back<'_>) -> Result<(), HandoffError> {
        let conversation = self.conversation_of(ticket).await?;
        let session = session_of(&conversation);
        match back.outcome {
            Some(outcome) => {
                self.may_end(ticket, &conversation, session.as_ref(), (outcome, back.note)).await?;
            }
            None if is_protected(ticket, session.as_ref()) => {
                let closing = self.closing(&conversation, session.as_ref()).await;
                let why =
                    "is missing: a protected case is given back, as it is closed, with an outcome and a note";
                let these = if closing.is_empty() {
                    String::new()
                } else {
                    format!("; outcomes: {}", closing.join(", "))
                };
                return Err(HandoffError::Invalid { field: "outcome", why: format!("{why}{these}") });
            }
            None => {}
        }
        let Some(step) = back.step else { return Ok(()) };
        if conversation.opted_out {
            let why = "is not gone to: the person asked not to be written to, and the bot waits for them; leave the step out";
            return Err(HandoffError::Invalid { field: "step", why: why.to_owned() });
        }
        let lifted_by = self.lifting(&conversation, session.as_ref()).await;
        let lifts = back.outcome.is_some_and(|outcome| lifted_by.iter().any(|by| by == outcome));
        if session.as_ref().is_some_and(|session| session.reserved.is_some()) && !lifts {
            let why = format!(
                "is not gone to: a death, or that somebody else writes, was told in this chat. If it was not so, name the \
                 outcome `{}` too; else leave the step out",
                lifted_by.join("` or `")
            );
            return Err(HandoffError::Invalid { field: "step", why });
        }
        self.returnable(&conversation, session.as_ref(), step).await
    }

    async fn may_end(
        &self,
        ticket: &Ticket,
        conversation: &Conversation,
        session: Option<&Session>,
        (outcome, note): (&str, Option<&str>),
    ) -> Result<(), HandoffError> {
        if secrets::mask(outcome).is_some() {
            let why = "holds a card number, password or code; write a word for how it ended".to_owned();
            return Err(HandoffError::Invalid { field: "outcome", why });
        }
        if outcome == AGREED && !self.has_agreement(conversation).await? {
            let why = "names an agreement, and none of this chat's person is on file; write another word for how it ended";
            return Err(HandoffError::Invalid { field: "outcome", why: why.to_owned() });
        }
        if !is_protected(ticket, session) {
            return Ok(());
        }
        let closing = self.closing(conversation, session).await;
        if !closing.is_empty() && !closing.iter().any(|known| known == outcome) {
            let why = format!("closes no protected case of this chat; these do: {}", closing.join(", "));
            return Err(HandoffError::Invalid { field: "outcome", why });
        }
        if note.is_none() {
            let why = "is missing: a protected case is closed with a note of what was done".to_owned();
            return Err(HandoffError::Invalid { field: "note", why });
        }
        Ok(())
    }

    /// Whether the person of a chat has an agreement on file.
    async fn has_agreement(&self, conversation: &Conversation) -> Result<bool, HandoffError> {
        let Some(person) = conversation.person else { return Ok(false) };
        let file = self.ports.people.person_file(&conversation.lender, person).await?;
        Ok(file.is_some_and(|file| !file.agreements.is_empty()))
    }

    /// The outcomes of a protected case; empty = the flows name none, so any may be.
    async fn closing(&self, conversation: &Conversation, session: Option<&Session>) -> Vec<String> {
        let Ok(current) = self.flows.current(&conversation.lender) else { return Vec::new() };
        let mut closing = current.bot.outcomes.clone();
        if !closing.is_empty() {
            closing.extend(self.lifting(conversation, session).await);
        }
        closing
    }

    /// The outcomes that give a reserved chat back to the bot.
    pub(super) async fn lifting(
        &self,
        conversation: &Conversation,
        session: Option<&Session>,
    ) -> Vec<String> {
        let Some(id) = session.and_then(|session| session.reserved.as_ref()) else { return Vec::new() };
        let Some(flows) = self.flows_of(conversation, session).await else { return Vec::new() };
        let reserved = flows.bot.reserved.iter().find(|one| one.id == *id);
        reserved.map_or_else(Vec::new, |one| one.lifted_by.clone())
    }

    /// Whether a chat can be given back at this step.
    async fn returnable(
        &self,
        conversation: &Conversation,
        session: Option<&Session>,
        step: &str,
    ) -> Result<(), HandoffError> {
        let Some(flows) = self.flows_of(conversation, session).await else { return Ok(()) };
        let why = match returnable(&flows, session, step) {
            Ok(()) => return Ok(()),
            Err(NoReturn::Flow(flows)) => {
                format!("names no flow; write `flow.step`. There are the flows {}", flows.join(", "))
            }
            Err(NoReturn::Step(steps)) => {
                format!("is no step of that flow; there are: {}", steps.join(", "))
            }
        };
        Err(HandoffError::Invalid { field: "step", why })
    }

    /// A queue is one that the flows hand over to, or that an active agent serves by name.
    pub(super) fn known_queue(
        &self,
        lender: &LenderId,
        agents: &[Agent],
        queue: &str,
    ) -> Result<(), HandoffError> {
        let Ok(flows) = self.flows.current(lender) else { return Ok(()) };
        let served = agents.iter().filter(|agent| agent.active).flat_map(|agent| agent.queues.clone());
        let known: BTreeSet<String> = served.chain(flows.queues().map(ToOwned::to_owned)).collect();
        if known.contains(queue) {
            return Ok(());
        }
        let known: Vec<String> = known.into_iter().collect();
        let why = format!("is no queue; there are: {}", known.join(", "));
        Err(HandoffError::Invalid { field: "queue", why })
    }
}
