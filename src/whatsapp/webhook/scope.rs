//! What the updates of one change share: account, field, number, contacts.

use super::tolerant::{Many, Maybe, Text};
use super::wire::{self, Contact, Entry, MetaError};
use crate::domain::ids::PhoneNumberId;
use crate::domain::inbound::WebhookItem;
use crate::domain::time::Timestamp;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// Longest name of a field, type or event that we repeat; they become metric labels and log fields.
const LABEL_MAX: usize = 64;

/// Above this a timestamp is in milliseconds: as seconds it would be the year 5138.
const SECONDS_MAX: i64 = 100_000_000_000;

pub struct Scope<'a> {
    pub waba_id: &'a str,
    /// When Meta sent the notice; absent for `messages`.
    pub time: Option<Timestamp>,
    field: Cow<'a, str>,
    pub phone_number_id: Option<PhoneNumberId>,
    pub contacts: Vec<Contact<'a>>,
    /// Messages in the value; one contact beside several messages need not be about all of them.
    pub n_messages: usize,
    /// Codes of `value.errors`.
    pub errors: Vec<i64>,
    /// A secret was blotted out of the delivery.
    pub masked: bool,
}

impl<'a> Scope<'a> {
    /// For what stands in no entry.
    pub const fn outside() -> Self {
        Self {
            waba_id: "",
            time: None,
            field: Cow::Borrowed(""),
            phone_number_id: None,
            contacts: Vec::new(),
            n_messages: 0,
            errors: Vec::new(),
            masked: false,
        }
    }

    pub fn of_entry(entry: &'a Entry<'_>, field: Cow<'a, str>) -> Self {
        Self {
            waba_id: entry.id.get().unwrap_or_default(),
            time: instant(&entry.time),
            field,
            ..Self::outside()
        }
    }

    pub fn field(&self) -> &str {
        &self.field
    }

    /// Takes what `value` says about all its updates.
    pub fn with_value(
        mut self,
        metadata: &Maybe<wire::Metadata<'_>>,
        contacts: Many<Maybe<Contact<'a>>>,
        errors: &Many<Maybe<MetaError<'_>>>,
    ) -> Self {
        self.phone_number_id =
            metadata.0.as_ref().and_then(|data| data.phone_number_id.get()).map(PhoneNumberId::new);
        self.contacts = contacts.items.into_iter().filter_map(|contact| contact.0).collect();
        self.errors = wire::codes(errors);
        self
    }

    /// The update as received, hashed with account, field and time of the notice.
    pub fn digest(&self, raw: &str) -> String {
        let mut hash = Sha256::new();
        for part in [self.waba_id, self.field(), self.phone_number_id.as_ref().map_or("", |id| id.as_str())] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update(self.time.map_or(0, |at| at.0).to_be_bytes());
        hash.update(raw.as_bytes());
        let bytes = hash.finalize();
        hex::encode(bytes.get(..16).unwrap_or_default())
    }

    pub fn unknown(&self, reason: impl Into<String>, raw: &str) -> WebhookItem {
        WebhookItem::Unknown {
            phone_number_id: self.phone_number_id.clone(),
            field: self.field().to_owned(),
            reason: reason.into(),
            digest: self.digest(raw),
        }
    }
}

/// A timestamp as Meta writes it: a string or an integer, of Unix seconds or (seen live) milliseconds.
pub fn instant(text: &Text<'_>) -> Option<Timestamp> {
    let number: i64 = text.get()?.trim().parse().ok()?;
    match number {
        ..=0 => None,
        1..=SECONDS_MAX => Some(Timestamp(number.saturating_mul(1_000))),
        _ => Some(Timestamp(number)),
    }
}

/// Whether a timestamp is a number that is no time: zero or below.
pub fn tells_no_time(text: &Text<'_>) -> bool {
    text.get().and_then(|text| text.trim().parse::<i64>().ok()).is_some_and(|number| number <= 0)
}

/// A name of Meta's that is safe to repeat: short, and only of letters, digits and `_ . / -`.
pub fn label(name: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
    if name.len() <= LABEL_MAX && name.chars().all(plain) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.chars().take(LABEL_MAX).map(|c| if plain(c) { c } else { '?' }).collect())
}
