//! Terms are accepted by a tap or a plain yes; a flow cannot loosen that. The engine would not listen; this says so.

use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::model::{ChoiceOption, Choose, Flow, Step, StepKind};
use crate::flow::text::Part;
use crate::flow::text::fold::fold;
use crate::understand::consent::unplain;

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for flow in compiled.flows.values() {
        for step in flow.steps.values() {
            if let StepKind::Choose(choose) = &step.kind
                && choose.evidence.is_some()
            {
                let of = Of { compiled, flow, step };
                of.ways(choose, findings);
                for option in choose.options.iter().filter(|option| option.binds) {
                    of.intents(option, findings);
                    of.words(option, findings);
                }
            }
        }
    }
}

struct Of<'c> {
    compiled: &'c Compiled,
    flow: &'c Flow,
    step: &'c Step,
}

impl Of<'_> {
    fn report(&self, field: &str, message: String, label: &str, help: &str, findings: &mut Vec<Finding>) {
        let place = self.compiled.places.field(&self.flow.id, self.step.id.as_str(), field);
        findings.push(Finding::new(Code::ConsentLoose, place, message).label(label).help(help));
    }

    /// Answers that were given before these terms were read.
    fn ways(&self, choose: &Choose, findings: &mut Vec<Finding>) {
        let ways =
            [("use_pending_intent", choose.use_pending_intent), ("stale: accept", choose.accept_stale)];
        for (key, _) in ways.into_iter().filter(|(_, used)| *used) {
            self.report(
                "evidence",
                format!("`{key}` cannot stand beside `evidence`"),
                "these terms would be accepted before they were read",
                &format!("leave out `{key}`: terms are accepted by a tap or a plain yes to the last asking"),
                findings,
            );
        }
    }

    fn intents(&self, option: &ChoiceOption, findings: &mut Vec<Finding>) {
        if !option.intents.is_empty() {
            self.report(
                &format!("options.{}", option.id),
                format!("option `{}` accepts terms, and an intent is a guess", option.id),
                "`intents` here never accept anything",
                "leave out `intents`; whole words that mean yes go into `accepts`",
                findings,
            );
        }
    }

    fn words(&self, option: &ChoiceOption, findings: &mut Vec<Finding>) {
        for (language, text) in &option.title.by_language {
            let [Part::Literal(title)] = text.parts.as_slice() else { continue };
            let own = *language == option.title.default_language;
            let suffix = if own { String::new() } else { format!("@{language}") };
            self.word(option, &format!("title{suffix}"), &fold(title), findings);
        }
        for (n, word) in option.accepts.iter().enumerate() {
            self.word(option, &format!("accepts.{}", n + 1), word, findings);
        }
    }

    fn word(&self, option: &ChoiceOption, field: &str, words: &str, findings: &mut Vec<Finding>) {
        let Some(word) = unplain(words) else { return };
        self.report(
            &format!("options.{}.{field}", option.id),
            format!("`{word}` is never part of a plain yes"),
            "this option accepts terms",
            "use words that say yes and nothing else",
            findings,
        );
    }
}
