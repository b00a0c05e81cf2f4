//! Texts with typed placeholders.

use crate::flow::expr::Expr;
use serde::{Deserialize, Serialize};

/// A text of a flow in one language, compiled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    pub parts: Vec<Part>,
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
