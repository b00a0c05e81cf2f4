//! The type check: a tree with places becomes a typed expression, or an error at the exact part.

use crate::domain::assurance::Label;
use crate::flow::diagnostic::{Code, suggestion};
use crate::flow::expr::lex::ExprError;
use crate::flow::expr::tree::{Name, Tree, TreeKind};
use crate::flow::expr::{BinaryOp, Expr, Function};
use crate::flow::value::{Field, Type};

/// What is known about a name or a value before the flow runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub ty: Type,
    pub label: Label,
    /// Longest text in characters, for values that are shown as they are.
    pub longest: usize,
}

/// The names that an expression may use.
pub trait Env {
    fn root(&self, name: &str) -> Option<Known>;
    /// All root names, for suggestions.
    fn roots(&self) -> Vec<String>;
    /// The fields of a record type or of a fact.
    fn fields(&self, record: &str) -> Option<&'static [Field]>;
}

/// A checked expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    pub expr: Expr,
    pub known: Known,
}

/// An error with the code of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeError {
    pub code: Code,
    pub error: ExprError,
}

/// How people call a type.
pub fn type_name(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Int => "int".to_owned(),
        Type::Text => "text".to_owned(),
        Type::Money => "money".to_owned(),
        Type::Date => "date".to_owned(),
        Type::Percent => "percent".to_owned(),
        Type::Enum(members) => format!("enum ({})", members.join(", ")),
        Type::List(of) => format!("list<{}>", type_name(of)),
        Type::Record(name) => name.clone(),
    }
}

/// Whether a value of type `from` may stand where `to` is wanted.
pub fn fits(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (Type::Enum(from), Type::Enum(to)) => from.iter().all(|member| to.contains(member)),
        (Type::List(from), Type::List(to)) => fits(from, to),
        (from, to) => from == to,
    }
}

/// Checks an expression whose value goes where `wanted` is needed (any type when `None`).
///
/// # Errors
/// The first part that does not fit, with its bytes.
pub fn check(tree: &Tree, env: &dyn Env, wanted: Option<&Type>) -> Result<Typed, TypeError> {
    if let Some(Type::Enum(members)) = wanted
        && let Some(typed) = member(tree, env, members)?
    {
        return Ok(typed);
    }
    let typed = infer(tree, env)?;
    match wanted {
        Some(wanted) if !fits(&typed.known.ty, wanted) => Err(mismatch(
            tree,
            format!("this is {}, but {} is needed", type_name(&typed.known.ty), type_name(wanted)),
        )),
        Some(_) | None => Ok(typed),
    }
}

/// A quoted member, or a bare one that is no variable.
fn member(tree: &Tree, env: &dyn Env, members: &[String]) -> Result<Option<Typed>, TypeError> {
    let text = match &tree.kind {
        TreeKind::Text(text) => text,
        TreeKind::Path(names) => match names.as_slice() {
            [name] if env.root(&name.text).is_none() && members.contains(&name.text) => &name.text,
            _ => return Ok(None),
        },
        TreeKind::Bool(_)
        | TreeKind::Int(_)
        | TreeKind::Money(_)
        | TreeKind::Date(_)
        | TreeKind::Percent(_)
        | TreeKind::Days(_)
        | TreeKind::Not(_)
        | TreeKind::Binary(..)
        | TreeKind::In(..)
        | TreeKind::Call(..) => return Ok(None),
    };
    if !members.contains(text) {
        return Err(TypeError {
            code: Code::EnumMember,
            error: with_help(
                ExprError::new(
                    tree.at.clone(),
                    format!("`{text}` is not one of the values that it can have"),
                ),
                suggestion(text, members.iter().map(String::as_str)),
            ),
        });
    }
    let longest = text.chars().count();
    let known = Known { ty: Type::Enum(vec![text.clone()]), label: Label::Publico, longest };
    Ok(Some(Typed { expr: Expr::Choice(text.clone()), known }))
}

fn infer(tree: &Tree, env: &dyn Env) -> Result<Typed, TypeError> {
    let literal = |ty: Type, longest: usize| Typed {
        expr: tree.plain(),
        known: Known { ty, label: Label::Publico, longest },
    };
    match &tree.kind {
        TreeKind::Bool(_) => Ok(literal(Type::Bool, 0)),
        TreeKind::Int(_) => Ok(literal(Type::Int, 0)),
        TreeKind::Text(text) => Ok(literal(Type::Text, text.chars().count())),
        TreeKind::Money(_) => Ok(literal(Type::Money, 0)),
        TreeKind::Date(_) => Ok(literal(Type::Date, 0)),
        TreeKind::Percent(_) => Ok(literal(Type::Percent, 0)),
        TreeKind::Days(_) => Err(mismatch(tree, "days can only be added to a date or taken from one")),
        TreeKind::Path(names) => path(tree, names, env),
        TreeKind::Not(inner) => {
            let inner = check(inner, env, Some(&Type::Bool))?;
            Ok(joined(Type::Bool, Expr::Not(Box::new(inner.expr.clone())), &[&inner]))
        }
        TreeKind::Binary(op, left, right) => binary(*op, left, right, tree, env),
        TreeKind::In(item, list) => membership(item, list, env),
        TreeKind::Call(function, arguments) => call(*function, arguments, tree, env),
    }
}

/// The type and label of a path.
///
/// # Errors
/// When its root or one of its fields does not exist.
fn path(tree: &Tree, names: &[Name], env: &dyn Env) -> Result<Typed, TypeError> {
    let Some((root, fields)) = names.split_first() else {
        return Err(mismatch(tree, "a name is missing"));
    };
    let Some(mut known) = env.root(&root.text) else {
        let names = env.roots();
        let help = suggestion(&root.text, names.iter().map(String::as_str)).unwrap_or_default();
        let quote = format!(
            "{help}{}a text needs quotes of its own: '\"{}\"'",
            if help.is_empty() { "" } else { "; " },
            root.text
        );
        return Err(TypeError {
            code: Code::UnknownVariable,
            error: ExprError::new(root.at.clone(), format!("there is no variable or fact `{}`", root.text))
                .help(quote),
        });
    };
    for name in fields {
        let Type::Record(record) = &known.ty else {
            return Err(TypeError {
                code: Code::UnknownField,
                error: ExprError::new(name.at.clone(), format!("{} has no fields", type_name(&known.ty))),
            });
        };
        let all = env.fields(record).unwrap_or_default();
        let Some(field) = all.iter().find(|field| field.name == name.text) else {
            return Err(TypeError {
                code: Code::UnknownField,
                error: with_help(
                    ExprError::new(name.at.clone(), format!("`{record}` has no field `{}`", name.text)),
                    suggestion(&name.text, all.iter().map(|field| field.name)),
                ),
            });
        };
        known = Known { ty: field.ty.clone(), label: known.label.max(field.label), longest: field.longest };
    }
    Ok(Typed { expr: tree.plain(), known })
}

fn binary(op: BinaryOp, left: &Tree, right: &Tree, tree: &Tree, env: &dyn Env) -> Result<Typed, TypeError> {
    match op {
        BinaryOp::Or | BinaryOp::And => {
            let (left, right) = (check(left, env, Some(&Type::Bool))?, check(right, env, Some(&Type::Bool))?);
            Ok(combined(op, Type::Bool, &left, &right))
        }
        BinaryOp::Eq | BinaryOp::Ne => {
            let (left, right) = like(left, right, env)?;
            match left.known.ty {
                Type::List(_) | Type::Record(_) => {
                    Err(mismatch(tree, "lists and records cannot be compared; compare a field"))
                }
                Type::Bool
                | Type::Int
                | Type::Text
                | Type::Money
                | Type::Date
                | Type::Percent
                | Type::Enum(_) => Ok(combined(op, Type::Bool, &left, &right)),
            }
        }
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
            let (left, right) = like(left, right, env)?;
            ordered(&left.known.ty, tree)?;
            Ok(combined(op, Type::Bool, &left, &right))
        }
        BinaryOp::Add | BinaryOp::Sub => sum(op, left, right, tree, env),
        BinaryOp::Mul => {
            let (one, other) = (infer(left, env)?, infer(right, env)?);
            match (&one.known.ty, &other.known.ty) {
                (Type::Int, Type::Int) => Ok(combined(op, Type::Int, &one, &other)),
                (Type::Money, Type::Int) | (Type::Int, Type::Money) => {
                    Ok(combined(op, Type::Money, &one, &other))
                }
                (a, b) => {
                    Err(mismatch(tree, format!("{} and {} cannot be multiplied", type_name(a), type_name(b))))
                }
            }
        }
    }
}

fn sum(op: BinaryOp, left: &Tree, right: &Tree, tree: &Tree, env: &dyn Env) -> Result<Typed, TypeError> {
    if let TreeKind::Days(days) = right.kind {
        let left = check(left, env, Some(&Type::Date))?;
        let expr = Expr::Binary(op, Box::new(left.expr.clone()), Box::new(Expr::Days(days)));
        return Ok(joined(Type::Date, expr, &[&left]));
    }
    let (left, right) = like(left, right, env)?;
    match left.known.ty {
        Type::Int | Type::Money | Type::Percent => {
            let ty = left.known.ty.clone();
            Ok(combined(op, ty, &left, &right))
        }
        Type::Date => Err(mismatch(tree, "to move a date, add days: `fecha + 5d`")),
        Type::Bool | Type::Text | Type::Enum(_) | Type::List(_) | Type::Record(_) => {
            Err(mismatch(tree, format!("there is no sum of {}", type_name(&left.known.ty))))
        }
    }
}

/// Both sides, when they are of one type; a quoted text beside an enum is one of its members.
fn like(left: &Tree, right: &Tree, env: &dyn Env) -> Result<(Typed, Typed), TypeError> {
    let is_text = |tree: &Tree| matches!(tree.kind, TreeKind::Text(_));
    if is_text(left) && !is_text(right) {
        let right = infer(right, env)?;
        let left = check(left, env, Some(&right.known.ty))?;
        return Ok((left, right));
    }
    let one = infer(left, env)?;
    if is_text(right) {
        let other = check(right, env, Some(&one.known.ty))?;
        return Ok((one, other));
    }
    let other = infer(right, env)?;
    let alike = match (&one.known.ty, &other.known.ty) {
        (Type::Enum(a), Type::Enum(b)) => a.iter().any(|member| b.contains(member)),
        (a, b) => a == b,
    };
    if alike {
        return Ok((one, other));
    }
    let at = Tree { at: left.at.start..right.at.end, kind: TreeKind::Bool(true) };
    let (a, b) = (type_name(&one.known.ty), type_name(&other.known.ty));
    let mut error = mismatch(&at, format!("{a} and {b} do not go together"));
    if matches!((&one.known.ty, &other.known.ty), (Type::Money, Type::Int) | (Type::Int, Type::Money)) {
        error.error = error.error.help("write the currency behind the amount: `100000 COP`");
    }
    Err(error)
}

fn ordered(ty: &Type, tree: &Tree) -> Result<(), TypeError> {
    match ty {
        Type::Int | Type::Money | Type::Date | Type::Percent => Ok(()),
        Type::Bool | Type::Text | Type::Enum(_) | Type::List(_) | Type::Record(_) => {
            Err(mismatch(tree, format!("{} has no order; compare with `==`", type_name(ty))))
        }
    }
}

fn membership(item: &Tree, list: &[Tree], env: &dyn Env) -> Result<Typed, TypeError> {
    let item = infer(item, env)?;
    let members =
        list.iter().map(|one| check(one, env, Some(&item.known.ty))).collect::<Result<Vec<Typed>, _>>()?;
    let label = members.iter().fold(item.known.label, |label, one| label.max(one.known.label));
    let expr = Expr::In(Box::new(item.expr), members.into_iter().map(|one| one.expr).collect());
    Ok(Typed { expr, known: Known { ty: Type::Bool, label, longest: 0 } })
}

fn call(function: Function, arguments: &[Tree], tree: &Tree, env: &dyn Env) -> Result<Typed, TypeError> {
    match (function, arguments) {
        (Function::Known, [one]) => {
            if !matches!(one.kind, TreeKind::Path(_)) {
                return Err(mismatch(one, "`known` asks about a variable or a field"));
            }
            let one = infer(one, env)?;
            Ok(joined(Type::Bool, Expr::Call(function, vec![one.expr.clone()]), &[&one]))
        }
        (Function::Count | Function::First, [one]) => {
            let list = infer(one, env)?;
            let Type::List(of) = &list.known.ty else {
                let found = type_name(&list.known.ty);
                return Err(mismatch(one, format!("`{}` needs a list, not {found}", function.name())));
            };
            let ty = if function == Function::Count { Type::Int } else { of.as_ref().clone() };
            Ok(joined(ty, Expr::Call(function, vec![list.expr.clone()]), &[&list]))
        }
        (Function::Min | Function::Max, [left, right]) => {
            let (left, right) = like(left, right, env)?;
            ordered(&left.known.ty, tree)?;
            let expr = Expr::Call(function, vec![left.expr.clone(), right.expr.clone()]);
            Ok(joined(left.known.ty.clone(), expr, &[&left, &right]))
        }
        (Function::Known | Function::Count | Function::First | Function::Min | Function::Max, _) => {
            Err(mismatch(tree, format!("`{}` takes {} value(s)", function.name(), function.arity())))
        }
    }
}

fn combined(op: BinaryOp, ty: Type, left: &Typed, right: &Typed) -> Typed {
    let expr = Expr::Binary(op, Box::new(left.expr.clone()), Box::new(right.expr.clone()));
    joined(ty, expr, &[left, right])
}

/// The label of a result is the highest of its parts.
fn joined(ty: Type, expr: Expr, parts: &[&Typed]) -> Typed {
    let label = parts.iter().map(|part| part.known.label).max().unwrap_or_default();
    let longest = parts.iter().map(|part| part.known.longest).max().unwrap_or_default();
    Typed { expr, known: Known { ty, label, longest } }
}

fn mismatch(tree: &Tree, message: impl Into<String>) -> TypeError {
    TypeError { code: Code::ExpressionType, error: ExprError::new(tree.at.clone(), message) }
}

fn with_help(error: ExprError, help: Option<String>) -> ExprError {
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}
