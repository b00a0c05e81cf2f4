//! Files that people send, as rows; the two dialects differ only in how many are claimed, asked for and inserted.

use crate::domain::ids::{ConversationId, InboxId, LenderId, PhoneNumberId, Wamid};
use crate::domain::inbound::MediaKind;
use crate::domain::pii::Pii;
use crate::domain::time::Timestamp;
use crate::ports::StoreError;
use crate::ports::media::{MediaClaim, MediaState, NewMedia, Opening, StoredMedia};
use crate::store::plan::turns::EventRow;
use crate::store::rows::{Place, clean, json, named};
use serde_json::json as value;
use sqlx::FromRow;
use uuid::Uuid;

const TABLE: &str = "media_files";

/// A file to be wanted.
#[derive(Debug, Clone)]
pub(in crate::store) struct NewMediaRow {
    pub id: Uuid,
    pub lender: String,
    pub conversation: Uuid,
    pub phone_number_id: String,
    pub wamid: String,
    pub media_id: String,
    pub kind: &'static str,
    pub mime_type: String,
    pub filename: Option<String>,
    pub sha256_told: Option<String>,
    pub received_at: i64,
    /// It may be fetched at once.
    pub next_at: i64,
}

impl NewMediaRow {
    pub fn write(media: &NewMedia, lender: &str, conversation: Uuid, now: i64) -> Self {
        Self {
            id: media.id.0,
            lender: lender.to_owned(),
            conversation,
            phone_number_id: clean(media.phone_number_id.as_str()),
            wamid: clean(media.wamid.as_str()),
            media_id: clean(&media.media_id),
            kind: media.kind.name(),
            mime_type: clean(&media.mime_type),
            filename: media.filename.as_ref().map(|name| clean(name.expose())),
            sha256_told: media.sha256.as_deref().map(clean),
            received_at: media.received_at.0,
            next_at: now,
        }
    }
}

/// Of a file that is claimed; `$1` is now, in milliseconds. SQLite knows no other name of the table here.
macro_rules! claim_columns {
    () => {
        "id, lender, phone_number_id, media_id, sha256_told, received_at, tries,
         (SELECT COUNT(*) FROM media_files d
          WHERE d.conversation_id = media_files.conversation_id AND d.state = 'kept'
            AND d.finished_at > $1 - 86400000) AS kept_of_day"
    };
}
pub(in crate::store) use claim_columns;

#[derive(Debug, FromRow)]
pub(in crate::store) struct MediaClaimRow {
    pub id: Uuid,
    pub lender: String,
    pub phone_number_id: String,
    pub media_id: String,
    pub sha256_told: Option<String>,
    pub received_at: i64,
    pub tries: i64,
    pub kept_of_day: i64,
}

impl MediaClaimRow {
    pub fn read(self) -> Result<MediaClaim, StoreError> {
        let place = Place { table: TABLE, id: &self.id };
        Ok(MediaClaim {
            id: InboxId(self.id),
            lender: LenderId(self.lender),
            phone_number_id: PhoneNumberId(self.phone_number_id),
            media_id: self.media_id,
            sha256: self.sha256_told,
            received_at: Timestamp(self.received_at),
            tries: place.count("tries", self.tries)?,
            kept_of_day: place.count("kept_of_day", self.kept_of_day)?,
        })
    }
}

/// Of a file without its bytes.
macro_rules! media_columns {
    () => {
        "id, wamid, kind, state, mime_type, filename, size_bytes, why"
    };
}
pub(in crate::store) use media_columns;

#[derive(Debug, FromRow)]
pub(in crate::store) struct MediaRow {
    pub id: Uuid,
    pub wamid: String,
    pub kind: String,
    pub state: String,
    pub mime_type: String,
    pub filename: Option<String>,
    pub size_bytes: Option<i64>,
    pub why: Option<String>,
}

impl MediaRow {
    pub fn read(self) -> Result<StoredMedia, StoreError> {
        let place = Place { table: TABLE, id: &self.id };
        let state = match (self.state.as_str(), self.size_bytes, self.why) {
            ("wanted", _, _) => MediaState::Wanted,
            ("kept", Some(size), _) => {
                let size =
                    u64::try_from(size).map_err(|_| place.corrupt("size_bytes", "it is below zero"))?;
                MediaState::Kept { size_bytes: size }
            }
            ("lost", _, Some(why)) => MediaState::Lost { why },
            _ => return Err(place.corrupt("state", "it does not fit the rest of the row")),
        };
        Ok(StoredMedia {
            id: InboxId(self.id),
            wamid: Wamid(self.wamid),
            kind: place.name("kind", named::<MediaKind>(&self.kind))?,
            mime_type: self.mime_type,
            filename: self.filename.map(Pii::new),
            state,
        })
    }
}

pub(in crate::store) const KEEP: &str = "
    UPDATE media_files SET
      state = 'kept',
      next_at = NULL,
      mime_type = $3,
      sha256 = $4,
      size_bytes = $5,
      finished_at = $6,
      bytes = $7
    WHERE id = $1 AND tries = $2 AND state = 'wanted'";

pub(in crate::store) const POSTPONE: &str =
    "UPDATE media_files SET next_at = $3 WHERE id = $1 AND tries = $2 AND state = 'wanted'";

pub(in crate::store) const LOSE: &str = "
    UPDATE media_files SET state = 'lost', next_at = NULL, why = $3, finished_at = $4
    WHERE id = $1 AND tries = $2 AND state = 'wanted'";

pub(in crate::store) const ONE: &str = concat!(
    "SELECT ",
    media_columns!(),
    " FROM media_files WHERE id = $1 AND lender = $2 AND conversation_id = $3"
);

pub(in crate::store) const BYTES: &str = "SELECT bytes FROM media_files WHERE id = $1 AND state = 'kept'";

/// The log entry of an opening. Its number and turn are filled in by the store.
pub(in crate::store) fn opened_event(
    lender: &LenderId,
    conversation: ConversationId,
    id: InboxId,
    by: Opening,
    now: Timestamp,
) -> Result<EventRow, StoreError> {
    let body = value!({"v": 1, "ticket": by.ticket, "by": by.agent, "media": id});
    Ok(EventRow {
        conversation: conversation.0,
        seq: 0,
        lender: lender.as_str().to_owned(),
        turn: 0,
        kind: "media_opened".to_owned(),
        body: json(&body)?,
        at: now.0,
    })
}
