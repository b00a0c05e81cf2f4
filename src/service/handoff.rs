//! The agents' desk: taking, answering, closing and passing on tickets.
//!
//! The database decides and the live queue is quick: each verb goes through the store, and the queue follows.
//! Without the live queue the desk works on the database alone, slower and with nothing lost.

mod ended;
mod flows;
mod guesses;
pub mod media;
pub mod publish;
mod say;
pub mod story;
mod take;
mod texts;
mod told;
mod unasked;
pub mod view;
pub mod wait;

use crate::domain::ids::TicketId;
use crate::domain::pii::Pii;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::agents::{Agent, AgentStore};
use crate::ports::cases::CaseStore;
use crate::ports::clock::Clock;
use crate::ports::conversations::{Conversation, ConversationStore};
use crate::ports::handoff_queue::HandoffQueue;
use crate::ports::media::MediaStore;
use crate::ports::outbox::OutboxStore;
use crate::ports::people::PeopleStore;
use crate::ports::tickets::{AgentAct, Lease, Ticket, TicketRefused, TicketStatus, TicketStore};
use crate::ports::{Store, StoreError};
use crate::rules::contact::Reason;
use crate::rules::lint::{Hit, Lint};
use crate::service::cases;
use crate::service::conflicts;
use crate::service::flow_library::FlowLibrary;
use crate::service::lenders::Lenders;
use crate::understand::Understander;
use serde_json::json;
use std::sync::Arc;
use texts::{kept, named, written};
use thiserror::Error;

pub const NOTE_CHARS_MAX: usize = 4_096;
pub const NAME_CHARS_MAX: usize = 64;
/// Our messages of one conversation that the desk looks back over.
const SENT_MAX: u32 = 2_000;

#[derive(Debug, Clone)]
pub struct HandoffSettings {
    /// How long a ticket stays with an agent whose console is silent.
    pub lease: Millis,
    /// Steps that agents may give a chat back to (`flow.step`); empty = any well-formed name.
    pub return_steps: Vec<String>,
}

impl Default for HandoffSettings {
    fn default() -> Self {
        Self { lease: Millis::seconds(90), return_steps: Vec::new() }
    }
}

/// What the desk needs of the world; in production all stores are one.
#[derive(Clone)]
pub struct HandoffPorts {
    pub tickets: Arc<dyn TicketStore>,
    pub agents: Arc<dyn AgentStore>,
    pub conversations: Arc<dyn ConversationStore>,
    pub outbox: Arc<dyn OutboxStore>,
    pub people: Arc<dyn PeopleStore>,
    pub cases: Arc<dyn CaseStore>,
    pub media: Arc<dyn MediaStore>,
    pub queue: Arc<dyn HandoffQueue>,
    pub clock: Arc<dyn Clock>,
}

impl HandoffPorts {
    pub fn new(store: Arc<dyn Store>, queue: Arc<dyn HandoffQueue>, clock: Arc<dyn Clock>) -> Self {
        Self {
            tickets: store.clone(),
            agents: store.clone(),
            conversations: store.clone(),
            outbox: store.clone(),
            people: store.clone(),
            cases: store.clone(),
            media: store,
            queue,
            clock,
        }
    }
}

pub use ended::{Ended, EndedBy, Unanswered};
pub use say::Sent;

pub struct HandoffService {
    ports: HandoffPorts,
    lenders: Arc<Lenders>,
    lint: Arc<Lint>,
    understander: Arc<Understander>,
    flows: Arc<FlowLibrary>,
    settings: HandoffSettings,
    guesses: guesses::Guesses,
    given_up: take::GivenUp,
}

/// Why the desk did not do what an agent asked; nothing changed.
#[derive(Debug, Error)]
pub enum HandoffError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Refused(#[from] TicketRefused),
    /// With who closed it, and how.
    #[error("the ticket is closed")]
    Ended(Ended),
    #[error("this agent does not serve the queue `{queue}`")]
    QueueNotServed { queue: String },
    #[error("no active agent serves the queue `{queue}`")]
    QueueUnserved { queue: String },
    #[error("`{field}` {why}")]
    Invalid { field: &'static str, why: String },
    /// Its accounts and contact rules are not known, so nobody may write in its name.
    #[error("this deployment does not serve the agent's lender")]
    LenderNotServed,
    #[error("the text breaks {} rule(s) of what may be written", .0.len())]
    Lint(Vec<Hit>),
    /// The person's last message was at `last_inbound_at`.
    #[error("the 24 h window is closed")]
    WindowClosed { last_inbound_at: Option<Timestamp> },
    /// Two accounts claim this chat: nobody can be confirmed in it.
    #[error("the identity of this chat is in doubt")]
    IdentityConflict,
    /// Nobody is confirmed in a chat that is reserved; these outcomes give it back to the bot.
    #[error("the chat is reserved until a person decides")]
    Reserved { lifted_by: Vec<String> },
    /// The rules of contact of the lender's country: `until` is when they allow it, if they ever do.
    #[error("the contact rules forbid it: {}", .reason.code())]
    Contact { reason: Reason, until: Option<Timestamp> },
    #[error("this idempotency key was used for another text")]
    KeyReused,
    /// Numbers that are not on file were given as the called one, too often for this ticket or agent.
    #[error("too many numbers were guessed")]
    TooManyGuesses { until: Timestamp },
    #[error("the ticket's chat has no such file")]
    MediaUnknown,
    #[error("the file is still being fetched")]
    MediaWanted,
    /// `why` is a name of [`crate::ports::media::Lost`].
    #[error("the file could not be kept: {why}")]
    MediaLost { why: String },
}

/// How an agent made sure who writes: the number that was called, and what was said.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub number: &'a str,
    pub reason: &'a str,
    /// The chat is linked to somebody else, and this is no slip.
    pub different_person: bool,
}

/// How a chat is given back to the bot.
#[derive(Debug, Clone, Copy, Default)]
pub struct Back<'a> {
    /// Where the bot goes on; nothing = where the flow handed off.
    pub step: Option<&'a str>,
    /// How the matter ended: a protected one needs it.
    pub outcome: Option<&'a str>,
    pub note: Option<&'a str>,
}

/// A ticket with the right to work on it.
#[derive(Debug, Clone)]
pub struct Taken {
    pub ticket: Ticket,
    pub token: i64,
    pub until: Timestamp,
}

impl HandoffService {
    pub const fn new(
        ports: HandoffPorts,
        lenders: Arc<Lenders>,
        lint: Arc<Lint>,
        understander: Arc<Understander>,
        flows: Arc<FlowLibrary>,
        settings: HandoffSettings,
    ) -> Self {
        Self {
            ports,
            lenders,
            lint,
            understander,
            flows,
            settings,
            guesses: guesses::Guesses::new(),
            given_up: take::GivenUp::new(),
        }
    }

    pub const fn settings(&self) -> &HandoffSettings {
        &self.settings
    }

    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Prolongs the lease; the console calls it every 20 s or so.
    pub async fn renew(
        &self,
        agent: &Agent,
        id: TicketId,
        token: Option<i64>,
    ) -> Result<Taken, HandoffError> {
        let (ticket, lease) = self.lease(agent, id, token).await?;
        let now = self.now();
        let until = now.plus(self.settings.lease);
        self.ports.tickets.renew(&agent.lender, lease, until, now).await??;
        match self.ports.queue.renew(&agent.lender, id, agent.id, until).await {
            Ok(true) => {}
            // The queue forgot the hold, or never heard of it.
            Ok(false) => {
                if let Some(ticket) = self.ports.tickets.ticket(&agent.lender, id).await? {
                    self.follow(&ticket).await;
                }
            }
            Err(error) => tracing::warn!(error = %error, "a renewed lease did not reach the live queue"),
        }
        Ok(Taken { ticket, token: lease.token, until })
    }

    /// Puts the ticket back; whoever waits keeps the place of the first wait. For a while the agent is given others first.
    pub async fn give_up(
        &self,
        agent: &Agent,
        id: TicketId,
        token: Option<i64>,
    ) -> Result<Ticket, HandoffError> {
        let (_, lease) = self.lease(agent, id, token).await?;
        self.ports.tickets.give_up(&agent.lender, lease, self.now()).await??;
        self.given_up.note(agent.id, id, self.now());
        let ticket = self.known(agent, id).await?;
        self.follow(&ticket).await;
        Ok(ticket)
    }

    /// Keeps a remark that only agents see.
    pub async fn note(
        &self,
        agent: &Agent,
        id: TicketId,
        token: Option<i64>,
        text: &str,
    ) -> Result<Ticket, HandoffError> {
        let text = kept("text", text)?;
        let (_, lease) = self.lease(agent, id, token).await?;
        self.act(agent, lease, AgentAct::Note { text: Pii::new(text) }).await
    }

    /// Closes the ticket with a coded outcome, a protected one with an outcome of the flows and a note; one that decides the
    /// case which came with the ticket closes that too.
    pub async fn resolve(
        &self,
        agent: &Agent,
        id: TicketId,
        token: Option<i64>,
        outcome: &str,
        note: Option<&str>,
    ) -> Result<Ticket, HandoffError> {
        let note = note.map(|note| kept("note", note)).transpose()?;
        named("outcome", outcome)?;
        let (ticket, lease) = self.lease(agent, id, token).await?;
        self.may_resolve(&ticket, outcome, note.as_deref()).await?;
        let act = AgentAct::Resolve { outcome: outcome.to_owned(), note: note.clone().map(Pii::new) };
        let ticket = self.act(agent, lease, act).await?;
        self.decided(agent, &ticket, outcome, note.as_deref()).await?;
        self.follow(&ticket).await;
        Ok(ticket)
    }

    /// Gives the chat back to the bot, which speaks first: at a step, or where the flow handed off. A protected ticket
    /// needs what [`Self::resolve`] needs. Where the person asked not to be written to, the bot waits for them.
    pub async fn return_to_bot(
        &self,
        agent: &Agent,
        id: TicketId,
        token: Option<i64>,
        back: Back<'_>,
    ) -> Result<Ticket, HandoffError> {
        let Back { step, outcome, note } = back;
        if let Some(step) = step {
            self.listed(step)?;
        }
        let note = note.map(|note| kept("note", note)).transpose()?;
        if let Some(outcome) = outcome {
            named("outcome", outcome)?;
        }
        let (ticket, lease) = self.lease(agent, id, token).await?;
        self.may_return(&ticket, &Back { note: note.as_deref(), ..back }).await?;
        let act = AgentAct::ReturnToBot {
            step: step.map(ToOwned::to_owned),
            outcome: outcome.map(ToOwned::to_owned),
            note: note.clone().map(Pii::new),
        };
        let ticket = self.act(agent, lease, act).await?;
        if let Some(outcome) = outcome {
            self.decided(agent, &ticket, outcome, note.as_deref()).await?;
        }
        self.follow(&ticket).await;
        Ok(ticket)
    }

    /// Closes the case that came with a ticket, when the outcome decides it.
    async fn decided(
        &self,
        agent: &Agent,
        ticket: &Ticket,
        outcome: &str,
        note: Option<&str>,
    ) -> Result<(), HandoffError> {
        let by = format!("agent {}", agent.id);
        cases::decided(self.ports.cases.as_ref(), ticket, outcome, note, by, self.now()).await?;
        Ok(())
    }

    /// Records that the agent called this person on a number on file, who then said that it is they who write: the chat
    /// reaches the level `verificada` as if the questions had been answered. The log keeps agent, number, reason, time.
    /// Numbers that are not on file may be given only so often.
    pub async fn confirm(
        &self,
        agent: &Agent,
        id: TicketId,
        token: Option<i64>,
        person: &str,
        call: Call<'_>,
    ) -> Result<Ticket, HandoffError> {
        let reason = kept("reason", call.reason)?;
        let (ticket, lease) = self.lease(agent, id, token).await?;
        let conversation = self.conversation_of(&ticket).await?;
        if conversation.identity_conflict {
            return Err(HandoffError::IdentityConflict);
        }
        let session = flows::session_of(&conversation);
        if session.as_ref().is_some_and(|session| session.reserved.is_some()) {
            let lifted_by = self.lifting(&conversation, session.as_ref()).await;
            return Err(HandoffError::Reserved { lifted_by });
        }
        let digits: String = call.number.chars().filter(char::is_ascii_digit).collect();
        let person = self.called(agent, id, person, &digits).await?;
        if conversation.person.is_some_and(|linked| linked != person.id) && !call.different_person {
            let why = "must be `true` to confirm somebody else than the person of this chat; look again whom you called";
            return Err(HandoffError::Invalid { field: "different_person", why: why.to_owned() });
        }
        self.one_person(agent, &ticket, &person.external_ref).await?;
        metrics::counter!("acuerdo_identity_confirmed_total").increment(1);
        let act = AgentAct::Confirm {
            person: person.id,
            reference: person.external_ref,
            called: view::masked_phone(&digits),
            reason: Pii::new(reason),
        };
        self.act(agent, lease, act).await
    }

    /// Ends the conflict of a chat whose number and WhatsApp account pointed to two chats: an agent has looked into it.
    /// It proves nobody; the questions, or [`Self::confirm`], do. The log keeps agent, reason and time.
    pub async fn settle_identity(
        &self,
        agent: &Agent,
        id: TicketId,
        token: Option<i64>,
        reason: &str,
    ) -> Result<Ticket, HandoffError> {
        let reason = kept("reason", reason)?;
        let (ticket, _) = self.lease(agent, id, token).await?;
        let by = json!({"v": 1, "did": "settle", "ticket": id, "by": agent.id, "reason": reason});
        conflicts::settle(
            self.ports.conversations.as_ref(),
            &agent.lender,
            ticket.conversation,
            &by,
            self.now(),
        )
        .await?;
        Ok(ticket)
    }

    fn listed(&self, step: &str) -> Result<(), HandoffError> {
        named("step", step)?;
        let steps = &self.settings.return_steps;
        if steps.is_empty() || steps.iter().any(|known| known == step) {
            return Ok(());
        }
        let why = format!("is no step to return to; there are: {}", steps.join(", "));
        Err(HandoffError::Invalid { field: "step", why })
    }

    /// Passes the ticket on to another queue; the person keeps the time waited.
    pub async fn transfer(
        &self,
        agent: &Agent,
        id: TicketId,
        token: Option<i64>,
        queue: &str,
        reason: &str,
    ) -> Result<Ticket, HandoffError> {
        named("queue", queue)?;
        let reason = kept("reason", reason)?;
        let agents = self.ports.agents.agents(&agent.lender).await?;
        let serves = |other: &Agent| other.active && take::served(other, &[queue.to_owned()]).is_ok();
        if !agents.iter().any(serves) {
            return Err(HandoffError::QueueUnserved { queue: queue.to_owned() });
        }
        self.known_queue(&agent.lender, &agents, queue)?;
        let (_, lease) = self.lease(agent, id, token).await?;
        let act = AgentAct::Transfer { queue: queue.to_owned(), reason };
        let ticket = self.act(agent, lease, act).await?;
        self.follow(&ticket).await;
        Ok(ticket)
    }

    async fn act(&self, agent: &Agent, lease: Lease, act: AgentAct) -> Result<Ticket, HandoffError> {
        Ok(self.ports.tickets.act(&agent.lender, lease, &act, self.now()).await??)
    }

    async fn known(&self, agent: &Agent, id: TicketId) -> Result<Ticket, HandoffError> {
        let ticket = self.ports.tickets.ticket(&agent.lender, id).await?;
        ticket.ok_or_else(|| TicketRefused::Unknown.into())
    }

    async fn conversation_of(&self, ticket: &Ticket) -> Result<Conversation, HandoffError> {
        let conversation = self.ports.conversations.conversation(ticket.conversation).await?;
        let found = conversation.filter(|conversation| conversation.lender == ticket.lender);
        found.ok_or_else(|| {
            HandoffError::Store(StoreError::Corrupt {
                table: "ticket",
                column: "conversation",
                id: ticket.id.to_string(),
                why: "there is no such conversation of this lender".to_owned(),
            })
        })
    }

    /// The agent's own lease on a ticket. A console that names its token is refused when a newer one exists.
    async fn lease(
        &self,
        agent: &Agent,
        id: TicketId,
        token: Option<i64>,
    ) -> Result<(Ticket, Lease), HandoffError> {
        let ticket = self.known(agent, id).await?;
        let held = match ticket.status {
            TicketStatus::Assigned { agent: holder, token, .. } if holder == agent.id => token,
            TicketStatus::Assigned { .. } => return Err(TicketRefused::NotYours.into()),
            TicketStatus::Queued => return Err(TicketRefused::LeaseLost.into()),
            TicketStatus::Closed => return Err(self.over(&ticket).await),
        };
        if token.is_some_and(|token| token != held) {
            return Err(TicketRefused::LeaseLost.into());
        }
        Ok((ticket, Lease { ticket: id, agent: agent.id, token: held }))
    }
}
