//! Values in documents: sessions and log entries are mostly values, so they are written short.
//!
//! What JSON has a form for is written in it: nothing, yes or no, a whole number, a text, a list. Everything else is an
//! object of one member that tells its kind: `{"m":[43235000,"COP"]}` money, `{"d":"2026-12-01"}` a date,
//! `{"p":18000}` a percentage, `{"c":"plan"}` a choice, `{"r":{…}}` a record. Sessions of version 1 wrote every value
//! as `{"t":"money","v":…}`; they are read as well.

use crate::domain::money::{Currency, Money};
use crate::domain::time::Day;
use crate::flow::value::Value;
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// The member of a value that is an object.
#[derive(Serialize, Deserialize)]
enum Tag {
    #[serde(rename = "m")]
    Money,
    #[serde(rename = "d")]
    Date,
    #[serde(rename = "p")]
    Percent,
    #[serde(rename = "c")]
    Choice,
    #[serde(rename = "r")]
    Record,
    /// Of version 1, whose other member is `v`.
    #[serde(rename = "t")]
    Kind,
}

/// What `t` says in version 1.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Nothing,
    Bool,
    Int,
    Text,
    Money,
    Date,
    Percent,
    Choice,
    List,
    Record,
}

/// The other member of version 1.
#[derive(Deserialize)]
enum Content {
    #[serde(rename = "v")]
    Value,
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_none(),
            Self::Bool(yes) => serializer.serialize_bool(*yes),
            Self::Int(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(values) => values.serialize(serializer),
            Self::Money(money) => tagged(serializer, &Tag::Money, &(money.minor, money.currency)),
            Self::Date(day) => tagged(serializer, &Tag::Date, day),
            Self::Percent(millionths) => tagged(serializer, &Tag::Percent, millionths),
            Self::Choice(member) => tagged(serializer, &Tag::Choice, member),
            Self::Record(fields) => tagged(serializer, &Tag::Record, fields),
        }
    }
}

fn tagged<S: Serializer>(serializer: S, tag: &Tag, content: &impl Serialize) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(tag, content)?;
    map.end()
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a flow")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Value, E> {
        Ok(Value::Bool(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map(Value::Int).map_err(|_| E::custom("a number out of range"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let tag = map.next_key()?.ok_or_else(|| A::Error::custom("a value without its kind"))?;
        let value = match tag {
            Tag::Money => money(map.next_value()?),
            Tag::Date => Value::Date(map.next_value()?),
            Tag::Percent => Value::Percent(map.next_value()?),
            Tag::Choice => Value::Choice(map.next_value()?),
            Tag::Record => Value::Record(map.next_value()?),
            Tag::Kind => {
                let kind = map.next_value()?;
                version_1(&mut map, &kind)?
            }
        };
        match map.next_key::<IgnoredAny>()? {
            None => Ok(value),
            Some(_) => Err(A::Error::custom("a value of two kinds")),
        }
    }
}

fn money((minor, currency): (i64, Currency)) -> Value {
    Value::Money(Money { minor, currency })
}

fn version_1<'de, A: MapAccess<'de>>(map: &mut A, kind: &Kind) -> Result<Value, A::Error> {
    if matches!(kind, Kind::Nothing) {
        return Ok(Value::Nothing);
    }
    let Some(Content::Value) = map.next_key()? else {
        return Err(A::Error::custom("a kind without its value"));
    };
    Ok(match kind {
        Kind::Nothing => Value::Nothing,
        Kind::Bool => Value::Bool(map.next_value()?),
        Kind::Int => Value::Int(map.next_value()?),
        Kind::Text => Value::Text(map.next_value()?),
        Kind::Money => Value::Money(map.next_value::<Money>()?),
        Kind::Date => Value::Date(map.next_value::<Day>()?),
        Kind::Percent => Value::Percent(map.next_value()?),
        Kind::Choice => Value::Choice(map.next_value()?),
        Kind::List => Value::List(map.next_value()?),
        Kind::Record => Value::Record(map.next_value::<BTreeMap<String, Value>>()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Nothing),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            ".{0,12}".prop_map(Value::Text),
            (any::<i64>(), 0..Currency::ALL.len()).prop_map(|(minor, at)| money((minor, Currency::ALL[at]))),
            (1_900..2_100_i16, 1..=12_i8, 1..=28_i8).prop_map(|(year, month, day)| {
                Value::Date(serde_json::from_str(&format!("\"{year:04}-{month:02}-{day:02}\"")).unwrap())
            }),
            any::<i64>().prop_map(Value::Percent),
            "[a-z_]{1,8}".prop_map(Value::Choice),
        ];
        scalar.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                proptest::collection::btree_map("[a-z]{1,6}", inner, 0..4).prop_map(Value::Record),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_value_reads_back_as_it_was(value in values()) {
            let text = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }
    }

    #[test]
    fn the_form_is_as_described() {
        let value = Value::record([
            ("cuota", money((43_235_000, Currency::Cop))),
            ("pagos", Value::List(vec![Value::Int(2), Value::Nothing])),
            ("tipo", Value::Choice("plan".to_owned())),
            ("titulo", Value::text("2 cuotas")),
        ]);
        assert_eq!(
            serde_json::to_string(&value).unwrap(),
            r#"{"r":{"cuota":{"m":[43235000,"COP"]},"pagos":[2,null],"tipo":{"c":"plan"},"titulo":"2 cuotas"}}"#
        );
    }

    #[test]
    fn values_of_version_1_are_read() {
        let old = r#"{"t":"record","v":{
            "acoge":{"t":"bool","v":false},
            "cuota":{"t":"money","v":{"minor":100,"currency":"COP"}},
            "cuotas":{"t":"int","v":2},
            "fecha":{"t":"date","v":"2026-12-01"},
            "lista":{"t":"list","v":[{"t":"text","v":"a"}]},
            "nada":{"t":"nothing"},
            "tasa":{"t":"percent","v":18000},
            "tipo":{"t":"choice","v":"plan"}}}"#;
        let Value::Record(fields) = serde_json::from_str(old).unwrap() else { panic!("no record") };
        assert_eq!(
            serde_json::to_string(&fields).unwrap(),
            r#"{"acoge":false,"cuota":{"m":[100,"COP"]},"cuotas":2,"fecha":{"d":"2026-12-01"},"lista":["a"],"#
                .to_owned() + r#""nada":null,"tasa":{"p":18000},"tipo":{"c":"plan"}}"#
        );
    }

    #[test]
    fn what_is_no_value_is_refused() {
        let broken = [
            "{}",
            "1.5",
            r#"{"x":1}"#,
            r#"{"m":1}"#,
            r#"{"p":1,"c":"a"}"#,
            r#"{"t":"int"}"#,
            "9223372036854775808",
        ];
        for text in broken {
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
        }
    }
}
