//! The texts of a step by field, for the checks that look at all of them.

use crate::flow::compile::{Compiled, IN_PLACE};
use crate::flow::expr::Expr;
use crate::flow::expr::types::Known;
use crate::flow::model::{Bot, Flow, Localised, Step, StepKind};
use crate::flow::text::Text;
use crate::flow::value::Type;

/// Where a text is shown, which decides its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A message, or part of one.
    Body,
    Footer,
    LinkTitle,
    OptionTitle,
    OptionDescription,
}

/// The texts that the person may read, with their field names.
pub fn texts(step: &Step) -> Vec<(String, Use, &Localised)> {
    let mut out = Vec::new();
    match &step.kind {
        StepKind::Say(say) => {
            out.push(("say".to_owned(), Use::Body, &say.text));
            out.extend(say.link.iter().map(|link| ("link.title".to_owned(), Use::LinkTitle, &link.title)));
        }
        StepKind::Ask(ask) => {
            out.push(("text".to_owned(), Use::Body, &ask.text));
            retry_and_nudge(&mut out, &ask.retry.texts, ask.wait.nudge.as_ref().map(|(_, text)| text));
        }
        StepKind::Choose(choose) => {
            out.push(("text".to_owned(), Use::Body, &choose.text));
            out.extend(choose.footer.iter().map(|footer| ("footer".to_owned(), Use::Footer, footer)));
            for option in &choose.options {
                out.push((format!("options.{}.title", option.id), Use::OptionTitle, &option.title));
                out.extend(option.description.iter().map(|text| {
                    (format!("options.{}.description", option.id), Use::OptionDescription, text)
                }));
            }
            if let Some(each) = &choose.each {
                out.push(("each.title".to_owned(), Use::OptionTitle, &each.title));
                out.extend(
                    each.description
                        .iter()
                        .map(|text| ("each.description".to_owned(), Use::OptionDescription, text)),
                );
            }
            retry_and_nudge(&mut out, &choose.retry.texts, choose.wait.nudge.as_ref().map(|(_, text)| text));
        }
        StepKind::Handoff(handoff) => out.push(("text".to_owned(), Use::Body, &handoff.text)),
        StepKind::Do(_)
        | StepKind::Decide(_)
        | StepKind::Call(_)
        | StepKind::Pause(_)
        | StepKind::Set(_)
        | StepKind::End(_) => {}
    }
    out
}

fn retry_and_nudge<'s>(
    out: &mut Vec<(String, Use, &'s Localised)>,
    retry: &'s [Localised],
    nudge: Option<&'s Localised>,
) {
    out.extend(retry.iter().enumerate().map(|(n, text)| (format!("retry.{}", n + 1), Use::Body, text)));
    out.extend(nudge.map(|text| ("nudge".to_owned(), Use::Body, text)));
}

/// The texts of all languages, the one that the folder is written in first.
pub fn own_first(text: &Localised) -> impl Iterator<Item = (&str, &Text)> {
    let own = move |language: &str| language == text.default_language;
    let all = text.by_language.iter().map(|(language, text)| (language.as_str(), text));
    all.clone()
        .filter(move |(language, _)| own(language))
        .chain(all.filter(move |(language, _)| !own(language)))
}

/// The field of a text in one language, as places know it.
pub fn field_in(compiled: &Compiled, field: &str, language: &str) -> String {
    if language == compiled.bot.language { field.to_owned() } else { format!("{field}@{language}") }
}

/// The texts that the engine itself says, by name.
pub fn bot_texts(bot: &Bot) -> Vec<(&'static str, &Localised)> {
    let texts = &bot.texts;
    let needed = [
        ("stale", &texts.stale),
        ("not_text", &texts.not_text),
        ("voice", &texts.voice),
        ("unreadable", &texts.unreadable),
        ("fault", &texts.fault),
        ("list_button", &texts.list_button),
        ("more", &texts.more),
    ];
    let optional = [
        ("hello", &texts.hello),
        ("other_person", &texts.other_person),
        ("secret", &texts.secret),
        ("part", &texts.part),
        ("kept", &texts.kept),
    ];
    let optional = optional.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
    // Two remarks may share a text; once is enough.
    let in_place =
        IN_PLACE.into_iter().filter_map(|(intent, name)| Some((name, texts.in_place.get(&intent)?)));
    let mut all: Vec<(&'static str, &Localised)> =
        needed.into_iter().chain(optional).chain(in_place).collect();
    all.dedup_by_key(|(name, _)| *name);
    all
}

/// Every text of a step, in every language, also those that the person does not read.
pub fn texts_mut(step: &mut Step) -> Vec<&mut Text> {
    fn all(localised: &mut Localised) -> impl Iterator<Item = &mut Text> {
        localised.by_language.values_mut()
    }
    let mut out: Vec<&mut Text> = Vec::new();
    match &mut step.kind {
        StepKind::Say(say) => {
            out.extend(all(&mut say.text));
            if let Some(link) = &mut say.link {
                out.extend(all(&mut link.title));
                out.push(&mut link.url);
            }
        }
        StepKind::Ask(ask) => {
            out.extend(all(&mut ask.text));
            out.extend(ask.retry.texts.iter_mut().flat_map(all));
            out.extend(ask.wait.nudge.iter_mut().flat_map(|(_, text)| all(text)));
        }
        StepKind::Choose(choose) => {
            out.extend(all(&mut choose.text));
            out.extend(choose.footer.iter_mut().flat_map(all));
            for option in &mut choose.options {
                out.extend(all(&mut option.title));
                out.extend(option.description.iter_mut().flat_map(all));
            }
            if let Some(each) = &mut choose.each {
                out.extend(all(&mut each.title));
                out.extend(each.description.iter_mut().flat_map(all));
            }
            out.extend(choose.retry.texts.iter_mut().flat_map(all));
            out.extend(choose.wait.nudge.iter_mut().flat_map(|(_, text)| all(text)));
        }
        StepKind::Do(action) => out.extend(action.once.iter_mut()),
        StepKind::Handoff(handoff) => {
            out.extend(all(&mut handoff.text));
            out.extend(handoff.note.iter_mut());
        }
        StepKind::Decide(_)
        | StepKind::Call(_)
        | StepKind::Pause(_)
        | StepKind::Set(_)
        | StepKind::End(_) => {}
    }
    out
}

/// The name that a step's `each` gives to one element, and what is known of it.
pub fn bound(step: &Step, flow: &Flow) -> Option<(String, Known)> {
    let StepKind::Choose(choose) = &step.kind else { return None };
    let each = choose.each.as_ref()?;
    let Expr::Path(path) = &each.list else { return None };
    let known = crate::flow::compile::path_known(path, flow, None)?;
    match known.ty {
        Type::List(of) => {
            Some((each.bind.clone(), Known { ty: *of, label: known.label, longest: known.longest }))
        }
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
