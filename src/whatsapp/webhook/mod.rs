//! Reads a webhook delivery into its updates; pure, and the only way in for Meta's JSON.
//!
//! One POST carries up to 1 000 updates of several numbers. Each is parsed on its own: an update that is broken,
//! unknown or absurd becomes [`WebhookItem::Unknown`] and spoils no neighbour, and nothing is dropped in silence.
//! The caller keeps the raw body. Verify the signature before calling (see [`crate::whatsapp::signature`]).

mod account;
mod content;
mod masking;
mod repair;
mod scope;
mod sender;
mod tolerant;
mod updates;
mod wire;

use crate::domain::inbound::WebhookItem;
use scope::Scope;
use std::borrow::Cow;

/// Updates taken from one delivery. Meta sends at most 1 000; those beyond the limit are counted in one
/// [`WebhookItem::Unknown`] and stay in the raw body.
pub const ITEMS_MAX: usize = 10_000;

/// Why a body is no delivery at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("the body is not JSON: it breaks at line {line}, column {column}")]
    NotJson { line: usize, column: usize },
    #[error("the body is JSON but no webhook delivery: it has no list `entry`")]
    NotADelivery,
}

/// A delivery as it may be kept, and what it says.
#[derive(Debug)]
pub struct Read {
    /// The bytes as received, with [`crate::rules::secrets::MASK`] in place of each secret and without the words of
    /// messages that were read: those are kept once, in the message.
    pub body: Vec<u8>,
    pub items: Result<Vec<WebhookItem>, ParseError>,
    /// Places that were blotted out.
    pub n_masked: u32,
}

/// Blots out what nobody may keep, and reads the rest: the way of every delivery that came in by the door.
pub fn read(body: &[u8]) -> Read {
    let (masked, n_masked) = masking::json(body);
    let items = items_of(&masked, n_masked > 0);
    if !matches!(items, Err(ParseError::NotJson { .. })) {
        let words = items.iter().flatten().filter_map(words).collect();
        return Read { body: masking::without(&masked, &words).into_owned(), items, n_masked };
    }
    let (masked, more) = masking::text(&masked);
    Read { body: masked.into_owned(), items, n_masked: n_masked.saturating_add(more) }
}

/// What a person wrote, where it was read.
fn words(item: &WebhookItem) -> Option<&str> {
    let WebhookItem::Message(message) = item else { return None };
    message.content.words().map(|words| words.expose().as_str())
}

/// Reads all updates of a delivery, in the order in which they stand, with whatever they hold.
pub fn parse(body: &[u8]) -> Result<Vec<WebhookItem>, ParseError> {
    items_of(body, false)
}

/// `masked`: whether a secret was blotted out of it.
fn items_of(body: &[u8], masked: bool) -> Result<Vec<WebhookItem>, ParseError> {
    let text = String::from_utf8_lossy(body);
    let text = repair::lone_surrogates(&text);
    let envelope: wire::Envelope<'_> = serde_json::from_str(&text).map_err(|error| classify(&error))?;
    let entries = envelope.entry.filter(|list| !list.misshapen).ok_or(ParseError::NotADelivery)?;
    let mut items = Items::default();
    if !envelope.object.is("whatsapp_business_account") {
        let object = envelope.object.get().unwrap_or_default();
        let reason = format!("object `{}` is not whatsapp_business_account", scope::label(object));
        items.push(Scope::outside().unknown(reason, &text));
        return Ok(items.list);
    }
    for entry in &entries.items {
        match &entry.0 {
            Some(entry) => read_entry(entry, masked, &mut items),
            None => items.push(Scope::outside().unknown("an entry is not an object", &text)),
        }
    }
    Ok(items.finish(&text))
}

fn classify(error: &serde_json::Error) -> ParseError {
    if error.is_data() {
        ParseError::NotADelivery
    } else {
        ParseError::NotJson { line: error.line(), column: error.column() }
    }
}

fn read_entry(entry: &wire::Entry<'_>, masked: bool, items: &mut Items) {
    let outside = Scope::of_entry(entry, Cow::Borrowed(""));
    if entry.changes.items.is_empty() {
        items.push(outside.unknown("an entry has no changes", entry.time.get().unwrap_or_default()));
    }
    for change in &entry.changes.items {
        let Some(change) = &change.0 else {
            items.push(outside.unknown("a change is not an object", ""));
            continue;
        };
        let field = scope::label(change.field.get().unwrap_or_default());
        let mut scope = Scope::of_entry(entry, field);
        scope.masked = masked;
        let Some(value) = change.value else {
            items.push(scope.unknown("the change has no value", ""));
            continue;
        };
        match scope.field() {
            "messages" | "user_preferences" | "smb_message_echoes" => updates::read(scope, value, items),
            "standby" | "messaging_handovers" => updates::read_standby(scope, value, items),
            field if account::is_account_field(field) => items.push(account::event(&scope, value)),
            _ => items.push(scope.unknown("this field is not used", value.get())),
        }
    }
}

/// The growing list, within [`ITEMS_MAX`].
#[derive(Default)]
struct Items {
    list: Vec<WebhookItem>,
    beyond: usize,
}

impl Items {
    fn push(&mut self, item: WebhookItem) {
        if self.list.len() < ITEMS_MAX {
            self.list.push(item);
        } else {
            self.beyond += 1;
        }
    }

    fn is_full(&self) -> bool {
        self.list.len() >= ITEMS_MAX
    }

    /// Counts updates that are not even read.
    fn skip(&mut self, n_updates: usize) {
        self.beyond += n_updates;
    }

    fn finish(mut self, text: &str) -> Vec<WebhookItem> {
        if self.beyond > 0 {
            let reason = format!("{} updates beyond the limit of {ITEMS_MAX} were not read", self.beyond);
            self.list.push(Scope::outside().unknown(reason, text));
        } else if self.list.is_empty() {
            self.list.push(Scope::outside().unknown("the delivery holds no update", text));
        }
        self.list
    }
}

#[cfg(test)]
mod tests;
