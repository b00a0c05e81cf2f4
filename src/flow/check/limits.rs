//! WhatsApp's limits, with the longest value that each placeholder can take, in every language.

use crate::domain::ids::FlowId;
use crate::domain::outbound::limits as meta;
use crate::domain::time::{Day, Millis};
use crate::flow::check::texts::{Use, bound, texts};
use crate::flow::compile::{Compiled, path_known};
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::expr::Expr;
use crate::flow::expr::types::Known;
use crate::flow::model::{Choose, Flow, Localised, Step, StepKind};
use crate::flow::text::fold::fold;
use crate::flow::text::render::format_value;
use crate::flow::text::{Format, Part, Text};
use crate::flow::value::{Type, Value};
use std::collections::BTreeMap;

/// The latest nudge: an hour before the service window closes.
const NUDGE_MAX: Millis = Millis::hours(23);
/// `-999.999.999` of a whole number without a better bound.
const INT_LONGEST: usize = 12;
/// `$999.999.999.999`.
const MONEY_LONGEST: usize = 16;
/// `-100,1234 %`.
const PERCENT_LONGEST: usize = 11;

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for flow in compiled.flows.values() {
        for step in flow.steps.values() {
            let bind = bound(step, flow);
            let ruler =
                Ruler { compiled, flow, bind: bind.as_ref().map(|(name, known)| (name.as_str(), known)) };
            ruler.step(step, findings);
            nudge(compiled, flow, step, findings);
        }
    }
    bot_titles(compiled, findings);
}

/// Measures the texts of one step.
struct Ruler<'c> {
    compiled: &'c Compiled,
    flow: &'c Flow,
    bind: Option<(&'c str, &'c Known)>,
}

impl Ruler<'_> {
    fn step(&self, step: &Step, findings: &mut Vec<Finding>) {
        for (field, used, text) in texts(step) {
            for (language, text) in &text.by_language {
                let (code, most) = match used {
                    Use::Body => (Code::BodyTooLong, self.body_max(step, language)),
                    Use::Footer => (Code::TitleTooLong, meta::FOOTER_MAX),
                    Use::LinkTitle => (Code::TitleTooLong, meta::LINK_DISPLAY_MAX),
                    Use::OptionTitle => (Code::TitleTooLong, meta::ROW_TITLE_MAX),
                    Use::OptionDescription => (Code::DescriptionTooLong, meta::ROW_DESCRIPTION_MAX),
                };
                let length = self.longest(text, language);
                if length > most {
                    findings.push(self.too_long(step, &field, language, text, (code, length, most)));
                }
            }
        }
        if let StepKind::Choose(choose) = &step.kind {
            self.same_titles(step, choose, findings);
        }
    }

    /// A list takes longer bodies than buttons, and a plain text than both.
    fn body_max(&self, step: &Step, language: &str) -> usize {
        match &step.kind {
            StepKind::Choose(choose) if self.has_buttons(choose, language) => meta::INTERACTIVE_BODY_MAX,
            StepKind::Choose(_) => meta::LIST_BODY_MAX,
            StepKind::Say(say) if say.link.is_some() => meta::INTERACTIVE_BODY_MAX,
            StepKind::Say(_)
            | StepKind::Ask(_)
            | StepKind::Do(_)
            | StepKind::Decide(_)
            | StepKind::Call(_)
            | StepKind::Handoff(_)
            | StepKind::Pause(_)
            | StepKind::Set(_)
            | StepKind::End(_) => meta::TEXT_BODY_MAX,
        }
    }

    /// Whether the engine may send buttons; a generated list may turn out short enough for them.
    fn has_buttons(&self, choose: &Choose, language: &str) -> bool {
        let short = |text: &Localised| self.longest(text.pick(language), language) <= meta::BUTTON_TITLE_MAX;
        choose.each.is_some()
            || (choose.options.len() <= meta::BUTTONS_MAX
                && choose.options.iter().all(|one| short(&one.title)))
    }

    fn same_titles(&self, step: &Step, choose: &Choose, findings: &mut Vec<Finding>) {
        for language in &self.compiled.bot.languages {
            let mut seen: BTreeMap<String, &str> = BTreeMap::new();
            for option in &choose.options {
                let literal = literal(option.title.pick(language));
                let Some(title) = literal.map(|title| fold(&title)).filter(|title| !title.is_empty()) else {
                    continue;
                };
                if let Some(first) = seen.insert(title, &option.id) {
                    let place = |id: &str| self.place(step, &format!("options.{id}.title"), language);
                    let message = format!("options `{first}` and `{}` have the same title", option.id);
                    findings.push(
                        Finding::new(Code::DuplicateTitle, place(&option.id), message)
                            .label("second one")
                            .related(place(first), "first one")
                            .help("WhatsApp refuses equal titles, and a person who types it could mean both"),
                    );
                }
            }
        }
    }

    fn place(&self, step: &Step, field: &str, language: &str) -> crate::flow::diagnostic::Span {
        let field = if language == self.compiled.bot.language {
            field.to_owned()
        } else {
            format!("{field}@{language}")
        };
        self.compiled.places.field(&self.flow.id, step.id.as_str(), &field)
    }

    fn too_long(
        &self,
        step: &Step,
        field: &str,
        language: &str,
        text: &Text,
        (code, length, most): (Code, usize, usize),
    ) -> Finding {
        let parts: Vec<String> = text
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::Literal(_) => None,
                Part::Slot { value, format } => {
                    Some(format!("`{{{value}}}` up to {}", self.slot(value, format, language)))
                }
            })
            .collect();
        let message = format!("`{field}` of step `{}` can have {length} characters in `{language}`", step.id);
        let help = if parts.is_empty() {
            format!("shorten it by {} characters", length - most)
        } else {
            format!("shorten it by {} characters; placeholders take {}", length - most, parts.join(", "))
        };
        Finding::new(code, self.place(step, field, language), message)
            .label(format!("WhatsApp takes at most {most}"))
            .help(help)
    }

    /// Characters of the longest rendering.
    fn longest(&self, text: &Text, language: &str) -> usize {
        text.parts
            .iter()
            .map(|part| match part {
                Part::Literal(literal) => literal.chars().count(),
                Part::Slot { value, format } => self.slot(value, format, language),
            })
            .sum()
    }

    fn slot(&self, value: &Expr, format: &Format, language: &str) -> usize {
        let known = if let Expr::Path(path) = value { path_known(path, self.flow, self.bind) } else { None };
        match format {
            Format::Plural { one, other } => one.chars().count().max(other.chars().count()),
            Format::Date | Format::LongDate => longest_date(format, language),
            Format::Money => bounded(known.as_ref(), MONEY_LONGEST),
            Format::Percent => bounded(known.as_ref(), PERCENT_LONGEST),
            Format::Int => bounded(known.as_ref(), INT_LONGEST),
            Format::Plain => self.plain(value, known.as_ref()),
        }
    }

    fn plain(&self, value: &Expr, known: Option<&Known>) -> usize {
        let Some(known) = known else { return 0 };
        if let Type::Enum(members) = &known.ty {
            return members.iter().map(|member| member.chars().count()).max().unwrap_or_default();
        }
        if let Expr::Path(path) = value
            && let [var] = path.as_slice()
            && self.flow.vars.contains_key(var)
        {
            let key: (FlowId, String) = (self.flow.id.clone(), var.clone());
            return self.compiled.longest.get(&key).copied().unwrap_or_default();
        }
        known.longest
    }
}

fn bounded(known: Option<&Known>, most: usize) -> usize {
    known.map(|known| known.longest).filter(|longest| (1..most).contains(longest)).unwrap_or(most)
}

/// Renders every weekday in every month and takes the longest.
fn longest_date(format: &Format, language: &str) -> usize {
    let Some(first) = Day::parse("2026-01-20") else { return 0 };
    (0..12)
        .flat_map(|month| (0..7).map(move |day| first.plus_months_anchored(month, 20).plus_days(day)))
        .map(|day| format_value(&Value::Date(day), format, language).chars().count())
        .max()
        .unwrap_or_default()
}

/// A text that shows no values.
fn literal(text: &Text) -> Option<String> {
    text.parts
        .iter()
        .map(|part| match part {
            Part::Literal(literal) => Some(literal.as_str()),
            Part::Slot { .. } => None,
        })
        .collect()
}

fn nudge(compiled: &Compiled, flow: &Flow, step: &Step, findings: &mut Vec<Finding>) {
    let wait = match &step.kind {
        StepKind::Ask(ask) => &ask.wait,
        StepKind::Choose(choose) => &choose.wait,
        StepKind::Say(_)
        | StepKind::Do(_)
        | StepKind::Decide(_)
        | StepKind::Call(_)
        | StepKind::Handoff(_)
        | StepKind::Pause(_)
        | StepKind::Set(_)
        | StepKind::End(_) => return,
    };
    let Some((length, _)) = &wait.nudge else { return };
    let why = if *length > NUDGE_MAX {
        "WhatsApp's window is closed by then: 24 h after the person's last message"
    } else if *length >= wait.expire {
        "the wait is over by then"
    } else {
        return;
    };
    let place = compiled.places.field(&flow.id, step.id.as_str(), "wait.nudge");
    findings.push(
        Finding::new(Code::NudgeTooLate, place, format!("the nudge of step `{}` comes too late", step.id))
            .label(why)
            .help("choose at most 23h, and less than `expire`"),
    );
}

/// The engine's own buttons and row.
fn bot_titles(compiled: &Compiled, findings: &mut Vec<Finding>) {
    let texts = &compiled.bot.texts;
    let mut limited = vec![
        ("list_button", &texts.list_button, meta::LIST_BUTTON_MAX),
        ("more", &texts.more, meta::ROW_TITLE_MAX),
    ];
    limited.extend(texts.other_amount.as_ref().map(|text| ("other_amount", text, meta::BUTTON_TITLE_MAX)));
    for (name, text, most) in limited {
        for (language, text) in &text.by_language {
            let length = literal(text).map_or(most + 1, |text| text.chars().count());
            if length > most {
                let suffix =
                    if *language == compiled.bot.language { String::new() } else { format!("@{language}") };
                let place = compiled.places.find(&format!("bot.texts.{name}{suffix}"));
                let message = format!("`{name}` has {length} characters in `{language}`");
                findings.push(
                    Finding::new(Code::TitleTooLong, place, message)
                        .label(format!("WhatsApp takes at most {most}")),
                );
            }
        }
    }
}
