//! What the contact rules ask about the person of a chat: holds, a wrong number, and what people of ours began lately.
//!
//! The law counts per person, not per chat (Ley 2300 de 2023, art. 3): whoever writes to us from two numbers, or to two
//! of our numbers, is one person.

use crate::domain::identity::{WaId, WaIdentity};
use crate::domain::ids::{ConversationId, OutboxId, PersonId};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::conversations::{Conversation, ConversationStore, Origin};
use crate::ports::outbox::{OutboxStatus, OutboxStore, SentMessage};
use crate::ports::people::PeopleStore;
use crate::rules::contact::own_contacts;
use crate::rules::phone_variants::candidates_of;
use crate::service::actions::debts::hold;
use crate::service::lenders::Lender;
use std::collections::BTreeSet;

/// Our messages of one chat that are looked back over.
const SENT_MAX: u32 = 2_000;
/// Chats of one person that are looked through: phones on file, their spellings and our numbers.
const CHATS_MAX: usize = 32;
/// The longest span that a country's rule looks back over.
const LOOK_BACK: Millis = Millis::days(7);

/// What is known at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContactHistory {
    /// An open case stops whatever is not an answer.
    pub on_hold: bool,
    /// Somebody said that the number of the chat is not the person's.
    pub wrong_number: bool,
    /// When people at the desk began a contact with this person in the last seven days, in any chat.
    pub begun: Vec<Timestamp>,
}

/// Where it is looked up.
#[derive(Clone, Copy)]
pub struct ContactPorts<'a> {
    pub conversations: &'a dyn ConversationStore,
    pub outbox: &'a dyn OutboxStore,
    pub people: &'a dyn PeopleStore,
}

/// A chat, and the message that is judged, which counts for nothing itself.
#[derive(Debug, Clone, Copy)]
pub struct Chat<'a> {
    pub id: ConversationId,
    pub identity: &'a WaIdentity,
    pub person: Option<PersonId>,
    pub judged: Option<OutboxId>,
}

/// The history of the person of `chat`; of the chat alone while nobody is linked to it.
///
/// # Errors
/// When the store cannot tell.
pub async fn history(
    ports: ContactPorts<'_>,
    lender: &Lender,
    chat: Chat<'_>,
    now: Timestamp,
) -> Result<ContactHistory, StoreError> {
    let mut known = ContactHistory::default();
    if let Some(wa_id) = &chat.identity.wa_id {
        known.wrong_number = ports.people.is_wrong_number(&lender.id, &candidates_of(wa_id.expose())).await?;
    }
    let file = match chat.person {
        Some(person) => ports.people.person_file(&lender.id, person).await?,
        None => None,
    };
    known.on_hold = file.as_ref().is_some_and(|file| hold(file).is_some());
    let phones = file.iter().flat_map(|file| &file.person.phones).map(|phone| phone.expose().to_owned());
    for other in chats(ports, lender, chat, phones.collect()).await? {
        let sent = ports.outbox.sent_messages(other.id, SENT_MAX).await?;
        let words: Vec<Timestamp> = sent
            .iter()
            .filter(|message| counts(message) && Some(message.id) != chat.judged)
            .map(|message| message.created_at)
            .collect();
        known.begun.extend(own_contacts(other.last_inbound_at, &words));
    }
    known.begun.retain(|contact| now.since(*contact) <= LOOK_BACK);
    known.begun.sort_unstable();
    Ok(known)
}

/// A word of an agent that left, or may still leave.
fn counts(message: &SentMessage) -> bool {
    message.origin == Origin::Agent && message.status != OutboxStatus::Refused
}

/// The chat and every other one that the person's phones have with the lender's numbers.
async fn chats(
    ports: ContactPorts<'_>,
    lender: &Lender,
    chat: Chat<'_>,
    phones: Vec<String>,
) -> Result<Vec<Conversation>, StoreError> {
    let mut found: Vec<Conversation> = ports.conversations.conversation(chat.id).await?.into_iter().collect();
    let spellings: BTreeSet<String> = phones.iter().flat_map(|phone| candidates_of(phone)).collect();
    let mut pairs = Vec::new();
    for address in spellings.iter().filter_map(|phone| WaIdentity::new(WaId::parse(phone), None)) {
        for number in &lender.phone_number_ids {
            pairs.push((number.clone(), address.clone()));
        }
    }
    pairs.truncate(CHATS_MAX);
    for (number, address) in pairs {
        let other = ports.conversations.conversation_of(&number, &address).await?;
        found.extend(other.filter(|other| other.id != chat.id && other.lender == lender.id));
    }
    let mut seen = BTreeSet::new();
    found.retain(|other| seen.insert(other.id.0));
    Ok(found)
}
