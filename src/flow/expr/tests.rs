//! The laws of expressions: text and tree say the same, types are proved, evaluation always has an answer.

use crate::domain::money::{Currency, Money};
use crate::domain::time::Day;
use crate::flow::check::names::FlowEnv;
use crate::flow::expr::eval::{Scope, eval};
use crate::flow::expr::parse::parse;
use crate::flow::expr::types::{check, type_name};
use crate::flow::expr::{BinaryOp, Expr, Function};
use crate::flow::model::Var;
use crate::flow::value::{Type, Value};
use proptest::prelude::*;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A chat with a few variables.
struct Chat(BTreeMap<String, Value>);

impl Scope for Chat {
    fn get(&self, root: &str) -> Option<Cow<'_, Value>> {
        self.0.get(root).map(Cow::Borrowed)
    }
}

fn chat() -> Chat {
    let offers = vec![Value::record([("cuotas", Value::Int(6))])];
    Chat(BTreeMap::from([
        ("n".to_owned(), Value::Int(3)),
        ("saldo".to_owned(), Value::Money(Money::new(18_000_000, Currency::Cop))),
        ("hoy".to_owned(), Value::Date(Day::parse("2026-11-21").unwrap())),
        ("tipo".to_owned(), Value::Choice("plan".to_owned())),
        ("vacia".to_owned(), Value::Nothing),
        ("ofertas".to_owned(), Value::List(offers)),
    ]))
}

fn vars() -> BTreeMap<String, Var> {
    let var = |ty| Var { ty, label: Default::default(), input: false, initial: None };
    BTreeMap::from([
        ("n".to_owned(), var(Type::Int)),
        ("saldo".to_owned(), var(Type::Money)),
        ("tipo".to_owned(), var(Type::Enum(vec!["plan".to_owned(), "promesa".to_owned()]))),
        ("vacia".to_owned(), var(Type::Text)),
        ("ofertas".to_owned(), var(Type::List(Box::new(Type::Record("oferta".to_owned()))))),
    ])
}

/// The value of an expression after its type check, or the message of its error.
fn value(text: &str) -> Result<Value, String> {
    let vars = vars();
    let tree = parse(text).map_err(|error| error.message)?;
    let typed =
        check(&tree, &FlowEnv { vars: &vars, bind: None }, None).map_err(|error| error.error.message)?;
    Ok(eval(&typed.expr, &chat()))
}

#[test]
fn expressions_have_their_values() {
    let cases = [
        ("1 + 2 * 3", Value::Int(7)),
        ("(1 + 2) * 3", Value::Int(9)),
        ("not n == 3 or true", Value::Bool(true)),
        ("saldo >= 180000 COP", Value::Bool(true)),
        ("saldo - 100000 COP", Value::Money(Money::new(8_000_000, Currency::Cop))),
        ("saldo * 2", Value::Money(Money::new(36_000_000, Currency::Cop))),
        ("hoy + 5d", Value::Date(Day::parse("2026-11-26").unwrap())),
        ("hoy <= 2026-12-01", Value::Bool(true)),
        ("tipo in [\"plan\", 'promesa']", Value::Bool(true)),
        ("tipo != 'promesa'", Value::Bool(true)),
        ("known(vacia)", Value::Bool(false)),
        ("vacia == 'x'", Value::Bool(false)),
        ("count(ofertas)", Value::Int(1)),
        ("min(n, 2)", Value::Int(2)),
        ("max(1.8%, 2%)", Value::Percent(20_000)),
    ];
    for (text, wanted) in cases {
        assert_eq!(value(text), Ok(wanted), "{text}");
    }
}

#[test]
fn types_that_do_not_go_together_are_refused() {
    let cases = [
        ("saldo > 100000", "money and int do not go together"),
        ("tipo == 'plam'", "`plam` is not one of the values that it can have"),
        ("n and true", "this is int, but bool is needed"),
        ("ofertas == ofertas", "lists and records cannot be compared; compare a field"),
        ("1 < 2 < 3", "comparisons cannot be chained"),
        ("hoy + 5", "date and int do not go together"),
        ("vacia + vacia", "there is no sum of text"),
        ("1.5", "decimals need a unit"),
        ("2026-02-30", "`2026-02-30` is not a date of the calendar"),
        ("", "the expression stops too early"),
    ];
    for (text, wanted) in cases {
        assert_eq!(value(text), Err(wanted.to_owned()), "{text}");
    }
}

#[test]
fn what_overflows_is_nothing() {
    let chat = chat();
    let big = Expr::Binary(BinaryOp::Mul, Box::new(Expr::Int(i64::MAX)), Box::new(Expr::Int(2)));
    assert_eq!(eval(&big, &chat), Value::Nothing);
    let mixed = Expr::Binary(
        BinaryOp::Add,
        Box::new(Expr::Money(Money::new(1, Currency::Cop))),
        Box::new(Expr::Money(Money::new(1, Currency::Usd))),
    );
    assert_eq!(eval(&mixed, &chat), Value::Nothing);
    assert_eq!(type_name(&Type::List(Box::new(Type::Money))), "list<money>");
}

fn any_expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Expr::Bool),
        (i64::MIN + 1..i64::MAX).prop_map(Expr::Int),
        "[a-zñ \"'\\\\]{0,8}".prop_map(Expr::Text),
        (-1_000_000_i64..1_000_000, 0..7_usize)
            .prop_map(|(minor, at)| Expr::Money(Money::new(minor, Currency::ALL[at]))),
        (-5_000_000_i64..5_000_000).prop_map(Expr::Percent),
        (0..4000_i64).prop_map(|days| Expr::Date(Day::parse("2020-01-01").unwrap().plus_days(days))),
        (0..400_i64).prop_map(Expr::Days),
        prop::collection::vec("x[a-z0-9_]{0,5}", 1..4).prop_map(Expr::Path),
    ];
    let ops = prop::sample::select(vec![
        BinaryOp::Or,
        BinaryOp::And,
        BinaryOp::Eq,
        BinaryOp::Lt,
        BinaryOp::Ge,
        BinaryOp::Add,
        BinaryOp::Sub,
        BinaryOp::Mul,
    ]);
    leaf.prop_recursive(4, 24, 3, move |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| Expr::Not(Box::new(one))),
            (ops.clone(), inner.clone(), inner.clone()).prop_map(|(op, a, b)| Expr::Binary(
                op,
                Box::new(a),
                Box::new(b)
            )),
            (inner.clone(), prop::collection::vec(inner.clone(), 0..3))
                .prop_map(|(item, list)| Expr::In(Box::new(item), list)),
            inner.clone().prop_map(|one| Expr::Call(Function::Count, vec![one])),
            (inner.clone(), inner).prop_map(|(a, b)| Expr::Call(Function::Max, vec![a, b])),
        ]
    })
}

proptest! {
    #[test]
    fn printing_and_parsing_give_the_same_expression(expr in any_expr()) {
        let text = expr.to_string();
        prop_assume!(text.len() < 1_000);
        let parsed = parse(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error:?}")))?;
        prop_assert_eq!(parsed.plain(), expr, "{}", text);
    }

    #[test]
    fn any_text_parses_or_is_refused(text in "\\PC{0,60}") {
        let _ = parse(&text);
    }

    #[test]
    fn every_expression_has_a_value(expr in any_expr()) {
        let _ = eval(&expr, &chat());
    }
}
