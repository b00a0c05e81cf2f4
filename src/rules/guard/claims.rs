//! What a text says of the state of things: an agreement that nobody registered, and pressure to pay what is disputed.

use crate::rules::guard::{Fact, Look, Mention, agreed, is_one, says};
use crate::rules::reading::Word;

const AGREED: &[&str] = &["acuerdo", "acordo", "agreement", "promesa", "promessa", "compromiso", "plan."];
const DONE: &[&str] = &["registrad", "registramos", "registered", "firmad", "aprobad", "aprovad", "approved"];
const PAST: &[&str] = &[
    "ya.",
    "ja.",
    "quedo.",
    "esta.",
    "fue.",
    "foi.",
    "ficou.",
    "was.",
    "is.",
    "has.",
    "been.",
    "already.",
    "registramos.",
    "ha.",
];
/// A condition, a wish, a denial: nothing is said to be done.
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
    "ningun",
    "nenhum",
    "sin.",
    "sem.",
    "para.",
    "quiere",
    "quer.",
    "puedo",
    "voy.",
    "vamos.",
    "vou.",
    "antes.",
    "otro.",
    "cualquier",
];

const PAY: &[&str] = &[
    "pague", "pagar", "paga.", "pagas.", "pagando", "pagues", "abone", "abonar", "abonando", "consigne",
    "cancele.", "deposite", "pay.", "paying", "deposit",
];
/// Orders by themselves.
const ORDERS: &[&str] = &["pague", "abone", "consigne", "cancele.", "deposite"];
const PRESSES: &[&str] = &[
    "mientras",
    "entretanto",
    "meanwhile",
    "while.",
    "enquanto",
    "historial",
    "historico",
    "reporte",
    "reportad",
    "corriendo",
    "interes",
    "juros",
    "interest",
    "evite",
    "evitar",
    "avoid",
    "igual.",
    "igualmente",
    "anyway",
    "debe.",
    "tiene.",
    "must.",
    "precisa.",
    "deve.",
    "toca.",
];
/// Nobody is pressed: it is free, it can wait, the part that is not disputed.
const RELIEVES: &[&str] = &[
    "puede.",
    "prefiere",
    "quiere",
    "desea",
    "can.",
    "want.",
    "pode.",
    "quiser",
    "quer.",
    "voluntari",
    "aparte.",
    "suspend",
    "pausa",
    "detien",
    "detuv",
    "alguien",
];
const NEGATION: &[&str] = &["no.", "nao.", "not.", "don.", "nadie.", "sin.", "nunca.", "never."];
const OWED_TO_DO: &[&str] = &[
    "tiene.", "debe.", "necesita", "hace.", "es.", "have.", "need.", "precisa", "deve.", "pague", "pida",
    "paying",
];

/// "Ya quedó registrado su acuerdo" where there is none.
pub fn unregistered(look: &Look<'_>) -> Vec<Mention> {
    if !look.known.proved() || agreed::running(look.known).next().is_some() {
        return Vec::new();
    }
    let words = look.words();
    let told = |word: &&Word| {
        let clause: Vec<Word> = words.iter().filter(|other| other.clause == word.clause).cloned().collect();
        is_one(word, DONE) && says(&clause, AGREED) && says(&clause, PAST) && !says(&clause, NOT_YET)
    };
    let told = words.iter().filter(told);
    told.map(|word| Mention { start: word.start, end: word.end, fact: Fact::Agreement }).collect()
}

/// "Pague mientras tanto" where the debt is disputed.
pub fn pressed_in_dispute(look: &Look<'_>) -> Vec<Mention> {
    if !look.known.disputed {
        return Vec::new();
    }
    let words = look.words();
    let pressing = |(at, word): &(usize, &Word)| {
        let sentence = look.sentence(*at);
        is_one(word, PAY)
            && (is_one(word, ORDERS) || says(sentence, PRESSES))
            && !says(sentence, RELIEVES)
            && !is_released(words, *at)
    };
    let found = words.iter().enumerate().filter(pressing);
    found.map(|(_, word)| Mention { start: word.start, end: word.end, fact: Fact::Pressed }).collect()
}

/// "No tiene que pagar mientras se revisa"; "si no paga…" releases nobody.
fn is_released(words: &[Word], at: usize) -> bool {
    let Some(own) = words.get(at) else { return false };
    let before = words.get(at.saturating_sub(5)..at).unwrap_or_default();
    let offset = at - before.len();
    before.iter().enumerate().any(|(n, word)| {
        let back = |by: usize| (offset + n).checked_sub(by).and_then(|at| words.get(at));
        let conditional = back(1).is_some_and(|word| is_one(word, &["si.", "se.", "if.", "para."]))
            || back(2).is_some_and(|word| is_one(word, &["if."]));
        let next = words.get(offset + n + 1..=at).unwrap_or_default();
        word.sentence == own.sentence && is_one(word, NEGATION) && !conditional && says(next, OWED_TO_DO)
    })
}
