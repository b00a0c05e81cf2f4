//! Expression text to tokens.

use crate::domain::money::{Currency, Money};
use crate::domain::time::Day;
use std::ops::Range;

/// Longest expression, in bytes.
pub const EXPRESSION_MAX: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Name(String),
    Int(i64),
    Text(String),
    Money(Money),
    Date(Day),
    Percent(i64),
    Days(i64),
    /// An operator or bracket.
    Sign(&'static str),
}

/// What is wrong with an expression, by bytes of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExprError {
    pub at: Range<usize>,
    pub message: String,
    pub help: Option<String>,
}

impl ExprError {
    pub fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: None }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Longest first, so that `<=` is not read as `<`.
const SIGNS: [&str; 16] =
    ["==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "(", ")", "[", "]", ",", ".", "|"];

/// Splits the text into tokens with their bytes.
///
/// # Errors
/// At the first character or literal that the language does not have.
pub fn lex(text: &str) -> Result<Vec<(Token, Range<usize>)>, ExprError> {
    if text.len() > EXPRESSION_MAX {
        return Err(ExprError::new(0..text.len(), "the expression is too long")
            .help("split it: `set` a variable with a part of it first"));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        if next.is_whitespace() {
            at += next.len_utf8();
            continue;
        }
        let (token, end) = token(text, at, next)?;
        tokens.push((token, at..end));
        at = end;
    }
    Ok(tokens)
}

fn token(text: &str, at: usize, next: char) -> Result<(Token, usize), ExprError> {
    if next.is_ascii_digit() {
        return number(text, at);
    }
    if next.is_ascii_alphabetic() || next == '_' {
        let end = word_end(text, at);
        return Ok((Token::Name(text[at..end].to_owned()), end));
    }
    if next == '"' || next == '\'' {
        return quoted(text, at, next);
    }
    if let Some(sign) = SIGNS.into_iter().find(|sign| text[at..].starts_with(sign)) {
        return Ok((Token::Sign(sign), at + sign.len()));
    }
    let error = ExprError::new(at..at + next.len_utf8(), format!("`{next}` means nothing here"));
    Err(match next {
        '=' => error.help("compare with `==`"),
        '&' => error.help("write `and`"),
        '!' => error.help("write `not`, or `!=` to compare"),
        '/' | '%' => error.help("there is no division; let an action compute it"),
        '$' => error.help("write the currency behind the amount: `100000 COP`"),
        '“' | '”' | '«' | '»' => error.help("use straight quotes: \"texto\""),
        _ => error,
    })
}

fn word_end(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    at + rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())
}

fn quoted(text: &str, at: usize, quote: char) -> Result<(Token, usize), ExprError> {
    let mut value = String::new();
    let mut escaped = false;
    for (offset, c) in text[at + 1..].char_indices() {
        if escaped {
            value.push(c);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return Ok((Token::Text(value), at + 1 + offset + 1));
        } else {
            value.push(c);
        }
    }
    Err(ExprError::new(at..text.len(), "the quoted text does not end").help(format!("close it with {quote}")))
}

/// `NNNN-`: four digits and a dash begin a date; `10d - 5` does not.
fn looks_like_a_date(part: &[u8]) -> bool {
    part[..4].iter().all(u8::is_ascii_digit) && part[4] == b'-'
}

/// A number and what follows it: `12`, `2026-12-01`, `5d`, `1.8%`, `100000 COP`, `99.50 PEN`.
fn number(text: &str, at: usize) -> Result<(Token, usize), ExprError> {
    if let Some(day) = text.get(at..at + 10).filter(|part| looks_like_a_date(part.as_bytes())) {
        return Day::parse(day).map(|day| (Token::Date(day), at + 10)).ok_or_else(|| {
            ExprError::new(at..at + 10, format!("`{day}` is not a date of the calendar"))
                .help("dates are written YYYY-MM-DD")
        });
    }
    let digits_end = digits(text, at);
    let mut end = digits_end;
    let mut fraction = "";
    if text[end..].starts_with('.') && digits(text, end + 1) > end + 1 {
        end = digits(text, end + 1);
        fraction = &text[digits_end + 1..end];
    }
    let whole = &text[at..digits_end];
    if text[end..].starts_with('%') {
        return scaled(whole, fraction, 4, at..end).map(|value| (Token::Percent(value), end + 1));
    }
    let spaces = text[end..].len() - text[end..].trim_start().len();
    let word_start = end + spaces;
    let word = &text[word_start..word_end(text, word_start)];
    if let Some(currency) = Currency::parse(word) {
        let minor = scaled(whole, fraction, currency.minor_digits() as usize, at..end)?;
        return Ok((Token::Money(Money::new(minor, currency)), word_start + word.len()));
    }
    if fraction.is_empty() && spaces == 0 && word == "d" {
        return scaled(whole, "", 0, at..end).map(|days| (Token::Days(days), end + 1));
    }
    if !fraction.is_empty() {
        return Err(ExprError::new(at..end, "decimals need a unit")
            .help("percent `1.8%`, or money with its currency `99.50 PEN`"));
    }
    if spaces == 0 && !word.is_empty() {
        return Err(ExprError::new(
            at..end + word.len(),
            format!("`{}{word}` is not a number", &text[at..end]),
        )
        .help("days are written `5d`, money `100000 COP`"));
    }
    scaled(whole, "", 0, at..end).map(|value| (Token::Int(value), end))
}

fn digits(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())
}

/// `whole.fraction` times ten to the `places`, exactly.
fn scaled(whole: &str, fraction: &str, places: usize, at: Range<usize>) -> Result<i64, ExprError> {
    let too_exact = fraction.len() > places;
    let text = format!("{whole}{fraction}{}", "0".repeat(places.saturating_sub(fraction.len())));
    if too_exact {
        return Err(ExprError::new(at, format!("at most {places} decimals here")));
    }
    text.parse().map_err(|_| ExprError::new(at, "the number is too large"))
}
