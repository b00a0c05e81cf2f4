//! How texts read: calm, short, one thing at a time.

use crate::domain::assurance::Assurance;
use crate::flow::check::texts::{Use, bot_texts, texts};
use crate::flow::compile::Compiled;
use crate::flow::diagnostic::{Code, Finding, Span};
use crate::flow::text::{Part, Text};
use crate::rules::lint::{Author, Lint};

/// Paragraphs of one message that people with little time or practice still read.
const PARAGRAPHS_MAX: usize = 3;
const EMOJI_MAX: usize = 1;
/// Letters in a run of at least two words in capitals; shorter runs are names and abbreviations (NIT, PSE).
const SHOUTED_LETTERS_MIN: usize = 9;

pub fn check(compiled: &Compiled, wording: &Lint, findings: &mut Vec<Finding>) {
    of_bot(compiled, wording, findings);
    for flow in compiled.flows.values() {
        for step in flow.steps.values().filter(|step| !step.id.as_str().starts_with('@')) {
            for (field, used, text) in texts(step) {
                for (language, text) in &text.by_language {
                    let suffix = if *language == compiled.bot.language {
                        String::new()
                    } else {
                        format!("@{language}")
                    };
                    let key = format!("{field}{suffix}");
                    let place = || compiled.places.field(&flow.id, step.id.as_str(), &key);
                    let what = format!("`{field}` of step `{}`", step.id);
                    let text = words(text);
                    findings.extend(style(&text, used, &what, place));
                    findings.extend(wording.check(&text, Author::Bot, flow.needs).into_iter().map(|hit| {
                        Finding::new(Code::Wording, place(), format!("{what}: {}", hit.title))
                            .label(format!("{}: “{}”", hit.class, hit.phrase))
                            .help(hit.remedy)
                    }));
                }
            }
        }
    }
}

fn of_bot(compiled: &Compiled, wording: &Lint, findings: &mut Vec<Finding>) {
    for (name, text) in bot_texts(&compiled.bot) {
        for (language, text) in &text.by_language {
            let suffix =
                if *language == compiled.bot.language { String::new() } else { format!("@{language}") };
            let place = || compiled.places.find(&format!("bot.texts.{name}{suffix}"));
            let (what, text) = (format!("`{name}` of bot.yaml"), words(text));
            findings.extend(style(&text, Use::Body, &what, place));
            findings.extend(wording.check(&text, Author::Bot, Assurance::Ninguna).into_iter().map(|hit| {
                Finding::new(Code::Wording, place(), format!("{what}: {}", hit.title))
                    .label(format!("{}: “{}”", hit.class, hit.phrase))
                    .help(hit.remedy)
            }));
        }
    }
}

/// The text with a neutral word for each value.
fn words(text: &Text) -> String {
    text.parts
        .iter()
        .map(|part| match part {
            Part::Literal(literal) => literal.as_str(),
            Part::Slot { .. } => "x",
        })
        .collect()
}

fn style(text: &str, used: Use, what: &str, place: impl Fn() -> Span) -> Vec<Finding> {
    let mut findings = Vec::new();
    let paragraphs = text.split("\n\n").filter(|part| !part.trim().is_empty()).count();
    if used == Use::Body && paragraphs > PARAGRAPHS_MAX {
        findings.push(
            Finding::new(Code::TooManyParagraphs, place(), format!("{what} has {paragraphs} paragraphs"))
                .label(format!("at most {PARAGRAPHS_MAX} are read"))
                .help("say one thing, then ask one thing"),
        );
    }
    let emoji = text.chars().filter(|c| is_emoji(*c)).count();
    if emoji > EMOJI_MAX {
        findings.push(
            Finding::new(Code::TooManyEmoji, place(), format!("{what} has {emoji} emoji"))
                .label(format!("at most {EMOJI_MAX}"))
                .help("about money people want plain words"),
        );
    }
    if let Some((shown, help)) = quotes_shown(text) {
        findings.push(
            Finding::new(
                Code::QuotesShown,
                place(),
                format!("{what} shows marks that were meant for the file"),
            )
            .label(format!("people read {shown}"))
            .help(help),
        );
    }
    if let Some(shouted) = shouted(text) {
        findings.push(
            Finding::new(Code::Shouts, place(), format!("{what} shouts"))
                .label(format!("“{shouted}” is in capitals"))
                .help("write it in small letters; `*bold*` gives weight without shouting"),
        );
    }
    findings
}

/// Marks of the file that YAML takes for text: `\n` between single quotes or none, and typographic quotes as if they were
/// the file's own.
fn quotes_shown(text: &str) -> Option<(&'static str, &'static str)> {
    let text = text.trim();
    if text.contains("\\n") || text.contains("\\t") {
        return Some(("a backslash and a letter", "between double quotes `\\n` begins a new line"));
    }
    let whole = [('“', '”'), ('”', '”'), ('‘', '’'), ('’', '’')];
    let quoted = |(open, close): (char, char)| {
        text.chars().count() > 1 && text.starts_with(open) && text.ends_with(close)
    };
    whole
        .into_iter()
        .any(quoted)
        .then_some(("the quotation marks around the text", "write plain double quotes: \"…\""))
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1F300}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{1F1E6}'..='\u{1F1FF}')
}

/// The first run of capitals that is longer than a name or an abbreviation. One word is a keyword (“escriba ASESOR”).
fn shouted(text: &str) -> Option<String> {
    let mut run: Vec<&str> = Vec::new();
    for word in text.split_whitespace().chain([""]) {
        let capitals = letters(word) > 1 && !word.chars().any(char::is_lowercase);
        if capitals {
            run.push(word);
        } else if run.len() > 1 && run.iter().map(|word| letters(word)).sum::<usize>() >= SHOUTED_LETTERS_MIN
        {
            return Some(run.join(" "));
        } else {
            run.clear();
        }
    }
    None
}

fn letters(word: &str) -> usize {
    word.chars().filter(|c| c.is_alphabetic()).count()
}
