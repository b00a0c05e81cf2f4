//! Identifiers, one type per thing, so that one is never passed for another.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    )*};
}

uuid_id! {
    /// One chat between a lender's number and one WhatsApp account; the shard key everywhere.
    ConversationId,
    /// A debtor of a lender.
    PersonId,
    /// A loan or account that is owed.
    ObligationId,
    /// A promise to pay, instalment plan, refinancing or settlement.
    AgreementId,
    /// A hand-off to human agents.
    TicketId,
    AgentId,
    /// One outgoing message; derived from (conversation, turn, index), never drawn.
    OutboxId,
    /// One stored input of a conversation or one stored webhook item.
    InboxId,
    /// A debtor's word that a payment was made.
    ClaimId,
    /// Dispute, fraud fear, deceased, distress, wrong number …
    CaseId,
}

text_id! {
    /// The tenant. Every row carries it and no query crosses it.
    LenderId,
    /// Meta's id of a business phone number.
    PhoneNumberId,
    /// Meta's message id: opaque, of no documented length.
    Wamid,
    /// The content hash of a flow folder that a conversation is pinned to.
    FlowHash,
    FlowId,
    StepId,
}

/// Of a version 7 id: milliseconds since 1970.
const TIME_BYTES: usize = 6;

impl OutboxId {
    /// Derives the id from the turn that causes the message, so that a re-run turn writes the same row.
    pub fn derive(conversation: ConversationId, turn: u64, index: u32) -> Self {
        Self(derive(&conversation.0, &format!("outbox/{turn}/{index}")))
    }
}

/// Namespace of ids that derive from lenders' references; it must never change.
pub const RECORDS: Uuid = Uuid::from_u128(0x6c1f_0b7e_52ad_5d0e_9a41_7be0_43d2_f0c8);

/// The person's id, from the lender's own reference.
pub fn person_id(lender: &LenderId, external_ref: &str) -> PersonId {
    PersonId(derive(&RECORDS, &format!("{lender}/person/{external_ref}")))
}

/// Derives an id from a parent id and a path of names: same arguments, same id.
///
/// The child of an id that begins with its time (UUID version 7, or a child of one) begins with the same time, so that
/// what a chat writes lies together in every index, however much lies beside it. It is of version 8 then, otherwise of
/// version 5 (RFC 9562).
pub fn derive(parent: &Uuid, path: &str) -> Uuid {
    let hashed = Uuid::new_v5(parent, path.as_bytes());
    if !matches!(parent.get_version_num(), 7 | 8) {
        return hashed;
    }
    let mut bytes = hashed.into_bytes();
    bytes[..TIME_BYTES].copy_from_slice(&parent.as_bytes()[..TIME_BYTES]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::derive;
    use uuid::{Builder, Uuid};

    #[test]
    fn children_of_an_id_with_its_time_begin_with_that_time_and_differ() {
        let chat = Builder::from_unix_timestamp_millis(1_790_000_000_000, &[7; 10]).into_uuid();
        let ticket = derive(&chat, "ticket/1");
        let closed = derive(&ticket, "closed/2");
        for id in [ticket, closed] {
            assert_eq!(id.as_bytes()[..6], chat.as_bytes()[..6]);
            assert_eq!(id.get_version_num(), 8);
        }
        assert_eq!(derive(&chat, "ticket/1"), ticket, "same arguments, same id");
        assert!(derive(&chat, "ticket/2") != ticket && closed != ticket);
    }

    /// Ids of people and obligations stay as imports have written them.
    #[test]
    fn children_of_other_ids_are_of_version_5() {
        let parent = Uuid::from_bytes([0x11; 16]);
        assert_eq!(derive(&parent, "andino/person/1"), Uuid::new_v5(&parent, b"andino/person/1"));
    }
}
