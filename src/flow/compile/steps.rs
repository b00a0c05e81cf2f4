//! One step of each kind, except `choose` and the actions, which have files of their own.

use crate::domain::ids::{FlowId, StepId};
use crate::domain::time::Millis;
use crate::flow::compile::flow::FlowCx;
use crate::flow::compile::{actions, choose, vars};
use crate::flow::diagnostic::{Code, Finding, suggestion};
use crate::flow::engine::MEDIA_VAR;
use crate::flow::expr::Expr;
use crate::flow::model::{
    Ask, Call, Decide, End, Expects, Handoff, Link, Pause, Retry, Say, Set, Step, StepKind, Wait,
};
use crate::flow::source::Scalar;
use crate::flow::syntax::{
    AskSyntax, HandoffSyntax, KindSyntax, LinkSyntax, RetrySyntax, StepSyntax, WaitSyntax,
};
use crate::flow::value::Type;

const EXPECTS: [&str; 8] =
    ["text", "int", "money", "date", "past_date", "document_last4", "birth_day_month", "media"];
/// Characters of a free answer unless `max` says otherwise.
const TEXT_MAX: usize = 500;
const PRIORITIES: [&str; 4] = ["urgent", "high", "normal", "low"];

/// Compiles one step; `None` when it is wrong, with findings.
pub fn step(cx: &mut FlowCx<'_, '_>, step: &StepSyntax) -> Option<Step> {
    let interruptible = step.interruptible.as_ref().map(|names| interruptible(cx, names));
    let kind = match &step.kind {
        KindSyntax::Say { text, link, goto } => {
            let text = cx.text(text, step, "say");
            let link = link.as_ref().map(|link| self::link(cx, step, link));
            StepKind::Say(Say { text, link, goto: cx.goto(goto, step, "goto") })
        }
        KindSyntax::Ask(ask) => StepKind::Ask(self::ask(cx, step, ask)?),
        KindSyntax::Choose(choose) => StepKind::Choose(choose::choose(cx, step, choose)?),
        KindSyntax::Do(action) => StepKind::Do(actions::action(cx, step, action)?),
        KindSyntax::Decide { cases, otherwise } => StepKind::Decide(decide(cx, step, cases, otherwise)),
        KindSyntax::Call(call) => {
            // `with`, `into` and `on` are checked when all flows are known.
            let on = call.on.iter().map(|(outcome, goto)| {
                (outcome.text.clone(), cx.goto(goto, step, &format!("on.{}", outcome.text)))
            });
            let on = on.collect();
            let mut with = std::collections::BTreeMap::new();
            for (name, scalar) in &call.with {
                let key = cx.key(step, &format!("with.{}", name.text));
                cx.notes.places.put(key, scalar.span);
                let wanted = input_type(cx, &call.flow, &name.text);
                if let Some(typed) = cx.expr(scalar, wanted.as_ref()) {
                    with.insert(name.text.clone(), typed.expr);
                }
            }
            let into =
                call.into.iter().map(|(here, there)| (there.text.clone(), here.text.clone())).collect();
            StepKind::Call(Call { flow: FlowId::new(call.flow.as_str()), with, into, on })
        }
        KindSyntax::Handoff(handoff) => StepKind::Handoff(self::handoff(cx, step, handoff)),
        KindSyntax::Pause { length, goto, on_message } => {
            let on_message = on_message.as_ref().unwrap_or(goto);
            let on_message = cx.goto(on_message, step, "on_message");
            StepKind::Pause(Pause { length: length.value, goto: cx.goto(goto, step, "goto"), on_message })
        }
        KindSyntax::Set { values, goto } => {
            let values = values.iter().filter_map(|(name, value)| set(cx, name, value)).collect();
            StepKind::Set(Set { values, goto: cx.goto(goto, step, "goto") })
        }
        KindSyntax::End { outcome } => {
            let finding = crate::flow::check::names::valid_name(outcome, "an outcome");
            cx.notes.findings.extend(finding);
            StepKind::End(End { outcome: outcome.text.clone() })
        }
    };
    let picture = step.picture.as_ref().map(|then| picture(cx, step, then));
    Some(Step { id: StepId::new(step.name.as_str()), kind, interruptible, picture })
}

/// The type of an input of another flow, as far as it can be told from what is written there.
fn input_type(cx: &FlowCx<'_, '_>, flow: &Scalar, name: &str) -> Option<Type> {
    let syntax = cx.written.flows.get(&flow.text)?;
    let mut quiet = crate::flow::compile::Notes::default();
    vars::vars(syntax, &mut quiet).get(name).map(|var| var.ty.clone())
}

/// Where a picture leads, which the flow must have a place for.
fn picture(cx: &mut FlowCx<'_, '_>, step: &StepSyntax, then: &Scalar) -> StepId {
    if cx.vars.get(MEDIA_VAR).is_none_or(|var| var.ty != Type::Text) {
        let message = format!("a picture at step `{}` has no place to be kept", step.name.text);
        cx.report(
            Finding::new(Code::UnknownVariable, then.span, message)
                .label(format!("needs a variable `{MEDIA_VAR}`"))
                .help(format!("declare it: `vars: {{{MEDIA_VAR}: {{type: text}}}}`")),
        );
    }
    cx.goto(then, step, "picture")
}

fn interruptible(cx: &mut FlowCx<'_, '_>, names: &[Scalar]) -> Vec<String> {
    let known: Vec<&str> = cx.written.bot.interrupts.iter().map(|one| one.id.as_str()).collect();
    for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
        cx.notes.findings.push(
            Finding::new(
                Code::UnknownInterrupt,
                name.span,
                format!("bot.yaml has no interrupt `{}`", name.text),
            )
            .label("no such interrupt")
            .maybe_help(suggestion(&name.text, known.iter().copied())),
        );
    }
    names.iter().map(|name| name.text.clone()).collect()
}

fn link(cx: &mut FlowCx<'_, '_>, step: &StepSyntax, link: &LinkSyntax) -> Link {
    let title = cx.text(&link.title, step, "link.title");
    let url = cx.plain_text(&link.url, step, "link.url");
    Link { title, url }
}

fn decide(
    cx: &mut FlowCx<'_, '_>,
    step: &StepSyntax,
    cases: &[(Scalar, Scalar)],
    otherwise: &Scalar,
) -> Decide {
    let mut compiled = Vec::new();
    for (n, (when, goto)) in cases.iter().enumerate() {
        let condition = cx.condition(when, None);
        let goto = cx.goto(goto, step, &format!("decide.{}", n + 1));
        compiled.extend(condition.map(|condition| (condition, goto)));
    }
    Decide { cases: compiled, otherwise: cx.goto(otherwise, step, "decide.else") }
}

fn set(cx: &mut FlowCx<'_, '_>, name: &Scalar, value: &Scalar) -> Option<(String, Expr)> {
    let Some(var) = cx.vars.get(&name.text) else {
        let finding = vars::undeclared(name, None, &cx.vars);
        cx.report(finding);
        return None;
    };
    let wanted = var.ty.clone();
    cx.expr(value, Some(&wanted)).map(|typed| (name.text.clone(), typed.expr))
}

fn ask(cx: &mut FlowCx<'_, '_>, step: &StepSyntax, ask: &AskSyntax) -> Option<Ask> {
    let text = cx.text(&ask.text, step, "text");
    let (retry, wait) = (retry(cx, step, ask.retry.as_ref()), wait(cx, step, ask.wait.as_ref()));
    let goto = cx.goto(&ask.goto, step, "goto");
    let (expects, min, max) = expects(cx, ask)?;
    let ty = match expects {
        Expects::Text { .. } | Expects::DocumentLast4 | Expects::BirthDayMonth | Expects::Media => Type::Text,
        Expects::Int => Type::Int,
        Expects::Money => Type::Money,
        Expects::Date | Expects::PastDate => Type::Date,
    };
    let what = format!("the answer to `expects: {}`", ask.expects.text);
    if let Err(finding) = vars::receives(&ask.var, &ty, &what, &cx.vars, Code::AnswerType) {
        cx.report(*finding);
    }
    let mut sum = |key, scalar: Option<&Scalar>| sum_of_money(cx, expects, (key, scalar?));
    let instalment = sum("instalment", ask.instalment.as_ref());
    let likely_from = sum("likely_from", ask.likely_from.as_ref());
    let part_of = sum("part_of", ask.part_of.as_ref());
    let var = ask.var.text.clone();
    let (retry, wait) = (retry?, wait?);
    Some(Ask { var, expects, text, min, max, instalment, likely_from, part_of, retry, wait, goto })
}

fn sum_of_money(cx: &mut FlowCx<'_, '_>, expects: Expects, (key, scalar): (&str, &Scalar)) -> Option<Expr> {
    if expects != Expects::Money {
        let message = format!("`{key}` goes with `expects: money`");
        cx.report(Finding::new(Code::BadValue, scalar.span, message).help("leave it out"));
        return None;
    }
    cx.expr(scalar, Some(&Type::Money)).map(|typed| typed.expr)
}

/// What is expected, and its bounds.
fn expects(cx: &mut FlowCx<'_, '_>, ask: &AskSyntax) -> Option<(Expects, Option<Expr>, Option<Expr>)> {
    let (expects, bound) = match ask.expects.text.as_str() {
        "text" => return text_max(cx, ask).map(|max| (Expects::Text { max }, None, None)),
        "int" => (Expects::Int, Some(Type::Int)),
        "money" => (Expects::Money, Some(Type::Money)),
        "date" => (Expects::Date, Some(Type::Date)),
        "past_date" => (Expects::PastDate, Some(Type::Date)),
        "document_last4" => (Expects::DocumentLast4, None),
        "birth_day_month" => (Expects::BirthDayMonth, None),
        "media" => (Expects::Media, None),
        other => {
            let message = format!("an answer cannot be `{other}`");
            cx.report(
                Finding::new(Code::BadValue, ask.expects.span, message)
                    .label("not something to expect")
                    .maybe_help(suggestion(other, EXPECTS)),
            );
            return None;
        }
    };
    let mut limit = |scalar: Option<&Scalar>| {
        let scalar = scalar?;
        let Some(bound) = &bound else {
            let message = format!("`{}` has no limits", ask.expects.text);
            cx.report(Finding::new(Code::BadValue, scalar.span, message).help("leave `min` and `max` out"));
            return None;
        };
        cx.expr(scalar, Some(bound)).map(|typed| typed.expr)
    };
    let (min, max) = (limit(ask.min.as_ref()), limit(ask.max.as_ref()));
    Some((expects, min, max))
}

fn text_max(cx: &mut FlowCx<'_, '_>, ask: &AskSyntax) -> Option<usize> {
    const MOST: usize = 2_000;
    if let Some(min) = &ask.min {
        cx.report(Finding::new(Code::BadValue, min.span, "a text has no `min`").help("leave it out"));
    }
    let Some(max) = &ask.max else { return Some(TEXT_MAX) };
    match max.text.parse() {
        Ok(n) if (1..=MOST).contains(&n) => Some(n),
        _ => {
            let message = format!("`max` of a text is a number of characters from 1 to {MOST}");
            cx.report(Finding::new(Code::BadValue, max.span, message));
            None
        }
    }
}

/// The step's own retry, completed from the defaults of bot.yaml.
pub fn retry(cx: &mut FlowCx<'_, '_>, step: &StepSyntax, own: Option<&RetrySyntax>) -> Option<Retry> {
    let mut texts = Vec::new();
    let written = own.and_then(|own| own.texts.as_ref());
    match written {
        Some(own) => {
            for (n, text) in own.iter().enumerate() {
                texts.push(cx.text(text, step, &format!("retry.{}", n + 1)));
            }
        }
        None => texts.clone_from(&cx.shared.retry_texts),
    }
    let then = own.and_then(|own| own.then.as_ref()).or(cx.written.bot.retry.then.as_ref());
    // An empty list that is written gives up at the first miss.
    let Some(then) = then.filter(|_| !texts.is_empty() || written.is_some()) else {
        no_way_out(
            cx,
            step,
            "what happens when the answer is not understood",
            "retry: {texts: […], then: \"@handoff\"}",
        );
        return None;
    };
    let then = cx.goto(then, step, "retry.then");
    Some(Retry { texts, then })
}

/// The step's own wait, completed from the defaults of bot.yaml.
pub fn wait(cx: &mut FlowCx<'_, '_>, step: &StepSyntax, own: Option<&WaitSyntax>) -> Option<Wait> {
    let default = &cx.written.bot.wait;
    let expire = own.and_then(|own| own.expire).or(default.expire);
    let then = own.and_then(|own| own.then.as_ref()).or(default.then.as_ref());
    let Some((expire, then)) = expire.zip(then) else {
        no_way_out(cx, step, "what happens when no answer comes", "wait: {expire: 20h, then: \"@end\"}");
        return None;
    };
    let then = cx.goto(then, step, "wait.then");
    let nudge = nudge(cx, step, own);
    Some(Wait { nudge, expire: expire.value, then })
}

fn nudge(
    cx: &mut FlowCx<'_, '_>,
    step: &StepSyntax,
    own: Option<&WaitSyntax>,
) -> Option<(Millis, crate::flow::model::Localised)> {
    let Some(own) = own.filter(|own| own.nudge.is_some() || own.nudge_text.is_some()) else {
        return cx.shared.nudge.clone();
    };
    let Some((length, text)) = own.nudge.zip(own.nudge_text.as_ref()) else {
        let span = own.nudge.map(|nudge| nudge.span).or(own.nudge_text.as_ref().map(|text| text.span));
        let finding = Finding::new(
            Code::MissingKey,
            span.unwrap_or(step.name.span),
            "a nudge needs its time and its text",
        );
        cx.report(finding.help("`wait: {nudge: 4h, nudge_text: \"¿Seguimos?\"}`"));
        return None;
    };
    let key = cx.key(step, "wait.nudge");
    cx.notes.places.put(key, length.span);
    let text = cx.text(text, step, "nudge");
    Some((length.value, text))
}

fn no_way_out(cx: &mut FlowCx<'_, '_>, step: &StepSyntax, what: &str, how: &str) {
    let message = format!("step `{}` does not say {what}", step.name.text);
    cx.report(
        Finding::new(Code::NoWayOut, step.name.span, message)
            .label("no way out")
            .help(format!("write `{how}` here, or once under `defaults:` of bot.yaml")),
    );
}

fn handoff(cx: &mut FlowCx<'_, '_>, step: &StepSyntax, handoff: &HandoffSyntax) -> Handoff {
    let priority = handoff.priority.as_ref().map_or("normal", |priority| priority.as_str()).to_owned();
    if let Some(priority) = handoff.priority.as_ref().filter(|one| !PRIORITIES.contains(&one.as_str())) {
        cx.report(
            Finding::new(Code::BadValue, priority.span, format!("there is no priority `{}`", priority.text))
                .maybe_help(suggestion(&priority.text, PRIORITIES)),
        );
    }
    let reason = handoff.reason.as_ref().map_or(cx.syntax.id.as_str(), |reason| reason.as_str()).to_owned();
    let note = handoff.note.as_ref().map(|note| cx.plain_text(note, step, "note"));
    let text = match &handoff.text {
        Some(text) => cx.text(text, step, "text"),
        None => cx.shared.handoff.clone(),
    };
    let [returned, closed] = ["returned", "closed"].map(|outcome| route(cx, step, &handoff.on, outcome));
    for (outcome, _) in handoff.on.iter().filter(|(name, _)| !["returned", "closed"].contains(&name.as_str()))
    {
        cx.report(
            Finding::new(
                Code::OutcomeUnknown,
                outcome.span,
                format!("a hand-off never ends with `{}`", outcome.text),
            )
            .maybe_help(suggestion(&outcome.text, ["returned", "closed"])),
        );
    }
    let (queue, protected, quiet) = (handoff.queue.text.clone(), handoff.protected, handoff.quiet);
    Handoff { queue, priority, reason, note, text, protected, quiet, returned, closed }
}

fn route(cx: &mut FlowCx<'_, '_>, step: &StepSyntax, on: &[(Scalar, Scalar)], outcome: &str) -> StepId {
    if let Some((_, goto)) = on.iter().find(|(name, _)| name.text == outcome) {
        return cx.goto(goto, step, &format!("on.{outcome}"));
    }
    let help = match outcome {
        "returned" => "an agent may give the chat back: `on: {returned: <step>, closed: <step>}`",
        _ => "an agent may close the matter: `on: {returned: <step>, closed: <step>}`",
    };
    let message = format!("step `{}` does not route `{outcome}`", step.name.text);
    cx.report(
        Finding::new(Code::OutcomeMissing, step.name.span, message)
            .label(format!("`{outcome}` goes nowhere"))
            .help(help),
    );
    StepId::new(outcome)
}
