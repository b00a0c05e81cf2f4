//! What an erasure does to each table that knows a person, what it leaves, and what holds it.

use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::cases::Closing;
use crate::ports::rights::{Fate, Hold, HoldKind, PersonAct};
use crate::store::rows::rights::By;
use crate::store::rows::{clean, json};
use sqlx::FromRow;

/// What an erasure does to one kind of rows.
pub(in crate::store) struct Step {
    pub what: &'static str,
    pub fate: Fate,
    pub sql: &'static str,
    pub by: By,
}

/// The outcome of what an erasure closes.
const ERASED: &str = "erased";

/// In this order; chats come last, so that the addresses are there until then.
pub(in crate::store) const STEPS: &[Step] = &[
    Step {
        what: "messages that we sent or were about to send",
        fate: Fate::Removed,
        sql: "DELETE FROM outbox WHERE id IN (
                SELECT t.id FROM outbox t WHERE t.conversation_id {in}
                  OR (t.conversation_id {in_shared} AND COALESCE(t.subject, {whose created_at}) = $2))",
        by: By::Said,
    },
    Step {
        what: "messages received",
        fate: Fate::Removed,
        sql: "DELETE FROM inputs WHERE id IN (
                SELECT t.id FROM inputs t WHERE t.conversation_id {in}
                  OR (t.conversation_id {in_shared} AND {whose received_at} = $2))",
        by: By::Said,
    },
    Step {
        what: "files received",
        fate: Fate::Removed,
        sql: "DELETE FROM media_files WHERE id IN (
                SELECT t.id FROM media_files t WHERE t.conversation_id {in}
                  OR (t.conversation_id {in_shared} AND {whose received_at} = $2))",
        by: By::Said,
    },
    Step {
        what: "log entries of chats",
        fate: Fate::Removed,
        sql: "DELETE FROM events WHERE (conversation_id, seq) IN (
                SELECT t.conversation_id, t.seq FROM events t WHERE t.conversation_id {in}
                  OR (t.conversation_id {in_shared} AND {whose seq} = $2))",
        by: By::Said,
    },
    Step {
        what: "raw deliveries of Meta",
        fate: Fate::Removed,
        sql: "DELETE FROM deliveries WHERE id IN (SELECT t.id FROM deliveries t WHERE {delivery_holds})",
        by: By::Address,
    },
    Step {
        what: "notices of Meta",
        fate: Fate::Removed,
        sql: "DELETE FROM notices WHERE id IN (SELECT t.id FROM notices t WHERE {notice_holds})",
        by: By::Address,
    },
    Step {
        what: "dead letters",
        fate: Fate::Emptied,
        sql: "UPDATE dead_letters SET retried_at = COALESCE(retried_at, $2) WHERE conversation_id {in}",
        by: By::ChatsAt,
    },
    Step {
        what: "tickets",
        fate: Fate::Emptied,
        sql: "UPDATE tickets SET
                outcome = CASE WHEN status = 'closed' THEN outcome ELSE 'erased' END,
                status = 'closed',
                closed_at = COALESCE(closed_at, $4),
                reason = 'erased',
                summary = '{}',
                lease_token = lease_token + 1,
                leased_until = 0,
                version = version + 1
              WHERE id IN (
                SELECT t.id FROM tickets t WHERE t.conversation_id {in}
                  OR (t.conversation_id {in_shared} AND {open_while_proved}))",
        by: By::SaidAt,
    },
    Step {
        what: "persons tried for identity",
        fate: Fate::Removed,
        sql: "DELETE FROM identity_try_persons WHERE person_id = $1",
        by: By::Person,
    },
    Step {
        what: "tries of identity",
        fate: Fate::Removed,
        sql: "DELETE FROM identity_tries WHERE conversation_id {in} OR passed_person = $2",
        by: By::ChatsOrPerson,
    },
    Step {
        what: "payment claims",
        fate: Fate::Removed,
        sql: "DELETE FROM payment_claims WHERE conversation_id {in} OR person_id = $2",
        by: By::ChatsOrPerson,
    },
    Step {
        what: "cases",
        fate: Fate::Emptied,
        // A request that was open says by what it ended, and an earlier end keeps its outcome, time and who did it.
        sql: "UPDATE cases SET
                body = '{}',
                closing = CASE WHEN status = 'open' THEN {json}$3{/json} ELSE {bare_closing} END,
                status = 'closed'
              WHERE conversation_id {in} OR person_id = $2",
        by: By::ChatsOrPersonClosing,
    },
    Step {
        what: "former addresses",
        fate: Fate::Removed,
        sql: "DELETE FROM conversation_aliases WHERE conversation_id {in}",
        by: By::Chats,
    },
    Step {
        what: "proofs in chats",
        fate: Fate::Removed,
        sql: "DELETE FROM chat_proofs WHERE conversation_id {in}",
        by: By::Chats,
    },
    Step {
        what: "chats that others share",
        fate: Fate::Emptied,
        // Where the person was the last to be proved: whoever writes next is a stranger.
        sql: "UPDATE conversations SET
                profile_name = NULL,
                person_id = NULL,
                session = NULL,
                flow_hash = NULL,
                assurance = 'ninguna',
                version = version + 1,
                lease_token = lease_token + 1,
                leased_until = 0,
                next_claim_at = (
                  SELECT MIN(i.received_at) FROM inputs i
                  WHERE i.conversation_id = conversations.id AND i.done_at IS NULL),
                timers = '[]',
                next_timer_at = NULL
              WHERE id {in} AND person_id = $2",
        by: By::SharedAndPerson,
    },
    Step {
        what: "chats",
        fate: Fate::Emptied,
        // A country code that no country has; the check of the table wants an address.
        sql: "UPDATE conversations SET
                wa_id = NULL,
                bsuid = 'ZZ.ERASED' || {hex_id},
                profile_name = NULL,
                person_id = NULL,
                identity_conflict = false,
                number_changed_hands = false,
                session = NULL,
                flow_hash = NULL,
                assurance = 'ninguna',
                version = version + 1,
                lease_token = lease_token + 1,
                leased_until = 0,
                next_claim_at = NULL,
                last_inbound_at = NULL,
                last_inbound_wamid = NULL,
                ticket_id = NULL,
                timers = '[]',
                next_timer_at = NULL
              WHERE id {in}",
        by: By::Chats,
    },
    Step {
        what: "debts",
        fate: Fate::Removed,
        sql: "DELETE FROM obligations WHERE person_id = $1",
        by: By::Person,
    },
    Step {
        what: "phones on file",
        fate: Fate::Removed,
        sql: "DELETE FROM person_phones WHERE person_id = $1",
        by: By::Person,
    },
    Step { what: "person", fate: Fate::Removed, sql: "DELETE FROM persons WHERE id = $1", by: By::Person },
];

/// What stays: counted, not touched.
pub(in crate::store) const KEPT: &[Step] = &[
    Step {
        what: "agreements",
        fate: Fate::Kept,
        sql: "SELECT COUNT(*) FROM agreements WHERE person_id = $1",
        by: By::Person,
    },
    Step {
        what: "opt-outs",
        fate: Fate::Kept,
        sql: "SELECT COUNT(*) FROM opt_outs WHERE lender = $1 AND (wa_id = $2 OR bsuid = $2)",
        by: By::LenderAddress,
    },
];

/// What an erasure leaves behind; a copy leaves nothing.
#[derive(Debug, Default)]
pub(in crate::store) struct Doing {
    pub now: Timestamp,
    /// How a case ends that was open.
    pub closing: String,
}

impl Doing {
    pub fn of(record: &PersonAct) -> Result<Self, StoreError> {
        let (outcome, by) = (ERASED.to_owned(), clean(&record.by));
        let closing = Closing { outcome, note: None, by, at: record.at, corrects: None };
        Ok(Self { now: record.at, closing: json(&closing)? })
    }
}

/// Whether a ticket `t` was open while the person `$2` was proved in its chat.
pub(in crate::store) const OPEN_WHILE_PROVED: &str = "({whose opened_at} = $2 OR EXISTS (
    SELECT 1 FROM chat_proofs q WHERE q.conversation_id = t.conversation_id AND q.person_id = $2
      AND q.since > t.opened_at AND q.since <= COALESCE(t.closed_at, q.since)))";

/// `$1` chats, `$2` person, `$3` chats that others share.
pub(in crate::store) const HOLDS: &str = "
    SELECT 'agreement' AS hold, kind, reference, accepted_at AS at FROM agreements
    WHERE person_id = $2 AND status IN ('proposed', 'accepted', 'active')
    UNION ALL
    SELECT 'case', kind, {hex_id}, at FROM cases
    WHERE (conversation_id {in} OR person_id = $2) AND status = 'open' AND kind <> 'datos_supresion'
    UNION ALL
    SELECT 'ticket', reason, {hex_id}, waiting_since FROM tickets
    WHERE conversation_id {in} AND status <> 'closed' AND reason NOT LIKE 'datos%' AND {protected}
    UNION ALL
    SELECT 'shared', reason, {hex_id}, waiting_since FROM tickets t
    WHERE conversation_id {in_shared} AND status <> 'closed' AND ({open_while_proved}
      OR EXISTS (SELECT 1 FROM conversations c WHERE c.id = t.conversation_id AND c.person_id = $2))
    ORDER BY 4, 3";

#[derive(Debug, FromRow)]
pub(in crate::store) struct HoldRow {
    pub hold: String,
    pub kind: String,
    pub reference: String,
    pub at: i64,
}

impl HoldRow {
    /// Whether it holds whatever an operator says.
    pub fn is_firm(&self) -> bool {
        matches!(self.hold.as_str(), "ticket" | "shared")
    }

    pub fn read(self) -> Hold {
        let kind = match self.hold.as_str() {
            "agreement" => HoldKind::RunningAgreement,
            "ticket" => HoldKind::ProtectedTicket,
            "shared" => HoldKind::SharedTicket,
            _ => HoldKind::OpenCase,
        };
        Hold { kind, what: self.kind, reference: self.reference, since: Timestamp(self.at) }
    }
}
