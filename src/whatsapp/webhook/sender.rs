//! Who wrote, from fields that Meta fills in several ways (business-scoped user ids, 2026).
//!
//! A phone may be hidden, an id may be an empty string, and a BSUID may stand where a phone is documented. Phone
//! and BSUID are joined only when the same update gives both; a wrong join would show a debt to another person.

use super::scope::Scope;
use super::tolerant::Text;
use super::wire::{Contact, Message, System};
use crate::domain::identity::{Bsuid, WaId, WaIdentity};
use crate::domain::pii::Pii;

/// The sender of a message, as far as the payload tells.
#[derive(Default)]
pub struct Sender {
    pub identity: Option<WaIdentity>,
    pub name: Option<Pii<String>>,
    pub username: Option<Pii<String>>,
}

/// Reads a phone field and a BSUID field; each value is tested as a BSUID before it counts as a phone.
pub fn parties(phone: &Text<'_>, user_id: &Text<'_>) -> (Option<WaId>, Option<Bsuid>) {
    let in_phone = phone.get().and_then(Bsuid::parse);
    let bsuid = user_id.get().and_then(Bsuid::parse).or(in_phone);
    (phone.get().and_then(WaId::parse), bsuid)
}

pub fn identity(phone: &Text<'_>, user_id: &Text<'_>) -> Option<WaIdentity> {
    let (wa_id, bsuid) = parties(phone, user_id);
    WaIdentity::new(wa_id, bsuid)
}

/// The sender of `message`, completed from the contact that is surely the same person.
pub fn sender(message: &Message<'_>, scope: &Scope<'_>) -> Sender {
    let (mut wa_id, mut bsuid) = parties(&message.from, &message.from_user_id);
    let Some(contact) = contact_of(wa_id.as_ref(), bsuid.as_ref(), scope) else {
        return Sender { identity: WaIdentity::new(wa_id, bsuid), ..Sender::default() };
    };
    let (contact_wa_id, contact_bsuid) = parties(&contact.wa_id, &contact.user_id);
    wa_id = wa_id.or(contact_wa_id);
    bsuid = bsuid.or(contact_bsuid);
    let profile = contact.profile.0.as_ref();
    Sender {
        identity: WaIdentity::new(wa_id, bsuid),
        name: profile.and_then(|profile| profile.name.owned()).map(Pii::new),
        username: profile.and_then(|profile| profile.username.owned()).map(Pii::new),
    }
}

/// The contact that shares an id with the sender, or the only one there is; never one that contradicts the sender.
///
/// A sender with one id takes the only contact's other id when the value holds no second message, whose contact
/// it may be.
fn contact_of<'s, 'a>(
    wa_id: Option<&WaId>,
    bsuid: Option<&Bsuid>,
    scope: &'s Scope<'a>,
) -> Option<&'s Contact<'a>> {
    let nameless = wa_id.is_none() && bsuid.is_none();
    let only = scope.contacts.len() == 1 && (nameless || scope.n_messages == 1);
    scope.contacts.iter().find(|contact| {
        let (other_wa_id, other_bsuid) = parties(&contact.wa_id, &contact.user_id);
        let same_wa_id = wa_id.zip(other_wa_id.as_ref()).map(|(a, b)| a == b);
        let same_bsuid = bsuid.zip(other_bsuid.as_ref()).map(|(a, b)| a == b);
        let agrees = same_wa_id != Some(false) && same_bsuid != Some(false);
        agrees && (only || same_wa_id.is_some() || same_bsuid.is_some())
    })
}

/// The account before and after a `system` event.
pub fn change_of(message: &Message<'_>, system: &System<'_>) -> (Option<WaIdentity>, Option<WaIdentity>) {
    let (from_wa_id, from_bsuid) = parties(&message.from, &message.from_user_id);
    let new_phone = if system.wa_id.get().is_some() { &system.wa_id } else { &system.new_wa_id };
    let (mut new_wa_id, mut new_bsuid) = parties(new_phone, &system.user_id);
    let mut old_wa_id = from_wa_id;
    let mut old_bsuid = system.previous_user_id.get().and_then(Bsuid::parse);
    if let Some((old, new)) = system.body.get().and_then(ids_in_body) {
        old_wa_id = old_wa_id.or_else(|| WaId::parse(old));
        old_bsuid = old_bsuid.or_else(|| Bsuid::parse(old));
        new_wa_id = new_wa_id.or_else(|| WaId::parse(new));
        new_bsuid = new_bsuid.or_else(|| Bsuid::parse(new));
    }
    // `from_user_id` is the old id in most payloads; never take the new one for it.
    old_bsuid = old_bsuid.or(from_bsuid).filter(|old| new_bsuid.as_ref() != Some(old));
    old_wa_id = old_wa_id.filter(|old| new_wa_id.as_ref() != Some(old));
    (WaIdentity::new(old_wa_id, old_bsuid), WaIdentity::new(new_wa_id, new_bsuid))
}

/// Old and new id of `User NAME changed from OLD to NEW`; early payloads have them nowhere else.
///
/// Read from the end, because a name may hold the same words.
fn ids_in_body(body: &str) -> Option<(&str, &str)> {
    let (_, ids) = body.rsplit_once(" changed from ")?;
    let (old, new) = ids.split_once(" to ")?;
    // Direction marks are put around numbers.
    let trim = |text: &'_ str| {
        let start = text.find(|c: char| c.is_ascii_alphanumeric() || c == '+')?;
        let end = text.rfind(|c: char| c.is_ascii_alphanumeric())? + 1;
        (start < end).then_some((start, end))
    };
    let (old_at, new_at) = (trim(old)?, trim(new)?);
    Some((old.get(old_at.0..old_at.1)?, new.get(new_at.0..new_at.1)?))
}
