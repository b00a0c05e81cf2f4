//! Whose the words of a chat are: of one person alone, or of whoever was proved on a shared phone at the time.

use crate::domain::ids::LenderId;
use crate::rules::phone_variants::candidates_of;
use crate::store::rows::pseudonym::erased_person;
use sqlx::FromRow;
use uuid::Uuid;

/// `$1` lender, `$2` person, the list `{wa_ids}` is `$3`, and `$4` says whether whoever is no more on file counts. A chat
/// is shared when somebody else was proved in it, or it is linked to somebody else.
pub(in crate::store) const CHATS: &str = "
    SELECT c.id, c.phone_number_id, c.wa_id, c.bsuid,
      COALESCE(c.person_id <> $2, false) OR EXISTS (
        SELECT 1 FROM chat_proofs q
        WHERE q.conversation_id = c.id AND q.person_id <> $2
          AND ($4 OR EXISTS (SELECT 1 FROM persons o WHERE o.id = q.person_id))) AS shared
    FROM conversations c
    WHERE c.lender = $1 AND (c.person_id = $2 OR (c.person_id IS NULL AND c.wa_id {wa_ids})
      OR c.id IN (SELECT p.conversation_id FROM chat_proofs p WHERE p.person_id = $2))
    ORDER BY c.id";

/// Phones that others of the lender have on file: `$1` lender, `$2` person, the list `{wa_ids}` is `$3`.
pub(in crate::store) const OTHERS: &str = "
    SELECT DISTINCT o.phone FROM person_phones o
    WHERE o.lender = $1 AND o.person_id <> $2 AND o.phone {wa_ids}";

/// What an erased person was proved to be stays known, under a name that leads to nobody: `$1` the person, `$2` that name.
pub(in crate::store) const RENAME_PROOFS: &str = "UPDATE chat_proofs SET person_id = $2 WHERE person_id = $1";

/// Whether a chat is still shared with somebody who is no more on file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Gone {
    /// In a copy: what may be their words is given to nobody.
    Counts,
    /// In an erasure: with the last person nothing stays.
    IsNobody,
}

/// Times of rows by which `{whose …}` is told.
const TIMES: [&str; 3] = ["received_at", "created_at", "opened_at"];

/// Who was proved when the row `t` was written: `{whose seq}` for the log, `{whose received_at}` and its like for what has
/// a time only.
pub(in crate::store) fn told(sql: &str) -> String {
    let at = |column: &str, order: &str| {
        format!(
            "(SELECT p.person_id FROM chat_proofs p WHERE p.conversation_id = t.conversation_id AND p.{column} \
             ORDER BY {order} LIMIT 1)"
        )
    };
    let sql = sql.replace("{whose seq}", &at("from_seq <= t.seq", "p.from_seq DESC"));
    TIMES.iter().fold(sql, |sql, time| {
        let told = at(&format!("since <= t.{time}"), "p.since DESC, p.from_seq DESC");
        sql.replace(&format!("{{whose {time}}}"), &told)
    })
}

/// A chat, or an address that one had.
#[derive(Debug, Clone, FromRow)]
pub(in crate::store) struct Reached {
    pub id: Uuid,
    pub phone_number_id: String,
    pub wa_id: Option<String>,
    pub bsuid: Option<String>,
    pub shared: bool,
}

/// Whom a copy or an erasure is about.
#[derive(Debug, Clone)]
pub(in crate::store) struct Subject {
    pub lender: String,
    pub person: Uuid,
    /// Theirs alone: all that is in them.
    pub chats: Vec<Uuid>,
    /// Those that others share: only what belongs to the person.
    pub shared: Vec<Uuid>,
    /// Each address of `chats` with the number of ours that it wrote to.
    pub addresses: Vec<(String, String)>,
}

impl Subject {
    /// Somebody who was erased: there are no chats and no addresses.
    pub fn erased(lender: &LenderId, ref_key: &[u8]) -> Self {
        Self::new(lender, erased_person(ref_key), &[], &[])
    }

    pub fn new(lender: &LenderId, person: Uuid, chats: &[Reached], aliases: &[Reached]) -> Self {
        let shared: Vec<Uuid> = chats.iter().filter(|chat| chat.shared).map(|chat| chat.id).collect();
        let mut addresses: Vec<(String, String)> = Vec::new();
        for reached in chats.iter().chain(aliases).filter(|reached| !shared.contains(&reached.id)) {
            for value in [&reached.wa_id, &reached.bsuid].into_iter().flatten() {
                let address = (value.clone(), reached.phone_number_id.clone());
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
        }
        let chats = chats.iter().filter(|chat| !chat.shared).map(|chat| chat.id).collect();
        Self { lender: lender.as_str().to_owned(), person, chats, shared, addresses }
    }

    /// Every chat that the person has words in.
    pub fn all_chats(&self) -> Vec<Uuid> {
        self.chats.iter().chain(&self.shared).copied().collect()
    }

    /// Addresses as they are, each once.
    pub fn values(&self) -> Vec<&str> {
        let mut values: Vec<&str> = self.addresses.iter().map(|(value, _)| value.as_str()).collect();
        values.sort_unstable();
        values.dedup();
        values
    }
}

/// How WhatsApp may write phones on file.
pub(in crate::store) fn wa_ids(phones: &[String]) -> Vec<String> {
    phones.iter().flat_map(|phone| candidates_of(phone.trim_start_matches('+'))).collect()
}

/// How the phones of these chats may be on file.
pub(in crate::store) fn on_file(chats: &[Reached]) -> Vec<String> {
    chats.iter().filter_map(|chat| chat.wa_id.as_deref()).flat_map(candidates_of).collect()
}

/// A phone that others have on file is shared, whoever was proved on it.
pub(in crate::store) fn share(chats: &mut [Reached], others: &[String]) {
    for chat in chats {
        let phones = chat.wa_id.as_deref().map(candidates_of).unwrap_or_default();
        chat.shared |= phones.iter().any(|phone| others.contains(phone));
    }
}
