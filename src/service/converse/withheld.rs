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
    /// For the log: with the meaning, and no value that it was read from.
    pub recorded: Input,
    /// What the turn is run over instead of the input, so that nothing of the words gets into the session: the kept words,
    /// and the meaning as it was read. `None` for an answer to an identity question, which the turn needs as it came.
    pub worked: Option<Input>,
}

/// Texts so long may meet a limit of length, on the same side of which the kept words stay.
const LONG_CHARS: usize = 64;

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
    let kept = without_identity(text, known(candidates), asked).or(bare)?;
    let kept = Pii::new(as_long(kept, words.expose().chars().count()));
    let content = message.content.clone().worded(kept.clone());
    let message = InboundMessage { content, ..message.clone() };
    let with = |kept: Pii<String>, bare: bool| {
        let mut input = input.clone();
        if let Input::Message { said, .. } | Input::Late { said, .. } = &mut input {
            *said = said_as(said, kept, bare);
        }
        input
    };
    let recorded = with(kept.clone(), true);
    let worked = (!of_step.identity).then(|| with(kept, false));
    Some(Withheld { kind: InputKind::Message { message }, recorded, worked })
}

/// As long as the words were, so that no limit of length tells whether something was hidden.
fn as_long(kept: String, n_chars: usize) -> String {
    if n_chars < LONG_CHARS {
        return kept;
    }
    kept.chars().chain(std::iter::repeat('•')).take(n_chars).collect()
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

/// `bare`: without the values of the meaning.
fn said_as(said: &Said, words: Pii<String>, bare: bool) -> Said {
    let kept = |meaning: &Understanding| Box::new(if bare { meaning.withheld() } else { meaning.clone() });
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
