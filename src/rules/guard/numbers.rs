//! Every number that a text says: digits in any grouping, words in three languages, slang, and spelled digits.
//!
//! What a debtor writes is read by `understand::amount`, which must be sure of one value. Here all values that a reader
//! could take are kept: whoever guards a figure must hear it however it is said.

use crate::rules::guard::numerals::{self, Numeral};
use crate::rules::reading::{Reading, Word};

/// Digits said one by one, at least so many in a row, are a part of an account or a phone.
const SPELLED_DIGITS_MIN: usize = 4;
/// Longer groups of digits are numbers of their own.
const DIGITS_APART_MAX: usize = 4;
/// Larger figures are no money of a person; they would overflow.
const VALUE_MAX: i64 = 100_000_000_000_000;

/// A number as said. Values are hundredths, so that cents and percentages are whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Number {
    /// Half-open range of characters as written, with its currency and scale.
    pub start: usize,
    pub end: usize,
    /// Only the digits; empty when it was said in words.
    pub digits: String,
    /// What it may be worth, in hundredths of one.
    pub values: Vec<i64>,
    /// The worth of its last digit that is not zero: "1,7 palos" is right to 100 000.
    pub step: i64,
    pub money: bool,
    pub percent: bool,
    /// Said with a scale (`mil`, `millón`, `palos`, `k`).
    pub scaled: bool,
    /// "y pico", "largos": somewhat more.
    pub and_more: bool,
    /// Part of a time of day or of a date.
    pub clock: bool,
    /// A letter touches it: `AC-2041`, `AND5004`.
    pub coded: bool,
    /// The words of the plain reading before and after it.
    pub first_word: usize,
    pub next_word: usize,
}

/// The numbers of a text in its order.
pub fn numbers(reading: &Reading) -> Vec<Number> {
    let chars: Vec<(usize, char)> = reading.folded.text.char_indices().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if chars[at].1.is_ascii_digit() {
            let end = run_end(&chars, at);
            found.push(of_digits(reading, &chars, at, end));
            at = end;
        } else {
            at += 1;
        }
    }
    let said = numerals::said(&reading.plain, &mut found);
    found.extend(said);
    found.extend(spelled(&reading.plain));
    found.extend(roman(&reading.plain));
    found.extend(undisguised(reading, &found));
    for number in &mut found {
        numerals::scale(number, &reading.plain);
    }
    found.sort_by_key(|number| (number.start, number.end));
    found
}

/// Where a run of digits ends whose groups are parted by one mark.
fn run_end(chars: &[(usize, char)], start: usize) -> usize {
    let digit = |at: usize| chars.get(at).is_some_and(|(_, c)| c.is_ascii_digit());
    let mark = |at: usize| {
        chars.get(at).is_some_and(|(_, c)| matches!(c, '.' | ',' | '\'' | '’' | ' ' | '-' | '_' | '*'))
    };
    let mut end = start;
    loop {
        while digit(end) {
            end += 1;
        }
        let next = if mark(end) && digit(end + 1) {
            end + 1
        } else if mark(end) && mark(end + 1) && digit(end + 2) {
            end + 2
        } else {
            return end;
        };
        if new_number(chars, start, end, next) {
            return end;
        }
        end = next;
    }
}

/// Whether what follows a blank is another number: "el 15 3 cuotas" and "400-1 2 veces" are two, "1 728 000" is one.
fn new_number(chars: &[(usize, char)], start: usize, end: usize, next: usize) -> bool {
    if chars[end].1 != ' ' {
        return false;
    }
    let group = chars[next..].iter().take_while(|(_, c)| c.is_ascii_digit()).count();
    let before = chars[start..end].iter().rev().take_while(|(_, c)| c.is_ascii_digit()).count();
    let whole = chars[start..end].iter().filter(|(_, c)| c.is_ascii_digit()).count();
    let grouped = group == 3 && before <= 3;
    let phone = (group >= 2 && before >= 2) || (group == 1 && before == 1) || whole >= 5;
    !grouped && !phone
}

fn of_digits(reading: &Reading, chars: &[(usize, char)], from: usize, to: usize) -> Number {
    let written: String = chars[from..to].iter().map(|(_, c)| *c).collect();
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let byte = |at: usize| chars.get(at).map_or(reading.folded.text.len(), |(byte, _)| *byte);
    let (start, end) = reading.folded.place(byte(from), byte(to));
    let before = |n: usize| from.checked_sub(n).and_then(|at| chars.get(at)).map(|(_, c)| *c);
    let after = |n: usize| chars.get(to + n).map(|(_, c)| *c);
    let (values, step) = worth(&written, &digits);
    let symbol = [1, 2]
        .into_iter()
        .any(|n| matches!(before(n), Some('$' | '€' | '£')) && (n == 1 || before(1) == Some(' ')));
    let slash = |c: Option<char>| matches!(c, Some(':' | '/'));
    let near_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let clock = (slash(before(1)) && near_digit(before(2)))
        || (slash(after(0)) && near_digit(after(1)))
        || is_half_of_day(chars, to);
    let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let coded = letter(before(1)) && !tail_is_currency(chars, from)
        || (before(1) == Some('-') && letter(before(2)))
        || (after(0) == Some('-') && letter(after(1)));
    let first_word = reading.plain.iter().position(|word| word.end > start).unwrap_or(reading.plain.len());
    let next_word = reading.plain.iter().position(|word| word.start >= end).unwrap_or(reading.plain.len());
    let mut number = Number {
        start: if symbol { start.saturating_sub(1) } else { start },
        end,
        digits,
        values,
        step,
        money: symbol,
        clock,
        coded,
        first_word,
        next_word,
        ..Number::default()
    };
    let sign = [0, 1].into_iter().find(|n| after(*n) == Some('%') && (*n == 0 || after(0) == Some(' ')));
    if let Some(sign) = sign {
        number.percent = true;
        number.end = reading.folded.place(byte(to + sign), byte(to + sign + 1)).1;
    }
    number
}

/// "8 a.m.", "8 am", "8:00 p. m.": the letters after the digits are a half of the day.
fn is_half_of_day(chars: &[(usize, char)], to: usize) -> bool {
    let mut rest =
        chars.get(to..).unwrap_or_default().iter().map(|(_, c)| *c).filter(|c| *c != '.' && *c != ' ');
    let half = matches!(rest.next(), Some('a' | 'p')) && rest.next() == Some('m');
    let ends = chars.get(to..).unwrap_or_default().iter().skip_while(|(_, c)| *c != 'm').nth(1);
    half && ends.is_none_or(|(_, c)| !c.is_alphanumeric())
}

/// `cop1000`: the letters before the digits are a currency.
fn tail_is_currency(chars: &[(usize, char)], from: usize) -> bool {
    let word: String =
        chars[..from].iter().rev().map(|(_, c)| *c).take_while(|c| c.is_alphabetic()).collect();
    let word: String = word.chars().rev().collect();
    numerals::is_currency(&word)
}

/// What digits may be worth in hundredths, and the worth of the last one.
fn worth(written: &str, digits: &str) -> (Vec<i64>, i64) {
    let parts: Vec<&str> =
        written.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let whole = digits.parse::<i64>().ok().filter(|value| *value <= VALUE_MAX / 100);
    let step = |zeros: u32| 100 * 10_i64.pow(zeros.min(12));
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    let zeros = u32::try_from(zeros).unwrap_or(0);
    let (Some(whole), [first, rest @ ..]) = (whole, parts.as_slice()) else { return (Vec::new(), 100) };
    let Some((last, middle)) = rest.split_last() else { return (vec![whole * 100], step(zeros)) };
    let dash = written.contains(['-', '_', '*']);
    let thousands = first.len() <= 3 && middle.iter().all(|part| part.len() == 3);
    let point = written.contains(['.', ',']);
    let mut values = Vec::new();
    if !dash && thousands && last.len() == 3 {
        values.push(whole * 100);
    }
    if !dash && point && thousands && last.len() <= 2 {
        let cents = if last.len() == 1 { whole * 10 } else { whole };
        return (vec![cents], if last.len() == 1 { 10 } else { 1 });
    }
    (values, step(zeros))
}

/// Digits that are said apart: "tres cero cero uno dos tres", "trescientos once, cuarenta y cinco, 67".
fn spelled(words: &[Word]) -> Vec<Number> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let (run, next) = run_of_digits(words, at);
        let in_words = words[at..next].iter().any(|word| !is_digits(&word.text));
        if in_words && run.len() >= SPELLED_DIGITS_MIN && next - at > 1 {
            found.push(Number {
                start: words[at].start,
                end: words[next - 1].end,
                digits: run,
                first_word: at,
                next_word: next,
                step: 100,
                ..Number::default()
            });
        }
        at = next.max(at + 1);
    }
    found
}

/// Digits whose words were pulled apart or cut: "t r e s cero ce-ro uno".
fn undisguised(reading: &Reading, found: &[Number]) -> Vec<Number> {
    let mut said = spelled(&reading.undisguised);
    said.retain(|number| !found.iter().any(|other| other.start <= number.start && number.end <= other.end));
    for number in &mut said {
        let words = &reading.plain;
        number.first_word = words.iter().position(|word| word.end > number.start).unwrap_or(words.len());
        number.next_word = words.iter().position(|word| word.start >= number.end).unwrap_or(words.len());
    }
    said
}

/// The digits that words from `start` on say one after the other, and the word after them.
fn run_of_digits(words: &[Word], start: usize) -> (String, usize) {
    let mut run = String::new();
    let (mut at, mut end) = (start, start);
    // A hundred or a ten that smaller numerals may still fill: "trescientos once", "cuarenta y cinco".
    let mut open: Option<i64> = None;
    while let Some(word) = words.get(at) {
        let joins = open.is_some_and(|open| open % 100 >= 20) && ["y", "e"].contains(&word.text.as_str());
        if joins {
            at += 1;
            continue;
        }
        let digits = is_digits(&word.text) && word.text.len() <= DIGITS_APART_MAX;
        let Some(value) = numeral_below_thousand(&word.text).or_else(|| digits.then_some(0)) else { break };
        let fits = !digits
            && open.is_some_and(|open| {
                (open % 100 == 0 && open > 0 && value < 100 && value > 0)
                    || (open % 10 == 0 && open % 100 >= 20 && (1..10).contains(&value))
            });
        match open.filter(|_| fits) {
            Some(before) => open = Some(before + value),
            None => {
                run.extend(open.map(|open| open.to_string()));
                open = (!digits).then_some(value);
            }
        }
        if digits {
            run.push_str(&word.text);
        }
        at += 1;
        end = at;
    }
    run.extend(open.map(|open| open.to_string()));
    (run, end)
}

fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_digit())
}

fn numeral_below_thousand(word: &str) -> Option<i64> {
    match numerals::numeral(word) {
        Some(Numeral::Unit(value)) => Some(value),
        Some(Numeral::Scale(_)) | None => None,
    }
}

/// "III I I II": Roman digits in a row. One among other words is a word ("vi", "I").
fn roman(words: &[Word]) -> Vec<Number> {
    let value = |word: &Word| ROMAN.iter().position(|roman| *roman == word.text).map(|at| at + 1);
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let run: Vec<usize> = words[at..].iter().map_while(value).collect();
        if run.len() >= SPELLED_DIGITS_MIN {
            found.push(Number {
                start: words[at].start,
                end: words[at + run.len() - 1].end,
                digits: run.iter().map(usize::to_string).collect(),
                first_word: at,
                next_word: at + run.len(),
                step: 100,
                ..Number::default()
            });
        }
        at += run.len().max(1);
    }
    found
}

const ROMAN: [&str; 10] = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"];
