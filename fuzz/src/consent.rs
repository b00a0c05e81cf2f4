//! An attack on terms: sentences with a yes and something that makes it none, and what must hold when terms are accepted.

use acuerdo::flow::catalogue::EffectClass;
use acuerdo::flow::check::names::CATALOGUE;
use acuerdo::flow::effect::Effect;
use acuerdo::flow::input::{Input, Said};
use acuerdo::flow::state::{Session, Status, Turn};
use arbitrary::{Result, Unstructured};

const YESES: &[&str] = &[
    "sí",
    "acepto",
    "sí, acepto",
    "confirmo",
    "de acuerdo",
    "dale",
    "listo",
    "ok",
    "claro que sí",
    "hágale pues",
    "sim",
    "aceito",
    "yes",
    "I accept",
    "👍",
    "gracias",
    "por favor",
    "señora",
];
/// Conditions, questions, negations, corrections, irony and delays. None of them is ever part of an acceptance.
const SPOILERS: &[&str] = &[
    "no",
    "nunca",
    "jamás",
    "tampoco",
    "não",
    "not",
    "never",
    "sin intereses",
    "pero",
    "mas",
    "but",
    "si me rebajan",
    "se baixar",
    "if",
    "unless",
    "a menos que",
    "siempre",
    "cuando",
    "quando",
    "when",
    "mañana",
    "amanhã",
    "tomorrow",
    "luego",
    "después",
    "later",
    "mentira",
    "me equivoqué",
    "me enganei",
    "my mistake",
    "mejor",
    "digo",
    "creo",
    "tal vez",
    "acho",
    "maybe",
    "cómo",
    "por qué",
    "cuál",
    "what",
    "how",
    "jaja",
    "kkk",
    "lol",
    "🙄",
    "😂",
    "👎",
    "🤡",
    "?",
    "¿",
    "...",
    "…",
    "3",
    "500 mil",
    "50%",
    "otra",
    "cambiar",
    "dice que",
    "x",
];

/// A yes among other words.
pub fn sentence(u: &mut Unstructured<'_>) -> Result<String> {
    let mut words = Vec::new();
    for _ in 0..u.int_in_range(1..=6_u8)? {
        words.push(if u.ratio(3, 5)? { *u.choose(YESES)? } else { *u.choose(SPOILERS)? });
    }
    Ok(words.join(u.choose(&[" ", ", ", "\n", ". ", "  "])?))
}

/// An action that binds follows only a tap or words without anything that spoils them.
/// An action whose outcome is awaited already is only asked for again.
pub fn judge(before: &Session, input: &Input, turn: &Turn) {
    let money =
        |name: &str| CATALOGUE.actions.get(name).is_some_and(|action| action.class == EffectClass::Money);
    let binds =
        turn.effects.iter().any(|effect| matches!(effect, Effect::RunAction(call) if money(&call.action)));
    let Input::Message { said, .. } = input else { return };
    if !binds || matches!(before.status, Status::AwaitingAction { .. }) {
        return;
    }
    match said {
        Said::Option { .. } => {}
        Said::Text { body, .. } => {
            let text = format!(" {} ", body.expose().to_lowercase().replace([',', '.', '!', '\n'], " "));
            let spoilt = SPOILERS.iter().find(|spoiler| {
                let signs = !spoiler.chars().all(char::is_alphanumeric) && spoiler.chars().count() == 1;
                if signs { text.contains(**spoiler) } else { text.contains(&format!(" {spoiler} ")) }
            });
            assert!(spoilt.is_none(), "`{}` accepts terms although it says {spoilt:?}", body.expose());
            assert!(
                !text.contains(|c: char| c.is_ascii_digit()),
                "`{}` accepts terms by a number",
                body.expose()
            );
        }
        other => panic!("terms are accepted by {other:?}"),
    }
}
