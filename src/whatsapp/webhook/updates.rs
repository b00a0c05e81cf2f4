//! Walks a `messages`-shaped value: messages, statuses, errors, preferences, echoes.

use super::Items;
use super::content::{content, words};
use super::scope::{Scope, instant, label, tells_no_time};
use super::sender::{change_of, identity, sender};
use super::tolerant::{Many, Maybe};
use super::wire::{self, Message, MetaError, Preference, Status, System, Value};
use crate::domain::ids::{PhoneNumberId, Wamid};
use crate::domain::inbound::{
    DeliveryStatus, EchoMessage, InboundContent, InboundMessage, PreferenceUpdate, StatusUpdate, SystemEvent,
    SystemKind, WebhookItem,
};
use crate::rules::secrets::MASK;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Longest `title` of an error that is repeated.
const TITLE_MAX: usize = 200;

/// Turns one raw update into an item, or says why not.
type Reader = fn(&Scope<'_>, &PhoneNumberId, &str) -> Result<WebhookItem, &'static str>;

/// Reads every list of `value`, in a fixed order: messages, statuses, echoes, preferences, errors.
pub fn read(scope: Scope<'_>, raw: &RawValue, items: &mut Items) {
    let Some(value) = object::<Value<'_>>(raw.get()) else {
        return items.push(scope.unknown("the value is not an object that we can read", raw.get()));
    };
    let mut scope = scope.with_value(&value.metadata, value.contacts, &value.errors);
    scope.n_messages = value.messages.items.len();
    let before = items.list.len();
    each(&scope, &value.messages, read_message, items);
    let explained = items.list.get(before..).unwrap_or_default().iter().any(is_without_body);
    each(&scope, &value.statuses, read_status, items);
    each(&scope, &value.message_echoes, read_echo, items);
    each(&scope, &value.user_preferences, read_preference, items);
    if !explained {
        read_errors(&scope, &value.errors, raw.get(), items);
    }
    if items.list.len() == before && !items.is_full() {
        items.push(scope.unknown("the value holds no update", raw.get()));
    }
}

/// Meta Business Agent answers in our place: its change is one alarm, and receipts still count.
pub fn read_standby(scope: Scope<'_>, raw: &RawValue, items: &mut Items) {
    let value = object::<Value<'_>>(raw.get()).unwrap_or_default();
    let scope = scope.with_value(&value.metadata, value.contacts, &value.errors);
    items.push(WebhookItem::Standby {
        phone_number_id: scope.phone_number_id.clone(),
        field: scope.field().to_owned(),
        digest: scope.digest(raw.get()),
    });
    each(&scope, &value.statuses, read_status, items);
}

fn each(scope: &Scope<'_>, list: &Many<&RawValue>, reader: Reader, items: &mut Items) {
    if list.misshapen {
        items.push(scope.unknown("a list of updates is not a list", ""));
    }
    for (index, raw) in list.items.iter().enumerate() {
        if items.is_full() {
            return items.skip(list.items.len() - index);
        }
        let read = scope.phone_number_id.as_ref().ok_or("metadata.phone_number_id is missing");
        let item = read.and_then(|phone_number_id| reader(scope, phone_number_id, raw.get()));
        items.push(item.unwrap_or_else(|reason| scope.unknown(reason, raw.get())));
    }
}

fn object<'a, T: Deserialize<'a>>(raw: &'a str) -> Option<T> {
    serde_json::from_str::<Maybe<T>>(raw).ok().and_then(|value| value.0)
}

fn read_message(
    scope: &Scope<'_>,
    phone_number_id: &PhoneNumberId,
    raw: &str,
) -> Result<WebhookItem, &'static str> {
    let message: Message<'_> = object(raw).ok_or("a message is not an object that we can read")?;
    let wamid = message.id.get().map(Wamid::new).ok_or("a message has no id")?;
    let untold = tells_no_time(&message.timestamp).then_some(InboundMessage::UNTOLD);
    let sent_at = instant(&message.timestamp).or(scope.time).or(untold);
    let sent_at = sent_at.ok_or("a message has no usable timestamp")?;
    let phone_number_id = phone_number_id.clone();
    if message.group_id.get().is_some() {
        // An answer there would show a debt to everybody in the group.
        return Err("a message of a group");
    }
    if message.kind.is("system") {
        let system = message.system.0.as_ref().ok_or("a system message has no body")?;
        let (old, new) = change_of(&message, system);
        let kind = system_kind(system);
        return Ok(WebhookItem::System(SystemEvent { phone_number_id, wamid, at: sent_at, kind, old, new }));
    }
    let sender = sender(&message, scope);
    let context = message.context.0.as_ref();
    Ok(WebhookItem::Message(InboundMessage {
        phone_number_id,
        wamid,
        from: sender.identity,
        profile_name: sender.name,
        username: sender.username,
        sent_at,
        content: content(&message, &scope.errors),
        context: context.and_then(|context| context.id.get()).map(Wamid::new),
        held_secret: scope.masked && raw.contains(MASK),
        untimely: false,
        forwarded: context.is_some_and(|context| context.forwarded.0 || context.frequently_forwarded.0),
    }))
}

fn system_kind(system: &System<'_>) -> SystemKind {
    match system.kind.get().unwrap_or_default() {
        "user_changed_number" | "customer_changed_number" => SystemKind::NumberChanged,
        "user_changed_user_id" => SystemKind::UserIdChanged,
        "customer_identity_changed" | "user_identity_changed" => SystemKind::IdentityChanged,
        _ => SystemKind::Other,
    }
}

fn read_status(
    _: &Scope<'_>,
    phone_number_id: &PhoneNumberId,
    raw: &str,
) -> Result<WebhookItem, &'static str> {
    let status: Status<'_> = object(raw).ok_or("a status is not an object that we can read")?;
    let name = status.status.get().ok_or("a status has no name")?;
    // A group's id looks like a phone.
    let to_group = status.recipient_type.is("group");
    Ok(WebhookItem::Status(StatusUpdate {
        phone_number_id: phone_number_id.clone(),
        wamid: status.id.get().map(Wamid::new).ok_or("a status has no id")?,
        status: delivery_status(name),
        at: instant(&status.timestamp).ok_or("a status has no usable timestamp")?,
        recipient: if to_group { None } else { identity(&status.recipient_id, &status.recipient_user_id) },
        callback_data: status.biz_opaque_callback_data.owned(),
        errors: wire::codes(&status.errors),
        pricing_category: status.pricing.0.and_then(|pricing| pricing.category.owned()),
    }))
}

fn delivery_status(name: &str) -> DeliveryStatus {
    match name {
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "read" => DeliveryStatus::Read,
        "played" => DeliveryStatus::Played,
        "failed" => DeliveryStatus::Failed,
        other => DeliveryStatus::Other(label(other).into_owned()),
    }
}

fn read_echo(
    scope: &Scope<'_>,
    phone_number_id: &PhoneNumberId,
    raw: &str,
) -> Result<WebhookItem, &'static str> {
    let echo: Message<'_> = object(raw).ok_or("an echo is not an object that we can read")?;
    Ok(WebhookItem::Echo(EchoMessage {
        phone_number_id: phone_number_id.clone(),
        wamid: echo.id.get().map(Wamid::new).ok_or("an echo has no id")?,
        to: identity(&echo.to, &echo.to_user_id),
        at: instant(&echo.timestamp).or(scope.time).ok_or("an echo has no usable timestamp")?,
        body: words(&echo),
    }))
}

fn read_preference(
    scope: &Scope<'_>,
    phone_number_id: &PhoneNumberId,
    raw: &str,
) -> Result<WebhookItem, &'static str> {
    let preference: Preference<'_> = object(raw).ok_or("a preference is not an object that we can read")?;
    let stop = match preference.value.get() {
        Some("stop") => true,
        Some("resume" | "signup") => false,
        _ => return Err("a preference says neither stop nor resume"),
    };
    Ok(WebhookItem::Preference(PreferenceUpdate {
        phone_number_id: phone_number_id.clone(),
        who: identity(&preference.wa_id, &preference.user_id),
        category: label(preference.category.get().unwrap_or_default()).into_owned(),
        stop,
        at: instant(&preference.timestamp).or(scope.time).ok_or("a preference has no usable timestamp")?,
    }))
}

/// `value.errors` that explain no message: the number or the account has trouble.
fn read_errors(scope: &Scope<'_>, errors: &Many<Maybe<MetaError<'_>>>, raw: &str, items: &mut Items) {
    for (index, error) in errors.items.iter().enumerate() {
        let Some((error, code)) = error.0.as_ref().and_then(|error| Some((error, error.code()?))) else {
            items.push(scope.unknown("an error has no code", raw));
            continue;
        };
        items.push(WebhookItem::Error {
            phone_number_id: scope.phone_number_id.clone(),
            code,
            title: error.title.get().unwrap_or_default().chars().take(TITLE_MAX).collect(),
            digest: scope.digest(&format!("{index}:{raw}")),
        });
    }
}

fn is_without_body(item: &WebhookItem) -> bool {
    match item {
        WebhookItem::Message(message) => matches!(
            message.content,
            InboundContent::Broken { .. } | InboundContent::Unavailable | InboundContent::Unsupported { .. }
        ),
        WebhookItem::Status(_)
        | WebhookItem::System(_)
        | WebhookItem::Preference(_)
        | WebhookItem::Echo(_)
        | WebhookItem::Account(_)
        | WebhookItem::Standby { .. }
        | WebhookItem::Error { .. }
        | WebhookItem::Unknown { .. } => false,
    }
}
