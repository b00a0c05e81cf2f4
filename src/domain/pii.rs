//! Personal data that does not print.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Wraps a value about a person so that `Debug` and `Display` show a mask.
///
/// `.expose()` is for adapters (store, WhatsApp client) and for rendering a message to that same person;
/// each use is found by grep. Never log or put into an error what it returns.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> From<T> for Pii<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

impl<T> fmt::Display for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("•••")
    }
}

#[cfg(test)]
mod tests {
    use super::Pii;

    #[test]
    fn masked_in_debug_and_display() {
        let name = Pii::new("Ana Pérez".to_owned());
        assert_eq!(format!("{name} {name:?}"), "••• •••");
        assert_eq!(name.expose(), "Ana Pérez");
    }
}
