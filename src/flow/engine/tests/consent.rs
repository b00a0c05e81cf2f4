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
use std::path::Path;
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
        | Effect::Suspected { .. }
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

/// Sentences around a yes that make it none: what kind they are, and where the yes stands.
const FRAMES: [(&str, &[&str]); 9] = [
    (
        "condition",
        &[
            "si me rebajan {}",
            "{} si me rebajan",
            "{} siempre y cuando sea sin intereses",
            "{} con la condición de que no suba",
            "{} a menos que cobren más",
            "con tal de que no llamen {}",
            "{} pero sin intereses",
            "{} solo si es en diciembre",
            "{} se tirarem os juros",
            "se baixar {}",
            "{} desde que seja sem juros",
            "if you lower it {}",
            "{} as long as it is less",
            "{} unless it goes up",
            "only if it is less {}",
            "{} mientras no suba",
            "{} salvo los gastos",
            "{} menos la última",
        ],
    ),
    (
        "question",
        &[
            "¿{}?",
            "{}?",
            "¿y si digo {}",
            "será que {}",
            "qué pasa si {}",
            "cómo así que {}",
            "y {} para qué",
            "toca {} o qué",
            "por qué {}",
            "será que {} mesmo",
            "what if i say {}",
            "do i have to say {}",
            "e se eu disser {}",
            "cuándo {}",
            "quién dijo {}",
        ],
    ),
    (
        "negation",
        &[
            "no {}",
            "{} no",
            "que no {}",
            "nunca {}",
            "no he dicho {}",
            "yo no dije {}",
            "{} jamás",
            "tampoco {}",
            "no es {}",
            "ni {}",
            "não {}",
            "{} não",
            "nunca disse {}",
            "i did not say {}",
            "not {}",
            "{} not",
            "don't {}",
            "ya no {}",
            "sin {}",
            "nada de {}",
        ],
    ),
    (
        "correction",
        &[
            "{} no mentira",
            "{} mentiras",
            "{} digo no",
            "{} perdón no",
            "{} me equivoqué",
            "{} no espere",
            "{} mejor no",
            "{} mejor otra",
            "{} mejor el viernes",
            "{} quise decir que no",
            "{} me enganei",
            "{} quer dizer não",
            "{} wait no",
            "{} my mistake",
            "{} scratch that",
            "{} error",
            "{} corrijo",
            "{} olvídelo",
            "{} borre eso",
            "{} o sea no",
        ],
    ),
    (
        "irony",
        &[
            "{} cómo no",
            "ajá {}",
            "{} jajaja",
            "{} 🙄",
            "{} 😂",
            "{} y yo soy el papa",
            "{} sí cómo no",
            "uy {} qué ganga",
            "{} lol",
            "{} kkk",
            "{} rsrs",
            "{} 🤡",
            "{} 😒",
            "{} tan charros",
            "{} ni que fuera rico",
            "yeah right {}",
            "{} aham",
            "{}...",
            "{}…",
            "«{}» dicen",
        ],
    ),
    (
        "postponement",
        &[
            "{} mañana",
            "mañana {}",
            "{} cuando me paguen",
            "{} más tarde",
            "después {}",
            "déjeme pensarlo y {}",
            "en la quincena {}",
            "{} el otro mes",
            "{} luego",
            "ahorita {}",
            "{} en un rato",
            "{} amanhã",
            "depois {}",
            "later {}",
            "{} tomorrow",
            "{} todavía",
            "{} aún",
            "por ahora {}",
            "{} el lunes",
            "casi {}",
            "espere {}",
            "wait {}",
            "{} as soon as i can",
        ],
    ),
    (
        "doubt",
        &[
            "creo que {}",
            "tal vez {}",
            "{} creo",
            "de pronto {}",
            "{} supongo",
            "acho que {}",
            "maybe {}",
            "{} i guess",
            "no sé si {}",
            "{} o no",
            "puede que {}",
            "{} a ver",
            "más o menos {}",
            "medio {}",
            "quizás {}",
            "{} / no",
            "i think {}",
            "{} vamos a ver",
        ],
    ),
    (
        "somebody else's words",
        &[
            "mi hija dice que {}",
            "que diga {} me dijeron",
            "me obligan a decir {}",
            "usted dice {}",
            "ellos dijeron {}",
            "toca decir {}",
            "ahí dice {}",
            "el botón {}",
            "minha filha disse {}",
            "my wife says {}",
            "> {}",
            "({})",
            "{} firmado: su cobrador",
            "como {}",
        ],
    ),
    (
        "another matter",
        &[
            "{} 3",
            "{} 500 mil",
            "{} pero 6 cuotas",
            "{} otra",
            "{} ya pagué",
            "{} no puedo pagar",
            "{} quiero un asesor",
            "{} esa no",
            "{} la otra",
            "{} cambiar",
            "{} quiero saber la tasa",
            "{} ese valor está mal",
            "{} outra",
            "{} the other one",
            "{} 50%",
            "{} x fa menos",
        ],
    ),
];

/// Every phrase that says yes.
static YESES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/understanding/consent.tsv");
    let text = std::fs::read_to_string(file).unwrap();
    let yes = |line: &str| line.strip_prefix("yes\t").or(line.strip_prefix("assent\t")).map(str::to_owned);
    text.lines().filter_map(yes).collect()
});

/// A sentence with a yes in it that is no yes.
fn framed() -> impl Strategy<Value = (&'static str, String)> {
    let polite = || {
        prop::sample::select(vec![
            "",
            "",
            "",
            "gracias ",
            "buenas, ",
            "señorita ",
            "por favor ",
            "oi ",
            "please ",
        ])
    };
    (
        0..FRAMES.len(),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        polite(),
        polite(),
        any::<bool>(),
    )
        .prop_map(|(kind, frame, yes, before, after, loud)| {
            let (kind, frames) = FRAMES[kind];
            let said = frames[frame.index(frames.len())].replace("{}", &YESES[yes.index(YESES.len())]);
            let text = format!("{before}{said} {}", after.trim());
            (kind, if loud { text.to_uppercase() } else { text }.trim().to_owned())
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

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
    fn a_yes_inside_another_sentence_binds_nothing((kind, text) in framed()) {
        prop_assert!(recorded(&writes(&text)).is_none(), "{}: {} accepts", kind, text);
        // Broken into lines, as one message it is the same sentence.
        let broken = text.replacen(' ', "\n", 1);
        prop_assert!(recorded(&writes(&broken)).is_none(), "{}: {} accepts", kind, broken);
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

#[test]
fn words_in_quotation_marks_or_of_somebody_else_accept_nothing() {
    for text in
        ["aceptó", "Confirmó", "acepto\u{301}", "sí, aceptó", "‘sí’", "`acepto`", "sí, \"acepto\"", "'sí"]
    {
        assert!(recorded(&writes(text)).is_none(), "{text}");
    }
    // Our own words say «acepto»: who copies the marks too means it.
    for text in ["acepto", "ACEPTO", "Sí acepto", "*acepto*", "\"acepto\"", "“sí, acepto”", "«acepto»"]
    {
        assert!(recorded(&writes(text)).is_some(), "{text}");
    }
}
