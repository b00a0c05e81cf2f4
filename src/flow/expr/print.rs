//! Expressions back to text, with the brackets that they need and no more.

use crate::domain::money::Money;
use crate::flow::expr::{BinaryOp, Expr};
use std::fmt;

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(text) | Self::Choice(text) => write_text(f, text),
            Self::Money(money) => write_money(f, *money),
            Self::Date(day) => write!(f, "{day}"),
            Self::Percent(value) => write_scaled(f, *value, 4).and_then(|()| f.write_str("%")),
            Self::Days(days) => write!(f, "{days}d"),
            Self::Path(path) => f.write_str(&path.join(".")),
            Self::Not(inner) => {
                f.write_str("not ")?;
                write_part(f, inner, level(self))
            }
            Self::Binary(op, left, right) => {
                let own = level(self);
                // A comparison does not chain, so an equal one on the left needs brackets too.
                let left_own = if own == COMPARE { own } else { own - 1 };
                write_part(f, left, left_own)?;
                write!(f, " {} ", op.symbol())?;
                write_part(f, right, own)
            }
            Self::In(item, list) => {
                write_part(f, item, COMPARE)?;
                f.write_str(" in [")?;
                write_list(f, list)?;
                f.write_str("]")
            }
            Self::Call(function, arguments) => {
                write!(f, "{}(", function.name())?;
                write_list(f, arguments)?;
                f.write_str(")")
            }
        }
    }
}

const COMPARE: u8 = 4;

/// How tightly the outermost part binds; a part that binds no tighter than its surroundings gets brackets.
const fn level(expr: &Expr) -> u8 {
    match expr {
        Expr::Binary(BinaryOp::Or, ..) => 1,
        Expr::Binary(BinaryOp::And, ..) => 2,
        Expr::Not(_) => 3,
        Expr::Binary(
            BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge,
            ..,
        )
        | Expr::In(..) => COMPARE,
        Expr::Binary(BinaryOp::Add | BinaryOp::Sub, ..) => 5,
        Expr::Binary(BinaryOp::Mul, ..) => 6,
        Expr::Bool(_)
        | Expr::Int(_)
        | Expr::Text(_)
        | Expr::Choice(_)
        | Expr::Money(_)
        | Expr::Date(_)
        | Expr::Percent(_)
        | Expr::Days(_)
        | Expr::Path(_)
        | Expr::Call(..) => 7,
    }
}

fn write_part(f: &mut fmt::Formatter<'_>, part: &Expr, outside: u8) -> fmt::Result {
    if level(part) > outside { write!(f, "{part}") } else { write!(f, "({part})") }
}

fn write_list(f: &mut fmt::Formatter<'_>, list: &[Expr]) -> fmt::Result {
    for (n, item) in list.iter().enumerate() {
        if n > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    write!(f, "\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn write_money(f: &mut fmt::Formatter<'_>, money: Money) -> fmt::Result {
    write_scaled(f, money.minor, money.currency.minor_digits())?;
    write!(f, " {}", money.currency)
}

/// An integer that counts ten to the minus `places`, without trailing zeros.
fn write_scaled(f: &mut fmt::Formatter<'_>, value: i64, places: u32) -> fmt::Result {
    let unit = 10_u64.pow(places);
    let sign = if value < 0 { "-" } else { "" };
    let (whole, rest) = (value.unsigned_abs() / unit, value.unsigned_abs() % unit);
    write!(f, "{sign}{whole}")?;
    if rest == 0 {
        return Ok(());
    }
    let digits = format!("{rest:0width$}", width = places as usize);
    write!(f, ".{}", digits.trim_end_matches('0'))
}
