//! What a message denies: which acts its words take out, clause by clause.

use super::{NAMED, PERMISSION, TAKES_BACK, begins};
use crate::rules::data_rights::DataRight;

/// Words that turn what follows.
pub(super) const DENIES: [&str; 14] = [
    "no", "nunca", "jamas", "tampoco", "sin", "ni", "nao", "nem", "sem", "not", "dont", "never", "without",
    "nor",
];
/// How many words a denial reaches: "no quiero que me vayan a borrar".
const DENIAL_REACH: usize = 7;
/// Words with which another clause begins.
const CLAUSES: [&str; 18] = [
    "solo",
    "solamente",
    "unicamente",
    "sino",
    "pero",
    "mejor",
    "apenas",
    "somente",
    "so",
    "only",
    "just",
    "but",
    "instead",
    "rather",
    "porem",
    "melhor",
    "simplemente",
    "simplesmente",
];
/// First words of a wish: they begin a clause of their own where no denial stands right before them.
const WISHES: [&str; 26] = [
    "quiero", "quisiera", "pido", "solicito", "necesito", "deseo", "prefiero", "exijo", "requiero", "busco",
    "quero", "queria", "peco", "preciso", "gostaria", "desejo", "prefiro", "want", "need", "prefer",
    "asking", "request", "estoy", "estou", "im", "am",
];
/// What a denied clause is about: behind it another one begins.
const OBJECTS: [&str; 16] = [
    "datos",
    "informacion",
    "dados",
    "informacoes",
    "cadastro",
    "data",
    "information",
    "info",
    "records",
    "autorizacion",
    "autorizacao",
    "consentimiento",
    "consentimento",
    "consent",
    "permiso",
    "permission",
];
/// Words with which somebody complains that a right was not honoured, which asks for it: "aún no han borrado mis datos".
const COMPLAINTS: [&str; 28] = [
    "han",
    "ha",
    "aun",
    "todavia",
    "ainda",
    "yet",
    "havent",
    "hasnt",
    "have",
    "has",
    "didnt",
    "did",
    "wont",
    "will",
    "quisieron",
    "quieren",
    "querem",
    "quiseram",
    "pueden",
    "puede",
    "podem",
    "foram",
    "foi",
    "pude",
    "puedo",
    "consigo",
    "dejan",
    "deja",
];
/// Ends of verbs that tell what was done: "no borraron", "não apagaram".
const TELLS: [&str; 6] = ["aron", "ieron", "aram", "iram", "eram", "ted"];
/// Ends of a verb that asks with the object behind it, which Spanish never denies: "bórrenlos", "no, elimínenme".
const ASKS: [&str; 10] = ["enlos", "enlas", "enlo", "enla", "enme", "anlos", "anlas", "anlo", "anla", "anme"];
/// Verbs that tell what is done: "no borran mis datos".
const TOLD: [&str; 16] = [
    "borran",
    "eliminan",
    "suprimen",
    "destruyen",
    "corrigen",
    "actualizan",
    "rectifican",
    "arreglan",
    "cambian",
    "quitan",
    "sacan",
    "apagam",
    "excluem",
    "removem",
    "atualizam",
    "corrigem",
];

/// The words without the acts that are denied. A denied permission stays, unless such an act is about it: "no les di
/// permiso" asks for it.
pub(super) fn standing<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let mut stand: Vec<&str> = Vec::with_capacity(words.len());
    let mut denied: Option<Denial> = None;
    for (at, word) in words.iter().enumerate() {
        let here = denied.is_some_and(|denial| at - denial.from <= DENIAL_REACH);
        let wished_anew = WISHES.contains(word) && denied.is_none_or(|denial| at - denial.from > 2);
        if DENIES.contains(word) {
            denied = Some(Denial { from: at, act: false });
        } else if CLAUSES.contains(word) || wished_anew {
            denied = None;
        } else if let Some(denial) = denied.as_mut().filter(|_| here) {
            if is_act(word)
                && !ASKS.iter().any(|end| word.ends_with(end))
                && !complains(words, denial.from, at)
            {
                denial.act = true;
                continue;
            }
            if denial.act && OBJECTS.contains(word) {
                denied = None;
                continue;
            }
            if denial.act && begins(word, &PERMISSION) {
                continue;
            }
        }
        stand.push(word);
    }
    stand
}

#[derive(Clone, Copy)]
struct Denial {
    /// Where the word is that denies.
    from: usize,
    /// An act was denied by it.
    act: bool,
}

/// Something that is done to data or to a permission; who denies that they see their data asks to see them.
fn is_act(word: &str) -> bool {
    let of_right = NAMED
        .iter()
        .any(|(right, stems)| *right != DataRight::Access && begins(word, stems) && *word != *"mal");
    of_right || begins(word, &TAKES_BACK)
}

/// Whether the denial at `from` says that the act at `at` was not done, though it was wanted.
fn complains(words: &[&str], from: usize, at: usize) -> bool {
    let between = words.get(from.saturating_sub(1)..at).unwrap_or_default();
    let act = words.get(at).copied().unwrap_or_default();
    let told = TOLD.contains(&act) || TELLS.iter().any(|end| act.ends_with(end));
    // "I have not asked you to delete" is no complaint.
    let asked = between.iter().any(|word| ["pedido", "pedi", "asked", "solicitado", "dicho"].contains(word));
    !asked && (told || between.iter().any(|word| COMPLAINTS.contains(word)))
}

/// Whether another clause begins with it.
pub(super) fn begins_clause(word: &str) -> bool {
    CLAUSES.contains(&word)
}
