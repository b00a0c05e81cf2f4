//! What a person is called: letters and hardly a sign, and nothing that tells of a debt. Files have marks of collection,
//! formulas and templates in these columns; whoever is greeted with one learns, before any proof, what nobody may tell.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Signs that names are written with, besides letters and blanks.
const SIGNS: [char; 12] = ['\'', '’', '‘', '´', '`', 'ʼ', '-', '‐', '–', '.', ',', '&'];
/// Words that mark a case and are nobody's name, without accents. `_` stands for any ending.
const MARKS: [&str; 63] = [
    "adeuda_",
    "atrasad_",
    "atraso",
    "bloquead_",
    "castigad_",
    "castigo",
    "cliente",
    "cobranca",
    "cobranza_",
    "cobro_",
    "codeudor_",
    "collection_",
    "cuota_",
    "datacredito",
    "debe",
    "debt_",
    "deceased",
    "default",
    "defaulted",
    "delinquent",
    "demandad_",
    "deuda_",
    "deudor_",
    "devedor_",
    "difunt_",
    "embarg_",
    "estafador_",
    "fallecid_",
    "falecid_",
    "fiador_",
    "finad_",
    "fraude",
    "ilocaliz_",
    "impag_",
    "inadimplen_",
    "incobrable_",
    "judicial_",
    "juridic_",
    "llamar",
    "moratori_",
    "morosa",
    "morosas",
    "morosidad",
    "moroso",
    "morosos",
    "muert_",
    "negativad_",
    "occis_",
    "overdue",
    "paga",
    "pague",
    "pendiente_",
    "prejuridic_",
    "qepd",
    "reportad_",
    "saldo",
    "tramposa",
    "tramposo",
    "titular",
    "usuario",
    "vencid_",
    "deve",
    "pagar",
];
/// Words that are also borne as a name: a mark beside one of the words that qualify a case.
const MAY_BE_BORNE: [&str; 3] = ["mora", "cartera", "legal"];
const QUALIFIES: [&str; 12] = [
    "alta", "baja", "media", "temprana", "tardia", "avanzada", "grave", "leve", "dias", "meses", "vigente",
    "proceso",
];

/// Why nobody bears this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlike {
    /// No letter is in it.
    Empty,
    /// A sign of markup, a formula, a template or a sentence.
    Sign,
    /// A word that marks a case.
    Mark,
}

/// What speaks against its being a name.
pub fn unlike_a_name(text: &str) -> Option<Unlike> {
    let fits = |c: char| c.is_alphabetic() || c.is_whitespace() || is_combining_mark(c) || SIGNS.contains(&c);
    if !text.chars().all(fits) || text.trim_start().starts_with(['-', '‐', '–', '&', '.', ',']) {
        return Some(Unlike::Sign);
    }
    let words = words(text);
    if words.is_empty() {
        return Some(Unlike::Empty);
    }
    let marks = |word: &String| {
        MARKS.iter().any(|mark| match mark.strip_suffix('_') {
            Some(begin) => {
                word.strip_prefix(begin).is_some_and(|ending| ending.chars().count() <= ENDING_CHARS_MAX)
            }
            None => word == mark,
        })
    };
    let qualified = |at: usize| {
        let (before, behind) = (at.checked_sub(1).and_then(|at| words.get(at)), words.get(at + 1));
        before.is_some_and(|word| word == "en")
            || [before, behind].into_iter().flatten().any(|word| QUALIFIES.contains(&word.as_str()))
    };
    let case = words
        .iter()
        .enumerate()
        .any(|(at, word)| marks(word) || MAY_BE_BORNE.contains(&word.as_str()) && qualified(at));
    // "Q.E.P.D." is four words of a letter each.
    let lettered = words.windows(4).any(|letters| letters.concat() == "qepd");
    (case || lettered).then_some(Unlike::Mark)
}

/// Letters of an ending: "moros-os", "jurídic-amente" is none.
const ENDING_CHARS_MAX: usize = 4;

/// The name to greet with, where it looks like one.
pub fn to_greet_with(first_name: &str) -> Option<&str> {
    let name = first_name.trim();
    let borne = !words(name).iter().any(|word| MAY_BE_BORNE.contains(&word.as_str()));
    (borne && unlike_a_name(name).is_none() && !name.contains([',', '&'])).then_some(name)
}

/// The first name of a full one, also of one that begins with the surnames: "ROJAS PAZ, Ana María".
pub fn first_of(full_name: &str) -> &str {
    let given = full_name.split_once(',').map(|(_, given)| given.trim()).filter(|given| !given.is_empty());
    given.unwrap_or(full_name).split_whitespace().next().unwrap_or_default()
}

/// Lower case, no accents, letters alone.
fn words(text: &str) -> Vec<String> {
    let plain: String = text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    plain.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::{Unlike, first_of, to_greet_with, unlike_a_name};

    #[test]
    fn names_as_people_bear_them_are_names() {
        for name in [
            "Ana Rojas",
            "Ma. del Carmen D'Arc-Núñez S. A.",
            "J.R. Paz",
            "Andrés Mora",
            "MORA RUIZ, JOSÉ",
            "Legal Martínez",
            "Cobo Ruiz",
            "Moreno",
            "Deyanira Delgado de la O",
            "Muñoz",
            "João Demétrio",
            "Jose\u{301} Nu\u{303}ez",
            "Vencejo",
            "Ana Mora de la Cruz",
            "Renata Morosini",
            "Ladrón de Guevara",
            "Fina Torres",
            "Li",
            "O’Higgins",
        ] {
            assert_eq!(unlike_a_name(name), None, "{name}");
        }
    }

    #[test]
    fn marks_of_collection_markup_and_templates_are_none() {
        for name in [
            "Rosa COBRO JURIDICO",
            "Rosa mora alta",
            "Rosa EN MORA",
            "Debe ya, Pedro",
            "MOROSO Pedro Gil",
            "Fallecido Pedro Gil",
            "Pedro Gil Q.E.P.D.",
            "Pedro castigada",
            "Deudora",
            "Ana cartera vencida",
            "Ana inadimplente",
            "Pedro Overdue",
            "Cliente",
            "prejurídico Ana",
        ] {
            assert_eq!(unlike_a_name(name), Some(Unlike::Mark), "{name}");
        }
        for name in [
            "<img src=x onerror=alert()>",
            "{persona.saldo}",
            "=cmd|calc",
            "+Ana",
            "@Ana",
            "-Ana",
            "Ana *urgente*",
            "¿Ana?",
            "Ana: pague",
            "Ana (fallecida)",
            "Ana\u{200b}\u{202e}",
            "Ana 😀",
            "${Ana}",
            "Ana/Luis",
        ] {
            assert_eq!(unlike_a_name(name), Some(Unlike::Sign), "{name}");
        }
        assert_eq!(unlike_a_name(" . "), Some(Unlike::Sign));
        assert_eq!(unlike_a_name(""), Some(Unlike::Empty));
    }

    #[test]
    fn a_greeting_takes_only_what_is_surely_a_name() {
        assert_eq!(to_greet_with(" Luz Marina "), Some("Luz Marina"));
        for name in ["MOROSO", "Rosa Mora", "Rosa mora alta", "ROJAS,", "{x}", ""] {
            assert_eq!(to_greet_with(name), None, "{name}");
        }
        assert_eq!(first_of("ROJAS PAZ, Ana María"), "Ana");
        assert_eq!(first_of("Ana Rojas"), "Ana");
        assert_eq!(first_of("Rojas,"), "Rojas,");
    }
}
