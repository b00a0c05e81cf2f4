//! What proves who somebody is serves the turn that compares it and is kept nowhere: neither in the log nor in the input.

use crate::domain::debt::Person;
use crate::domain::inbound::{InboundContent, InboundMessage};
use crate::domain::pii::Pii;
use crate::flow::input::{Input, Said};
use crate::ports::conversations::InputKind;
use crate::understand::Understanding;
use crate::understand::withheld::{Asked, Known, without_answer, without_identity};

/// An input as it is kept.
pub(super) struct Withheld {
    pub kind: InputKind,
    pub input: Input,
    /// It answers an identity question: the turn needs it as it came. Any other is worked with as it is kept, so that
    /// nothing of what is withheld gets into the session.
    pub compared: bool,
}

/// What proves who the candidates are.
pub(super) fn known(candidates: &[Person]) -> impl Iterator<Item = Known<'_>> {
    candidates.iter().map(|person| Known {
        document: person.document.expose(),
        birth_date: person.birth_date.as_ref().map(|birth| *birth.expose()),
    })
}

/// `None` when the input may be kept as it is. `of_step`: what was asked when it came.
pub(super) fn withheld(
    kind: &InputKind,
    input: &Input,
    of_step: Asked,
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
    let asked = Asked { identity: edited || of_step.identity, ..of_step };
    let words = message.content.words()?;
    let bare = asked.identity.then(|| without_answer(words.expose(), letters)).flatten();
    let text = bare.as_deref().unwrap_or_else(|| words.expose());
    let kept = Pii::new(without_identity(text, known(candidates), asked).or(bare)?);
    let content = message.content.clone().worded(kept.clone());
    let message = InboundMessage { content, ..message.clone() };
    let mut input = input.clone();
    if let Input::Message { said, .. } | Input::Late { said, .. } = &mut input {
        *said = said_as(said, kept, of_step.identity);
    }
    Some(Withheld { kind: InputKind::Message { message }, input, compared: of_step.identity })
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

/// `compared`: the meaning holds an answer. Else it was read of the bare words, and tells nothing of them.
fn said_as(said: &Said, words: Pii<String>, compared: bool) -> Said {
    let kept =
        |meaning: &Understanding| Box::new(if compared { meaning.withheld() } else { meaning.clone() });
    match said {
        Said::Text { understanding, .. } => Said::Text { body: words, understanding: kept(understanding) },
        Said::Media { kind, media_id, voice, understanding, .. } => Said::Media {
            kind: *kind,
            media_id: media_id.clone(),
            voice: *voice,
            caption: Some(words),
            understanding: understanding.as_ref().map(|meaning| kept(meaning)),
        },
        Said::Option { .. }
        | Said::Location
        | Said::Contacts
        | Said::Form { .. }
        | Said::Unreadable
        | Said::Ignored { .. } => said.clone(),
    }
}
