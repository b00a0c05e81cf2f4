//! From files as written to the model: names resolved, types proved, defaults filled in.

mod actions;
mod bot;
mod calls;
mod choose;
mod consent;
mod flow;
mod labels;
mod steps;
mod texts;
mod vars;

use crate::domain::ids::FlowId;
use crate::flow::diagnostic::{Finding, Span};
use crate::flow::model::{Bot, Flow};
use crate::flow::syntax::{BotSyntax, FlowSyntax, LocaleSyntax};
use std::collections::{BTreeMap, HashMap};

pub use bot::IN_PLACE;
pub use labels::{Longest, path_known};
pub use texts::{Locales, source_hash};

/// The outcome of a flow that ended quietly through `@end`.
pub const ABANDONED: &str = "abandono";
/// The step that `@end` names.
pub const END_STEP: &str = "@end";
/// What `@handoff` names; the steps made from it are `@handoff:<step that gave up>`.
pub const HANDOFF: &str = "@handoff";

/// All files of a folder, each in its shape.
#[derive(Debug)]
pub struct Written {
    pub bot: BotSyntax,
    pub flows: BTreeMap<String, FlowSyntax>,
    pub locales: Vec<LocaleSyntax>,
}

/// Where things stand: `flow`, `flow.step`, `flow.step.field`, and `…@pt` for a translation.
#[derive(Debug, Default)]
pub struct Places(HashMap<String, Span>);

impl Places {
    pub fn put(&mut self, key: impl Into<String>, span: Span) {
        self.0.insert(key.into(), span);
    }

    /// The place of a key, else of what contains it.
    pub fn find(&self, key: &str) -> Span {
        let mut key = key;
        loop {
            if let Some(span) = self.0.get(key) {
                return *span;
            }
            match key.rfind(['.', '@']).filter(|at| *at > 0) {
                Some(at) => key = &key[..at],
                None => return Span::default(),
            }
        }
    }

    /// The place of one step's field.
    pub fn field(&self, flow: &FlowId, step: &str, field: &str) -> Span {
        // A generated hand-off has no text of its own: point at the step that it was made for.
        let step = step.strip_prefix(HANDOFF).and_then(|rest| rest.strip_prefix(':')).unwrap_or(step);
        if field.is_empty() {
            self.find(&format!("{flow}.{step}"))
        } else {
            self.find(&format!("{flow}.{step}.{field}"))
        }
    }
}

/// The model with what the checks need beside it.
#[derive(Debug)]
pub struct Compiled {
    pub bot: Bot,
    pub flows: BTreeMap<FlowId, Flow>,
    pub places: Places,
    pub longest: Longest,
    /// Text keys that a language lacks, by language and file part (flow or `bot`).
    pub untranslated: BTreeMap<(String, String), Vec<String>>,
}

/// Collects findings and places while files are compiled.
#[derive(Debug, Default)]
pub struct Notes {
    pub findings: Vec<Finding>,
    pub places: Places,
}

/// Compiles the whole folder; `None` when something makes the rest meaningless, and then there are findings.
pub fn compile(written: &Written, findings: &mut Vec<Finding>) -> Option<Compiled> {
    let mut notes = Notes::default();
    let mut locales = Locales::new(written, &mut notes);
    let bot_texts = bot::shared(written, &mut locales, &mut notes);
    let mut flows = BTreeMap::new();
    for (id, syntax) in &written.flows {
        let id = FlowId::new(id.as_str());
        notes.places.put(id.as_str(), syntax.id.span);
        let flow = flow::flow(syntax, written, &bot_texts, &mut locales, &mut notes);
        flows.insert(id, flow);
    }
    calls::close(written, &mut flows, &mut notes);
    let bot = bot::bot(written, &flows, bot_texts, &mut notes);
    locales.report_unused(&mut notes);
    let failed =
        !notes.findings.iter().all(|one| one.code.severity() == crate::flow::diagnostic::Severity::Warning);
    findings.append(&mut notes.findings);
    if failed {
        return None;
    }
    let longest = labels::assign(&mut flows);
    Some(Compiled { bot, flows, places: notes.places, longest, untranslated: locales.untranslated })
}
