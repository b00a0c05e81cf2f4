//! What proves who somebody is serves the turn that compares it and is kept nowhere: neither in the log nor in the input.

use crate::domain::debt::Person;
use crate::domain::inbound::{InboundContent, InboundMessage};
use crate::domain::pii::Pii;
use crate::flow::input::{Input, Said};
use crate::ports::conversations::InputKind;
use crate::understand::withheld::{without_answer, without_documents};
use crate::understand::{Expectation, Understanding};

/// An input as it is kept.
pub(super) struct Withheld {
    pub kind: InputKind,
    pub input: Input,
}

/// `None` when the input may be kept as it is. `expects`: what was asked when it came.
pub(super) fn withheld(
    kind: &InputKind,
    input: &Input,
    expects: Expectation,
    candidates: &[Person],
) -> Option<Withheld> {
    let InputKind::Message { message } = kind else { return None };
    let (Input::Message { said, .. } | Input::Late { said, .. }) = input else { return None };
    let meaning = understanding(said);
    let letters = meaning.and_then(|meaning| meaning.digits.as_ref());
    let letters =
        letters.is_some_and(|digits| digits.expose().bytes().any(|byte| byte.is_ascii_alphabetic()));
    // An edited answer is no answer any more, and may come when the next question is open.
    let edited = matches!(message.content, InboundContent::Edit { .. });
    let asked = edited || matches!(expects, Expectation::DocumentLast4 | Expectation::BirthDayMonth);
    let words = message.content.words()?;
    let bare = asked.then(|| without_answer(words.expose(), letters)).flatten();
    let documents = candidates.iter().map(|person| person.document.expose().as_str());
    let text = bare.as_deref().unwrap_or_else(|| words.expose());
    let kept = Pii::new(without_documents(text, documents).or(bare)?);
    let content = message.content.clone().worded(kept.clone());
    let message = InboundMessage { content, ..message.clone() };
    let mut input = input.clone();
    if let Input::Message { said, .. } | Input::Late { said, .. } = &mut input {
        *said = said_as(said, kept);
    }
    Some(Withheld { kind: InputKind::Message { message }, input })
}

fn understanding(said: &Said) -> Option<&Understanding> {
    match said {
        Said::Text { understanding, .. } | Said::Media { understanding: Some(understanding), .. } => {
            Some(understanding)
        }
        Said::Media { .. }
        | Said::Option { .. }
        | Said::Location
        | Said::Contacts
        | Said::Form { .. }
        | Said::Unreadable
        | Said::Ignored { .. } => None,
    }
}

fn said_as(said: &Said, words: Pii<String>) -> Said {
    match said {
        Said::Text { understanding, .. } => {
            Said::Text { body: words, understanding: Box::new(understanding.withheld()) }
        }
        Said::Media { kind, media_id, voice, understanding, .. } => Said::Media {
            kind: *kind,
            media_id: media_id.clone(),
            voice: *voice,
            caption: Some(words),
            understanding: understanding.as_ref().map(|meaning| Box::new(meaning.withheld())),
        },
        Said::Option { .. }
        | Said::Location
        | Said::Contacts
        | Said::Form { .. }
        | Said::Unreadable
        | Said::Ignored { .. } => said.clone(),
    }
}
