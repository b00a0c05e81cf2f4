//! What a disguise hides: letters that stand apart, digits for letters, marks inside a word, a word cut in two.

use super::{Folded, Word, short_for, squeezed};

/// Letters of one word that stand apart, at least so many of them, are read as the word.
const SPACED_LETTERS_MIN: usize = 3;

/// So many letters that stand apart are more than an hour ("8 a. m.") and a list.
const SPACED_TEXT_MIN: usize = 5;

/// Whether letters of words stand apart.
pub(super) fn has_spaced_letters(text: &str) -> bool {
    let joined = joined_letters(&pieces(text));
    let letters = joined.iter().filter(|piece| piece.letter).map(|piece| piece.text.chars().count());
    letters.sum::<usize>() >= SPACED_TEXT_MIN
}

/// The words with letters that stand apart joined, digits and signs read as the letters that they look like, and
/// points inside a word left out.
pub(super) fn undisguise(folded: &Folded, plain: &[Word]) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::new();
    for piece in joined_letters(&pieces(&folded.text)) {
        let text = if piece.letter { piece.text } else { bare(&piece.text) };
        let place = folded.place(piece.start, piece.end);
        let there = plain.iter().find(|word| word.end > place.0);
        let part = there.map_or((0, 0), |word| (word.sentence, word.clause));
        let from = found.len();
        match short_for(&text) {
            Some(long) => found.extend(long.split(' ').map(|w| Word::new(w.to_owned(), place, part))),
            None if text.is_empty() => {}
            None => found.push(Word::new(text, place, part)),
        }
        let asked = there.is_some_and(|word| word.asked);
        found.iter_mut().skip(from).for_each(|word| word.asked = asked);
    }
    rejoin(&mut found);
    found
}

/// Letters that stand apart as the words that they spell: a wider gap than the others ends a word.
fn joined_letters(pieces: &[Piece]) -> Vec<Piece> {
    let mut joined = Vec::with_capacity(pieces.len());
    for run in pieces.chunk_by(|a, b| a.letter && b.letter) {
        if run.len() < SPACED_LETTERS_MIN {
            joined.extend(run.iter().cloned().map(|piece| Piece { letter: false, ..piece }));
            continue;
        }
        let gap = |a: &Piece, b: &Piece| b.start.saturating_sub(a.end);
        let narrow = run.windows(2).map(|pair| gap(&pair[0], &pair[1])).min().unwrap_or(0);
        for word in run.chunk_by(|a, b| gap(a, b) <= narrow) {
            let (Some(first), Some(last)) = (word.first(), word.last()) else { continue };
            let text = word.iter().map(|piece| piece.text.as_str()).collect();
            joined.push(Piece { text, start: first.start, end: last.end, letter: true });
        }
    }
    joined
}

/// Words that are cut in two to hide them: "ne qui", "cla ve".
const CUT: &[&str] = &[
    "nequi",
    "daviplata",
    "clave",
    "contrasena",
    "codigo",
    "token",
    "senha",
    "password",
    "embargo",
    "embargar",
    "datacredito",
    "abogado",
    "policia",
    "whatsapp",
    "telegram",
    "transfiya",
    "moroso",
    "deuda",
    "cuenta",
];

fn rejoin(words: &mut Vec<Word>) {
    let mut at = 0;
    while at + 1 < words.len() {
        let whole = format!("{}{}", words[at].text, words[at + 1].text);
        if words[at].sentence == words[at + 1].sentence && CUT.contains(&whole.as_str()) {
            let (first, last) = (&words[at], &words[at + 1]);
            let part = (first.sentence, first.clause);
            let joined = Word { asked: first.asked, ..Word::new(whole, (first.start, last.end), part) };
            words.splice(at..=at + 1, [joined]);
        }
        at += 1;
    }
}

#[derive(Clone)]
struct Piece {
    text: String,
    start: usize,
    end: usize,
    /// One letter by itself.
    letter: bool,
}

/// What stands between blanks, without its outer marks; a number keeps its parts.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for part in
        text.split(|c: char| c.is_whitespace() || matches!(c, ',' | '/' | '(' | ')' | '?' | '!' | ';'))
    {
        let trimmed = part.trim_matches(|c: char| !c.is_alphanumeric() && c != '@');
        let trimmed = trimmed.trim_start_matches('@');
        let start = trimmed.as_ptr() as usize - text.as_ptr() as usize;
        if trimmed.is_empty() {
            continue;
        }
        // "don't" is two words, here as in the plain reading.
        if let Some((head, tail)) = contraction(trimmed) {
            let parts = [(head, start), (tail, start + trimmed.len() - tail.len())];
            pieces.extend(parts.map(|(text, start)| Piece {
                text: text.to_owned(),
                start,
                end: start + text.len(),
                letter: false,
            }));
            continue;
        }
        let letters: Vec<&str> = trimmed.split(|c: char| !c.is_alphanumeric()).collect();
        let apart = letters.len() > 1 && letters.iter().all(|letter| letter.chars().count() == 1);
        let single = trimmed.chars().count() == 1 && trimmed.chars().all(char::is_alphabetic);
        pieces.push(Piece {
            text: if apart { letters.concat() } else { trimmed.to_owned() },
            start,
            end: start + trimmed.len(),
            letter: single,
        });
    }
    pieces
}

fn contraction(word: &str) -> Option<(&str, &str)> {
    let (head, tail) = word.rsplit_once(['\'', '’'])?;
    (["t", "s", "m", "re", "ll", "ve", "d"].contains(&tail) && head.chars().all(char::is_alphabetic))
        .then_some((head, tail))
}

/// A word without the marks inside it, its digits read as letters, and no letter more than twice in a row.
fn bare(piece: &str) -> String {
    let n_letters = piece.chars().filter(|c| c.is_alphabetic()).count();
    let n_digits = piece.chars().filter(char::is_ascii_digit).count();
    if n_letters == 0 || n_digits > n_letters {
        return piece.chars().filter(|c| c.is_alphanumeric()).collect();
    }
    let mut text = String::with_capacity(piece.len());
    for c in piece.chars() {
        let letter = match c {
            '0' => 'o',
            '1' | '|' => 'i',
            '3' | '€' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            '8' => 'b',
            other => other,
        };
        if letter.is_alphabetic() {
            text.push(letter);
        }
    }
    squeezed(&text, 2)
}
