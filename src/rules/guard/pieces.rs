//! A text together with what was written just before it: an account, a phone or a name can be cut into messages.

use super::{Fact, Known, Mention, mentions};
use crate::rules::digits::digit_of;

/// A message of so few words may be a piece of a sentence.
const PIECE_WORDS_MAX: usize = 4;

/// Two messages as one text: a piece of few words goes on in the same sentence, and digits in the same number.
pub fn joined(before: &str, text: &str) -> String {
    let last = before.rsplit('\n').next().unwrap_or_default();
    let digit = |c: char| digit_of(c).is_some();
    let piece = |text: &str| text.split_whitespace().count() <= PIECE_WORDS_MAX;
    match before {
        "" => text.to_owned(),
        _ if before.ends_with(digit) && text.starts_with(digit) => format!("{before}{text}"),
        _ if piece(last) || piece(text) => format!("{before} {text}"),
        _ => format!("{before}\n{text}"),
    }
}

/// Payees, contacts and pages of `text` that only come about with what was written before; places are those of `text`.
pub fn parted(before: &str, text: &str, known: &Known<'_>) -> Vec<Mention> {
    if before.is_empty() {
        return Vec::new();
    }
    let whole = joined(before, text);
    let offset = whole.chars().count() - text.chars().count();
    let leads = |fact: Fact| matches!(fact, Fact::Payee | Fact::Contact | Fact::Link);
    let new = |mention: &Mention| leads(mention.fact) && mention.end > offset;
    let placed = |Mention { start, end, fact }| Mention {
        start: start.saturating_sub(offset),
        end: end - offset,
        fact,
    };
    mentions(&whole, known, &[]).into_iter().filter(new).map(placed).collect()
}
