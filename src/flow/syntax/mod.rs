//! Flow files as written: the shape of each file is checked here, names and types are not.

mod bot;
mod read;
mod steps;

use crate::domain::time::Millis;
use crate::flow::diagnostic::{Finding, Span};
use crate::flow::source::{Node, Scalar};

pub use bot::{bot_file, flow_file, locale_file};
pub use read::{Reader, parse_duration};
pub use steps::KINDS;

/// A value that was read from a scalar, with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

#[derive(Debug, Clone)]
pub struct FlowSyntax {
    pub id: Scalar,
    pub needs: Option<Scalar>,
    pub vars: Vec<VarSyntax>,
    pub start: Scalar,
    pub steps: Vec<StepSyntax>,
}

#[derive(Debug, Clone)]
pub struct VarSyntax {
    pub name: Scalar,
    pub ty: Scalar,
    pub of: Option<Vec<Scalar>>,
    pub input: bool,
    /// An input that the caller may leave out.
    pub optional: bool,
    pub label: Option<Scalar>,
    pub initial: Option<Scalar>,
}

#[derive(Debug, Clone)]
pub struct StepSyntax {
    pub name: Scalar,
    pub kind: KindSyntax,
    pub interruptible: Option<Vec<Scalar>>,
    pub picture: Option<Scalar>,
}

#[derive(Debug, Clone)]
pub enum KindSyntax {
    Say { text: Scalar, link: Option<LinkSyntax>, goto: Scalar },
    Ask(Box<AskSyntax>),
    Choose(Box<ChooseSyntax>),
    Do(Box<DoSyntax>),
    Decide { cases: Vec<(Scalar, Scalar)>, otherwise: Scalar },
    Call(Box<CallSyntax>),
    Handoff(Box<HandoffSyntax>),
    Pause { length: Spanned<Millis>, goto: Scalar, on_message: Option<Scalar> },
    Set { values: Vec<(Scalar, Scalar)>, goto: Scalar },
    End { outcome: Scalar },
}

#[derive(Debug, Clone)]
pub struct LinkSyntax {
    pub title: Scalar,
    pub url: Scalar,
}

#[derive(Debug, Clone)]
pub struct AskSyntax {
    pub var: Scalar,
    pub expects: Scalar,
    pub text: Scalar,
    pub min: Option<Scalar>,
    pub max: Option<Scalar>,
    pub instalment: Option<Scalar>,
    pub likely_from: Option<Scalar>,
    pub part_of: Option<Scalar>,
    pub retry: Option<RetrySyntax>,
    pub wait: Option<WaitSyntax>,
    pub goto: Scalar,
}

#[derive(Debug, Clone)]
pub struct ChooseSyntax {
    pub var: Scalar,
    pub text: Scalar,
    pub footer: Option<Scalar>,
    pub options: Vec<OptionSyntax>,
    pub each: Option<EachSyntax>,
    pub typed: Vec<Scalar>,
    pub use_pending_intent: bool,
    pub evidence: Option<Scalar>,
    pub accept_stale: bool,
    pub safety: bool,
    pub below: Option<Scalar>,
    pub retry: Option<RetrySyntax>,
    pub wait: Option<WaitSyntax>,
    pub goto: Option<Scalar>,
}

#[derive(Debug, Clone)]
pub struct OptionSyntax {
    pub id: Scalar,
    pub title: Scalar,
    pub description: Option<Scalar>,
    pub when: Option<Scalar>,
    pub accepts: Vec<Scalar>,
    pub intents: Vec<Scalar>,
    pub holder: bool,
    pub adult: bool,
    pub goto: Option<Scalar>,
}

#[derive(Debug, Clone)]
pub struct EachSyntax {
    pub list: Scalar,
    pub bind: Scalar,
    pub title: Scalar,
    pub description: Option<Scalar>,
    pub when: Option<Scalar>,
    pub goto: Option<Scalar>,
}

#[derive(Debug, Clone, Default)]
pub struct RetrySyntax {
    pub texts: Option<Vec<Scalar>>,
    pub then: Option<Scalar>,
}

#[derive(Debug, Clone, Default)]
pub struct WaitSyntax {
    pub nudge: Option<Spanned<Millis>>,
    pub nudge_text: Option<Scalar>,
    pub expire: Option<Spanned<Millis>>,
    pub then: Option<Scalar>,
}

#[derive(Debug, Clone)]
pub struct DoSyntax {
    pub action: Scalar,
    pub with: Vec<(Scalar, Scalar)>,
    pub into: Option<IntoSyntax>,
    pub once: Option<Scalar>,
    pub evidence: Option<Scalar>,
    pub on: Vec<(Scalar, RouteSyntax)>,
}

#[derive(Debug, Clone)]
pub enum IntoSyntax {
    /// `into: var`, for actions with one output.
    Only(Scalar),
    /// Output → variable.
    Each(Vec<(Scalar, Scalar)>),
}

#[derive(Debug, Clone)]
pub enum RouteSyntax {
    Goto(Scalar),
    Retry { retry: Spanned<u32>, then: Scalar },
}

#[derive(Debug, Clone)]
pub struct CallSyntax {
    pub flow: Scalar,
    pub with: Vec<(Scalar, Scalar)>,
    /// Variable here ← variable there, as written: `{here: there}`.
    pub into: Vec<(Scalar, Scalar)>,
    pub on: Vec<(Scalar, Scalar)>,
}

#[derive(Debug, Clone)]
pub struct HandoffSyntax {
    pub queue: Scalar,
    pub priority: Option<Scalar>,
    pub reason: Option<Scalar>,
    pub note: Option<Scalar>,
    pub text: Option<Scalar>,
    pub protected: bool,
    pub quiet: bool,
    pub on: Vec<(Scalar, Scalar)>,
}

#[derive(Debug, Clone)]
pub struct BotSyntax {
    pub start: Scalar,
    pub language: Scalar,
    pub languages: Vec<Scalar>,
    pub idle: Spanned<Millis>,
    pub doubt: Option<Scalar>,
    pub reverify: Option<Scalar>,
    pub waiting: Option<Scalar>,
    pub grave: Option<Scalar>,
    pub claims: Option<ClaimsSyntax>,
    pub picture: Option<Scalar>,
    pub reserved: Vec<ReservedSyntax>,
    pub outcomes: Vec<Scalar>,
    pub corrections: Vec<CorrectionSyntax>,
    pub fault_queue: Scalar,
    pub interrupts: Vec<InterruptSyntax>,
    pub retry: RetrySyntax,
    pub wait: WaitSyntax,
    pub texts: Vec<(Scalar, Scalar)>,
    pub texts_at: Span,
}

#[derive(Debug, Clone)]
pub struct InterruptSyntax {
    pub id: Scalar,
    pub phrases: Vec<Scalar>,
    pub intents: Vec<Scalar>,
    pub run: Scalar,
    pub mode: Scalar,
    pub always: bool,
    pub with_agent: bool,
    pub with_protected: bool,
    pub reserved: bool,
    pub within: bool,
    pub terms: Option<Scalar>,
}

#[derive(Debug, Clone)]
pub struct ReservedSyntax {
    pub id: Scalar,
    pub run: Scalar,
    pub lifted_by: Vec<Scalar>,
}

#[derive(Debug, Clone)]
pub struct CorrectionSyntax {
    pub reasons: Vec<Scalar>,
    pub phrases: Vec<Scalar>,
    pub intents: Vec<Scalar>,
    pub run: Scalar,
}

#[derive(Debug, Clone)]
pub struct ClaimsSyntax {
    pub intents: Vec<Scalar>,
    pub run: Scalar,
}

#[derive(Debug, Clone)]
pub struct LocaleSyntax {
    pub language: Scalar,
    pub texts: Vec<TranslationSyntax>,
}

#[derive(Debug, Clone)]
pub struct TranslationSyntax {
    pub key: Scalar,
    pub text: Scalar,
    /// First 8 hexadecimal digits of the hash of the text that it translates.
    pub source: Option<Scalar>,
}

/// Reads one file with `read` and keeps its findings.
pub fn with_reader<T>(
    node: &Node,
    findings: &mut Vec<Finding>,
    read: fn(&mut Reader, &Node) -> Option<T>,
) -> Option<T> {
    let mut reader = Reader::default();
    let value = read(&mut reader, node);
    let clean = reader.findings.is_empty();
    findings.append(&mut reader.findings);
    value.filter(|_| clean)
}
