//! Flows as graphs: where each step leads, and drawings for people (Mermaid, DOT).

use crate::domain::ids::{FlowId, StepId};
use crate::flow::model::{Flow, FlowSet, Route, Step, StepKind};
use std::fmt::Write as _;

/// One way out of a step: what happens, and where it leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge<'f> {
    pub when: String,
    pub to: &'f StepId,
}

/// All ways out of a step, in file order where there is one.
pub fn edges(step: &Step) -> Vec<Edge<'_>> {
    let mut out = ways(step);
    out.extend(step.picture.as_ref().map(|to| Edge { when: "picture".to_owned(), to }));
    out
}

fn ways(step: &Step) -> Vec<Edge<'_>> {
    let edge = |when: &str, to| Edge { when: when.to_owned(), to };
    match &step.kind {
        StepKind::Say(say) => vec![edge("", &say.goto)],
        StepKind::Ask(ask) => vec![
            edge("answer", &ask.goto),
            edge("not understood", &ask.retry.then),
            edge("no answer", &ask.wait.then),
        ],
        StepKind::Choose(choose) => {
            let mut out = Vec::new();
            if let Some(to) =
                choose.each.as_ref().and_then(|each| each.goto.as_ref().or(choose.goto.as_ref()))
            {
                out.push(edge("one of the list", to));
            }
            for option in &choose.options {
                out.extend(option.goto.as_ref().or(choose.goto.as_ref()).map(|to| edge(&option.id, to)));
            }
            out.extend(choose.typed.iter().map(|to| edge("typed answer", to)));
            out.extend(choose.below.as_ref().map(|to| edge("answers what is below", to)));
            out.push(edge("not understood", &choose.retry.then));
            out.push(edge("no answer", &choose.wait.then));
            out
        }
        StepKind::Do(action) => action
            .on
            .iter()
            .map(|(outcome, route)| match route {
                Route::Goto(to) | Route::Retry { then: to, .. } => edge(outcome, to),
            })
            .collect(),
        StepKind::Decide(decide) => {
            let mut out: Vec<Edge<'_>> =
                decide.cases.iter().map(|(when, to)| edge(&when.to_string(), to)).collect();
            out.push(edge("else", &decide.otherwise));
            out
        }
        StepKind::Call(call) => call.on.iter().map(|(outcome, to)| edge(outcome, to)).collect(),
        StepKind::Handoff(handoff) => {
            vec![edge("returned", &handoff.returned), edge("closed", &handoff.closed)]
        }
        StepKind::Pause(pause) => vec![edge("time over", &pause.goto), edge("message", &pause.on_message)],
        StepKind::Set(set) => vec![edge("", &set.goto)],
        StepKind::End(_) => Vec::new(),
    }
}

/// Whether the step waits for a person or for time, so that a turn ends there.
pub const fn waits(step: &Step) -> bool {
    match step.kind {
        StepKind::Ask(_) | StepKind::Choose(_) | StepKind::Handoff(_) | StepKind::Pause(_) => true,
        StepKind::Say(_)
        | StepKind::Do(_)
        | StepKind::Decide(_)
        | StepKind::Call(_)
        | StepKind::Set(_)
        | StepKind::End(_) => false,
    }
}

/// What a step does, in a few words.
pub fn title(step: &Step) -> String {
    match &step.kind {
        StepKind::Say(_) => "say".to_owned(),
        StepKind::Ask(ask) => format!("ask {}", ask.var),
        StepKind::Choose(choose) => format!("choose {}", choose.var),
        StepKind::Do(action) => format!("do {}", action.action),
        StepKind::Decide(_) => "decide".to_owned(),
        StepKind::Call(call) => format!("call {}", call.flow),
        StepKind::Handoff(handoff) => format!("handoff {}", handoff.queue),
        StepKind::Pause(_) => "pause".to_owned(),
        StepKind::Set(_) => "set".to_owned(),
        StepKind::End(end) => format!("end {}", end.outcome),
    }
}

/// How a graph is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    Mermaid,
    Dot,
}

/// One flow, or all of them with their calls; `None` when there is no such flow.
pub fn draw(set: &FlowSet, flow: Option<&FlowId>, drawing: Drawing) -> Option<String> {
    let graph = match flow {
        Some(id) => of_flow(set.flows.get(id)?),
        None => of_calls(set),
    };
    Some(match drawing {
        Drawing::Mermaid => mermaid(&graph),
        Drawing::Dot => dot(&graph),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Plain,
    Question,
    Branch,
    Call,
    Person,
    End,
}

struct Picture {
    name: String,
    /// Key, words, shape.
    nodes: Vec<(String, String, Shape)>,
    /// From, words, to.
    edges: Vec<(String, String, String)>,
}

fn of_flow(flow: &Flow) -> Picture {
    let mut picture = Picture { name: flow.id.to_string(), nodes: Vec::new(), edges: Vec::new() };
    for step in flow.steps.values() {
        let words = format!("{}\n{}", step.id, title(step));
        picture.nodes.push((step.id.to_string(), words, shape(step)));
        for edge in edges(step) {
            picture.edges.push((step.id.to_string(), edge.when, edge.to.to_string()));
        }
    }
    picture
}

/// Which flow runs which: the bot's start, its interrupts, and calls.
fn of_calls(set: &FlowSet) -> Picture {
    let mut picture = Picture { name: "bot".to_owned(), nodes: Vec::new(), edges: Vec::new() };
    picture.nodes.push(("bot".to_owned(), "bot".to_owned(), Shape::Person));
    let mut from_bot = |words: &str, to: &FlowId| {
        picture.edges.push(("bot".to_owned(), words.to_owned(), to.to_string()));
    };
    from_bot("start", &set.bot.start);
    for interrupt in &set.bot.interrupts {
        from_bot(&interrupt.id, &interrupt.run);
    }
    set.bot.doubt.iter().for_each(|flow| from_bot("doubt", flow));
    set.bot.reverify.iter().for_each(|flow| from_bot("reverify", flow));
    set.bot.picture.iter().for_each(|flow| from_bot("picture", flow));
    set.bot.waiting.iter().for_each(|flow| from_bot("waiting", flow));
    set.bot.grave.iter().for_each(|flow| from_bot("grave", flow));
    set.bot.claims.iter().for_each(|one| from_bot("claims", &one.run));
    set.bot.corrections.iter().for_each(|one| from_bot("correction", &one.run));
    set.bot.reserved.iter().for_each(|one| from_bot(&one.id, &one.run));
    for flow in set.flows.values() {
        picture.nodes.push((flow.id.to_string(), flow.id.to_string(), Shape::Call));
        for step in flow.steps.values() {
            if let StepKind::Call(call) = &step.kind {
                picture.edges.push((flow.id.to_string(), step.id.to_string(), call.flow.to_string()));
            }
        }
    }
    picture
}

const fn shape(step: &Step) -> Shape {
    match step.kind {
        StepKind::Ask(_) | StepKind::Choose(_) => Shape::Question,
        StepKind::Decide(_) => Shape::Branch,
        StepKind::Call(_) | StepKind::Do(_) => Shape::Call,
        StepKind::Handoff(_) => Shape::Person,
        StepKind::End(_) => Shape::End,
        StepKind::Say(_) | StepKind::Pause(_) | StepKind::Set(_) => Shape::Plain,
    }
}

fn mermaid(graph: &Picture) -> String {
    let mut out = format!("---\ntitle: {}\n---\nflowchart TD\n", graph.name);
    for (key, words, shape) in &graph.nodes {
        let (open, close) = match shape {
            Shape::Plain => ("[", "]"),
            Shape::Question => ("(", ")"),
            Shape::Branch => ("{", "}"),
            Shape::Call => ("[[", "]]"),
            Shape::Person => ("([", "])"),
            Shape::End => ("((", "))"),
        };
        let words = words.replace('\n', "<br/>").replace('"', "#quot;");
        let _ = writeln!(out, "  {}{open}\"{words}\"{close}", mermaid_id(key));
    }
    for (from, words, to) in &graph.edges {
        let (from, to) = (mermaid_id(from), mermaid_id(to));
        let arrow = if words.is_empty() {
            "-->".to_owned()
        } else {
            format!("-->|\"{}\"|", words.replace('"', "#quot;"))
        };
        let _ = writeln!(out, "  {from} {arrow} {to}");
    }
    out
}

/// Mermaid takes letters, digits and `_`, and `end` is a word of its own.
fn mermaid_id(key: &str) -> String {
    format!("n_{}", key.replace(|c: char| !c.is_ascii_alphanumeric() && c != '_', "_"))
}

fn dot(graph: &Picture) -> String {
    let quote =
        |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"));
    let mut out = format!("digraph {} {{\n  rankdir=TB;\n", quote(&graph.name));
    for (key, words, shape) in &graph.nodes {
        let shape = match shape {
            Shape::Plain => "box",
            Shape::Question => "ellipse",
            Shape::Branch => "diamond",
            Shape::Call => "component",
            Shape::Person => "house",
            Shape::End => "doublecircle",
        };
        let _ = writeln!(out, "  {} [label={}, shape={shape}];", quote(key), quote(words));
    }
    for (from, words, to) in &graph.edges {
        let _ = writeln!(out, "  {} -> {} [label={}];", quote(from), quote(to), quote(words));
    }
    out.push_str("}\n");
    out
}
