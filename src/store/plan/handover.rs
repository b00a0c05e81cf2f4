//! Numbers that their holder has left: whoever writes from one now is somebody else.

use crate::domain::inbound::{SystemEvent, SystemKind};
use crate::rules::phone_variants::candidates_of;
use crate::store::plan::turns::WrongNumberRow;

/// The contact points that a change of number makes wrong for everybody who has them on file, in all their spellings.
///
/// `held`: the number that the chat had until now, where the event does not name it.
pub(super) fn left(lender: &str, event: &SystemEvent, held: Option<&str>) -> Vec<WrongNumberRow> {
    let named = event.old.as_ref().and_then(|old| old.wa_id.as_ref()).map(|wa_id| wa_id.expose());
    let (SystemKind::NumberChanged, Some(old)) = (event.kind, named.or(held)) else { return Vec::new() };
    let numbers = candidates_of(old);
    let new = event.new.as_ref().and_then(|new| new.wa_id.as_ref()).map(|wa_id| wa_id.expose());
    // The same line in another spelling (Brazil's ninth digit) is nobody else's.
    if new.is_some_and(|new| candidates_of(new).iter().any(|number| numbers.contains(number))) {
        return Vec::new();
    }
    let row = |phone| WrongNumberRow { lender: lender.to_owned(), phone, person: None, at: event.at.0 };
    numbers.into_iter().map(row).collect()
}
