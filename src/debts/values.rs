//! Values as lenders write them: amounts, dates, phones, states.

use crate::debts::spreadsheets;
use crate::domain::debt::{Instalment, ObligationStatus};
use crate::domain::money::{Currency, Money};
use crate::domain::time::{Day, Timestamp, Zone};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Why a value cannot be read, and how to write it.
pub struct Mistake {
    pub reason: &'static str,
    pub remedy: &'static str,
}

pub const fn mistake(reason: &'static str, remedy: &'static str) -> Mistake {
    Mistake { reason, remedy }
}

/// Units of the currency in one amount; no debt of a person is larger, and all sums of a person's debts fit.
const UNITS_MAX: i64 = 9_999_999_999_999;

/// `1234567`, `1234567.89`, `1234567,89`, `1.234.567,89` or `1,234,567.89`; never negative.
///
/// One separator with three digits after it (`1.234`) may be a thousand or a fraction and is refused.
pub fn amount(text: &str, currency: Currency) -> Result<Money, Mistake> {
    const FORM: Mistake = mistake("not an amount", "write digits, as in `1234567` or `1234567.89`");
    let text = text.trim().trim_start_matches('$').trim();
    if text.starts_with('-') {
        return Err(mistake(
            "an amount below zero",
            "write credits as 0 here and as a payment in your system",
        ));
    }
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',') {
        // The remedy of an account number: this is one of amounts.
        return Err(match spreadsheets::destroyed(text) {
            Some(Mistake { reason, .. }) => mistake(reason, FORM.remedy),
            None => FORM,
        });
    }
    let plain = plain_number(text)?;
    let n_digits = plain.split('.').next().unwrap_or_default().trim_start_matches('0').len();
    let units: Decimal = if n_digits > 20 { Decimal::MAX } else { plain.parse().map_err(|_| FORM)? };
    if units > Decimal::from(UNITS_MAX) {
        return Err(mistake("larger than any debt", "write at most 9999999999999 units of the currency"));
    }
    let minor = units.checked_mul(Decimal::from(currency.unit_minor())).ok_or(FORM)?;
    if !minor.fract().is_zero() {
        return Err(mistake("more decimals than the currency has", "round it in your system first"));
    }
    minor.to_i64().map(|minor| Money::new(minor, currency)).ok_or(FORM)
}

/// Only digits and at most one decimal point.
fn plain_number(text: &str) -> Result<String, Mistake> {
    let Some(last) = text.rfind(['.', ',']) else { return Ok(text.to_owned()) };
    let (whole, fraction) = (&text[..last], &text[last + 1..]);
    let separator = &text[last..=last];
    let groups: Vec<&str> = whole.split(['.', ',']).collect();
    let grouped = groups.len() > 1
        && (1..=3).contains(&groups[0].len())
        && groups[1..].iter().all(|group| group.len() == 3);
    let wrong = mistake("the separators of thousands do not fit", "write digits only, as in `1234567.89`");
    if groups.len() == 1 {
        return match (whole.is_empty(), fraction.len()) {
            (false, 1 | 2) => Ok(format!("{whole}.{fraction}")),
            (false, 3) => Err(mistake(
                "one separator with three digits after it: a thousand or a fraction?",
                "write digits only, as in `1234567` or `1234.50`",
            )),
            _ => Err(wrong),
        };
    }
    // Here the whole part has a separator of its own, right after the first group.
    let inner = &whole[groups[0].len()..=groups[0].len()];
    let one_kind = !(whole.contains('.') && whole.contains(','));
    match (grouped && one_kind, inner == separator, fraction.len()) {
        (true, true, 3) => Ok(format!("{}{fraction}", groups.concat())),
        (true, false, 1 | 2) => Ok(format!("{}.{fraction}", groups.concat())),
        _ => Err(wrong),
    }
}

/// `2026-11-21`, `21/11/2026`, or relative to the day of the import: `D`, `D-20`, `D+3`.
pub fn day(text: &str, today: Day) -> Result<Day, Mistake> {
    const FORM: Mistake = mistake("not a date", "write it as `2026-11-21` or `21/11/2026`");
    let text = text.trim();
    if let Some(days) = text.strip_prefix('D') {
        let days = if days.is_empty() { Some(0) } else { days.parse::<i64>().ok() };
        let signed = days.filter(|_| days == Some(0) || text[1..].starts_with(['+', '-']));
        return signed
            .filter(|days| days.abs() <= 36_500)
            .map(|days| today.plus_days(days))
            .ok_or(mistake("not a day relative to today", "write it as `D-20` or `D+3`"));
    }
    if let Some(day) = Day::parse(text) {
        return Ok(day);
    }
    let mut parts = text.split('/');
    let (Some(d), Some(m), Some(y), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(FORM);
    };
    match (y.len(), y.parse(), m.parse(), d.parse()) {
        (4, Ok(y), Ok(m), Ok(d)) => Day::new(y, m, d).ok_or(FORM),
        _ => Err(FORM),
    }
}

/// A day (its start in the lender's zone) or an instant such as `2026-11-21T06:00:00-05:00`.
pub fn instant(text: &str, today: Day, zone: &Zone) -> Result<Timestamp, Mistake> {
    match Timestamp::parse_rfc3339(text.trim()) {
        Some(at) => Ok(at),
        None => day(text, today).map(|day| zone.at(day, 0)),
    }
}

pub fn status(text: &str) -> Result<ObligationStatus, Mistake> {
    match text.trim().to_lowercase().as_str() {
        "" | "active" | "activa" => Ok(ObligationStatus::Active),
        "settled" | "pagada" => Ok(ObligationStatus::Settled),
        "disputed" | "en_disputa" => Ok(ObligationStatus::Disputed),
        "written_off" | "castigada" => Ok(ObligationStatus::WrittenOff),
        _ => Err(mistake(
            "no such status",
            "use `active`, `settled`, `disputed`, `written_off` (`activa`, `pagada`, `en_disputa`, `castigada`)",
        )),
    }
}

/// `26.82%` in basis points.
pub fn rate_bps(text: &str) -> Result<i64, Mistake> {
    const FORM: Mistake =
        mistake("not an effective annual rate", "write it as `26.82%`, at most two decimals");
    let number = text.trim().strip_suffix('%').ok_or(FORM)?.trim().replace(',', ".");
    let bps = number.parse::<Decimal>().ok().and_then(|n| n.checked_mul(Decimal::ONE_HUNDRED)).ok_or(FORM)?;
    let whole = if bps.fract().is_zero() { bps.to_i64() } else { None };
    whole.filter(|bps| (0..=100_000).contains(bps)).ok_or(FORM)
}

/// `2026-12-05=350000` separated by `|`, in order; `*` at the end of a paid one.
pub fn instalments(text: &str, today: Day, currency: Currency) -> Result<Vec<Instalment>, Mistake> {
    const FORM: Mistake = mistake(
        "not a list of instalments",
        "write `2026-11-05=350000*|2026-12-05=350000`, with `*` when paid",
    );
    let mut list: Vec<Instalment> = Vec::new();
    for (number, part) in (1_u32..).zip(text.split('|').map(str::trim).filter(|part| !part.is_empty())) {
        let (due, value) = part.split_once('=').ok_or(FORM)?;
        let (value, paid) = value.strip_suffix('*').map_or((value, false), |value| (value, true));
        let due = day(due, today)?;
        if list.last().is_some_and(|earlier| earlier.due >= due) {
            return Err(mistake("the instalments are not in order", "sort them by date"));
        }
        list.push(Instalment { number, due, amount: amount(value, currency)?, paid });
    }
    Ok(list)
}
