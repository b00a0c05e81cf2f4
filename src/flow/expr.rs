//! The expression tree: small, total, typed at load.

use crate::domain::money::Money;
use crate::domain::time::Day;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    Bool(bool),
    Int(i64),
    Text(String),
    Money(Money),
    Date(Day),
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
    /// `first(list)`: the first element; the checker demands `count(list) > 0` nowhere, an empty list gives nothing.
    First,
    Min,
    Max,
}
