//! What WhatsApp tells us: messages, statuses, system events and news of the account.
//!
//! These are the shapes after parsing; `whatsapp::webhook` is the only place that knows Meta's JSON.

use crate::domain::identity::WaIdentity;
use crate::domain::ids::{PhoneNumberId, Wamid};
use crate::domain::pii::Pii;
use crate::domain::time::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One update of a webhook delivery; each becomes its own row, whatever its neighbours are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "snake_case")]
pub enum WebhookItem {
    Message(InboundMessage),
    Status(StatusUpdate),
    /// Number, user id or identity changed: assurance drops.
    System(SystemEvent),
    /// Opt-out or opt-in of marketing that the person set in WhatsApp itself.
    Preference(PreferenceUpdate),
    /// Somebody answered from the business phone: a person is at work, the bot pauses.
    Echo(EchoMessage),
    Account(AccountEvent),
    /// Meta Business Agent took the chat or gave it back: alarm.
    Standby {
        phone_number_id: Option<PhoneNumberId>,
        field: String,
        /// See [`AccountEvent::digest`].
        digest: String,
    },
    /// `value.errors` without a message.
    Error {
        phone_number_id: Option<PhoneNumberId>,
        code: i64,
        title: String,
        /// See [`AccountEvent::digest`].
        digest: String,
    },
    /// A field or shape that we do not know; the raw body is kept.
    Unknown {
        phone_number_id: Option<PhoneNumberId>,
        field: String,
        reason: String,
        /// See [`AccountEvent::digest`].
        digest: String,
    },
}

/// Meta repeats a delivery for up to 7 days; one more for clocks and queues. So long at least are their keys kept.
pub const REPEATED_DAYS: u32 = 8;

impl WebhookItem {
    /// What makes a second delivery of the same update recognisable; `None` only for an item without a digest.
    ///
    /// Messages and system events: phone number id and wamid. Statuses: wamid and status. Everything else: a hash
    /// of its content and of the time at which Meta sent the notice. Holds no personal data in clear.
    pub fn dedupe_key(&self) -> Option<String> {
        match self {
            Self::Message(message) => Some(format!("m:{}:{}", message.phone_number_id, message.wamid)),
            Self::System(event) => Some(format!("m:{}:{}", event.phone_number_id, event.wamid)),
            Self::Status(status) => Some(format!("s:{}:{}", status.wamid, status.status.name())),
            Self::Echo(echo) => Some(format!("e:{}:{}", echo.phone_number_id, echo.wamid)),
            Self::Preference(preference) => Some(preference.dedupe_key()),
            Self::Account(event) => Some(format!("a:{}", event.digest)).filter(|_| !event.digest.is_empty()),
            Self::Standby { digest, .. } | Self::Error { digest, .. } | Self::Unknown { digest, .. } => {
                Some(format!("x:{digest}")).filter(|_| !digest.is_empty())
            }
        }
    }

    /// Whether it is older than anything that Meta still delivers. Somebody who once saw a signed delivery sends it again,
    /// and the keys by which repeats are known need not be kept so long: nothing may be done about it.
    pub fn is_stale(&self, received_at: Timestamp) -> bool {
        let at = match self {
            Self::Message(message) => Some(message.sent_at),
            Self::System(SystemEvent { at, .. })
            | Self::Echo(EchoMessage { at, .. })
            | Self::Preference(PreferenceUpdate { at, .. }) => Some(*at),
            Self::Account(event) => event.at,
            // What became of a message only rises, and the others do nothing.
            Self::Status(_) | Self::Standby { .. } | Self::Error { .. } | Self::Unknown { .. } => None,
        };
        at.is_some_and(|at| received_at.since(at) > Millis::days(REPEATED_DAYS.into()))
    }

    /// The update with times that can be: none later than its receipt, and that one for a message whose time was not told.
    #[must_use]
    pub fn received(mut self, now: Timestamp) -> Self {
        match &mut self {
            Self::Message(message) => {
                let told = message.sent_at > InboundMessage::UNTOLD;
                message.untimely = !told || message.sent_at.since(now) > InboundMessage::AHEAD_MAX;
                message.sent_at = if told { message.sent_at.min(now) } else { now };
            }
            Self::Status(StatusUpdate { at, .. })
            | Self::System(SystemEvent { at, .. })
            | Self::Preference(PreferenceUpdate { at, .. })
            | Self::Echo(EchoMessage { at, .. }) => *at = (*at).min(now),
            Self::Account(_) | Self::Standby { .. } | Self::Error { .. } | Self::Unknown { .. } => {}
        }
        self
    }

    /// The number of ours that the update is about, when it names one.
    pub const fn phone_number_id(&self) -> Option<&PhoneNumberId> {
        match self {
            Self::Message(message) => Some(&message.phone_number_id),
            Self::System(event) => Some(&event.phone_number_id),
            Self::Status(status) => Some(&status.phone_number_id),
            Self::Echo(echo) => Some(&echo.phone_number_id),
            Self::Preference(preference) => Some(&preference.phone_number_id),
            Self::Account(_) => None,
            Self::Standby { phone_number_id, .. }
            | Self::Error { phone_number_id, .. }
            | Self::Unknown { phone_number_id, .. } => phone_number_id.as_ref(),
        }
    }

    /// The variant's name, for metrics and rows.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Status(_) => "status",
            Self::System(_) => "system",
            Self::Preference(_) => "preference",
            Self::Echo(_) => "echo",
            Self::Account(_) => "account",
            Self::Standby { .. } => "standby",
            Self::Error { .. } => "error",
            Self::Unknown { .. } => "unknown",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InboundMessage {
    pub phone_number_id: PhoneNumberId,
    pub wamid: Wamid,
    /// Absent when the payload names no sender that we can use; such a message is stored and counted only.
    pub from: Option<WaIdentity>,
    pub profile_name: Option<Pii<String>>,
    pub username: Option<Pii<String>>,
    /// The message's own timestamp, never later than its receipt; the 24 h window counts from it.
    pub sent_at: Timestamp,
    pub content: InboundContent,
    /// The message of ours that is answered, when WhatsApp says so.
    pub context: Option<Wamid>,
    pub forwarded: bool,
    /// A card number, password or code was blotted out of it before it was stored.
    #[serde(default, skip_serializing_if = "is_false")]
    pub held_secret: bool,
    /// Meta told no time of sending, or one that is still to come: `sent_at` is that of its receipt.
    #[serde(default, skip_serializing_if = "is_false")]
    pub untimely: bool,
}

impl InboundMessage {
    /// How far Meta's clock may be ahead of ours.
    const AHEAD_MAX: Millis = Millis::minutes(5);

    /// Stands for a time of sending that Meta did not tell, until the message is received.
    pub const UNTOLD: Timestamp = Timestamp(0);

    /// Whether no later message of the person is known. A time that is far from having come is none: earlier versions
    /// believed it.
    pub fn is_newest(&self, last: Option<Timestamp>, received_at: Timestamp) -> bool {
        last.is_none_or(|last| last <= self.sent_at || last > received_at.plus(Millis::days(1)))
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum InboundContent {
    Text {
        body: Pii<String>,
    },
    /// A reply button, list row or template quick reply.
    Option {
        id: String,
        title: Pii<String>,
        source: OptionSource,
    },
    /// A WhatsApp Flow form: `response` is the decoded `response_json`, or null when it was not JSON.
    Form {
        name: Option<String>,
        response: serde_json::Value,
    },
    Media(MediaContent),
    Location {
        latitude: Pii<String>,
        longitude: Pii<String>,
        name: Option<Pii<String>>,
    },
    Contacts {
        cards: Vec<ContactCard>,
    },
    /// Never an answer. `emoji` is absent when it was removed.
    Reaction {
        to: Option<Wamid>,
        emoji: Option<String>,
    },
    Order {
        items: u32,
    },
    CallPermission {
        response: String,
    },
    Edit {
        original: Option<Wamid>,
        body: Option<Pii<String>>,
    },
    Revoke {
        original: Option<Wamid>,
    },
    /// WhatsApp says that it cannot show it to us (131051 and kin); `sub_type` such as `poll_creation`.
    Unsupported {
        sub_type: Option<String>,
        code: Option<i64>,
    },
    /// The message arrived empty (131060): ask the person to repeat.
    Unavailable,
    /// The known type came without its body; `errors` are Meta's codes.
    Broken {
        kind: String,
        errors: Vec<i64>,
    },
    Welcome,
    Unknown {
        kind: String,
    },
}

impl InboundContent {
    /// What the person wrote, also below a picture or in place of an earlier message.
    pub const fn words(&self) -> Option<&Pii<String>> {
        match self {
            Self::Text { body }
            | Self::Media(MediaContent { caption: Some(body), .. })
            | Self::Edit { body: Some(body), .. } => Some(body),
            Self::Media(_)
            | Self::Edit { .. }
            | Self::Option { .. }
            | Self::Form { .. }
            | Self::Location { .. }
            | Self::Contacts { .. }
            | Self::Reaction { .. }
            | Self::Order { .. }
            | Self::CallPermission { .. }
            | Self::Revoke { .. }
            | Self::Unsupported { .. }
            | Self::Unavailable
            | Self::Broken { .. }
            | Self::Welcome
            | Self::Unknown { .. } => None,
        }
    }

    /// The same message with other words in place of those.
    #[must_use]
    pub fn worded(mut self, words: Pii<String>) -> Self {
        if let Self::Text { body }
        | Self::Media(MediaContent { caption: Some(body), .. })
        | Self::Edit { body: Some(body), .. } = &mut self
        {
            *body = words;
        }
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OptionSource {
    Button,
    List,
    Template,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MediaContent {
    pub kind: MediaKind,
    pub media_id: String,
    /// With its parameters, for instance `audio/ogg; codecs=opus`.
    pub mime_type: String,
    /// Base64 as the webhook gives it.
    pub sha256: Option<String>,
    pub caption: Option<Pii<String>>,
    pub filename: Option<Pii<String>>,
    /// A recorded voice note.
    pub voice: bool,
    /// A direct download link, when given; it expires.
    pub url: Option<Pii<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    Image,
    Audio,
    Video,
    Document,
    Sticker,
}

impl MediaKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Document => "document",
            Self::Sticker => "sticker",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContactCard {
    pub name: Option<Pii<String>>,
    pub phones: Vec<Pii<String>>,
    /// True only when the person pressed our request button (`origin: contact_request`).
    pub requested: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StatusUpdate {
    pub phone_number_id: PhoneNumberId,
    pub wamid: Wamid,
    pub status: DeliveryStatus,
    pub at: Timestamp,
    pub recipient: Option<WaIdentity>,
    /// Our `biz_opaque_callback_data`: `out:<outbox id>`.
    pub callback_data: Option<String>,
    /// Meta's error codes of a failed message.
    pub errors: Vec<i64>,
    /// `pricing.category` as given.
    pub pricing_category: Option<String>,
}

/// Ranks only rise; `Failed` counts only while nothing at or above `Delivered` was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    Sent,
    Delivered,
    Read,
    Played,
    Failed,
    /// `deleted`, `warning` or one that we do not know: stored, ignored.
    #[serde(untagged)]
    Other(String),
}

impl DeliveryStatus {
    pub fn name(&self) -> &str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Played => "played",
            Self::Failed => "failed",
            Self::Other(name) => name,
        }
    }

    /// sent 1 < delivered 2 < read 3 < played 4; failed and unknown have none.
    pub const fn rank(&self) -> Option<i16> {
        match self {
            Self::Sent => Some(1),
            Self::Delivered => Some(2),
            Self::Read => Some(3),
            Self::Played => Some(4),
            Self::Failed | Self::Other(_) => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SystemEvent {
    pub phone_number_id: PhoneNumberId,
    pub wamid: Wamid,
    pub at: Timestamp,
    pub kind: SystemKind,
    /// Who it was: `from` and/or `previous_user_id`.
    pub old: Option<WaIdentity>,
    /// Who it is now.
    pub new: Option<WaIdentity>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemKind {
    NumberChanged,
    UserIdChanged,
    /// Phone reinstalled or SIM moved (`customer_identity_changed`).
    IdentityChanged,
    Other,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreferenceUpdate {
    pub phone_number_id: PhoneNumberId,
    pub who: Option<WaIdentity>,
    /// `marketing_messages` as of 2026.
    pub category: String,
    pub stop: bool,
    pub at: Timestamp,
}

impl PreferenceUpdate {
    /// Hashed, because it has no id of its own and names a person.
    fn dedupe_key(&self) -> String {
        let who = self.who.as_ref();
        let mut hash = Sha256::new();
        for part in [
            self.phone_number_id.as_str(),
            who.and_then(|who| who.wa_id.as_ref()).map_or("", |id| id.expose()),
            who.and_then(|who| who.bsuid.as_ref()).map_or("", |id| id.expose()),
            &self.category,
        ] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update([u8::from(self.stop)]);
        hash.update(self.at.0.to_be_bytes());
        format!("p:{}", hex::encode(hash.finalize()))
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EchoMessage {
    pub phone_number_id: PhoneNumberId,
    pub wamid: Wamid,
    pub to: Option<WaIdentity>,
    pub at: Timestamp,
    pub body: Option<Pii<String>>,
}

/// News of the account, a number or a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountEvent {
    /// Meta's id of the WhatsApp Business Account (`entry.id`).
    pub waba_id: String,
    /// The webhook field, e.g. `account_update`.
    pub field: String,
    /// The value's `event`, e.g. `ACCOUNT_RESTRICTION`; empty when it has none.
    pub event: String,
    pub effect: AccountEffect,
    /// Template name or display phone number: what it is about.
    pub subject: Option<String>,
    /// What an operator wants to read: restriction with its end, violation, reason, new limit or category.
    pub detail: Option<String>,
    /// When Meta sent the notice (`entry.time`), which is not when the event happened.
    pub at: Option<Timestamp>,
    /// SHA-256 (first 16 bytes, hexadecimal) of the update as received, with account and time of the notice:
    /// the same for each retry of one delivery, another for the next event.
    pub digest: String,
}

/// What an account event means for sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountEffect {
    /// Restriction, violation, disabled: stop all outbound of this WABA at once.
    StopAll,
    /// Reinstated: an operator may lift the stop.
    MayResume,
    /// This template must not be used (paused, disabled, rejected, category changed).
    HoldTemplate,
    ResumeTemplate,
    Inform,
}
