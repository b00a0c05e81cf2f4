//! The files that inputs bring, to be kept with the turn that reads them.

use crate::domain::inbound::{InboundContent, MediaKind};
use crate::ports::conversations::{InputKind, StoredInput};
use crate::ports::media::NewMedia;
use crate::ports::records::Record;

/// The file of a message; a sticker says nothing that anybody needs later.
pub(super) fn wanted(input: &StoredInput) -> Option<Record> {
    let InputKind::Message { message } = &input.kind else { return None };
    let InboundContent::Media(media) = &message.content else { return None };
    match media.kind {
        MediaKind::Image | MediaKind::Audio | MediaKind::Video | MediaKind::Document => {}
        MediaKind::Sticker => return None,
    }
    Some(Record::Media(NewMedia {
        id: input.id,
        wamid: message.wamid.clone(),
        phone_number_id: message.phone_number_id.clone(),
        media_id: media.media_id.clone(),
        kind: media.kind,
        mime_type: media.mime_type.clone(),
        sha256: media.sha256.clone(),
        filename: media.filename.clone(),
        received_at: input.received_at,
    }))
}
