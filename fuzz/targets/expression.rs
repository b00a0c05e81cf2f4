//! Expressions: text and tree say the same, and what passes the type check has a value of that type, or none.
#![no_main]

use acuerdo::domain::money::{Currency, Money};
use acuerdo::domain::time::Day;
use acuerdo::flow::catalogue;
use acuerdo::flow::check::names::FlowEnv;
use acuerdo::flow::expr::eval::{Scope, eval};
use acuerdo::flow::expr::lex::{EXPRESSION_MAX, ExprError};
use acuerdo::flow::expr::parse::parse;
use acuerdo::flow::expr::types::check;
use acuerdo::flow::model::Var;
use acuerdo::flow::value::{Type, Value};
use libfuzzer_sys::fuzz_target;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

struct World(BTreeMap<String, Value>);

impl Scope for World {
    fn get(&self, root: &str) -> Option<Cow<'_, Value>> {
        self.0.get(root).map(Cow::Borrowed)
    }
}

static VARS: LazyLock<BTreeMap<String, Var>> = LazyLock::new(|| {
    let var = |ty| Var { ty, label: Default::default(), input: false, initial: None };
    let members = ["plan", "promesa"].map(str::to_owned).to_vec();
    BTreeMap::from([
        ("b".to_owned(), var(Type::Bool)),
        ("n".to_owned(), var(Type::Int)),
        ("t".to_owned(), var(Type::Text)),
        ("m".to_owned(), var(Type::Money)),
        ("d".to_owned(), var(Type::Date)),
        ("p".to_owned(), var(Type::Percent)),
        ("e".to_owned(), var(Type::Enum(members))),
        ("l".to_owned(), var(Type::List(Box::new(Type::Int)))),
        ("o".to_owned(), var(Type::List(Box::new(Type::Record("oferta".to_owned()))))),
    ])
});

/// All variables with a value, extreme ones, and none at all.
static WORLDS: LazyLock<[World; 3]> = LazyLock::new(|| {
    let day = |text| Value::Date(Day::parse(text).expect("a day"));
    let world = |n: i64, date: Value| {
        World(BTreeMap::from([
            ("b".to_owned(), Value::Bool(true)),
            ("n".to_owned(), Value::Int(n)),
            ("t".to_owned(), Value::text("ñ")),
            ("m".to_owned(), Value::Money(Money::new(n, Currency::Cop))),
            ("d".to_owned(), date.clone()),
            ("hoy".to_owned(), date),
            ("p".to_owned(), Value::Percent(n)),
            ("e".to_owned(), Value::Choice("plan".to_owned())),
            ("l".to_owned(), Value::List(vec![Value::Int(n), Value::Int(0)])),
        ]))
    };
    [world(3, day("2026-11-20")), world(i64::MIN, day("9999-12-31")), World(BTreeMap::new())]
});

fuzz_target!(|text: &str| {
    let inside = |error: &ExprError| {
        assert!(text.get(error.at.clone()).is_some(), "{:?} is outside `{text}`", error.at);
        assert!(!error.message.is_empty());
    };
    let tree = match parse(text) {
        Ok(tree) => tree,
        Err(error) => return inside(&error),
    };
    let plain = tree.plain();
    let printed = plain.to_string();
    let again = match parse(&printed) {
        Ok(again) => again,
        // Brackets that make plain what is meant may reach the limits on length and depth.
        Err(error) if error.message.contains("too deeply") || printed.len() > EXPRESSION_MAX => return,
        Err(error) => panic!("`{text}` is printed as `{printed}`: {error:?}"),
    };
    assert_eq!(again.plain(), plain, "`{text}` and `{printed}` are not the same");

    let env = FlowEnv { vars: &VARS, bind: None };
    let typed = match check(&tree, &env, None) {
        Ok(typed) => typed,
        Err(error) => return inside(&error.error),
    };
    for world in WORLDS.iter() {
        let value = eval(&typed.expr, world);
        assert!(
            is_of(&value, &typed.known.ty),
            "`{text}` gives {value:?}, and its type is {:?}",
            typed.known.ty
        );
    }
    let rechecked = check(&again, &env, None).unwrap_or_else(|error| panic!("`{printed}`: {error:?}"));
    assert_eq!(rechecked, typed, "`{text}` and `{printed}` have not the same type");
});

fn is_of(value: &Value, ty: &Type) -> bool {
    match (value, ty) {
        (Value::Nothing, _)
        | (Value::Bool(_), Type::Bool)
        | (Value::Int(_), Type::Int)
        | (Value::Text(_), Type::Text)
        | (Value::Money(_), Type::Money)
        | (Value::Date(_), Type::Date)
        | (Value::Percent(_), Type::Percent) => true,
        (Value::Choice(member), Type::Enum(members)) => members.contains(member),
        (Value::List(items), Type::List(of)) => items.iter().all(|item| is_of(item, of)),
        (Value::Record(_), Type::Record(name)) => catalogue::records().iter().any(|(known, _)| known == name),
        _ => false,
    }
}
