//! Names: what the catalogue has, which names are allowed, and what an expression may use.

use crate::domain::assurance::Label;
use crate::flow::catalogue::{self, Action};
use crate::flow::diagnostic::{Code, Finding, suggestion};
use crate::flow::expr::Function;
use crate::flow::expr::types::{Env, Known};
use crate::flow::model::Var;
use crate::flow::source::Scalar;
use crate::flow::value::{Field, Type};
use crate::understand::intent::Intent;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Longest name of a flow, step, variable or option; keeps option ids under WhatsApp's limit.
pub const NAME_MAX: usize = 40;

/// The catalogue by name, built once.
#[derive(Debug)]
pub struct Catalogue {
    pub actions: BTreeMap<&'static str, Action>,
    pub records: BTreeMap<&'static str, Vec<Field>>,
    pub facts: BTreeMap<&'static str, Vec<Field>>,
}

/// The one catalogue.
pub static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue {
    actions: catalogue::actions().into_iter().map(|action| (action.name, action)).collect(),
    records: catalogue::records().into_iter().collect(),
    facts: catalogue::facts().into_iter().collect(),
});

/// The fact that is no record: the person's civil date.
pub const TODAY: &str = "hoy";

/// The names that an expression of one flow may use.
#[derive(Debug, Clone, Copy)]
pub struct FlowEnv<'a> {
    pub vars: &'a BTreeMap<String, Var>,
    /// The name that an `each` gives to one element.
    pub bind: Option<(&'a str, &'a Known)>,
}

/// Longest text of a variable whose bound is not known yet.
pub const TEXT_LONGEST: usize = 500;

impl Env for FlowEnv<'_> {
    fn root(&self, name: &str) -> Option<Known> {
        if let Some((bind, known)) = self.bind
            && bind == name
        {
            return Some(known.clone());
        }
        if let Some(var) = self.vars.get(name) {
            return Some(Known { ty: var.ty.clone(), label: var.label, longest: TEXT_LONGEST });
        }
        let ty = if name == TODAY {
            Type::Date
        } else {
            let (fact, _) = CATALOGUE.facts.get_key_value(name)?;
            Type::Record((*fact).to_owned())
        };
        Some(Known { ty, label: Label::Publico, longest: 0 })
    }

    fn roots(&self) -> Vec<String> {
        let vars = self.vars.keys().cloned();
        let bind = self.bind.map(|(name, _)| name.to_owned());
        let facts = CATALOGUE.facts.keys().map(|name| (*name).to_owned());
        bind.into_iter().chain(vars).chain(facts).chain([TODAY.to_owned()]).collect()
    }

    fn fields(&self, record: &str) -> Option<&'static [Field]> {
        CATALOGUE.records.get(record).or_else(|| CATALOGUE.facts.get(record)).map(Vec::as_slice)
    }
}

/// Whether `name` may name a flow, step, variable, option or interrupt; a finding when not.
pub fn valid_name(name: &Scalar, what: &str) -> Option<Finding> {
    let text = name.as_str();
    let first_ok = text.starts_with(|c: char| c.is_ascii_lowercase());
    let rest_ok = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if first_ok && rest_ok && text.len() <= NAME_MAX {
        return None;
    }
    let message = format!("`{text}` cannot be the name of {what}");
    Some(Finding::new(Code::BadName, name.span, message).label("not a name").help(format!(
        "a name is made of a-z, 0-9 and _, begins with a letter, and has at most {NAME_MAX} characters"
    )))
}

/// A finding for each name that the understanding stage never gives.
pub fn unknown_intents(intents: &[Scalar]) -> impl Iterator<Item = Finding> {
    intents.iter().filter(|intent| Intent::parse(&intent.text).is_none()).map(|intent| {
        Finding::new(Code::UnknownIntent, intent.span, format!("nothing is understood as `{}`", intent.text))
            .label("no such intent")
            .maybe_help(suggestion(&intent.text, Intent::ALL.map(Intent::name)))
    })
}

/// Whether a variable would hide a fact or a word of the expression language.
pub fn reserved(name: &str) -> bool {
    const WORDS: [&str; 6] = ["and", "or", "not", "in", "true", "false"];
    name == TODAY
        || CATALOGUE.facts.contains_key(name)
        || WORDS.contains(&name)
        || Function::parse(name).is_some()
}
