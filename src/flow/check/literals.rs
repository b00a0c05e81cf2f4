//! What the bot tells of the lender, of a debt or of an offer comes from where it is kept: a number, a page, an amount or
//! a discount that is typed into a text is nobody's promise, and goes on when the lender's own changes.

use crate::flow::check::texts::{bot_texts, texts};
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding, Span};
use crate::flow::expr::Expr;
use crate::flow::model::{Localised, StepKind};
use crate::flow::text::closing::{given_away, sentences};
use crate::flow::text::{Part, Text};
use regex::Regex;
use std::sync::LazyLock;

/// A kind of fact that no text may hold, and what to write instead.
struct Kind {
    pattern: &'static LazyLock<Option<Regex>>,
    what: &'static str,
    remedy: &'static str,
}

static AMOUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:\$|s/)\s?\d|\b\d[\d.,]*\s?(?:pesos|reais|soles|cop|mxn|usd|brl)\b").ok()
});
static SHARE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\d+(?:[.,]\d+)?\s?%").ok());
static PAGE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)https?://\S*|\bwww\.\S+|\b[\w.+-]+@\w[\w.-]+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|co|net|org|ly|me|io|app|link|info|biz|mx|br|cl|ar|pe|gov|shop|site|page|example)\b(?:/\S*)?",
    )
    .ok()
});
/// Seven digits and more: a phone, an account, a wallet.
static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\+?\d(?:[\s().-]{0,2}\d){6,}").ok());

static KINDS: [Kind; 4] = [
    Kind {
        pattern: &AMOUNT,
        what: "an amount",
        remedy: "use the placeholder: `{oferta.total|money}`, `{deuda.vencido|money}`",
    },
    Kind {
        pattern: &SHARE,
        what: "a percentage",
        remedy: "use the placeholder: `{oferta.descuento|money}`, `{oferta.tasa_mensual|percent}`",
    },
    Kind {
        pattern: &PAGE,
        what: "a page or an address",
        remedy: "use the placeholder: `{prestamista.web}`, `{prestamista.correo}`; a payment link comes from `pago.enlace`",
    },
    Kind {
        pattern: &NUMBER,
        what: "the number of a phone or an account",
        remedy: "use the placeholder: `{prestamista.telefono}`; where to pay comes from `pago.medios`",
    },
];

const WAIVED_REMEDY: &str = "only an offer waives something: show `{oferta.descuento|money}` of one";

pub fn check(compiled: &Compiled, findings: &mut Vec<Finding>) {
    for flow in compiled.flows.values() {
        for step in flow.steps.values().filter(|step| !step.id.as_str().starts_with('@')) {
            for (field, _, text) in texts(step) {
                let place = |key: &str| compiled.places.field(&flow.id, step.id.as_str(), key);
                let what = format!("`{field}` of step `{}`", step.id);
                findings.extend(of_text(compiled, &what, &field, text, place));
            }
            if let StepKind::Say(say) = &step.kind
                && let Some(link) = say.link.as_ref().filter(|link| !has_slot(&link.url))
            {
                let place = compiled.places.field(&flow.id, step.id.as_str(), "link.url");
                let page = literals(&link.url).collect::<String>();
                findings.push(finding(place, &format!("`link.url` of step `{}`", step.id), &KINDS[2], &page));
            }
        }
    }
    for (name, text) in bot_texts(&compiled.bot) {
        let key = format!("bot.texts.{name}");
        let place = |field: &str| compiled.places.find(field);
        findings.extend(of_text(compiled, &format!("`{name}` of bot.yaml"), &key, text, place));
    }
}

fn of_text(
    compiled: &Compiled,
    what: &str,
    field: &str,
    text: &Localised,
    place: impl Fn(&str) -> Span,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (language, text) in &text.by_language {
        let suffix = if *language == compiled.bot.language { String::new() } else { format!("@{language}") };
        let at = place(&format!("{field}{suffix}"));
        if let Some((kind, said)) = literal_fact(text) {
            findings.push(finding(at, what, kind, &said));
        }
        if let Some(said) = waived(text) {
            findings.push(
                Finding::new(Code::LiteralFact, at, format!("{what} gives something away: “{said}”"))
                    .label("no offer says this")
                    .help(WAIVED_REMEDY),
            );
        }
    }
    findings
}

fn finding(at: Span, what: &str, kind: &Kind, said: &str) -> Finding {
    Finding::new(Code::LiteralFact, at, format!("{what} holds {}: “{said}”", kind.what))
        .label("typed into the text")
        .help(kind.remedy)
}

/// The first fact that is typed into a text: what it is, its words, and what to write instead.
pub fn typed(text: &Text) -> Option<(&'static str, String, &'static str)> {
    literal_fact(text).map(|(kind, said)| (kind.what, said, kind.remedy))
}

/// The first fact that stands in the words of a text.
fn literal_fact(text: &Text) -> Option<(&'static Kind, String)> {
    literals(text).find_map(|literal| {
        KINDS.iter().find_map(|kind| {
            let found = kind.pattern.as_ref()?.find(literal)?;
            Some((kind, found.as_str().to_owned()))
        })
    })
}

fn literals(text: &Text) -> impl Iterator<Item = &str> {
    text.parts.iter().filter_map(|part| match part {
        Part::Literal(literal) => Some(literal.as_str()),
        Part::Slot { .. } => None,
    })
}

fn has_slot(text: &Text) -> bool {
    text.parts.iter().any(|part| matches!(part, Part::Slot { .. }))
}

/// Words that waive something in a sentence that shows no discount of an offer.
fn waived(text: &Text) -> Option<String> {
    let is_discount = |value: &&Expr| matches!(value, Expr::Path(path) if path.last().is_some_and(|field| field == "descuento"));
    sentences(text).into_iter().find_map(|sentence| {
        let said = given_away(&sentence.words)?;
        (!sentence.shows.iter().any(is_discount)).then_some(said)
    })
}
