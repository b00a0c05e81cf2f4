//! Analysts' YAML as a tree in which every key and value knows its place; the only part of `rules` that knows the parser.

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::fmt;

/// A policy file is a few hundred lines; more is a mistake or an attack.
pub const FILE_BYTES_MAX: usize = 256 * 1024;

/// What is said of a number that the parser took for a fraction.
const DECIMALS: &str = "a number with decimals";

/// Line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: u64,
    pub column: u64,
}

/// A mistake in a file: where, what, why it matters, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    pub file: String,
    pub place: Place,
    pub what: String,
    pub remedy: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}; {}", self.file, self.place.line, self.place.column, self.what, self.remedy)
    }
}

#[derive(Debug, Clone)]
pub struct Node {
    pub place: Place,
    pub value: Value,
}

#[derive(Debug, Clone)]
pub enum Value {
    Map(Vec<(Node, Node)>),
    List(Vec<Node>),
    /// Any plain or quoted scalar, as text: `1`, `true` and `"x"` are read by whoever knows what is wanted.
    Text(String),
    Null,
}

impl Node {
    /// Parses one document; a mistake in the YAML itself is a single diagnostic.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostic> {
        let diagnostic = |place, what: String, remedy: &str| Diagnostic {
            file: file.to_owned(),
            place,
            what,
            remedy: remedy.to_owned(),
        };
        let start = Place { line: 1, column: 1 };
        let source = Some(text);
        if text.len() > FILE_BYTES_MAX {
            let what = format!("the file has {} bytes, more than {FILE_BYTES_MAX}", text.len());
            return Err(diagnostic(start, what, "split it into one file per lender"));
        }
        serde_saphyr::from_str::<Spanned<Value>>(text).map(Self::from).map_err(|error| {
            let place = error.location().map_or(start, |at| Place { line: at.line(), column: at.column() });
            let text = error.without_snippet().to_string();
            let what = text.lines().next().unwrap_or_default();
            // The place is written in front already.
            let what = what.split(" at line ").next().unwrap_or(what).to_owned();
            match source.filter(|_| what.contains(DECIMALS)).and_then(|text| grouped_in(text, place)) {
                Some((written, digits)) => diagnostic(
                    place,
                    format!("`{written}` is read as a number with decimals"),
                    &format!("write `{digits}`, without dots"),
                ),
                None => diagnostic(
                    place,
                    what,
                    "correct the YAML: check indentation, quotes and that no key appears twice",
                ),
            }
        })
    }
}

/// The first number with its thousands apart in the line of a place.
fn grouped_in(text: &str, place: Place) -> Option<(&str, String)> {
    let at = usize::try_from(place.line.saturating_sub(1)).ok()?;
    let line = text.lines().nth(at)?;
    let mut words =
        line.split(|c: char| c.is_whitespace() || matches!(c, ',' | '{' | '}' | '[' | ']' | ':' | '"'));
    words.find_map(grouped)
}

/// A whole number written with its thousands apart, `30.000` or `1,240,000`, and its digits.
pub fn grouped(text: &str) -> Option<(&str, String)> {
    let mut groups = text.split(['.', ',', '\'', ' ']);
    let first = groups.next()?;
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let rest: Vec<&str> = groups.collect();
    let is_grouped = (1..=3).contains(&first.len())
        && digits(first)
        && !rest.is_empty()
        && rest.iter().all(|group| group.len() == 3 && digits(group));
    is_grouped.then(|| (text, [first, &rest.concat()].concat()))
}

impl From<Spanned<Value>> for Node {
    fn from(spanned: Spanned<Value>) -> Self {
        let at = spanned.referenced;
        Self { place: Place { line: at.line(), column: at.column() }, value: spanned.value }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::<Value>::deserialize(deserializer).map(Self::from)
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Text(number.to_string()))
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Value, E> {
        // A float would lose what was written; rates and shares carry a `%` and are texts.
        Err(E::custom(
            "a number with decimals or leading zeros needs its unit (`1.8%`) or quotes (`\"0755\"`)",
        ))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Text(value.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map: Vec<(Node, Node)> = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Node, Node>()? {
            if !matches!(key.value, Value::Text(_)) {
                return Err(A::Error::custom("a key must be a word"));
            }
            map.push((key, value));
        }
        Ok(Value::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::{Node, Value};

    #[test]
    fn keys_and_values_know_their_places() {
        let node = Node::parse("t.yaml", "a: 1\nb:\n  - {c: 1.8%, d: 08:00-18:00}\n  - 0755-1\n").unwrap();
        let Value::Map(entries) = node.value else { panic!("a map") };
        let (key, list) = &entries[1];
        assert_eq!((key.place.line, key.place.column), (2, 1));
        let Value::List(items) = &list.value else { panic!("a list") };
        let Value::Map(inner) = &items[0].value else { panic!("a map") };
        assert_eq!((inner[1].0.place.line, inner[1].0.place.column), (3, 15));
        assert!(matches!(&inner[0].1.value, Value::Text(t) if t == "1.8%"));
        assert!(matches!(&inner[1].1.value, Value::Text(t) if t == "08:00-18:00"));
        assert!(matches!(&items[1].value, Value::Text(t) if t == "0755-1"));
        assert_eq!(items[1].place.line, 4);
    }

    #[test]
    fn a_key_twice_and_a_bare_decimal_are_refused_with_a_place() {
        let twice = Node::parse("t.yaml", "a: 1\na: 2\n").unwrap_err();
        assert_eq!(twice.place.line, 2, "{twice}");
        let float = Node::parse("t.yaml", "a:\n  rate: 1.8\n").unwrap_err();
        assert_eq!(float.place.line, 2, "{float}");
        assert!(float.to_string().contains("1.8%"), "{float}");
    }
}
