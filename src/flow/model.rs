//! Compiled flows: names resolved, types known, nothing optional that is required.

use crate::domain::assurance::{Assurance, Label};
use crate::domain::ids::{FlowHash, FlowId, StepId};
use crate::domain::time::Millis;
use crate::flow::expr::Expr;
use crate::flow::text::Text;
use crate::flow::value::{Type, Value};
use crate::understand::intent::Intent;
use std::collections::BTreeMap;

/// One published folder of flows.
#[derive(Debug, Clone)]
pub struct FlowSet {
    /// SHA-256 over the sorted paths and contents of its files, hexadecimal.
    pub hash: FlowHash,
    pub bot: Bot,
    pub flows: BTreeMap<FlowId, Flow>,
}

impl FlowSet {
    /// The queues that hand-offs go to; one may come more than once.
    pub fn queues(&self) -> impl Iterator<Item = &str> {
        let steps = self.flows.values().flat_map(|flow| flow.steps.values());
        let handoffs = steps.filter_map(|step| match &step.kind {
            StepKind::Handoff(handoff) => Some(handoff.queue.as_str()),
            StepKind::Say(_)
            | StepKind::Ask(_)
            | StepKind::Choose(_)
            | StepKind::Do(_)
            | StepKind::Decide(_)
            | StepKind::Call(_)
            | StepKind::Pause(_)
            | StepKind::Set(_)
            | StepKind::End(_) => None,
        });
        handoffs.chain([self.bot.fault_queue.as_str()])
    }
}

/// `bot.yaml`: what holds in every flow.
#[derive(Debug, Clone)]
pub struct Bot {
    /// The flow that a chat begins with.
    pub start: FlowId,
    /// The default language of the texts inside flows.
    pub language: String,
    pub languages: Vec<String>,
    /// In match order.
    pub interrupts: Vec<Interrupt>,
    /// Run (stacked) when a safety intent is possible but not certain; its variable `intencion` gets the intent.
    pub doubt: Option<FlowId>,
    /// Run (stacked) when the level fell below what the open flow needs; must end in `ok` to go on.
    pub reverify: Option<FlowId>,
    /// Run beside a hand-off whose ticket no agent has taken: what those who wait are told. It never waits itself.
    pub waiting: Option<FlowId>,
    /// Run beside people when danger or a death is told to them; its variable `intencion` gets the meaning, `atendida`
    /// whether an agent is there. It never waits itself.
    pub grave: Option<FlowId>,
    /// Records beside people a right that is claimed to them.
    pub claims: Option<Claims>,
    /// Asks what a picture or document is that came without words and that no question takes.
    pub picture: Option<FlowId>,
    /// What answers, and nothing else, in a chat that is reserved until a person decides.
    pub reserved: Vec<Reserved>,
    /// What an agent may close a protected ticket with, besides what lifts the reservation of its chat; empty = any.
    pub outcomes: Vec<String>,
    /// What tells that a hand-off was for no danger, while nobody has taken it.
    pub corrections: Vec<Correction>,
    /// Where a turn goes that hit a fault or a limit: queue of the hand-off.
    pub fault_queue: String,
    /// After this silence an ended or waiting chat begins anew, and a silenced bot may speak again.
    pub idle: Millis,
    pub texts: BotTexts,
}

/// What the engine itself says.
#[derive(Debug, Clone)]
pub struct BotTexts {
    /// A tap on an option of an older message.
    pub stale: Localised,
    /// Voice notes, pictures … where a text is expected.
    pub not_text: Localised,
    /// A voice note in particular.
    pub voice: Localised,
    /// What WhatsApp could not deliver to us.
    pub unreadable: Localised,
    /// After a fault: a person will go on.
    pub fault: Localised,
    /// The button that opens a list ("Ver opciones").
    pub list_button: Localised,
    /// A greeting in the middle of a question, before the question; without it a greeting there is a miss.
    pub hello: Option<Localised>,
    /// The chat begins anew because another person than before was proved on this phone; without it, it does so silently.
    pub other_person: Option<Localised>,
    /// A card number, password or code was in the message, and was not kept; without it nobody is warned.
    pub secret: Option<Localised>,
    /// An answer about identity that comes in several messages; without it each part is a miss.
    pub part: Option<Localised>,
    /// An acknowledgement ("ok, gracias") that does not accept the terms: what does; without it such words are a miss.
    pub acknowledged: Option<Localised>,
    /// A bare yes behind another text than the terms: before they are asked again. Without it they are asked alone.
    pub terms_again: Option<Localised>,
    /// An answer about a debt may not have come, and is not sent again: how to have it repeated. Without it people decide.
    pub unconfirmed: Option<Localised>,
    /// A wish said before identity is proved is kept for afterwards.
    pub kept: Option<Localised>,
    /// An amount that may mean two: above the button of each. Without it such an amount is no answer.
    pub which_amount: Option<Localised>,
    /// The button beside them ("Otro valor").
    pub other_amount: Option<Localised>,
    /// A day that no month has, where one is asked for; without it that is a miss as any other.
    pub no_such_day: Option<Localised>,
    /// Several days, or one that is named in two ways which do not fit; without it that is a miss as any other.
    pub which_day: Option<Localised>,
    /// What is said to whoever waits, thinks or only passes the time of day: the question stays open, and that is no
    /// miss. Without the text it is one.
    pub in_place: BTreeMap<Intent, Localised>,
    /// The last row of a page when there are more ("Ver más").
    pub more: Localised,
}

/// One text in all its languages; the default language is always there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localised {
    pub by_language: BTreeMap<String, Text>,
    pub default_language: String,
}

#[derive(Debug, Clone)]
pub struct Interrupt {
    pub id: String,
    /// Words and phrases, normalised; matched against the whole message.
    pub phrases: Vec<String>,
    /// Intents of the understanding stage.
    pub intents: Vec<String>,
    pub run: FlowId,
    pub mode: InterruptMode,
    /// Comes before the open step's own answers, and works everywhere.
    pub always: bool,
    /// Also while the person waits for an agent: the person leaves the queue, unless the hand-off is protected.
    pub with_agent: bool,
    /// Beside every hand-off, protected or taken by an agent; the ticket of a protected one stays.
    pub with_protected: bool,
    /// Also in a reserved chat.
    pub reserved: bool,
    /// Its phrases of three words or more count inside a message too.
    pub within: bool,
    /// Only where terms wait for a yes, or were accepted; its longer phrases then count inside a message too.
    pub terms: Option<Terms>,
}

/// How far the terms of the open matter are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Terms {
    /// The open question waits for a yes to them.
    Open,
    /// They were accepted in a flow that is still open, or a short time ago.
    Accepted,
    /// No question waits for a yes to any.
    Closed,
}

/// A chat in which nothing about the debt is said and nobody is asked for proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// As `chat.reservar` names it.
    pub id: String,
    /// In place of the start flow.
    pub run: FlowId,
    /// Outcomes with which an agent who closes the ticket gives the chat back to the bot.
    pub lifted_by: Vec<String>,
}

/// Intents by which a person claims a right, and the flow that records it while people have the chat. Its variable
/// `intencion` gets the intent, `atendida` whether an agent is there, others what the message brings. It never waits itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    pub intents: Vec<String>,
    pub run: FlowId,
}

/// Words that say that a hand-off was for no danger: they are answered, and the ticket stays what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Reasons of the hand-offs that they are about.
    pub reasons: Vec<String>,
    /// Words, normalised; anywhere in the message, not behind a denial.
    pub phrases: Vec<String>,
    pub intents: Vec<String>,
    pub run: FlowId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterruptMode {
    /// The open question is asked again when it ends.
    Stack,
    /// The open matter is dropped.
    Replace,
}

#[derive(Debug, Clone)]
pub struct Flow {
    pub id: FlowId,
    /// Level that must hold on entry and while it runs.
    pub needs: Assurance,
    pub vars: BTreeMap<String, Var>,
    pub start: StepId,
    pub steps: BTreeMap<StepId, Step>,
    /// Named outcomes of its `end` steps.
    pub outcomes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Var {
    pub ty: Type,
    pub label: Label,
    /// Given by the caller (`with`).
    pub input: bool,
    /// `Nothing` for an optional input: it need not be given, and is unset then.
    pub initial: Option<Value>,
}

#[derive(Debug, Clone)]
pub struct Step {
    pub id: StepId,
    pub kind: StepKind,
    /// Which interrupts may come in while it waits; `None` = all. `always` ones may in any case.
    pub interruptible: Option<Vec<String>>,
    /// Where a picture or document that comes while it waits leads; it is kept in the variable `adjunto`.
    pub picture: Option<StepId>,
}

#[derive(Debug, Clone)]
pub enum StepKind {
    Say(Say),
    Ask(Ask),
    Choose(Choose),
    Do(Do),
    Decide(Decide),
    Call(Call),
    Handoff(Handoff),
    Pause(Pause),
    Set(Set),
    End(End),
}

#[derive(Debug, Clone)]
pub struct Say {
    pub text: Localised,
    /// A button that opens a page, e.g. a payment link.
    pub link: Option<Link>,
    pub goto: StepId,
}

#[derive(Debug, Clone)]
pub struct Link {
    pub title: Localised,
    pub url: Text,
}

#[derive(Debug, Clone)]
pub struct Ask {
    pub var: String,
    pub expects: Expects,
    pub text: Localised,
    pub min: Option<Expr>,
    pub max: Option<Expr>,
    /// What one instalment comes to, so that "dos cuotas" is an amount; only for money.
    pub instalment: Option<Expr>,
    /// Less than this is no reading of an amount that may mean two; only for money.
    pub likely_from: Option<Expr>,
    /// Of what "la mitad" is meant, so that it is an amount that is read back; only for money.
    pub part_of: Option<Expr>,
    pub retry: Retry,
    pub wait: Wait,
    pub goto: StepId,
}

/// What an `ask` takes as an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expects {
    /// Up to this many characters, kept as written.
    Text {
        max: usize,
    },
    Int,
    Money,
    Date,
    /// A day that has been; today counts.
    PastDate,
    /// Four characters, from "4821" or "RR01" or from a whole document number.
    DocumentLast4,
    /// Day and month of birth, kept as `MM-DD`.
    BirthDayMonth,
    /// A picture or document; kept as its media id.
    Media,
}

#[derive(Debug, Clone)]
pub struct Choose {
    pub var: String,
    pub text: Localised,
    pub footer: Option<Localised>,
    pub options: Vec<ChoiceOption>,
    /// Options made from a list variable, before the static ones.
    pub each: Option<Each>,
    /// The `ask`s of this flow whose answers may be typed here at once, instead of an option.
    pub typed: Vec<StepId>,
    /// Take the pending intent of the chat's opening as the answer, if an option has it.
    pub use_pending_intent: bool,
    /// Name under which the shown terms are kept.
    pub evidence: Option<String>,
    /// A tap on an older message of this very step counts as today's choice (harmless menus only).
    pub accept_stale: bool,
    /// It asks about somebody's safety: only a tap or very words answer it, and whatever else comes goes to `retry.then`.
    pub safety: bool,
    /// Beside `safety`: where a message leads that holds no sign of danger and answers the question below this one. It
    /// leaves a ticket, and that question is asked again.
    pub below: Option<StepId>,
    pub retry: Retry,
    pub wait: Wait,
    pub goto: Option<StepId>,
}

#[derive(Debug, Clone)]
pub struct ChoiceOption {
    pub id: String,
    pub title: Localised,
    pub description: Option<Localised>,
    pub when: Option<Expr>,
    /// Other words for it, normalised, all languages.
    pub accepts: Vec<String>,
    pub intents: Vec<String>,
    /// It says that the holder writes: a proof that was held back while that was in doubt counts again.
    pub holder: bool,
    /// An age of [`crate::understand::age::ADULT_YEARS`] or more, which whoever writes says is theirs, chooses it.
    pub adult: bool,
    /// Overrides the step's `goto`.
    pub goto: Option<StepId>,
    /// It accepts the step's terms: from here something is recorded on them. Only a tap or a plain yes chooses it.
    pub binds: bool,
}

/// `each: {in: ofertas, as: o, title: …, description: …}`: the chosen element goes into the step's variable.
#[derive(Debug, Clone)]
pub struct Each {
    pub list: Expr,
    pub bind: String,
    pub title: Localised,
    pub description: Option<Localised>,
    pub when: Option<Expr>,
    pub goto: Option<StepId>,
    /// As [`ChoiceOption::binds`], of every element.
    pub binds: bool,
}

#[derive(Debug, Clone)]
pub struct Retry {
    /// The n-th failure gets the n-th text; after the last the step goes to `then`.
    pub texts: Vec<Localised>,
    pub then: StepId,
}

#[derive(Debug, Clone)]
pub struct Wait {
    pub nudge: Option<(Millis, Localised)>,
    pub expire: Millis,
    pub then: StepId,
}

#[derive(Debug, Clone)]
pub struct Do {
    /// Name in the catalogue.
    pub action: String,
    pub with: BTreeMap<String, Expr>,
    /// Action output → variable. A single-output action may be written `into: var`.
    pub into: BTreeMap<String, String>,
    pub once: Option<Text>,
    pub evidence: Option<String>,
    pub on: BTreeMap<String, Route>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    Goto(StepId),
    /// Again at most `retry` times, then `then`.
    Retry {
        retry: u32,
        then: StepId,
    },
}

#[derive(Debug, Clone)]
pub struct Decide {
    pub cases: Vec<(Expr, StepId)>,
    pub otherwise: StepId,
}

#[derive(Debug, Clone)]
pub struct Call {
    pub flow: FlowId,
    pub with: BTreeMap<String, Expr>,
    /// Variable of the called flow → variable here, copied when it ends.
    pub into: BTreeMap<String, String>,
    pub on: BTreeMap<String, StepId>,
}

#[derive(Debug, Clone)]
pub struct Handoff {
    pub queue: String,
    /// `urgent`, `high`, `normal`, `low`.
    pub priority: String,
    /// Short code for reports, e.g. `asked_for_person`.
    pub reason: String,
    /// For the agent.
    pub note: Option<Text>,
    /// What the person hears at once.
    pub text: Localised,
    /// No word of the person closes its ticket: somebody may be in danger, or in mourning, or has a claim.
    pub protected: bool,
    /// Beside it an agent speaks of no debt and of no payment.
    pub quiet: bool,
    pub returned: StepId,
    pub closed: StepId,
}

#[derive(Debug, Clone)]
pub struct Pause {
    pub length: Millis,
    /// When the time is over.
    pub goto: StepId,
    /// When the person writes something that no interrupt takes.
    pub on_message: StepId,
}

#[derive(Debug, Clone)]
pub struct Set {
    pub values: Vec<(String, Expr)>,
    pub goto: StepId,
}

#[derive(Debug, Clone)]
pub struct End {
    pub outcome: String,
}
