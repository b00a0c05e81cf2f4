//! Variables of a flow: declared, or implied by a `choose`.

use crate::domain::assurance::Label;
use crate::flow::check::names::{CATALOGUE, FlowEnv, reserved, valid_name};
use crate::flow::compile::Notes;
use crate::flow::diagnostic::{Code, Finding, suggestion};
use crate::flow::expr::eval::{Scope, eval};
use crate::flow::expr::parse::parse;
use crate::flow::expr::types::{check, fits, type_name};
use crate::flow::model::Var;
use crate::flow::source::Scalar;
use crate::flow::syntax::{ChooseSyntax, FlowSyntax, KindSyntax, VarSyntax};
use crate::flow::value::{Type, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

const SIMPLE: [(&str, Type); 6] = [
    ("text", Type::Text),
    ("int", Type::Int),
    ("bool", Type::Bool),
    ("money", Type::Money),
    ("date", Type::Date),
    ("percent", Type::Percent),
];

/// All variables of a flow by name.
pub fn vars(flow: &FlowSyntax, notes: &mut Notes) -> BTreeMap<String, Var> {
    let mut vars = BTreeMap::new();
    for syntax in &flow.vars {
        notes.places.put(format!("{}.vars.{}", flow.id.text, syntax.name.text), syntax.name.span);
        notes.findings.extend(valid_name(&syntax.name, "a variable"));
        if reserved(&syntax.name.text) {
            let message = format!("`{}` is a word of the language or a fact", syntax.name.text);
            notes
                .findings
                .push(Finding::new(Code::BadName, syntax.name.span, message).help("choose another name"));
        }
        if let Some(var) = declared(syntax, notes) {
            vars.insert(syntax.name.text.clone(), var);
        }
    }
    implied(flow, &mut vars);
    vars
}

fn declared(syntax: &VarSyntax, notes: &mut Notes) -> Option<Var> {
    let ty = parse_type(syntax, notes)?;
    let label = match &syntax.label {
        None => Label::Publico,
        Some(name) => Label::parse(&name.text).unwrap_or_else(|| {
            let names = Label::ALL.map(Label::name);
            notes.findings.push(
                Finding::new(Code::BadValue, name.span, format!("there is no label `{}`", name.text))
                    .maybe_help(suggestion(&name.text, names)),
            );
            Label::Publico
        }),
    };
    let initial = syntax.initial.as_ref().and_then(|scalar| initial(scalar, &ty, notes));
    let initial = initial.or_else(|| syntax.optional.then_some(Value::Nothing));
    Some(Var { ty, label, input: syntax.input, initial })
}

fn parse_type(syntax: &VarSyntax, notes: &mut Notes) -> Option<Type> {
    let name = &syntax.ty;
    if name.text == "enum" {
        let members: Vec<String> = syntax.of.iter().flatten().map(|one| one.text.clone()).collect();
        if members.is_empty() {
            notes.findings.push(
                Finding::new(Code::MissingKey, name.span, "an enum needs its values")
                    .label("`of` is missing")
                    .help("`{type: enum, of: [si, no]}`"),
            );
            return None;
        }
        return Some(Type::Enum(members));
    }
    if let Some(of) = &syntax.of {
        let span = of.first().map_or(name.span, |one| one.span);
        notes.findings.push(
            Finding::new(Code::UnknownKey, span, "only an enum has `of`")
                .help("write `type: enum`, or leave `of` out"),
        );
    }
    let found = simple_type(&name.text);
    if found.is_none() {
        let known = SIMPLE.map(|(name, _)| name);
        let all: Vec<&str> =
            known.into_iter().chain(["enum"]).chain(CATALOGUE.records.keys().copied()).collect();
        let inner = name.text.trim_start_matches("list<").trim_end_matches('>');
        notes.findings.push(
            Finding::new(Code::UnknownType, name.span, format!("there is no type `{}`", name.text))
                .label("unknown type")
                .maybe_help(suggestion(inner, all.iter().copied())),
        );
    }
    found
}

fn simple_type(name: &str) -> Option<Type> {
    if let Some(inner) = name.strip_prefix("list<").and_then(|rest| rest.strip_suffix('>')) {
        return match simple_type(inner.trim())? {
            Type::List(_) => None,
            of @ (Type::Bool
            | Type::Int
            | Type::Text
            | Type::Money
            | Type::Date
            | Type::Percent
            | Type::Enum(_)
            | Type::Record(_)) => Some(Type::List(Box::new(of))),
        };
    }
    if let Some((_, ty)) = SIMPLE.into_iter().find(|(simple, _)| *simple == name) {
        return Some(ty);
    }
    CATALOGUE.records.contains_key(name).then(|| Type::Record(name.to_owned()))
}

/// Nothing to look up: an initial value is a literal.
struct NoScope;

impl Scope for NoScope {
    fn get(&self, _root: &str) -> Option<Cow<'_, Value>> {
        None
    }
}

/// A literal of the variable's type. A text is taken as it stands.
fn initial(scalar: &Scalar, ty: &Type, notes: &mut Notes) -> Option<Value> {
    if *ty == Type::Text {
        return Some(Value::Text(scalar.text.clone()));
    }
    let none = BTreeMap::new();
    let env = FlowEnv { vars: &none, bind: None };
    let literal = parse(&scalar.text).ok().and_then(|tree| check(&tree, &env, Some(ty)).ok());
    let value = literal.map(|typed| eval(&typed.expr, &NoScope)).filter(|value| *value != Value::Nothing);
    if value.is_none() {
        notes.findings.push(
            Finding::new(Code::BadValue, scalar.span, format!("the first value must be {}", type_name(ty)))
                .label("not a literal of that type")
                .help(
                    "for instance `12`, `true`, `100000 COP`, `2026-12-01`, `1.8%`, or a member of the enum",
                ),
        );
    }
    value
}

/// A `choose` on a name that is not declared makes it: the ids of its options, or an element of its list.
fn implied(flow: &FlowSyntax, vars: &mut BTreeMap<String, Var>) {
    let chooses = || {
        flow.steps.iter().filter_map(|step| match &step.kind {
            KindSyntax::Choose(choose) => Some(choose.as_ref()),
            KindSyntax::Say { .. }
            | KindSyntax::Ask(_)
            | KindSyntax::Do(_)
            | KindSyntax::Decide { .. }
            | KindSyntax::Call(_)
            | KindSyntax::Handoff(_)
            | KindSyntax::Pause { .. }
            | KindSyntax::Set { .. }
            | KindSyntax::End { .. } => None,
        })
    };
    let declared: Vec<String> = vars.keys().cloned().collect();
    for choose in chooses().filter(|choose| choose.each.is_none() && !declared.contains(&choose.var.text)) {
        let var = vars.entry(choose.var.text.clone()).or_insert_with(|| Var {
            ty: Type::Enum(Vec::new()),
            label: Label::Publico,
            input: false,
            initial: None,
        });
        if let Type::Enum(members) = &mut var.ty {
            for option in &choose.options {
                if !members.contains(&option.id.text) {
                    members.push(option.id.text.clone());
                }
            }
        }
    }
    for choose in chooses() {
        if let Some(ty) = element_type(choose, vars).filter(|_| !vars.contains_key(&choose.var.text)) {
            let var = Var { ty, label: Label::Publico, input: false, initial: None };
            vars.insert(choose.var.text.clone(), var);
        }
    }
}

fn element_type(choose: &ChooseSyntax, vars: &BTreeMap<String, Var>) -> Option<Type> {
    let tree = parse(&choose.each.as_ref()?.list.text).ok()?;
    match check(&tree, &FlowEnv { vars, bind: None }, None).ok()?.known.ty {
        Type::List(of) => Some(*of),
        Type::Bool
        | Type::Int
        | Type::Text
        | Type::Money
        | Type::Date
        | Type::Percent
        | Type::Enum(_)
        | Type::Record(_) => None,
    }
}

/// The variable that receives a value of type `from_type`, or a finding.
pub fn receives(
    name: &Scalar,
    from_type: &Type,
    what: &str,
    vars: &BTreeMap<String, Var>,
    code: Code,
) -> Result<(), Box<Finding>> {
    let Some(var) = vars.get(&name.text) else {
        return Err(undeclared(name, Some(from_type), vars).into());
    };
    if fits(from_type, &var.ty) {
        return Ok(());
    }
    let (from, to) = (type_name(from_type), type_name(&var.ty));
    Err(Finding::new(code, name.span, format!("{what} is {from}, but `{}` is {to}", name.text))
        .label(format!("this variable is {to}"))
        .help(format!(
            "declare it as `{}: {{type: {}}}`, or use another one",
            name.text,
            declaration(from_type)
        ))
        .into())
}

/// A variable that is not there, with how to declare it.
pub fn undeclared(name: &Scalar, ty: Option<&Type>, vars: &BTreeMap<String, Var>) -> Finding {
    let finding =
        Finding::new(Code::UnknownVariable, name.span, format!("there is no variable `{}`", name.text))
            .label("not under `vars`");
    let near = crate::flow::diagnostic::nearest(&name.text, vars.keys().map(String::as_str));
    match (near, ty) {
        (Some(near), _) => finding.help(format!("did you mean `{near}`?")),
        (None, Some(ty)) => {
            finding.help(format!("declare it: `vars: {{{}: {{type: {}}}}}`", name.text, declaration(ty)))
        }
        (None, None) => finding,
    }
}

fn declaration(ty: &Type) -> String {
    match ty {
        Type::Enum(members) => format!("enum, of: [{}]", members.join(", ")),
        Type::Bool
        | Type::Int
        | Type::Text
        | Type::Money
        | Type::Date
        | Type::Percent
        | Type::List(_)
        | Type::Record(_) => type_name(ty),
    }
}
