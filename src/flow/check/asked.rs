//! What a branch on `sesion.nivel` tells about the level behind it.

use crate::domain::assurance::Assurance;
use crate::flow::expr::{BinaryOp, Expr};
use crate::flow::model::Decide;

/// The levels that are possible, one bit each, lowest first.
type Levels = u8;
const ALL: Levels = 0b1111;

/// The lowest level behind the n-th way out of a branch: its condition holds and those before it did not.
pub fn level(decide: &Decide, nth: usize) -> Assurance {
    let mut possible = ALL;
    for (condition, _) in decide.cases.iter().take(nth) {
        possible &= when(condition, false);
    }
    if let Some((condition, _)) = decide.cases.get(nth) {
        possible &= when(condition, true);
    }
    let lowest = Assurance::ALL.into_iter().zip(0..).find(|(_, bit)| possible & (1 << bit) != 0);
    // A branch that can never be taken proves nothing.
    lowest.map_or(Assurance::Ninguna, |(level, _)| level)
}

/// The levels at which a condition can have this truth.
fn when(condition: &Expr, truth: bool) -> Levels {
    match condition {
        Expr::Not(inner) => when(inner, !truth),
        Expr::Binary(BinaryOp::And, left, right) if truth => when(left, true) & when(right, true),
        Expr::Binary(BinaryOp::And, left, right) => when(left, false) | when(right, false),
        Expr::Binary(BinaryOp::Or, left, right) if truth => when(left, true) | when(right, true),
        Expr::Binary(BinaryOp::Or, left, right) => when(left, false) & when(right, false),
        Expr::Binary(BinaryOp::Eq, left, right) => compared(left, right, truth),
        Expr::Binary(BinaryOp::Ne, left, right) => compared(left, right, !truth),
        Expr::In(item, list) if is_level(item) => {
            let members = list.iter().map(named).try_fold(0, |set, bit| bit.map(|bit| set | bit));
            members.map_or(ALL, |set| if truth { set } else { ALL & !set })
        }
        Expr::Bool(_)
        | Expr::Int(_)
        | Expr::Text(_)
        | Expr::Choice(_)
        | Expr::Money(_)
        | Expr::Date(_)
        | Expr::Percent(_)
        | Expr::Days(_)
        | Expr::Path(_)
        | Expr::Binary(..)
        | Expr::In(..)
        | Expr::Call(..) => ALL,
    }
}

fn compared(left: &Expr, right: &Expr, equal: bool) -> Levels {
    let level = if is_level(left) {
        named(right)
    } else if is_level(right) {
        named(left)
    } else {
        None
    };
    level.map_or(ALL, |bit| if equal { bit } else { ALL & !bit })
}

fn is_level(expr: &Expr) -> bool {
    matches!(expr, Expr::Path(path) if path.len() == 2 && path[0] == "sesion" && path[1] == "nivel")
}

fn named(expr: &Expr) -> Option<Levels> {
    let (Expr::Choice(name) | Expr::Text(name)) = expr else { return None };
    let index = Assurance::ALL.into_iter().position(|level| level.name() == name)?;
    Some(1 << index)
}
