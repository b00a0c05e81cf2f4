//! Evaluation: total, so that a turn never fails on a value. What has no answer is [`Value::Nothing`].
//!
//! A comparison with nothing is false, `!=` with nothing is true, and arithmetic that overflows or mixes
//! currencies gives nothing.

use crate::flow::expr::{BinaryOp, Expr, Function};
use crate::flow::value::Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Most days that a date moves by: a thousand years, within what the calendar knows.
pub const DAYS_MAX: i64 = 365_000;

/// Where paths begin: the variables of a frame, the facts, the element that an `each` is at.
pub trait Scope {
    /// The value of a root name; `None` when there is no such name.
    fn get(&self, root: &str) -> Option<Cow<'_, Value>>;
}

/// The value of `expr` in `scope`.
pub fn eval(expr: &Expr, scope: &dyn Scope) -> Value {
    match expr {
        Expr::Bool(value) => Value::Bool(*value),
        Expr::Int(value) => Value::Int(*value),
        Expr::Text(text) => Value::Text(text.clone()),
        Expr::Choice(member) => Value::Choice(member.clone()),
        Expr::Money(money) => Value::Money(*money),
        Expr::Date(day) => Value::Date(*day),
        Expr::Percent(millionths) => Value::Percent(*millionths),
        Expr::Days(days) => Value::Int(*days),
        Expr::Path(path) => at_path(path, scope),
        Expr::Not(inner) => Value::Bool(!truth(&eval(inner, scope))),
        Expr::Binary(BinaryOp::Or, left, right) => {
            Value::Bool(truth(&eval(left, scope)) || truth(&eval(right, scope)))
        }
        Expr::Binary(BinaryOp::And, left, right) => {
            Value::Bool(truth(&eval(left, scope)) && truth(&eval(right, scope)))
        }
        Expr::Binary(op, left, right) => binary(*op, &eval(left, scope), &eval(right, scope)),
        Expr::In(item, list) => {
            let item = eval(item, scope);
            Value::Bool(list.iter().any(|one| equal(&item, &eval(one, scope))))
        }
        Expr::Call(function, arguments) => {
            let values: Vec<Value> = arguments.iter().map(|one| eval(one, scope)).collect();
            call(*function, &values)
        }
    }
}

/// Whether a condition holds; nothing is false.
pub fn holds(expr: &Expr, scope: &dyn Scope) -> bool {
    truth(&eval(expr, scope))
}

fn truth(value: &Value) -> bool {
    matches!(value, Value::Bool(true))
}

fn at_path(path: &[String], scope: &dyn Scope) -> Value {
    let Some((root, fields)) = path.split_first() else { return Value::Nothing };
    match scope.get(root) {
        None => Value::Nothing,
        Some(Cow::Owned(value)) if fields.is_empty() => value,
        Some(value) => value.at(fields).cloned().unwrap_or(Value::Nothing),
    }
}

/// Enum members and texts compare by their letters; everything else only with its own kind.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Nothing, _) | (_, Value::Nothing) => false,
        (Value::Text(a) | Value::Choice(a), Value::Text(b) | Value::Choice(b)) => a == b,
        (a, b) => a == b,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) | (Value::Percent(a), Value::Percent(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Money(a), Value::Money(b)) if a.currency == b.currency => Some(a.minor.cmp(&b.minor)),
        _ => None,
    }
}

fn binary(op: BinaryOp, left: &Value, right: &Value) -> Value {
    let ordered =
        |wanted: &[Ordering]| Value::Bool(order(left, right).is_some_and(|found| wanted.contains(&found)));
    match op {
        BinaryOp::Eq => Value::Bool(equal(left, right)),
        BinaryOp::Ne => Value::Bool(!equal(left, right)),
        BinaryOp::Lt => ordered(&[Ordering::Less]),
        BinaryOp::Le => ordered(&[Ordering::Less, Ordering::Equal]),
        BinaryOp::Gt => ordered(&[Ordering::Greater]),
        BinaryOp::Ge => ordered(&[Ordering::Greater, Ordering::Equal]),
        BinaryOp::Add => sum(left, right, 1),
        BinaryOp::Sub => sum(left, right, -1),
        BinaryOp::Mul => product(left, right),
        // Decided before their right side is looked at.
        BinaryOp::Or | BinaryOp::And => Value::Nothing,
    }
}

fn sum(left: &Value, right: &Value, sign: i64) -> Value {
    let signed = |n: i64| n.checked_mul(sign);
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => optional(signed(*b).and_then(|b| a.checked_add(b)), Value::Int),
        (Value::Percent(a), Value::Percent(b)) => {
            optional(signed(*b).and_then(|b| a.checked_add(b)), Value::Percent)
        }
        (Value::Date(day), Value::Int(days)) => {
            let days = signed(*days).map(|days| days.clamp(-DAYS_MAX, DAYS_MAX));
            optional(days.map(|days| day.plus_days(days)), Value::Date)
        }
        (Value::Money(a), Value::Money(b)) => {
            let result = if sign > 0 { a.checked_add(*b) } else { a.checked_sub(*b) };
            optional(result.ok(), Value::Money)
        }
        _ => Value::Nothing,
    }
}

fn product(left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => optional(a.checked_mul(*b), Value::Int),
        (Value::Money(money), Value::Int(times)) | (Value::Int(times), Value::Money(money)) => {
            optional(money.checked_mul(*times).ok(), Value::Money)
        }
        _ => Value::Nothing,
    }
}

fn optional<T>(value: Option<T>, wrap: fn(T) -> Value) -> Value {
    value.map_or(Value::Nothing, wrap)
}

fn call(function: Function, arguments: &[Value]) -> Value {
    match (function, arguments) {
        (Function::Known, [value]) => Value::Bool(*value != Value::Nothing),
        (Function::Count, [Value::List(items)]) => Value::Int(i64::try_from(items.len()).unwrap_or(i64::MAX)),
        (Function::First, [Value::List(items)]) => items.first().cloned().unwrap_or(Value::Nothing),
        (Function::Min, [left, right]) => extreme(left, right, Ordering::Less),
        (Function::Max, [left, right]) => extreme(left, right, Ordering::Greater),
        (Function::Count | Function::First | Function::Known | Function::Min | Function::Max, _) => {
            Value::Nothing
        }
    }
}

/// The one of two values that is on the wanted side; the known one when the other is nothing.
fn extreme(left: &Value, right: &Value, wanted: Ordering) -> Value {
    match (left, right) {
        (Value::Nothing, known) | (known, Value::Nothing) => known.clone(),
        (left, right) => match order(left, right) {
            Some(found) if found == wanted || found == Ordering::Equal => left.clone(),
            Some(_) => right.clone(),
            None => Value::Nothing,
        },
    }
}
