//! Terms are accepted by a tap or a plain yes, and by nothing else, whatever the understanding stage believes.

use super::turns::{LIMITS, at, offer, resume_at, verified};
use super::{MOTOR, UNDERSTANDER, facts};
use crate::domain::assurance::Assurance;
use crate::domain::debt::Acceptance;
use crate::domain::ids::Wamid;
use crate::domain::inbound::MediaKind;
use crate::flow::effect::{Effect, Shown};
use crate::flow::engine::{expectation, open_options, step, typed_expectation};
use crate::flow::input::{Input, Said};
use crate::flow::state::{Session, Status, Turn};
use crate::flow::value::Value;
use crate::understand::intent::Intent;
use crate::understand::options::{OptionHow, OptionMatch};
use crate::understand::{Context, IntentGuess, IntentSource, Understanding};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// A chat in which the terms were just shown.
static AT_THE_TERMS: LazyLock<Session> = LazyLock::new(|| {
    let mut session = at(&MOTOR, "deuda", "confirmar");
    session.frames[0].vars.insert("oferta".to_owned(), offer());
    session.frames[0].vars.insert("deuda".to_owned(), Value::record([("id", Value::text("d1"))]));
    session.assurance = Assurance::Verificada;
    resume_at(session, &verified())
});

fn understood(text: &str) -> Box<Understanding> {
    let options = open_options(&MOTOR, &AT_THE_TERMS, &verified());
    let context = Context {
        today: facts().today,
        currency: facts().currency,
        expects: expectation(&MOTOR, &AT_THE_TERMS),
        typed: typed_expectation(&MOTOR, &AT_THE_TERMS),
        options: &options,
    };
    Box::new(UNDERSTANDER.understand(text, &context))
}

fn hears(said: Said) -> Turn {
    let input = Input::Message { wamid: Wamid::new("w"), said, held_secret: false };
    step(&MOTOR, AT_THE_TERMS.clone(), &input, &verified(), &LIMITS)
}

fn writes(text: &str) -> Turn {
    hears(Said::Text { body: text.to_owned().into(), understanding: understood(text) })
}

/// The evidence on which an agreement would be recorded.
fn recorded(turn: &Turn) -> Option<&Shown> {
    turn.effects.iter().find_map(|effect| match effect {
        Effect::RunAction(call) if call.action == "acuerdo.crear" => call.evidence.as_ref(),
        Effect::RunAction(_)
        | Effect::Send { .. }
        | Effect::SetTimer { .. }
        | Effect::OpenTicket { .. }
        | Effect::ForwardToAgent
        | Effect::CloseTicket { .. }
        | Effect::Assurance { .. }
        | Effect::Ended { .. }
        | Effect::Reservation { .. }
        | Effect::Fault { .. } => None,
    })
}

#[test]
fn a_plain_yes_is_recorded_with_its_very_words() {
    for text in ["sí", "Acepto!!", "si señorita, ACEPTO la propuesta 🙏", "👍🏽"] {
        let turn = writes(text);
        let shown = recorded(&turn).unwrap_or_else(|| panic!("{text} accepts nothing"));
        assert_eq!(shown.answer, Some(Acceptance::Words { text: text.to_owned().into() }));
        assert_eq!(shown.answered_by, Some(Wamid::new("w")));
        assert_eq!(shown.sha256, hex::encode(Sha256::digest(shown.rendered.expose().as_bytes())));
    }
}

#[test]
fn what_is_no_plain_yes_is_asked_again_or_taken_as_what_it_is() {
    for text in ["si me rebajan sí", "quiero saber la tasa", "sí?", "acepto mañana", "1", "acpto", "ni loco"]
    {
        let turn = writes(text);
        assert!(recorded(&turn).is_none(), "{text}");
        assert!(!matches!(turn.session.status, Status::Ended { .. }), "{text} ends the chat");
    }
}

#[test]
fn what_understanding_believes_beside_a_plain_yes_never_accepts() {
    let option = |how| Some(OptionMatch { id: "si".to_owned(), how });
    let affirm = IntentGuess { intent: Intent::Affirm, confidence_bps: 9_900, how: IntentSource::Phrase };
    let all = [
        Understanding { option: option(OptionHow::Exact), ..Understanding::default() },
        Understanding { option: option(OptionHow::Ordinal), ..Understanding::default() },
        Understanding { option: option(OptionHow::Typo), ..Understanding::default() },
        Understanding { yes_no: Some(true), ..Understanding::default() },
        Understanding { intent: Some(affirm), ..Understanding::default() },
        Understanding { normalised: "si acepto".to_owned(), ..Understanding::default() },
        Understanding { normalised: "1".to_owned(), ..Understanding::default() },
        Understanding { consent: Some("no".to_owned()), ..Understanding::default() },
        Understanding { consent: Some("nada".to_owned()), ..Understanding::default() },
    ];
    for understanding in all {
        let body = "lo que sea".to_owned().into();
        let turn = hears(Said::Text { body, understanding: Box::new(understanding.clone()) });
        assert!(recorded(&turn).is_none(), "{understanding:?}");
    }
}

#[test]
fn words_below_a_picture_and_titles_of_other_buttons_never_accept() {
    let picture = Said::Media {
        kind: MediaKind::Image,
        media_id: "m".to_owned(),
        voice: false,
        caption: Some("sí, acepto".to_owned().into()),
        understanding: Some(understood("sí, acepto")),
    };
    let template = Said::Option {
        id: "campaign-7".to_owned(),
        title: "Sí, acepto".to_owned().into(),
        understanding: understood("Sí, acepto"),
    };
    for said in [picture, template] {
        assert!(recorded(&hears(said.clone())).is_none(), "{said:?}");
    }
}

/// What makes any yes another message.
fn spoiler() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "no",
        "No",
        "nunca",
        "jamás",
        "pero",
        "si me ayudan",
        "cuando pueda",
        "mañana",
        "luego",
        "¿",
        "?",
        "…",
        "...",
        "mentiras",
        "creo",
        "tal vez",
        "🙄",
        "😂",
        "👎",
        "3",
        "500 mil",
        "no sé",
        "não",
        "mas",
        "se",
        "but",
        "if",
        "later",
        "not",
        "maybe",
        "qué",
        "cómo",
        "después",
        "todavía",
        "aún",
        "casi",
        "medio",
        "otra",
        "cambiar",
        "el viernes",
        "~",
        "(",
        "\"",
        "/",
        "xyz",
        "q",
        "ni",
        "sin intereses",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_word_more_than_a_yes_is_no_yes(
        yes in prop::collection::vec(prop::sample::select(vec![
            "sí", "acepto", "Sí, acepto", "de acuerdo", "dale", "ok", "señor", "gracias", "por favor", "👍", "🙏", "confirmo",
            "claro que sí", "listo", "sim", "aceito", "yes", "I accept", "hágale pues",
        ]), 1..5),
        spoiler in spoiler(),
        at in 0_usize..6,
        glue in prop::sample::select(vec![" ", ", ", "\n", ". ", "! "]),
    ) {
        let mut words = yes;
        words.insert(at.min(words.len()), spoiler);
        let text = words.join(glue);
        prop_assert!(recorded(&writes(&text)).is_none(), "{} accepts", text);
    }

    #[test]
    fn only_listed_words_accept(text in "[a-zñáéíóú ,.!?¿0-9👍🙏]{0,24}") {
        let turn = writes(&text);
        if let Some(shown) = recorded(&turn) {
            prop_assert!(understood(&text).consent.is_some());
            prop_assert!(!text.contains(['?', '¿']) && !text.contains(|c: char| c.is_ascii_digit()), "{}", text);
            prop_assert_eq!(&shown.answer, &Some(Acceptance::Words { text: text.into() }));
        }
    }
}
