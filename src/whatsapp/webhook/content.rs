//! What a message says: one arm per type of the Cloud API.

use super::scope::label;
use super::sender::parties;
use super::tolerant::{Many, Maybe, Text};
use super::wire::{self, Card, Interactive, Media, Message};
use crate::domain::identity::Bsuid;
use crate::domain::ids::Wamid;
use crate::domain::inbound::{ContactCard, InboundContent, MediaContent, MediaKind, OptionSource};
use crate::domain::pii::Pii;

/// “Message unavailable”: the first message of some ad clicks and coexistence chats arrives empty.
const MESSAGE_UNAVAILABLE: i64 = 131_060;

/// The content of `message`; `value_errors` are the codes of `value.errors`, which explain a missing body.
pub fn content(message: &Message<'_>, value_errors: &[i64]) -> InboundContent {
    let kind = message.kind.get().unwrap_or_default();
    let understood = match kind {
        "text" => message
            .text
            .0
            .as_ref()
            .and_then(|text| text.body.owned())
            .map(|body| InboundContent::Text { body: Pii::new(body) }),
        "image" => media(MediaKind::Image, &message.image),
        "audio" | "voice" => media(MediaKind::Audio, &message.audio),
        "video" => media(MediaKind::Video, &message.video),
        "document" => media(MediaKind::Document, &message.document),
        "sticker" => media(MediaKind::Sticker, &message.sticker),
        "location" => location(message),
        "contacts" => contacts(message),
        "interactive" => message.interactive.0.as_ref().and_then(interactive),
        "button" => button(message),
        "reaction" => message.reaction.0.as_ref().map(|reaction| InboundContent::Reaction {
            to: reaction.message_id.get().map(Wamid::new),
            emoji: reaction.emoji.owned(),
        }),
        "order" => message.order.0.as_ref().map(|order| InboundContent::Order {
            items: u32::try_from(order.product_items.items.len()).unwrap_or(u32::MAX),
        }),
        "edit" => message.edit.0.as_ref().map(edit),
        "revoke" => message.revoke.0.as_ref().map(|revoke| InboundContent::Revoke {
            original: revoke.original_message_id.get().map(Wamid::new),
        }),
        "request_welcome" => Some(InboundContent::Welcome),
        _ => return without_body(message, kind, value_errors),
    };
    understood.unwrap_or_else(|| broken(message, kind, value_errors))
}

/// `unsupported` (older: `unknown`), or a type that we have never seen.
fn without_body(message: &Message<'_>, kind: &str, value_errors: &[i64]) -> InboundContent {
    let errors = all_errors(message, value_errors);
    if errors.contains(&MESSAGE_UNAVAILABLE) {
        return InboundContent::Unavailable;
    }
    match kind {
        "unsupported" | "unknown" => InboundContent::Unsupported {
            sub_type: message
                .unsupported
                .0
                .as_ref()
                .and_then(|it| it.kind.get())
                .map(|sub| label(sub).into_owned()),
            code: errors.first().copied(),
        },
        _ => InboundContent::Unknown { kind: label(kind).into_owned() },
    }
}

/// A known type without what it should hold (seen live for `interactive`, with error 131000).
fn broken(message: &Message<'_>, kind: &str, value_errors: &[i64]) -> InboundContent {
    let errors = all_errors(message, value_errors);
    if errors.contains(&MESSAGE_UNAVAILABLE) {
        return InboundContent::Unavailable;
    }
    InboundContent::Broken { kind: kind.to_owned(), errors }
}

fn all_errors(message: &Message<'_>, value_errors: &[i64]) -> Vec<i64> {
    let mut errors = wire::codes(&message.errors);
    errors.extend(value_errors.iter().filter(|code| !errors.contains(code)).copied().collect::<Vec<i64>>());
    errors
}

fn media(kind: MediaKind, body: &Maybe<Media<'_>>) -> Option<InboundContent> {
    let media = body.0.as_ref()?;
    Some(InboundContent::Media(MediaContent {
        kind,
        media_id: media.id.owned()?,
        mime_type: media.mime_type.owned().unwrap_or_default(),
        sha256: media.sha256.owned(),
        caption: personal(&media.caption),
        filename: personal(&media.filename),
        voice: media.voice.0,
        url: personal(&media.url),
    }))
}

fn location(message: &Message<'_>) -> Option<InboundContent> {
    let location = message.location.0.as_ref()?;
    Some(InboundContent::Location {
        latitude: personal(&location.latitude)?,
        longitude: personal(&location.longitude)?,
        name: personal(&location.name),
    })
}

fn contacts(message: &Message<'_>) -> Option<InboundContent> {
    if message.contacts.items.is_empty() {
        return None;
    }
    let (_, sender) = parties(&message.from, &message.from_user_id);
    let cards =
        present(&message.contacts)
            .map(|card| {
                let asked = message.origin.is("contact_request") || card.origin.is("contact_request");
                ContactCard {
                    name: card.name.0.as_ref().and_then(|name| {
                        personal(&name.formatted_name).or_else(|| personal(&name.first_name))
                    }),
                    phones: present(&card.phones)
                        .filter_map(|phone| personal(&phone.wa_id).or_else(|| personal(&phone.phone)))
                        .collect(),
                    requested: asked && !names_another(card, sender.as_ref()),
                }
            })
            .collect();
    Some(InboundContent::Contacts { cards })
}

/// The card carries a BSUID that is not the sender's: somebody else's card.
fn names_another(card: &Card<'_>, sender: Option<&Bsuid>) -> bool {
    present(&card.phones)
        .filter_map(|phone| phone.user_id.get().and_then(Bsuid::parse))
        .any(|id| sender.is_some_and(|sender| *sender != id))
}

fn interactive(reply: &Interactive<'_>) -> Option<InboundContent> {
    let option = |reply: &wire::Reply<'_>, source| {
        let id = reply.id.owned()?;
        Some(InboundContent::Option { id, title: Pii::new(reply.title.owned().unwrap_or_default()), source })
    };
    match reply.kind.get()? {
        "button_reply" => option(reply.button_reply.0.as_ref()?, OptionSource::Button),
        "list_reply" => option(reply.list_reply.0.as_ref()?, OptionSource::List),
        "nfm_reply" => {
            let form = reply.nfm_reply.0.as_ref()?;
            let response = form.response_json.get().and_then(|json| serde_json::from_str(json).ok());
            Some(InboundContent::Form { name: form.name.owned(), response: response.unwrap_or_default() })
        }
        "call_permission_reply" => {
            let response = reply.call_permission_reply.0.as_ref()?.response.get()?;
            Some(InboundContent::CallPermission { response: label(response).into_owned() })
        }
        other => Some(InboundContent::Unknown { kind: format!("interactive/{}", label(other)) }),
    }
}

/// A template's quick reply. Without a payload its text is what the person chose.
fn button(message: &Message<'_>) -> Option<InboundContent> {
    let button = message.button.0.as_ref()?;
    let text = button.text.owned();
    let id = button.payload.owned().or_else(|| text.clone())?;
    Some(InboundContent::Option {
        id,
        title: Pii::new(text.unwrap_or_default()),
        source: OptionSource::Template,
    })
}

fn edit(edit: &wire::Edit<'_>) -> InboundContent {
    let message = edit.message.0.as_ref();
    let text = message.and_then(|message| message.text.0.as_ref()).and_then(|text| personal(&text.body));
    let caption = || {
        let message = message?;
        [&message.image, &message.video, &message.document]
            .into_iter()
            .find_map(|media| personal(&media.0.as_ref()?.caption))
    };
    InboundContent::Edit {
        original: edit.original_message_id.get().map(Wamid::new),
        body: text.or_else(caption),
    }
}

/// What an echo says, when it says anything: its text or caption.
pub fn words(message: &Message<'_>) -> Option<Pii<String>> {
    let text = message.text.0.as_ref().and_then(|text| personal(&text.body));
    text.or_else(|| {
        [&message.image, &message.video, &message.document]
            .into_iter()
            .find_map(|media| personal(&media.0.as_ref()?.caption))
    })
}

fn personal(text: &Text<'_>) -> Option<Pii<String>> {
    text.owned().map(Pii::new)
}

fn present<T>(list: &Many<Maybe<T>>) -> impl Iterator<Item = &T> {
    list.items.iter().filter_map(|item| item.0.as_ref())
}
