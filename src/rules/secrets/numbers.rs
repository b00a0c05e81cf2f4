//! Numbers that are passwords though other words stand between them and the word for one, or though they stand behind
//! another one: `la clave, por si la necesita, es 5512`, `claves 9077 y 9078`, `8005 <- clave`.

use super::bridge;
use super::labels;
use super::read::Unit;
use super::spoken::{Label, ends_a_sentence};
use std::ops::Range;

/// Words of what is put in between.
const ASIDE_MAX: usize = 8;
/// Digits of a number that is sought so; seven are a telephone in a city.
const PLAIN_DIGITS_MIN: usize = 4;
const PLAIN_DIGITS_MAX: usize = 8;
const LANDLINE_DIGITS: usize = 7;
/// Words behind it that would make it something else.
const OTHER_WITHIN: usize = 3;
/// Numbers of one kind behind the first, and characters between two of them.
const FURTHER_MAX: usize = 8;
const FURTHER_CHARS: usize = 24;
const ANOTHER: [&str; 20] = [
    "y", "e", "and", "la", "el", "las", "los", "a", "the", "es", "is", "luego", "despues", "then", "depois",
    "tambien", "tambem", "also", "i", "son",
];
const OR: [&str; 16] = [
    "o", "u", "or", "ou", "otra", "otro", "segunda", "segundo", "outra", "outro", "other", "second",
    "another", "tercera", "terceira", "third",
];

impl Label<'_, '_> {
    /// The token behind what is put in between commas: `la clave, por si la necesita, es 5512`.
    pub fn behind_an_aside(&self, at: usize) -> Option<usize> {
        let read = self.read;
        if !self.class.has_letters() || !matches!(self.gap(at).trim(), "," | "(" | "-" | "–" | "—") {
            return None;
        }
        let end = (at + 1..=at + ASIDE_MAX)
            .find(|at| self.gap(*at).contains([',', ')', '-', '–', '—', '.', '?']))?;
        let joined =
            labels::is_verb(read.word(end)) || read.is_accented_e(end) || self.gap(end).contains(':');
        let numbers = (at..end).any(|at| read.unit_at(at).is_some());
        (joined && !numbers && !ends_a_sentence(self.gap(end))).then_some(end)
    }

    /// No amount, year, document or address: over other words only such a number is a secret.
    pub fn is_plain_number(&self, unit: &Unit) -> bool {
        let read = self.read;
        let (first, next) = (unit.tokens.start, unit.tokens.end);
        let other = |at: usize| labels::is_open(read.word(at)) || bridge::is_of_something_else(read.word(at));
        let since = matches!(
            read.word(first.saturating_sub(1)),
            "en" | "del" | "desde" | "em" | "in" | "since" | "de" | "el"
        );
        // `2026-02-15`
        let goes_on = read.tokens.get(next).is_some_and(|token| token.is_number)
            && !read.gap_before(next).chars().any(char::is_whitespace);
        let owned = matches!(read.word(first.saturating_sub(1)), "tengo" | "tenho" | "have");
        let year = unit.digits.len() == 4 && (unit.digits.starts_with("19") || unit.digits.starts_with("20"));
        let is_said_of_else = owned || goes_on || (since && year) || (next..next + OTHER_WITHIN).any(other);
        let n_digits = unit.digits.len();
        n_digits <= PLAIN_DIGITS_MAX
            && n_digits != LANDLINE_DIGITS
            && !unit.digits.ends_with("00")
            && !is_said_of_else
    }

    /// Further numbers of one kind: `claves 9077 y 9078`, `el pin es 4821 o 4822`, `la clave 9077 y la otra 9078`.
    pub fn further(&self, first: &Range<usize>) -> Vec<Range<usize>> {
        let read = self.read;
        let digits = |place: &Range<usize>| {
            read.text.get(place.clone()).map_or(0, |text| text.chars().filter(char::is_ascii_digit).count())
        };
        let last = read.word(self.behind.saturating_sub(1));
        let plural = last.ends_with('s') && last != "pass";
        let (mut found, mut before, length) = (Vec::new(), first.clone(), digits(first));
        while found.len() < FURTHER_MAX
            && let Some(unit) = read.units.iter().find(|unit| unit.place.start >= before.end)
        {
            let token = read.tokens.partition_point(|token| token.place.end <= before.end);
            let gap = read.between(before.end, unit.place.start);
            let words = || (token..unit.tokens.start).map(move |at| read.word(at));
            let joined = gap.chars().count() <= FURTHER_CHARS
                && !gap.contains(['.', '$', '?', '!', ';', '\n'])
                && !gap.trim().is_empty()
                && words().all(|word| ANOTHER.contains(&word) || OR.contains(&word));
            let or = words().any(|word| OR.contains(&word)) || gap.trim() == "/";
            let same = unit.digits.len() == length && length >= PLAIN_DIGITS_MIN;
            let alike =
                same || (plural && (PLAIN_DIGITS_MIN..=PLAIN_DIGITS_MAX).contains(&unit.digits.len()));
            let rest = read.text.get(unit.place.end..).unwrap_or_default();
            let ends = rest.trim_start().chars().next().is_none_or(|c| ".,;!)»\"\n".contains(c));
            let number =
                self.is_plain_number(unit) && self.number(unit).is_some_and(|place| place == unit.place);
            if !joined || !alike || !number || !(plural || or || ends) {
                break;
            }
            before = unit.place.clone();
            found.push(unit.place.clone());
        }
        found
    }

    /// `8005 <- clave`, `8005 (clave)`, and `8005 clave` when that is all.
    pub fn is_pointed_at(&self, unit: &Unit) -> bool {
        let gap = self.gap(self.at).trim();
        let arrow = gap.contains(['<', '←', '⬅']);
        let sign = arrow
            || ["=", "->", "→", "➡", "(", "–", "—", "-", "|", "/", ":", ">", "=>", "\n"].contains(&gap)
            || self.gap(self.at).contains('\n');
        let all = unit.tokens.start == 0 && self.behind == self.read.tokens.len();
        unit.tokens.end == self.at
            && self.is_plain_number(unit)
            && (arrow || (sign && self.ends_what_is_said()) || all)
    }

    /// Whether such a number is still sought behind this word; `mi número es …` begins something else.
    pub fn leads_on(&self, token: usize) -> bool {
        let word = self.read.word(token);
        let before = self.read.word(token.saturating_sub(1));
        let of_somebody = matches!(word, "numero" | "number") && labels::is_mine(before);
        !of_somebody && (bridge::is_bridge(word) || labels::is_verb(word) || labels::is_filler(word))
    }
}
