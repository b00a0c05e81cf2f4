//! The expression as written: a tree in which each part knows its bytes.

use crate::domain::money::Money;
use crate::domain::time::Day;
use crate::flow::expr::{BinaryOp, Expr, Function};
use std::ops::Range;

/// A part of an expression and its bytes within the expression's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    pub at: Range<usize>,
    pub kind: TreeKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TreeKind {
    Bool(bool),
    Int(i64),
    Text(String),
    Money(Money),
    Date(Day),
    Percent(i64),
    Days(i64),
    Path(Vec<Name>),
    Not(Box<Tree>),
    Binary(BinaryOp, Box<Tree>, Box<Tree>),
    In(Box<Tree>, Vec<Tree>),
    Call(Function, Vec<Tree>),
}

/// One part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub at: Range<usize>,
    pub text: String,
}

impl Tree {
    /// The same expression without places. Quoted enum members stay texts: only the type check tells them apart.
    pub fn plain(&self) -> Expr {
        let boxed = |tree: &Tree| Box::new(tree.plain());
        match &self.kind {
            TreeKind::Bool(value) => Expr::Bool(*value),
            TreeKind::Int(value) => Expr::Int(*value),
            TreeKind::Text(value) => Expr::Text(value.clone()),
            TreeKind::Money(value) => Expr::Money(*value),
            TreeKind::Date(value) => Expr::Date(*value),
            TreeKind::Percent(value) => Expr::Percent(*value),
            TreeKind::Days(value) => Expr::Days(*value),
            TreeKind::Path(names) => Expr::Path(names.iter().map(|name| name.text.clone()).collect()),
            TreeKind::Not(inner) => Expr::Not(boxed(inner)),
            TreeKind::Binary(op, left, right) => Expr::Binary(*op, boxed(left), boxed(right)),
            TreeKind::In(item, list) => Expr::In(boxed(item), list.iter().map(Tree::plain).collect()),
            TreeKind::Call(function, arguments) => {
                Expr::Call(*function, arguments.iter().map(Tree::plain).collect())
            }
        }
    }
}
