//! Terms are accepted by a tap or a plain yes; a flow cannot loosen that. The engine would not listen; this says so.

use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::model::{ChoiceOption, Choose, Flow, Step, StepKind};
use crate::flow::text::Part;
use crate::flow::text::fold::fold;
use crate::understand::consent::{Consent, Consents, unplain};
use crate::understand::normalise::Normaliser;

pub fn check(compiled: &Compiled, consents: &Consents, findings: &mut Vec<Finding>) {
    for flow in compiled.flows.values() {
        for step in flow.steps.values() {
            if let StepKind::Choose(choose) = &step.kind
                && choose.evidence.is_some()
            {
                let of = Of { compiled, consents, flow, step };
                of.ways(choose, findings);
                of.list(choose, findings);
                for option in choose.options.iter().filter(|option| option.binds) {
                    of.intents(option, findings);
                    of.words(option, findings);
                }
                if choose.options.iter().any(|option| option.binds) {
                    for option in choose.options.iter().filter(|option| !option.binds) {
                        of.others(option, findings);
                    }
                }
            }
        }
    }
}

struct Of<'c> {
    compiled: &'c Compiled,
    consents: &'c Consents,
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

    /// One of many things, each with a name of its own, is no yes.
    fn list(&self, choose: &Choose, findings: &mut Vec<Finding>) {
        if choose.each.as_ref().is_some_and(|each| each.binds) {
            self.report(
                "each.title",
                "what is chosen from a list accepts the terms".to_owned(),
                "no name of a thing says yes",
                "lead the list to a `choose` of its own, in which a plain yes accepts what was chosen",
                findings,
            );
        }
    }

    fn words(&self, option: &ChoiceOption, findings: &mut Vec<Finding>) {
        for (field, title) in titles(option) {
            match title {
                Some(title) => self.word(option, &field, title, findings),
                None => self.report(
                    &format!("options.{}.{field}", option.id),
                    "the title of an option that accepts terms shows a value".to_owned(),
                    "this option accepts terms",
                    "show it in the text above; the title says yes and nothing else: «Sí, acepto»",
                    findings,
                ),
            }
        }
        for (n, word) in option.accepts.iter().enumerate() {
            self.word(option, &format!("accepts.{}", n + 1), word, findings);
        }
    }

    fn word(&self, option: &ChoiceOption, field: &str, words: &str, findings: &mut Vec<Finding>) {
        let folded = fold(words);
        let unplain = unplain(&folded);
        if unplain.is_none() && matches!(self.said_by(words), Some(Consent::Bare | Consent::Express)) {
            return;
        }
        let said = unplain.map_or_else(
            || format!("`{words}` is no plain yes"),
            |word| format!("`{word}` is never part of a plain yes"),
        );
        self.report(
            &format!("options.{}.{field}", option.id),
            said,
            "this option accepts terms",
            "use phrases that understanding/consent.tsv knows as `yes` or `assent`, and nothing else: «Sí, acepto»",
            findings,
        );
    }

    /// Who reads a yes on another option means the terms; so does who acknowledges them right after they were shown.
    fn others(&self, option: &ChoiceOption, findings: &mut Vec<Finding>) {
        let titles = titles(option).into_iter().filter_map(|(field, title)| Some((field, title?)));
        let accepts = option.accepts.iter().enumerate();
        let accepts = accepts.map(|(n, word)| (format!("accepts.{}", n + 1), word.as_str()));
        for (field, words) in titles.chain(accepts).filter(|(_, words)| self.is_yes(words)) {
            self.report(
                &format!("options.{}.{field}", option.id),
                format!("`{words}` says yes, and this option accepts nothing"),
                "a yes here would be lost",
                "say what the option does; only the one that leads to the record says yes",
                findings,
            );
        }
    }

    fn is_yes(&self, words: &str) -> bool {
        matches!(self.said_by(words), Some(Consent::Express | Consent::Bare | Consent::Acknowledged))
    }

    fn said_by(&self, words: &str) -> Option<Consent> {
        self.consents.said_by(words, &Normaliser::default())
    }
}

/// The titles of an option by field; `None` for one that shows a value.
fn titles(option: &ChoiceOption) -> Vec<(String, Option<&str>)> {
    let titles = option.title.by_language.iter().map(|(language, text)| {
        let own = *language == option.title.default_language;
        let field = if own { "title".to_owned() } else { format!("title@{language}") };
        let title = match text.parts.as_slice() {
            [Part::Literal(title)] => Some(title.as_str()),
            _ => None,
        };
        (field, title)
    });
    titles.collect()
}
