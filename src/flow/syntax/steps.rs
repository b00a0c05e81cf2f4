//! Steps: exactly one kind each, with the keys of that kind.

use crate::flow::diagnostic::{Code, Finding, nearest};
use crate::flow::source::{Node, NodeKind, Scalar};
use crate::flow::syntax::read::{Fields, Reader};
use crate::flow::syntax::{
    AskSyntax, CallSyntax, ChooseSyntax, DoSyntax, EachSyntax, HandoffSyntax, IntoSyntax, KindSyntax,
    LinkSyntax, OptionSyntax, RetrySyntax, RouteSyntax, StepSyntax, WaitSyntax,
};

/// The ten kinds, in the order of the documentation.
pub const KINDS: [&str; 10] =
    ["say", "ask", "choose", "do", "decide", "call", "handoff", "pause", "set", "end"];

/// The keys that a kind takes besides its own.
const fn other_keys(kind: &str) -> &'static [&'static str] {
    match kind.as_bytes() {
        b"say" => &["link", "goto"],
        b"ask" => &[
            "expects",
            "text",
            "min",
            "max",
            "instalment",
            "likely_from",
            "part_of",
            "retry",
            "wait",
            "goto",
            "interruptible",
            "picture",
        ],
        b"choose" => &[
            "text",
            "footer",
            "options",
            "each",
            "typed",
            "use_pending_intent",
            "evidence",
            "stale",
            "safety",
            "below",
            "retry",
            "wait",
            "goto",
            "interruptible",
            "picture",
        ],
        b"do" => &["with", "into", "once", "evidence", "on"],
        b"call" => &["with", "into", "on"],
        b"handoff" => &["priority", "reason", "note", "text", "protected", "quiet", "on"],
        b"pause" => &["goto", "on_message", "interruptible"],
        b"set" => &["goto"],
        _ => &[],
    }
}

const GOTO: &str = "name the next step: `goto: <step>`";
const OPTION_KEYS: [&str; 8] =
    ["title", "description", "if", "accepts", "intents", "holder", "adult", "goto"];
const EACH_KEYS: [&str; 6] = ["in", "as", "title", "description", "if", "goto"];

/// Reads one step.
pub fn step(reader: &mut Reader, name: &Scalar, node: &Node) -> Option<StepSyntax> {
    let entries = reader.entries(node, &format!("step `{}`", name.text))?;
    let kinds: Vec<&Scalar> =
        entries.iter().map(|(key, _)| key).filter(|key| KINDS.contains(&key.text.as_str())).collect();
    let kind = match kinds.as_slice() {
        [kind] => kind.text.as_str(),
        [] => {
            reader.report(no_kind(name, entries));
            return None;
        }
        [first, second, ..] => {
            let message = format!("step `{}` is both `{}` and `{}`", name.text, first.text, second.text);
            reader.report(
                Finding::new(Code::StepKind, second.span, message)
                    .label("second kind")
                    .related(first.span, "first kind")
                    .help("a step does one thing: make two steps and join them with `goto`"),
            );
            return None;
        }
    };
    let what = format!("a `{kind}` step");
    let mut known = vec![kind];
    known.extend(other_keys(kind));
    let fields = reader.fields(node, name.span, &what, &known)?;
    let interruptible = fields.get("interruptible").map(|_| reader.scalars(fields, "interruptible"));
    let picture = reader.optional(fields, "picture");
    let kind = read_kind(reader, kind, &what, fields)?;
    Some(StepSyntax { name: name.clone(), kind, interruptible, picture })
}

fn no_kind(name: &Scalar, entries: &[(Scalar, Node)]) -> Finding {
    let near = entries.iter().find_map(|(key, _)| nearest(&key.text, KINDS).map(|kind| (key, kind)));
    let finding = |span| Finding::new(Code::StepKind, span, format!("step `{}` does nothing", name.text));
    match near {
        Some((key, kind)) => {
            finding(key.span).label("not a kind of step").help(format!("did you mean `{kind}`?"))
        }
        None => finding(name.span)
            .label("no kind")
            .help(format!("give it exactly one of {}", KINDS.map(|kind| format!("`{kind}`")).join(", "))),
    }
}

fn read_kind(reader: &mut Reader, kind: &str, what: &str, fields: Fields<'_>) -> Option<KindSyntax> {
    match kind {
        "say" => {
            let text = reader.required(fields, what, "say", "");
            let link = link(reader, fields);
            let goto = reader.required(fields, what, "goto", GOTO);
            Some(KindSyntax::Say { text: text?, link, goto: goto? })
        }
        "ask" => ask(reader, what, fields).map(|ask| KindSyntax::Ask(Box::new(ask))),
        "choose" => choose(reader, what, fields).map(|choose| KindSyntax::Choose(Box::new(choose))),
        "do" => action(reader, what, fields).map(|action| KindSyntax::Do(Box::new(action))),
        "decide" => decide(reader, fields),
        "call" => {
            let flow = reader.required(fields, what, "call", "");
            let (with, into) = (reader.pairs(fields, "with"), reader.pairs(fields, "into"));
            let on = reader.pairs(fields, "on");
            Some(KindSyntax::Call(Box::new(CallSyntax { flow: flow?, with, into, on })))
        }
        "handoff" => {
            let queue = reader.required(fields, what, "handoff", "");
            let (priority, reason) = (reader.optional(fields, "priority"), reader.optional(fields, "reason"));
            let (note, text) = (reader.optional(fields, "note"), reader.optional(fields, "text"));
            let [protected, quiet] = ["protected", "quiet"].map(|flag| reader.flag(fields, flag));
            let on = reader.pairs(fields, "on");
            let handoff = HandoffSyntax { queue: queue?, priority, reason, note, text, protected, quiet, on };
            Some(KindSyntax::Handoff(Box::new(handoff)))
        }
        "pause" => {
            let length = reader.duration(fields, "pause");
            let goto = reader.required(fields, what, "goto", GOTO);
            let on_message = reader.optional(fields, "on_message");
            Some(KindSyntax::Pause { length: length?, goto: goto?, on_message })
        }
        "set" => {
            let values = reader.pairs(fields, "set");
            let goto = reader.required(fields, what, "goto", GOTO);
            Some(KindSyntax::Set { values, goto: goto? })
        }
        _ => reader.required(fields, what, "end", "").map(|outcome| KindSyntax::End { outcome }),
    }
}

fn link(reader: &mut Reader, fields: Fields<'_>) -> Option<LinkSyntax> {
    let (key, node) = fields.entry("link")?;
    let fields = reader.fields(node, key.span, "`link`", &["title", "url"])?;
    let title = reader.required(fields, "`link`", "title", "the words on the button");
    let url = reader.required(fields, "`link`", "url", "where the button leads");
    Some(LinkSyntax { title: title?, url: url? })
}

fn ask(reader: &mut Reader, what: &str, fields: Fields<'_>) -> Option<AskSyntax> {
    let var = reader.required(fields, what, "ask", "");
    let expects = reader.required(
        fields,
        what,
        "expects",
        "one of `text`, `int`, `money`, `date`, `past_date`, `document_last4`, `birth_day_month`, `media`",
    );
    let text = reader.required(fields, what, "text", "the question");
    let (min, max) = (reader.optional(fields, "min"), reader.optional(fields, "max"));
    let instalment = reader.optional(fields, "instalment");
    let likely_from = reader.optional(fields, "likely_from");
    let part_of = reader.optional(fields, "part_of");
    let (retry, wait) = (retry(reader, fields), wait(reader, fields));
    let goto = reader.required(fields, what, "goto", GOTO)?;
    Some(AskSyntax {
        var: var?,
        expects: expects?,
        text: text?,
        min,
        max,
        instalment,
        likely_from,
        part_of,
        retry,
        wait,
        goto,
    })
}

fn choose(reader: &mut Reader, what: &str, fields: Fields<'_>) -> Option<ChooseSyntax> {
    let var = reader.required(fields, what, "choose", "");
    let text = reader.required(fields, what, "text", "the question");
    let footer = reader.optional(fields, "footer");
    let options = options(reader, fields);
    let each = each(reader, fields);
    let typed = reader.one_or_more(fields, "typed");
    if options.is_empty() && each.is_none() && fields.get("options").is_none() && fields.get("each").is_none()
    {
        reader.missing(
            fields.span,
            what,
            "options",
            "write the answers under `options:`, or make them with `each:`",
        );
    }
    let use_pending_intent = reader.flag(fields, "use_pending_intent");
    let evidence = reader.optional(fields, "evidence");
    let stale = reader.optional(fields, "stale");
    if let Some(stale) = stale.as_ref().filter(|stale| stale.text != "accept") {
        let finding = Finding::new(Code::BadValue, stale.span, "`stale` can only be `accept`")
            .help("leave it out to ask again when someone taps an old message");
        reader.report(finding);
    }
    let safety = reader.flag(fields, "safety");
    let below = reader.optional(fields, "below");
    let (retry, wait) = (retry(reader, fields), wait(reader, fields));
    let goto = reader.optional(fields, "goto");
    Some(ChooseSyntax {
        var: var?,
        text: text?,
        footer,
        options,
        each,
        typed,
        use_pending_intent,
        evidence,
        accept_stale: stale.is_some(),
        safety,
        below,
        retry,
        wait,
        goto,
    })
}

fn options(reader: &mut Reader, fields: Fields<'_>) -> Vec<OptionSyntax> {
    let Some(node) = fields.get("options") else { return Vec::new() };
    let Some(entries) = reader.entries(node, "`options`") else { return Vec::new() };
    entries.iter().filter_map(|(id, node)| option(reader, id, node)).collect()
}

fn option(reader: &mut Reader, id: &Scalar, node: &Node) -> Option<OptionSyntax> {
    let fields = reader.fields(node, id.span, "an option", &OPTION_KEYS)?;
    let title = reader.required(fields, "an option", "title", "the words on the button");
    let description = reader.optional(fields, "description");
    let when = reader.optional(fields, "if");
    let (accepts, intents) = (reader.scalars(fields, "accepts"), reader.scalars(fields, "intents"));
    let holder = reader.flag(fields, "holder");
    let adult = reader.flag(fields, "adult");
    let goto = reader.optional(fields, "goto");
    let (id, title) = (id.clone(), title?);
    Some(OptionSyntax { id, title, description, when, accepts, intents, holder, adult, goto })
}

fn each(reader: &mut Reader, fields: Fields<'_>) -> Option<EachSyntax> {
    let (key, node) = fields.entry("each")?;
    let fields = reader.fields(node, key.span, "`each`", &EACH_KEYS)?;
    let list = reader.required(fields, "`each`", "in", "the list: `in: ofertas`");
    let bind = reader.required(fields, "`each`", "as", "a name for one of them: `as: o`");
    let title = reader.required(fields, "`each`", "title", "the words on the button");
    let description = reader.optional(fields, "description");
    let (when, goto) = (reader.optional(fields, "if"), reader.optional(fields, "goto"));
    Some(EachSyntax { list: list?, bind: bind?, title: title?, description, when, goto })
}

/// `retry: {texts: […], then: STEP}`.
pub fn retry(reader: &mut Reader, fields: Fields<'_>) -> Option<RetrySyntax> {
    let (key, node) = fields.entry("retry")?;
    let fields = reader.fields(node, key.span, "`retry`", &["texts", "then"])?;
    let texts = fields.get("texts").map(|_| reader.scalars(fields, "texts"));
    let then = reader.optional(fields, "then");
    Some(RetrySyntax { texts, then })
}

/// `wait: {nudge: 4h, nudge_text: …, expire: 20h, then: STEP}`.
pub fn wait(reader: &mut Reader, fields: Fields<'_>) -> Option<WaitSyntax> {
    let (key, node) = fields.entry("wait")?;
    let fields = reader.fields(node, key.span, "`wait`", &["nudge", "nudge_text", "expire", "then"])?;
    let nudge = reader.duration(fields, "nudge");
    let nudge_text = reader.optional(fields, "nudge_text");
    let expire = reader.duration(fields, "expire");
    let then = reader.optional(fields, "then");
    Some(WaitSyntax { nudge, nudge_text, expire, then })
}

fn action(reader: &mut Reader, what: &str, fields: Fields<'_>) -> Option<DoSyntax> {
    let action = reader.required(fields, what, "do", "");
    let with = reader.pairs(fields, "with");
    let into = fields.get("into").and_then(|node| match node.kind {
        NodeKind::Map(_) => Some(IntoSyntax::Each(reader.pairs(fields, "into"))),
        NodeKind::Null | NodeKind::Scalar(_) | NodeKind::Seq(_) => {
            reader.scalar(node, "`into`").map(IntoSyntax::Only)
        }
    });
    let (once, evidence) = (reader.optional(fields, "once"), reader.optional(fields, "evidence"));
    let mut on = Vec::new();
    if let Some(node) = fields.get("on") {
        for (outcome, node) in reader.entries(node, "`on`").unwrap_or_default() {
            on.extend(route(reader, outcome, node).map(|route| (outcome.clone(), route)));
        }
    }
    Some(DoSyntax { action: action?, with, into, once, evidence, on })
}

fn route(reader: &mut Reader, outcome: &Scalar, node: &Node) -> Option<RouteSyntax> {
    const RETRY_MAX: u32 = 5;
    let NodeKind::Map(_) = node.kind else {
        return reader.scalar(node, &format!("`{}`", outcome.text)).map(RouteSyntax::Goto);
    };
    let fields = reader.fields(node, outcome.span, "a route", &["retry", "then"])?;
    let then = reader.required(fields, "a route", "then", "the step after the last try");
    let Some(node) = fields.get("retry") else {
        reader.missing(
            fields.span,
            "a route",
            "retry",
            "how many times to try again: `{retry: 1, then: asesor}`",
        );
        return None;
    };
    let retry = reader.number(node, "`retry`", 0, RETRY_MAX);
    Some(RouteSyntax::Retry { retry: retry?, then: then? })
}

fn decide(reader: &mut Reader, fields: Fields<'_>) -> Option<KindSyntax> {
    const HELP: &str = "end the list with `- {else: <step>}`";
    let items = reader.list(fields.get("decide")?, "`decide`")?;
    let mut cases = Vec::new();
    let mut otherwise = None;
    for item in items {
        let at = item.span;
        let Some(case) = reader.fields(item, at, "a branch", &["if", "goto", "else"]) else { continue };
        if let Some((key, node)) = case.entry("else") {
            if otherwise.is_some() || case.get("if").is_some() || case.get("goto").is_some() {
                let message = "`else` stands alone, once, at the end";
                reader.report(Finding::new(Code::WrongShape, key.span, message).help(HELP));
            }
            otherwise = reader.scalar(node, "`else`");
            continue;
        }
        if otherwise.is_some() {
            let message = "a branch after `else` is never taken";
            reader.report(Finding::new(Code::WrongShape, at, message).help(HELP));
        }
        let when = reader.required(case, "a branch", "if", "the condition");
        let goto = reader.required(case, "a branch", "goto", GOTO);
        cases.extend(when.zip(goto));
    }
    if otherwise.is_none() {
        reader.missing(fields.span, "a `decide` step", "else", HELP);
    }
    Some(KindSyntax::Decide { cases, otherwise: otherwise? })
}
