//! Words that mean two things at once.

use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::model::{ChoiceOption, Choose, Flow, Interrupt, Step, StepKind, Terms};
use crate::flow::text::Part;
use crate::flow::text::fold::fold;
use std::collections::BTreeMap;

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let phrases = phrases(compiled, findings);
    for flow in compiled.flows.values() {
        for step in flow.steps.values() {
            if let StepKind::Choose(choose) = &step.kind {
                collisions(compiled, flow, step, choose, &phrases, findings);
            }
        }
    }
}

/// Phrase → interrupt that takes it at any question, and a finding for each phrase that two of them share. Those about
/// terms stand at other moments than the rest, and so beside them.
fn phrases<'c>(compiled: &'c Compiled, findings: &mut Vec<Finding>) -> BTreeMap<&'c str, &'c Interrupt> {
    let mut phrases: BTreeMap<(Option<Terms>, &str), (&Interrupt, usize)> = BTreeMap::new();
    for interrupt in &compiled.bot.interrupts {
        for (n, phrase) in interrupt.phrases.iter().enumerate() {
            let place = |one: &Interrupt, n: usize| {
                compiled.places.find(&format!("bot.interrupts.{}.phrases.{}", one.id, n + 1))
            };
            match phrases.get(&(interrupt.terms, phrase.as_str())) {
                Some((first, at)) => findings.push(
                    Finding::new(
                        Code::PhraseTwice,
                        place(interrupt, n),
                        format!("`{phrase}` is there twice"),
                    )
                    .label("never comes to this one")
                    .related(place(first, *at), "the first one takes it")
                    .help("keep it at one interrupt; `always` ones come first, then the order of the file"),
                ),
                None => {
                    phrases.insert((interrupt.terms, phrase), (interrupt, n));
                }
            }
        }
    }
    let everywhere = phrases.into_iter().filter(|((terms, _), _)| terms.is_none());
    everywhere.map(|((_, phrase), (interrupt, _))| (phrase, interrupt)).collect()
}

fn collisions(
    compiled: &Compiled,
    flow: &Flow,
    step: &Step,
    choose: &Choose,
    phrases: &BTreeMap<&str, &Interrupt>,
    findings: &mut Vec<Finding>,
) {
    for option in &choose.options {
        for (field, word) in words(option) {
            let Some(interrupt) = phrases.get(word.as_str()) else { continue };
            let shut = step
                .interruptible
                .as_ref()
                .is_some_and(|ids| !interrupt.always && !ids.contains(&interrupt.id));
            if shut || same_way(flow, choose, option, interrupt) {
                continue;
            }
            let place = compiled.places.field(&flow.id, step.id.as_str(), &field);
            let (label, help) = if interrupt.always {
                ("typing it never chooses this option", "the interrupt comes first: use other words here")
            } else {
                ("here it chooses this option", "use other words, or lead the option to the interrupt's flow")
            };
            let message = format!("`{word}` also calls the interrupt `{}`", interrupt.id);
            let other = compiled.places.find(&format!("bot.interrupts.{}", interrupt.id));
            findings.push(
                Finding::new(Code::KeywordCollision, place, message)
                    .label(label)
                    .related(other, "the interrupt")
                    .help(help),
            );
        }
    }
}

/// What a person can type for an option: its title in each language, and what it accepts.
fn words(option: &ChoiceOption) -> Vec<(String, String)> {
    let mut words = Vec::new();
    for (language, text) in &option.title.by_language {
        let [Part::Literal(title)] = text.parts.as_slice() else { continue };
        let suffix =
            if *language == option.title.default_language { String::new() } else { format!("@{language}") };
        words.push((format!("options.{}.title{suffix}", option.id), fold(title)));
    }
    for (n, word) in option.accepts.iter().enumerate() {
        words.push((format!("options.{}.accepts.{}", option.id, n + 1), word.clone()));
    }
    words
}

/// Whether the option does what the interrupt does: calls its flow, or brings a person.
fn same_way(flow: &Flow, choose: &Choose, option: &ChoiceOption, interrupt: &Interrupt) -> bool {
    let target = option.goto.as_ref().or(choose.goto.as_ref()).and_then(|goto| flow.steps.get(goto));
    match target.map(|step| &step.kind) {
        Some(StepKind::Call(call)) => call.flow == interrupt.run,
        // It brings a person, or leaves the matter, as a word for going elsewhere does.
        Some(StepKind::Handoff(_) | StepKind::End(_)) => !interrupt.always,
        Some(
            StepKind::Say(_)
            | StepKind::Ask(_)
            | StepKind::Choose(_)
            | StepKind::Do(_)
            | StepKind::Decide(_)
            | StepKind::Pause(_)
            | StepKind::Set(_),
        )
        | None => flow.id == interrupt.run,
    }
}
