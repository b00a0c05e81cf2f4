//! Texts with typed placeholders: what they are made of, how they are read, how they are written for a person.

pub mod closing;
pub mod fold;
pub mod parse;
pub mod render;
pub mod words;

#[cfg(test)]
mod tests;

use crate::domain::assurance::Label;
use crate::flow::expr::Expr;
use crate::flow::model::Localised;
use serde::{Deserialize, Serialize};

/// A text of a flow in one language, compiled.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Text {
    pub parts: Vec<Part>,
    /// The highest class of the data that it shows, worked out at load.
    pub label: Label,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Literal(String),
    /// `{oferta.total|money}`; the expression is a path.
    Slot {
        value: Expr,
        format: Format,
    },
}

/// How a value is written; each accepts the types that its name says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Texts and enum members as they are.
    Plain,
    /// `$1.240.000`; decimals only where the currency's people use them.
    Money,
    /// `viernes 27 de noviembre`.
    Date,
    /// `27 de noviembre de 2026`.
    LongDate,
    /// `1,8 %`.
    Percent,
    Int,
    /// `{n|plural:cuota,cuotas}` writes only the word.
    Plural {
        one: String,
        other: String,
    },
}

impl Text {
    /// A text without placeholders.
    pub fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::Literal(text)] };
        Self { parts, label: Label::Publico }
    }
}

impl Localised {
    /// The text in `language`, else in the default language.
    pub fn pick(&self, language: &str) -> &Text {
        static EMPTY: Text = Text { parts: Vec::new(), label: Label::Publico };
        self.by_language
            .get(language)
            .or_else(|| self.by_language.get(&self.default_language))
            .unwrap_or(&EMPTY)
    }

    /// The highest class of data that it shows in any language.
    pub fn label(&self) -> Label {
        self.by_language.values().map(|text| text.label).max().unwrap_or_default()
    }
}
