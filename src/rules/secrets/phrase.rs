//! A password that is a sentence with a number behind it: `girasoles azules 56`.

use super::bridge::{is_bridge, is_length, is_no_value, is_of_something_else, is_said_besides};
use super::card::is_count;
use super::labels::{is_filler, is_open, is_verb, label_at};
use super::read::Read;
use std::ops::Range;

const WORDS_MAX: usize = 3;
/// Shorter words are seldom nouns.
const WORD_CHARS_MIN: usize = 4;
const DIGITS_MAX: usize = 4;

/// Words that stand before a number in what people say of their debts and days.
const ORDINARY: &[&str] = &[
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "setiembre",
    "octubre",
    "noviembre",
    "diciembre",
    "janeiro",
    "fevereiro",
    "marco",
    "maio",
    "junho",
    "julho",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "lunes",
    "martes",
    "miercoles",
    "jueves",
    "viernes",
    "sabado",
    "domingo",
    "segunda",
    "terca",
    "quarta",
    "quinta",
    "sexta",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "proximo",
    "proxima",
    "semana",
    "next",
    "desde",
    "hasta",
    "antes",
    "despues",
    "dentro",
    "cada",
    "solo",
    "unos",
    "unas",
    "casi",
    "aproximadamente",
    "numero",
    "hace",
    "edad",
    "cumplo",
    "naci",
    "talla",
    "torre",
    "casa",
    "manzana",
    "lote",
    "barrio",
    "plan",
    "opcion",
    "numeral",
    "mensual",
    "mensuales",
    "diario",
    "pagare",
    "pague",
    "podria",
    "puedo",
    "pode",
    "posso",
    "hoje",
    "amanha",
    "tomorrow",
    "hora",
    "horas",
    "tipo",
    "version",
    "windows",
    "iphone",
    "galaxy",
    "articulo",
    "paso",
    "pagina",
    "credito",
    "prestamo",
];

fn belongs(read: &Read<'_>, at: usize) -> bool {
    let word = read.word(at);
    let verb = ["ar", "er", "ir", "ndo"].iter().any(|ending| word.ends_with(ending));
    word.chars().count() >= WORD_CHARS_MIN
        && !verb
        && !ORDINARY.contains(&word)
        && !is_no_value(word)
        && !is_said_besides(word)
        && !is_bridge(word)
        && !is_of_something_else(word)
        && !is_open(word)
        && !is_count(word)
        && !is_length(word)
        && !is_filler(word)
        && !is_verb(word)
        && label_at(read, at).is_none()
}

fn is_number(read: &Read<'_>, at: usize) -> bool {
    read.tokens.get(at).is_some_and(|token| token.is_number && token.folded.len() <= DIGITS_MAX)
}

fn is_joined(read: &Read<'_>, at: usize) -> bool {
    let gap = read.gap_before(at);
    !gap.is_empty() && gap.chars().all(|c| matches!(c, ' ' | '-' | '_'))
}

fn place(read: &Read<'_>, first: usize, last: usize) -> Option<Range<usize>> {
    Some(read.tokens.get(first)?.place.start..read.tokens.get(last)?.place.end)
}

/// The one that begins at this token and ends what is said.
pub fn ahead(read: &Read<'_>, first: usize) -> Option<Range<usize>> {
    let n_words = (first..).take(WORDS_MAX + 1).take_while(|at| belongs(read, *at)).count();
    let last = first + n_words;
    let whole = (1..=WORDS_MAX).contains(&n_words)
        && is_number(read, last)
        && (first + 1..=last).all(|at| is_joined(read, at));
    let end = read.tokens.get(last)?.place.end;
    let rest = read.text.get(end..)?.trim_start_matches(' ');
    let ends = rest.chars().next().is_none_or(|c| ".,;!?)»\"\n".contains(c)) && !goes_on(rest);
    (whole && ends).then(|| place(read, first, last)).flatten()
}

/// The one that ends before this token.
pub fn behind(read: &Read<'_>, end: usize) -> Option<Range<usize>> {
    let last = end.checked_sub(1).filter(|last| is_number(read, *last))?;
    let words = (0..last).rev().take(WORDS_MAX + 1);
    let n_words = words.take_while(|at| belongs(read, *at) && is_joined(read, at + 1)).count();
    (1..=WORDS_MAX).contains(&n_words).then(|| place(read, last - n_words, last)).flatten()
}

/// `56,50` and `56.000` are amounts.
fn goes_on(rest: &str) -> bool {
    rest.strip_prefix([',', '.']).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}
