//! Words and figures say the same: «lo vencido» shows what is overdue, «su saldo» the whole debt, «la próxima cuota» the
//! next instalment; and an option that is called after one of them sets that one.

use crate::flow::check::texts::{field_in, own_first, texts};
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding};
use crate::flow::expr::Expr;
use crate::flow::model::{Choose, Flow, Step, StepKind};
use crate::flow::text::closing::{Sentence, found, sentences, whole_debt};
use crate::flow::value::Type;

/// What a figure of the debt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    Overdue,
    Whole,
    Next,
}

impl Figure {
    /// As the field of a debt, or the value of an action, is called. `total` is an older name of `vencido`.
    fn of(field: &str) -> Option<Self> {
        match field {
            "vencido" | "total" => Some(Self::Overdue),
            "pago_total" => Some(Self::Whole),
            "proxima_cuota" => Some(Self::Next),
            _ => None,
        }
    }

    const fn field(self) -> &'static str {
        match self {
            Self::Overdue => "vencido",
            Self::Whole => "pago_total",
            Self::Next => "proxima_cuota",
        }
    }
}

const OVERDUE_WORDS: &[&str] = &[
    "vencido",
    "vencida",
    "vencidos",
    "vencidas",
    "en mora",
    "atrasad*",
    "al dia",
    "em atraso",
    "em dia",
    "overdue",
    "past due",
    "up to date",
];
/// What paying all that is overdue does.
const BRINGS_UP_TO_DATE: &[&str] = &[
    "ponerse al dia",
    "ponerme al dia",
    "pongase al dia",
    "se pone al dia",
    "queda al dia",
    "quedar al dia",
    "lo vencido",
    "todo lo atrasado",
    "ficar em dia",
    "fica em dia",
    "o vencido",
    "get up to date",
    "be up to date",
    "bring you up to date",
    "what is overdue",
];
const BALANCE_WORDS: &[&str] =
    &["su saldo", "el saldo", "saldo de", "saldo es", "seu saldo", "o saldo", "your balance", "the balance"];
const NEXT_WORDS: &[&str] = &[
    "proxima cuota",
    "siguiente cuota",
    "cuota que sigue",
    "proxima parcela",
    "next instalment",
    "next installment",
];

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for flow in compiled.flows.values() {
        for step in flow.steps.values() {
            for (field, _, text) in texts(step) {
                let said = own_first(text).find_map(|(language, text)| {
                    let said = sentences(text).into_iter().find_map(|sentence| mistaken(&sentence, flow))?;
                    Some((field_in(compiled, &field, language), said))
                });
                if let Some((field, said)) = said {
                    findings.push(finding(compiled, flow, step, &field, &said));
                }
            }
            if let StepKind::Choose(choose) = &step.kind {
                for (field, said) in options(choose, flow) {
                    findings.push(finding(compiled, flow, step, &field, &said));
                }
            }
        }
    }
}

/// Words that name one figure, where another is meant.
#[derive(Debug)]
struct Said {
    words: String,
    named: Figure,
    shown: Figure,
}

fn finding(compiled: &Compiled, flow: &Flow, step: &Step, field: &str, said: &Said) -> Finding {
    let place = compiled.places.field(&flow.id, step.id.as_str(), field);
    let (named, shown) = (said.named.field(), said.shown.field());
    let field = field.split('@').next().unwrap_or(field);
    let message = format!("`{field}` of step `{}` says “{}” and means `{shown}`", step.id, said.words);
    Finding::new(Code::WrongFigure, place, message)
        .label("the words name another amount")
        .help(format!("take `{named}` here, or say what `{shown}` is"))
}

fn mistaken(sentence: &Sentence<'_>, flow: &Flow) -> Option<Said> {
    let shown: Vec<Figure> = sentence.shows.iter().filter_map(|value| figure(value, flow)).collect();
    let shows = |figure: Figure| shown.contains(&figure);
    let said = |words: Option<String>, named: Figure, instead: Figure| {
        words.map(|words| Said { words, named, shown: instead })
    };
    let overdue = found(&sentence.words, OVERDUE_WORDS);
    if shows(Figure::Whole) && !shows(Figure::Overdue) && whole_debt(&sentence.words).is_none() {
        return said(overdue, Figure::Overdue, Figure::Whole);
    }
    if shows(Figure::Next) && !shows(Figure::Overdue) {
        // «Está al día; su cuota es de …» tells how things are, not what brings it about.
        let brings = found(&sentence.words, BRINGS_UP_TO_DATE);
        return said(brings, Figure::Overdue, Figure::Next);
    }
    if shows(Figure::Overdue) && !shows(Figure::Next) {
        let next = found(&sentence.words, NEXT_WORDS).filter(|_| overdue.is_none());
        if next.is_some() {
            return said(next, Figure::Next, Figure::Overdue);
        }
    }
    if shows(Figure::Overdue) && !shows(Figure::Whole) && overdue.is_none() {
        return said(found(&sentence.words, BALANCE_WORDS), Figure::Whole, Figure::Overdue);
    }
    None
}

/// Options that are called after what is overdue and set the whole debt.
fn options(choose: &Choose, flow: &Flow) -> Vec<(String, Said)> {
    let mut wrong = Vec::new();
    for option in &choose.options {
        let mut titles = option.title.by_language.values().flat_map(sentences);
        let Some(words) = titles.find_map(|title| found(&title.words, OVERDUE_WORDS)) else {
            continue;
        };
        let target = option.goto.as_ref().or(choose.goto.as_ref()).and_then(|goto| flow.steps.get(goto));
        let Some(StepKind::Set(set)) = target.map(|step| &step.kind) else { continue };
        let whole = set.values.iter().any(|(var, value)| {
            flow.vars.get(var).is_some_and(|var| var.ty == Type::Money)
                && figure(value, flow) == Some(Figure::Whole)
        });
        if whole {
            let said = Said { words, named: Figure::Overdue, shown: Figure::Whole };
            wrong.push((format!("options.{}.title", option.id), said));
        }
    }
    wrong
}

/// The figure of the debt that a value is, when that is sure.
fn figure(value: &Expr, flow: &Flow) -> Option<Figure> {
    let Expr::Path(path) = value else { return None };
    match path.as_slice() {
        [var] => of_variable(var, flow),
        [var, field] => {
            let is_debt = flow.vars.get(var).is_some_and(|var| var.ty == Type::Record("deuda".to_owned()));
            Figure::of(field).filter(|_| is_debt)
        }
        _ => None,
    }
}

/// Of a variable that gets nothing but one figure.
fn of_variable(var: &str, flow: &Flow) -> Option<Figure> {
    if flow.vars.get(var).is_some_and(|declared| declared.input) {
        return None;
    }
    let mut figures = flow.steps.values().flat_map(|step| given(step, var));
    let first = figures.next()??;
    figures.all(|other| other == Some(first)).then_some(first)
}

/// For each time that a step may write the variable, the figure that it writes.
fn given(step: &Step, var: &str) -> Vec<Option<Figure>> {
    match &step.kind {
        StepKind::Do(action) => {
            let outputs = action.into.iter().filter(|(_, to)| *to == var);
            outputs.map(|(output, _)| Figure::of(output)).collect()
        }
        StepKind::Set(set) => {
            let values = set.values.iter().filter(|(to, _)| to == var);
            values.map(|(_, value)| field_of(value).and_then(Figure::of)).collect()
        }
        StepKind::Ask(ask) => vec![None; usize::from(ask.var == var)],
        StepKind::Call(call) => call.into.values().filter(|to| *to == var).map(|_| None).collect(),
        StepKind::Say(_)
        | StepKind::Choose(_)
        | StepKind::Decide(_)
        | StepKind::Handoff(_)
        | StepKind::Pause(_)
        | StepKind::End(_) => Vec::new(),
    }
}

/// The field that a path of two names.
fn field_of(value: &Expr) -> Option<&str> {
    let Expr::Path(path) = value else { return None };
    match path.as_slice() {
        [_, field] => Some(field),
        _ => None,
    }
}
