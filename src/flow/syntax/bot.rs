//! The files: `bot.yaml`, a flow, a locale.

use crate::flow::source::{Node, Scalar};
use crate::flow::syntax::read::{Fields, Reader};
use crate::flow::syntax::steps::{retry, step, wait};
use crate::flow::syntax::{
    BotSyntax, ClaimsSyntax, CorrectionSyntax, FlowSyntax, InterruptSyntax, LocaleSyntax, ReservedSyntax,
    RetrySyntax, TranslationSyntax, VarSyntax, WaitSyntax,
};

const FLOW_KEYS: [&str; 6] = ["flow", "about", "needs", "vars", "start", "steps"];
const VAR_KEYS: [&str; 6] = ["type", "of", "input", "optional", "label", "initial"];
const BOT_KEYS: [&str; 19] = [
    "bot",
    "about",
    "start",
    "language",
    "languages",
    "idle",
    "doubt",
    "reverify",
    "waiting",
    "grave",
    "claims",
    "picture",
    "reserved",
    "outcomes",
    "corrections",
    "fault",
    "interrupts",
    "defaults",
    "texts",
];
const INTERRUPT_KEYS: [&str; 11] = [
    "id",
    "phrases",
    "intents",
    "run",
    "mode",
    "always",
    "with_agent",
    "with_protected",
    "reserved",
    "within",
    "terms",
];
const CORRECTION_KEYS: [&str; 4] = ["reasons", "phrases", "intents", "run"];
const RESERVED_KEYS: [&str; 3] = ["id", "run", "lifted_by"];

/// Reads a flow file.
pub fn flow_file(reader: &mut Reader, node: &Node) -> Option<FlowSyntax> {
    let fields = reader.fields(node, top(node), "a flow", &FLOW_KEYS)?;
    let id = reader.required(fields, "a flow", "flow", "begin with `flow: <name of the file>`");
    reader.optional(fields, "about");
    let needs = reader.optional(fields, "needs");
    let vars = vars(reader, fields);
    let start = reader.required(fields, "a flow", "start", "name the first step: `start: <step>`");
    let mut steps = Vec::new();
    match fields.get("steps") {
        None => reader.missing(fields.span, "a flow", "steps", "write its steps under `steps:`"),
        Some(node) => {
            for (name, node) in reader.entries(node, "`steps`").unwrap_or_default() {
                steps.extend(step(reader, name, node));
            }
        }
    }
    Some(FlowSyntax { id: id?, needs, vars, start: start?, steps })
}

/// Where to point when the file as a whole lacks something: its first key.
fn top(node: &Node) -> crate::flow::diagnostic::Span {
    use crate::flow::source::NodeKind;
    match &node.kind {
        NodeKind::Map(entries) => entries.first().map_or(node.span, |(key, _)| key.span),
        NodeKind::Null | NodeKind::Scalar(_) | NodeKind::Seq(_) => node.span,
    }
}

fn vars(reader: &mut Reader, fields: Fields<'_>) -> Vec<VarSyntax> {
    let Some(node) = fields.get("vars") else { return Vec::new() };
    let Some(entries) = reader.entries(node, "`vars`") else { return Vec::new() };
    entries.iter().filter_map(|(name, node)| var(reader, name, node)).collect()
}

fn var(reader: &mut Reader, name: &Scalar, node: &Node) -> Option<VarSyntax> {
    let fields = reader.fields(node, name.span, "a variable", &VAR_KEYS)?;
    let ty = reader.required(fields, "a variable", "type", "for instance `{type: text}`");
    let of = fields.get("of").map(|_| reader.scalars(fields, "of"));
    let input = reader.flag(fields, "input");
    let optional = reader.flag(fields, "optional");
    let label = reader.optional(fields, "label");
    let initial = reader.optional(fields, "initial");
    Some(VarSyntax { name: name.clone(), ty: ty?, of, input, optional, label, initial })
}

/// Reads `bot.yaml`.
pub fn bot_file(reader: &mut Reader, node: &Node) -> Option<BotSyntax> {
    const WHAT: &str = "bot.yaml";
    let fields = reader.fields(node, top(node), WHAT, &BOT_KEYS)?;
    reader.required(fields, WHAT, "bot", "begin with `bot: <name>`");
    let start = reader.required(fields, WHAT, "start", "name the flow that a chat begins with");
    let language =
        reader.required(fields, WHAT, "language", "the language of the texts in flows: `es`, `pt` or `en`");
    let languages = reader.scalars(fields, "languages");
    let idle = match fields.get("idle") {
        Some(_) => reader.duration(fields, "idle"),
        None => {
            reader.missing(fields.span, WHAT, "idle", "after this silence a chat begins anew: `idle: 12h`");
            None
        }
    };
    let doubt = reader.optional(fields, "doubt");
    let reverify = reader.optional(fields, "reverify");
    let waiting = reader.optional(fields, "waiting");
    let grave = reader.optional(fields, "grave");
    let claims = claims(reader, fields);
    let picture = reader.optional(fields, "picture");
    let reserved = reserved(reader, fields);
    let outcomes = reader.scalars(fields, "outcomes");
    let corrections = corrections(reader, fields);
    let fault_queue = fault_queue(reader, fields);
    let interrupts = interrupts(reader, fields);
    let (retry, wait) = defaults(reader, fields);
    let texts = reader.pairs(fields, "texts");
    let texts_at = fields.entry("texts").map_or(fields.span, |(key, _)| key.span);
    Some(BotSyntax {
        start: start?,
        language: language?,
        languages,
        idle: idle?,
        doubt,
        reverify,
        waiting,
        grave,
        claims,
        picture,
        reserved,
        outcomes,
        corrections,
        fault_queue: fault_queue?,
        interrupts,
        retry,
        wait,
        texts,
        texts_at,
    })
}

fn fault_queue(reader: &mut Reader, fields: Fields<'_>) -> Option<Scalar> {
    const HELP: &str = "where a chat goes when something breaks: `fault: {queue: cobranzas}`";
    let Some((key, node)) = fields.entry("fault") else {
        reader.missing(fields.span, "bot.yaml", "fault", HELP);
        return None;
    };
    let fault = reader.fields(node, key.span, "`fault`", &["queue"])?;
    reader.required(fault, "`fault`", "queue", HELP)
}

fn interrupts(reader: &mut Reader, fields: Fields<'_>) -> Vec<InterruptSyntax> {
    let Some(node) = fields.get("interrupts") else { return Vec::new() };
    let Some(items) = reader.list(node, "`interrupts`") else { return Vec::new() };
    items.iter().filter_map(|item| interrupt(reader, item)).collect()
}

fn interrupt(reader: &mut Reader, node: &Node) -> Option<InterruptSyntax> {
    const WHAT: &str = "an interrupt";
    let fields = reader.fields(node, top(node), WHAT, &INTERRUPT_KEYS)?;
    let id = reader.required(fields, WHAT, "id", "a name of its own, for `interruptible` and the event log");
    let phrases = reader.scalars(fields, "phrases");
    let intents = reader.scalars(fields, "intents");
    let run = reader.required(fields, WHAT, "run", "the flow that takes over");
    let mode = reader.required(
        fields,
        WHAT,
        "mode",
        "`stack` asks the open question again afterwards, `replace` drops it",
    );
    let always = reader.flag(fields, "always");
    let with_agent = reader.flag(fields, "with_agent");
    let with_protected = reader.flag(fields, "with_protected");
    let reserved = reader.flag(fields, "reserved");
    let within = reader.flag(fields, "within");
    let terms = reader.optional(fields, "terms");
    Some(InterruptSyntax {
        id: id?,
        phrases,
        intents,
        run: run?,
        mode: mode?,
        always,
        with_agent,
        with_protected,
        reserved,
        within,
        terms,
    })
}

fn reserved(reader: &mut Reader, fields: Fields<'_>) -> Vec<ReservedSyntax> {
    const WHAT: &str = "an item of `reserved`";
    let Some(node) = fields.get("reserved") else { return Vec::new() };
    let Some(items) = reader.list(node, "`reserved`") else { return Vec::new() };
    let item = |item: &Node| {
        let fields = reader.fields(item, top(item), WHAT, &RESERVED_KEYS)?;
        let id = reader.required(fields, WHAT, "id", "for whom `chat.reservar` keeps the chat");
        let run = reader.required(fields, WHAT, "run", "the flow that answers meanwhile");
        let lifted_by = reader.scalars(fields, "lifted_by");
        Some(ReservedSyntax { id: id?, run: run?, lifted_by })
    };
    items.iter().filter_map(item).collect()
}

fn claims(reader: &mut Reader, fields: Fields<'_>) -> Option<ClaimsSyntax> {
    const WHAT: &str = "`claims`";
    let (key, node) = fields.entry("claims")?;
    let fields = reader.fields(node, key.span, WHAT, &["intents", "run"])?;
    let intents = reader.scalars(fields, "intents");
    let run = reader.required(fields, WHAT, "run", "the flow that records them beside people");
    Some(ClaimsSyntax { intents, run: run? })
}

fn corrections(reader: &mut Reader, fields: Fields<'_>) -> Vec<CorrectionSyntax> {
    const WHAT: &str = "an item of `corrections`";
    let Some(node) = fields.get("corrections") else { return Vec::new() };
    let Some(items) = reader.list(node, "`corrections`") else { return Vec::new() };
    let item = |item: &Node| {
        let fields = reader.fields(item, top(item), WHAT, &CORRECTION_KEYS)?;
        let reasons = reader.scalars(fields, "reasons");
        let (phrases, intents) = (reader.scalars(fields, "phrases"), reader.scalars(fields, "intents"));
        let run = reader.required(fields, WHAT, "run", "the flow that answers them");
        Some(CorrectionSyntax { reasons, phrases, intents, run: run? })
    };
    items.iter().filter_map(item).collect()
}

fn defaults(reader: &mut Reader, fields: Fields<'_>) -> (RetrySyntax, WaitSyntax) {
    let Some((key, node)) = fields.entry("defaults") else { return Default::default() };
    let Some(fields) = reader.fields(node, key.span, "`defaults`", &["retry", "wait"]) else {
        return Default::default();
    };
    (retry(reader, fields).unwrap_or_default(), wait(reader, fields).unwrap_or_default())
}

/// Reads a file of `locales/`.
pub fn locale_file(reader: &mut Reader, node: &Node) -> Option<LocaleSyntax> {
    let fields = reader.fields(node, top(node), "a locale", &["language", "texts"])?;
    let language = reader.required(fields, "a locale", "language", "for instance `language: pt`");
    let mut texts = Vec::new();
    if let Some(node) = fields.get("texts") {
        for (key, node) in reader.entries(node, "`texts`").unwrap_or_default() {
            texts.extend(translation(reader, key, node));
        }
    }
    Some(LocaleSyntax { language: language?, texts })
}

fn translation(reader: &mut Reader, key: &Scalar, node: &Node) -> Option<TranslationSyntax> {
    use crate::flow::source::NodeKind;
    if let NodeKind::Map(_) = node.kind {
        let fields = reader.fields(node, key.span, "a translation", &["text", "source"])?;
        let text = reader.required(fields, "a translation", "text", "the translated text");
        let source = reader.optional(fields, "source");
        return Some(TranslationSyntax { key: key.clone(), text: text?, source });
    }
    let text = reader.scalar(node, "a translation")?;
    Some(TranslationSyntax { key: key.clone(), text, source: None })
}
