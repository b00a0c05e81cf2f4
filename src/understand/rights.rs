//! Which right over their own data a person names, by the words of the message.
//!
//! A right that is denied is none: «no quiero que borren mis datos, solo verlos» asks for access. What is denied reaches
//! to the end of its clause, which the words alone tell, because commas are rare in chats.

mod denied;

#[cfg(test)]
mod tests;

use crate::rules::data_rights::DataRight;
use denied::{DENIES, standing};

/// Beginnings of words that name a right, the graver first. Words are those of [`crate::understand::Understanding`].
const NAMED: [(DataRight, &[&str]); 4] = [
    (DataRight::Revocation, &["revoc", "revog", "revoke", "revoking", "withdraw", "opon", "opus"]),
    (
        DataRight::Erasure,
        &[
            "borr", "elimin", "suprim", "supres", "destru", "apag", "exclu", "delet", "erase", "erasing",
            "remov", "wipe", "wiping", "saqu", "saca", "quit", "cancel",
        ],
    ),
    (
        DataRight::Correction,
        &[
            "corrij",
            "correg",
            "correc",
            "corrig",
            "rectif",
            "actualiz",
            "actualic",
            "atualiz",
            "arregl",
            "errad",
            "incorrect",
            "equivocad",
            "wrong",
            "fix",
            "update",
            "updating",
            "change",
            "cambi",
            "mal",
            "misspel",
        ],
    ),
    (
        DataRight::Access,
        &[
            "copia",
            "copy",
            "acces",
            "acess",
            "tienen",
            "tiene",
            "guardan",
            "manejan",
            "tem",
            "possuem",
            "hold",
            "keep",
            "have",
            "consultar",
            "conocer",
            "ver",
            "see",
        ],
    ),
];

/// Words of the permission itself.
const PERMISSION: [&str; 14] = [
    "passou",
    "pasaron",
    "paso",
    "dio",
    "gave",
    "autoriz",
    "consentim",
    "permiso",
    "permissao",
    "authori",
    "consent",
    "permission",
    "consigui",
    "sacaron",
];
/// What is done to a permission that is taken back.
const TAKES_BACK: [&str; 4] = ["retir", "cancel", "anul", "quit"];

/// Words that ask where from or by whom, and what was done then: "¿de dónde sacaron mi número?".
const WHERE_FROM: [&str; 6] = ["donde", "como", "onde", "aonde", "where", "how"];
const OBTAINED: [&str; 13] = [
    "sacaron", "saco", "sacan", "sacaste", "consigui", "consegui", "obtuv", "obtiv", "obtenid", "pegaram",
    "tiraram", "got", "get",
];

/// The right that these words name and do not deny; `None` when they leave it open.
pub fn right_named(words: &str) -> Option<DataRight> {
    let all: Vec<&str> = words.split(' ').collect();
    let standing = standing(&all);
    let has = |stems: &[&str]| standing.iter().any(|word| begins(word, stems));
    let takes_back = has(&TAKES_BACK) && has(&PERMISSION) || words.contains("no autorizo");
    if takes_back {
        return Some(DataRight::Revocation);
    }
    let named = |right: DataRight| NAMED.iter().any(|(one, stems)| *one == right && has(stems));
    if asks_where_from(&standing) && !named(DataRight::Revocation) {
        return Some(DataRight::Access);
    }
    let named = NAMED.iter().find(|(_, stems)| has(stems)).map(|(right, _)| *right);
    // What happened to the data is no question about a permission: "se filtraron, ¿qué pasó?".
    let permits = has(&PERMISSION) && !words.contains("que paso");
    match named {
        Some(DataRight::Access) | None if permits => Some(DataRight::Authorisation),
        named => named,
    }
}

fn begins(word: &str, stems: &[&str]) -> bool {
    stems.iter().any(|stem| word.starts_with(stem))
}

fn asks_where_from(words: &[&str]) -> bool {
    let asks = words.iter().position(|word| WHERE_FROM.contains(word));
    let rest = asks.and_then(|at| words.get(at + 1..)).unwrap_or_default();
    rest.iter().take(4).any(|word| begins(word, &OBTAINED))
}

/// Whether the same message asks not to be written to any more.
pub fn asks_for_silence(words: &str) -> bool {
    let words: Vec<&str> = words.split(' ').collect();
    let stems =
        ["escrib", "escrev", "mensaj", "mensage", "llam", "contact", "message", "text", "call", "writ"];
    let ends = ["no", "nao", "dejen", "deje", "paren", "pare", "parem", "stop", "not", "dont", "sin"];
    let taken_off = ["borrenme", "borreme", "eliminenme", "saquenme", "saqueme", "quitenme"];
    // "No quiero que dejen de escribirme", "no digo que no me escriban": the wish is the other one.
    let unsaid = |at: usize| {
        let before = words.get(at.saturating_sub(4)..at).unwrap_or_default();
        let denies = before.iter().rposition(|word| DENIES.contains(word));
        denies.is_some_and(|from| {
            let since = before.get(from + 1..).unwrap_or_default();
            since.iter().all(|word| !denied::begins_clause(word))
                && (since.is_empty() || since.iter().any(|word| SAYS.contains(word)))
        })
    };
    words.iter().enumerate().any(|(at, word)| taken_off.contains(word) && !unsaid(at))
        || words.iter().enumerate().any(|(at, word)| {
            ends.contains(word)
                && !unsaid(at)
                && words
                    .iter()
                    .skip(at + 1)
                    .take(4)
                    .take_while(|word| !SILENT_IN_VAIN.contains(word))
                    // "Yo no me llamo Wilson" tells a name.
                    .any(|word| *word != "llamo" && stems.iter().any(|stem| word.starts_with(stem)))
                && !words.iter().skip(at + 1).any(|word| ONLY_THEN.contains(word))
        })
}

/// Who names a time or a place asks for silence then and there only: "que no me llamen de noche".
const ONLY_THEN: [&str; 22] = [
    "noche",
    "noches",
    "madrugada",
    "domingo",
    "domingos",
    "sabado",
    "sabados",
    "festivo",
    "festivos",
    "feriado",
    "feriados",
    "trabajo",
    "oficina",
    "temprano",
    "tarde",
    "noite",
    "trabalho",
    "night",
    "nights",
    "work",
    "sunday",
    "sundays",
];

/// Verbs by which a wish is said, and so also denied.
const SAYS: [&str; 16] = [
    "quiero", "pido", "pidiendo", "digo", "diciendo", "que", "quero", "peco", "pedindo", "dizendo", "want",
    "asking", "saying", "you", "to", "dije",
];
/// A denial behind which another one takes the wish back: "no quiero que dejen de escribirme".
const SILENT_IN_VAIN: [&str; 9] =
    ["dejen", "deje", "dejar", "paren", "parar", "parem", "deixem", "stop", "stopping"];
