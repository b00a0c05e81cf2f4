//! Texts written for a person: values in their places, as the language and the currency's people write them.

use crate::domain::money::{Currency, Money};
use crate::domain::time::Day;
use crate::flow::expr::Expr;
use crate::flow::expr::eval::{Scope, eval};
use crate::flow::text::words::{DateOrder, Language, NO_BREAK, language, money_style, weekday_index};
use crate::flow::text::{Format, Part, Text};
use crate::flow::value::Value;
use std::fmt::Write as _;

/// The text with its placeholders filled, in a language code such as `es`.
///
/// A value that is not there leaves nothing; the checker proves that variables are set where it can.
pub fn render(text: &Text, scope: &dyn Scope, language_code: &str) -> String {
    let words = language(language_code);
    let mut out = String::new();
    for part in &text.parts {
        match part {
            // A value that ends in an abbreviation ("6 p. m.") already has the full stop of its sentence.
            Part::Literal(literal) if out.ends_with('.') => {
                out.push_str(literal.strip_prefix('.').unwrap_or(literal));
            }
            Part::Literal(literal) => out.push_str(literal),
            Part::Slot { value, format } => {
                let worth = eval(value, scope);
                let is_rate = matches!(worth, Value::Percent(_));
                let currency = is_rate.then(|| currency_beside(value, scope)).flatten();
                match (worth, currency.map(money_style)) {
                    (Value::Percent(millionths), Some(style)) => {
                        out.push_str(&percent(millionths, words, (style.thousands, style.decimal)));
                    }
                    (worth, _) => out.push_str(&write(&worth, format, words)),
                }
            }
        }
    }
    tied(out)
}

/// The currency of the total beside a rate in one record: both are written with one decimal sign.
fn currency_beside(value: &Expr, scope: &dyn Scope) -> Option<Currency> {
    let Expr::Path(path) = value else { return None };
    let (_, record) = path.split_last()?;
    let total = Expr::Path(record.iter().cloned().chain(["total".to_owned()]).collect());
    let Value::Money(money) = eval(&total, scope) else { return None };
    Some(money.currency)
}

/// "8 a. m." stays on one line.
fn tied(text: String) -> String {
    if !text.contains(". m.") {
        return text;
    }
    let half = |text: &str, letter: char| {
        text.replace(&format!(" {letter}. m."), &format!("{NO_BREAK}{letter}.{NO_BREAK}m."))
    };
    half(&half(&text, 'a'), 'p')
}

/// One value in one format.
pub fn format_value(value: &Value, format: &Format, language_code: &str) -> String {
    write(value, format, language(language_code))
}

fn write(value: &Value, format: &Format, words: &Language) -> String {
    match (value, format) {
        (Value::Int(n), Format::Plural { one, other }) => if *n == 1 { one } else { other }.clone(),
        (_, Format::Plural { other, .. }) => other.clone(),
        (Value::Date(day), Format::LongDate) => long_date(*day, words),
        (Value::Date(day), _) => date(*day, words),
        (Value::Text(text) | Value::Choice(text), _) => text.clone(),
        (Value::Money(money), _) => write_money(*money),
        (Value::Percent(millionths), _) => percent(*millionths, words, (words.thousands, words.decimal)),
        (Value::Int(n), _) => grouped(n.unsigned_abs(), words.thousands, *n < 0),
        (Value::Nothing | Value::Bool(_) | Value::List(_) | Value::Record(_), _) => String::new(),
    }
}

/// `$1.240.000`: the currency's separators, and its decimals rounded half away from zero.
pub fn write_money(money: Money) -> String {
    let style = money_style(money.currency);
    let dropped = 10_u64.pow(money.currency.minor_digits().saturating_sub(style.decimals));
    let shown = (money.minor.unsigned_abs() + dropped / 2) / dropped;
    let unit = 10_u64.pow(style.decimals);
    let sign = if money.minor < 0 && shown > 0 { "-" } else { "" };
    let mut out = format!("{sign}{}{}", style.symbol, grouped(shown / unit, style.thousands, false));
    if style.decimals > 0 {
        let width = style.decimals as usize;
        let _ = write!(out, "{}{:0width$}", style.decimal, shown % unit);
    }
    out
}

/// `1,8 %` from millionths, without trailing zeros.
fn percent(millionths: i64, words: &Language, (thousands, decimal): (char, char)) -> String {
    const UNIT: u64 = 10_000;
    let (whole, rest) = (millionths.unsigned_abs() / UNIT, millionths.unsigned_abs() % UNIT);
    let mut out = grouped(whole, thousands, millionths < 0);
    if rest > 0 {
        let digits = format!("{rest:04}");
        out.push(decimal);
        out.push_str(digits.trim_end_matches('0'));
    }
    out + words.percent_gap + "%"
}

fn grouped(n: u64, separator: char, negative: bool) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if negative {
        out.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    out
}

/// `15 dic`, or `15 dic 2027`: for lists of days.
pub fn short_date(day: Day, with_year: bool, language_code: &str) -> String {
    let words = language(language_code);
    let month: String = month(day, words).chars().take(3).collect();
    let year = if with_year { format!(" {}", day.year()) } else { String::new() };
    match words.order {
        DateOrder::Spanish | DateOrder::Portuguese => format!("{} {month}{year}", day.day()),
        DateOrder::English => format!("{month} {}{year}", day.day()),
    }
}

fn month(day: Day, words: &Language) -> &'static str {
    let index = usize::try_from(day.month()).unwrap_or(1).saturating_sub(1);
    words.months.get(index).copied().unwrap_or_default()
}

fn date(day: Day, words: &Language) -> String {
    let weekday = words.weekdays.get(weekday_index(day.weekday())).copied().unwrap_or_default();
    let (number, month) = (day.day(), month(day, words));
    match words.order {
        DateOrder::Spanish => format!("{weekday} {number} de {month}"),
        DateOrder::Portuguese => format!("{weekday}, {number} de {month}"),
        DateOrder::English => format!("{weekday}, {month} {number}"),
    }
}

fn long_date(day: Day, words: &Language) -> String {
    let (number, month, year) = (day.day(), month(day, words), day.year());
    match words.order {
        DateOrder::Spanish | DateOrder::Portuguese => format!("{number} de {month} de {year}"),
        DateOrder::English => format!("{month} {number}, {year}"),
    }
}
