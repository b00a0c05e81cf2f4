//! What a person does on the phone, turned into webhooks.

use crate::domain::time::Timestamp;
use crate::http::simulator::Simulator;
use crate::http::simulator::chats::{Chat, Phone};
use crate::http::simulator::content::{Bubble, Content, OfferedBy, Ticks};
use crate::http::simulator::delivery::{Delivery, Parcel, QUEUE_MAX, QueueFull, pace};
use crate::http::simulator::page::PageEvent;
use crate::http::simulator::samples::{self, SampleName};
use crate::http::simulator::webhook::{self, Recipient, StatusNews};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// WhatsApp's own limit of a text message.
const TEXT_CHARS_MAX: usize = 4_096;
/// The longest emoji sequences have about a dozen characters.
const EMOJI_CHARS_MAX: usize = 16;
/// Half of the queue; the rest is told the next time that the person looks.
const READ_AT_ONCE_MAX: usize = QUEUE_MAX / 2;

/// One action, and how its webhook is delivered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    pub what: What,
    /// The webhook names the BSUID only, as for a person with a username.
    #[serde(default)]
    pub hide_phone: bool,
    /// The same webhook arrives twice.
    #[serde(default)]
    pub duplicate: bool,
    /// The webhook arrives some seconds late, with its original time.
    #[serde(default)]
    pub late: bool,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum What {
    Text {
        body: String,
        reply_to: Option<String>,
    },
    /// A reply button, list row or quick reply of the message `wamid`.
    Option {
        wamid: String,
        option: String,
    },
    Media {
        sample: SampleName,
    },
    Location,
    Contact,
    /// An empty or absent emoji removes it.
    Reaction {
        wamid: String,
        emoji: Option<String>,
    },
    Delete {
        wamid: String,
    },
    /// The same account on another number.
    ChangeNumber,
    /// The webhook of an earlier message, once more.
    Again {
        wamid: String,
    },
}

#[derive(Debug, thiserror::Error)]
pub(super) enum PersonError {
    #[error("no such chat: choose a person of the list again")]
    UnknownChat,
    #[error("no such message in this chat")]
    UnknownMessage,
    #[error("the message does not offer this option")]
    NotOffered,
    #[error("the text must have 1 to {TEXT_CHARS_MAX} characters")]
    Text,
    #[error("the simulator's queue is full: wait for the application to answer")]
    Busy,
}

impl PersonError {
    pub(super) const fn code(&self) -> &'static str {
        match self {
            Self::UnknownChat => "unknown_chat",
            Self::UnknownMessage => "unknown_message",
            Self::NotOffered => "option_not_offered",
            Self::Text => "text_length",
            Self::Busy => "queue_full",
        }
    }
}

impl From<QueueFull> for PersonError {
    fn from(_: QueueFull) -> Self {
        Self::Busy
    }
}

/// A webhook ready to be posted, and the bubble that it belongs to.
struct Prepared {
    wamid: String,
    title: String,
    body: Value,
}

impl Simulator {
    /// The chat exists afterwards, when `id` is a debtor's or an open stranger's.
    pub(super) async fn ensure_chat(&self, id: &str) -> Result<(), PersonError> {
        if self.chats().get(id).is_some() {
            return Ok(());
        }
        let card = self.source.debtors().await.into_iter().find(|card| card.id == id);
        let card = card.ok_or(PersonError::UnknownChat)?;
        let phone = Phone::of(&card);
        let now = self.now();
        let mut chats = self.chats();
        if chats.get(id).is_none() {
            chats.insert(Chat::new(id.to_owned(), Some(card.id), card.name, phone, now));
        }
        Ok(())
    }

    /// Does `said` on the phone of chat `id`; gives the wamid of its webhook.
    pub(super) fn say(&self, id: &str, said: Said) -> Result<String, PersonError> {
        let room = self.room(if said.duplicate { 2 } else { 1 })?;
        let Prepared { wamid, title, body } = self.prepare(id, &said)?;
        let due = Instant::now() + if said.late { pace::LATE } else { Duration::ZERO };
        for (copy, place) in room.enumerate() {
            let title = if copy == 0 { title.clone() } else { format!("{title} · duplicado") };
            let parcel = Parcel::Message { wamid: wamid.clone(), title, body: body.clone() };
            place.send(Delivery { due, chat: id.to_owned(), parcel });
        }
        self.tell_summary(id);
        Ok(wamid)
    }

    fn prepare(&self, id: &str, said: &Said) -> Result<Prepared, PersonError> {
        let now = self.now();
        let mut chats = self.chats();
        let wamid = chats.next_wamid();
        let new_number = chats.fresh_number();
        let chat = chats.get_mut(id).ok_or(PersonError::UnknownChat)?;
        chat.phone.hidden = said.hide_phone || chat.phone.wa_id.is_empty();
        if let What::ChangeNumber = said.what {
            let (old, prepared) = self.move_account(chat, new_number, (&wamid, now));
            chats.retire(&old);
            return Ok(prepared);
        }
        if let What::Again { wamid } = &said.what {
            let bubble =
                chat.bubble(wamid).filter(|bubble| bubble.mine).ok_or(PersonError::UnknownMessage)?;
            let body = bubble.webhook.clone().ok_or(PersonError::UnknownMessage)?;
            return Ok(Prepared { wamid: wamid.clone(), title: "messages · duplicado".to_owned(), body });
        }
        let (kind, message) = self.message(chat, &said.what, (&wamid, now))?;
        let body = webhook::with_message(&self.business(), &chat.phone, &chat.name, message);
        if let Some(bubble) = chat.bubble_mut(&wamid) {
            bubble.webhook = Some(body.clone());
        }
        chat.last_inbound = Some(now);
        let shown = chat.bubble(&wamid).cloned();
        drop(chats);
        if let Some(bubble) = shown {
            self.tell(PageEvent::Bubble { chat: id.to_owned(), bubble: Box::new(bubble) });
        }
        Ok(Prepared { wamid, title: format!("messages · {kind}"), body })
    }

    /// Puts the bubble on the phone and builds the webhook's message.
    fn message(
        &self,
        chat: &mut Chat,
        what: &What,
        (wamid, now): (&str, Timestamp),
    ) -> Result<(&'static str, Map<String, Value>), PersonError> {
        let phone = chat.phone.clone();
        let build =
            |kind: &'static str, body: Value| (kind, webhook::message(&phone, wamid, now, kind, body));
        match what {
            What::Text { body, reply_to } => {
                let body = checked_text(body)?;
                let mut built = build("text", json!({ "body": body }));
                if let Some(answered) = reply_to {
                    let answered = chat.bubble(answered).ok_or(PersonError::UnknownMessage)?;
                    built.1.insert("context".to_owned(), self.context(answered, &phone));
                }
                chat.push(own(wamid, now, Content::Text { body }, reply_to.clone()));
                Ok(built)
            }
            What::Option { wamid: offered_in, option } => {
                self.choose(chat, (offered_in, option), (wamid, now))
            }
            What::Media { sample } => {
                let sample = samples::by_name(*sample);
                let (kind, body) = sample.webhook_body(&self.config.base_url);
                chat.push(own(wamid, now, sample.content(), None));
                Ok(build(kind, body))
            }
            What::Location => {
                chat.push(own(wamid, now, sample_location(), None));
                Ok(build(
                    "location",
                    json!({"latitude": 4.598_1, "longitude": -74.075_8, "name": "Plaza de Bolívar", "address": "Bogotá"}),
                ))
            }
            What::Contact => {
                chat.push(own(wamid, now, sample_contact(), None));
                Ok(build(
                    "contacts",
                    json!([{"name": {"formatted_name": "Marta Rojas", "first_name": "Marta"},
                            "phones": [{"phone": "+57 310 555 0199", "wa_id": "573105550199", "type": "CELL"}]}]),
                ))
            }
            What::Reaction { wamid: target, emoji } => {
                let emoji = emoji.clone().filter(|e| !e.is_empty() && e.chars().count() <= EMOJI_CHARS_MAX);
                let bubble = chat.bubble_mut(target).ok_or(PersonError::UnknownMessage)?;
                bubble.reaction_mine.clone_from(&emoji);
                let changed = Box::new(bubble.clone());
                self.tell(PageEvent::Bubble { chat: chat.id.clone(), bubble: changed });
                let mut body = json!({ "message_id": target });
                if let Some(emoji) = emoji {
                    body["emoji"] = json!(emoji);
                }
                Ok(build("reaction", body))
            }
            What::Delete { wamid: target } => {
                let bubble = chat.bubble_mut(target).filter(|bubble| bubble.mine);
                let bubble = bubble.ok_or(PersonError::UnknownMessage)?;
                bubble.deleted = true;
                let changed = Box::new(bubble.clone());
                self.tell(PageEvent::Bubble { chat: chat.id.clone(), bubble: changed });
                Ok(build("revoke", json!({ "original_message_id": target })))
            }
            What::ChangeNumber | What::Again { .. } => Err(PersonError::UnknownMessage),
        }
    }

    /// A tap on an option, in the shape that belongs to where it was shown.
    fn choose(
        &self,
        chat: &mut Chat,
        (offered_in, option): (&str, &str),
        (wamid, now): (&str, Timestamp),
    ) -> Result<(&'static str, Map<String, Value>), PersonError> {
        let bubble =
            chat.bubble(offered_in).filter(|bubble| !bubble.mine).ok_or(PersonError::UnknownMessage)?;
        let (source, chosen) = bubble.content.option(option).ok_or(PersonError::NotOffered)?;
        let (id, title, description) = (&chosen.id, &chosen.title, &chosen.description);
        let (kind, body) = match source {
            OfferedBy::Button => {
                ("interactive", json!({"type": "button_reply", "button_reply": {"id": id, "title": title}}))
            }
            OfferedBy::List => {
                let mut reply = json!({"id": id, "title": title});
                if let Some(description) = description {
                    reply["description"] = json!(description);
                }
                ("interactive", json!({"type": "list_reply", "list_reply": reply}))
            }
            OfferedBy::Template => ("button", json!({"payload": id, "text": title})),
        };
        let mut message = webhook::message(&chat.phone, wamid, now, kind, body);
        message.insert("context".to_owned(), self.context(bubble, &chat.phone));
        let mut text = title.clone();
        if let Some(description) = description {
            text.push('\n');
            text.push_str(description);
        }
        chat.push(own(wamid, now, Content::Text { body: text }, Some(offered_in.to_owned())));
        if let Some(bubble) = chat.bubble_mut(offered_in) {
            bubble.chosen = Some(option.to_owned());
            let changed = Box::new(bubble.clone());
            self.tell(PageEvent::Bubble { chat: chat.id.clone(), bubble: changed });
        }
        Ok((kind, message))
    }

    fn move_account(
        &self,
        chat: &mut Chat,
        number: String,
        (wamid, now): (&str, Timestamp),
    ) -> (Phone, Prepared) {
        let mut new = Phone::numbered(number);
        new.hidden = chat.phone.hidden;
        let old = std::mem::replace(&mut chat.phone, new.clone());
        let body = webhook::with_moved_account(&self.business(), (&old, &new), &chat.name, (wamid, now));
        let notice = Content::Notice { body: "Cambió de número de WhatsApp.".to_owned() };
        let bubble = own(wamid, now, notice, None);
        chat.push(bubble.clone());
        self.tell(PageEvent::Bubble { chat: chat.id.clone(), bubble: Box::new(bubble) });
        (old, Prepared { wamid: wamid.to_owned(), title: "messages · system".to_owned(), body })
    }

    /// `from` is who wrote the answered message.
    fn context(&self, answered: &Bubble, phone: &Phone) -> Value {
        let from = if answered.mine { &phone.wa_id } else { &self.config.display_number };
        json!({"from": from, "id": answered.wamid})
    }

    /// The person sees what has arrived.
    pub(super) fn read(&self, id: &str) -> Result<(), PersonError> {
        let now = self.now();
        let due = Instant::now() + pace::READ;
        let told = self.with_chat(id, |chat| {
            let phone = chat.phone.clone();
            let unread = chat.bubbles.iter_mut().filter(|bubble| !bubble.mine && !bubble.read_announced);
            let unread: Vec<&mut Bubble> = unread.take(READ_AT_ONCE_MAX).collect();
            let room = self.room(unread.len())?;
            for (bubble, place) in unread.into_iter().zip(room) {
                bubble.read_announced = true;
                let parcel = Parcel::Status(read_news(bubble, &phone, now));
                place.send(Delivery { due, chat: id.to_owned(), parcel });
            }
            chat.unread = 0;
            Ok::<(), QueueFull>(())
        });
        told.ok_or(PersonError::UnknownChat)??;
        self.tell_summary(id);
        Ok(())
    }
}

fn read_news(bubble: &Bubble, phone: &Phone, at: Timestamp) -> StatusNews {
    StatusNews {
        wamid: bubble.wamid.clone(),
        status: "read",
        at,
        recipient: Recipient {
            wa_id: (!phone.hidden).then(|| phone.wa_id.clone()),
            bsuid: Some(phone.bsuid.clone()),
        },
        callback_data: bubble.callback_data.clone(),
        template: matches!(bubble.content, Content::Template(_)),
        error: None,
    }
}

fn own(wamid: &str, at: Timestamp, content: Content, reply_to: Option<String>) -> Bubble {
    Bubble {
        wamid: wamid.to_owned(),
        mine: true,
        at,
        state: Ticks::Pending,
        content,
        reply_to,
        reaction_mine: None,
        reaction_theirs: None,
        deleted: false,
        failure: None,
        chosen: None,
        read_announced: false,
        callback_data: None,
        webhook: None,
    }
}

fn checked_text(body: &str) -> Result<String, PersonError> {
    let body = body.trim();
    let valid = !body.is_empty() && body.chars().count() <= TEXT_CHARS_MAX;
    if valid { Ok(body.to_owned()) } else { Err(PersonError::Text) }
}

fn sample_location() -> Content {
    Content::Location {
        latitude: "4.5981".to_owned(),
        longitude: "-74.0758".to_owned(),
        name: Some("Plaza de Bolívar".to_owned()),
        address: Some("Bogotá".to_owned()),
    }
}

fn sample_contact() -> Content {
    Content::Contacts { names: vec!["Marta Rojas".to_owned()], phones: vec!["+57 310 555 0199".to_owned()] }
}
