//! Waivers that are promised in words, without a share or a sum.

use crate::rules::guard::{Fact, Look, Mention, is_one};
use crate::rules::lint::is_taken_back;
use crate::rules::reading::Word;

/// Waiving a part of what is owed.
pub const WAIVING: &[&str] = &[
    "condon",
    "descuent",
    "descontar",
    "descuento",
    "rebaj",
    "quita.",
    "quito.",
    "quitamos",
    "quitar",
    "perdon",
    "exoner",
    "elimin",
    "borr",
    "bonific",
    "waiv",
    "discount",
    "forgiv",
    "off.",
    "desconto",
    "abat",
    "perdo",
    "reduc",
    "dscto",
    "dcto",
    "rebaix",
    "anul",
    "congel",
    "suspend",
    "dejamos",
    "dejo",
    "dejarle",
    "freez",
    "hold.",
    "paus",
    "remov",
    "drop.",
    "cancel.",
    "wipe",
    "cut.",
    "knock",
    "isent",
    "zer",
    "tiro.",
    "tiramos",
    "corto",
    "descont",
];

/// What a waiver is of.
pub const OWED: &[&str] = &[
    "interes",
    "mora.",
    "deud",
    "capital",
    "sald",
    "gasto",
    "honorario",
    "resto.",
    "diferencia",
    "total",
    "obligacion",
    "cuota",
    "credito",
    "debt",
    "interest",
    "fees",
    "rest.",
    "balance",
    "divida",
    "juro",
    "multa",
    "remanente",
    "mitad",
    "half",
    "metade",
    "todo.",
    "tudo.",
    "everything.",
    "plata",
    "moratori",
    "recargo",
    "charge",
    "penalt",
    "fee.",
    "late.",
    "arrears",
    "atras",
    "parcela",
    "loan",
    "prestamo",
    "payment",
    "tasa",
    "rate",
];

/// "Le condono los intereses" where no settlement is offered.
pub fn waivers(look: &Look<'_>) -> Vec<Mention> {
    let words = look.words();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let free = is_free_of(words, at);
        if !free && !is_one(word, WAIVING) {
            continue;
        }
        let same = |other: &&Word| other.sentence == word.sentence;
        let after = words.get(at..(at + 7).min(words.len())).unwrap_or_default();
        let before = words.get(at.saturating_sub(10)..at).unwrap_or_default();
        let owed = before.iter().chain(after).filter(same).any(|other| is_one(other, OWED));
        let denied = before.iter().rev().take(6).filter(same).any(|other| is_one(other, REFUSING));
        let denied = denied && !is_taken_back(words, at + 1);
        let given =
            is_one(word, WAIVING_ALWAYS) || before.iter().filter(same).any(|other| is_one(other, GIVER));
        let discount = is_one(word, DISCOUNT) && given;
        if free || (!denied && ((owed && given) || discount)) {
            found.push(Mention { start: word.start, end: word.end, fact: Fact::Discount });
        }
    }
    found
}

/// Charges that it is said will not be asked for: "no le cobramos los intereses".
const CHARGES: &[&str] = &[
    "interes",
    "mora.",
    "moratori",
    "recargo",
    "juro",
    "multa",
    "interest",
    "fee",
    "penalt",
    "honorario",
    "gasto",
];

/// "No le cobramos los intereses de mora": a whole charge is waived, which is more than a discount says.
pub fn uncharged(look: &Look<'_>) -> Vec<Mention> {
    let words = look.words();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate().filter(|(_, word)| is_one(word, &["cobr", "charg"])) {
        let same = |other: &&Word| other.sentence == word.sentence;
        let before = words.get(at.saturating_sub(3)..at).unwrap_or_default();
        let after = words.get(at + 1..(at + 6).min(words.len())).unwrap_or_default();
        let denied = before.iter().filter(same).any(|other| {
            is_one(other, &["no.", "nao.", "not.", "t.", "sin.", "sem.", "without.", "won.", "don.", "ni."])
        });
        if denied && after.iter().filter(same).any(|other| is_one(other, CHARGES)) {
            found.push(Mention { start: word.start, end: word.end, fact: Fact::Discount });
        }
    }
    found
}

/// "Del resto nos olvidamos": a debt that is forgotten is waived, whatever is offered.
pub fn forgotten(look: &Look<'_>) -> Vec<Mention> {
    const FORGETTING: &[&str] =
        &["olvidamos.", "olvidaremos.", "olvido.", "olvidara.", "esquecemos.", "esqueco.", "forget."];
    const REST: &[&str] =
        &["resto.", "demas.", "sald", "deud", "rest.", "balance", "divida", "otro.", "mitad"];
    let words = look.words();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate().filter(|(_, word)| is_one(word, FORGETTING)) {
        let near = words.get(at.saturating_sub(5)..(at + 6).min(words.len())).unwrap_or_default();
        let same = |other: &&Word| other.sentence == word.sentence;
        let rest = near.iter().filter(same).any(|other| is_one(other, REST));
        let denied =
            near.iter().filter(same).any(|other| is_one(other, &["no.", "nao.", "not.", "don.", "clave"]));
        if rest && !denied {
            found.push(Mention { start: word.start, end: word.end, fact: Fact::Discount });
        }
    }
    found
}

/// Waiving whoever does it.
const WAIVING_ALWAYS: &[&str] =
    &["condon", "perdon", "exoner", "waiv", "forgiv", "congel", "freez", "isent", "perdoar", "perdoa"];
/// Who gives, before what is given.
const GIVER: &[&str] = &[
    "le.", "te.", "les.", "lo.", "doy.", "damos", "tengo", "ofrezc", "ofrec", "hago", "hacemos", "puedo",
    "podemos", "with.", "you.", "lhe.", "voy.", "vamos", "dar", "we.", "i.", "eu.", "consig", "consegu",
    "yo.", "can.", "ll.", "vou.",
];
const REFUSING: &[&str] = &[
    "no.", "nunca.", "sin.", "ningun", "nao.", "not.", "never.", "si.", "cannot.", "nem.", "ni.", "nenhum",
    "don.", "won.", "isn.", "aren.", "doesn.", "t.", "quien.", "cual.", "nadie.", "any.", "disculp",
    "desculp", "mensaje", "molest",
];
const DISCOUNT: &[&str] =
    &["descuent", "discount", "desconto", "rebaja", "dscto", "dcto", "quita.", "abatimento"];

/// "Sin intereses", "cero mora", "only the principal": nothing is asked for what is owed.
fn is_free_of(words: &[Word], at: usize) -> bool {
    let near = words.get(at..(at + 4).min(words.len())).unwrap_or_default();
    let [first, rest @ ..] = near else { return false };
    let same = rest.iter().filter(|word| word.sentence == first.sentence);
    let owed = same.clone().take(2).any(|word| {
        is_one(
            word,
            &[
                "interes",
                "mora.",
                "moratori",
                "recargo",
                "juro",
                "multa",
                "interest",
                "fees",
                "charges",
                "honorario",
            ],
        )
    });
    let principal = same.clone().any(|word| is_one(word, &["capital.", "principal."]));
    let before = |n: usize| at.checked_sub(n).and_then(|at| words.get(at));
    let only = is_one(first, &["solo.", "only.", "apenas.", "so.", "just.", "solamente."])
        && before(1)
            .or(words.get(at + 1))
            .is_some_and(|word| is_one(word, &["pag", "cobr", "pay", "the.", "el.", "o.", "cancel"]));
    (is_one(first, &["cero.", "zero."]) && owed) || (only && principal)
}
