//! Which right over their own data a person names, by the words of the message.

use crate::rules::data_rights::DataRight;

/// Beginnings of words that name a right, the graver first. Words are those of [`crate::understand::Understanding`].
const NAMED: [(DataRight, &[&str]); 4] = [
    (DataRight::Revocation, &["revoc", "revog", "revoke", "withdraw", "opon", "opus"]),
    (
        DataRight::Erasure,
        &[
            "borr", "elimin", "suprim", "supres", "destru", "apag", "exclu", "delet", "erase", "remov",
            "wipe", "saqu", "saca", "quit", "cancel",
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
            "atualiz",
            "arregl",
            "errad",
            "incorrect",
            "equivocad",
            "wrong",
            "fix",
            "update",
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
        ],
    ),
];

/// Words of the permission itself.
const PERMISSION: [&str; 13] = [
    "passou",
    "pasaron",
    "paso",
    "dio",
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

/// The right that these words name; `None` when they leave it open.
pub fn right_named(words: &str) -> Option<DataRight> {
    let has = |stems: &[&str]| words.split(' ').any(|word| stems.iter().any(|stem| word.starts_with(stem)));
    let taken_back =
        (has(&["retir", "cancel", "anul", "quit"]) && has(&PERMISSION)) || words.contains("no autorizo");
    if taken_back {
        return Some(DataRight::Revocation);
    }
    let named = NAMED.iter().find(|(_, stems)| has(stems)).map(|(right, _)| *right);
    match named {
        Some(DataRight::Access) | None if has(&PERMISSION) => Some(DataRight::Authorisation),
        named => named,
    }
}

/// Whether the same message asks not to be written to any more.
pub fn asks_for_silence(words: &str) -> bool {
    let words: Vec<&str> = words.split(' ').collect();
    let stems =
        ["escrib", "escrev", "mensaj", "mensage", "llam", "contact", "message", "text", "call", "writ"];
    let ends = ["no", "nao", "dejen", "deje", "paren", "pare", "parem", "stop", "not", "dont", "sin"];
    let taken_off = ["borrenme", "borreme", "eliminenme", "saquenme", "saqueme", "saquenme", "quitenme"];
    words.iter().any(|word| taken_off.contains(word))
        || words.iter().enumerate().any(|(at, word)| {
            ends.contains(word)
                && words
                    .iter()
                    .skip(at + 1)
                    .take(4)
                    .any(|word| stems.iter().any(|stem| word.starts_with(stem)))
        })
}

#[cfg(test)]
mod tests {
    use super::{asks_for_silence, right_named};
    use crate::rules::data_rights::DataRight::{Access, Authorisation, Correction, Erasure, Revocation};

    #[test]
    fn the_words_name_the_right() {
        for (words, right) in [
            ("quiero que borren mis datos personales", Some(Erasure)),
            ("eliminen toda mi informacion de su base de datos", Some(Erasure)),
            ("quiero una copia de mis datos", Some(Access)),
            ("que datos tienen de mi", Some(Access)),
            ("mi nombre esta mal", Some(Correction)),
            ("quiero actualizar mi direccion", Some(Correction)),
            ("quien les autorizo a usar mis datos", Some(Authorisation)),
            ("revoco la autorizacion", Some(Revocation)),
            ("retiro mi consentimiento", Some(Revocation)),
            ("quero apagar meus dados", Some(Erasure)),
            ("quais dados voces tem sobre mim", Some(Access)),
            ("meu nome esta errado", Some(Correction)),
            ("delete my personal data", Some(Erasure)),
            ("i withdraw my consent", Some(Revocation)),
            ("a copy of my data", Some(Access)),
            ("rectifiquen mis datos", Some(Correction)),
            ("cancelen mis datos personales", Some(Erasure)),
            ("me opongo al tratamiento de mis datos personales", Some(Revocation)),
            ("quem passou meus dados", Some(Authorisation)),
            ("no autorizo el uso de mis datos", Some(Revocation)),
            ("habeas data", None),
        ] {
            assert_eq!(right_named(words), right, "{words}");
        }
    }

    #[test]
    fn a_wish_for_silence_beside_it_is_seen() {
        for (words, silence) in [
            ("borren mis datos y no me escriban mas", true),
            ("apaguem meus dados e parem de me mandar mensagens", true),
            ("delete my data and stop texting me", true),
            ("borrenme de su base", true),
            ("borren mis datos", false),
            ("no quiero que usen mis datos", false),
        ] {
            assert_eq!(asks_for_silence(words), silence, "{words}");
        }
    }
}
