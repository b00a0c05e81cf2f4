//! What is said only to deny it: "nunca pedimos la clave", "we won't call your boss".
//!
//! A denial is the writer's: it stands before what it denies, in the same clause. A condition ("si no paga"), what the
//! reader does not do ("usted no paga y…"), what is only wished ("no quisiera llamar a su jefe") and what is asked ("¿no
//! quiere que lo sepa su jefe?") deny nothing; and what a later clause takes back ("pero hoy sí") was not denied.

use super::phrase::Span;
use crate::rules::reading::{Word, turns};

/// Words between a negation and the farthest word that it still denies.
const REACH: usize = 8;
/// Words after a hit in which it is said to be somebody else's.
const REACH_AFTER: usize = 7;

const NEGATIONS: &[&str] = &[
    "no", "nao", "not", "never", "nunca", "jamas", "jamais", "nadie", "ninguem", "nobody", "ni", "nem",
    "neither", "nor", "cannot", "tampoco", "ningun", "ninguna", "nenhum", "nenhuma",
];
/// Before the `t` of "don't".
const AUXILIARIES: &[&str] =
    &["don", "won", "can", "isn", "aren", "doesn", "didn", "wouldn", "shouldn", "couldn", "haven", "hasn"];
/// What ends the reach of a negation before them.
const ENDS: &[&str] =
    &["y", "and", "entonces", "sino", "solo", "just", "only", "apenas", "mejor", "luego", "so", "then"];
/// After a negation: the reader's own acts, wishes, orders not to wait, and comfort. None of them denies what follows.
const DENIES_NOTHING: &[&str] = &[
    "paga",
    "pagas",
    "pago",
    "pagado",
    "pagan",
    "abona",
    "abono",
    "cumple",
    "cumplio",
    "cumplido",
    "responde",
    "respondio",
    "contesta",
    "contesto",
    "cancela",
    "cancelo",
    "cubre",
    "deposita",
    "pays",
    "paid",
    "sea",
    "seas",
    "sean",
    "queremos",
    "quiero",
    "quisiera",
    "quisieramos",
    "quisieran",
    "want",
    "wanna",
    "like",
    "gostaria",
    "queria",
    "queriamos",
    "quero",
    "deja",
    "dejan",
    "dejas",
    "leave",
    "leaves",
    "dude",
    "olvide",
    "olvides",
    "demore",
    "tarde",
    "espere",
    "wait",
    "forget",
    "hesitate",
    "entiendo",
    "entendemos",
    "comprendo",
    "understand",
    "problema",
    "problem",
    "worries",
    "preocupe",
    "preocupes",
    "worry",
    "hagas",
    "mas",
    "more",
    "mais",
    "modo",
    "obstante",
    "quita",
    "remedio",
    "alternativa",
    "opcion",
    "choice",
    "joking",
    "kidding",
    "bromeo",
    "jugando",
    "afan",
    "gustaria",
    "quiere",
    "quieres",
    "quieren",
    "querra",
    "querras",
    "querria",
    "quer",
    "wants",
    "miedo",
    "medo",
    "preocupa",
    "importa",
    "verguenza",
    "vergonha",
    "afraid",
    "scared",
    "prefiere",
    "prefieres",
    "prefere",
];
/// After the negation of a question: what the writer says of themselves, also in a question.
const FIRST_PERSON: &[&str] = &[
    "voy", "vou", "puedo", "posso", "pido", "doy", "debo", "soy", "estoy", "estou", "tengo", "tenho", "i",
    "we", "llamo", "cuento", "hago", "pienso",
];
/// At the end of what is a question without its mark.
const TAGS: &[&str] = &["verdad", "cierto", "right", "ne", "certo", "eh"];
/// In a later clause: what was denied is done here, or now.
const TAKES_BACK: &[&[&str]] = &[
    &["esta", "vez"],
    &["hoy", "si"],
    &["hoy", "necesito"],
    &["ahora", "si"],
    &["ahorita", "si"],
    &["por", "hoy"],
    &["solo", "hoy"],
    &["this", "once"],
    &["this", "time"],
    &["dessa", "vez"],
    &["desta", "vez"],
    &["hoje", "preciso"],
    &["so", "hoje"],
    &["la", "suya"],
    &["el", "suyo"],
    &["los", "suyos"],
    &["las", "suyas"],
    &["preciso", "da", "sua"],
    &["preciso", "do", "seu"],
    &["com", "a", "sua"],
    &["yours"],
    &["urs"],
    &["con", "usted", "toca"],
    &["con", "usted", "si"],
    &["con", "ud", "si"],
    &["pero", "con", "usted"],
    &["pero", "a", "usted"],
    &["mas", "com", "voce"],
    &["but", "with", "you"],
    &["but", "for", "you"],
    &["en", "su", "caso", "si"],
    &["excepcion"],
    &["excecao"],
    &["exception"],
    &["a", "menos", "que"],
    &["a", "no", "ser", "que"],
    &["salvo", "que"],
    &["unless"],
];
/// These take back with a negation too.
const BY_CONDITION: &[&str] = &["menos", "ser", "unless", "salvo"];
/// Whose something is when it is not the lender's: "ese número no es de nosotros".
const OURS: &[&str] = &[
    "nosotros",
    "nuestro",
    "nuestra",
    "nuestros",
    "nuestras",
    "ours",
    "our",
    "us",
    "nosso",
    "nossa",
    "nossos",
    "nossas",
    "oficial",
    "oficiales",
    "official",
    "banco",
    "bank",
];

const LISTED: &[&str] = &["a", "an", "or", "un", "una", "um", "uma", "nor"];
/// Words of one of the two languages only.
const PORTUGUESE: &[&str] = &[
    "nao", "voce", "voces", "com", "em", "uma", "seu", "sua", "seus", "suas", "meu", "minha", "nossa",
    "nosso", "isso", "pra", "pro", "pelo", "pela", "ate", "hoje", "amanha", "ligue", "liga", "senhor",
    "senhora", "gente", "quem", "ao", "os", "as", "do", "da", "dos", "das", "na", "ou", "mas", "aqui", "ele",
    "ela", "vai", "vou", "tem", "faz", "deposita", "pague", "um", "ai",
];
const SPANISH: &[&str] = &[
    "el", "usted", "ud", "y", "es", "con", "los", "las", "del", "al", "una", "un", "su", "sus", "le", "lo",
    "en", "yo", "mi", "nosotros", "por", "hay", "va", "vamos", "van", "ni", "la", "ese", "esta", "este",
];

/// Whether a negation governs the words of `hit`, or it is said not to be ours.
pub fn is_denied(words: &[Word], hit: Span) -> bool {
    let Some(first) = words.get(hit.0) else { return false };
    let before = words.get(hit.0.saturating_sub(REACH)..hit.0).unwrap_or_default();
    let offset = hit.0 - before.len();
    // "I'm not a lawyer, a cop or a court officer": what goes on with an article is a list.
    let start = words.iter().find(|word| word.sentence == first.sentence && word.clause == first.clause);
    let listed = start.is_some_and(|word| is_one(word, LISTED));
    for (at, word) in before.iter().enumerate().rev() {
        let same = word.clause == first.clause || listed;
        if word.sentence != first.sentence || !same || is_one(word, ENDS) {
            break;
        }
        if negates(words, offset + at) {
            return true;
        }
    }
    is_others(words, hit)
}

/// Whether a later clause of the sentence takes back what the words before `end` deny.
pub fn is_taken_back(sentence: &[Word], end: usize) -> bool {
    let Some(last) = end.checked_sub(1).and_then(|at| sentence.get(at)) else { return false };
    let later = |at: usize| {
        let (word, before) = (&sentence[at], &sentence[at.saturating_sub(1)]);
        word.sentence == last.sentence && (word.clause != last.clause || turns(before, word))
    };
    let Some(from) = (end..sentence.len()).find(|at| later(*at)) else { return false };
    TAKES_BACK.iter().any(|phrase| {
        (from..sentence.len()).any(|at| {
            let window = sentence.get(at..at + phrase.len()).unwrap_or_default();
            let said = window.len() == phrase.len()
                && window.iter().zip(*phrase).all(|(word, known)| word.text == *known)
                && window.iter().all(|word| word.sentence == last.sentence);
            let clause = window.first().map(|word| word.clause);
            let mut same =
                (from..sentence.len()).filter(|at| sentence.get(*at).map(|word| word.clause) == clause);
            said && (phrase.iter().any(|word| BY_CONDITION.contains(word))
                || !same.any(|at| is_negation(sentence, at)))
        })
    })
}

/// Whether a negation stands between the two parts of a hit.
pub fn is_between(words: &[Word], gap: Span) -> bool {
    (gap.0..gap.1).any(|at| negates(words, at))
}

/// "Si no paga…", "if you don't…": this negation is a condition and takes nothing back.
pub fn is_condition(words: &[Word], span: Span) -> bool {
    (span.0..span.1).find(|at| is_negation(words, *at)).is_some_and(|at| is_conditional(words, at))
}

fn is_one(word: &Word, list: &[&str]) -> bool {
    list.contains(&word.text.as_str())
}

fn text(words: &[Word], at: Option<usize>) -> &str {
    at.and_then(|at| words.get(at)).map_or("", |word| word.text.as_str())
}

/// The Portuguese "no" is "in the".
fn is_portuguese(words: &[Word]) -> bool {
    let count = |list: &[&str]| words.iter().filter(|word| is_one(word, list)).count();
    count(PORTUGUESE) > count(SPANISH)
}

fn is_negation(words: &[Word], at: usize) -> bool {
    let word = text(words, Some(at));
    if word == "no" && is_portuguese(words) {
        return false;
    }
    NEGATIONS.contains(&word) || (word == "t" && AUXILIARIES.contains(&text(words, at.checked_sub(1))))
}

fn is_conditional(words: &[Word], at: usize) -> bool {
    let (one, two, three) =
        (text(words, at.checked_sub(1)), text(words, at.checked_sub(2)), text(words, at.checked_sub(3)));
    ["si", "if", "caso", "como", "quem", "quien"].contains(&one)
        || (one == "de" && text(words, Some(at)) == "no")
        || (one == "se" && text(words, Some(at)) == "nao")
        || ["if", "si", "unless"].contains(&two)
        || three == "if"
}

/// A negation of what the writer or anybody does.
fn negates(words: &[Word], at: usize) -> bool {
    let next = words.get(at + 1..(at + 4).min(words.len())).unwrap_or_default();
    let me = next.first().is_some_and(|word| ["me", "nos"].contains(&word.text.as_str()))
        && next
            .get(1)
            .is_some_and(|word| ["haga", "hagan", "obligue", "obliguen"].contains(&word.text.as_str()));
    let clause = words.get(at).map(|word| word.clause);
    let said = next.iter().take_while(|word| Some(word.clause) == clause && !is_one(word, ENDS));
    let nothing = said.take(3).any(|word| is_one(word, DENIES_NOTHING));
    is_negation(words, at) && !is_conditional(words, at) && !me && !nothing && !is_asked(words, at)
}

/// "¿No me puede dictar el código?": whoever asks so denies nothing, unless it is of the writer ("¿no vamos a…?").
fn is_asked(words: &[Word], at: usize) -> bool {
    let Some(word) = words.get(at) else { return false };
    let same = |other: &&Word| other.sentence == word.sentence && other.clause == word.clause;
    let first = words.iter().take(at).filter(same).count() <= 1;
    let tagged = words.iter().rev().find(|other| other.sentence == word.sentence);
    let asked = word.asked || tagged.is_some_and(|last| is_one(last, TAGS));
    let next = words.get(at + 1..(at + 4).min(words.len())).unwrap_or_default();
    let mine = next.iter().any(|word| word.text.ends_with("mos") || is_one(word, FIRST_PERSON));
    asked && first && !mine
}

/// "… no es de nosotros", "… isn't ours".
fn is_others(words: &[Word], hit: Span) -> bool {
    let Some(last) = hit.1.checked_sub(1).and_then(|at| words.get(at)) else { return false };
    let to = (hit.1 + REACH_AFTER).min(words.len());
    (hit.1..to).any(|at| {
        let same = words.get(at).is_some_and(|word| word.sentence == last.sentence);
        let is = ["es", "son", "e", "sao", "is", "are", "pertenece", "t"]
            .contains(&text(words, Some(at + 1)))
            || text(words, Some(at)) == "t";
        let ours = words.get(at + 1..(at + 5).min(words.len())).unwrap_or_default();
        same && is && is_negation(words, at) && ours.iter().any(|word| is_one(word, OURS))
    })
}
