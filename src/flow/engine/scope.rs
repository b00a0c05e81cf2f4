//! What names in expressions and texts mean: variables of the frame, `hoy`, `sesion`, facts.

use crate::flow::expr::eval::Scope;
use crate::flow::state::Frame;
use crate::flow::value::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Names visible at a step. Variables come before facts; `each` binds one more name.
pub(crate) struct Names<'a> {
    pub frame: Option<&'a Frame>,
    pub bound: Option<(&'a str, &'a Value)>,
    pub session: &'a Value,
    pub today: &'a Value,
    pub roots: &'a BTreeMap<String, Value>,
}

impl Scope for Names<'_> {
    fn get(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.root(name).map(Cow::Borrowed)
    }
}

impl<'a> Names<'a> {
    fn root(&self, name: &str) -> Option<&'a Value> {
        if let Some((bound, value)) = self.bound
            && bound == name
        {
            return Some(value);
        }
        if let Some(value) = self.frame.and_then(|frame| frame.vars.get(name)) {
            return Some(value);
        }
        match name {
            "hoy" => Some(self.today),
            "sesion" => Some(self.session),
            root => self.roots.get(root),
        }
    }
}
