//! A JSON document as its text: what is only carried between an owner and the store is never parsed on the way.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::error::Category;
use serde_json::value::RawValue;
use std::fmt;
use thiserror::Error;

/// Text of a versioned JSON document (`"v"`). It may hold personal data, so it is not shown by `{:?}`.
///
/// What was read from a store is not checked here: [`JsonText::parse`] tells a fault.
#[derive(Clone, PartialEq, Eq)]
pub struct JsonText(String);

/// What is wrong with a document, by its kind and place alone: the message of the parser quotes what it found, which a
/// person may have written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{kind:?} error at {line}:{column}")]
pub struct JsonFault {
    kind: Category,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for JsonFault {
    fn from(error: serde_json::Error) -> Self {
        Self { kind: error.classify(), line: error.line(), column: error.column() }
    }
}

/// Reads a document that nobody checked yet.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, JsonFault> {
    Ok(serde_json::from_str(text)?)
}

impl JsonText {
    /// Fails for a map whose keys are no texts.
    pub fn of(value: &(impl Serialize + ?Sized)) -> Result<Self, serde_json::Error> {
        serde_json::to_string(value).map(Self)
    }

    /// A document that a store kept.
    pub const fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, JsonFault> {
        read(&self.0)
    }

    /// As a tree, to look into without knowing its shape; `Null` when it is no JSON.
    pub fn tree(&self) -> serde_json::Value {
        self.parse().unwrap_or(serde_json::Value::Null)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JsonText({} bytes)", self.0.len())
    }
}

/// As the document, not as a text with a document in it.
impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_str::<&RawValue>(&self.0).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw: Box<RawValue> = Deserialize::deserialize(deserializer)?;
        Ok(Self(String::from(Box::<str>::from(raw))))
    }
}

#[cfg(test)]
mod tests {
    use super::JsonText;

    #[test]
    fn a_fault_is_told_by_kind_and_place_and_never_by_what_was_found() {
        let fault = |text: &str| JsonText::stored(text.to_owned()).parse::<bool>().unwrap_err().to_string();
        assert_eq!(fault("\n \"my debt\""), "Data error at 2:10");
        assert_eq!(fault("{\"my\": debt}"), "Data error at 1:0");
        assert_eq!(fault("my debt"), "Syntax error at 1:1");
        assert_eq!(fault(""), "Eof error at 1:0");
    }
}
