//! Secrets by what is said of them: `cvv 123`, `mi clave es tigre22`, `el código que me llegó es 482913`, `4821 is my pin`,
//! `Zorro99, mi contraseña`.

use super::bridge;
use super::card::is_count;
use super::labels::{self, Class, label_at};
use super::phrase;
use super::read::{Read, Unit};
use std::ops::Range;

/// Words between a secret and the label behind it.
const BACK_MAX: usize = 4;
/// Further words of a password that is a sentence.
const WORDS_MAX: usize = 3;
/// Characters between the digits of one code: `482 913`, `482-913`.
const SPLIT_MAX: usize = 2;
/// A password of letters and digits is not shorter.
const MIXED_MIN: usize = 4;
/// No code is longer.
const DIGITS_MAX: usize = 10;
/// Characters of a one-time code of letters and digits, and digits among them at least.
const CODE_CHARS: Range<usize> = 5..11;
const CODE_DIGITS_MIN: usize = 2;
/// Digits of one of the pieces in which a code before its label is said: `cuatro uno dos nueve`, `482 913`.
const PIECE_MAX: usize = 4;
/// Further words over which the digits of a password are sought.
const BRIDGE_MAX: usize = 4;
/// Beginnings of words for a payment, and how far before a label they stand.
const PAID: [&str; 6] = ["pag", "consign", "deposit", "transf", "cancel", "paid"];
const PAID_WITHIN: usize = 7;

pub fn find(read: &Read<'_>) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    let mut at = 0;
    while at < read.tokens.len() {
        let Some((class, behind)) = label_at(read, at) else {
            at += 1;
            continue;
        };
        let label = Label { read, class, at, behind };
        if !label.is_means_of_payment() {
            let ahead = label.ahead();
            places.extend(ahead.iter().flat_map(|place| label.further(place)));
            places.extend(ahead.or_else(|| label.back()));
        }
        at = behind;
    }
    places
}

pub struct Label<'a, 't> {
    pub read: &'a Read<'t>,
    pub class: Class,
    pub at: usize,
    pub behind: usize,
}

/// How a label and what follows it are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joined {
    /// Nothing but words of its kind.
    Beside,
    Colon,
    Verb,
    /// Words of its kind and a comma: `clave de internet, Oso790`.
    Comma,
    /// Other words came between, or what it was said to be is no secret.
    Loosely,
}

impl Label<'_, '_> {
    /// `pagué con el código 110245`: the code of a shop or an agreement, which proves a payment.
    fn is_means_of_payment(&self) -> bool {
        let before = |n: usize| self.at.checked_sub(n).map_or("", |at| self.read.word(at));
        let with = (1..=2).any(|n| matches!(before(n), "con" | "com" | "with"));
        let paid = |word: &str| PAID.iter().any(|stem| word.starts_with(stem));
        self.class == Class::Code && with && (2..=PAID_WITHIN).any(|n| paid(before(n)))
    }

    /// The secret behind the label.
    fn ahead(&self) -> Option<Range<usize>> {
        let read = self.read;
        let mut joined = Joined::Beside;
        let mut at = self.first_behind();
        let until = at + self.class.reach() + 2 + if self.class.has_letters() { BRIDGE_MAX } else { 0 };
        // Over words that are no part of a label only digits are sought.
        let mut strayed = false;
        if let Some(behind) = self.behind_an_aside(at) {
            (at, strayed) = (behind, true);
        }
        if !strayed && self.begins_something_else(at) {
            return None;
        }
        while at < until.min(read.tokens.len() + 1) {
            let gap = self.gap(at);
            if gap.contains(super::MASK) || (at > self.behind && ends_a_sentence(gap)) {
                return None;
            }
            if gap.contains([':', '=']) {
                joined = Joined::Colon;
            } else if gap.contains(',') && joined == Joined::Beside && at > self.behind {
                joined = Joined::Comma;
            }
            if let Some(unit) = read.unit_at(at) {
                if bridge::is_length(read.word(unit.tokens.end)) {
                    at = unit.tokens.end + 1;
                    continue;
                }
                if strayed && !self.is_plain_number(unit) {
                    return None;
                }
                return self.number(unit).or_else(|| self.letters(at, joined));
            }
            let word = read.word(at);
            if self.class.has_letters()
                && !strayed
                && matches!(joined, Joined::Colon | Joined::Verb)
                && let Some(place) = self.letters(at, joined)
            {
                return Some(place);
            }
            if let Some(place) = self.sentence(at, joined) {
                return Some(place);
            }
            if self.is_of_digits_too(at) {
                let place = self.letters(at, joined);
                if place.is_some() || self.class.has_letters() {
                    return place;
                }
            }
            joined = if (labels::is_verb(word) || read.is_accented_e(at)) && !strayed {
                Joined::Verb
            } else if labels::is_open(word) {
                return None;
            } else if joined == Joined::Beside && labels::is_filler(word) {
                Joined::Beside
            } else if self.class.has_letters() && joined != Joined::Beside {
                if !self.leads_on(at) {
                    return None;
                }
                strayed = true;
                Joined::Loosely
            } else {
                Joined::Loosely
            };
            at += 1;
        }
        // A password of signs alone, or at the very end.
        None
    }

    /// `olvidé la clave, mi usuario es …`: behind a comma stands something else of theirs.
    fn begins_something_else(&self, at: usize) -> bool {
        let of_mine = self.gap(at).contains(',') && labels::is_mine(self.read.word(at));
        of_mine && label_at(self.read, at + 1).is_none()
    }

    /// `la clave son girasoles azules 56`, `¿cuál es su clave? girasoles azules 56`.
    fn sentence(&self, token: usize, joined: Joined) -> Option<Range<usize>> {
        let answers = token == self.behind && self.gap(token).contains('?');
        let told = match joined {
            Joined::Colon | Joined::Verb => self.class.has_letters(),
            Joined::Beside => self.class == Class::Password || (self.class.has_letters() && answers),
            Joined::Comma | Joined::Loosely => false,
        };
        if told { phrase::ahead(self.read, token) } else { None }
    }

    /// `cvv2` is the label with its own digit.
    fn first_behind(&self) -> usize {
        let glued =
            self.read.tokens.get(self.behind).is_some_and(|next| next.is_number && next.folded.len() == 1)
                && self.gap(self.behind).is_empty();
        if glued { self.behind + 1 } else { self.behind }
    }

    pub fn gap(&self, token: usize) -> &str {
        self.read.gap_before(token)
    }

    /// The digits that begin with this unit, when they are as many as such a secret has.
    pub fn number(&self, first: &Unit) -> Option<Range<usize>> {
        let read = self.read;
        let (mut end, mut n_digits, mut behind) = (first.place.end, first.digits.len(), first.tokens.end);
        let mut reach = (end, n_digits, behind);
        while let Some(next) = read.unit_at(reach.2) {
            let gap = read.between(reach.0, next.place.start);
            reach = (next.place.end, reach.1 + next.digits.len(), next.tokens.end);
            if gap.chars().count() > SPLIT_MAX || gap.contains([',', '\n', '/']) || reach.1 > DIGITS_MAX {
                break;
            }
            if self.class.takes(reach.1) {
                (end, n_digits, behind) = reach;
            }
        }
        let place = first.place.start..end;
        let money = is_count(read.word(behind)) || self.gap(first.tokens.start).contains('$');
        let split_off = read.tokens.get(behind).is_some_and(|next| next.is_number)
            && read.gap_before(behind).chars().all(|c| c == '.' || c == ',');
        let glued = read.tokens.get(behind).is_some_and(|next| {
            !next.is_number && read.gap_before(behind).is_empty() && next.place.start == place.end
        });
        if money || split_off || self.is_day(first) || (glued && self.class.has_letters()) {
            return None;
        }
        self.class.takes(n_digits).then_some(place)
    }

    /// `15-02-2026`, `2026-02-15`.
    fn is_day(&self, first: &Unit) -> bool {
        let rest = self.read.text.get(first.place.start..).unwrap_or_default();
        let word = rest.split(char::is_whitespace).next().unwrap_or_default();
        let lengths: Vec<usize> =
            word.trim_end_matches(|c: char| !c.is_ascii_digit()).split('-').map(str::len).collect();
        let of_digits = word.chars().all(|c| c.is_ascii_digit() || !c.is_alphabetic());
        of_digits && matches!(lengths.as_slice(), [1 | 2, 1 | 2, 4] | [4, 1 | 2, 1 | 2])
    }

    /// A password of letters, digits and signs: the characters up to the next blank, and the words of a sentence.
    fn letters(&self, token: usize, joined: Joined) -> Option<Range<usize>> {
        if joined == Joined::Loosely {
            return None;
        }
        let place = self.chunk(token, joined)?;
        let chunk = self.read.text.get(place.clone())?;
        if !self.class.has_letters() {
            return (self.class != Class::SecurityCode && is_mixed_code(chunk)).then_some(place);
        }
        let word = super::read::folded(chunk);
        let has_digit = word.chars().any(|c| c.is_ascii_digit());
        let has_letter = word.chars().any(char::is_alphabetic);
        let mixed = has_digit && has_letter && chunk.chars().count() >= MIXED_MIN;
        let signs = chunk.chars().any(|c| "@#$%&*_!+".contains(c)) && chunk.chars().count() >= MIXED_MIN;
        let said = match joined {
            Joined::Colon | Joined::Verb if has_letter && !has_digit && self.class != Class::Contra => {
                !bridge::is_no_value(&word)
                    && !bridge::is_said_besides(&word)
                    && label_at(self.read, token).is_none()
                    && (joined == Joined::Colon || self.is_meant(token, &place))
            }
            Joined::Colon | Joined::Verb | Joined::Beside | Joined::Comma | Joined::Loosely => false,
        };
        if mixed || signs {
            return Some(place);
        }
        said.then(|| self.with_its_sentence(token, place))
    }

    /// The blanks-to-blanks text around the token; behind a colon it may begin with a sign.
    fn chunk(&self, token: usize, joined: Joined) -> Option<Range<usize>> {
        let read = self.read;
        let place = read.tokens.get(token)?.place.clone();
        let before = read.text.get(..place.start)?;
        let blank = |c: char| c.is_whitespace() || (joined == Joined::Colon && matches!(c, ':' | '='));
        let start =
            before.rfind(blank).map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
        let after = read.text.get(place.end..)?;
        let end = after.find(char::is_whitespace).map_or(read.text.len(), |at| place.end + at);
        let chunk = read.text.get(start..end)?;
        let quotes = ['"', '\'', '“', '”', '«', '»', '(', ')', ',', ';'];
        let from = start + (chunk.len() - chunk.trim_start_matches(quotes).len());
        let to = start + chunk.trim_end_matches(|c| quotes.contains(&c) || matches!(c, '.' | '?')).len();
        (from < to).then_some(from..to)
    }

    /// `mi clave es tigre`, `la contraseña es tigre`, and `la clave es tigre` when nothing follows.
    fn is_meant(&self, token: usize, place: &Range<usize>) -> bool {
        let mine = self.read.words_before(token).take(self.class.reach() + 2).any(labels::is_mine);
        let rest = self.read.text.get(place.end..).unwrap_or_default();
        let last = rest.trim_start().chars().next().is_none_or(|c| ".,;!\n".contains(c));
        match self.class {
            Class::Password => true,
            // `mi clave es pagar a tiempo`: what somebody does, and more about it.
            Class::Clave => last || (mine && !self.is_infinitive(token)),
            Class::SecurityCode | Class::Pin | Class::Code | Class::Contra => false,
        }
    }

    fn is_infinitive(&self, token: usize) -> bool {
        let word = self.read.word(token);
        word.len() > 3 && ["ar", "er", "ir"].iter().any(|ending| word.ends_with(ending))
    }

    fn with_its_sentence(&self, token: usize, place: Range<usize>) -> Range<usize> {
        let read = self.read;
        let mut place = place;
        for at in token + 1..=token + WORDS_MAX {
            let Some(next) = read.tokens.get(at) else { break };
            let gap = self.gap(at);
            let blank = !gap.is_empty() && gap.chars().all(|c| c == ' ' || c == '-');
            if !blank || bridge::is_said_besides(&next.folded) || label_at(read, at).is_some() {
                break;
            }
            place.end = place.end.max(next.place.end);
        }
        place
    }

    /// A word that goes on in digits or signs: `tigre22`, `t1gre`.
    fn is_of_digits_too(&self, token: usize) -> bool {
        self.class != Class::SecurityCode
            && self.read.tokens.get(token + 1).is_some_and(|next| next.is_number)
            && self.gap(token + 1).chars().all(|c| !c.is_whitespace())
            && !self.gap(token + 1).contains([':', '='])
    }

    /// The secret before the label: `123 es el cvv`, `4821 is my pin`, `Zorro99, mi contraseña`.
    fn back(&self) -> Option<Range<usize>> {
        let read = self.read;
        let ahead = self.rest();
        if ahead.split_inclusive(' ').take(BACK_MAX).any(|word| word.contains(super::MASK)) {
            return None;
        }
        let open = (self.behind..self.behind + 3).any(|at| labels::is_open(read.word(at)));
        let (mut at, mut is, mut mine) = (self.at, false, false);
        for _ in 0..=BACK_MAX {
            let before = at.checked_sub(1)?;
            let gap = self.gap(at);
            if open || ends_a_sentence(gap) || gap.contains('$') || gap.contains(super::MASK) {
                return None;
            }
            if gap.contains(',') {
                // `pagué 450000, mi clave no sirve` tells of two things.
                if !mine || !self.ends_what_is_said() {
                    return None;
                }
                is = true;
            }
            if let Some(unit) = read.units.iter().rev().find(|unit| unit.tokens.end == at) {
                let sentence = || phrase::behind(read, at).filter(|_| self.class.has_letters());
                let place = self.mixed_back(before).or_else(|| self.digits_back(unit)).or_else(sentence);
                return place.filter(|_| is || !self.class.has_letters() || self.is_pointed_at(unit));
            }
            if is && let Some(place) = self.mixed_back(before) {
                return Some(place);
            }
            let word = read.word(before);
            if !labels::leads_back(word) {
                return None;
            }
            is |= labels::is_verb(word) || read.is_accented_e(before);
            mine |= labels::is_mine(word);
            at = before;
        }
        None
    }

    /// What stands behind the label.
    fn rest(&self) -> &str {
        let end = self.read.tokens.get(self.behind.saturating_sub(1)).map_or(0, |label| label.place.end);
        self.read.text.get(end..).unwrap_or_default()
    }

    pub fn ends_what_is_said(&self) -> bool {
        self.rest().trim_start().chars().next().is_none_or(|c| ".,;!?)»\"\n".contains(c))
    }

    /// The digits that end with this unit, when they are as many as such a secret has; also when they are said one by one.
    fn digits_back(&self, last: &Unit) -> Option<Range<usize>> {
        let read = self.read;
        let (mut from, mut first, mut n_digits) = (last.place.start, last.tokens.start, last.digits.len());
        while n_digits < DIGITS_MAX
            && let Some(unit) = read.units.iter().rev().find(|unit| unit.tokens.end == first)
        {
            let gap = read.between(unit.place.end, from);
            let blank = gap.chars().count() <= SPLIT_MAX && gap.chars().all(|c| c == ' ' || c == '-');
            let pieces = unit.digits.len() <= PIECE_MAX && last.digits.len() <= PIECE_MAX;
            if !blank || !pieces || n_digits + unit.digits.len() > DIGITS_MAX {
                break;
            }
            (from, first, n_digits) = (unit.place.start, unit.tokens.start, n_digits + unit.digits.len());
        }
        let end = last.place.end;
        let whole = self.takes_back(n_digits, first).then_some(from..end);
        whole.or_else(|| {
            self.takes_back(last.digits.len(), last.tokens.start).then_some(last.place.start..end)
        })
    }

    fn takes_back(&self, n_digits: usize, first: usize) -> bool {
        let code = if self.class == Class::SecurityCode { n_digits <= 4 } else { true };
        let gap = self.gap(first);
        let before = first.checked_sub(1).and_then(|at| self.read.tokens.get(at));
        let split_off = before.is_some_and(|before| before.is_number)
            && !gap.is_empty()
            && gap.chars().all(|c| c == '.' || c == ',');
        self.class.takes(n_digits) && code && !gap.contains('$') && !split_off
    }

    /// The password or code of letters and digits around this token.
    fn mixed_back(&self, token: usize) -> Option<Range<usize>> {
        let place = self.chunk(token, Joined::Beside)?;
        let chunk = self.read.text.get(place.clone())?;
        let secret = match self.class {
            Class::SecurityCode => false,
            Class::Pin | Class::Code => is_mixed_code(chunk),
            Class::Password | Class::Clave | Class::Contra => {
                chunk.chars().count() >= MIXED_MIN
                    && chunk.chars().any(|c| c.is_ascii_digit())
                    && chunk.chars().any(char::is_alphabetic)
            }
        };
        secret.then_some(place)
    }
}

/// Letters and digits that are one code: `A7K9Q2`.
fn is_mixed_code(chunk: &str) -> bool {
    chunk.chars().all(|c| c.is_ascii_alphanumeric())
        && CODE_CHARS.contains(&chunk.len())
        && chunk.bytes().filter(u8::is_ascii_digit).count() >= CODE_DIGITS_MIN
        && chunk.bytes().any(|byte| byte.is_ascii_alphabetic())
}

pub fn ends_a_sentence(gap: &str) -> bool {
    gap.contains(['.', '!', '?', ';']) || gap.matches('\n').count() > 1
}
