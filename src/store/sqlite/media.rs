//! Files that people send, in SQLite.

use super::tickets::append_events;
use super::{Script, SqliteStore, begin};
use crate::domain::ids::{ConversationId, InboxId, LenderId, Wamid};
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::media::{
    Lost, MediaClaim, MediaFile, MediaState, MediaStore, OpenedMedia, Opening, StoredMedia,
};
use crate::store::rows::media::{
    BYTES, KEEP, LOSE, MediaClaimRow, MediaRow, NewMediaRow, ONE, POSTPONE, claim_columns, media_columns,
    opened_event,
};
use crate::store::rows::{clean, json, limit, readable};
use async_trait::async_trait;

#[async_trait]
impl MediaStore for SqliteStore {
    async fn claim_media(
        &self,
        now: Timestamp,
        lease: Millis,
        limit_rows: u32,
    ) -> Result<Vec<MediaClaim>, StoreError> {
        // An idle look does not wait for the only writer.
        let due: bool = sqlx::query_scalar(DUE).bind(now.0).fetch_one(&mut *self.reader().await?).await?;
        if !due {
            return Ok(Vec::new());
        }
        let rows: Vec<MediaClaimRow> = sqlx::query_as(CLAIM)
            .bind(now.0)
            .bind(now.plus(lease).0)
            .bind(limit(limit_rows))
            .fetch_all(&mut *self.writer().await?)
            .await?;
        Ok(readable(rows.into_iter().map(MediaClaimRow::read)))
    }

    async fn keep_media(
        &self,
        claim: &MediaClaim,
        file: &MediaFile,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let kept = sqlx::query(KEEP)
            .bind(claim.id.0)
            .bind(i64::from(claim.tries))
            .bind(clean(&file.mime_type))
            .bind(&file.sha256)
            .bind(i64::try_from(file.bytes.len()).unwrap_or(i64::MAX))
            .bind(now.0)
            .bind(&file.bytes)
            .execute(&mut *self.writer().await?)
            .await?;
        Ok(kept.rows_affected() == 1)
    }

    async fn postpone_media(&self, claim: &MediaClaim, until: Timestamp) -> Result<bool, StoreError> {
        let postponed = sqlx::query(POSTPONE)
            .bind(claim.id.0)
            .bind(i64::from(claim.tries))
            .bind(until.0)
            .execute(&mut *self.writer().await?)
            .await?;
        Ok(postponed.rows_affected() == 1)
    }

    async fn lose_media(&self, claim: &MediaClaim, why: Lost, now: Timestamp) -> Result<bool, StoreError> {
        let lost = sqlx::query(LOSE)
            .bind(claim.id.0)
            .bind(i64::from(claim.tries))
            .bind(why.name())
            .bind(now.0)
            .execute(&mut *self.writer().await?)
            .await?;
        Ok(lost.rows_affected() == 1)
    }

    async fn media_of(
        &self,
        lender: &LenderId,
        conversation: ConversationId,
        wamids: &[Wamid],
    ) -> Result<Vec<StoredMedia>, StoreError> {
        let rows: Vec<MediaRow> = sqlx::query_as(OF_MESSAGES)
            .bind(lender.as_str())
            .bind(conversation.0)
            .bind(json(&wamids)?)
            .fetch_all(&mut *self.reader().await?)
            .await?;
        rows.into_iter().map(MediaRow::read).collect()
    }

    async fn open_media(
        &self,
        lender: &LenderId,
        conversation: ConversationId,
        id: InboxId,
        by: Opening,
        now: Timestamp,
    ) -> Result<Option<OpenedMedia>, StoreError> {
        let row: Option<MediaRow> = sqlx::query_as(ONE)
            .bind(id.0)
            .bind(lender.as_str())
            .bind(conversation.0)
            .fetch_optional(&mut *self.reader().await?)
            .await?;
        let Some(media) = row.map(MediaRow::read).transpose()? else { return Ok(None) };
        if !matches!(media.state, MediaState::Kept { .. }) {
            return Ok(Some(OpenedMedia { media, bytes: None }));
        }
        let mut writer = self.writer().await?;
        let mut transaction = begin(&mut writer).await?;
        let event = opened_event(lender, conversation, id, by, now)?;
        append_events(&mut transaction, conversation.0, &[event]).await?;
        let bytes: Option<Vec<u8>> =
            sqlx::query_scalar(BYTES).bind(id.0).fetch_optional(&mut *transaction).await?;
        // Erased since it was looked at: nobody has seen anything.
        let Some(bytes) = bytes else { return Ok(None) };
        transaction.commit().await?;
        Ok(Some(OpenedMedia { media, bytes: Some(bytes) }))
    }
}

const DUE: &str = "SELECT EXISTS (SELECT 1 FROM media_files WHERE next_at <= $1)";

const CLAIM: &str = concat!(
    "UPDATE media_files SET next_at = $2, tries = tries + 1
     WHERE id IN (SELECT w.id FROM media_files w WHERE w.next_at <= $1 ORDER BY w.next_at LIMIT $3)
     RETURNING ",
    claim_columns!()
);

const OF_MESSAGES: &str = concat!(
    "SELECT ",
    media_columns!(),
    " FROM media_files
      WHERE lender = $1 AND conversation_id = $2 AND wamid IN (SELECT value FROM json_each($3))"
);

const INSERT_MEDIA: &str = "
    INSERT INTO media_files
      (id, lender, conversation_id, phone_number_id, wamid, media_id, kind, mime_type, filename, sha256_told,
       received_at, next_at) ";

/// The input of a turn that was set aside may be read again: the file is wanted once.
pub(super) fn insert_media(script: &mut Script, rows: &[NewMediaRow]) {
    script.bulk(INSERT_MEDIA, rows, " ON CONFLICT (id) DO NOTHING", |values, row| {
        values
            .push_bind(row.id)
            .push_bind(row.lender.clone())
            .push_bind(row.conversation)
            .push_bind(row.phone_number_id.clone())
            .push_bind(row.wamid.clone())
            .push_bind(row.media_id.clone())
            .push_bind(row.kind)
            .push_bind(row.mime_type.clone())
            .push_bind(row.filename.clone())
            .push_bind(row.sha256_told.clone())
            .push_bind(row.received_at)
            .push_bind(row.next_at);
    });
}
