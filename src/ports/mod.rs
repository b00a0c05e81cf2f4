//! What the use cases need from the world: traits only, documented as contracts.
//!
//! Rules of every store trait: each method is one transaction; "not there" is `Ok(None)`; a repeat of a
//! write with the same derived ids changes nothing; the caller gives the time; nothing crosses lenders.

pub mod agents;
pub mod cases;
pub mod clock;
pub mod conversations;
pub mod dead_letters;
pub mod error;
pub mod flows;
pub mod handoff_queue;
pub mod inbox;
pub mod media;
pub mod message_sender;
pub mod outbox;
pub mod payment_provider;
pub mod people;
pub mod records;
pub mod retention;
pub mod rights;
pub mod switches;
pub mod tickets;
pub mod traces;

pub use error::StoreError;

/// Everything durable, as one handle for the composition root.
pub trait Store:
    inbox::InboxStore
    + conversations::ConversationStore
    + outbox::OutboxStore
    + people::PeopleStore
    + tickets::TicketStore
    + agents::AgentStore
    + flows::FlowVersionStore
    + switches::SwitchStore
    + dead_letters::DeadLetterStore
    + retention::RetentionStore
    + rights::RightsStore
    + cases::CaseStore
    + media::MediaStore
    + Send
    + Sync
{
}

impl<T> Store for T where
    T: inbox::InboxStore
        + conversations::ConversationStore
        + outbox::OutboxStore
        + people::PeopleStore
        + tickets::TicketStore
        + agents::AgentStore
        + flows::FlowVersionStore
        + switches::SwitchStore
        + dead_letters::DeadLetterStore
        + retention::RetentionStore
        + rights::RightsStore
        + cases::CaseStore
        + media::MediaStore
        + Send
        + Sync
{
}
