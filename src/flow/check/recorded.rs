//! Nothing is said to be done before it is: such words stand only behind the good outcome of the action that does it,
//! on every path. What is recorded, the end of messages, and the number that is cut from a file.

use crate::domain::ids::StepId;
use crate::flow::catalogue::EffectClass;
use crate::flow::check::beside::closure;
use crate::flow::check::names::CATALOGUE;
use crate::flow::check::paths::shortest;
use crate::flow::check::texts::{field_in, own_first, texts};
use crate::flow::check::undone::undone;
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::graph::edges;
use crate::flow::model::{Flow, Step, StepKind};
use crate::flow::text::closing::{found, sentences};
use std::collections::BTreeMap;

const RECORDED: &[&str] = &[
    "quedo registrad*",
    "quedo anotad*",
    "quedo radicad*",
    "quedo guardad*",
    "ya queda registrad*",
    "ya queda anotad*",
    "esta registrad*",
    "esta anotad*",
    "fue registrad*",
    "ha sido registrad*",
    "ficou registrad*",
    "ficou anotad*",
    "foi registrad*",
    "is recorded",
    "is already recorded",
    "was recorded",
    "been recorded",
    "is registered",
    "was registered",
    "been registered",
    "is noted",
    "is already noted",
];
/// That nobody is written to any more.
const SILENCED: &[&str] = &[
    "no le escribiremos",
    "no le volveremos a escribir",
    "no volveremos a escribir*",
    "no le vamos a escribir",
    "no vamos a escribirle",
    "no vamos a volver a escribir*",
    "no le enviaremos mas",
    "no le mandaremos mas",
    "no le contactaremos",
    "no volveremos a contactar*",
    "no recibira mas mensajes",
    "no recibira mensajes",
    "ya no recibira",
    "no le llegaran mas",
    "ya no le escrib*",
    "dejamos de escribir*",
    "dejaremos de escribir*",
    "nunca mas le escrib*",
    "nao escreveremos",
    "nao lhe escreveremos",
    "nao vamos escrever mais",
    "nao vamos mais escrever",
    "nao voltaremos a escrever",
    "nao enviaremos mais",
    "nao recebera mais",
    "paramos de escrever",
    "deixaremos de escrever",
    "we will not write",
    "we won t write",
    "we wont write",
    "we will not text",
    "we won t text",
    "we will not message",
    "we won t message",
    "we will not contact",
    "we won t contact",
    "we will stop writing",
    "we ll stop writing",
    "will receive no more messages",
    "will not receive any more messages",
    "won t receive any more messages",
];
/// With one of these in its sentence, it is the number that is left alone.
const NUMBER: &[&str] = &[
    "este numero",
    "ese numero",
    "su numero",
    "esse numero",
    "seu numero",
    "deste numero",
    "desse numero",
    "this number",
    "that number",
    "your number",
];
/// That a number is cut from a file.
const CUT: &[&str] = &[
    "quitamos este numero",
    "quitamos su numero",
    "borramos este numero",
    "borramos su numero",
    "retiramos este numero",
    "retiramos su numero",
    "ya quitamos",
    "tiramos este numero",
    "tiramos esse numero",
    "removemos este numero",
    "removemos esse numero",
    "retiramos esse numero",
    "we took this number",
    "we removed this number",
    "we deleted this number",
    "we took your number",
    "we removed your number",
];
/// A sentence with one of these says that nothing is recorded yet.
const DENIED: &[&str] = &["no", "nada", "nao", "not", "isn t", "isnt", "mientras"];
/// Outcomes after which something is kept, now or from before.
const KEPT: [&str; 3] = ["ok", "ya_existe", "ya_abierto"];
/// Reads what was recorded before.
const CONSULT: &str = "acuerdo.consultar";
/// Ends all messages but answers.
const SILENCES: &str = "contacto.excluir";
/// Cuts a number from the file of a person.
const CUTS: &str = "contacto.numero_equivocado";

/// What a text says has been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    Recorded,
    /// The person gets no more messages.
    Silenced,
    /// The number is not the person's any more.
    Cut,
    /// Something that only people do.
    Decided,
}

impl Claim {
    const ALL: [Self; 4] = [Self::Recorded, Self::Silenced, Self::Cut, Self::Decided];

    /// Whether an action does it.
    fn done_by(self, action: &str) -> bool {
        match self {
            Self::Recorded => records(action),
            Self::Silenced => action == SILENCES,
            Self::Cut => action == CUTS,
            Self::Decided => false,
        }
    }

    /// The words by which one sentence says it.
    fn said(self, words: &str) -> Option<String> {
        let asks = words.contains('?');
        let silenced = || found(words, SILENCED).filter(|_| !asks);
        let of_number = || found(words, NUMBER).is_some();
        match self {
            Self::Recorded => recorded_words(words),
            Self::Silenced => silenced().filter(|_| !of_number() || found(words, CUT).is_some()),
            Self::Cut => found(words, CUT).filter(|_| !asks).or_else(|| silenced().filter(|_| of_number())),
            Self::Decided => undone(words),
        }
    }

    const fn why(self) -> &'static str {
        match self {
            Self::Recorded => "where nothing was",
            Self::Silenced => "where nothing stops the messages",
            Self::Cut => "where the number was not cut",
            Self::Decided => "which nothing here does",
        }
    }

    const fn help(self) -> &'static str {
        match self {
            Self::Recorded => {
                "say it only behind `ok` of the action that records, and lead its other outcomes elsewhere"
            }
            Self::Silenced => "say it only behind `ok` of `do: contacto.excluir`",
            Self::Cut => "say it only behind `ok` of `do: contacto.numero_equivocado`",
            Self::Decided => "only a person decides that: say that it was received and who looks at it",
        }
    }
}

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for flow in compiled.flows.values() {
        for claim in Claim::ALL {
            of_flow(compiled, flow, claim, findings);
        }
    }
}

fn of_flow(compiled: &Compiled, flow: &Flow, claim: Claim, findings: &mut Vec<Finding>) {
    let done = done_at(compiled, flow, claim);
    for step in flow.steps.values() {
        if done.get(&step.id).copied().unwrap_or(true) {
            continue;
        }
        for (field, _, text) in texts(step) {
            let said = own_first(text).find_map(|(language, text)| {
                let said = sentences(text).into_iter().find_map(|sentence| claim.said(&sentence.words))?;
                Some((language, said))
            });
            let Some((language, said)) = said else { continue };
            let path = shortest(
                flow,
                false,
                &|state, step, _, when| Some(after(compiled, *state, step, when, claim)),
                &|state, id| !state && *id == step.id,
                &|state| if *state { " recorded" } else { "" }.to_owned(),
            );
            let message = format!("`{field}` of step `{}` says “{said}” {}", step.id, claim.why());
            let place =
                compiled.places.field(&flow.id, step.id.as_str(), &field_in(compiled, &field, language));
            findings.push(
                Finding::new(Code::NotRecorded, place, message)
                    .label("not true on every path")
                    .path(path)
                    .help(claim.help()),
            );
        }
    }
}

/// The words of a sentence that say that something is recorded.
fn recorded_words(words: &str) -> Option<String> {
    let said = found(words, RECORDED).or_else(|| {
        let first = words.trim_start().to_lowercase();
        first.starts_with("anotado").then(|| "anotado".to_owned())
    });
    said.filter(|_| found(words, DENIED).is_none())
}

/// Whether it was done on every path to each step.
fn done_at<'f>(compiled: &Compiled, flow: &'f Flow, claim: Claim) -> BTreeMap<&'f StepId, bool> {
    let mut at: BTreeMap<&StepId, bool> = BTreeMap::from([(&flow.start, false)]);
    let mut open = vec![&flow.start];
    while let Some(id) = open.pop() {
        let Some(step) = flow.steps.get(id) else { continue };
        let state = at.get(id).copied().unwrap_or(true);
        for edge in edges(step) {
            let next = after(compiled, state, step, &edge.when, claim);
            let known = at.get(edge.to).copied();
            let joined = known.unwrap_or(true) && next;
            if known != Some(joined) {
                at.insert(edge.to, joined);
                open.push(edge.to);
            }
        }
    }
    at
}

fn after(compiled: &Compiled, state: bool, step: &Step, when: &str, claim: Claim) -> bool {
    match &step.kind {
        StepKind::Do(action) => state || (claim.done_by(&action.action) && KEPT.contains(&when)),
        // What a called flow does is proved there.
        StepKind::Call(call) => {
            let mut called =
                closure(&compiled.flows, &call.flow).into_iter().flat_map(|flow| flow.steps.values());
            state
                || called
                    .any(|step| matches!(&step.kind, StepKind::Do(action) if claim.done_by(&action.action)))
        }
        StepKind::Say(_)
        | StepKind::Ask(_)
        | StepKind::Choose(_)
        | StepKind::Decide(_)
        | StepKind::Handoff(_)
        | StepKind::Pause(_)
        | StepKind::Set(_)
        | StepKind::End(_) => state,
    }
}

fn records(action: &str) -> bool {
    let class = CATALOGUE.actions.get(action).map(|action| action.class);
    action == CONSULT || matches!(class, Some(EffectClass::Money | EffectClass::Write))
}
