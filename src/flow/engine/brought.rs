//! What a message brings besides its meaning, for the flow of the interrupt that takes it.

use crate::domain::debt::Acceptance;
use crate::domain::inbound::MediaKind;
use crate::flow::input::Said;
use crate::flow::value::{Type, Value};
use crate::understand::Understanding;
use crate::understand::phrases::has_negation;
use crate::understand::rights::{asks_for_silence, right_named};

/// The past day that it names: "ya pagué ayer".
const PAST_DATE_VAR: &str = "fecha_dicha";
/// The amount that it names: "quiero pagar 80 lucas".
const AMOUNT_VAR: &str = "monto_dicho";
/// The picture or document above its words.
const MEDIA_VAR: &str = "adjunto";
/// The right over their own data that the person names: "borren mis datos".
const RIGHT_VAR: &str = "derecho_dicho";
/// Set when the message also asks not to be written to any more.
const SILENCE_VAR: &str = "baja_dicha";

/// Variables of an interrupt's flow that get what the message brings, with the type of each.
pub(crate) const BROUGHT_VARS: [(&str, Type); 5] = [
    (PAST_DATE_VAR, Type::Date),
    (AMOUNT_VAR, Type::Money),
    (MEDIA_VAR, Type::Text),
    (RIGHT_VAR, Type::Text),
    (SILENCE_VAR, Type::Text),
];

/// What this message brings. An amount beside a negation is none: "no puedo pagar 400 mil" offers nothing.
pub(super) fn brought(said: &Said, meaning: Option<&Understanding>) -> Vec<(&'static str, Value)> {
    let day = meaning.and_then(|meaning| meaning.past_date).map(Value::Date);
    let plain = meaning.filter(|meaning| !has_negation(&meaning.normalised));
    let amount = plain.and_then(|meaning| meaning.amount).map(Value::Money);
    let media = match said {
        Said::Media { kind: MediaKind::Image | MediaKind::Document, media_id, .. } => {
            Some(Value::text(media_id.as_str()))
        }
        Said::Media { kind: MediaKind::Audio | MediaKind::Video | MediaKind::Sticker, .. }
        | Said::Text { .. }
        | Said::Option { .. }
        | Said::Location
        | Said::Contacts
        | Said::Form { .. }
        | Said::Unreadable
        | Said::Ignored { .. } => None,
    };
    let words = meaning.map_or("", |meaning| meaning.normalised.as_str());
    let right = right_named(words).map(|right| Value::text(right.name()));
    let silence = asks_for_silence(words).then(|| Value::text("si"));
    let all = [
        (PAST_DATE_VAR, day),
        (AMOUNT_VAR, amount),
        (MEDIA_VAR, media),
        (RIGHT_VAR, right),
        (SILENCE_VAR, silence),
    ];
    all.into_iter().filter_map(|(var, value)| Some((var, value?))).collect()
}

/// What the evidence keeps of a message that accepts terms.
pub(super) fn acceptance(said: &Said) -> Option<Acceptance> {
    match said {
        Said::Text { body, .. } => Some(Acceptance::Words { text: body.clone() }),
        Said::Option { title, .. } => Some(Acceptance::Tap { title: title.clone() }),
        Said::Media { .. }
        | Said::Location
        | Said::Contacts
        | Said::Form { .. }
        | Said::Unreadable
        | Said::Ignored { .. } => None,
    }
}
