//! Meta's JSON of `messages`, `statuses` and their relatives, field by field (Cloud API, webhooks reference).
//!
//! Every field may be absent; unknown fields are ignored. What they mean is decided in the sibling modules.

use crate::whatsapp::webhook::tolerant::{Flag, Many, Maybe, Text};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Envelope<'a> {
    #[serde(borrow)]
    pub object: Text<'a>,
    #[serde(borrow)]
    pub entry: Option<Many<Maybe<Entry<'a>>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Entry<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub time: Text<'a>,
    #[serde(borrow)]
    pub changes: Many<Maybe<Change<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Change<'a> {
    #[serde(borrow)]
    pub field: Text<'a>,
    #[serde(borrow)]
    pub value: Option<&'a RawValue>,
}

/// The value of `messages`, `standby`, `smb_message_echoes` and `user_preferences`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Value<'a> {
    #[serde(borrow)]
    pub metadata: Maybe<Metadata<'a>>,
    #[serde(borrow)]
    pub contacts: Many<Maybe<Contact<'a>>>,
    #[serde(borrow)]
    pub messages: Many<&'a RawValue>,
    #[serde(borrow)]
    pub statuses: Many<&'a RawValue>,
    #[serde(borrow)]
    pub errors: Many<Maybe<MetaError<'a>>>,
    #[serde(borrow)]
    pub user_preferences: Many<&'a RawValue>,
    #[serde(borrow)]
    pub message_echoes: Many<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Metadata<'a> {
    #[serde(borrow)]
    pub phone_number_id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Contact<'a> {
    #[serde(borrow)]
    pub wa_id: Text<'a>,
    #[serde(borrow)]
    pub user_id: Text<'a>,
    #[serde(borrow)]
    pub profile: Maybe<Profile<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Profile<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub username: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MetaError<'a> {
    #[serde(borrow)]
    pub code: Text<'a>,
    #[serde(borrow)]
    pub title: Text<'a>,
}

impl MetaError<'_> {
    pub fn code(&self) -> Option<i64> {
        self.code.get()?.parse().ok()
    }
}

/// The numeric codes of a list of errors, in order.
pub fn codes(errors: &Many<Maybe<MetaError<'_>>>) -> Vec<i64> {
    errors.items.iter().filter_map(|error| error.0.as_ref()?.code()).collect()
}

/// An inbound message or an echo of the business phone.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Message<'a> {
    #[serde(borrow)]
    pub from: Text<'a>,
    #[serde(borrow)]
    pub from_user_id: Text<'a>,
    /// Echoes only.
    #[serde(borrow)]
    pub to: Text<'a>,
    /// Echoes only.
    #[serde(borrow)]
    pub to_user_id: Text<'a>,
    #[serde(borrow)]
    pub group_id: Text<'a>,
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub timestamp: Text<'a>,
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub context: Maybe<Context<'a>>,
    #[serde(borrow)]
    pub errors: Many<Maybe<MetaError<'a>>>,
    /// `contact_request` at message level (Meta's page of March 2026).
    #[serde(borrow)]
    pub origin: Text<'a>,
    #[serde(borrow)]
    pub text: Maybe<TextBody<'a>>,
    #[serde(borrow)]
    pub image: Maybe<Media<'a>>,
    #[serde(borrow)]
    pub audio: Maybe<Media<'a>>,
    #[serde(borrow)]
    pub video: Maybe<Media<'a>>,
    #[serde(borrow)]
    pub document: Maybe<Media<'a>>,
    #[serde(borrow)]
    pub sticker: Maybe<Media<'a>>,
    #[serde(borrow)]
    pub location: Maybe<Location<'a>>,
    #[serde(borrow)]
    pub contacts: Many<Maybe<Card<'a>>>,
    #[serde(borrow)]
    pub interactive: Maybe<Interactive<'a>>,
    #[serde(borrow)]
    pub button: Maybe<Button<'a>>,
    #[serde(borrow)]
    pub reaction: Maybe<Reaction<'a>>,
    pub order: Maybe<Order>,
    #[serde(borrow)]
    pub system: Maybe<System<'a>>,
    #[serde(borrow)]
    pub unsupported: Maybe<Typed<'a>>,
    #[serde(borrow)]
    pub edit: Maybe<Edit<'a>>,
    #[serde(borrow)]
    pub revoke: Maybe<Revoke<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Context<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    pub forwarded: Flag,
    pub frequently_forwarded: Flag,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct TextBody<'a> {
    #[serde(borrow)]
    pub body: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Media<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub mime_type: Text<'a>,
    #[serde(borrow)]
    pub sha256: Text<'a>,
    #[serde(borrow)]
    pub caption: Text<'a>,
    #[serde(borrow)]
    pub filename: Text<'a>,
    #[serde(borrow)]
    pub url: Text<'a>,
    pub voice: Flag,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Location<'a> {
    #[serde(borrow)]
    pub latitude: Text<'a>,
    #[serde(borrow)]
    pub longitude: Text<'a>,
    #[serde(borrow)]
    pub name: Text<'a>,
}

/// A shared contact.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Card<'a> {
    #[serde(borrow)]
    pub name: Maybe<CardName<'a>>,
    #[serde(borrow)]
    pub phones: Many<Maybe<CardPhone<'a>>>,
    /// `contact_request` inside the contact (seen live).
    #[serde(borrow)]
    pub origin: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CardName<'a> {
    #[serde(borrow)]
    pub formatted_name: Text<'a>,
    #[serde(borrow)]
    pub first_name: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CardPhone<'a> {
    #[serde(borrow)]
    pub phone: Text<'a>,
    #[serde(borrow)]
    pub wa_id: Text<'a>,
    #[serde(borrow)]
    pub user_id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Interactive<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub button_reply: Maybe<Reply<'a>>,
    #[serde(borrow)]
    pub list_reply: Maybe<Reply<'a>>,
    #[serde(borrow)]
    pub nfm_reply: Maybe<FormReply<'a>>,
    #[serde(borrow)]
    pub call_permission_reply: Maybe<CallPermissionReply<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Reply<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub title: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct FormReply<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    /// JSON inside a string; whatever the form's author made it.
    #[serde(borrow)]
    pub response_json: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CallPermissionReply<'a> {
    #[serde(borrow)]
    pub response: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Button<'a> {
    #[serde(borrow)]
    pub payload: Text<'a>,
    #[serde(borrow)]
    pub text: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Reaction<'a> {
    #[serde(borrow)]
    pub message_id: Text<'a>,
    #[serde(borrow)]
    pub emoji: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Order {
    pub product_items: Many<serde::de::IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct System<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
    #[serde(borrow)]
    pub body: Text<'a>,
    #[serde(borrow)]
    pub wa_id: Text<'a>,
    /// The old spelling of `wa_id`.
    #[serde(borrow)]
    pub new_wa_id: Text<'a>,
    #[serde(borrow)]
    pub user_id: Text<'a>,
    #[serde(borrow)]
    pub previous_user_id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Typed<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Edit<'a> {
    #[serde(borrow)]
    pub original_message_id: Text<'a>,
    #[serde(borrow)]
    pub message: Maybe<EditedMessage<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct EditedMessage<'a> {
    #[serde(borrow)]
    pub text: Maybe<TextBody<'a>>,
    #[serde(borrow)]
    pub image: Maybe<Media<'a>>,
    #[serde(borrow)]
    pub video: Maybe<Media<'a>>,
    #[serde(borrow)]
    pub document: Maybe<Media<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Revoke<'a> {
    #[serde(borrow)]
    pub original_message_id: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Status<'a> {
    #[serde(borrow)]
    pub id: Text<'a>,
    #[serde(borrow)]
    pub status: Text<'a>,
    #[serde(borrow)]
    pub timestamp: Text<'a>,
    #[serde(borrow)]
    pub recipient_id: Text<'a>,
    #[serde(borrow)]
    pub recipient_user_id: Text<'a>,
    #[serde(borrow)]
    pub recipient_type: Text<'a>,
    #[serde(borrow)]
    pub biz_opaque_callback_data: Text<'a>,
    #[serde(borrow)]
    pub pricing: Maybe<Pricing<'a>>,
    #[serde(borrow)]
    pub errors: Many<Maybe<MetaError<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Pricing<'a> {
    #[serde(borrow)]
    pub category: Text<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Preference<'a> {
    #[serde(borrow)]
    pub wa_id: Text<'a>,
    #[serde(borrow)]
    pub user_id: Text<'a>,
    #[serde(borrow)]
    pub category: Text<'a>,
    #[serde(borrow)]
    pub value: Text<'a>,
    #[serde(borrow)]
    pub timestamp: Text<'a>,
}
