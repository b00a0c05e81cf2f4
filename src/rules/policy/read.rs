//! Reads typed values out of a document and collects every mistake instead of stopping at the first.

use crate::domain::money::{Currency, Money};
use crate::rules::policy::document::{Diagnostic, Node, Place, Value, grouped};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

/// Mistakes that are shown of one file.
const DIAGNOSTICS_MAX: usize = 100;
/// A word this different is not a typing error of the other.
const SIMILARITY_MIN: f64 = 0.75;

/// Collects the mistakes of one file.
pub struct Reader<'a> {
    file: &'a str,
    diagnostics: RefCell<Vec<Diagnostic>>,
}

impl<'a> Reader<'a> {
    pub const fn new(file: &'a str) -> Self {
        Self { file, diagnostics: RefCell::new(Vec::new()) }
    }

    /// The value when there was no mistake, else all mistakes in the order of the file.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Diagnostic>> {
        let mut diagnostics = self.diagnostics.into_inner();
        diagnostics.sort();
        match value {
            Some(value) if diagnostics.is_empty() => Ok(value),
            Some(_) | None => Err(diagnostics),
        }
    }

    pub fn report(&self, place: Place, what: impl fmt::Display, remedy: impl fmt::Display) {
        let mut diagnostics = self.diagnostics.borrow_mut();
        if diagnostics.len() < DIAGNOSTICS_MAX {
            diagnostics.push(Diagnostic {
                file: self.file.to_owned(),
                place,
                what: what.to_string(),
                remedy: remedy.to_string(),
            });
        }
    }

    /// The entries of a mapping that may have the `known` keys only.
    pub fn fields<'n>(&'n self, node: &'n Node, known: &[&str]) -> Option<Fields<'n>> {
        let Value::Map(entries) = &node.value else {
            let remedy = format!("write keys such as `{}:` under it, indented", known.first().unwrap_or(&""));
            self.report(node.place, "a mapping is needed here", remedy);
            return None;
        };
        for (key, _) in entries {
            let name = key.text();
            if !known.contains(&name) {
                self.report(key.place, format!("`{name}` is not a key of this part"), remedy_of(name, known));
            }
        }
        Some(Fields { reader: self, place: node.place, entries })
    }

    /// A mapping of any keys to texts.
    pub fn entries(&self, node: &Node) -> Option<BTreeMap<String, String>> {
        let Value::Map(entries) = &node.value else {
            self.report(node.place, "a mapping is needed here", "write `key: text` under it, indented");
            return None;
        };
        entries.iter().map(|(key, value)| Some((key.text().to_owned(), self.text(value)?))).collect()
    }

    pub fn list<T>(&self, node: &Node, mut read: impl FnMut(&Node) -> Option<T>) -> Option<Vec<T>> {
        let Value::List(items) = &node.value else {
            self.report(node.place, "a list is needed here", "write `[a, b]` or one `- item` a line");
            return None;
        };
        let values: Vec<T> = items.iter().filter_map(&mut read).collect();
        (values.len() == items.len()).then_some(values)
    }

    pub fn text(&self, node: &Node) -> Option<String> {
        match &node.value {
            Value::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::Text(_) | Value::Null | Value::Map(_) | Value::List(_) => {
                self.report(node.place, "a text is needed here", "write one value after the colon");
                None
            }
        }
    }

    /// A text that `parse` understands; `example` is the remedy when it does not.
    pub fn parsed<T>(
        &self,
        node: &Node,
        wanted: &str,
        example: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.parsed_or(node, wanted, |_| format!("write it as `{example}`"), parse)
    }

    /// A text that `parse` understands; `remedy` says of a text what would be right.
    pub fn parsed_or<T>(
        &self,
        node: &Node,
        wanted: &str,
        remedy: impl FnOnce(&str) -> String,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(node)?;
        let value = parse(&text);
        if value.is_none() {
            let remedy = digits_of(&text)
                .map_or_else(|| remedy(&text), |digits| format!("write `{digits}`, without dots"));
            self.report(node.place, format!("`{text}` is not {wanted}"), remedy);
        }
        value
    }

    /// One of `names`.
    pub fn one_of<T>(
        &self,
        node: &Node,
        wanted: &str,
        names: &[&str],
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(node)?;
        let value = parse(&text);
        if value.is_none() {
            self.report(node.place, format!("`{text}` is not {wanted}"), remedy_of(&text, names));
        }
        value
    }

    /// A whole number within `range`.
    pub fn integer(&self, node: &Node, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let (least, most) = (*range.start(), *range.end());
        let wanted = format!("a whole number from {least} to {most}");
        let remedy = |text: &str| match text.parse::<i64>() {
            Ok(number) if number > most => format!("write at most `{most}`"),
            Ok(_) => format!("write at least `{least}`"),
            Err(_) => "write the number alone, in digits".to_owned(),
        };
        self.parsed_or(node, &wanted, remedy, |text| {
            text.parse().ok().filter(|number| range.contains(number))
        })
    }

    /// `12.5%` in basis points, 0 to 10 000.
    pub fn share_bps(&self, node: &Node) -> Option<i64> {
        let wanted = "a share from 0% to 100% with at most two decimals";
        self.parsed_or(
            node,
            wanted,
            |text| percent_remedy(text, "12.5%"),
            |text| percent(text, 2).filter(|bps| (0..=10_000).contains(bps)),
        )
    }

    /// `1.8%` in millionths of one.
    pub fn rate_ppm(&self, node: &Node) -> Option<i64> {
        let wanted = "a rate from 0% to 100% with at most four decimals";
        self.parsed_or(
            node,
            wanted,
            |text| percent_remedy(text, "1.8%"),
            |text| percent(text, 4).filter(|ppm| (0..=1_000_000).contains(ppm)),
        )
    }

    /// An amount in units of the currency: `50000` or `"1500.50"`.
    pub fn amount(&self, node: &Node, currency: Currency) -> Option<Money> {
        let wanted = format!("an amount in {currency}, without separators of thousands");
        let remedy = |text: &str| match text.split_once(['.', ',']) {
            Some((whole, _)) if decimals_of(currency) == 0 && whole.parse::<u64>().is_ok() => {
                format!("write `{whole}`: amounts in {currency} have no decimals")
            }
            _ => "write it as `50000`".to_owned(),
        };
        let minor = self.parsed_or(node, &wanted, remedy, |text| amount_minor(text, currency))?;
        Some(Money::new(minor, currency))
    }
}

/// The entries of one mapping.
#[derive(Clone, Copy)]
pub struct Fields<'n> {
    reader: &'n Reader<'n>,
    pub place: Place,
    entries: &'n [(Node, Node)],
}

impl<'n> Fields<'n> {
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(name, _)| name.text() == key).map(|(_, value)| value)
    }

    /// The place of a key that is there.
    pub fn key_place(&self, key: &str) -> Place {
        self.entries.iter().find(|(name, _)| name.text() == key).map_or(self.place, |(name, _)| name.place)
    }

    /// Reports a missing key with an example of its value.
    pub fn required(&self, key: &str, example: &str) -> Option<&'n Node> {
        let node = self.get(key);
        if node.is_none() {
            self.reader.report(self.place, format!("`{key}` is missing"), format!("add `{key}: {example}`"));
        }
        node
    }

    pub fn keys(&self) -> impl Iterator<Item = &'n str> {
        self.entries.iter().map(|(key, _)| key.text())
    }

    /// `Some(None)` when the key is absent, `None` when its value has a mistake.
    #[expect(clippy::option_option, reason = "absent, mistaken and present are three outcomes")]
    pub fn optional<T>(&self, key: &str, read: impl FnOnce(&'n Node) -> Option<T>) -> Option<Option<T>> {
        match self.get(key) {
            None => Some(None),
            Some(node) => read(node).map(Some),
        }
    }
}

impl Node {
    /// The scalar as written; empty for all else.
    pub fn text(&self) -> &str {
        match &self.value {
            Value::Text(text) => text,
            Value::Null | Value::Map(_) | Value::List(_) => "",
        }
    }
}

/// Spanish words for names of policy files.
const SPANISH: [(&str, &str); 36] = [
    ("activa", "active"),
    ("activo", "active"),
    ("castigada", "written_off"),
    ("castigado", "written_off"),
    ("castigo", "written_off"),
    ("promesa", "promise"),
    ("plan", "instalment_plan"),
    ("plan_de_pagos", "instalment_plan"),
    ("acuerdo", "instalment_plan"),
    ("refinanciacion", "refinancing"),
    ("refinanciamiento", "refinancing"),
    ("descuento", "settlement"),
    ("quita", "settlement"),
    ("vencido", "overdue"),
    ("deuda_total", "whole_debt"),
    ("toda_la_deuda", "whole_debt"),
    ("total", "whole_debt"),
    ("semanal", "weekly"),
    ("quincenal", "fortnightly"),
    ("mensual", "monthly"),
    ("siguiente", "following"),
    ("frances", "french"),
    ("aleman", "german"),
    ("cuotas", "payments"),
    ("pagos", "payments"),
    ("cuota_minima", "min_instalment"),
    ("dias_mora", "days_past_due"),
    ("productos", "products"),
    ("estados", "statuses"),
    ("reglas", "rules"),
    ("cuando", "when"),
    ("capital", "principal"),
    ("intereses", "interest"),
    ("mora", "late_interest"),
    ("gastos", "fees"),
    ("tasa_mensual", "monthly_rate"),
];

/// “did you mean” with the nearest name, or all names when none is near.
pub fn remedy_of(text: &str, names: &[&str]) -> String {
    let meant = SPANISH.iter().find(|(word, name)| *word == text && names.contains(name));
    if let Some((_, name)) = meant {
        return format!("write `{name}`");
    }
    let nearest = names
        .iter()
        .map(|name| (strsim::jaro_winkler(text, name), *name))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN);
    match nearest {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => format!("use one of `{}`", names.join("`, `")),
    }
}

/// The digits of a number, or of a range such as `60.000+`, whose thousands are written apart.
fn digits_of(text: &str) -> Option<String> {
    let (body, plus) = text.strip_suffix('+').map_or((text, ""), |body| (body, "+"));
    let body = body.trim_start_matches(['$', ' ']);
    let whole = |part: &str| grouped(part.trim()).map(|(_, digits)| digits);
    match body.split_once('-') {
        Some((from, to)) => {
            let (a, b) = (whole(from), whole(to));
            (a.is_some() || b.is_some()).then(|| {
                format!(
                    "{}-{}",
                    a.unwrap_or_else(|| from.trim().into()),
                    b.unwrap_or_else(|| to.trim().into())
                )
            })
        }
        None => whole(body).map(|digits| digits + plus),
    }
}

/// What a percentage would be in our spelling.
fn percent_remedy(text: &str, example: &str) -> String {
    let number = text.trim_end_matches(['%', ' ']).replace(',', ".");
    if number.parse::<Decimal>().is_ok_and(|number| (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&number))
    {
        return format!("write it as `{number}%`, with a point and without blanks");
    }
    format!("write it as `{example}`")
}

fn percent(text: &str, decimals: u32) -> Option<i64> {
    let number: Decimal = text.strip_suffix('%')?.trim().parse().ok()?;
    let scaled = number.checked_mul(Decimal::from(10_i64.pow(decimals)))?;
    scaled.fract().is_zero().then(|| scaled.to_i64())?
}

/// Decimals in which people of a currency pay: pesos of Colombia and Chile are paid whole.
const fn decimals_of(currency: Currency) -> usize {
    match currency {
        Currency::Cop | Currency::Clp => 0,
        Currency::Mxn | Currency::Pen | Currency::Ars | Currency::Brl | Currency::Usd => 2,
    }
}

fn amount_minor(text: &str, currency: Currency) -> Option<i64> {
    // `"70.000"` would be seventy: nothing but digits where people pay in whole units.
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    if decimals > decimals_of(currency) {
        return None;
    }
    let number: Decimal = text.parse().ok()?;
    let minor = number.checked_mul(Decimal::from(currency.unit_minor()))?;
    (minor.fract().is_zero() && !minor.is_sign_negative()).then(|| minor.to_i64())?
}
