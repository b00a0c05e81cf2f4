//! Values and types of the flow language.

mod document;

use crate::domain::assurance::Label;
use crate::domain::money::Money;
use crate::domain::time::Day;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A value of a variable, an action's output or a fact. How it is written in a session is said in `document`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A variable that has no value yet.
    Nothing,
    Bool(bool),
    Int(i64),
    Text(String),
    Money(Money),
    Date(Day),
    /// Millionths: 1.8 % is 18 000.
    Percent(i64),
    /// A member of an enum type.
    Choice(String),
    List(Vec<Value>),
    /// A record of the catalogue, e.g. `deuda`, `oferta`.
    Record(BTreeMap<String, Value>),
}

/// A type, known at load time for every variable, path and expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    Bool,
    Int,
    Text,
    Money,
    Date,
    Percent,
    /// Members in file order.
    Enum(Vec<String>),
    List(Box<Type>),
    /// Name of a record type of the catalogue.
    Record(String),
}

/// A field of a record type or a fact: its type and who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub ty: Type,
    pub label: Label,
    /// The longest rendering in characters, for the checks against WhatsApp's limits.
    pub longest: usize,
}

impl Value {
    /// Walks `a.b.c`; `None` when a part is missing.
    pub fn at(&self, path: &[String]) -> Option<&Value> {
        path.iter().try_fold(self, |value, name| match value {
            Self::Record(fields) => fields.get(name),
            Self::Nothing
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Text(_)
            | Self::Money(_)
            | Self::Date(_)
            | Self::Percent(_)
            | Self::Choice(_)
            | Self::List(_) => None,
        })
    }

    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub fn record<const N: usize>(fields: [(&str, Value); N]) -> Self {
        Self::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}
