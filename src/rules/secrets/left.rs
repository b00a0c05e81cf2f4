//! What is left to understand of a text when its secrets are gone.

use super::MASK;
use super::labels::{is_filler, is_mine, is_of_a_label, is_verb, leads_back};
use super::read::folded;

/// What is left to understand of a masked text: without the masks and the words that only led to them.
pub fn without_masks(masked: &str) -> String {
    let mut left: Vec<&str> = Vec::new();
    let mut parts = masked.split(MASK).peekable();
    while let Some(part) = parts.next() {
        left.extend(part.split_whitespace());
        if parts.peek().is_some() {
            while left.last().is_some_and(|word| leads_to_a_secret(&folded(word))) {
                left.pop();
            }
        }
    }
    let words = left.join(" ");
    let said = words.chars().any(char::is_alphanumeric);
    if said { words } else { String::new() }
}

/// Words of labels and of what joins them to a secret; of no use without it.
fn leads_to_a_secret(word: &str) -> bool {
    let around = [
        "verificacion",
        "verificacao",
        "verification",
        "whatsapp",
        "sms",
        "me",
        "que",
        "llego",
        "mandaron",
        "enviaron",
        "un",
        "recibi",
        "recebi",
        "chegou",
        "foi",
        "celular",
        "mensaje",
        "texto",
        "tarjeta",
        "tarjetas",
        "cartao",
        "card",
        "visa",
        "mastercard",
        "amex",
        "numero",
        "number",
        "vence",
        "exp",
        "y",
        "le",
        "les",
        "te",
        "paso",
        "doy",
        "dejo",
        "mando",
        "envio",
        "escribo",
        "comparto",
        "aqui",
        "ahi",
        "va",
        "tome",
        "anote",
        "apunte",
        "dije",
        "diria",
        "here",
        "take",
        "passo",
        "anota",
    ];
    word.is_empty()
        || around.contains(&word)
        || is_mine(word)
        || is_verb(word)
        || is_filler(word)
        || leads_back(word)
        || is_of_a_label(word)
}
