//! `bot.yaml`: what holds in every flow.

use crate::domain::ids::FlowId;
use crate::domain::time::Millis;
use crate::flow::catalogue::RESERVATIONS;
use crate::flow::check::names::{FlowEnv, unknown_intents, valid_name};
use crate::flow::compile::{END_STEP, HANDOFF, Locales, Notes, Written, calls};
use crate::flow::diagnostic::{Code, Finding, suggestion};
use crate::flow::engine::BROUGHT_VARS;
use crate::flow::expr::types::type_name;
use crate::flow::model::{
    Bot, BotTexts, Claims, Correction, Flow, Interrupt, InterruptMode, Localised, Reserved, Terms,
};
use crate::flow::source::Scalar;
use crate::flow::syntax::{CorrectionSyntax, InterruptSyntax, ReservedSyntax};
use crate::flow::text::Text;
use crate::flow::text::fold::fold;
use crate::flow::value::Type;
use crate::understand::intent::Intent;
use std::collections::BTreeMap;

const TEXTS: [&str; 8] =
    ["stale", "not_text", "voice", "unreadable", "fault", "list_button", "more", "handoff"];
/// Texts that a bot may do without.
const OPTIONAL_TEXTS: [&str; 16] = [
    "hello",
    "kept",
    "other_person",
    "part",
    "secret",
    "which_amount",
    "other_amount",
    "no_such_day",
    "which_day",
    "wait",
    "thinking",
    "too_expensive",
    "clarify",
    "acknowledged",
    "terms_again",
    "unconfirmed",
];
/// Remarks that leave the question open, each with the text that answers it.
pub const IN_PLACE: [(Intent, &str); 5] = [
    (Intent::Wait, "wait"),
    (Intent::Smalltalk, "wait"),
    (Intent::Thinking, "thinking"),
    (Intent::TooExpensive, "too_expensive"),
    (Intent::Clarify, "clarify"),
];
/// The variable of the doubt flow that gets the intent.
const DOUBT_INPUT: &str = "intencion";
/// The outcome with which the identity flow says that the level holds again.
const REVERIFIED: &str = "ok";

/// Texts of bot.yaml that flows take over.
#[derive(Debug)]
pub struct Shared {
    pub texts: BTreeMap<&'static str, Localised>,
    pub handoff: Localised,
    pub retry_texts: Vec<Localised>,
    pub nudge: Option<(Millis, Localised)>,
}

/// Compiles the shared texts and checks where the defaults lead.
pub fn shared(written: &Written, locales: &mut Locales<'_>, notes: &mut Notes) -> Shared {
    let bot = &written.bot;
    let none = BTreeMap::new();
    let env = FlowEnv { vars: &none, bind: None };
    let mut texts = BTreeMap::new();
    for name in TEXTS.into_iter().chain(OPTIONAL_TEXTS) {
        match bot.texts.iter().find(|(key, _)| key.text == name) {
            Some((_, text)) => {
                texts.insert(name, locales.localised(text, &env, &format!("bot.texts.{name}"), notes));
            }
            None if OPTIONAL_TEXTS.contains(&name) => {}
            None => notes.findings.push(
                Finding::new(Code::MissingKey, bot.texts_at, format!("bot.yaml needs the text `{name}`"))
                    .label(format!("`{name}` is missing"))
                    .help("the engine itself says it; the documentation of `texts` tells when"),
            ),
        }
    }
    let known = |key: &str| TEXTS.contains(&key) || OPTIONAL_TEXTS.contains(&key);
    for (key, _) in bot.texts.iter().filter(|(key, _)| !known(key.as_str())) {
        notes.findings.push(
            Finding::new(Code::UnknownKey, key.span, format!("the engine has no text `{}`", key.text))
                .label("unknown key")
                .maybe_help(suggestion(&key.text, TEXTS)),
        );
    }
    for then in [bot.retry.then.as_ref(), bot.wait.then.as_ref()].into_iter().flatten() {
        if ![HANDOFF, END_STEP].contains(&then.as_str()) {
            let message = format!("`{}` is not in every flow", then.text);
            notes.findings.push(
                Finding::new(Code::UnknownStep, then.span, message)
                    .label("not a step that every flow has")
                    .help("defaults may lead to `@handoff` (a person) or `@end` (a quiet end)"),
            );
        }
    }
    let mut retry_texts = Vec::new();
    for (n, text) in bot.retry.texts.iter().flatten().enumerate() {
        retry_texts.push(locales.localised(text, &env, &format!("bot.defaults.retry.{}", n + 1), notes));
    }
    let nudge = bot
        .wait
        .nudge
        .zip(bot.wait.nudge_text.as_ref())
        .map(|(length, text)| (length.value, locales.localised(text, &env, "bot.defaults.nudge", notes)));
    let handoff = texts.get("handoff").cloned().unwrap_or_else(|| empty(&bot.language));
    Shared { texts, handoff, retry_texts, nudge }
}

fn empty(language: &Scalar) -> Localised {
    Localised {
        by_language: BTreeMap::from([(language.text.clone(), Text::default())]),
        default_language: language.text.clone(),
    }
}

/// Compiles the rest, when the flows that it names are known.
pub fn bot(written: &Written, flows: &BTreeMap<FlowId, Flow>, shared: Shared, notes: &mut Notes) -> Bot {
    let syntax = &written.bot;
    notes.places.put("bot.start", syntax.start.span);
    let start = run(&syntax.start, None, flows, notes);
    let doubt = syntax.doubt.as_ref().map(|name| run(name, Some((DOUBT_INPUT, &Type::Text)), flows, notes));
    let reverify = syntax.reverify.as_ref().map(|name| {
        let id = run(name, None, flows, notes);
        if flows.get(&id).is_some_and(|flow| !flow.outcomes.iter().any(|one| one == REVERIFIED)) {
            let message = format!("flow `{id}` never ends with `{REVERIFIED}`");
            let finding = Finding::new(Code::OutcomeMissing, name.span, message);
            notes
                .findings
                .push(finding.label("cannot prove identity").help("end it with `end: ok` when it is proved"));
        }
        id
    });
    let waiting = syntax.waiting.as_ref().map(|name| {
        notes.places.put("bot.waiting", name.span);
        run(name, None, flows, notes)
    });
    let grave = syntax.grave.as_ref().map(|name| {
        notes.places.put("bot.grave", name.span);
        run(name, None, flows, notes)
    });
    let claims = syntax.claims.as_ref().map(|claims| {
        notes.places.put("bot.claims", claims.run.span);
        notes.findings.extend(unknown_intents(&claims.intents));
        let intents = claims.intents.iter().map(|intent| intent.text.clone()).collect();
        Claims { intents, run: run_aside(&claims.run, flows, notes) }
    });
    let picture = syntax.picture.as_ref().map(|name| run_aside(name, flows, notes));
    let reserved = reserved(&syntax.reserved, flows, notes);
    let corrections = corrections(&syntax.corrections, flows, notes);
    let interrupts = interrupts(&syntax.interrupts, flows, notes);
    let text = |name: &str| shared.texts.get(name).cloned().unwrap_or_else(|| empty(&syntax.language));
    let optional = |name: &str| shared.texts.get(name).cloned();
    let mut languages = vec![syntax.language.text.clone()];
    for language in &syntax.languages {
        if !languages.contains(&language.text) {
            languages.push(language.text.clone());
        }
    }
    Bot {
        start,
        language: syntax.language.text.clone(),
        languages,
        interrupts,
        doubt,
        reverify,
        waiting,
        grave,
        claims,
        picture,
        reserved,
        outcomes: syntax.outcomes.iter().map(|outcome| outcome.text.clone()).collect(),
        corrections,
        fault_queue: syntax.fault_queue.text.clone(),
        idle: syntax.idle.value,
        texts: BotTexts {
            stale: text("stale"),
            not_text: text("not_text"),
            voice: text("voice"),
            unreadable: text("unreadable"),
            fault: text("fault"),
            list_button: text("list_button"),
            hello: optional("hello"),
            other_person: optional("other_person"),
            secret: optional("secret"),
            part: optional("part"),
            acknowledged: optional("acknowledged"),
            terms_again: optional("terms_again"),
            unconfirmed: optional("unconfirmed"),
            kept: optional("kept"),
            which_amount: optional("which_amount"),
            other_amount: optional("other_amount"),
            no_such_day: optional("no_such_day"),
            which_day: optional("which_day"),
            in_place: IN_PLACE
                .into_iter()
                .filter_map(|(intent, name)| Some((intent, optional(name)?)))
                .collect(),
            more: text("more"),
        },
    }
}

/// A flow that the engine starts by itself.
fn run(
    name: &Scalar,
    given: Option<(&str, &Type)>,
    flows: &BTreeMap<FlowId, Flow>,
    notes: &mut Notes,
) -> FlowId {
    let id = FlowId::new(name.as_str());
    match flows.get(&id) {
        Some(flow) => calls::needs_no_input(flow, given, name.span, notes),
        None => notes.findings.push(
            Finding::new(Code::UnknownFlow, name.span, format!("there is no flow `{}`", name.text))
                .label("no such file in the folder")
                .maybe_help(suggestion(&name.text, flows.keys().map(FlowId::as_str))),
        ),
    }
    id
}

/// The flow of an interrupt; what the message brings must fit the variables that wait for it.
fn run_aside(name: &Scalar, flows: &BTreeMap<FlowId, Flow>, notes: &mut Notes) -> FlowId {
    let id = run(name, None, flows, notes);
    let Some(flow) = flows.get(&id) else { return id };
    for (var, brought) in &BROUGHT_VARS {
        if flow.vars.get(*var).is_some_and(|var| var.ty != *brought) {
            let message = format!("`{var}` of flow `{id}` gets a {} of the message", type_name(brought));
            let finding = Finding::new(Code::CallInput, name.span, message).label("run by an interrupt");
            notes.findings.push(
                finding.help(format!(
                    "declare `{var}: {{type: {}}}`, or give it another name",
                    type_name(brought)
                )),
            );
        }
    }
    id
}

fn interrupts(
    syntax: &[InterruptSyntax],
    flows: &BTreeMap<FlowId, Flow>,
    notes: &mut Notes,
) -> Vec<Interrupt> {
    let mut compiled: Vec<Interrupt> = Vec::new();
    for one in syntax {
        notes.findings.extend(valid_name(&one.id, "an interrupt"));
        notes.findings.extend(unknown_intents(&one.intents));
        if compiled.iter().any(|other| other.id == one.id.text) {
            let message = format!("there are two interrupts `{}`", one.id.text);
            notes.findings.push(Finding::new(Code::DuplicateKey, one.id.span, message).label("second one"));
        }
        notes.places.put(format!("bot.interrupts.{}", one.id.text), one.id.span);
        for (n, phrase) in one.phrases.iter().enumerate() {
            notes.places.put(format!("bot.interrupts.{}.phrases.{}", one.id.text, n + 1), phrase.span);
        }
        let mode = match one.mode.text.as_str() {
            "replace" => InterruptMode::Replace,
            "stack" => InterruptMode::Stack,
            other => {
                notes.findings.push(
                    Finding::new(Code::BadValue, one.mode.span, format!("there is no mode `{other}`")).help(
                        "`stack` asks the open question again afterwards, `replace` drops the open matter",
                    ),
                );
                InterruptMode::Stack
            }
        };
        compiled.push(Interrupt {
            id: one.id.text.clone(),
            phrases: one.phrases.iter().map(|phrase| fold(&phrase.text)).collect(),
            intents: one.intents.iter().map(|intent| intent.text.clone()).collect(),
            run: run_aside(&one.run, flows, notes),
            mode,
            always: one.always,
            with_agent: one.with_agent,
            with_protected: one.with_protected,
            reserved: one.reserved,
            within: one.within,
            terms: one.terms.as_ref().and_then(|terms| self::terms(terms, notes)),
        });
    }
    compiled
}

fn terms(scalar: &Scalar, notes: &mut Notes) -> Option<Terms> {
    match scalar.text.as_str() {
        "open" => Some(Terms::Open),
        "accepted" => Some(Terms::Accepted),
        "closed" => Some(Terms::Closed),
        other => {
            let message = format!("terms are never `{other}`");
            let help =
                "`open` while they wait for a yes, `accepted` once they have it, `closed` while none wait";
            notes.findings.push(Finding::new(Code::BadValue, scalar.span, message).help(help));
            None
        }
    }
}

fn reserved(syntax: &[ReservedSyntax], flows: &BTreeMap<FlowId, Flow>, notes: &mut Notes) -> Vec<Reserved> {
    let mut compiled: Vec<Reserved> = Vec::new();
    for one in syntax {
        if !RESERVATIONS.contains(&one.id.as_str()) {
            let message = format!("no chat is reserved for `{}`", one.id.text);
            notes.findings.push(
                Finding::new(Code::EnumMember, one.id.span, message)
                    .label("not a value of `chat.reservar`")
                    .maybe_help(suggestion(&one.id.text, RESERVATIONS)),
            );
        }
        if compiled.iter().any(|other| other.id == one.id.text) {
            let message = format!("`{}` is reserved twice", one.id.text);
            notes.findings.push(Finding::new(Code::DuplicateKey, one.id.span, message).label("second one"));
        }
        notes.places.put(format!("bot.reserved.{}", one.id.text), one.run.span);
        for outcome in &one.lifted_by {
            notes
                .places
                .put(format!("bot.reserved.{}.lifted_by.{}", one.id.text, outcome.text), outcome.span);
        }
        compiled.push(Reserved {
            id: one.id.text.clone(),
            run: run(&one.run, None, flows, notes),
            lifted_by: one.lifted_by.iter().map(|outcome| outcome.text.clone()).collect(),
        });
    }
    compiled
}

fn corrections(
    syntax: &[CorrectionSyntax],
    flows: &BTreeMap<FlowId, Flow>,
    notes: &mut Notes,
) -> Vec<Correction> {
    let mut compiled = Vec::new();
    for one in syntax {
        notes.findings.extend(unknown_intents(&one.intents));
        let texts = |list: &[Scalar]| list.iter().map(|scalar| scalar.text.clone()).collect();
        notes.places.put(format!("bot.corrections.{}", one.run.text), one.run.span);
        compiled.push(Correction {
            reasons: texts(&one.reasons),
            phrases: one.phrases.iter().map(|phrase| fold(&phrase.text)).collect(),
            intents: texts(&one.intents),
            run: run(&one.run, None, flows, notes),
        });
    }
    compiled
}
