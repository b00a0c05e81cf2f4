//! Files that people send, in memory.

use super::{MemoryStore, Tables, rows};
use crate::domain::ids::{ConversationId, InboxId, LenderId, Wamid};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::media::{
    Lost, MediaClaim, MediaFile, MediaState, MediaStore, OpenedMedia, Opening, StoredMedia,
};
use crate::store::rows::media::{MediaClaimRow, MediaRow, NewMediaRow, opened_event};
use async_trait::async_trait;
use uuid::Uuid;

pub(in crate::store) struct Media {
    pub row: NewMediaRow,
    pub state: &'static str,
    /// When to try (again), while it is wanted.
    pub next_at: Option<i64>,
    pub tries: i64,
    pub finished_at: Option<i64>,
    pub why: Option<String>,
    pub bytes: Option<Vec<u8>>,
}

impl Media {
    fn read(&self) -> Result<StoredMedia, StoreError> {
        let size = self.bytes.as_ref().map(|bytes| i64::try_from(bytes.len()).unwrap());
        MediaRow {
            id: self.row.id,
            wamid: self.row.wamid.clone(),
            kind: self.row.kind.to_owned(),
            state: self.state.to_owned(),
            mime_type: self.row.mime_type.clone(),
            filename: self.row.filename.clone(),
            size_bytes: size,
            why: self.why.clone(),
        }
        .read()
    }
}

impl Tables {
    pub(super) fn want_media(&mut self, wanted: NewMediaRow) {
        if self.media.iter().all(|known| known.row.id != wanted.id) {
            let next_at = Some(wanted.next_at);
            let (finished_at, why, bytes) = (None, None, None);
            self.media.push(Media {
                row: wanted,
                state: "wanted",
                next_at,
                tries: 0,
                finished_at,
                why,
                bytes,
            });
        }
    }

    /// What an erasure or retention takes.
    pub(super) fn forget_media(&mut self, chats: &[Uuid]) {
        self.media.retain(|media| !chats.contains(&media.row.conversation));
    }

    fn claimed_media(&mut self, claim: &MediaClaim) -> Option<&mut Media> {
        self.media.iter_mut().find(|media| {
            media.row.id == claim.id.0 && media.tries == i64::from(claim.tries) && media.state == "wanted"
        })
    }

    fn kept_of_day(&self, conversation: Uuid, now: Timestamp) -> i64 {
        let since = now.minus(Millis::days(1));
        let kept = |media: &&Media| {
            media.row.conversation == conversation
                && media.state == "kept"
                && media.finished_at.is_some_and(|at| at > since.0)
        };
        i64::try_from(self.media.iter().filter(kept).count()).unwrap()
    }
}

#[async_trait]
impl MediaStore for MemoryStore {
    async fn claim_media(
        &self,
        now: Timestamp,
        lease: Millis,
        limit: u32,
    ) -> Result<Vec<MediaClaim>, StoreError> {
        let mut tables = self.tables()?;
        let mut due: Vec<(i64, usize)> = (0..)
            .zip(&tables.media)
            .filter_map(|(at, media)| Some((media.next_at.filter(|next| *next <= now.0)?, at)))
            .collect();
        due.sort_unstable();
        due.truncate(rows(limit));
        let mut claims = Vec::new();
        for (_, at) in due {
            let kept_of_day = tables.kept_of_day(tables.media[at].row.conversation, now);
            let media = &mut tables.media[at];
            media.next_at = Some(now.plus(lease).0);
            media.tries += 1;
            let row = &media.row;
            let claim = MediaClaimRow {
                id: row.id,
                lender: row.lender.clone(),
                phone_number_id: row.phone_number_id.clone(),
                media_id: row.media_id.clone(),
                sha256_told: row.sha256_told.clone(),
                received_at: row.received_at,
                tries: media.tries,
                kept_of_day,
            };
            claims.push(claim.read()?);
        }
        Ok(claims)
    }

    async fn keep_media(
        &self,
        claim: &MediaClaim,
        file: &MediaFile,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let Some(media) = tables.claimed_media(claim) else { return Ok(false) };
        media.row.mime_type.clone_from(&file.mime_type);
        (media.state, media.next_at, media.finished_at) = ("kept", None, Some(now.0));
        media.bytes = Some(file.bytes.clone());
        Ok(true)
    }

    async fn postpone_media(&self, claim: &MediaClaim, until: Timestamp) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        Ok(tables.claimed_media(claim).map(|media| media.next_at = Some(until.0)).is_some())
    }

    async fn lose_media(&self, claim: &MediaClaim, why: Lost, now: Timestamp) -> Result<bool, StoreError> {
        let mut tables = self.tables()?;
        let Some(media) = tables.claimed_media(claim) else { return Ok(false) };
        (media.state, media.next_at, media.finished_at) = ("lost", None, Some(now.0));
        media.why = Some(why.name().to_owned());
        Ok(true)
    }

    async fn media_of(
        &self,
        lender: &LenderId,
        conversation: ConversationId,
        wamids: &[Wamid],
    ) -> Result<Vec<StoredMedia>, StoreError> {
        let tables = self.tables()?;
        let asked = |row: &NewMediaRow| {
            row.lender == lender.as_str()
                && row.conversation == conversation.0
                && wamids.iter().any(|wamid| wamid.as_str() == row.wamid)
        };
        tables.media.iter().filter(|media| asked(&media.row)).map(Media::read).collect()
    }

    async fn open_media(
        &self,
        lender: &LenderId,
        conversation: ConversationId,
        id: InboxId,
        by: Opening,
        now: Timestamp,
    ) -> Result<Option<OpenedMedia>, StoreError> {
        let mut tables = self.tables()?;
        let is_it = |media: &&Media| {
            media.row.id == id.0
                && media.row.lender == lender.as_str()
                && media.row.conversation == conversation.0
        };
        let Some(found) = tables.media.iter().find(is_it) else { return Ok(None) };
        let (media, bytes) = (found.read()?, found.bytes.clone());
        if matches!(media.state, MediaState::Kept { .. }) {
            let event = opened_event(lender, conversation, id, by, now)?;
            tables.append_events(conversation.0, vec![event]);
        }
        Ok(Some(OpenedMedia { media, bytes }))
    }
}
