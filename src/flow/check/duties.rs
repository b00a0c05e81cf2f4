//! What flows owe to whoever comes to them, whatever they are called: people in danger meet somebody, a line to call and
//! no word of paying; a right over the own data has its day and its silence; a claim is filed before anybody is told so;
//! an agreement can be taken back at every step; and nobody learns which datum of a proof was wrong.

use crate::domain::ids::StepId;
use crate::flow::check::beside::closure;
use crate::flow::check::nets::taker;
use crate::flow::check::texts::{field_in, own_first, texts};
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::expr::{BinaryOp, Expr, Function};
use crate::flow::graph::edges;
use crate::flow::model::{Flow, Handoff, Step, StepKind};
use crate::flow::text::closing::{found, sentences};
use crate::flow::text::{Format, Part};
use crate::understand::intent::Intent;
use std::collections::BTreeSet;

const OPENS_CASE: &str = "caso.abrir";
const SILENCES: &str = "contacto.excluir";
const LEAVES_TICKET: &str = "ticket.dejar";
const FINDS_AGREEMENT: &str = "acuerdo.reciente";
const PROVES: &str = "identidad.verificar";
const REVOKES: &str = "datos_revocacion";
const DISPUTE: &str = "disputa";
/// How the kinds of case about the own data begin.
const RIGHTS: &str = "datos_";
/// What tells of the term that the law gives.
const TERM: &str = "plazo";

/// What somebody in danger or in mourning meets.
#[derive(Debug)]
struct Care {
    intent: Intent,
    /// Priorities that a hand-off may have.
    priorities: &'static [&'static str],
    /// Facts of the lender of which its text shows one.
    lines: &'static [&'static str],
}

const CARE: [Care; 6] = [
    Care { intent: Intent::Distress, priorities: &["urgent"], lines: &["linea_crisis"] },
    Care { intent: Intent::Violence, priorities: &["urgent"], lines: &["linea_emergencia", "linea_crisis"] },
    Care { intent: Intent::Threat, priorities: &["urgent", "high"], lines: &[] },
    Care { intent: Intent::Minor, priorities: &["urgent", "high"], lines: &[] },
    Care { intent: Intent::Deceased, priorities: &["urgent", "high"], lines: &[] },
    Care { intent: Intent::Bereavement, priorities: &["urgent", "high", "normal"], lines: &[] },
];

const PAYING: &[&str] = &[
    "pagar",
    "pague",
    "paga",
    "pago",
    "pagos",
    "abono",
    "abonar",
    "cuota",
    "cuotas",
    "saldo",
    "deuda",
    "acuerdo de pago",
    "pagamento",
    "parcela",
    "parcelas",
    "divida",
    "pay",
    "payment",
    "payments",
    "instalment",
    "installment",
    "debt",
    "balance",
];
/// With one of these, a sentence says that nothing has to be paid now.
const NOT_NOW: &[&str] = &[
    "puede esperar",
    "pueden esperar",
    "no se preocupe",
    "no tiene que",
    "no hay que",
    "no hablamos",
    "no poder pagar",
    "pode esperar",
    "podem esperar",
    "nao se preocupe",
    "nao precisa",
    "nao falamos",
    "nao poder pagar",
    "nao conseguir pagar",
    "can wait",
    "don t have to",
    "do not have to",
    "don t worry",
    "not being able to pay",
    "unable to pay",
];

const DATUM: &[&str] = &[
    "documento",
    "cedula",
    "identificacion",
    "digitos",
    "numeros",
    "nacimiento",
    "fecha",
    "cumpleanos",
    "cpf",
    "nascimento",
    "data",
    "document",
    "id",
    "birth",
    "birthday",
    "digits",
];
const JUDGED: &[&str] = &[
    "no coincid*",
    "no corresponde*",
    "no concuerda*",
    "no es correct*",
    "no es ese",
    "no es esa",
    "no son esos",
    "incorrect*",
    "equivocad*",
    "errad*",
    "esta mal",
    "esta bien",
    "coincide con",
    "si coincid*",
    "es correct*",
    "nao confere",
    "nao coincid*",
    "confere com",
    "does not match",
    "doesn t match",
    "do not match",
    "is wrong",
    "is right",
    "is correct",
];

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for care in CARE {
        of_care(compiled, &care, findings);
    }
    if let Some(flow) = compiled.bot.doubt.as_ref().and_then(|id| compiled.flows.get(id)) {
        for intent in [Intent::Distress, Intent::Violence, Intent::Threat] {
            of_doubt(compiled, flow, intent, findings);
        }
    }
    if let Some(flow) = taker(compiled, Intent::Dispute).and_then(|one| compiled.flows.get(&one.run)) {
        findings.extend(unfiled(compiled, flow));
    }
    findings.extend(cannot_take_back(compiled));
    for flow in compiled.flows.values() {
        rights(compiled, flow, findings);
        tells_datum(compiled, flow, findings);
    }
}

fn missing(compiled: &Compiled, flow: &Flow, step: &Step, field: &str, message: String) -> Finding {
    Finding::new(Code::NetMissing, compiled.places.field(&flow.id, step.id.as_str(), field), message)
}

fn of_care(compiled: &Compiled, care: &Care, findings: &mut Vec<Finding>) {
    let Some(interrupt) = taker(compiled, care.intent) else { return };
    let name = care.intent.name();
    for flow in closure(&compiled.flows, &interrupt.run) {
        for step in flow.steps.values().filter(|step| !step.id.as_str().starts_with('@')) {
            if let StepKind::Handoff(handoff) = &step.kind {
                findings.extend(of_handoff(compiled, care, flow, step, handoff));
            }
            for (field, _, text) in texts(step) {
                let said = own_first(text).find_map(|(language, text)| {
                    let paying =
                        |words: &str| found(words, PAYING).filter(|_| found(words, NOT_NOW).is_none());
                    let said = sentences(text).into_iter().find_map(|one| paying(&one.words))?;
                    Some((field_in(compiled, &field, language), said))
                });
                if let Some((field, said)) = said {
                    let message = format!(
                        "who is heard as `{name}` reads of paying in `{}.{}`: “{said}”",
                        flow.id, step.id
                    );
                    findings.push(
                        missing(compiled, flow, step, &field, message)
                            .label("not now")
                            .help("say nothing of paying here; a person decides when that is talked about"),
                    );
                }
            }
        }
    }
}

fn of_handoff(compiled: &Compiled, care: &Care, flow: &Flow, step: &Step, handoff: &Handoff) -> Vec<Finding> {
    let (name, mut found) = (care.intent.name(), Vec::new());
    // That nothing is last is said elsewhere.
    if handoff.priority != "low" && !care.priorities.contains(&handoff.priority.as_str()) {
        let message = format!(
            "people see who is heard as `{name}` too late: `{}.{}` is `{}`",
            flow.id, step.id, handoff.priority
        );
        found.push(
            missing(compiled, flow, step, "priority", message)
                .label("behind others who can wait")
                .help(format!("write `priority: {}`", care.priorities.join("` or `"))),
        );
    }
    for (language, text) in &handoff.text.by_language {
        let shows = text.parts.iter().any(|part| {
            matches!(part, Part::Slot { value: Expr::Path(path), .. }
                if path.len() == 2 && path[0] == "prestamista" && care.lines.contains(&path[1].as_str()))
        });
        if !care.lines.is_empty() && !shows {
            let message = format!("`text` of `{}.{}` tells nobody whom to call", flow.id, step.id);
            found.push(
                missing(compiled, flow, step, &field_in(compiled, "text", language), message)
                    .label(format!("read by who is heard as `{name}`"))
                    .help(format!("show `{{prestamista.{}}}`", care.lines[0])),
            );
        }
    }
    found
}

/// A possible danger that nobody clears up comes to a person, and only plain words clear it up.
fn of_doubt(compiled: &Compiled, flow: &Flow, intent: Intent, findings: &mut Vec<Finding>) {
    let asked = flow.steps.values().find_map(|step| asked_of(step, intent));
    let Some(step) = asked.and_then(|to| flow.steps.get(to)) else { return };
    let name = intent.name();
    let nobody = |to: &StepId| misses(flow, to, &|step| brings(compiled, step), &is_end).is_some();
    let mut lost = |field: &str, what: &str| {
        let message =
            format!("{what} of `{}.{}` comes to nobody, and `{name}` may be true", flow.id, step.id);
        findings.push(
            missing(compiled, flow, step, field, message)
                .label("nobody reads what was written")
                .help("lead it to a `handoff`, or leave a ticket with `do: ticket.dejar`"),
        );
    };
    let StepKind::Choose(choose) = &step.kind else {
        if nobody(&step.id) {
            lost("", "what follows");
        }
        return;
    };
    if nobody(&choose.retry.then) {
        lost("retry", "`retry.then`");
    }
    if nobody(&choose.wait.then) {
        lost("wait", "`wait.then`");
    }
    if choose.below.as_ref().is_some_and(nobody) {
        lost("below", "`below`");
    }
    // Who says yes is answered by a person: a ticket that is left for one is for those who say that it was nothing.
    let unheard = |to: &StepId| misses(flow, to, &|step| hands_over(compiled, step), &is_end).is_some();
    let mut ways = choose.options.iter().filter_map(|option| option.goto.as_ref().or(choose.goto.as_ref()));
    if ways.all(unheard) {
        lost("options", "every option");
    }
    if !choose.safety {
        let message = format!("any word may answer `{}.{}`, which asks about `{name}`", flow.id, step.id);
        findings.push(
            missing(compiled, flow, step, "", message)
                .label("a cry for help could be taken for «estoy bien»")
                .help("write `safety: true`"),
        );
    }
}

/// Where a branch on `intencion` leads for an intent.
fn asked_of(step: &Step, intent: Intent) -> Option<&StepId> {
    let StepKind::Decide(decide) = &step.kind else { return None };
    let is_named =
        |value: &Expr| matches!(value, Expr::Text(name) | Expr::Choice(name) if name == intent.name());
    let is_asked = |value: &Expr| matches!(value, Expr::Path(path) if path.as_slice() == ["intencion"]);
    let about = |condition: &Expr| matches!(condition, Expr::Binary(BinaryOp::Eq, left, right) if is_asked(left) && is_named(right));
    decide.cases.iter().find(|(condition, _)| about(condition)).map(|(_, to)| to)
}

/// Whether a person comes to read what was written.
fn brings(compiled: &Compiled, step: &Step) -> bool {
    matches!(&step.kind, StepKind::Do(action) if action.action == LEAVES_TICKET) || hands_over(compiled, step)
}

/// Whether a person takes the chat.
fn hands_over(compiled: &Compiled, step: &Step) -> bool {
    match &step.kind {
        StepKind::Handoff(_) => true,
        StepKind::Call(call) => closure(&compiled.flows, &call.flow).iter().any(|flow| {
            flow.steps.values().any(|step| matches!(step.kind, StepKind::Handoff(_)) && !engine_s(step))
        }),
        StepKind::Say(_)
        | StepKind::Ask(_)
        | StepKind::Choose(_)
        | StepKind::Do(_)
        | StepKind::Decide(_)
        | StepKind::Pause(_)
        | StepKind::Set(_)
        | StepKind::End(_) => false,
    }
}

/// A claim is filed before its flow ends or hands it on.
fn unfiled(compiled: &Compiled, flow: &Flow) -> Option<Finding> {
    let files = |step: &Step| case(step).is_some_and(|kind| kind == DISPUTE);
    let passes = |step: &Step| !engine_s(step) && (is_end(step) || matches!(step.kind, StepKind::Handoff(_)));
    let step = misses(flow, &flow.start, &files, &passes)?;
    let message = format!("a claim comes to `{}.{}` and is not filed", flow.id, step.id);
    Some(
        missing(compiled, flow, step, "", message)
            .label("reached without a case")
            .help("lead every path through `do: caso.abrir` with `tipo: disputa`"),
    )
}

/// Whoever accepted something can take it back at every question, where the bot has a flow for that.
fn cannot_take_back(compiled: &Compiled) -> Option<Finding> {
    let takes_back = |flow: &&Flow| flow.steps.values().any(|step| does(step, FINDS_AGREEMENT));
    let flow = compiled.flows.values().find(takes_back)?;
    let heard = compiled.bot.interrupts.iter().filter(|one| one.always && one.terms.is_none());
    let reached = heard.flat_map(|one| closure(&compiled.flows, &one.run)).any(|one| takes_back(&one));
    (!reached).then(|| {
        let message =
            format!("no interrupt with `always` leads to flow `{}`, which takes an agreement back", flow.id);
        Finding::new(Code::NetMissing, compiled.places.find(flow.id.as_str()), message)
            .label("who was mistaken is not heard")
            .help("run it from an interrupt of bot.yaml with words such as «me equivoqué» and `always: true`")
    })
}

/// A request about the own data tells its day, and one who takes back the consent is not written to.
fn rights(compiled: &Compiled, flow: &Flow, findings: &mut Vec<Finding>) {
    for step in flow.steps.values() {
        let (StepKind::Do(action), Some(kind)) = (&step.kind, case(step)) else { continue };
        if !kind.starts_with(RIGHTS) {
            continue;
        }
        let term = action.into.get(TERM).map(String::as_str);
        let filed = |when: &str| matches!(when, "ok" | "ya_abierto");
        let told = |step: &Step| term.is_some_and(|term| shows_day(step, term));
        let leaves = |step: &Step| is_end(step) || matches!(step.kind, StepKind::Handoff(_));
        let untold = edges(step)
            .into_iter()
            .filter(|edge| filed(&edge.when))
            .find_map(|edge| misses_known(flow, edge.to, (&told, &leaves), term));
        if let Some(end) = untold {
            let message =
                format!("who asks for `{kind}` in `{}.{}` never reads until when", flow.id, step.id);
            findings.push(
                missing(compiled, flow, step, "into", message)
                    .label("without the day that the law gives")
                    .related(compiled.places.field(&flow.id, end.id.as_str(), ""), "ends here")
                    .help("keep `plazo` with `into: {plazo: plazo}` and show `{plazo|date}` in the text behind it"),
            );
        }
        let silences = |step: &Step| does(step, SILENCES);
        if kind == REVOKES
            && let Some(end) =
                edges(step).into_iter().find_map(|edge| misses(flow, edge.to, &silences, &leaves))
        {
            let message =
                format!("who takes back the consent in `{}.{}` is still written to", flow.id, step.id);
            findings.push(
                missing(compiled, flow, step, "", message)
                    .label("messages do not end")
                    .related(compiled.places.field(&flow.id, end.id.as_str(), ""), "ends here")
                    .help("lead every outcome through `do: contacto.excluir`"),
            );
        }
    }
}

/// Who guesses at a proof learns nothing of its parts.
fn tells_datum(compiled: &Compiled, flow: &Flow, findings: &mut Vec<Finding>) {
    if !flow.steps.values().any(|step| does(step, PROVES)) {
        return;
    }
    for step in flow.steps.values() {
        for (field, _, text) in texts(step) {
            let said = own_first(text).find_map(|(language, text)| {
                let said = sentences(text).into_iter().find_map(|one| {
                    let named = found(&one.words, DATUM).is_some()
                        || one.shows.iter().any(|value| matches!(value, Expr::Path(path) if path.last().is_some_and(|last| last == "documento")));
                    found(&one.words, JUDGED).filter(|_| named)
                })?;
                Some((field_in(compiled, &field, language), said))
            });
            let Some((field, said)) = said else { continue };
            let message = format!("`{}.{}` tells which datum was wrong: “{said}”", flow.id, step.id);
            findings.push(
                missing(compiled, flow, step, &field, message)
                    .label("whoever guesses goes on with the other one")
                    .help("say only that these data did not prove who writes"),
            );
        }
    }
}

fn is_end(step: &Step) -> bool {
    matches!(step.kind, StepKind::End(_))
}

/// A step of the engine's own, such as `@handoff`.
fn engine_s(step: &Step) -> bool {
    step.id.as_str().starts_with('@')
}

fn does(step: &Step, name: &str) -> bool {
    matches!(&step.kind, StepKind::Do(action) if action.action == name)
}

/// The kind of case that a step opens.
fn case(step: &Step) -> Option<&str> {
    let StepKind::Do(action) = &step.kind else { return None };
    let (Expr::Choice(kind) | Expr::Text(kind)) = action.with.get("tipo")? else { return None };
    (action.action == OPENS_CASE).then_some(kind)
}

fn shows_day(step: &Step, var: &str) -> bool {
    let shows = |part: &Part| {
        matches!(part, Part::Slot { value: Expr::Path(path), format: Format::Date | Format::LongDate }
            if path.len() == 1 && path[0] == var)
    };
    texts(step).iter().any(|(_, _, text)| text.by_language.values().all(|one| one.parts.iter().any(shows)))
}

/// A question about a step.
type Asks<'a> = &'a dyn Fn(&Step) -> bool;

/// The first step at which a path from here stops without having met what it must.
fn misses<'f>(flow: &'f Flow, from: &'f StepId, meets: Asks<'_>, stops: Asks<'_>) -> Option<&'f Step> {
    misses_known(flow, from, (meets, stops), None)
}

/// As [`misses`], on the paths on which a variable is known.
fn misses_known<'f>(
    flow: &'f Flow,
    from: &'f StepId,
    (meets, stops): (Asks<'_>, Asks<'_>),
    known: Option<&str>,
) -> Option<&'f Step> {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        let Some(step) = flow.steps.get(id).filter(|step| seen.insert(id) && !meets(step)) else { continue };
        if stops(step) {
            return Some(step);
        }
        if let (StepKind::Decide(decide), Some(var)) = (&step.kind, known)
            && let Some((_, to)) = decide.cases.iter().find(|(condition, _)| asks_known(condition, var))
        {
            open.push(to);
            continue;
        }
        open.extend(edges(step).into_iter().map(|edge| edge.to));
    }
    None
}

/// Whether a condition holds only where a variable is known.
fn asks_known(condition: &Expr, var: &str) -> bool {
    if let Expr::Binary(BinaryOp::And, left, right) = condition {
        return asks_known(left, var) || asks_known(right, var);
    }
    let Expr::Call(Function::Known, arguments) = condition else { return false };
    matches!(arguments.as_slice(), [Expr::Path(path)] if path.len() == 1 && path[0] == var)
}
