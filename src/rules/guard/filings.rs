//! Claims and complaints that a text says are filed, their numbers, and data that it says are erased: compared with the
//! open cases of the file.

use crate::rules::guard::{Fact, Look, Mention, digits_of, figures, is_one, says};
use crate::rules::reading::Word;

/// What is filed.
const FILED: &[&str] = &[
    "reclamo",
    "reclamacion",
    "queja",
    "peticion",
    "solicitud",
    "denuncia",
    "disputa",
    "radicado",
    "pqr",
    "reclamacao",
    "claim.",
    "complaint",
    "dispute.",
    "protocolo",
];
/// Filing it.
const FILES: &[&str] = &[
    "radicad",
    "radique",
    "radicamos",
    "radico.",
    "registrad",
    "registramos",
    "registre.",
    "ingresad",
    "ingrese.",
    "ingresamos",
    "abierto",
    "abierta",
    "abri.",
    "abrimos",
    "puse.",
    "pusimos",
    "puesta",
    "puesto",
    "presentad",
    "presente.",
    "presentamos",
    "tramitad",
    "interpuest",
    "cread",
    "creamos",
    "cree.",
    "elevad",
    "eleve.",
    "filed.",
    "opened.",
    "aberta",
    "aberto",
];
/// It is done already.
const DONE: &[&str] = &[
    "ya.", "quedo.", "queda.", "esta.", "fue.", "deje.", "dejamos.", "le.", "ja.", "ficou.", "has.", "been.",
    "was.", "have.", "already.", "hemos.", "he.", "listo.", "done.", "pronto.", "i.", "yo.", "eu.",
];
/// A condition, a wish, a question, a denial, somebody else's act: nothing is said to be done.
const NOT_YET: &[&str] = &[
    "si.",
    "se.",
    "if.",
    "cuando",
    "quando",
    "when.",
    "once.",
    "apenas",
    "no.",
    "nao.",
    "not.",
    "para.",
    "quiere",
    "puede",
    "voy.",
    "vamos.",
    "vou.",
    "antes.",
    "cualquier",
    "debe.",
    "tiene.",
    "hay.",
    "despues",
    "luego.",
    "todavia",
    "aun.",
    "pronto",
];
/// Data that are said to be gone.
const ERASED: &[&str] = &[
    "borramos.",
    "borre.",
    "borrad",
    "eliminamos.",
    "elimine.",
    "eliminad",
    "suprimimos.",
    "suprimid",
    "apagamos.",
    "apagad",
    "excluimos.",
    "excluid",
    "apaguei.",
    "exclui.",
    "quite.",
    "erased.",
    "deleted.",
    "wiped.",
];
const DATA: &[&str] =
    &["datos.", "dados.", "data.", "informacion", "informacao", "informacoes", "information", "cadastro."];
/// Words before the number of a case.
const NUMBERED: &[&str] = &["numero", "radicado", "codigo", "caso.", "number", "protocolo", "consecutivo"];
/// Words between what is filed and its number.
const NUMBER_REACH: usize = 4;
const CODE_CHARS_MIN: usize = 4;

/// What is said to be filed, or erased, and is not.
pub fn untrue(look: &Look<'_>) -> Vec<Mention> {
    let mut found = numbers(look);
    let asked = look.known.filed.iter().any(|case| case.asked);
    for sentence in look.words().chunk_by(|a, b| a.sentence == b.sentence) {
        for clause in sentence.chunk_by(|a, b| a.clause == b.clause) {
            let told = !clause.iter().any(|word| word.asked) && says(clause, DONE) && !says(clause, NOT_YET);
            if !told {
                continue;
            }
            let filed =
                clause.iter().find(|word| is_one(word, FILES)).filter(|_| says(clause, FILED) && !asked);
            let erased = clause.iter().find(|word| is_one(word, ERASED)).filter(|_| says(clause, DATA));
            let mention = |word: &Word| Mention { start: word.start, end: word.end, fact: Fact::Filing };
            found.extend(filed.into_iter().chain(erased).map(mention));
        }
    }
    found
}

/// "Con el número 7AB-2KD": the number of no open case.
fn numbers(look: &Look<'_>) -> Vec<Mention> {
    let bare = |text: &str| -> String {
        text.chars().filter(|c| c.is_ascii_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect()
    };
    let known: Vec<String> = look.known.filed.iter().map(|case| bare(&case.number)).collect();
    let agreed = look.known.agreements.iter().map(|agreement| bare(&agreement.reference));
    let debts = look.known.debts.iter().map(|debt| digits_of(&debt.external_ref));
    let right: Vec<String> =
        known.into_iter().chain(agreed).chain(debts).chain(figures::public(look.known)).collect();
    let mut found = Vec::new();
    for (start, end, code) in codes(look.written) {
        let words = look.words();
        let at = words.partition_point(|word| word.end <= start);
        let Some(own) = words.get(at) else { continue };
        let before = words.get(at.saturating_sub(NUMBER_REACH)..at).unwrap_or_default();
        let before: Vec<Word> = before.iter().filter(|word| word.sentence == own.sentence).cloned().collect();
        let sentence = look.sentence(at);
        let of_a_case = says(sentence, FILED) && says(&before, NUMBERED);
        let code = bare(&code);
        if of_a_case
            && !right.iter().any(|known| *known == code || (known.len() > 4 && known.ends_with(&code)))
        {
            found.push(Mention { start, end, fact: Fact::Filing });
        }
    }
    found
}

/// Every run of letters, digits and hyphens that has a digit, with its range of characters.
fn codes(written: &[char]) -> Vec<(usize, usize, String)> {
    let part = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = written.get(at..).filter(|rest| !rest.is_empty()) {
        let length = rest.iter().take_while(|c| part(c)).count();
        let code: String = rest.iter().take(length).collect();
        let telling = code.chars().filter(char::is_ascii_alphanumeric).count() >= CODE_CHARS_MIN;
        if telling && code.chars().any(|c| c.is_ascii_digit()) {
            found.push((at, at + length, code));
        }
        at += length.max(1);
    }
    found
}
