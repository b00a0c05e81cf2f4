//! What is held on a person, table by table; the two dialects differ only in how a list of ids is asked for.

use crate::domain::ids::LenderId;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::rights::{PersonAct, PersonActKind};
use sqlx::FromRow;
use uuid::Uuid;

/// How a column is written in an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Kind {
    Id,
    Text,
    Number,
    /// Epoch milliseconds, written as RFC 3339.
    Time,
    Flag,
    /// A document, as it is.
    Document,
    /// Bytes, as the text that they are.
    Bytes,
}

/// What a statement is asked with, in the order of its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum By {
    /// The person.
    Person,
    /// Ids of the chats.
    Chats,
    /// Ids of the chats, then the person.
    ChatsOrPerson,
    /// The same, then how an open case ends by it.
    ChatsOrPersonClosing,
    /// Ids of the chats, then the time.
    ChatsAt,
    /// Ids of the chats, the person, and ids of the chats that others share.
    Said,
    /// The same, then the time.
    SaidAt,
    /// Ids of the chats that others share, then the person.
    SharedAndPerson,
    /// An address, quoted as JSON writes it, then the number of ours that it wrote to. Once for each address.
    Address,
    /// The lender, then an address as it is. Once for each address.
    LenderAddress,
}

/// A list of an export.
pub(in crate::store) struct Section {
    pub name: &'static str,
    pub columns: &'static [(&'static str, Kind)],
    /// Behind `FROM`; `{in}` asks for a list of ids, `{holds}` whether bytes or a document hold a text.
    pub from: &'static str,
    pub by: By,
}

use Kind::{Bytes, Document, Flag, Id, Number, Text, Time};

pub(in crate::store) const SECTIONS: &[Section] = &[
    Section {
        name: "person",
        columns: &[
            ("id", Id),
            ("external_ref", Text),
            ("full_name", Text),
            ("first_name", Text),
            ("document_type", Text),
            ("document", Text),
            ("birth_date", Text),
            ("language", Text),
            ("as_of", Time),
            ("updated_at", Time),
        ],
        from: "persons t WHERE t.id = $1",
        by: By::Person,
    },
    Section {
        name: "phones",
        columns: &[("phone", Text), ("wrong_at", Time)],
        from: "person_phones t WHERE t.person_id = $1 ORDER BY t.phone",
        by: By::Person,
    },
    Section {
        name: "debts",
        columns: &[
            ("id", Id),
            ("external_ref", Text),
            ("product", Text),
            ("product_name", Text),
            ("status", Text),
            ("currency", Text),
            ("principal_minor", Number),
            ("interest_minor", Number),
            ("late_interest_minor", Number),
            ("fees_minor", Number),
            ("principal_outstanding_minor", Number),
            ("as_of", Time),
            ("oldest_unpaid_due", Text),
            ("next_due", Document),
            ("instalments", Document),
            ("rate_ea_bps", Number),
            ("updated_at", Time),
        ],
        from: "obligations t WHERE t.person_id = $1 ORDER BY t.external_ref",
        by: By::Person,
    },
    Section {
        name: "agreements",
        columns: &[
            ("id", Id),
            ("conversation_id", Id),
            ("obligation_id", Id),
            ("reference", Text),
            ("status", Text),
            ("kind", Text),
            ("currency", Text),
            ("total_minor", Number),
            ("discount_minor", Number),
            ("offer", Document),
            ("evidence", Document),
            ("closing", Document),
            ("accepted_at", Time),
        ],
        from: "agreements t WHERE t.person_id = $1 ORDER BY t.accepted_at, t.id",
        by: By::Person,
    },
    Section {
        name: "payment_claims",
        columns: &[
            ("id", Id),
            ("conversation_id", Id),
            ("obligation_id", Id),
            ("body", Document),
            ("at", Time),
        ],
        from: "payment_claims t WHERE t.conversation_id {in} OR t.person_id = $2 ORDER BY t.at, t.id",
        by: By::ChatsOrPerson,
    },
    Section {
        name: "cases",
        columns: &[
            ("id", Id),
            ("conversation_id", Id),
            ("obligation_id", Id),
            ("kind", Text),
            ("status", Text),
            ("body", Document),
            ("closing", Document),
            ("at", Time),
        ],
        from: "cases t WHERE t.conversation_id {in} OR t.person_id = $2 ORDER BY t.at, t.id",
        by: By::ChatsOrPerson,
    },
    Section {
        name: "opt_outs",
        columns: &[
            ("wa_id", Text),
            ("bsuid", Text),
            ("scope", Text),
            ("stop", Flag),
            ("source", Text),
            ("at", Time),
        ],
        from: "opt_outs t WHERE t.lender = $1 AND (t.wa_id = $2 OR t.bsuid = $2) ORDER BY t.at, t.seq",
        by: By::LenderAddress,
    },
    Section {
        name: "chats",
        columns: &[
            ("id", Id),
            ("phone_number_id", Text),
            ("wa_id", Text),
            ("bsuid", Text),
            ("profile_name", Text),
            ("identity_conflict", Flag),
            ("number_changed_hands", Flag),
            ("assurance", Text),
            ("opted_out", Flag),
            ("session", Document),
            ("last_inbound_at", Time),
            ("created_at", Time),
        ],
        from: "conversations t WHERE t.id {in} ORDER BY t.created_at, t.id",
        by: By::Chats,
    },
    Section {
        name: "shared_chats",
        columns: &[("id", Id), ("phone_number_id", Text), ("wa_id", Text), ("created_at", Time)],
        from: "conversations t WHERE t.id {in_shared} ORDER BY t.created_at, t.id",
        by: By::Said,
    },
    Section {
        name: "proofs",
        columns: &[("conversation_id", Id), ("since", Time)],
        from: "chat_proofs t WHERE t.person_id = $1 AND t.since > 0 ORDER BY t.since, t.conversation_id",
        by: By::Person,
    },
    Section {
        name: "former_addresses",
        columns: &[("conversation_id", Id), ("kind", Text), ("value", Text), ("ended_at", Time)],
        from: "conversation_aliases t WHERE t.conversation_id {in} ORDER BY t.ended_at, t.value",
        by: By::Chats,
    },
    Section {
        name: "identity_tries",
        columns: &[
            ("id", Id),
            ("conversation_id", Id),
            ("passed_person", Id),
            ("starts_challenge", Flag),
            ("locked_until", Time),
            ("at", Time),
        ],
        // On a shared phone another person is tried too: whom a try proved, that one's it is.
        from: "identity_tries t WHERE (t.conversation_id {in} OR t.id IN (
                 SELECT p.try_id FROM identity_try_persons p WHERE p.person_id = $2))
                 AND (t.passed_person IS NULL OR t.passed_person = $2) ORDER BY t.seq",
        by: By::ChatsOrPerson,
    },
    Section {
        name: "tickets",
        columns: &[
            ("id", Id),
            ("conversation_id", Id),
            ("queue", Text),
            ("reason", Text),
            ("summary", Document),
            ("status", Text),
            ("opened_at", Time),
            ("first_response_at", Time),
            ("closed_at", Time),
            ("outcome", Text),
        ],
        // In a chat that others share: what was open while the proof stood, and at no other time.
        from: "tickets t WHERE t.conversation_id {in}
                 OR (t.conversation_id {in_shared} AND {whose opened_at} = $2 AND NOT EXISTS (
                   SELECT 1 FROM chat_proofs q WHERE q.conversation_id = t.conversation_id AND q.since > t.opened_at
                     AND q.since <= COALESCE(t.closed_at, q.since) AND COALESCE(q.person_id <> $2, true)))
               ORDER BY t.opened_at, t.id",
        by: By::Said,
    },
    Section {
        name: "events",
        columns: &[
            ("conversation_id", Id),
            ("seq", Number),
            ("turn", Number),
            ("kind", Text),
            ("body", Document),
            ("at", Time),
        ],
        from: "events t WHERE t.conversation_id {in} OR (t.conversation_id {in_shared} AND {whose seq} = $2)
               ORDER BY t.at, t.conversation_id, t.seq",
        by: By::Said,
    },
    Section {
        name: "messages_received",
        columns: &[("id", Id), ("conversation_id", Id), ("body", Document), ("received_at", Time)],
        from: "inputs t WHERE t.conversation_id {in} OR (t.conversation_id {in_shared} AND {whose received_at} = $2)
               ORDER BY t.seq",
        by: By::Said,
    },
    Section {
        // Without their bytes: agents open those, and an operator takes them from the table.
        name: "files_received",
        columns: &[
            ("id", Id),
            ("conversation_id", Id),
            ("kind", Text),
            ("state", Text),
            ("mime_type", Text),
            ("filename", Text),
            ("size_bytes", Number),
            ("sha256", Text),
            ("why", Text),
            ("received_at", Time),
            ("finished_at", Time),
        ],
        from: "media_files t WHERE t.conversation_id {in}
                 OR (t.conversation_id {in_shared} AND {whose received_at} = $2)
               ORDER BY t.received_at, t.id",
        by: By::Said,
    },
    Section {
        name: "messages_sent",
        columns: &[
            ("id", Id),
            ("conversation_id", Id),
            ("content", Document),
            ("label", Text),
            ("origin", Text),
            ("status", Text),
            // 1 sent, 2 delivered, 3 read, 4 played, -1 failed: the furthest that WhatsApp reported.
            ("delivery_rank", Number),
            ("why", Text),
            ("agent_id", Id),
            ("wamid", Text),
            ("created_at", Time),
            ("finished_at", Time),
        ],
        from: "outbox t WHERE t.conversation_id {in}
                 OR (t.conversation_id {in_shared} AND COALESCE(t.subject, {whose created_at}) = $2)
               ORDER BY t.seq",
        by: By::Said,
    },
    Section {
        name: "notices",
        columns: &[("id", Id), ("kind", Text), ("body", Document), ("received_at", Time)],
        from: "notices t WHERE {notice_holds} ORDER BY t.seq",
        by: By::Address,
    },
    Section {
        name: "deliveries",
        columns: &[("id", Id), ("received_at", Time), ("body", Bytes)],
        from: "deliveries t WHERE {delivery_holds} ORDER BY t.received_at, t.id",
        by: By::Address,
    },
];

pub(in crate::store) const PERSON_ID: &str = "SELECT id FROM persons WHERE lender = $1 AND external_ref = $2";

pub(in crate::store) const PHONES: &str = "
    SELECT p.phone FROM person_phones p
    WHERE p.person_id = $1 AND NOT EXISTS (
      SELECT 1 FROM person_phones o WHERE o.lender = p.lender AND o.phone = p.phone AND o.person_id <> p.person_id)";

pub(in crate::store) const ALIASES: &str = "
    SELECT a.conversation_id AS id, a.phone_number_id,
      CASE WHEN a.kind = 'wa_id' THEN a.value END AS wa_id,
      CASE WHEN a.kind = 'bsuid' THEN a.value END AS bsuid,
      false AS shared
    FROM conversation_aliases a WHERE a.conversation_id {in} ORDER BY a.conversation_id, a.value";

pub(in crate::store) const ACTS: &str = "
    SELECT id, lender, ref_key, kind, by_whom, reason, at FROM person_acts
    WHERE lender = $1 AND ref_key {in_keys}
    ORDER BY at, id";

pub(in crate::store) const INSERT_ACT: &str = "
    INSERT INTO person_acts (id, lender, ref_key, kind, by_whom, reason, at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (id) DO NOTHING";

pub(in crate::store) const INSERT_KEY: &str =
    "INSERT INTO person_act_keys (sole, value) VALUES (true, $1) ON CONFLICT (sole) DO NOTHING";

pub(in crate::store) const KEY: &str = "SELECT value FROM person_act_keys";

/// What an erasure keeps of a person, by the name of its section.
pub(in crate::store) const KEPT_SECTION: &str = "agreements";

/// An address as JSON quotes it.
pub(in crate::store) fn quoted(address: &str) -> String {
    format!("\"{address}\"")
}

#[derive(Debug, Clone, FromRow)]
pub(in crate::store) struct ActRow {
    pub id: Uuid,
    pub lender: String,
    pub ref_key: Vec<u8>,
    pub kind: String,
    pub by_whom: String,
    pub reason: Option<String>,
    pub at: i64,
}

impl ActRow {
    pub fn read(self) -> Result<PersonAct, StoreError> {
        let kind = PersonActKind::parse(&self.kind).ok_or_else(|| StoreError::Corrupt {
            table: "person_acts",
            column: "kind",
            id: self.id.to_string(),
            why: "this program does not know it".to_owned(),
        })?;
        Ok(PersonAct {
            id: self.id,
            lender: LenderId(self.lender),
            ref_key: self.ref_key,
            kind,
            by: self.by_whom,
            reason: self.reason,
            at: Timestamp(self.at),
        })
    }
}

/// The key, which is 32 bytes long.
pub(in crate::store) fn key(stored: Vec<u8>) -> Result<[u8; 32], StoreError> {
    stored.try_into().map_err(|_| StoreError::Corrupt {
        table: "person_act_keys",
        column: "value",
        id: "the only one".to_owned(),
        why: "it is not 32 bytes long".to_owned(),
    })
}

/// A row of an export as a JSON object; the same for the rows of both dialects.
macro_rules! written {
    ($row:expr, $columns:expr) => {{
        let mut object = serde_json::Map::new();
        for (name, kind) in $columns {
            use crate::store::rows::rights::Kind;
            use serde_json::Value;
            let value = match kind {
                Kind::Id => {
                    $row.try_get::<Option<uuid::Uuid>, _>(*name)?.map(|id| Value::from(id.to_string()))
                }
                Kind::Text => $row.try_get::<Option<String>, _>(*name)?.map(Value::from),
                Kind::Number => $row.try_get::<Option<i64>, _>(*name)?.map(Value::from),
                Kind::Time => $row
                    .try_get::<Option<i64>, _>(*name)?
                    .map(|at| Value::from(crate::domain::time::Timestamp(at).rfc3339())),
                Kind::Flag => $row.try_get::<Option<bool>, _>(*name)?.map(Value::from),
                // One that cannot be read is told as the text that it is: nothing is held back.
                Kind::Document => $row
                    .try_get::<Option<String>, _>(*name)?
                    .map(|text| serde_json::from_str(&text).unwrap_or(Value::from(text))),
                Kind::Bytes => $row
                    .try_get::<Option<Vec<u8>>, _>(*name)?
                    .map(|bytes| Value::from(String::from_utf8_lossy(&bytes))),
            };
            object.insert((*name).to_owned(), value.unwrap_or(Value::Null));
        }
        Value::Object(object)
    }};
}

pub(in crate::store) use written;
