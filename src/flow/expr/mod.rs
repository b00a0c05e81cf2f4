//! Expressions: small, total, typed at load. `lex` → `parse` ([`tree`], with places) → `types` → [`Expr`] → `eval`.

pub mod eval;
pub mod lex;
pub mod parse;
mod print;
pub mod tree;
pub mod types;

#[cfg(test)]
mod tests;

use crate::domain::money::Money;
use crate::domain::time::Day;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    Bool(bool),
    Int(i64),
    Text(String),
    /// A member of an enum type, where the checker knows that one is meant.
    Choice(String),
    Money(Money),
    Date(Day),
    /// Millionths: 1.8 % is 18 000.
    Percent(i64),
    /// `5d`: days, added to or taken from a date.
    Days(i64),
    /// `oferta.total`: a variable of the frame or a fact root, then fields.
    Path(Vec<String>),
    Not(Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `x in ["a", "b"]`.
    In(Box<Expr>, Vec<Expr>),
    Call(Function, Vec<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BinaryOp {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// `known(x)`: the variable has a value.
    Known,
    /// `count(list)`.
    Count,
    /// `first(list)`: the first element; of an empty list, nothing.
    First,
    Min,
    Max,
}

impl Function {
    pub const ALL: [Self; 5] = [Self::Known, Self::Count, Self::First, Self::Min, Self::Max];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Count => "count",
            Self::First => "first",
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    /// How many arguments it takes.
    pub const fn arity(self) -> usize {
        match self {
            Self::Known | Self::Count | Self::First => 1,
            Self::Min | Self::Max => 2,
        }
    }
}

impl BinaryOp {
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Eq => "==",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
        }
    }
}
