//! Values of any type of the flow language, made from the fuzzer's bytes.

use acuerdo::domain::money::{Currency, Money};
use acuerdo::domain::time::{Day, Timestamp, Zone};
use acuerdo::flow::check::names::CATALOGUE;
use acuerdo::flow::facts::Facts;
use acuerdo::flow::value::{Field, Type, Value};
use arbitrary::{Result, Unstructured};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Longer lists are paged the same way.
const LIST_MAX: u8 = 14;

/// A value that an action may really give: of its type, amounts of what people owe, dates of this century.
pub fn value(ty: &Type, u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match ty {
        Type::Bool => Value::Bool(u.arbitrary()?),
        Type::Int => Value::Int(i64::from(u.int_in_range(0_u8..=90)?)),
        Type::Text => Value::text(text(u)?),
        Type::Money => Value::Money(Money::new(u.int_in_range(1..=5_000_000_000_i64)?, Currency::Cop)),
        Type::Date => Value::Date(today().plus_days(i64::from(u.int_in_range(-800_i16..=800)?))),
        Type::Percent => Value::Percent(u.int_in_range(0..=1_000_000)?),
        Type::Enum(members) => Value::Choice(u.choose(members)?.clone()),
        Type::List(of) => {
            let n = u.int_in_range(1..=LIST_MAX)?;
            let mut items = Vec::new();
            for n in 0..n {
                items.push(with_id(value(of, u)?, n));
            }
            Value::List(items)
        }
        Type::Record(name) => {
            record(CATALOGUE.records.get(name.as_str()).expect("a record of the catalogue"), u)?
        }
    })
}

/// Elements of a list are told apart by their id.
fn with_id(item: Value, n: u8) -> Value {
    match item {
        Value::Record(mut fields) if fields.contains_key("id") => {
            fields.insert("id".to_owned(), Value::text(format!("e{n}")));
            Value::Record(fields)
        }
        other => other,
    }
}

/// A record with each of these fields.
pub fn record(fields: &[Field], u: &mut Unstructured<'_>) -> Result<Value> {
    let mut all = BTreeMap::new();
    for field in fields {
        let value = value(&field.ty, u)?;
        let value = if field.name == "url" { address(value) } else { value };
        all.insert(field.name.to_owned(), bounded(value, field.longest));
    }
    Ok(Value::Record(all))
}

/// A link that an action gives is one that can be opened.
fn address(value: Value) -> Value {
    match value {
        Value::Text(text) => {
            let path: String = text.split_whitespace().collect();
            Value::text(format!("https://pagos.example/{path}"))
        }
        other => other,
    }
}

/// The catalogue promises the longest text of each field.
fn bounded(value: Value, longest: usize) -> Value {
    match value {
        Value::Text(text) => Value::Text(text.chars().take(longest).collect()),
        other => other,
    }
}

/// Names, references, addresses: a few awkward characters, never empty.
fn text(u: &mut Unstructured<'_>) -> Result<String> {
    const PIECES: [&str; 12] = [
        "Ana",
        "ñandú",
        "*",
        "_",
        "{x}",
        "https://pagos.example/a",
        " ",
        "\u{301}",
        "🙂",
        "12",
        "|",
        "O'Neill",
    ];
    let mut text = "t".to_owned();
    for _ in 0..u.int_in_range(0..=4)? {
        text.push_str(u.choose(&PIECES)?);
    }
    Ok(text)
}

static ZONE: LazyLock<Zone> = LazyLock::new(|| Zone::parse("America/Bogota").expect("a zone"));

pub fn zone() -> Zone {
    ZONE.clone()
}

/// Friday 20 November 2026, 10:00 in Bogotá.
pub fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-20T15:00:00Z").expect("a moment")
}

pub fn today() -> Day {
    zone().day(now())
}

/// What a turn may know of somebody of whom nothing is known yet; agents are there or not.
pub fn facts(agents_are_there: bool) -> Facts {
    let lender = Value::record([("nombre", Value::text("Banco Andino")), ("asistente", Value::text("Lina"))]);
    let agents = Value::record([("abierto", Value::Bool(agents_are_there))]);
    Facts {
        now: now(),
        today: today(),
        currency: Currency::Cop,
        assurance: Default::default(),
        window_until: None,
        attended: false,
        opted_out: false,
        reserved: None,
        roots: BTreeMap::from([("prestamista".to_owned(), lender), ("agentes".to_owned(), agents)]),
    }
}
