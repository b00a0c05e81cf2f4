//! Reads typed values out of a document and collects every mistake instead of stopping at the first.

use crate::domain::money::{Currency, Money};
use crate::rules::policy::document::{Diagnostic, Node, Place, Value};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

/// Mistakes that are shown of one file.
const DIAGNOSTICS_MAX: usize = 100;
/// A word this different is not a typing error of the other.
const SIMILARITY_MIN: f64 = 0.6;

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
        let text = self.text(node)?;
        let value = parse(&text);
        if value.is_none() {
            self.report(node.place, format!("`{text}` is not {wanted}"), format!("write it as `{example}`"));
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
        let wanted = format!("a whole number from {} to {}", range.start(), range.end());
        let example = range.start().to_string();
        self.parsed(node, &wanted, &example, |text| text.parse().ok().filter(|number| range.contains(number)))
    }

    /// `12.5%` in basis points, 0 to 10 000.
    pub fn share_bps(&self, node: &Node) -> Option<i64> {
        self.parsed(node, "a share from 0% to 100% with at most two decimals", "12.5%", |text| {
            percent(text, 2).filter(|bps| (0..=10_000).contains(bps))
        })
    }

    /// `1.8%` in millionths of one.
    pub fn rate_ppm(&self, node: &Node) -> Option<i64> {
        self.parsed(node, "a rate from 0% to 100% with at most four decimals", "1.8%", |text| {
            percent(text, 4).filter(|ppm| (0..=1_000_000).contains(ppm))
        })
    }

    /// An amount in units of the currency: `50000` or `"1500.50"`.
    pub fn amount(&self, node: &Node, currency: Currency) -> Option<Money> {
        let wanted = format!("an amount in {currency}, without separators of thousands");
        let minor = self.parsed(node, &wanted, "50000", |text| amount_minor(text, currency))?;
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
    fn text(&self) -> &str {
        match &self.value {
            Value::Text(text) => text,
            Value::Null | Value::Map(_) | Value::List(_) => "",
        }
    }
}

/// “did you mean” with the nearest name, or all names when none is near.
pub fn remedy_of(text: &str, names: &[&str]) -> String {
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

fn percent(text: &str, decimals: u32) -> Option<i64> {
    let number: Decimal = text.strip_suffix('%')?.trim().parse().ok()?;
    let scaled = number.checked_mul(Decimal::from(10_i64.pow(decimals)))?;
    scaled.fract().is_zero().then(|| scaled.to_i64())?
}

fn amount_minor(text: &str, currency: Currency) -> Option<i64> {
    let number: Decimal = text.parse().ok()?;
    let minor = number.checked_mul(Decimal::from(currency.unit_minor()))?;
    (minor.fract().is_zero() && !minor.is_sign_negative()).then(|| minor.to_i64())?
}
