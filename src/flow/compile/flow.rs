//! One flow: its head, its steps, and the steps made from `@handoff` and `@end`.

use crate::domain::assurance::Assurance;
use crate::domain::ids::{FlowId, StepId};
use crate::flow::check::names::{FlowEnv, valid_name};
use crate::flow::compile::bot::Shared;
use crate::flow::compile::texts::{self, Locales};
use crate::flow::compile::{ABANDONED, END_STEP, HANDOFF, Notes, Written, consent, steps, vars};
use crate::flow::diagnostic::{Code, Finding, suggestion};
use crate::flow::expr::Expr;
use crate::flow::expr::parse::parse;
use crate::flow::expr::types::{Known, Typed, check};
use crate::flow::model::{End, Flow, Handoff, Localised, Step, StepKind, Var};
use crate::flow::source::Scalar;
use crate::flow::syntax::{FlowSyntax, KindSyntax, StepSyntax};
use crate::flow::text::Text;
use crate::flow::value::Type;
use std::collections::{BTreeMap, BTreeSet};

/// What the compilation of one flow's steps shares.
pub struct FlowCx<'a, 'w> {
    pub syntax: &'a FlowSyntax,
    pub written: &'a Written,
    pub shared: &'a Shared,
    pub locales: &'a mut Locales<'w>,
    pub notes: &'a mut Notes,
    pub vars: BTreeMap<String, Var>,
    /// Steps that named `@handoff`.
    gave_up: BTreeSet<String>,
    ends_quietly: bool,
}

/// Compiles one flow.
pub fn flow(
    syntax: &FlowSyntax,
    written: &Written,
    shared: &Shared,
    locales: &mut Locales<'_>,
    notes: &mut Notes,
) -> Flow {
    notes.findings.extend(valid_name(&syntax.id, "a flow"));
    let needs = needs(syntax, notes);
    let vars = vars::vars(syntax, notes);
    let mut cx = FlowCx {
        syntax,
        written,
        shared,
        locales,
        notes,
        vars,
        gave_up: BTreeSet::new(),
        ends_quietly: false,
    };
    let start = cx.target(&syntax.start, None);
    cx.notes.places.put(format!("{}.start", syntax.id.text), syntax.start.span);
    let mut compiled = BTreeMap::new();
    for step in &syntax.steps {
        cx.notes.findings.extend(valid_name(&step.name, "a step"));
        cx.notes.places.put(format!("{}.{}", syntax.id.text, step.name.text), step.name.span);
        if let Some(step) = steps::step(&mut cx, step) {
            compiled.insert(step.id.clone(), step);
        }
    }
    let (gave_up, ends_quietly) = (cx.gave_up, cx.ends_quietly);
    let vars = cx.vars;
    let mut flow = Flow {
        id: FlowId::new(syntax.id.as_str()),
        needs,
        vars,
        start,
        steps: compiled,
        outcomes: outcomes(syntax),
    };
    for step in &gave_up {
        add_handoff(&mut flow, step, syntax, shared, &written.bot.fault_queue.text);
    }
    if ends_quietly || !gave_up.is_empty() {
        add_end(&mut flow);
    }
    consent::mark(&mut flow);
    flow
}

fn needs(syntax: &FlowSyntax, notes: &mut Notes) -> Assurance {
    let Some(name) = &syntax.needs else { return Assurance::Ninguna };
    notes.places.put(format!("{}.needs", syntax.id.text), name.span);
    Assurance::parse(&name.text).unwrap_or_else(|| {
        let names = Assurance::ALL.map(Assurance::name);
        notes.findings.push(
            Finding::new(Code::BadValue, name.span, format!("there is no level `{}`", name.text))
                .maybe_help(suggestion(&name.text, names)),
        );
        Assurance::Ninguna
    })
}

/// The named outcomes in file order.
fn outcomes(syntax: &FlowSyntax) -> Vec<String> {
    let mut outcomes: Vec<String> = Vec::new();
    for step in &syntax.steps {
        if let KindSyntax::End { outcome } = &step.kind
            && !outcomes.contains(&outcome.text)
        {
            outcomes.push(outcome.text.clone());
        }
    }
    outcomes
}

/// Gives a flow its `@end` and the outcome that goes with it; a second time changes nothing.
pub fn add_end(flow: &mut Flow) {
    let id = StepId::new(END_STEP);
    let kind = StepKind::End(End { outcome: ABANDONED.to_owned() });
    flow.steps.entry(id.clone()).or_insert(Step { id, kind, interruptible: None, picture: None });
    if !flow.outcomes.iter().any(|outcome| outcome == ABANDONED) {
        flow.outcomes.push(ABANDONED.to_owned());
    }
}

/// A person takes over; when they give the chat back, the step that gave up is tried again if it can be.
fn add_handoff(flow: &mut Flow, step: &str, syntax: &FlowSyntax, shared: &Shared, queue: &str) {
    let again = syntax.steps.iter().find(|one| one.name.text == step).is_some_and(|step| match step.kind {
        KindSyntax::Ask(_) | KindSyntax::Choose(_) | KindSyntax::Do(_) => true,
        KindSyntax::Say { .. }
        | KindSyntax::Decide { .. }
        | KindSyntax::Call(_)
        | KindSyntax::Handoff(_)
        | KindSyntax::Pause { .. }
        | KindSyntax::Set { .. }
        | KindSyntax::End { .. } => false,
    });
    let end = StepId::new(END_STEP);
    let returned = if again { StepId::new(step) } else { end.clone() };
    let id = StepId::new(format!("{HANDOFF}:{step}"));
    let kind = StepKind::Handoff(Handoff {
        queue: queue.to_owned(),
        priority: "normal".to_owned(),
        reason: format!("{}.{step}", flow.id),
        note: None,
        text: shared.handoff.clone(),
        protected: false,
        quiet: false,
        returned,
        closed: end,
    });
    flow.steps.insert(id.clone(), Step { id, kind, interruptible: None, picture: None });
}

impl FlowCx<'_, '_> {
    pub fn report(&mut self, finding: Finding) {
        self.notes.findings.push(finding);
    }

    /// `flow.step.field`, the key of texts and places.
    pub fn key(&self, step: &StepSyntax, field: &str) -> String {
        format!("{}.{}.{field}", self.syntax.id.text, step.name.text)
    }

    /// The step that a `goto` names; `from` is where it stands.
    pub fn target(&mut self, name: &Scalar, from: Option<&StepSyntax>) -> StepId {
        match name.text.as_str() {
            END_STEP => self.ends_quietly = true,
            HANDOFF => {
                let step = from.map_or("start", |step| step.name.as_str());
                self.gave_up.insert(step.to_owned());
                return StepId::new(format!("{HANDOFF}:{step}"));
            }
            other if self.syntax.steps.iter().any(|step| step.name.text == other) => {}
            other => {
                let names =
                    self.syntax.steps.iter().map(|step| step.name.as_str()).chain([HANDOFF, END_STEP]);
                let help = suggestion(other, names);
                self.report(
                    Finding::new(Code::UnknownStep, name.span, format!("this flow has no step `{other}`"))
                        .label("no such step")
                        .maybe_help(help),
                );
            }
        }
        StepId::new(name.as_str())
    }

    /// The target of a `goto`, with its place under `flow.step.field`.
    pub fn goto(&mut self, name: &Scalar, from: &StepSyntax, field: &str) -> StepId {
        let key = self.key(from, field);
        self.notes.places.put(key, name.span);
        self.target(name, Some(from))
    }

    /// A text of this flow in all languages.
    pub fn text(&mut self, scalar: &Scalar, step: &StepSyntax, field: &str) -> Localised {
        self.text_with(scalar, step, field, None)
    }

    pub fn text_with(
        &mut self,
        scalar: &Scalar,
        step: &StepSyntax,
        field: &str,
        bind: Option<(&str, &Known)>,
    ) -> Localised {
        let key = self.key(step, field);
        let env = FlowEnv { vars: &self.vars, bind };
        self.locales.localised(scalar, &env, &key, self.notes)
    }

    /// A text that is not shown to the person: an id, an address, a note for an agent.
    pub fn plain_text(&mut self, scalar: &Scalar, step: &StepSyntax, field: &str) -> Text {
        let key = self.key(step, field);
        self.notes.places.put(key, scalar.span);
        texts::text(scalar, &FlowEnv { vars: &self.vars, bind: None }, self.notes)
    }

    /// A typed expression; a finding and `None` when it is wrong.
    pub fn expr(&mut self, scalar: &Scalar, wanted: Option<&Type>) -> Option<Typed> {
        self.expr_with(scalar, wanted, None)
    }

    pub fn expr_with(
        &mut self,
        scalar: &Scalar,
        wanted: Option<&Type>,
        bind: Option<(&str, &Known)>,
    ) -> Option<Typed> {
        let env = FlowEnv { vars: &self.vars, bind };
        match typed(scalar, wanted, &env) {
            Ok(typed) => Some(typed),
            Err(finding) => {
                self.notes.findings.push(*finding);
                None
            }
        }
    }

    pub fn condition(&mut self, scalar: &Scalar, bind: Option<(&str, &Known)>) -> Option<Expr> {
        self.expr_with(scalar, Some(&Type::Bool), bind).map(|typed| typed.expr)
    }
}

/// Parses and checks an expression that stands in the file.
fn typed(scalar: &Scalar, wanted: Option<&Type>, env: &FlowEnv<'_>) -> Result<Typed, Box<Finding>> {
    let place = |code, error: crate::flow::expr::lex::ExprError| {
        let span = scalar.part(error.at.start, error.at.end);
        Box::new(Finding::new(code, span, error.message).maybe_help(error.help))
    };
    let tree = parse(&scalar.text).map_err(|error| place(Code::ExpressionSyntax, error))?;
    check(&tree, env, wanted).map_err(|error| place(error.code, error.error))
}
