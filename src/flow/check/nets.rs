//! The nets below every bot: whoever is in danger or threatened, in mourning, a child, a stranger or tired of messages
//! is heard.
//!
//! Each line of [`NETS`] is an intent that some interrupt must take, and how. None can be left out, made weaker or
//! shadowed by an edit of `bot.yaml` or of the flow that it runs.

use crate::flow::check::beside::closure;
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding, Span};
use crate::flow::expr::Expr;
use crate::flow::model::{Interrupt, Step, StepKind};
use crate::understand::intent::Intent;

/// What every bot hears.
#[derive(Debug, Clone, Copy)]
struct Net {
    intent: Intent,
    /// At every question, before the answer.
    always: bool,
    /// It brings a person, by a ticket that no word closes.
    protected: bool,
    /// Also in a reserved chat.
    reserved: bool,
    /// Also beside an agent who has the chat.
    beside: bool,
}

/// The priority of a hand-off that comes last.
const LOW: &str = "low";

const OPENS_CASE: &str = "caso.abrir";
/// How the kinds of case about the own data begin.
const RIGHTS: &str = "datos_";

const DANGER: Net =
    Net { intent: Intent::Distress, always: true, protected: true, reserved: true, beside: false };
const ALWAYS: Net = Net { protected: false, ..DANGER };
/// Where a question is narrowed by `interruptible`, the checker asks for it there.
const ASKED: Net = Net { always: false, reserved: false, ..ALWAYS };

const NETS: [Net; 10] = [
    DANGER,
    Net { intent: Intent::Violence, ..DANGER },
    Net { intent: Intent::Minor, ..DANGER },
    Net { intent: Intent::Deceased, ..DANGER },
    Net { intent: Intent::Threat, ..DANGER },
    Net { intent: Intent::Bereavement, reserved: false, ..ALWAYS },
    Net { intent: Intent::WrongNumber, ..ALWAYS },
    // Colombia: Ley 2300 of 2023, art. 3; the wish to be left alone holds beside people too.
    Net { intent: Intent::Stop, beside: true, ..ALWAYS },
    Net { intent: Intent::Human, reserved: true, ..ASKED },
    // Colombia: Ley 1581 of 2012, art. 8.
    Net { intent: Intent::DataRights, ..ASKED },
];

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    if compiled.bot.doubt.is_none() {
        findings.push(
            Finding::new(
                Code::NetMissing,
                compiled.places.find("bot.start"),
                "bot.yaml has no `doubt`: what may be a danger is not asked about",
            )
            .label("nothing runs when a danger is possible and not certain")
            .help("add `doubt: <flow>`: a flow that asks kindly what is meant, or brings a person"),
        );
    }
    for net in NETS {
        match taker(compiled, net.intent) {
            None => findings.push(missing(compiled, net)),
            Some(interrupt) => of_interrupt(compiled, net, interrupt, findings),
        }
    }
    for (flow, step) in
        compiled.flows.values().flat_map(|flow| flow.steps.values().map(move |step| (flow, step)))
    {
        let left_out = left_out(compiled, step);
        if !left_out.is_empty() {
            let names = left_out.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
            let place = compiled.places.field(&flow.id, step.id.as_str(), "interruptible");
            findings.push(
                Finding::new(
                    Code::NetNotHeard,
                    place,
                    format!("where these terms are accepted, {names} is not heard"),
                )
                .label("left out")
                .help(format!("add {names} to `interruptible`")),
            );
        }
    }
}

/// The interrupt that takes an intent: those that come before the answers first, then the order of the file.
pub(super) fn taker(compiled: &Compiled, intent: Intent) -> Option<&Interrupt> {
    let takes = |one: &&Interrupt| one.intents.iter().any(|name| name == intent.name());
    let all = &compiled.bot.interrupts;
    all.iter().filter(|one| one.always).find(takes).or_else(|| all.iter().find(takes))
}

fn missing(compiled: &Compiled, net: Net) -> Finding {
    let name = net.intent.name();
    let mut keys = vec![format!("id: <name>, intents: [{name}], run: <flow>, mode: replace")];
    keys.extend(net.always.then(|| "always: true".to_owned()));
    Finding::new(
        Code::NetMissing,
        compiled.places.find("bot.start"),
        format!("no interrupt of bot.yaml hears `{name}`"),
    )
    .label("this bot would not hear it")
    .help(format!("add under `interrupts:` `- {{{}}}`", keys.join(", ")))
}

fn of_interrupt(compiled: &Compiled, net: Net, interrupt: &Interrupt, findings: &mut Vec<Finding>) {
    let at = compiled.places.find(&format!("bot.interrupts.{}", interrupt.id));
    let has_reserved = !compiled.bot.reserved.is_empty();
    let keys = [
        ("always", net.always && !interrupt.always, "at a question it would be taken for an answer"),
        (
            "reserved",
            net.reserved && has_reserved && !interrupt.reserved,
            "a reserved chat would not hear it",
        ),
        ("with_protected", net.beside && !interrupt.with_protected, "beside a person it would not be heard"),
    ];
    for (key, lacks, why) in keys {
        if lacks {
            let message =
                format!("the interrupt `{}` hears `{}` and lacks `{key}`", interrupt.id, net.intent.name());
            findings.push(
                Finding::new(Code::NetMissing, at, message).label(why).help(format!("write `{key}: true`")),
            );
        }
    }
    if net.protected {
        findings.extend(brings_nobody(compiled, net, interrupt, at));
    }
    if net.intent == Intent::DataRights {
        findings.extend(other_case(compiled, interrupt, at));
    }
}

/// The cases that a flow for rights over data opens are of such rights: only these have the term of the law.
fn other_case(compiled: &Compiled, interrupt: &Interrupt, at: Span) -> Vec<Finding> {
    let Some(flow) = compiled.flows.get(&interrupt.run) else { return Vec::new() };
    let other = |step: &Step| {
        let StepKind::Do(action) = &step.kind else { return None };
        let Some(Expr::Choice(kind) | Expr::Text(kind)) = action.with.get("tipo") else { return None };
        let is_other = action.action == OPENS_CASE && !kind.starts_with(RIGHTS);
        is_other.then(|| {
            let message = format!("who asks for a right over the own data is filed as `{kind}` in `{}.{}`", flow.id, step.id);
            Finding::new(Code::NetMissing, compiled.places.field(&flow.id, step.id.as_str(), "with.tipo"), message)
                .label("without the term that the law gives")
                .related(at, "runs it")
                .help("write one of `datos_acceso`, `datos_correccion`, `datos_supresion`, `datos_revocacion` and `datos_autorizacion`")
        })
    };
    flow.steps.values().filter_map(other).collect()
}

/// Every hand-off of a flow for people in danger is protected, and there is one.
fn brings_nobody(compiled: &Compiled, net: Net, interrupt: &Interrupt, at: Span) -> Vec<Finding> {
    let name = net.intent.name();
    let mut handoffs = 0_usize;
    let mut findings = Vec::new();
    for flow in closure(&compiled.flows, &interrupt.run) {
        for step in flow.steps.values() {
            let StepKind::Handoff(handoff) = &step.kind else { continue };
            handoffs += 1;
            if handoff.priority == LOW {
                let message =
                    format!("people see who is heard as `{name}` last: `{}.{}` is `{LOW}`", flow.id, step.id);
                findings.push(
                    Finding::new(
                        Code::NetMissing,
                        compiled.places.field(&flow.id, step.id.as_str(), "priority"),
                        message,
                    )
                    .label("after all others")
                    .related(at, "runs it")
                    .help("write `priority: urgent` or `high`"),
                );
            }
            if !handoff.protected {
                let message =
                    format!("a word could close the ticket that `{name}` opens in `{}.{}`", flow.id, step.id);
                findings.push(
                    Finding::new(
                        Code::NetMissing,
                        compiled.places.field(&flow.id, step.id.as_str(), ""),
                        message,
                    )
                    .label("not protected")
                    .related(at, "runs it")
                    .help("write `protected: true`, so that only people close it"),
                );
            }
        }
    }
    if handoffs == 0 {
        findings.push(
            Finding::new(Code::NetMissing, at, format!("who is heard as `{name}` never comes to a person"))
                .label("its flow has no hand-off")
                .help("end the flow in a `handoff` with `protected: true`"),
        );
    }
    findings
}

/// The interrupts of the nets that a step in which terms are accepted does not let in.
fn left_out<'c>(compiled: &'c Compiled, step: &Step) -> Vec<&'c str> {
    let (StepKind::Choose(choose), Some(heard)) = (&step.kind, &step.interruptible) else {
        return Vec::new();
    };
    if choose.evidence.is_none() {
        return Vec::new();
    }
    let takers = NETS.iter().filter_map(|net| taker(compiled, net.intent));
    let mut left: Vec<&str> =
        takers.filter(|one| !one.always && !heard.contains(&one.id)).map(|one| one.id.as_str()).collect();
    left.dedup();
    left
}
