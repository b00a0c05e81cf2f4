//! Files that people send: wanted with the turn that reads the message, fetched beside the turns, kept with the chat.
//!
//! WhatsApp keeps a file for some days and gives it by an address that lives five minutes, so it is ours only once its
//! bytes are in the store.

use crate::domain::ids::{AgentId, ConversationId, InboxId, LenderId, PhoneNumberId, TicketId, Wamid};
use crate::domain::inbound::MediaKind;
use crate::domain::pii::Pii;
use crate::domain::time::{Millis, Timestamp};
use crate::ports::StoreError;
use crate::ports::message_sender::SendAccount;
use async_trait::async_trait;
use std::fmt;

/// A file that a turn wants kept; stickers are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMedia {
    /// The input that brought it: wanted twice is wanted once.
    pub id: InboxId,
    pub wamid: Wamid,
    /// The number that it was sent to, whose token opens it.
    pub phone_number_id: PhoneNumberId,
    /// WhatsApp's id of the file.
    pub media_id: String,
    pub kind: MediaKind,
    /// As the message says; the bytes decide.
    pub mime_type: String,
    /// The hash that the message tells, in base64.
    pub sha256: Option<String>,
    pub filename: Option<Pii<String>>,
    pub received_at: Timestamp,
}

/// The right to fetch a file until the lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaClaim {
    pub id: InboxId,
    pub lender: LenderId,
    pub phone_number_id: PhoneNumberId,
    pub media_id: String,
    pub sha256: Option<String>,
    pub received_at: Timestamp,
    /// Claims so far, with this one: the fencing token too.
    pub tries: u32,
    /// Files of the same chat that were kept within the day before.
    pub kept_of_day: u32,
}

/// A file as it is known without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMedia {
    pub id: InboxId,
    pub wamid: Wamid,
    pub kind: MediaKind,
    /// As the message said, or, once it is kept, as WhatsApp said with the bytes.
    pub mime_type: String,
    pub filename: Option<Pii<String>>,
    pub state: MediaState,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaState {
    /// It is being fetched, or will be.
    Wanted,
    Kept {
        size_bytes: u64,
    },
    /// Nobody will fetch it any more; `why` is a name of [`Lost`].
    Lost {
        why: String,
    },
}

impl MediaState {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Kept { .. } => "kept",
            Self::Lost { .. } => "lost",
        }
    }
}

/// Why a file is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It could not be had for as long as WhatsApp keeps it.
    Expired,
    /// WhatsApp does not know it.
    Unknown,
    /// Larger than the settings allow.
    TooLarge,
    /// It lies where our token is not sent.
    ForeignHost,
    /// The bytes are not those that were sent.
    WrongHash,
    /// The chat sent more files in a day than are kept.
    TooMany,
}

impl Lost {
    pub const ALL: [Self; 6] =
        [Self::Expired, Self::Unknown, Self::TooLarge, Self::ForeignHost, Self::WrongHash, Self::TooMany];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Unknown => "unknown",
            Self::TooLarge => "too_large",
            Self::ForeignHost => "foreign_host",
            Self::WrongHash => "wrong_hash",
            Self::TooMany => "too_many",
        }
    }
}

/// Who opens a file, for the log of the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    pub ticket: TicketId,
    pub agent: AgentId,
}

/// A file with its bytes, when it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedMedia {
    pub media: StoredMedia,
    /// There exactly when the state is [`MediaState::Kept`].
    pub bytes: Option<Vec<u8>>,
}

impl fmt::Debug for OpenedMedia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenedMedia").field("media", &self.media).finish_non_exhaustive()
    }
}

#[async_trait]
pub trait MediaStore: Send + Sync {
    /// Claims files whose time has come, the longest due first, for `lease`: then another replica may have them.
    async fn claim_media(
        &self,
        now: Timestamp,
        lease: Millis,
        limit: u32,
    ) -> Result<Vec<MediaClaim>, StoreError>;

    /// Keeps the bytes of a claimed file. False when the claim is over: somebody else has the file, or it was erased.
    async fn keep_media(
        &self,
        claim: &MediaClaim,
        file: &MediaFile,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Lets a claimed file be tried again at `until`. False as in [`MediaStore::keep_media`].
    async fn postpone_media(&self, claim: &MediaClaim, until: Timestamp) -> Result<bool, StoreError>;

    /// Gives a claimed file up. False as in [`MediaStore::keep_media`].
    async fn lose_media(&self, claim: &MediaClaim, why: Lost, now: Timestamp) -> Result<bool, StoreError>;

    /// The files of these messages of a chat, without their bytes; in no particular order.
    async fn media_of(
        &self,
        lender: &LenderId,
        conversation: ConversationId,
        wamids: &[Wamid],
    ) -> Result<Vec<StoredMedia>, StoreError>;

    /// Opens a file of a chat. When it is kept, its bytes come with a log entry of the chat that tells who has seen
    /// them, in one transaction; else nothing is written. `None` when the chat has no such file.
    async fn open_media(
        &self,
        lender: &LenderId,
        conversation: ConversationId,
        id: InboxId,
        by: Opening,
        now: Timestamp,
    ) -> Result<Option<OpenedMedia>, StoreError>;
}

/// A file that was fetched, whole and matching its hash.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaFile {
    pub bytes: Vec<u8>,
    pub mime_type: String,
    /// Hexadecimal SHA-256 of `bytes`.
    pub sha256: String,
}

impl fmt::Debug for MediaFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MediaFile({}, {} bytes)", self.mime_type, self.bytes.len())
    }
}

/// Why a file could not be had. The texts hold no address and no token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MediaFailure {
    /// Try again: with a new address, which every fetch asks for.
    #[error("the file could not be had: {why}")]
    Passing { why: String },
    /// WhatsApp says that it has no such file, or our token may not see it.
    #[error("WhatsApp does not know the file")]
    Unknown,
    #[error("the file lies on a host that is not one of Meta's; our token is not sent there")]
    ForeignHost,
    #[error("the file is larger than {max} bytes")]
    TooLarge { max: usize },
    #[error("the file does not match the hash that Meta gave")]
    WrongHash,
}

/// Where files are fetched from.
#[async_trait]
pub trait MediaSource: Send + Sync {
    /// Fetches a file of at most `bytes_max` bytes. `sha256` is the hash that the message told, when it told one, in
    /// base64 or hexadecimal. Repeating is harmless; returns within the configured timeouts.
    async fn fetch(
        &self,
        account: &SendAccount,
        media_id: &str,
        sha256: Option<&str>,
        bytes_max: usize,
    ) -> Result<MediaFile, MediaFailure>;
}
